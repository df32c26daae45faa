"""Gold rows and predictions, read: keys as hashes, labels and other columns as codes, so that 10 million rows fit."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kazstance.errors import KazstanceError, Problem
from kazstance.input.columns import Read, read_columns
from kazstance.input.frames import as_stream
from kazstance.input.pairing import Note
from kazstance.input.spelling import Spelling, class_names, of_column, settled
from kazstance.input.streams import Stream
from kazstance.input.tables import Names
from kazstance.input.values import Found
from kazstance.metrics import GRID_LABELS
from kazstance.predictions.distributions import PROBABILITY, VOTES, LabelColumns, Rows, label_columns
from kazstance.predictions.labels import unknown_labels
from kazstance.predictions.request import Columns, Request

Labels = npt.NDArray[np.int8]
"""The number of each row's label among those of the grid, -1 where it has none: shape (rows,)."""
NAMES: Final = ("the gold rows", "the predicted rows")
"""What messages call rows that do not come from a file."""
UNLABELLED: Final = frozenset({"", "unknown", "no_majority_label", "nan", "na", "n/a", "null", "<na>", "?", "-"})
"""What is written in place of a gold label that a row does not have; case does not matter."""


class Table(NamedTuple):
    """One of the tables: its rows, its column of labels, the columns read, and the labels if there is such a column.

    `unlabelled` are the values that are not labels and that a rule allows.
    """

    stream: Stream
    label: str
    read: Read
    labels: Labels | None
    unlabelled: list[Found]


class Sides(NamedTuple):
    """Both tables, with columns of votes and probabilities, the spelling of the labels, and notes."""

    gold: Table
    predicted: Table
    votes: LabelColumns
    chances: LabelColumns
    spelling: Spelling
    notes: list[Note]

    def without_keys(self) -> "Sides":
        """The same without the keys of the rows, which are large, for when these are paired."""
        none = np.zeros(0, dtype=np.int64)
        gold, predicted = (side._replace(read=side.read._replace(keys=none)) for side in (self.gold, self.predicted))
        return self._replace(gold=gold, predicted=predicted)


def read_sides(gold: Any, predicted: Any, request: Request, problems: list[Problem]) -> Sides:
    """Read both tables.

    Args:
        gold: the gold rows.
        predicted: the predicted rows; may be the same.
        request: the columns, the spelling and the rules.
        problems: gets what is wrong with labels and fields.

    Raises:
        UnknownNameError: a column does not exist.
        KazstanceError: a file cannot be read, an argument does not hold rows, or there are none.
    """
    columns, rules, how = request.columns, request.rules, request.remedies.spelling
    one, other = _streams(gold, predicted, request)
    _check_rows((one, len(one.columns)), (other, len(other.columns)))  # an empty list has no columns
    one.check_columns([*columns.ids, *columns.kept, columns.gold, *([rules.annotator] if rules.annotator else [])])
    other.check_columns(columns.ids)
    is_labelled = columns.predicted in other.columns or not _has_probabilities(other, request)
    if is_labelled:
        other.check_columns([columns.predicted])
    wanted = [columns.gold, *columns.grouping, *([rules.annotator] if rules.annotator else [])]
    first = read_columns(one, columns.ids, list(dict.fromkeys(wanted)), problems)
    second = read_columns(other, columns.ids, [columns.predicted] if is_labelled else [], problems)
    _check_rows((one, first.rows), (other, second.rows))
    is_described = columns.gold in class_names(one.schema)
    spelling, notes = _spelling(first, second, request, is_described=is_described)
    problems += [problem for name in columns.kept for problem in _empty(first, name, one.name)]
    if rules.annotator:
        problems += _empty(first, rules.annotator, one.name)
    tables = []
    for stream, read, rule in ((one, first, "unlabelled"), (other, second, "invalid")):
        allowed: list[Found] = []
        name = columns.gold if rule == "unlabelled" else columns.predicted
        given: Any = {"request": request, "allowed": allowed, "problems": problems}
        labels = _labels(stream, read, rule, spelling, **given) if name in read.columns else None
        tables.append(Table(stream, name, read, labels, allowed))
    detected = [Note(note, "", 0, 0) for note in dict.fromkeys((*one.notes, *other.notes))]
    votes = label_columns(_numeric(one, columns.gold, VOTES), VOTES, spelling, how)
    chances = label_columns(_numeric(other, columns.predicted, PROBABILITY), PROBABILITY, spelling, how)
    if rules.annotator and votes.has_labels:
        message = f"columns {', '.join(votes.labels)} and annotators in {rules.annotator}, expected one of them"
        problems.append(Problem(one.name, None, f"{VOTES}…", message))
    return Sides(tables[0], tables[1], votes, chances, spelling, [*detected, *notes])


