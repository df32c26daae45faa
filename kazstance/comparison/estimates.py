"""Estimates from the counts of one source on one target: position, net stance, salience; and what is contested."""

from kazstance.schema.labels import SIDES, Position
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import Estimate
from kazstance.stats.shares import jeffreys

LEVEL = 0.95
DIGITS = 6
"""Decimals to which estimates are rounded, so that they are the same on every machine."""
CONTESTED_ROWS = 2
"""Number of sure sentences that two sources must have on opposite sides of a contested target."""


def position(favor: int, neutral: int, against: int, decided: int | None = None) -> Position:
    """Where a source stands on a target, from the counts of its sentences by label.

    Args:
        favor: sentences in favor.
        neutral: sentences that take no side.
        against: sentences against.
        decided: sentences with a decided judgement on the target, if known.
    """
    if favor and against:
        return Position.mixed
    if favor or against:
        return Position.favor if favor else Position.against
    if neutral:
        return Position.neutral
    return Position.not_asked if decided == 0 else Position.not_addressed


def contested(counts: Floats) -> bool:
    """Whether two sources take opposite sides of a target, each in at least two sentences whose label is sure.

    A source with as many on both sides counts for both; it takes another one to contest the target. That says how the
    labels lie, and is never tested on.

    Args:
        counts: sentences with a sure label, shape (sources, labels), in the order against, neutral, favor.
    """
    favor, against = (counts[:, side] >= CONTESTED_ROWS for side in SIDES)
    return bool(favor.any() and against.any() and (favor | against).sum() > 1)


def net(favor: float, against: float) -> Estimate:
    """Net stance among the sentences that take a side: 2p - 1 for their share p of favor, in [-1, 1].

    Posterior mean and equal-tailed 95 % interval under Jeffreys' prior, which stay sound for unanimous cells of one to
    five sentences (Brown, Cai and DasGupta, 2001). Without a sentence that takes a side it is 0 in [-1, 1].
    """
    if not favor + against:
        return Estimate(0.0, -1.0, 1.0, 0)
    value, low, high = (round(2 * share - 1, DIGITS) for share in jeffreys(favor, against))
    return Estimate(value, low, high, round(favor + against))


def salience(about: float, sentences: float) -> Estimate:
    """Share of a source's sentences that are about a target, with an equal-tailed 95 % interval under Jeffreys' prior.

    The interval of a target that is never addressed begins at 0 (Brown, Cai and DasGupta, 2001).
    """
    low, high = jeffreys(about, sentences - about)[1:]
    share = about / sentences if sentences else 0.0
    ends = round(low, DIGITS) if about else 0.0, round(high, DIGITS) if about < sentences else 1.0
    return Estimate(round(share, DIGITS), *ends, round(sentences))
