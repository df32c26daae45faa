"""Gold labels and predictions from files: read, matched row by row, and brought to one spelling."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import kazstance
from kazstance.errors import InputError, Problem, UnknownNameError
from kazstance.input.tables import PLAIN, Form, read_table, with_text
from kazstance.scoring import GRID_LABELS, LABELS, STANCE_METRICS, Score, confusion, score, soft_scores
from kazstance.tally import Floats

SHOWN: Final = 10
"""Rows that a message names."""
PROBABILITY: Final = "p_"
"""What the name of a column of probabilities begins with, before the label."""
VOTES: Final = "votes_"
"""What the name of a column of annotators' votes begins with, before the label."""
TOLERANCE: Final = 1e-6
"""How far from 1 probabilities may sum."""
PRESETS: Final[dict[str, dict[str, str]]] = {
    "kazstance": {name: name for name in GRID_LABELS} | {str(number): name for number, name in enumerate(GRID_LABELS)},
    "semeval": {"FAVOR": "favor", "AGAINST": "against", "NONE": "neutral"},
    "pro_con": {"pro": "favor", "con": "against", "neutral": "neutral"},
    "wtwt": {"support": "favor", "refute": "against", "comment": "neutral", "unrelated": "none"},
    "tweet_eval": {"0": "neutral", "1": "against", "2": "favor"},
    "vast": {"0": "against", "1": "favor", "2": "neutral"},
}
"""How data sets in use spell the labels."""


@dataclass(frozen=True)
class Columns:
    """The columns of two files that matter."""

    ids: Sequence[str]
    gold: str
    predicted: str
    kept: Sequence[str] = ()


def match(
    gold_file: Path, predicted_file: Path, columns: Columns, mapping: Mapping[str, str], form: Form = PLAIN
) -> pa.Table:
    """The rows of a gold file with the prediction of each: the ids, `gold`, `predicted`, and the columns to keep.

    Raises:
        InputError: rows that are missing, doubled or unknown, or labels that the mapping does not know; all are named.
        UnknownNameError: a column that is not there.
        KazstanceError: a file cannot be read.
    """
    gold, predicted = read_table(gold_file, form), read_table(predicted_file, form)
    gold = with_text(gold, [*columns.ids, columns.gold, *columns.kept], gold_file)
    predicted = with_text(predicted, [*columns.ids, columns.predicted], predicted_file)
    problems: list[Problem] = []
    keys = [
        _keys(table, columns.ids, str(file), problems)
        for table, file in ((gold, gold_file), (predicted, predicted_file))
    ]
    _compare(keys, str(gold_file), str(predicted_file), problems)
    labels = [
        _rename(table.column(name), str(file), name, mapping, problems)
        for table, file, name in ((gold, gold_file, columns.gold), (predicted, predicted_file, columns.predicted))
    ]
    soft = _soft_columns((gold, predicted), (str(gold_file), str(predicted_file)), labels, mapping, problems)
    if problems:
        raise InputError(problems)
    order = pc.index_in(keys[0], value_set=keys[1])
    kept = {name: gold.column(name) for name in [*columns.ids, *columns.kept]}
    moved = {name: values.take(order) if name.startswith(PROBABILITY) else values for name, values in soft.items()}
    return pa.table(kept | {"gold": labels[0], "predicted": labels[1].take(order)} | moved)


def _soft_columns(
    tables: Sequence[pa.Table],
    files: Sequence[str],
    given: Sequence[pa.Array],
    mapping: Mapping[str, str],
    problems: list[Problem],
) -> dict[str, pa.Array]:
    """Votes of the gold file and probabilities of the predictions, a column for each label, where there are any."""
    found: dict[str, pa.Array] = {}
    prefixes = (VOTES, PROBABILITY)
    columns = [
        {mapping.get(name.removeprefix(p)) for name in table.column_names if name.startswith(p)} - {None}
        for table, p in zip(tables, prefixes, strict=True)
    ]
    has_none = any(pc.any(pc.equal(values, "none")).as_py() for values in given) or "none" in columns[1]
    labels = GRID_LABELS if has_none else LABELS
    if columns[0]:
        votes = _numbers(tables[0], files[0], mapping, labels, problems, prefix=VOTES)
        if votes is not None and not (np.isfinite(votes) & (votes >= 0)).all():
            problems.append(Problem(files[0], None, f"{VOTES}…", "not all are counts, expected numbers from 0"))
        found |= {} if votes is None else {f"{VOTES}{name}": pa.array(votes[:, i]) for i, name in enumerate(labels)}
    if columns[1]:
        chances = read_probabilities(tables[1], files[1], mapping, labels, problems)
        if chances is not None:
            _most_probable(chances, given[1], labels, files[1], problems)
            found |= {f"{PROBABILITY}{name}": pa.array(chances[:, i]) for i, name in enumerate(labels)}
    return found


