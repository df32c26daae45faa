"""Scores from counts: skill within targets, and the metrics of the literature, with intervals and paired tests.

Counts have the shape (..., strata, labels, labels): stratum, gold label, predicted label. Every metric is a function of
them, so that an estimate and each of its resamples go through the same code.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kazstance import undefined
from kazstance.tally import SEED, Floats, cluster_weights, interval, resample, tally, weight_blocks

LABELS: Final = ("against", "neutral", "favor")
GRID_LABELS: Final = (*LABELS, "none")
RESAMPLES: Final = 1000
BLOCK: Final = 10_000_000
"""Numbers that resampling holds at a time."""
ROWS, ONE_STRATUM = "rows", "one stratum: there are no targets to draw from"
"""What signatures say of clusters where rows are drawn, and the reason why there is no interval over targets."""
BINS: Final = 10
"""Bins of equal width that calibration is judged in."""
AGAINST, NEUTRAL, FAVOR = range(3)
Metric = Callable[[Floats], Any]


def wts(counts: Floats) -> Any:
    """Within-target skill: Peirce's skill score inside each stratum, pooled with Mantel-Haenszel weights.

    sum_t (sum_k n_tkk - sum_k G_tk P_tk / N_t) / sum_t (N_t - sum_k G_tk^2 / N_t), for gold totals G, predicted totals
    P and rows N of each stratum t (Peirce, 1884; Mantel and Haenszel, 1959). 0 for every rule that knows the stratum
    alone, 1 for perfect, s in expectation for a system that knows the share s; NaN where no stratum has two gold
    labels.
    """
    gained, possible = _skill(counts)
    return _ratio(gained.sum(axis=-1), possible.sum(axis=-1))


def effective_size(counts: Floats) -> Any:
    """D, the denominator of wts: how many rows' worth of contested strata the score rests on. From the gold alone."""
    return _plain(_skill(counts)[1].sum(axis=-1))


def ss(counts: Floats, rule: npt.NDArray[np.intp] | None = None) -> Any:
    """Skill score against the best rule that knows the stratum alone: 1 - errors / errors of each stratum's majority.

    At most 0 for every such rule, 1 for perfect; NaN where the rule makes no error. The majority is that of the counts,
    or a given one, shape (strata,).
    """
    gold = counts.sum(axis=-1)
    rows = gold.sum(axis=-1)
    errors = (rows - np.trace(counts, axis1=-2, axis2=-1)).sum(axis=-1)
    right = gold.max(axis=-1) if rule is None else gold[..., np.arange(len(rule)), rule]
    return 1 - _ratio(errors, (rows - right).sum(axis=-1))


def wts_ordinal(counts: Floats) -> Any:
    """The ordinal variant of wts: the slope of prediction on gold within strata, against -1, neutral 0, favor +1.

    -1 for a system that turns every side around. Rows with gold none are left out; as a prediction, none takes no
    side, nor does any label behind it.
    """
    inner = counts[..., :3, :]
    side = np.array([-1.0, 0.0, 1.0])
    scale = np.pad(side, (0, counts.shape[-1] - len(side)))
    rows = np.maximum(inner.sum(axis=(-2, -1)), 1)
    gold, predicted = inner.sum(axis=-1) @ side, inner.sum(axis=-2) @ scale
    covariance = side @ inner @ scale - gold * predicted / rows
    variance = inner.sum(axis=-1) @ side**2 - gold**2 / rows
    return _ratio(covariance.sum(axis=-1), variance.sum(axis=-1))


def wts_polar(counts: Floats) -> Any:
    """The polar variant of wts: rows with gold favor or against alone, where any other prediction is an error."""
    polar = np.zeros_like(counts)
    polar[..., [AGAINST, FAVOR], :] = counts[..., [AGAINST, FAVOR], :]
    return wts(polar)


def accuracy(counts: Floats) -> Any:
    """Share of rows whose label was predicted."""
    flat = counts.sum(axis=-3)
    return _ratio(np.trace(flat, axis1=-2, axis2=-1), flat.sum(axis=(-2, -1)))


def f1(counts: Floats) -> Floats:
    """F1 of each label, shape (..., labels); NaN where a label is neither gold nor predicted (van Rijsbergen, 1979)."""
    flat = counts.sum(axis=-3)
    hits = np.diagonal(flat, axis1=-2, axis2=-1)
    return np.asarray(_ratio(2 * hits, flat.sum(axis=-1) + flat.sum(axis=-2)))


