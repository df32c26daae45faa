"""Equal sentences, near-copies and shared quotations."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from kazstance.corpus.encoded import Encoded, Ints, encode_part, equal_groups, put_together
from kazstance.corpus.resemblance import resembling, sharing
from kazstance.corpus.workers import Workers
from kazstance.language.words import tokens
from kazstance.schema.labels import CopyKind

SHINGLE: Final = 3
"""Number of consecutive words that are compared."""
NEAR: Final = 0.5
"""Share of common shingles at which two sentences count as near-copies (Broder, 1997: resemblance)."""
QUOTED: Final = 8
"""Number of consecutive words at which a common passage counts as a shared quotation."""
FORMULA: Final = 5
"""Maximum number of words of an equal sentence that counts as a formula, such as a greeting."""

AT_ONCE: Final = 10_000
"""Texts whose words are found at a time."""


@dataclass(frozen=True)
class Ties:
    """The copies among texts, by the numbers of the texts."""

    groups: list[list[int]]
    """Texts that have all their words in common, in order; the first of each stands for it in the pairs."""
    formulas: frozenset[int]
    """The first texts of groups that are formulas: equal, and of few words."""
    pairs: dict[tuple[int, int], tuple[CopyKind, float]]
    """Near-copies and shared quotations among texts that stand for their groups, or are in none; sorted."""


def find_ties(texts: Iterable[str], languages: Iterable[str], workers: Workers | None = None) -> Ties:
    """Equal texts, near-copies and shared quotations.

    Case, punctuation, invisible characters and Unicode normal form make no difference. Time and memory grow with the
    number of words and of the pairs that are found.

    Args:
        texts: the texts, in order.
        languages: the language of each, as a BCP 47 tag, by whose rules its words are found.
        workers: processes that find the words; by default, this one does.

    Raises:
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    each = workers.map if workers else map
    found = put_together(each(_encoded, _parts(zip(texts, languages, strict=True))))
    groups = list(equal_groups(found))
    is_first = np.ones(len(found), np.bool_)
    is_first[[text for group in groups for text in group[1:]]] = False
    distinct = np.flatnonzero(is_first)
    pairs = _related(found.take(distinct))
    formulas = frozenset(group[0] for group in groups if len(found.of(group[0])) <= FORMULA)
    numbered = {(int(distinct[one]), int(distinct[other])): tie for (one, other), tie in pairs.items()}
    return Ties(groups, formulas, dict(sorted(numbered.items())))


def _parts(texts: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    while part := list(islice(texts, AT_ONCE)):
        yield part


def _encoded(texts: Iterable[tuple[str, str]]) -> tuple[list[str], Encoded]:
    """Some texts, each with its language, as numbers of words."""
    return encode_part(tokens(text, language) for text, language in texts)


def _related(texts: Encoded) -> dict[tuple[int, int], tuple[CopyKind, float]]:
    """Near-copies and shared quotations among texts that all differ in their words, by the numbers of the texts."""
    with ThreadPoolExecutor(1) as other:
        shared = other.submit(lambda: list(sharing(texts, QUOTED)))
        near = list(resembling(texts, SHINGLE, NEAR))
    found = {pair: (CopyKind.quotation, _share(*(texts.of(i) for i in pair))) for pair in shared.result()}
    for one, another, share in near:
        found[one, another] = CopyKind.near, share
    return found


def _share(one: Ints, other: Ints) -> float:
    """The share of common shingles of two texts, at least one of which has any."""
    lists = [words.tolist() for words in (one, other)]
    sets = [{tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)} for words in lists]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])
