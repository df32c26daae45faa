"""From a corpus folder to a dataset: read, repair, segment, judge, split, write; pure between read and write."""
