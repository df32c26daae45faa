"""Turns every error of the command line into one line that says what was found and what to do, and an exit code."""

import codecs
import errno
import io
import json
import os
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import typer

from kazstance import interrupts
from kazstance.errors import CorpusWarning, IntegrityError, KazstanceError, UnknownNameError
from kazstance.extras import missing_extra
from kazstance.output.terminal import echo, echo_page
from kazstance.schema import MANIFEST

ESCAPING: Final = "kazstance.escaping"
"""The error handler for characters that a stream cannot encode: they are escaped as in JSON, `\\u2212`."""
STDOUT: Final = "standard output"
REMEDIES: Final = {
    errno.EACCES: "check the permissions",
    errno.EPERM: "check the permissions",
    errno.EROFS: "write to another place",
    errno.ENOSPC: "free some space, or write to another place",
    errno.EDQUOT: "free some space, or write to another place",
    errno.EFBIG: "raise the limit on the size of files, or write to another place",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a part of the path is a file; expected a folder",
    errno.EISDIR: "expected a file",
    errno.EEXIST: "choose another name",
    errno.ENOTEMPTY: "choose another name",
    errno.EMFILE: "raise the limit on open files",
    errno.ELOOP: "the links lead to each other; expected a file",
    errno.ENOENT: "check the path",
}
"""What to do about each error of the operating system."""
VERIFYING: Final = "verify"
"""The command that reports damage itself."""


def prepare_streams() -> None:
    """Check that there is an output, and make sure that no character can make writing to it fail.

    Raises:
        SystemExit: standard output is closed.
    """
    codecs.register_error(ESCAPING, _escape)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # as long as the program
    if sys.stdout is None:
        sys.exit("standard output is closed; redirect it to a file or to /dev/null")
    if not sys.stdout.isatty():
        raw = io.BufferedWriter(_Stdout(sys.stdout.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(raw, encoding=sys.stdout.encoding, line_buffering=bool(sys.stdout.line_buffering))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPING)


class _Stdout(io.FileIO):
    """Standard output, whose errors name it."""

    def write(self, content: Any, /) -> int:
        try:
            return super().write(content)
        except OSError as error:
            error.filename = STDOUT
            raise


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Escape what a stream cannot encode, as in JSON: readable in text, lossless in JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


@contextmanager
def one_line(command: str, places: Iterable[Any], *, is_debugging: bool = False) -> Iterator[None]:
    """Report any error in one line, and exit with 2 for a wrong name, 130 for an interrupt, and 1 otherwise.

    Args:
        command: the name of the command.
        places: the values of its parameters; any that is the folder of a dataset may have caused the error.
        is_debugging: whether to show the traceback too.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always", CorpusWarning)
        warnings.showwarning = partial(_show_warning, warnings.showwarning)
        try:
            yield
            sys.stdout.flush()
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            raise typer.Exit(interrupts.CODE) from None
        except Exception as error:
            raise typer.Exit(_report(error, command, places, is_debugging=is_debugging)) from None


def _report(error: Exception, command: str, places: Iterable[Any], *, is_debugging: bool) -> int:
    """Report an error, and return the exit code."""
    if interrupts.was_interrupted():
        return interrupts.CODE
    if is_debugging:
        error.__suppress_context__ = False
        traceback.print_exception(error)
    echo_page(explain(error, command, places), err=True)
    return 2 if isinstance(error, UnknownNameError) else 1


def explain(error: BaseException, command: str, places: Iterable[Any]) -> str:
    """An error as the user sees it; only errors that list several problems take more than one line."""
    if isinstance(error, IntegrityError) and error.folder is not None and command != VERIFYING:
        return f"{error}; run: kazstance verify --data {error.folder}"
    if isinstance(error, KazstanceError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and (missing := missing_extra(error)):
        return str(missing)
    if isinstance(error, OSError):
        return _system_error(error)
    if isinstance(error, MemoryError):
        return f"kazstance {command}: out of memory; use smaller files, or a machine with more memory"
    return _unforeseen(error, command, places)


def _unforeseen(error: BaseException, command: str, places: Iterable[Any]) -> str:
    """An error that nobody foresaw: a damaged dataset, if there is one, or else a fault of kazstance."""
    data = [path for path in places if isinstance(path, Path) and (path / MANIFEST).is_file()]
    if damaged := next(filter(_is_damaged, data), None):
        return f"{damaged}: the dataset is damaged; run: kazstance verify --data {damaged}"
    what = f"{type(error).__name__} ({' '.join(str(error).split())})"
    return f"kazstance {command}: unexpected {what}; pass --debug to see where"


def _is_damaged(folder: Path) -> bool:
    """Whether a dataset, on which a command has failed in a way that nobody foresaw, is not as it was built."""
    from kazstance.dataset import verify

    try:
        verify(data=folder)
    except Exception as error:  # whatever it is, the first failure is the one to report
        return isinstance(error, IntegrityError)
    return False


def _system_error(error: OSError) -> str:
    name = error.filename2 or error.filename
    where = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else ""
    if where == STDOUT:
        _silence()
    said = " ".join((error.strerror or str(error) or type(error).__name__).split())
    return "; ".join(filter(None, [": ".join(filter(None, [where, said])), REMEDIES.get(error.errno or 0)]))


def _silence() -> None:
    """Discard what a broken standard output still holds, so that the interpreter does not try to write it at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _show_warning(otherwise: Any, message: Any, category: type[Warning], *rest: Any) -> None:
    """Show a warning about a corpus in one line, and all others as usual."""
    if issubclass(category, CorpusWarning):
        echo(f"warning: {message}", err=True)
    else:
        otherwise(message, category, *rest)


def run() -> None:
    """Run the command line as a process."""
    prepare_streams()
    from kazstance.cli import app  # imports this module

    interrupts.raise_again()
    try:
        app(prog_name="kazstance")
    except KeyboardInterrupt:
        sys.exit(interrupts.CODE)
    except Exception as error:
        sys.exit(_report(error, "", (), is_debugging="--debug" in sys.argv))
