"""Statistics on counts, which know nothing about stance: resampling, metrics, agreement, pooling, permutation tests."""
