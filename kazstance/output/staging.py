"""A place next to an output where its next content is prepared, by one process at a time.

The name of the place follows from that of the output, so the next run finds what a killed one left behind: it
restores what was set aside and removes the rest.
"""

import errno
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kazstance.errors import KazstanceError

Say = Callable[[str], None]
PREFIX: Final = ".kazstance-"
LOCK, IGNORE, NEW, OLD = "lock", ".gitignore", "new", "old"
MARK: Final = b"kazstance prepares an output here; when no kazstance is running, this folder may be deleted\n"
SHOWN: Final = 40
"""How many characters of an output's name the name of its place repeats."""
LOOKS, PAUSE = 10, 0.01
"""How often to look at a place that does not seem to be ours, and the seconds in between."""
REFUSED: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""Errors that only writing can cause: no space, no quota, a file larger than allowed, a read-only file system."""
UNLOCKABLE: Final = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK})
"""Errors of a file system without locks, such as some on clusters."""
SCRATCH: Final = re.compile(r"kazstance-([0-9]+)-.+")


def tell(line: str) -> None:
    """Print a line to standard error."""
    from kazstance.output.terminal import echo  # noqa: PLC0415  # loads rich, which is not needed for reading

    echo(line, err=True)


def destination(out: Path) -> Path:
    """Where an output is, with all symbolic links followed.

    Raises:
        KazstanceError: a link that leads to itself, or a folder that may not be read.
    """
    with named(out):
        found = Path(os.path.realpath(out))
        if found.is_symlink():
            raise KazstanceError(f"{out} is a symbolic link that leads to itself; expected a file or a folder")
        return found


@contextmanager
def staging(out: Path, say: Say = tell, *, within: bool = False) -> Iterator[Path]:
    """A folder next to an output, or within it, held by this process alone; it is always removed at the end.

    Args:
        out: the output.
        say: told what an interrupted run left and was put back.
        within: make the folder inside the output.

    Raises:
        KazstanceError: another process holds it, it cannot be created, or its place is taken.
    """
    above = out if within else out.parent
    place = above / _name(out)
    if not above.is_dir():
        raise KazstanceError(f"{above} is not a folder")
    with named(out):
        held = _hold(place, out)
    try:
        with named(out):
            _restore(place, out, say)
            remove(place / NEW)
            remove(place / OLD)
            (place / IGNORE).write_bytes(b"*\n")
        yield place
    finally:
        _leave(place, out, held, say)


def put_back(out: Path, say: Say = tell) -> bool:
    """Restore an output that a killed run had set aside; False if there is nothing to restore.

    Raises:
        KazstanceError: another process is writing it.
    """
    final = destination(out)
    if os.path.lexists(final) or not os.path.lexists(final.parent / _name(final) / OLD):
        return False
    with staging(final, say):
        return True


@contextmanager
def parents(path: Path, out: Path) -> Iterator[None]:
    """Create the missing folders above an output, and remove them again if what follows fails.

    Raises:
        KazstanceError: one of them is a file or cannot be created.
    """
    missing = [folder for folder in path.parents if not os.path.lexists(folder)]
    above = next(folder for folder in path.parents if folder not in missing)
    if not above.is_dir():
        raise KazstanceError(f"{out}: {above} is not a folder")
    try:
        with named(out):
            path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def named(out: Path, codes: Container[int | None] | None = None) -> Iterator[None]:
    """Name the output in errors of the system; by default in all of them, otherwise in those with the given codes."""
    try:
        yield
    except OSError as error:
        if codes is not None and error.errno not in codes:
            raise
        reason = os.strerror(error.errno) if error.errno else error
        raise KazstanceError(f"{out}: {reason}; it was left unchanged") from error


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty temporary folder in the system's place for these; those of killed runs are removed."""
    for found in Path(tempfile.gettempdir()).glob("kazstance-*"):
        with suppress(OSError):
            _sweep(found)
    folder = Path(tempfile.mkdtemp(prefix=f"kazstance-{os.getpid()}-"))
    held = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT)
    try:
        _lock(held)
        (folder / NEW).mkdir()
        yield folder / NEW
    finally:
        with suppress(OSError):  # what cannot be removed now is removed by the next process
            remove(folder / NEW)
        _close(held, folder)


