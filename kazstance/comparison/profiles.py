"""Who chose which label for a sentence, a target and a holder: how often each such profile occurs, by cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kazstance.schema.labels import Label
from kazstance.stats.agreement import Patterns
from kazstance.stats.counting import Codes, Floats

ABSENT: Final = -1
Counts = Any
"""An array, or a sparse one of SciPy."""
Judge = tuple[str, int]
"""An annotator and a round."""


@dataclass(frozen=True)
class Profiles:
    """Units, which are sentences on targets for a holder, counted by cluster, target and profile.

    `label` and `probability` have the shape (profiles, judges), -1 and NaN where a judge did not judge; `home`,
    `target`, `profile` and `n` have the shape (entries,), and `n` says how many units each entry stands for.
    """

    judges: tuple[Judge, ...]
    label: Codes
    probability: Floats
    cluster: npt.NDArray[np.str_]
    """The clusters, in order of appearance: documents of sources that have many of them, otherwise paragraphs."""
    source: npt.NDArray[np.str_]
    """The source of each cluster."""
    targets: tuple[str, ...]
    judged: tuple[int, ...]
    """The targets that were judged, by number, in order of appearance."""
    home: Codes
    """The number of the cluster of each entry."""
    target: Codes
    profile: Codes
    n: Codes
    overlaps: Mapping[tuple[str, str], npt.NDArray[np.int64]]
    """For two annotators, of all judgements with the same side: characters in common, characters marked, and number."""

    def of(self, annotator: str, number: int | None = None) -> tuple[Codes, Floats]:
        """The label and probability of an annotator in each profile: of a round, or of the latest."""
        label = np.full(len(self.label), ABSENT)
        probability = np.full(len(self.label), np.nan)
        for at in sorted(range(len(self.judges)), key=lambda at: self.judges[at][1]):
            if self.judges[at][0] == annotator and number in (None, self.judges[at][1]):
                there = self.label[:, at] != ABSENT
                label[there], probability[there] = self.label[there, at], self.probability[there, at]
        return label, probability

    def only(self, number: int) -> "Profiles":
        """The judgements of a round."""
        at = [i for i, judge in enumerate(self.judges) if judge[1] == number]
        judges = tuple(self.judges[i] for i in at)
        return replace(self, judges=judges, label=self.label[:, at], probability=self.probability[:, at])

    def rounds(self, annotator: str) -> list[int]:
        """The rounds in which an annotator judged, in order."""
        return sorted(number for name, number in self.judges if name == annotator)

    def whole(self) -> list[Judge]:
        """The annotators and rounds in which they judged every unit."""
        units = self.n.sum()
        judged = ((self.label != ABSENT)[self.profile] * self.n[:, None]).sum(axis=0)
        return [judge for judge, n in zip(self.judges, judged.tolist(), strict=True) if n == units]

    def by_source(self) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        """Each source, in order of appearance, and whether each entry is in it."""
        names, first, number = np.unique(self.source, return_index=True, return_inverse=True)
        of_entry = number[self.home]
        for at in np.argsort(first):
            yield str(names[at]), of_entry == at

    def patterns(self, labels: Sequence[Codes], kept: npt.NDArray[np.bool_] | None = None) -> Patterns:
        """The patterns of the labels of some annotators.

        Args:
            labels: for each annotator the label in each profile.
            kept: the entries to count; by default, all.
        """
        votes = np.stack([sum(found == label for found in labels) for label in Label], axis=1).astype(np.float64)
        judged = (votes.sum(axis=1) > 0)[self.profile]
        chosen = np.flatnonzero(judged if kept is None else judged & kept)
        used = np.flatnonzero(np.bincount(self.profile[chosen], minlength=len(votes)))
        distinct, pattern = np.unique(votes[used], axis=0, return_inverse=True)
        at = np.zeros(len(votes), dtype=np.intp)
        at[used] = pattern.reshape(-1)
        return Patterns(distinct, self.by_cluster(chosen, at[self.profile[chosen]], len(distinct)))

    def by_cluster(self, chosen: Codes, cell: Codes, cells: int, weight: Floats | None = None) -> Counts:
        """Units by cluster and cell, shape (clusters with any, cells); clusters are in alphabetical order.

        Args:
            chosen: the entries to count.
            cell: the cell of each of them.
            cells: how many cells there are.
            weight: the weight of a unit of each of them; by default 1.
        """
        rank = self._rank[self.home[chosen]]
        occurs = np.bincount(rank, minlength=len(self.cluster)) > 0
        weights = self.n[chosen].astype(np.float64) * (1.0 if weight is None else weight)
        return _table((np.cumsum(occurs) - 1)[rank], cell, weights, (int(occurs.sum()), cells))

    @cached_property
    def _rank(self) -> Codes:
        """The place of each cluster in alphabetical order."""
        rank: Codes = np.unique(self.cluster, return_inverse=True)[1].astype(np.intp)
        return rank


DENSE: Final = 20_000_000
"""Number of cells above which only those that are not 0 are stored."""


def _table(line: Codes, cell: Codes, weights: Floats, shape: tuple[int, int]) -> Any:
    if shape[0] * shape[1] <= DENSE:
        return np.bincount(line * shape[1] + cell, weights, shape[0] * shape[1]).reshape(shape)
    from scipy.sparse import coo_array  # noqa: PLC0415  # loaded where it is used

    return coo_array((weights, (line, cell)), shape=shape).tocsr()
