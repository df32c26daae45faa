"""Turn answers into a result: all counting and resampling of a run, done once."""

from collections.abc import Mapping, Sequence
from math import isfinite

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.bench import family
from kazstance.bench.answers import Answer
from kazstance.bench.breakdowns import Breakdown, breakdown
from kazstance.bench.contrast import GroupScore, group_scores, groups
from kazstance.bench.probes import ProbeScore, probe_scores
from kazstance.bench.record import Run
from kazstance.bench.result import Result
from kazstance.bench.tasks import TARGET, Task
from kazstance.metrics import METRICS
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.metrics import effective_size
from kazstance.stats.scores import Score, score, score_all
from kazstance.stats.soft import soft_scores

Answers = Mapping[str, Mapping[str, Answer]]
"""The answer to each item, by fold."""


def evaluate(
    task: Task, run: Run, answers: Answers, shown: Mapping[str, Answer] | None = None, *, in_full: bool = True
) -> Result:
    """The result of a run.

    Args:
        task: the task.
        run: the description of the run.
        answers: the answers to all rows.
        shown: the answers to probes.
        in_full: whether to include breakdowns and probes.
    """
    table = _table(task, answers)
    cluster = "cluster" if task.has_clusters else None
    counts = {within: _count(task, table, columns, cluster) for within, columns in task.kind.strata.items()}
    metrics, headline = [METRICS[name] for name in task.kind.metrics], METRICS[task.kind.headline]
    others = {within: found for within, found in counts.items() if within != TARGET}
    facts = run.signature
    return Result(
        run=run,
        rows=task.rows,
        headline=task.kind.headline,
        sizes={within: float(effective_size(found.total)) for within, found in counts.items()},
        scores={one.metric: one for one in score_all(counts[TARGET], metrics, signature=facts)},
        within={name: score(found, headline, signature=facts | {"within": name}) for name, found in others.items()},
        contrast=_contrast(task, answers),
        soft=_soft(task, run, answers),
        breakdowns=_breakdowns(task, table, cluster) if in_full else (),
        probes=_probes(task, answers, shown or {}) if in_full else (),
        warning=family.warning(run.family, task.makers),
        counts=counts[TARGET] if cluster else _count(task, table, task.kind.strata[TARGET], "cluster"),
        overlap=task.overlap,
    )


def headline_value(task: Task, answers: Answers) -> float | None:
    """The headline of some answers within targets, without an interval; None if it is undefined."""
    counts = _count(task, _table(task, answers), task.kind.strata[TARGET], None)
    value = float(METRICS[task.kind.headline].value(counts.total))
    return value if isfinite(value) else None


def _labels(answers: Answers) -> dict[str, dict[str, str]]:
    return {fold: {name: one.label for name, one in found.items()} for fold, found in answers.items()}


def _flat(answers: Answers) -> dict[str, str]:
    return {name: one.label for found in answers.values() for name, one in found.items()}


def _table(task: Task, answers: Answers) -> pa.Table:
    """A row for each row of the task, with everything that rows are grouped by."""
    rows = [
        {
            "gold": item.label,
            "predicted": answers[fold.name][item.item_id].label,
            "target": item.target_id,
            "source": "+".join(sorted(item.sources)),
            "kind": item.kind,
            "voice": item.voice,
            "sentence": item.item_id.partition(":")[0],
            "fold": fold.name,
            "cluster": item.cluster,
        }
        for fold in task.folds
        for item in fold.test
    ]
    return pa.Table.from_pylist(rows)


def _probes(task: Task, answers: Answers, shown: Mapping[str, Answer]) -> tuple[ProbeScore, ...]:
    clusters = {item.item_id: item.cluster for item in task.test}
    return tuple(probe_scores(task.probes, _labels(answers), _flat({"": shown}), clusters))


def _count(task: Task, table: pa.Table, strata: Sequence[str], cluster: str | None) -> Confusion:
    return confusion(table, "gold", "predicted", strata=strata, cluster=cluster, labels=task.labels)


def _breakdowns(task: Task, table: pa.Table, cluster: str | None) -> tuple[Breakdown, ...]:
    """The scores of each part of the rows."""
    found = []
    for by in task.kind.breakdowns:
        for name in sorted(set(pc.unique(table[by]).to_pylist()) - {""}):
            rows = table.filter(pc.equal(table[by], name))
            counts = _count(task, rows, task.kind.strata[TARGET], cluster)
            found.append(breakdown(by, name, counts, task.kind.headline, task.kind.metrics))
    return tuple(found)


def _contrast(task: Task, answers: Answers) -> dict[str, GroupScore]:
    """The share of groups of each kind that are entirely correct, if the task has a contrast set."""
    if not task.kind.has_contrast:
        return {}
    return {group.kind: group for group in group_scores(groups(task.test), _flat(answers))}


def _soft(task: Task, run: Run, answers: Answers) -> dict[str, Score]:
    """Scores of the probabilities, if there is one for every item."""
    rows = [(item, answers[fold.name][item.item_id]) for fold in task.folds for item in fold.test]
    if any(answer.probabilities is None for _, answer in rows):
        return {}
    probabilities = np.array([answer.probabilities for _, answer in rows])
    gold = np.array([task.labels.index(item.label) for item, _ in rows])
    votes = np.array([task.votes[item.item_id] for item, _ in rows], dtype=np.float64) if task.votes else None
    clusters = [item.cluster for item, _ in rows] if task.has_clusters else None
    found = soft_scores(probabilities, gold, votes, clusters, signature=run.signature)
    return {one.metric: one for one in found}
