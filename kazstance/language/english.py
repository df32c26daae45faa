"""Whether texts whose language is not stated are in English."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from kazstance.language.words import words

FUNCTION_WORDS: Final = frozenset([
    "the", "and", "to", "of", "that", "you", "this", "are", "with", "have", "they", "we", "not", "your", "from",
    "would", "what", "who", "which", "their", "there", "been", "were", "has", "but", "my", "its", "about",
    "because", "should", "how", "when", "if", "our", "will", "just", "can", "than", "them",
])  # fmt: skip
"""Frequent words of English that are rare in texts of other languages."""
SHARE: Final = 0.05
"""Share of function words from which texts count as English: a fifth of the words of English tweets are, and a tenth of
those of headlines, but below a thousandth of those of Catalan, Spanish and Arabic tweets."""
TEXTS: Final = 2000
"""Number of texts that are looked at."""


def looks_english(texts: Iterable[str]) -> bool:
    """Whether at least a twentieth of the words of some texts are function words of English.

    Args:
        texts: the texts, of which the first 2,000 are looked at.
    """
    found = [word for text in islice(texts, TEXTS) for word in words(text, "en")]
    return bool(found) and sum(word in FUNCTION_WORDS for word in found) >= SHARE * len(found)
