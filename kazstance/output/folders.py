"""Folders that are written completely or not at all, and replaced only if they are ours."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final

from kazstance.errors import KazstanceError
from kazstance.output.exchange import exchange
from kazstance.output.files import own
from kazstance.output.staging import (
    NEW,
    OLD,
    REFUSED,
    Say,
    destination,
    named,
    parents,
    staging,
    sync,
    tell,
)
from kazstance.paths import StrPath

SHOWN: Final = 5
"""How many files a message names."""
Listed = Mapping[str, str | None]
"""The files of a folder that are ours, by path, each with its SHA-256, or None if it is ours whatever its content."""


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder that kazstance writes.

    `listed` reads the manifest of a folder and returns the files that it lists, including itself; None if there is
    no manifest, or it is not one of ours.
    """

    name: str
    manifest: str
    listed: Callable[[Path], Listed | None]


@contextmanager
def replacing(out: StrPath, kind: FolderKind, say: Say = tell) -> Iterator[Path]:
    """A new folder that replaces `out` in one step if all goes well; otherwise `out` stays as it was.

    Files in `out` that its manifest does not list are carried over into the new folder; `say` reports each of them.

    Args:
        out: the folder to write.
        kind: what kind of folder it is.
        say: told of each file that is kept.

    Raises:
        KazstanceError: `out` exists and is not of this kind; an unlisted file has the same name as a new one;
            another process is writing it; or the system refuses.
    """
    out = Path(out)
    final = _check_replaceable(out, kind)
    with parents(final, out), staging(final, say) as place:
        _check_replaceable(final, kind)  # again, now that what an interrupted run set aside is back
        fresh = place / NEW
        with named(out):
            fresh.mkdir()
        with named(out, REFUSED):
            yield fresh
        _check_whole(fresh, kind)
        with named(out):
            kept = _take_over(final, fresh, out, kind)
            _swap(fresh, final)
    for name in kept:
        say(f"{out}: kept {name!r}, which its {kind.manifest} does not list")


@contextmanager
def creating(out: StrPath, say: Say = tell) -> Iterator[Path]:
    """A folder that appears complete or not at all; an existing one with the same files stays as it is.

    Raises:
        KazstanceError: `out` exists with other content; another process is writing it; or the system refuses.
    """
    out = Path(out)
    final = destination(out)
    _check_place(final, out)
    with parents(final, out), staging(final, say) as place:
        fresh = place / NEW
        with named(out):
            fresh.mkdir()
        with named(out, REFUSED):
            yield fresh
        with named(out):
            if not _is_free(final):
                if not _holds(final, fresh):
                    raise KazstanceError(f"{out} already exists; expected a new folder")
                return
            _swap(fresh, final)


def unlisted(folder: StrPath, kind: FolderKind, beside: Iterable[str] = ()) -> list[str]:
    """What is not ours in a folder, by path; a subfolder with nothing of ours or of `beside` is one item.

    Empty if the folder is missing or empty; everything in it if it has no manifest of ours.

    Args:
        folder: the folder.
        kind: what kind of folder it is.
        beside: files that are there or will be, by path.
    """
    folder = Path(folder)
    listed = (kind.listed(folder) or {}) if folder.is_dir() else {}
    inner = {str(above) for path in (*listed, *beside) for above in Path(path).parents}
    found = []
    for place, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            path = Path(place, name).relative_to(folder).as_posix()
            if name in folders and path in inner and not Path(place, name).is_symlink():
                continue
            if name in files and path in listed and _is_as_listed(Path(place, name), listed[path]):
                continue
            found.append(path)
        folders[:] = [name for name in folders if Path(place, name).relative_to(folder).as_posix() in inner]
    return found


def _check_replaceable(out: Path, kind: FolderKind) -> Path:
    """Where an output is, with links followed, if it can be replaced."""
    final = destination(out)
    _check_place(final, out)
    if not _is_free(final) and kind.listed(final) is None:
        found = sorted(entry.name + "/" * entry.is_dir() for entry in final.iterdir())
        raise KazstanceError(
            f"{out} contains {_some(found)} but no {kind.manifest} of a {kind.name}; "
            f"expected a new or empty folder, or a {kind.name} to replace"
        )
    return final


def _check_place(final: Path, out: Path) -> None:
    """Check that a folder can be replaced as a whole."""
    if final.exists() and not final.is_dir():
        raise KazstanceError(f"{out} is a file, expected a folder")
    if Path.cwd().is_relative_to(final):
        raise KazstanceError(f"{out} is the current folder or contains it; expected another folder")
    if final.is_mount():
        raise KazstanceError(f"{out} is a mount point, which cannot be replaced; expected a folder inside it")


def _check_whole(fresh: Path, kind: FolderKind) -> None:
    """Check that what was written reads back as a folder of its kind."""
    listed = kind.listed(fresh)
    missing = [name for name in listed or () if not (fresh / name).is_file()]
    if listed is None or missing or (more := unlisted(fresh, kind)):
        found = _some(missing or more) if listed is not None else kind.manifest
        raise KazstanceError(f"the new {kind.name} does not match its {kind.manifest}: {found}")


def _take_over(final: Path, fresh: Path, out: Path, kind: FolderKind) -> list[str]:
    """Carry over what is not ours into the new folder, keep the modes of our files, and sync the new ones."""
    new = {file.relative_to(fresh).as_posix(): file for file in fresh.rglob("*") if file.is_file()}
    strange = unlisted(final, kind, new)
    if taken := [name for name in strange if os.path.lexists(fresh / name)]:
        raise KazstanceError(
            f"{out}: this would overwrite {_some(taken)}, which {kind.manifest} does not list in this form; "
            "move it elsewhere or choose another folder"
        )
    for name, file in new.items():
        with file.open("rb+") as content:
            os.fsync(content.fileno())
        if (final / name).is_file():
            own(file, (final / name).stat())
    for name in strange:
        _link(final / name, fresh / name)
    if final.is_dir():
        own(fresh, final.stat())
    return strange


def _swap(fresh: Path, final: Path) -> None:
    """Put a new folder in place of an old one, in one step where the system supports it."""
    if _is_free(final):
        if final.is_dir():
            final.rmdir()
        fresh.rename(final)
    elif not exchange(fresh, final):
        final.rename(fresh.with_name(OLD))  # from here on, the next run can restore it: see staging
        fresh.rename(final)
    sync(final.parent)


def _link(source: Path, target: Path) -> None:
    """Make a file or folder appear at a second path too: by hard links, or copies where the system has no links."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir()
        for entry in source.iterdir():
            _link(entry, target / entry.name)
        shutil.copystat(source, target)
        own(target, source.stat())
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, target, follow_symlinks=False)


def _is_free(folder: Path) -> bool:
    """Whether a folder is missing or empty."""
    return not folder.exists() or not any(folder.iterdir())


def _holds(folder: Path, others: Path) -> bool:
    """Whether a folder holds all files of another one, with the same content."""
    files = [file for file in others.rglob("*") if file.is_file()]
    there = [folder / file.relative_to(others) for file in files]
    return all(one.is_file() and one.read_bytes() == file.read_bytes() for one, file in zip(there, files, strict=True))


def _is_as_listed(file: Path, digest: str | None) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as content:
        return digest is None or file_digest(content, "sha256").hexdigest() == digest


def _some(names: list[str]) -> str:
    """The first few of many names."""
    shown = ", ".join(map(repr, names[:SHOWN]))
    return f"{shown} and {len(names) - SHOWN} more" if names[SHOWN:] else shown
