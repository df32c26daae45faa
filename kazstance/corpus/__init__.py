"""A corpus folder becomes a dataset: read, repair, segment, judge, split, write; pure between read and write."""
