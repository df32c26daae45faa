"""Rows of two tables joined by the hashes of their keys."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kazstance.input.columns import Numbers

Mask = npt.NDArray[np.bool_]
"""Whether something holds for each row, shape (rows,)."""


class Join(NamedTuple):
    """For each gold row the number of the first predicted row with its key, or -1; and the rows that have none.

    `repeats` are the predicted rows whose key occurs before, and `extra` the others whose key no gold row has.
    """

    at: Numbers
    repeats: Numbers
    extra: Numbers


def repeated(keys: Numbers) -> Numbers:
    """The numbers of the rows whose key occurs in a row before."""
    ordered = np.sort(keys)
    if not (ordered[1:] == ordered[:-1]).any():
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    return np.sort(order[1:][ordered[1:] == ordered[:-1]])


def join(gold: Numbers, predicted: Numbers) -> Join:
    """Join two tables by the keys of their rows."""
    none = np.zeros(0, dtype=np.int64)
    if len(gold) == len(predicted) and (gold == predicted).all() and not len(repeated(predicted)):
        return Join(np.arange(len(gold), dtype=np.int32), none, none)
    order = np.argsort(predicted, kind="stable").astype(np.int32)
    ordered = predicted[order]
    repeats = np.sort(order[1:][ordered[1:] == ordered[:-1]])
    place = np.searchsorted(ordered, gold)
    place[place == len(ordered)] = 0
    is_there = ordered[place] == gold
    at = order[place]
    at[~is_there] = -1
    is_extra = np.ones(len(predicted), dtype=bool)
    is_extra[at[is_there]] = False
    is_extra[repeats] = False
    return Join(at, repeats, np.flatnonzero(is_extra))


class Grouped(NamedTuple):
    """Rows grouped by key: the first row of each group, in order, and the number of the group of each row."""

    first: Numbers
    group: Numbers


def group(keys: Numbers) -> Grouped:
    """Group rows by their keys, in the order in which these first occur."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Grouped(first[order], rank[inverse.ravel()])


class Votes(NamedTuple):
    """The votes for each label, shape (items, labels), and the label with the most, shape (items,).

    Where the first labels are tied the label is -1, and -2 where there is no vote.
    """

    votes: npt.NDArray[np.float64]
    winner: npt.NDArray[np.int8]


def majority(groups: Grouped, labels: npt.NDArray[np.int8], width: int) -> Votes:
    """Count the votes of annotators.

    Args:
        groups: the items.
        labels: the label of each row, shape (rows,); below 0 where it has none.
        width: how many labels there are.
    """
    voted = labels >= 0
    cells = groups.group[voted] * width + labels[voted]
    votes = np.bincount(cells, minlength=len(groups.first) * width).reshape(-1, width).astype(np.float64)
    most = votes.max(axis=1, initial=0)
    winner = votes.argmax(axis=1).astype(np.int8)
    winner[(votes == most[:, None]).sum(axis=1) > 1] = -1
    winner[most == 0] = -2
    return Votes(votes, winner)
