"""Metrics for the Trainer of Hugging Face's transformers, which gives logits and the numbers of labels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kazstance.errors import KazstanceError
from kazstance.input.spelling import Labels
from kazstance.metrics.functions import FUNCTIONS, Function
from kazstance.metrics.labelled import count, value
from kazstance.metrics.names import METRICS


def compute_metrics(
    label_names: Sequence[str],
    target: Sequence[Any],
    *,
    gold: Sequence[str] | None = None,
    labels: Labels = None,
    metrics: Sequence[str] = tuple(FUNCTIONS),
) -> Callable[[Any], dict[str, float]]:
    """A function for the argument `compute_metrics` of a Trainer, which evaluates the rows in their order.

    Args:
        label_names: the name of each class of the model, in order, as in `config.id2label`.
        target: the target of each row that is evaluated, in order.
        gold: the label of each row by name, in order; if given, other labels than these are refused, which a Trainer
            that sorts the rows by length would show.
        labels: how the names are spelled: a preset, or a mapping; by default, favor, against and neutral.
        metrics: the names of the metrics to return.

    Raises:
        UnknownNameError: there is no such metric.
    """
    for name in metrics:
        Function(name)
    names, targets = np.asarray(list(label_names), dtype=object), list(target)
    expected = None if gold is None else np.asarray(list(gold), dtype=object)

    def compute(evaluated: Any) -> dict[str, float]:
        """The metrics of an `EvalPrediction`."""
        y_true, y_pred = _named(_first(evaluated.label_ids), names, "label_ids"), _chosen(evaluated.predictions, names)
        if expected is not None:
            _check_order(y_true, expected)
        found = count(y_true, y_pred, targets, labels)
        return {name: value(METRICS[name], found, has_targets=True) for name in metrics}

    return compute


def _first(given: Any) -> npt.NDArray[Any]:
    """The array, or the first of several, which is that of the logits or labels."""
    return np.asarray(given[0] if isinstance(given, tuple) else given)


def _chosen(predictions: Any, names: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The name of the label of each row with the largest logit; or by its number, if it was chosen already.

    Raises:
        KazstanceError: the shape is another, or a logit is not a number.
    """
    found = _first(predictions)
    if found.ndim == 1:
        return _named(found, names, "predictions")
    if found.ndim != 2 or found.shape[1] != len(names):  # noqa: PLR2004
        raise KazstanceError(f"predictions: shape {found.shape}, expected one number for each of {len(names)} labels")
    if rows := int(np.isnan(found).any(axis=1).sum()):
        raise KazstanceError(f"predictions: not a number in {rows} of {len(found)} rows, expected logits")
    return np.asarray(names[found.argmax(axis=1)])


def _named(numbers: npt.NDArray[Any], names: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """The names of labels by number.

    Raises:
        KazstanceError: a number is not one of a label.
    """
    is_known = np.isin(numbers, np.arange(len(names)))
    if numbers.ndim != 1 or not is_known.all():
        found = f"shape {numbers.shape}" if numbers.ndim != 1 else f"{numbers[~is_known][0]}"
        raise KazstanceError(f"{what}: {found}, expected the number of one of {len(names)} labels for each row")
    return np.asarray(names[numbers.astype(np.intp)])


def _check_order(found: npt.NDArray[Any], expected: npt.NDArray[Any]) -> None:
    differ = len(found) != len(expected) or int((found != expected).sum())
    if differ:
        raise KazstanceError(
            f"label_ids: {len(found)} rows, of which {int(differ)} differ from the {len(expected)} of gold; expected "
            "the same rows in the same order, as without group_by_length"
        )
