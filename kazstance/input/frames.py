"""Anything that holds rows, as a frame: data frames, files, folders of Parquet, Arrow streams, lists of rows."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kazstance.errors import KazstanceError
from kazstance.input.spelling import OWN

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa

    from kazstance.input.streams import Stream
    from kazstance.input.tables import Form, Names

SPLIT: Final = "split"
"""The column that says which split a row is in."""
ACCEPTED: Final = (
    "a data frame (pandas, Polars, Arrow, DuckDB, Dask, PySpark or anything else that Narwhals supports)",
    "a path to a .csv, .tsv, .txt, .json, .jsonl, .parquet or .xlsx file, or to a folder of Parquet files",
    "an Arrow dataset or reader, or anything else that streams Arrow",
    "a datasets.Dataset or DatasetDict",
    "a mapping from names to columns (lists or arrays)",
    "a list of rows (mappings or records)",
)
"""What is accepted where rows are expected."""


def as_frame(rows: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Rows as a Narwhals frame; data frames stay where they are, files are read.

    Args:
        rows: one of `ACCEPTED`.

    Raises:
        KazstanceError: it is something else; the message lists what is accepted.
        InputError: a file is broken; all problems are listed.
    """
    import narwhals as nw  # noqa: PLC0415

    if isinstance(rows, nw.DataFrame | nw.LazyFrame):
        return rows
    try:
        known = nw.from_native(rows, pass_through=True)
    except nw.exceptions.NarwhalsError as error:  # such as two columns of one name
        line = " ".join(str(error).split())
        raise KazstanceError(f"{type(rows).__name__}: {line}; expected each column once") from error
    if isinstance(known, nw.DataFrame | nw.LazyFrame):
        return known
    found: nw.DataFrame[Any] = nw.from_native(_as_arrow(rows))
    return found


def as_table(rows: Any, name: str, form: Form | None = None) -> pa.Table:
    """Rows as an Arrow table with all their columns.

    Args:
        rows: one of `ACCEPTED`.
        name: what messages call them.
        form: how a text file is written.

    Raises:
        KazstanceError: they are something else, or a column has values of several kinds.
        InputError: a file is broken; all problems are listed.
    """
    import narwhals as nw  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(rows, str | os.PathLike) and not Path(rows).is_dir():
        from kazstance.input.tables import PLAIN, read_table  # noqa: PLC0415

        return read_table(Path(rows), form or PLAIN)
    frame = as_frame(rows)
    whole = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    native = whole.to_native()
    try:
        if nw.dependencies.is_pandas_dataframe(native):  # whose index is not a column
            return _with_labels(pa.Table.from_pandas(native, preserve_index=False), native.attrs.get(OWN))
        return whole.to_arrow()
    except (pa.ArrowException, TypeError) as error:
        line = " ".join(" ".join(map(str, error.args)).split())
        raise KazstanceError(f"{name}: {line}; expected values of one kind in each column") from error


def as_stream(
    rows: Any, name: str, form: Form | None = None, names: Names | None = None, *, is_bare: bool = False
) -> Stream:
    """Rows as a stream that can be read again and again; files are not kept in memory unless they are small.

    Args:
        rows: one of `ACCEPTED`.
        name: what messages call them.
        form: how a text file is written.
        names: what to call the columns of a file that has no names for them.
        is_bare: whether a text file with a single column may lack a header.

    Raises:
        KazstanceError: they are something else, or a column has values of several kinds.
        InputError: a file is broken; all problems are listed.
    """
    from kazstance.input.streams import stream_table  # noqa: PLC0415
    from kazstance.input.tables import PLAIN, open_stream  # noqa: PLC0415

    if isinstance(rows, str | os.PathLike):
        return open_stream(Path(rows), form or PLAIN, names, is_bare=is_bare)
    return stream_table(name, as_table(rows, name, form))


def _with_labels(rows: pa.Table, names: Any) -> pa.Table:
    """Rows that say how they spell labels; pyarrow keeps the attributes of data frames in newer versions only."""
    return rows.replace_schema_metadata({**(rows.schema.metadata or {}), OWN: json.dumps(names)}) if names else rows


