"""Tasks: what is to be predicted of a row, and what a row is known by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from kazstance import dataset
from kazstance.errors import UnknownNameError
from kazstance.metrics import GRID_LABELS, LABELS, STANCE_METRICS
from kazstance.schema.context import contexts
from kazstance.schema.records import SPLITS, GridCell, Pair, Stance

PAIR_LABELS: Final = ("a", "b", "same")
SWAPPED: Final = {"a": "b", "b": "a", "same": "same"}


@dataclass(frozen=True)
class Item:
    """A row as a system sees it: `label` is for training alone; a pair has a second text, but no voice and context."""

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

    @property
    def sentences(self) -> tuple[str, ...]:
        """The sentences that it shows; no id has a colon in it."""
        parts = self.item_id.split(":")
        return tuple(parts[1:3]) if self.text_b else (parts[0],)

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


STANCE: Final = tuple(metric.name for metric in STANCE_METRICS)
TASKS: Final = {
    task.name: task
    for task in (
        Task("stance", "stances", LABELS, "wts", STANCE),
        Task("stance4", "grid", GRID_LABELS, "wts", STANCE),
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
    kinds = {target.target_id: target.kind or "" for target in dataset.load("targets", data=data)}
    sentences = dataset.load("sentences", data=data)
    clusters = dataset.clusters(data=data)
    voices = {sentence.sentence_id: sentence.voice.value for sentence in sentences}
    context = contexts(sentences)
    for split in SPLITS:
        for row in dataset.load(task.table, split, data=data):
            if isinstance(row, Stance | GridCell) and row.label is not None:
                known = kinds[row.target_id], voices[row.sentence_id]
                rows.append(_single(row, split, *known, context[row.sentence_id]))
            elif isinstance(row, Pair):
                rows += _both_orders(row, split, kinds[row.target_id])
    return tuple(_clustered(item, clusters) for item in rows)


def _clustered(item: Item, clusters: Mapping[str, str]) -> Item:
    """An item with its cluster: the paragraph, or what takes its place; of two sentences that of the first."""
    return replace(item, cluster=clusters[min(item.sentences)])


def _single(row: Stance | GridCell, split: str, kind: str, voice: str, context: tuple[str, str]) -> Item:
    return Item(
        item_id=f"{row.sentence_id}:{row.target_id}",
        split=split,
        text=row.text,
        target=row.target,
        target_id=row.target_id,
        source_id=row.source_id,
        cluster=row.paragraph_id,
        label=row.label_name or "",
        context_before=context[0],
        context_after=context[1],
        kind=kind,
        voice=voice,
    )


def _both_orders(row: Pair, split: str, kind: str) -> Sequence[Item]:
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
        kind=kind,
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


def votes(task: Task, *, data: Path = dataset.SHIPPED) -> dict[str, tuple[int, ...]]:
    """How many annotators chose each label of a task, by item; empty for pairs, which nobody judged as such.

    Raises:
        KazstanceError: `data` is no built dataset.
    """
    found = {}
    for row in dataset.load(task.table, data=data):
        if isinstance(row, Stance | GridCell):
            chosen = Counter(vote.label_name for vote in row.votes)
            found[f"{row.sentence_id}:{row.target_id}"] = tuple(chosen[label] for label in task.labels)
    return found
