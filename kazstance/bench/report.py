"""Runs side by side: differences with paired intervals, and a page with every score as lift over the best shortcut."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from kazstance import dataset
from kazstance.bench import family
from kazstance.bench.breakdowns import PARTS, PartScore
from kazstance.bench.protocols import PROTOCOLS
from kazstance.bench.result import TARGET, Finished, read_run, reload
from kazstance.bench.shortcuts import PANEL
from kazstance.bench.tasks import TASKS
from kazstance.errors import KazstanceError
from kazstance.metrics import METRICS, get_metric
from kazstance.output import plain_json
from kazstance.output.markdown import emphasis, markdown_table, plain, strong
from kazstance.stats.estimate import UNDEFINED, Estimate, number_text
from kazstance.stats.metrics import effective_size
from kazstance.stats.paired import Difference, compare, holm
from kazstance.stats.scores import Score, score, score_all

SHORTCUTS: Final = (*PANEL, "lexicon", "target-blind TF-IDF", "target-blind minilm")
"""Systems that do not read, or do not look at the target."""
NO_SHORTCUT: Final = "no shortcut among the runs"
"""What stands in place of a lift where there is nothing to compare with."""
BEST_SHORTCUT: Final = "best shortcut"
"""What stands in its place for the shortcut that the others are compared with."""
PROBED: Final = {
    "mask": "Names of organisations, places and persons are hidden; the label stays as it is.",
    "swap": "Rows of one sentence on two targets with different labels: whoever ignores the target changes no answer.",
    "mirror": "A track of consistency, no part of any score: rows on claims, shown on their contradictories too. "
    "The reader judged those blind: no system can be asked to turn around more.",
}
"""What the probes show."""


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same task and protocol, and how far they are apart."""

    one: str
    other: str
    metric: str
    difference: Difference
    corrected: float

    def as_row(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return {**vars(self), "difference": self.difference.as_row()}


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
    chosen = get_metric(metric or runs[0].task.headline)
    pairs = list(combinations(runs, 2))
    found = [compare(one.counts, other.counts, chosen) for one, other in pairs]
    corrected = holm([difference.p for difference in found])
    return [
        Comparison(one.run.system, other.run.system, chosen.name, difference, p)
        for (one, other), difference, p in zip(pairs, found, corrected, strict=True)
    ]


def rows(folders: Iterable[Path], *, data: Path = dataset.SHIPPED) -> list[dict[str, Any]]:
    """The scores of runs, each with its lift over the best shortcut of its task and protocol.

    Raises:
        KazstanceError: a folder holds no finished run on these data.
    """
    runs = sorted((reload(folder, data=data) for folder in folders), key=_order)
    return [_row(finished, _best_shortcut(finished, runs)) for finished in runs]


def warnings(folders: Iterable[Path], *, data: Path = dataset.SHIPPED) -> list[str]:
    """The warnings of runs, each once.

    Raises:
        KazstanceError: a folder holds no run on these data.
    """
    found = (family.warning(read_run(folder, data=data).run.family, data=data) for folder in folders)
    return list(dict.fromkeys(filter(None, found)))


def _best_shortcut(finished: Finished, runs: Iterable[Finished]) -> Finished | None:
    """The shortcut with the highest headline among the runs of the same task and protocol, of those that have one."""
    this = finished.run
    peers = [peer for peer in runs if (peer.run.task, peer.run.protocol) == (this.task, this.protocol)]
    shortcuts = [peer for peer in peers if peer.run.system in SHORTCUTS and not math.isnan(_headline(peer))]
    return max(shortcuts, key=_headline, default=None)


def _row(finished: Finished, best: Finished | None) -> dict[str, Any]:
    this, task, counts = finished.run, finished.task, finished.counts
    scores = {s.metric: s for s in score_all(counts, [METRICS[m] for m in task.metrics], signature=this.signature)}
    within = {w: score(c, METRICS[task.headline]) for w, c in finished.strata.items() if w != TARGET}
    lift = compare(counts, best.counts, METRICS[task.headline]) if best and best is not finished else None
    return {
        "system": this.system,
        "task": this.task,
        "protocol": this.protocol,
        "shortcut": this.system in SHORTCUTS,
        "family": this.family,
        "warning": finished.warning,
        "n": counts.n,
        "D": float(effective_size(counts.total)),
        "scores": {name: (s.value, s.low, s.high) for name, s in scores.items()},
        "within": {
            w: (s.value, s.low, s.high, float(effective_size(finished.strata[w].total))) for w, s in within.items()
        },
        "target_interval": (scores[task.headline].over_targets.low, scores[task.headline].over_targets.high),
        "best_shortcut": best and best.run.system,
        "contrast": {g.kind: (g.value, g.low, g.high, g.n) for g in finished.contrast},
        "lift": lift and (lift.value, lift.low, lift.high),
        "soft": {s.metric: (s.value, s.low, s.high, s.signature["n"]) for s in finished.soft},
        "parts": {by: {p.name: _part(p, task.headline) for p in finished.by_part if p.by == by} for by in PARTS},
        "probes": [found.as_row() for found in finished.probes],
        "reasons": _reasons(finished, scores, within, lift),
        "signature": str(scores[task.headline]),
    }


def _reasons(
    finished: Finished, scores: Mapping[str, Score], within: Mapping[str, Score], lift: Difference | None
) -> dict[str, str]:
    """Why figures of a run are undefined, by the name of the figure."""
    headline = finished.task.headline
    found = {
        f"{name} by {part.by} {part.name}": reason for part in finished.by_part for name, reason in part.reasons.items()
    }
    given: dict[str, str | None] = {
        **{name: one.reason for name, one in scores.items()},
        "interval over targets": scores[headline].over_targets.reason,
        **{f"{headline} within {strata}": one.reason for strata, one in within.items()},
        **{f"contrast by {group.kind}": group.reason for group in finished.contrast},
        **{one.metric: one.reason for one in finished.soft},
        "lift": lift.reason if lift else None,
    }
    return {name: reason for name, reason in given.items() if reason} | found


def _part(found: PartScore, headline: str) -> dict[str, Any]:
    return {
        "n": found.n,
        "D": found.D,
        headline: (found.headline.value, found.headline.low, found.headline.high),
        "f_avg": found.f_avg,
        "accuracy": found.accuracy,
    }


def to_markdown(found: Sequence[dict[str, Any]]) -> str:
    """Scores as a page: a table for each task and protocol, shortcuts first; then by part, probabilities and probes."""
    parts = ["# Benchmark", "Shortcuts read no text or ignore the target; *lift* is over the best of them."]
    for task, protocol in dict.fromkeys((row["task"], row["protocol"]) for row in found):
        rows = [row for row in found if (row["task"], row["protocol"]) == (task, protocol)]
        sets = [f"contrast by {kind} (n = {group[3]})" for kind, group in rows[0]["contrast"].items()]
        others = [f"within {within} (D = {figure[3]:.0f})" for within, figure in rows[0]["within"].items()]
        header = ["system", *rows[0]["scores"], "targets, 95 %", *others, *sets, "lift"]
        facts = f"n = {rows[0]['n']}, D = {rows[0]['D']:.1f}"
        parts += [f"## {plain(task)} · {plain(protocol)}", facts, *map(plain, shortcut_hints(rows))]
        parts += dict.fromkeys(strong(row["warning"]) for row in rows if row["warning"])
        parts += [
            markdown_table(header, map(_line, rows)),
            *_part_tables(rows),
            *_soft_table(rows),
            *_probe_tables(rows),
            *_undefined(rows),
        ]
    return "\n\n".join(parts) + "\n"


def shortcut_hints(found: Iterable[dict[str, Any]]) -> list[str]:
    """How to get a lift, for each task and protocol without a shortcut to compare with."""
    without = dict.fromkeys((row["task"], row["protocol"]) for row in found if row["best_shortcut"] is None)
    return [
        f"No shortcut with a defined headline is among the runs on {task} · {protocol}, so there is no lift. Run one "
        f"and add its folder: `kazstance bench run 'target-blind TF-IDF' --task {task} --protocol {protocol} --out DIR`"
        for task, protocol in without
    ]


def _part_tables(rows: Sequence[dict[str, Any]]) -> list[str]:
    """By source, kind and voice: the headline, F_avg and accuracy of each system."""
    found = []
    headline = next(iter(rows[0]["scores"]))
    figures = [name for name in (headline, "f_avg", "accuracy") if name in rows[0]["scores"]]
    for by in ("source", "kind", "voice"):
        if names := rows[0]["parts"][by]:
            header = ["system", *(f"{name} (n = {part['n']}, D = {part['D']:.0f})" for name, part in names.items())]
            lines = [[_name(row), *(_part_cell(part, figures) for part in row["parts"][by].values())] for row in rows]
            found += [f"### By {by}: {' / '.join(figures)}", markdown_table(header, lines)]
    return found


def _soft_table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Scores of probabilities, of the systems that gave them."""
    given = [row for row in rows if row["soft"]]
    if not given:
        return []
    header = ["system", *(f"{name} (n = {figure[3]})" for name, figure in given[0]["soft"].items())]
    lines = [[_name(row), *(_text(figure) for figure in row["soft"].values())] for row in given]
    about = "Less is better: against the shares of the annotators' votes, and calibration of the most probable label."
    return ["### Probabilities", about, markdown_table(header, lines)]


def _probe_tables(rows: Sequence[dict[str, Any]]) -> list[str]:
    """A table for each probe, of the systems that answered it; figures in the order of the probes."""
    found = []
    for probe, about in PROBED.items():
        lines = {_name(row): {_figure(p): p for p in row["probes"] if p["probe"] == probe} for row in rows}
        lines = {name: figures for name, figures in lines.items() if figures}
        if lines:
            header = list(dict.fromkeys(figure for figures in lines.values() for figure in figures))
            cells = [[name, *(_probe_cell(figures.get(key)) for key in header)] for name, figures in lines.items()]
            found += [f"### Probe: {probe}", about, markdown_table(["system", *header], cells)]
    return found


def _undefined(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What is undefined, and why."""
    lines = [[_name(row), figure, reason] for row in rows for figure, reason in row["reasons"].items()]
    return ["### Undefined", markdown_table(["system", "figure", "why"], lines)] if lines else []


def _figure(found: dict[str, Any]) -> str:
    over = "" if found["over"] == "all" else f", {found['over']}"
    return f"{found['measure']}{over} (n = {found['n']})"


def _probe_cell(found: dict[str, Any] | None) -> str:
    return _text((found["value"], found["low"], found["high"])) if found else ""


def to_json(found: Sequence[dict[str, Any]]) -> str:
    """Scores as JSON; what is undefined is null."""
    return plain_json.to_json(found) + "\n"


def _order(found: Finished) -> tuple[int, int, bool, str]:
    this = found.run
    return list(TASKS).index(this.task), PROTOCOLS.index(this.protocol), this.system not in SHORTCUTS, this.system


def _headline(found: Finished) -> float:
    return METRICS[found.task.headline].value(found.counts.total)


def _line(row: dict[str, Any]) -> list[str]:
    """A row of a table of scores."""
    scores, contrast, others = (
        [_text(found) for found in row[key].values()] for key in ("scores", "contrast", "within")
    )
    low, high = row["target_interval"]
    over_targets = Estimate.from_numbers([low, low, high]).interval_text() or UNDEFINED
    return [_name(row), *scores, over_targets, *others, *contrast, lift_cell(row)]


def _name(row: dict[str, Any]) -> str:
    return emphasis(row["system"]) if row["shortcut"] else plain(row["system"])


def _text(found: Sequence[float | None]) -> str:
    """A figure of a row: value, ends of its interval, and perhaps on how many rows it rests."""
    return str(Estimate.from_numbers(found))


def _part_cell(part: dict[str, Any], names: Sequence[str]) -> str:
    figures = (part[name] for name in names)
    return " / ".join(number_text(found if isinstance(found, float) else found[0]) for found in figures)


def lift_cell(row: dict[str, Any]) -> str:
    """A row's lift over the best shortcut, in words where the row is that shortcut or there is none."""
    if row["lift"]:
        return _text(row["lift"])
    return BEST_SHORTCUT if row["best_shortcut"] == row["system"] else NO_SHORTCUT
