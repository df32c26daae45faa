"""Near-copies and shared quotations among sentences, and the check that none of them crosses a boundary."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

from kazstance.corpus.resemblance import resembling, sharing
from kazstance.language.tags import UNDETERMINED
from kazstance.language.words import tokens
from kazstance.schema.records import Sentence

SHINGLE: Final = 3
"""Number of consecutive words that are compared."""
NEAR: Final = 0.5
"""Share of common shingles at which two sentences count as near-copies (Broder, 1997: resemblance)."""
QUOTED: Final = 8
"""Number of consecutive words at which a common passage counts as a shared quotation."""


@dataclass(frozen=True, order=True)
class Copy:
    """Two sentences, one of which may give the other away."""

    first: str
    second: str
    reason: str


def find_copies(sentences: Iterable[Sentence], languages: Mapping[str, str] | None = None) -> list[Copy]:
    """All pairs of sentences that are equal, nearly equal or share a quotation.

    Case, punctuation, invisible characters and Unicode normal form make no difference.

    Args:
        sentences: the sentences.
        languages: the language of each source, as a BCP 47 tag, by whose rules its words are found.

    Raises:
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for sentence in sentences:
        language = (languages or {}).get(sentence.source_id, UNDETERMINED)
        groups[tuple(tokens(sentence.text, language))].append(sentence.sentence_id)
    names, texts = list(groups.values()), list(groups)
    copies = [Copy(min(pair), max(pair), "equal") for group in names for pair in combinations(group, 2)]
    for (one, other), reason in _reasons(texts).items():
        copies += [Copy(min(pair), max(pair), reason) for pair in product(names[one], names[other])]
    return sorted(copies)


def crossing(copies: Iterable[Copy], side: Mapping[str, str]) -> list[Copy]:
    """The copies whose sentences are on different sides of a boundary."""
    return [copy for copy in copies if side[copy.first] != side[copy.second]]


def _reasons(texts: list[tuple[str, ...]]) -> dict[tuple[int, int], str]:
    """Why texts, none of which has the same words as another, count as copies, by pairs of their numbers."""
    reasons = dict.fromkeys(sharing(texts, QUOTED), f"shared quotation of {QUOTED} words or more")
    for one, other, share in resembling(texts, SHINGLE, NEAR):
        reasons[one, other] = f"near-copy ({share:.2f} of the shingles)"
    return reasons
