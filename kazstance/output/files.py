"""Files that are written completely or not at all."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kazstance.errors import KazstanceError
from kazstance.output.staging import NEW, REFUSED, destination, named, parents, staging, sync
from kazstance.paths import StrPath

_filled: Final[dict[Path, Path]] = {}
"""Folders that this process is filling, each with the place where its files are prepared."""
Content = bytes | Iterable[bytes]
"""What a file is to hold: all of it, or pieces that are made as they are written."""
STREAMS: Final = (stat.S_ISCHR, stat.S_ISFIFO, stat.S_ISSOCK)


def write_file(content: Content, out: StrPath) -> None:
    """Write a file completely or not at all: an existing file stays until the new one is complete.

    The content is bytes, or pieces of them. A symbolic link is followed to its file, but not within a folder that is
    being filled. An existing file keeps its mode and, where the system allows it, its owner; a new one has the mode
    that the umask gives. Missing folders are created. A pipe or device is written to directly.

    Raises:
        KazstanceError: it is a folder, another process is writing it, or the system refuses.
    """
    out = Path(out)
    if held := _held(out):
        _check_no_link(out, held[0])
        out.parent.mkdir(parents=True, exist_ok=True)
        put_file(content, out, held[1])
        return
    if os.path.exists(out) and any(is_kind(out.stat().st_mode) for is_kind in STREAMS):  # noqa: PTH110  # never raises
        with out.open("wb") as sink:  # by the name given: a link in /proc leads to no path
            sink.writelines(_pieces(content))
        return
    final = destination(out)
    with parents(final, out), staging(final) as place:
        put_file(content, out, place)


def _held(out: Path) -> tuple[Path, Path] | None:
    """The folder that is being filled and that a file is named in, and the place where its files are prepared."""
    folders = ((folder, _filled.get(destination(folder))) for folder in out.absolute().parents) if _filled else ()
    return next(((folder, place) for folder, place in folders if place), None)


def _check_no_link(out: Path, folder: Path) -> None:
    """Check that a file of a folder is not a link, nor in one, which could lead to somebody else's file.

    Raises:
        KazstanceError: it is.
    """
    place = folder
    for part in out.absolute().relative_to(folder).parts:
        place /= part
        if place.is_symlink():
            raise KazstanceError(f"{place} is a link, expected a file or folder of its own; remove the link")


@contextmanager
def filling(out: Path) -> Iterator[None]:
    """Hold a folder while this process writes files into it one after another, each completely or not at all.

    Raises:
        KazstanceError: it is a file, another process is writing it, or the system refuses.
    """
    folder = destination(out)
    if folder.exists() and not folder.is_dir():
        raise KazstanceError(f"{out} is a file, expected a folder")
    with parents(folder / NEW, out), staging(folder, within=True) as place:
        _filled[folder] = place
        try:
            with named(out, REFUSED):
                yield
        finally:
            del _filled[folder]


def put_file(content: Content, out: Path, place: Path) -> None:
    """Write a file as `write_file` does, preparing it in the place of the output that it is part of.

    Args:
        content: the bytes, or pieces of them.
        out: the file.
        place: the folder in which it is prepared.

    Raises:
        KazstanceError: it is a folder, or the system refuses.
    """
    final = destination(out)
    old = final.stat() if final.exists() else None
    if old and not stat.S_ISREG(old.st_mode):
        what = "a folder" if stat.S_ISDIR(old.st_mode) else "not a regular file"
        raise KazstanceError(f"{out} is {what}, expected a file")
    if old and not os.access(final, os.W_OK):
        raise KazstanceError(f"{out} is read-only")
    with named(out):
        try:
            _write(content, place / NEW, old)
            (place / NEW).replace(final)
        except BaseException:
            with suppress(OSError):
                (place / NEW).unlink()
            raise
        sync(final.parent)


def _pieces(content: Content) -> Iterable[bytes]:
    return [content] if isinstance(content, bytes) else content


def _write(content: Content, file: Path, like: os.stat_result | None) -> None:
    """Write a new file with the mode and owner of another one."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as sink:
        sink.writelines(_pieces(content))
        sink.flush()
        os.fsync(sink.fileno())
    if like:
        own(file, like)


def own(path: Path, like: os.stat_result) -> None:
    """Give a file or folder the mode of another one, and its owner as far as the system allows."""
    is_now = path.stat()
    if hasattr(os, "chown") and (is_now.st_uid, is_now.st_gid) != (like.st_uid, like.st_gid):
        with suppress(PermissionError):
            os.chown(path, like.st_uid, like.st_gid)
    if stat.S_IMODE(is_now.st_mode) != stat.S_IMODE(like.st_mode):
        path.chmod(stat.S_IMODE(like.st_mode))
