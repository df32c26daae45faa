"""python -m benchmarks.history: `Dataset.why` and the `why` of version 0.3.0, by CPU time, in fresh processes."""

import os
import platform
import statistics
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

from kazstance.output.markdown import code, markdown_table

ROOT = Path(__file__).parents[1]
OLD = "4865e91"
"""The commit of version 0.3.0."""
RUNS, CALLS = 5, 10
LABEL = ("pr_collective/16/2", "west_wants_calm")
TIMED = """
import json, time
times = []
for _ in range({calls}):
    started = time.process_time()
    found = {call}
    times.append(time.process_time() - started)
    assert found.cell.target_id == {label[1]!r} and found.judgements
print(json.dumps(times))
"""
WHY_OLD = "import pyarrow.parquet\nfrom kazstance.history import history\n"
WHY = """
import pyarrow.acero, pyarrow.compute, pyarrow.dataset
import kazstance.dataset.history, kazstance.input.parquet, kazstance.schema.columns, kazstance.schema.records
dataset = kazstance.open()
"""


def seconds(program: str, package: Path) -> list[float]:
    """How long each call took in a fresh process that imports a version of the package; imports are not counted."""
    env = os.environ | {"PYTHONPATH": str(package)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=True, env=env, cwd=package, capture_output=True, text=True)
    times: list[float] = [float(part) for part in done.stdout.strip("[]\n").split(",")]
    return times


def main() -> None:
    """Measure in turns, print the table, and keep it."""
    first: dict[str, list[float]] = {"0.3.0": [], "now": []}
    later: dict[str, list[float]] = {"0.3.0": [], "now": []}
    with tempfile.TemporaryDirectory() as old:
        command = ["git", "archive", "--format=tar", OLD, "kazstance"]
        archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(old, filter="data")
        programs = {
            "0.3.0": (WHY_OLD + TIMED.format(call=f"history{LABEL}", label=LABEL, calls=2), Path(old)),
            "now": (WHY + TIMED.format(call=f"dataset.why{LABEL}", label=LABEL, calls=CALLS), ROOT),
        }
        for _ in range(RUNS):
            for name, program in programs.items():
                times = seconds(*program)
                first[name].append(times[0])
                later[name] += times[1:]
    rows = [
        [what, *(f"{1000 * statistics.median(times[name]):.1f}" for name in times), f"{_ratio(times):.0f}"]
        for what, times in (("first call of a process", first), ("later calls", later))
    ]
    page = [
        "# The history of a label",
        f"`python -m benchmarks.history`: {code('Dataset.why')} beside {code('kazstance.history')} of version 0.3.0, "
        f"the label of {code(LABEL[0])} on {code(LABEL[1])}, {RUNS} fresh processes of each in turns; imports are not "
        "counted. "
        f"Python {platform.python_version()}, pyarrow {version('pyarrow')}; {os.cpu_count()} cores.",
        markdown_table(["", "0.3.0, median CPU ms", "now, median CPU ms", "times as fast"], rows),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    (ROOT / "benchmarks" / "results" / "history.md").write_text(text, encoding="utf-8")


def _ratio(times: dict[str, list[float]]) -> float:
    return statistics.median(times["0.3.0"]) / statistics.median(times["now"])


if __name__ == "__main__":
    main()
