"""Tables as CSV, JSON Lines or Parquet, for other programs."""

import csv
import io
import json
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.output.cells import safe_cell
from kazstance.output.plain_json import to_line


class Format(StrEnum):
    """How rows are written."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"


def export(rows: pa.Table, form: Format, *, exact: bool = False) -> bytes:
    """A table as bytes.

    In CSV, lists are JSON, and text that a spreadsheet would take for a formula gets an apostrophe in front, unless
    `exact` asks for the text as is.

    Args:
        rows: the table.
        form: the format.
        exact: in CSV, write text that looks like a formula as it is.
    """
    if form is Format.parquet:
        sink = io.BytesIO()
        pq.write_table(rows, sink, compression="zstd")
        return sink.getvalue()
    if form is Format.jsonl:
        return "".join(map(to_line, rows.to_pylist())).encode()
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(rows.column_names)
    writer.writerows([_cell(value, exact) for value in row.values()] for row in rows.to_pylist())
    return text.getvalue().encode()


def _cell(value: Any, exact: bool) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value if exact else safe_cell(value)
