"""Write a dataset as its rows come: Parquet files, a group of rows at a time, and the manifest."""

import hashlib
import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

import kazstance
from kazstance.corpus.compact import compacted
from kazstance.corpus.inputs import Header, UnitSettings
from kazstance.paths import StrPath
from kazstance.schema import MANIFEST
from kazstance.schema.columns import arrow_schema
from kazstance.schema.digest import RUN, TableDigest
from kazstance.schema.manifest import (
    Fold,
    Imported,
    Manifest,
    MappedLabel,
    PeoplesSample,
    Round,
    SplitFile,
    data_digest,
    sign,
    to_bytes,
)
from kazstance.schema.records import TABLES

TOOLS = ("numpy", "pyarrow", "pydantic", "scipy")
GROUP: Final = 2 * RUN
"""Rows that are written together."""
WORDY: Final = frozenset({"stances", "pairs", "probes", "sentences"})
"""Tables whose rows are long texts, of which fewer are written together."""
THREADS: Final = 2
LARGE: Final[Mapping[str, Any]] = {"write_page_index": True}
SMALL: Final[Mapping[str, Any]] = {"compression_level": 19, "write_statistics": False}
"""How a table is written: a small one is read whole, so it has few bytes, and nothing that lets readers skip rows."""
FEW: Final = 50_000
"""Rows up to which a table is small: packing more as tightly would take long; a tenth of them if they are long."""


