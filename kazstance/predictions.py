"""Gold labels and predictions from files: paired row by row, brought to one spelling, and scored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import kazstance
from kazstance.errors import InputError, Problem, UnknownNameError
from kazstance.input.pairing import Note, Side, check_complete, check_shared, row_keys, text_column
from kazstance.input.spelling import Spelling, named, of_column
from kazstance.input.tables import PLAIN, TEXT, Form, ending, read_table
from kazstance.input.values import in_array
from kazstance.metrics import GRID_LABELS, LABELS, STANCE_METRICS
from kazstance.output.terminal import echo
from kazstance.stats.confusion import confusion
from kazstance.stats.counting import Floats
from kazstance.stats.scores import Score, score_all
from kazstance.stats.soft import soft_scores

SHOWN: Final = 10
"""Rows that a message names."""
PROBABILITY: Final = "p_"
"""What the name of a column of probabilities begins with, before the label."""
VOTES: Final = "votes_"
"""What the name of a column of annotators' votes begins with, before the label."""
TOLERANCE: Final = 1e-6
"""How far from 1 probabilities may sum."""


@dataclass(frozen=True)
class Columns:
    """The columns of two files that matter; those `kept` are of the gold file, those `ignored` are not compared."""

    ids: Sequence[str]
    gold: str
    predicted: str
    kept: Sequence[str] = ()
    ignored: Sequence[str] = ()


class Matched(NamedTuple):
    """The rows of a gold file with the prediction of each, and what is to be known of their pairing."""

    table: pa.Table
    notes: list[Note]


def match(gold_file: Path, predicted_file: Path, columns: Columns, spelling: Spelling, form: Form = PLAIN) -> Matched:
    """The rows of a gold file with the prediction of each: the ids, `gold`, `predicted`, and the columns to keep.

    Columns that both files share are compared, as `kazstance.input.pairing.check_shared` says.

    Raises:
        InputError: rows that are missing, doubled or unknown, shared columns that say that other rows are paired,
            labels that the spelling does not know, or empty fields in columns to keep; all are named.
        UnknownNameError: a column that is not there.
        KazstanceError: a file cannot be read.
    """
    problems: list[Problem] = []
    one = _side(gold_file, columns.gold, [*columns.ids, *columns.kept], form)
    other = _side(predicted_file, columns.predicted, columns.ids, form)
    one, other = (side._replace(keys=row_keys(side.table, columns.ids, side.name, problems)) for side in (one, other))
    check_complete(one, other, problems)
    labels = [read_labels(side.table, side.label, Path(side.name), spelling, problems) for side in (one, other)]
    notes = check_shared(
        one,
        other,
        named=columns.kept,
        ignored=columns.ignored,
        is_label=partial(_is_label, spelling),
        problems=problems,
    )
    kept = {name: text_column(one.table, name, str(gold_file), problems) for name in [*columns.ids, *columns.kept]}
    problems += [problem for name in columns.kept for problem in _empty(kept[name], name, gold_file)]
    soft = _soft_columns((one, other), labels, spelling, problems, notes)
    if problems:
        raise InputError(problems)
    order = pc.index_in(one.keys, value_set=other.keys)
    moved = {name: values.take(order) if name.startswith(PROBABILITY) else values for name, values in soft.items()}
    return Matched(pa.table(kept | {"gold": labels[0], "predicted": labels[1].take(order)} | moved), notes)


def _side(file: Path, label: str, names: Sequence[str], form: Form) -> Side:
    """A file with its columns checked, and no keys yet."""
    table = read_table(file, form)
    _check_columns(table, file, [*names, label])
    return Side(str(file), table, label, pa.nulls(0, pa.string()))


