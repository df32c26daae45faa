"""Parquet files as Arrow tables whose every value can be read."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kazstance.errors import KazstanceError


def read_parquet(file: Path, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
    """The rows of a Parquet file, of some columns and those that an expression holds for.

    Raises:
        KazstanceError: it is not there, not Parquet, damaged, or has no such columns.
    """
    names = None if columns is None else list(columns)
    try:
        with file.open("rb") as content:  # Arrow opens no path that is not UTF-8
            table = pq.read_table(content, columns=names, filters=where)
        table.validate(full=True)
        return table if names is None else table.select(names)
    except MemoryError:
        raise
    except Exception as error:  # a damaged file may raise anything
        raise KazstanceError(f"{file}: {_line(error)}; expected a Parquet file") from error


def read_columns(file: Path) -> pa.Schema:
    """The columns of a Parquet file, with its metadata; no row is read.

    Raises:
        KazstanceError: it is not there, not Parquet, or damaged.
    """
    try:
        with file.open("rb") as content:
            return pq.read_schema(content)
    except MemoryError:
        raise
    except Exception as error:  # a damaged file may raise anything
        raise KazstanceError(f"{file}: {_line(error)}; expected a Parquet file") from error


def _line(error: BaseException) -> str:
    """The message of a library in one line."""
    return " ".join(str(error).split())