@dataclass(frozen=True)
class Predicted:
    """Predictions from a file: the label of each id, and the probabilities of the labels, where the file has them."""

    labels: dict[str, str]
    probabilities: dict[str, tuple[float, ...]] | None


def predicted_labels(
    file: Path, ids: Sequence[str], labels: Sequence[str], optional: Sequence[Sequence[str]] = ()
) -> Predicted:
    """The prediction of each id, from a file with the columns `item_id` and `label`.

    The file may have the columns `p_<label>`, the probability of each label; `label` may be left out then, since it is
    the most probable.

    Args:
        file: CSV, JSON Lines or Parquet.
        ids: the rows that there have to be.
        labels: those there are.
        optional: sets of rows that may be left out, each as a whole.

    Raises:
        InputError: rows that are missing, doubled or unknown, labels that are none, or probabilities that are none; all
            are named.
        UnknownNameError: a column that is not there.
        KazstanceError: the file cannot be read.
    """
    table = read_table(file)
    columns = [name for name in table.column_names if name.startswith(PROBABILITY)]
    has_label = not columns or "label" in table.column_names
    table = with_text(table, ["item_id", *(["label"] if has_label else [])], file)
    problems: list[Problem] = []
    keys = _keys(table, ["item_id"], str(file), problems)
    there = set(keys.to_pylist())
    expected = [*ids, *(name for group in optional if there & set(group) for name in group)]
    _compare([pa.array(expected, pa.string()), keys], "the task", str(file), problems)
    spelled = {label: label for label in labels}
    probabilities = read_probabilities(table, str(file), spelled, labels, problems) if columns else None
    given = (
        _rename(table.column("label"), str(file), "label", spelled, problems) if "label" in table.column_names else None
    )
    found = _most_probable(probabilities, given, labels, str(file), problems) if probabilities is not None else given
    if problems or found is None:
        raise InputError(problems)
    names = keys.to_pylist()
    rows = None if probabilities is None else dict(zip(names, map(tuple, probabilities.tolist()), strict=True))
    return Predicted(dict(zip(names, found.to_pylist(), strict=True)), rows)


def read_probabilities(
    table: pa.Table, file: str, mapping: Mapping[str, str], labels: Sequence[str], problems: list[Problem]
) -> Floats | None:
    """The columns `p_<label>` as probabilities, shape (rows, labels); None where one of them is a problem."""
    found = _numbers(table, file, mapping, labels, problems, prefix=PROBABILITY)
    faults = [] if found is None else list(distribution_faults(found))
    problems += [Problem(file, None, f"{PROBABILITY}…", fault, row + 1) for row, fault in faults]
    return None if faults else found


def _numbers(
    table: pa.Table,
    file: str,
    mapping: Mapping[str, str],
    labels: Sequence[str],
    problems: list[Problem],
    *,
    prefix: str,
) -> Floats | None:
    """Columns named by a prefix and a label, shape (rows, labels); None where one is missing, unknown or no number.

    Columns of none are passed over where none is no label here.
    """
    columns: dict[str, str] = {}
    before = len(problems)
    spelled = ", ".join(f"{prefix}{theirs}" for theirs, ours in mapping.items() if ours in labels)
    for name in (name for name in table.column_names if name.startswith(prefix)):
        label = mapping.get(name.removeprefix(prefix), "")
        kind = table.schema.field(name).type
        if label == "none" and label not in labels:
            continue
        if label not in labels:
            problems.append(Problem(file, None, name, f"a column of no label, expected one of {spelled}"))
        elif label in columns:
            problems.append(Problem(file, None, name, f"{columns[label]} is of {label} too, expected one column"))
        elif not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            problems.append(Problem(file, None, name, f"values of type {kind}, expected numbers"))
        columns.setdefault(label, name)
    for label in labels:
        if label not in columns:
            problems.append(Problem(file, None, f"{prefix}{label}", "no column, expected one for each label"))
    if len(problems) > before:
        return None
    return np.column_stack([table.column(columns[label]).to_numpy().astype(np.float64) for label in labels])


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
    probabilities: Floats, given: Any, labels: Sequence[str], file: str, problems: list[Problem]
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
        problems.append(Problem(file, None, "label", message))
    return found


