"""The predictions of a model for Parquet files of any size, as a folder of parts, each complete or absent."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

import kazstance
from kazstance.bench.identity import Sha256, file_digest
from kazstance.errors import KazstanceError
from kazstance.input.parquet import read_columns, read_slice, row_count
from kazstance.models.model import BATCH, Model, Say
from kazstance.models.row_columns import TARGET_ID, Columns
from kazstance.output.files import filling, write_file
from kazstance.schema import MANIFEST

if TYPE_CHECKING:
    from kazstance.paths import StrPath

RECORD: Final = "predictions.json"
NAMES: Final = {"inputs": "the rows", "code": "the system's code", "version": "the version of kazstance"}
"""What messages call some fields of the record."""


class Input(BaseModel):
    """A file of rows to label."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    file: str
    rows: int
    sha256: Sha256


class Record(BaseModel):
    """The record of a folder of predictions, `predictions.json`; a part that it does not name is not finished."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    kazstance_predictions: int
    """The version of the format: 1."""
    version: str
    """The version of kazstance."""
    system: str
    model: Sha256
    """The digest of the model."""
    code: dict[str, Sha256]
    """SHA-256 of the modules of a system of the user's own."""
    inputs: list[Input]
    ids: list[str]
    text: str
    target: str
    source: str | None
    rows_per_part: int
    n_parts: int
    parts: dict[str, Sha256] = {}
    """SHA-256 of each finished part."""


@dataclass(frozen=True)
class Part:
    """Rows of one file that are labelled together."""

    name: str
    path: Path
    start: int
    rows: int


def write_predictions(
    model: Model,
    data: StrPath,
    out: StrPath,
    columns: Columns,
    *,
    rows_per_part: int,
    again: bool,
    say: Say,
) -> Path:
    """Label the rows of Parquet files in batches, and write the predictions as a folder of parts.

    An interrupted call is continued by the same call: finished parts are kept.

    Args:
        model: the model.
        data: as in `Model.predict_files`.
        out: the folder to write.
        columns: the columns of the rows.
        rows_per_part: as in `Model.predict_files`.
        again: start over, whatever the folder holds of earlier predictions.
        say: called with a line for each part, with the time that is left.

    Returns:
        The folder.

    Raises:
        UnknownNameError: a column does not exist.
        InputError: a text or target is missing.
        KazstanceError: there are no Parquet files, the system fails, or the folder holds other predictions or files.
    """
    if rows_per_part < 1:
        raise KazstanceError(f"rows_per_part: {rows_per_part}, expected 1 or more")
    out, files = Path(out), find_files(data)
    wanted = _wanted(model, files, columns, rows_per_part)
    parts = list(_parts(files, [file.rows for file in wanted.inputs], rows_per_part))
    with filling(out):
        record = _begin(out, wanted, parts, again=again, say=say)
        left = [part for part in parts if part.name not in record.parts]
        for part in _timed(left, say):
            content = _predicted(model, part, columns)
            write_file(content, out / part.name)
            done = {**record.parts, part.name: hashlib.sha256(content).hexdigest()}
            record = _write(record.model_copy(update={"parts": done}), out)
    return out


def find_files(data: StrPath) -> list[Path]:
    """The Parquet files that a path or pattern names, sorted.

    Files and folders whose names begin with a dot or an underscore are not data.

    Raises:
        KazstanceError: there are none, or the path is a dataset rather than one of its tables.
    """
    path = Path(data)
    if (path / MANIFEST).is_file():
        raise KazstanceError(f"{path} is a dataset; expected one of its tables, such as {path / 'sentences'}")
    if path.is_file():
        return [path]
    found = path.rglob("*.parquet") if path.is_dir() else map(Path, glob(str(data), recursive=True))  # noqa: PTH207  # a pattern may begin anywhere
    files = sorted(file for file in found if file.is_file() and not _is_hidden(file, path))
    if not files:
        raise KazstanceError(f"{path}: no Parquet files, expected a file, a folder of files, or a pattern")
    return files


