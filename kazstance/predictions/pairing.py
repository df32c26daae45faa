"""The prediction of each gold row, by id or by line, under the rules for what does not pair or has no label."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.columns import Numbers, rows_at
from kazstance.input.pairing import Note, Pairs
from kazstance.input.streams import Stream
from kazstance.input.values import Found
from kazstance.metrics import GRID_LABELS
from kazstance.predictions.joining import Grouped, Join, group, join, majority, repeated
from kazstance.predictions.request import Request
from kazstance.predictions.sides import Labels, Sides, Table
from kazstance.stats.counting import Floats

SHOWN = 10
"""How many rows or values a message names."""
WIDTH = len(GRID_LABELS)
BY_LINE = "by_line"


class Paired(NamedTuple):
    """The gold rows that are scored, by number, the predicted row of each, or -1, and the gold label of each.

    Shapes: `rows`, `at` and `labels` (scored rows,); `votes` (scored rows, labels), of annotators. `pairs` are all rows
    that belong together; `counts` says how many rows each rule applied to, and `facts` says so in signatures.
    """

    rows: Numbers
    at: Numbers
    labels: Labels
    pairs: Pairs
    counts: dict[str, int]
    facts: dict[str, str]
    notes: list[Note]
    votes: Floats | None = None
    predicts_none: bool = False


class _Gold(NamedTuple):
    """Gold rows with a label: their numbers, labels and votes, and what was left out."""

    rows: Numbers
    labels: Labels
    votes: Floats | None
    counts: dict[str, int]


def pair(sides: Sides, request: Request, problems: list[Problem]) -> Paired:
    """Pair gold rows and predictions.

    Args:
        sides: both tables.
        request: the columns and rules.
        problems: gets what does not pair, unless a rule allows it.

    Raises:
        InputError: rows have no id, or tables that are paired by line have different numbers of rows; with all
            problems so far.
        KazstanceError: no rows are left to score.
    """
    gold, predicted, rules = sides.gold, sides.predicted, request.rules
    if not (gold.read.is_keyed and predicted.read.is_keyed):
        raise InputError(problems)
    joined = _by_line(sides, problems) if rules.by_line else join(gold.read.keys, predicted.read.keys)
    known = _gold_rows(sides, request, problems)
    problems += _refused_repeats(predicted.stream, predicted.read.keys, joined.repeats, request)
    problems += _refused(sides, joined.extra, "extra", request)
    at = joined.at[known.rows]
    missing = known.rows[at < 0]
    problems += _refused(sides, missing, "missing", request)
    keep = slice(None) if rules.missing != "ignore" else at >= 0
    rows, at, labels = known.rows[keep], at[keep], known.labels[keep]
    answers = None if predicted.labels is None else np.append(predicted.labels, np.int8(-2))[at]
    invalid = 0 if answers is None else int((answers == -1).sum())
    counts = known.counts | {
        "missing": len(missing),
        "extra": len(joined.extra),
        "duplicates": known.counts["duplicates"] + len(joined.repeats),
        "invalid": invalid,
    }
    if not problems:
        _check_left(rows, at, answers, predicted)
    applied = {name: counts[name] for name in (*rules.facts, *(["ties"] if rules.annotator else []))}
    notes = _notes(sides, request, counts, len(rows)) if not problems else []
    votes = None if known.votes is None else known.votes[keep]
    has_none = answers is not None and bool((answers == GRID_LABELS.index("none")).any())
    pairs = _pairs(joined, predicted.read.rows)
    return Paired(rows, at, labels, pairs, applied, _facts(request, counts), notes, votes, has_none)


def _by_line(sides: Sides, problems: list[Problem]) -> Join:
    """Rows paired by their numbers.

    Raises:
        InputError: there are not equally many.
    """
    gold, predicted = sides.gold.read.rows, sides.predicted.read.rows
    if gold != predicted:
        message = f"{predicted} rows, expected {gold} as in {sides.gold.stream.name}, to pair them by line"
        raise InputError([*problems, Problem(sides.predicted.stream.name, None, None, message)])
    none = np.zeros(0, dtype=np.int64)
    return Join(np.arange(gold, dtype=np.int32), none, none)


def _pairs(joined: Join, predicted: int) -> Pairs:
    """All rows that belong together."""
    at = joined.at
    if len(at) == predicted and bool((at == np.arange(len(at), dtype=np.int32)).all()):
        return Pairs(None, None)
    rows = np.flatnonzero(at >= 0)
    return Pairs(None, at) if len(rows) == len(at) else Pairs(rows, at[rows])


def _gold_rows(sides: Sides, request: Request, problems: list[Problem]) -> _Gold:
    """The gold rows that have a label, each id once."""
    gold, rules = sides.gold, request.rules
    labels = np.zeros(gold.read.rows, dtype=np.int8) if gold.labels is None else gold.labels
    if rules.annotator:
        return _by_annotators(gold, labels, request, problems)
    rows = np.arange(gold.read.rows, dtype=np.int32)
    repeats = np.zeros(0, dtype=np.int64) if rules.by_line else repeated(gold.read.keys)
    if len(repeats):
        problems += _refused_repeats(gold.stream, gold.read.keys, repeats, request, is_gold=True)
        rows = np.delete(rows, repeats)
    is_labelled = labels[rows] >= 0
    counts = {"duplicates": len(repeats), "unlabelled": int((~is_labelled).sum()), "ties": 0}
    rows = rows if rules.unlabelled is None else rows[is_labelled]
    return _Gold(rows, labels[rows], None, counts)


def _by_annotators(gold: Table, labels: Labels, request: Request, problems: list[Problem]) -> _Gold:
    """One row for each item, with the label that most of its annotators gave."""
    name = str(request.rules.annotator)
    groups = group(gold.read.keys)
    who = gold.read.columns[name]
    repeats = repeated(groups.group * len(who.values) + who.codes)
    if len(repeats):
        problems += _refused_repeats(gold.stream, gold.read.keys, repeats, request, name)
        labels = labels.copy()
        labels[repeats] = -1
    problems += _inconsistent(gold, groups, request)
    found = majority(groups, labels, WIDTH)
    lacks = int((labels < 0).sum()) - len(repeats)
    counts = {"duplicates": len(repeats), "unlabelled": lacks, "ties": int((found.winner == -1).sum())}
    keep = found.winner >= 0
    return _Gold(groups.first[keep], found.winner[keep], found.votes[keep], counts)


def _inconsistent(gold: Table, groups: Grouped, request: Request) -> list[Problem]:
    """A problem for each column that says what an item is about and differs between its annotators."""
    problems = []
    for name in request.columns.kept:
        codes = gold.read.columns[name].codes
        differs = np.flatnonzero(codes != codes[groups.first][groups.group])
        if len(differs):
            shown = _shown(gold.stream, request.columns.ids, differs)
            message = f"differs between rows of one id ({len(differs)}): {shown}; expected one value for each id"
            problems.append(Problem(gold.stream.name, None, name, message))
    return problems


def _refused_repeats(
    stream: Stream,
    keys: Numbers,
    rows: Numbers,
    request: Request,
    annotator: str | None = None,
    *,
    is_gold: bool = False,
) -> list[Problem]:
    """A problem with rows that have the same id, unless a rule allows them."""
    if not len(rows) or request.rules.duplicates:
        return []
    _, at = np.unique(keys[rows], return_index=True)
    shown = _shown(stream, request.columns.ids, rows[np.sort(at)])
    remedies = request.remedies
    options = [remedies.pass_("duplicates"), f"{remedies.flag} if both have the same rows in the same order"]
    if is_gold and annotator is None:
        options.append(f"{remedies.annotator} if each annotator has a row")
    expected = "each row once" if annotator is None else f"each row once for each {annotator}"
    message = f"duplicate rows ({len(at)}): {shown}; expected {expected}; or pass {', or '.join(options)}"
    return [Problem(stream.name, None, "id", message)]


def _refused(sides: Sides, rows: Numbers, rule: str, request: Request) -> list[Problem]:
    """A problem with gold rows that are `missing` or predicted rows that are `extra`, unless a rule allows them."""
    if not len(rows) or getattr(request.rules, rule):
        return []
    side = sides.gold if rule == "missing" else sides.predicted
    _, at = np.unique(side.read.keys[rows], return_index=True)
    shown = _shown(side.stream, request.columns.ids, rows[np.sort(at)])
    what, of = ("missing rows", "every row") if rule == "missing" else ("unknown rows", "only rows")
    expected = f"expected {of} of {sides.gold.stream.name}; or pass {request.remedies.pass_(rule)}"
    return [Problem(sides.predicted.stream.name, None, "id", f"{what} ({len(at)}): {shown}; {expected}")]


def _shown(stream: Stream, ids: Sequence[str], rows: Numbers) -> str:
    """The ids of the first rows of some."""
    names = [" ".join(key) for key in rows_at(stream, ids, [int(row) for row in rows[:SHOWN]])]
    return ", ".join(names) + (", …" if len(rows) > SHOWN else "")


def _check_left(rows: Numbers, at: Numbers, answers: Labels | None, predicted: Table) -> None:
    """Check that there is something to score.

    Raises:
        KazstanceError: no rows are left, or not one has a prediction, or not one prediction is a label.
    """
    if not len(rows):
        raise KazstanceError("no rows are left to score, expected at least one gold row with a label and a prediction")
    if not (at >= 0).any():
        raise KazstanceError(f"{predicted.stream.name}: no row has the id of a gold row, expected at least one")
    if answers is not None and not (answers >= 0).any():
        values = _values(predicted.unlabelled)
        raise KazstanceError(
            f"{predicted.stream.name}: not one prediction is a label ({values}); see how they are spelled"
        )


def _facts(request: Request, counts: dict[str, int]) -> dict[str, str]:
    """What signatures say of the rules that made a difference."""
    done = {"wrong": "wrong", "ignore": "ignored", "first": "first"}
    found = {name: f"{counts[name]}_{done[rule]}" for name, rule in request.rules.facts.items() if counts[name]}
    ties = {"ties": f"{counts['ties']}_ignored"} if counts["ties"] else {}
    by_line = {"paired": BY_LINE} if request.rules.by_line else {}
    by_votes = {"annotator": str(request.rules.annotator)} if request.rules.annotator else {}
    return by_line | by_votes | found | ties


def _notes(sides: Sides, request: Request, counts: dict[str, int], scored: int) -> list[Note]:
    """How many rows each rule applied to, where it applied to any."""
    gold, predicted, rules = sides.gold, sides.predicted, request.rules
    one, other = gold.stream.name, predicted.stream.name
    missing = "counted as wrong" if rules.missing == "wrong" else "left out"
    said = {
        "missing": f"{other}: {_rows(counts['missing'], 'gold row')} without a prediction, {missing}",
        "extra": f"{other}: {_rows(counts['extra'])} left out, not in {one}",
        "duplicates": f"{_rows(counts['duplicates'])} left out whose id appears before",
        "unlabelled": f"{one}: {_rows(counts['unlabelled'])} without a label, left out ({_values(gold.unlabelled)})",
        "invalid": (
            f"{other}: {counts['invalid']} of {scored} predictions not labels, counted as wrong "
            f"({_values(predicted.unlabelled)})"
        ),
        "ties": f"{one}: {_rows(counts['ties'], 'item')} left out whose annotators are tied",
    }
    return [Note(message, name, counts[name], gold.read.rows) for name, message in said.items() if counts[name]]


def _rows(number: int, what: str = "row") -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _values(found: Sequence[Found]) -> str:
    """Values that are not labels, with the number of rows of each."""
    shown = [f"{'no value' if not value.value else repr(value.value)}: {value.rows}" for value in found[:SHOWN]]
    return ", ".join(shown) + (", …" if len(found) > SHOWN else "")
