"""python -m benchmarks.loading: fresh processes, in turns: kazstance, datasets.load_dataset, typer alone; medians."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from kazstance.output.markdown import code, markdown_table

ROOT = Path(__file__).parents[1]
RUNS = 15
ARROW = "import kazstance; assert kazstance.table('stances', 'test').num_rows"
LOAD = "import datasets; assert datasets.load_dataset('build/hub', split='test').data.table.num_rows"
TYPER = """
import typer
from rich.console import Console
from rich.table import Table
app = typer.Typer()
@app.callback()
def options(debug: bool = False) -> None: ...
@app.command()
def show() -> None:
    Console().print(Table("column"))
app(["--help"])
"""
HELP = "from kazstance.cli import app; app(['--help'])"
PROGRAMS = {
    "bare interpreter": "pass",
    code("import kazstance"): "import kazstance",
    f"{code('--help')} of a program of typer and rich with one command": TYPER,
    code("kazstance --help"): HELP,
    "kazstance: stances test as Arrow": ARROW,
    "kazstance: stances test as records": "import kazstance; assert kazstance.load('stances', 'test')",
    "datasets.load_dataset: stances test as Arrow, cached": LOAD,
}


def seconds(program: str, env: dict[str, str]) -> float:
    """Wall time of a fresh process."""
    started = time.perf_counter()
    nowhere = subprocess.DEVNULL
    subprocess.run([sys.executable, "-c", program], check=True, env=env, cwd=ROOT, stdout=nowhere, stderr=nowhere)
    return time.perf_counter() - started


def main() -> None:
    """Measure in turns, print the table, and keep it."""
    with tempfile.TemporaryDirectory() as cache:
        env = os.environ | {"HF_HOME": cache, "HF_HUB_OFFLINE": "1"}
        times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for run in range(RUNS + 1):
            for name, program in PROGRAMS.items():
                elapsed = seconds(program, env)
                if run:  # the first round fills caches
                    times[name].append(elapsed)
    median = {name: statistics.median(found) for name, found in times.items()}
    rows = [
        [name, f"{1000 * t:.0f}", f"{1000 * min(times[name]):.0f}", f"{1000 * max(times[name]):.0f}"]
        for name, t in median.items()
    ]
    bare, own, tiny, shown, arrow, _, peer = median.values()
    page = [
        "# Loading, fresh processes",
        f"`python -m benchmarks.loading`, {RUNS} runs in turns; Python {platform.python_version()}, pyarrow "
        f"{version('pyarrow')}, datasets {version('datasets')}; {os.cpu_count()} cores.",
        markdown_table(["process", "median ms", "min", "max"], rows),
        f"`import kazstance` adds {1000 * (own - bare):.0f} ms to a bare interpreter; `kazstance --help` takes "
        f"{shown / tiny:.2f} times as long as the help of a program of typer and rich alone. From start to Arrow, "
        f"kazstance is {peer / arrow:.1f} times faster than `datasets.load_dataset`.",
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    (ROOT / "benchmarks" / "results" / "loading.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
