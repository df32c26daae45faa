"""python -m benchmarks.systems: shortcuts and baselines on all tasks and protocols; the report is committed."""

import re
import sys
from pathlib import Path
from typing import Any

from kazstance.benchmark import report
from kazstance.benchmark.baselines import BASELINES
from kazstance.benchmark.protocols import PROTOCOLS
from kazstance.benchmark.runs import run
from kazstance.benchmark.shortcuts import PANEL
from kazstance.benchmark.tasks import TASKS
from kazstance.export import write_file
from kazstance.publish.card import markdown_table, read_page

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
                scores = run(system, task, protocol, folders[-1], with_probes=task == "stance", say=lambda _: None)
                print(scores[0], flush=True)
        rows = report.rows(folders)
        write_file(report.to_markdown(rows).encode(), RESULTS / f"{task}.md")
        write_file(report.to_json(rows).encode(), RESULTS / f"{task}.json")
        if task == "stance":
            for page in ("README.md", "DATASET_CARD.md"):
                write_file(with_panel(read_page(ROOT / page), rows).encode(), ROOT / page)


def with_panel(page: str, rows: list[dict[str, Any]]) -> str:
    """A page with the headline of each system and protocol, and its lift over the best shortcut, made anew."""
    header = ["system", *dict.fromkeys(f"{row['protocol']}, {part}" for row in rows for part in ("wts", "lift"))]
    lines: dict[str, list[str]] = {}
    for row in rows:
        name = f"*{row['system']}*" if row["shortcut"] else row["system"]
        lift = _cell(row["lift"]) if row["lift"] else "best shortcut"
        lines.setdefault(name, [name]).extend([_cell(row["scores"]["wts"]), lift])
    table = markdown_table(header, lines.values())
    return re.sub(
        r"(<!-- panel -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{table}\n{found[2]}", page, flags=re.DOTALL
    )


def _cell(found: list[float]) -> str:
    return "{:.2f} [{:.2f}, {:.2f}]".format(*found)


if __name__ == "__main__":
    main()
