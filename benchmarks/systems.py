"""python -m benchmarks.systems [--ngrams] [TASK…]: systems on all tasks and protocols; the reports are committed.

Runs are in build/runs, are resumed fold by fold, and kept where they are finished: what has changed since is printed;
remove a run's folder to run it again. Fine-tuning takes torch: where it is not installed, its runs
are in the report if an environment with the extra `finetune` has made them before. The n-gram SVM and its counterparts
are run with --ngrams; the committed reports are without them.
"""

import importlib.util
import re
import sys
import time
from collections.abc import Callable, Mapping
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
HEADLINE: Final = "cross_source"
"""The protocol by which the systems of the short panel are chosen and ordered."""
SHORT: Final = 8
"""Systems in the short panel."""
WITH_NGRAMS: Final = "--ngrams"
FINETUNED: Final = "finetune:minilm"
"""The MiniLM checkpoint, fine-tuned with the default settings; on task stance alone, for it takes minutes a fold."""


def main() -> None:
    """Run what is not there yet, and write the report of each task."""
    dataset = kazstance.open()
    for task in [argument for argument in sys.argv[1:] if argument != WITH_NGRAMS] or TASKS:
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
    found = [name for name in (*PANEL, *BASELINES) if WITH_NGRAMS in sys.argv or not name.endswith("n-gram SVM")]
    if task == "stance":
        has_torch = importlib.util.find_spec("torch") is not None
        made = (place(FINETUNED, task, protocol) / SCORES).is_file()
        found += [FINETUNED] if has_torch or made else []
    return found


def with_panel(page: str, results: list[Result]) -> str:
    """A page with its panels made anew: the whole one, and one of scores alone, short enough for the first page."""
    headline = [result for result in results if result.run.protocol == HEADLINE]
    first = sorted(headline, key=lambda result: result.scores["wts"].value, reverse=True)[:SHORT]
    short = [result for one in first for result in results if result.system == one.system]
    page = _replaced(page, "panel", _table(results, {"wts": _score, "lift": lambda result: result.lift_text}))
    return _replaced(page, "short panel", _table(short, {"": _score}))


def _score(result: Result) -> str:
    return result.scores["wts"].text(with_reason=False)


def _table(results: list[Result], parts: Mapping[str, Callable[[Result], str]]) -> str:
    """A line for each system, with some cells for each protocol."""
    protocols = list(dict.fromkeys(result.run.protocol for result in results))
    cells: dict[str, dict[str, list[str]]] = {}
    for result in results:
        name = emphasis(result.system) if result.is_shortcut else result.system
        cells.setdefault(name, {})[result.run.protocol] = [cell(result) for cell in parts.values()]
    header = ["system", *(f"{protocol}, {part}" if part else protocol for protocol in protocols for part in parts)]
    empty = [""] * len(parts)
    return markdown_table(
        header, [[name, *(c for p in protocols for c in found.get(p, empty))] for name, found in cells.items()]
    )


def _replaced(page: str, name: str, table: str) -> str:
    """A page with the table between the comments of a name."""
    block = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    return re.sub(block, lambda found: f"{found[1]}{table}\n{found[2]}", page, flags=re.DOTALL)


if __name__ == "__main__":
    main()