class DatasetWriter:
    """The tables of a dataset in an empty folder; each split is written in the order in which its rows are added."""

    def __init__(self, folder: StrPath) -> None:
        self.folder: Final = Path(folder)
        self._open: dict[tuple[str, str], _SplitWriter] = {}
        self._complete: dict[tuple[str, str], SplitFile] = {}
        self._threads = ThreadPoolExecutor(THREADS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._threads.shutdown()
        for writer in self._open.values():
            writer.abandon()

    def add(self, table: str, split: str, rows: pa.Table) -> None:
        """Add rows to a split; texts may be dictionary-coded, and are stored as texts all the same.

        Args:
            table: the name of the table.
            split: the name of the split.
            rows: the rows, with the columns of the table in order.
        """
        if (table, split) not in self._open:
            self._open[table, split] = _SplitWriter(self.folder, table, split, rows.schema, self._threads)
        self._open[table, split].add(rows)

    def close(self, table: str) -> None:
        """Close the files of a table, which is complete; rows that wait for others take memory.

        Args:
            table: the name of the table.
        """
        for split in TABLES[table].splits:
            if (table, split) in self._complete:
                continue
            if (table, split) not in self._open:
                self.add(table, split, arrow_schema(TABLES[table].record).empty_table())
            self._complete[table, split] = self._open.pop((table, split)).finish()

    def finish(
        self,
        header: Header,
        folds: Mapping[str, tuple[Fold, ...]],
        inputs: Mapping[str, str],
        *,
        tools: Mapping[str, str],
        rounds: Sequence[Round] = (),
        mapped: Sequence[MappedLabel] = (),
        imported: Sequence[Imported] = (),
        samples: Sequence[PeoplesSample] = (),
    ) -> Manifest:
        """Close all files, and write the manifest.

        Args:
            header: what is stated of the dataset as a whole.
            folds: the folds by protocol.
            inputs: SHA-256 of each file that was read, by name.
            tools: the tools that found units and words, with their versions.
            rounds: the rounds of annotation.
            mapped: the labels of another scheme.
            imported: the records of the tables that the dataset was made from.
            samples: random samples of a model's labels that people judged.
        """
        for table in TABLES:
            self.close(table)
        tables = {
            table: {split: self._complete[table, split] for split in spec.splits} for table, spec in TABLES.items()
        }
        manifest = Manifest(
            **header.model_dump(exclude=set(UnitSettings.model_fields)),
            digest=data_digest(tables),
            tables=tables,
            rounds=tuple(rounds),
            mapped_labels=tuple(mapped),
            imported=tuple(imported),
            samples=tuple(samples),
            folds=dict(folds),
            inputs=dict(sorted(inputs.items())),
            tools={
                "kazstance": kazstance.__version__,
                "python": platform.python_version(),
                **dict(sorted({**{tool: version(tool) for tool in TOOLS}, **tools}.items())),
            },
        )
        signed = sign(manifest)
        (self.folder / MANIFEST).write_bytes(to_bytes(signed))
        return signed


def plain_schema(table: str, schema: pa.Schema) -> pa.Schema:
    """The schema that is stored for rows of a table, in which no text is dictionary-coded."""
    stated = arrow_schema(TABLES[table].record)
    return stated if set(schema.names) <= set(stated.names) else schema


class _File:
    """A file that is written once, from its beginning, and whose digest and size are known at the end."""

    def __init__(self, path: StrPath) -> None:
        self._file = Path(path).open("wb")  # noqa: SIM115  # closed by `close`
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, content: bytes | memoryview) -> int:
        if not self._file.closed:
            self.digest.update(content)
            self._file.write(content)
        self.size += len(content)
        return len(content)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Nothing: the file is complete when it is closed."""

    def close(self) -> None:
        self._file.close()

    @property
    def closed(self) -> bool:
        """Whether the writer has to stop; it closes the file itself, so never."""
        return False


class _SplitWriter:
    """One Parquet file; the schema that it states is that of plain texts, whatever the rows look like."""

    def __init__(self, folder: StrPath, table: str, split: str, schema: pa.Schema, threads: Executor) -> None:
        self._threads = threads
        self._group, self._few = (GROUP // 4, FEW // 10) if table in WORDY else (GROUP, FEW)
        self._pending: Future[None] | None = None
        self._path = f"{table}/{split}.parquet"
        path = Path(folder) / self._path
        path.parent.mkdir(exist_ok=True)
        self._file = _File(path)  # Arrow cannot open a path that is not UTF-8
        self._digest = TableDigest()
        self._rows: list[pa.Table] = []
        self._waiting = self._n_rows = 0
        self._schema, self._plain = schema.remove_metadata(), plain_schema(table, schema)
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.Table) -> None:
        """Add rows."""
        self._rows.append(rows.replace_schema_metadata(None))
        self._waiting += len(rows)
        if self._waiting >= self._group:
            there = pa.concat_tables(self._rows)
            whole = len(there) - len(there) % self._group
            self._begin(there.slice(0, whole))
            self._rows, self._waiting = [there.slice(whole)], len(there) - whole

    def _begin(self, rows: pa.Table) -> None:
        """Write rows in a thread, once those before them are written."""
        self._wait()
        self._writer = self._writer or self._writer_of(LARGE)
        self._pending = self._threads.submit(self._write, rows, self._writer)

    def _wait(self) -> None:
        if self._pending:
            self._pending.result()

    def _writer_of(self, kind: Mapping[str, Any]) -> pq.ParquetWriter:
        """What writes the file, for a small or a large table."""
        writer = pq.ParquetWriter(
            self._file,
            self._schema,
            compression="zstd",
            store_schema=False,
            use_content_defined_chunking=True,
            **kind,
        )
        writer.add_key_value_metadata(self._plain.metadata or {})
        return writer

    def _write(self, rows: pa.Table, writer: pq.ParquetWriter) -> None:
        if len(rows):
            plain = compacted(rows)
            self._digest.update(plain)
            writer.write_table(plain, self._group)
            self._n_rows += len(rows)

    def finish(self) -> SplitFile:
        """Write what is left, and close the file."""
        self._wait()
        writer = self._writer = self._writer or self._writer_of(SMALL if self._waiting <= self._few else LARGE)
        if self._rows:
            self._write(pa.concat_tables(self._rows), writer)
        self._rows = []
        writer.close()
        self._file.close()
        return SplitFile(
            path=self._path,
            rows=self._n_rows,
            digest=self._digest.hexdigest(),
            bytes=self._file.size,
            sha256=self._file.digest.hexdigest(),
        )

    def abandon(self) -> None:
        """Close the file as it is; what closing would add is dropped."""
        self._file.close()
        if self._writer:
            self._writer.close()