def _is_hidden(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts if file.is_relative_to(folder) else (file.name,)
    return any(part.startswith((".", "_")) for part in parts)


def _wanted(model: Model, files: Sequence[Path], columns: Columns, rows_per_part: int) -> Record:
    """The record of the requested predictions, without parts.

    Raises:
        KazstanceError: files have other columns than the first, or no rows.
    """
    schemas = [read_columns(file) for file in files]
    found = columns.found_in(schemas[0].names, str(files[0]))
    expected = model.schema(schemas[0], columns)
    for file, schema in zip(files, schemas, strict=True):
        if columns.found_in(schema.names, str(file)) != found or model.schema(schema, columns) != expected:
            raise KazstanceError(f"{file}: expected the same columns as in {files[0]}")
    inputs = [Input(file=str(name), rows=row_count(file), sha256=file_digest(file)) for name, file in _named(files)]
    if not any(file.rows for file in inputs):
        raise KazstanceError(f"{files[0]}: no rows, expected at least one")
    return Record(
        kazstance_predictions=1,
        version=kazstance.__version__,
        system=model.system,
        model=model.digest,
        code=model.code,
        inputs=inputs,
        ids=list(found.ids),
        text=found.text,
        target=found.target,
        source=found.source,
        rows_per_part=rows_per_part,
        n_parts=sum(-(-file.rows // rows_per_part) for file in inputs),
    )


def _named(files: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """The files with their paths below the folder that they share."""
    shared = os.path.commonpath([file.parent.resolve() for file in files])
    return ((Path(os.path.relpath(file.resolve(), shared)).as_posix(), file) for file in files)


def _parts(files: Sequence[Path], rows: Sequence[int], size: int) -> Iterator[Part]:
    """The parts of all files, in order."""
    starts = [
        (file, start, min(size, n - start)) for file, n in zip(files, rows, strict=True) for start in range(0, n, size)
    ]
    for at, (file, start, n) in enumerate(starts):
        yield Part(name=f"part-{at:05d}.parquet", path=file, start=start, rows=n)


def _begin(out: Path, wanted: Record, parts: Sequence[Part], *, again: bool, say: Say) -> Record:
    """The record to continue with: that of the folder if it is of the same predictions, otherwise a new one.

    Raises:
        KazstanceError: the folder holds other predictions, or files that are not predictions.
    """
    there = _read(out)
    listed = {part.name for part in parts} if there else set()
    strange = sorted(file.name for file in out.glob("*.parquet") if file.name not in listed)
    if there and again:
        (out / RECORD).unlink()
        for file in [out / f"part-{at:05d}.parquet" for at in range(there.n_parts)]:
            file.unlink(missing_ok=True)
        there = None
        strange = sorted(file.name for file in out.glob("*.parquet"))
    if there is None or (there.parts.keys() <= listed and not _changes(there, wanted)):
        if strange:
            raise KazstanceError(f"{out} contains {strange[0]!r}, which {RECORD} does not list; expected a new folder")
        if there is None:
            return _write(wanted, out)
        _check_parts(out, there)
        if there.parts:
            say(f"resumed: {len(there.parts)} of {there.n_parts} parts are kept")
        return there
    raise KazstanceError(
        f"{out} holds other predictions; different now: {', '.join(_changes(there, wanted))}; "
        "pass --again (in Python, again=True) to start over, or choose another folder"
    )


def _changes(there: Record, wanted: Record) -> list[str]:
    """How two folders of predictions differ, apart from what is finished."""
    old, new = there.model_dump(exclude={"parts"}), wanted.model_dump(exclude={"parts"})
    return [NAMES.get(name, name.replace("_", " ")) for name in new if old[name] != new[name]]


def _check_parts(out: Path, record: Record) -> None:
    """Check that the finished parts are as they were written.

    Raises:
        KazstanceError: one is not.
    """
    for name, digest in record.parts.items():
        if not (out / name).is_file() or file_digest(out / name) != digest:
            raise KazstanceError(f"{out / name} is missing or was changed; pass --again (in Python, again=True)")


def _read(out: Path) -> Record | None:
    try:
        return Record.model_validate_json((out / RECORD).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KazstanceError(f"{out / RECORD}: {error.strerror}; expected the record of predictions") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        found = ": ".join(filter(None, [str(out / RECORD), where, fault["msg"]]))
        raise KazstanceError(f"{found}; expected the record of predictions; choose another folder") from None


def _write(record: Record, out: Path) -> Record:
    write_file(record.model_dump_json(indent=1).encode() + b"\n", out / RECORD)
    return record


def _predicted(model: Model, part: Part, columns: Columns) -> bytes:
    """The predictions for a part, as a Parquet file."""
    rows = read_slice(part.path, part.start, part.rows, BATCH, _columns(part.path, columns))
    found, first = [], part.start
    for batch in rows:
        found.append(model.label(batch, columns, str(part.path), first))
        first += batch.num_rows
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_batches(found).combine_chunks(), sink)
    return sink.getvalue()


def _columns(file: Path, columns: Columns) -> list[str]:
    """The columns of a file that are read."""
    there = read_columns(file).names
    read = columns.found_in(there, str(file)).read
    return [name for name in there if name in {*read, TARGET_ID}]


def _timed(parts: Sequence[Part], say: Say) -> Iterable[Part]:
    """The parts, each reported when it is done, with an estimate of the time that is left."""
    total, done, began = sum(part.rows for part in parts), 0, time.monotonic()
    for at, part in enumerate(parts, 1):
        yield part
        done += part.rows
        left = (time.monotonic() - began) / done * (total - done)
        rest = f"; about {left:.0f} s left" if done < total else ""
        say(f"{part.name}: {at} of {len(parts)} parts, {done:,} of {total:,} rows{rest}")