def _check_columns(table: pa.Table, file: Path, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.column_names:
            raise UnknownNameError(name, f"column of {file}", table.column_names)


def _empty(column: pa.Array, name: str, file: Path) -> Iterator[Problem]:
    """A column to group rows by, of which some have nothing."""
    blank = pc.sum(pc.equal(pc.utf8_trim_whitespace(column.fill_null("")), "")).as_py()
    if blank:
        yield Problem(str(file), None, name, f"nothing in {blank} of {len(column)} rows, expected something in each")


def read_labels(table: pa.Table, name: str, file: Path, spelling: Spelling, problems: list[Problem]) -> pa.Array:
    """A column of labels by their names; what the spelling does not know is a problem, one for each value.

    In text files the problem stands at the line of the first row.

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
    for value in unknown[:SHOWN]:
        came, line = (value.brief, (value.first or 0) + 1) if ending(file) in TEXT else (str(value), None)
        problems.append(Problem(str(file), line, name, f"{came}, {known.fault(value.value)}"))
    if rest := unknown[SHOWN:]:
        message = f"and {len(rest)} more values that are not labels, in {sum(value.rows for value in rest)} rows"
        problems.append(Problem(str(file), rest[0].first if ending(file) in TEXT else None, name, message))
    return pa.array(list(meaning.values()), pa.string()).take(
        pc.index_in(text, value_set=pa.array(list(meaning), pa.string()))
    )


def _soft_columns(
    sides: Sequence[Side], given: Sequence[pa.Array], spelling: Spelling, problems: list[Problem], notes: list[Note]
) -> dict[str, pa.Array]:
    """Votes of the gold file and probabilities of the predictions, a column for each label, where there are any."""
    found: dict[str, pa.Array] = {}
    gold, predicted = (
        _label_columns(side, prefix, spelling, notes) for side, prefix in zip(sides, (VOTES, PROBABILITY), strict=True)
    )
    has_none = any(pc.any(pc.equal(values, "none")).as_py() for values in given) or "none" in predicted.values()
    labels = GRID_LABELS if has_none else LABELS
    if any(gold.values()):
        votes = _numbers(sides[0], gold, labels, spelling, problems, prefix=VOTES)
        if votes is not None and not (np.isfinite(votes) & (votes >= 0)).all():
            problems.append(Problem(sides[0].name, None, f"{VOTES}…", "not all are counts, expected numbers from 0"))
        found |= {} if votes is None else {f"{VOTES}{name}": pa.array(votes[:, i]) for i, name in enumerate(labels)}
        notes += _left_out(sides[0], gold, labels)
    if any(predicted.values()):
        chances = _probabilities(sides[1], predicted, labels, spelling, problems)
        if chances is not None:
            _most_probable(chances, given[1], labels, sides[1], problems)
            found |= {f"{PROBABILITY}{name}": pa.array(chances[:, i]) for i, name in enumerate(labels)}
    return found


def _label_columns(side: Side, prefix: str, spelling: Spelling, notes: list[Note]) -> dict[str, str | None]:
    """The columns with a prefix, and the label of each; a note where they are of no label at all."""
    known = of_column(spelling, side.table.schema, side.label)
    found = {
        name: known.label(name.removeprefix(prefix)) for name in side.table.column_names if name.startswith(prefix)
    }
    if found and not any(found.values()):
        names = ", ".join(found)
        what = "votes" if prefix == VOTES else "probabilities"
        message = f"{side.name}: {names} not read as {what}: expected {prefix} and a label of {known.name}"
        notes.append(Note(message, names, 0, len(side.table)))
    return found


def _left_out(side: Side, columns: Mapping[str, str | None], labels: Sequence[str]) -> Iterator[Note]:
    """Votes for none, where no row is none and there are three labels."""
    for name, label in columns.items():
        if label == "none" and label not in labels and (rows := _filled(side.table.column(name))):
            message = (
                f"{side.name}: {name} is left out, with votes in {rows} of {len(side.table)} rows: no label is none"
            )
            yield Note(message, name, rows, len(side.table))


def _filled(column: pa.ChunkedArray) -> int:
    """How many rows hold something other than 0; in a column of text, something other than blanks or the digit."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return int(pc.sum(pc.not_equal(column, 0)).as_py() or 0)
    return sum(str(value).strip() not in ("", "0") for value in column.drop_null().to_pylist())


@dataclass(frozen=True)
class Predicted:
    """Predictions from a file: the label of each id, and the probabilities of the labels, where the file has them."""

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
    say: Callable[[str], None] = echo,
) -> Predicted:
    """The prediction of each row of a task, from a table with the columns `item_id` and `label`.

    It may have the columns `p_<label>`, the probability of each label; `label` may be left out then, since it is
    the most probable. Columns that it shares with the task are compared, see `input.pairing`.

    Args:
        table: the predictions.
        known: the rows of the task, with the column `item_id` and whatever else they are known by.
        labels: those there are.
        optional: sets of rows that may be left out, each as a whole.
        name: the file of the predictions, for messages.
        spelling: of their labels; without it, by their names.
        ignored: columns that are not compared.
        say: is told the notes.

    Raises:
        InputError: rows that are missing, doubled or unknown, labels that are none, or probabilities that are none; all
            are named.
        UnknownNameError: a column that is not there.
    """
    spelling, file = spelling or named(labels), Path(name)
    columns = [name for name in table.column_names if name.startswith(PROBABILITY)]
    _check_columns(table, file, ["item_id", *(["label"] if not columns or "label" in table.column_names else [])])
    problems: list[Problem] = []
    side = Side(name, table, "label", row_keys(table, ["item_id"], name, problems))
    task = _asked(known, optional, side)
    check_complete(task, side, problems)
    is_label = partial(_is_label, spelling)
    for note in check_shared(task, side, named=(), ignored=ignored, is_label=is_label, problems=problems):
        say(str(note))
    by_column = {name: spelling.label(name.removeprefix(PROBABILITY)) for name in columns}
    probabilities = _probabilities(side, by_column, labels, spelling, problems) if columns else None
    given = read_labels(table, "label", file, spelling, problems) if "label" in table.column_names else None
    found = _most_probable(probabilities, given, labels, side, problems) if probabilities is not None else given
    if problems or found is None:
        raise InputError(problems)
    names = side.keys.to_pylist()
    rows = None if probabilities is None else dict(zip(names, map(tuple, probabilities.tolist()), strict=True))
    return Predicted(dict(zip(names, found.to_pylist(), strict=True)), rows)


