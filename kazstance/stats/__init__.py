"""Statistics of counts, independent of stance: resampling, metrics, agreement, pooling, permutation tests."""
