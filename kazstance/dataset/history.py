"""The history of a label: who judged what, on which evidence, and how it was settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kazstance.errors import IntegrityError, KazstanceError, UnknownNameError
from kazstance.output.notebook import Html, html_paragraph, html_table, marked_text
from kazstance.schema.labels import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kazstance.dataset.folder import DatasetFolder
    from kazstance.schema.records import GridCell, Judgement, Sentence


@dataclass(frozen=True)
class History:
    """Everything that led to the label of a sentence on a target; `checks` are judgements that are not votes."""

    sentence: Sentence
    cell: GridCell
    judgements: tuple[Judgement, ...]
    checks: tuple[Judgement, ...]
    other_holders: tuple[str | None, ...] = ()
    """Who else's stance on the target was judged in the sentence; None for its speaker."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """What the judgements of each annotator are for: label, check, adjudicator, or earlier, which no longer count."""

    @property
    def what(self) -> str:
        """What was judged: the target, and the holder if it is not the speaker."""
        return self.cell.target_id + (f" of {self.cell.holder}" if self.cell.holder else "")

    def __repr__(self) -> str:
        label = f"{self.cell.sentence_id} on {self.what}: {_label(self.cell)}{_origin(self.cell)}"
        return f"<History of {label}, {len(self.judgements)} judgements, {len(self.checks)} checks>"

    def _repr_html_(self) -> str:
        """The label and its judgements, evidence marked, for a notebook."""
        label = html_paragraph(
            Html("<strong>"), self.cell.sentence_id, "  ", self.what, ": ", _label(self.cell),
            Html("</strong>"), _origin(self.cell),
        )  # fmt: skip
        rows = [
            {"role": self.roles.get(row.annotator_id), **_judgement(row, self.sentence.text)}
            for row in (*self.judgements, *self.checks)
        ]
        why = f"Adjudicated by rule {self.cell.rule}: {self.cell.reason}" if self.cell.reason else ""
        return "".join([label, html_table(rows), html_paragraph(why) if why else ""])


WITHOUT: Final = {
    Status.undecided: "undecided",
    Status.other_target: "no label: the sentence has the code of another target",
}
"""What is said of a pair that has no label."""


def _label(cell: GridCell) -> str:
    return cell.label_name or WITHOUT[cell.status]


def _origin(cell: GridCell) -> str:
    return f" ({cell.origin})" if cell.origin else ""


def _judgement(row: Judgement, text: str) -> dict[str, object]:
    """A judgement as a row of a notebook."""
    return {
        "annotator": row.annotator_id,
        "round": row.round,
        "label": row.label_name,
        "explicitness": row.explicitness,
        "certainty": row.certainty,
        "evidence": marked_text(text, [(span.start, span.end) for span in row.evidence or ()]),
        "note": row.note,
    }


def history(folder: DatasetFolder, sentence: str, target: str, holder: str | None = None) -> History:
    """The judgements, evidence, notes, adjudication and rule behind one label.

    Args:
        folder: the dataset.
        sentence: the id of an annotated sentence, as source/paragraph/sentence.
        target: the id of a target.
        holder: whose stance; by default the speaker's, or somebody else's if only theirs was judged.

    Raises:
        UnknownNameError: there is no such annotated sentence, target or holder.
        KazstanceError: no annotator was asked about the pair.
    """
    cells = folder.grid.where(sentence=sentence, target=target).records()
    if not cells and len(folder.sentences.where(sentence=sentence, annotated=True)):
        raise KazstanceError(f"{sentence} on {target}: no annotator was asked; expected a pair that was judged")
    if not cells:
        annotated = folder.sentences.where(annotated=True).to_arrow()["sentence_id"].to_pylist()
        raise UnknownNameError(sentence, "annotated sentence", annotated)
    cell = _chosen(cells, holder)
    rows = folder.judgements.where(sentence=sentence, target=target, holder=cell.holder).records()
    voters = {vote.annotator_id for vote in cell.votes}
    texts = folder.sentences.where(sentence=sentence).records()
    if not texts:
        message = f"{folder.path}: grid has {sentence}, but sentences has no such row"
        raise IntegrityError(message, folder.path)
    return History(
        texts[0],
        cell,
        tuple(row for row in rows if row.annotator_id in voters),
        tuple(row for row in rows if row.annotator_id not in voters),
        tuple(other.holder for other in cells if other.holder != cell.holder),
        {row.annotator_id: row.role for row in folder.annotators.records()},
    )


def _chosen(cells: Sequence[GridCell], holder: str | None) -> GridCell:
    """The cell of a holder; without one, of the speaker or else of the first holder.

    Raises:
        UnknownNameError: the holder has none.
    """
    by_holder = {cell.holder: cell for cell in cells}
    if holder is not None and holder not in by_holder:
        raise UnknownNameError(holder, "holder of a stance here", [name for name in by_holder if name])
    return by_holder.get(holder, cells[0])
