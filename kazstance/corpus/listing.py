"""The files that are in a corpus folder against those that are read."""

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
"""Pages at the top of a folder, for people alone."""
BRIEFS: Final = "briefs"
"""A folder of instructions to annotators, below any other."""
TEXTS: Final = "texts"
FOLDERS: Final = ("annotations", "curation", "probes", TEXTS)
LISTED: Final = 10_000
"""Files of a folder that are looked at."""


def check_listing(folder: Folder, known: Collection[str]) -> None:
    """Report texts that no source has, and warn of every other file that nothing reads, with the nearest name."""
    for name in _unread(folder.root, known):
        parts = name.split("/")
        if parts[0] == TEXTS and name.casefold().endswith(".txt"):
            near = _meant(name, known)
            folder.report(name, None, None, f"a text without a source, expected a [[source]] with its name{near}")
        elif not (len(parts) == 1 and PAGES.fullmatch(name)) and BRIEFS not in parts[:-1]:
            folder.warn(f"{name} is not a file of a corpus and is not read{_meant(name, known)}")


def _meant(name: str, known: Collection[str]) -> str:
    near = nearest(name, sorted(known))
    return f"; did you mean {near}?" if near else ""


def _unread(root: Path, known: Collection[str]) -> Iterator[str]:
    """The files below a folder that are not known, in order; hidden ones are passed over, folders named as one."""
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name)[:LISTED]:
        if entry.name.startswith((".", "~$")) or entry.name in known:
            continue
        if entry.name in FOLDERS:  # one that is broken is found by whatever reads a file in it
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
