"""Each table on its own: its columns, digests, values and keys."""

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from kazstance.dataset.folder import DatasetFolder
from kazstance.paths import StrPath
from kazstance.schema import earlier
from kazstance.schema.columns import arrow_schema, attribute_types
from kazstance.schema.digest import table_digest
from kazstance.schema.records import TABLES

UNREADABLE = (OSError, pa.ArrowException, ValueError, TypeError, OverflowError)
"""What reading a maliciously written Parquet file may raise."""


def read_split(folder: DatasetFolder, table: str, split: str) -> pa.Table:
    """The rows of a split as stored, with every value checked against its type.

    Args:
        folder: the dataset.
        table: the table.
        split: the split.

    Raises:
        UNREADABLE: it is not Parquet, or its columns differ from those of the table.
    """
    with pq.ParquetFile(pa.BufferReader(folder.file(table, split).read_bytes())) as opened:
        found = opened.read()
    record = TABLES[table].record
    if folder.manifest.format_version == earlier.FORMAT:
        expected, described = earlier.earlier_schema(table), earlier.earlier_features(table)
    else:
        expected = arrow_schema(record, attribute_types(record, found.schema))
        described = json.loads(expected.metadata[b"huggingface"])["info"]["features"]
    if not found.schema.equals(expected):
        raise ValueError(f"columns {_named(found.schema)}, expected {_named(expected)}")
    if found.schema.metadata != {b"huggingface": json.dumps({"info": {"features": described}}).encode()}:
        raise ValueError("the features in the metadata differ from those of the table")
    found.validate(full=True)
    return found.combine_chunks()


def _named(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)


def check_rows(folder: DatasetFolder, table: str, split: str, rows: pa.Table) -> Iterator[str]:
    """Check the number and digest of the rows as they are stored.

    Args:
        folder: the dataset.
        table: the table.
        split: the split.
        rows: its rows.
    """
    file, expected = folder.file(table, split), folder.manifest.tables[table][split]
    digest = earlier.row_digest if folder.manifest.format_version == earlier.FORMAT else table_digest
    if (found := (len(rows), digest(rows))) != (expected.rows, expected.digest):
        yield f"{file}: {found[0]} rows with digest {found[1]}, expected {expected.rows} with {expected.digest}"


def check_records(file: StrPath, table: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """Check that each row is valid for its table.

    Args:
        file: the file of the rows.
        table: the table.
        rows: the rows, as plain values.
    """
    record = TABLES[table].record
    for number, row in enumerate(rows, 1):
        try:
            record.model_validate(row)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = ".".join(map(str, fault["loc"]))
                yield f"{file}: row {number}: {field}: {str(fault['input'])[:80]!r}: {fault['msg']}"


def check_keys(folder: DatasetFolder, table: str, rows: pa.Table) -> Iterator[str]:
    """Check that no two rows of a table, in any split, have the same key.

    Args:
        folder: the dataset.
        table: the table.
        rows: its rows, of all splits.
    """
    key = TABLES[table].key
    counts = rows.select(key).group_by(key).aggregate([([], "count_all")])
    for row in counts.filter(pc.greater(counts["count_all"], 1)).to_pylist():
        name = " ".join(str(row[column]) for column in key if row[column] is not None)
        yield f"{folder.path / table}: {name}: appears {row['count_all']} times, expected once"
