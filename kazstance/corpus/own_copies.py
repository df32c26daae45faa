"""Somebody's own copies of texts, by document: text files, a table of documents, or a corpus folder with either."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kazstance.corpus.documents import TABLE
from kazstance.corpus.folder import Folder
from kazstance.corpus.listing import SUFFIX, TEXTS
from kazstance.corpus.stated import as_text
from kazstance.corpus.tabular import ENDINGS, Columns, find_table, read_rows
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.paths import StrPath
from kazstance.schema.digest import text_hash

COLUMNS: Final = Columns(
    known=("source_id", "document_id", "text"),
    check_others=lambda names: names,
    needed=("text",),
    aliases={"source": "source_id", "name": "document_id"},
)


@dataclass(frozen=True)
class Copy:
    """A text, with a byte-order mark if it begins with one, and where it is."""

    place: str
    text: str


@dataclass(frozen=True)
class OwnCopies:
    """Texts by the names that documents would have, and why files of others could not be read."""

    texts: dict[str, Copy] = field(default_factory=dict)
    faults: dict[str, Problem] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    """The texts of the rows of a table, with and without extra white space, by the beginning of their SHA-256."""

    def add_row(self, text: str) -> None:
        """Add the text of a row, which may be a single sentence."""
        for form in (" ".join(text.split()), text.strip(), text):
            self.rows[text_hash(form)] = form


def read_own_copies(path: StrPath) -> OwnCopies:
    """The texts in a folder or a table.

    Files are `texts/<document>.txt` or `<document>.txt`. A table has the column `text`, of documents with the column
    `document_id`, or of sentences. Links that lead out of the folder are not followed.

    Raises:
        KazstanceError: there is no such folder or table, or no text in it.
        InputError: the table cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise KazstanceError(f"{path} does not exist; expected a folder with texts, or a table of documents")
    is_table = path.is_file() and path.suffix.lower() in ENDINGS
    if not is_table and not path.is_dir():
        raise KazstanceError(f"{path} is not a folder; expected a folder with texts, or a table ({', '.join(ENDINGS)})")
    folder = Folder(path.parent if is_table else path)
    found = OwnCopies()
    if table := path.name if is_table else find_table(folder, TABLE):
        _read_rows(folder, table, found)
    if folder.problems:
        raise InputError(folder.problems)
    if not is_table:
        _read_files(folder, found)
    if not (found.texts or found.rows or found.faults):
        raise KazstanceError(f"{path}: no texts; expected {TEXTS}/<document>{SUFFIX}, or a table {TABLE} with texts")
    return found


def _read_rows(folder: Folder, table: str, found: OwnCopies) -> None:
    """Read the texts of a table; the name of a document without its source is completed."""
    for line, row in read_rows(folder, table, COLUMNS):
        name, source, text = (as_text(row.get(key)) for key in ("document_id", "source_id", "text"))
        if not isinstance(text, str):
            continue
        found.add_row(text)
        if isinstance(name, str):
            is_whole = not source or name == source or name.startswith(f"{source}/")
            found.texts[name if is_whole else f"{source}/{name}"] = Copy(f"{table}:{line}", text)


def _read_files(folder: Folder, found: OwnCopies) -> None:
    """Read all text files of a folder; one that cannot be read is a fault of its document."""
    for name in _files(folder.root):
        before = len(folder.problems)
        text = folder.read_text(name, is_raw=True)
        document = name.removeprefix(f"{TEXTS}/").removesuffix(SUFFIX)
        if text is None:
            found.faults[document] = folder.problems[before]
        else:
            found.texts[document] = Copy(name, text)


def _files(root: Path) -> Iterator[str]:
    """The names of all text files below a folder, except in hidden folders; those in `texts` if there are any."""
    place = root / TEXTS if (root / TEXTS).is_dir() else root
    for above, folders, files in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(SUFFIX) and not name.startswith((".", "~$")):
                yield Path(above, name).relative_to(root).as_posix()
