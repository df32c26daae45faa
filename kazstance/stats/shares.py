"""The interval of a share, from counts."""

from typing import Final

TAIL: Final = 0.025
"""The probability on each side of the interval."""


def jeffreys(hits: float, misses: float) -> tuple[float, float, float]:
    """Mean and equal-tailed 95 % interval of a share under Jeffreys' prior Beta(1/2, 1/2) (Brown, Cai, DasGupta, 2001).

    Args:
        hits: units that count, 0 or more.
        misses: the others.

    Returns:
        Three numbers in [0, 1]; the interval has a width even where all units are alike.
    """
    from scipy.special import betaincinv  # noqa: PLC0415  # loaded where it is used

    low, high = (float(betaincinv(hits + 0.5, misses + 0.5, tail)) for tail in (TAIL, 1 - TAIL))
    return (hits + 0.5) / (hits + misses + 1), low, high
