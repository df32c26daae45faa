"""A trained system: it labels rows in batches, and can be saved and loaded."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

import kazstance
from kazstance.bench.answers import Answer, check_answers, where_raised
from kazstance.bench.identity import identity_of_object
from kazstance.bench.tasks import Item
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.input.frames import as_table
from kazstance.metrics import GRID_LABELS, LABELS
from kazstance.models.fitted import LOADERS, RUNS_CODE, Fitted, FittedFunction, fit_items, looks_at_sources
from kazstance.models.row_columns import LABEL, TARGET, TARGET_ID, Columns
from kazstance.models.saved_model import Header, read_files, read_header, write_model
from kazstance.predictions import PROBABILITY

if TYPE_CHECKING:
    from kazstance.paths import StrPath

log: Final = logging.getLogger("kazstance")
Say = Callable[[str], None]
BATCH: Final = 8192
"""Rows that are labelled at a time."""
ROWS: Final = 131_072
"""Rows of a part of a folder of predictions."""


@dataclass(frozen=True, eq=False)
class Model:
    """A trained system, which labels rows that each have a text and a target."""

    system: str
    kind: str
    labels: tuple[str, ...]
    targets: Mapping[str, str] = field(repr=False)
    fitted: Fitted = field(repr=False)
    has_sources: bool = False
    """Whether the rows that it was trained on had sources."""
    has_probabilities: bool = False
    trained_on: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    """The language of its rows, as a BCP 47 tag; empty if it is not known, or there were several."""

    def predict(
        self,
        rows: Any,
        *,
        id: str | Sequence[str] = (),  # noqa: A002
        text: str = "text",
        target: str = TARGET,
        source: str | None = None,
    ) -> pa.Table:
        """Label rows.

        Args:
            rows: the rows: an Arrow table, a data frame, a file, or anything else that holds rows.
            id: the column or columns that identify a row; by default those of a dataset's tables.
            text: the column of the text.
            target: the column of the target; a column `target_id` beside `target` identifies it.
            source: the column of the source; by default `source_id`, if there is one.

        Returns:
            The ids and the label of each row, with the probability of every label if the system gives it.

        Raises:
            UnknownNameError: a column does not exist.
            InputError: a text, target or source is missing; all such rows are listed.
            KazstanceError: the system fails.
        """
        table = as_table(rows, "the rows")
        columns = Columns((id,) if isinstance(id, str) else tuple(id), text, target, source)
        schema = self.schema(table.schema, columns)
        return pa.Table.from_batches(self._map(table.to_batches(), columns, "the rows"), schema)

    def map_arrow(
        self,
        batches: Iterable[pa.RecordBatch],
        *,
        id: str | Sequence[str] = (),  # noqa: A002
        text: str = "text",
        target: str = TARGET,
        source: str | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Label batches one by one, with the memory of one: what `mapInArrow` of Spark, for example, calls.

        Args:
            batches: the rows.
            id: as in `predict`.
            text: as in `predict`.
            target: as in `predict`.
            source: as in `predict`.

        Raises:
            UnknownNameError: a column does not exist.
            InputError: a text, target or source is missing.
            KazstanceError: the system fails.
        """
        columns = Columns((id,) if isinstance(id, str) else tuple(id), text, target, source)
        yield from self._map(batches, columns, "the rows")

    def schema(self, rows: pa.Schema, columns: Columns) -> pa.Schema:
        """The columns of its predictions for rows with the given columns."""
        found = columns.found_in(rows.names, "the rows")
        chances = [f"{PROBABILITY}{label}" for label in self.labels] if self.has_probabilities else []
        return pa.schema(
            [
                *(pa.field(name, rows.field(name).type) for name in found.ids),
                pa.field(LABEL, pa.string()),
                *(pa.field(name, pa.float64()) for name in chances),
            ]
        )

    def save(self, path: StrPath) -> Path:
        """Write the model as a folder, and return its path; a saved model there is replaced.

        Raises:
            KazstanceError: the system cannot be saved, or the folder holds something else.
        """
        write_model(*self._saved, path)
        return Path(path)

    def predict_files(
        self,
        data: StrPath,
        out: StrPath,
        *,
        id: str | Sequence[str] = (),  # noqa: A002
        text: str = "text",
        target: str = TARGET,
        source: str | None = None,
        rows_per_part: int = ROWS,
        again: bool = False,
        say: Say = log.info,
    ) -> Path:
        """Label the rows of Parquet files in batches, and write the predictions as a folder of Parquet files.

        An interrupted call is continued by the same call: finished parts are kept.

        Args:
            data: a Parquet file, a folder of such files (with subfolders), or a pattern such as `parts/*.parquet`.
            out: the folder to write.
            id: as in `predict`.
            text: as in `predict`.
            target: as in `predict`.
            source: as in `predict`.
            rows_per_part: number of rows of each file that is written, at least 1.
            again: start over, whatever the folder holds of earlier predictions.
            say: called with a line for each part, with the time that is left.

        Returns:
            The folder.

        Raises:
            UnknownNameError: a column does not exist.
            InputError: a text, target, source or id is missing.
            KazstanceError: there are no Parquet files, the system fails, or the folder holds anything else.
        """
        from kazstance.models.prediction_folder import write_predictions  # noqa: PLC0415  # imports this module

        columns = Columns((id,) if isinstance(id, str) else tuple(id), text, target, source)
        return write_predictions(self, data, out, columns, rows_per_part=rows_per_part, again=again, say=say)

    @property
    def digest(self) -> str:
        """SHA-256 of what it has learned."""
        header = self._saved[0].model_dump_json(exclude={"version"})
        return hashlib.sha256(header.encode()).hexdigest()

    @property
    def code(self) -> dict[str, str]:
        """SHA-256 of the user's own modules that it runs."""
        if not isinstance(self.fitted, FittedFunction):
            return {}
        module = self.fitted.path.partition(":")[0]
        return dict(identity_of_object(self.fitted.predict, module).code)

    @cached_property
    def _saved(self) -> tuple[Header, dict[str, bytes]]:
        files = self.fitted.files()
        header = Header(
            kazstance_model=1,
            version=kazstance.__version__,
            system=self.system,
            kind=self.kind,
            labels=list(self.labels),
            targets=dict(self.targets),
            has_sources=self.has_sources,
            has_probabilities=self.has_probabilities,
            language=self.language,
            trained_on=dict(self.trained_on),
            files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        )
        return header, files

    @cached_property
    def _ids(self) -> dict[str, str]:
        """The id of each target that it was trained on, by name."""
        return {name: target for target, name in self.targets.items()}

    def _map(
        self, batches: Iterable[pa.RecordBatch], columns: Columns, where: str, first: int = 0
    ) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH):
                part = batch.slice(start, BATCH)
                yield self.label(part, columns, where, first)
                first += part.num_rows

    def label(self, batch: pa.RecordBatch, columns: Columns, where: str, first: int = 0) -> pa.RecordBatch:
        """The predictions for one batch.

        Args:
            batch: the rows.
            columns: their columns.
            where: what messages call the rows.
            first: the number of the first of them, from 0.

        Raises:
            UnknownNameError: a column does not exist.
            InputError: a text, target or source is missing; all such rows are listed.
            KazstanceError: the system fails.
        """
        found = columns.found_in(batch.schema.names, where)
        if looks_at_sources(self.system) and found.source is None:
            raise KazstanceError(
                f"{where}: {self.system} looks at the source; pass its column: --source (in Python, source=)"
            )
        items = self._items(batch, found, where, first)
        try:
            given = self.fitted.answer(items)
            given = [self._filled(one) for one in given]
        except KazstanceError:
            raise
        except Exception as error:  # a system of the user's own may raise anything
            raise KazstanceError(f"{self.system}: {where_raised(error)}") from error
        answers = check_answers(given, items, self.labels, self.system)
        return self._answers(batch, found, answers)

    def _filled(self, answer: Any) -> Any:
        """An estimator's probabilities, with 0 for labels it has not seen."""
        is_partial = self.kind == "estimator" and isinstance(answer, Mapping)
        return {**dict.fromkeys(self.labels, 0.0), **answer} if is_partial else answer

    def _items(self, batch: pa.RecordBatch, columns: Columns, where: str, first: int) -> list[Item]:
        values = {name: _texts(batch, name, where) for name in columns.read}
        if problems := [
            Problem(where, None, name, "nothing, expected something", first + at + 1)
            for name in columns.read
            for at, value in enumerate(values[name])
            if not (value or "").strip()
        ]:
            raise InputError(problems)
        targets = values[columns.target]
        is_own = columns.target == TARGET and TARGET_ID in batch.schema.names
        known = _texts(batch, TARGET_ID, where) if is_own else None
        ids = known or [self._ids.get(name, name) for name in targets]
        sources = values[columns.source] if columns.source else [""] * len(targets)
        keys = zip(*(values[name] for name in columns.ids), strict=True)
        shown = [" ".join(map(str, key)) for key in keys]
        rows = zip(shown, values[columns.text], targets, ids, sources, strict=True)
        item = partial(Item, split="test", label="", language=self.language)
        return [
            item(item_id=key, text=text, target=name, target_id=of, source_id=source, cluster=key)
            for key, text, name, of, source in rows
        ]

    def _answers(self, batch: pa.RecordBatch, columns: Columns, answers: Sequence[Answer]) -> pa.RecordBatch:
        for one in answers:
            if (one.probabilities is not None) != self.has_probabilities:
                what = "probabilities" if self.has_probabilities else "a label alone"
                raise KazstanceError(f"{self.system}: {one.label!r}, expected {what}, as for the first training row")
        places = range(len(self.labels) if self.has_probabilities else 0)
        chances = [pa.array([(one.probabilities or ())[at] for one in answers], pa.float64()) for at in places]
        labels = pa.array([one.label for one in answers], pa.string())
        schema = self.schema(batch.schema, columns)
        kept = [batch.column(batch.schema.get_field_index(name)) for name in columns.ids]
        return pa.RecordBatch.from_arrays([*kept, labels, *chances], schema=schema)


