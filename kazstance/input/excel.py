"""Sheets of Excel files as tables of text."""

import datetime
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


def read_excel(path: StrPath) -> tuple[pa.Table, tuple[str, ...]]:
    """The first sheet of an .xlsx file that has cells, as text, and a note if there are others.

    The first row holds the names of the columns; empty rows, and columns without a name or a value, are left out.

    Raises:
        MissingExtraError: openpyxl is not installed.
        KazstanceError: the file is damaged, too large or empty, or a column with values has no name.
    """
    path = Path(path)
    with naming_extras():
        import openpyxl  # noqa: F401, PLC0415  # before the file is looked at
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
        if size > LARGEST:
            raise KazstanceError(f"{path}: {size} bytes unpacked, expected at most {LARGEST}")
        sheets = list(_sheets(path))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:  # whatever a damaged file makes it raise
        line = " ".join(str(error).split())
        raise KazstanceError(f"{path}: {line}; expected an .xlsx file") from error
    filled = [(name, rows) for name, rows in sheets if rows]
    if not filled:
        raise KazstanceError(f"{path}: no cells, expected a header and rows")
    (name, rows), others = filled[0], [name for name, _ in filled[1:]]
    notes = (f"{path}: the sheet {name!r} is read, not {', '.join(map(repr, others))}",) if others else ()
    return _table(path, rows), notes


def _sheets(path: Path) -> Iterator[tuple[str, list[list[str | None]]]]:
    """The name and the filled rows of each sheet."""
    import openpyxl  # noqa: PLC0415  # an extra

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = ([_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
            yield sheet.title, [row for row in rows if any(cell is not None for cell in row)]
    finally:
        book.close()


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
