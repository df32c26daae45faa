"""All tables of a dataset at once: rows found by key, and rows named in problems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.folder import DatasetFolder
from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.findings import SHOWN
from kazstance.schema.records import TABLES

WIDTH: Final = 80
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tables:
    """The tables of a dataset, each in one piece, with its split as a column."""

    folder: DatasetFolder
    rows: Mapping[str, pa.Table]

    def column(self, table: str, name: str) -> pa.Array:
        """A column of a table."""
        return self.rows[table][name].combine_chunks()

    def numbers(self, table: str, name: str) -> npt.NDArray[Any]:
        """A column of numbers or truth values that has no nulls."""
        values: npt.NDArray[Any] = self.column(table, name).to_numpy(zero_copy_only=False)
        return values

    def key(self, table: str, columns: Sequence[str]) -> pa.Array:
        """Some columns of ids as one, null where one of them is null; no id contains a space."""
        return pc.binary_join_element_wise(*(self.column(table, name) for name in columns), " ")

    def faults(self, table: str, wrong: Flags, message: str) -> Iterator[str]:
        """The wrong rows of a table, by file and key, with what is wrong with them.

        Args:
            table: the table.
            wrong: whether each row is wrong, shape (rows,).
            message: what is wrong with them.
        """
        yield from self._named(table, wrong, lambda _: message)

    def differences(
        self, table: str, column: str, wrong: Flags, expected: Sequence[Any] | npt.NDArray[Any], why: str
    ) -> Iterator[str]:
        """The rows of a table that are wrong in a column, with what was found, what was expected, and why.

        Args:
            table: the table.
            column: the column.
            wrong: whether each row is wrong, shape (rows,).
            expected: the right value of each row, shape (rows,).
            why: what makes it right.
        """
        found = self.rows[table][column]

        def said(place: int) -> str:
            return f"{column} is {_shown(found[place])}, expected {_shown(expected[place])} {why}"

        yield from self._named(table, wrong, said)

    def _named(self, table: str, wrong: Flags, message: Callable[[int], str]) -> Iterator[str]:
        rows, places = self.rows[table], np.flatnonzero(wrong)
        for place in map(int, places[:SHOWN]):
            key = " ".join(str(rows[name][place]) for name in TABLES[table].key)
            yield f"{self.folder.file(table, str(rows[SPLIT][place]))}: {key}: {message(place)}"
        if len(places) > SHOWN:
            yield f"{self.folder.path / table}: and {len(places) - SHOWN} more like these"


def find(keys: pa.Array, among: pa.Array) -> Places:
    """For each key, its index among others, or -1 if it is not among them or is null."""
    places: Places = pc.fill_null(pc.index_in(keys, value_set=among, skip_nulls=True), -1).to_numpy().astype(np.int64)
    return places


def take(values: pa.Array, places: Places) -> pa.Array:
    """The values at some indices, null at -1."""
    return values.take(pa.array(places, mask=places < 0))


def differs(one: pa.Array, other: pa.Array) -> Flags:
    """Where two columns differ; null differs from every value but equals null."""
    if pa.types.is_nested(one.type):
        return np.array([a != b for a, b in zip(one.to_pylist(), other.to_pylist(), strict=True)], dtype=bool)
    unequal = pc.fill_null(pc.not_equal(one, other), pa.scalar(value=False))
    found: Flags = pc.or_(unequal, pc.xor(pc.is_null(one), pc.is_null(other))).to_numpy(zero_copy_only=False)
    return found


def equals(values: pa.Array, value: object) -> Flags:
    """Where a column has a value."""
    found: Flags = pc.fill_null(pc.equal(values, value), pa.scalar(value=False)).to_numpy(zero_copy_only=False)
    return found


def _shown(value: Any) -> str:
    """A value of a column as Python writes it, shortened."""
    text = repr(value.as_py() if isinstance(value, pa.Scalar) else value.item() if hasattr(value, "item") else value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"
