"""The contrast set: groups of rows that can only be entirely correct for a system that reads and uses the target.

The rows are natural, not edited. In a *target* group, two sentences take opposite sides on one target; a system that
does not read gives both the same side. In a *sentence* group, one sentence takes opposite sides on two targets; a
system that ignores the target gives both the same side (after Gardner et al., 2020; scored by group).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kazstance.bench.tasks import Item
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES, SEED, interval, resample

SAME_SOURCE = 200
"""The penalty for matching sentences of the same source, in characters of difference in length."""


@dataclass(frozen=True)
class Group:
    """Two rows that must be predicted correctly together."""

    kind: str
    key: str
    favor: str
    against: str


@dataclass(frozen=True, kw_only=True)
class GroupScore(Estimate):
    """Share of the groups that are entirely correct, with its 95 % bootstrap interval over groups."""

    kind: str


def groups(items: Iterable[Item]) -> list[Group]:
    """All groups among some rows of the task `stance`; each row is in at most one group of each kind."""
    by_target, by_sentence = defaultdict(list), defaultdict(list)
    for item in items:
        by_target[item.target_id].append(item)
        by_sentence[item.item_id.partition(":")[0]].append(item)
    found = [group for target, rows in sorted(by_target.items()) for group in _matched("target", target, rows)]
    return found + [group for sentence, rows in by_sentence.items() for group in _matched("sentence", sentence, rows)]


def _matched(kind: str, key: str, rows: Sequence[Item]) -> list[Group]:
    """Disjoint pairs of a favorable and an unfavorable row, close in length and of different sources if possible."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  # loaded where it is used

    sides = [[row for row in rows if row.label == side] for side in ("favor", "against")]
    if not all(sides):
        return []
    cost = np.array(
        [
            [abs(len(x.text) - len(y.text)) + SAME_SOURCE * (x.source_id == y.source_id) for y in sides[1]]
            for x in sides[0]
        ]
    )
    chosen = zip(*linear_sum_assignment(cost), strict=True)
    return [Group(kind, key, sides[0][i].item_id, sides[1][j].item_id) for i, j in chosen]


def group_scores(
    found: Iterable[Group], predictions: Mapping[str, str], n: int = RESAMPLES, seed: int = SEED
) -> list[GroupScore]:
    """The score of each kind of group; a group counts if both of its rows were predicted.

    Args:
        found: the groups.
        predictions: the label of each row, by its id.
        n: the number of resamples.
        seed: seed of the random generator.
    """
    right: dict[str, list[bool]] = {"target": [], "sentence": []}
    for group in found:
        if group.favor in predictions and group.against in predictions:
            both = predictions[group.favor] == "favor" and predictions[group.against] == "against"
            right[group.kind].append(both)
    return [_share(kind, marks, n, seed) for kind, marks in right.items()]


def _share(kind: str, marks: Sequence[bool], n: int, seed: int) -> GroupScore:
    if not marks:
        return GroupScore(**vars(Estimate.undefined("no groups of this kind")), kind=kind)
    counts = np.array([sum(marks), len(marks) - sum(marks)], dtype=np.float64)
    low, high = interval(resample(counts, n, seed)[:, 0] / len(marks), units=len(marks))
    return GroupScore(float(counts[0] / len(marks)), low, high, len(marks), kind=kind)
