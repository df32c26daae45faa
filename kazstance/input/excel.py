"""Sheets of Excel files as tables of text."""

import datetime
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.paths import StrPath

LARGEST: Final = 2**30
"""The largest content of a file, in bytes once it is unpacked."""
MOST_ROWS: Final = 1_048_576
"""How many rows a worksheet has at most, by the format."""
UNCOMPUTED: Final = re.compile(
    rb'<c(?![^<>]*\st="str")(?:\s[^<>]*)?>\s*<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
"""A formula whose value nobody has stored; of one whose type is text, an empty value is a value."""

Row = tuple[int, list[str | None]]
"""The number of a row, counted from 1, and its cells up to the last that is not empty."""


@naming_extras()
def worksheets(content: bytes) -> list[tuple[str, list[Row]]]:
    """The name and the rows with content of each worksheet of an .xlsx file, as the text that a reader sees.

    Raises:
        MissingExtraError: openpyxl is not installed.
        ValueError: the file is damaged or too large, or has a formula without a value.
    """
    import openpyxl  # noqa: PLC0415  # an extra

    try:
        _check_parts(content)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return [(sheet.title, list(_rows(sheet))) for sheet in book.worksheets]
    except Exception as error:  # whatever a damaged workbook makes openpyxl raise
        raise ValueError(" ".join(str(error).split())[:200] or type(error).__name__) from error


def _check_parts(content: bytes) -> None:
    """Raise ValueError if a workbook is too large, or has a formula without a value."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
        if (size := sum(part.file_size for part in parts)) > LARGEST:
            raise ValueError(f"{size:,} bytes unpacked, expected at most {LARGEST:,}")
        for part in parts:
            if part.filename.startswith("xl/worksheets/") and UNCOMPUTED.search(packed.read(part)):
                raise ValueError("a formula has no value; open and save the file in Excel or LibreOffice")


def _rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # what the file says of its size need not be so
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_row=MOST_ROWS), 1):
        cells = [_text(value) for value in row]
        while cells and cells[-1] is None:
            cells.pop()
        if cells:
            yield number, cells


def _text(value: Any) -> str | None:
    """A cell as text: a day without a time, a whole number without decimals."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None or not str(value).strip() else str(value)


def read_excel(path: StrPath) -> tuple[pa.Table, tuple[str, ...]]:
    """The first sheet of an .xlsx file that has cells, as text, and a note if there are others.

    The first row holds the names of the columns; empty rows, and columns without a name or a value, are left out.

    Raises:
        MissingExtraError: openpyxl is not installed.
        KazstanceError: the file is damaged, too large or empty, or a column with values has no name.
    """
    path = Path(path)
    try:
        sheets = worksheets(path.read_bytes())
    except ValueError as error:
        raise KazstanceError(f"{path}: {error}; expected an .xlsx file") from error
    filled = [(name, rows) for name, rows in sheets if rows]
    if not filled:
        raise KazstanceError(f"{path}: no cells, expected a header and rows")
    (name, rows), others = filled[0], [name for name, _ in filled[1:]]
    notes = (f"{path}: the sheet {name!r} is read, not {', '.join(map(repr, others))}",) if others else ()
    return _table(path, [cells for _, cells in rows]), notes


def _table(path: Path, rows: list[list[str | None]]) -> pa.Table:
    """Rows below a header as a table."""
    header, *below = rows
    columns: dict[str, Iterable[str | None]] = {}
    for place in range(max(map(len, rows))):
        name = header[place] if place < len(header) else None
        values = [row[place] if place < len(row) else None for row in below]
        if name in columns:
            raise KazstanceError(f"{path}: the column {name!r} appears twice, expected once")
        if name is not None:
            columns[name] = values
        elif any(value is not None for value in values):
            raise KazstanceError(f"{path}: column {place + 1} has values but no name; expected one in the first row")
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
