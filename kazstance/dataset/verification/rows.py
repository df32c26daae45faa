"""Each table by itself: its columns, digests, values and keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from kazstance.schema import earlier
from kazstance.schema.columns import arrow_schema, attribute_types
from kazstance.schema.digest import table_digest
from kazstance.schema.manifest import SplitFile
from kazstance.schema.records import TABLES

UNREADABLE = (OSError, pa.ArrowException, ValueError, TypeError, OverflowError)
"""What reading a Parquet file may raise that is written to be read wrongly."""


def read_split(file: Path, table: str, format_version: int) -> pa.Table:
    """The rows of a Parquet file, every value of it checked to be one of its type.

    Raises:
        UNREADABLE: it is not Parquet, or has other columns than the table.
    """
    with pq.ParquetFile(pa.BufferReader(file.read_bytes())) as opened:
        found = opened.read()
    record = TABLES[table].record
    if format_version == earlier.FORMAT:
        expected, described = earlier.earlier_schema(table), earlier.earlier_features(table)
    else:
        expected = arrow_schema(record, attribute_types(record, found.schema))
        described = json.loads(expected.metadata[b"huggingface"])["info"]["features"]
    if not found.schema.equals(expected):
        raise ValueError(f"columns {_named(found.schema)}, expected {_named(expected)}")
    if found.schema.metadata != {b"huggingface": json.dumps({"info": {"features": described}}).encode()}:
        raise ValueError("the features in the metadata are others than those of the table")
    found.validate(full=True)
    return found.combine_chunks()


def _named(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)


def check_rows(file: Path, rows: pa.Table, expected: SplitFile) -> Iterator[str]:
    """Number and digest of the rows as they are stored."""
    if (found := (len(rows), table_digest(rows))) != (expected.rows, expected.digest):
        yield f"{file}: {found[0]} rows with digest {found[1]}, expected {expected.rows} with {expected.digest}"


def check_records(file: Path, table: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """That each row is one of its table."""
    record = TABLES[table].record
    for number, row in enumerate(rows, 1):
        try:
            record.model_validate(row)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = ".".join(map(str, fault["loc"]))
                yield f"{file}: row {number}: {field}: {str(fault['input'])[:80]!r}: {fault['msg']}"


def check_keys(folder: Path, table: str, rows: pa.Table) -> Iterator[str]:
    """That no two rows of a table, whatever their split, have the same key."""
    key = TABLES[table].key
    counts = rows.select(key).group_by(key).aggregate([([], "count_all")])
    for row in counts.filter(pc.greater(counts["count_all"], 1)).to_pylist():
        name = " ".join(row[column] for column in key)
        yield f"{folder / table}: {name}: appears {row['count_all']} times, expected once"
