"""Columns of labels in dataframes, read by a spelling; anything that is not a label is an error."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import narwhals as nw
import pyarrow as pa

from kazstance.errors import UnknownLabelError
from kazstance.input.spelling import ARGUMENT, OWN, Spelling, of_column
from kazstance.input.values import Found, faults, in_frame


def read_labels(frame: Any, column: str, spelling: Spelling, *, are_gaps_known: bool = False) -> dict[str, str]:
    """The label of each value of a column, as text; a missing value is read as empty, or skipped as a gap.

    Args:
        frame: a frame that Narwhals knows.
        column: the column of the label.
        spelling: how it spells labels.
        are_gaps_known: pass over missing values.

    Raises:
        UnknownLabelError: values that are not labels; all are named.
        KazstanceError: the schema of an Arrow table contradicts the spelling.
    """
    known = of_column(spelling, _schema(nw.to_native(frame, pass_through=True)), column)
    found = [value for value in in_frame(frame, column) if value.value is not None or not are_gaps_known]
    unknown = [value for value in found if known.label(value.value) is None]
    refuse_unknown(column, unknown, partial(known.fault, how=ARGUMENT))
    return {value.value or "": known.label(value.value) or "" for value in found}


def labels_of(frame: Any, column: str, spelling: Spelling, values: Sequence[str]) -> list[str]:
    """The label of each of the values that a column has.

    Args:
        frame: a frame that Narwhals knows.
        column: the column of the label.
        spelling: how it spells labels.
        values: its values as text; a missing value is empty.

    Raises:
        UnknownLabelError: values of the column are not labels; all are named.
        KazstanceError: the schema of an Arrow table contradicts the spelling.
    """
    known = of_column(spelling, _schema(nw.to_native(frame, pass_through=True)), column)
    found = [known.label(value) for value in values]
    if None in found:
        read_labels(frame, column, spelling)  # says where they are
    return [label or "" for label in found]


def _schema(native: Any) -> pa.Schema:
    """What a frame says about its labels: the schema of an Arrow table, or the attributes of a pandas data frame."""
    if isinstance(native, pa.Table):
        return native.schema
    names = getattr(native, "attrs", {}).get(OWN)
    return pa.schema([], metadata={OWN: json.dumps(names)} if names else None)


def refuse_unknown(column: str, unknown: Sequence[Found], expected: Callable[[str | None], str]) -> None:
    """Check that no values of a column are unknown.

    Args:
        column: the column.
        unknown: its values that are not known, with their rows.
        expected: gives what is expected in place of a value.

    Raises:
        UnknownLabelError: some are; all are named, each with what is expected instead.
    """
    if unknown:
        raise UnknownLabelError(f"{column}: {line}" for line in faults(unknown, expected))
