"""Columns of a stream as whole numbers: codes of their values, and hashes to compare rows by."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import Problem
from kazstance.input.arrays import as_numpy, number_array
from kazstance.input.streams import Stream
from kazstance.input.tables import as_text
from kazstance.input.values import Found

BETWEEN = "\x1f"
"""The separator between the parts of a key."""
Numbers = npt.NDArray[Any]
"""A whole number for each row, shape (rows,)."""
Codes = npt.NDArray[Any]
"""A whole number for each row, of as few bytes as suffice, shape (rows,)."""
Hasher = Callable[[pa.Array], Iterable[int]]
"""A function from texts to a number for each."""


class Coded(NamedTuple):
    """A column as codes, shape (rows,), into its values as text, in the order in which they first occur."""

    values: list[str | None]
    codes: Codes

    def found(self) -> list[Found]:
        """The values with how many rows have them, and the first of these."""
        counts = np.bincount(self.codes, minlength=len(self.values)).tolist()
        numbers, first = np.unique(self.codes, return_index=True)
        place = dict(zip(numbers.tolist(), first.tolist(), strict=True))
        return [Found(value, counts[i], place[i] + 1) for i, value in enumerate(self.values) if counts[i]]

    def blank(self) -> int:
        """The number of rows without a value, or with white space alone."""
        counts = np.bincount(self.codes, minlength=len(self.values))
        return int(sum(counts[i] for i, value in enumerate(self.values) if not (value or "").strip()))


class Read(NamedTuple):
    """The key of each row as a hash, the columns that were read, the number of rows, and whether each has a key."""

    keys: Numbers
    columns: dict[str, Coded]
    rows: int
    is_keyed: bool = True


def read_columns(stream: Stream, ids: Sequence[str], names: Sequence[str], problems: list[Problem]) -> Read:
    """The key of each row, from one column or several, and some columns as codes; missing keys are problems.

    Args:
        stream: the rows.
        ids: the columns of the key; without them, there are no keys.
        names: the columns that are read.
        problems: gets what is wrong.
    """
    wanted = list(dict.fromkeys([*ids, *names]))
    known: dict[str, dict[str | None, int]] = {name: {} for name in names}
    codes: dict[str, list[Codes]] = {name: [] for name in names}
    keys, missing, rows = [], 0, 0
    faulty: set[str] = set()
    for batch in stream.read(wanted or stream.columns[:1]):
        values = {name: _text(batch, name, faulty) for name in wanted}
        for name in names:
            codes[name].append(_codes(values[name], known[name]))
        if ids:
            key = values[ids[0]] if len(ids) == 1 else _joined([values[name] for name in ids])
            missing += key.null_count
            keys.append(hashes(key))
        rows += len(batch)
    for name in sorted(faulty):
        message = f"values of type {stream.schema.field(name).type}, expected text or numbers"
        problems.append(Problem(stream.name, None, name, message))
    if missing and not faulty & set(ids):
        message = f"rows without an id: {missing}, expected one in each row"
        problems.append(Problem(stream.name, None, ", ".join(ids), message))
    found = {name: Coded(list(known[name]), _whole(codes[name], np.int32)) for name in names}
    return Read(_whole(keys, np.int64), found, rows, not missing)


def hash_column(stream: Stream, name: str, hasher: Hasher | None = None) -> Numbers | None:
    """A hash of the value of each row; None if they are neither text nor numbers.

    Args:
        stream: the rows.
        name: the column.
        hasher: what hashes values; by default, equal texts alone have equal hashes.
    """
    found, faulty = [], set[str]()
    for batch in stream.read([name]):
        text = _text(batch, name, faulty)
        if faulty:
            return None
        found.append(hashes(text.fill_null("") if text.null_count else text, hasher))
    return _whole(found, np.int64)


def hashes(column: pa.Array, hasher: Hasher | None = None) -> Numbers:
    """A hash of each text, which is calculated once for each distinct one."""
    coded = column.dictionary_encode(null_encoding="encode")
    distinct = coded.dictionary
    numbers = map(hash, distinct.to_pylist()) if hasher is None else hasher(distinct)
    values = np.fromiter(numbers, np.int64, len(distinct))
    found: Numbers = values[as_numpy(coded.indices)]
    return found


def rows_at(stream: Stream, names: Sequence[str], rows: Sequence[int]) -> list[tuple[str, ...]]:
    """The values of some columns in some rows, as text; missing values are empty.

    Args:
        stream: the rows.
        names: the columns.
        rows: the numbers of the rows, from 0.
    """
    wanted, start = sorted(set(rows)), 0
    found: dict[int, tuple[str, ...]] = {}
    for batch in stream.read(names):
        inside = [row for row in wanted if start <= row < start + len(batch)]
        if inside:
            taken = batch.take(number_array(np.array(inside) - start))
            values = [_text(taken, name, set()).to_pylist() for name in names]
            found |= {row: tuple(column[i] or "" for column in values) for i, row in enumerate(inside)}
        start += len(batch)
    return [found[row] for row in rows]


def texts(stream: Stream, name: str) -> Iterator[pa.Array]:
    """The values of a column as text, batch by batch."""
    for batch in stream.read([name]):
        yield _text(batch, name, set())


def _text(batch: pa.RecordBatch, name: str, faulty: set[str]) -> pa.Array:
    """A column of a batch as text; if its values are neither text nor numbers, it is faulty and all are missing."""
    found = as_text(batch.column(batch.schema.names.index(name)))
    if found is None:
        faulty.add(name)
    return pa.nulls(len(batch), pa.string()) if found is None else found


def _joined(parts: Sequence[pa.Array]) -> pa.Array:
    return pc.binary_join_element_wise(*parts, BETWEEN)


def _codes(text: pa.Array, known: dict[str | None, int]) -> Codes:
    """The code of each text; new ones are added to those that are known."""
    coded = text.dictionary_encode(null_encoding="encode")
    numbers = [known.setdefault(value, len(known)) for value in coded.dictionary.to_pylist()]
    found: Codes = np.array(numbers, dtype=np.min_scalar_type(-len(known) - 1))[as_numpy(coded.indices)]
    return found


def _whole(parts: list[npt.NDArray[Any]], kind: type) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = np.concatenate(parts) if parts else np.zeros(0, dtype=kind)
    parts.clear()
    return found
