"""A table together with what its columns and labels mean, for programs that keep both in one file."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import KazstanceError


@dataclass(frozen=True)
class Described:
    """Rows, in which label columns hold numbers or null."""

    rows: pa.Table
    title: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """What a column means, by its name."""
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The names of the labels of a column, in the order of their numbers."""

    def flat(self) -> "Described":
        """The same with plain columns only: lists and structures become JSON, truth values 0 and 1 with names."""
        columns = [_flat(column) for column in self.rows.columns]
        names = self.rows.column_names
        truths = {name: ("no", "yes") for name in names if pa.types.is_boolean(self.rows[name].type)}
        return Described(pa.table(columns, names), self.title, self.about, {**self.labels, **truths})

    def check_texts(self, most: int, length: Callable[[pa.ChunkedArray], pa.ChunkedArray], unit: str) -> None:
        """Check that no text is too long to be written whole.

        Args:
            most: maximum length of a text.
            length: the lengths of the texts of a column.
            unit: what is counted, and which program has the limit: `bytes, and SPSS`.

        Raises:
            KazstanceError: a text is longer; the column and the row, counted from 1, are named.
        """
        for name, column in zip(self.rows.column_names, self.rows.columns, strict=True):
            if pa.types.is_string(column.type):
                sizes = length(column)
                if (size := pc.max(sizes).as_py() or 0) > most:
                    place = f"{name}: row {pc.index(sizes, size).as_py() + 1} has {size:,} {unit}"
                    raise KazstanceError(f"{place} holds at most {most:,}; export it as Parquet or CSV")


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_nested(kind):
        texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if pa.types.is_boolean(kind):
        return column.cast(pa.int64())
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type)
    return pc.cast(column, pa.string()) if pa.types.is_temporal(kind) else column


def sample_values(names: Sequence[Any]) -> str:
    """The names of labels with their numbers: `0 against, 1 neutral`."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(names))
