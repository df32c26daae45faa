"""Ratios of labels that a machine made, corrected by what people say of a random sample of the units.

Units are in strata, such as all units of one source to which the machine gave one label; of each stratum some were
drawn at random and judged. It is known how many units a stratum has, so those that were drawn stand for all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from kazstance.stats.counting import Codes, Floats

Flags = npt.NDArray[np.bool_]

Smoothing = Literal["larger", "half_pooled", "half", "none"]
Z: Final = 1.959963984540054
"""The normal quantile of a 95 % interval."""
PRIOR: Final = 0.05
"""The pseudo-count of each label among the units of a kind."""
PRIOR_SAME: Final = 0.25
"""What is added to it for the label that the machine gave."""
JEFFREYS: Final = 0.5
"""The pseudo-count of each label in the wider variant."""
LEAST_DRAWN: Final = 5
"""Judged units that a domain needs."""
LEAST_TOTAL: Final = 1.0
"""The smallest denominator, in units, that a ratio may have."""
WIDEST: Final = 0.5
"""The widest interval of a ratio that is given, as a share of its range."""
HEAVIEST: Final = 0.5
"""The largest share of a ratio's denominator for which one judged unit may stand."""
LARGE: Final = 0.05
"""A stratum with more than this share of a domain has to be judged."""


@dataclass(frozen=True)
class Measure:
    """A ratio of two totals: what a unit adds to each, by its label.

    Shapes: `numerator` and `denominator` (labels,). `unanswered` is what a unit is taken to add to both as long as
    neither the machine nor a person has given it a label; `low` and `high` are the ends of the ratio's range. One that
    is unaided leaves the machine's labels out, so that people's judgements stand alone.
    """

    numerator: Floats
    denominator: Floats
    unanswered: tuple[float, float] = (0.0, 0.0)
    low: float = 0.0
    high: float = 1.0
    is_unaided: bool = False

    @property
    def assumed(self) -> tuple[Floats, Floats]:
        """What a unit adds to both by the kind of its stratum: the machine's label, or, last, none: (labels + 1,)."""
        if self.is_unaided:
            return np.zeros(len(self.numerator) + 1), np.zeros(len(self.numerator) + 1)
        first, second = self.unanswered
        return np.append(self.numerator, first), np.append(self.denominator, second)


@dataclass(frozen=True)
class Sample:
    """Strata, how many units each has, and how many were drawn and judged.

    Shapes: `kind` (strata,), the number of the machine's label, or the number of labels where it gave none; `size` and
    `drawn` (..., strata).
    """

    kind: Codes
    size: Floats
    drawn: Floats


@dataclass(frozen=True)
class Domain:
    """The units that a ratio is about, by stratum, and what people said of those that were drawn.

    Shapes: `size` (..., strata); `truths` (..., strata, labels). People who disagree about a unit share it, so the
    counts need not be whole.
    """

    size: Floats
    truths: Floats

    @property
    def drawn(self) -> Floats:
        """Judged units by stratum, shape (..., strata)."""
        found: Floats = self.truths.sum(axis=-1)
        return found


