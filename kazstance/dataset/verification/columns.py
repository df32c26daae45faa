"""Columns compared by codes: texts by their places among distinct ones, rows by numbers made of their ids."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
NULL: Final = -2
"""The code of null where columns are compared, which equals only itself."""

MOST: Final = 2**62


def coded(values: pa.Array) -> pa.DictionaryArray:
    """A column of texts with each distinct one stored once."""
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def plain(values: pa.Array) -> pa.Array:
    """A column of texts in full."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def places_in(values: pa.Array, known: pa.Array) -> Places:
    """The place of each text among known ones, each of which appears once; -1 if it is not among them or is null."""
    texts = coded(values)
    found = pc.fill_null(pc.index_in(texts.dictionary, value_set=plain(known), skip_nulls=True), -1)
    place: Places = np.append(found.to_numpy(), -1).astype(np.int64)[texts.indices.fill_null(-1).to_numpy()]
    return place


def find(keys: Places, among: Places) -> Places:
    """For each key, its first index among others, or -1 if it is not among them or is negative."""
    if not len(among):
        return np.full(len(keys), -1, dtype=np.int64)
    order = None if (among[1:] >= among[:-1]).all() else np.argsort(among, kind="stable")
    ordered = among if order is None else among[order]
    at = np.searchsorted(ordered, keys).clip(max=len(ordered) - 1)
    there = (ordered[at] == keys) & (keys >= 0)
    found: Places = np.where(there, at if order is None else order[at], -1)
    return found


def take(values: pa.Array, places: Places) -> pa.Array:
    """The values at some indices, null at -1."""
    return values.take(pa.array(places, mask=places < 0))


def differs(one: pa.Array, other: pa.Array) -> Flags:
    """Where two columns differ; null differs from every value but equals null."""
    kind = one.type
    if pa.types.is_list(kind):
        return _lists_differ(one, other)
    if pa.types.is_struct(kind):
        pairs = zip(one.flatten(), other.flatten(), strict=True)
        fields: Flags = np.logical_or.reduce([differs(a, b) for a, b in pairs])
        return fields
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return _texts_differ(coded(one), coded(other))
    unequal = pc.fill_null(pc.not_equal(one, other), pa.scalar(value=False))
    found: Flags = pc.or_(unequal, pc.xor(pc.is_null(one), pc.is_null(other))).to_numpy(zero_copy_only=False)
    return found


def _texts_differ(one: pa.DictionaryArray, other: pa.DictionaryArray) -> Flags:
    same = pc.fill_null(pc.index_in(one.dictionary, value_set=other.dictionary), -1)
    first = np.append(same.to_numpy(), NULL)[one.indices.fill_null(-1).to_numpy()]
    second = np.append(np.arange(len(other.dictionary)), NULL)[other.indices.fill_null(-1).to_numpy()]
    found: Flags = first != second
    return found


def _lists_differ(one: pa.Array, other: pa.Array) -> Flags:
    lengths, others = (pc.fill_null(pc.list_value_length(values), NULL).to_numpy() for values in (one, other))
    unequal: Flags = lengths != others
    alike = ~unequal & (lengths > 0)
    kept = pa.array(alike)
    row = np.flatnonzero(alike).repeat(lengths[alike])
    unequal[row[differs(one.filter(kept).flatten(), other.filter(kept).flatten())]] = True
    return unequal


def equals(values: pa.Array, value: str) -> Flags:
    """Where a column of texts has a value."""
    found: Flags = places_in(values, pa.array([str(value)], pa.string())) == 0
    return found


def descends(keys: list[Places]) -> Flags:
    """Which rows come after one that they belong before, by sort keys, the most significant first; never the first."""
    size = len(keys[0])
    found = np.zeros(size, dtype=bool)
    for key in reversed(keys):
        found[1:] = (key[1:] < key[:-1]) | ((key[1:] == key[:-1]) & found[1:])
    return found


def is_valid(values: pa.Array) -> Flags:
    """Where a column has a value."""
    found: Flags = values.is_valid().to_numpy(zero_copy_only=False)
    return found


def numbers_of(values: pa.Array) -> npt.NDArray[Any]:
    """A column of numbers or truth values that has no nulls."""
    found: npt.NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return found


def alphabetical(values: pa.Array) -> Places:
    """The places of texts in alphabetical order, equal ones alike."""
    texts = coded(values)
    ranks = pc.rank(texts.dictionary, tiebreaker="dense").to_numpy().astype(np.int64)
    found: Places = ranks[texts.indices.to_numpy()]
    return found


def row_numbers(columns: list[pa.Array]) -> Places:
    """A number for each row, the same for rows with the same values in all columns of texts and integers."""
    total, most = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        is_text = pa.types.is_dictionary(column.type) or pa.types.is_string(column.type)
        place = (coded(column) if is_text else column.dictionary_encode()).indices.fill_null(-1).to_numpy() + 1
        size = int(place.max(initial=0)) + 1
        if most > MOST // size:
            distinct, total = np.unique(total, return_inverse=True)
            most = len(distinct)
        total, most = total * size + place, most * size
    return total
