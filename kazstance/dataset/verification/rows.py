"""Each table on its own: its columns, digests, values and keys, read a run of rows at a time."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from kazstance.dataset.folder import DatasetFolder
from kazstance.dataset.verification.columns import row_numbers
from kazstance.dataset.verification.findings import SHOWN, Finding
from kazstance.dataset.verification.values import wrong_rows
from kazstance.paths import StrPath
from kazstance.schema import earlier
from kazstance.schema.columns import arrow_schema, attribute_types
from kazstance.schema.digest import RUN, runs_digest
from kazstance.schema.records import TABLES

UNREADABLE: Final = (OSError, pa.ArrowException, ValueError, TypeError, OverflowError)
"""What reading a maliciously written Parquet file may raise."""
SHOWN_VALUE: Final = 80


def is_earlier(folder: DatasetFolder) -> bool:
    """Whether a dataset is in the format of versions up to 0.3.0, whose tables are small."""
    return folder.manifest.format_version == earlier.FORMAT


def read_runs(folder: DatasetFolder, table: str, split: str, start: int = 0) -> Iterator[pa.Table]:
    """The rows of a split in runs of 65,536 from a row on, every value checked against its type, texts coded.

    Args:
        folder: the dataset.
        table: the table.
        split: the split.
        start: the first row.

    Raises:
        UNREADABLE: it is not Parquet, or its columns differ from those of the table.
    """
    with folder.file(table, split).open("rb") as stream, pq.ParquetFile(stream) as plainly:
        _check_schema(folder, table, plainly.schema_arrow)
        texts = [field.name for field in plainly.schema_arrow if pa.types.is_string(field.type)]
        if is_earlier(folder):
            yield from _slices(earlier.upgraded(table, _checked(plainly.read())).slice(start))
            return
        with pq.ParquetFile(stream, read_dictionary=texts) as opened:
            yield from in_runs(_from_row(opened, start))


def read_stored(folder: DatasetFolder, table: str, split: str) -> pa.Table:
    """All rows of a split as they are stored.

    Args:
        folder: the dataset.
        table: the table.
        split: the split.

    Raises:
        UNREADABLE: it is not Parquet.
    """
    with folder.file(table, split).open("rb") as stream, pq.ParquetFile(stream) as opened:
        return _checked(opened.read())


def _from_row(opened: pq.ParquetFile, start: int) -> Iterator[pa.RecordBatch]:
    """The batches of a file from a row on; row groups before it are not read."""
    sizes = [opened.metadata.row_group(i).num_rows for i in range(opened.num_row_groups)]
    ends = np.cumsum([0, *sizes])
    first = int(np.searchsorted(ends, start, side="right")) - 1
    left = start - int(ends[first])
    for batch in opened.iter_batches(RUN, row_groups=range(first, len(sizes))):
        if left < len(batch):
            yield batch.slice(left)
        left = max(left - len(batch), 0)


def in_runs(batches: Iterable[pa.RecordBatch], run: int = RUN) -> Iterator[pa.Table]:
    """Batches of any size as tables of `run` rows; the last one may have fewer."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += len(batch)
        if size >= run:
            rows = _checked(pa.Table.from_batches(held))
            yield from _slices(rows.slice(0, size - size % run), run)
            held, size = rows.slice(size - size % run).to_batches(), size % run
    if size:
        yield _checked(pa.Table.from_batches(held))


def _slices(rows: pa.Table, run: int = RUN) -> Iterator[pa.Table]:
    return (rows.slice(start, run) for start in range(0, len(rows), run))


def _checked(rows: pa.Table) -> pa.Table:
    """Rows each of whose values can be read, in one piece."""
    rows.validate(full=True)
    return rows.combine_chunks()


def _check_schema(folder: DatasetFolder, table: str, found: pa.Schema) -> None:
    """Check the columns of a file and their features.

    Raises:
        ValueError: they differ from those of the table.
    """
    record = TABLES[table].record
    if is_earlier(folder):
        expected, described = earlier.earlier_schema(table), earlier.earlier_features(table)
    else:
        expected = arrow_schema(record, attribute_types(record, found))
        described = json.loads(expected.metadata[b"huggingface"])["info"]["features"]
    if not found.equals(expected):
        raise ValueError(f"columns {_named(found)}, expected {_named(expected)}")
    if found.metadata != {b"huggingface": json.dumps({"info": {"features": described}}).encode()}:
        raise ValueError("the features in the metadata differ from those of the table")


def _named(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)


def check_rows(folder: DatasetFolder, table: str, split: str, keep: Callable[[pa.Table], None]) -> Iterator[Finding]:
    """Check number, digest and values of the rows of a split, which is read once.

    Args:
        folder: the dataset.
        table: the table.
        split: the split.
        keep: told each run of rows, with the present columns.
    """
    file, expected = folder.file(table, split), folder.manifest.tables[table][split]
    found: list[Finding] = []
    size = 0

    def each() -> Iterator[pa.Table]:
        nonlocal size
        for run in read_runs(folder, table, split):
            found.extend(check_values(file, table, run, size))
            keep(run)
            size += len(run)
            yield run

    if is_earlier(folder):
        for _ in each():
            pass
        digest = earlier.row_digest(read_stored(folder, table, split))
    else:
        digest = runs_digest(each())
    if (size, digest) != (expected.rows, expected.digest):
        line = f"{file}: {size} rows with digest {digest}, expected {expected.rows} with {expected.digest}"
        yield Finding(str(file), "digest", (line,), 1)
    yield from found


def check_values(file: StrPath, table: str, rows: pa.Table, start: int = 0) -> Iterator[Finding]:
    """Check that each row is valid for its table.

    Args:
        file: the file of the rows.
        table: the table.
        rows: the rows.
        start: the number of rows of the file before them.
    """
    wrong = np.flatnonzero(wrong_rows(TABLES[table].record, rows))
    if len(wrong):
        shown = rows.take(pa.array(wrong[:SHOWN])).to_pylist()
        lines = [
            line
            for number, row in zip(wrong[:SHOWN].tolist(), shown, strict=True)
            for line in _faults(file, table, start + number + 1, row)
        ]
        yield Finding(str(file), "values", tuple(lines[:SHOWN]), max(len(wrong), len(lines)))


def _faults(file: StrPath, table: str, number: int, row: dict[str, Any]) -> Iterator[str]:
    """What the record of a table finds wrong with a row."""
    try:
        TABLES[table].record.model_validate(row)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            field = ".".join(map(str, fault["loc"]))
            yield f"{file}: row {number}: {field}: {str(fault['input'])[:SHOWN_VALUE]!r}: {fault['msg']}"


def check_keys(folder: DatasetFolder, table: str, rows: pa.Table) -> Iterator[Finding]:
    """Check that no two rows of a table, in any split, have the same key.

    Args:
        folder: the dataset.
        table: the table.
        rows: its rows, of all splits.
    """
    key = TABLES[table].key
    where = str(folder.path / table)
    number = row_numbers([rows[name].combine_chunks() for name in key])
    _, place, times = np.unique(number, return_inverse=True, return_counts=True)
    again = np.flatnonzero(times > 1)
    first = [int(np.flatnonzero(place == one)[0]) for one in again[:SHOWN]]
    lines = [
        f"{where}: {' '.join(str(value) for value in row.values() if value is not None)}: "
        f"appears {times[one]} times, expected once"
        for one, row in zip(again[:SHOWN], rows.select(key).take(pa.array(first, pa.int64())).to_pylist(), strict=True)
    ]
    if lines:
        yield Finding(where, "keys", tuple(lines), len(again))
