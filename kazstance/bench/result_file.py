"""Results as files: `scores.json` in the folder of a run, written once and read by comparisons and reports."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite, isnan, nan
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter, ValidationError

from kazstance.bench.record import read_record
from kazstance.bench.result import Result
from kazstance.bench.run_folder import SCORES, date, settle, verified
from kazstance.bench.tasks import Task
from kazstance.errors import KazstanceError
from kazstance.input.strict_json import load_object
from kazstance.output import plain_json
from kazstance.paths import StrPath

FIGURES: Final = frozenset({"value", "low", "high", "p"})
"""Numbers that are null if they are undefined."""


class UnfinishedRunError(KazstanceError):
    """A folder holds a run that is not finished."""


def to_bytes(result: Result) -> bytes:
    """A result as JSON that can be read back: undefined figures are null, infinite ones text."""
    return plain_json.to_json(_plain(result)).encode() + b"\n"


def read_result(out: StrPath, task: Task | None = None) -> Result:
    """The result of a finished run from its folder, without computing anything again.

    Args:
        out: the folder of the run.
        task: the task that the run must be on.

    Raises:
        UnfinishedRunError: the folder holds a run that is not finished.
        KazstanceError: the folder holds no run, a run on other data, or files that do not belong to the run.
    """
    out = Path(out)
    settle(out)
    record = read_record(out)
    if task is not None and record.run.data != task.data:
        expected = ", ".join(task.data.values())
        raise KazstanceError(f"{out}: the run is on other data; expected the digest {expected}")
    if record.finished is None:
        begun = date(record.begun)
        raise UnfinishedRunError(f"{out}: the run begun on {begun} is not finished; run it again to resume it")
    if task is not None and record.rows != task.rows:
        raise KazstanceError(
            f"{out}: the rows of the task are not those that the run was made on, though the data have the same "
            "digest; expected the same data: run kazstance verify on the dataset"
        )
    for name, digest in record.answers.items():
        verified(out, name, digest)
    result = from_bytes(verified(out, SCORES, record.scores), out / SCORES)
    if (result.run, result.rows) != (record.run, record.rows):
        raise KazstanceError(f"{out / SCORES}: the scores of another run; run it again, with --again")
    return result


def from_bytes(content: bytes, file: StrPath) -> Result:
    """A result from its JSON.

    Args:
        content: what `to_bytes` returned.
        file: the file, for messages.

    Raises:
        KazstanceError: it is not a result.
    """
    try:
        return _adapter().validate_python(_with_nan(load_object(content.decode())))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise KazstanceError(f"{file}: {where}: {fault['msg']}; expected scores; run it again, with --again") from None
    except ValueError as error:
        raise KazstanceError(f"{file}: {error}; expected scores; run it again, with --again") from None


@cache
def _adapter() -> TypeAdapter[Result]:
    return TypeAdapter(Result)


def _plain(value: Any) -> Any:
    """A value in the types of JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not isfinite(value):
        return None if isnan(value) else str(value)
    return value


def _with_nan(value: Any) -> Any:
    """Undefined figures back as NaN."""
    if isinstance(value, dict):
        return {key: nan if part is None and key in FIGURES else _with_nan(part) for key, part in value.items()}
    return [_with_nan(part) for part in value] if isinstance(value, list) else value
