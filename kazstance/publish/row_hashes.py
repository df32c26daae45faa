"""Rows as hashes of their keys and values, so that two versions of a table are compared without holding either."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]
NULL: Final = np.uint64(0x6E756C6C)
STEP: Final = np.uint64(0x9E3779B97F4A7C15)
MIX: Final = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))
"""The shifts and factors of SplitMix64 (Steele, Lea and Flood, 2014), which spreads 64 bits over all others."""
FOLD: Final = np.uint64(31)


class RowHashes(NamedTuple):
    """For each row of a table: the hashes of its key, of its labels and of all its values, and where it is."""

    key: Hashes
    labels: Hashes
    values: Hashes
    split: npt.NDArray[np.int64]
    """The number of its split."""
    place: npt.NDArray[np.int64]
    """Its place in the file of the split."""


def joined(parts: Sequence[RowHashes]) -> RowHashes:
    """The rows of several parts, ordered by the hash of their key."""
    key, labels, values, split, place = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(key, kind="stable")
    return RowHashes(key[order], labels[order], values[order], split[order], place[order])


def hashed(
    batches: Iterable[pa.RecordBatch], split: int, key: Sequence[str], labels: Sequence[str], columns: Sequence[str]
) -> RowHashes:
    """The rows of a split.

    Args:
        batches: its rows.
        split: its number.
        key: the columns that identify a row.
        labels: the columns with names of labels.
        columns: the columns to compare.
    """
    parts = [[hash_rows(batch, names) for names in (key, labels, columns)] for batch in batches]
    empty = np.zeros(0, np.uint64)
    keys, named, values = (np.concatenate([empty, *(part[i] for part in parts)]) for i in range(3))
    return RowHashes(keys, named, values, np.full(len(keys), split), np.arange(len(keys)))


def hash_rows(rows: pa.RecordBatch, columns: Sequence[str]) -> Hashes:
    """A hash of each row over some columns, whatever their order; shape (rows,)."""
    total = np.zeros(len(rows), np.uint64)
    for name in columns:
        total += _mixed(_values(rows.column(name)) + _text_hash(name))
    return total


def _values(values: pa.Array) -> Hashes:
    """A hash of each value of a column."""
    kind = values.type
    if pa.types.is_list(kind):
        found = _lists(values)
    elif pa.types.is_struct(kind):
        found = np.zeros(len(values), np.uint64)
        for field, inner in zip(kind, values.flatten(), strict=True):
            found += _mixed(_values(inner) + _text_hash(field.name))
    elif pa.types.is_floating(kind):
        numbers = pc.fill_null(values, 0.0).to_numpy() + 0.0  # -0.0 becomes 0.0
        found = np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        found = pc.fill_null(values.cast(pa.int64()), 0).to_numpy().view(np.uint64)
    else:
        found = _texts(values)
    return np.where(values.is_valid().to_numpy(zero_copy_only=False), _mixed(found), NULL)


def _lists(values: pa.Array) -> Hashes:
    """A hash of each list, from its items, their places and their number."""
    length = pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.int64)
    ends = np.cumsum(np.r_[0, length])
    place = np.arange(ends[-1]) - ends[:-1].repeat(length)
    items = _mixed(_values(values.flatten()) + place.astype(np.uint64) * STEP)
    sums = np.r_[np.zeros(1, np.uint64), np.cumsum(items, dtype=np.uint64)]
    found: Hashes = sums[ends[1:]] - sums[ends[:-1]] + length.astype(np.uint64)
    return found


def _texts(values: pa.Array) -> Hashes:
    """A hash of each text; each distinct one is hashed once."""
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    place = coded.indices.fill_null(0).to_numpy()
    hashes = np.zeros(max(len(coded.dictionary), 1), np.uint64)
    used = np.flatnonzero(np.bincount(place[coded.is_valid().to_numpy(zero_copy_only=False)]))
    hashes[used] = [_text_hash(text) for text in coded.dictionary.take(pa.array(used)).to_pylist()]
    found: Hashes = hashes[place]
    return found


def _text_hash(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def _mixed(values: Hashes) -> Hashes:
    """Hashes spread over all 64 bits."""
    found: Hashes = values + STEP
    for shift, factor in MIX:
        found = (found ^ (found >> np.uint64(shift))) * factor
    return found ^ (found >> FOLD)
