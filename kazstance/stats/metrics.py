"""Metrics of counts: skill within strata, and the metrics of the literature, each with its range and its limits.

Counts have the shape (..., strata, labels, labels): stratum, gold label, predicted label. The last axis may be longer
by one: such predictions are not labels, and are errors. Every metric is a function of counts, so that an estimate and
its resamples go through the same code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Final

import numpy as np

from kazstance.stats.counting import Codes, Floats
from kazstance.stats.estimate import NO_ROWS, NOTHING
from kazstance.stats.resampling import ratio

Figure = Callable[[Floats], Floats]
"""A function of counts that returns a number for each entry of their leading axes."""
ONE_LABEL, ONE_LABEL_EACH = "one gold label in all rows", "one gold label in every stratum"


Reason = Callable[[Floats, Floats, Sequence[str]], str]
"""Why a metric is undefined, from gold and predicted totals, shape (strata, labels), and the names of the labels."""


@dataclass(frozen=True)
class Metric:
    """A metric: its name, the range of its values, and how it is calculated.

    `low` and `high` bound the values; `why` says why the metric is undefined on counts with rows. An *anchored* metric
    is measured against a rule chosen from the counts and kept for all their resamples: `anchor` gives it for counts of
    shape (strata, labels, labels). If every resample chose its best rule, hindsight would count twice and the interval
    would lie below the estimate. A mean over strata is calculated otherwise for draws of whole strata, since counts do
    not say how often a stratum was drawn: `drawn` gives it in the same way.
    """

    name: str
    low: float
    high: float
    figure: Figure
    why: Reason = lambda _gold, _predicted, _labels: NOTHING
    anchor: Callable[[Floats], Figure] | None = None
    drawn: Callable[[Floats], Figure] | None = None

    def __call__(self, counts: Floats) -> Floats:
        """The values for counts of shape (..., strata, labels, labels), shape (...); NaN where undefined."""
        return self.figure(counts)

    def value(self, counts: Floats) -> float:
        """The value for counts of shape (strata, labels, labels)."""
        return float(self.figure(counts))

    def reason(self, counts: Floats, labels: Sequence[str]) -> str:
        """Why the metric is undefined on counts of shape (strata, labels, labels), given the names of the labels."""
        predicted = counts.sum(axis=-2)[..., : len(labels)]
        return self.why(counts.sum(axis=-1), predicted, labels) if counts.sum() else NO_ROWS

    def for_resamples(self, counts: Floats) -> Figure:
        """The metric for resamples of counts of shape (strata, labels, labels)."""
        return self.anchor(counts) if self.anchor else self.figure

    def for_draws_of_strata(self, counts: Floats) -> Figure:
        """The metric for draws of whole strata of counts of shape (strata, labels, labels)."""
        return self.drawn(counts) if self.drawn else self.for_resamples(counts)


def wts(counts: Floats) -> Floats:
    """Within-target skill: Peirce's skill score inside each stratum, pooled with Mantel-Haenszel weights.

    sum_t (sum_k n_tkk - sum_k G_tk P_tk / N_t) / sum_t (N_t - sum_k G_tk^2 / N_t), for gold totals G, predicted totals
    P and rows N of each stratum t (Peirce, 1884; Mantel and Haenszel, 1959). 0 for every rule that knows only the
    stratum, 1 if perfect, never below -1; NaN if no stratum has two gold labels. For a system that knows the answer to
    the share s of the rows it is s in expectation, if which rows these are does not depend on the label, and if it
    guesses the others from the stratum alone.
    """
    gained, possible = _skill(counts)
    return ratio(gained.sum(axis=-1), possible.sum(axis=-1))


def effective_size(counts: Floats) -> Floats:
    """D, the denominator of wts: how many rows' worth of contested strata the score rests on. Uses gold only."""
    size: Floats = _skill(counts)[1].sum(axis=-1)
    return size


