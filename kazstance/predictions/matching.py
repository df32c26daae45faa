"""Match gold labels and predictions row by row, whatever they are stored in."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.frames import as_table
from kazstance.input.pairing import IGNORING, Note, Side, check_complete, check_shared, row_keys, text_column
from kazstance.input.spelling import ARGUMENT, OPTIONS, Spelling
from kazstance.input.tables import PLAIN, Form
from kazstance.metrics import GRID_LABELS, LABELS
from kazstance.predictions.distributions import (
    PROBABILITY,
    VOTES,
    LabelColumns,
    label_columns,
    most_probable,
    read_probabilities,
    read_votes,
    votes_left_out,
)
from kazstance.predictions.labels import check_columns, label_test, read_labels
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.counting import Floats

NAMES: Final = ("the gold rows", "the predicted rows")
"""What messages call rows that do not come from a file."""


@dataclass(frozen=True)
class Columns:
    """The columns that are used; all except `ids` and `predicted` are columns of the gold rows.

    `ids` identify a row; intervals resample values of `cluster`; the rows with each value of `by` are scored separately
    too; `ignored` columns are not compared; `text` is compared with that of training rows.
    """

    ids: Sequence[str]
    gold: str = "label"
    predicted: str = "label"
    target: str | None = None
    cluster: str | None = None
    by: str | None = None
    ignored: Sequence[str] = ()
    text: str | None = None

    @property
    def kept(self) -> list[str]:
        """The columns of the gold rows that are needed in addition to the ids and the label."""
        named = (self.target, self.cluster, self.by, self.text)
        return list(dict.fromkeys(name for name in named if name and name not in self.ids))


class Remedies(NamedTuple):
    """How messages tell the user to give a spelling, and to ignore a column."""

    spelling: str = OPTIONS
    ignoring: str = IGNORING


COMMAND: Final = Remedies()
"""With the options of a command."""
PYTHON: Final = Remedies(ARGUMENT, "ignore=[{!r}]")
"""With the arguments of a function."""
EITHER: Final = Remedies("--preset or --map (in Python, labels=)", "--ignore-column {0} (in Python, ignored=[{0!r}])")
"""With both, where it is not known who asks."""


@dataclass(frozen=True, eq=False)
class Matched:
    """Rows with a gold and a predicted label each, in the order of the gold rows.

    `gold`, `predicted` and each of the kept `columns`, by name, have shape (rows,); `probabilities` and `votes` have
    shape (rows, labels), in the order of `labels`, or are None if the input has no such columns.
    """

    gold: pa.Array
    predicted: pa.Array
    columns: Mapping[str, pa.Array]
    labels: tuple[str, ...]
    probabilities: Floats | None = None
    votes: Floats | None = None
    notes: list[Note] = field(default_factory=list)

    def where(self, rows: pa.Array) -> "Matched":
        """Some of the rows: `rows` is a mask of shape (rows,)."""
        chosen = rows.to_numpy(zero_copy_only=False)
        columns = {name: values.filter(rows) for name, values in self.columns.items()}
        votes, chances = (None if found is None else found[chosen] for found in (self.votes, self.probabilities))
        gold, predicted = self.gold.filter(rows), self.predicted.filter(rows)
        labels = labels_of([gold, predicted]) if chances is None else self.labels
        return Matched(gold, predicted, columns, labels, chances, votes)

    def confusion(self, target: str | None = None, cluster: str | None = None) -> Confusion:
        """The counts of gold and predicted labels, by target and cluster.

        Args:
            target: the column of the target, the strata; without it, there is one stratum.
            cluster: the column of the cluster; without it, there is one cluster.
        """
        by = {role: self.columns[name] for role, name in (("target", target), ("cluster", cluster)) if name}
        return confusion(
            pa.table({"gold": self.gold, "predicted": self.predicted, **by}),
            "gold",
            "predicted",
            strata=["target"] if target else [],
            cluster="cluster" if cluster else None,
            labels=self.labels,
        )


def match(
    gold: Any,
    predicted: Any,
    columns: Columns,
    spelling: Spelling,
    *,
    form: Form = PLAIN,
    remedies: Remedies = COMMAND,
) -> Matched:
    """The gold rows with the prediction of each.

    Args:
        gold: the gold rows, as anything in `kazstance.input.frames.ACCEPTED`.
        predicted: the predicted rows, in any of the same forms; may be the same rows.
        columns: the columns that are used; others that both tables share are compared, see `check_shared`. The column
            of the predicted label may be missing if there are probabilities of all labels.
        spelling: how both tables spell labels.
        form: how text files are written.
        remedies: what messages tell the user to do.

    Raises:
        InputError: rows do not match, shared columns differ, labels are unknown, or fields are empty; all problems
            are listed.
        UnknownNameError: a column does not exist.
        KazstanceError: a file cannot be read, or an argument does not hold rows.
    """
    problems: list[Problem] = []
    one, other = _sides(gold, predicted, columns, form, problems)
    votes = label_columns(one, VOTES, spelling, remedies.spelling)
    chances = label_columns(other, PROBABILITY, spelling, remedies.spelling)
    if not (chances.has_labels and other.label == Columns.predicted):
        check_columns(other.table, other.name, [other.label])
    check_complete(one, other, problems)
    labels = [
        read_labels(side.table, side.label, Path(side.name), spelling, problems, how=remedies.spelling)
        for side in (one, other)
        if side.label in side.table.column_names
    ]
    notes = _compare(one, other, columns, spelling, remedies, problems=problems)
    kept = {name: text_column(one.table, name, one.name, problems) for name in [*columns.ids, *columns.kept]}
    problems += [problem for name in columns.kept for problem in _empty(kept[name], name, one.name)]
    soft = _read_soft(votes, chances, labels, problems, notes)
    if problems:
        raise InputError(problems)
    order = pc.index_in(one.keys, value_set=other.keys)
    moved = None if soft.probabilities is None else soft.probabilities[order.to_numpy()]
    return Matched(labels[0], soft.predicted.take(order), kept, soft.labels, moved, soft.votes, notes)


def parts(matched: Matched, by: str) -> dict[str, Matched]:
    """Matched rows by the values of a column."""
    column = matched.columns[by]
    return {value: matched.where(pc.equal(column, value)) for value in sorted(pc.unique(column).to_pylist())}


def labels_of(columns: Sequence[pa.Array]) -> tuple[str, ...]:
    """The labels that rows are scored on; `none` is one of them only if it occurs."""
    has_none = any(pc.any(pc.equal(values, "none")).as_py() for values in columns)
    return GRID_LABELS if has_none else LABELS


def _sides(gold: Any, predicted: Any, columns: Columns, form: Form, problems: list[Problem]) -> tuple[Side, Side]:
    """Both tables with their columns checked, and the key of each row."""
    if not columns.ids:
        raise KazstanceError("id: no column, expected one or more that identify a row")
    names = [_name(rows, otherwise) for rows, otherwise in zip((gold, predicted), NAMES, strict=True)]
    tables = [as_table(gold, names[0], form)]  # a reader can be read once
    tables.append(tables[0] if predicted is gold else as_table(predicted, names[1], form))
    for table, name in zip(tables, names, strict=True):
        if not table.num_rows:
            raise KazstanceError(f"{name}: no rows, expected at least one")
    check_columns(tables[0], names[0], [*columns.ids, *columns.kept, columns.gold])
    check_columns(tables[1], names[1], columns.ids)
    one, other = (
        Side(name, table, label, row_keys(table, columns.ids, name, problems))
        for table, name, label in zip(tables, names, (columns.gold, columns.predicted), strict=True)
    )
    return one, other


def _name(rows: Any, otherwise: str) -> str:
    """What messages call rows: a file or folder by its path."""
    return str(Path(rows)) if isinstance(rows, str | os.PathLike) else otherwise


def _empty(column: pa.Array, name: str, where: str) -> Iterator[Problem]:
    """A problem for each column to group rows by that has empty fields."""
    blank = pc.sum(pc.equal(pc.utf8_trim_whitespace(column.fill_null("")), "")).as_py()
    if blank:
        yield Problem(where, None, name, f"empty in {blank} of {len(column)} rows, expected a value in each")


def _compare(
    one: Side, other: Side, columns: Columns, spelling: Spelling, remedies: Remedies, *, problems: list[Problem]
) -> list[Note]:
    """Notes on the columns that both sides share."""
    return check_shared(
        one,
        other,
        named=columns.kept,
        ignored=columns.ignored,
        is_label=label_test(spelling),
        problems=problems,
        ignoring=remedies.ignoring,
    )


class _Soft(NamedTuple):
    """Votes and probabilities, if there are any, the labels to score, and the predicted labels in row order."""

    votes: Floats | None
    probabilities: Floats | None
    labels: tuple[str, ...]
    predicted: Any


def _read_soft(
    votes: LabelColumns,
    probabilities: LabelColumns,
    labels: Sequence[pa.Array],
    problems: list[Problem],
    notes: list[Note],
) -> _Soft:
    """Votes and probabilities; `labels` has only the gold labels if the predictions have no labels."""
    known = GRID_LABELS if "none" in probabilities.labels.values() else labels_of(labels)
    notes += [*votes.notes, *probabilities.notes]
    voted = chances = None
    if votes.has_labels:
        voted = read_votes(votes, known, problems)
        notes += votes_left_out(votes, known)
    if probabilities.has_labels:
        chances = read_probabilities(probabilities, known, problems)
    predicted = labels[1] if len(labels) > 1 else None
    if chances is not None:
        likely = most_probable(chances, predicted, known, probabilities.side, problems)
        if predicted is None:
            predicted = likely
            notes.append(_without_label(probabilities.side))
    return _Soft(voted, chances, known, predicted)


def _without_label(side: Side) -> Note:
    rows = len(side.table)
    return Note(f"{side.name}: no column {side.label}; the most probable label is used", side.label, 0, rows)