def _asked(known: pa.Table, optional: Sequence[Sequence[str]], given: Side) -> Side:
    """The rows of a task that a file has to answer: all but the optional ones of which it has none."""
    there = set(given.keys.to_pylist())
    left_out = {name for group in optional if not there & set(group) for name in group}
    rows = known.filter(pc.invert(pc.is_in(known["item_id"], value_set=pa.array(sorted(left_out), pa.string()))))
    return Side("the task", rows, "", rows["item_id"].combine_chunks())


def _is_label(spelling: Spelling, value: str | None) -> bool:
    return spelling.label(value) is not None


def _probabilities(
    side: Side, columns: Mapping[str, str | None], labels: Sequence[str], spelling: Spelling, problems: list[Problem]
) -> Floats | None:
    """Columns of probabilities, shape (rows, labels); None where one of them is a problem."""
    found = _numbers(side, columns, labels, spelling, problems, prefix=PROBABILITY)
    faults = [] if found is None else list(distribution_faults(found))
    problems += [Problem(side.name, None, f"{PROBABILITY}…", fault, row + 1) for row, fault in faults]
    return None if faults else found


def _numbers(
    side: Side,
    columns: Mapping[str, str | None],
    labels: Sequence[str],
    spelling: Spelling,
    problems: list[Problem],
    *,
    prefix: str,
) -> Floats | None:
    """Columns of numbers by their labels, shape (rows, labels); None where one is missing, unknown or not of numbers.

    Columns of none are passed over where none is not a label here.
    """
    chosen: dict[str, str] = {}
    before = len(problems)
    spelled = ", ".join(f"{prefix}{theirs}" for theirs, ours in spelling.pairs.items() if ours in labels)
    for name, label in columns.items():
        kind = side.table.schema.field(name).type
        if label == "none" and label not in labels:
            continue
        if label is None or label not in labels:
            hint = spelling.fault(name.removeprefix(prefix)).partition("; ")[2]
            message = f"not a column of a label, expected one of {spelled}" + (f"; {hint}" if hint else "")
            problems.append(Problem(side.name, None, name, message))
            continue
        if label in chosen:
            problems.append(Problem(side.name, None, name, f"{chosen[label]} is of {label} too, expected one column"))
        elif not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            problems.append(Problem(side.name, None, name, f"values of type {kind}, expected numbers"))
        chosen.setdefault(label, name)
    for label in labels:
        if label not in chosen:
            problems.append(Problem(side.name, None, f"{prefix}{label}", "no column, expected one for each label"))
    if len(problems) > before:
        return None
    return np.column_stack([side.table.column(chosen[label]).to_numpy().astype(np.float64) for label in labels])


