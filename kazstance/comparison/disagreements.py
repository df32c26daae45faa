"""On which targets sources differ, by how much, and how certainly: in position if contested, otherwise in salience."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np

from kazstance.comparison.counts import Counts
from kazstance.comparison.estimates import DIGITS, LEVEL
from kazstance.comparison.positions import posterior
from kazstance.output.listing import Listing
from kazstance.schema.labels import SIDES
from kazstance.stats.counting import Floats, sums
from kazstance.stats.paired import holm
from kazstance.stats.permutation import PERMUTATIONS, permutation_p, permutation_p_of_rows
from kazstance.stats.pooling import Posterior
from kazstance.stats.resampling import SEED

Verdict = Literal["agree", "differ", "undecided"]
SCORES: Final = np.array([-1.0, 0.0, 1.0])
"""The marks of rows against, neutral and in favor."""


@dataclass(frozen=True)
class Pairwise:
    """Two sources on one target.

    `same` is the probability that both are on one side, `more` that the first is the more favorable; both are
    None if one of them takes no side; `reason` names it.
    """

    one: str
    other: str
    answer: Verdict
    same: float | None
    more: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Disagreement:
    """How far sources differ on a target: in position if it is contested, otherwise in salience.

    `spread` is the mean distance over pairs of sources: of their pooled net stances, in [0, 2], if both take a side;
    or of their saliences, in [0, 1]. `p` is from a permutation test over clusters, `corrected` by Holm for all targets
    compared in the same way. They are None if there is nothing to compare; `reason` says why.
    """

    target: str
    contested: bool
    spread: float | None
    p: float | None
    corrected: float | None
    pairs: tuple[Pairwise, ...]
    reason: str | None = None

    def as_row(self) -> dict[str, Any]:
        """The disagreement as plain values."""
        return asdict(self)


def disagreements(counts: Counts, n: int = PERMUTATIONS, seed: int = SEED) -> Listing[Disagreement]:
    """All targets: contested ones first, and within each kind those with the largest spread first.

    Two sources `agree` if they are on one side with probability .95 or more under the pooled model; otherwise they
    `differ` if one is more favorable than the other with probability .95 or more; otherwise they are `undecided`.
    `n` permutations are drawn with `seed`.

    Args:
        counts: stances by cluster, target and label.
        n: permutations of each test.
        seed: seed of the permutations.
    """
    known, total, contested = posterior(counts), counts.total, counts.contested
    net = np.where(total[..., SIDES].any(axis=2), known.summary()[0], np.nan)
    decided = np.full(total.shape[:2], np.nan) if counts.n_decided is None else counts.n_decided
    clusters = np.bincount(counts.target, minlength=len(counts.targets))  # tests of as many share their random orders
    share = total.sum(axis=2) / np.where(decided > 0, decided, np.nan)
    found: list[Disagreement] = []
    for kind, values in ((True, net), (False, share)):
        targets = [t for t in range(len(counts.targets)) if contested[t] is kind]
        tested = {
            t: _known((position_p if kind else salience_p)(counts, t, n, seed))
            for t in sorted(targets, key=clusters.item)
        }
        p = [tested[t] for t in targets]
        corrected = dict(zip(targets, _corrected(p), strict=True))
        lines = [
            Disagreement(
                target=counts.targets[t],
                contested=kind,
                spread=_spread(values[:, t]),
                p=p_value,
                corrected=corrected[t],
                pairs=_pairwise(known, net[:, t], counts.sources, t),
                reason=_why(counts, values[:, t], p_value, is_contested=kind),
            )
            for t, p_value in zip(targets, p, strict=True)
        ]
        found += sorted(lines, key=lambda line: -1 if line.spread is None else line.spread, reverse=True)
    return Listing(found)


def position_p(counts: Counts, target: int, n: int = PERMUTATIONS, seed: int = SEED) -> float:
    """The permutation test of whether sources take different sides on a target; NaN if only one addresses it.

    Args:
        counts: stances by cluster, target and label.
        target: the number of the target.
        n: permutations.
        seed: seed of the permutations.
    """
    if counts.by_row:
        return permutation_p_of_rows(counts.total[:, target], SCORES, n, seed)
    kept = counts.target == target
    rows, source = counts.rows[kept], counts.source[counts.cluster[kept]]
    return permutation_p(rows @ SCORES, rows.sum(axis=1), source, n, seed)


def salience_p(counts: Counts, target: int, n: int = PERMUTATIONS, seed: int = SEED) -> float:
    """The permutation test of whether sources differ in the salience of a target; NaN if clusters were not counted.

    Args:
        counts: stances by cluster, target and label.
        target: the number of the target.
        n: permutations.
        seed: seed of the permutations.
    """
    lengths = counts.decided(target)
    if lengths is None:
        return float("nan")
    on_it, some = counts.target == target, lengths > 0
    about = sums(counts.cluster[on_it], counts.rows[on_it].sum(axis=1), len(counts.source))
    return permutation_p(about[some], lengths[some], counts.source[some], n, seed)


def _pairwise(known: Posterior, net: Floats, sources: tuple[str, ...], target: int) -> tuple[Pairwise, ...]:
    """Every pair of sources on a target; `net` of shape (sources,) is NaN if a source takes no side."""
    same, more = (found.tolist() for found in known.compare(target))
    lacks = np.isnan(net).tolist()
    return tuple(
        Pairwise(sources[a], sources[b], "undecided", None, None, _sideless(sources, lacks, (a, b)))
        if lacks[a] or lacks[b]
        else Pairwise(
            sources[a],
            sources[b],
            answer(same[a][b], more[a][b]),
            round(same[a][b], DIGITS),
            round(more[a][b], DIGITS),
        )
        for a, b in combinations(range(len(sources)), 2)
    )


def answer(same: float, more: float) -> Verdict:
    """Whether two sources agree, from the probabilities of the same side and of an order."""
    if same >= LEVEL:
        return "agree"
    return "differ" if max(more, 1 - more) >= LEVEL else "undecided"


def _corrected(p: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for the number of defined ones."""
    corrected = iter(holm([value for value in p if value is not None]))
    return [None if value is None else round(next(corrected), DIGITS) for value in p]


def _spread(values: Floats) -> float | None:
    """Mean distance between pairs of the defined values."""
    there = values[~np.isnan(values)]
    one, other = np.triu_indices(len(there), 1)
    return round(float(np.abs(there[one] - there[other]).mean()), DIGITS) if len(one) else None


def _why(counts: Counts, values: Floats, p: float | None, *, is_contested: bool) -> str | None:
    """Why the spread of a target or its p is None."""
    if not is_contested and (counts.sentences is None or counts.lengths is None):
        unknown = "sources" if counts.sentences is None else "clusters"
        return f"the sentences of {unknown} were not counted"
    if (~np.isnan(values)).sum() < 2:  # noqa: PLR2004
        return f"fewer than two sources {'take a side' if is_contested else 'have sentences'}"
    return "fewer than two sources have clusters to permute" if p is None else None


def _sideless(sources: Sequence[str], lacks: Sequence[bool], pair: tuple[int, int]) -> str:
    """Which of two sources take no side."""
    return "no side taken by " + " and ".join(sources[i] for i in pair if lacks[i])


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(value, DIGITS)
