"""The values of columns compared with the fields of a record: which rows are not valid records."""

from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from kazstance.dataset.verification.columns import Flags, coded
from kazstance.schema.columns import item_type, plain_type
from kazstance.schema.records import Record

NULL: Final = -1
UNKNOWN: Final = -2
FREE: Final = (str, str | None)
"""The types of fields that any text is valid for."""


def wrong_rows(record: type[Record], rows: pa.Table) -> Flags:
    """Which rows are not valid as records, shape (rows,), found by column: each distinct value is validated once.

    Args:
        record: the type of the records.
        rows: the rows, with at least the columns of the record.
    """
    columns = {name: rows[name].combine_chunks() for name in record.model_fields}
    return _wrong(record, columns, rows.num_rows)


def _wrong(record: type[Record], columns: Mapping[str, pa.Array], size: int) -> Flags:
    wrong = np.zeros(size, dtype=bool)
    for name, values in columns.items():
        wrong |= _wrong_values(record, name, values)
    for number, name in record.label_columns:
        wrong |= _misnamed(record, number, columns[number], columns[name])
    return wrong


def _wrong_values(record: type[Record], name: str, values: pa.Array) -> Flags:
    """Where a column has a value that its field does not allow."""
    null = values.is_null().to_numpy(zero_copy_only=False)
    wrong: Flags = null & (not _is_valid(record, name, None)) if null.any() else np.zeros(len(values), dtype=bool)
    if pa.types.is_list(values.type):
        wrong[_wrong_items(record, name, values)] = True
    elif pa.types.is_dictionary(values.type) or pa.types.is_string(values.type):
        if record.model_fields[name].annotation not in FREE or record.model_fields[name].metadata:
            texts = coded(values)
            bad = _invalid(record, name, texts.dictionary.to_pylist())
            wrong |= bad[texts.indices.fill_null(0).to_numpy()] & ~null if bad.any() else False
    else:
        wrong |= _wrong_numbers(record, name, values)
    return wrong


def _wrong_items(record: type[Record], name: str, values: pa.Array) -> npt.NDArray[np.int64]:
    """The rows with an item that is not a valid record."""
    items = values.flatten()
    inner = item_type(plain_type(record.model_fields[name].annotation))
    if inner is None:
        raise TypeError(f"{name}: expected a tuple of records")
    columns = dict(zip([field.name for field in items.type], items.flatten(), strict=True))
    wrong = _wrong(inner, columns, len(items)) | items.is_null().to_numpy(zero_copy_only=False)
    rows: npt.NDArray[np.int64] = pc.list_parent_indices(values).to_numpy()[wrong]
    return rows


def _wrong_numbers(record: type[Record], name: str, values: pa.Array) -> Flags:
    """Where numbers are invalid; fields allow ranges, so if the least and the greatest are valid, all are."""
    none = np.zeros(len(values), dtype=bool)
    there = values.drop_null()
    if not len(there):
        return none
    ends = [pc.min(there).as_py(), pc.max(there).as_py()]
    if pa.types.is_floating(there.type) and pc.any(pc.is_nan(there)).as_py():
        ends.append(float("nan"))
    if not _invalid(record, name, ends).any():
        return none
    distinct = there.unique()
    bad = distinct.filter(pa.array(_invalid(record, name, distinct.to_pylist())))
    found: Flags = pc.is_in(values, value_set=bad, skip_nulls=True).to_numpy(zero_copy_only=False)
    return found


def _misnamed(record: type[Record], column: str, numbers: pa.Array, names: pa.Array) -> Flags:
    """Where the name of a label is not the one that its number has."""
    labels = [member.name for member in _labels(record, column)]
    texts = coded(names)
    meant = pc.fill_null(pc.index_in(texts.dictionary, value_set=pa.array(labels, pa.string())), UNKNOWN)
    number = np.append(meant.to_numpy(), NULL)[texts.indices.fill_null(NULL).to_numpy()]
    found: Flags = number != numbers.fill_null(NULL).to_numpy()
    return found


def _labels(record: type[Record], column: str) -> type[IntEnum]:
    found = plain_type(record.model_fields[column].annotation)
    if not issubclass(found, IntEnum):
        raise TypeError(f"{column}: expected labels")
    return found


def _is_valid(record: type[Record], name: str, value: Any) -> bool:
    """Whether a field allows a value."""
    try:
        _adapter(record, name)[0].validate_python(value)
    except ValidationError:
        return False
    return True


def _invalid(record: type[Record], name: str, values: list[Any]) -> Flags:
    """Which values a field does not allow."""
    try:
        _adapter(record, name)[1].validate_python(values)
    except ValidationError:
        return np.array([not _is_valid(record, name, value) for value in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)


@lru_cache
def _adapter(record: type[Record], name: str) -> tuple[TypeAdapter[Any], TypeAdapter[Any]]:
    """What validates a value of a field, and a list of them."""
    info = record.model_fields[name]
    kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    return TypeAdapter(kind), TypeAdapter(list[kind])
