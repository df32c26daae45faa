"""Equal sentences, near-copies and shared quotations."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

from kazstance.corpus.resemblance import resembling, sharing
from kazstance.language.tags import UNDETERMINED
from kazstance.language.words import tokens
from kazstance.schema.labels import CopyKind
from kazstance.schema.records import Sentence

SHINGLE: Final = 3
"""Number of consecutive words that are compared."""
NEAR: Final = 0.5
"""Share of common shingles at which two sentences count as near-copies (Broder, 1997: resemblance)."""
QUOTED: Final = 8
"""Number of consecutive words at which a common passage counts as a shared quotation."""
Words = tuple[str, ...]


@dataclass(frozen=True, order=True)
class Copy:
    """Two sentences, one of which may give the other away, and the share of shingles that they have in common."""

    first: str
    second: str
    kind: CopyKind
    share: float


def find_copies(sentences: Iterable[Sentence], languages: Mapping[str, str] | None = None) -> list[Copy]:
    """All pairs of sentences that are equal, nearly equal or share a quotation.

    Case, punctuation, invisible characters and Unicode normal form make no difference.

    Args:
        sentences: the sentences.
        languages: the language of each document, as a BCP 47 tag, by whose rules its words are found.

    Raises:
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    groups = group_equal(sentences, languages or {})
    names, texts = list(groups.values()), list(groups)
    copies = [Copy(min(pair), max(pair), CopyKind.equal, 1.0) for group in names for pair in combinations(group, 2)]
    for (one, other), (kind, share) in related(texts).items():
        copies += [Copy(min(pair), max(pair), kind, share) for pair in product(names[one], names[other])]
    return sorted(copies)


def group_equal(sentences: Iterable[Sentence], languages: Mapping[str, str]) -> dict[Words, list[str]]:
    """The ids of sentences by their words; `languages` are the languages of the documents.

    Raises:
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    groups: dict[Words, list[str]] = defaultdict(list)
    for sentence in sentences:
        language = languages.get(sentence.document_id, UNDETERMINED)
        groups[tuple(tokens(sentence.text, language))].append(sentence.sentence_id)
    return groups


def related(texts: Sequence[Words]) -> dict[tuple[int, int], tuple[CopyKind, float]]:
    """Near-copies and shared quotations among texts that all differ in their words, by the numbers of the texts."""
    found = {pair: (CopyKind.quotation, _share(*(texts[i] for i in pair))) for pair in sharing(texts, QUOTED)}
    for one, other, share in resembling(texts, SHINGLE, NEAR):
        found[one, other] = CopyKind.near, share
    return found


def _share(one: Words, other: Words) -> float:
    """The share of common shingles of two texts, at least one of which has any."""
    sets = [{words[i : i + SHINGLE] for i in range(len(words) - SHINGLE + 1)} for words in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])
