"""The files in a corpus folder compared with those that are read."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from kazstance.corpus.extraction import READERS
from kazstance.corpus.folder import Folder
from kazstance.errors import nearest
from kazstance.schema.ids import check_document_id, make_id

PAGES: Final = re.compile(
    r"(readme|licen[cs]e|licenses?-\w+|notice|citation|changelog|contributing)(\.\w+)?", re.IGNORECASE
)
"""Pages at the top of a folder that are only for people."""
BESIDE: Final = frozenset({"briefs", "runs", "sheets"})
"""Folders inside any other: instructions to annotators, the plans of the sheets that they were given, and what models
were asked and answered."""
TEXTS: Final = "texts"
SUFFIX: Final = ".txt"
FOLDERS: Final = ("annotations", "curation", "probes", TEXTS)
LISTED: Final = 10_000
"""How many files of a folder are checked."""


def check_listing(folder: Folder, known: Collection[str]) -> None:
    """Report texts without a source, and warn of every other file that is not read; each with what to do."""
    for name in _unread(folder.root, known):
        parts = name.split("/")
        if parts[0] == TEXTS and name.casefold().endswith(".txt"):
            folder.report(name, None, None, f"a text without a source; {_to_add(folder, name, known)}")
        elif parts[0] == TEXTS and name.endswith(tuple(READERS)):
            moved = "move it elsewhere, and `kazstance add text FILE` adds the text in it"
            folder.warn(f"{name} is not a corpus file and is not read; {moved}")
        elif not (len(parts) == 1 and PAGES.fullmatch(name)) and not BESIDE.intersection(parts[:-1]):
            folder.warn(f"{name} is not a corpus file and is not read{_meant(name, known)}")


def _to_add(folder: Folder, name: str, known: Collection[str]) -> str:
    """How to make a text one of the corpus; it may be a missing one under another name."""
    near = nearest(name, [one for one in known if one.startswith(f"{TEXTS}/") and not folder.exists(one)])
    or_else = f", or rename it to {near}, which is missing" if near else ""
    return f"{text_name_fault(name) or f'run `kazstance add text {name}` in the corpus folder'}{or_else}"


def text_name_fault(name: str) -> str | None:
    """Why a file in the folder of texts cannot have its name, and which it could have; None if it can.

    Args:
        name: the file, by its name in the corpus folder.
    """
    stem, suffix = name[: -len(SUFFIX)], name[-len(SUFFIX) :]
    inside = stem.removeprefix(f"{TEXTS}/")
    try:
        check_document_id(inside)
        if suffix == SUFFIX:
            return None
        fault = f"{suffix!r}, expected {SUFFIX!r}"
    except ValueError as error:
        fault = str(error)
    valid = "/".join(map(make_id, inside.split("/")[:2]))
    return f"{fault}; rename it, such as to {TEXTS}/{valid}{SUFFIX}"


def _meant(name: str, known: Collection[str]) -> str:
    near = nearest(name, sorted(known))
    return f"; did you mean {near}?" if near else ""


def _unread(root: Path, known: Collection[str]) -> Iterator[str]:
    """The unknown files below a folder, in order; hidden ones are skipped, and an unknown folder counts as one."""
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name)[:LISTED]:
        if entry.name.startswith((".", "~$")) or entry.name in known:
            continue
        if entry.name in FOLDERS:  # a broken one is reported when a file in it is read
            yield from _below(root, entry.name, known)
        else:
            yield entry.name + ("/" if Path(entry).is_dir() else "")


def _below(root: Path, folder: str, known: Collection[str]) -> Iterator[str]:
    for parent, folders, files in os.walk(root / folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for file in sorted(files):
            name = Path(parent, file).relative_to(root).as_posix()
            if not file.startswith((".", "~$")) and name not in known:
                yield name
