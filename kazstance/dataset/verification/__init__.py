"""Checks that a built dataset is what was written, and that its tables agree with each other."""