def precision(counts: Floats) -> Floats:
    """Precision of each label, shape (..., labels); NaN where it is never predicted."""
    flat = counts.sum(axis=-3)
    return np.asarray(_ratio(np.diagonal(flat, axis1=-2, axis2=-1), flat.sum(axis=-2)))


def recall(counts: Floats) -> Floats:
    """Recall of each label, shape (..., labels); NaN where it is never gold."""
    flat = counts.sum(axis=-3)
    return np.asarray(_ratio(np.diagonal(flat, axis1=-2, axis2=-1), flat.sum(axis=-1)))


def f_avg(counts: Floats) -> Any:
    """Mean of the F1 of favor and of against (SemEval-2016 Task 6); NaN where one of them is undefined."""
    return _plain(f1(counts)[..., [AGAINST, FAVOR]].mean(axis=-1))


def macro_f1(counts: Floats, labels: int | None = None) -> Any:
    """Mean of the F1 of the labels that are gold or predicted; of the first so many labels, where a number is given."""
    found = f1(counts)[..., :labels]
    defined = ~np.isnan(found)
    return _ratio(np.where(defined, found, 0).sum(axis=-1), defined.sum(axis=-1))


def somers_d(counts: Floats) -> Any:
    """Somers' D of answers a, b, same to which of two is more: right less wrong, over pairs that differ (Somers, 1962).

    -1 to 1; 0 in the mean over both orders for whoever prefers an order; `same` counts as half right.
    """
    flat = counts.sum(axis=-3)
    right, wrong = flat[..., 0, 0] + flat[..., 1, 1], flat[..., 0, 1] + flat[..., 1, 0]
    return _ratio(right - wrong, flat[..., :2, :].sum(axis=(-2, -1)))


METRICS: Final[dict[str, Metric]] = {
    "wts": wts,
    "ss": ss,
    "wts_ordinal": wts_ordinal,
    "wts_polar": wts_polar,
    "f_avg": f_avg,
    "macro_f1": macro_f1,
    "accuracy": accuracy,
    "somers_d": somers_d,
}
STANCE_METRICS: Final = tuple(name for name in METRICS if name != "somers_d")


@dataclass(frozen=True)
class Confusion:
    """Counts of a system's predictions by cluster and stratum: shape (clusters, strata, labels, labels)."""

    counts: Floats
    clusters: tuple[str, ...]
    strata: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def total(self) -> Floats:
        """Counts over all clusters, shape (strata, labels, labels)."""
        total: Floats = self.counts.sum(axis=0)
        return total

    @property
    def n(self) -> int:
        """Number of rows."""
        return round(float(self.counts.sum()))

    def draws(self, n: int, seed: int = SEED) -> Floats:
        """Bootstrap counts, shape (n, strata, labels, labels): of whole clusters; of rows where there is but one."""
        if len(self.clusters) == 1:
            return resample(self.total.ravel(), n, seed).reshape(n, *self.total.shape)
        weights = cluster_weights(len(self.clusters), n, seed)
        return (weights @ self.counts.reshape(len(self.counts), -1)).reshape(n, *self.total.shape)

    @property
    def units(self) -> int:
        """How many units resamples are drawn from: clusters; rows where there is but one."""
        return len(self.clusters) if len(self.clusters) > 1 else self.n

    def resampled(self, metric: Metric, n: int, seed: int = SEED) -> Floats:
        """A metric on bootstrap counts, shape (n,); in blocks where counts are many, so that memory stays bounded."""
        metric = _anchored(metric, self.total)
        if len(self.clusters) == 1:
            return np.asarray(metric(self.draws(n, seed)))
        flat, shape = self.counts.reshape(len(self.counts), -1), self.total.shape
        blocks = _weights(len(self.clusters), n, seed, flat.shape[1])
        return np.concatenate([np.atleast_1d(metric((w @ flat).reshape(-1, *shape))) for w in blocks])

    def resampled_strata(self, metric: Metric, n: int, seed: int = SEED) -> Floats:
        """A metric on draws of whole strata, shape (n,): a weight on a stratum is as good as copies of it."""
        metric = _anchored(metric, self.total)
        blocks = _weights(len(self.strata), n, seed, self.total.size)
        return np.concatenate([np.atleast_1d(metric(self.total * w[:, :, None, None])) for w in blocks])


