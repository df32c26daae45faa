"""Counts of any dataframe by categorical columns: what all figures are computed from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
LARGEST: Final = 2**62
"""More combinations than this have no number of their own."""
DENSE: Final = 1 << 16
"""Up to so many combinations, or as many as there are rows, each has a place in an array."""
HELD: Final = 20_000_000
"""Rows of an engine that are held here, to count more combinations than it is quick to group by text."""


class Tally(NamedTuple):
    """A count by some columns: the sorted values of each as text, codes into them, and the rows of each combination.

    Shapes: `codes` (combinations, columns), in ascending order of the first column, then the second, and so on; `rows`
    (combinations,). A missing value is read as an empty string; `gaps` has the rows that lack a value, by column.
    """

    values: list[list[str]]
    codes: Codes
    rows: Floats
    gaps: list[int]


def tally(frame: Any, columns: Sequence[str]) -> tuple[list[tuple[Any, ...]], Floats]:
    """The combinations of values that occur in the given columns, sorted, and how many rows have each.

    Runs where the data is: any dataframe that Narwhals supports (Arrow, pandas, Polars, DuckDB, Dask, Spark).

    Returns:
        The combinations, and their counts in the same order.
    """
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    keys = [f"key_{i}" for i in range(len(columns))]  # a column may have any name, `rows` too
    read = (
        nw.from_native(frame).lazy().select(*(nw.col(name).alias(key) for name, key in zip(columns, keys, strict=True)))
    )
    counted = read.group_by(*keys).agg(nw.len().alias("rows")).collect()
    values = counted.select(*keys, "rows").to_arrow().columns  # where every engine has the same missing value
    rows = sorted(zip(*(each.to_pylist() for each in values), strict=True), key=lambda row: tuple(map(_order, row)))
    return [row[:-1] for row in rows], np.array([row[-1] for row in rows], dtype=np.float64)


def tally_codes(frame: Any, columns: Sequence[str], weight: str | None = None, *, few: bool = True) -> Tally:
    """The same count for many combinations, with all values as text.

    Engines count where the data is if there are few combinations, or more rows than are held here. Tables of Arrow and
    pandas, whose own counting is slow, are counted by code.

    Args:
        frame: the rows.
        columns: the columns.
        weight: a column of whole numbers that says for how many rows a row stands; by default, for one.
        few: whether many rows share a combination.
    """
    if _is_coded(frame, columns):
        return _tally_coded([_coded(frame[name]) for name in columns], _weights(frame, weight))
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    known = nw.from_native(frame)
    schema = known.collect_schema()
    engine = known.implementation
    keys = [f"key_{i}" for i in range(len(columns))]  # a column may have any name, `rows` too
    read = known.select(
        *(_comparable(name, schema[name], engine).alias(key) for name, key in zip(columns, keys, strict=True)),
        *([nw.col(weight).alias("weight")] if weight else []),
    )
    chosen = weight and "weight"
    if isinstance(read, nw.DataFrame) and engine in (nw.Implementation.PYARROW, nw.Implementation.PANDAS):
        return _tally_coded([_coded(read[key].to_arrow()) for key in keys], _weights(read, chosen))
    is_slow = not few and engine in (nw.Implementation.DUCKDB, nw.Implementation.POLARS)
    if is_slow and known.lazy().select(nw.len()).collect().item() <= HELD:
        held = read.lazy().collect("pyarrow")
        return _tally_coded([_coded(held[key].to_arrow()) for key in keys], _weights(held, chosen))
    rows = nw.col("weight").sum() if weight else nw.len()
    counted = read.lazy().group_by(*keys).agg(rows.alias("rows"))
    is_text = [schema[name] == nw.String or _is_spelled_differently(schema[name]) for name in columns]
    texts = ((nw.col(key) if text else as_text(key)).alias(key) for key, text in zip(keys, is_text, strict=True))
    found = counted.select(*texts, "rows").collect().to_arrow()
    return _tally_coded([_coded(column) for column in found.columns[:-1]], found["rows"].to_numpy().astype(np.float64))


def _weights(frame: Any, weight: str | None) -> Floats | None:
    """For how many rows each row stands, if a column says it."""
    return None if weight is None else np.asarray(frame[weight].to_numpy(), dtype=np.float64)


def _is_coded(frame: Any, columns: Sequence[str]) -> bool:
    """Whether a frame is an Arrow table whose columns are coded, so that no dataframe library is needed."""
    import pyarrow as pa  # noqa: PLC0415  # loaded where it is used

    return isinstance(frame, pa.Table) and all(
        pa.types.is_dictionary(frame.schema.field(name).type) for name in columns
    )


def _comparable(column: str, kind: Any, engine: nw.Implementation) -> nw.Expr:
    """A column as it is, or as text where engines write values differently; Polars hashes each text once if told to."""
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    if kind == nw.String and engine is nw.Implementation.POLARS:
        return nw.col(column).cast(nw.Categorical)
    return plain_text(column, kind) if _is_spelled_differently(kind) else nw.col(column)


class _Coded(NamedTuple):
    """A column as codes into its sorted values as text, and which rows have none."""

    values: list[str]
    codes: Codes
    is_gap: npt.NDArray[np.bool_]


def _coded(column: Any) -> _Coded:
    """An Arrow column as codes; a missing value is an empty string."""
    import pyarrow as pa  # noqa: PLC0415  # loaded where it is used

    chunks = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not pa.types.is_dictionary(chunks.type):
        chunks = chunks.dictionary_encode()
    if not chunks.num_chunks:  # which older versions of Arrow cannot combine
        chunks = pa.chunked_array([pa.array([], pa.string()).dictionary_encode()])
    coded = chunks.unify_dictionaries().combine_chunks()
    names = [*coded.dictionary.cast(pa.string()).to_pylist(), None]
    values = sorted({name or "" for name in names})
    rank = {name: i for i, name in enumerate(values)}
    place: npt.NDArray[Any] = np.array([rank[name or ""] for name in names], dtype=np.int32)
    indices = coded.indices.fill_null(len(names) - 1) if coded.indices.null_count else coded.indices
    codes, lacks = _numbers(indices), np.array([name is None for name in names], dtype=bool)
    is_gap = lacks.take(codes) if coded.indices.null_count or lacks[:-1].any() else np.zeros(0, dtype=bool)
    return _Coded(values, place.take(codes), is_gap)


def _numbers(indices: Any) -> npt.NDArray[Any]:
    """The numbers of an Arrow array without gaps; its own `to_numpy` would import pandas."""
    content = indices.buffers()[1]
    whole = np.frombuffer(content, np.dtype(indices.type.to_pandas_dtype())) if len(indices) else np.zeros(0, np.intp)
    found: npt.NDArray[Any] = whole[indices.offset : indices.offset + len(indices)]
    return found


def _tally_coded(columns: Sequence[_Coded], weights: Floats | None = None) -> Tally:
    """A count of columns, of which each row counts once or with a weight."""
    sizes = [len(column.values) for column in columns]
    found, rows = _combinations([column.codes for column in columns], sizes, weights)
    gaps = [_weight(column.is_gap, weights) for column in columns]
    values = []
    for at, column in enumerate(columns):
        occurs = np.bincount(found[:, at], minlength=sizes[at]) > 0
        if not occurs.all():
            found[:, at] = (np.cumsum(occurs) - 1)[found[:, at]]
        values.append([name for name, is_there in zip(column.values, occurs, strict=True) if is_there])
    return Tally(values, found, rows, gaps)


def _weight(chosen: npt.NDArray[np.bool_], weights: Floats | None) -> int:
    if weights is None or not len(chosen):
        return int(chosen.sum())
    return round(float(weights[chosen].sum()))


def _combinations(columns: Sequence[Codes], sizes: Sequence[int], weights: Floats | None) -> tuple[Codes, Floats]:
    """The combinations of codes that occur, sorted, of shape (combinations, columns), and the rows of each."""
    if not len(columns[0]):
        return np.empty((0, len(columns)), dtype=np.intp), np.zeros(0)
    if (bound := math.prod(sizes)) >= LARGEST:
        found, which = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        rows = sums(which.ravel(), np.ones(len(columns[0])) if weights is None else weights, len(found))
        return found.astype(np.intp), rows
    key = columns[0].astype(np.int64)
    for codes, size in zip(columns[1:], sizes[1:], strict=True):
        key *= size
        key += codes
    keys, rows = _counted(key, bound, weights)
    found = np.empty((len(keys), len(columns)), dtype=np.intp, order="F")  # columns are read one by one
    for at in range(len(sizes) - 1, 0, -1):
        keys, found[:, at] = np.divmod(keys, sizes[at])
    found[:, 0] = keys
    return found, rows


def _counted(key: npt.NDArray[np.int64], bound: int, weights: Floats | None) -> tuple[Codes, Floats]:
    """The distinct numbers among some below a bound, sorted, and how often each occurs, or its weight."""
    if bound <= max(DENSE, len(key)):
        dense = np.bincount(key, weights, bound)
        keys = np.flatnonzero(dense)
        return keys, dense[keys].astype(np.float64)
    if weights is None:
        key.sort()
        starts = _starts(key)
        return key[starts], np.diff(starts, append=len(key)).astype(np.float64)
    key, weights = _sorted(key, bound, weights)
    starts = _starts(key)
    return key[starts], weights if len(starts) == len(key) else np.add.reduceat(weights, starts)


def _sorted(key: npt.NDArray[np.int64], bound: int, weights: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Numbers below a bound in ascending order, with their whole weights; sorted as one number where both fit in."""
    most = int(weights.max(initial=0)) + 1
    if bound * most > np.iinfo(np.int64).max:
        order = np.argsort(key)
        return key[order], weights[order]
    key *= most
    key += weights.astype(np.int64)
    key.sort()
    sorted_weights = np.empty_like(weights)
    np.divmod(key, most, out=(key, sorted_weights), casting="unsafe")
    return key, sorted_weights


