"""Read a built dataset, offline: as records, as Arrow, as files, or as a `datasets.DatasetDict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from kazstance.errors import IntegrityError, KazstanceError, UnknownNameError
from kazstance.extras import naming_extras

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa
    from pydantic import ValidationError

    from kazstance.schema import records
    from kazstance.schema.manifest import Manifest
    from kazstance.verification.findings import Findings

SHIPPED = Path(__file__).parent / "data"
"""The dataset that comes with the package."""
PAGES = {"README.md": "DATASET_CARD.md", "LICENSE": "LICENSE", "LICENSE-DATA": "LICENSE-DATA"}
"""Pages beside a dataset that somebody may have written, and what they are called at the root of a checkout."""


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
        KazstanceError: `data` is not a built dataset.
        IntegrityError: a row is not as the schema has it.
    """
    from pydantic import ValidationError

    from kazstance.schema.records import TABLES

    rows = _check_columns(_read(table, split, data), table, data).to_pylist()
    try:
        return tuple(TABLES[table].record.model_validate(row) for row in rows)
    except ValidationError as error:
        raise IntegrityError(f"{data}: {table}: {_first(error)}", Path(data)) from None


def table(table: str = "stances", split: str | None = None, *, data: Path = SHIPPED) -> pa.Table:
    """The rows of a table's split as an Arrow table; without a split, of all its splits in order.

    Raises:
        UnknownNameError: there is no such table or split; the message lists those there are.
        KazstanceError: `data` is not a built dataset.
        IntegrityError: a file is damaged, or has other columns than the schema.
    """
    return _check_columns(_read(table, split, data), table, data)


def path(table: str = "stances", split: str | None = None, *, data: Path = SHIPPED) -> Path:
    """The Parquet file of a table's split, or a table's folder, for whatever reads Parquet.

    Raises:
        UnknownNameError: there is no such table or split; the message lists those there are.
        KazstanceError: `data` is not a built dataset.
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
        KazstanceError: `data` is not a built dataset.
    """
    from kazstance.schema.records import TABLES

    files = {name: parts for name, parts in manifest(data=data).tables.items() if name in TABLES}
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
        KazstanceError: `data` is not a built dataset.
    """
    import datasets

    from kazstance.schema.records import HF_SPLITS

    parts = {HF_SPLITS.get(split, split): _read(table, split, data) for split in splits(table, data=data)}
    return datasets.DatasetDict({name: datasets.Dataset(part, split=name) for name, part in parts.items()})


def manifest(*, data: Path = SHIPPED) -> Manifest:
    """What a dataset holds: rows, digests and files of every split, folds, inputs, tools, pages.

    Raises:
        KazstanceError: `data` is not a built dataset.
        IntegrityError: the manifest is not as the schema has it.
    """
    from kazstance.output.staging import put_back
    from kazstance.schema.manifest import read_manifest

    put_back(Path(data))
    return read_manifest(Path(data))


def verify(*, data: Path = SHIPPED) -> Manifest:
    """Check that a dataset is what was built, and return its manifest.

    The manifest matches its own digest and that of the data, and tables and pages have the bytes that it states.
    Rows are valid, in order and unique by key, and tables agree with each other: labels, votes, texts, counts, ids,
    splits, folds. A file that the manifest does not list is a problem where it could be taken for rows (a Parquet file,
    or anything in the folder of a table); any other, such as notes of your own, is not part of the dataset.

    Raises:
        IntegrityError: it is not; the message lists all differences.
        KazstanceError: `data` is not a built dataset.
    """
    return findings(data=data).whole()


def findings(*, data: Path = SHIPPED) -> Findings:
    """What `verify` finds: all problems, and notes on files that are not part of the dataset or are not covered.

    Raises:
        KazstanceError: `data` is not a built dataset.
    """
    from kazstance.verification.check import check

    return check(Path(data), {name: page_place(Path(data), name) for name in PAGES})


def page_place(data: Path, name: str) -> Path:
    """Where a page is: beside the tables; for the shipped dataset in a checkout, at the root of the checkout."""
    root = SHIPPED.parents[1]
    is_checkout = data.resolve() == SHIPPED.resolve() and (root / PAGES["README.md"]).is_file()
    return root / PAGES[name] if is_checkout else data / name


def as_written(table: str = "stances", split: str | None = None, *, data: Path = SHIPPED) -> pa.Table:
    """The rows of a table as an Arrow table, whatever its columns are: for datasets of other versions of the schema.

    Raises:
        UnknownNameError: there is no such table or split; the message lists those there are.
        KazstanceError: `data` is not a built dataset.
        IntegrityError: a file is damaged.
    """
    return _read(table, split, data)


def _read(name: str, split: str | None, data: Path) -> pa.Table:
    import pyarrow as pa

    from kazstance.input.parquet import read_parquet

    parts = splits(name, data=data) if split is None else [split]
    try:
        return pa.concat_tables(read_parquet(path(name, part, data=data)) for part in parts)
    except UnknownNameError:
        raise
    except (KazstanceError, pa.ArrowException) as error:
        raise IntegrityError(str(error), Path(data)) from error


def _check_columns(found: pa.Table, name: str, data: Path) -> pa.Table:
    """A table that has all columns of the schema, with their types."""
    from kazstance.schema.columns import arrow_schema
    from kazstance.schema.records import TABLES

    for field in arrow_schema(TABLES[name].record) if name in TABLES else ():
        at = found.schema.get_field_index(field.name)
        if at < 0 or found.schema.field(at).type != field.type:
            came = "no such column" if at < 0 else f"a column of type {found.schema.field(at).type}"
            raise IntegrityError(f"{Path(data) / name}: {field.name}: {came}, expected {field.type}", Path(data))
    return found


def _first(error: ValidationError) -> str:
    """The first fault that pydantic found, in one line, and the number of the others."""
    faults = error.errors(include_url=False, include_context=False)
    more = f" (and {len(faults) - 1} more)" if faults[1:] else ""
    return f"{'.'.join(map(str, faults[0]['loc']))}: {faults[0]['msg']}{more}"
