"""Two systems on the same rows: paired differences, a randomisation test, and p-values corrected by Holm's method."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np

from kazstance.stats.confusion import Confusion, resampled
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import Estimate, joined
from kazstance.stats.metrics import Metric
from kazstance.stats.resampling import RESAMPLES, SEED, block_size, interval


@dataclass(frozen=True, kw_only=True)
class Difference(Estimate):
    """One system's metric minus another's, on the same rows, with the p-value of a two-sided test."""

    p: float

    def as_row(self, prefix: str = "") -> dict[str, Any]:
        """The difference as plain values by column."""
        row = {"value": self.value, "low": self.low, "high": self.high, "p": self.p, "reason": self.reason}
        return {f"{prefix}{name}": value for name, value in row.items()}


def compare(one: Confusion, other: Confusion, metric: Metric, n: int = RESAMPLES, seed: int = SEED) -> Difference:
    """The difference between two systems with a paired interval and a two-sided randomisation test over clusters.

    The interval draws the same clusters for both. The test swaps the systems' predictions in whole clusters at random
    (Noreen, 1989); p counts the observed difference as one draw, so it is never 0.

    Args:
        one: the counts of the first system.
        other: the counts of the second, whose metric is subtracted.
        metric: the metric to compare.
        n: number of resamples, and of swaps.
        seed: seed of the random generator.

    Raises:
        ValueError: the systems differ in clusters, strata or labels, or have only one cluster.
    """
    if (one.clusters, one.strata, one.labels) != (other.clusters, other.strata, other.labels) or len(one.clusters) < 2:  # noqa: PLR2004
        raise ValueError("the systems differ in clusters or strata, or have only one cluster; expected the same rows")
    values = [metric.value(counts.total) for counts in (one, other)]
    first, second = (resampled([metric], counts.total, counts.draws(n, seed))[0] for counts in (one, other))
    value = values[0] - values[1]
    drawn = np.abs(np.concatenate([swap(one, other, metric, kept) for kept in _coins(one, n, seed)]))
    extreme = int((~(drawn < abs(value) - 1e-12)).sum())  # undefined draws count as extreme: conservative
    alone = zip((one, other), values, strict=True)
    why = joined([metric.reason(c.total, c.labels) if isnan(v) else None for c, v in alone]) or ""
    estimate = Estimate.of(value, interval(first - second, units=one.units), one.n, why)
    return Difference(**vars(estimate), p=value if isnan(value) else (1 + extreme) / (1 + n))


def swap(one: Confusion, other: Confusion, metric: Metric, kept: Floats) -> Floats:
    """A metric's difference, shape (n,), if clusters keep their systems (1) or swap them (0): `kept`, (n, clusters).

    Args:
        one: the counts of one system.
        other: those of the other, over the same clusters.
        metric: the metric.
        kept: shape (n, clusters), 1 or 0.
    """
    first = other.total + (one.weighted(kept) - other.weighted(kept))
    return metric(first) - metric(one.total + other.total - first)


def _coins(found: Confusion, n: int, seed: int) -> Iterator[Floats]:
    """Coin tosses for each cluster, 0 or 1, in blocks."""
    generator = np.random.default_rng(seed)
    size = block_size(found.total.size, len(found.clusters))
    for start in range(0, n, size):
        yield generator.integers(0, 2, (min(size, n - start), len(found.clusters))).astype(np.float64)


def holm(p: Sequence[float]) -> list[float]:
    """p-values corrected for multiple testing (Holm, 1979), in the order given."""
    order = np.argsort(p)
    corrected = np.maximum.accumulate(np.array(p)[order] * np.arange(len(p), 0, -1)) if len(p) else np.array([])
    found = np.empty(len(p))
    found[order] = np.minimum(corrected, 1)
    return [float(value) for value in found]
