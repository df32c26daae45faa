"""What can be said of a target: that sources are opposed on it, that all are on one side, or that nobody can tell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np

from kazstance.comparison.counts import Counts
from kazstance.comparison.estimates import LEVEL
from kazstance.output.counted import counted
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import number_text
from kazstance.stats.paired import holm

Verdict = Literal["opposed", "one side", "cannot tell"]
"""What can be said of a target."""
Side = Literal["favor", "against"]
VERDICTS: Final[tuple[Verdict, ...]] = ("opposed", "one side", "cannot tell")
NAMED: Final = 6
"""How many sources a summary names."""


def verdict(low: Floats, high: Floats, *, opposed: bool) -> tuple[Verdict, Side | None]:
    """The verdict on one target, and the side of all if they are on one.

    Sources are `opposed` if some two of them are; otherwise they are on `one side` if two or more take a side and the
    intervals of all of them lie on it. In all other cases one cannot tell.

    Args:
        low: lower ends of the intervals of net stance of the sources that take a side, shape (sources,).
        high: their upper ends.
        opposed: whether some two sources are on opposite sides, after correction.
    """
    if opposed:
        return "opposed", None
    if len(low) < 2:  # noqa: PLR2004
        return "cannot tell", None
    if (low > 0).all():
        return "one side", "favor"
    return ("one side", "against") if (high < 0).all() else ("cannot tell", None)


def corrected_same(same: Floats) -> Floats:
    """The probabilities of one side, corrected by Holm over all pairs and targets that have one.

    The probability that two sources are on one side plays the part of a p-value for their being on opposite ones: if
    it stays at .05 or below after the correction, they are opposed.

    Args:
        same: the probabilities, NaN where a source takes no side; any shape.
    """
    found = np.full(same.shape, np.nan)
    known = ~np.isnan(same)
    found[known] = holm(same[known].tolist())
    return found


def is_opposed(same: float) -> bool:
    """Whether two sources are on opposite sides, by their corrected probability of one side; NaN is not."""
    return same <= 1 - LEVEL


def verdict_in_words(found: Verdict, side: Side | None) -> str:
    """A verdict as it is shown beside a target: with its side, if all are on one.

    Args:
        found: the verdict.
        side: the side of all, if they are on one.
    """
    return {None: found, "favor": f"{found}: in favor", "against": f"{found}: against"}[side]


def unheard(counts: Counts, target: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The sources without a sentence about a target: those that are silent, were not asked, or are undecided.

    Args:
        counts: stances by cluster, target and label.
        target: the number of the target.
    """
    addressed = counts.total[:, target].any(axis=1)
    asked, decided = (None if n is None else n[:, target] for n in (counts.n_asked, counts.n_decided))
    not_asked = np.zeros_like(addressed) if asked is None else asked == 0
    judged = np.ones_like(addressed) if decided is None else decided > 0
    kinds = judged, not_asked, ~judged & ~not_asked
    silent, never, split = (tuple(np.array(counts.sources)[~addressed & kind].tolist()) for kind in kinds)
    return silent, never, split


def tallied(found: Sequence[Verdict]) -> dict[Verdict, int]:
    """The number of targets with each verdict."""
    return {kind: sum(one == kind for one in found) for kind in VERDICTS}


def in_words(found: Sequence[Verdict], unheard: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """What the verdicts say together: how many targets have which, and who says nothing on how many.

    Args:
        found: the verdict on each target.
        unheard: for each way of saying nothing, as `silent`, the sources that do so on each target.
    """
    n = tallied(found)
    said = (
        f"Sources are opposed on {n['opposed']} of {counted(len(found), 'target')} and on one side on {n['one side']}; "
        f"on {n['cannot tell']}, one cannot tell."
    )
    return " ".join([said, *filter(None, (_named(how, names) for how, names in unheard.items()))])


def _named(how: str, by_target: Sequence[Sequence[str]]) -> str:
    """Which sources say nothing on how many targets, those on most first; empty if none does."""
    times = Counter(name for names in by_target for name in names)
    most = sorted(times, key=lambda name: (-times[name], name))
    more = [f"and {counted(len(most) - NAMED, 'more source')}"] if len(most) > NAMED else []
    said = ", ".join([*(f"{name} on {times[name]}" for name in most[:NAMED]), *more])
    return f"{how.capitalize()}: {said}." if most else ""


def chance_in_words(corrected: float | None) -> str:
    """What the corrected p of a permutation test says."""
    if corrected is None:
        return "not tested"
    told = "more than chance" if corrected <= 1 - LEVEL else "could be chance"
    return f"{told}, p = {number_text(corrected)}"
