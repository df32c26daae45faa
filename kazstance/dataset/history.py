"""The history of a label: who judged what, with which evidence, and how it was settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kazstance.errors import IntegrityError, KazstanceError, UnknownNameError

if TYPE_CHECKING:
    from kazstance.dataset.folder import DatasetFolder
    from kazstance.schema.records import GridCell, Judgement, Sentence


@dataclass(frozen=True)
class History:
    """All that led to the label of a sentence on a target; `checks` are judgements that did not make the label."""

    sentence: Sentence
    cell: GridCell
    judgements: tuple[Judgement, ...]
    checks: tuple[Judgement, ...]


def history(folder: DatasetFolder, sentence: str, target: str) -> History:
    """The judgements, evidence, notes, adjudication and rule behind one label.

    Args:
        folder: the dataset.
        sentence: the id of an annotated sentence, as source/paragraph/sentence.
        target: the id of a target.

    Raises:
        UnknownNameError: there is no such annotated sentence or target.
        KazstanceError: nobody was asked about the pair.
    """
    cells = folder.grid.where(sentence=sentence, target=target).records()
    if not cells and len(folder.sentences.where(sentence=sentence, annotated=True)):
        raise KazstanceError(f"{sentence} on {target}: nobody was asked; expected a pair that was judged")
    if not cells:
        annotated = folder.sentences.where(annotated=True).to_arrow()["sentence_id"].to_pylist()
        raise UnknownNameError(sentence, "annotated sentence", annotated)
    rows = folder.judgements.where(sentence=sentence, target=target).records()
    voters = {vote.annotator_id for vote in cells[0].votes}
    texts = folder.sentences.where(sentence=sentence).records()
    if not texts:
        message = f"{folder.path}: grid has {sentence}, but sentences has no such row"
        raise IntegrityError(message, folder.path)
    return History(
        texts[0],
        cells[0],
        tuple(row for row in rows if row.annotator_id in voters),
        tuple(row for row in rows if row.annotator_id not in voters),
    )
