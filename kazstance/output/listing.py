"""Results in order: a sequence that prints as a table and converts to a data frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, overload

from kazstance.extras import naming_extras
from kazstance.output.notebook import ROWS, html_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Plain(Protocol):
    """A result that can be a row of a table."""

    def as_row(self) -> dict[str, Any]:
        """The result as plain values by column."""
        ...


T_co = TypeVar("T_co", bound=Plain, covariant=True)


class Rows(ABC):
    """Results that convert to a data frame."""

    @abstractmethod
    def rows(self) -> list[dict[str, Any]]:
        """The results as plain values by column."""

    def to_arrow(self) -> pa.Table:
        """The results as an Arrow table."""
        import pyarrow as pa  # noqa: PLC0415

        return pa.Table.from_pylist(self.rows())

    @naming_extras()
    def to_pandas(self) -> pd.DataFrame:
        """The results as a pandas data frame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        import pandas  # noqa: F401, PLC0415

        return cast("pd.DataFrame", self.to_arrow().to_pandas())

    @naming_extras()
    def to_polars(self) -> pl.DataFrame:
        """The results as a Polars data frame.

        Raises:
            MissingExtraError: Polars is not installed.
        """
        import polars as pl  # noqa: PLC0415

        return cast("pl.DataFrame", pl.from_arrow(self.to_arrow()))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The results for anything that takes Arrow streams."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)


class Listing(Rows, Sequence[T_co], Generic[T_co]):
    """Results of one kind, in order."""

    def __init__(self, results: Iterable[T_co]) -> None:
        self._results = tuple(results)

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> Listing[T_co]: ...
    def __getitem__(self, at: int | slice) -> T_co | Listing[T_co]:
        """A result by its index, or the results of a slice."""
        return Listing(self._results[at]) if isinstance(at, slice) else self._results[at]

    def __len__(self) -> int:
        return len(self._results)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Listing) and self._results == other._results

    def __hash__(self) -> int:
        return hash(self._results)

    def rows(self) -> list[dict[str, Any]]:
        """The results as plain values by column."""
        return [result.as_row() for result in self._results]

    def __repr__(self) -> str:
        kind = type(self._results[0]).__name__ if self._results else "nothing"
        return f"<Listing of {len(self)} × {kind}>"

    def _repr_html_(self) -> str:
        """A table for a notebook, of the first rows."""
        return html_table([result.as_row() for result in self._results[:ROWS]], len(self))
