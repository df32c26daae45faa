"""python -m benchmarks.systems [TASK…]: shortcuts and baselines on all tasks and protocols; the reports are committed.

Runs stand in build/runs, are resumed fold by fold, and kept where they are finished: what has changed since is printed;
remove a run's folder to run it again. Fine-tuning takes torch: where it is not installed, its runs
stand in the report if an environment with the extra `finetune` has made them before.
"""

import importlib.util
import re
import sys
import time
from pathlib import Path
from typing import Any, Final

from kazstance.bench import report
from kazstance.bench.protocols import PROTOCOLS
from kazstance.bench.run_folder import SCORES
from kazstance.bench.runs import run
from kazstance.bench.shortcuts import PANEL
from kazstance.bench.tasks import TASKS
from kazstance.models.baselines import BASELINES
from kazstance.output.files import write_file
from kazstance.output.markdown import emphasis, markdown_table
from kazstance.publish.card import read_page
from kazstance.stats.estimate import Estimate

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "build" / "runs"
RESULTS = ROOT / "benchmarks" / "results"
FINETUNED: Final = "finetune:minilm"
"""The MiniLM checkpoint, fine-tuned with the default settings; on task stance alone, for it takes minutes a fold."""


def main() -> None:
    """Run what is not there yet, and write the report of each task."""
    for task in sys.argv[1:] or TASKS:
        jobs = [(system, protocol) for protocol in PROTOCOLS for system in systems(task, protocol)]
        for number, (system, protocol) in enumerate(jobs, 1):
            begun = time.monotonic()
            with_probes = task == "stance" and system != FINETUNED  # probes train each fold once more
            out = place(system, task, protocol)
            found = run(system, task, protocol, out, with_probes=with_probes, existing="reuse", say=_say_if_reused)[0]
            print(f"{number} of {len(jobs)}, {time.monotonic() - begun:.0f} s: {found}", flush=True)
        rows = report.rows([place(system, task, protocol) for system, protocol in jobs])
        write_file(report.to_markdown(rows).encode(), RESULTS / f"{task}.md")
        write_file(report.to_json(rows).encode(), RESULTS / f"{task}.json")
        if task == "stance":
            for page in ("README.md", "DATASET_CARD.md"):
                write_file(with_panel(read_page(ROOT / page), rows).encode(), ROOT / page)


def _say_if_reused(line: str) -> None:
    """Print from when a run is that is kept, and what has changed since."""
    if line.startswith("reused"):
        print(line)


def place(system: str, task: str, protocol: str) -> Path:
    """The folder of a run."""
    return RUNS / task / protocol / system.replace(" ", "_")


def systems(task: str, protocol: str) -> list[str]:
    """What is run on a task under a protocol: fine-tuning where torch is, or where it was run before."""
    found = [*PANEL, *BASELINES]
    if task == "stance":
        has_torch = importlib.util.find_spec("torch") is not None
        made = (place(FINETUNED, task, protocol) / SCORES).is_file()
        found += [FINETUNED] if has_torch or made else []
    return found


def with_panel(page: str, rows: list[dict[str, Any]]) -> str:
    """A page with the headline of each system and protocol, and its lift over the best shortcut, made anew."""
    protocols = list(dict.fromkeys(row["protocol"] for row in rows))
    cells: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        name = emphasis(row["system"]) if row["shortcut"] else row["system"]
        cells.setdefault(name, {})[row["protocol"]] = [
            str(Estimate.from_numbers(row["scores"]["wts"])),
            report.lift_cell(row),
        ]
    header = ["system", *(f"{protocol}, {part}" for protocol in protocols for part in ("wts", "lift"))]
    lines = [[name, *(c for p in protocols for c in found.get(p, ["", ""]))] for name, found in cells.items()]
    table = markdown_table(header, lines)
    return re.sub(
        r"(<!-- panel -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{table}\n{found[2]}", page, flags=re.DOTALL
    )


if __name__ == "__main__":
    main()
