"""JSON files that hold rows: a list of objects or labels, or a mapping from ids to labels or objects."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.files import read_regular
from kazstance.input.strict_json import StrictError, load_json
from kazstance.input.text import MARK, decode
from kazstance.paths import StrPath

EXPECTED: Final = "expected a list of objects or labels, or a mapping from ids to labels or objects"
SHOWN: Final = 5


class Names(NamedTuple):
    """What the columns are called in a file that has no names for them."""

    id: str = "id"
    label: str = "label"


def read_json(file: StrPath, names: Names = Names()) -> pa.Table:  # noqa: B008  # a constant
    """The rows of a JSON file.

    Args:
        file: the path.
        names: what to call the id and the label in a mapping from ids to labels, or a list of labels.

    Raises:
        InputError: it is not JSON, or does not hold rows.
        OSError: it cannot be read.
    """
    try:
        value = load_json(decode(read_regular(file)).removeprefix(MARK))
    except StrictError as error:
        raise InputError([error.problem(str(file))]) from None
    rows = _rows(value, names, str(file))
    columns = dict.fromkeys(name for row in rows for name in row)
    try:
        return pa.table({name: [row.get(name) for row in rows] for name in columns})
    except pa.ArrowException as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"{file}: {line}; expected values of one type for each key") from error


def _rows(value: Any, names: Names, file: str) -> list[Mapping[str, Any]]:
    if isinstance(value, Mapping) and len(value) == 1 and _is_part(only := next(iter(value.values())), names):
        return _rows(only, names, file)  # a single part, such as a subtask
    if isinstance(value, Mapping) and all(map(_is_label, value.values())):
        return [{names.id: name, names.label: label} for name, label in value.items()]
    if isinstance(value, Mapping) and all(isinstance(row, Mapping) for row in value.values()):
        if len(value) > 1 and all(_is_part(row, names) and names.id not in row for row in value.values()):
            shown = ", ".join(list(value)[:SHOWN])
            raise InputError(
                [Problem(file, None, None, f"the parts {shown}, expected one of them in a file of its own")]
            )
        return [{names.id: name, **row} for name, row in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if all(isinstance(row, Mapping) for row in value):
            return list(value)
        if all(map(_is_label, value)):
            return [{names.label: label} for label in value]
    raise InputError([Problem(file, None, None, f"{type(value).__name__} of other values, {EXPECTED}")])


def _is_label(value: Any) -> bool:
    return not isinstance(value, Mapping | list)


def _is_part(value: Any, names: Names) -> bool:
    """Whether a value is a mapping from ids to labels, or a list of rows, rather than a row itself."""
    if isinstance(value, Mapping):
        return names.label not in value and (all(map(_is_label, value.values())) or _has_rows(value.values()))
    return isinstance(value, list) and _has_rows(value)


def _has_rows(values: Any) -> bool:
    return bool(values) and all(isinstance(row, Mapping) for row in values)
