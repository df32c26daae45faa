"""A sheet as an Excel workbook, with lists to choose from and the question in view; no cell is a formula."""

import io
import re
import zipfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kazstance.annotate.csv_sheet import Returning
from kazstance.annotate.layouts import NOT_ASKED, Column, Rows
from kazstance.corpus.folder import Folder
from kazstance.extras import naming_extras
from kazstance.input.excel import worksheets
from kazstance.input.text import other_kind
from kazstance.output.characters import for_xml

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

TITLE: Final = "sheet"
LONGEST: Final = 32_767
"""How many characters a cell holds."""
TEXT: Final = "@"
"""The format of a cell that a program never takes for a formula, a number or a date."""
HEADING, ANSWER, OFF = "D9E1F2", "FFF9E5", "D9D9D9"
"""Colours of headings, of cells to fill in, and of cells that are not asked."""
RIGHT_TO_LEFT: Final = 2
STAMP: Final = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?")


@naming_extras()
def to_excel(rows: Rows, pages: Sequence[tuple[str, str]] = ()) -> bytes:
    """A sheet as a workbook.

    Args:
        rows: the sheet.
        pages: further worksheets for people to read, each with its name and its text.

    Raises:
        MissingExtraError: openpyxl is not installed.
    """
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook()
    book.remove(book.active)
    page = book.create_sheet(TITLE)
    for place, column in enumerate(rows.columns, 1):
        _write(page.cell(1, place), column.name, HEADING, is_bold=True)
        page.column_dimensions[page.cell(1, place).column_letter].width = column.width
    for line, (cells, is_right) in enumerate(zip(rows.cells, rows.right_to_left, strict=True), 2):
        for place, column in enumerate(rows.columns, 1):
            value = cells[column.name]
            colour = (OFF if value == NOT_ASKED else ANSWER) if column.is_answer else None
            _write(page.cell(line, place), value, colour, is_right=is_right)
    page.freeze_panes = page.cell(2, rows.frozen + 1)
    _offer(page, rows.columns, len(rows.cells) + 1)
    for name, text in pages:
        _write_page(book.create_sheet(name), text)
    content = io.BytesIO()
    book.save(content)
    return _undated(content)


def _undated(content: io.BytesIO) -> bytes:
    """A workbook without the time at which it was made, so that the same sheet is the same file."""
    out = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            text = old.read(part)
            text = STAMP.sub(rb"2000-01-01T00:00:00Z", text) if part.filename == "docProps/core.xml" else text
            new.writestr(zipfile.ZipInfo(part.filename), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _write(cell: "Cell", value: str, colour: str | None, *, is_bold: bool = False, is_right: bool = False) -> None:
    """Write a text into a cell, as text whatever it looks like."""
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415

    if value:
        cell.value = for_xml(value)[:LONGEST]
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    cell.number_format = TEXT
    cell.alignment = Alignment(wrap_text=True, vertical="top", readingOrder=RIGHT_TO_LEFT if is_right else 0)
    if colour:
        cell.fill = PatternFill("solid", fgColor=colour)
    if is_bold:
        cell.font = Font(bold=True)


def _offer(page: "Worksheet", columns: Sequence[Column], last: int) -> None:
    """Lists to choose from; anything else may be typed too, and is checked when the sheet comes back."""
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    for place, column in enumerate(columns, 1):
        if column.choices and last > 1:
            letter = page.cell(1, place).column_letter
            offer = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
            offer.showErrorMessage = False
            offer.add(f"{letter}2:{letter}{last}")
            page.add_data_validation(offer)


def _write_page(page: "Worksheet", text: str) -> None:
    page.column_dimensions["A"].width = 110
    for line, paragraph in enumerate(text.split("\n"), 1):
        _write(page.cell(line, 1), paragraph, None)


def read_excel(folder: Folder, file: str) -> Returning | None:
    """The rows of a completed sheet; None with a problem if the file is not a workbook with such a sheet.

    Raises:
        MissingExtraError: openpyxl is not installed.
    """
    content = folder.read_bytes(file, (file, None, None))
    if content is None:
        return None
    try:
        pages = [rows for _, rows in worksheets(content) if rows]
    except ValueError as error:
        folder.report(
            file, None, None, f"not an Excel workbook ({error}), expected the sheet as .xlsx{_remedy(content)}"
        )
        return None
    for (_, header), *rows in pages:
        names = [(name or "").strip() for name in header]
        if {"sheet", "sentence"} <= set(names):
            return Returning(
                names, [(line, dict(zip(names, _filled(cells, len(names)), strict=True))) for line, cells in rows]
            )
    folder.report(file, None, None, "no worksheet has the columns of a sheet, expected the sheet as exported")
    return None


def _remedy(content: bytes) -> str:
    """What to do with a file that is something else."""
    if other := other_kind(content):
        return f"; this looks like {other}, save it as .xlsx"
    return "; if it is text with a delimiter, rename it to .csv" if content else "; export the sheet again"


def _filled(cells: Sequence[str | None], width: int) -> list[str]:
    """The cells below a header: empty ones as empty text, those beyond it left out."""
    texts = [cell or "" for cell in cells[:width]]
    return texts + [""] * (width - len(texts))
