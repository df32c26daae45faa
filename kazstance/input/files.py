"""Files from outside: inside one folder, of bounded size and readable, or one reason why not."""

import errno
import os
from pathlib import Path, PurePosixPath
from typing import Any, Final

from kazstance.errors import InputError, KazstanceError
from kazstance.input.strict_json import StrictError, load_object
from kazstance.input.text import MARK, decode
from kazstance.paths import StrPath

MAX_BYTES: Final = 64 * 2**20
"""The largest file that is read as one, such as a text, in bytes."""
MOST_ROWS_BYTES: Final = 4 * 2**30
"""The largest file with a row for each sentence, in bytes."""
SHOWN: Final = 80


def is_there(root: StrPath, name: str) -> bool:
    """Whether anything of that name is below a folder, even a broken link: broken is not the same as absent."""
    root = Path(root)
    path = root
    for part in PurePosixPath(name).parts:
        path /= part
        if not os.path.lexists(path):
            return False
        if not path.is_dir():
            return True
    return True


def find_inside(root: StrPath, name: str) -> Path:
    """The path of a file below a folder; links that stay inside it are followed.

    Args:
        root: the folder.
        name: the file, by its path in the folder.

    Raises:
        StrictError: it is missing, not a file, not readable, or a link that is broken, loops or leads out.
    """
    root = Path(root)
    try:
        path = _resolve(root, name)
        if not path.exists():
            raise StrictError(f"{name} {_absence(root, name)}, expected a file")
        if not path.is_file():
            raise StrictError(f"{name} is {'a folder' if path.is_dir() else 'not a regular file'}, expected a file")
        path.open("rb").close()
    except OSError as error:
        raise StrictError(f"{_short(name)} cannot be read: {error.strerror or error}") from None
    return path


def read_inside(root: StrPath, name: str, most: int = MAX_BYTES) -> bytes:
    """The content of a file below a folder, as `find_inside` finds it.

    Args:
        root: the folder.
        name: the file, by its path in the folder.
        most: the largest size that is read, in bytes.

    Raises:
        StrictError: `find_inside` does not find it, or it is too large.
    """
    path = find_inside(root, name)
    try:
        if (size := path.stat().st_size) > most:
            raise StrictError(f"{name} has {size} bytes, expected at most {most}")
        return path.read_bytes()
    except OSError as error:
        raise StrictError(f"{_short(name)} cannot be read: {error.strerror or error}") from None


def read_regular(file: StrPath) -> bytes:
    """The content of a file that somebody else may have put there: reading a pipe could block forever.

    Raises:
        OSError: it is missing, not a regular file, or not readable.
    """
    file = Path(file)
    if file.exists() and not file.is_file() and not file.is_dir():
        raise OSError(errno.EINVAL, "Not a regular file", str(file))
    return file.read_bytes()


def read_object(file: StrPath) -> dict[str, Any]:
    """The JSON object of a file.

    Raises:
        KazstanceError: it is missing or cannot be read.
        InputError: it is not text in UTF-8, or not an object in JSON.
    """
    file = Path(file)
    try:
        return load_object(decode(file.read_bytes()).removeprefix(MARK))
    except OSError as error:
        raise KazstanceError(f"{file}: {error.strerror or error}, expected a file") from None
    except StrictError as error:
        raise InputError([error.problem(str(file))]) from None


def _resolve(root: Path, name: str) -> Path:
    """The path that a name leads to, with links followed."""
    try:
        path = (root / PurePosixPath(name)).resolve()
    except (RuntimeError, ValueError, OSError) as error:  # a loop is a RuntimeError or an OSError, by version
        what = "has a NUL character in its name" if isinstance(error, ValueError) else "is a link that leads to itself"
        if getattr(error, "strerror", None):
            what = f"cannot be read: {error.strerror}"  # type: ignore[union-attr]
        raise StrictError(f"{_short(name)} {what}, expected a file") from None
    if not path.is_relative_to(root.resolve()):
        raise StrictError(f"{name!r} leads outside the corpus folder, expected a file inside it")
    return path


def _absence(root: Path, name: str) -> str:
    """In which way a file is absent."""
    path = root
    for part in PurePosixPath(name).parts:
        path /= part
        if path.is_symlink() and not path.exists():
            return f"is missing: {path.relative_to(root)} is a link to {path.readlink()}, which does not exist"
    return "is missing"


def _short(name: str) -> str:
    """A name for a message, shortened and escaped as needed."""
    return repr(name if len(name) <= SHOWN else name[:SHOWN] + "…")
