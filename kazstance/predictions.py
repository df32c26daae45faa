"""Gold labels and predictions from files: read, matched row by row, and brought to one spelling."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

import kazstance
from kazstance.errors import InputError, Problem, UnknownNameError
from kazstance.scoring import GRID_LABELS, LABELS, STANCE_METRICS, Score, confusion, score
from kazstance.tables import PLAIN, Form, read_table

SHOWN: Final = 10
"""Rows that a message names."""
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
    for table, file, names in (
        (gold, gold_file, [*columns.ids, columns.gold, *columns.kept]),
        (predicted, predicted_file, [*columns.ids, columns.predicted]),
    ):
        for name in names:
            if name not in table.column_names:
                raise UnknownNameError(name, f"column of {file}", table.column_names)
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
    if problems:
        raise InputError(problems)
    order = pc.index_in(keys[0], value_set=keys[1])
    kept = {name: gold.column(name) for name in [*columns.ids, *columns.kept]}
    return pa.table(kept | {"gold": labels[0], "predicted": labels[1].take(order)})


def predicted_labels(file: Path, ids: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """The label of each id, from a file with the columns `item_id` and `label`.

    Raises:
        InputError: rows that are missing, doubled or unknown, or labels that are none; all are named.
        UnknownNameError: a column that is not there.
        KazstanceError: the file cannot be read.
    """
    table = read_table(file)
    for name in ("item_id", "label"):
        if name not in table.column_names:
            raise UnknownNameError(name, f"column of {file}", table.column_names)
    problems: list[Problem] = []
    keys = _keys(table, ["item_id"], str(file), problems)
    _compare([pa.array(ids, pa.string()), keys], "the task", str(file), problems)
    found = _rename(table.column("label"), str(file), "label", {label: label for label in labels}, problems)
    if problems:
        raise InputError(problems)
    return dict(zip(keys.to_pylist(), found.to_pylist(), strict=True))


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
    return [score(found, metric, n, seed, facts) for metric in STANCE_METRICS]


def labels_of(table: pa.Table) -> tuple[str, ...]:
    """The labels that a matched table is scored with: with none where it occurs."""
    has_none = any(pc.any(pc.equal(table.column(name), "none")).as_py() for name in ("gold", "predicted"))
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
