"""Positions of several sources, partially pooled: each borrows strength from the others on the same target."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from kazstance.stats.counting import Floats
from kazstance.stats.resampling import SEED

REACH: Final = 14.0
"""The grid of shares ends at plus and minus these log-odds; mass beyond counts at its ends."""
STEP: Final = 0.05
MOST: Final = 4001
"""Maximum number of points of that grid, which is finer the more sentences a source has on a target."""
MEANS: Final = np.linspace(-6, 6, 41)
"""Possible log-odds of a target's mean."""
CONCENTRATIONS: Final[Floats] = 2.0 ** np.arange(-1.0, 7.0)
SHAPES: Final[Floats] = 0.1 * 2.0 ** np.arange(7.0)
NEGLIGIBLE: Final = 1e-6
"""Rows of the prior with less than this share of the greatest weight are skipped when comparing pairs of sources."""


@dataclass(frozen=True)
class Pooling:
    """A hierarchical beta-binomial model on a grid.

    The share p_st of favor among the sentences of source s that take a side on target t is Beta(m_t k, (1 - m_t) k),
    and the mean m_t of a target is Beta(a, a): k says how close sources are to each other, a how far targets are from
    one-sided. k and a take values on a grid, weighted by their marginal likelihood over all targets; m_t on another
    (Gelman et al., 2013, chapter 5). Everything is a sum over grids: nothing is drawn at random.

    Shapes: `log_odds` (points,), the grid of p; `prior` (rows, points), the masses of p for a k and m; `given`
    (settings, rows), how probable each row is for a k and a; `k` (settings,).
    """

    log_odds: Floats
    prior: Floats
    given: Floats
    k: Floats

    @property
    def net(self) -> Floats:
        """The grid of net stance, 2p - 1, whose ends stand for everything beyond: shape (points,)."""
        net: Floats = np.tanh(self.log_odds / 2)
        net[[0, -1]] = -1, 1
        return net

    def fit(self, favor: Floats, against: Floats) -> "Posterior":
        """The posterior of every source on every target.

        Args:
            favor: shape (sources, targets), sentences in favor; need not be whole numbers.
            against: shape (sources, targets).
        """
        from scipy.special import softmax  # noqa: PLC0415  # loaded where it is used

        likelihood = _likelihood(self.log_odds, favor, against)
        evidence = np.maximum(likelihood @ self.prior.T, np.finfo(np.float64).tiny)
        together = np.log(evidence).sum(axis=0)
        highest = together.max(axis=1, initial=-np.inf, keepdims=True)
        relative = np.exp(together - highest)
        by_setting = np.maximum(relative @ self.given.T, np.finfo(np.float64).tiny)
        setting = softmax((np.log(by_setting) + highest).sum(axis=0))
        weight = relative * ((setting / by_setting) @ self.given)
        return Posterior(self, likelihood, evidence, weight, setting)


