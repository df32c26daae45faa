"""Resampling of counts: bootstrap draws in blocks, percentile intervals, and the estimates made from both."""

from collections.abc import Callable, Iterator, Sequence
from math import isinf, nan
from typing import Final

import numpy as np

from kazstance.stats.counting import Floats, numbered
from kazstance.stats.estimate import NO_ROWS, NOTHING, Estimate

SEED: Final = 12345
RESAMPLES: Final = 1000
BLOCK: Final = 100_000
"""How many numbers a block of resamples has: so few that they stay in the cache of the processor."""
INFINITE: Final = "a row's term is infinite"


def resample(counts: Floats, n: int, seed: int = SEED) -> Floats:
    """Bootstrap counts: n draws of as many rows as there are, with the shares of the counts (Efron, 1979).

    The counts of rows drawn with replacement follow a multinomial distribution, so no row is touched.

    Args:
        counts: shape (cells,).
        n: number of resamples.
        seed: seed of the random generator.

    Returns:
        Counts of shape (n, cells).
    """
    return np.concatenate([np.zeros((0, len(counts))), *row_blocks(counts, n, max(n, 1), seed)])


def row_blocks(counts: Floats, n: int, size: int, seed: int = SEED) -> Iterator[Floats]:
    """The same in blocks of `size` resamples, so that memory stays bounded for any number of cells.

    Args:
        counts: shape (cells,).
        n: number of resamples.
        size: resamples in a block.
        seed: seed of the random generator.
    """
    generator, total = np.random.default_rng(seed), counts.sum()
    for start in range(0, n, size):
        rows = min(size, n - start)
        if total:
            yield generator.multinomial(round(total), counts / total, size=rows).astype(np.float64)
        else:
            yield np.zeros((rows, len(counts)))


def resample_clusters(counts: Floats, n: int, seed: int = SEED) -> Floats:
    """Cluster bootstrap: n draws of as many clusters as there are, each with all its rows.

    Args:
        counts: shape (clusters, cells), the counts within each cluster.
        n: number of resamples.
        seed: seed of the random generator.

    Returns:
        Counts of shape (n, cells).
    """
    from scipy.sparse import csr_array  # noqa: PLC0415  # loaded where it is used

    by_cell = csr_array(np.asarray(counts, dtype=np.float64).T)
    blocks = weight_blocks(len(counts), n, block_size(len(counts)), seed)
    return np.concatenate([np.zeros((0, counts.shape[1])), *((by_cell @ weights.T).T for weights in blocks)])


def weight_blocks(clusters: int, n: int, size: int, seed: int = SEED) -> Iterator[Floats]:
    """How often each cluster is drawn in each of n resamples, in blocks of `size` resamples.

    Each block has the shape (resamples, clusters); each row sums to the number of clusters. All blocks together are the
    same for any block size.

    Args:
        clusters: how many clusters there are.
        n: number of resamples.
        size: resamples in a block.
        seed: seed of the random generator.
    """
    generator = np.random.default_rng(seed)
    for start in range(0, n, size):
        rows = min(size, n - start)
        cells = generator.integers(max(clusters, 1), size=(rows, clusters))
        cells *= rows
        cells += np.arange(rows)[:, None]
        drawn = np.bincount(cells.ravel(), minlength=rows * clusters).reshape(clusters, rows)
        yield drawn.astype(np.float64).T  # cluster by cluster in memory, as sparse products read it


def block_size(*widths: int) -> int:
    """How many resamples a block holds, given the numbers per resample of each array."""
    return max(1, BLOCK // max(*widths, 1, 1))


def interval(values: Floats, level: float = 0.95, units: int | None = None) -> tuple[float, float]:
    """Percentile interval of resampled values; NaN if none is defined.

    Given how many units were drawn from, the interval is expanded (Hesterberg, 2015): resampling few units understates
    the spread by sqrt((units - 1) / units) and calls for a t quantile in place of the normal one.

    Args:
        values: shape (resamples,).
        level: share of the resamples that the interval holds, in (0, 1).
        units: how many units were drawn from; by default, the interval is not expanded.
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return nan, nan
    tail = (1 - level) / 2
    if units is not None:
        tail = _expanded(tail, units) if units > 1 else 0
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def _expanded(tail: float, units: int) -> float:
    """The tail probability of the normal distribution beyond the expanded quantile of Student's t."""
    from kazstance.stats.student import normal_share, quantile  # noqa: PLC0415  # loaded where it is used

    return normal_share(float(np.sqrt(units / (units - 1))) * quantile(units - 1, tail))


def estimate(
    terms: Floats,
    clusters: Sequence[str],
    figure: Callable[[Floats], Floats] | None = None,
    n: int = RESAMPLES,
    seed: int = SEED,
) -> Estimate:
    """A figure that is a function of sums over rows, with the interval of a bootstrap over clusters.

    Args:
        terms: what each row adds to the sums, shape (rows, cells), or (rows,) for a mean.
        clusters: the cluster of each row.
        figure: a function of sums of shape (..., cells + 1), the last of which counts rows; by default, the mean.
        n: number of resamples.
        seed: seed of the random generator.

    Returns:
        The estimate: NaN without rows; an infinite value has no interval.
    """
    names, home = numbered(clusters)
    cells = np.column_stack([np.asarray(terms, dtype=np.float64), np.ones(len(home))])
    sums = np.zeros((len(names), cells.shape[1]))
    np.add.at(sums, home, cells)
    function = figure or mean
    value = float(function(sums.sum(axis=0)))
    if isinf(value):
        return Estimate(value, nan, nan, len(home), INFINITE)
    drawn = function(resample_clusters(sums, n, seed))
    return Estimate.of(value, interval(drawn), len(home), NOTHING if len(home) else NO_ROWS)


def mean(sums: Floats) -> Floats:
    """The first sum over the number of rows, of sums of shape (..., 2)."""
    return ratio(sums[..., 0], sums[..., -1])


def ratio(above: Floats, below: Floats) -> Floats:
    """A quotient, NaN where the denominator is 0."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64))
    found: Floats = np.divide(above, below, out=np.full(below.shape, np.nan), where=np.abs(below) > 1e-9)  # noqa: PLR2004
    return found
