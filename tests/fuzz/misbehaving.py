"""Processes that do what must not happen: `python -m tests.fuzz.misbehaving` prints what the oracle sees of each."""

import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from tests.fuzz import oracle, processes
from tests.fuzz.cases import Step


def raise_an_error() -> int:
    raise ValueError("x")


def crash() -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def eat_memory() -> int:
    return int(not bytearray(b"x") * (processes.MEMORY + 2**24))


def eat_time() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (1, hard))  # the limit of the harness, sooner
    while time.process_time() < 60:
        pass
    return 0


def wait_for_ever() -> int:
    signal.alarm(1)  # the limit of the harness, sooner
    signal.pause()
    return 0


def say(text: str, code: int, stream: TextIO = sys.stderr) -> int:
    """Print a text and end with a code."""
    stream.write(text)
    return code


def write(name: str, code: int) -> int:
    """Write a file, complain where the code is of a failure, and end with the code."""
    Path(name).write_text("half")
    return say("build: no\n" if code else "", code)


MISBEHAVING: dict[str, Callable[[], int]] = {
    "build: traceback ValueError": raise_an_error,
    "build: ended by signal 11": crash,
    "build: more than 1024 MB": eat_memory,
    "build: ended by signal 24": eat_time,
    "build: ended by signal 14": wait_for_ever,
    "build: exit code 3": lambda: say("no", 3),
    "build: fails without a message": lambda: say("\n", 1),
    "build: unexpected KeyError": lambda: say(
        "kazstance build: unexpected KeyError: 'x'; pass --debug to see where", 1
    ),
    "build: control characters on stderr": lambda: say("\x1b[2J no", 1),
    "build: control characters on stdout": lambda: say("\u202e", 0, sys.stdout),
    "build: messages without end": lambda: say("no\n" * 10_000, 1),
    "build: fails, and changes files": lambda: write("out", 1),
    "build: files left over": lambda: write(".out-x1", 1),
    "build: passes, and changes what is not its own": lambda: write("other", 0),
}
"""A process for each kind of fault, by what the fault is called."""
BEHAVING: dict[str, Callable[[], int]] = {
    "passes": lambda: write("out", 0),
    "fails": lambda: say("file:1: x, expected y\n", 1),
}


def judge(main: Callable[[], int], folder: Path) -> list[str]:
    """The kinds of fault of a process that runs a function in a folder."""
    before = oracle.snapshot(folder)

    def go() -> int:
        os.chdir(folder)
        return main()

    outcome = processes.fork(go, folder.parent / "run")
    step = Step(["build"], ("out",))
    return [fault.kind for fault in oracle.faults(step, outcome, before, oracle.snapshot(folder), b"")]


def main() -> None:
    """Print the faults of each process as JSON."""
    found = {}
    for name, process in (MISBEHAVING | BEHAVING).items():
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "case")
            folder.mkdir()
            found[name] = judge(process, folder)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
