"""The columns of a sheet: one row per sentence and target, or one row per sentence with a column per target."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kazstance.annotate.evidence import BETWEEN
from kazstance.annotate.sheet import Answer, Question, Sheet
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import Entry
from kazstance.output.cells import plain_cell, safe_cell
from kazstance.output.characters import for_xml
from kazstance.schema.labels import GRID_LABELS, Certainty, Explicitness

Layout = Literal["tall", "wide"]
SHOWN: Final = 60
NOT_ASKED: Final = "–"
"""In the cell of a pair that is not on the sheet."""
ASKED: Final = "answer"
"""The column that says which labels have to be typed, also if they are `none`."""
ROW_PER_TARGET: Final = frozenset({"item", "target_id", "label"})
"""Columns of which any shows that there is a row for each target."""
HEADING: Final = re.compile(r"([^:]+):\s")
"""How the heading of a target's column begins: its id, a colon and its name."""
LOST: Final = 0.1
"""The largest share of characters of a text that may have been lost."""
SAME: Final = re.compile(r"\s+")
CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "label": GRID_LABELS,
    "explicitness": tuple(Explicitness),
    "certainty": tuple(Certainty),
    "done": ("x",),
}
"""What can be chosen in the columns that are filled in."""
DETAILS: Final = ("explicitness", "certainty", "evidence")


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its heading, how wide it is in characters, and what can be chosen in it."""

    name: str
    width: int = 12
    is_answer: bool = False
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Rows:
    """A sheet as rows of text: the columns, and the cells of each row by heading."""

    columns: Sequence[Column]
    cells: Sequence[Mapping[str, str]]
    right_to_left: Sequence[bool]
    """Whether the texts of each row are written from right to left."""
    frozen: int
    """How many columns on the left stay in view."""


WIDTHS: Final[Mapping[str, int]] = {
    "item": 6, "target": 22, "sentence": 55, "speaker": 18, "before": 28, "after": 28, "definition": 28,
    "candidates": 60, "evidence": 30, "note": 24, "reason": 30, "source": 20,
}  # fmt: skip
SENTENCE: Final = ("sentence_id", "sentence", "speaker", "before", "after", "source", "annotator", "sheet")
"""What both layouts show of a sentence."""
NEEDED: Final = ("sheet", "annotator", "sentence_id", "sentence")
"""The columns without which a row cannot be read."""
TALL: Final = ("item", "target", "sentence", "speaker", "holder", "before", "after", "definition", "candidates", ASKED)
"""The columns on the left where there is a row for each target; the first three stay in view."""
AFTER: Final = ("source", "sentence_id", "target_id", "annotator", "sheet")
"""The columns on the right."""


def lay_out(sheet: Sheet, layout: Layout = "tall") -> Rows:
    """A sheet in one of the layouts, with empty cells to fill in."""
    return _tall(sheet) if layout == "tall" else _wide(sheet)


def _column(name: str, *, is_answer: bool = False) -> Column:
    return Column(name, WIDTHS.get(name, 12), is_answer, CHOICES.get(name, ()) if is_answer else ())


def answers_of(sheet: Sheet) -> list[str]:
    """The columns that are filled in where there is a row for each target."""
    details = () if sheet.plan.request.labels_only else DETAILS
    if sheet.plan.kind == "adjudication":
        return ["label", "rule", "reason", *details]
    return ["label", *details, "note", "done"]


def _tall(sheet: Sheet) -> Rows:
    shown = [_shown(question) for question in sheet.questions]
    answers = answers_of(sheet)
    left = [name for name in TALL if name in ("item", "target", "sentence") or any(row.get(name) for row in shown)]
    columns = [*map(_column, left), *(_column(name, is_answer=True) for name in answers), *map(_column, AFTER)]
    cells = [{column.name: row.get(column.name, "") for column in columns} for row in shown]
    return Rows(columns, cells, [question.is_right_to_left for question in sheet.questions], 3)


def _shown(question: Question) -> dict[str, str]:
    """What the annotator sees of a question."""
    return _of_sentence(question) | {
        "item": str(question.item.item),
        "target_id": question.item.target_id,
        "target": question.target,
        "definition": question.definition,
        "holder": question.item.holder or "",
        "candidates": question.candidates,
        ASKED: "needed" if question.item.typed else "",
    }


def _of_sentence(question: Question) -> dict[str, str]:
    sentence = question.sentence
    return {
        "sentence_id": sentence.sentence_id,
        "sentence": sentence.text,
        "speaker": question.speaker,
        "before": question.before,
        "after": question.after,
        "source": question.source,
        "annotator": question.annotator,
        "sheet": question.sheet,
    }


def _wide(sheet: Sheet) -> Rows:
    headings = _headings(sheet.questions)
    columns = [_column(name) for name in SENTENCE[:5]]
    columns += [_column(ASKED)] if any(question.item.typed for question in sheet.questions) else []
    columns += [Column(heading, 18, is_answer=True, choices=GRID_LABELS) for heading in headings.values()]
    columns += [_column("note", is_answer=True), _column("done", is_answer=True), *map(_column, SENTENCE[5:])]
    cells, directions = [], []
    for rows in _by_sentence(sheet.questions).values():
        asked = {headings[question.item.target_id] for question in rows}
        typed = [headings[question.item.target_id] for question in rows if question.item.typed]
        row = _of_sentence(rows[0]) | {ASKED: "; ".join(typed)}
        row |= {heading: NOT_ASKED for heading in headings.values() if heading not in asked}
        cells.append({column.name: row.get(column.name, "") for column in columns})
        directions.append(rows[0].is_right_to_left)
    return Rows(columns, cells, directions, 2)


def _headings(questions: Sequence[Question]) -> dict[str, str]:
    """The heading of each target's column."""
    return {question.item.target_id: f"{question.item.target_id}: {question.target}" for question in questions}