def fit_model(system: Any, items: Sequence[Item], trained_on: Mapping[str, str]) -> Model:
    """Train a system on items.

    Args:
        system: a name in the panel or of a baseline, an import path, a function, or a scikit-learn estimator.
        items: the rows to train on.
        trained_on: what they are, for the record.

    Raises:
        UnknownNameError: there is no system of this name.
        KazstanceError: there are no rows, or the system fails.
    """
    if not items:
        raise KazstanceError("no rows to train on, expected at least one")
    languages = {item.language for item in items}
    language = languages.pop() if len(languages) == 1 else ""
    items = [replace(item, language=language) for item in items]
    name, kind, fitted = fit_items(system, items)
    labels = GRID_LABELS if any(item.label == "none" for item in items) else LABELS
    model = Model(
        system=name,
        kind=kind,
        labels=labels if {item.label for item in items} <= set(labels) else tuple(sorted({i.label for i in items})),
        targets={item.target_id: item.target for item in items},
        fitted=fitted,
        has_sources=any(item.source_id for item in items),
        trained_on=trained_on,
        language=language,
    )
    first = _first_answer(model, items[:1])
    return replace(model, has_probabilities=isinstance(first, Mapping))


def load_model(path: StrPath, *, trust: bool = False) -> Model:
    """A saved model.

    Models that consist of the user's own code (estimators, which are pickled, and functions, which are imported) run
    that code when they are loaded; a stranger's model could do anything.

    Args:
        path: the folder that `Model.save` wrote.
        trust: load such a model too.

    Raises:
        KazstanceError: it is not a saved model, has changed since it was saved, or runs code and is not trusted.
        MissingExtraError: a package that the system needs is not installed.
    """
    folder = Path(path)
    header = read_header(folder)
    if header.kind in RUNS_CODE and not trust:
        raise KazstanceError(
            f"{folder}: {header.system} runs code of its own when it is loaded; "
            "if you trust where it comes from, pass --trust (in Python, trust=True)"
        )
    files = read_files(folder, header)
    try:
        fitted = LOADERS[header.kind](header.system, files)
    except (KazstanceError, MemoryError):
        raise
    except Exception as error:  # a damaged file may raise anything
        said = str(error) if isinstance(error, ValueError) else where_raised(error)
        raise KazstanceError(f"{folder}: {said}; expected a model as it was saved") from error
    known = (header.system, header.kind, tuple(header.labels), header.targets)
    return Model(*known, fitted, header.has_sources, header.has_probabilities, header.trained_on, header.language)


def _first_answer(model: Model, items: Sequence[Item]) -> Any:
    """The answer to an item, which shows whether the system gives probabilities.

    Raises:
        KazstanceError: the system fails.
    """
    try:
        return next(iter(model.fitted.answer(items)), None)
    except Exception as error:  # a system of the user's own may raise anything
        raise KazstanceError(f"{model.system}: {where_raised(error)}") from error


def _texts(batch: pa.RecordBatch, name: str, where: str) -> list[str]:
    """A column as text; missing values are None.

    Raises:
        KazstanceError: its values have no text.
    """
    column = batch.column(batch.schema.get_field_index(name))
    try:
        values: list[str] = column.cast(pa.string()).to_pylist()
    except pa.ArrowException:
        raise KazstanceError(f"{where}: {name}: a column of type {column.type}, expected text") from None
    return values
