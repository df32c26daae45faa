"""Recipes: how to read a public dataset in its owners' layout, as data."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

import kazstance
from kazstance.corpus.imported.layouts import LAYOUTS, Table, read_lines, read_tabs, read_whole
from kazstance.corpus.imported.roles import RoleOptions
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.strict_toml import load_toml
from kazstance.input.tables import Form, as_text
from kazstance.paths import StrPath
from kazstance.schema.frozen import Frozen
from kazstance.schema.labels import Scheme

FOLDER: Final = Path(kazstance.__file__).parent / "recipes"
SIGNS: Final = ("negative", "zero", "positive")
JOINED_BY: Final = "id"


class RecipeFile(Frozen):
    """A file of a dataset, or several of one kind."""

    name: str
    """Its name, which may have `*`; it is looked for below the folder."""
    split: str | None = None
    """The split of its rows."""
    labels: str | None = None
    """The file beside it that has a label on each line, where the file itself has a text on each."""
    parent: str | None = None
    """The column that is to hold the name of its folder."""
    join: str | None = None
    """The file with further columns for its rows."""
    encoding: str = "utf-8"
    delimiter: str | None = None
    quoted: bool = True
    """Whether fields may be quoted; otherwise lines with too few fields have empty ones."""


class Recipe(Frozen):
    """How a public dataset is read."""

    title: str
    home: str
    """Where its owners publish it."""
    license: str = "not stated"
    rights: str = "its owners"
    event: str = "not stated"
    language: str | None = None
    note: str = ""
    """What a user should know."""
    scheme: Scheme = Scheme.multi
    source_name: str | None = None
    target_name: str | None = None
    preset: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    """The label for each spelling, besides those of the preset."""
    drop: tuple[str, ...] = ()
    """Labels that are left out."""
    blank: str | None = None
    """The label that an empty cell stands for."""
    uncoded: tuple[str, ...] = ()
    """What stands for a target in rows that are about none of them."""
    missing: tuple[str, ...] = ()
    """What stands in cells without a value."""
    columns: dict[str, str] = Field(default_factory=dict)
    """The column of each role."""
    label: tuple[str, ...] = ()
    """The columns of labels."""
    votes: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    splits: dict[str, str] = Field(default_factory=dict)
    on: str | None = None
    """The column by which further columns are joined, to `key` of the other file."""
    key: str = JOINED_BY
    derive: dict[str, str] = Field(default_factory=dict)
    """Columns made from others, as `{round} {batch}`."""
    sign: dict[str, str] = Field(default_factory=dict)
    """Columns with the sign of a number in another one: negative, zero or positive."""
    layout: Literal["seesaw", "basil", "perspectrum"] | None = None
    """The code that reads a layout that is not a table."""
    files: tuple[RecipeFile, ...] = ()

    @property
    def roles(self) -> RoleOptions:
        """The columns by their roles."""
        found: Any = {"label": list(self.label) or None, "votes": self.votes or None, "language": self.language}
        found |= self.columns
        roles: RoleOptions = found
        return roles

    @property
    def publication(self) -> Mapping[str, str]:
        """What a dataset says of where it comes from."""
        return {"repository": self.home} if self.home.startswith("https://") else {}

    def read(self, place: StrPath) -> tuple[Table, tuple[str, ...]]:
        """The rows of the user's own copy, and what is to be noted of how they were found.

        Args:
            place: the folder of the dataset, or one of its files.

        Raises:
            KazstanceError: there is no file of the dataset, or one that is needed is missing.
            InputError: a file is broken; all problems are listed.
        """
        path = Path(place)
        if not path.exists():
            raise KazstanceError(f"{path}: no such file or folder; expected your copy of {self.title} ({self.home})")
        if self.layout:
            return self._finished(LAYOUTS[self.layout](path)), ()
        parts, missing = [], []
        for file in self.files:
            there = list(_found(path, file.name))
            missing += [] if there else [file.name]
            parts += [self._read(one, file) for one in there]
        if not parts:
            names = ", ".join(file.name for file in self.files)
            raise KazstanceError(f"{path}: no file of {self.title}; expected {names}, as in {self.home}")
        notes = tuple(f"{name} is not there" for name in missing) if path.is_dir() else ()
        return self._finished(_joined(parts)), notes

    def _read(self, path: Path, file: RecipeFile) -> Table:
        """The rows of a file."""
        if file.labels:
            rows = read_lines(path, path.with_name(file.labels))
        else:
            form = Form(file.delimiter, file.encoding)
            rows = read_whole(path, form) if file.quoted else read_tabs(path, file.encoding)
        rows = rows if file.split is None else _with(rows, "split", [file.split] * len(rows))
        rows = rows if file.parent is None else _with(rows, file.parent, [path.parent.name] * len(rows))
        return self._with_others(rows, path, file) if self.on else rows

    def _with_others(self, rows: Table, path: Path, file: RecipeFile) -> Table:
        """Rows with the columns that another file has for them."""
        name = file.join or "texts.*"
        there = next((one for above in (path.parent, path.parent.parent) for one in _found(above, name)), None)
        if there is None:
            raise KazstanceError(
                f"{path.parent}: no file {name}; expected one with the columns {self.key} and text for the rows of "
                f"{path.name}, since they have no text"
            )
        other = read_whole(there, Form())
        if self.key not in other.column_names:
            raise UnknownNameError(self.key, f"column of {there.name}", other.column_names)
        place = {key: at for at, key in enumerate(_texts(other, self.key)) if key is not None}
        at = pa.array([place.get(key or "") for key in _texts(rows, self.on or "")], pa.int64())
        for column in other.column_names:
            if column != self.key and column not in rows.column_names:
                rows = rows.append_column(column, other[column].combine_chunks().take(at))
        return rows

    def _finished(self, rows: Table) -> Table:
        """Rows with the columns that are made from others, and without what only looks like a value."""
        for value in self.missing:
            rows = _without(rows, value)
        for column, of in self.sign.items():
            rows = _with(rows, column, [_sign(value) for value in _texts(rows, of)])
        for column, template in self.derive.items():
            rows = _with(rows, column, [template.format_map(_Cells(row)) for row in rows.to_pylist()])
        for column in self.label if self.blank is not None else ():
            filled = [value if value and value.strip() else self.blank for value in _texts(rows, column)]
            rows = _with(rows, column, filled)
        return self._with_uncoded(rows) if self.uncoded else rows

    def _with_uncoded(self, rows: Table) -> Table:
        """Rows in which those about none of the targets have no target, and the label none."""
        target, label = self.columns["target"], self.label[0]
        targets = _texts(rows, target)
        is_coded = [value not in self.uncoded for value in targets]
        labels = zip(_texts(rows, label), is_coded, strict=True)
        rows = _with(rows, label, [value if coded else "none" for value, coded in labels])
        return _with(rows, target, [value if coded else None for value, coded in zip(targets, is_coded, strict=True)])


@cache
def recipe(name: str) -> Recipe:
    """A recipe by its name.

    Raises:
        UnknownNameError: there is none; the message lists the names.
    """
    if name not in (known := names()):
        raise UnknownNameError(name, "recipe", known)
    return Recipe.model_validate(load_toml((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


@cache
def names() -> tuple[str, ...]:
    """The names of all recipes."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.toml")))


