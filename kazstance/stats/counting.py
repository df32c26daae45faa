"""Counts of any dataframe by categorical columns: what all figures are computed from."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


def tally(frame: Any, columns: Sequence[str]) -> tuple[list[tuple[Any, ...]], Floats]:
    """The combinations of values that occur in the given columns, sorted, and how many rows have each.

    Runs where the data is: any dataframe that Narwhals supports (Arrow, pandas, Polars, DuckDB, Dask, Spark).

    Returns:
        The combinations, and their counts in the same order.
    """
    native = nw.from_native(frame)
    counted = native.lazy().group_by(*columns).agg(nw.len().alias("rows")).collect()
    values = counted.select(*columns, "rows").to_arrow().columns  # where every engine has the same missing value
    rows = sorted(zip(*(each.to_pylist() for each in values), strict=True), key=lambda row: tuple(map(_order, row)))
    return [row[:-1] for row in rows], np.array([row[-1] for row in rows], dtype=np.float64)


def tally_codes(frame: Any, columns: Sequence[str]) -> tuple[list[list[str]], Codes, Floats]:
    """The same count for many combinations, as codes into the sorted values of each column, read as text.

    A missing value is an empty string.

    Returns:
        The values of each column; codes of shape (combinations, columns), sorted, whatever order an engine counts in;
        how many rows have each combination.
    """
    texts = nw.from_native(frame).lazy().select(*(as_text(name).fill_null("").alias(name) for name in columns))
    counted = texts.group_by(*columns).agg(nw.len().alias("rows")).collect().to_arrow()
    values, codes = [], np.empty((len(counted), len(columns)), dtype=np.intp)
    for at, name in enumerate(columns):
        coded = counted[name].combine_chunks().dictionary_encode()
        found = coded.dictionary.to_pylist()
        order = sorted(range(len(found)), key=found.__getitem__)
        codes[:, at] = np.argsort(order)[coded.indices.to_numpy()] if found else 0
        values.append([found[i] for i in order])
    place = np.lexsort(codes.T[::-1])
    return values, codes[place], counted["rows"].to_numpy().astype(np.float64)[place]


def as_text(column: str) -> nw.Expr:
    """A column as text; missing values stay missing, where pandas would write `nan`."""
    return nw.when(~nw.col(column).is_null()).then(nw.col(column).cast(nw.String))


def sums(at: Codes, values: Floats, n: int) -> Floats:
    """The sum of the values at each of n indices, shape (n,).

    Args:
        at: for each value a number from 0 to n - 1, shape (values,).
        values: shape (values,).
        n: how many numbers there are.
    """
    found: Floats = np.bincount(at, values, n).astype(np.float64)
    return found


def numbered(names: Sequence[str]) -> tuple[tuple[str, ...], Codes]:
    """The distinct names, sorted, and the index of each entry's name among them."""
    values, numbers = np.unique(np.array(names, dtype=str), return_inverse=True)
    return tuple(values.tolist()), numbers.astype(np.intp)


def _order(value: Any) -> tuple[bool, str, Any]:
    """A sort key for values of mixed types, null first."""
    return value is not None, type(value).__name__, value if value is not None else 0
