"""python -m benchmarks.systems: shortcuts and baselines on all tasks and protocols; the report is committed."""

import sys
from pathlib import Path

from kazstance.benchmark import report
from kazstance.benchmark.baselines import BASELINES
from kazstance.benchmark.protocols import PROTOCOLS
from kazstance.benchmark.runs import run
from kazstance.benchmark.shortcuts import PANEL
from kazstance.benchmark.tasks import TASKS
from kazstance.export import write_file

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "build" / "runs"
RESULTS = ROOT / "benchmarks" / "results"


def main() -> None:
    """Run what is not there yet, and write the report of each task."""
    for task in sys.argv[1:] or TASKS:
        folders = []
        for protocol in PROTOCOLS:
            for system in (*PANEL, *BASELINES):
                folders.append(RUNS / task / protocol / system.replace(" ", "_"))
                print(run(system, task, protocol, folders[-1], say=lambda _: None)[0], flush=True)
        rows = report.rows(folders)
        write_file(report.to_markdown(rows).encode(), RESULTS / f"{task}.md")
        write_file(report.to_json(rows).encode(), RESULTS / f"{task}.json")


if __name__ == "__main__":
    main()