def _starts(ascending: npt.NDArray[np.int64]) -> Codes:
    """Where each run of equal numbers begins."""
    return np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))


def distinct(numbers: npt.NDArray[np.int64]) -> tuple[Codes, Codes]:
    """The distinct numbers, sorted, and the index of each entry's number among them."""
    if len(numbers) and (numbers[1:] >= numbers[:-1]).all():  # as tallies are
        starts = _starts(numbers)
        is_new = np.zeros(len(numbers), dtype=np.intp)
        is_new[starts[1:]] = 1
        return numbers[starts].astype(np.intp, copy=False), np.cumsum(is_new)
    values, at = np.unique(numbers, return_inverse=True)
    return values.astype(np.intp, copy=False), at.ravel()


def as_text(column: str) -> nw.Expr:
    """A column as text; missing values stay missing, where pandas would write `nan`."""
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    return nw.when(~nw.col(column).is_null()).then(nw.col(column).cast(nw.String))


def plain_text(column: str, kind: Any) -> nw.Expr:
    """A column as text that is the same in every engine: whole numbers without decimals, truth values in lower case."""
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    value = nw.col(column)
    if kind == nw.Boolean:
        return nw.when(value).then(nw.lit("true")).otherwise(nw.when(~value).then(nw.lit("false")))
    if kind == nw.Object:  # pandas: values of several types, or truth values with gaps
        text = as_text(column)
        return (
            nw.when(text == "True")
            .then(nw.lit("true"))
            .otherwise(nw.when(text == "False").then(nw.lit("false")).otherwise(text))
        )
    if _is_spelled_differently(kind):
        is_number = ~value.is_null() & value.is_finite()
        is_whole = is_number & (value == value.round(0)) & (value.abs() < 2**53)
        whole = nw.when(is_whole).then(value).otherwise(0.0).cast(nw.Int64).cast(nw.String)
        return nw.when(is_whole).then(whole).otherwise(nw.when(is_number).then(value.cast(nw.String)))
    return as_text(column)


