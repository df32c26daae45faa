"""Columns with one number per label: probabilities in `p_<label>`, annotators' votes in `votes_<label>`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import Problem
from kazstance.input.pairing import Note
from kazstance.input.spelling import OPTIONS, Spelling, of_column
from kazstance.stats.counting import Floats

PROBABILITY: Final = "p_"
"""The prefix of columns of probabilities, before the label."""
VOTES: Final = "votes_"
"""The prefix of columns of annotators' votes, before the label."""
CALLED: Final = {PROBABILITY: "probabilities", VOTES: "votes"}
TOLERANCE: Final = 1e-6
"""How far the sum of probabilities may be from 1."""
SHOWN: Final = 10
"""Number of rows that a message names."""


class Rows(NamedTuple):
    """The name of a table, its columns of numbers with their schema, and its column of labels."""

    name: str
    table: pa.Table
    label: str


class LabelColumns(NamedTuple):
    """The columns of a table with a certain prefix, each with its label, or None if the rest is not a label."""

    side: Rows
    prefix: str
    labels: Mapping[str, str | None]
    spelling: Spelling
    how: str = OPTIONS

    @property
    def has_labels(self) -> bool:
        """Whether any of them belongs to a label."""
        return any(self.labels.values())

    @property
    def notes(self) -> list[Note]:
        """A note that the columns are ignored, if not one of them belongs to a label."""
        if not self.labels or self.has_labels:
            return []
        names = ", ".join(self.labels)
        message = (
            f"{self.side.name}: {names} not read as {CALLED[self.prefix]}: "
            f"expected {self.prefix} and a label of {self.spelling.name}"
        )
        return [Note(message, names, 0, len(self.side.table))]


def label_columns(side: Rows, prefix: str, spelling: Spelling, how: str = OPTIONS) -> LabelColumns:
    """The columns of a side that begin with a prefix.

    Args:
        side: the rows.
        prefix: the prefix, before the label.
        spelling: how labels are spelled, unless the schema of the table says.
        how: how the user can give a spelling, for messages.
    """
    known = of_column(spelling, side.table.schema, side.label)
    names = (name for name in side.table.column_names if name.startswith(prefix))
    return LabelColumns(side, prefix, {name: known.label(name.removeprefix(prefix)) for name in names}, known, how)


def read_probabilities(columns: LabelColumns, labels: Sequence[str], problems: list[Problem]) -> Floats | None:
    """Probabilities, shape (rows, labels); None if they are invalid, with the reason added to the problems.

    Args:
        columns: the columns of probabilities.
        labels: the labels, in the order of the result.
        problems: the list that problems are added to.
    """
    found = _numbers(columns, labels, problems)
    faults = [] if found is None else list(distribution_faults(found))
    problems += [Problem(columns.side.name, None, f"{PROBABILITY}…", fault, row + 1) for row, fault in faults]
    return None if faults else found


def read_votes(columns: LabelColumns, labels: Sequence[str], problems: list[Problem]) -> Floats | None:
    """Numbers of votes, shape (rows, labels); None if they are invalid, with the reason added to the problems.

    Args:
        columns: the columns of votes.
        labels: the labels, in the order of the result.
        problems: the list that problems are added to.
    """
    found = _numbers(columns, labels, problems)
    if found is not None and not (np.isfinite(found) & (found >= 0)).all():
        message = "some values are not counts, expected numbers of 0 or more"
        problems.append(Problem(columns.side.name, None, f"{VOTES}…", message))
        return None
    return found


def votes_left_out(columns: LabelColumns, labels: Sequence[str]) -> Iterator[Note]:
    """A note on votes for `none` if it is not one of the labels because no row has it."""
    table = columns.side.table
    for name, label in columns.labels.items():
        if label == "none" and label not in labels and (rows := _filled(table.column(name))):
            message = (
                f"{columns.side.name}: {name} is left out, with votes in {rows} of {len(table)} rows: "
                "no row has the label none"
            )
            yield Note(message, name, rows, len(table))


