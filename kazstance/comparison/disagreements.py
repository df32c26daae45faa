"""On which targets sources differ, by how much and how certainly: in side, in degree and in salience."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np

from kazstance.comparison.counts import Counts
from kazstance.comparison.estimates import DIGITS, LEVEL
from kazstance.comparison.positions import posterior
from kazstance.comparison.verdicts import (
    Side,
    Verdict,
    corrected_same,
    in_words,
    is_opposed,
    unheard,
    verdict,
    verdict_in_words,
)
from kazstance.output.listing import Listing
from kazstance.schema.labels import SIDES
from kazstance.stats.counting import Floats, sums
from kazstance.stats.paired import holm
from kazstance.stats.permutation import PERMUTATIONS, permutation_p, permutation_p_of_rows
from kazstance.stats.pooling import Flags, Posterior
from kazstance.stats.resampling import SEED

Answer = Literal["agree", "differ", "undecided"]
"""What can be said of two sources on a target."""
UNTESTED: Final = "fewer than two sources have clusters to permute"
"""Why there is no p where two sources take sides."""
SCORES: Final = np.array([-1.0, 0.0, 1.0])
"""The marks of rows against, neutral and in favor."""


@dataclass(frozen=True)
class Pairwise:
    """Two sources on one target.

    `same` is the probability that both are on one side, `more` that the first is the more favorable, and `corrected`
    is `same` after Holm's correction for all pairs and targets; all are None if one of them takes no side; `reason`
    names it. They are `opposed` if `corrected` is .05 or less: on opposite sides with probability .95 or more.
    """

    one: str
    other: str
    answer: Answer
    same: float | None
    more: float | None
    corrected: float | None = None
    opposed: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Disagreement:
    """How far sources differ on a target, and how certainly: in the side they take, in degree and in salience.

    `verdict` is what can be said: sources are `opposed` if some two of them are; otherwise they are on `one side`, that
    of `side`, if two or more take a side and the 95 % intervals of all of them lie there; otherwise one cannot tell.
    `silent` are the sources without a sentence about it, `not_asked` those that nobody judged on it, and `undecided`
    those on whose sentences all votes are split.

    `opposite` is the probability, under the pooled model, that two of the sources that take a side are on opposite
    sides. `spread` is the mean distance of their pooled net stances over pairs of sources, in [0, 2]; `p` is from a
    permutation test over clusters of whether their stances differ, in side or in degree. `salience_spread`, in [0, 1],
    and `salience_p` say the same of the shares of their sentences. Both p are `corrected` by Holm for all targets.
    Figures are None if there is nothing to compare; `reason` and `salience_reason` say why. `contested` describes the
    labels, and decides nothing.
    """

    target: str
    contested: bool
    verdict: Verdict
    side: Side | None
    silent: tuple[str, ...]
    not_asked: tuple[str, ...]
    undecided: tuple[str, ...]
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

    @property
    def verdict_in_words(self) -> str:
        """The verdict and its side, as they are shown."""
        return verdict_in_words(self.verdict, self.side)

    def as_row(self) -> dict[str, Any]:
        """The disagreement as plain values."""
        return asdict(self)


class Disagreements(Listing[Disagreement]):
    """All targets, in order, and what they say together."""

    @property
    def unheard(self) -> dict[str, list[tuple[str, ...]]]:
        """For each way of saying nothing, the sources that do so on each target."""
        return {
            "silent": [line.silent for line in self],
            "not asked": [line.not_asked for line in self],
            "undecided": [line.undecided for line in self],
        }

    @property
    def summary(self) -> str:
        """On how many targets sources are opposed, on one side or cannot be told apart, and who says nothing."""
        return in_words([line.verdict for line in self], self.unheard)


def disagreements(
    counts: Counts, n: int = PERMUTATIONS, seed: int = SEED, *, with_salience: bool = True, with_stances: bool = True
) -> Disagreements:
    """All targets: those opposed or contested first, and within both kinds those most probably with opposite sides.

    Two sources `agree` if they are on one side with probability .95 or more under the pooled model; otherwise they
    `differ` if one is more favorable than the other with probability .95 or more; otherwise they are `undecided`.
    `n` permutations are drawn with `seed`.

    Args:
        counts: stances by cluster, target and label.
        n: permutations of each test.
        seed: seed of the permutations.
        with_salience: whether to test salience, too, which takes as long again or longer.
        with_stances: whether to test stances; without, `with_tests` adds them.
    """
    known, total = posterior(counts), counts.total
    figures = np.where(total[..., SIDES].any(axis=2), known.summary(), np.nan)
    net, pairs = figures[0], _pairwise(known, figures[0], counts.sources)
    decided = np.full(total.shape[:2], np.nan) if counts.n_decided is None else counts.n_decided
    share = total.sum(axis=2) / np.where(decided > 0, decided, np.nan)
    salience = _tested(counts, salience_p, n, seed) if with_salience else [None] * len(counts.targets)
    salience_corrected = _corrected(salience)
    found = [
        Disagreement(
            target=target,
            contested=contested,
            **_said(counts, figures, pairs[t], t),
            opposite=_opposite(known, net[:, t], t),
            spread=_spread(net[:, t]),
            p=None,
            corrected=None,
            salience_spread=_spread(share[:, t]),
            salience_p=salience[t],
            salience_corrected=salience_corrected[t],
            pairs=pairs[t],
            reason=_too_few(net[:, t], "take a side"),
            salience_reason=(None if with_salience else "salience was not tested")
            or _uncounted(counts)
            or _too_few(share[:, t], "have sentences")
            or _untested(salience[t]),
        )
        for t, (target, contested) in enumerate(zip(counts.targets, counts.contested, strict=True))
    ]
    ranked = Disagreements(sorted(found, key=_certainty, reverse=True))
    return with_tests(ranked, counts, n, seed) if with_stances else ranked


def with_tests(found: Disagreements, counts: Counts, n: int = PERMUTATIONS, seed: int = SEED) -> Disagreements:
    """The same with the permutation tests of stances, which take nearly all of the time where clusters are many.

    Args:
        found: all targets, without these tests.
        counts: stances by cluster, target and label.
        n: permutations of each test.
        seed: seed of the permutations.
    """
    p = _tested(counts, position_p, n, seed)
    known = dict(zip(counts.targets, zip(p, _corrected(p), strict=True), strict=True))
    lines = ((line, *known[line.target]) for line in found)
    return Disagreements([_with_p(line, value, corrected) for line, value, corrected in lines])


def _with_p(line: Disagreement, p: float | None, corrected: float | None) -> Disagreement:
    return replace(line, p=p, corrected=corrected, reason=line.reason or _untested(p))


def _certainty(line: Disagreement) -> tuple[bool, float, float]:
    """Sorts opposed and contested targets last, and within both kinds by probability of opposite sides, then spread."""
    first = line.contested or line.verdict == "opposed"
    return first, -1 if line.opposite is None else line.opposite, -1 if line.spread is None else line.spread


def _said(counts: Counts, figures: Floats, pairs: Sequence[Pairwise], target: int) -> dict[str, Any]:
    """The verdict on a target, and who says nothing on it; `figures`, net stances and ends: (3, sources, targets)."""
    sided = ~np.isnan(figures[0, :, target])
    low, high = figures[1:, sided, target]
    found, side = verdict(low, high, opposed=any(pair.opposed for pair in pairs))
    silent, not_asked, undecided = unheard(counts, target)
    return {"verdict": found, "side": side, "silent": silent, "not_asked": not_asked, "undecided": undecided}


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


def _pairwise(known: Posterior, net: Floats, sources: tuple[str, ...]) -> list[tuple[Pairwise, ...]]:
    """Every pair of sources, target by target; `net` of shape (sources, targets) is NaN if a source takes no side."""
    one, other = np.triu_indices(len(sources), 1)
    lacks = np.isnan(net).T
    found = np.array([known.compare(target) for target in range(len(lacks))]).reshape(-1, 2, len(sources), len(sources))
    same = np.where(lacks[:, one] | lacks[:, other], np.nan, found[:, 0, one, other])
    more = found[:, 1, one, other]
    corrected = corrected_same(same)
    return [
        tuple(
            Pairwise(sources[a], sources[b], "undecided", None, None, reason=_sideless(sources, lacks[t], (a, b)))
            if np.isnan(same[t, at])
            else _pair((sources[a], sources[b]), *(float(part[t, at]) for part in (same, more, corrected)))
            for at, (a, b) in enumerate(combinations(range(len(sources)), 2))
        )
        for t in range(len(lacks))
    ]


def _pair(names: tuple[str, str], same: float, more: float, corrected: float) -> Pairwise:
    """Two sources that take sides, with their probabilities as they are shown."""
    one, other = names
    same, more, found = (round(value, DIGITS) for value in (same, more, corrected))
    return Pairwise(one, other, answer(same, more), same, more, found, is_opposed(corrected))


def answer(same: float, more: float) -> Answer:
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


def _too_few(values: Floats, what: str) -> str | None:
    """Why the spread of a target is None."""
    return f"fewer than two sources {what}" if (~np.isnan(values)).sum() < 2 else None  # noqa: PLR2004


def _untested(p: float | None) -> str | None:
    """Why a p is None."""
    return UNTESTED if p is None else None


def _uncounted(counts: Counts) -> str | None:
    """Why salience is unknown for all targets, if it is."""
    if counts.sentences is not None and counts.lengths is not None:
        return None
    return f"the sentences of {'sources' if counts.sentences is None else 'clusters'} were not counted"


def _sideless(sources: Sequence[str], lacks: Flags, pair: tuple[int, int]) -> str:
    """Which of two sources take no side."""
    return "no side taken by " + " and ".join(sources[i] for i in pair if lacks[i])


def _known(value: float) -> float | None:
    return None if np.isnan(value) else round(value, DIGITS)
