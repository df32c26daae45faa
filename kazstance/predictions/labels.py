"""Read columns of labels into one spelling; every value that is not a label is reported."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import Problem, UnknownNameError
from kazstance.input.pairing import text_column
from kazstance.input.spelling import OPTIONS, Spelling, of_column
from kazstance.input.values import Found, in_array
from kazstance.paths import StrPath

SHOWN: Final = 10
"""Number of values that a message names."""


def read_labels(
    table: pa.Table,
    name: str,
    file: StrPath,
    spelling: Spelling,
    problems: list[Problem],
    *,
    how: str = OPTIONS,
    first_line: int | None = None,
) -> pa.Array:
    """A column of labels by name; each value that the spelling does not know is a problem.

    Args:
        table: the rows.
        name: the column.
        file: where the rows come from.
        spelling: how labels are spelled, unless the schema of the table says.
        problems: the list that problems are added to.
        how: how the user can give a spelling, for messages.
        first_line: the line of the first row, if rows are lines.

    Raises:
        KazstanceError: the schema of the table contradicts the spelling.
    """
    known, before = of_column(spelling, table.schema, name), len(problems)
    text = text_column(table, name, str(file), problems)
    if len(problems) > before:
        return text
    values = in_array(text)
    meaning = {value.value: known.label(value.value) for value in values}
    unknown = [value for value in values if meaning[value.value] is None]
    problems += unknown_labels(unknown, known, str(file), name, first_line=first_line, how=how)
    names = pa.array(list(meaning.values()), pa.string())
    return names.take(pc.index_in(text, value_set=pa.array(list(meaning), pa.string())))


def unknown_labels(
    unknown: Sequence[Found],
    known: Spelling,
    file: str,
    column: str,
    *,
    first_line: int | None,
    how: str,
    more: str = "",
) -> Iterator[Problem]:
    """A problem for each value that is not a label.

    Args:
        unknown: the values.
        known: how labels are spelled.
        file: where they occur.
        column: the column.
        first_line: the line of the first row, if rows are lines.
        how: how the user can give a spelling.
        more: what else the user can do about a value that is not ambiguous.
    """
    for value in unknown[:SHOWN]:
        came = str(value) if first_line is None else value.brief
        line = None if first_line is None else (value.first or 1) - 1 + first_line
        advice = "" if known.is_ambiguous(value.value) else more
        yield Problem(file, line, column, f"{came}, {known.fault(value.value, how)}{advice}")
    if rest := unknown[SHOWN:]:
        message = f"and {len(rest)} more values that are not labels, in {sum(value.rows for value in rest)} rows"
        yield Problem(file, None if first_line is None else rest[0].first, column, message)


def label_test(spelling: Spelling) -> Callable[[str | None], bool]:
    """A function that tells whether a value is a label."""
    return partial(_is_label, spelling)


def check_columns(table: pa.Table, where: str, names: Sequence[str]) -> None:
    """Check that a table has certain columns.

    Args:
        table: the rows.
        where: what messages call the table.
        names: the columns it must have.

    Raises:
        UnknownNameError: a column is missing; the message lists the existing columns.
    """
    for name in names:
        if name not in table.column_names:
            raise UnknownNameError(name, f"column of {where}", table.column_names)


def _is_label(spelling: Spelling, value: str | None) -> bool:
    return spelling.label(value) is not None
