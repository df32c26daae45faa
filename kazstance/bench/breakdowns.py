"""Scores of a run broken down by target, source, kind of target and voice, with their numbers of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any, Final

from kazstance.metrics import F_AVG, METRICS
from kazstance.stats.confusion import Confusion
from kazstance.stats.estimate import Estimate
from kazstance.stats.metrics import ACCURACY, effective_size
from kazstance.stats.resampling import interval
from kazstance.stats.scores import mean_draws, mean_value, reason
from kazstance.stats.strata import Strata

ALONE: Final = "no interval is drawn"
"""Why a figure has no interval."""


@dataclass(frozen=True)
class Breakdown:
    """The headline of a task with its interval, and F_avg and accuracy without, on some of the rows."""

    by: str
    name: str
    n: int
    D: float
    """The effective size that the headline rests on."""
    headline: Estimate
    f_avg: Estimate
    accuracy: Estimate
    strata: Strata | None = None
    """The strata that the headline is computed within; None in files written before they were recorded."""

    @property
    def reasons(self) -> dict[str, str]:
        """Why figures are undefined, by name."""
        figures = {"headline": self.headline, **({} if self.f_avg.is_defined else {"f_avg": self.f_avg})}
        return {name: figure.reason for name, figure in figures.items() if figure.reason}

    def as_row(self) -> dict[str, Any]:
        """The scores as plain values by column."""
        headline = {"headline": self.headline.value, "low": self.headline.low, "high": self.headline.high}
        figures = {"f_avg": self.f_avg.value, "accuracy": self.accuracy.value, "reasons": self.reasons}
        strata = self.strata.as_row() if self.strata else {}
        return {"by": self.by, "name": self.name, "n": self.n, "D": self.D} | headline | figures | strata


def breakdown(by: str, name: str, each: Sequence[Confusion], headline: str, metrics: Sequence[str]) -> Breakdown:
    """The scores of some of the rows.

    Args:
        by: the field that the rows are broken down by.
        name: the value of that field.
        each: the counts of these rows, under each prompt if there are several.
        headline: the headline metric.
        metrics: all metrics of the task.
    """
    metric, counts, total = METRICS[headline], each[0], each[0].total
    ends = interval(mean_draws([metric], each)[0], units=counts.units)
    f_avg = mean_value(F_AVG, each) if F_AVG.name in metrics else nan
    why = reason(F_AVG, each) if F_AVG.name in metrics else "not a metric of the task"
    return Breakdown(
        by=by,
        name=name,
        n=counts.n,
        D=float(effective_size(total)),
        headline=Estimate.of(mean_value(metric, each), ends, counts.n, reason(metric, each)),
        f_avg=_alone(f_avg, counts.n, why),
        accuracy=_alone(mean_value(ACCURACY, each), counts.n, "no rows"),
        strata=Strata.of(total),
    )


def _alone(value: float, n: int, why: str) -> Estimate:
    """A figure without an interval."""
    return Estimate(value, nan, nan, n, why if isnan(value) else ALONE)
