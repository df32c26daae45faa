"""python -m benchmarks.systems [TASK…]: shortcuts and baselines on all tasks and protocols; the reports are committed.

Runs are in build/runs, are resumed fold by fold, and kept where they are finished: what has changed since is printed;
remove a run's folder to run it again. Fine-tuning takes torch: where it is not installed, its runs
are in the report if an environment with the extra `finetune` has made them before.
"""

import importlib.util
import re
import sys
import time
from pathlib import Path
from typing import Final

import kazstance
from kazstance.bench.protocols import PROTOCOLS
from kazstance.bench.report import side_by_side, to_json, to_markdown
from kazstance.bench.result import Result
from kazstance.bench.run_folder import SCORES
from kazstance.bench.shortcuts import PANEL
from kazstance.bench.tasks import TASKS
from kazstance.models.baselines import BASELINES
from kazstance.output.files import write_file
from kazstance.output.markdown import emphasis, markdown_table
from kazstance.publish.card import read_page

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "build" / "runs"
RESULTS = ROOT / "benchmarks" / "results"
FINETUNED: Final = "finetune:minilm"
"""The MiniLM checkpoint, fine-tuned with the default settings; on task stance alone, for it takes minutes a fold."""


def main() -> None:
    """Run what is not there yet, and write the report of each task."""
    dataset = kazstance.open()
    for task in sys.argv[1:] or TASKS:
        benches = {protocol: dataset.bench(task, protocol) for protocol in PROTOCOLS}
        jobs = [(system, protocol) for protocol in PROTOCOLS for system in systems(task, protocol)]
        results = []
        for number, (system, protocol) in enumerate(jobs, 1):
            begun = time.monotonic()
            probes = task == "stance" and system != FINETUNED  # they train each fold once more
            out = place(system, task, protocol)
            bench = benches[protocol]
            results.append(bench.run(system, out, probes=probes, shortcuts=False, existing="reuse", say=_say_if_reused))
            print(f"{number} of {len(jobs)}, {time.monotonic() - begun:.0f} s: {results[-1].signature}", flush=True)
        rows = side_by_side(results)
        write_file(to_markdown(rows).encode(), RESULTS / f"{task}.md")
        write_file(to_json(rows).encode(), RESULTS / f"{task}.json")
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


def with_panel(page: str, results: list[Result]) -> str:
    """A page with the headline of each system and protocol, and its lift over the best shortcut, made anew."""
    protocols = list(dict.fromkeys(result.run.protocol for result in results))
    cells: dict[str, dict[str, list[str]]] = {}
    for result in results:
        name = emphasis(result.system) if result.is_shortcut else result.system
        cells.setdefault(name, {})[result.run.protocol] = [
            result.scores["wts"].text(with_reason=False),
            result.lift_text,
        ]
    header = ["system", *(f"{protocol}, {part}" for protocol in protocols for part in ("wts", "lift"))]
    lines = [[name, *(c for p in protocols for c in found.get(p, ["", ""]))] for name, found in cells.items()]
    table = markdown_table(header, lines)
    return re.sub(
        r"(<!-- panel -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{table}\n{found[2]}", page, flags=re.DOTALL
    )


if __name__ == "__main__":
    main()