@dataclass(frozen=True)
class Score:
    """A metric's value with its intervals, and the signature that says how it came about.

    What is undefined has a reason: the value or its interval in `reason`, the interval over targets in `target_reason`.
    """

    metric: str
    value: float
    low: float
    high: float
    target_low: float
    target_high: float
    signature: Mapping[str, object]
    reason: str | None = None
    target_reason: str | None = None

    def __str__(self) -> str:
        """Value, interval, signature; behind what is undefined the reason."""
        signature = "|".join(f"{key}:{value}" for key, value in self.signature.items())
        return f"{self.metric} {undefined.shown(self.value, self.low, self.high, self.reason)} {signature}"


def confusion(
    frame: Any,
    gold: str,
    predicted: str,
    *,
    strata: Sequence[str] = (),
    cluster: str | None = None,
    labels: Sequence[str] = LABELS,
) -> Confusion:
    """Count a table of gold and predicted labels, given by name; runs where the data is.

    Raises:
        ValueError: a label that is not one of the labels.
    """
    by = list(dict.fromkeys([*strata, *([cluster] if cluster else []), gold, predicted]))
    cells, counts = tally(frame, by)
    column = {name: i for i, name in enumerate(by)}
    number = {label: i for i, label in enumerate(labels)}
    if unknown := {cell[column[name]] for cell in cells for name in (gold, predicted)} - number.keys():
        raise ValueError(f"{sorted(map(str, unknown))[0]!r} is not a label; expected one of {', '.join(labels)}")
    groups = [" ".join(str(cell[column[name]]) for name in strata) for cell in cells]
    homes = [str(cell[column[cluster]]) if cluster else "" for cell in cells]
    stratum, cluster_names = sorted(set(groups)) or [""], sorted(set(homes)) or [""]
    at, home = ({name: i for i, name in enumerate(names)} for names in (stratum, cluster_names))
    grid = np.zeros((len(cluster_names), len(stratum), len(labels), len(labels)))
    for cell, group, where, count in zip(cells, groups, homes, counts, strict=True):
        grid[home[where], at[group], number[cell[column[gold]]], number[cell[column[predicted]]]] += count
    return Confusion(grid, tuple(cluster_names), tuple(stratum), tuple(labels))


def score(
    found: Confusion,
    metric: str,
    n: int = RESAMPLES,
    seed: int = SEED,
    signature: Mapping[str, object] = MappingProxyType({}),
) -> Score:
    """A metric with its 95 % percentile intervals: over clusters, for these strata; and over strata, beyond them."""
    function = METRICS[metric]
    low, high = interval(found.resampled(function, n, seed), units=found.units)
    copies = found.resampled_strata(function, n, seed) if len(found.strata) > 1 else np.array([np.nan])
    target_low, target_high = interval(copies, units=len(found.strata))
    facts = {
        "metric": metric,
        "strata": len(found.strata),
        "n": found.n,
        "D": round(effective_size(found.total), 1),
        "clusters": len(found.clusters) if len(found.clusters) > 1 else ROWS,
        "resamples": n,
        "seed": seed,
    }
    value = float(function(found.total))
    reason = undefined.why(metric, found.total)
    return Score(
        metric,
        value,
        low,
        high,
        target_low,
        target_high,
        {**signature, **facts},
        undefined.of_interval(value, low, reason),
        ONE_STRATUM if len(found.strata) == 1 else undefined.of_interval(value, target_low, reason),
    )


@dataclass(frozen=True)
class Difference:
    """One system's metric less another's, on the same rows, and the reason for what is undefined."""

    value: float
    low: float
    high: float
    p: float
    reason: str | None = None


def compare(one: Confusion, other: Confusion, metric: str, n: int = RESAMPLES, seed: int = SEED) -> Difference:
    """The difference of two systems with a paired interval and a two-sided randomisation test over clusters.

    The interval draws the same clusters for both. The test swaps the systems' predictions in whole clusters at random
    (Noreen, 1989); p counts the observed difference in, so that it never is 0.

    Raises:
        ValueError: the systems were not counted over the same clusters and strata, with more than one cluster.
    """
    if (one.clusters, one.strata, one.labels) != (other.clusters, other.strata, other.labels) or len(one.clusters) < 2:  # noqa: PLR2004
        raise ValueError("the systems have other clusters or strata, or but one cluster; expected the same rows")
    function = METRICS[metric]
    value = float(function(one.total) - function(other.total))
    low, high = interval(one.resampled(function, n, seed) - other.resampled(function, n, seed), units=one.units)
    drawn = np.abs(np.concatenate([swap(one, other, function, kept) for kept in _coins(one, n, seed)]))
    extreme = int((~(drawn < abs(value) - 1e-12)).sum())  # what is undefined speaks against a difference
    p = (1 + extreme) / (1 + n) if not math.isnan(value) else value
    alone = [undefined.why(metric, c.total) if math.isnan(function(c.total)) else None for c in (one, other)]
    return Difference(value, low, high, p, undefined.of_interval(value, low, undefined.joined(alone) or ""))


