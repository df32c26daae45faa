"""Runs side by side: differences with paired intervals, and a page with every score as lift over the best shortcut."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from kazstance import dataset, export
from kazstance.benchmark.protocols import PROTOCOLS
from kazstance.benchmark.runs import TARGET, Finished, reload
from kazstance.benchmark.shortcuts import PANEL
from kazstance.benchmark.tasks import TASKS
from kazstance.errors import KazstanceError
from kazstance.publish.card import markdown_table
from kazstance.scoring import METRICS, Difference, compare, effective_size, holm, score

SHORTCUTS: Final = (*PANEL, "lexicon", "target-blind TF-IDF", "target-blind minilm")
"""Systems that do not read, or do not look at the target."""


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
    if len({(found.run.task, found.run.protocol) for found in runs}) != 1 or not runs[1:]:
        raise KazstanceError("expected two or more runs of one task and protocol")
    name = metric or runs[0].task.headline
    pairs = list(combinations(runs, 2))
    found = [compare(one.counts, other.counts, name) for one, other in pairs]
    corrected = holm([difference.p for difference in found])
    return [
        Comparison(one.run.system, other.run.system, name, difference, p)
        for (one, other), difference, p in zip(pairs, found, corrected, strict=True)
    ]


def rows(folders: Iterable[Path], *, data: Path = dataset.SHIPPED) -> list[dict[str, Any]]:
    """The scores of runs, each with its lift over the best shortcut of its task and protocol.

    Raises:
        KazstanceError: a folder holds no finished run on these data.
    """
    runs = sorted((reload(folder, data=data) for folder in folders), key=_order)
    found = []
    for finished in runs:
        this, task, counts = finished.run, finished.task, finished.counts
        peers = [peer for peer in runs if (peer.run.task, peer.run.protocol) == (this.task, this.protocol)]
        best = max((peer for peer in peers if peer.run.system in SHORTCUTS), key=_headline, default=None)
        scores = {metric: score(counts, metric, signature=this.signature) for metric in task.metrics}
        lift = compare(counts, best.counts, task.headline) if best and best is not finished else None
        found.append(
            {
                "system": this.system,
                "task": this.task,
                "protocol": this.protocol,
                "shortcut": this.system in SHORTCUTS,
                "n": counts.n,
                "D": effective_size(counts.total),
                "scores": {name: (s.value, s.low, s.high) for name, s in scores.items()},
                "within": {w: _headline_of(finished, w) for w in finished.strata if w != TARGET},
                "target_interval": (scores[task.headline].target_low, scores[task.headline].target_high),
                "best_shortcut": best and best.run.system,
                "contrast": {g.kind: (g.value, g.low, g.high, g.n) for g in finished.contrast},
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
        sets = [f"contrast by {kind} (n = {group[3]})" for kind, group in rows[0]["contrast"].items()]
        others = [f"within {within} (D = {figure[3]:.0f})" for within, figure in rows[0]["within"].items()]
        header = ["system", *rows[0]["scores"], "targets, 95 %", *others, *sets, "lift"]
        facts = f"n = {rows[0]['n']}, D = {rows[0]['D']:.1f}"
        parts += [f"## {task} · {protocol}", facts, markdown_table(header, map(_line, rows))]
    return "\n\n".join(parts) + "\n"


def to_json(found: Sequence[dict[str, Any]]) -> str:
    """Scores as JSON; what is undefined is null."""
    return export.to_json(found) + "\n"


def _order(found: Finished) -> tuple[int, int, bool, str]:
    this = found.run
    return list(TASKS).index(this.task), PROTOCOLS.index(this.protocol), this.system not in SHORTCUTS, this.system


def _headline_of(found: Finished, within: str) -> tuple[float, float, float, float]:
    """The headline within other strata, with its interval and effective size."""
    counts = found.strata[within]
    figure = score(counts, found.task.headline)
    return figure.value, figure.low, figure.high, effective_size(counts.total)


def _headline(found: Finished) -> float:
    value = float(METRICS[found.task.headline](found.counts.total))
    return -math.inf if math.isnan(value) else value


def _line(row: dict[str, Any]) -> list[str]:
    """A row of a table of scores."""
    scores = [_cell(found) for found in row["scores"].values()]
    contrast = [_cell(found[:3]) for found in row["contrast"].values()]
    others = [_cell(found[:3]) for found in row["within"].values()]
    return [_name(row), *scores, _span(row["target_interval"]), *others, *contrast, _lift(row)]


def _name(row: dict[str, Any]) -> str:
    return f"*{row['system']}*" if row["shortcut"] else str(row["system"])


def _cell(found: Sequence[float]) -> str:
    value, low, high = found
    return "" if math.isnan(value) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _span(found: Sequence[float]) -> str:
    return "" if math.isnan(found[0]) else f"[{found[0]:.2f}, {found[1]:.2f}]"


def _lift(row: dict[str, Any]) -> str:
    return _cell(row["lift"]) if row["lift"] else "best shortcut"
