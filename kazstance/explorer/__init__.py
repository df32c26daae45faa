"""A page to look at a dataset: positions, sentences with their evidence, texts, and the history of every label."""
