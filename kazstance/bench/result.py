"""Finished runs: all that follows from the answers that the folder of a run keeps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from pydantic import ConfigDict

import kazstance
from kazstance import dataset
from kazstance.bench import family as families
from kazstance.bench.answers import Answer, from_lines
from kazstance.bench.breakdowns import PARTS, PartScore, part_scores
from kazstance.bench.contrast import GroupScore, group_scores, groups
from kazstance.bench.identity import rows_digest
from kazstance.bench.probes import ASKED, ProbeScore, probe_items, probe_rows, probe_scores, probes_of
from kazstance.bench.protocols import TrainTest, folds
from kazstance.bench.record import Record, read_record
from kazstance.bench.run_folder import date, settle, verified
from kazstance.bench.tasks import Task, get_task, items, votes
from kazstance.errors import KazstanceError
from kazstance.metrics import METRICS
from kazstance.schema.records import Probe
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.scores import Score, score, score_all
from kazstance.stats.soft import soft_scores

PREDICTIONS, ASKED_AGAIN = "predictions", "probes"
"""Folders of a run: the answers of each fold to its rows, and to the masks and mirrors of its rows."""
TARGET, SOURCE, SENTENCE = "target", "target×source", "sentence"
STRATA: Final = {TARGET: ("target", "fold"), SOURCE: ("target", "source", "fold"), SENTENCE: ("sentence", "fold")}
"""Folds stand in all: they share targets, and what is seen in training differs between them.

Within targets, a rule that knows the target alone scores 0; within targets and sources, one that knows both; within
sentences, one that ignores the target.
"""


@dataclass(frozen=True)
class Run:
    """What a run is of."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    system: str
    task: str
    protocol: str
    digest: str
    family: str | None = None
    spelling: str = "kazstance"

    @property
    def signature(self) -> dict[str, object]:
        """What its scores print beside their own figures."""
        facts: dict[str, object] = {
            "task": self.task,
            "protocol": self.protocol,
            "system": self.system.replace(" ", "_"),
            "spelling": self.spelling,
        }
        return facts | {"data": self.digest[:12], "version": kazstance.__version__}


@dataclass(frozen=True)
class Job:
    """Something that a system is asked in one go: its answers to `part.test` go into a file of the run's folder."""

    file: str
    part: TrainTest

    @property
    def what(self) -> str:
        """What is asked."""
        return f"{self.file.partition('/')[0]} of fold {self.part.name}"


def jobs_of(parts: Sequence[TrainTest], probes: Sequence[Probe]) -> list[Job]:
    """What a run has to do: all folds, then the probes of each."""
    asked = [TrainTest(part.name, part.train, probe_items(part, probes)) for part in parts]
    jobs = [Job(_file(part, PREDICTIONS), part) for part in parts]
    return jobs + [Job(_file(part, ASKED_AGAIN), part) for part in asked if part.test]


@dataclass(frozen=True)
class Finished:
    """A finished run: the answers to all folds, and to those probes that were asked for, and all that follows."""

    run: Run
    task: Task
    parts: tuple[TrainTest, ...]
    answers: Mapping[str, Mapping[str, Answer]]
    shown: Mapping[str, Answer]
    data: Path

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        """The predicted label of each item, by fold."""
        return {fold: {name: one.label for name, one in found.items()} for fold, found in self.answers.items()}

    @cached_property
    def strata(self) -> dict[str, Confusion]:
        """The counts within targets, and within the other strata."""
        return tabulate_all(self.task, self.parts, self.labels)

    @property
    def counts(self) -> Confusion:
        """The counts within targets."""
        return self.strata[TARGET]

    @cached_property
    def contrast(self) -> list[GroupScore]:
        """How the run does on the contrast set (task stance)."""
        if self.task.name != "stance":
            return []
        flat = {name: label for found in self.labels.values() for name, label in found.items()}
        return group_scores(groups(item for part in self.parts for item in part.test), flat)

    @cached_property
    def soft(self) -> list[Score]:
        """Scores of the probabilities, where there is one for every item."""
        rows = [(item, self.answers[part.name][item.item_id]) for part in self.parts for item in part.test]
        if any(answer.probabilities is None for _, answer in rows):
            return []
        probabilities = np.array([answer.probabilities for _, answer in rows])
        gold = np.array([self.task.labels.index(item.label) for item, _ in rows])
        voted = votes(self.task, data=self.data)
        counts = np.array([voted[item.item_id] for item, _ in rows], dtype=np.float64) if voted else None
        clusters = [item.cluster for item, _ in rows]
        return soft_scores(probabilities, gold, counts, clusters, signature=self.run.signature)

    @cached_property
    def by_part(self) -> list[PartScore]:
        """Scores for each target, source, kind and voice."""
        kinds = [by for by in PARTS if by != "voice" or self.task.name != "compare"]
        strata = {by: tabulate(self.task, self.parts, self.labels, (by, *STRATA[TARGET])) for by in kinds}
        return [found for by, counts in strata.items() for found in part_scores(self.task, by, counts)]

    @cached_property
    def probes(self) -> list[ProbeScore]:
        """Scores of the probes (task stance); of masks and mirrors where they were asked for."""
        if self.task.name != "stance":
            return []
        return probe_scores(
            probe_rows(data=self.data), self.labels, {name: answer.label for name, answer in self.shown.items()}
        )

    @property
    def warning(self) -> str | None:
        """A warning where the system is of the family that made the labels."""
        return families.warning(self.run.family, data=self.data)


