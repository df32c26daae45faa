"""A user's own stance data as a task: files or frames to train on and to predict."""

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.bench.held_out import drawn
from kazstance.bench.identity import file_digest
from kazstance.bench.tasks import SOURCE, TARGET, AnswerColumns, Item, Task, TaskKind, TrainTest
from kazstance.errors import InputError, KazstanceError, Problem, one_line
from kazstance.input.frames import as_stream
from kazstance.input.spelling import OPTIONS, Spelling, class_names, of_column, settled
from kazstance.input.streams import Stream
from kazstance.input.tables import PLAIN, Form, as_text
from kazstance.language.tags import UNDETERMINED, check_tag
from kazstance.metrics import GRID_LABELS, LABELS, STANCE_METRICS, TARGET_MEANS
from kazstance.predictions import read_labels

log: Final = logging.getLogger("kazstance")
SPLITS: Final = {"train": "train", "dev": "validation", "test": "test"}
"""The split of the rows of each argument."""
PROTOCOL: Final = "train_test"
"""The protocol of rows that the user has split."""


@dataclass(frozen=True)
class Layout:
    """The columns of a dataset, and how its labels are spelled; without clusters, each row is its own cluster."""

    text: str
    target: str
    label: str
    spelling: Spelling
    ids: tuple[str, ...] = ()
    """Without ids, a row is identified by its number."""
    source: str | None = None
    cluster: str | None = None
    form: Form = PLAIN
    how: str = OPTIONS
    """How the user can give a spelling, for messages."""
    language: str = ""
    """The language of the texts, as a BCP 47 tag; empty if it is not known."""

    def __post_init__(self) -> None:
        """Check the language.

        Raises:
            KazstanceError: it is not a language tag.
        """
        try:
            check_tag(self.language or UNDETERMINED)
        except ValueError as error:
            raise KazstanceError(f"language: {error}") from None

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, each once."""
        names = [*self.ids, self.text, self.target, self.label, self.source, self.cluster]
        return tuple(dict.fromkeys(filter(None, names)))


@dataclass(frozen=True)
class Rows:
    """A table with the split of its rows, its name in messages, and how it was read."""

    stream: Stream
    table: pa.Table
    split: str
    name: str

    @classmethod
    def read(cls, rows: Any, split: str, layout: Layout) -> "Rows":
        """Rows from a file or from anything else that holds rows.

        Args:
            rows: a path, or one of `kazstance.input.frames.ACCEPTED`.
            split: the split of the rows.
            layout: the columns it must have, and how a text file is written.

        Raises:
            UnknownNameError: a column does not exist.
            KazstanceError: it holds no rows, or the file cannot be read.
        """
        name = str(rows) if isinstance(rows, str | PathLike) else split
        stream = as_stream(rows, name, layout.form)
        stream.check_columns(layout.columns)
        return cls(stream, stream.table(), split, name)

    def problem(self, number: int, field: str, message: str) -> Problem:
        """A problem of a row, at its line in a text file and by its number elsewhere.

        Args:
            number: the number of the row, from 0.
            field: the column.
            message: what was found, what was expected, what to do.
        """
        line, row = (None, number + 1) if self.stream.first_line is None else (number + self.stream.first_line, None)
        return Problem(self.name, line, field, message, row)

    def place(self, number: int) -> str:
        """Where a row is: its line in a text file, otherwise its number, since a field may hold several lines."""
        return f"row {number + 1}" if self.stream.first_line is None else f"line {number + self.stream.first_line}"


def file_task(train: Any, test: Any, layout: Layout, *, dev: Any = None) -> Task:
    """A user's own rows as a task.

    Args:
        train: rows to train on: a file, a frame, or anything else that holds rows.
        test: rows to predict.
        layout: columns and spelling.
        dev: rows to choose settings on; without them, a share of the training rows, by a hash of their clusters.

    Raises:
        InputError: rows are invalid; all problems are listed.
        UnknownNameError: a column does not exist.
        KazstanceError: a file cannot be read, or has no rows.
    """
    given = {"train": train, "dev": dev, "test": test}
    parts, items, layout, notes = _read(given, layout)
    labels = GRID_LABELS if any(item.label == "none" for rows in items for item in rows) else LABELS
    named = [name for name, rows in given.items() if rows is not None]
    spelled = _spelled([rows.table for rows in parts], layout)
    train_rows = tuple(item for rows in items[:-1] for item in rows)
    return Task(
        kind=_kind(labels, has_sources=layout.source is not None),
        protocol=PROTOCOL,
        folds=(TrainTest("test", train_rows, tuple(items[-1])),),
        data={name: _digest(given[name], rows) for name, rows in zip(named, items, strict=True)},
        columns=_columns(parts[-1].table, items[-1], layout, {label: spelled[label] for label in labels}),
        spelled=layout.spelling,
        has_clusters=layout.cluster is not None,
        language=layout.language,
        notes=notes,
    )


def training_items(
    train: Any, layout: Layout, *, dev: Any = None, say: Callable[[str], None] = log.info
) -> tuple[Item, ...]:
    """A user's own rows to train on, those to choose settings on included.

    Args:
        train: rows to train on: a file, a frame, or anything else that holds rows.
        layout: columns and spelling.
        dev: rows to choose settings on; without them, a share of the training rows, by a hash of their clusters.
        say: called with each note on how files were read.

    Raises:
        InputError: rows are invalid; all problems are listed.
        UnknownNameError: a column does not exist.
        KazstanceError: a file cannot be read, or has no rows.
    """
    _, items, _, notes = _read({"train": train, "dev": dev}, layout)
    for note in notes:
        say(note)
    return tuple(item for rows in items for item in rows)


def _read(given: Mapping[str, Any], layout: Layout) -> tuple[list[Rows], list[list[Item]], Layout, tuple[str, ...]]:
    """The tables and items of train, dev and test, the layout with its spelling recognised, and notes on all that."""
    parts = [Rows.read(rows, SPLITS[name], layout) for name, rows in given.items() if rows is not None]
    texts = filter(None, (as_text(rows.table[layout.label]) for rows in parts))
    values = {value: None for text in texts for value in text.unique().to_pylist() if value and value.strip()}
    is_described = any(layout.label in class_names(rows.table.schema) for rows in parts)
    spelling, why = settled(layout.spelling, list(values), layout.how)
    layout = replace(layout, spelling=spelling)
    for rows in parts:
        rows.stream.check_label(layout.label, spelling)
    items = [_items(rows, layout) for rows in parts]
    if given["dev"] is None:
        items[0] = drawn(items[0])
    _check_apart(items, parts, layout)
    detected = [note for rows in parts for note in rows.stream.notes]
    notes = [*detected, *([why] if why and not is_described else [])]
    return parts, items, layout, tuple(one_line(f"note: {note}") for note in dict.fromkeys(notes))


def _kind(labels: tuple[str, ...], *, has_sources: bool) -> TaskKind:
    """The kind of task of a user's rows: fewer fields to break down by than in a dataset; strata are targets."""
    metrics = tuple(metric.name for metric in (*STANCE_METRICS, *TARGET_MEANS))
    name = "stance4" if len(labels) == len(GRID_LABELS) else "stance"
    strata = {TARGET: ("target",), SOURCE: ("target", "source")}
    if not has_sources:
        return TaskKind(name, labels, metrics=metrics, strata={TARGET: strata[TARGET]}, breakdowns=("target",))
    return TaskKind(name, labels, metrics=metrics, strata=strata, breakdowns=("target", "source"))