def ss(counts: Floats, rule: Codes | None = None) -> Floats:
    """Skill score against the best rule that knows only the stratum: 1 - errors / errors of each stratum's majority.

    At most 0 for every such rule, 1 if perfect; NaN if the rule makes no error. The majority is taken from the counts,
    or given as `rule`, shape (strata,).
    """
    gold = gold_totals(counts)
    rows = over_labels(gold)
    errors = (rows - np.trace(counts, axis1=-2, axis2=-1)).sum(axis=-1)
    right = gold.max(axis=-1) if rule is None else gold[..., np.arange(len(rule)), rule]
    return 1 - ratio(errors, (rows - right).sum(axis=-1))


def ss_anchored(counts: Floats) -> Figure:
    """`ss` against the majority of each stratum of counts of shape (strata, labels, labels)."""
    return partial(ss, rule=gold_totals(counts).round(6).argmax(axis=-1))


def ordinal_skill(counts: Floats, scale: Sequence[float]) -> Floats:
    """The ordinal variant of wts: the slope of prediction on gold within strata, for labels with a place on a scale.

    The scale places the first labels; rows with any other gold label are left out, and any other predicted label counts
    as 0. 1 if perfect; -1 for a system that reverses a scale centred on 0.
    """
    inner, side = counts[..., : len(scale), :], np.asarray(scale, dtype=np.float64)
    predictions = np.pad(side, (0, counts.shape[-1] - len(side)))
    rows = np.maximum(over_labels(gold_totals(inner)), 1)
    gold, predicted = gold_totals(inner) @ side, predicted_totals(inner) @ predictions
    covariance = side @ inner @ predictions - gold * predicted / rows
    variance = gold_totals(inner) @ side**2 - gold**2 / rows
    return ratio(covariance.sum(axis=-1), variance.sum(axis=-1))


def skill_among(counts: Floats, labels: Sequence[int]) -> Floats:
    """`wts` on only the rows with the given gold labels, by number; any other prediction is an error."""
    kept = np.zeros_like(counts)
    kept[..., list(labels), :] = counts[..., list(labels), :]
    return wts(kept)


def accuracy(counts: Floats) -> Floats:
    """Share of rows whose label was predicted correctly."""
    flat = counts.sum(axis=-3)
    return ratio(np.trace(flat, axis1=-2, axis2=-1), flat.sum(axis=(-2, -1)))


def f1(counts: Floats) -> Floats:
    """F1 of each label, shape (..., labels); NaN if a label is neither gold nor predicted (van Rijsbergen, 1979)."""
    flat = counts.sum(axis=-3)
    hits = np.diagonal(flat, axis1=-2, axis2=-1)
    return ratio(2 * hits, gold_totals(flat) + predicted_totals(flat)[..., : flat.shape[-2]])


def precision(counts: Floats) -> Floats:
    """Precision of each label, shape (..., labels); NaN if it is never predicted."""
    flat = counts.sum(axis=-3)
    return ratio(np.diagonal(flat, axis1=-2, axis2=-1), predicted_totals(flat)[..., : flat.shape[-2]])


def recall(counts: Floats) -> Floats:
    """Recall of each label, shape (..., labels); NaN if it is never gold."""
    flat = counts.sum(axis=-3)
    return ratio(np.diagonal(flat, axis1=-2, axis2=-1), gold_totals(flat))


def mean_f1(counts: Floats, labels: Sequence[int]) -> Floats:
    """Mean of the F1 of the given labels, by number; NaN if the F1 of one of them is undefined."""
    found: Floats = f1(counts)[..., list(labels)].mean(axis=-1)
    return found


def macro_f1(counts: Floats, labels: int | None = None) -> Floats:
    """Mean of the F1 of the labels that are gold or predicted; `labels` limits it to the first so many labels."""
    found = f1(counts)[..., :labels]
    defined = ~np.isnan(found)
    return ratio(over_labels(np.where(defined, found, 0)), over_labels(defined.astype(np.float64)))


def somers_d(counts: Floats) -> Floats:
    """Somers' D of answers to which of two is more, 0, 1 or 2 for neither: right minus wrong, over pairs that differ.

    -1 to 1 (Somers, 1962); 0 on average over both orders for a system that prefers one; 2 counts as half right.
    """
    flat = counts.sum(axis=-3)
    right, wrong = flat[..., 0, 0] + flat[..., 1, 1], flat[..., 0, 1] + flat[..., 1, 0]
    return ratio(right - wrong, flat[..., :2, :].sum(axis=(-2, -1)))


