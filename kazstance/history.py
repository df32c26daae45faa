"""The history of a label: who judged what, with which evidence, and how it was settled."""

from dataclasses import dataclass
from pathlib import Path

from kazstance import dataset
from kazstance.errors import UnknownNameError
from kazstance.schema.records import GridCell, Judgement, Sentence


@dataclass(frozen=True)
class History:
    """All that led to the label of a sentence on a target."""

    sentence: Sentence
    cell: GridCell
    judgements: tuple[Judgement, ...]
    checks: tuple[Judgement, ...]


def history(sentence: str, target: str, *, data: Path = dataset.SHIPPED) -> History:
    """The judgements, evidence, notes, adjudication and rule behind one label.

    Raises:
        UnknownNameError: there is no such annotated sentence or target.
        KazstanceError: `data` is no built dataset.
    """
    targets = [row.target_id for row in dataset.load("targets", data=data)]
    if target not in targets:
        raise UnknownNameError(target, "target", targets)
    sentences = {row.sentence_id: row for row in dataset.load("sentences", data=data) if row.annotated}
    if sentence not in sentences:
        near = [name for name in sentences if name.startswith(sentence.split("/", maxsplit=1)[0])] or list(sentences)
        raise UnknownNameError(sentence, "annotated sentence", near)
    cells = (row for row in dataset.load("grid", data=data) if (row.sentence_id, row.target_id) == (sentence, target))
    rows = [
        row for row in dataset.load("judgements", data=data) if (row.sentence_id, row.target_id) == (sentence, target)
    ]
    cell = next(cells)
    voters = {vote.annotator_id for vote in cell.votes}
    return History(
        sentences[sentence],
        cell,
        tuple(row for row in rows if row.annotator_id in voters),
        tuple(row for row in rows if row.annotator_id not in voters),
    )
