"""Student's t and the normal distribution for intervals, without scipy, which takes longer to load than to score.

Checked against scipy in the tests, to 1e-9.
"""

from math import atan, cos, erfc, exp, lgamma, log, log1p, pi, sin, sqrt
from statistics import NormalDist
from typing import Final

MANY: Final = 400
"""Degrees of freedom from which an expansion in powers of their inverse is exact enough."""
STEPS: Final = 200
"""Maximum number of steps of a search, which takes about ten."""


def normal_share(value: float) -> float:
    """The share of the normal distribution below a value."""
    return erfc(-value / sqrt(2)) / 2


def quantile(freedom: int, share: float) -> float:
    """The value below which a share of Student's t distribution lies.

    Args:
        freedom: degrees of freedom, 1 or more.
        share: in (0, 1/2).
    """
    start = _expansion(freedom, NormalDist().inv_cdf(share))
    return start if freedom >= MANY else -_search(freedom, share, max(-start, 1e-3))


def _expansion(freedom: int, z: float) -> float:
    """The quantile by the one of the normal distribution (Abramowitz and Stegun, 1964, 26.7.5)."""
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))


def _search(freedom: int, share: float, start: float) -> float:
    """The value above which a share lies: Newton's method on the logarithm of the share, which is concave."""
    value = start
    for _ in range(STEPS):
        above = _share_above(freedom, value)
        step = above / _density(freedom, value) * log(above / share)
        value = max(value + step, value / 2)
        if abs(step) < 1e-13 * value:
            break
    return value


def _density(freedom: int, value: float) -> float:
    constant = lgamma((freedom + 1) / 2) - lgamma(freedom / 2) - log(freedom * pi) / 2
    return exp(constant - (freedom + 1) / 2 * log1p(value**2 / freedom))


def _share_above(freedom: int, value: float) -> float:
    """The share above a value, in closed form (Abramowitz and Stegun, 1964, 26.7.3 and 26.7.4)."""
    angle = atan(value / sqrt(freedom))
    total, term = 0.0, cos(angle) if freedom % 2 else 1.0
    for step in range(2 + freedom % 2, freedom + 1, 2):
        total += term
        term *= cos(angle) ** 2 * (step - 1) / step
    inside = 2 / pi * (angle + sin(angle) * total) if freedom % 2 else sin(angle) * total
    return (1 - inside) / 2