def _check_rows(*tables: tuple[Stream, int]) -> None:
    """Check that there is something in each table.

    Raises:
        KazstanceError: there is nothing.
    """
    for stream, size in tables:
        if not size:
            raise KazstanceError(f"{stream.name}: no rows, expected at least one")


def _streams(gold: Any, predicted: Any, request: Request) -> tuple[Stream, Stream]:
    """Both tables as streams; what can be read only once is read once."""
    columns, is_bare = request.columns, request.rules.by_line
    ids = columns.ids[0] if columns.ids else Names().id
    names = [_name(rows, otherwise) for rows, otherwise in zip((gold, predicted), NAMES, strict=True)]
    one = as_stream(gold, names[0], request.form, Names(ids, columns.gold), is_bare=is_bare)
    if predicted is gold:
        return one, one
    return one, as_stream(predicted, names[1], request.form, Names(ids, columns.predicted), is_bare=is_bare)


def _name(rows: Any, otherwise: str) -> str:
    """What messages call rows: a file or folder by its path."""
    return str(Path(rows)) if isinstance(rows, str | os.PathLike) else otherwise


def _has_probabilities(stream: Stream, request: Request) -> bool:
    """Whether probabilities stand in for a column of labels that is not there."""
    if request.columns.predicted != Columns.predicted:
        return False
    empty = Rows(stream.name, stream.schema.empty_table(), request.columns.predicted)
    spelling = request.spelling
    return label_columns(empty, PROBABILITY, spelling, "").has_labels or (
        spelling.is_auto and any(name.startswith(PROBABILITY) for name in stream.columns)
    )


def _numeric(stream: Stream, label: str, prefix: str) -> Rows:
    """The columns with a prefix, as a table."""
    return Rows(stream.name, stream.table([name for name in stream.columns if name.startswith(prefix)]), label)


def _spelling(gold: Read, predicted: Read, request: Request, *, is_described: bool) -> tuple[Spelling, list[Note]]:
    """How labels are spelled, with a note on a preset that was recognised, or that others would contradict.

    Labels that the schema of a table describes are read by it, so that no other preset matters.
    """
    spelling, rules, column = request.spelling, request.rules, request.columns.gold
    values = [value or "" for value in gold.columns[column].values]
    values = [value for value in values if value.casefold().strip() not in UNLABELLED]
    answers = predicted.columns.get(request.columns.predicted)
    if answers is not None and not (spelling.is_auto and rules.invalid):
        values += [value for value in answers.values if value and value.strip()]
    if is_described and not spelling.is_auto:
        return spelling, []
    spelling, note = settled(spelling, values, request.remedies.spelling)
    return spelling, [Note(note, column, 0, gold.rows)] if note else []


def _empty(read: Read, name: str, where: str) -> list[Problem]:
    """A problem for a column to group rows by that has empty fields."""
    blank = read.columns[name].blank()
    message = f"empty in {blank} of {read.rows} rows, expected a value in each"
    return [Problem(where, None, name, message)] if blank else []


def _labels(
    stream: Stream,
    read: Read,
    rule: str,
    spelling: Spelling,
    *,
    request: Request,
    allowed: list[Found],
    problems: list[Problem],
) -> Labels:
    """The label of each row; values that are not labels are problems unless a rule allows them.

    Args:
        stream: the rows.
        read: the columns read.
        rule: the rule for values that are not labels: `unlabelled` for gold rows, `invalid` for predictions.
        spelling: how labels are spelled.
        request: the rules, and how messages name options.
        allowed: gets the values that are not labels and that a rule allows.
        problems: gets the others.

    Raises:
        KazstanceError: the name of the column is a label.
    """
    name = request.columns.gold if rule == "unlabelled" else request.columns.predicted
    stream.check_label(name, spelling)
    known = of_column(spelling, stream.schema, name)
    is_asked = getattr(request.rules, rule) is not None
    column = read.columns[name]
    meaning = [known.label(value) for value in column.values]
    unknown: list[Found] = []
    for value in column.found():
        if known.label(value.value) is None:
            is_allowed = is_asked and not known.is_ambiguous(value.value)
            is_allowed &= rule == "invalid" or (value.value or "").strip().casefold() in UNLABELLED
            (allowed if is_allowed else unknown).append(value)
    about = "count such answers as errors" if rule == "invalid" else "leave out rows without a label"
    more = f"; to {about}, pass {request.remedies.pass_(rule)}"
    how, first = request.remedies.spelling, stream.first_line
    problems += unknown_labels(unknown, known, stream.name, name, first_line=first, how=how, more=more)
    return _numbers(meaning)[column.codes]


def _numbers(labels: Sequence[str | None]) -> Labels:
    return np.array([-1 if label is None else GRID_LABELS.index(label) for label in labels], dtype=np.int8)
