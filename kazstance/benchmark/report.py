"""Runs side by side: differences with paired intervals, and a page with every score as lift over the best shortcut."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from kazstance import dataset
from kazstance.benchmark.protocols import PROTOCOLS
from kazstance.benchmark.runs import Run, reload
from kazstance.benchmark.shortcuts import PANEL
from kazstance.benchmark.tasks import TASKS, Task
from kazstance.errors import KazstanceError
from kazstance.publish.card import markdown_table
from kazstance.scoring import METRICS, Confusion, Difference, compare, effective_size, holm, score

SHORTCUTS: Final = (*PANEL, "lexicon", "target-blind TF-IDF")
"""Systems that do not read, or do not look at the target."""
Loaded = tuple[Run, Task, Confusion]


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same task and protocol, and how far they are apart."""

    one: str
    other: str
    metric: str
    difference: Difference
    corrected: float


def compare_runs(
    folders: Sequence[Path], metric: str | None = None, *, data: Path = dataset.SHIPPED
) -> list[Comparison]:
    """All pairs of runs, on the same resamples, with p-values corrected for their number (Holm).

    Raises:
        KazstanceError: the runs are not of one task and protocol, or fewer than two.
    """
    runs = [reload(folder, data=data) for folder in folders]
    if len({(run.task, run.protocol) for run, _, _ in runs}) != 1 or not runs[1:]:
        raise KazstanceError("expected two or more runs of one task and protocol")
    name = metric or runs[0][1].headline
    pairs = list(combinations(runs, 2))
    found = [compare(one[2], other[2], name) for one, other in pairs]
    corrected = holm([difference.p for difference in found])
    return [
        Comparison(one[0].system, other[0].system, name, difference, p)
        for (one, other), difference, p in zip(pairs, found, corrected, strict=True)
    ]


def rows(folders: Iterable[Path], *, data: Path = dataset.SHIPPED) -> list[dict[str, Any]]:
    """The scores of runs, each with its lift over the best shortcut of its task and protocol.

    Raises:
        KazstanceError: a folder holds no finished run on these data.
    """
    runs = sorted((reload(folder, data=data) for folder in folders), key=_order)
    found = []
    for this, task, counts in runs:
        peers = [run for run in runs if (run[0].task, run[0].protocol) == (this.task, this.protocol)]
        best = max((run for run in peers if run[0].system in SHORTCUTS), key=_headline, default=None)
        scores = {metric: score(counts, metric, signature=this.signature) for metric in task.metrics}
        lift = compare(counts, best[2], task.headline) if best and best[0] != this else None
        found.append(
            {
                "system": this.system,
                "task": this.task,
                "protocol": this.protocol,
                "shortcut": this.system in SHORTCUTS,
                "n": counts.n,
                "D": effective_size(counts.total),
                "scores": {name: (s.value, s.low, s.high) for name, s in scores.items()},
                "target_interval": (scores[task.headline].target_low, scores[task.headline].target_high),
                "best_shortcut": best and best[0].system,
                "lift": lift and (lift.value, lift.low, lift.high),
                "signature": str(scores[task.headline]),
            }
        )
    return found


def to_markdown(found: Sequence[dict[str, Any]]) -> str:
    """Scores as a page: a table for each task and protocol, shortcuts first."""
    parts = ["# Benchmark", "Shortcuts read no text or ignore the target; *lift* is over the best of them."]
    for task, protocol in dict.fromkeys((row["task"], row["protocol"]) for row in found):
        rows = [row for row in found if (row["task"], row["protocol"]) == (task, protocol)]
        names = [name for name in TASKS[task].metrics if name in rows[0]["scores"]]
        header = ["system", *names, "targets, 95 %", "lift"]
        table = [
            [_name(row), *(_cell(row["scores"][n]) for n in names), _span(row["target_interval"]), _lift(row)]
            for row in rows
        ]
        parts += [
            f"## {task} · {protocol}",
            f"n = {rows[0]['n']}, D = {rows[0]['D']:.1f}",
            markdown_table(header, table),
        ]
    return "\n\n".join(parts) + "\n"


def to_json(found: Sequence[dict[str, Any]]) -> str:
    """Scores as JSON; what is undefined is null."""
    return json.dumps(found, indent=1, ensure_ascii=False).replace("NaN", "null") + "\n"


def _order(run: Loaded) -> tuple[int, int, bool, str]:
    this = run[0]
    return list(TASKS).index(this.task), PROTOCOLS.index(this.protocol), this.system not in SHORTCUTS, this.system


def _headline(run: Loaded) -> float:
    value = float(METRICS[run[1].headline](run[2].total))
    return -math.inf if math.isnan(value) else value


def _name(row: dict[str, Any]) -> str:
    return f"*{row['system']}*" if row["shortcut"] else str(row["system"])


def _cell(found: Sequence[float]) -> str:
    value, low, high = found
    return "" if math.isnan(value) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _span(found: Sequence[float]) -> str:
    return "" if math.isnan(found[0]) else f"[{found[0]:.2f}, {found[1]:.2f}]"


def _lift(row: dict[str, Any]) -> str:
    return _cell(row["lift"]) if row["lift"] else "best shortcut"