def over_labels(values: Floats) -> Floats:
    """The sum over the last axis, of labels; slice by slice, since numpy is slow to sum over short axes."""
    total: Floats = reduce(np.add, np.moveaxis(values, -1, 0))
    return total


def gold_totals(counts: Floats) -> Floats:
    """Rows of each gold label, shape (..., strata, labels)."""
    return over_labels(counts)


def predicted_totals(counts: Floats) -> Floats:
    """Rows of each predicted label, shape (..., strata, labels)."""
    return over_labels(np.swapaxes(counts, -1, -2))


def _skill(counts: Floats) -> tuple[Floats, Floats]:
    """For each stratum, the gain over chance given the stratum, and the largest possible gain."""
    gold, predicted = gold_totals(counts), predicted_totals(counts)[..., : counts.shape[-2]]
    rows = over_labels(gold)
    some = np.where(rows > 0, rows, 1)
    gained = np.trace(counts, axis1=-2, axis2=-1) - over_labels(gold * predicted) / some
    return gained, rows - over_labels(gold**2) / some


def _few_gold_labels(gold: Floats, _predicted: Floats, _labels: Sequence[str]) -> str:
    """Why skill is undefined: all gold labels are the same, over all or within each stratum."""
    return ONE_LABEL if (gold.sum(axis=0) > 0).sum() == 1 else ONE_LABEL_EACH


def _none_on_the_scale(gold: Floats, predicted: Floats, labels: Sequence[str], *, size: int) -> str:
    """Why ordinal skill over the first `size` labels is undefined."""
    placed, occurs = gold[:, :size], gold.sum(axis=0) > 0
    if not placed.sum():
        return f"no gold row is {', '.join(labels[: size - 1])} or {labels[size - 1]}"
    reason = _few_gold_labels(placed, predicted, labels)
    left_out = [labels[label] for label in range(size, len(labels)) if occurs[label]]
    return f"{reason}, except rows of {' and '.join(left_out)}" if left_out else reason


def _no_gold(gold: Floats, _predicted: Floats, labels: Sequence[str], *, among: Sequence[int]) -> str:
    """Why skill among some labels is undefined."""
    missing = [labels[label] for label in among if not gold[:, label].any()]
    if missing:
        return f"no gold row is {' or '.join(missing)}"
    return f"no stratum has both {' and '.join(labels[label] for label in among)} in gold"


def _no_row(gold: Floats, predicted: Floats, labels: Sequence[str], *, among: Sequence[int]) -> str:
    """Why the mean F1 of some labels is undefined."""
    missing = [labels[label] for label in among if not (gold + predicted)[:, label].any()]
    return f"no row is {' or '.join(missing)}, in gold or predictions"


def _no_order(_gold: Floats, _predicted: Floats, labels: Sequence[str]) -> str:
    """Why Somers' D is undefined."""
    return f"every gold row is {labels[2]}"


WTS: Final = Metric("wts", -1, 1, wts, _few_gold_labels)
SS: Final = Metric("ss", -np.inf, 1, ss, _few_gold_labels, ss_anchored)
MACRO_F1: Final = Metric("macro_f1", 0, 1, macro_f1)
ACCURACY: Final = Metric("accuracy", 0, 1, accuracy)
SOMERS_D: Final = Metric("somers_d", -1, 1, somers_d, _no_order)


def ordinal(name: str, scale: Sequence[float]) -> Metric:
    """Ordinal skill on a scale of whole numbers."""
    bound = max(*scale, 0) - min(*scale, 0)
    return Metric(
        name, -bound, bound, partial(ordinal_skill, scale=tuple(scale)), partial(_none_on_the_scale, size=len(scale))
    )


def among(name: str, labels: Sequence[int]) -> Metric:
    """Skill among the given labels, by number."""
    return Metric(name, -1, 1, partial(skill_among, labels=labels), partial(_no_gold, among=labels))


def mean_f1_of(name: str, labels: Sequence[int]) -> Metric:
    """The mean F1 of the given labels, by number."""
    return Metric(name, 0, 1, partial(mean_f1, labels=labels), partial(_no_row, among=labels))