def _by_sentence(questions: Sequence[Question]) -> dict[str, list[Question]]:
    found: dict[str, list[Question]] = {}
    for question in questions:
        found.setdefault(question.sentence.sentence_id, []).append(question)
    return found


Line = tuple[int, Mapping[str, str]]
"""A row that came back: its line, and its cells by heading."""


@dataclass(frozen=True)
class Returned:
    """What was found in a sheet that came back."""

    answers: list[Entry[Answer]]
    ignored: tuple[str, ...]
    """Columns that are not of the sheet."""


def read_rows(folder: Folder, file: str, names: Sequence[str], lines: Sequence[Line], sheet: Sheet) -> Returned:
    """The answers in the rows of a completed sheet; what is wrong with them is reported to the folder.

    The order of rows and columns does not matter. Further columns are ignored; so are columns of the question that
    were deleted, except those without which a row cannot be told from another.

    Args:
        folder: the folder of the file.
        file: its name.
        names: the headings.
        lines: the rows.
        sheet: the sheet as it was made.
    """
    is_tall = not ROW_PER_TARGET.isdisjoint(map(folded_heading, names))
    rows = lay_out(sheet, "tall" if is_tall else "wide")
    names_of_columns = [*TALL, *AFTER, *SENTENCE, *(column.name for column in rows.columns)]
    known = {folded_heading(name): name for name in names_of_columns}
    meant = {name: known[folded_heading(name)] for name in names if folded_heading(name) in known}
    needed = [*_needed(sheet, is_tall=is_tall), *(() if is_tall else _headings(sheet.questions).values())]
    if missing := [name for name in needed if name not in meant.values()]:
        folder.report(file, 1, None, f"no column {', '.join(missing)}; expected the columns of the sheet as exported")
        return Returned([], ())
    cells = [(line, {meant[name]: value for name, value in row.items() if name in meant}) for line, row in lines]
    filled = [(line, row) for line, row in cells if any(value.strip() for value in row.values())]
    found = _read_tall(folder, file, filled, sheet) if is_tall else _read_wide(folder, file, filled, sheet)
    return Returned(list(found), tuple(name for name in names if name.strip() and name not in meant))


def folded_heading(name: str) -> str:
    """A heading by which a column is known: that of a target's column by the target's id."""
    found = HEADING.match(name)
    return (found[1] if found else name).strip().casefold()


def _needed(sheet: Sheet, *, is_tall: bool) -> list[str]:
    made_by_0_3 = sheet.plan.sheet is None
    left = ["annotator", "sentence"] if made_by_0_3 else [*NEEDED]
    if not is_tall:
        return left
    others = [name for name in answers_of(sheet) if name not in ("note", "done")]
    return ["item", *left, "target_id", *others]


