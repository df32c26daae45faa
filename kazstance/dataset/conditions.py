"""Conditions on the rows of a table: the values a column may have, as an expression that is pushed down to Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, Final

from kazstance.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow.compute as pc

ID_SUFFIX: Final = "_id"
"""The suffix that `source`, `target`, `sentence`, `paragraph` and `annotator` omit from the names of their columns."""


@dataclass(frozen=True)
class Condition:
    """A column and its allowed values; None among them stands for null."""

    column: str
    values: tuple[Any, ...]

    def expression(self) -> pc.Expression:
        """The condition as an Arrow expression."""
        import pyarrow.compute as pc

        known = [value for value in self.values if value is not None]
        kept = pc.field(self.column).isin(known) if known else pc.scalar(False)
        return kept | pc.field(self.column).is_null() if len(known) < len(self.values) else kept


def conditions(
    asked: Mapping[str, Any], table: str, columns: Sequence[str], labels: Mapping[str, Sequence[str]]
) -> tuple[Condition, ...]:
    """Keywords as conditions: a value, or a list, tuple or set of values, for each column.

    Args:
        asked: one value or several for each column; `source` is short for `source_id`, likewise for the other ids.
        table: the name of the table, for messages.
        columns: the columns of the table.
        labels: the names of the labels of each label column, by number.

    Raises:
        UnknownNameError: there is no such column or label.
    """
    return tuple(_condition(name, value, table, columns, labels) for name, value in asked.items())


def expression(given: Iterable[Condition]) -> pc.Expression | None:
    """All conditions as one expression; None if there are none."""
    expressions = [condition.expression() for condition in given]
    return reduce(and_, expressions) if expressions else None


def _condition(
    name: str, value: Any, table: str, columns: Sequence[str], labels: Mapping[str, Sequence[str]]
) -> Condition:
    column = name + ID_SUFFIX if name + ID_SUFFIX in columns else name
    if column not in columns:
        raise UnknownNameError(name, f"column of {table}", columns)
    values = tuple(value) if isinstance(value, list | tuple | set | frozenset) else (value,)
    if column in labels:
        return Condition(column, tuple(_number(one, table, column, labels[column]) for one in values))
    return Condition(column, values)


def _number(value: Any, table: str, column: str, names: Sequence[str]) -> int | None:
    """The number of a label, by its name or as a member of its vocabulary."""
    if value is None:
        return None
    name = getattr(value, "name", value)
    if name not in names:
        raise UnknownNameError(value, f"{column} of {table}", names)
    return names.index(name)
