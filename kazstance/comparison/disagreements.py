"""On which targets sources differ, by how much and how certainly: in side, in degree and in salience."""

from collections.abc import Callable, Sequence
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
    """How far sources differ on a target, and how certainly: in the side they take, in degree and in salience.

    `opposite` is the probability, under the pooled model, that two of the sources that take a side are on opposite
    sides. `spread` is the mean distance of their pooled net stances over pairs of sources, in [0, 2]; `p` is from a
    permutation test over clusters of whether their stances differ, in side or in degree. `salience_spread`, in [0, 1],
    and `salience_p` say the same of the shares of their sentences. Both p are `corrected` by Holm for all targets.
    Figures are None if there is nothing to compare; `reason` and `salience_reason` say why. `contested` describes the
    labels, and decides nothing.
    """

    target: str
    contested: bool
    opposite: float | None
    spread: float | None
    p: float | None
    corrected: float | None
    salience_spread: float | None
    salience_p: float | None
    salience_corrected: float | None
    pairs: tuple[Pairwise, ...]
    reason: str | None = None
    salience_reason: str | None = None

    def as_row(self) -> dict[str, Any]:
        """The disagreement as plain values."""
        return asdict(self)


def disagreements(counts: Counts, n: int = PERMUTATIONS, seed: int = SEED) -> Listing[Disagreement]:
    """All targets: contested ones first, and within both kinds those most probably with opposite sides first.

    Two sources `agree` if they are on one side with probability .95 or more under the pooled model; otherwise they
    `differ` if one is more favorable than the other with probability .95 or more; otherwise they are `undecided`.
    `n` permutations are drawn with `seed`.

    Args:
        counts: stances by cluster, target and label.
        n: permutations of each test.
        seed: seed of the permutations.
    """
    known, total = posterior(counts), counts.total
    net = np.where(total[..., SIDES].any(axis=2), known.summary()[0], np.nan)
    decided = np.full(total.shape[:2], np.nan) if counts.n_decided is None else counts.n_decided
    share = total.sum(axis=2) / np.where(decided > 0, decided, np.nan)
    p, salience = (_tested(counts, test, n, seed) for test in (position_p, salience_p))
    corrected, salience_corrected = _corrected(p), _corrected(salience)
    found = [
        Disagreement(
            target=target,
            contested=contested,
            opposite=_opposite(known, net[:, t], t),
            spread=_spread(net[:, t]),
            p=p[t],
            corrected=corrected[t],
            salience_spread=_spread(share[:, t]),
            salience_p=salience[t],
            salience_corrected=salience_corrected[t],
            pairs=_pairwise(known, net[:, t], counts.sources, t),
            reason=_why(net[:, t], p[t], "take a side"),
            salience_reason=_uncounted(counts) or _why(share[:, t], salience[t], "have sentences"),
        )
        for t, (target, contested) in enumerate(zip(counts.targets, counts.contested, strict=True))
    ]
    return Listing(sorted(found, key=_certainty, reverse=True))


def _certainty(line: Disagreement) -> tuple[bool, float, float]:
    """Sorts contested targets last, and within both kinds by the probability of opposite sides, then by spread."""
    return line.contested, -1 if line.opposite is None else line.opposite, -1 if line.spread is None else line.spread


def _tested(counts: Counts, test: Callable[..., float], n: int, seed: int) -> list[float | None]:
    """The p of every target; those with as many clusters are tested one after the other, and share random orders."""
    clusters = np.bincount(counts.target, minlength=len(counts.targets))
    found = {t: _known(test(counts, t, n, seed)) for t in sorted(range(len(counts.targets)), key=clusters.item)}
    return [found[t] for t in range(len(counts.targets))]


def _opposite(known: Posterior, net: Floats, target: int) -> float | None:
    """The probability of opposite sides; `net` of shape (sources,) is NaN if a source takes no side."""
    sided = ~np.isnan(net)
    return round(known.opposed(target, sided), DIGITS) if sided.sum() > 1 else None


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


def _why(values: Floats, p: float | None, what: str) -> str | None:
    """Why the spread of a target or its p is None."""
    if (~np.isnan(values)).sum() < 2:  # noqa: PLR2004
        return f"fewer than two sources {what}"
    return "fewer than two sources have clusters to permute" if p is None else None


def _uncounted(counts: Counts) -> str | None:
    """Why salience is unknown for all targets, if it is."""
    if counts.sentences is not None and counts.lengths is not None:
        return None
    return f"the sentences of {'sources' if counts.sentences is None else 'clusters'} were not counted"


def _sideless(sources: Sequence[str], lacks: Sequence[bool], pair: tuple[int, int]) -> str:
    """Which of two sources take no side."""
    return "no side taken by " + " and ".join(sources[i] for i in pair if lacks[i])


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(value, DIGITS)