def read_run(out: Path, *, data: Path = dataset.SHIPPED) -> Record[Run]:
    """The record of a finished run.

    Raises:
        KazstanceError: the folder holds no finished run, or one on other data.
    """
    settle(out)
    record, digest = read_record(out, Record[Run]), dataset.manifest(data=data).digest
    if record.run.digest != digest:
        raise KazstanceError(f"{out}: the run is on other data; expected the digest {digest}")
    if record.finished is None:
        raise KazstanceError(f"{out}: the run begun on {date(record.begun)} is not finished; run it again to resume it")
    return record


def reload(out: Path, *, data: Path = dataset.SHIPPED) -> Finished:
    """A finished run from its folder.

    Raises:
        KazstanceError: the folder holds no finished run, one on other data, or answers that are not those of the run.
    """
    record = read_run(out, data=data)
    task = get_task(record.run.task)
    parts = tuple(folds(record.run.protocol, items(task, data=data), data=data))
    if rows_digest(task, parts, probes_of(task.name, data=data)) != record.rows:
        raise KazstanceError(
            f"{out}: the rows of the task are not those that the run was made on, though the dataset has the same "
            f"digest; expected the same dataset: run kazstance verify --data {data}"
        )
    return gather(record, parts, out, data)


def gather(record: Record[Run], parts: Sequence[TrainTest], out: Path, data: Path) -> Finished:
    """A run with the answers that its folder holds.

    Raises:
        KazstanceError: they are not those of all folds, or not as they were recorded.
    """
    task = get_task(record.run.task)
    answers = {}
    for job in jobs_of(parts, ()):
        content = verified(out, record, job.file)
        answers[job.part.name] = from_lines(content, job.part.test, task.labels, str(out / job.file))
    shown = _read_shown(out, record, task, parts, data)
    return Finished(record.run, task, tuple(parts), answers, shown, data)


def _read_shown(
    out: Path, record: Record[Run], task: Task, parts: Sequence[TrainTest], data: Path
) -> dict[str, Answer]:
    """The answers to those probes that all folds have answered."""
    jobs = jobs_of(parts, probes_of(task.name, data=data))[len(parts) :]
    found: dict[str, Answer] = {}
    for job in (job for job in jobs if job.file in record.answers):
        there = from_lines(verified(out, record, job.file), None, task.labels, str(out / job.file))
        found |= {item.item_id: there[item.item_id] for item in job.part.test if item.item_id in there}
    asked = [item.item_id for job in jobs for item in job.part.test]
    whole = [kind for kind in ASKED if all(name in found for name in asked if name.startswith(f"{kind}:"))]
    return {name: answer for name, answer in found.items() if name.partition(":")[0] in whole}


def _file(part: TrainTest, folder: str) -> str:
    """The file of a fold's answers, by its path in the folder of a run."""
    return f"{folder}/{part.name.replace('/', '~')}.jsonl"


def evaluate(this: Run, task: Task, counts: Mapping[str, Confusion]) -> list[Score]:
    """All metrics of a task within targets, and its headline within the other strata too."""
    scores = score_all(counts[TARGET], [METRICS[name] for name in task.metrics], signature=this.signature)
    headline, others = METRICS[task.headline], ((within, c) for within, c in counts.items() if within != TARGET)
    return scores + [score(c, headline, signature=this.signature | {"within": within}) for within, c in others]


def tabulate_all(
    task: Task, parts: Sequence[TrainTest], predictions: Mapping[str, Mapping[str, str]]
) -> dict[str, Confusion]:
    """The counts of predictions within targets; within targets and sources; and, for single texts, within sentences."""
    return {
        within: tabulate(task, parts, predictions, strata)
        for within, strata in STRATA.items()
        if within != SENTENCE or task.name != "compare"
    }


def tabulate(
    task: Task, parts: Iterable[TrainTest], predictions: Mapping[str, Mapping[str, str]], strata: Sequence[str]
) -> Confusion:
    """The counts of predictions over all folds."""
    rows = [
        {
            "gold": item.label,
            "predicted": predictions[part.name][item.item_id],
            "target": item.target_id,
            "source": "+".join(sorted(item.sources)),
            "kind": item.kind,
            "voice": item.voice,
            "sentence": item.item_id.partition(":")[0],
            "fold": part.name,
            "cluster": item.cluster,
        }
        for part in parts
        for item in part.test
    ]
    table = pa.Table.from_pylist(rows)
    return confusion(table, "gold", "predicted", strata=strata, cluster="cluster", labels=task.labels)
