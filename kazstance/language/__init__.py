"""Languages: tags, sentences and words, for texts in any of them."""