@dataclass(frozen=True)
class Posterior:
    """The posterior of every source on every target, given its sentences.

    Shapes: `likelihood` (sources, targets, points); `evidence` (sources, targets, rows of the prior); `weight`
    (targets, rows of the prior) and `setting` (settings,), probabilities.
    """

    pooling: Pooling
    likelihood: Floats
    evidence: Floats
    weight: Floats
    setting: Floats

    @property
    def masses(self) -> Floats:
        """The probability of each point of the grid: shape (sources, targets, points)."""
        masses: Floats = self.likelihood * ((self.weight / self.evidence) @ self.pooling.prior)
        return masses

    def summary(self, level: float = 0.95) -> Floats:
        """Mean of net stance and ends of its equal-tailed interval: shape (3, sources, targets)."""
        masses, net = self.masses, self.pooling.net
        below = np.cumsum(masses, axis=-1) - masses / 2
        tails = [(1 - level) / 2, (1 + level) / 2]
        ends = np.array([np.interp(tails, cell, net) for cell in below.reshape(-1, len(net))])
        return np.concatenate([(masses @ net)[None], ends.T.reshape(2, *masses.shape[:2])])

    def compare(self, target: int) -> tuple[Floats, Floats]:
        """The probabilities that two sources are on one side of a target, and that the first is the more favorable.

        Both of shape (sources, sources). Given a row of the prior, sources are independent of each other.
        """
        likely = self.weight[target] > NEGLIGIBLE * self.weight[target].max()
        weight, prior = self.weight[target, likely], self.pooling.prior[likely]
        given = self.likelihood[:, target, None] * prior / self.evidence[:, target, likely, None]
        below = np.cumsum(given, axis=-1) - given / 2
        middle = len(self.pooling.log_odds) // 2
        side = 1 - below[..., middle]
        same = (side * weight) @ side.T + ((1 - side) * weight) @ (1 - side).T
        flat = len(side), -1
        return same, (given * weight[:, None]).reshape(flat) @ below.reshape(flat).T

    def draws(self, n: int, seed: int = SEED) -> Floats:
        """Net stances drawn from the posterior: shape (n, sources, targets).

        A draw has one k and a for all targets, and one mean for all sources on a target.
        """
        rng, net = np.random.default_rng(seed), self.pooling.net
        sources, targets = self.likelihood.shape[:2]
        chosen = rng.choice(len(self.setting), n, p=self.setting)
        drawn = np.empty((n, sources, targets))
        for target in range(targets):
            together = np.log(self.evidence[:, target]).sum(axis=0)
            relative, rows = np.exp(together - together.max()), np.empty(n, dtype=np.intp)
            for setting in np.unique(chosen):
                weight, these = relative * self.pooling.given[setting], chosen == setting
                rows[these] = rng.choice(len(weight), int(these.sum()), p=weight / weight.sum())
            for source in range(sources):
                below = np.cumsum(self.likelihood[source, target] * self.pooling.prior[rows], axis=1)
                drawn[:, source, target] = net[(below < rng.random((n, 1)) * below[:, -1:]).sum(axis=1)]
        return drawn


def pool(favor: Floats, against: Floats) -> Posterior:
    """Fit the model to the sentences that take a side: `favor` and `against` of shape (sources, targets)."""
    from scipy.special import expit  # noqa: PLC0415  # loaded where it is used

    most = max(float((favor + against).max(initial=0)), 1.0)
    points = min(2 * int(np.ceil(REACH / min(STEP, 0.25 / np.sqrt(most)))) + 1, MOST)
    log_odds, means = np.linspace(-REACH, REACH, points), expit(MEANS)
    m, k = np.tile(means, len(CONCENTRATIONS)), np.repeat(CONCENTRATIONS, len(means))
    given = np.kron(np.eye(len(CONCENTRATIONS)), beta_masses(MEANS, SHAPES, SHAPES)).astype(np.float64)
    prior = beta_masses(log_odds, m * k, (1 - m) * k)
    return Pooling(log_odds, prior, given, np.repeat(CONCENTRATIONS, len(SHAPES))).fit(favor, against)


def _likelihood(log_odds: Floats, favor: Floats, against: Floats) -> Floats:
    """p^favor (1 - p)^against over a grid, scaled so that its greatest value is 1: shape (..., points)."""
    logs = -favor[..., None] * np.logaddexp(0, -log_odds) - against[..., None] * np.logaddexp(0, log_odds)
    likelihood: Floats = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return likelihood


def beta_masses(log_odds: Floats, a: Floats, b: Floats) -> Floats:
    """The beta distributions of a and b on a grid: shape (distributions, points).

    Over log-odds their density p^a (1 - p)^b is smooth, and falls off beyond the ends as exp(-a |t|) and exp(-b |t|).

    Args:
        log_odds: the grid, evenly spaced, shape (points,).
        a: first parameters, above 0, shape (distributions,).
        b: second parameters, above 0, shape (distributions,).
    """
    logs = -a[:, None] * np.logaddexp(0, -log_odds) - b[:, None] * np.logaddexp(0, log_odds)
    masses = np.exp(logs - logs.max(axis=1, keepdims=True))
    step = log_odds[1] - log_odds[0]
    masses[:, 0] *= 0.5 + 1 / (a * step)
    masses[:, -1] *= 0.5 + 1 / (b * step)
    shares: Floats = masses / masses.sum(axis=1, keepdims=True)
    return shares
