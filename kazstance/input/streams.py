"""Rows as a stream that can be read again and again: few at a time, only the columns that are asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.spelling import Spelling

BATCH = 65_536
"""Number of rows of a batch of a table in memory."""


@dataclass(frozen=True)
class Stream:
    """Rows under a name, which messages use, with the schema of all their columns.

    `read` gives batches with the columns that are asked for, in this order. `first_line` is the line of the first row
    in a file with a line for each row, otherwise None; `notes` say what was detected in the file, and `advice` what to
    do if a column is missing.
    """

    name: str
    schema: pa.Schema
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]] = field(repr=False)
    first_line: int | None = None
    notes: tuple[str, ...] = ()
    advice: str = ""

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        names: list[str] = self.schema.names
        return names

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows, with all or some columns."""
        names = self.columns if columns is None else list(columns)
        schema = pa.schema([self.schema.field(name) for name in names], self.schema.metadata)
        return pa.Table.from_batches(self.read(names) if names else [], schema)

    def check_columns(self, names: Sequence[str]) -> None:
        """Check that there are certain columns.

        Raises:
            UnknownNameError: one is missing; the message lists the existing columns.
        """
        for name in names:
            if name not in self.columns:
                raise UnknownNameError(name, f"column of {self.name}", self.columns, self.advice or self._nested(name))

    def check_label(self, name: str, spelling: Spelling) -> None:
        """Check that the name of the column of labels is not a label itself, from a first row taken for a header.

        Raises:
            KazstanceError: it is.
        """
        if self.advice and spelling.label(name):
            raise KazstanceError(f"{self.name}: the column {name!r} is named as a label is; {self.advice}")

    def _nested(self, name: str) -> str:
        """What to do about a column that is a field of the records in another one."""
        for field in self.schema:  # noqa: F402  # a field of Arrow
            inner = field.type.value_type if pa.types.is_list(field.type) else field.type
            if pa.types.is_struct(inner) and inner.get_field_index(name) >= 0:
                remedy = f"for example with pandas.json_normalize(data, {field.name!r}, […])"
                return f"{name!r} is inside the records in {field.name!r}: write a row for each of them first, {remedy}"
        return ""


def stream_table(name: str, table: pa.Table) -> Stream:
    """A table in memory as a stream; `name` is what messages call it."""
    return Stream(name, table.schema, partial(_batches, table))


def _batches(table: pa.Table, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    if names:
        yield from table.select(list(names)).to_batches(max_chunksize=BATCH)
