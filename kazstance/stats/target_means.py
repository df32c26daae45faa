"""Means over targets, the strata: a figure for each target, then the mean, as many owners of stance datasets define it.

What one target cannot have is counted as 0, as their scorers do: the F1 of a label that no row of the target has.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np

from kazstance.stats.counting import Floats
from kazstance.stats.metrics import Figure, Metric, gold_totals, over_labels, predicted_totals
from kazstance.stats.resampling import ratio

Each = Callable[[Floats], Floats]
"""A figure for each stratum, shape (..., strata), of counts of shape (..., strata, labels, labels)."""


def f1_of_each(counts: Floats) -> Floats:
    """F1 of each label in each stratum, shape (..., strata, labels); NaN if no row of the stratum has it."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return ratio(2 * hits, _there(counts))


def mean_f1_of_each(counts: Floats, labels: Sequence[int]) -> Floats:
    """Mean F1 of the given labels in each stratum, shape (..., strata); a label that no row has counts as 0.

    So does the scorer of SemEval-2016 Task 6.
    """
    return over_labels(np.nan_to_num(f1_of_each(counts)[..., list(labels)])) / len(labels)


def macro_f1_of_each(counts: Floats) -> Floats:
    """Mean F1 of the labels that rows of a stratum have, as gold label or prediction, shape (..., strata)."""
    found = f1_of_each(counts)
    return ratio(over_labels(np.nan_to_num(found)), over_labels((~np.isnan(found)).astype(np.float64)))


def target_mean(name: str, each: Each) -> Metric:
    """A metric that is the mean of a figure over the strata that have rows, each counted once.

    Args:
        name: the name of the metric; its values are in [0, 1].
        each: the figure of each stratum.
    """
    return Metric(name, 0, 1, partial(_mean, each=each), drawn=partial(_mean_of_draws, each=each))


def f1_target_mean(name: str, labels: Sequence[int]) -> Metric:
    """The mean over strata of the mean F1 of the given labels, by number."""
    return target_mean(name, partial(mean_f1_of_each, labels=tuple(labels)))


def lacking(counts: Floats, labels: Sequence[int]) -> dict[int, list[int]]:
    """The strata in which no row has a label, as gold label or prediction, by label; only labels that are lacking.

    Args:
        counts: shape (strata, labels, labels).
        labels: the labels to look for, by number.
    """
    there, some = _there(counts), counts.sum(axis=(-2, -1)) > 0
    found = {label: np.flatnonzero((there[:, label] == 0) & some).tolist() for label in labels}
    return {label: strata for label, strata in found.items() if strata}


def _there(counts: Floats) -> Floats:
    """How often each label is gold or predicted in each stratum; predictions that are not labels do not count."""
    return gold_totals(counts) + predicted_totals(counts)[..., : counts.shape[-2]]


def _mean(counts: Floats, *, each: Each) -> Floats:
    has_rows = (counts.sum(axis=(-2, -1)) > 0).astype(np.float64)
    return ratio((np.nan_to_num(each(counts)) * has_rows).sum(axis=-1), has_rows.sum(axis=-1))


def _mean_of_draws(counts: Floats, *, each: Each) -> Figure:
    """The mean for draws of whole strata, in which a stratum that is drawn twice counts twice.

    Its counts are then twice those of `counts`, shape (strata, labels, labels), and say nothing of it by themselves.
    """
    rows, values = counts.sum(axis=(-2, -1)), np.nan_to_num(each(counts))

    def figure(drawn: Floats) -> Floats:
        times = drawn.sum(axis=(-2, -1)) / np.maximum(rows, 1)
        return ratio((times * values).sum(axis=-1), times.sum(axis=-1))

    return figure


MACRO_F1_TARGETS: Final = target_mean("macro_f1_targets", macro_f1_of_each)
