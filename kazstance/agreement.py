"""Agreement between annotators: Krippendorff's alpha and kin, from counts of label patterns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import narwhals as nw
import numpy as np

from kazstance import undefined
from kazstance.labelled import read_labels, refuse_unknown
from kazstance.spelling import LABELS, given, plain_number
from kazstance.tally import SEED, Floats, interval, resample, resample_clusters
from kazstance.values import as_text, in_frame, refuse_missing

Level = Literal["nominal", "ordinal"]
RESAMPLES = 1000


@dataclass(frozen=True)
class Patterns:
    """How often each pattern of labels occurs among the units of each cluster.

    A pattern says how many annotators chose each label: `votes` has the shape (patterns, labels), `counts` the shape
    (clusters, patterns).
    """

    votes: Floats
    counts: Floats

    @property
    def units(self) -> int:
        """Units that at least two annotators judged."""
        return int(self.counts.sum(axis=0)[self.votes.sum(axis=1) > 1].sum())


@dataclass(frozen=True)
class Figure:
    """A figure with its interval, the number of units it rests on, and the reason for what is undefined."""

    value: float
    low: float
    high: float
    n: int
    reason: str | None = None


def alpha(votes: Floats, counts: Floats | None = None, level: Level = "nominal") -> Any:
    """Krippendorff's alpha, from patterns of labels and how often each occurs.

    1 - D_o / D_e, observed over expected disagreement of pairable values (Krippendorff, 2011, "Computing Krippendorff's
    Alpha-Reliability"); any number of annotators, with gaps. Krippendorff's data of 4 annotators and 12 units:

    >>> votes = [[3, 0, 0, 0, 0], [0, 3, 1, 0, 0], [0, 0, 4, 0, 0], [0, 0, 4, 0, 0], [0, 4, 0, 0, 0], [1, 1, 1, 1, 0],
    ...          [0, 0, 0, 4, 0], [3, 1, 0, 0, 0], [0, 4, 0, 0, 0], [0, 0, 0, 0, 3], [2, 0, 0, 0, 0], [0, 0, 1, 0, 0]]
    >>> round(alpha(votes), 3), round(alpha(votes, level="ordinal"), 3)
    (0.743, 0.815)

    Args:
        votes: shape (patterns, labels): how many annotators chose each label; for `ordinal` the labels in their order.
        counts: shape (..., patterns): how often each pattern occurs; without it, once.
        level: `nominal` or `ordinal`.

    Returns:
        A float in (-1, 1], or an array where counts has more than one axis; NaN where nothing varies.
    """
    votes = np.asarray(votes, dtype=np.float64)
    weight = np.ones(len(votes)) if counts is None else np.asarray(counts, dtype=np.float64)
    labels = votes.shape[1]
    many = np.maximum(votes.sum(axis=1) - 1, 1)[:, None, None]
    pairs = (votes[:, :, None] * votes[:, None, :] - votes[:, :, None] * np.eye(labels)) / many
    observed = (weight @ pairs.reshape(len(votes), labels * labels)).reshape(*weight.shape[:-1], labels, labels)
    values = observed.sum(axis=-1)
    total = values.sum(axis=-1)
    distance = 1 - np.eye(labels) if level == "nominal" else _ordinal(values)
    expected = (values[..., :, None] * values[..., None, :] * distance).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 1 - (total - 1) * (observed * distance).sum(axis=(-2, -1)) / expected
    return float(found) if np.ndim(found) == 0 else found


def _ordinal(values: Floats) -> Floats:
    """Squared ordinal distances from the numbers of values of each label (Krippendorff, 2011), shape (..., K, K)."""
    below = np.cumsum(values, axis=-1) - values / 2
    squared: Floats = (below[..., :, None] - below[..., None, :]) ** 2
    return squared


def patterns(
    frame: Any,
    unit: Sequence[str],
    label: str = "label",
    cluster: str | None = None,
    labels: int | str | Sequence[str] | Mapping[Any, str] | None = None,
) -> Patterns:
    """Count the patterns of labels in a table with one row a judgement; runs where the data is.

    Args:
        frame: any dataframe that Narwhals knows.
        unit: the columns that identify what was judged.
        label: the column of the label; a missing one is a gap.
        cluster: the column of the cluster; without it, all units are one cluster.
        labels: which there are, in their order: how many, for codes from 0; their names, for text of any kind; or how
            the labels of kazstance are spelled (against, neutral, favor, none, in this order), as a preset or a mapping
            from values to labels. Without it, by their names, or by the schema of a table of kazstance.

    Raises:
        UnknownLabelError: values that are not one of the labels; all are named.
        KazstanceError: a unit or a cluster is missing.
    """
    numbers, size = _label_numbers(frame, label, labels)
    names = [f"label_{number}" for number in range(size)]
    spelled = [[value for value, number in numbers.items() if number == place] for place in range(size)]
    never = nw.col(label).is_null()  # gaps are filtered out
    chosen = [
        (as_text(label).is_in(values) if values else never).cast(nw.Int64).alias(name)
        for values, name in zip(spelled, names, strict=True)
    ]
    refuse_missing(frame, [*unit, *([cluster] if cluster else [])])
    keys = list(dict.fromkeys([*unit, *([cluster] if cluster else [])]))
    judged = nw.from_native(frame).lazy().filter(~nw.col(label).is_null()).with_columns(*chosen)
    units = judged.group_by(*keys).agg(*(nw.col(name).sum() for name in names)).collect()
    votes = np.column_stack([units[name].to_numpy() for name in names]).astype(np.float64)
    return count_patterns(votes, units[cluster].to_list() if cluster else None)


def _label_numbers(
    frame: Any, column: str, labels: int | str | Sequence[str] | Mapping[Any, str] | None
) -> tuple[dict[str, int], int]:
    """The number of the label that each value of a column, as text, stands for, and how many labels there are."""
    if labels is None or isinstance(labels, str | Mapping):
        meant = read_labels(frame, column, given(labels), are_gaps_known=True)
        return {value: LABELS.index(name) for value, name in meant.items()}, len(LABELS)
    names = [str(name) for name in (range(labels) if isinstance(labels, int) else labels)]
    known = {name: number for number, name in enumerate(names)}
    found = [value for value in in_frame(frame, column) if value.value is not None]
    numbers = {value.value: known.get(plain_number(value.value or "")) for value in found}
    refuse_unknown(
        column,
        [value for value in found if numbers[value.value] is None],
        lambda _: f"expected one of {', '.join(names)}",
    )
    return {value: number for value, number in numbers.items() if value is not None and number is not None}, len(names)


def count_patterns(votes: Floats, clusters: Sequence[str] | None = None) -> Patterns:
    """Count the patterns of units, given how many annotators chose each label for each: shape (units, labels)."""
    code = votes @ (votes.max(initial=0) + 1) ** np.arange(votes.shape[1])
    _, first, column = np.unique(code, return_index=True, return_inverse=True)
    names, line = np.unique(np.array(clusters or [""] * len(votes), dtype=str), return_inverse=True)
    counts = np.zeros((len(names), len(first)))
    np.add.at(counts, (line, column), 1)
    return Patterns(votes[first], counts)


def alpha_interval(found: Patterns, level: Level = "nominal", n: int = RESAMPLES, seed: int = SEED) -> Figure:
    """Alpha with a 95 % percentile bootstrap interval: over clusters, or over units where there is but one cluster."""
    total = found.counts.sum(axis=0)
    draws = resample(total, n, seed) if len(found.counts) == 1 else resample_clusters(found.counts, n, seed)
    low, high = interval(alpha(found.votes, draws, level))
    value = alpha(found.votes, total, level)
    return Figure(value, low, high, found.units, undefined.of_interval(value, low, _why_alpha(found)))


def _why_alpha(found: Patterns) -> str:
    if not found.units:
        return "no unit was judged by two annotators"
    return "all judgements of units that were judged by two annotators have the same label"


def relevance(found: Patterns, none: int = 3) -> Patterns:
    """The same units with two labels: about the target or not."""
    about = found.votes.sum(axis=1) - found.votes[:, none]
    return Patterns(np.stack([about, found.votes[:, none]], axis=1), found.counts)


def stance(found: Patterns, none: int = 3) -> Patterns:
    """The units that all who judged them found relevant, with the labels of a stance."""
    kept = (found.votes[:, none] == 0) & (found.votes.sum(axis=1) > 1)
    return Patterns(np.delete(found.votes[kept], none, axis=1), found.counts[:, kept])


def kappa(confusion: Floats) -> Any:
    """Cohen's kappa from counts of two annotators' labels (Cohen, 1960).

    Args:
        confusion: shape (..., labels, labels); may hold weights.

    Returns:
        A float in [-1, 1], or an array where confusion has more than two axes; NaN where nothing varies.
    """
    confusion = np.asarray(confusion, dtype=np.float64)
    total = confusion.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.trace(confusion, axis1=-2, axis2=-1) / total
        expected = (confusion.sum(axis=-1) * confusion.sum(axis=-2)).sum(axis=-1) / total**2
        found = (observed - expected) / (1 - expected)
    return float(found) if np.ndim(found) == 0 else found


def kappa_interval(
    first: Sequence[int],
    second: Sequence[int],
    clusters: Sequence[str],
    *,
    weights: Sequence[float] | None = None,
    labels: int = 4,
    n: int = RESAMPLES,
    seed: int = SEED,
) -> Figure:
    """Kappa of two annotators' labels with a 95 % percentile bootstrap interval over clusters.

    Weights, one over the probability with which a pair was drawn, carry a sample over to all (Horvitz and Thompson,
    1952).
    """
    names, line = np.unique(np.array(clusters, dtype=str), return_inverse=True)
    cells = np.zeros((len(names), labels * labels))
    given = np.ones(len(first)) if weights is None else np.asarray(weights, dtype=np.float64)
    np.add.at(cells, (line, np.asarray(first, dtype=int) * labels + np.asarray(second, dtype=int)), given)
    draws = resample_clusters(cells, n, seed).reshape(n, labels, labels)
    low, high = interval(kappa(draws))
    value = kappa(cells.sum(axis=0).reshape(labels, labels))
    reason = "both annotators gave one label to all units" if len(first) else "no unit was judged by both annotators"
    return Figure(value, low, high, len(first), undefined.of_interval(value, low, reason))


def overlap(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Characters that two annotators' spans share, and the sum of both lengths; F1 is twice the one by the other."""
    one, other = ({i for start, end in spans for i in range(start, end)} for spans in (first, second))
    return len(one & other), len(one) + len(other)
