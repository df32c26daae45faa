"""Metrics as plain functions of labels, equal to those of `kazstance score`.

Labels may be lists, arrays, series or tensors on the CPU. They are spelled favor, against and neutral unless `labels`
says otherwise: the name of a preset, or a mapping such as `{0: "neutral", 1: "against", 2: "favor"}`; numbers need one.
An undefined value is NaN, and a warning says why. For intervals, see `kazstance.score`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.spelling import Labels
from kazstance.metrics.labelled import count, value
from kazstance.metrics.names import F_AVG, F_AVG_TARGETS, MACRO_F1_TARGETS, WTS_ORDINAL, WTS_POLAR
from kazstance.stats.metrics import ACCURACY, MACRO_F1, SS, WTS, Metric


def wts(y_true: Any, y_pred: Any, target: Any, *, labels: Labels = None) -> float:
    """Within-target skill, in [-1, 1]: 0 for every rule that knows only the target, 1 if perfect.

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: the target of each row, shape (rows,); None if all rows have the same.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(WTS, y_true, y_pred, target, labels)


def ss(y_true: Any, y_pred: Any, target: Any, *, labels: Labels = None) -> float:
    """Skill over the best text-blind rule, at most 1: 1 - errors / errors of each target's majority.

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: the target of each row, shape (rows,); None if all rows have the same.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(SS, y_true, y_pred, target, labels)


def wts_ordinal(y_true: Any, y_pred: Any, target: Any, *, labels: Labels = None) -> float:
    """Ordinal within-target skill: the slope of prediction on gold with against -1, neutral 0 and favor 1.

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: the target of each row, shape (rows,); None if all rows have the same.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(WTS_ORDINAL, y_true, y_pred, target, labels)


def wts_polar(y_true: Any, y_pred: Any, target: Any, *, labels: Labels = None) -> float:
    """Within-target skill on the rows whose gold label is favor or against, in [-1, 1].

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: the target of each row, shape (rows,); None if all rows have the same.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(WTS_POLAR, y_true, y_pred, target, labels)


def f_avg(y_true: Any, y_pred: Any, target: Any = None, *, labels: Labels = None) -> float:
    """Mean of the F1 of favor and of against over all rows, in [0, 1] (SemEval-2016 Task 6).

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: makes no difference.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(F_AVG, y_true, y_pred, target, labels)


def macro_f1(y_true: Any, y_pred: Any, target: Any = None, *, labels: Labels = None) -> float:
    """Mean of the F1 of the labels that are gold or predicted, over all rows, in [0, 1].

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: makes no difference.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(MACRO_F1, y_true, y_pred, target, labels)


def accuracy(y_true: Any, y_pred: Any, target: Any = None, *, labels: Labels = None) -> float:
    """Share of rows whose label was predicted correctly, in [0, 1].

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: makes no difference.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(ACCURACY, y_true, y_pred, target, labels)


def f_avg_targets(y_true: Any, y_pred: Any, target: Any, *, labels: Labels = None) -> float:
    """Mean over targets of F_avg, in [0, 1]; the F1 of a side that no row of a target has counts as 0.

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: the target of each row, shape (rows,).
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(F_AVG_TARGETS, y_true, y_pred, target, labels)


def macro_f1_targets(y_true: Any, y_pred: Any, target: Any, *, labels: Labels = None) -> float:
    """Mean over targets of macro-F1 over the labels that rows of the target have, in [0, 1].

    Args:
        y_true: the gold labels, shape (rows,).
        y_pred: the predicted labels, shape (rows,).
        target: the target of each row, shape (rows,).
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, or values are not labels.
    """
    return _value(MACRO_F1_TARGETS, y_true, y_pred, target, labels)


FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    function.__name__: function
    for function in (wts, ss, wts_ordinal, wts_polar, f_avg, macro_f1, accuracy, f_avg_targets, macro_f1_targets)
}
"""The functions by the name of their metric."""


def _value(metric: Metric, y_true: Any, y_pred: Any, target: Any, labels: Labels) -> float:
    return value(metric, count(y_true, y_pred, target, labels), has_targets=target is not None)


@dataclass(frozen=True)
class Function:
    """A metric as a function of labels and targets that refuses to go without targets; it can be sent to processes."""

    name: str
    labels: Labels = None

    def __post_init__(self) -> None:
        if self.name not in FUNCTIONS:
            raise UnknownNameError(self.name, "metric", FUNCTIONS)

    @property
    def __name__(self) -> str:
        """The name of the metric."""
        return self.name

    def __call__(self, y_true: Any, y_pred: Any, target: Any = None) -> float:
        """The value of the metric.

        Args:
            y_true: the gold labels, shape (rows,).
            y_pred: the predicted labels, shape (rows,).
            target: the target of each row, shape (rows,).

        Raises:
            KazstanceError: there are no targets, the columns differ in length, or values are not labels.
        """
        if target is None:
            raise KazstanceError(f"{self.name}: no targets; pass them on, as in params={{'target': …}}")
        return FUNCTIONS[self.name](y_true, y_pred, target, labels=self.labels)