def _digest(given: Any, items: Sequence[Item]) -> str:
    """The SHA-256 of a file, or of rows in memory."""
    if isinstance(given, str | PathLike) and Path(given).is_file():
        return file_digest(Path(given))
    return hashlib.sha256(repr(items).encode(errors="surrogatepass")).hexdigest()


def _items(rows: Rows, layout: Layout) -> list[Item]:
    """The rows as items.

    Raises:
        InputError: ids appear twice, fields are empty or labels are unknown; all problems are listed.
        KazstanceError: there are no rows.
    """
    values = _as_text(rows.table.select(layout.columns))
    if not values:
        raise KazstanceError(f"{rows.name}: no rows, expected some under the header")
    problems: list[Problem] = []
    more: Any = {"how": layout.how, "first_line": rows.stream.first_line}
    labels = read_labels(rows.table, layout.label, rows.name, layout.spelling, problems, **more).to_pylist()
    keys = [" ".join(row[name] for name in layout.ids) for row in values]
    keys = keys if layout.ids else [f"{rows.split}:{number + 1}" for number in range(len(values))]
    seen: dict[str, int] = {}
    for number, (key, row) in enumerate(zip(keys, values, strict=True)):
        first = seen.setdefault(key, number)
        before = rows.place(first) if first != number else ""
        problems += [rows.problem(number, *fault) for fault in _faults(row, key, layout, before)]
    if problems:
        raise InputError(problems)
    return [_item(*known, rows.split, layout) for known in zip(keys, values, labels, strict=True)]


