"""Tables as CSV, JSON Lines or Parquet, for other programs, a batch of rows at a time."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.output.cells import safe_cell
from kazstance.output.described import Described
from kazstance.output.plain_json import to_value
from kazstance.output.statistics_files import dta, sav
from kazstance.output.workbook import xlsx

WHOLE: Final = ("xlsx", "dta", "sav")
"""The formats that keep what columns and labels mean; they are made in one piece."""


class Format(StrEnum):
    """How rows are written."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"
    xlsx = "xlsx"
    dta = "dta"
    sav = "sav"


def whole(table: Described, form: Format) -> bytes:
    """A table as a file that keeps what its columns and labels mean: for Excel, Stata or SPSS.

    Args:
        table: the rows.
        form: the format.

    Raises:
        KazstanceError: the program cannot hold the table.
        MissingExtraError: the package that writes the format is not installed.
    """
    return {Format.xlsx: xlsx, Format.dta: dta, Format.sav: sav}[form](table)


def export(rows: pa.Table, form: Format, *, exact: bool = False) -> bytes:
    """A table as bytes, as `pieces` gives them.

    Args:
        rows: the table.
        form: the format.
        exact: in CSV, write text that looks like a formula as it is.
    """
    return b"".join(pieces(rows.schema, rows.to_batches(), form, exact=exact))


def pieces(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], form: Format, *, exact: bool = False
) -> Iterator[bytes]:
    """Rows as the bytes of a file, piece by piece, so that any number of rows fits.

    In CSV, lists are JSON, and text that a spreadsheet would take for a formula gets an apostrophe in front, unless
    `exact` asks for the text as is.

    Args:
        schema: the columns.
        batches: the rows.
        form: the format.
        exact: in CSV, write text that looks like a formula as it is.
    """
    if form is Format.parquet:
        yield from _parquet(schema, batches)
    elif form is Format.jsonl:
        names = [json.dumps(name, ensure_ascii=False) for name in schema.names]
        for batch in batches:
            yield "".join(_lines(names, [_cells(column, to_value) for column in batch.columns])).encode()
    else:
        yield _csv([schema.names])
        for batch in batches:
            columns = [_cells(column, lambda value: _cell(value, exact)) for column in batch.columns]
            yield _csv(zip(*columns, strict=True))


def _cells(values: pa.Array, written: Callable[[Any], Any]) -> list[Any]:
    """The values of a column as they are written; each distinct text is converted once."""
    if not pa.types.is_dictionary(values.type):
        return [written(value) for value in values.to_pylist()]
    distinct = [*map(written, values.dictionary.to_pylist()), written(None)]
    return [distinct[place] for place in values.indices.fill_null(-1).to_pylist()]


def _lines(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as JSON Lines, from the JSON of their names and values."""
    for row in zip(*columns, strict=True):
        yield "{" + ", ".join([f"{name}: {value}" for name, value in zip(names, row, strict=True)]) + "}\n"


def _csv(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _parquet(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that hands over what was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._held: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, content: Any) -> int:
        self._held.append(bytes(content))
        self._size += len(self._held[-1])
        return len(self._held[-1])

    def taken(self) -> bytes:
        """What was written since the last call."""
        content, self._held = b"".join(self._held), []
        return content


def _cell(value: Any, exact: bool) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value if exact else safe_cell(value)
