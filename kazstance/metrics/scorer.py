"""A scorer for scikit-learn that is given the target of each row by metadata routing."""

from typing import TYPE_CHECKING, Any

from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.input.spelling import Labels
from kazstance.metrics.functions import Function

if TYPE_CHECKING:
    from collections.abc import Callable


@naming_extras()
def scorer(metric: str = "wts", *, labels: Labels = None) -> "Callable[..., float]":
    """A scorer of one metric, for `cross_validate`, `GridSearchCV` and others that route metadata.

    Call `sklearn.set_config(enable_metadata_routing=True)` first, and pass `params={"target": …}`, one for each row.

    Args:
        metric: the name of a metric of labels, such as wts, ss, f_avg or f_avg_targets.
        labels: how `y` spells the labels: a preset, or a mapping; by default, favor, against and neutral.

    Raises:
        UnknownNameError: there is no such metric.
        KazstanceError: metadata routing is off.
        MissingExtraError: scikit-learn is not installed.
    """
    from sklearn.metrics import make_scorer  # noqa: PLC0415  # needs an extra

    made: Any = make_scorer(Function(metric, labels))
    try:
        requested: Callable[..., float] = made.set_score_request(target=True)
    except RuntimeError:
        raise KazstanceError(
            "the metadata routing of scikit-learn is off, so that a scorer cannot be given the targets; call "
            "sklearn.set_config(enable_metadata_routing=True) first"
        ) from None
    return requested