def distribution_faults(probabilities: Floats) -> Iterator[tuple[int, str]]:
    """The rows of an array of probabilities, shape (rows, labels), that are none, and what is wrong with them."""
    with np.errstate(invalid="ignore"):
        bad = np.logical_not(np.isfinite(probabilities).all(axis=1) & (probabilities >= 0).all(axis=1))
        off = np.abs(probabilities.sum(axis=1) - 1) > TOLERANCE
    for row in np.flatnonzero(bad | off).tolist():
        shown = ", ".join(f"{value:g}" for value in probabilities[row])
        what = "finite probabilities from 0" if bad[row] else f"a sum of 1, not {probabilities[row].sum():g}"
        yield row, f"{shown}; expected {what}"


def _most_probable(
    probabilities: Floats, given: Any, labels: Sequence[str], side: Side, problems: list[Problem]
) -> pa.Array:
    """The most probable labels, the first in ties; a label that is given and less probable is a problem."""
    found = pa.array(labels, pa.string()).take(pa.array(probabilities.argmax(axis=1)))
    if given is None or given.null_count:
        return found
    number = pc.index_in(given, value_set=pa.array(labels, pa.string())).to_numpy()
    less = np.flatnonzero(probabilities[np.arange(len(number)), number] < probabilities.max(axis=1))
    for row in less[:SHOWN]:
        message = (
            f"{given[int(row)].as_py()!r} in row {row + 1}, expected the most probable, {found[int(row)].as_py()!r}"
        )
        problems.append(Problem(side.name, None, side.label, message))
    return found


def parts(table: pa.Table, by: str) -> dict[str, pa.Table]:
    """A matched table by the values of a column."""
    values = sorted(pc.unique(table.column(by)).to_pylist())
    return {f"{by} {value}": table.filter(pc.equal(table.column(by), value)) for value in values}


def scores(
    table: pa.Table, target: str | None, cluster: str | None, n: int, seed: int, *, spelling: str = "kazstance"
) -> list[Score]:
    """All metrics of a matched table, with intervals over clusters and over targets; signatures name the spelling."""
    strata = [target] if target else []
    labels = labels_of(table)
    found = confusion(table, "gold", "predicted", strata=strata, cluster=cluster, labels=labels)
    facts = {
        "labels": len(labels),
        "spelling": spelling,
        "target": target or "-",
        "cluster": cluster or "-",
        "version": kazstance.__version__,
    }
    hard = score_all(found, STANCE_METRICS, n, seed, facts)
    if f"{PROBABILITY}{labels[0]}" not in table.column_names:
        return hard
    chances = np.column_stack([table.column(f"{PROBABILITY}{label}").to_numpy() for label in labels])
    has_votes = f"{VOTES}{labels[0]}" in table.column_names
    votes = np.column_stack([table.column(f"{VOTES}{label}").to_numpy() for label in labels]) if has_votes else None
    gold = pc.index_in(table.column("gold"), value_set=pa.array(labels, pa.string())).to_numpy()
    homes = table.column(cluster).to_pylist() if cluster else None
    return hard + soft_scores(chances, gold, votes, homes, n=n, seed=seed, signature=facts)


def labels_of(table: pa.Table) -> tuple[str, ...]:
    """The labels that a matched table is scored with: with none where it occurs."""
    has_none = any(pc.any(pc.equal(table.column(name), "none")).as_py() for name in ("gold", "predicted"))
    has_none = has_none or f"{PROBABILITY}none" in table.column_names
    return GRID_LABELS if has_none else LABELS
