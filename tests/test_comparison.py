"""Estimates of positions against published figures."""

import numpy as np
import pytest

from kazstance.comparison import estimates
from kazstance.schema.labels import Position
from kazstance.stats.estimate import Estimate


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((2, 0, 0), Position.favor),
        ((1, 5, 0), Position.favor),
        ((0, 1, 3), Position.against),
        ((9, 0, 1), Position.mixed),
        ((0, 2, 0), Position.neutral),
        ((0, 0, 0), Position.not_addressed),
    ],
)
def test_position_is_read_from_counts(counts, expected):
    assert estimates.position(*counts) is expected


@pytest.mark.parametrize(("favor", "against"), [(1, 4), (2, 8), (7, 3), (30, 12)])
def test_jeffreys_intervals_leave_two_and_a_half_percent_at_each_side(favor, against):
    """Against a plain sum over the posterior density p^(F - 1/2) (1 - p)^(A - 1/2)."""
    p = (np.arange(400_000) + 0.5) / 400_000
    density = np.exp((favor - 0.5) * np.log(p) + (against - 0.5) * np.log1p(-p))
    share = np.cumsum(density) / density.sum()
    found = estimates.net(favor, against)
    ends = [2 * p[np.searchsorted(share, tail)] - 1 for tail in (0.025, 0.975)]
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-4)
    assert found.value == pytest.approx((2 * p - 1) @ density / density.sum(), abs=1e-6)


@pytest.mark.parametrize(
    ("favor", "against", "net"),
    [(1, 0, (0.50, -0.71, 1)), (3, 0, (0.75, -0.07, 1)), (5, 0, (0.83, 0.24, 1)), (4, 1, (0.50, -0.26, 0.95))],
)
def test_net_at_small_counts(favor, against, net):
    """Posterior mean (F - A) / (F + A + 1), and the equal-tailed interval, which keeps its width at unanimous cells."""
    found, mirrored = estimates.net(favor, against), estimates.net(against, favor)
    assert (found.value, found.low, found.high) == pytest.approx(net, abs=6e-3)
    assert (mirrored.value, mirrored.low, mirrored.high) == pytest.approx((-net[0], -net[2], -net[1]), abs=6e-3)


def test_net_without_a_side_says_nothing():
    assert estimates.net(0, 0) == Estimate(0, -1, 1, 0)


def test_salience_of_silence_has_an_upper_bound():
    """0 of 100 sentences: at most 2.5 % (97.5 % Jeffreys)."""
    found = estimates.salience(0, 100)
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(0.025, abs=5e-4)
    assert estimates.salience(100, 100).high == 1