def distribution_faults(probabilities: Floats) -> Iterator[tuple[int, str]]:
    """The rows of an array of shape (rows, labels) that are not distributions, and what is wrong with them."""
    with np.errstate(invalid="ignore"):
        bad = np.logical_not(np.isfinite(probabilities).all(axis=1) & (probabilities >= 0).all(axis=1))
        off = np.abs(probabilities.sum(axis=1) - 1) > TOLERANCE
    for row in np.flatnonzero(bad | off).tolist():
        shown = ", ".join(f"{value:g}" for value in probabilities[row])
        what = "finite probabilities from 0" if bad[row] else f"a sum of 1, not {probabilities[row].sum():g}"
        yield row, f"{shown}; expected {what}"


def most_probable(
    probabilities: Floats, given: Any, labels: Sequence[str], side: Rows, problems: list[Problem]
) -> pa.Array:
    """The most probable labels, the first in ties; a given label that is less probable is a problem.

    Args:
        probabilities: shape (rows, labels).
        given: the labels of the rows by name, as an Arrow array; or None.
        labels: the names of the labels, in order.
        side: where the rows come from.
        problems: the list that problems are added to.
    """
    found = pa.array(labels, pa.string()).take(pa.array(probabilities.argmax(axis=1)))
    if given is None:
        return found
    number = pc.fill_null(pc.index_in(given, value_set=pa.array(labels, pa.string())), -1).to_numpy()
    at = np.flatnonzero(number >= 0)
    less = at[probabilities[at, number[at]] < probabilities.max(axis=1)[at]]
    for row in less[:SHOWN]:
        message = (
            f"{given[int(row)].as_py()!r} in row {row + 1}, expected the most probable, {found[int(row)].as_py()!r}"
        )
        problems.append(Problem(side.name, None, side.label, message))
    return found


def _filled(column: pa.ChunkedArray) -> int:
    """The number of rows that are not 0 or, in a column of text, neither blank nor the digit."""
    if _is_numeric(column.type):
        return int(pc.sum(pc.not_equal(column, 0)).as_py() or 0)
    return sum(str(value).strip() not in ("", "0") for value in column.drop_null().to_pylist())


def _numbers(columns: LabelColumns, labels: Sequence[str], problems: list[Problem]) -> Floats | None:
    """The numbers by label, shape (rows, labels); None if a column is missing, unknown or not numeric.

    A column for `none` is ignored unless `none` is one of the labels.
    """
    side, prefix = columns.side, columns.prefix
    chosen: dict[str, str] = {}
    before = len(problems)
    for name, label in columns.labels.items():
        if label == "none" and label not in labels:
            continue
        kind = side.table.schema.field(name).type
        if label is None or label not in labels:
            problems.append(Problem(side.name, None, name, _not_of_a_label(columns, name, labels)))
            continue
        if label in chosen:
            message = f"{chosen[label]} is of {label} too, expected one column for each label"
            problems.append(Problem(side.name, None, name, message))
        elif not _is_numeric(kind):
            problems.append(Problem(side.name, None, name, f"values of type {kind}, expected numbers"))
        chosen.setdefault(label, name)
    for label in labels:
        if label not in chosen:
            problems.append(Problem(side.name, None, f"{prefix}{label}", "no column, expected one for each label"))
    if len(problems) > before:
        return None
    numbers = (pc.cast(side.table.column(chosen[label]), pa.float64(), safe=False) for label in labels)
    return np.column_stack([column.to_numpy() for column in numbers])


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _not_of_a_label(columns: LabelColumns, name: str, labels: Sequence[str]) -> str:
    """The message about a column whose name does not end in a label."""
    pairs = columns.spelling.pairs
    spelled = ", ".join(f"{columns.prefix}{theirs}" for theirs, ours in pairs.items() if ours in labels)
    hint = columns.spelling.fault(name.removeprefix(columns.prefix), columns.how).partition("; ")[2]
    return f"not a column of a label, expected one of {spelled}" + (f"; {hint}" if hint else "")
