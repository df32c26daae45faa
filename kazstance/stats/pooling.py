"""Positions of several sources, partially pooled: each borrows strength from the others on the same target."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from kazstance.stats.counting import Codes, Floats
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

AT_ONCE: Final = 1000
"""How many cells are summarised at a time."""
LINES: Final = 400
"""How many distributions are compared at a time, so that they stay in the cache of the processor."""
CACHED: Final = 64
"""How many tables of distribution functions are kept, each of about a megabyte."""
Flags = npt.NDArray[np.bool_]


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

        alike, cell = np.unique(np.stack([favor, against], axis=-1).reshape(-1, 2), axis=0, return_inverse=True)
        likelihood, cell = _likelihood(self.log_odds, *alike.T), cell.reshape(favor.shape)
        evidence = np.maximum(likelihood @ self.prior.T, np.finfo(np.float64).tiny)
        together = _summed(np.log(evidence), cell)
        highest = together.max(axis=1, initial=-np.inf, keepdims=True)
        relative = np.exp(together - highest)
        by_setting = np.maximum(relative @ self.given.T, np.finfo(np.float64).tiny)
        setting = softmax((np.log(by_setting) + highest).sum(axis=0))
        weight = relative * ((setting / by_setting) @ self.given)
        return Posterior(self, cell, likelihood, evidence, relative, weight, setting)


@dataclass(frozen=True)
class Posterior:
    """The posterior of every source on every target, given its sentences.

    Sources with the same numbers of sentences share a row of `likelihood` (distinct, points) and of `evidence`
    (distinct, rows of the prior); `cell` (sources, targets) has the number of that row. `relative`, the likelihoods of
    the rows of the prior, and `weight`, their probabilities, have the shape (targets, rows of the prior); `setting`
    (settings,) are probabilities.
    """

    pooling: Pooling
    cell: Codes
    likelihood: Floats
    evidence: Floats
    relative: Floats
    weight: Floats
    setting: Floats

    def summary(self, level: float = 0.95) -> Floats:
        """Mean of net stance and ends of its equal-tailed interval: shape (3, sources, targets)."""
        targets, net = self.cell.shape[1], self.pooling.net
        keys, at = np.unique(self.cell * targets + np.arange(targets), return_inverse=True)
        tails, found = [(1 - level) / 2, (1 + level) / 2], np.empty((3, len(keys)))
        for start in range(0, len(keys), AT_ONCE):
            row, target = np.divmod(keys[start : start + AT_ONCE], targets)
            masses = self.likelihood[row] * ((self.weight[target] / self.evidence[row]) @ self.pooling.prior)
            below = np.cumsum(masses, axis=-1) - masses / 2
            found[0, start : start + AT_ONCE] = masses @ net
            found[1:, start : start + AT_ONCE] = np.array([np.interp(tails, cell, net) for cell in below]).T
        return found[:, at.ravel()].reshape(3, *self.cell.shape)

    def compare(self, target: int) -> tuple[Floats, Floats]:
        """The probabilities that two sources are on one side of a target, and that the first is the more favorable.

        Both of shape (sources, sources). Given a row of the prior, sources are independent of each other.
        """
        row, at = np.unique(self.cell[:, target], return_inverse=True)
        likely = np.flatnonzero(self.weight[target] > NEGLIGIBLE * self.weight[target].max())
        middle = len(self.pooling.log_odds) // 2
        same, more = np.zeros((2, len(row), len(row)))
        for rows in np.array_split(likely, max(1, len(likely) * len(row) // LINES)):
            # both sides have the root of the weight, so that their products have the weight
            root = np.sqrt(self.weight[target, rows])[:, None]
            given = self.likelihood[row] * self.pooling.prior[rows, None]
            given *= (root / self.evidence[np.ix_(row, rows)].T)[..., None]
            below = np.cumsum(given, axis=-1)
            below -= given / 2
            more += np.matmul(given, below.transpose(0, 2, 1)).sum(axis=0)
            under = below[..., middle]
            same += (root - under).T @ (root - under) + under.T @ under
        pairs = np.ix_(at, at)
        return same[pairs], more[pairs]

    def opposed(self, target: int, sources: Flags) -> float:
        """The probability that two of some sources are on opposite sides of a target: that not all are on one side.

        Args:
            target: the number of the target.
            sources: which sources, shape (sources,).
        """
        row, times = np.unique(self.cell[sources, target], return_counts=True)
        under = self._under[row]
        one_side = (under ** times[:, None]).prod(axis=0) + ((1 - under) ** times[:, None]).prod(axis=0)
        return float(np.clip(1 - self.weight[target] @ one_side, 0, 1))

    @cached_property
    def _under(self) -> Floats:
        """The probability of the side against, given a row of the prior: shape (distinct, rows of the prior)."""
        middle = len(self.pooling.log_odds) // 2
        known, prior = self.likelihood[:, : middle + 1].copy(), self.pooling.prior[:, : middle + 1]
        known[:, middle] /= 2  # the middle of the grid is on both sides
        under: Floats = (known @ prior.T) / self.evidence
        return under

    def draws(self, n: int, seed: int = SEED) -> Floats:
        """Net stances drawn from the posterior: shape (n, sources, targets).

        A draw has one k and a for all targets, and one mean for all sources on a target.
        """
        drawn = np.empty((n, *self.cell.shape))
        for target, found in enumerate(self.draws_by_target(np.ones(self.cell.shape, dtype=bool), n, seed)):
            drawn[:, :, target] = found.T
        return drawn

    def draws_by_target(self, wanted: Flags, n: int, seed: int = SEED) -> Iterator[Floats]:
        """The same draws target by target, of shape (wanted sources, n).

        Args:
            wanted: which sources to draw on which targets, shape (sources, targets).
            n: number of draws.
            seed: seed of the draws.
        """
        rng = np.random.default_rng(seed)
        setting = rng.choice(len(self.setting), n, p=self.setting)
        order, table = np.argsort(setting, kind="stable"), lru_cache(CACHED)(self._cumulative)
        points = len(self.pooling.log_odds)
        for target in range(self.cell.shape[1]):
            rows = np.empty(n, dtype=np.intp)
            rows[order] = self._rows(target, setting[order], rng.random(n))
            shares, found = rng.random((len(self.cell), n)), []
            for source in np.flatnonzero(wanted[:, target]):
                place = np.searchsorted(table(int(self.cell[source, target])), rows + shares[source]) - rows * points
                found.append(self.pooling.net[np.clip(place, 0, points - 1)])
            yield np.array(found).reshape(-1, n)

    def _rows(self, target: int, setting: Codes, shares: Floats) -> Codes:
        """The row of the prior drawn for each setting, by random numbers in [0, 1)."""
        known, at = np.unique(setting, return_inverse=True)
        return _drawn(np.cumsum(self.relative[target] * self.pooling.given[known], axis=1), at, shares)

    def _cumulative(self, row: int) -> Floats:
        """The distribution function of p for each row of the prior, one after the other, each raised by its number."""
        below = np.cumsum(self.likelihood[row] * self.pooling.prior, axis=1)
        below /= below[:, -1:]
        below += np.arange(len(below))[:, None]
        found: Floats = below.ravel()
        return found


def _drawn(cumulative: Floats, line: Codes, shares: Floats) -> Codes:
    """The place at which a line of cumulative weights exceeds a share of its total, for each line and share."""
    wide = cumulative.shape[1]
    raised = (cumulative / cumulative[:, -1:] + np.arange(len(cumulative))[:, None]).ravel()
    found = np.searchsorted(raised, line + shares, side="right") - line * wide
    places: Codes = np.clip(found, 0, wide - 1)
    return places


def _summed(values: Floats, cell: Codes) -> Floats:
    """The sum over sources of the rows of their cells, shape (targets, columns)."""
    found = np.zeros((cell.shape[1], values.shape[1]))
    for numbers in cell:
        found += values[numbers]
    return found


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