def _as_text(table: pa.Table) -> list[dict[str, str]]:
    """The rows with each field as text; missing fields are empty."""
    return [{name: "" if field is None else str(field) for name, field in row.items()} for row in table.to_pylist()]


def _faults(row: Mapping[str, str], key: str, layout: Layout, before: str) -> Iterator[tuple[str, str]]:
    """Fields of a row and what is wrong with them; `before` is where the same id appeared earlier."""
    for name in layout.columns:
        if name != layout.label and not row[name].strip():
            yield name, "nothing, expected something"
    if before:
        yield ", ".join(layout.ids), f"{key!r} as in {before}, expected each once"


def _item(key: str, row: Mapping[str, str], label: str, split: str, layout: Layout) -> Item:
    return Item(
        item_id=key,
        split=split,
        text=row[layout.text],
        target=row[layout.target],
        target_id=row[layout.target],
        source_id=row[layout.source] if layout.source else "",
        cluster=row[layout.cluster] if layout.cluster else key,
        label=label,
        language=layout.language,
    )


def _check_apart(items: Sequence[Sequence[Item]], parts: Sequence[Rows], layout: Layout) -> None:
    """Check that no row is in two of the files.

    Raises:
        InputError: some are; all are listed.
    """
    known: set[str] = set()
    problems = []
    for rows, part in zip(items, parts, strict=True):
        for item in rows:
            if item.item_id in known:
                message = f"{item.item_id!r} is also a training row, expected other rows"
                problems.append(Problem(part.name, None, ", ".join(layout.ids), message))
        known |= {item.item_id for item in rows}
    if problems:
        raise InputError(problems)


def _columns(table: pa.Table, items: Sequence[Item], layout: Layout, spelled: Mapping[str, object]) -> AnswerColumns:
    """Answers are written with the user's columns and spelling, so that they can be scored with the user's file."""
    repeated = {layout.text: "text", layout.target: "target"}
    repeated |= {name: field for name, field in ((layout.source, "source_id"), (layout.cluster, "cluster")) if name}
    if not layout.ids:
        return AnswerColumns(spelled, label=layout.label, repeated=repeated)
    ids = [tuple(row.values()) for row in _as_text(table.select(layout.ids))]
    return AnswerColumns(
        spelled, layout.ids, layout.label, {item.item_id: key for item, key in zip(items, ids, strict=True)}, repeated
    )


def _spelled(tables: Iterable[pa.Table], layout: Layout) -> dict[str, object]:
    """How files spell each label: as most of their rows do, or as the spelling does if they do not contain it.

    A class label is written by name, since its number means nothing without the schema.
    """
    found: dict[str, Counter[object]] = defaultdict(Counter)
    for table in tables:
        known = of_column(layout.spelling, table.schema, layout.label)
        names = class_names(table.schema).get(layout.label)
        for value in table.column(layout.label).to_pylist():
            found[known.label(None if value is None else str(value)) or ""][
                names[value] if names and isinstance(value, int) and 0 <= value < len(names) else value
            ] += 1
    most = {ours: counted.most_common(1)[0][0] for ours, counted in found.items()}
    spelling = layout.spelling
    pairs = [*spelling.preset.items(), *spelling.own.items()][::-1]
    own = {ours: theirs for theirs, ours in pairs if spelling.label(theirs) == ours}  # no overridden ones
    return {name: name for name in GRID_LABELS} | own | most
