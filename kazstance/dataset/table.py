"""One table of a dataset: a view of its rows that reads only what is needed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from kazstance.dataset.conditions import Condition, conditions, expression
from kazstance.errors import IntegrityError, UnknownNameError
from kazstance.extras import naming_extras
from kazstance.input.spelling import OWN
from kazstance.output.files import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from pydantic import ValidationError

    from kazstance.dataset.folder import DatasetFolder
    from kazstance.output.described import Described
    from kazstance.paths import StrPath
    from kazstance.schema.records import Record

R = TypeVar("R", bound="Record")
SPLIT = "split"
"""The column that says which split a row is in."""


@dataclass(frozen=True)
class Table(Generic[R]):
    """The rows of a table that meet the given conditions, in the order of the splits and of the rows in their files.

    Nothing is read until rows are requested. Arrow, pandas, Polars and `where` have labels by name and a column
    `split`; the files, `to_hf` and records have labels by number.
    """

    folder: DatasetFolder
    name: str
    splits: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()

    def where(self, **asked: Any) -> Table[R]:
        """The rows that also meet conditions: `where(target="campism", label=["favor", "against"], split="test")`.

        Args:
            asked: for each column, the allowed value, or a list, tuple or set of allowed values; None is null.
                `source`, `target`, `sentence`, `paragraph` and `annotator` mean their ids; `split` selects splits.

        Raises:
            UnknownNameError: there is no such column, split or label, or no such source or target in the dataset.
            KazstanceError: a value does not have the type of the column.
        """
        self.folder.check_schema(self.name)
        splits = self.splits
        if SPLIT in asked:
            wanted = asked.pop(SPLIT)
            wanted = list(wanted) if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
            for split in wanted:
                self._check_split(split)
            splits = tuple(split for split in self.splits if split in wanted)
        added = conditions(asked, self.name, self._stored_columns, self.labels)
        for condition in added:
            self.folder.check_values(self.name, condition)
        return replace(self, splits=splits, conditions=(*self.conditions, *added))

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the labels of each label column, in the order of their numbers."""
        return self.folder.label_names(self.name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, `split` last."""
        return (*self._stored_columns, SPLIT)

    def to_arrow(self, split: str | None = None) -> pa.Table:
        """The rows as an Arrow table, labels by name, with a column `split`.

        Raises:
            UnknownNameError: there is no such split.
        """
        import pyarrow as pa

        parts = []
        for name, rows in self._parts(split):
            part = self._named(rows)
            column = pa.array([name] * len(part), pa.string())
            parts.append(part if SPLIT in part.column_names else part.append_column(SPLIT, column))
        return pa.concat_tables(parts).replace_schema_metadata({OWN: json.dumps(self.labels)})

    @naming_extras()
    def to_pandas(self, split: str | None = None) -> pd.DataFrame:
        """The rows as a pandas data frame, labels by name, with a column `split`.

        Raises:
            UnknownNameError: there is no such split.
            MissingExtraError: pandas is not installed.
        """
        import pandas  # noqa: F401

        frame = cast("pd.DataFrame", self.to_arrow(split).to_pandas())
        frame.attrs[OWN] = {column: list(names) for column, names in self.labels.items()}
        return frame

    @naming_extras()
    def to_polars(self, split: str | None = None) -> pl.DataFrame:
        """The rows as a Polars data frame, labels by name, with a column `split`.

        Raises:
            UnknownNameError: there is no such split.
            MissingExtraError: Polars is not installed.
        """
        import polars as pl

        return cast("pl.DataFrame", pl.from_arrow(self.to_arrow(split)))

    def to_excel(self, out: StrPath, split: str | None = None) -> None:
        """Write the rows as an Excel workbook, with a sheet that says what the columns mean; no cell is a formula.

        Raises:
            UnknownNameError: there is no such split.
            KazstanceError: it has more rows, or a longer text, than a sheet can hold.
            MissingExtraError: openpyxl is not installed.
        """
        from kazstance.output.workbook import xlsx

        write_file(xlsx(self.described(split)), out)

    def to_stata(self, out: StrPath, split: str | None = None) -> None:
        """Write the rows as a file of Stata (.dta), with labels of variables and values.

        Raises:
            UnknownNameError: there is no such split.
            KazstanceError: Stata cannot hold the table.
            MissingExtraError: pyreadstat is not installed.
        """
        from kazstance.output.statistics_files import dta

        write_file(dta(self.described(split)), out)

    def to_spss(self, out: StrPath, split: str | None = None) -> None:
        """Write the rows as a file of SPSS (.sav), with labels of variables and values.

        Raises:
            UnknownNameError: there is no such split.
            KazstanceError: a text is longer than 32,767 bytes, or SPSS cannot hold the table.
            MissingExtraError: pyreadstat is not installed.
        """
        from kazstance.output.statistics_files import sav

        write_file(sav(self.described(split)), out)

    def described(self, split: str | None = None) -> Described:
        """The rows with labels by number, and what the columns and labels mean.

        Raises:
            UnknownNameError: there is no such split.
        """
        import pyarrow as pa

        from kazstance.output.described import Described
        from kazstance.schema.records import TABLES

        parts = []
        for name, rows in self._parts(split):
            there = rows.replace_schema_metadata(None)
            column = pa.array([name] * len(rows), pa.string())
            parts.append(there if SPLIT in there.column_names else there.append_column(SPLIT, column))
        fields = TABLES[self.name].record.model_fields
        about = {column: " ".join((field.description or "").split()) for column, field in fields.items()}
        return Described(pa.concat_tables(parts), self.name, about, self.labels)

    @naming_extras()
    def to_hf(self) -> datasets.DatasetDict:
        """The rows as a `DatasetDict` with its features, without cache or network; labels are ClassLabels.

        A table whose only split is `all` elsewhere has the split `full`, since `datasets` reserves the name `all`.

        Raises:
            MissingExtraError: `datasets` is not installed.
        """
        import datasets

        from kazstance.schema.records import HF_SPLITS

        named = {HF_SPLITS.get(split, split): self._read(split) for split in self.splits}
        return datasets.DatasetDict({name: datasets.Dataset(part, split=name) for name, part in named.items()})

    def stored(self, split: str | None = None) -> pa.Table:
        """The rows as an Arrow table, as stored: labels by number, with the features of the files.

        Raises:
            UnknownNameError: there is no such split.
            IntegrityError: a file is damaged, or its columns differ from the schema.
        """
        import pyarrow as pa

        return pa.concat_tables(rows for _, rows in self._parts(split))

    def batches(
        self, split: str | None = None, names: Sequence[str] | None = None, *, coded: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """The rows as stored, a few at a time, for any number of rows; with `coded`, texts come as dictionaries.

        Args:
            split: the split; by default, all of them.
            names: the columns; by default, all of them.
            coded: whether texts come as dictionaries.

        Raises:
            UnknownNameError: there is no such split.
            IntegrityError: a file is damaged, or its columns differ from the schema.
        """
        self.folder.check_schema(self.name)
        where = expression(self.conditions)
        parts = [self.folder.batches(self.name, name, names, where, coded=coded) for name in self._chosen(split)]
        return chain.from_iterable(parts)

    @property
    def schema(self) -> pa.Schema:
        """The columns as stored, with the features of the files."""
        return self.folder.schema(self.name)

    def records(self, split: str | None = None) -> tuple[R, ...]:
        """The rows as validated frozen records.

        Raises:
            UnknownNameError: there is no such split.
            IntegrityError: a row does not match the schema.
        """
        return tuple(record for name in self._chosen(split) for record in self._validated(self._read(name)))

    def show(self, limit: int = 10) -> None:
        """Print the first rows; stances as sentences with their evidence in ⟦ ⟧.

        Args:
            limit: maximum number of rows.
        """
        from kazstance.dataset.show import show

        show(self[:limit], len(self))

    def path(self, split: str | None = None) -> Path:
        """The Parquet file of a split, or the folder of all splits, for anything that reads Parquet.

        Conditions are ignored, since they do not change the files.

        Raises:
            UnknownNameError: there is no such split.
        """
        if split is None:
            return self.folder.path / self.name
        self._check_split(split)
        return self.folder.file(self.name, split)

    def count(self, split: str | None = None) -> int:
        """The number of rows.

        Raises:
            UnknownNameError: there is no such split.
        """
        return sum(self._size(name) for name in self._chosen(split))

    def __len__(self) -> int:
        return self.count()

    @overload
    def __getitem__(self, at: int) -> R: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[R, ...]: ...
    def __getitem__(self, at: int | slice) -> R | tuple[R, ...]:
        """A record by its index, or the records of a slice."""
        places = range(len(self))[at]  # raises IndexError
        if isinstance(places, range):
            return tuple(self._at(places))
        return next(self._at(range(places, places + 1)))

    def __iter__(self) -> Iterator[R]:
        for name in self.splits:
            yield from self._validated(self._read(name))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows for anything that accepts Arrow streams: pandas, Polars, DuckDB and others."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        kept = f" where {', '.join(condition.column for condition in self.conditions)}" if self.conditions else ""
        sizes = ", ".join(f"{split} {self._size(split)}" for split in self.splits)
        return f"<Table {self.name}{kept}: {len(self)} rows ({sizes})>"

    def _repr_html_(self) -> str:
        """The first rows, for a notebook."""
        from kazstance.dataset.show import notebook_row
        from kazstance.output.notebook import ROWS, html_table

        return html_table([notebook_row(row) for row in self[:ROWS]], len(self))

    @property
    def _stored_columns(self) -> tuple[str, ...]:
        return tuple(self.folder.schema(self.name).names)

    def _at(self, places: range) -> Iterator[R]:
        """The records at some indices; a split without any of them is not read."""
        import pyarrow as pa

        parts, start = [], 0
        for name in self.splits:
            end = start + self._size(name)
            if within := [place - start for place in places if start <= place < end]:
                parts.append((name, within))
            start = end
        for name, within in parts if places.step > 0 else reversed(parts):
            yield from self._validated(self._read(name).take(pa.array(within, pa.int64())))

    def _size(self, split: str) -> int:
        if not self.conditions:
            return self.folder.rows(self.name, split)
        return len(self.folder.read(self.name, split, expression(self.conditions), self._stored_columns[:1]))

    def _read(self, split: str) -> pa.Table:
        self.folder.check_schema(self.name)
        return self.folder.read(self.name, split, expression(self.conditions))

    def _parts(self, split: str | None) -> Iterator[tuple[str, pa.Table]]:
        """The rows of the chosen splits; if none was chosen, no rows of the first, for their columns."""
        for name in self._chosen(split):
            yield name, self._read(name)
        if not self.splits:
            first = self.folder[self.name].splits[0]
            yield first, self._read(first).slice(0, 0)

    def _named(self, rows: pa.Table) -> pa.Table:
        """The rows with labels by name."""
        import pyarrow as pa

        for column, names in self.labels.items():
            place = rows.schema.get_field_index(column)
            named = pa.chunked_array(
                [pa.array(names, pa.string()).take(chunk) for chunk in rows[column].chunks], pa.string()
            )
            rows = rows.set_column(place, column, named)
        return rows

    def _validated(self, rows: pa.Table) -> Iterator[R]:
        from pydantic import ValidationError

        from kazstance.schema.records import TABLES

        record = TABLES[self.name].record
        try:
            for batch in rows.to_batches(max_chunksize=1024):
                for row in batch.to_pylist():
                    yield cast("R", record.model_validate(row))
        except ValidationError as error:
            raise IntegrityError(f"{self.folder.path}: {self.name}: {_first(error)}", self.folder.path) from None

    def _chosen(self, split: str | None) -> tuple[str, ...]:
        if split is None:
            return self.splits
        self._check_split(split)
        return (split,)

    def _check_split(self, split: str) -> None:
        if split not in self.splits:
            raise UnknownNameError(split, f"split of {self.name}", self.splits)


def _first(error: ValidationError) -> str:
    """The first error that pydantic found, in one line, and the number of the others."""
    faults = error.errors(include_url=False, include_context=False)
    more = f" (and {len(faults) - 1} more)" if faults[1:] else ""
    return f"{'.'.join(map(str, faults[0]['loc']))}: {faults[0]['msg']}{more}"
