"""python -m tests.fuzz: run cases of all kinds, print what failed and with which seed, and end with 1 if anything did."""

import argparse
import gc
import importlib
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.fuzz import losses
from tests.fuzz.cases import Case, Kinds, Step
from tests.fuzz.corpora import CORPORA
from tests.fuzz.datasets import DATASETS
from tests.fuzz.oracle import Fault, faults, snapshot
from tests.fuzz.processes import Outcome, in_fork, run_command
from tests.fuzz.runs import PREDICTIONS, RUNS
from tests.fuzz.scored_files import SCORED_FILES
from tests.fuzz.sheets import SHEETS

KINDS: Kinds = {
    "corpus": CORPORA,
    "score": SCORED_FILES,
    "sheet": SHEETS,
    "predictions": PREDICTIONS,
    "dataset": DATASETS,
    "runs": RUNS,
}
MEMORY_DISK = Path("/dev/shm")
ROOM = 2**30
"""Bytes that scratch folders may need."""
EARLY = (
    "kazstance.cli",
    "kazstance.corpus.build",
    "kazstance.review.bring_in",
    "kazstance.review.hand_out",
    "kazstance.benchmark.report",
    "kazstance.benchmark.baselines",
    "kazstance.explorer.page",
    "kazstance.publish.changes",
    "kazstance.stats.agreement",
    "kazstance.comparison",
    "pyarrow.parquet",
    "pyarrow.json",
    "pyarrow.csv",
    "scipy.stats",
    "rich.table",
    "nupunkt",
)
"""Modules that are imported once, before processes are forked."""


@dataclass(frozen=True)
class Found:
    """A case that was run: its mutations in words, what was wrong, and how many commands it ran, the slowest and the largest."""

    kind: str
    seed: int
    done: dict[int, str]
    faults: list[Fault]
    commands: int
    codes: list[int]
    seconds: float
    memory: int


def run_case(
    kind: str, seed: int, base: Path, kept: frozenset[int] | None = None, keep_in: Path | None = None
) -> Found:
    """Make a case in a scratch folder, run its commands, and judge them."""
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as scratch:
        folder = keep_in or Path(scratch)
        case = Case(seed, folder, base, kept)
        steps = _made(kind, case)
        found: list[Fault] = []
        outcomes: list[Outcome] = []
        for step in steps:
            if step.follows and outcomes and outcomes[-1].code:
                break
            earlier = outcomes[-1].out if outcomes else b""
            before = _inputs(folder)
            outcomes.append(run_command(step.argv, folder / "run"))
            found += faults(step, outcomes[-1], before, _inputs(folder), earlier)
            if step.check and not outcomes[-1].code:
                found += _losses(step.check, folder)
            if keep_in:
                _show(step, outcomes[-1])
    return Found(
        kind,
        seed,
        case.done,
        found,
        len(outcomes),
        [outcome.code for outcome in outcomes],
        max((outcome.seconds for outcome in outcomes), default=0),
        max((outcome.memory for outcome in outcomes), default=0),
    )


def _made(kind: str, case: Case) -> list[Step]:
    """The steps of a case, which a fork makes, since threads of Arrow would not outlive a fork of this process."""
    told = case.folder / "steps.json"

    def make() -> None:
        steps = KINDS[kind].make(case)
        told.write_text(json.dumps([case.done, [vars(step) for step in steps]]))

    in_fork(make, case.folder / "run")
    done, steps = json.loads(told.read_text())
    told.unlink()
    case.done = {int(i): how for i, how in done.items()}
    return [Step(**{**step, "writes": tuple(step["writes"])}) for step in steps]


def _losses(check: str, folder: Path) -> list[Fault]:
    """What a check finds, made in a fork since it reads with Arrow."""
    told = folder / "run" / "losses.json"
    in_fork(lambda: told.write_text(json.dumps(losses.find(check, folder))) and None, folder / "run" / "check")
    lost = json.loads(told.read_text())
    told.unlink()
    return [Fault(f"{check}: something is lost or another", "; ".join(lost[:3]))] if lost else []


def _inputs(folder: Path) -> dict[str, str]:
    """What lies in the folder of a case, without what commands print and without the folders that each process has."""
    own = {
        "run",
        *(
            f"run/{name}"
            for name in ("stdout", "stderr", "cwd", "home", "tmp", "check", "check/stdout", "check/stderr")
        ),
    }
    return {path: content for path, content in snapshot(folder).items() if path not in own}


def minimise(found: Found, base: Path) -> Found:
    """The same case with as few mutations as still show the first fault."""
    kept = frozenset(i for i in found.done if i >= 0)
    for i in sorted(kept):
        fewer = run_case(found.kind, found.seed, base, kept - {i})
        if found.faults[0].kind in {fault.kind for fault in fewer.faults}:
            kept, found = kept - {i}, fewer
    return found


def _one(task: tuple[str, int], bases: Path) -> Found:
    kind, seed = task
    base = bases / kind
    found = run_case(kind, seed, base)
    return minimise(found, base) if found.faults and len(found.done) > 1 else found


