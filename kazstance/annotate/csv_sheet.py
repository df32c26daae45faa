"""A sheet as CSV, for any spreadsheet program."""

import csv
import io
from pathlib import Path
from typing import Final

from kazstance.annotate.sheet import Answer, Question, Sheet, SheetRow
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.input.text import MARK
from kazstance.output.cells import plain_cell, safe_cell
from kazstance.paths import StrPath

SHEET: Final = "sheet.csv"
BETWEEN: Final = "++"
"""The separator of several spans of evidence in a cell."""


def to_csv(sheet: Sheet) -> str:
    """The questions as CSV, with empty columns to fill in; no cell begins a formula."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(SheetRow.model_fields))
    writer.writeheader()
    for question in sheet.questions:
        cells = {name: safe_cell(value) for name, value in _shown(question).items()}
        writer.writerow(dict.fromkeys(SheetRow.model_fields, "") | cells)
    return MARK + text.getvalue()  # without it, some spreadsheet programs do not read CSV as UTF-8


def from_csv(file: StrPath, questions: dict[int, Question]) -> tuple[list[Entry[Answer]], Folder]:
    """The answers of a completed sheet; each row must be as exported."""
    file = Path(file)
    folder = Folder(file.parent)
    answers = []
    for entry in folder.read_csv(file.name, SheetRow):
        row, question = entry.value, questions.get(entry.value.item)
        if question is None:
            folder.report(entry.file, entry.line, "item", f"{row.item}, expected an item of the plan")
            continue
        for name, value in _shown(question).items():
            if not _is_same(str(getattr(row, name)), str(value)):
                came = f"{getattr(row, name)[:60]!r}" if name != "item" else row.item
                folder.report(entry.file, entry.line, name, f"{came}, expected {str(value)[:60]!r}, as exported")
        marked = (span.strip() for span in row.evidence.split(BETWEEN))
        spans = tuple((None, _span(span, question.sentence.text)) for span in marked if span)
        answer = Answer(
            item=row.item,
            label=row.label.strip().casefold(),
            explicitness=row.explicitness.strip().casefold(),
            certainty=row.certainty.strip().casefold(),
            evidence=spans,
            note=plain_cell(row.note.strip()) or None,
        )
        answers.append(Entry(entry.file, entry.line, answer))
    return answers, folder


def _is_same(came: str, value: str) -> bool:
    """Whether a cell is as exported; spreadsheet programs may remove a leading apostrophe."""
    return came in (value, safe_cell(value), value.removeprefix("'"))


def _span(marked: str, text: str) -> str:
    """A span of a sentence, without the apostrophe of its cell if that was copied too."""
    return marked if marked in text else plain_cell(marked)


def _shown(question: Question) -> dict[str, str | int]:
    """What the annotator sees."""
    return {
        "item": question.item.item,
        "annotator": question.annotator,
        "speaker": question.sentence.speaker or "",
        "before": question.before,
        "sentence": question.sentence.text,
        "after": question.after,
        "target_id": question.item.target_id,
        "target": question.target,
        "definition": question.definition,
    }