def swap(one: Confusion, other: Confusion, metric: Metric, kept: Floats) -> Floats:
    """A metric's difference, shape (n,), where clusters keep their systems, 1, or swap them, 0: shape (n, clusters)."""
    gap = (one.counts - other.counts).reshape(len(one.counts), -1)
    first = other.total + (kept @ gap).reshape(len(kept), *one.total.shape)
    return np.atleast_1d(metric(first) - metric(one.total + other.total - first))


def holm(p: Sequence[float]) -> list[float]:
    """p-values corrected for their number (Holm, 1979), in the order given."""
    order = np.argsort(p)
    corrected = np.maximum.accumulate(np.array(p)[order] * np.arange(len(p), 0, -1)) if len(p) else np.array([])
    found = np.empty(len(p))
    found[order] = np.minimum(corrected, 1)
    return [float(value) for value in found]


class Estimate(NamedTuple):
    """A figure with its 95 % interval over clusters, the number of rows, and the reason for what is undefined."""

    value: float
    low: float
    high: float
    n: int
    reason: str | None = None


def estimate(
    terms: Floats, clusters: Sequence[str], figure: Metric | None = None, n: int = RESAMPLES, seed: int = SEED
) -> Estimate:
    """A figure that is a function of sums over rows, with the interval of a bootstrap over clusters.

    Args:
        terms: what each row adds to the sums, shape (rows, cells), or (rows,) for a mean.
        clusters: the cluster of each row.
        figure: a function of sums of shape (..., cells + 1), the last of which counts rows; without it, the mean.
        n: number of resamples.
        seed: of the bootstrap.

    Returns:
        NaN without rows; an infinite value has no interval.
    """
    names, home = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    cells = np.column_stack([np.asarray(terms, dtype=np.float64), np.ones(len(home))])
    sums = np.zeros((len(names), cells.shape[1]))
    np.add.at(sums, home, cells)
    function = figure or mean
    value = float(function(sums.sum(axis=0)))
    if not np.isfinite(value):
        return Estimate(value, float("nan"), float("nan"), len(home), undefined.of_sums(value, len(home)))
    low, high = interval(np.asarray(function(cluster_weights(len(names), n, seed) @ sums)))
    return Estimate(value, low, high, len(home), undefined.of_interval(value, low, ""))


def mean(sums: Floats) -> Any:
    """The mean, from a sum and the number of rows, shape (..., 2)."""
    return _ratio(sums[..., 0], sums[..., -1])


def cross_entropy(probabilities: Floats, votes: Floats) -> float:
    """Mean cross-entropy in nats of predicted probabilities against the shares of votes, both of shape (rows, labels).

    Infinite where a label that was voted for has probability 0; NaN without rows.
    """
    return float(cross_entropies(probabilities, votes).mean()) if len(votes) else float("nan")


def cross_entropies(probabilities: Floats, votes: Floats) -> Floats:
    """Cross-entropy of each row, shape (rows,)."""
    share = _shares(votes)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(share > 0, -share * np.log(probabilities), 0)
    found: Floats = terms.sum(axis=1)
    return found


def jensen_shannon(probabilities: Floats, votes: Floats) -> float:
    """Mean Jensen-Shannon divergence, base 2, in [0, 1], of probabilities and shares of votes (Lin, 1991)."""
    return float(divergences(probabilities, votes).mean()) if len(votes) else float("nan")


