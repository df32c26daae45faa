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
from kazstance.bench.over_prompts import mean_counts, over_prompts
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
    tables = _tables(task, answers)
    cluster = _cluster(task, tables)
    counts = {
        within: [_count(task, table, columns, cluster) for table in tables.values()]
        for within, columns in task.kind.strata.items()
    }
    metrics, headline = [METRICS[name] for name in task.kind.metrics], METRICS[task.kind.headline]
    others = {within: found for within, found in counts.items() if within != TARGET}
    facts, is_prompted = run.signature, "" not in tables
    own = counts[TARGET]
    if cluster != "cluster":  # so that all results on the same rows can be paired
        own = [_count(task, table, task.kind.strata[TARGET], "cluster") for table in tables.values()]
    return Result(
        run=run,
        rows=task.rows,
        headline=task.kind.headline,
        sizes={within: float(effective_size(found[0].total)) for within, found in counts.items()},
        scores={one.metric: one for one in score_all(counts[TARGET], metrics, signature=facts)},
        within={name: score(found, headline, signature=facts | {"within": name}) for name, found in others.items()},
        contrast={} if is_prompted else _contrast(task, answers),
        soft=_soft(task, run, answers),
        breakdowns=_breakdowns(task, list(tables.values()), cluster) if in_full else (),
        probes=_probes(task, answers, shown or {}) if in_full and not is_prompted else (),
        warning=family.warning(run.family, task.makers),
        counts=mean_counts(own),
        overlap=task.overlap,
        prompts=over_prompts(dict(zip(tables, own, strict=True)), metrics, _labels_of_rows(answers))
        if is_prompted
        else None,
    )


def headline_value(task: Task, answers: Answers) -> float | None:
    """The headline of some answers within targets, without an interval; None if it is undefined."""
    counts = _count(task, _tables(task, answers)[""], task.kind.strata[TARGET], None)
    value = float(METRICS[task.kind.headline].value(counts.total))
    return value if isfinite(value) else None


def _labels(answers: Answers) -> dict[str, dict[str, str]]:
    return {fold: {name: one.label for name, one in found.items()} for fold, found in answers.items()}


def _flat(answers: Answers) -> dict[str, str]:
    return {name: one.label for found in answers.values() for name, one in found.items()}


def _labels_of_rows(answers: Answers) -> list[list[str]]:
    """For each row, its labels under the prompts."""
    return [[label for _, label in one.by_prompt] for found in answers.values() for one in found.values()]


def _cluster(task: Task, tables: Mapping[str, pa.Table]) -> str | None:
    """The column that resamples draw; under several prompts at least whole rows, with their answers to all of them."""
    if task.has_clusters and ("" in tables or len({item.cluster for item in task.test}) > 1):
        return "cluster"
    return None if "" in tables else "item"


def _tables(task: Task, answers: Answers) -> dict[str, pa.Table]:
    """The rows of the task with everything that they are grouped by, under each prompt; without prompts, under ""."""
    every = (one for found in answers.values() for one in found.values())
    prompts = [name for name, _ in next(every, Answer("")).by_prompt]
    found = {
        name: {item: one.by_prompt[number][1] for part in answers.values() for item, one in part.items()}
        for number, name in enumerate(prompts)
    }
    return {name: _table(task, labels) for name, labels in (found or {"": _flat(answers)}).items()}


def _table(task: Task, labels: Mapping[str, str]) -> pa.Table:
    """A row for each row of the task."""
    rows = [
        {
            "gold": item.label,
            "predicted": labels[item.item_id],
            "item": item.item_id,
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


def _breakdowns(task: Task, tables: Sequence[pa.Table], cluster: str | None) -> tuple[Breakdown, ...]:
    """The scores of each part of the rows."""
    found = []
    for by in task.kind.breakdowns:
        for name in sorted(set(pc.unique(tables[0][by]).to_pylist()) - {""}):
            parts = [table.filter(pc.equal(table[by], name)) for table in tables]
            each = [_count(task, rows, task.kind.strata[TARGET], cluster) for rows in parts]
            found.append(breakdown(by, name, each, task.kind.headline, task.kind.metrics))
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
