"""Read columns of labels into one spelling; every value that is not a label is reported."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import Problem, UnknownNameError
from kazstance.input.pairing import text_column
from kazstance.input.spelling import OPTIONS, Spelling, of_column
from kazstance.input.tables import TEXT, ending
from kazstance.input.values import in_array
from kazstance.paths import StrPath

SHOWN: Final = 10
"""Number of values that a message names."""


def read_labels(
    table: pa.Table, name: str, file: StrPath, spelling: Spelling, problems: list[Problem], *, how: str = OPTIONS
) -> pa.Array:
    """A column of labels by name; each value that the spelling does not know is a problem.

    Args:
        table: the rows.
        name: the column.
        file: where the rows come from; for a text file, problems give the line of the first row.
        spelling: how labels are spelled, unless the schema of the table says.
        problems: the list that problems are added to.
        how: how the user can give a spelling, for messages.

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
    has_lines = ending(Path(file)) in TEXT
    for value in unknown[:SHOWN]:
        came, line = (value.brief, (value.first or 0) + 1) if has_lines else (str(value), None)
        problems.append(Problem(str(file), line, name, f"{came}, {known.fault(value.value, how)}"))
    if rest := unknown[SHOWN:]:
        message = f"and {len(rest)} more values that are not labels, in {sum(value.rows for value in rest)} rows"
        problems.append(Problem(str(file), rest[0].first if has_lines else None, name, message))
    names = pa.array(list(meaning.values()), pa.string())
    return names.take(pc.index_in(text, value_set=pa.array(list(meaning), pa.string())))


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
