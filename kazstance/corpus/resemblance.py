"""Texts that share runs of words: those that resemble each other, and those that hold a passage in common.

Only pairs that share something rare are looked at, by a prefix filter (Chaudhuri, Ganti and Kaushik, 2006), which loses
none.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

Ints = npt.NDArray[np.int64]
Texts = Sequence[Sequence[str]]
AT_ONCE: Final = 100_000
"""Pairs that are compared at once."""


def resembling(texts: Texts, length: int, at_least: float) -> Iterator[tuple[int, int, float]]:
    """The pairs of texts whose sets of runs of words have a Jaccard index of `at_least` or more, with that index.

    Args:
        texts: the words of each; a text that is shorter than a run has none.
        length: words of a run.
        at_least: above 0, up to 1.
    """
    home, run = _runs(texts, length)
    if not len(home):
        return
    size, spread = np.bincount(home, minlength=len(texts)), np.bincount(run)
    first, second = _pairs(*_prefixes(home, run, size, spread, at_least), size, at_least)
    held = sparse.csr_array((np.ones(len(home), np.int32), (home, run)), shape=(len(texts), len(spread)))
    for start in range(0, len(first), AT_ONCE):
        one, other = first[start : start + AT_ONCE], second[start : start + AT_ONCE]
        common = np.asarray(held[one].multiply(held[other]).sum(axis=1)).ravel()
        share = common / (size[one] + size[other] - common)
        for i in np.flatnonzero(share >= at_least):
            yield int(one[i]), int(other[i]), float(share[i])


def sharing(texts: Texts, length: int) -> Iterator[tuple[int, int]]:
    """The pairs of texts that have a run of so many words in common."""
    home, run = _runs(texts, length)
    if len(home):
        common = np.bincount(run)[run] > 1
        yield from zip(*(side.tolist() for side in _pairs(home[common], run[common])), strict=True)


def _runs(texts: Texts, length: int) -> tuple[Ints, Ints]:
    """The distinct runs of each text: shape (runs,) each, the number of the text and the number of the run, sorted."""
    number: dict[str, int] = {}
    flat = np.array([number.setdefault(word, len(number)) for text in texts for word in text], np.int64)
    sizes = np.array([len(text) for text in texts], np.int64)
    home = np.repeat(np.arange(len(texts)), sizes)
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(flat))
    whole = np.flatnonzero(left >= length)
    if not len(whole):
        return whole, whole
    run = _numbered(flat, length)[whole]
    n_runs = int(run.max()) + 1
    both = np.unique(home[whole] * n_runs + run)
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


def _prefixes(home: Ints, run: Ints, size: Ints, spread: Ints, at_least: float) -> tuple[Ints, Ints]:
    """Of each text its rarest runs, so many that two texts that resemble each other share one of them."""
    order = np.lexsort((run, spread[run], home))
    home, run = home[order], run[order]
    place = np.arange(len(home)) - (np.cumsum(size) - size)[home]
    needed = np.ceil(at_least * size - 1e-9).astype(np.int64)
    kept = (place <= (size - needed)[home]) & (spread[run] > 1)
    return home[kept], run[kept]


def _pairs(home: Ints, run: Ints, size: Ints | None = None, at_least: float = 0.0) -> tuple[Ints, Ints]:
    """The pairs of texts that have a run in common, the smaller number first, and whose sizes allow a share."""
    sizes = np.zeros(len(home), np.int64) if size is None else size[home]
    order = np.lexsort((home, sizes, run))
    home, run, sizes = home[order], run[order], sizes[order]
    found, begin, step = [np.empty(0, np.int64)], np.arange(len(home)), 1
    n_texts = int(home.max()) + 1 if len(home) else 1
    while len(begin := begin[begin + step < len(home)]):
        end = begin + step
        begin = begin[(run[begin] == run[end]) & (sizes[begin] >= at_least * sizes[end])]
        one, other = home[begin], home[begin + step]
        found.append(np.unique(np.minimum(one, other) * n_texts + np.maximum(one, other)))
        step += 1
    both = np.unique(np.concatenate(found))
    return both // n_texts, both % n_texts
