"""Gold labels, predictions and targets as arrays or lists: read, checked, and counted as files are."""

from functools import partial
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np

from kazstance.errors import KazstanceError
from kazstance.input.spelling import ARGUMENT, Labels, given
from kazstance.metrics.names import GRID_LABELS, LABELS, NO_TARGET, TARGET_MEANS
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.metrics import Metric

if TYPE_CHECKING:
    import pyarrow as pa

    from kazstance.input.spelling import Spelling

GOLD, PREDICTED, TARGET = "y_true", "y_pred", "target"
"""What messages call the columns."""


def count(y_true: Any, y_pred: Any, target: Any, labels: Labels) -> Confusion:
    """The counts of labels within targets; without targets, there is one stratum.

    Args:
        y_true: the gold labels, shape (rows,): a list, an array, a series, or a tensor on the CPU.
        y_pred: the predicted labels, shape (rows,).
        target: the target of each row, shape (rows,), or None.
        labels: how labels are spelled.

    Raises:
        KazstanceError: the columns differ in length, are empty, or have missing targets.
        UnknownLabelError: some values are not labels; all are named.
    """
    import pyarrow as pa  # noqa: PLC0415  # loaded where it is used

    known = given(labels)
    columns = {GOLD: y_true, PREDICTED: y_pred} | ({} if target is None else {TARGET: target})
    texts = {name: _text(column, name) for name, column in columns.items()}
    sizes = {name: len(column) for name, column in texts.items()}
    if len(set(sizes.values())) > 1 or not sizes[GOLD]:
        found = ", ".join(f"{name}: {size} rows" for name, size in sizes.items())
        raise KazstanceError(f"{found}; expected the same number in each, and at least one")
    if target is not None:
        _check_targets(texts[TARGET])
    rows = {name: _read(texts[name], name, known) for name in (GOLD, PREDICTED)}
    has_none = any("none" in column.to_pylist() for column in rows.values())
    return confusion(
        pa.table(rows | ({} if target is None else {TARGET: texts[TARGET]})),
        GOLD,
        PREDICTED,
        strata=[] if target is None else [TARGET],
        labels=GRID_LABELS if has_none else LABELS,
    )


def value(metric: Metric, found: Confusion, *, has_targets: bool) -> float:
    """A metric of counts; if it is undefined, a warning says why.

    Args:
        metric: the metric.
        found: the counts.
        has_targets: whether the strata are targets.
    """
    is_missing = metric in TARGET_MEANS and not has_targets
    number = float("nan") if is_missing else metric.value(found.total)
    if np.isnan(number):
        reason = NO_TARGET if is_missing else metric.reason(found.total, found.labels)
        warn(f"{metric.name} undefined: {reason}", RuntimeWarning, stacklevel=4)
    return number


def _text(column: Any, name: str) -> "pa.Array":
    """A column as text.

    Raises:
        KazstanceError: it is not a column of text or numbers.
    """
    import pyarrow as pa  # noqa: PLC0415

    from kazstance.input.tables import as_text  # noqa: PLC0415

    try:
        values = np.asarray(column)
        found = as_text(pa.chunked_array([pa.array(values, from_pandas=True)])) if values.ndim == 1 else None
    except (TypeError, ValueError, pa.ArrowException):
        found = None
    if found is None:
        raise KazstanceError(f"{name}: {type(column).__name__}, expected one text or number for each row")
    return found


def _check_targets(targets: "pa.Array") -> None:
    missing = sum(not (text or "").strip() for text in targets.to_pylist())
    if missing:
        raise KazstanceError(f"{TARGET}: empty in {missing} of {len(targets)} rows, expected a value in each")


def _read(texts: "pa.Array", name: str, known: "Spelling") -> "pa.Array":
    """The labels of a column by name."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    from kazstance.input.labelled import refuse_unknown  # noqa: PLC0415
    from kazstance.input.values import in_array  # noqa: PLC0415

    values = in_array(texts)
    meaning = {one.value: known.label(one.value) for one in values}
    refuse_unknown(name, [one for one in values if meaning[one.value] is None], partial(known.fault, how=ARGUMENT))
    names = pa.array(list(meaning.values()), pa.string())
    return names.take(pc.index_in(texts, value_set=pa.array(list(meaning), pa.string())))
