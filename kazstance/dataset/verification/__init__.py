"""Checks that a built dataset is exactly what was written, and that its tables agree with each other."""
