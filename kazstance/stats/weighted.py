"""How far a machine agrees with people on a sample of units that stand for others: weighted shares, with intervals."""

from dataclasses import dataclass
from math import nan, sqrt
from typing import Final

import numpy as np

from kazstance.stats.agreement import alpha
from kazstance.stats.correction import Z
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import NOTHING, Estimate

FEW: Final = 20
"""Fewer effective units than this say little."""


@dataclass(frozen=True)
class Weighted:
    """A weighted share, with the units that it rests on and how many equally weighted ones are worth as much.

    `n_eff` is (sum w)^2 / sum w^2 (Kish, 1965). The interval is Wilson's (1927) with that many units.
    """

    share: Estimate
    n_eff: float

    @property
    def is_few(self) -> bool:
        """Whether there are too few units to say much."""
        return self.n_eff < FEW

    def text(self) -> str:
        """The share with its interval, marked if there are few units."""
        return f"{self.share.text(with_reason=False)}{' (too few)' if self.is_few and self.share.is_defined else ''}"


def weighted_share(hits: Floats, weight: Floats) -> Weighted:
    """The weighted share of units that count.

    Args:
        hits: how far each unit counts, in [0, 1], shape (units,).
        weight: its weight, 0 or more, shape (units,).
    """
    total, n = float(weight.sum()), int((weight > 0).sum())
    if not total:
        return Weighted(Estimate.undefined(NOTHING), 0.0)
    n_eff = total**2 / float((weight**2).sum())
    share = float((hits * weight).sum()) / total
    return Weighted(Estimate(share, *wilson(share, n_eff), n), n_eff)


def wilson(share: float, n: float) -> tuple[float, float]:
    """The ends of the 95 % interval of a share of so many units (Wilson, 1927); `n` need not be whole.

    Args:
        share: the share, in [0, 1].
        n: the number of units.
    """
    if not n:
        return nan, nan
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def newcombe(one: Weighted, other: Weighted) -> Estimate:
    """The difference of two shares with its 95 % interval (Newcombe, 1998, method 10).

    Args:
        one: the first share.
        other: the one that is taken from it.
    """
    if not (one.share.is_defined and other.share.is_defined):
        return Estimate.undefined(NOTHING)
    first, second = one.share, other.share
    value = first.value - second.value
    low = value - float(np.hypot(first.value - first.low, second.high - second.value))
    high = value + float(np.hypot(first.high - first.value, second.value - second.low))
    return Estimate(value, low, high, first.n + second.n)


def weighted_alpha(first: Floats, second: Floats, weight: Floats) -> float:
    """Krippendorff's alpha of two labels on each unit, weighted to the number of units; NaN where nothing varies.

    Args:
        first: the first label of each unit as a row of 0 and 1, shape (units, labels).
        second: the second.
        weight: the weight of each unit, shape (units,).
    """
    if not len(weight):
        return nan
    scaled = weight * len(weight) / weight.sum()
    return float(alpha(first + second, scaled))
