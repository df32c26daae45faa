"""A dataset's folder, opened once: its manifest and its tables."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

from kazstance.dataset.conditions import ID_SUFFIX
from kazstance.dataset.table import Table
from kazstance.errors import IntegrityError, KazstanceError, UnknownNameError
from kazstance.schema import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    import pyarrow.compute as pc

    from kazstance.dataset.conditions import Condition
    from kazstance.paths import StrPath
    from kazstance.schema import records
    from kazstance.schema.manifest import Manifest

SHIPPED: Final = Path(__file__).parents[1] / "data"
"""The dataset that comes with the package."""
PAGES: Final = {"README.md": "DATASET_CARD.md", "LICENSE": "LICENSE", "LICENSE-DATA": "LICENSE-DATA"}
"""Pages of a dataset that somebody may have written, and their names at the root of a checkout."""
IDS: Final = {"source_id": "sources", "target_id": "targets", "annotator_id": "annotators"}
"""Columns whose values identify rows of another table."""


class DatasetFolder:
    """The manifest of a dataset, parsed once, and its tables, each read once; safe to use from several threads."""

    def __init__(self, path: StrPath = SHIPPED) -> None:
        """Open a dataset.

        Args:
            path: the folder of a built dataset; by default, the one that comes with the package.

        Raises:
            KazstanceError: the folder is not a built dataset.
            IntegrityError: the manifest is damaged.
        """
        from kazstance.output.staging import put_back
        from kazstance.schema.manifest import manifest_bytes, parse_manifest

        self.path: Final = Path(path)
        put_back(self.path)  # what a killed run set aside
        self.content: Final = manifest_bytes(self.path)
        """The manifest as it is written."""
        self.manifest: Final[Manifest] = parse_manifest(self.content, self.path / MANIFEST)
        self._lock = RLock()
        self._whole: dict[tuple[str, str], pa.Table] = {}
        self._schemas: dict[tuple[str, str], pa.Schema] = {}
        self._checked: set[str] = set()

    @property
    def digest(self) -> str:
        """The identity of the data: a digest over the rows of all tables."""
        return self.manifest.digest

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables."""
        from kazstance.schema.records import TABLES

        if self.is_earlier:
            from kazstance.schema import earlier

            return (*(name for name in self.manifest.tables if name in TABLES), *earlier.NEW_TABLES)
        return tuple(name for name in self.manifest.tables if name in TABLES)

    def __getitem__(self, name: str) -> Table[records.Record]:
        """A table by its name.

        Raises:
            UnknownNameError: there is no such table.
        """
        if name not in self.tables:
            raise UnknownNameError(name, "table", self.tables)
        return Table(self, name, self._splits(name))

    @property
    def stances(self) -> Table[records.Stance]:
        """One row for each sentence and each target that it is about."""
        return self._table("stances")

    @property
    def grid(self) -> Table[records.GridCell]:
        """One row for each annotated sentence and each target."""
        return self._table("grid")

    @property
    def pairs(self) -> Table[records.Pair]:
        """One row for each pair of sentences of different sources about one target."""
        return self._table("pairs")

    @property
    def probes(self) -> Table[records.Probe]:
        """Rows of stances shown in another form."""
        return self._table("probes")

    @property
    def sentences(self) -> Table[records.Sentence]:
        """The units of the texts."""
        return self._table("sentences")

    @property
    def judgements(self) -> Table[records.Judgement]:
        """Each annotator's label for each sentence and target."""
        return self._table("judgements")

    @property
    def positions(self) -> Table[records.SourcePosition]:
        """Where each source stands on each target."""
        return self._table("positions")

    @property
    def sources(self) -> Table[records.Source]:
        """Who speaks."""
        return self._table("sources")

    @property
    def targets(self) -> Table[records.Target]:
        """What sources can take sides on."""
        return self._table("targets")

    @property
    def annotators(self) -> Table[records.Annotator]:
        """Who or what judged."""
        return self._table("annotators")

    @property
    def documents(self) -> Table[records.Document]:
        """The texts of the sources, one row each."""
        return self._table("documents")

    @property
    def copies(self) -> Table[records.Copy]:
        """Sentences that are copies of other sentences."""
        return self._table("copies")

    @cached_property
    def ids(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of all sources, targets and annotators, in order, by the column that holds them."""
        return {
            column: tuple(name for split in self.manifest.tables[table] for name in self._ids(table, split, column))
            for column, table in IDS.items()
            if table in self.manifest.tables
        }

    def check_values(self, table: str, condition: Condition) -> None:
        """Reject sources, targets and annotators that are not in the dataset, and values that a column cannot have.

        Raises:
            UnknownNameError: a name is not in the dataset; the message suggests the nearest one.
            KazstanceError: a value does not have the type of the column.
        """
        import pyarrow as pa

        kind = self.schema(table).field(condition.column).type
        try:
            pa.array(condition.values, kind)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            shown = ", ".join(map(repr, condition.values))
            raise KazstanceError(f"{table}: {condition.column}: {shown}, expected a value of type {kind}") from None
        known = self.ids.get(condition.column, condition.values)
        for value in condition.values:
            if value is not None and value not in known:
                raise UnknownNameError(value, condition.column.removesuffix(ID_SUFFIX), known)

    def file(self, table: str, split: str) -> Path:
        """The Parquet file of a split."""
        return self.path / table / f"{split}.parquet"

    def page(self, name: str) -> Path:
        """The path of a page: next to the tables, or at the root of the checkout for the shipped dataset."""
        root = SHIPPED.parents[1]
        is_checkout = self.path.resolve() == SHIPPED.resolve() and (root / PAGES["README.md"]).is_file()
        return root / PAGES[name] if is_checkout and name in PAGES else self.path / name

    def rows(self, table: str, split: str) -> int:
        """Number of rows of a split."""
        files = self.manifest.tables.get(table)
        return files[split].rows if files else len(self.read(table, split))

    def schema(self, table: str, split: str | None = None) -> pa.Schema:
        """The columns of a table as stored, in the given split or the first one.

        Raises:
            IntegrityError: the file is damaged.
        """
        from kazstance.input.parquet import read_columns

        key = table, split or self._splits(table)[0]
        with self._lock:
            if key not in self._schemas:
                try:
                    is_whole = self.is_earlier and table in self.tables
                    self._schemas[key] = self.read(*key).schema if is_whole else read_columns(self.file(*key))
                except KazstanceError as error:
                    raise IntegrityError(str(error), self.path) from error
            return self._schemas[key]

    def label_names(self, table: str) -> Mapping[str, tuple[str, ...]]:
        """The names of the labels of each label column of a table, in the order of their numbers."""
        from kazstance.schema.columns import label_names

        return label_names(self.schema(table))

    def read(
        self, table: str, split: str, where: pc.Expression | None = None, names: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows of a split as stored; a condition is pushed down to the file, and a whole split is kept in memory.

        Args:
            table: the table.
            split: the split.
            where: the condition; without it, the whole split is read.
            names: the columns to read if there is a condition; by default, all of them.

        Raises:
            IntegrityError: the file is damaged.
        """
        if where is not None:
            return self._read_file(table, split, names, where)
        with self._lock:
            if (table, split) not in self._whole:
                self._whole[table, split] = self._read_file(table, split)
            return self._whole[table, split]

    def batches(
        self,
        table: str,
        split: str,
        names: Sequence[str] | None = None,
        where: pc.Expression | None = None,
        *,
        coded: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a split as stored, few at a time; nothing is kept in memory.

        Args:
            table: the table.
            split: the split.
            names: the columns; by default, all of them.
            where: the condition, which is pushed down to the file; without it, all rows.
            coded: whether texts come as dictionaries.

        Raises:
            IntegrityError: the file is damaged, or has no such column.
        """
        from kazstance.input.parquet import stream_parquet

        if self.is_earlier:
            yield from self._read_earlier(table, split, names, where).combine_chunks().to_batches()
            return
        try:
            yield from stream_parquet(self.file(table, split), names, where, coded=coded)
        except KazstanceError as error:
            raise IntegrityError(str(error), self.path) from error

    def check_schema(self, table: str) -> None:
        """Check that a table has all columns of the schema, with their types.

        Raises:
            IntegrityError: it does not.
        """
        from kazstance.schema.columns import arrow_schema
        from kazstance.schema.records import TABLES

        if table in self._checked or table not in TABLES:
            return
        for split in self._splits(table):
            found = self.schema(table, split)
            for field in arrow_schema(TABLES[table].record):
                at = found.get_field_index(field.name)
                if at < 0 or found.field(at).type != field.type:
                    came = "no such column" if at < 0 else f"a column of type {found.field(at).type}"
                    message = f"{self.path / table}: {field.name}: {came}, expected {field.type}"
                    raise IntegrityError(message, self.path)
        self._checked.add(table)

    def columns(self, table: str, names: Sequence[str], where: pc.Expression | None = None) -> pa.Table:
        """Some columns of all splits of a table as stored, with all rows or those that meet a condition.

        Args:
            table: the table.
            names: the columns.
            where: the condition, which is pushed down to the files; without it, all rows are read.

        Raises:
            IntegrityError: a file is damaged, or has no such column.
        """
        import pyarrow as pa

        self.check_schema(table)
        return pa.concat_tables(self._read_file(table, split, names, where) for split in self[table].splits)

    def _read_file(
        self, table: str, split: str, names: Sequence[str] | None = None, where: pc.Expression | None = None
    ) -> pa.Table:
        from kazstance.input.parquet import read_parquet

        if self.is_earlier:
            return self._read_earlier(table, split, names, where)
        try:
            return read_parquet(self.file(table, split), names, where)
        except KazstanceError as error:
            raise IntegrityError(str(error), self.path) from error

    def _read_earlier(
        self, table: str, split: str, names: Sequence[str] | None, where: pc.Expression | None
    ) -> pa.Table:
        """The rows of a dataset in an earlier format, with the columns of the present one."""
        from kazstance.input.parquet import read_parquet
        from kazstance.schema import earlier

        try:
            if table == "documents":
                rows = earlier.documents(read_parquet(self.file("sources", split)))
            elif table == "copies":
                rows = earlier.copies()
            else:
                rows = earlier.upgraded(table, read_parquet(self.file(table, split)))
        except KazstanceError as error:
            raise IntegrityError(str(error), self.path) from error
        rows = rows if where is None else rows.filter(where)
        return rows if names is None else rows.select(list(names))

    @property
    def is_earlier(self) -> bool:
        """Whether it was built by a version up to 0.3.0."""
        from kazstance.schema.manifest import FORMAT

        return self.manifest.format_version < FORMAT

    def _splits(self, table: str) -> tuple[str, ...]:
        from kazstance.schema.records import TABLES

        return tuple(self.manifest.tables[table]) if table in self.manifest.tables else TABLES[table].splits

    def __repr__(self) -> str:
        found = self.manifest
        sizes = ", ".join(f"{name} {sum(file.rows for file in files.values())}" for name, files in found.tables.items())
        return f"<{type(self).__name__} {found.id} {found.version}, digest {self.digest[:12]}: {sizes}>"

    def _repr_html_(self) -> str:
        """What is in the dataset, for a notebook."""
        from kazstance.output.notebook import html_paragraph, html_table
        from kazstance.schema.records import TABLES

        found = self.manifest
        rows = [
            {
                "table": name,
                "one row is": (TABLES[name].record.__doc__ or "").rstrip("."),
                "rows": ", ".join(f"{split} {self.rows(name, split)}" for split in self._splits(name)),
            }
            for name in self.tables
        ]
        title = html_paragraph(f"{found.title}, version {found.version}, digest {self.digest[:12]}")
        return title + html_table(rows)

    def _table(self, name: str) -> Table[Any]:
        return self[name]

    def _ids(self, table: str, split: str, column: str) -> list[str]:
        names: list[str] = self.read(table, split)[column].to_pylist()
        return names
