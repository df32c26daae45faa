"""Commands in forked processes: the package is imported once, and still each command may crash, hang or eat memory on its own."""

import atexit
import os
import resource
import runpy
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10
"""Time of the processor that a command may take; the clock on the wall is not counted, since the machine may be busy."""
WALL = 60
"""Seconds after which a command that waits for something is ended."""
MEMORY = 2**30
"""Bytes that a command may hold."""
SPARE = 3 * MEMORY
"""Bytes of address space on top of those at the start, so that a command is seen to eat memory before the machine feels it."""
LARGEST = 2**28
"""Bytes of the largest file that a command may write."""


class CannotMakeError(Exception):
    """A case could not be made: a fault of the harness itself."""


@dataclass(frozen=True)
class Outcome:
    """A process that has ended: its exit code (minus the signal that ended it), what it took, and what it printed."""

    code: int
    seconds: float
    wall: float
    memory: int
    out: bytes
    err: bytes


def run_command(argv: Sequence[str], folder: Path) -> Outcome:
    """Run a command line of the package in a fork of this process; `folder` takes what it prints and its scratch files."""
    for name in ("cwd", "home", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)

    def main() -> int:
        _go_to(folder)
        return _run_module(["kazstance", *argv])

    return fork(main, folder)


def has_passed(argv: Sequence[str], folder: Path) -> None:
    """Run a command that has to pass, for what cases start from.

    Raises:
        CannotMakeError: it failed.
    """
    outcome = run_command(argv, folder)
    if outcome.code:
        raise CannotMakeError(f"{argv}: {outcome.err.decode(errors='replace')}")


def in_fork(function: Callable[[], None], folder: Path) -> None:
    """Run a function in a fork, so that this process never starts a thread.

    Raises:
        CannotMakeError: it raised something.
    """

    def main() -> int:
        function()
        return 0

    outcome = fork(main, folder, is_limited=False)
    if outcome.code:
        raise CannotMakeError(outcome.err.decode(errors="replace"))


def fork(main: Callable[[], int], folder: Path, *, is_limited: bool = True) -> Outcome:
    """Run a function in a fork of this process; it gives the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _be_child(main, folder, is_limited=is_limited)
    _, status, usage = os.wait4(pid, 0)
    scale = 1 if sys.platform == "darwin" else 1024
    return Outcome(
        os.waitstatus_to_exitcode(status),
        usage.ru_utime + usage.ru_stime,
        time.monotonic() - began,
        usage.ru_maxrss * scale,
        (folder / "stdout").read_bytes(),
        (folder / "stderr").read_bytes(),
    )


def _be_child(main: Callable[[], int], folder: Path, *, is_limited: bool) -> None:
    """Do what a process of its own does, and never come back."""
    code = 70
    atexit._clear()  # the end of a command runs exit handlers; those of the parent remove its folders
    try:
        _redirect(folder)
        if is_limited:
            _limit()
        code = main()
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _redirect(folder: Path) -> None:
    for descriptor, name, flags in ((0, os.devnull, os.O_RDONLY), (1, "stdout", 0), (2, "stderr", 0)):
        opened = os.open(folder / name, flags or os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, descriptor)
        os.close(opened)


def _limit() -> None:
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_CPU, SECONDS + 1)
    _lower(resource.RLIMIT_FSIZE, LARGEST)
    statm = Path("/proc/self/statm")
    if statm.is_file():
        held = int(statm.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, held + SPARE)
    signal.alarm(WALL)


def _lower(what: int, limit: int) -> None:
    resource.setrlimit(what, (limit, resource.getrlimit(what)[1]))


def _go_to(folder: Path) -> None:
    os.chdir(folder / "cwd")
    os.environ |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "COLUMNS": "200"}
    tempfile.tempdir = None


def _run_module(argv: list[str]) -> int:
    """The exit code of `python -m kazstance`, as the interpreter would give it."""
    sys.argv = argv
    try:
        runpy.run_module("kazstance", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    return 0