def _read_tall(folder: Folder, file: str, lines: Sequence[Line], sheet: Sheet) -> Iterator[Entry[Answer]]:
    items = {str(question.item.item): question for question in sheet.questions}
    for line, row in lines:
        number = re.sub(r"\.0+$", "", row["item"].strip())
        if number in sheet.outdated:
            continue
        question = items.get(number)
        if question is None:
            folder.report(file, line, "item", f"{number[:SHOWN]!r}, expected an item of the sheet")
            continue
        _check_same(folder, file, line, row, _shown(question))
        marked = [plain_span(span, question.sentence.text) for span in BETWEEN.split(row.get("evidence", "")) if span]
        typed = {name: row.get(name, "").strip() for name in ("label", "explicitness", "certainty", "done", "rule")}
        yield Entry(
            file,
            line,
            Answer(
                item=question.item.item,
                evidence=tuple((None, span) for span in _whole(row, marked, question.sentence.text)),
                note=plain_cell(row.get("note", "").strip()) or None,
                reason=plain_cell(row.get("reason", "").strip()),
                **typed,
            ),
        )


def _whole(row: Mapping[str, str], marked: list[str], text: str) -> list[str]:
    """The spans of a cell, or all of the cell if that is a part of the sentence itself."""
    cell = row.get("evidence", "").strip()
    return [cell] if cell and cell in text else marked


def plain_span(marked: str, text: str) -> str:
    """A span of a sentence, without the apostrophe of its cell if that was copied too."""
    return marked if marked in text else plain_cell(marked)


def _read_wide(folder: Folder, file: str, lines: Sequence[Line], sheet: Sheet) -> Iterator[Entry[Answer]]:
    sentences, headings = _by_sentence(sheet.questions), _headings(sheet.questions)
    seen: dict[str, int] = {}
    for line, row in lines:
        questions = sentences.get(name := row["sentence_id"].strip())
        if name in sheet.outdated:
            continue
        if questions is None:
            folder.report(file, line, "sentence_id", f"{name[:SHOWN]!r}, expected a sentence of the sheet")
            continue
        if (first := seen.setdefault(name, line)) != line:
            folder.report(file, line, "sentence_id", f"{name} also appears on line {first}, expected once")
            continue
        _check_same(folder, file, line, row, _of_sentence(questions[0]))
        asked = {question.item.target_id for question in questions}
        for target, heading in headings.items():
            if target not in asked and row[heading].strip() not in ("", NOT_ASKED, "-"):
                message = f"{row[heading].strip()[:SHOWN]!r}, expected {NOT_ASKED!r}: this pair is not on the sheet"
                folder.report(file, line, heading, message)
        note = plain_cell(row.get("note", "").strip()) or None
        for question in questions:
            heading = headings[question.item.target_id]
            typed = Answer(
                item=question.item.item,
                label=row[heading].strip(),
                note=note,
                done=row.get("done", "").strip(),
                column=heading,
            )
            yield Entry(file, line, typed)


def _check_same(folder: Folder, file: str, line: int, row: Mapping[str, str], shown: Mapping[str, str]) -> None:
    """Check that the cells of the question are as exported."""
    for name, value in shown.items():
        came = row.get(name)
        if came is not None and name not in ("item", "candidates") and not is_same(came, value):
            found, expected = came[:SHOWN], value[:SHOWN]
            folder.report(file, line, name, f"{found!r}, expected {expected!r}, as exported{_hint(came)}")


def _hint(came: str) -> str:
    """What to do about letters that a program could not write."""
    return "; letters were lost, save as .xlsx or as CSV UTF-8" if "?" in came or "\ufffd" in came else ""


def is_same(came: str, value: str) -> bool:
    """Whether a cell is as exported.

    Spreadsheet programs may change white space, remove an apostrophe, and put ? in place of a few characters that the
    encoding of a file lacks.

    Args:
        came: the cell that came back.
        value: what was exported.
    """
    forms = (value, safe_cell(value), value.removeprefix("'"), for_xml(value))
    found, *others = (SAME.sub(" ", text).strip() for text in (came, *forms))
    return found in others or any(_is_same_but_for_lost(found, other) for other in others)


def _is_same_but_for_lost(came: str, value: str) -> bool:
    if len(came) != len(value):
        return False
    lost = [sign for sign, other in zip(came, value, strict=True) if sign != other]
    return set(lost) == {"?"} and len(lost) <= LOST * len(value)
