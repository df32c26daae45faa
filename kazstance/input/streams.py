"""Rows as a stream that can be read again and again: few at a time, only the columns that are asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from kazstance.errors import UnknownNameError

BATCH = 65_536
"""Number of rows of a batch of a table in memory."""


@dataclass(frozen=True)
class Stream:
    """Rows under a name, which messages use, with the schema of all their columns.

    `read` gives batches with the columns that are asked for, in this order. `first_line` is the line of the first row
    in a file with a line for each row, otherwise None; `notes` say what was detected in the file.
    """

    name: str
    schema: pa.Schema
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]] = field(repr=False)
    first_line: int | None = None
    notes: tuple[str, ...] = ()

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
                raise UnknownNameError(name, f"column of {self.name}", self.columns)


def stream_table(name: str, table: pa.Table, first_line: int | None = None, notes: Sequence[str] = ()) -> Stream:
    """A table in memory as a stream.

    Args:
        name: what messages call it.
        table: the rows.
        first_line: the line of the first row, if rows are lines.
        notes: what was detected.
    """
    return Stream(name, table.schema, lambda names: _batches(table, names), first_line, tuple(notes))


def _batches(table: pa.Table, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    if names:
        yield from table.select(list(names)).to_batches(max_chunksize=BATCH)
