"""Patterns of labels in a table of judgements, and those of relevance and of stance alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from kazstance.input.frames import as_frame
from kazstance.input.labelled import read_labels, refuse_unknown
from kazstance.input.spelling import given, plain_number
from kazstance.input.values import in_frame, refuse_missing
from kazstance.schema.labels import GRID_LABELS
from kazstance.stats.agreement import Patterns, count_patterns
from kazstance.stats.counting import as_text


def patterns(
    frame: Any,
    unit: Sequence[str],
    label: str = "label",
    cluster: str | None = None,
    labels: int | str | Sequence[str] | Mapping[Any, str] | None = None,
) -> Patterns:
    """Count the patterns of labels in a table with one row per judgement; runs where the data is.

    Args:
        frame: rows with one judgement each, as anything in `kazstance.input.frames.ACCEPTED`.
        unit: the columns that identify what was judged.
        label: the column of the label; a missing one is a gap.
        cluster: the column of the cluster; by default, all units are one cluster.
        labels: the labels, in order: their number, for codes from 0; their names, for any text; or how
            the labels of kazstance are spelled (against, neutral, favor, none, in this order), as a preset or a mapping
            from values to labels. By default, by their names, or by the schema of a table of kazstance.

    Raises:
        UnknownLabelError: values that are not one of the labels; all are named.
        KazstanceError: a unit or a cluster is missing.
    """
    frame = as_frame(frame)
    numbers, size = _label_numbers(frame, label, labels)
    names = [f"label_{number}" for number in range(size)]
    spelled = [[value for value, number in numbers.items() if number == place] for place in range(size)]
    never = nw.col(label).is_null()  # gaps are filtered out
    chosen = [
        (as_text(label).is_in(values) if values else never).cast(nw.Int64).alias(name)
        for values, name in zip(spelled, names, strict=True)
    ]
    refuse_missing(frame, [*unit, *([cluster] if cluster else [])])
    keys = list(dict.fromkeys([*unit, *([cluster] if cluster else [])]))
    judged = nw.from_native(frame).lazy().filter(~nw.col(label).is_null()).with_columns(*chosen)
    units = judged.group_by(*keys).agg(*(nw.col(name).sum() for name in names)).collect()
    votes = np.column_stack([units[name].to_numpy() for name in names]).astype(np.float64)
    return count_patterns(votes, units[cluster].to_list() if cluster else None)


def _label_numbers(
    frame: Any, column: str, labels: int | str | Sequence[str] | Mapping[Any, str] | None
) -> tuple[dict[str, int], int]:
    """The number of the label that each value of a column, as text, stands for, and the number of labels."""
    if labels is None or isinstance(labels, str | Mapping):
        meant = read_labels(frame, column, given(labels), are_gaps_known=True)
        return {value: GRID_LABELS.index(name) for value, name in meant.items()}, len(GRID_LABELS)
    names = [str(name) for name in (range(labels) if isinstance(labels, int) else labels)]
    known = {name: number for number, name in enumerate(names)}
    found = [value for value in in_frame(frame, column) if value.value is not None]
    numbers = {value.value: known.get(plain_number(value.value or "")) for value in found}
    refuse_unknown(
        column,
        [value for value in found if numbers[value.value] is None],
        lambda _: f"expected one of {', '.join(names)}",
    )
    return {value: number for value, number in numbers.items() if value is not None and number is not None}, len(names)


def relevance(found: Patterns, none: int = 3) -> Patterns:
    """The same units with two labels: about the target, or not."""
    about = found.votes.sum(axis=1) - found.votes[:, none]
    return Patterns(np.stack([about, found.votes[:, none]], axis=1), found.counts)


def is_stance(found: Patterns, none: int = 3) -> npt.NDArray[np.bool_]:
    """Which patterns are of units that all their annotators, two or more, found relevant."""
    kept: npt.NDArray[np.bool_] = (found.votes[:, none] == 0) & (found.votes.sum(axis=1) > 1)
    return kept


def stance(found: Patterns, none: int = 3) -> Patterns:
    """The units that all their annotators found relevant, with the labels of a stance."""
    kept = is_stance(found, none)
    return Patterns(np.delete(found.votes[kept], none, axis=1), found.counts[:, kept])
