"""Excerpts: sentences by source, target or label, with the evidence marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kazstance.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kazstance.dataset.folder import DatasetFolder
    from kazstance.dataset.table import Table
    from kazstance.schema.records import Span, Stance

MARKS: Final = ("⟦", "⟧")
KEY: Final = ("sentence_id", "target_id", "holder")


def chosen(
    folder: DatasetFolder,
    source: str | None = None,
    target: str | None = None,
    label: str | None = None,
    split: str | None = None,
) -> Table[Stance]:
    """The stances of a source, on a target, with a label; fields left at None do not filter.

    Args:
        folder: the dataset.
        source: the id of a source.
        target: the id of a target.
        label: the name of a label.
        split: train, validation or test.

    Raises:
        UnknownNameError: there is no such source, target, label or split; the message lists the valid names.
    """
    asked = {"source": source, "target": target, "label": label, "split": split}
    return folder.stances.where(**{name: value for name, value in asked.items() if value is not None})


def select(stances: Table[Stance], limit: int | None = None) -> list[Stance]:
    """The first stances in the order of the texts, and of the targets within a sentence; the others are not read.

    Args:
        stances: the stances.
        limit: maximum number of them; by default, all.

    Raises:
        IntegrityError: the sentence of a stance is missing.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    folder = stances.folder
    ids = folder.columns("sentences", ["sentence_id"])["sentence_id"]
    keys = pa.Table.from_batches(stances.batches(names=KEY), pa.schema([stances.schema.field(name) for name in KEY]))
    if not len(keys):
        return []
    place = pc.index_in(keys["sentence_id"], value_set=ids)
    if place.null_count:
        missing = keys["sentence_id"].filter(place.is_null())[0]
        raise IntegrityError(f"{folder.path}: stances has {missing}, but sentences has no such row", folder.path)
    target = pc.index_in(keys["target_id"], value_set=pa.array(folder.ids["target_id"], pa.string()))
    order = np.lexsort((target.to_numpy(), place.to_numpy()))[:limit]
    found = stances.where(sentence=keys["sentence_id"].take(order).unique().to_pylist()) if limit else stances
    rank = {tuple(row.values()): i for i, row in enumerate(keys.take(order).to_pylist())}
    rows = [row for row in found if (row.sentence_id, row.target_id, row.holder) in rank]
    return sorted(rows, key=lambda row: rank[row.sentence_id, row.target_id, row.holder])


def mark(text: str, evidence: Iterable[Span] | None, marks: Sequence[str] = MARKS) -> str:
    """A text with marks around its evidence, if any was recorded.

    Args:
        text: the text.
        evidence: spans of it, by offsets in characters, that do not overlap; None if none were recorded.
        marks: what is put before and after each.
    """
    for span in sorted(evidence or (), key=lambda span: span.start, reverse=True):
        text = text[: span.start] + marks[0] + text[span.start : span.end] + marks[1] + text[span.end :]
    return text
