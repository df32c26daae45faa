"""Scores of probabilities: against the shares of annotators' votes, and calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isinf
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from kazstance.stats.counting import Floats
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES, SEED, estimate, ratio
from kazstance.stats.scores import ROWS, Score

BINS: Final = 10
"""Number of bins of equal width for calibration."""


def cross_entropies(probabilities: Floats, votes: Floats) -> Floats:
    """Cross-entropy in nats of each row's probabilities against the shares of its votes, shape (rows,).

    Both have the shape (rows, labels). Infinite where a label that was voted for has probability 0.
    """
    from scipy.special import xlogy  # noqa: PLC0415  # loaded where it is used

    found: Floats = -xlogy(_shares(votes), probabilities).sum(axis=1)
    return found


def divergences(probabilities: Floats, votes: Floats) -> Floats:
    """Jensen-Shannon divergence, base 2, in [0, 1], of each row's probabilities and shares of votes (Lin, 1991).

    Both have the shape (rows, labels); the divergences (rows,).
    """
    from scipy.special import rel_entr  # noqa: PLC0415  # loaded where it is used

    share = _shares(votes)
    middle = (share + probabilities) / 2
    found: Floats = (rel_entr(share, middle) + rel_entr(probabilities, middle)).sum(axis=1) / (2 * np.log(2))
    return found


def calibration_gaps(probabilities: Floats, gold: npt.NDArray[np.int64], bins: int = BINS) -> Floats:
    """For each row, 1 if right, else 0, minus its label's probability, in the column of its bin: shape (rows, bins).

    Args:
        probabilities: shape (rows, labels).
        gold: the number of each row's label, shape (rows,).
        bins: number of bins of equal width.
    """
    sure, chosen = probabilities.max(axis=1), probabilities.argmax(axis=1)
    which = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = np.zeros((len(gold), bins))
    gaps[np.arange(len(gold)), which] = (chosen == gold) - sure
    return gaps


def calibration(sums: Floats) -> Floats:
    """Expected calibration error of the most probable label, over bins of equal width (Guo et al., 2017).

    From the sums of the gaps by bin and the number of rows, shape (..., bins + 1).
    """
    return ratio(np.abs(sums[..., :-1]).sum(axis=-1), sums[..., -1])


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
    """Scores of probabilities: against the shares of votes, if there are any, and calibration; with intervals.

    Intervals draw clusters, or rows if there are fewer than two. Rows without a vote for any of the labels are left
    out of the first two.

    Args:
        probabilities: shape (rows, labels).
        gold: the number of each row's label, shape (rows,).
        votes: how many annotators chose each label, shape (rows, labels).
        clusters: the cluster of each row.
        n: number of resamples.
        seed: seed of the random generator.
        signature: facts that come first in each signature.
    """
    found = {}
    are_rows = clusters is None or len(set(clusters)) == 1
    clusters = list(map(str, range(len(gold)))) if clusters is None or are_rows else clusters
    if votes is not None:
        voted = votes.sum(axis=1) > 0
        p, v, homes = probabilities[voted], votes[voted], np.asarray(clusters, dtype=str)[voted].tolist()
        found["cross_entropy"] = _finite(estimate(cross_entropies(p, v), homes, None, n, seed))
        found["jensen_shannon"] = estimate(divergences(p, v), homes, None, n, seed)
    found["calibration_error"] = estimate(calibration_gaps(probabilities, gold), clusters, calibration, n, seed)
    return _scored(found, ROWS if are_rows else len(set(clusters)), n, seed, signature)


def label_scores(
    predicted: npt.NDArray[np.int64],
    votes: Floats,
    clusters: npt.NDArray[np.str_] | None,
    *,
    n: int = RESAMPLES,
    seed: int = SEED,
    signature: Mapping[str, object] = MappingProxyType({}),
) -> list[Score]:
    """Scores of predicted labels against the votes of annotators; with intervals.

    `vote_share` is the share of a row's votes for its predicted label, and `jensen_shannon` the divergence of these
    votes from a prediction that is certain of its label. Rows without a vote are left out; in rows without a predicted
    label they are 0 and 1.

    Args:
        predicted: the number of each row's predicted label, or -1: shape (rows,).
        votes: how many annotators chose each label, shape (rows, labels).
        clusters: the cluster of each row, shape (rows,); without them, rows are drawn.
        n: number of resamples.
        seed: seed of the random generator.
        signature: facts that come first in each signature.
    """
    voted = votes.sum(axis=1) > 0
    answers, shares = predicted[voted], _shares(votes[voted])
    at = np.flatnonzero(answers >= 0)
    share, divergence = np.zeros(len(answers)), np.ones(len(answers))
    share[at] = shares[at, answers[at]]
    divergence[at] = divergences(np.eye(votes.shape[1])[answers[at]], shares[at])
    are_rows = clusters is None or len(np.unique(clusters)) == 1
    homes = np.arange(len(answers)).astype(str) if clusters is None or are_rows else clusters[voted]
    figures = {"vote_share": share, "jensen_shannon": divergence}
    found = {name: estimate(terms, homes.tolist(), None, n, seed) for name, terms in figures.items()}
    return _scored(found, ROWS if are_rows else len(np.unique(homes)), n, seed, signature)


def _scored(
    found: Mapping[str, Estimate], drawn: int | str, n: int, seed: int, signature: Mapping[str, object]
) -> list[Score]:
    """Estimates as scores, with their signatures."""
    over = Estimate.undefined("not computed for scores of probabilities")
    lines = []
    for name, line in found.items():
        facts = {**signature, "metric": name, "n": line.n, "clusters": drawn, "resamples": n, "seed": seed}
        lines.append(Score(**vars(line), metric=name, over_targets=over, signature=facts))
    return lines


def _finite(found: Estimate) -> Estimate:
    """Cross-entropy, with the reason if it is infinite."""
    return replace(found, reason="a label that was voted for has probability 0") if isinf(found.value) else found


def _shares(votes: Floats) -> Floats:
    share: Floats = np.asarray(votes, dtype=np.float64) / np.sum(votes, axis=1, keepdims=True)
    return share