def remove(path: Path) -> None:
    """Delete a file or a folder of ours with everything in it."""
    if path.is_dir() and not path.is_symlink():
        for folder, _, _ in os.walk(path):
            if not os.access(folder, os.W_OK):
                Path(folder).chmod(stat.S_IRWXU)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can synchronise folders."""
    if os.name != "nt":
        found = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):
                os.fsync(found)
        finally:
            os.close(found)


def _name(out: Path) -> str:
    """The name of an output's place: recognisable, and short even if that of the output is long."""
    shown = re.sub(r"[^\w.-]", "_", out.name)[:SHOWN]
    return f"{PREFIX}{shown}-{hashlib.sha256(os.fsencode(out.name)).hexdigest()[:8]}"


def _hold(place: Path, out: Path) -> int:
    """Create a place and lock it; the lock ends with the process, however it ends."""
    while True:
        with suppress(FileExistsError):  # `exist_ok` fails if the place is removed just after it was found
            place.mkdir()
        if place.is_symlink():
            raise KazstanceError(f"{place} is in the way: it is a symbolic link; move it elsewhere")
        try:
            _check_ours(place)
            held = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except FileNotFoundError:
            continue  # the process that held the place has just removed it
        except OSError:
            with suppress(OSError):
                place.rmdir()
            raise
        if not _lock(held):
            os.close(held)
            raise KazstanceError(f"{out}: another kazstance process is writing it; run this again when it has finished")
        if os.fstat(held).st_nlink:
            _mark(held, place)
            return held
        os.close(held)


def _mark(held: int, place: Path) -> None:
    """Mark the place as ours in the lock."""
    try:
        if os.fstat(held).st_size != len(MARK):
            os.ftruncate(held, 0)
            os.write(held, MARK)
    except OSError:
        _close(held, place)
        raise


def _check_ours(place: Path) -> None:
    """Check that only what a run of ours may have left is ever removed.

    A place that another process is just clearing may briefly not look like ours, so it is checked again.
    """
    for _ in range(LOOKS):
        if not (strange := _strange(place)):
            return
        time.sleep(PAUSE)
    raise KazstanceError(
        f"{place} is in the way: it holds {min(strange)!r}, which kazstance did not write; move it elsewhere"
    )


def _strange(place: Path) -> set[str]:
    """The names in a place that are not ours; without our mark, all except the lock."""
    found = {entry.name for entry in place.iterdir()}
    return found - {LOCK, IGNORE, NEW, OLD} or (set() if _is_marked(place / LOCK) else found - {LOCK})


def _is_marked(lock: Path) -> bool:
    return lock.is_file() and not lock.is_symlink() and lock.read_bytes() == MARK


def _restore(place: Path, out: Path, say: Say) -> None:
    """Restore an output that a killed run had set aside on a system that cannot swap folders in one step."""
    old = place / OLD
    if not os.path.lexists(old):
        return
    if not os.path.lexists(out):
        old.rename(out)
        say(f"{out}: restored to its state before an interrupted run")
    elif os.path.lexists(place / NEW):
        raise KazstanceError(
            f"{out} exists, and an interrupted run had set it aside as {old}; move one of them elsewhere"
        )


def _leave(place: Path, out: Path, held: int, say: Say) -> None:
    """Clear a place and release it; what cannot be removed now is removed by the next run."""
    try:
        _restore(place, out, say)
        with suppress(OSError):
            for name in (NEW, OLD, IGNORE):
                remove(place / name)
    finally:
        _close(held, place)


def _close(held: int, folder: Path) -> None:
    """Unlock a folder, and remove it if it holds only the lock."""
    is_last = False
    with suppress(OSError):
        is_last = {entry.name for entry in folder.iterdir()} <= {LOCK}
        if is_last and os.name != "nt":
            (folder / LOCK).unlink()  # while it is held, so that a waiting process sees that it is gone
    os.close(held)
    with suppress(OSError):
        if is_last and os.name == "nt":
            (folder / LOCK).unlink()  # Windows does not delete an open file
        folder.rmdir()


def _sweep(folder: Path) -> None:
    """Remove a scratch folder whose process is gone."""
    named_by = SCRATCH.fullmatch(folder.name)
    if named_by is None or folder.is_symlink() or not _is_own(folder) or _is_alive(int(named_by[1])):
        return
    held = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT)
    if not _lock(held):
        os.close(held)
        return
    remove(folder / NEW)
    _close(held, folder)


def _is_own(folder: Path) -> bool:
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _is_alive(process: int) -> bool:
    """Whether a process runs; on Windows, where asking has side effects, only the lock tells."""
    if os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(held: int) -> bool:
        """Lock a file unless another process has locked it."""
        try:
            os.lseek(held, len(MARK), os.SEEK_SET)
            msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(held, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(held: int) -> bool:
        """Lock a file unless another process has locked it."""
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in UNLOCKABLE:
                raise
        return True
