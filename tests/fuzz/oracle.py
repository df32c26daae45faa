"""What must hold of a command whatever it was given: exit code, output, time, memory, and what it left behind."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.cases import Step
from tests.fuzz.processes import MEMORY, SECONDS, Outcome

Snapshot = Mapping[str, str]
TRACEBACK = re.compile(
    rb"^\s*(\+ )?(Exception Group )?Traceback \(most recent call last\)|^Fatal Python error|^Exception ignored in",
    re.MULTILINE,
)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FRAME = re.compile(r'File "[^"]*?/(kazstance/[^"]+)", line (\d+), in (\S+)')
RAISED = re.compile(r"^\w.*$", re.MULTILINE)
LAST_RESORT = re.compile(r"unexpected (\w+(?:\.\w+)*[^0-9'\"\n]{0,40}).*--debug")
"""An error that nothing but the boundary of the command line knows: no file, no place, nothing to do."""
LONGEST = 100_000
"""Bytes of the messages of one command."""
PROBLEMS = 400
"""Lines of the messages of one command: some kinds of problem, of which at most 20 each are named."""


@dataclass(frozen=True)
class Fault:
    """Something that must not happen: its kind, by which faults are counted, and what was seen."""

    kind: str
    seen: str


def snapshot(folder: Path) -> Snapshot:
    """Each path below a folder with its kind and content, as a fingerprint; links are not followed, FIFOs not opened."""
    found = {}
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(where, name)
            found[str(path.relative_to(folder))] = _fingerprint(path)
    return found


def _fingerprint(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link {path.readlink()}"
    if stat.S_ISREG(mode):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return f"other {stat.S_IFMT(mode)}"


def faults(step: Step, outcome: Outcome, before: Snapshot, after: Snapshot, earlier: bytes) -> Iterator[Fault]:
    """What was wrong with a command that has ended; `earlier` is what the step before it printed."""
    name = " ".join(part for part in step.argv[:2] if part.isalpha())
    err = outcome.err.decode(errors="replace")
    crash = list(_crash(name, outcome, err))
    yield from crash
    if not crash:
        yield from _answer(name, step, outcome, err, earlier)
    yield from _resources(name, outcome)
    yield from _messages(name, outcome, err)
    yield from _changes(name, step, outcome.code == 0, before, after)


def _crash(name: str, outcome: Outcome, err: str) -> Iterator[Fault]:
    if outcome.code < 0:
        yield Fault(f"{name}: ended by signal {-outcome.code}", err[-300:])
    elif TRACEBACK.search(outcome.err) or TRACEBACK.search(outcome.out):
        frames = FRAME.findall(err)
        where = " at {}:{} {}".format(*frames[-1]) if frames else ""
        raised = RAISED.search(err.rpartition('\n  File "')[2].partition("\n")[2])
        last = raised.group() if raised else err
        yield Fault(f"{name}: traceback {last.partition(':')[0][:80]}{where}", last[:300])
    elif found := LAST_RESORT.search(err):
        yield Fault(f"{name}: unexpected {found[1]}", found[0][:300])
    elif outcome.code not in {0, 1, 2}:
        yield Fault(f"{name}: exit code {outcome.code}", err[-300:])


def _answer(name: str, step: Step, outcome: Outcome, err: str, earlier: bytes) -> Iterator[Fault]:
    passed = outcome.code == 0
    if not passed and not err.strip():
        yield Fault(f"{name}: fails without a message", f"exit code {outcome.code}")
    if passed and step.has_to == "fail":
        yield Fault(f"{name}: passes though it has to fail", outcome.out.decode(errors="replace")[-300:])
    if not passed and step.has_to == "pass":
        yield Fault(f"{name}: fails though it has to pass", err[:300])
    if passed and step.same_as_before and outcome.out != earlier:
        yield Fault(f"{name}: another answer to the same data", f"{earlier[:300]!r} before, {outcome.out[:300]!r} now")


def _resources(name: str, outcome: Outcome) -> Iterator[Fault]:
    if outcome.seconds > SECONDS:
        yield Fault(f"{name}: more than {SECONDS} s of the processor", f"{outcome.seconds:.1f} s")
    if outcome.memory > MEMORY:
        yield Fault(f"{name}: more than {MEMORY >> 20} MB", f"{outcome.memory >> 20} MB")


def _messages(name: str, outcome: Outcome, err: str) -> Iterator[Fault]:
    for stream, text in (("stderr", err), ("stdout", outcome.out.decode(errors="replace"))):
        if found := CONTROLS.search(text):
            around = text[max(0, found.start() - 60) : found.end() + 60]
            yield Fault(f"{name}: control characters on {stream}", ascii(around))
    if len(outcome.err) > LONGEST or err.count("\n") > PROBLEMS:
        yield Fault(f"{name}: messages without end", f"{len(outcome.err)} bytes, {err.count(chr(10))} lines")


def _changes(name: str, step: Step, passed: bool, before: Snapshot, after: Snapshot) -> Iterator[Fault]:
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    hidden = {path for path in changed if path in after and path not in before and _is_hidden(path)}
    allowed = step.writes if passed else ()
    others = {path for path in changed - hidden if not any(f"{path}/".startswith(f"{root}/") for root in allowed)}
    if hidden:
        yield Fault(f"{name}: files left over", ascii(sorted(hidden)[:5]))
    if others:
        how = "passes, and changes what is not its own" if passed else "fails, and changes files"
        yield Fault(f"{name}: {how}", ascii(sorted(others)[:5]))


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in path.split("/")) or path.startswith("run/tmp/")
