"""Whether sources differ on a target: permutation tests over clusters."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from kazstance.stats.counting import Codes, Floats
from kazstance.stats.resampling import SEED

PERMUTATIONS: Final = 9999
AT_ONCE: Final = 2_000_000
"""How many numbers a test holds in memory at a time."""
DEALT: Final = 100_000
"""How many of them are dealt at a time: so few that they stay in the cache of the processor."""
KEPT: Final = 4
"""How many sets of random orders are kept, each of at most `AT_ONCE` numbers."""


def permutation_p(marks: Floats, sizes: Floats, source: Codes, n: int = PERMUTATIONS, seed: int = SEED) -> float:
    """How often sources differ as much as they do if their clusters are dealt out at random.

    The statistic is the sum of squares between sources of the mean mark, sum_s M_s^2 / N_s, for centred marks M_s and
    rows N_s of each. Whole clusters, with all their rows, change sources; each source keeps its number of clusters. The
    level is exact where clusters are exchangeable between sources if these do not differ (Fisher, 1935; Good, 2005);
    the observed order counts as one, so p is never 0 (Phipson and Smyth, 2010).

    Args:
        marks: shape (clusters,), sum of the rows' marks in each cluster.
        sizes: shape (clusters,), rows of each cluster, all positive.
        source: shape (clusters,), the number of each cluster's source.
        n: number of permutations.
        seed: seed of the random generator.

    Returns:
        p in (0, 1]; NaN if there is only one source.
    """
    order = np.argsort(source, kind="stable")
    starts = np.flatnonzero(np.diff(source[order], prepend=-1))
    if len(starts) < 2:  # noqa: PLR2004
        return float("nan")
    centred, alike = (marks - sizes * marks.sum() / sizes.sum())[order], sizes[order]
    if np.ptp(centred) == 0 and np.ptp(alike) == 0:  # every deal is the observed one
        return 1.0
    observed = _between(centred[None], alike[None], starts)[0]
    extreme, is_alike = 0, np.ptp(alike) == 0
    for drawn in _deals(len(order), n, seed):
        sized = alike[None] if is_alike else alike.take(drawn)
        extreme += int((_between(centred.take(drawn), sized, starts) >= observed * (1 - 1e-9) - 1e-12).sum())
    return (1 + extreme) / (1 + n)


def _deals(clusters: int, n: int, seed: int) -> Iterable[Codes]:
    """Random orders in blocks of shape (permutations, clusters); small ones are kept for the next test."""
    return _kept_deals(clusters, n, seed) if n * clusters <= AT_ONCE else _drawn_deals(clusters, n, seed)


@lru_cache(KEPT)
def _kept_deals(clusters: int, n: int, seed: int) -> tuple[Codes, ...]:
    small = np.min_scalar_type(clusters)
    return tuple(drawn.astype(small) for drawn in _drawn_deals(clusters, n, seed))


def _drawn_deals(clusters: int, n: int, seed: int) -> Iterator[Codes]:
    rng = np.random.default_rng(seed)
    order = np.arange(clusters, dtype=np.intp)  # numbers of this size are swapped fastest
    for block in np.array_split(np.arange(n), max(1, n * clusters // DEALT)):
        dealt = np.empty((len(block), clusters), dtype=order.dtype)
        dealt[:] = order
        yield rng.permuted(dealt, axis=1, out=dealt)


def permutation_p_of_rows(counts: Floats, scores: Floats, n: int = PERMUTATIONS, seed: int = SEED) -> float:
    """The same test for rows that are clusters of their own, from counts of their marks.

    Deals are drawn as tables with the same rows of each source and of each mark (Patefield, 1981).

    Args:
        counts: shape (sources, marks), how many rows of each source have each mark.
        scores: shape (marks,), the marks.
        n: number of permutations.
        seed: seed of the random generator.

    Returns:
        p in (0, 1]; NaN if there is only one source with rows.
    """
    from scipy.stats import random_table  # noqa: PLC0415  # loaded where it is used

    known = counts[counts.sum(axis=1) > 0]
    sizes, marks = known.sum(axis=1), known.sum(axis=0)
    if len(known) < 2:  # noqa: PLR2004
        return float("nan")
    if np.count_nonzero(marks) == 1:  # every deal is the observed one
        return 1.0
    centred = scores - scores @ marks / marks.sum()
    observed = ((known @ centred) ** 2 / sizes).sum()
    rng, extreme = np.random.default_rng(seed), 0
    for block in np.array_split(np.arange(n), max(1, n * known.size // AT_ONCE)):
        deals = random_table.rvs(sizes, marks, size=len(block), random_state=rng)
        between = ((deals @ centred) ** 2 / sizes).sum(axis=1)
        extreme += int((between >= observed * (1 - 1e-9) - 1e-12).sum())
    return (1 + extreme) / (1 + n)


def _between(marks: Floats, sizes: Floats, starts: Codes) -> Floats:
    """The sum of squares between runs of clusters that begin at `starts`: shape (permutations,)."""
    total: Floats = (np.add.reduceat(marks, starts, axis=1) ** 2 / np.add.reduceat(sizes, starts, axis=1)).sum(axis=1)
    return total
