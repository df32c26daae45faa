"""Read a built dataset, offline: as records, as Arrow, as files, or as a `datasets.DatasetDict`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from kazstance.errors import IntegrityError, KazstanceError, UnknownNameError
from kazstance.extras import naming_extras
from kazstance.schema import MANIFEST

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

    from kazstance.schema import records
    from kazstance.schema.manifest import Manifest, SplitFile

SHIPPED = Path(__file__).parent / "data"
"""The dataset that comes with the package."""


@overload
def load(
    table: Literal["stances"] = ..., split: str | None = ..., *, data: Path = ...
) -> tuple[records.Stance, ...]: ...
@overload
def load(table: Literal["grid"], split: str | None = ..., *, data: Path = ...) -> tuple[records.GridCell, ...]: ...
@overload
def load(table: Literal["pairs"], split: str | None = ..., *, data: Path = ...) -> tuple[records.Pair, ...]: ...
@overload
def load(table: Literal["probes"], split: str | None = ..., *, data: Path = ...) -> tuple[records.Probe, ...]: ...
@overload
def load(table: Literal["sentences"], split: str | None = ..., *, data: Path = ...) -> tuple[records.Sentence, ...]: ...
@overload
def load(
    table: Literal["judgements"], split: str | None = ..., *, data: Path = ...
) -> tuple[records.Judgement, ...]: ...
@overload
def load(
    table: Literal["positions"], split: str | None = ..., *, data: Path = ...
) -> tuple[records.SourcePosition, ...]: ...
@overload
def load(table: Literal["sources"], split: str | None = ..., *, data: Path = ...) -> tuple[records.Source, ...]: ...
@overload
def load(table: Literal["targets"], split: str | None = ..., *, data: Path = ...) -> tuple[records.Target, ...]: ...
@overload
def load(
    table: Literal["annotators"], split: str | None = ..., *, data: Path = ...
) -> tuple[records.Annotator, ...]: ...
@overload
def load(table: str, split: str | None = ..., *, data: Path = ...) -> tuple[records.Record, ...]: ...


def load(table: str = "stances", split: str | None = None, *, data: Path = SHIPPED) -> tuple[records.Record, ...]:
    """The rows of a table's split as validated frozen records; without a split, of all its splits in order.

    Raises:
        UnknownNameError: there is no such table or split; the message lists those there are.
        KazstanceError: `data` is no built dataset.
        IntegrityError: a row is not as the schema has it.
    """
    from pydantic import ValidationError

    from kazstance.schema.records import TABLES

    rows = _read(table, split, data).to_pylist()
    try:
        return tuple(TABLES[table].record.model_validate(row) for row in rows)
    except ValidationError as error:
        raise IntegrityError(f"{data}: {table}: {error}") from None


def table(table: str = "stances", split: str | None = None, *, data: Path = SHIPPED) -> pa.Table:
    """The rows of a table's split as an Arrow table; without a split, of all its splits in order.

    Raises:
        UnknownNameError: there is no such table or split; the message lists those there are.
        KazstanceError: `data` is no built dataset.
    """
    return _read(table, split, data)


def path(table: str = "stances", split: str | None = None, *, data: Path = SHIPPED) -> Path:
    """The Parquet file of a table's split, or a table's folder, for whatever reads Parquet.

    Raises:
        UnknownNameError: there is no such table or split; the message lists those there are.
        KazstanceError: `data` is no built dataset.
    """
    known = splits(table, data=data)
    if split is None:
        return Path(data) / table
    if split not in known:
        raise UnknownNameError(split, f"split of {table}", known)
    return Path(data) / table / f"{split}.parquet"


def splits(table: str = "stances", *, data: Path = SHIPPED) -> list[str]:
    """The splits of a table, in order.

    Raises:
        UnknownNameError: there is no such table; the message lists those there are.
        KazstanceError: `data` is no built dataset.
    """
    files = _read_manifest(data)["tables"]
    if table not in files:
        raise UnknownNameError(table, "table", files)
    return list(files[table])


@naming_extras()
def to_hf(table: str = "stances", *, data: Path = SHIPPED) -> datasets.DatasetDict:
    """A table as a `DatasetDict` with its features, without cache or network.

    A table in one piece, whose split is `all` elsewhere, has the split `full`: `datasets` reserves the other name.

    Raises:
        MissingExtraError: `datasets` is not installed.
        UnknownNameError: there is no such table; the message lists those there are.
        KazstanceError: `data` is no built dataset.
    """
    import datasets

    from kazstance.schema.records import HF_SPLITS

    parts = {HF_SPLITS.get(split, split): _read(table, split, data) for split in splits(table, data=data)}
    return datasets.DatasetDict({name: datasets.Dataset(part, split=name) for name, part in parts.items()})


def manifest(*, data: Path = SHIPPED) -> Manifest:
    """What a dataset holds: rows, digests and files of every split, folds, inputs, tools.

    Raises:
        KazstanceError: `data` is no built dataset.
        IntegrityError: the manifest is not as the schema has it.
    """
    from pydantic import ValidationError

    from kazstance.schema.manifest import Manifest

    try:
        return Manifest.model_validate(_read_manifest(data))
    except ValidationError as error:
        raise IntegrityError(f"{Path(data) / MANIFEST}: {error}") from None


def verify(*, data: Path = SHIPPED) -> Manifest:
    """Check that a dataset is whole, and give its manifest.

    Every file has the digest of the manifest, every split its rows and row digest; all rows validate; keys are unique
    and refer to rows there are; evidence lies inside its sentence.

    Raises:
        IntegrityError: it is not; the message lists all differences.
        KazstanceError: `data` is no built dataset.
    """
    found = manifest(data=data)
    problems = [problem for name in found.tables for problem in _check_table(Path(data), name, found.tables[name])]
    problems = problems or list(_check_references(Path(data)))
    if problems:
        raise IntegrityError("\n".join(problems))
    return found


def _read(name: str, split: str | None, data: Path) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parts = splits(name, data=data) if split is None else [split]
    return pa.concat_tables(pq.ParquetFile(path(name, part, data=data)).read() for part in parts)


def _read_manifest(data: Path) -> dict[str, dict[str, dict[str, object]]]:
    import json

    file = Path(data) / MANIFEST
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise KazstanceError(f"{file} is missing; expected a built dataset") from None
    except ValueError as error:
        raise IntegrityError(f"{file}: {error}; expected JSON") from None
    if not isinstance(content, dict) or not isinstance(content.get("tables"), dict):
        raise IntegrityError(f"{file}: no tables; expected the manifest of a dataset")
    return content


def _check_table(data: Path, name: str, files: dict[str, SplitFile]) -> Iterator[str]:
    """Files, rows and keys of a table."""
    import pyarrow as pa
    from pydantic import ValidationError

    from kazstance.schema.records import TABLES

    if name not in TABLES:
        yield f"{data / MANIFEST}: {name!r} is no table; expected {', '.join(TABLES)}"
        return
    seen: set[tuple[object, ...]] = set()
    for split, file in files.items():
        where = f"{data / name / split}.parquet"
        if file.path != f"{name}/{split}.parquet":
            yield f"{data / MANIFEST}: {name} {split}: path is {file.path!r}, expected '{name}/{split}.parquet'"
        try:
            yield from _check_bytes(where, file)
            yield from _check_rows(where, file, rows := _read(name, split, data).to_pylist())
            for row in rows:
                TABLES[name].record.model_validate(row)
                key = tuple(row[column] for column in TABLES[name].key)
                if key in seen:
                    yield f"{where}: {key} stands twice, expected once"
                seen.add(key)
        except (OSError, pa.ArrowException, ValidationError) as error:
            yield f"{where}: {error}"


def _check_bytes(where: str, file: SplitFile) -> Iterator[str]:
    """Bytes against the manifest."""
    from hashlib import sha256

    if (digest := sha256(Path(where).read_bytes()).hexdigest()) != file.sha256:
        yield f"{where}: SHA-256 is {digest}, expected {file.sha256}"


def _check_rows(where: str, file: SplitFile, rows: list[dict[str, object]]) -> Iterator[str]:
    """Rows against the manifest."""
    from kazstance.schema.digest import row_digest

    if (len(rows), row_digest(rows)) != (file.rows, file.digest):
        yield f"{where}: {len(rows)} rows with digest {row_digest(rows)}, expected {file.rows} with {file.digest}"


def _check_references(data: Path) -> Iterator[str]:
    """Ids refer to rows there are, and evidence to characters there are."""
    length = {s.sentence_id: len(s.text) for s in load("sentences", data=data)}
    targets = {t.target_id for t in load("targets", data=data)}
    sources = {s.source_id for s in load("sources", data=data)}
    for sentence in load("sentences", data=data):
        if sentence.source_id not in sources:
            yield f"sentences: {sentence.sentence_id}: {sentence.source_id!r} is no source"
    for cell in load("grid", data=data):
        if cell.sentence_id not in length or cell.target_id not in targets:
            yield f"grid: {cell.sentence_id} on {cell.target_id}: no such sentence or target"
    judged: list[records.Stance | records.Judgement] = [*load("stances", data=data), *load("judgements", data=data)]
    for row in judged:
        if row.sentence_id not in length or row.target_id not in targets:
            yield f"{row.sentence_id} on {row.target_id}: no such sentence or target"
        elif any(not span.start < span.end <= length[row.sentence_id] for span in row.evidence):
            yield f"{row.sentence_id} on {row.target_id}: evidence lies outside the sentence"
    yield from _check_probes(data, targets)


def _check_probes(data: Path, targets: set[str]) -> Iterator[str]:
    """Probes refer to rows of stances with the same label, and to targets there are."""
    labels = {(row.sentence_id, row.target_id): row.label for row in load("stances", data=data)}
    for probe in load("probes", data=data) if "probes" in _read_manifest(data)["tables"] else ():
        if labels.get((probe.sentence_id, probe.target_id)) != probe.row_label:
            yield f"probes: {probe.probe_id}: stances has no row with its sentence, target and label"
        if probe.other_target_id is not None and probe.other_target_id not in targets:
            yield f"probes: {probe.probe_id}: {probe.other_target_id!r} is no target"
