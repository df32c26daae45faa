"""Columns of texts that are stored once: as few of them as their rows need."""

import numpy as np
import pyarrow as pa


def compact(column: pa.Array) -> pa.Array:
    """A column whose dictionary, if it has one, holds only texts that occur, in their order."""
    if not isinstance(column, pa.DictionaryArray):
        return column
    places = column.indices.fill_null(len(column.dictionary)).to_numpy()
    is_used = np.bincount(places, minlength=len(column.dictionary) + 1)[: len(column.dictionary)] > 0
    if is_used.all():
        return column
    number = np.append(np.cumsum(is_used) - 1, 0)[places]
    indices = pa.array(number, pa.int32(), mask=places == len(column.dictionary))
    return pa.DictionaryArray.from_arrays(indices, column.dictionary.filter(pa.array(is_used)))


def compacted(rows: pa.Table) -> pa.Table:
    """Rows whose columns are compact; some rows of a table would otherwise keep all of its texts in memory."""
    columns = (column.unify_dictionaries().combine_chunks() for column in rows.columns)
    return pa.table([compact(column) for column in columns], schema=rows.schema)
