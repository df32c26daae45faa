"""Excerpts: sentences by source, target or label, with the evidence marked."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from kazstance import dataset
from kazstance.errors import UnknownNameError
from kazstance.schema.labels import Label
from kazstance.schema.records import Span, Stance

MARKS = ("⟦", "⟧")


def select(
    source: str | None = None,
    target: str | None = None,
    label: str | None = None,
    split: str | None = None,
    *,
    data: Path = dataset.SHIPPED,
) -> list[Stance]:
    """The stances of a source, on a target, with a label; whatever is left open is not asked for.

    In the order of the texts, and of the targets within a sentence.

    Raises:
        UnknownNameError: there is no such source, target, label or split; the message lists those there are.
    """
    order = [row.sentence_id for row in dataset.load("sentences", data=data)]
    targets = [row.target_id for row in dataset.load("targets", data=data)]
    _check(source, "source", [row.source_id for row in dataset.load("sources", data=data)])
    _check(target, "target", targets)
    _check(label, "label of a stance", [member.name for member in Label if member is not Label.none])
    wanted = {"source_id": source, "target_id": target, "label_name": label}
    found = [
        row
        for row in dataset.load("stances", split, data=data)
        if all(getattr(row, column) == name for column, name in wanted.items() if name is not None)
    ]
    place = {name: i for i, name in enumerate(order)}
    return sorted(found, key=lambda row: (place[row.sentence_id], targets.index(row.target_id)))


def mark(text: str, evidence: Iterable[Span], marks: Sequence[str] = MARKS) -> str:
    """A text with marks around its evidence."""
    for span in sorted(evidence, key=lambda span: span.start, reverse=True):
        text = text[: span.start] + marks[0] + text[span.start : span.end] + marks[1] + text[span.end :]
    return text


def _check(name: str | None, kind: str, known: Sequence[str]) -> None:
    if name is not None and name not in known:
        raise UnknownNameError(name, kind, known)