def text_of(frame: Any, column: str) -> nw.Expr:
    """A column of a frame as the text under which it is counted."""
    return plain_text(column, frame.collect_schema()[column])


def plain_value(value: Any) -> str | None:
    """A single value as that text; None stays None."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else str(value)


def _is_spelled_differently(kind: Any) -> bool:
    """Whether engines write values of a type differently."""
    import narwhals as nw  # noqa: PLC0415  # loaded where it is used

    return bool(kind in (nw.Boolean, nw.Float32, nw.Float64, nw.Object))


def sums(at: Codes, values: Floats, n: int) -> Floats:
    """The sum of the values at each of n indices, shape (n,).

    Args:
        at: for each value a number from 0 to n - 1, shape (values,).
        values: shape (values,).
        n: how many numbers there are.
    """
    found: Floats = np.bincount(at, values, n).astype(np.float64, copy=False)
    return found


def numbered(names: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """The distinct names, sorted, and the index of each entry's name among them."""
    values, numbers = np.unique(np.array(names, dtype=str), return_inverse=True)
    return tuple(values.tolist()), numbers.astype(np.intp)


def runs(first: Codes, n: Codes) -> Codes:
    """Numbers that follow each other, one run after another.

    Args:
        first: the first number of each run, shape (runs,).
        n: how many numbers each run has.

    Returns:
        Shape (numbers,).
    """
    found: Codes = np.repeat(first - (np.cumsum(n) - n), n) + np.arange(n.sum())
    return found


def _order(value: Any) -> tuple[bool, str, Any]:
    """A sort key for values of mixed types, null first."""
    return value is not None, type(value).__name__, value if value is not None else 0
