"""The judgements that the rows of a table hold: one a row, one a label column, or as many as there are votes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from kazstance.corpus.imported.account import Account
from kazstance.corpus.imported.roles import Roles
from kazstance.errors import InputError, Problem
from kazstance.input.labelled import refuse_unknown
from kazstance.input.spelling import ARGUMENT, Spelling, of_column, plain_number, recognise
from kazstance.input.tables import as_text
from kazstance.input.values import in_array
from kazstance.schema.publication import is_filled

ANYBODY: Final = "table"
"""The annotator of a table that does not say who judged."""
VOTER: Final = "voter"
"""What the annotators are called whose votes are only counted."""
NOT_STATED: Final = "not stated"
MOST_VOTES: Final = 1_000
Texts = Sequence[str | None]


class Said(NamedTuple):
    """One judgement: the number of its row, counted from 0, who judged, the label, and its spelling in the table."""

    row: int
    annotator: str
    label: str
    original: str


class Reading(NamedTuple):
    """How labels are read, and which are left out."""

    spelling: Spelling
    left_out: frozenset[str]
    how: str = ARGUMENT


def texts_of(rows: pa.Table, column: str, name: str) -> Texts:
    """The values of a column as text; what is blank is missing.

    Args:
        rows: the table.
        column: the column.
        name: what messages call the table.

    Raises:
        InputError: they are neither text nor numbers.
    """
    found = as_text(rows[column])
    if found is None:
        raise InputError([Problem(name, None, column, f"{rows[column].type}, expected text or numbers")])
    return [value if value is not None and is_filled(value) else None for value in found.to_pylist()]


def judgements_of(rows: pa.Table, roles: Roles, reading: Reading, account: Account) -> Iterator[Said]:
    """All judgements, row by row; a row without any is left out.

    Args:
        rows: the table.
        roles: the roles of its columns.
        reading: how labels are read.
        account: told of the rows that are left out.

    Raises:
        UnknownLabelError: values are not labels; all are named.
        InputError: a number of votes is not a whole number.
    """
    if roles.votes:
        return _counted(rows, roles, account)
    labels = {column: _labels(rows, column, reading, account) for column in roles.labels}
    return _stated(rows, roles, labels, reading, account)


def _labels(rows: pa.Table, column: str, reading: Reading, account: Account) -> dict[str, str]:
    """The label of each value of a column that is a label."""
    values = [
        found
        for found in in_array(pa.array(texts_of(rows, column, account.table), pa.string()))
        if found.value is not None
    ]
    asked = [found for found in values if not _is_left_out(found.value or "", reading)]
    spelling = of_column(reading.spelling, rows.schema, column)
    if spelling.is_auto:
        spelling, said = recognise(spelling, [found.value or "" for found in asked], reading.how)
        account.note(said)
    unknown = [found for found in asked if spelling.label(found.value) is None]
    refuse_unknown(column, unknown, partial(spelling.fault, how=reading.how))
    return {found.value or "": spelling.label(found.value) or "" for found in asked}


def _is_left_out(value: str, reading: Reading) -> bool:
    return value in reading.left_out or plain_number(value) in reading.left_out


def _stated(
    rows: pa.Table, roles: Roles, labels: Mapping[str, Mapping[str, str]], reading: Reading, account: Account
) -> Iterator[Said]:
    """The judgements of columns of labels."""
    cells = {column: texts_of(rows, column, account.table) for column in roles.labels}
    who = texts_of(rows, roles.columns["annotator"], account.table) if "annotator" in roles.columns else None
    for row in range(len(rows)):
        there = {column: value for column in roles.labels if (value := cells[column][row]) is not None}
        kept = {column: value for column, value in there.items() if value in labels[column]}
        if not kept:
            left = next(iter(there.values()), None)
            account.drop(row, "no label" if left is None else f"the label {left!r} is left out, as asked")
        elif roles.is_wide and len(kept) < len(roles.labels):
            account.note("cells without a label, not judged by their annotator", len(roles.labels) - len(kept))
        for column, value in kept.items():
            stated = ((who[row] or NOT_STATED) if who else ANYBODY) if not roles.is_wide else column
            group = f"{who[row] or NOT_STATED} " if who and roles.is_wide else ""
            yield Said(row, group + stated, labels[column][value], plain_number(value))


def _counted(rows: pa.Table, roles: Roles, account: Account) -> Iterator[Said]:
    """The judgements of counts of votes, dealt to annotators of whom nothing is known.

    The votes on a row are dealt out in an order by hash, so that no annotator stands for one label.
    """
    numbers = {column: _numbers(rows, column, account.table) for column in roles.votes}
    for row in range(len(rows)):
        votes = [(label, column) for column, label in roles.votes.items() for _ in range(numbers[column][row])]
        if not votes:
            account.drop(row, "no votes")
        order = np.argsort([hashlib.sha256(f"{row}:{i}".encode()).hexdigest() for i in range(len(votes))])
        for number, at in enumerate(order.tolist(), 1):
            yield Said(row, f"{VOTER}_{number}", *votes[at])


def _numbers(rows: pa.Table, column: str, name: str) -> list[int]:
    """The counts of a column; none is 0.

    Raises:
        InputError: they are not whole numbers of 0 or more.
    """
    found, problems = [], []
    for row, value in enumerate(texts_of(rows, column, name), 1):
        plain = plain_number(value or "0")
        is_count = plain.isascii() and plain.isdigit() and int(plain) <= MOST_VOTES
        found.append(int(plain) if is_count else 0)
        if not is_count:
            message = f"{str(value)[:80]!r}, expected a number of votes from 0 to {MOST_VOTES:,}"
            problems.append(Problem(name, None, column, message, row))
    if problems:
        raise InputError(problems)
    return found
