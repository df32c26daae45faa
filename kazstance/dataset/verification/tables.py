"""The tables of a dataset side by side: rows found by key, and rows named in problems."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.folder import DatasetFolder
from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.columns import Flags, Places, coded, numbers_of, places_in, plain
from kazstance.dataset.verification.findings import SHOWN, Finding
from kazstance.schema.records import TABLES

WIDTH: Final = 80
HOLDER: Final = "holder"
KNOWN: Final = {
    **dict.fromkeys(
        ("sentence_id", "sentence_a", "sentence_b", "duplicate_of", "copy_of"), ("sentences", "sentence_id")
    ),
    **dict.fromkeys(("target_id", "other_target_id"), ("targets", "target_id")),
    **dict.fromkeys(("source_id", "source_a", "source_b"), ("sources", "source_id")),
    "document_id": ("documents", "document_id"),
    **dict.fromkeys(("annotator_id", "adjudicator"), ("annotators", "annotator_id")),
}
"""Columns with ids, and the column that has each id once."""


@dataclass(frozen=True)
class Tables:
    """Tables of a dataset, or the rows of some of its sentences, each with its split as a column."""

    folder: DatasetFolder
    rows: Mapping[str, pa.Table]

    def column(self, table: str, name: str) -> pa.Array:
        """A column of a table."""
        return self.rows[table][name].combine_chunks()

    def texts(self, table: str, name: str) -> pa.Array:
        """A column of texts in full."""
        return plain(self.column(table, name))

    def numbers(self, table: str, name: str) -> npt.NDArray[Any]:
        """A column of numbers or truth values that has no nulls."""
        return numbers_of(self.column(table, name))

    def codes(self, table: str, name: str) -> Places:
        """A column of ids as the places of the rows that they identify; -1 where there is no such row, or no id.

        Holders are counted from 1; 0 is the speaker of the sentence, as it is for all rows of a table without holders.
        """
        if name == HOLDER:
            size = self.rows[table].num_rows
            has_holders = HOLDER in self.rows[table].column_names
            return places_in(self.column(table, name), self.holders) + 1 if has_holders else np.zeros(size, np.int64)
        other, column = KNOWN[name]
        return places_in(self.column(table, name), self.column(other, column))

    @cached_property
    def holders(self) -> pa.Array:
        """All holders, in alphabetical order."""
        found = (
            coded(self.column(table, HOLDER)).dictionary
            for table, rows in self.rows.items()
            if HOLDER in rows.column_names
        )
        names = pa.chunked_array(found, pa.string()).unique()
        return names.take(pc.array_sort_indices(names))

    def key(self, table: str, columns: Sequence[str]) -> Places:
        """Some columns of ids as one number, -1 where one of them has no row that it identifies."""
        total = np.zeros(self.rows[table].num_rows, dtype=np.int64)
        missing = np.zeros(len(total), dtype=bool)
        for name in columns:
            codes = self.codes(table, name)
            missing |= codes < 0
            total = total * self._size(name) + codes
        total[missing] = -1
        return total

    def _size(self, name: str) -> int:
        """How many codes a column may have."""
        return len(self.holders) + 1 if name == HOLDER else self.rows[KNOWN[name][0]].num_rows

    def faults(self, table: str, wrong: Flags, message: str) -> Iterator[Finding]:
        """The wrong rows of a table, by file and key, with what is wrong with them.

        Args:
            table: the table.
            wrong: whether each row is wrong, shape (rows,).
            message: what is wrong with them.
        """
        yield from self._named(table, wrong, message, lambda _: message)

    def differences(
        self, table: str, column: str, wrong: Flags, expected: Sequence[Any] | npt.NDArray[Any], why: str
    ) -> Iterator[Finding]:
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

        yield from self._named(table, wrong, f"{column} {why}", said)

    def _named(self, table: str, wrong: Flags, kind: str, message: Callable[[int], str]) -> Iterator[Finding]:
        places = np.flatnonzero(wrong)
        if len(places):
            lines = tuple(self._line(table, place, message(place)) for place in map(int, places[:SHOWN]))
            yield Finding(str(self.folder.path / table), kind, lines, len(places))

    def _line(self, table: str, place: int, message: str) -> str:
        row = self.rows[table].slice(place, 1).to_pylist()[0]
        key = " ".join(str(row[name]) for name in TABLES[table].key if row[name] is not None)
        return f"{self.folder.file(table, row[SPLIT])}: {key}: {message}"


def _shown(value: Any) -> str:
    """A value of a column as Python writes it, shortened."""
    text = repr(value.as_py() if isinstance(value, pa.Scalar) else value.item() if hasattr(value, "item") else value)
    return text if len(text) <= WIDTH else f"{text[:WIDTH]}…"
