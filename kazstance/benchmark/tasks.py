"""Tasks: what is to be predicted of a row, and what a row is known by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from kazstance import dataset
from kazstance.errors import UnknownNameError
from kazstance.schema.context import contexts
from kazstance.schema.records import SPLITS, Pair, SentenceTarget
from kazstance.scoring import GRID_LABELS, LABELS, STANCE_METRICS

PAIR_LABELS: Final = ("a", "b", "same")
SWAPPED: Final = {"a": "b", "b": "a", "same": "same"}


@dataclass(frozen=True)
class Item:
    """A row as a system sees it: `label` is for training alone; a pair has a second text and source, and no context."""

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

    @property
    def sources(self) -> frozenset[str]:
        """The sources of its sentences."""
        return frozenset(filter(None, [self.source_id, self.source_b]))


@dataclass(frozen=True)
class Task:
    """A task: the table of its rows, its labels, and the metric that leads."""

    name: str
    table: str
    labels: tuple[str, ...]
    headline: str
    metrics: tuple[str, ...]


TASKS: Final = {
    task.name: task
    for task in (
        Task("stance", "stances", LABELS, "wts", STANCE_METRICS),
        Task("stance4", "grid", GRID_LABELS, "wts", STANCE_METRICS),
        Task("compare", "pairs", PAIR_LABELS, "somers_d", ("somers_d", "accuracy")),
    )
}


def get_task(name: str) -> Task:
    """A task by name.

    Raises:
        UnknownNameError: there is no such task; the message lists those there are.
    """
    if name not in TASKS:
        raise UnknownNameError(name, "task", TASKS)
    return TASKS[name]


def items(task: Task, *, data: Path = dataset.SHIPPED) -> tuple[Item, ...]:
    """All rows of a task, over all splits; a pair stands in both orders, so that no preference for an order pays.

    Raises:
        KazstanceError: `data` is no built dataset.
    """
    return _items(task, data, dataset.manifest(data=data).digest)


@cache
def _items(task: Task, data: Path, _digest: str) -> tuple[Item, ...]:
    """The rows, loaded once for all runs on the same data."""
    rows: list[Item] = []
    context = contexts(dataset.load("sentences", data=data))
    for split in SPLITS:
        for row in dataset.load(task.table, split, data=data):
            if isinstance(row, SentenceTarget):
                rows.append(_single(row, split, context[row.sentence_id]))
            elif isinstance(row, Pair):
                rows += _both_orders(row, split)
    return tuple(rows)


def _single(row: SentenceTarget, split: str, context: tuple[str, str]) -> Item:
    return Item(
        item_id=f"{row.sentence_id}:{row.target_id}",
        split=split,
        text=row.text,
        target=row.target,
        target_id=row.target_id,
        source_id=row.source_id,
        cluster=row.paragraph_id,
        label=row.label.name,
        context_before=context[0],
        context_after=context[1],
    )


def _both_orders(row: Pair, split: str) -> Sequence[Item]:
    cluster = min(row.sentence_a, row.sentence_b).rpartition("/")[0]
    shown = Item(
        item_id=row.pair_id,
        split=split,
        text=row.text_a,
        target=row.target,
        target_id=row.target_id,
        source_id=row.source_a,
        cluster=cluster,
        label=row.more_favorable.name,
        text_b=row.text_b,
        source_b=row.source_b,
    )
    other = replace(
        shown,
        item_id=f"{row.pair_id}:swapped",
        text=row.text_b,
        text_b=row.text_a,
        source_id=row.source_b,
        source_b=row.source_a,
        label=SWAPPED[shown.label],
    )
    return shown, other
