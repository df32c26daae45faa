"""Scores of a run by part: for each target, source, kind of target and voice, on how many rows they rest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from kazstance import undefined
from kazstance.benchmark.tasks import Task
from kazstance.scoring import METRICS, RESAMPLES, Confusion, accuracy, effective_size, f_avg
from kazstance.tally import SEED, interval

PARTS: Final = ("target", "source", "kind", "voice")
"""What rows are parted by; pairs have no voice, and two sources."""


@dataclass(frozen=True)
class PartScore:
    """The headline of a task with its interval, F_avg and accuracy on some rows; `reasons` for what is NaN."""

    by: str
    name: str
    n: int
    D: float
    headline: float
    low: float
    high: float
    f_avg: float
    accuracy: float
    reasons: Mapping[str, str]


def part_scores(task: Task, by: str, counts: Confusion) -> list[PartScore]:
    """The scores of each part, from counts whose strata begin with the part's name; parts in alphabetical order."""
    names = sorted({stratum.partition(" ")[0] for stratum in counts.strata} - {""})
    return [_part_score(task, by, name, _only(counts, name)) for name in names]


def _only(counts: Confusion, name: str) -> Confusion:
    """The counts of the strata of one part, and of the clusters that have any."""
    chosen = [i for i, stratum in enumerate(counts.strata) if stratum.partition(" ")[0] == name]
    part = counts.counts[:, chosen]
    some = np.flatnonzero(part.sum(axis=(1, 2, 3)))
    clusters = tuple(counts.clusters[i] for i in some)
    return replace(counts, counts=part[some], clusters=clusters, strata=tuple(counts.strata[i] for i in chosen))


def _part_score(task: Task, by: str, name: str, counts: Confusion) -> PartScore:
    headline = METRICS[task.headline]
    low, high = interval(counts.resampled(headline, RESAMPLES, SEED), units=counts.units)
    value, f = float(headline(counts.total)), float(f_avg(counts.total)) if "f_avg" in task.metrics else float("nan")
    reasons = {
        "headline": undefined.of_interval(value, low, undefined.why(task.headline, counts.total)),
        "f_avg": _why_f_avg(task, counts) if np.isnan(f) else None,
    }
    return PartScore(
        by=by,
        name=name,
        n=counts.n,
        D=float(effective_size(counts.total)),
        headline=value,
        low=low,
        high=high,
        f_avg=f,
        accuracy=float(accuracy(counts.total)),
        reasons={name: reason for name, reason in reasons.items() if reason},
    )


def _why_f_avg(task: Task, counts: Confusion) -> str:
    return undefined.why("f_avg", counts.total) if "f_avg" in task.metrics else "not a metric of the task"
