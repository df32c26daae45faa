"""Probes: what a system relies on, shown by its answers when a row of the task `stance` is shown differently.

- `mask`: with the names hidden, how much skill is left, and how many answers change?
- `swap`: on another target of the same sentence with another label, does the answer change? The system is not asked
  again; the answers of one that ignores the target do not change.
- `mirror`: on the contradictory of a claim, is the side reversed? A check of consistency, never part of a score.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from kazstance.bench.tasks import Item, Task, TrainTest
from kazstance.errors import KazstanceError
from kazstance.metrics import LABELS
from kazstance.schema.labels import ProbeKind
from kazstance.schema.records import Probe
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.estimate import Estimate
from kazstance.stats.metrics import WTS
from kazstance.stats.paired import compare
from kazstance.stats.resampling import estimate
from kazstance.stats.scores import score

ASKED: Final = (ProbeKind.mask, ProbeKind.mirror)
"""Probes that a system is asked again for; a swap compares answers that it has already given."""
OPPOSITE: Final = {"favor": "against", "against": "favor"}
ALL, SIDES = "all", ("favor", "against", "neutral")
Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ProbeScore(Estimate):
    """One figure of a probe, over all rows or those with one label, with its 95 % interval over clusters."""

    probe: str
    measure: str
    over: str

    def as_row(self, prefix: str = "") -> dict[str, Any]:
        """The figure as plain values by column."""
        return {"probe": self.probe, "measure": self.measure, "over": self.over} | Estimate.as_row(self, prefix)


@dataclass(frozen=True)
class Row:
    """A row of a probe with a system's answers to the original row and to the probe."""

    probe: Probe
    fold: str
    cluster: str
    plain: str
    shown: str


def probe_items(part: TrainTest, probes: Sequence[Probe]) -> tuple[Item, ...]:
    """What a system is asked again in a fold: the masks and mirrors of the test rows."""
    tested = {item.item_id: item for item in part.test}
    return tuple(
        _shown(tested[_row(probe)], probe) for probe in probes if probe.probe in ASKED and _row(probe) in tested
    )


def _row(probe: Probe) -> str:
    return f"{probe.sentence_id}:{probe.target_id}"


def _shown(item: Item, probe: Probe) -> Item:
    """An item as a probe shows it; the id of a mirrored target stays that of its claim."""
    return replace(
        item,
        item_id=probe.probe_id,
        text=probe.text,
        target=probe.target,
        label=probe.label_name,
        context_before=probe.context_before,
        context_after=probe.context_after,
    )


def check_asked(task: Task) -> None:
    """Check that a system can be asked for probes.

    Raises:
        KazstanceError: the task has no probes, or the dataset has no masks or mirrors.
    """
    if not task.kind.has_probes:
        raise KazstanceError(
            f"probes show rows of the task stance differently, not of {task.name}; expected --task stance"
        )
    if not any(probe.probe in ASKED for probe in task.probes):
        raise KazstanceError("the dataset has no probes; expected masks or mirrors in its table probes")


def probe_scores(
    probes: Sequence[Probe], plain: Mapping[str, Labels], shown: Labels, clusters: Mapping[str, str]
) -> list[ProbeScore]:
    """The figures of all probes that were answered.

    Args:
        probes: the items.
        plain: by fold, the answers to the original rows.
        shown: the answers to masks and mirrors; swaps do not need any.
        clusters: the cluster of each original row.
    """
    fold = {item: name for name, labels in plain.items() for item in labels}
    rows: dict[ProbeKind, list[Row]] = {kind: [] for kind in ProbeKind}
    for probe in probes:
        home = fold.get(_row(probe), "")
        answer = shown.get(probe.probe_id)
        if probe.probe is ProbeKind.swap and home:
            answer = plain[home].get(f"{probe.sentence_id}:{probe.other_target_id}")
        if home and answer is not None:
            rows[probe.probe].append(Row(probe, home, clusters[_row(probe)], plain[home][_row(probe)], answer))
    makers = {ProbeKind.mask: _mask, ProbeKind.swap: _swap, ProbeKind.mirror: _mirror}
    return [found for kind, make in makers.items() if rows[kind] for found in make(rows[kind])]