def spelling(preset: str, mapping: Sequence[str] = ()) -> dict[str, str]:
    """How labels are spelled: a preset, then pairs as `theirs=ours`.

    Raises:
        UnknownNameError: there is no such preset or label; the message lists those there are.
    """
    if preset not in PRESETS:
        raise UnknownNameError(preset, "preset", PRESETS)
    found = dict(PRESETS[preset])
    for pair in mapping:
        theirs, _, ours = pair.rpartition("=")
        if ours not in GRID_LABELS:
            raise UnknownNameError(ours, "label", GRID_LABELS)
        found[theirs] = ours
    return found


def parts(table: pa.Table, by: str) -> dict[str, pa.Table]:
    """A matched table by the values of a column."""
    values = sorted(pc.unique(table.column(by)).to_pylist(), key=str)
    return {f"{by} {value}": table.filter(pc.equal(table.column(by), value)) for value in values if value is not None}


def scores(table: pa.Table, target: str | None, cluster: str | None, n: int, seed: int) -> list[Score]:
    """All metrics of a matched table, with intervals over clusters and over targets."""
    strata = [target] if target else []
    labels = labels_of(table)
    found = confusion(table, "gold", "predicted", strata=strata, cluster=cluster, labels=labels)
    facts = {
        "labels": len(labels),
        "target": target or "-",
        "cluster": cluster or "-",
        "version": kazstance.__version__,
    }
    hard = [score(found, metric, n, seed, facts) for metric in STANCE_METRICS]
    if f"{PROBABILITY}{labels[0]}" not in table.column_names:
        return hard
    chances = np.column_stack([table.column(f"{PROBABILITY}{label}").to_numpy() for label in labels])
    has_votes = f"{VOTES}{labels[0]}" in table.column_names
    votes = np.column_stack([table.column(f"{VOTES}{label}").to_numpy() for label in labels]) if has_votes else None
    gold = pc.index_in(table.column("gold"), value_set=pa.array(labels, pa.string())).to_numpy()
    homes = table.column(cluster).to_pylist() if cluster else range(len(table))
    return hard + soft_scores(chances, gold, votes, [str(home) for home in homes], n=n, seed=seed, signature=facts)


def labels_of(table: pa.Table) -> tuple[str, ...]:
    """The labels that a matched table is scored with: with none where it occurs."""
    has_none = any(pc.any(pc.equal(table.column(name), "none")).as_py() for name in ("gold", "predicted"))
    has_none = has_none or f"{PROBABILITY}none" in table.column_names
    return GRID_LABELS if has_none else LABELS


def _keys(table: pa.Table, ids: Sequence[str], file: str, problems: list[Problem]) -> Any:
    """One key a row; doubled and missing ones are problems."""
    parts = [pc.cast(table.column(name), pa.string()) for name in ids]
    keys = pc.binary_join_element_wise(*parts, "\x1f").combine_chunks()
    if missing := pc.sum(pc.is_null(keys)).as_py():
        problems.append(Problem(file, None, ", ".join(ids), f"{missing} rows without an id, expected one in each"))
    counts = pc.value_counts(keys.drop_null())
    doubled = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    problems += _rows(doubled, file, "doubled", "each once")
    return keys


def _compare(keys: Sequence[Any], gold: str, predicted: str, problems: list[Problem]) -> None:
    """Rows that stand in one file only."""
    without = [one.filter(pc.invert(pc.is_in(one, value_set=other))) for one, other in (keys, keys[::-1])]
    problems += _rows(pc.unique(without[0].drop_null()), predicted, "missing", f"every row of {gold}")
    problems += _rows(pc.unique(without[1].drop_null()), predicted, "unknown", f"rows of {gold} alone")


def _rows(keys: Any, file: str, what: str, expected: str) -> list[Problem]:
    """A problem with some rows, if there are any."""
    shown = ", ".join(key.replace("\x1f", " ") for key in keys[:SHOWN].to_pylist())
    more = ", …" if len(keys) > SHOWN else ""
    message = f"{len(keys)} rows {what}: {shown}{more}; expected {expected}"
    return [Problem(file, None, "id", message)] if len(keys) else []


def _rename(column: Any, file: str, name: str, mapping: Mapping[str, str], problems: list[Problem]) -> Any:
    """Labels by one spelling; what the mapping does not know is a problem."""
    text = pc.cast(column, pa.string())
    chunk = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    known = pa.array(list(mapping), pa.string())
    for value in pc.unique(chunk).to_pylist():
        if value not in mapping:
            row = pc.index(chunk, value).as_py() if value is not None else pc.index(pc.is_null(chunk), True).as_py()
            came = "no label" if value is None else repr(value)
            problems.append(Problem(file, None, name, f"{came} in row {row + 1}, expected one of {', '.join(mapping)}"))
    return pa.array(list(mapping.values()), pa.string()).take(pc.index_in(chunk, value_set=known))