def _tasks(length: float, seed: int, kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    for kind in kinds:
        for i in range(max(1, round(KINDS[kind].count * length))):
            yield kind, seed + i


def _prepare(bases: Path, kinds: Sequence[str]) -> None:
    for kind in kinds:
        (bases / kind).mkdir()
        in_fork(partial(KINDS[kind].prepare, bases / kind), bases / f"{kind}.log")


def fastest_folder() -> str:
    """Where scratch folders go: in memory where there is room, since most of the time goes into making and removing them."""
    if MEMORY_DISK.is_dir() and os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free > ROOM:
        return str(MEMORY_DISK)
    return tempfile.gettempdir()


def _import_early() -> None:
    for name in EARLY:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    gc.collect()
    gc.freeze()


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "--length",
        type=float,
        default=1.0,
        help="of the run; 1 is {}".format(", ".join(f"{k.count} {n}" for n, k in KINDS.items())),
    )
    parser.add_argument("--seed", type=int, default=None, help="of the first case; without it, a random one")
    parser.add_argument("--kind", action="append", choices=sorted(KINDS), help="only this kind; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument(
        "--only", metavar="KIND:SEED[/MUTATIONS]", help="one case, shown; as it is printed for a failure"
    )
    asked = parser.parse_args()
    _import_early()
    tempfile.tempdir = fastest_folder()
    with tempfile.TemporaryDirectory(prefix="fuzz-base-") as scratch:
        bases = Path(scratch)
        if asked.only:
            return show_one(asked.only, bases)
        kinds = asked.kind or list(KINDS)
        seed = random.SystemRandom().randrange(10**6) * 10_000 if asked.seed is None else asked.seed
        print(f"seed {seed}, length {asked.length:g}; rerun with --seed {seed}", flush=True)
        _prepare(bases, kinds)
        return run_all(list(_tasks(asked.length, seed, kinds)), bases, asked.jobs)


def run_all(tasks: Sequence[tuple[str, int]], bases: Path, jobs: int) -> int:
    """Run cases in some processes, print each new kind of fault at once and all of them at the end."""
    groups: dict[str, list[Found]] = defaultdict(list)
    cases: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    commands = 0
    codes: Counter[tuple[str, int]] = Counter()
    slowest, largest = 0.0, 0
    began = time.monotonic()
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for found in pool.imap_unordered(partial(_one, bases=bases), tasks, chunksize=4):
            cases[found.kind] += 1
            failed[found.kind] += bool(found.faults)
            commands += found.commands
            for code in found.codes:
                codes[found.kind, code] += 1
            slowest, largest = max(slowest, found.seconds), max(largest, found.memory)
            for fault in found.faults:
                if fault.kind not in groups:
                    print(_told(found, fault), flush=True)
                groups[fault.kind].append(found)
    took = time.monotonic() - began
    for kind, group in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        print(f"{len(group):6}  {kind}  {' '.join(sorted({_name(found) for found in group}, key=len)[:4])}")
    for kind in cases:
        ends = ", ".join(f"{n} with {code}" for (k, code), n in sorted(codes.items()) if k == kind)
        print(f"{kind}: {cases[kind]} cases, {failed[kind]} of them with faults; commands ended {ends}")
    print(
        f"{sum(cases.values())} cases, {commands} commands in {took:.0f} s; at most {slowest:.1f} s and {largest >> 20} MB"
    )
    return int(any(failed.values()))


def _name(found: Found) -> str:
    """A case as `--only` takes it."""
    kept = ",".join(str(i) for i in sorted(found.done) if i >= 0)
    return f"{found.kind}:{found.seed}" + (f"/{kept}" if kept else "")


def _told(found: Found, fault: Fault) -> str:
    how = "".join(f"\n    {i}: {text}" for i, text in found.done.items())
    return f"FAULT {fault.kind}\n    {_name(found)}{how}\n    {fault.seen}"


def show_one(name: str, bases: Path) -> int:
    """Run a case, print the commands, what they print, and what was wrong, and leave its folder for a look."""
    kind, _, rest = name.partition(":")
    number, slash, numbers = rest.partition("/")
    _prepare(bases, [kind])
    kept = frozenset(map(int, numbers.split(","))) if slash else None
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{kind}-{number}-"))
    found = run_case(kind, int(number), bases / kind, kept, folder)
    for fault in found.faults:
        print(_told(found, fault))
    print(f"{len(found.faults)} faults; the folder is {folder}")
    return int(bool(found.faults))


def _show(step: Step, outcome: Outcome) -> None:
    print("$ kazstance", *(ascii(part) for part in step.argv))
    for text in (outcome.out, outcome.err):
        print(ascii(text.decode(errors="replace")[-2000:]).replace("\\n", "\n    "))
    print(f"exit code {outcome.code}, {outcome.seconds:.1f} s, {outcome.memory >> 20} MB")


if __name__ == "__main__":
    sys.exit(main())
