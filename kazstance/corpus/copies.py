"""Equal sentences, near-copies and shared quotations."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from kazstance.input.text import comparable
from kazstance.schema.labels import CopyKind
from kazstance.schema.records import Sentence

SHINGLE: Final = 3
"""Words in a row that are compared."""
NEAR: Final = 0.5
"""Share of common shingles from which two sentences count as near-copies (Broder, 1997: resemblance)."""
QUOTED: Final = 8
"""Words in a row from which a common passage counts as a shared quotation."""


@dataclass(frozen=True, order=True)
class Copy:
    """Two sentences of which one may give the other away, and the share of their shingles that they have in common."""

    first: str
    second: str
    kind: CopyKind
    share: float


def words_of(text: str) -> tuple[str, ...]:
    """The words of a sentence as they are compared: case, punctuation and invisible characters make no difference."""
    return tuple(re.findall(r"\w+", comparable(text)))


def find_copies(sentences: Iterable[Sentence]) -> list[Copy]:
    """All pairs of sentences that are equal, nearly equal or share a quotation.

    Case, punctuation, invisible characters and Unicode normal form make no difference.
    """
    words = {s.sentence_id: words_of(s.text) for s in sentences}
    shingles = {name: _runs(found, SHINGLE) for name, found in words.items()}
    candidates = _sharing(shingles)
    quoting = _sharing({name: _runs(found, QUOTED) for name, found in words.items() if len(found) >= QUOTED})
    copies = []
    for first, second in sorted(candidates):
        common = len(shingles[first] & shingles[second]) / len(shingles[first] | shingles[second])
        if words[first] == words[second]:
            copies.append(Copy(first, second, CopyKind.equal, 1.0))
        elif common >= NEAR:
            copies.append(Copy(first, second, CopyKind.near, common))
        elif (first, second) in quoting:
            copies.append(Copy(first, second, CopyKind.quotation, common))
    return copies


def _runs(words: Sequence[str], length: int) -> frozenset[tuple[str, ...]]:
    """All runs of so many words; a shorter sentence is a run of its own."""
    if len(words) <= length:
        return frozenset([tuple(words)])
    return frozenset(tuple(words[i : i + length]) for i in range(len(words) - length + 1))


def _sharing(runs: Mapping[str, Iterable[tuple[str, ...]]]) -> set[tuple[str, str]]:
    """The pairs of sentences that have a run in common."""
    holders = defaultdict(list)
    for name, found in runs.items():
        for run in found:
            holders[run].append(name)
    return {pair for names in holders.values() for pair in combinations(sorted(names), 2)}
