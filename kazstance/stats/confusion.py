"""Counts of a system's predictions by cluster and stratum, and their resamples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from kazstance.stats.counting import Codes, Floats, numbered, sums, tally_codes
from kazstance.stats.metrics import Metric
from kazstance.stats.resampling import SEED, block_size, row_blocks, weight_blocks

if TYPE_CHECKING:
    from scipy.sparse import csr_array


@dataclass(frozen=True, eq=False)
class Confusion:
    """How many rows each cluster has of each stratum, gold label and predicted label; zeros are not stored.

    Shapes: `cluster`, `cell` and `rows` (entries,): the index of the cluster, that of the cell in an array of shape
    (strata, labels, labels), flattened, and the number of rows.
    """

    cluster: Codes
    cell: Codes
    rows: Floats
    clusters: tuple[str, ...]
    strata: tuple[str, ...]
    labels: tuple[str, ...]
    has_gaps: bool = False
    """Whether the predicted labels have one more, the last, which counts rows whose prediction is not a label."""

    @classmethod
    def from_counts(
        cls, counts: Floats, clusters: Sequence[str], strata: Sequence[str], labels: Sequence[str]
    ) -> "Confusion":
        """From a full array of counts, zeros included.

        Args:
            counts: shape (clusters, strata, labels, labels): cluster, stratum, gold label, predicted label.
            clusters: the names of the clusters.
            strata: the names of the strata.
            labels: the names of the labels.
        """
        flat = counts.reshape(len(counts), -1)
        cluster, cell = np.nonzero(flat)
        return cls(cluster, cell, flat[cluster, cell], tuple(clusters), tuple(strata), tuple(labels))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Strata, gold labels, predicted labels."""
        return len(self.strata), len(self.labels), len(self.labels) + self.has_gaps

    @cached_property
    def total(self) -> Floats:
        """Counts over all clusters, shape (strata, labels, labels)."""
        return sums(self.cell, self.rows, int(np.prod(self.shape))).reshape(self.shape)

    @property
    def n(self) -> int:
        """Number of rows."""
        return round(float(self.rows.sum()))

    @property
    def units(self) -> int:
        """How many units resamples are drawn from: clusters, or rows if there is only one cluster."""
        return len(self.clusters) if len(self.clusters) > 1 else self.n

    @cached_property
    def by_cell(self) -> "csr_array":
        """The counts as a sparse array of shape (cells, clusters)."""
        from scipy.sparse import csr_array  # noqa: PLC0415  # loaded where it is used

        shape = int(np.prod(self.shape)), len(self.clusters)
        return csr_array((self.rows, (self.cell, self.cluster)), shape=shape)

    def weighted(self, weights: Floats) -> Floats:
        """Counts with each cluster weighted.

        Args:
            weights: shape (n, clusters).

        Returns:
            Counts of shape (n, strata, labels, labels).
        """
        found: Floats = np.ascontiguousarray((self.by_cell @ weights.T).T).reshape(len(weights), *self.shape)
        return found

    def draws(self, n: int, seed: int = SEED) -> Iterator[Floats]:
        """Bootstrap counts in blocks, shape (draws, strata, labels, labels): of clusters, or rows if there is only one.

        Args:
            n: number of resamples.
            seed: seed of the random generator.
        """
        size = block_size(self.total.size, len(self.clusters))
        if len(self.clusters) == 1:
            blocks = row_blocks(self.total.ravel(), n, size, seed)
            return (block.reshape(len(block), *self.shape) for block in blocks)
        return (self.weighted(weights) for weights in weight_blocks(len(self.clusters), n, size, seed))

    def draws_of_strata(self, n: int, seed: int = SEED) -> Iterator[Floats]:
        """Draws of whole strata, in blocks of the same shape: weighting a stratum is equivalent to repeating it."""
        size = block_size(self.total.size, len(self.strata))
        blocks = weight_blocks(len(self.strata), n, size, seed)
        return (self.total * np.ascontiguousarray(weights)[:, :, None, None] for weights in blocks)

    def within(self, strata: Sequence[int]) -> "Confusion":
        """The counts of some strata, given by number in ascending order, and the clusters that have any of them."""
        width = self.shape[1] * self.shape[2]
        kept = np.isin(self.cell // width, strata)
        clusters, cluster = np.unique(self.cluster[kept], return_inverse=True)
        cell = np.searchsorted(strata, self.cell[kept] // width) * width + self.cell[kept] % width
        names = tuple(self.clusters[number] for number in clusters)
        kept_strata = tuple(self.strata[i] for i in strata)
        return Confusion(cluster, cell, self.rows[kept], names, kept_strata, self.labels, self.has_gaps)


def resampled(
    metrics: Sequence[Metric], counts: Floats, blocks: Iterator[Floats], *, of_strata: bool = False
) -> Floats:
    """Metrics of resampled counts; each block of resamples is drawn once for all metrics.

    Args:
        metrics: the metrics to calculate.
        counts: the original counts, shape (strata, labels, labels).
        blocks: resampled counts, each of shape (draws, strata, labels, labels).
        of_strata: whether whole strata were drawn.

    Returns:
        Values of shape (metrics, resamples).
    """
    figures = [metric.for_draws_of_strata(counts) if of_strata else metric.for_resamples(counts) for metric in metrics]
    return np.concatenate([np.stack([figure(block) for figure in figures]) for block in map(_by_cell, blocks)], axis=1)


def _by_cell(counts: Floats) -> Floats:
    """The same counts, cell by cell in memory: numpy is several times as fast along the strata as along the labels."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(counts, (-2, -1), (0, 1))), (0, 1), (-2, -1))


def confusion(
    frame: Any,
    gold: str,
    predicted: str,
    *,
    strata: Sequence[str] = (),
    cluster: str | None = None,
    labels: Sequence[str],
    has_gaps: bool = False,
) -> Confusion:
    """Count a table of gold and predicted labels, given by name; runs in the backend that holds the data.

    Args:
        frame: any dataframe that Narwhals supports.
        gold: the column of the gold label.
        predicted: the column of the predicted label.
        strata: the columns whose combined values are the stratum; by default, there is one stratum.
        cluster: the column of the cluster; by default, there is one cluster.
        labels: the names of the labels, in order.
        has_gaps: whether predictions may be missing; they are then counted as errors.

    Raises:
        ValueError: a value that is not one of the labels.
    """
    by = list(dict.fromkeys([*strata, *([cluster] if cluster else []), gold, predicted]))
    values, codes, rows, _ = tally_codes(frame, by)
    names, stratum = _joined(values[: len(set(strata))], codes[:, : len(set(strata))])
    cell = stratum
    for column, known in ((gold, labels), (predicted, [*labels, ""] if has_gaps else labels)):
        cell = cell * len(known) + _label_numbers(values[by.index(column)], codes[:, by.index(column)], known)
    at = by.index(cluster) if cluster else None
    clusters, home = (("",), np.zeros(len(rows), dtype=np.intp)) if at is None else (tuple(values[at]), codes[:, at])
    return Confusion(home, cell, rows, clusters or ("",), names or ("",), tuple(labels), has_gaps)


def _joined(values: Sequence[Sequence[str]], codes: Codes) -> tuple[tuple[str, ...], Codes]:
    """The combinations of the values of some columns, joined to names, and the number of the one in each row."""
    if not values:
        return ("",), np.zeros(len(codes), dtype=np.intp)
    keys, at = np.unique(codes, axis=0, return_inverse=True)
    names, order = numbered([" ".join(known[code] for known, code in zip(values, key, strict=True)) for key in keys])
    return names, order[at.ravel()]


def _label_numbers(values: Sequence[str], codes: Codes, labels: Sequence[str]) -> Codes:
    number = {label: i for i, label in enumerate(labels)}
    if unknown := [value for value in values if value not in number]:
        raise ValueError(f"{unknown[0]!r} is not a label; expected one of {', '.join(labels)}")
    return np.array([number[value] for value in values], dtype=np.intp)[codes]
