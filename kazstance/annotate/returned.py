"""Completed sheets as spreadsheet programs save them: whose they are, and the answers in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kazstance.annotate.csv_sheet import Returning, read_csv
from kazstance.annotate.excel_sheet import read_excel
from kazstance.annotate.layouts import is_same, read_rows
from kazstance.annotate.sheet import Answer, Sheet
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.errors import InputError, KazstanceError
from kazstance.paths import StrPath

Find = Callable[[str, str], Sheet]
"""Finds the sheet of a name, for a file."""


@dataclass(frozen=True)
class Form:
    """How a text file is written, as far as that is known."""

    delimiter: str | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Part:
    """The answers in a file that are of one sheet; problems are collected in the folder."""

    folder: Folder
    file: str
    sheet: Sheet
    answers: Sequence[Entry[Answer]]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def from_table(file: StrPath, find: Find, form: Form) -> list[Part]:
    """The answers in a completed sheet, CSV or an Excel workbook.

    Args:
        file: the file.
        find: finds the sheet of a name.
        form: how a text file is written.

    Raises:
        InputError: it cannot be read.
        KazstanceError: its rows are of several sheets or annotators, or not of this corpus.
    """
    path = Path(file)
    folder, file = Folder(path.parent), path.name
    if path.suffix.lower() == ".xlsx":
        found = read_excel(folder, file)
    else:
        found = read_csv(folder, file, lambda way: _fit(way, file, find), **vars(form))
    if found is None:
        raise InputError(folder.problems)
    if not found.names:
        folder.report(file, 1, None, "no columns, expected the sheet as exported")
        raise InputError(folder.problems)
    sheet = find(_name_of(found, file, "sheet"), file)
    if "annotator" in found.names:
        _check_annotator(found, file, sheet)
    rows = read_rows(folder, file, found.names, found.lines, sheet)
    return [Part(folder, file, sheet, rows.answers, rows.ignored, found.notes)]


def _fit(way: Returning, file: str, find: Find) -> int:
    """How many sentences are as exported if a file is read in some way."""
    name = _name_of(way, file, "sheet", is_strict=False)
    try:
        sheet = find(name, file)
    except KazstanceError:
        return -1
    texts = {question.sentence.sentence_id: question.sentence.text for question in sheet.questions}
    return sum(
        is_same(row.get("sentence", ""), texts.get(row.get("sentence_id", ""), "\n"))
        + sum(cell in texts.get(row.get("sentence_id", ""), "") for cell in [row.get("evidence", "")] if cell)
        for _, row in way.lines
    )


def _name_of(found: Returning, file: str, column: str, *, is_strict: bool = True) -> str:
    """What all rows of a file have in a column; empty if there is no such column.

    Raises:
        KazstanceError: they differ.
    """
    names = list(dict.fromkeys(row.get(column, "").strip() for _, row in found.lines))
    names = [name for name in names if name]
    if names[1:] and is_strict:
        raise KazstanceError(f"{file}: rows of {column} {names[0]!r} and {names[1]!r}, expected those of one {column}")
    return names[0] if names else ""


def _check_annotator(found: Returning, file: str, sheet: Sheet) -> None:
    """Check that a sheet was filled in under the name of the annotator whom it was made for.

    Raises:
        KazstanceError: it was not.
    """
    came = _name_of(found, file, "annotator")
    if came and came != sheet.plan.annotator:
        raise KazstanceError(
            f"{file}: annotator: {came!r}, expected {sheet.plan.annotator!r}, whose sheet {sheet.plan.sheet} is"
        )
