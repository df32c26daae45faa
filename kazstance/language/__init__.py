"""Languages: tags, sentences and words, for texts in any of them."""

from kazstance.language.segmenters import segmenter

__all__ = ["segmenter"]
