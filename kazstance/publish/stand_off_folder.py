"""A stand-off dataset as it comes from somebody else: read only after its files are known to be what they should be."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.corpus.matching import Unit, Wanted
from kazstance.errors import IntegrityError, KazstanceError
from kazstance.input.parquet import read_columns, row_count, stream_parquet
from kazstance.paths import StrPath
from kazstance.schema import MANIFEST, STAND_OFF
from kazstance.schema.columns import arrow_schema, attribute_types
from kazstance.schema.records import ALL, TABLES, Repair
from kazstance.schema.stand_off import HASH, StandOff, is_left_out, read_stand_off

LARGEST_PAGE: Final = 2**24
"""The largest page that is read, in bytes."""
KEYS: Final = ("sentence_id", "document_id", "paragraph_id", "raw_start", "raw_end", "repairs", HASH)
"""The columns of sentences that are needed to find their texts; none of their values may be missing."""


class StandOffFolder:
    """The folder of a stand-off dataset whose files are those of its manifest."""

    def __init__(self, path: StrPath) -> None:
        """Open a stand-off dataset, and check all of its files.

        Raises:
            KazstanceError: the folder is not a stand-off dataset.
            IntegrityError: its manifest is damaged, or files differ from it; all are listed.
        """
        self.path: Final = Path(path)
        if (self.path / MANIFEST).is_file() and not (self.path / STAND_OFF).exists():
            raise KazstanceError(f"{path} is a dataset with its texts; expected a stand-off dataset")
        self.manifest: Final[StandOff] = read_stand_off(self.path)
        problems = [*self._wrong_files(), *self._wrong_pages()]
        if problems:
            raise IntegrityError("\n".join(problems))

    def file(self, table: str, split: str) -> Path:
        """The Parquet file of a split."""
        return self.path / table / f"{split}.parquet"

    def schema(self, table: str, split: str) -> pa.Schema:
        """The columns that a split has with its texts."""
        record = TABLES[table].record
        found = read_columns(self.file(table, split))
        others = [field for field in found if field.name not in record.model_fields and field.name != HASH]
        return arrow_schema(record, attribute_types(record, pa.schema(others)))

    def batches(self, table: str, split: str) -> Iterator[pa.RecordBatch]:
        """The rows of a split, few at a time.

        Raises:
            IntegrityError: the file is damaged.
        """
        try:
            yield from stream_parquet(self.file(table, split))
        except KazstanceError as error:
            raise IntegrityError(str(error)) from error

    def page(self, name: str) -> bytes | None:
        """A page; None if there is none."""
        return (self.path / name).read_bytes() if name in self.manifest.pages else None

    @cached_property
    def sentences(self) -> pa.Table:
        """The rows of sentences, without texts.

        Raises:
            IntegrityError: a value that is needed is missing.
        """
        rows = pa.Table.from_batches(self.batches("sentences", ALL[0]), self._stored("sentences"))
        repairs = rows["repairs"].combine_chunks().flatten()
        needed = [*(rows[name] for name in KEYS), repairs, *repairs.flatten()]
        _check_filled(self.file("sentences", ALL[0]), needed)
        return rows

    def wanted(self) -> list[Wanted]:
        """The texts that were annotated, in order.

        Raises:
            IntegrityError: a sentence is in no document.
        """
        documents = pa.Table.from_batches(self.batches("documents", ALL[0]), self._stored("documents"))
        _check_filled(self.file("documents", ALL[0]), [documents[name] for name in ("document_id", "raw_sha256")])
        names, digests = (documents[name].to_pylist() for name in ("document_id", "raw_sha256"))
        units: dict[str, list[Unit]] = {name: [] for name in names}
        for row in self.sentences.select(KEYS).to_pylist():
            if row["document_id"] not in units:
                raise IntegrityError(f"{row['sentence_id']}: {row['document_id']!r} is not in documents")
            units[row["document_id"]].append(_unit(row))
        return [Wanted(name, digest, units[name]) for name, digest in zip(names, digests, strict=True)]

    def _stored(self, table: str) -> pa.Schema:
        return pa.schema([*_expected(table, self.schema(table, ALL[0]))])

    def _wrong_files(self) -> Iterator[str]:
        """What is wrong with the files of tables."""
        for table, splits in self.manifest.files.items():
            for split, expected in splits.items():
                file = self.file(table, split)
                if problem := _wrong_file(self.path, file, expected.sha256, expected.bytes):
                    yield problem
                    continue
                try:
                    yield from self._wrong_table(table, split, expected.rows)
                except KazstanceError as error:
                    yield str(error)

    def _wrong_table(self, table: str, split: str, rows: int) -> Iterator[str]:
        """What is wrong with the columns of a file, and the number of its rows."""
        file = self.file(table, split)
        found, expected = read_columns(file), _expected(table, self.schema(table, split))
        if [(field.name, field.type) for field in found] != [(field.name, field.type) for field in expected]:
            yield f"{file}: the columns are {_named(found)}, expected {_named(expected)}"
        elif (count := row_count(file)) != rows:
            yield f"{file}: {count} rows, expected {rows}"

    def _wrong_pages(self) -> Iterator[str]:
        for name, digest in self.manifest.pages.items():
            if problem := _wrong_file(self.path, self.path / name, digest):
                yield problem


def _check_filled(file: Path, columns: Iterable[pa.Array | pa.ChunkedArray]) -> None:
    """Check that no value is missing.

    Raises:
        IntegrityError: one is.
    """
    if any(column.null_count for column in columns):
        raise IntegrityError(f"{file}: a value is missing, expected one")


def _unit(row: dict[str, Any]) -> Unit:
    repairs = tuple(Repair.model_construct(**repair) for repair in row["repairs"])
    return Unit(row["sentence_id"], row["raw_start"], row["raw_end"], repairs, row[HASH])


def _expected(table: str, whole: pa.Schema) -> Sequence[pa.Field]:
    """The columns of a table without its texts."""
    kept = [field for field in whole if not is_left_out(table, field.name)]
    return [*kept, pa.field(HASH, pa.string())] if table == "sentences" else kept


def _named(fields: Sequence[pa.Field] | pa.Schema) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in fields)


def _wrong_file(root: Path, file: Path, digest: str, size: int | None = None) -> str | None:
    """What is wrong with a file that a manifest lists: links are not followed, since they may lead to anything."""
    if file.is_symlink() or (file.parent != root and file.parent.is_symlink()):
        return f"{file}: is a link, expected the file itself"
    if not file.is_file():
        return f"{file}: is {'not a regular file' if file.exists() else 'missing'}"
    found = file.stat().st_size
    if size is None and found > LARGEST_PAGE:
        return f"{file}: {found} bytes, expected at most {LARGEST_PAGE}"
    if size is not None and found != size:
        return f"{file}: {found} bytes, expected {size}"
    with file.open("rb") as stream:
        written = file_digest(stream, "sha256").hexdigest()
    return f"{file}: SHA-256 is {written}, expected {digest}" if written != digest else None