class _Cells(dict[str, Any]):
    """The cells of a row, empty where there is no value."""

    def __getitem__(self, name: str) -> str:
        value = super().get(name)
        return "" if value is None else str(value)


def _found(place: Path, name: str) -> Iterator[Path]:
    """The files of a name below a folder, or the file itself."""
    if place.is_file():
        yield from [place] if place.match(name) else []
    else:
        yield from sorted(file for file in place.rglob(name) if file.is_file())


def _joined(parts: Sequence[Table]) -> Table:
    """Rows of several files; where a column is of different types, as text."""
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except pa.ArrowException:
        plain = [pa.table({name: _texts(part, name) for name in part.column_names}) for part in parts]
        return pa.concat_tables(plain, promote_options="permissive")


def _texts(rows: Table, column: str) -> list[str | None]:
    """A column as texts.

    Raises:
        UnknownNameError: there is no such column.
    """
    if column not in rows.column_names:
        raise UnknownNameError(column, "column of the dataset", rows.column_names)
    found = as_text(rows[column])
    return [None] * len(rows) if found is None else found.to_pylist()


def _with(rows: Table, column: str, values: Sequence[str | None]) -> Table:
    """Rows with one more column, or another one of its name."""
    kept = rows.drop_columns([column]) if column in rows.column_names else rows
    return kept.append_column(column, pa.array(values, pa.string()))


def _without(rows: Table, value: str) -> Table:
    """Rows in which no text has this value."""
    columns: Mapping[str, Any] = {
        name: pc.if_else(pc.equal(rows[name], value), None, rows[name])
        if pa.types.is_string(rows[name].type)
        else rows[name]
        for name in rows.column_names
    }
    return pa.table(columns)


def _sign(value: str | None) -> str | None:
    """The sign of a number, None if it is not a number."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return None if math.isnan(number) else SIGNS[1 + (number > 0) - (number < 0)]
