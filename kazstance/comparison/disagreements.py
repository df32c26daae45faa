"""On which targets sources differ, how much, and how surely: contested ones by position, the others by salience."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np

from kazstance.comparison.counts import Counts
from kazstance.comparison.estimates import DIGITS, LEVEL, SIDES
from kazstance.comparison.positions import posterior
from kazstance.output.listing import Listing
from kazstance.stats.counting import Floats, sums
from kazstance.stats.paired import holm
from kazstance.stats.permutation import PERMUTATIONS, permutation_p
from kazstance.stats.pooling import Posterior
from kazstance.stats.resampling import SEED

Answer = Literal["agree", "differ", "undecided"]
SCORES: Final = np.array([-1.0, 0.0, 1.0])
"""The marks of a row against, neutral and in favor."""


@dataclass(frozen=True)
class Pairwise:
    """Two sources on one target.

    `same` is the probability that both are on one side, `more` that the one is more favorable than the other; both are
    None where one of them takes no side, which `reason` names.
    """

    one: str
    other: str
    answer: Answer
    same: float | None
    more: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Disagreement:
    """How far sources differ on a target: in position where it is contested, else in salience.

    `spread` is the mean distance over pairs of sources: of their pooled net stances, in [0, 2], where both take a side;
    or of their saliences, in [0, 1]. `p` is of a permutation test over clusters, `corrected` by Holm for all targets
    compared in the same way. They are None where there is nothing to compare, for a `reason`.
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
    """All targets: contested ones first, and of either kind those with the greatest spread first.

    Two sources `agree` where they are on one side with probability .95 or more under the pooled model; else they
    `differ` where the one is more favorable than the other with probability .95 or more; else they are `undecided`.
    `n` permutations are drawn with `seed`.
    """
    known, total, contested = posterior(counts), counts.total, counts.contested
    net = np.where(total[..., SIDES].any(axis=2), known.summary()[0], np.nan)
    asked = np.full(total.shape[:2], np.nan) if counts.n_asked is None else counts.n_asked
    share = total.sum(axis=2) / np.where(asked > 0, asked, np.nan)
    found: list[Disagreement] = []
    for kind, values in ((True, net), (False, share)):
        targets = [t for t in range(len(counts.targets)) if contested[t] is kind]
        p = [_known(position_p(counts, t, n, seed) if kind else salience_p(counts, t, n, seed)) for t in targets]
        corrected = dict(zip(targets, _corrected(p), strict=True))
        lines = [
            Disagreement(
                target=counts.targets[t],
                contested=kind,
                spread=_spread(values[:, t]),
                p=p_value,
                corrected=corrected[t],
                pairs=pairwise(known, net[:, t], counts.sources, t),
                reason=_why(counts, values[:, t], p_value, is_contested=kind),
            )
            for t, p_value in zip(targets, p, strict=True)
        ]
        found += sorted(lines, key=lambda line: -1 if line.spread is None else line.spread, reverse=True)
    return Listing(found)


def position_p(counts: Counts, target: int, n: int = PERMUTATIONS, seed: int = SEED) -> float:
    """The permutation test of whether sources take different sides on a target; NaN where but one addresses it."""
    kept = counts.target == target
    rows, source = counts.rows[kept], counts.source[counts.cluster[kept]]
    return permutation_p(rows @ SCORES, rows.sum(axis=1), source, n, seed)


def salience_p(counts: Counts, target: int, n: int = PERMUTATIONS, seed: int = SEED) -> float:
    """The permutation test of whether sources give a target different room; NaN where clusters were not counted."""
    lengths = counts.judged(target)
    if lengths is None:
        return float("nan")
    on_it, some = counts.target == target, lengths > 0
    about = sums(counts.cluster[on_it], counts.rows[on_it].sum(axis=1), len(counts.source))
    return permutation_p(about[some], lengths[some], counts.source[some], n, seed)


def pairwise(known: Posterior, net: Floats, sources: tuple[str, ...], target: int) -> tuple[Pairwise, ...]:
    """Every pair of sources on a target; `net` of shape (sources,) is NaN where a source takes no side."""
    same, more = known.compare(target)
    return tuple(
        Pairwise(sources[a], sources[b], "undecided", None, None, _sideless(sources, net, (a, b)))
        if np.isnan(net[[a, b]]).any()
        else Pairwise(
            sources[a],
            sources[b],
            answer(same[a, b], more[a, b]),
            round(float(same[a, b]), DIGITS),
            round(float(more[a, b]), DIGITS),
        )
        for a, b in combinations(range(len(sources)), 2)
    )


def answer(same: float, more: float) -> Answer:
    """Whether two sources agree, from the probabilities of one side and of an order."""
    if same >= LEVEL:
        return "agree"
    return "differ" if max(more, 1 - more) >= LEVEL else "undecided"


def _corrected(p: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for the number of those that are defined."""
    corrected = iter(holm([value for value in p if value is not None]))
    return [None if value is None else round(next(corrected), DIGITS) for value in p]


def _spread(values: Floats) -> float | None:
    """Mean distance between two of the values that are defined."""
    there = values[~np.isnan(values)]
    apart = [abs(a - b) for a, b in combinations(there, 2)]
    return round(float(np.mean(apart)), DIGITS) if apart else None


def _why(counts: Counts, values: Floats, p: float | None, *, is_contested: bool) -> str | None:
    """Why the spread of a target or its p is None."""
    if not is_contested and (counts.sentences is None or counts.lengths is None):
        unknown = "sources" if counts.sentences is None else "clusters"
        return f"the sentences of {unknown} were not counted"
    if (~np.isnan(values)).sum() < 2:  # noqa: PLR2004
        return f"fewer than two sources {'take a side' if is_contested else 'have sentences'}"
    return "fewer than two sources have clusters to permute" if p is None else None


def _sideless(sources: Sequence[str], net: Floats, pair: tuple[int, int]) -> str:
    """Which of two sources take no side."""
    return " and ".join(sources[i] for i in pair if np.isnan(net[i])) + " without a side"


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(value, DIGITS)
