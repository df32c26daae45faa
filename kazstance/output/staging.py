"""A place beside an output where its next content is prepared, by one process at a time.

The name of the place follows from that of the output, so that the next run finds what a killed one left behind: it
puts back what was set aside, and removes the rest.
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
"""Characters of an output's name that the name of its place repeats."""
LOOKS, PAUSE = 10, 0.01
"""How often a place is looked at that seems to be a stranger's, and the seconds in between."""
REFUSED: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""What only writing meets: no space, no quota, a file larger than is allowed, a file system that is read-only."""
UNLOCKABLE: Final = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK})
"""A file system without locks, as some of clusters are."""
SCRATCH: Final = re.compile(r"kazstance-([0-9]+)-.+")


def tell(line: str) -> None:
    """Print a line to standard error."""
    from kazstance.output.terminal import echo  # noqa: PLC0415  # loads rich, which reading does not need

    echo(line, err=True)


def destination(out: Path) -> Path:
    """Where an output lies, behind all symbolic links.

    Raises:
        KazstanceError: a link that leads to itself, or a place that may not be looked into.
    """
    with named(out):
        found = Path(os.path.realpath(out))
        if found.is_symlink():
            raise KazstanceError(f"{out} is a symbolic link that leads to itself; expected one that leads somewhere")
        return found


@contextmanager
def staging(out: Path, say: Say = tell, *, within: bool = False) -> Iterator[Path]:
    """A folder beside an output, or within it, held by this process alone; it is removed at the end, whatever happened.

    Args:
        out: the output.
        say: told what an interrupted run left and was put back.
        within: make the folder inside the output.

    Raises:
        KazstanceError: another process holds it, it cannot be made, or its place is taken.
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
    """Put an output back that a killed run had set aside; False where there is nothing to put back.

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
    """The folders above an output, made where they are missing, and taken back if what follows fails.

    Raises:
        KazstanceError: one of them is a file, or cannot be made.
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
    """Name the output where the system refuses what it needs; by default whatever the reason."""
    try:
        yield
    except OSError as error:
        if codes is not None and error.errno not in codes:
            raise
        reason = os.strerror(error.errno) if error.errno else error
        raise KazstanceError(f"{out}: {reason}; it is as it was") from error


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder for what is not kept, in the system's folder for that; those of killed runs are removed."""
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
    """Delete a file or a folder of ours with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        for folder, _, _ in os.walk(path):
            if not os.access(folder, os.W_OK):
                Path(folder).chmod(stat.S_IRWXU)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """See to it that the names in a folder outlast a power cut, where the system lets folders be synchronised."""
    if os.name != "nt":
        found = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):
                os.fsync(found)
        finally:
            os.close(found)


def _name(out: Path) -> str:
    """The name of an output's place: recognisable, and short however long that of the output is."""
    shown = re.sub(r"[^\w.-]", "_", out.name)[:SHOWN]
    return f"{PREFIX}{shown}-{hashlib.sha256(os.fsencode(out.name)).hexdigest()[:8]}"


def _hold(place: Path, out: Path) -> int:
    """Make a place, and lock it; the lock ends with the process, however that ends."""
    while True:
        with suppress(FileExistsError):  # `exist_ok` fails where the place is removed just after it was found
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
    """Write into the lock that the place is ours."""
    try:
        if os.fstat(held).st_size != len(MARK):
            os.ftruncate(held, 0)
            os.write(held, MARK)
    except OSError:
        _close(held, place)
        raise


def _check_ours(place: Path) -> None:
    """Only what a run of ours may have left is ever removed.

    A place that another process is just clearing may look like a stranger's for a moment: it is looked at again.
    """
    for _ in range(LOOKS):
        if not (strange := _strange(place)):
            return
        time.sleep(PAUSE)
    raise KazstanceError(
        f"{place} is in the way: it holds {min(strange)!r}, which kazstance did not write; move it elsewhere"
    )


def _strange(place: Path) -> set[str]:
    """The names in a place that are none of ours; without our mark, all but the lock are."""
    found = {entry.name for entry in place.iterdir()}
    return found - {LOCK, IGNORE, NEW, OLD} or (set() if _is_marked(place / LOCK) else found - {LOCK})


def _is_marked(lock: Path) -> bool:
    return lock.is_file() and not lock.is_symlink() and lock.read_bytes() == MARK


def _restore(place: Path, out: Path, say: Say) -> None:
    """Put an output back that a killed run had set aside, on a system that cannot exchange folders in one step."""
    old = place / OLD
    if not os.path.lexists(old):
        return
    if not os.path.lexists(out):
        old.rename(out)
        say(f"{out}: put back as it was before a run that was interrupted")
    elif os.path.lexists(place / NEW):
        raise KazstanceError(
            f"{out} was set aside as {old} by an interrupted run, and is there again; move one of them elsewhere"
        )


def _leave(place: Path, out: Path, held: int, say: Say) -> None:
    """Clear a place and let go of it; what cannot be removed now is removed by the next run."""
    try:
        _restore(place, out, say)
        with suppress(OSError):
            for name in (NEW, OLD, IGNORE):
                remove(place / name)
    finally:
        _close(held, place)


def _close(held: int, folder: Path) -> None:
    """Unlock a folder, and remove it if it is empty but for the lock."""
    is_last = False
    with suppress(OSError):
        is_last = {entry.name for entry in folder.iterdir()} <= {LOCK}
        if is_last and os.name != "nt":
            (folder / LOCK).unlink()  # while it is held: whoever waits for it sees that it is gone
    os.close(held)
    with suppress(OSError):
        if is_last and os.name == "nt":
            (folder / LOCK).unlink()  # Windows keeps a file that is open
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
    """Whether a process runs; on Windows, where asking is not without effect, the lock alone tells."""
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
        """Lock a file, unless another process has."""
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
        """Lock a file, unless another process has."""
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in UNLOCKABLE:
                raise
        return True
