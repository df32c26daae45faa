"""From an annotated table to a dataset: its corpus folder is written, and built like any other."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from kazstance.corpus.imported.naming import make_ids
from kazstance.corpus.imported.roles import RoleOptions, roles_of
from kazstance.corpus.imported.said import Reading
from kazstance.corpus.imported.table import About, Files, corpus_of
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.frames import as_stream
from kazstance.input.spelling import ARGUMENT, Labels, Spelling, given
from kazstance.input.tables import PLAIN, Form
from kazstance.output.folders import creating
from kazstance.output.staging import Say, scratch
from kazstance.output.terminal import echo
from kazstance.paths import StrPath
from kazstance.publish.hub import build_dataset
from kazstance.schema.manifest import Imported

SCHEMES: Final = ("multi", "exclusive")
ORIGINS: Final = ("human", "model")


@dataclass(frozen=True)
class Rows:
    """Annotated rows, and how to read them."""

    table: pa.Table
    name: str
    roles: RoleOptions
    labels: Labels | Mapping[Any, str | None]
    left_out: frozenset[str] = frozenset()
    ignore: Sequence[str] = ()
    how: str = ARGUMENT
    """How the user can say how labels are spelled, for messages."""


def rows_of(rows: Any, form: Form = PLAIN) -> tuple[pa.Table, str, tuple[str, ...]]:
    """A table of rows with its name, and notes on how a file was read.

    Args:
        rows: a path, or anything else that holds rows.
        form: how a text file is written.

    Raises:
        KazstanceError: it is neither.
        InputError: a file is broken; all problems are listed.
    """
    name = Path(rows).name if isinstance(rows, str | os.PathLike) else type(rows).__name__
    stream = as_stream(rows, name, form)
    return stream.table(), name, stream.notes


def import_table(rows: Rows, out: StrPath, about: About, *, corpus: StrPath | None = None, say: Say = echo) -> Imported:
    """Make a dataset from annotated rows, and, if asked, the corpus folder that it is built from.

    Args:
        rows: the rows.
        out: the folder of the dataset, which is replaced if it is one.
        about: what is said of the dataset as a whole.
        corpus: a new folder for the corpus, in which annotation can go on; by default, it is not kept.
        say: called with each line that reports what was done.

    Raises:
        UnknownLabelError: values are not labels; all are named.
        UnknownNameError: a column, a scheme or an origin does not exist.
        InputError: cells are wrong; all are named.
        KazstanceError: no row gives a judgement; or `out` or `corpus` exist and are something else.
    """
    for value, kind, known in ((about.scheme, "scheme", SCHEMES), (about.origin, "origin", ORIGINS)):
        if value not in known:
            raise UnknownNameError(value, kind, known)
    roles = roles_of(rows.table.column_names, rows.roles, name=rows.name, ignore=rows.ignore)
    spelling, left_out = _spelling(rows)
    files, record = corpus_of(rows.table, rows.name, roles, Reading(spelling, left_out, rows.how), about)
    _refuse_same(out, corpus)
    for line in account_lines(record):
        say(f"import   {line}")
    is_there = corpus is not None and _is_there(Path(corpus), files)
    place: AbstractContextManager[Path] = scratch() if corpus is None or is_there else creating(corpus)
    with place as folder:
        _write(files, folder)
        build_dataset(folder, out, say)
    return record


def _spelling(rows: Rows) -> tuple[Spelling, frozenset[str]]:
    """How labels are spelled, and those to leave out: None in a mapping says so."""
    if not isinstance(rows.labels, Mapping):
        return given(rows.labels, is_auto=True), rows.left_out
    left = {str(theirs) for theirs, ours in rows.labels.items() if ours is None}
    kept = {theirs: ours for theirs, ours in rows.labels.items() if ours is not None}
    return given(kept), rows.left_out | left


def account_lines(record: Imported) -> Iterable[str]:
    """What became of the rows of a table, a line each."""
    dropped = sum(one.rows for one in record.dropped)
    kept = f"{record.kept} kept ({record.judgements} judgements)"
    yield f"{record.rows} rows of {record.table}: {kept}, {dropped} dropped"
    yield from (f"dropped  {one.reason}: {one.rows}" for one in record.dropped)
    yield from (f"note     {note}" for note in record.notes)


def _is_there(corpus: Path, files: Files) -> bool:
    """Whether a corpus folder with these files is there already.

    Raises:
        KazstanceError: there is another folder or a file.
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


def named_after(about: About, out: StrPath, table: str) -> About:
    """The same with an id and a title, by default from the names of the folder and of the table."""
    found = replace(about, id=about.id or make_ids([Path(out).resolve().name])[0])
    return replace(found, title=found.title or f"Stances in {table}")


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