def divergences(probabilities: Floats, votes: Floats) -> Floats:
    """Jensen-Shannon divergence of each row, shape (rows,)."""
    share = _shares(votes)
    middle = (share + probabilities) / 2

    def divergence(p: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            terms: Floats = np.where(p > 0, p * np.log2(p / middle), 0)
        found: Floats = terms.sum(axis=1)
        return found

    return (divergence(share) + divergence(np.asarray(probabilities))) / 2


def calibration_error(probabilities: Floats, gold: npt.NDArray[np.int64], bins: int = BINS) -> float:
    """Expected calibration error of the most probable label, over bins of equal width (Guo et al., 2017)."""
    gaps = calibration_gaps(probabilities, gold, bins)
    return float(calibration(np.append(gaps.sum(axis=0), len(gaps))))


def calibration_gaps(probabilities: Floats, gold: npt.NDArray[np.int64], bins: int = BINS) -> Floats:
    """For each row, right or wrong less the probability of its label, in the column of its bin: shape (rows, bins)."""
    sure, chosen = probabilities.max(axis=1), probabilities.argmax(axis=1)
    which = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.zeros((len(gold), bins))
    gaps[np.arange(len(gold)), which] = (chosen == gold) - sure
    return gaps


def calibration(sums: Floats) -> Any:
    """Expected calibration error from the sums of the gaps by bin and the number of rows, shape (..., bins + 1)."""
    return _ratio(np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1])


def soft_scores(
    probabilities: Floats,
    gold: npt.NDArray[np.int64],
    votes: Floats | None,
    clusters: Sequence[str] | None,
    *,
    n: int = RESAMPLES,
    seed: int = SEED,
    signature: Mapping[str, object] = MappingProxyType({}),
) -> list[Score]:
    """Scores of probabilities: against the shares of votes, where there are any, and calibration; with intervals.

    Intervals draw clusters, and rows where there is but one or none. Rows without a vote for any of the labels are left
    out of the first two.
    """
    found = {}
    are_rows = clusters is None or len(set(clusters)) == 1
    clusters = list(map(str, range(len(gold)))) if clusters is None or are_rows else clusters
    if votes is not None:
        voted = votes.sum(axis=1) > 0
        p, v, homes = probabilities[voted], votes[voted], np.asarray(clusters, dtype=str)[voted].tolist()
        found["cross_entropy"] = estimate(cross_entropies(p, v), homes, None, n, seed)
        found["jensen_shannon"] = estimate(divergences(p, v), homes, None, n, seed)
    found["calibration_error"] = estimate(calibration_gaps(probabilities, gold), clusters, calibration, n, seed)
    nan, drawn = float("nan"), ROWS if are_rows else len(set(clusters))
    return [
        Score(
            metric,
            e.value,
            e.low,
            e.high,
            nan,
            nan,
            {**signature, "metric": metric, "n": e.n, "clusters": drawn, "resamples": n, "seed": seed},
            e.reason,
            "not computed for scores of probabilities",
        )
        for metric, e in found.items()
    ]


def _weights(units: int, n: int, seed: int, cells: int) -> Iterator[Floats]:
    """Weights in blocks of resamples, so that rows times cells or units stay below a bound."""
    size = max(1, BLOCK // max(cells, units, 1))
    if n * units <= BLOCK:
        kept = cluster_weights(units, n, seed)  # drawn once for all metrics
        return (kept[start : start + size] for start in range(0, n, size))
    return weight_blocks(units, n, size, seed)


def _coins(found: Confusion, n: int, seed: int) -> Iterator[Floats]:
    """Tosses of a coin for each cluster, 0 or 1, in blocks."""
    generator = np.random.default_rng(seed)
    size = max(1, BLOCK // max(found.total.size, len(found.clusters)))
    for start in range(0, n, size):
        yield generator.integers(0, 2, (min(size, n - start), len(found.clusters))).astype(np.float64)


def _anchored(metric: Metric, total: Floats) -> Metric:
    """The metric for resamples of counts: `ss` keeps the rule that the counts were measured against.

    Chosen anew, the best rule would be chosen in hindsight twice, and the interval lie below the estimate.
    """
    return partial(ss, rule=total.sum(axis=-1).argmax(axis=-1)) if metric is ss else metric


def _skill(counts: Floats) -> tuple[Floats, Floats]:
    """For each stratum what was gained over chance given the stratum, and what could be."""
    gold, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    rows = gold.sum(axis=-1)
    some = np.where(rows > 0, rows, 1)
    gained = np.trace(counts, axis1=-2, axis2=-1) - (gold * predicted).sum(axis=-1) / some
    return gained, rows - (gold**2).sum(axis=-1) / some


def _ratio(above: Any, below: Any) -> Any:
    """A quotient, NaN where nothing is below."""
    above, below = np.broadcast_arrays(np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64))
    return _plain(np.divide(above, below, out=np.full(below.shape, np.nan), where=np.abs(below) > 1e-9))  # noqa: PLR2004


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def _shares(votes: Floats) -> Floats:
    share: Floats = np.asarray(votes, dtype=np.float64) / np.sum(votes, axis=1, keepdims=True)
    return share
