"""Excerpts: sentences by source, target or label, with the evidence marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kazstance.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kazstance.dataset.folder import DatasetFolder
    from kazstance.schema.records import Span, Stance

MARKS: Final = ("⟦", "⟧")


def select(
    folder: DatasetFolder,
    source: str | None = None,
    target: str | None = None,
    label: str | None = None,
    split: str | None = None,
) -> list[Stance]:
    """The stances of a source, on a target, with a label; fields left at None do not filter.

    They are in the order of the texts, and of the targets within a sentence.

    Args:
        folder: the dataset.
        source: the id of a source.
        target: the id of a target.
        label: the name of a label.
        split: train, validation or test.

    Raises:
        UnknownNameError: there is no such source, target, label or split; the message lists the valid names.
        IntegrityError: the sentence of a stance is missing.
    """
    asked = {"source": source, "target": target, "label": label, "split": split}
    found = folder.stances.where(**{name: value for name, value in asked.items() if value is not None}).records()
    ids = folder.columns("sentences", ["sentence_id"])["sentence_id"].to_pylist()
    places = {name: i for i, name in enumerate(ids)}
    targets = {name: i for i, name in enumerate(folder.ids["target_id"])}
    if missing := next((row.sentence_id for row in found if row.sentence_id not in places), None):
        raise IntegrityError(f"{folder.path}: stances has {missing}, but sentences has no such row", folder.path)
    return sorted(found, key=lambda row: (places[row.sentence_id], targets[row.target_id]))


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