def _mask(rows: Sequence[Row]) -> list[ProbeScore]:
    """Skill with names hidden, skill on the same rows unchanged, and the answers that changed."""
    hidden, plain = (_counts(rows, column) for column in ("shown", "plain"))
    found = []
    for measure, counts in (("wts, names hidden", hidden), ("wts, as it is", plain)):
        found.append(_probe_score("mask", measure, ALL, score(counts, WTS)))
    if len(hidden.clusters) > 1:
        found.append(_probe_score("mask", "difference of wts", ALL, compare(hidden, plain, WTS)))
    changed = _shares("mask", "answers changed", rows, lambda row: row.shown != row.plain)
    return found + changed


def _counts(rows: Sequence[Row], column: str) -> Confusion:
    table = [
        {
            "gold": row.probe.row_label_name,
            "predicted": getattr(row, column),
            "target": row.probe.target_id,
            "fold": row.fold,
            "cluster": row.cluster,
        }
        for row in rows
    ]
    rows_counted = pa.Table.from_pylist(table)
    return confusion(rows_counted, "gold", "predicted", strata=("target", "fold"), cluster="cluster", labels=LABELS)


def _swap(rows: Sequence[Row]) -> list[ProbeScore]:
    """Answers that changed with the target, and pairs of rows that are both right."""
    changed = _share("swap", "answers changed", ALL, rows, lambda row: row.shown != row.plain)
    return [changed, _share("swap", "both right", ALL, rows, _both_right)]


def _mirror(rows: Sequence[Row]) -> list[ProbeScore]:
    """Pairs that are both right, that are reversed, and that got one side twice; and what the reader reversed.

    A pair that the reader found to be about the claim alone has no right answer among three labels: it is left out of
    those that are both right.
    """
    sided = [row for row in rows if row.probe.label_name in SIDES]
    return [
        *_shares("mirror", "both right", sided, _both_right),
        *_shares("mirror", "turned around", rows, lambda row: OPPOSITE.get(row.plain) == row.shown, sides=True),
        *_shares("mirror", "same side twice", rows, lambda row: row.plain == row.shown != "neutral"),
        *reader_scores([row.probe for row in rows], {_row(row.probe): row.cluster for row in rows}),
    ]


def reader_scores(probes: Sequence[Probe], clusters: Mapping[str, str] | None = None) -> list[ProbeScore]:
    """How many labels a blind reader reversed on the contradictory: the most that can be expected of a system.

    Args:
        probes: the mirrors.
        clusters: the cluster of each original row; by default, its paragraph.
    """
    homes = clusters or {_row(probe): probe.paragraph_id for probe in probes}
    rows = [Row(probe, "", homes[_row(probe)], probe.row_label_name, probe.label_name) for probe in probes]
    return _shares(
        "mirror",
        "turned around by the reader",
        rows,
        lambda row: OPPOSITE.get(row.plain) == row.shown,
        sides=True,
    )


def _both_right(row: Row) -> bool:
    return (row.plain, row.shown) == (row.probe.row_label_name, row.probe.label_name)


def _shares(
    probe: str, measure: str, rows: Sequence[Row], is_so: Callable[[Row], bool], *, sides: bool = False
) -> list[ProbeScore]:
    """A share over all rows and over those with each label; with `sides`, rows without a side do not count in all."""
    labels = SIDES[:2] if sides else SIDES
    return [
        _share(probe, measure, over, chosen, is_so)
        for over in (ALL, *labels)
        if (chosen := [row for row in rows if row.probe.row_label_name in ((over,) if over != ALL else labels)])
    ]


def _share(probe: str, measure: str, over: str, rows: Sequence[Row], is_so: Callable[[Row], bool]) -> ProbeScore:
    found = estimate(np.array([is_so(row) for row in rows], dtype=np.float64), [row.cluster for row in rows])
    return _probe_score(probe, measure, over, found)


def _probe_score(probe: str, measure: str, over: str, found: Estimate) -> ProbeScore:
    return ProbeScore(
        found.value, found.low, found.high, found.n, found.reason, probe=probe, measure=measure, over=over
    )
