"""A table as an Excel workbook: a sheet with the rows, and one that says what columns and labels mean."""

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.output.described import Described, sample_values

ROWS: Final = 1_048_575
"""Rows that a sheet holds below its header."""
CHARACTERS: Final = 32_767
"""Characters that a cell holds."""
UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""Characters that XML does not have, and the beginning of what Excel reads as one of them."""


@naming_extras()
def xlsx(table: Described) -> bytes:
    """A table as a workbook; no cell is a formula, and label columns have names.

    Raises:
        KazstanceError: it has more rows, or a longer text, than a sheet can hold.
        MissingExtraError: openpyxl is not installed.
    """
    from openpyxl import Workbook  # noqa: PLC0415  # an extra

    if len(table.rows) > ROWS:
        n = len(table.rows)
        raise KazstanceError(f"{n:,} rows, and a sheet of Excel holds {ROWS:,}; export them as Parquet or CSV")
    named = _named(table)
    Described(named).check_texts(CHARACTERS, pc.utf8_length, "characters, and a cell of Excel")
    book = Workbook(write_only=True)
    _fill(book.create_sheet("rows"), named.column_names, named)
    meanings = [
        [name, table.about.get(name, ""), sample_values(table.labels.get(name, ()))] for name in named.column_names
    ]
    _add_rows(book.create_sheet("columns"), ["column", "meaning", "labels"], meanings)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _named(table: Described) -> pa.Table:
    """The rows with labels by name, and lists as JSON."""
    flat = table.flat()
    columns = []
    for name, column in zip(flat.rows.column_names, flat.rows.columns, strict=True):
        names = table.labels.get(name)
        columns.append(pa.chunked_array([pa.array(names).take(column.combine_chunks())]) if names else column)
    return pa.table(columns, flat.rows.column_names)


def _fill(sheet: Any, header: Sequence[str], rows: pa.Table) -> None:
    """Write rows below a header that stays in sight, with a filter."""
    from openpyxl.utils import get_column_letter  # noqa: PLC0415  # an extra

    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{len(rows) + 1}"
    _add_rows(sheet, header, zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _add_rows(sheet: Any, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415  # an extra

    first = [_cell(sheet, name) for name in header]
    for cell in first:
        cell.font = Font(bold=True)
    sheet.append(first)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _escaped(found: re.Match[str]) -> str:
    """A character in the notation of Excel."""
    return f"_x{ord(found[0]):04X}_"


def _cell(sheet: Any, value: Any) -> Any:
    """A cell, in which a text is a text whatever it begins with."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # an extra

    if not isinstance(value, str):
        return WriteOnlyCell(sheet, value)
    cell = WriteOnlyCell(sheet, UNWRITABLE.sub(_escaped, value))
    cell.data_type = "s"
    return cell
