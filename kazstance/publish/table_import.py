"""From an annotated table to a dataset: its corpus folder is written, and built like any other."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.corpus.imported.naming import make_ids
from kazstance.corpus.imported.recipe import recipe
from kazstance.corpus.imported.roles import RoleOptions, roles_of
from kazstance.corpus.imported.said import Reading
from kazstance.corpus.imported.table import About, Files, corpus_of
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.frames import as_stream
from kazstance.input.spelling import ARGUMENT, Labels, Spelling, given, spelled, spelling
from kazstance.input.tables import PLAIN, Form
from kazstance.output.folders import creating
from kazstance.output.staging import Say, scratch
from kazstance.output.terminal import echo
from kazstance.paths import StrPath
from kazstance.publish.hub import build_dataset
from kazstance.schema.labels import Deciding, Origin, Scheme
from kazstance.schema.manifest import Imported

ORIGINS: Final = (Origin.human, Origin.model)


@dataclass(frozen=True)
class Wanted:
    """How annotated rows are to be read, and what is said of the dataset that they become."""

    roles: RoleOptions = field(default_factory=RoleOptions)
    labels: Labels | Mapping[Any, str | None] = None
    left_out: frozenset[str] = frozenset()
    """Labels whose judgements are left out, as are those that `labels` maps to None."""
    ignore: Sequence[str] = ()
    """Columns that are left out."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `About`; what is None is not said."""
    recipe: str | None = None
    form: Form = PLAIN
    how: str = ARGUMENT
    """How the user can say how labels are spelled, for messages."""


@dataclass(frozen=True)
class _Rows:
    """Rows, with everything that is needed to read them."""

    table: pa.Table
    name: str
    roles: RoleOptions
    reading: Reading
    ignore: Sequence[str]
    about: About


def import_table(
    rows: Any, out: StrPath, wanted: Wanted, *, corpus: StrPath | None = None, say: Say = echo
) -> Imported:
    """Make a dataset from annotated rows, and, if asked, the corpus folder that it is built from.

    Args:
        rows: a path, or anything else that holds rows; for a recipe, the folder of the dataset or one of its files.
        out: the folder of the dataset, which is replaced if it is one.
        wanted: how the rows are to be read.
        corpus: a new folder for the corpus, in which annotation can go on; by default, it is not kept.
        say: called with each line that reports what was done.

    Raises:
        UnknownLabelError: values are not labels; all are named.
        UnknownNameError: a column, a recipe, a scheme or an origin does not exist.
        InputError: a file is broken, or cells are wrong; all are named.
        KazstanceError: no row gives a judgement; or `out` or `corpus` exist and are something else.
    """
    _refuse_same(out, corpus)
    found = _by_recipe(rows, wanted, wanted.recipe) if wanted.recipe else _plain(rows, wanted, say)
    about = _named_after(found.about, out, found.name)
    roles = roles_of(found.table.column_names, found.roles, name=found.name, ignore=found.ignore)
    files, record = corpus_of(found.table, found.name, roles, found.reading, about)
    for line in account_lines(record):
        say(f"import   {line}")
    is_there = corpus is not None and _is_there(Path(corpus), files)
    place: AbstractContextManager[Path] = scratch() if corpus is None or is_there else creating(corpus)
    with place as folder:
        _write(files, folder)
        build_dataset(folder, out, say)
    return record


def _plain(rows: Any, wanted: Wanted, say: Say) -> _Rows:
    """Rows of any table."""
    name = Path(rows).name if isinstance(rows, str | os.PathLike) else type(rows).__name__
    stream = as_stream(rows, name, wanted.form)
    for note in stream.notes:
        say(f"note: {note}")
    reading = Reading(_spelling(wanted.labels), wanted.left_out | _unwanted(wanted.labels), wanted.how)
    return _Rows(stream.table(), name, wanted.roles, reading, wanted.ignore, _about(wanted.about))


def _by_recipe(place: StrPath, wanted: Wanted, name: str) -> _Rows:
    """Rows of a public dataset; what the user wants goes before what its recipe says."""
    known = recipe(name)
    table, notes = known.read(place)
    own = spelling(known.preset, [f"{theirs}={ours}" for theirs, ours in known.labels.items()])
    labels = _spelling(wanted.labels) if wanted.labels else own
    roles: Any = {**known.roles, **{role: column for role, column in wanted.roles.items() if column}}
    shared = ("title", "event", "license", "rights", "scheme", "source_name", "target_name", "splits")
    said = {field: getattr(known, field) for field in shared} | {"publication": known.publication}
    said |= {field: value for field, value in wanted.about.items() if value}
    return _Rows(
        table,
        Path(place).resolve().name,
        roles,
        Reading(labels, wanted.left_out | _unwanted(wanted.labels) | frozenset(known.drop), wanted.how),
        [*wanted.ignore, *known.ignore],
        _about({**said, "recipe": name, "notes": notes}),
    )


def _spelling(labels: Labels | Mapping[Any, str | None]) -> Spelling:
    """How labels are spelled."""
    if isinstance(labels, Mapping):
        return given({theirs: ours for theirs, ours in labels.items() if ours is not None})
    return given(labels, is_auto=True)


def _unwanted(labels: Labels | Mapping[Any, str | None]) -> frozenset[str]:
    """The labels that a mapping leaves out."""
    pairs = labels.items() if isinstance(labels, Mapping) else ()
    return frozenset(spelled(theirs) for theirs, ours in pairs if ours is None)


def _about(said: Mapping[str, Any]) -> About:
    """What is said of a dataset.

    Raises:
        UnknownNameError: there is no such scheme or origin.
    """
    found = About(**{name: value for name, value in said.items() if value is not None})
    known = {"scheme": tuple(Scheme), "origin": ORIGINS, "deciding": tuple(Deciding)}
    for kind, values in known.items():
        if (value := getattr(found, kind)) not in values:
            raise UnknownNameError(value, "way of deciding" if kind == "deciding" else kind, values)
    return found


def account_lines(record: Imported) -> Iterable[str]:
    """What became of the rows of a table, a line each."""
    dropped = sum(one.rows for one in record.dropped)
    kept = f"{record.kept} kept ({record.judgements} judgements)"
    yield f"{record.rows} rows of {record.table}: {kept}, {dropped} dropped"
    yield from (f"dropped  {one.reason}: {one.rows}" for one in record.dropped)
    yield from (f"note     {note}" for note in record.notes)


def _is_there(corpus: Path, files: Files) -> bool:
    """Whether a corpus folder already has these files.

    Raises:
        KazstanceError: it has other files, or is a file itself.
    """
    if not corpus.exists() or (corpus.is_dir() and not any(corpus.iterdir())):
        return False
    if any(not (corpus / name).is_file() or (corpus / name).read_bytes() != files[name] for name in files):
        raise KazstanceError(f"{corpus} already exists; expected a new folder")
    return True


def _write(files: Files, folder: Path) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _named_after(about: About, out: StrPath, table: str) -> About:
    """The same with an id and a title, by default from the names of the folder and of the table."""
    found = about if about.id else replace(about, id=make_ids([Path(out).resolve().name])[0])
    return found if found.title else replace(found, title=f"Stances in {table}")


def _refuse_same(out: StrPath, corpus: StrPath | None) -> None:
    """Check that dataset and corpus are two folders.

    Raises:
        KazstanceError: they are the same, or one is inside the other.
    """
    if corpus is None:
        return
    one, other = Path(out).resolve(), Path(corpus).resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise KazstanceError(f"{out} and {corpus} are the same folder, or one is inside the other; expected two")
