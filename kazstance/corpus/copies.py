"""Near-copies and shared quotations among sentences, and the check that none of them crosses a boundary."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from kazstance.input.text import comparable
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


def find_copies(sentences: Iterable[Sentence]) -> list[Copy]:
    """All pairs of sentences that are equal, nearly equal or share a quotation.

    Case, punctuation, invisible characters and Unicode normal form make no difference.
    """
    words = {s.sentence_id: re.findall(r"\w+", comparable(s.text)) for s in sentences}
    shingles = {name: _runs(found, SHINGLE) for name, found in words.items()}
    candidates = _sharing(shingles)
    quoting = _sharing({name: _runs(found, QUOTED) for name, found in words.items() if len(found) >= QUOTED})
    copies = []
    for first, second in sorted(candidates):
        common = len(shingles[first] & shingles[second]) / len(shingles[first] | shingles[second])
        if words[first] == words[second]:
            copies.append(Copy(first, second, "equal"))
        elif common >= NEAR:
            copies.append(Copy(first, second, f"near-copy ({common:.2f} of the shingles)"))
        elif (first, second) in quoting:
            copies.append(Copy(first, second, f"shared quotation of {QUOTED} words or more"))
    return copies


def crossing(copies: Iterable[Copy], side: Mapping[str, str]) -> list[Copy]:
    """The copies whose sentences are on different sides of a boundary."""
    return [copy for copy in copies if side[copy.first] != side[copy.second]]


def _runs(words: list[str], length: int) -> frozenset[tuple[str, ...]]:
    """All runs of `length` words; a shorter sentence is a single run."""
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
