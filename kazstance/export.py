"""Tables as CSV, JSON Lines or Parquet, for other programs."""

import csv
import io
import json
import math
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet takes for a formula (OWASP, CSV injection)."""


class Format(StrEnum):
    """How rows are written."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"


def export(rows: pa.Table, form: Format, *, exact: bool = False) -> bytes:
    """A table as bytes.

    In CSV, lists are JSON, and an apostrophe stands before text that a spreadsheet would take for a formula, unless
    `exact` asks for the text as it is.
    """
    if form is Format.parquet:
        sink = io.BytesIO()
        pq.write_table(rows, sink, compression="zstd")
        return sink.getvalue()
    if form is Format.jsonl:
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.to_pylist()).encode()
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(rows.column_names)
    writer.writerows([_cell(value, exact) for value in row.values()] for row in rows.to_pylist())
    return text.getvalue().encode()


def to_json(value: Any) -> str:
    """Plain values as indented JSON; a float that is undefined or infinite is null, since JSON knows no other."""
    return json.dumps(_defined(value), ensure_ascii=False, indent=1, allow_nan=False)


def write_file(content: bytes, out: Path) -> None:
    """Write a file that appears whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}-", delete=False) as scratch:
        scratch.write(content)
    Path(scratch.name).chmod(0o644)
    Path(scratch.name).replace(out)


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def safe_cell(value: Any) -> Any:
    """A value for a cell of a spreadsheet: an apostrophe stands before text that would be taken for a formula."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def _cell(value: Any, exact: bool) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value if exact else safe_cell(value)
