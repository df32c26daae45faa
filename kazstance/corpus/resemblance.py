"""Texts that share runs of words: those that resemble each other, and those that hold a passage in common.

Only texts with enough runs that others have are looked at, and of these only pairs that share something rare, by a
prefix filter (Chaudhuri, Ganti and Kaushik, 2006), which loses none.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy import sparse

from kazstance.corpus.encoded import Encoded, Ints, repeated

AT_ONCE: Final = 100_000
"""Pairs that are compared at once."""
WORTH: Final = 0.9
"""The share of the texts that may be left for another pass over them to be worth its time."""
MARGIN: Final = 1e-9
"""What a product may lack of a whole number because of rounding."""


def resembling(texts: Encoded, length: int, at_least: float) -> Iterator[tuple[int, int, float]]:
    """The pairs of texts whose sets of runs of words have a Jaccard index of `at_least` or more, with that index.

    Args:
        texts: the texts; one that is shorter than a run has none.
        length: words of a run.
        at_least: above 0, up to 1.
    """
    kept = _candidates(texts, length, at_least)
    home, run = _runs(texts.take(kept), length)
    if not len(home):
        return
    size, spread = np.bincount(home, minlength=len(kept)), np.bincount(run)
    first, second = _pairs(*_prefixes(home, run, size, spread, at_least), size, at_least)
    held = sparse.csr_array((np.ones(len(home), np.int32), (home, run)), shape=(len(kept), len(spread)))
    for start in range(0, len(first), AT_ONCE):
        one, other = first[start : start + AT_ONCE], second[start : start + AT_ONCE]
        common = np.asarray(held[one].multiply(held[other]).sum(axis=1)).ravel()
        share = common / (size[one] + size[other] - common)
        for i in np.flatnonzero(share >= at_least):
            yield int(kept[one[i]]), int(kept[other[i]]), float(share[i])


def sharing(texts: Encoded, length: int) -> Iterator[tuple[int, int]]:
    """The pairs of texts that have a run of so many words in common."""
    kept = _candidates(texts, length, 0)
    home, run = _runs(texts.take(kept), length)
    if len(home):
        common = np.bincount(run)[run] > 1
        first, second = _pairs(home[common], run[common])
        yield from zip(kept[first].tolist(), kept[second].tolist(), strict=True)


def _candidates(texts: Encoded, length: int, at_least: float) -> Ints:
    """The texts, by number, of whose runs of words others have so large a share that some may resemble them."""
    kept, there = np.arange(len(texts)), texts
    while True:
        home = np.searchsorted(there.ends, np.flatnonzero(repeated(there, length)), side="right")
        common = np.bincount(home, minlength=len(there))
        own = np.maximum(there.sizes - length + 1, 0) - common
        enough = (common > 0) & (common >= at_least * (own + 1) - MARGIN)
        if enough.sum() > WORTH * len(kept) or not enough.any():
            found: Ints = kept[enough]
            return found
        kept, there = kept[enough], there.take(np.flatnonzero(enough))


def _runs(texts: Encoded, length: int) -> tuple[Ints, Ints]:
    """The distinct runs of each text: shape (runs,) each, the number of the text and the number of the run, sorted."""
    whole = np.flatnonzero(texts.runs(length))
    if not len(whole):
        return whole, whole
    home = np.repeat(np.arange(len(texts)), texts.sizes)[whole]
    run = _numbered(texts.words.astype(np.int64), length)[whole]
    n_runs = int(run.max()) + 1
    both = np.unique(home * n_runs + run)
    return both // n_runs, both % n_runs


def _numbered(flat: Ints, length: int) -> Ints:
    """The number of the run that begins at each place, alike for like runs; what reaches beyond the end is cut."""
    if length == 1:
        return flat
    half = length // 2
    one = _numbered(flat, half)
    other = one if length == 2 * half else _numbered(flat, length - half)
    shifted = np.concatenate([other[half:], np.zeros(half, np.int64)])
    found: Ints = np.unique(one * (int(other.max()) + 1) + shifted, return_inverse=True)[1]
    return found


def _prefixes(home: Ints, run: Ints, size: Ints, spread: Ints, at_least: float) -> tuple[Ints, Ints, Ints]:
    """Of each text its rarest runs, so many that two texts that resemble each other share one of them.

    The third array tells those that suffice for the smaller of two texts, which must share more of its runs.
    """
    order = np.lexsort((run, spread[run], home))
    home, run = home[order], run[order]
    place = np.arange(len(home)) - (np.cumsum(size) - size)[home]
    needed = np.ceil(at_least * size - MARGIN).astype(np.int64)
    as_smaller = np.ceil(2 * at_least / (1 + at_least) * size - MARGIN).astype(np.int64)
    kept = (place <= (size - needed)[home]) & (spread[run] > 1)
    return home[kept], run[kept], (place <= (size - as_smaller)[home])[kept]


def _pairs(
    home: Ints, run: Ints, begins: Ints | None = None, size: Ints | None = None, at_least: float = 0.0
) -> tuple[Ints, Ints]:
    """The pairs of texts that have a run in common, the smaller number first, and whose sizes allow a share."""
    sizes = np.zeros(len(home), np.int64) if size is None else size[home]
    order = np.lexsort((home, sizes, run))
    home, run, sizes = home[order], run[order], sizes[order]
    begin = np.arange(len(home)) if begins is None else np.flatnonzero(begins[order])
    found, step = [np.empty(0, np.int64)], 1
    n_texts = int(home.max()) + 1 if len(home) else 1
    while len(begin := begin[begin + step < len(home)]):
        end = begin + step
        begin = begin[(run[begin] == run[end]) & (sizes[begin] >= at_least * sizes[end])]
        one, other = home[begin], home[begin + step]
        found.append(np.unique(np.minimum(one, other) * n_texts + np.maximum(one, other)))
        step += 1
    both = np.unique(np.concatenate(found))
    return both // n_texts, both % n_texts
