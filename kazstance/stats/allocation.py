"""How many units of each stratum to draw, and which."""

from typing import Final

import numpy as np

from kazstance.stats.counting import Codes, Floats

LEAST: Final = 2
"""Units that are drawn of a stratum at least, so far as it has them."""


def allocate(size: Floats, weight: Floats, n: int, least: int = LEAST) -> Codes:
    """Divide a number of units among strata by their weights: at least a few of each, at most all of it.

    Args:
        size: the units that each stratum has, shape (strata,).
        weight: the weights, shape (strata,); 0 or more.
        n: how many units to draw altogether; more are drawn if the strata need that for their least number.
        least: how many of each stratum at least.

    Returns:
        Whole numbers, shape (strata,), whose sum is n, or that of all units, or of the least numbers.
    """
    floor = np.minimum(size, least)
    wanted = min(max(float(n), float(floor.sum())), float(size.sum()))
    low, high = 0.0, wanted + 1
    share = weight / weight.sum() if weight.sum() else np.full(len(size), 1 / max(len(size), 1))
    share = np.maximum(share, 1e-9)
    while np.clip(high * share, floor, size).sum() < wanted:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(middle * share, floor, size).sum() < wanted else (low, middle)
    return _whole(np.clip(high * share, floor, size), round(wanted))


def _whole(found: Floats, total: int) -> Codes:
    """The whole numbers nearest to some numbers that have a given sum: the largest remainders are rounded up."""
    down = np.floor(found + 1e-6).astype(np.intp)
    order = np.argsort(down - found, kind="stable")
    down[order[: max(0, total - int(down.sum()))]] += 1
    return down


def neyman(size: Floats, spread: Floats) -> Floats:
    """The weights by which a second phase is divided: size times standard deviation (Neyman, 1934), shape (strata,).

    Args:
        size: the units of each stratum.
        spread: the variance within each, as far as a first phase has shown it.
    """
    return np.asarray(size * np.sqrt(spread))


def systematic(size: int, drawn: int, start: float) -> Codes:
    """The places of units that are drawn from a stratum in order, equally far apart, from a random start.

    Each has the probability `drawn` / `size` (Madow and Madow, 1944), and every part of the order is met in proportion.

    Args:
        size: how many units there are.
        drawn: how many are drawn, at most `size`.
        start: a random number in [0, 1).
    """
    first = min(int(start * size), size - 1)
    return (first + size * np.arange(drawn, dtype=np.intp)) // max(drawn, 1)
