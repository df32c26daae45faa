"""How many scored rows have the text of a row that a system was trained on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.frames import as_table
from kazstance.input.overlap import Overlap, overlap
from kazstance.input.pairing import text_column
from kazstance.input.tables import Form
from kazstance.predictions.labels import check_columns

TRAIN: Final = "the training rows"
"""What messages call rows that do not come from a file."""


def train_overlap(train: Any, scored: Mapping[str, pa.Array], text: str, target: str | None, form: Form) -> Overlap:
    """How many scored rows have the text of a training row, and how many of these its target too.

    Args:
        train: the training rows, in any form listed in `kazstance.input.frames.ACCEPTED`.
        scored: columns of the scored rows, by name.
        text: the column of the text, in both.
        target: the column of the target, in both; without it, all rows have the same.
        form: how text files are written.

    Raises:
        InputError: a column holds neither text nor numbers.
        UnknownNameError: a column does not exist.
        KazstanceError: the training rows are none, or cannot be read.
    """
    name = str(Path(train)) if isinstance(train, str | os.PathLike) else TRAIN
    table = as_table(train, name, form)
    if not table.num_rows:
        raise KazstanceError(f"{name}: no rows, expected at least one")
    columns = [text, *([target] if target else [])]
    check_columns(table, name, columns)
    problems: list[Problem] = []
    trained = [text_column(table, column, name, problems) for column in columns]
    if problems:
        raise InputError(problems)
    return overlap(_pairs(trained), _pairs([scored[column] for column in columns]))


def _pairs(columns: list[pa.Array]) -> list[tuple[str, str]]:
    """The text and target of each row; missing ones are empty."""
    texts = [[value or "" for value in column.to_pylist()] for column in columns]
    return list(zip(texts[0], texts[1] if texts[1:] else [""] * len(texts[0]), strict=True))
