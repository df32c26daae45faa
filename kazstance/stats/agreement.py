"""Agreement between annotators: Krippendorff's alpha and related coefficients, from counts of label patterns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, overload

import numpy as np
import numpy.typing as npt

from kazstance.stats.counting import Codes, Floats, numbered
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES, SEED, interval, ratio, resample, resample_clusters
from kazstance.stats.shares import jeffreys

Level = Literal["nominal", "ordinal"]
MANY: Final = 2_000
"""Number of clusters above which those with the same counts are drawn together, which has the same distribution."""
FAR: Final = 2**31
"""More than the length of any text."""


@dataclass(frozen=True)
class Patterns:
    """How often each pattern of labels occurs among the units of each cluster.

    A pattern says how many annotators chose each label: `votes` has the shape (patterns, labels), `counts` the shape
    (clusters, patterns) and is an array, or a sparse one of SciPy.
    """

    votes: Floats
    counts: Any

    @property
    def units(self) -> int:
        """Number of units that at least two annotators judged."""
        return int(self.counts.sum(axis=0)[self.votes.sum(axis=1) > 1].sum())


@overload
def alpha(votes: npt.ArrayLike, counts: None = None, level: Level = "nominal") -> float: ...
@overload
def alpha(votes: npt.ArrayLike, counts: npt.ArrayLike, level: Level = "nominal") -> Floats: ...
def alpha(votes: npt.ArrayLike, counts: npt.ArrayLike | None = None, level: Level = "nominal") -> float | Floats:
    """Krippendorff's alpha, from patterns of labels and how often each occurs.

    1 - D_o / D_e, observed over expected disagreement of pairable values (Krippendorff, 2011, "Computing Krippendorff's
    Alpha-Reliability"); any number of annotators, with gaps. Krippendorff's data of 4 annotators and 12 units:

    >>> votes = [[3, 0, 0, 0, 0], [0, 3, 1, 0, 0], [0, 0, 4, 0, 0], [0, 0, 4, 0, 0], [0, 4, 0, 0, 0], [1, 1, 1, 1, 0],
    ...          [0, 0, 0, 4, 0], [3, 1, 0, 0, 0], [0, 4, 0, 0, 0], [0, 0, 0, 0, 3], [2, 0, 0, 0, 0], [0, 0, 1, 0, 0]]
    >>> round(alpha(votes), 3), round(alpha(votes, level="ordinal"), 3)
    (0.743, 0.815)

    Args:
        votes: shape (patterns, labels): how many annotators chose each label; for `ordinal`, in their order.
        counts: shape (..., patterns): how often each pattern occurs; by default once.
        level: `nominal` or `ordinal`.

    Returns:
        Values in (-1, 1], shape (...); a single float without `counts`. NaN where nothing varies.
    """
    votes = np.asarray(votes, dtype=np.float64)
    weight = np.ones(len(votes)) if counts is None else np.asarray(counts, dtype=np.float64)
    labels = votes.shape[1]
    many = np.maximum(votes.sum(axis=1) - 1, 1)[:, None, None]
    pairs = (votes[:, :, None] * votes[:, None, :] - votes[:, :, None] * np.eye(labels)) / many
    observed = (weight @ pairs.reshape(len(votes), labels * labels)).reshape(*weight.shape[:-1], labels, labels)
    values = observed.sum(axis=-1)
    total = values.sum(axis=-1)
    distance = 1 - np.eye(labels) if level == "nominal" else _ordinal(values)
    expected = (values[..., :, None] * values[..., None, :] * distance).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.asarray(1 - (total - 1) * (observed * distance).sum(axis=(-2, -1)) / expected)
    return float(found) if counts is None else found


def _ordinal(values: Floats) -> Floats:
    """Squared ordinal distances from the number of values of each label (Krippendorff, 2011), shape (..., K, K)."""
    below = np.cumsum(values, axis=-1) - values / 2
    squared: Floats = (below[..., :, None] - below[..., None, :]) ** 2
    return squared


def count_patterns(votes: Floats, clusters: Sequence[str] | None = None) -> Patterns:
    """Count the patterns of units; `votes` says how many annotators chose each label, shape (units, labels)."""
    code = votes @ (votes.max(initial=0) + 1) ** np.arange(votes.shape[1])
    _, first, column = np.unique(code, return_index=True, return_inverse=True)
    names, line = numbered(clusters or [""] * len(votes))
    counts = np.bincount(line * len(first) + column, minlength=len(names) * len(first))
    return Patterns(votes[first], counts.reshape(len(names), len(first)).astype(np.float64))


def alpha_interval(found: Patterns, level: Level = "nominal", n: int = RESAMPLES, seed: int = SEED) -> Estimate:
    """Alpha with a 95 % percentile bootstrap interval: over clusters, or over units if there is only one cluster.

    Args:
        found: the patterns of labels.
        level: `nominal` or `ordinal`.
        n: number of resamples.
        seed: seed of the random generator.
    """
    return alpha_estimate(found, resampled(found, n, seed), level)


def resampled(found: Patterns, n: int = RESAMPLES, seed: int = SEED) -> Floats:
    """Resampled counts of patterns, shape (n, patterns): over clusters, or over units if there is only one cluster.

    Args:
        found: the patterns of labels.
        n: number of resamples.
        seed: seed of the random generator.
    """
    return draw_counts(found.counts, n, seed)


def draw_counts(counts: Any, n: int, seed: int = SEED) -> Floats:
    """Resampled sums of counts by cluster, shape (n, cells): over clusters, or over units if there is only one cluster.

    Of many clusters, it is drawn how often each kind of them occurs, those with the same counts.

    Args:
        counts: shape (clusters, cells), dense or sparse.
        n: number of resamples.
        seed: seed of the random generator.
    """
    if counts.shape[0] == 1:
        return resample(np.asarray(counts.sum(axis=0)), n, seed)
    if counts.shape[0] <= MANY:
        return resample_clusters(counts, n, seed)
    mark = counts @ np.random.default_rng(seed).random(counts.shape[1])
    _, first, size = np.unique(mark, return_index=True, return_counts=True)
    kinds = counts[first]
    draws: Floats = resample(size.astype(np.float64), n, seed) @ (
        kinds if isinstance(kinds, np.ndarray) else kinds.toarray()
    )
    return draws


def alpha_estimate(found: Patterns, draws: Floats, level: Level = "nominal") -> Estimate:
    """Alpha with the 95 % percentile interval of resampled counts of its patterns.

    Args:
        found: the patterns of labels.
        draws: resampled counts, shape (resamples, patterns).
        level: `nominal` or `ordinal`.
    """
    low, high = interval(alpha(found.votes, draws, level))
    value = float(alpha(found.votes, found.counts.sum(axis=0), level))
    return Estimate.of(value, (low, high), found.units, _why_alpha(found))


def _why_alpha(found: Patterns) -> str:
    if not found.units:
        return "no unit was judged by two annotators"
    return "all judgements of units that were judged by two annotators have the same label"


def kappa(confusion: npt.ArrayLike) -> Floats:
    """Cohen's kappa from counts of two annotators' labels (Cohen, 1960).

    Args:
        confusion: shape (..., labels, labels); may hold weights.

    Returns:
        Values in [-1, 1], shape (...); NaN where nothing varies.
    """
    confusion = np.asarray(confusion, dtype=np.float64)
    total = confusion.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.trace(confusion, axis1=-2, axis2=-1) / total
        expected = (confusion.sum(axis=-1) * confusion.sum(axis=-2)).sum(axis=-1) / total**2
        return np.asarray((observed - expected) / (1 - expected))


def kappa_interval(
    first: Sequence[int],
    second: Sequence[int],
    clusters: Sequence[str],
    *,
    weights: Sequence[float] | None = None,
    labels: int = 4,
    n: int = RESAMPLES,
    seed: int = SEED,
) -> Estimate:
    """Kappa of two annotators' labels with a 95 % percentile bootstrap interval over clusters.

    Inverse-probability weights make a sample of units represent all of them (Horvitz and Thompson,
    1952).

    Args:
        first: the number of the label that the first annotator gave to each unit.
        second: the same for the second annotator.
        clusters: the cluster of each unit.
        weights: the weight of each unit; by default, each counts once.
        labels: number of labels.
        n: number of resamples.
        seed: seed of the random generator.
    """
    names, line = numbered(clusters)
    cells = np.zeros((len(names), labels * labels))
    given = np.ones(len(first)) if weights is None else np.asarray(weights, dtype=np.float64)
    np.add.at(cells, (line, np.asarray(first, dtype=int) * labels + np.asarray(second, dtype=int)), given)
    return kappa_estimate(cells, len(first), n, seed)


def kappa_estimate(cells: Any, size: int, n: int = RESAMPLES, seed: int = SEED) -> Estimate:
    """Kappa of two annotators' labels from counts by cluster, with a 95 % percentile bootstrap interval over clusters.

    Args:
        cells: shape (clusters, labels × labels), dense or sparse; may hold weights.
        size: number of units.
        n: number of resamples.
        seed: seed of the random generator.
    """
    return mean_kappa(cells.sum(axis=0), draw_counts(cells, n, seed), size, math.isqrt(cells.shape[1]))


def mean_kappa(total: Floats, draws: Floats, size: int, labels: int = 4) -> Estimate:
    """The mean kappa of one or more pairs of annotators (Light, 1971), with the interval of resampled counts.

    Args:
        total: shape (pairs × labels × labels,), the counts of both labels for each pair of annotators.
        draws: the same, resampled: shape (resamples, pairs × labels × labels).
        size: number of units.
        labels: number of labels.
    """
    value, drawn = (
        kappa(counts.reshape(*counts.shape[:-1], -1, labels, labels)).mean(axis=-1) for counts in (total, draws)
    )
    reason = "both annotators gave one label to all units" if size else "no unit was judged by both annotators"
    return Estimate.of(float(value), interval(drawn), size, reason)


def addressed_pairs(total: Floats, draws: Floats, size: int, labels: int = 4) -> Estimate:
    """How often two annotators agree on the units that at least one of them addressed, with the interval of resamples.

    On most units of a grid both chose the last label, `none`, which makes kappa over the grid high; here these units
    are left out. Of several pairs of annotators all comparisons are counted.

    Args:
        total: shape (pairs × labels × labels,), the counts of both labels for each pair of annotators.
        draws: the same, resampled: shape (resamples, pairs × labels × labels).
        size: number of units that at least one addressed.
        labels: number of labels.
    """
    alike = np.eye(labels, dtype=bool)
    silent = np.zeros_like(alike)
    silent[-1, -1] = True
    hits, among = ((mask * 1.0).reshape(-1) for mask in (alike & ~silent, ~silent))
    pairs = len(total) // (labels * labels)
    return _share(total, draws, np.tile(hits, pairs), np.tile(among, pairs), size)


def addressed_units(found: Patterns, draws: Floats) -> Estimate:
    """How often all annotators agree on the units that at least one of them addressed, with the interval of resamples.

    Args:
        found: the patterns of labels, the last of which is `none`.
        draws: resampled counts, shape (resamples, patterns).
    """
    judges = found.votes.sum(axis=1)
    among = (judges > 1) & (found.votes[:, -1] < judges)
    hits = among & (found.votes.max(axis=1, initial=0) == judges)
    total = np.asarray(found.counts.sum(axis=0))
    return _share(total, draws, hits * 1.0, among * 1.0, round(float(total @ among)))


def _share(total: Floats, draws: Floats, hits: Floats, among: Floats, size: int) -> Estimate:
    value, drawn = (ratio(counts @ hits, counts @ among) for counts in (total, draws))
    ends = _of_one_kind(int(value), size) if value in (0, 1) else interval(drawn)
    return Estimate.of(float(value), ends, size, "no unit is addressed by an annotator")


def _of_one_kind(value: int, size: int) -> tuple[float, float]:
    """The interval of a share that is 0 or 1, which a bootstrap would give no width."""
    _, low, high = jeffreys(value * size, (1 - value) * size)
    return (low, 1.0) if value else (0.0, high)


def union_lengths(group: Codes, start: Codes, end: Codes) -> Codes:
    """How many characters the spans of each group cover; overlapping ones count once. Shape (groups with spans,).

    Args:
        group: the group of each span, from 0.
        start: its first character.
        end: one past its last character, less than 2^31.
    """
    order = np.lexsort((start, group))
    group, start, end = group[order].astype(np.int64), start[order], end[order]
    reach = np.maximum.accumulate(np.r_[0, group * FAR + end])
    begin = np.maximum(group * FAR + start, reach[:-1])
    covered = np.maximum(group * FAR + end - begin, 0)
    _, number = np.unique(group, return_inverse=True)
    found: Codes = np.bincount(number, covered).astype(np.intp)
    return found


def overlap(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Characters that two annotators' spans share, and the sum of both lengths; F1 is twice their ratio."""
    one, other = ({i for start, end in spans for i in range(start, end)} for spans in (first, second))
    return len(one & other), len(one) + len(other)