@dataclass(frozen=True)
class Corrected:
    """Corrected ratios, with what is needed to judge them. All of shape (...).

    `machine` is the ratio of the machine's own labels; `value` and `variance` are the corrected one's, before it is cut
    to its range; `total` is the corrected denominator, `drawn` the number of judged units, `unjudged` the largest share
    of the domain in a stratum of which none was judged, `heaviest` the largest number of units for which one judged
    unit stands. With k times as many judgements the variance would be
    `slope` / k - `rest`.
    """

    measure: Measure
    machine: Floats
    value: Floats
    variance: Floats
    total: Floats
    drawn: Floats
    unjudged: Floats
    heaviest: Floats
    slope: Floats
    rest: Floats

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """The ends of the 95 % interval, cut to the range of the ratio."""
        half = Z * np.sqrt(self.variance)
        return self._cut(self.value - half), self._cut(self.value + half)

    @property
    def estimate(self) -> Floats:
        """The ratio, cut to its range."""
        return self._cut(self.value)

    def _cut(self, values: Floats) -> Floats:
        return np.clip(values, self.measure.low, self.measure.high)

    @property
    def widest(self) -> float:
        """The widest interval that is given."""
        return WIDEST * (self.measure.high - self.measure.low)

    @property
    def has_few(self) -> Flags:
        """Where too few units are judged."""
        return np.asarray(self.drawn < LEAST_DRAWN)

    @property
    def is_empty(self) -> Flags:
        """Where there is next to nothing to divide by."""
        return np.asarray(~(self.total >= LEAST_TOTAL))

    @property
    def has_gap(self) -> Flags:
        """Where a large stratum has not been judged at all."""
        return np.asarray(self.unjudged > LARGE)

    @property
    def is_lone(self) -> Flags:
        """Where a single judgement decides: one judged unit stands for a large part of the denominator."""
        return np.asarray(self.heaviest > HEAVIEST * self.total)

    @property
    def is_wide(self) -> Flags:
        """Where the interval, before it is cut to the range, is too wide to say much.

        Cut, those of ratios that came out near an end of the range by chance would pass.
        """
        return np.asarray(~(2 * Z * np.sqrt(self.variance) <= self.widest))

    @property
    def is_given(self) -> Flags:
        """Where the ratio is given, and not refused."""
        return np.asarray(~(self.has_few | self.is_empty | self.has_gap | self.is_lone | self.is_wide))

    @property
    def times(self) -> Floats:
        """How many times as many judgements, spread over the strata as before, would be enough.

        The interval is narrow enough then, and no single judgement decides, if the ratio and its denominator stay
        what they are. Infinite where nothing can be said.
        """
        wanted = (self.widest / (2 * Z)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.maximum(self.slope / (wanted + self.rest), self.heaviest / (HEAVIEST * self.total))
        return np.where(np.isfinite(found), np.maximum(found, 1.0), np.inf)


def truths_by_kind(kind: Codes, truths: Floats) -> Floats:
    """How probable each label is for a unit of a kind, over all strata of the kind: shape (..., labels + 1, labels).

    Args:
        kind: the kind of each stratum, shape (strata,).
        truths: what people said of all units that were drawn, shape (..., strata, labels).
    """
    labels = truths.shape[-1]
    found = np.zeros((*truths.shape[:-2], labels + 1, labels)) + PRIOR
    np.einsum("...ii->...i", found[..., :labels, :])[...] += PRIOR_SAME
    for number in range(labels + 1):
        found[..., number, :] += truths[..., kind == number, :].sum(axis=-2)
    return np.asarray(found / found.sum(axis=-1, keepdims=True))


def correct(
    sample: Sample, domain: Domain, measure: Measure, by_kind: Floats, smoothing: Smoothing = "larger"
) -> Corrected:
    """A ratio over a domain, by the stratified difference estimator.

    To the total of the machine's labels, people's judgements add the mean error of each stratum times its size
    (Särndal, Swensson and Wretman, 1992, chapter 6; Egami et al., 2023). Both totals are corrected, then divided. The
    variance is that of the ratio under the draw: as if the strata were drawn anew from the same units.

    A stratum in which no error was seen would claim that it has none, so the variance within it is that of the errors
    seen there or that of those seen in all strata of its kind, whichever is larger.

    Args:
        sample: the strata.
        domain: the units that the ratio is about.
        measure: the ratio.
        by_kind: how probable each label is by kind, as `truths_by_kind` gives it, shape (..., labels + 1, labels).
        smoothing: what the variance within a stratum rests on: `larger`, as said; `half_pooled`, the mean of the shares
            of labels seen there and of those of its kind; `half`, the shares seen there with half a unit of each label
            added; or `none`, the shares seen there.
    """
    totals, machine = [], []
    for label, assumed in zip((measure.numerator, measure.denominator), measure.assumed, strict=True):
        base = assumed[sample.kind]
        errors = (domain.truths @ label - domain.drawn * base) * _times(sample)
        machine.append((domain.size * base).sum(axis=-1))
        totals.append(machine[-1] + errors.sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = totals[0] / totals[1]
        spread = _spread(sample, domain, by_kind[..., sample.kind, :], _errors(sample, measure, value), smoothing)
        drawn = np.maximum(sample.drawn, 1)
        if smoothing == "none":
            spread = spread * drawn / np.maximum(drawn - 1, 1)
        spread = np.where(sample.drawn < sample.size, spread, 0)
        slope = (sample.size**2 * spread / drawn).sum(axis=-1) / totals[1] ** 2
        rest = (np.where(sample.drawn > 0, sample.size, 0) * spread).sum(axis=-1) / totals[1] ** 2
        share = domain.size / domain.size.sum(axis=-1, keepdims=True)
        return Corrected(
            measure=measure,
            machine=machine[0] / machine[1],
            value=value,
            variance=np.maximum(slope - rest, 0),
            total=totals[1],
            drawn=domain.drawn.sum(axis=-1),
            unjudged=np.where(sample.drawn == 0, share, 0).max(axis=-1, initial=0),
            heaviest=np.where((sample.drawn < sample.size) & (domain.size > 0), _times(sample), 0).max(
                axis=-1, initial=0
            ),
            slope=slope,
            rest=rest,
        )


def spread(
    sample: Sample, domain: Domain, measure: Measure, by_kind: Floats, smoothing: Smoothing = "larger"
) -> Floats:
    """The variance, within each stratum, of what a unit adds to a corrected ratio beyond the machine's label.

    Args:
        sample: the strata.
        domain: the units that the ratio is about.
        measure: the ratio.
        by_kind: how probable each label is by kind.
        smoothing: as for `correct`.

    Returns:
        Shape (..., strata), in units of the numerator.
    """
    found = correct(sample, domain, measure, by_kind, smoothing)
    return _spread(sample, domain, by_kind[..., sample.kind, :], _errors(sample, measure, found.value), smoothing)


def _spread(sample: Sample, domain: Domain, expected: Floats, errors: Floats, smoothing: Smoothing) -> Floats:
    """The variance of errors within each stratum, shape (..., strata); that of its kind where none was drawn.

    Args:
        sample: the strata.
        domain: the units that the ratio is about.
        expected: how probable each label is by the kind of each stratum, shape (..., strata, labels).
        errors: what a unit adds by its label, of the same shape.
        smoothing: as for `correct`.
    """
    if smoothing != "larger":
        return _variance(_shares(sample, domain, expected, smoothing), errors)
    seen, pooled = (_variance(shares, errors) for shares in _seen_and_pooled(sample, domain, expected))
    return np.asarray(np.where(sample.drawn > 0, np.maximum(seen, pooled), pooled))


def _times(sample: Sample) -> Floats:
    """How many units each judged one stands for."""
    return np.asarray(np.where(sample.drawn > 0, sample.size / np.maximum(sample.drawn, 1), 0))


def _errors(sample: Sample, measure: Measure, value: Floats) -> Floats:
    """What a unit adds to the corrected ratio by its label, beyond the machine's label, shape (..., strata, labels)."""
    ratio = np.asarray(value)[..., None]
    numerator, denominator = measure.assumed
    assumed = numerator[sample.kind] - ratio * denominator[sample.kind]
    return np.asarray(measure.numerator - ratio[..., None] * measure.denominator - assumed[..., None])


def _variance(shares: Floats, errors: Floats) -> Floats:
    """The variance of errors that have these probabilities, and are 0 otherwise, shape (..., strata)."""
    return np.asarray(np.maximum((shares * errors**2).sum(axis=-1) - (shares * errors).sum(axis=-1) ** 2, 0))


def _shares(sample: Sample, domain: Domain, expected: Floats, smoothing: Smoothing) -> Floats:
    """How probable it is that a unit of a stratum is in the domain and has a label, shape (..., strata, labels)."""
    drawn = sample.drawn[..., None]
    if smoothing == "half":
        labels = domain.truths.shape[-1] + (domain.size < sample.size)[..., None]
        return np.asarray((domain.truths + JEFFREYS) / (drawn + JEFFREYS * labels) * (domain.size > 0)[..., None])
    seen, pooled = _seen_and_pooled(sample, domain, expected)
    return seen if smoothing == "none" else np.asarray(np.where(drawn > 0, (seen + pooled) / 2, pooled))


def _seen_and_pooled(sample: Sample, domain: Domain, expected: Floats) -> tuple[Floats, Floats]:
    """The shares of labels in the domain, of the units drawn from a stratum and as its kind suggests."""
    seen = domain.truths / np.maximum(sample.drawn[..., None], 1)
    return np.asarray(seen), np.asarray((domain.size / np.maximum(sample.size, 1))[..., None] * expected)


def difference(one: Corrected, other: Corrected) -> tuple[Floats, Floats, Floats]:
    """The difference of two ratios over domains that share no stratum, and the ends of its interval.

    Their samples are independent, so their variances add.

    Args:
        one: the first ratio.
        other: the one that is taken from it.
    """
    value, half = one.estimate - other.estimate, Z * np.sqrt(one.variance + other.variance)
    width = one.measure.high - one.measure.low
    return value, np.clip(value - half, -width, width), np.clip(value + half, -width, width)


def are_equal(errors: Sequence[float], variances: Sequence[float]) -> tuple[float, int]:
    """The chi-square statistic of the hypothesis that independent estimates have one expectation, and its freedom.

    The sum of the squared distances from the mean weighted by precision, each over its variance (Cochran, 1954). An
    estimate without variance is the mean, as in the limit of small ones; infinite if there are several and they differ.
    NaN for fewer than two.

    Args:
        errors: the estimates.
        variances: their variances.
    """
    if len(errors) < 2:  # noqa: PLR2004
        return float("nan"), 0
    found, spread = np.asarray(errors, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    sure, others = found[spread == 0], spread > 0
    if len(sure) and np.ptp(sure):
        return float("inf"), len(found) - 1
    mean = sure[0] if len(sure) else (found / spread).sum() / (1 / spread).sum()
    return float(((found - mean)[others] ** 2 / spread[others]).sum()), len(found) - 1
