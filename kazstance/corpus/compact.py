"""Columns of texts that are stored once: as few of them as their rows need."""

import numpy as np
import pyarrow as pa


def compact(column: pa.Array) -> pa.Array:
    """A column whose dictionary, if it has one, holds only texts that occur, in their order."""
    if not isinstance(column, pa.DictionaryArray) or not len(column.dictionary):
        return column
    is_used = np.zeros(len(column.dictionary), np.bool_)
    is_used[(column.indices.drop_null() if column.null_count else column.indices).to_numpy()] = True
    if is_used.all():
        return column
    number = pa.array(np.cumsum(is_used, dtype=np.int32) - 1)
    return pa.DictionaryArray.from_arrays(number.take(column.indices), column.dictionary.filter(pa.array(is_used)))


def has_large_dictionary(rows: pa.Table) -> bool:
    """Whether a column has a dictionary with more texts than there are rows: it keeps texts of other rows."""
    chunks = (chunk for column in rows.columns for chunk in column.chunks)
    return any(isinstance(chunk, pa.DictionaryArray) and len(chunk.dictionary) > len(rows) for chunk in chunks)


def compacted(rows: pa.Table) -> pa.Table:
    """Rows whose columns are compact; some rows of a table would otherwise keep all of its texts in memory."""
    columns = (column.unify_dictionaries().combine_chunks() for column in rows.columns)
    return pa.table([compact(column) for column in columns], schema=rows.schema)
