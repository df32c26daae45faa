"""The files in a corpus folder compared with those that are read."""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from kazstance.corpus.folder import Folder
from kazstance.errors import nearest

PAGES: Final = re.compile(
    r"(readme|licen[cs]e|licenses?-\w+|notice|citation|changelog|contributing)(\.\w+)?", re.IGNORECASE
)
"""Pages at the top of a folder that are only for people."""
BESIDE: Final = frozenset({"briefs", "sheets"})
"""Folders inside any other: instructions to annotators, and the plans of the sheets that they were given."""
TEXTS: Final = "texts"
FOLDERS: Final = ("annotations", "curation", "probes", TEXTS)
LISTED: Final = 10_000
"""How many files of a folder are checked."""


def check_listing(folder: Folder, known: Collection[str]) -> None:
    """Report texts without a source, and warn of every other file that is not read, with the nearest valid name."""
    for name in _unread(folder.root, known):
        parts = name.split("/")
        if parts[0] == TEXTS and name.casefold().endswith(".txt"):
            near = _meant(name, known)
            folder.report(name, None, None, f"a text without a source, expected a [[source]] with its name{near}")
        elif not (len(parts) == 1 and PAGES.fullmatch(name)) and not BESIDE.intersection(parts[:-1]):
            folder.warn(f"{name} is not a corpus file and is not read{_meant(name, known)}")


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
