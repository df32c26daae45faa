"""Predictions for the rows of a task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import InputError, Problem
from kazstance.input.pairing import Note, Pairs, Side, check_complete, check_shared, row_keys
from kazstance.input.spelling import Spelling, named
from kazstance.input.streams import stream_table
from kazstance.output.terminal import echo
from kazstance.predictions.distributions import PROBABILITY, LabelColumns, Rows, most_probable, read_probabilities
from kazstance.predictions.labels import check_columns, label_test, read_labels
from kazstance.predictions.request import EITHER
from kazstance.stats.counting import Floats


@dataclass(frozen=True)
class Predicted:
    """The predicted label of each id, and the probabilities of the labels, if given."""

    labels: dict[str, str]
    probabilities: dict[str, tuple[float, ...]] | None


def predicted_labels(
    table: pa.Table,
    known: pa.Table,
    labels: Sequence[str],
    optional: Sequence[Sequence[str]] = (),
    *,
    name: str = "predictions",
    spelling: Spelling | None = None,
    ignored: Sequence[str] = (),
    first_line: int | None = None,
    say: Callable[[str], None] = echo,
) -> Predicted:
    """The prediction of each row of a task, from a table with the columns `item_id` and `label`.

    `label` may be left out if there is a column `p_<label>` with the probability of each label; the most probable label
    is then used. Columns that the table shares with the task are compared, see `input.pairing`.

    Args:
        table: the predictions.
        known: the rows of the task, with the column `item_id` and any others that describe them.
        labels: the labels of the task.
        optional: groups of rows that may be left out, each group as a whole.
        name: the file of the predictions, for messages.
        spelling: how the labels are spelled; by default, by their names.
        ignored: columns that are not compared.
        first_line: the line of the first row, if rows are lines.
        say: called with each note.

    Raises:
        InputError: rows do not match, labels are unknown, or probabilities are invalid; all problems are listed.
        UnknownNameError: a column does not exist.
    """
    spelling = spelling or named(labels)
    columns = [column for column in table.column_names if column.startswith(PROBABILITY)]
    by_column = {column: spelling.label(column.removeprefix(PROBABILITY)) for column in columns}
    has_labels = "label" in table.column_names or not columns
    check_columns(table, name, ["item_id", *(["label"] if has_labels else [])])
    problems: list[Problem] = []
    keys = row_keys(table, ["item_id"], name, problems)
    task = _asked(known, optional, keys)
    rows = Rows(name, table, "label")
    soft = LabelColumns(rows, PROBABILITY, by_column, spelling, EITHER.spelling)
    settings: Any = {"ignored": ignored, "is_label": label_test(spelling), "ignoring": EITHER.ignoring}
    notes = _compare(task, rows, keys, problems, settings)
    for note in [*notes, *(soft.notes if has_labels else ())]:
        say(str(note))
    probabilities = read_probabilities(soft, labels, problems) if soft.has_labels or not has_labels else None
    more: Any = {"how": EITHER.spelling, "first_line": first_line}
    given = read_labels(table, "label", name, spelling, problems, **more) if has_labels else None
    found = most_probable(probabilities, given, labels, rows, problems) if probabilities is not None else given
    if problems or found is None:
        raise InputError(problems)
    return _by_id(keys.to_pylist(), found, probabilities)


def _compare(
    task: pa.Table, rows: Rows, keys: pa.Array, problems: list[Problem], settings: Mapping[str, Any]
) -> list[Note]:
    """Check that a table has the rows of a task and agrees in what both say of them."""
    asked = task["item_id"].combine_chunks()
    check_complete(asked, keys, ("the task", rows.name), problems)
    sides = Side(stream_table("the task", task), ""), Side(stream_table(rows.name, rows.table), rows.label)
    pairs = _pairs(asked, keys)
    return check_shared(*sides, pairs, ids=["item_id"], named=(), problems=problems, **settings).notes


def _by_id(ids: Sequence[str], labels: pa.Array, probabilities: Floats | None) -> Predicted:
    rows = None if probabilities is None else dict(zip(ids, map(tuple, probabilities.tolist()), strict=True))
    return Predicted(dict(zip(ids, labels.to_pylist(), strict=True)), rows)


def _asked(known: pa.Table, optional: Sequence[Sequence[str]], given: pa.Array) -> pa.Table:
    """The rows of a task that a file must cover: all except the optional groups that it leaves out entirely."""
    there = set(given.to_pylist())
    left_out = {name for group in optional if not there & set(group) for name in group}
    return known.filter(pc.invert(pc.is_in(known["item_id"], value_set=pa.array(sorted(left_out), pa.string()))))


def _pairs(asked: pa.Array, given: pa.Array) -> Pairs:
    """The rows of the task that have a prediction, and the rows of these."""
    at = np.asarray(pc.fill_null(pc.index_in(asked, value_set=given), -1))
    found = np.flatnonzero(at >= 0)
    return Pairs(found, at[found])
