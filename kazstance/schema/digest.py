"""The identity of data: digests of canonical columns and of sentences, never of file bytes."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

RUN: Final = 65_536
"""Number of rows that are digested at a time; part of the definition of a digest."""
THREADS: Final = 2


def table_digest(rows: pa.Table) -> str:
    """SHA-256 over the digests of consecutive runs of 65,536 rows, however the rows are stored.

    The digest of a run is SHA-256 over its columns in their order, each as its name in UTF-8, a line feed and its
    values: one byte per value for presence; integers and truth values as int64 and numbers as float64, little-endian,
    0 if absent; texts as the place of each among the distinct ones in order of appearance (int64), the length in
    bytes of each distinct one (int64), and those in UTF-8; lists as the length of each (int64), then the items;
    structures as their fields in order, like columns.

    Raises:
        ValueError: a number is not finite.
    """
    return runs_digest(rows.slice(start, RUN) for start in range(0, len(rows), RUN))


def runs_digest(runs: Iterable[pa.Table]) -> str:
    """The digest of a table that comes as its consecutive runs of 65,536 rows, of which few are held at a time.

    Raises:
        ValueError: a number is not finite.
    """
    digest = hashlib.sha256()
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for run in runs:
            waiting.append(pool.submit(_run_digest, run))
            if len(waiting) > THREADS:
                digest.update(waiting.popleft().result())
        for found in waiting:
            digest.update(found.result())
    return digest.hexdigest()


class TableDigest:
    """The same digest for rows that come in parts of any size."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._rest: list[pa.Table] = []
        self._n_rest = 0

    def update(self, rows: pa.Table) -> None:
        """Add rows.

        Raises:
            ValueError: a number is not finite.
        """
        self._rest.append(rows)
        self._n_rest += len(rows)
        if self._n_rest >= RUN:
            there = pa.concat_tables(self._rest)
            whole = len(there) - len(there) % RUN
            for start in range(0, whole, RUN):
                self._digest.update(_run_digest(there.slice(start, RUN)))
            self._rest, self._n_rest = [there.slice(whole)], len(there) - whole

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        digest = self._digest.copy()
        if self._n_rest:
            digest.update(_run_digest(pa.concat_tables(self._rest)))
        return digest.hexdigest()


def _run_digest(rows: pa.Table) -> bytes:
    digest = hashlib.sha256()
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        for part in _column(name, column.combine_chunks()):
            digest.update(part)
    return digest.digest()


def _column(name: str, values: pa.Array) -> Iterator[Any]:
    yield f"{name}\n".encode()
    yield from _values(values)


def _values(values: pa.Array) -> Iterator[Any]:
    """The parts of a column without its name."""
    kind = values.type
    yield _numbers(values.is_valid(), np.uint8) if values.null_count else np.ones(len(values), np.uint8)
    if pa.types.is_list(kind):
        yield _numbers(pc.fill_null(pc.list_value_length(values), 0), np.int64)
        yield from _values(values.flatten())
    elif pa.types.is_struct(kind):
        for field, inner in zip(kind, values.flatten(), strict=True):
            yield from _column(field.name, inner)
    elif pa.types.is_floating(kind):
        numbers = _numbers(pc.fill_null(values, 0.0), np.float64)
        if not np.isfinite(numbers).all():
            raise ValueError("a number is not finite; expected finite numbers only")
        yield numbers
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        yield _numbers(pc.fill_null(values.cast(pa.int64()), 0), np.int64)
    else:
        yield from _texts(values)


def _texts(values: pa.Array) -> Iterator[Any]:
    """The places, lengths and bytes of texts."""
    coded = _encoded(values)
    place, distinct = _in_order(_numbers(pc.fill_null(coded.indices, -1), np.int64), coded.dictionary)
    yield place
    plain = distinct.cast(pa.large_string())
    yield _numbers(pc.binary_length(plain), np.int64)
    yield _bytes(plain)


def _encoded(values: pa.Array) -> pa.DictionaryArray:
    """Texts by their places in a dictionary in which each occurs once."""
    if not pa.types.is_dictionary(values.type):
        return values.dictionary_encode()
    is_distinct = not values.dictionary.null_count and len(values.dictionary.unique()) == len(values.dictionary)
    return values if is_distinct else values.dictionary_decode().dictionary_encode()


def _bytes(texts: pa.LargeStringArray) -> memoryview:
    """The bytes of texts, one after the other."""
    _, ends, content = texts.buffers()
    places = memoryview(ends).cast("q")[texts.offset : texts.offset + len(texts) + 1] if len(texts) else (0, 0)
    return memoryview(content or b"")[places[0] : places[-1]]


def _in_order(place: npt.NDArray[np.int64], texts: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Places among the distinct texts in order of appearance, and those texts."""
    first = np.full(len(texts) + 1, len(place))  # the last item is for absent ones, whose place is -1
    first[place[::-1]] = np.arange(len(place))[::-1]  # of several places, the one assigned last stays: the first
    first = first[:-1]
    if (first < len(place)).all() and (first[1:] > first[:-1]).all():
        return place, texts
    found = np.flatnonzero(first < len(place))
    order = found[np.argsort(first[found], kind="stable")]
    number = np.full(len(texts) + 1, -1, np.int64)
    number[order] = np.arange(len(order))
    return number[place], texts.take(pa.array(order))


def _numbers(values: pa.Array, kind: Any) -> npt.NDArray[Any]:
    return np.ascontiguousarray(values.to_numpy(zero_copy_only=False), np.dtype(kind).newbyteorder("<"))


def pairs_hash(pairs: Iterable[tuple[str, str]]) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of pairs of sentence and target, in any order."""
    return text_hash("\n".join(sorted(f"{sentence} {target}" for sentence, target in pairs)))


def text_hash(text: str) -> str:
    """The first 12 hexadecimal digits of a text's SHA-256: how a judgement identifies the text it judged."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
