"""Scores: metrics of counted predictions with their intervals, and the signature that says how they were computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from kazstance.stats.confusion import Confusion, resampled
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import Estimate
from kazstance.stats.metrics import Metric, effective_size
from kazstance.stats.resampling import RESAMPLES, SEED, interval
from kazstance.stats.strata import Strata

ROWS, ONE_STRATUM = "rows", "one stratum: there are no targets to draw from"
"""What signatures give as clusters when rows are drawn, and the reason if there is no interval over targets."""


@dataclass(frozen=True, kw_only=True)
class Score(Estimate):
    """A metric's value with its interval over clusters, for these strata, and an interval over strata, for new ones.

    `strata` is None for scores of probabilities, and for scores that were written before it was recorded.
    """

    metric: str
    over_targets: Estimate
    signature: Mapping[str, object]
    strata: Strata | None = None

    def as_row(self, prefix: str = "") -> dict[str, Any]:
        """The score as plain values by column."""
        names = ("metric", "value", "low", "high", "target_low", "target_high", "signature", "reason", "target_reason")
        row = {**vars(self), **self.over_targets.as_row("target_"), "signature": dict(self.signature)}
        return {f"{prefix}{name}": row[name] for name in names}

    def __str__(self) -> str:
        """Metric, value, interval, signature; after an undefined value, the reason."""
        signature = "|".join(f"{key}:{value}" for key, value in self.signature.items())
        return f"{self.metric} {self.text(3)} {signature}"


def mean_value(metric: Metric, found: Sequence[Confusion]) -> float:
    """The mean of a metric over several counts of the same rows; NaN if it is undefined for one of them."""
    return float(np.mean([metric.value(one.total) for one in found]))


def mean_draws(
    metrics: Sequence[Metric],
    found: Sequence[Confusion],
    n: int = RESAMPLES,
    seed: int = SEED,
    *,
    of_strata: bool = False,
) -> Floats:
    """Resamples of that mean, shape (metrics, resamples): each draws the same clusters, or strata, for all counts.

    Args:
        metrics: the metrics.
        found: the counts, over the same clusters and strata.
        n: number of resamples.
        seed: seed of the random generator.
        of_strata: whether to draw whole strata.
    """
    draws = ((one, one.draws_of_strata(n, seed) if of_strata else one.draws(n, seed)) for one in found)
    each = [resampled(metrics, one.total, blocks, of_strata=of_strata) for one, blocks in draws]
    mean: Floats = np.mean(each, axis=0)
    return mean


def score_all(
    found: Confusion | Sequence[Confusion],
    metrics: Sequence[Metric],
    n: int = RESAMPLES,
    seed: int = SEED,
    signature: Mapping[str, object] = MappingProxyType({}),
) -> list[Score]:
    """Metrics with their 95 % percentile intervals: over clusters, for these strata; and over strata, for new ones.

    Every resample is drawn once for all metrics.

    Args:
        found: the counts; or several of the same rows, such as one for each prompt, whose mean is scored.
        metrics: the metrics to calculate, in order.
        n: number of resamples.
        seed: seed of the random generator.
        signature: facts that come first in each signature.
    """
    each = [found] if isinstance(found, Confusion) else found
    found = each[0]
    total = found.total
    drawn = mean_draws(metrics, each, n, seed)
    beyond = mean_draws(metrics, each, n, seed, of_strata=True) if len(found.strata) > 1 else None
    strata = Strata.of(total)
    facts = {
        **strata.signature,
        "n": found.n,
        "D": round(float(effective_size(total)), 1),
        "clusters": len(found.clusters) if len(found.clusters) > 1 else ROWS,
        "resamples": n,
        "seed": seed,
    }
    lines = []
    for number, metric in enumerate(metrics):
        value, why = mean_value(metric, each), reason(metric, each)
        estimate = Estimate.of(value, interval(drawn[number], units=found.units), found.n, why)
        over = Estimate.undefined(ONE_STRATUM)
        if beyond is not None:
            over = Estimate.of(value, interval(beyond[number], units=len(found.strata)), len(found.strata), why)
        named = {**signature, "metric": metric.name, **facts}
        lines.append(Score(**vars(estimate), metric=metric.name, over_targets=over, signature=named, strata=strata))
    return lines


def reason(metric: Metric, found: Sequence[Confusion]) -> str:
    """Why the mean of a metric over several counts is undefined, where it is."""
    undefined = [one for one in found if np.isnan(metric.value(one.total))]
    return metric.reason((undefined or found)[0].total, found[0].labels)


def score(
    found: Confusion | Sequence[Confusion],
    metric: Metric,
    n: int = RESAMPLES,
    seed: int = SEED,
    signature: Mapping[str, object] = MappingProxyType({}),
) -> Score:
    """One metric with its intervals, as `score_all` gives them for several.

    Args:
        found: the counts, as for `score_all`.
        metric: the metric.
        n: number of resamples.
        seed: seed of the random generator.
        signature: what else the signature of the score says.
    """
    return score_all(found, [metric], n, seed, signature)[0]
