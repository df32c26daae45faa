"""The values of a column, in how many rows each occurs and where, so that all unexpected ones can be named."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.stats.counting import as_text

SHOWN: Final = 10
"""How many values a message names."""
VALUE, ROWS, FIRST = "value", "rows", "first"


class Found(NamedTuple):
    """A value, in how many rows it occurs, and the first of them, counted from 1; None if rows have no order."""

    value: str | None
    rows: int
    first: int | None

    @property
    def brief(self) -> str:
        """The value, and in how many rows it occurs."""
        came = "no value" if self.value is None else repr(self.value)
        return came + (f" (in {self.rows} rows)" if self.rows > 1 else "")

    def __str__(self) -> str:
        """The value, and where it occurs."""
        came = "no value" if self.value is None else repr(self.value)
        if self.first is None:
            return f"{came} in {self.rows} {'row' if self.rows == 1 else 'rows'}"
        return f"{came} in row {self.first}" + (f" and {self.rows - 1} more" if self.rows > 1 else "")


def in_array(array: pa.Array) -> list[Found]:
    """The values of an Arrow array of text, in the order of their first rows."""
    coded = array.dictionary_encode(null_encoding="encode")
    number, first, rows = np.unique(coded.indices.to_numpy(zero_copy_only=False), return_index=True, return_counts=True)
    found = zip(coded.dictionary.take(pa.array(number)).to_pylist(), rows.tolist(), first.tolist(), strict=True)
    return sorted((Found(value, n, row + 1) for value, n, row in found), key=lambda value: value.first or 0)


def in_frame(frame: Any, column: str) -> list[Found]:
    """The values of a column of any dataframe that Narwhals supports, as text; runs where the data is.

    Raises:
        UnknownNameError: there is no such column.
    """
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    known = nw.from_native(frame)
    if column not in (there := known.collect_schema().names()):
        raise UnknownNameError(column, "column of the table", there)
    is_ordered = isinstance(known, nw.DataFrame)
    rows = known.with_row_index(FIRST).lazy() if is_ordered else known.with_columns(nw.lit(0).alias(FIRST))
    texts = rows.select(as_text(column).alias(VALUE), nw.col(FIRST))
    counted = texts.group_by(VALUE).agg(nw.len().alias(ROWS), nw.col(FIRST).min()).collect()
    found = [
        Found(value if isinstance(value, str) else None, n, first + 1 if is_ordered else None)
        for value, n, first in counted.select(VALUE, ROWS, FIRST).rows()
    ]
    return sorted(found, key=lambda value: (value.first or 0, str(value.value)))


def faults(unknown: Iterable[Found], expected: Callable[[str | None], str]) -> list[str]:
    """What is wrong with each value and what is expected instead, one line per value; the rest is counted last."""
    found = list(unknown)
    said = [f"{value}, {expected(value.value)}" for value in found[:SHOWN]]
    return said + ([f"and {len(found) - SHOWN} more, {expected(found[SHOWN].value)}"] if found[SHOWN:] else [])


def refuse_missing(frame: Any, columns: Sequence[str]) -> None:
    """Check that no value is missing in the given columns of a dataframe.

    Raises:
        KazstanceError: values are missing; the message counts them by column.
    """
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    native = nw.from_native(frame)
    missing = native.lazy().select(
        *(nw.col(name).is_null().cast(nw.Int64).sum().alias(f"{i}") for i, name in enumerate(columns))
    )
    counts = dict(zip(columns, missing.collect().rows()[0], strict=True))
    said = [
        f"column {name!r} has no value in {n} {'row' if n == 1 else 'rows'}, expected one in each"
        for name, n in counts.items()
        if n
    ]
    if said:
        raise KazstanceError("; ".join(said))
