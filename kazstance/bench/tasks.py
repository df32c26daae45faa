"""Tasks as data: which rows are predicted with which labels, how they are split, and what else is known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final

from kazstance.errors import IntegrityError, UnknownNameError
from kazstance.input.overlap import Overlap, overlap
from kazstance.input.spelling import Spelling
from kazstance.metrics import GRID_LABELS, LABELS, STANCE_METRICS
from kazstance.schema.records import Probe

PAIR_LABELS: Final = ("a", "b", "same")
TARGET, SOURCE, SENTENCE = "target", "target×source", "sentence"
STRATA: Final = {TARGET: ("target", "fold"), SOURCE: ("target", "source", "fold"), SENTENCE: ("sentence", "fold")}
"""Folds are part of all strata: they share targets, but differ in their training rows.

Within targets, a rule that knows only the target scores 0; within targets and sources, one that knows both; within
sentences, one that ignores the target.
"""

VERIFY: Final = "run kazstance verify to see what else is wrong with the data"


@dataclass(frozen=True)
class Item:
    """A row as a system sees it: `label` is for training only; a pair has a second text, but no voice or context."""

    item_id: str
    split: str
    text: str
    target: str
    target_id: str
    source_id: str
    cluster: str
    label: str
    context_before: str = ""
    context_after: str = ""
    text_b: str = ""
    source_b: str = ""
    kind: str = ""
    voice: str = ""
    language: str = field(default="", repr=False)
    """The language of the text, as a BCP 47 tag; empty if it is not known."""

    @property
    def sources(self) -> frozenset[str]:
        """The sources of its sentences."""
        return frozenset(filter(None, [self.source_id, self.source_b]))


@dataclass(frozen=True)
class TrainTest:
    """A fold: its name, the rows to train on, those to predict, and how many training rows were left out as copies."""

    name: str
    train: tuple[Item, ...]
    test: tuple[Item, ...]
    dropped: int = 0


@dataclass(frozen=True, eq=False)
class TaskKind:
    """What is predicted: the labels, the metrics with the headline, and which further figures are computed."""

    name: str
    labels: tuple[str, ...]
    headline: str = "wts"
    metrics: tuple[str, ...] = tuple(metric.name for metric in STANCE_METRICS)
    table: str = ""
    """The table of a dataset that holds the rows."""
    strata: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType(STRATA))
    """The strata that the headline is computed within, by name; always includes `target`."""
    breakdowns: tuple[str, ...] = ("target", "source", "kind", "voice")
    """The fields that the rows are broken down by."""
    has_contrast: bool = False
    has_probes: bool = False


TASKS: Final = {
    kind.name: kind
    for kind in (
        TaskKind("stance", LABELS, table="stances", has_contrast=True, has_probes=True),
        TaskKind("stance4", GRID_LABELS, table="grid"),
        TaskKind(
            "compare",
            PAIR_LABELS,
            "somers_d",
            ("somers_d", "accuracy"),
            "pairs",
            {TARGET: STRATA[TARGET], SOURCE: STRATA[SOURCE]},
            ("target", "source", "kind"),
        ),
    )
}
"""The tasks of a dataset."""


def get_task(name: str) -> TaskKind:
    """A task of a dataset by name, without its rows.

    Raises:
        UnknownNameError: there is no such task; the message lists the valid names.
    """
    if name not in TASKS:
        raise UnknownNameError(name, "task", TASKS)
    return TASKS[name]


def check_rows(task: "Task") -> None:
    """Check what scoring relies on: each row is once in a fold, with a label of the task.

    Raises:
        IntegrityError: the data are damaged.
    """
    for fold in task.folds:
        for rows in (fold.train, fold.test):
            seen: set[str] = set()
            for row in rows:
                if row.item_id in seen:
                    raise IntegrityError(f"{row.item_id} appears twice, expected each row once; {VERIFY}")
                if row.label not in task.labels:
                    known = ", ".join(task.labels)
                    raise IntegrityError(f"{row.item_id}: label: {row.label!r}, expected one of {known}; {VERIFY}")
                seen.add(row.item_id)


@dataclass(frozen=True)
class AnswerColumns:
    """How answers are written: the columns of the id and of the label, and how each label is spelled."""

    spelled: Mapping[str, object]
    ids: tuple[str, ...] = ("item_id",)
    label: str = "label"
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of the id columns by item, if an id consists of several columns."""
    repeated: Mapping[str, str] | None = None
    """What predictions may repeat of a row: the field of an item by the user's column; None for all fields, by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Rows to predict, fold by fold, and their description, from a dataset or from a user's own files."""

    kind: TaskKind
    protocol: str
    folds: tuple[TrainTest, ...]
    data: Mapping[str, str]
    """Digests of the data, by name."""
    columns: AnswerColumns
    spelled: Spelling | None = None
    """How the user's files spell the labels; None for a dataset, which uses their names."""
    has_clusters: bool = True
    """Whether clusters may hold several rows; otherwise, intervals resample rows."""
    probes: tuple[Probe, ...] = ()
    votes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """How many annotators chose each label, by item."""
    makers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The families of the models that made the labels, with their annotators."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many rows of the data are not predicted, by reason."""
    language: str = ""
    """The language that the user has named for their own rows; the digest of a dataset covers those of its rows."""
    notes: tuple[str, ...] = ()
    """How the user's files were read, where that is not plain."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """The codebook's definition of each target, by id; those that it does not define are left out."""
    dates: Mapping[str, str] = field(default_factory=dict)
    """The date of each document, by id; those that are not stated are left out."""

    @property
    def name(self) -> str:
        """The name of the task."""
        return self.kind.name

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        return self.kind.labels

    @property
    def spelling(self) -> str:
        """The name of the spelling."""
        return self.spelled.name if self.spelled else "kazstance"

    @property
    def test(self) -> tuple[Item, ...]:
        """All rows to predict, in the order expected of a list of predictions."""
        return tuple(item for fold in self.folds for item in fold.test)

    @cached_property
    def overlap(self) -> Overlap:
        """How many rows to predict have the text of a row that is trained on in the same fold."""
        parts = [
            [[(f"{row.text} {row.text_b}", row.target) for row in rows] for rows in (f.train, f.test)]
            for f in self.folds
        ]
        return sum((overlap(train, test) for train, test in parts), Overlap(0, 0, 0))

    @property
    def has_sources(self) -> bool:
        """Whether the rows have sources."""
        return any(item.source_id for item in self.test)

    @cached_property
    def rows(self) -> str:
        """SHA-256 of the kind, the rows of all folds with everything that a system sees, and the probes."""
        kind = self.kind
        digest = hashlib.sha256(repr((kind.name, kind.labels, kind.headline, kind.metrics)).encode())
        digest.update(self.language.encode())
        lines: dict[str, bytes] = {}
        for fold in self.folds:
            digest.update(f"\nfold {fold.name}\n".encode())
            for rows in (fold.train, fold.test):
                for row in rows:
                    if row.item_id not in lines:
                        seen = [value for name, value in vars(row).items() if name != "language"]
                        lines[row.item_id] = "\x1f".join(seen).encode(errors="surrogatepass")
                digest.update(b"\n".join(lines[row.item_id] for row in rows) + b"\n\n")
        for probe in self.probes:
            digest.update(repr(probe).encode())
        return digest.hexdigest()
