"""Scores of a run by part: for each target, source, kind of target and voice, on how many rows they rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, nan
from typing import Any, Final

from kazstance.bench.tasks import Task
from kazstance.metrics import F_AVG, METRICS
from kazstance.stats.confusion import Confusion, resampled
from kazstance.stats.estimate import Estimate
from kazstance.stats.metrics import ACCURACY, effective_size
from kazstance.stats.resampling import RESAMPLES, interval

PARTS: Final = ("target", "source", "kind", "voice")
"""What rows are parted by; pairs have no voice, and two sources."""


@dataclass(frozen=True)
class PartScore:
    """The headline of a task with its interval, F_avg and accuracy on some rows; `reasons` for what is NaN."""

    by: str
    name: str
    n: int
    D: float
    headline: Estimate
    f_avg: float
    accuracy: float
    reasons: Mapping[str, str]

    def as_row(self) -> dict[str, Any]:
        """The scores as plain values by column."""
        headline = {"headline": self.headline.value, "low": self.headline.low, "high": self.headline.high}
        first = {"by": self.by, "name": self.name, "n": self.n, "D": self.D}
        return first | headline | {"f_avg": self.f_avg, "accuracy": self.accuracy, "reasons": dict(self.reasons)}


def part_scores(task: Task, by: str, counts: Confusion) -> list[PartScore]:
    """The scores of each part, from counts whose strata begin with the part's name; parts in alphabetical order."""
    names = sorted({stratum.partition(" ")[0] for stratum in counts.strata} - {""})
    return [_part_score(task, by, name, _only(counts, name)) for name in names]


def _only(counts: Confusion, name: str) -> Confusion:
    """The counts of the strata of one part, and of the clusters that have any."""
    return counts.within([i for i, stratum in enumerate(counts.strata) if stratum.partition(" ")[0] == name])


def _part_score(task: Task, by: str, name: str, counts: Confusion) -> PartScore:
    metric, total = METRICS[task.headline], counts.total
    ends = interval(resampled([metric], total, counts.draws(RESAMPLES))[0], units=counts.units)
    headline = Estimate.of(metric.value(total), ends, counts.n, metric.reason(total, counts.labels))
    f = F_AVG.value(total) if "f_avg" in task.metrics else nan
    reasons = {"headline": headline.reason, "f_avg": _why_f_avg(task, counts) if isnan(f) else None}
    return PartScore(
        by=by,
        name=name,
        n=counts.n,
        D=float(effective_size(total)),
        headline=headline,
        f_avg=f,
        accuracy=ACCURACY.value(total),
        reasons={name: reason for name, reason in reasons.items() if reason},
    )


def _why_f_avg(task: Task, counts: Confusion) -> str:
    return F_AVG.reason(counts.total, counts.labels) if "f_avg" in task.metrics else "not a metric of the task"
