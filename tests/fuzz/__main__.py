"""python -m tests.fuzz: run hostile cases of all kinds, print what failed and with which seed, and end with 1 if anything did."""

import argparse
import contextlib
import gc
import importlib
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.fuzz.cases import Kinds
from tests.fuzz.corpora import CORPORA
from tests.fuzz.datasets import DATASETS
from tests.fuzz.processes import in_fork
from tests.fuzz.running import Found, minimise, run_case
from tests.fuzz.runs import PREDICTIONS, RUNS
from tests.fuzz.scored_files import SCORED_FILES
from tests.fuzz.sheets import SHEETS
from tests.fuzz.summary import Summary, shown, told

KINDS: Kinds = {
    "score": SCORED_FILES,
    "corpus": CORPORA,
    "sheet": SHEETS,
    "predictions": PREDICTIONS,
    "runs": RUNS,
    "dataset": DATASETS,
}
"""In the order of what their commands import, since a small process is quickly forked."""
MEMORY_DISK = Path("/dev/shm")
ROOM = 2**30
"""Bytes that scratch folders may need."""
STEP = 250
"""Cases after which progress is shown."""
MOST_UNMADE = 0.01
"""Share of the cases that the harness may be unable to make or check."""


def main() -> int:
    """Parse the command line and run."""
    asked = _parse()
    tempfile.tempdir = _fastest_folder()
    with tempfile.TemporaryDirectory(prefix="fuzz-base-") as scratch:
        if asked.only:
            return run_one(asked.only, Path(scratch))
        seed = random.SystemRandom().randrange(10**6) * 10_000 if asked.seed is None else asked.seed
        print(f"seed {seed}, length {asked.length:g}", flush=True)
        return run_all(asked.kind or list(KINDS), seed, asked.length, Path(scratch), asked.jobs)


def _parse() -> argparse.Namespace:
    numbers = ", ".join(f"{kind.count} {name}" for name, kind in KINDS.items())
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--length", type=float, default=1.0, help=f"of the run; 1 is {numbers}")
    parser.add_argument("--seed", type=int, help="of the first case, the others follow; without it, a random one")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only this kind; may be repeated")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="processes; without it, one for each processor"
    )
    parser.add_argument("--only", metavar="KIND:SEED[/MUTATIONS]", help="show one case, as it is named for a failure")
    return parser.parse_args()


def _fastest_folder() -> str:
    """Where scratch folders go: in memory where there is room, since making and removing them takes most of the time."""
    if MEMORY_DISK.is_dir() and os.access(MEMORY_DISK, os.W_OK) and shutil.disk_usage(MEMORY_DISK).free > ROOM:
        return str(MEMORY_DISK)
    return tempfile.gettempdir()


def run_all(names: Sequence[str], seed: int, length: float, bases: Path, jobs: int) -> int:
    """Run cases of some kinds, each kind in processes that have imported what it needs."""
    summary = Summary()
    began = time.monotonic()
    for name in names:
        _prepare(name, bases)
        seeds = range(seed, seed + max(1, round(KINDS[name].count * length)))
        with multiprocessing.get_context("fork").Pool(jobs) as pool:
            cases = pool.imap_unordered(partial(_run_small, name, base=bases / name), seeds, chunksize=2)
            for number, found in enumerate(cases, 1):
                summary.add(found)
                if number % STEP == 0 or number == len(seeds):
                    seconds = time.monotonic() - began
                    print(f"{name}: {number} of {len(seeds)} cases, {seconds:.0f} s", file=sys.stderr, flush=True)
    print(*summary.lines(time.monotonic() - began), sep="\n")
    return int(any(summary.failed.values()) or len(summary.unmade) > max(1, MOST_UNMADE * summary.cases.total()))


def _prepare(name: str, bases: Path) -> None:
    """Import what the commands of a kind import, and make what its cases start from."""
    for module in KINDS[name].modules:
        with contextlib.suppress(ModuleNotFoundError):  # it only takes longer then
            importlib.import_module(module)
    gc.collect()
    gc.freeze()
    (bases / name).mkdir()
    in_fork(partial(KINDS[name].prepare, bases / name), bases / f"{name}.log")


def _run_small(name: str, seed: int, base: Path) -> Found:
    """A case, made smaller if it fails."""
    found = run_case(name, KINDS[name], seed, base)
    return minimise(found, KINDS[name], base) if found.faults else found


def run_one(case: str, bases: Path) -> int:
    """Run a case, print its commands and what was wrong, and leave its folder for a look."""
    name, _, rest = case.partition(":")
    seed, slash, numbers = rest.partition("/")
    kept = frozenset(map(int, numbers.split(","))) if slash else None
    _prepare(name, bases)
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-{seed}-"))
    found = run_case(name, KINDS[name], int(seed), bases / name, kept, folder)
    print(*(shown(step.argv, outcome) for step, outcome in found.commands), sep="\n")
    print(*(told(found, fault) for fault in found.faults), f"{len(found.faults)} faults; see {folder}", sep="\n")
    return int(bool(found.faults))


if __name__ == "__main__":
    sys.exit(main())
