"""Parquet files as Arrow tables whose every value can be read."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.errors import KazstanceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow.compute as pc

    from kazstance.paths import StrPath

BATCH: Final = 65_536
"""Number of rows that are read at a time where a file is read in batches."""
FEW: Final = 100_000
"""Rows of a file up to which one thread that reads all of them is faster than several, or than a filter of the file."""

BUFFER: Final = 2**20
"""Bytes that are read ahead from each column when a file is read in batches."""


def read_parquet(file: StrPath, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
    """The rows of a Parquet file that an expression holds for, or all of them, with all or some columns.

    Args:
        file: the file.
        columns: the columns, in this order; without them, all.
        where: the condition; without it, all rows.

    Raises:
        KazstanceError: it is missing, not Parquet, damaged, or has no such columns.
    """
    names = None if columns is None else list(columns)
    with _reading(file):
        source = _source(file)
        with pq.ParquetFile(source) as found:
            is_small = found.metadata.num_rows <= FEW
            if where is None or is_small:
                table = found.read(names if where is None else None, use_threads=not is_small)
            else:
                table = pq.read_table(source, columns=names, filters=where)
        table.validate(full=True)
        kept = table.filter(where) if where is not None and is_small else table
        return kept if names is None else kept.select(names)


def stream_parquet(
    file: StrPath, columns: Sequence[str] | None = None, where: pc.Expression | None = None, *, coded: bool = False
) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file that an expression holds for, or all of them, few at a time.

    Args:
        file: the file.
        columns: the columns, in this order; without them, all.
        where: the condition, which is pushed down to the file; without it, all rows.
        coded: whether columns of texts come as dictionaries, with each distinct text once.

    Raises:
        KazstanceError: it is missing, not Parquet, damaged, or has no such columns.
    """
    with _reading(file):
        source = _source(file)
        schema = pq.read_schema(source)
        names = schema.names if columns is None else list(columns)
        texts = [field.name for field in schema if pa.types.is_string(field.type)] if coded else None
        if where is None:
            with pq.ParquetFile(source, read_dictionary=texts) as found:
                for batch in found.iter_batches(BATCH, columns=names):
                    yield _checked(batch.select(names))
            return
        from pyarrow import dataset, fs  # noqa: PLC0415  # slow to load

        form = dataset.ParquetFileFormat(read_options={"dictionary_columns": texts or []})
        is_path = not isinstance(source, pa.BufferReader)
        fragment = form.make_fragment(str(source) if is_path else source, fs.LocalFileSystem() if is_path else None)
        scanner = fragment.scanner(
            columns=names, filter=where, batch_size=BATCH, batch_readahead=2, fragment_readahead=1
        )
        for batch in scanner.to_batches():
            yield _checked(batch)


@contextmanager
def _reading(file: StrPath) -> Iterator[None]:
    """A file that may be damaged is being read.

    Raises:
        KazstanceError: whatever a library raised, as one line.
    """
    try:
        yield
    except (MemoryError, KazstanceError):
        raise
    except Exception as error:  # a damaged file may raise anything
        line = " ".join(str(error).split())
        raise KazstanceError(f"{file}: {line}; expected a Parquet file") from error


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    batch.validate(full=True)
    return batch


def read_columns(file: StrPath) -> pa.Schema:
    """The columns of a Parquet file, with its metadata; no rows are read.

    Raises:
        KazstanceError: it is missing, not Parquet, or damaged.
    """
    with _reading(file):
        return pq.read_schema(_source(file))


def _source(path: StrPath) -> Path | pa.BufferReader:
    """A file in a form that Arrow opens: its path, or its content if the path is not UTF-8, which Arrow rejects.

    Raises:
        OSError: it is not a regular file: reading a pipe could block forever.
    """
    file = Path(path)
    if file.exists() and not file.is_file():
        raise OSError("not a regular file")
    try:
        str(file).encode()
    except UnicodeEncodeError:
        return pa.BufferReader(file.read_bytes())
    return file


def row_count(file: StrPath) -> int:
    """The number of rows of a Parquet file; no rows are read.

    Raises:
        KazstanceError: it is missing, not Parquet, or damaged.
    """
    with _reading(file), pq.ParquetFile(_source(file)) as found:
        rows: int = found.metadata.num_rows
        return rows


def read_slice(file: StrPath, start: int, rows: int, size: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Some rows of a Parquet file in batches; row groups before and after them are not read.

    Args:
        file: the file.
        start: the number of the first row, from 0.
        rows: how many rows.
        size: the maximum number of rows of a batch.
        columns: the columns.

    Raises:
        KazstanceError: it is missing, not Parquet, damaged, or has no such columns.
    """
    with _reading(file), pq.ParquetFile(_source(file), buffer_size=BUFFER, pre_buffer=False) as found:
        groups, at = _groups(found.metadata, start, start + rows)
        for batch in found.iter_batches(size, row_groups=groups, columns=list(columns), use_threads=False):
            kept = batch.slice(max(start - at, 0), max(start + rows - max(at, start), 0))
            at += batch.num_rows
            if kept.num_rows:
                kept.validate(full=True)
                yield kept
            if at >= start + rows:
                return


def _groups(metadata: pq.FileMetaData, start: int, end: int) -> tuple[list[int], int]:
    """The row groups that hold some rows, and the number of the first row of the first of them."""
    found: list[int] = []
    first = at = 0
    for group in range(metadata.num_row_groups):
        n = metadata.row_group(group).num_rows
        if at < end and at + n > start:
            first = first if found else at
            found.append(group)
        at += n
    return found, first
