"""python -m benchmarks.systems [--ngrams] [TASK…]: systems on all tasks and protocols; the reports are committed.

Runs are in build/runs, are resumed fold by fold, and kept where they are finished: what has changed since is printed;
remove a run's folder to run it again. Fine-tuning takes torch: where it is not installed, its runs
are in the report if an environment with the extra `finetune` has made them before. The n-gram SVM and its counterparts
are run with --ngrams; the committed reports are without them. Systems whose weights others have are awaited: the panels
show a line for each of them, which is empty until somebody puts its runs into build/runs (docs/benchmark.md says how).
"""

import importlib.util
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from math import nan
from pathlib import Path
from statistics import fmean
from typing import Final

import kazstance
from kazstance._benchmark import Benchmark
from kazstance.bench.protocols import PROTOCOLS
from kazstance.bench.report import side_by_side, to_json, to_markdown
from kazstance.bench.result import Result, with_lift
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


AWAITED: Final = {
    "roberta-large, 5 seeds": "FacebookAI/roberta-large",
    "Qwen2.5-7B-Instruct, asked": "Qwen/Qwen2.5-7B-Instruct",
}
"""Systems that nobody has run, and whose weights each needs; its runs are in the folder of its name, one a seed."""
NONE: Final = "—"
"""What is shown in place of a score that nobody has computed."""
Part = tuple[Callable[[Result], str], Callable[[Result], float]]
"""A figure of a result, as text and as a number."""
WTS: Final[Part] = (
    lambda result: result.scores["wts"].text(with_reason=False),
    lambda result: result.scores["wts"].value,
)


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
            more = {name: awaited_runs(name, benches, results) for name in AWAITED}
            for page in ("README.md", "DATASET_CARD.md"):
                write_file(with_panel(read_page(ROOT / page), rows, more).encode(), ROOT / page)


def awaited_runs(name: str, benches: Mapping[str, Benchmark], others: Sequence[Result]) -> list[Result]:
    """The runs of an awaited system on all protocols that others have made, with their lift; none if there are none."""
    folders = {p: sorted(file.parent for file in place(name, "stance", p).glob(f"*/{SCORES}")) for p in benches}
    return [with_lift(benches[p].load(folder), others) for p, found in folders.items() for folder in found]


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


def with_panel(page: str, results: list[Result], awaited: Mapping[str, Sequence[Result]]) -> str:
    """A page with its panels made anew: the whole one, and one of scores alone, short enough for the first page."""
    headline = [result for result in results if result.run.protocol == HEADLINE]
    first = sorted(headline, key=lambda result: result.scores["wts"].value, reverse=True)[:SHORT]
    short = [result for one in first for result in results if result.system == one.system]
    lift: Part = (lambda result: result.lift_text, lambda result: result.lift.value if result.lift else nan)
    page = _replaced(page, "panel", _table(results, {"wts": WTS, "lift": lift}, awaited))
    return _replaced(page, "short panel", _table(short, {"": WTS}, awaited))


def _table(results: list[Result], parts: Mapping[str, Part], awaited: Mapping[str, Sequence[Result]]) -> str:
    """A line for each system, with some cells for each protocol; last the awaited ones."""
    protocols = list(dict.fromkeys(result.run.protocol for result in results))
    cells: dict[str, dict[str, list[str]]] = {}
    for result in results:
        name = emphasis(result.system) if result.is_shortcut else result.system
        cells.setdefault(name, {})[result.run.protocol] = [text(result) for text, _ in parts.values()]
    header = ["system", *(f"{protocol}, {part}" if part else protocol for protocol in protocols for part in parts)]
    empty = [""] * len(parts)
    lines = [[name, *(c for p in protocols for c in found.get(p, empty))] for name, found in cells.items()]
    lines += [awaited_line(name, runs, protocols, list(parts.values())) for name, runs in awaited.items()]
    return markdown_table(header, lines)


def awaited_line(name: str, runs: Sequence[Result], protocols: Sequence[str], parts: Sequence[Part]) -> list[str]:
    """The line of an awaited system: what it needs as long as it has no runs, then the mean and range over its runs."""
    if not runs:
        cells = [f"{NONE} not run: needs the weights of {AWAITED[name]}"]
        return [name, *cells, *[NONE] * (len(protocols) * len(parts) - 1)]
    return [name, *(_over([run for run in runs if run.run.protocol == p], part) for p in protocols for part in parts)]


def _over(runs: Sequence[Result], part: Part) -> str:
    """A figure over runs: that of a single one with its interval, otherwise the mean, with the lowest and highest."""
    text, value = part
    if len(runs) < 2:  # noqa: PLR2004
        return text(runs[0]) if runs else NONE
    values = [value(run) for run in runs]
    return f"{fmean(values):.2f}, {min(values):.2f} to {max(values):.2f}"


def _replaced(page: str, name: str, table: str) -> str:
    """A page with the table between the comments of a name."""
    block = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    return re.sub(block, lambda found: f"{found[1]}{table}\n{found[2]}", page, flags=re.DOTALL)


if __name__ == "__main__":
    main()
