"""python -m benchmarks.loading: fresh processes, in turns: kazstance, what it rests on, and datasets.load_dataset."""

import os
import platform
import statistics
import tempfile
from importlib.metadata import version

from benchmarks.timing import keep, process
from kazstance.output.markdown import code, markdown_table

RUNS = 9
FILE = "kazstance/data/stances/test.parquet"
ARROW = "import kazstance; assert kazstance.table('stances', 'test').num_rows"
PARQUET = f"import pyarrow.parquet as pq; assert pq.ParquetFile('{FILE}').read().num_rows"
POLARS = f"import polars; assert polars.read_parquet('{FILE}').height"
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
    "floor: the file by pyarrow alone": PARQUET,
    "the file by polars alone": POLARS,
    "kazstance: stances test as records": "import kazstance; assert kazstance.load('stances', 'test')",
    "datasets.load_dataset: stances test as Arrow, cached": LOAD,
}


def main() -> None:
    """Measure in turns, print the table, and keep it."""
    with tempfile.TemporaryDirectory() as cache:
        env = os.environ | {"HF_HOME": cache, "HF_HUB_OFFLINE": "1"}
        times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
        for run in range(RUNS + 1):
            for name, program in PROGRAMS.items():
                elapsed, _ = process(program, env=env)
                if run:  # the first round fills caches
                    times[name].append(elapsed)
    median = {name: statistics.median(found) for name, found in times.items()}
    rows = [
        [name, f"{1000 * t:.0f}", f"{1000 * min(times[name]):.0f}", f"{1000 * max(times[name]):.0f}"]
        for name, t in median.items()
    ]
    bare, own, tiny, shown, arrow, floor, _, _, peer = median.values()
    page = [
        "# Loading, fresh processes",
        f"`python -m benchmarks.loading`, CPU time of {RUNS} runs in turns; Python {platform.python_version()}, "
        f"pyarrow {version('pyarrow')}, polars {version('polars')}, datasets {version('datasets')}; "
        f"{os.cpu_count()} cores.",
        markdown_table(["process", "median CPU ms", "min", "max"], rows),
        f"`import kazstance` adds {1000 * (own - bare):.0f} ms to a bare interpreter; `kazstance --help` takes "
        f"{shown / tiny:.2f} times as long as the help of a program of typer and rich alone. From start to Arrow, "
        f"kazstance is {peer / arrow:.1f} times faster than `datasets.load_dataset` and takes {arrow / floor:.2f} "
        "times as long as reading the file by pyarrow alone.",
    ]
    keep("loading", page)


if __name__ == "__main__":
    main()
