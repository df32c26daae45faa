"""Cases: made in a scratch folder, their commands run and judged, and failures made smaller."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import losses
from tests.fuzz.cases import Case, Kind, Step
from tests.fuzz.oracle import Fault, Snapshot, faults, snapshot
from tests.fuzz.processes import CannotMakeError, Outcome, in_fork, run_command

RUN = "run"
"""The folder in that of a case that is of the processes: what they print, their home, their scratch files."""
OF_PROCESSES = {RUN, *(f"{RUN}/{name}" for name in ("stdout", "stderr", "cwd", "home", "tmp", "check"))}
OF_CHECKS = {f"{RUN}/check/{name}" for name in ("stdout", "stderr")}


@dataclass(frozen=True)
class Found:
    """A case that was run: its mutations in words, its commands with what they came to, and what was wrong."""

    kind: str
    seed: int
    done: Mapping[int, str]
    commands: list[tuple[Step, Outcome]]
    faults: list[Fault]
    is_made: bool = True
    """Whether the harness could make and check the case: a mutation may meet what an earlier one left in its way."""

    @property
    def name(self) -> str:
        """The case as `--only` takes it."""
        kept = ",".join(str(i) for i in sorted(self.done) if i >= 0)
        return f"{self.kind}:{self.seed}" + (f"/{kept}" if kept else "")


def run_case(
    name: str, kind: Kind, seed: int, base: Path, kept: frozenset[int] | None = None, folder: Path | None = None
) -> Found:
    """Make a case and run its commands.

    Args:
        name: what the kind is called.
        kind: how cases are made.
        seed: of the case.
        base: what cases of the kind start from.
        kept: the mutations that are made; without it, all.
        folder: the folder of the case, which is left; without it, one that is removed.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as scratch:
        case = Case(seed, folder or Path(scratch), base, kept)
        commands: list[tuple[Step, Outcome]] = []
        found: list[Fault] = []
        try:
            for step in _make(kind, case):
                if step.follows and commands and commands[-1][1].code:
                    break
                outcome, wrong = _run_step(step, case.folder, commands[-1][1].out if commands else b"")
                commands.append((step, outcome))
                found += wrong
        except CannotMakeError:
            return Found(name, seed, case.done, commands, found, is_made=False)
    return Found(name, seed, case.done, commands, found)


def _make(kind: Kind, case: Case) -> list[Step]:
    """The steps of a case, which a fork makes, since threads of Arrow would not outlive a fork of this process."""
    told = case.folder / "steps.json"

    def make() -> None:
        steps = kind.make(case)
        told.write_text(json.dumps([case.done, [vars(step) for step in steps]]))

    in_fork(make, case.folder / RUN)
    done, steps = json.loads(told.read_text())
    told.unlink()
    case.done = {int(i): how for i, how in done.items()}
    return [Step(**{**step, "writes": tuple(step["writes"])}) for step in steps]


def _run_step(step: Step, folder: Path, earlier: bytes) -> tuple[Outcome, list[Fault]]:
    before = _inputs(folder)
    outcome = run_command(step.argv, folder / RUN)
    found = list(faults(step, outcome, before, _inputs(folder), earlier))
    if step.check and not outcome.code:
        found += _losses(step.check, folder)
    return outcome, found


def _inputs(folder: Path) -> Snapshot:
    """What lies in the folder of a case, but for what every process has there."""
    return {path: content for path, content in snapshot(folder).items() if path not in OF_PROCESSES | OF_CHECKS}


def _losses(check: str, folder: Path) -> list[Fault]:
    """What a check finds, made in a fork since it reads with Arrow."""
    told = folder / RUN / "losses.json"

    def find() -> None:
        told.write_text(json.dumps(losses.find(check, folder)))

    in_fork(find, folder / RUN / "check")
    lost = json.loads(told.read_text())
    told.unlink()
    return [Fault(f"{check}: something is lost or another", "; ".join(lost[:3]))] if lost else []


def minimise(found: Found, kind: Kind, base: Path) -> Found:
    """The same case with as few mutations as still show the first fault."""
    kept = frozenset(i for i in found.done if i >= 0)
    for i in sorted(kept) if len(kept) > 1 else ():
        fewer = run_case(found.kind, kind, found.seed, base, kept - {i})
        if found.faults[0].kind in {fault.kind for fault in fewer.faults}:
            kept, found = kept - {i}, fewer
    return found
