"""Ratios of labels that a machine made, corrected by what people say of a random sample of the units.

Units are in strata, such as all units of one source to which the machine gave one label; of each stratum some were
drawn at random and judged. It is known how many units a stratum has, so those that were drawn stand for all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from kazstance.stats.counting import Codes, Floats

Flags = npt.NDArray[np.bool_]

Smoothing = Literal["half", "larger", "half_pooled", "none"]
"""What the variance within a stratum rests on: see `correct`."""
DEFAULT: Final[Smoothing] = "half"
Z: Final = 1.959963984540054
"""The normal quantile of a 95 % interval."""
PRIOR: Final = 0.05
"""The pseudo-count of each label among the units of a kind."""
PRIOR_SAME: Final = 0.25
"""What is added to it for the label that the machine gave."""
JEFFREYS: Final = 0.5
"""The pseudo-count of each label in a stratum (Jeffreys, 1946)."""
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
HALVINGS: Final = 50
"""How often the interval is halved in which the number of judgements is that would be enough."""


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
    def widest(self) -> float:
        """The widest interval that is given."""
        return WIDEST * (self.high - self.low)

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
    unit stands.
    """

    measure: Measure
    machine: Floats
    value: Floats
    variance: Floats
    total: Floats
    drawn: Floats
    unjudged: Floats
    heaviest: Floats

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
    def width(self) -> Floats:
        """The width of the 95 % interval before it is cut to the range of the ratio."""
        return np.asarray(2 * Z * np.sqrt(self.variance))

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
        return np.asarray(~(self.width <= self.measure.widest))

    @property
    def is_given(self) -> Flags:
        """Where the ratio is given, and not refused."""
        return np.asarray(~(self.has_few | self.is_empty | self.has_gap | self.is_lone | self.is_wide))


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
    sample: Sample, domain: Domain, measure: Measure, by_kind: Floats, smoothing: Smoothing = DEFAULT
) -> Corrected:
    """A ratio over a domain, by the stratified difference estimator.

    To the total of the machine's labels, people's judgements add the mean error of each stratum times its size
    (Särndal, Swensson and Wretman, 1992, chapter 6; Egami et al., 2023). Both totals are corrected, then divided. The
    variance is that of the ratio under the draw: as if the strata were drawn anew from the same units.

    A stratum in which no error was seen would claim that it has none, so the variance within it is that of the labels
    seen there with half a unit of each label added.

    Args:
        sample: the strata.
        domain: the units that the ratio is about.
        measure: the ratio.
        by_kind: how probable each label is by kind, as `truths_by_kind` gives it, shape (..., labels + 1, labels); only
            `larger` and `half_pooled` need it.
        smoothing: what the variance within a stratum rests on: `half`, as said; `larger`, the errors seen there or
            those seen in all strata of its kind, whichever vary more; `half_pooled`, the mean of the shares of labels
            seen there and of those of its kind; or `none`, the shares seen there.
    """
    totals, machine = [], []
    for label, assumed in zip((measure.numerator, measure.denominator), measure.assumed, strict=True):
        base = assumed[sample.kind]
        errors = (domain.truths @ label - domain.drawn * base) * _times(sample)
        machine.append((domain.size * base).sum(axis=-1))
        totals.append(machine[-1] + errors.sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = totals[0] / totals[1]
        within = _spread(sample, domain, by_kind[..., sample.kind, :], _errors(sample, measure, value), smoothing)
        share = domain.size / domain.size.sum(axis=-1, keepdims=True)
        return Corrected(
            measure=measure,
            machine=machine[0] / machine[1],
            value=value,
            variance=_of_total(sample, within) / totals[1] ** 2,
            total=totals[1],
            drawn=domain.drawn.sum(axis=-1),
            unjudged=np.where(sample.drawn == 0, share, 0).max(axis=-1, initial=0),
            heaviest=_heaviest(sample, domain),
        )


def enough(sample: Sample, domain: Domain, found: Corrected, by_kind: Floats, smoothing: Smoothing = DEFAULT) -> Floats:
    """How many times as many judgements, spread over the strata as before, would be enough for ratios to be given.

    The interval is narrow enough then, and no single judgement decides, if the ratio, its denominator and the shares of
    labels that people see stay what they are.

    Args:
        sample: the strata.
        domain: the units that the ratios are about.
        found: the ratios, as `correct` gives them.
        by_kind: how probable each label is by kind.
        smoothing: as for `correct`.

    Returns:
        1 or more, shape (...); infinite where nothing can be said.
    """
    expected = by_kind[..., sample.kind, :]

    def is_enough(times: Floats) -> Flags:
        drawn = np.minimum(sample.drawn * times[..., None], sample.size)
        seen = domain.truths * (drawn / np.maximum(sample.drawn, 1))[..., None]
        then, part = replace(sample, drawn=drawn), replace(domain, truths=seen)
        within = _spread(then, part, expected, _errors(sample, found.measure, found.value), smoothing)
        is_narrow = 2 * Z * np.sqrt(_of_total(then, within)) <= found.measure.widest * found.total
        return np.asarray(is_narrow & (_heaviest(then, part) <= HEAVIEST * found.total))

    low = np.ones(found.value.shape)
    high = low * _times(sample).max(axis=-1, initial=1) * (1 + 1e-12)  # rounded down, it would leave a unit open
    with np.errstate(invalid="ignore"):
        high = np.where(is_enough(low), low, np.where(is_enough(high), high, np.inf))
        for _ in range(HALVINGS):
            middle = np.sqrt(low * np.where(np.isfinite(high), high, low))
            there = is_enough(middle)
            low, high = np.where(there, low, middle), np.where(there, middle, high)
    return high


def spread(sample: Sample, domain: Domain, measure: Measure, by_kind: Floats, smoothing: Smoothing = DEFAULT) -> Floats:
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


def _of_total(sample: Sample, within: Floats) -> Floats:
    """The variance of a corrected total under the draw, by the variance of errors within each stratum: shape (...)."""
    rest = np.maximum(sample.size - sample.drawn, 0)  # shares of people who differ may add up to a little more
    return np.asarray((sample.size * rest * within / np.where(sample.drawn > 0, sample.drawn, 1)).sum(axis=-1))


def _spread(sample: Sample, domain: Domain, expected: Floats, errors: Floats, smoothing: Smoothing) -> Floats:
    """The variance of errors within each stratum, shape (..., strata).

    Args:
        sample: the strata.
        domain: the units that the ratio is about.
        expected: how probable each label is by the kind of each stratum, shape (..., strata, labels).
        errors: what a unit adds by its label, of the same shape.
        smoothing: as for `correct`.
    """
    if smoothing == "half":
        return _variance(_with_half(sample, domain), errors)
    seen, pooled = _seen_and_pooled(sample, domain, expected)
    if smoothing == "none":
        return np.asarray(_variance(seen, errors) * sample.drawn / np.maximum(sample.drawn - 1, 1))
    if smoothing == "half_pooled":
        return _variance(np.where(sample.drawn[..., None] > 0, (seen + pooled) / 2, pooled), errors)
    elsewhere = _variance(pooled, errors)
    return np.asarray(np.where(sample.drawn > 0, np.maximum(_variance(seen, errors), elsewhere), elsewhere))


def _times(sample: Sample) -> Floats:
    """How many units each judged one stands for."""
    return np.asarray(np.where(sample.drawn > 0, sample.size / np.maximum(sample.drawn, 1), 0))


def _heaviest(sample: Sample, domain: Domain) -> Floats:
    """The largest number of units for which one judged unit of a domain stands, where not all are judged."""
    is_open = (sample.drawn < sample.size) & (domain.size > 0)
    return np.asarray(np.where(is_open, _times(sample), 0).max(axis=-1, initial=0))


def _errors(sample: Sample, measure: Measure, value: Floats) -> Floats:
    """What a unit adds to the corrected ratio by its label, beyond the machine's label, shape (..., strata, labels)."""
    ratio = np.asarray(value)[..., None]
    numerator, denominator = measure.assumed
    assumed = numerator[sample.kind] - ratio * denominator[sample.kind]
    return np.asarray(measure.numerator - ratio[..., None] * measure.denominator - assumed[..., None])


def _variance(shares: Floats, errors: Floats) -> Floats:
    """The variance of errors that have these probabilities, and are 0 otherwise, shape (..., strata)."""
    return np.asarray(np.maximum((shares * errors**2).sum(axis=-1) - (shares * errors).sum(axis=-1) ** 2, 0))


def _with_half(sample: Sample, domain: Domain) -> Floats:
    """The shares of labels in the domain with half a unit of each label added to the stratum: (..., strata, labels).

    What is added is divided as the units are: a domain has its share of it, so that small ones are not swamped.
    """
    added = JEFFREYS * (domain.size / np.maximum(sample.size, 1))[..., None]
    return np.asarray((domain.truths + added) / (sample.drawn[..., None] + JEFFREYS * domain.truths.shape[-1]))


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
