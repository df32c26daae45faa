"""Plain functions for reading: a dataset's records, Arrow tables and files, each in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from kazstance.dataset.folder import SHIPPED, DatasetFolder

if TYPE_CHECKING:
    from pathlib import Path

    import datasets
    import pyarrow as pa

    from kazstance.paths import StrPath
    from kazstance.schema import records
    from kazstance.schema.manifest import Manifest


@overload
def load(
    table: Literal["stances"] = ..., split: str | None = ..., *, data: StrPath = ...
) -> tuple[records.Stance, ...]: ...
@overload
def load(table: Literal["grid"], split: str | None = ..., *, data: StrPath = ...) -> tuple[records.GridCell, ...]: ...
@overload
def load(table: Literal["pairs"], split: str | None = ..., *, data: StrPath = ...) -> tuple[records.Pair, ...]: ...
@overload
def load(table: Literal["probes"], split: str | None = ..., *, data: StrPath = ...) -> tuple[records.Probe, ...]: ...
@overload
def load(
    table: Literal["sentences"], split: str | None = ..., *, data: StrPath = ...
) -> tuple[records.Sentence, ...]: ...
@overload
def load(
    table: Literal["judgements"], split: str | None = ..., *, data: StrPath = ...
) -> tuple[records.Judgement, ...]: ...
@overload
def load(
    table: Literal["positions"], split: str | None = ..., *, data: StrPath = ...
) -> tuple[records.SourcePosition, ...]: ...
@overload
def load(table: Literal["sources"], split: str | None = ..., *, data: StrPath = ...) -> tuple[records.Source, ...]: ...
@overload
def load(table: Literal["targets"], split: str | None = ..., *, data: StrPath = ...) -> tuple[records.Target, ...]: ...
@overload
def load(
    table: Literal["annotators"], split: str | None = ..., *, data: StrPath = ...
) -> tuple[records.Annotator, ...]: ...
@overload
def load(table: str, split: str | None = ..., *, data: StrPath = ...) -> tuple[records.Record, ...]: ...


def load(table: str = "stances", split: str | None = None, *, data: StrPath = SHIPPED) -> tuple[records.Record, ...]:
    """The rows of a table as validated frozen records.

    Args:
        table: the table.
        split: the split; by default, all of them in order.
        data: the folder of a built dataset; by default, the one that comes with the package.

    Raises:
        UnknownNameError: there is no such table or split; the message lists the valid names.
        KazstanceError: `data` is not a built dataset.
        IntegrityError: a row does not match the schema.
    """
    return DatasetFolder(data)[table].records(split)


def table(table: str = "stances", split: str | None = None, *, data: StrPath = SHIPPED) -> pa.Table:
    """The rows of a table as an Arrow table, as stored, with labels by number.

    Args:
        table: the table.
        split: the split; by default, all of them in order.
        data: the folder of a built dataset; by default, the one that comes with the package.

    Raises:
        UnknownNameError: there is no such table or split; the message lists the valid names.
        KazstanceError: `data` is not a built dataset.
        IntegrityError: a file is damaged, or its columns differ from the schema.
    """
    return DatasetFolder(data)[table].stored(split)


def path(table: str = "stances", split: str | None = None, *, data: StrPath = SHIPPED) -> Path:
    """The Parquet file of a table's split, or the folder of a table, for anything that reads Parquet.

    Args:
        table: the table.
        split: the split; by default, the folder of all of them.
        data: the folder of a built dataset; by default, the one that comes with the package.

    Raises:
        UnknownNameError: there is no such table or split; the message lists the valid names.
        KazstanceError: `data` is not a built dataset.
    """
    return DatasetFolder(data)[table].path(split)


def splits(table: str = "stances", *, data: StrPath = SHIPPED) -> list[str]:
    """The splits of a table, in order.

    Raises:
        UnknownNameError: there is no such table; the message lists the valid names.
        KazstanceError: `data` is not a built dataset.
    """
    return list(DatasetFolder(data)[table].splits)


def to_hf(table: str = "stances", *, data: StrPath = SHIPPED) -> datasets.DatasetDict:
    """A table as a `DatasetDict` with its features, without cache or network.

    A table whose only split is called `all` elsewhere has the split `full`, since `datasets` reserves the name `all`.

    Raises:
        MissingExtraError: `datasets` is not installed.
        UnknownNameError: there is no such table; the message lists the valid names.
        KazstanceError: `data` is not a built dataset.
    """
    return DatasetFolder(data)[table].to_hf()


def manifest(*, data: StrPath = SHIPPED) -> Manifest:
    """The manifest of a dataset: rows, digests and files of every split, folds, inputs, tools, pages.

    Raises:
        KazstanceError: `data` is not a built dataset.
        IntegrityError: the manifest does not match the schema.
    """
    return DatasetFolder(data).manifest


def verify(*, data: StrPath = SHIPPED) -> Manifest:
    """Check that a dataset is exactly what was built, and return its manifest.

    The checks: the manifest matches its own digest and that of the data; tables and pages have the stated bytes.
    Rows are valid, in order and unique by key, and tables agree with each other: labels, votes, texts, counts, ids,
    splits, folds. A file that the manifest does not list is a problem if it could be taken for rows (a Parquet file,
    or anything in the folder of a table); any other, such as notes of your own, is not part of the dataset.

    Raises:
        IntegrityError: it is not; the message lists all differences.
        KazstanceError: `data` is not a built dataset.
    """
    from kazstance.dataset.verification.check import check

    return check(DatasetFolder(data)).whole()
