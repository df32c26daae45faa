"""CPU time of calls and processes, side by side: on a machine that others use too, wall time would measure them."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kazstance.output.files import write_file

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def cpu_seconds(function: Callable[[], object], runs: int = 5) -> float:
    """Median CPU seconds of some calls, threads included."""
    return in_turns({"": function}, runs)[""]


def in_turns(functions: Mapping[str, Callable[[], object]], runs: int = 5) -> dict[str, float]:
    """Median CPU seconds of each function, called in turns so that a busy moment does not hit one alone."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(runs):
        for name, function in functions.items():
            started = time.process_time()
            function()
            times[name].append(time.process_time() - started)
    return {name: statistics.median(found) for name, found in times.items()}


def process(program: str, *arguments: str, **settings: Any) -> tuple[float, float]:
    """CPU seconds of a fresh Python process with its children, and its peak memory in MiB."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL, "
        "stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    command = [sys.executable, "-c", code, program, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, **settings)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def peak_memory() -> float:
    """Peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def keep(name: str, parts: list[str]) -> None:
    """Print a page and keep it among the results."""
    text = "\n\n".join(parts) + "\n"
    print(text)
    write_file(text.encode(), RESULTS / f"{name}.md")
