"""Counts of any dataframe by categorical columns, and resampling of counts: what all figures are made from."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from kazstance.input.values import as_text

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
SEED = 12345


def tally(frame: Any, columns: Sequence[str]) -> tuple[list[tuple[Any, ...]], Floats]:
    """The combinations of values that occur in some columns, sorted, and how many rows have each.

    Runs where the data is: any dataframe that Narwhals knows (Arrow, pandas, Polars, DuckDB, Dask, Spark).

    Returns:
        The combinations, and their counts in the same order.
    """
    native = nw.from_native(frame)
    counted = native.lazy().group_by(*columns).agg(nw.len().alias("rows")).collect()
    rows = sorted(counted.select(*columns, "rows").rows(), key=lambda row: tuple(map(_order, row)))
    return [row[:-1] for row in rows], np.array([row[-1] for row in rows], dtype=np.float64)


def tally_codes(frame: Any, columns: Sequence[str]) -> tuple[list[list[str]], Codes, Floats]:
    """The same count for many combinations: as codes into the sorted values of each column, which are read as text.

    A missing value is an empty text.

    Returns:
        The values of each column; codes of shape (combinations, columns); how many rows have each combination.
    """
    texts = nw.from_native(frame).lazy().select(*(as_text(name).fill_null("").alias(name) for name in columns))
    counted = texts.group_by(*columns).agg(nw.len().alias("rows")).collect().to_arrow()
    values, codes = [], np.empty((len(counted), len(columns)), dtype=np.intp)
    for at, name in enumerate(columns):
        coded = counted[name].combine_chunks().dictionary_encode()
        found = coded.dictionary.to_pylist()
        order = sorted(range(len(found)), key=found.__getitem__)
        codes[:, at] = np.argsort(order)[coded.indices.to_numpy()] if found else 0
        values.append([found[i] for i in order])
    return values, codes, counted["rows"].to_numpy().astype(np.float64)


def sums(at: Codes, values: Floats, n: int) -> Floats:
    """The sum of the values at each of n numbers, shape (n,)."""
    found: Floats = np.bincount(at, values, n).astype(np.float64)
    return found


def resample(counts: Floats, n: int, seed: int = SEED) -> Floats:
    """Bootstrap counts: n draws of as many rows as there are, with the shares of the counts (Efron, 1979).

    The counts of rows drawn with replacement follow a multinomial law, so no row is touched.

    Args:
        counts: shape (cells,).
        n: number of resamples.
        seed: of the generator.

    Returns:
        Counts of shape (n, cells).
    """
    total = counts.sum()
    if not total:
        return np.zeros((n, len(counts)))
    return np.random.default_rng(seed).multinomial(round(total), counts / total, size=n).astype(np.float64)


def resample_clusters(counts: Floats, n: int, seed: int = SEED) -> Floats:
    """Cluster bootstrap: n draws of as many clusters as there are, each with all its rows.

    Args:
        counts: shape (clusters, cells), the counts within each cluster.
        n: number of resamples.
        seed: of the generator.

    Returns:
        Counts of shape (n, cells).
    """
    return cluster_weights(len(counts), n, seed) @ counts


@lru_cache(maxsize=4)
def cluster_weights(clusters: int, n: int, seed: int = SEED) -> Floats:
    """How often each cluster is drawn in each of n resamples, shape (n, clusters); each row sums to the clusters."""
    return np.concatenate([np.zeros((0, clusters)), *weight_blocks(clusters, n, max(n, 1), seed)])


def weight_blocks(clusters: int, n: int, size: int, seed: int = SEED) -> Iterator[Floats]:
    """The same in blocks of `size` resamples, so that memory stays bounded however many clusters there are."""
    generator = np.random.default_rng(seed)
    for start in range(0, n, size):
        rows = min(size, n - start)
        drawn = generator.integers(max(clusters, 1), size=(rows, clusters))
        cells = drawn + clusters * np.arange(rows)[:, None]
        yield np.bincount(cells.ravel(), minlength=rows * clusters).reshape(rows, clusters).astype(np.float64)


def interval(values: Floats, level: float = 0.95, units: int | None = None) -> tuple[float, float]:
    """Percentile interval of resampled values; NaN where none is defined.

    Given how many units were drawn from, the interval is expanded (Hesterberg, 2015): resampling few units understates
    the spread by sqrt((units - 1) / units), and a t quantile is due in place of the normal one.
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    if units is not None:
        tail = _expanded(tail, units) if units > 1 else 0
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def _expanded(tail: float, units: int) -> float:
    """The share in a tail of the normal distribution beyond the expanded quantile of Student's t."""
    from scipy.special import ndtr, stdtrit  # noqa: PLC0415  # loaded where it is used

    return float(ndtr(np.sqrt(units / (units - 1)) * stdtrit(units - 1, tail)))


def _order(value: Any) -> tuple[bool, str, Any]:
    """A sort key for values of mixed types, null first."""
    return value is not None, type(value).__name__, value if value is not None else 0