def _as_arrow(rows: Any) -> pa.Table:
    """Rows that Narwhals does not support, as an Arrow table."""
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(rows, str | os.PathLike):
        return _read(Path(rows))
    if hasattr(rows, "to_table"):  # an Arrow dataset or scanner
        return rows.to_table()
    if _is_hf(rows):
        return rows.with_format("arrow")[:]
    if isinstance(rows, Mapping):
        return _from_columns(rows)
    if hasattr(rows, "__arrow_c_stream__"):
        try:
            return pa.table(rows)
        except pa.ArrowException as error:  # such as a single column
            raise KazstanceError(_refusal(rows)) from error
    if isinstance(rows, Sequence) and not isinstance(rows, str | bytes):
        found = _from_rows([_as_mapping(row) for row in rows])
        names = {name: names for row in rows[:1] for name, names in _label_names(row).items()}
        return _with_labels(found, names)
    raise KazstanceError(_refusal(rows))


def _is_hf(rows: Any) -> bool:
    """Whether something is a `datasets.Dataset`."""
    return hasattr(rows, "with_format") and hasattr(rows, "features")


def _joined(parts: Mapping[str, pa.Table]) -> pa.Table:
    """The rows of all splits, with a column `split` unless they have one."""
    import pyarrow as pa  # noqa: PLC0415

    named = [
        part if SPLIT in part.column_names else part.append_column(SPLIT, pa.array([name] * len(part), pa.string()))
        for name, part in parts.items()
    ]
    try:
        return pa.concat_tables(named, promote_options="permissive")
    except pa.ArrowException as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"a DatasetDict: {line}; expected splits with the same columns") from error


def _from_columns(columns: Mapping[Any, Any]) -> pa.Table:
    """Columns by name as a table, or the splits of a datasets.DatasetDict as one."""
    import pyarrow as pa  # noqa: PLC0415

    if columns and all(map(_is_hf, columns.values())):
        return _joined({name: part.with_format("arrow")[:] for name, part in columns.items()})
    if not columns or not all(isinstance(name, str) and _is_column(values) for name, values in columns.items()):
        raise KazstanceError(_refusal(columns))
    try:
        return pa.table({name: _column(values) for name, values in columns.items()})
    except (pa.ArrowException, TypeError, ValueError) as error:
        line = " ".join(str(error).split())
        raise KazstanceError(
            f"a mapping of columns: {line}; expected columns of one length, of one type each"
        ) from error


def _is_column(values: Any) -> bool:
    return hasattr(values, "__len__") and hasattr(values, "__iter__") and not isinstance(values, str | bytes | Mapping)


def _column(values: Any) -> Any:
    """A column as Arrow takes it; fixed-width text of NumPy is encoded by its bytes, without a Python object a row."""
    import numpy as np  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    if not isinstance(values, np.ndarray) or values.dtype.kind != "U" or values.ndim != 1 or not values.itemsize:
        return values
    plain = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
    kind = pa.binary(plain.itemsize)
    coded = pa.FixedSizeBinaryArray.from_buffers(kind, len(plain), [None, pa.py_buffer(plain)]).dictionary_encode()
    distinct = coded.dictionary
    content = memoryview(distinct.buffers()[1] or b"")[: len(distinct) * plain.itemsize]
    texts = pa.array(np.frombuffer(content, plain.dtype), pa.string())
    return pa.DictionaryArray.from_arrays(coded.indices, texts)


def _from_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table with every column that any of them has; a value that a row lacks is missing."""
    import pyarrow as pa  # noqa: PLC0415

    names = dict.fromkeys(name for row in rows for name in row)
    try:
        return pa.table({name: [row.get(name) for row in rows] for name in names})
    except pa.ArrowException as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"a list of rows: {line}; expected values of one type in each column") from error


def _read(path: Path) -> pa.Table:
    """A file or a folder of Parquet files."""
    from kazstance.input.tables import read_table  # noqa: PLC0415

    return read_table(path)


def _as_mapping(row: Any) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    if hasattr(row, "model_dump"):
        found: Mapping[str, Any] = row.model_dump(mode="json")
        return {**found, **{name: getattr(row, name).name for name in _label_names(row)}}
    raise KazstanceError(f"a list of {type(row).__name__}, expected a list of mappings or records")


def _label_names(row: Any) -> dict[str, list[str]]:
    """The names of the labels in each column of a record that holds one."""
    values = {name: getattr(row, name) for name in getattr(type(row), "model_fields", {})}
    return {name: [one.name for one in type(value)] for name, value in values.items() if isinstance(value, IntEnum)}


def _refusal(rows: Any) -> str:
    return f"{type(rows).__name__}, expected rows as one of: {'; '.join(ACCEPTED)}"
