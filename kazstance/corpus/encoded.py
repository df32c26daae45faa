"""Texts as the numbers of their words, and the runs of words that several of them have."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
PART: Final = 2**20
"""About how many runs are compared at once; the rest is looked at in further passes, so that memory is bounded."""
BLOCK: Final = 2**20
"""Words that are hashed at once."""
TEXTS: Final = 2**14
"""Texts that are looked at at once."""
BEGINNING: Final = 64
"""Words of a text by which those are found that may equal it."""
FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number by which hashes of runs are spread (2^64 by the golden ratio)."""


@dataclass(frozen=True)
class Encoded:
    """Texts as numbers of words."""

    words: Ints
    """The words of all texts, one text after another: shape (words,), int32; like words have like numbers."""
    ends: Ints
    """The end of each text among the words: shape (texts,), int64."""

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def starts(self) -> Ints:
        """The beginning of each text: shape (texts,)."""
        return np.concatenate([np.zeros(min(1, len(self)), np.int64), self.ends[:-1]])

    @property
    def sizes(self) -> Ints:
        """The number of words of each text: shape (texts,)."""
        return np.diff(self.ends, prepend=0)

    def of(self, text: int) -> Ints:
        """The words of a text."""
        return self.words[self.ends[text - 1] if text else 0 : self.ends[text]]

    def take(self, texts: Ints) -> "Encoded":
        """Some of the texts, by number, in order."""
        kept = np.zeros(len(self), bool)
        kept[texts] = True
        sizes = self.sizes
        return Encoded(self.words[np.repeat(kept, sizes)], np.cumsum(sizes[kept], dtype=np.int64))

    def runs(self, length: int) -> Ints:
        """Where a run of so many words begins that does not reach beyond its text: a truth value for each word."""
        fits = np.zeros(len(self.words), bool)
        every = self.sizes
        for start in range(0, len(self), TEXTS):
            sizes, ends = every[start : start + TEXTS], self.ends[start : start + TEXTS]
            begin = ends[0] - sizes[0] if len(ends) else 0
            left = np.repeat(ends, sizes) - np.arange(begin, begin + sizes.sum())
            fits[begin : begin + len(left)] = left >= length
        return fits


def encode(texts: Iterable[Sequence[str]]) -> Encoded:
    """Texts, given by their words, as numbers."""
    return encode_part(texts)[1]


def encode_part(texts: Iterable[Sequence[str]]) -> tuple[list[str], Encoded]:
    """Texts, given by their words, as numbers; and the words by number, in order of appearance."""
    number: dict[str, int] = {}
    words, ends = array("i"), array("q")
    for text in texts:
        words.extend([number.setdefault(word, len(number)) for word in text])
        ends.append(len(words))
    numbers = np.frombuffer(words, np.int32) if words else np.empty(0, np.int32)
    return list(number), Encoded(numbers, np.array(ends, np.int64))


def put_together(parts: Iterable[tuple[list[str], Encoded]]) -> Encoded:
    """The texts of several parts, each numbered on its own, as if they had been numbered as one."""
    number: dict[str, int] = {}
    words, ends = [np.empty(0, np.int32)], [np.empty(0, np.int64)]
    begin = 0
    for names, part in parts:
        place = np.array([number.setdefault(name, len(number)) for name in names], np.int32)
        words.append(place[part.words])
        ends.append(part.ends + begin)
        begin += len(part.words)
    return Encoded(np.concatenate(words), np.concatenate(ends))


def repeated(texts: Encoded, length: int) -> Ints:
    """Whether the run of words that begins at a word occurs elsewhere, too: a truth value for each word.

    Runs are compared by hashes of 64 bits, so that one in many millions may be said to be repeated and is not.
    """
    found, fits = np.zeros(len(texts.words), bool), texts.runs(length)
    parts = max(1, int(fits.sum()) // PART)
    for part in range(parts):
        place, hashed = _hashes_of_part(texts, fits, length, part, parts)
        if len(place):
            order = np.argsort(hashed)
            hashed = hashed[order]
            is_like = np.concatenate([[False], hashed[1:] == hashed[:-1], [False]])
            found[place[order]] = is_like[1:] | is_like[:-1]
    return found


def equal_groups(texts: Encoded) -> Iterator[list[int]]:
    """The groups of texts that have all their words in common, in the order of their first; empty texts are in none."""
    sizes = texts.sizes
    beginning = np.minimum(sizes, BEGINNING)
    hashed = np.zeros(len(texts), np.uint64)
    for size in np.unique(beginning[sizes > 0]):
        alike = np.flatnonzero(beginning == size)
        hashed[alike] = _hashed(texts.words, texts.starts[alike], int(size))
    filled = np.flatnonzero(sizes)
    _, group, count = np.unique(hashed[filled], return_inverse=True, return_counts=True)
    groups: dict[bytes, list[int]] = {}
    for text in filled[count[group] > 1].tolist():
        groups.setdefault(texts.of(text).tobytes(), []).append(text)
    yield from (found for found in groups.values() if len(found) > 1)


def _hashes_of_part(texts: Encoded, fits: Ints, length: int, part: int, parts: int) -> tuple[Ints, Ints]:
    """The runs whose first words fall into one of the parts: where they begin, and their hashes."""
    places, hashes = [np.empty(0, np.int32)], [np.empty(0, np.uint64)]
    for start in range(0, len(fits), BLOCK):
        block = slice(start, start + BLOCK)
        mine = fits[block] if parts == 1 else fits[block] & (texts.words[block] % parts == part)
        place = start + np.flatnonzero(mine)
        places.append(place.astype(np.int32))
        hashes.append(_hashed(texts.words, place, length))
    return np.concatenate(places), np.concatenate(hashes)


def _hashed(words: Ints, places: Ints, length: int) -> Ints:
    """A hash of the run of words that begins at each place: shape (places,)."""
    found = np.full(len(places), length, np.uint64)
    for i in range(length):
        found = (found ^ words[places + i].astype(np.uint64)) * FACTOR
        found ^= found >> np.uint64(29)
    return found
