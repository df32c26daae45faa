"""Simulated corpora that a model labelled, and of whose labels people judged a random sample.

What sources say, what a model makes of it and whom people judge is made up. Pairs of sentence and target within a cell
are exchangeable, so cells are drawn as counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from kazstance.stats.allocation import allocate
from kazstance.stats.correction import Measure
from kazstance.stats.counting import Floats

LABELS: Final = ("against", "neutral", "favor", "none")
TARGETS: Final = 20
NET: Final = Measure(np.array([-1.0, 0, 1, 0]), np.array([1.0, 0, 1, 0]), low=-1.0)
RIGHT: Final = np.array(
    [[0.76, 0.13, 0.03, 0.08], [0.09, 0.70, 0.09, 0.12], [0.03, 0.09, 0.82, 0.06], [0.008, 0.016, 0.008, 0.968]]
)
"""How probable each label of the model is (columns) by the true one (rows)."""
BLIND: Final = np.array([[0.51, 0.28, 0.03, 0.18], *RIGHT[1:].tolist()])
"""The same for a source whose sentences against a target are taken for neutral, or for nothing, by 25 points more."""
TURNED: Final = np.array([[0.46, 0.13, 0.33, 0.08], RIGHT[1].tolist(), [0.33, 0.09, 0.52, 0.06], RIGHT[3].tolist()])
"""For a source whose irony the model takes at its word."""
DEAF: Final = np.array(
    [[0.32, 0.06, 0.02, 0.60], [0.03, 0.32, 0.05, 0.60], [0.02, 0.03, 0.35, 0.60], RIGHT[3].tolist()]
)
"""For a source that names its targets by other words: most of what it says about them is overlooked."""
HALF_DEAF: Final = np.array(
    [[0.46, 0.11, 0.03, 0.40], [0.06, 0.46, 0.08, 0.40], [0.02, 0.08, 0.50, 0.40], RIGHT[3].tolist()]
)
"""For a source of which the model overlooks less."""
MUTE: Final = np.array([[0.0, 0.89, 0.03, 0.08], *RIGHT[1:].tolist()])
"""For a source that is never found to be against anything."""
POOR: Final = np.array([[0.5, 0.2, 0.1, 0.2], [0.15, 0.5, 0.15, 0.2], [0.1, 0.2, 0.5, 0.2], [0.03, 0.04, 0.03, 0.9]])
"""For a model that is right about half of what it should find."""
EAGER: Final = np.array([*RIGHT[:3].tolist(), [0.01, 0.02, 0.12, 0.85]])
"""For a model that sees favor where nothing is said."""


@dataclass(frozen=True)
class Setting:
    """A kind of corpus, of model and of people, and how many pairs people judge altogether."""

    name: str
    sources: int
    relevant: float
    judged: int
    biased: Floats
    """The errors of the model in the first source; in the others they are `RIGHT`."""
    others: Floats
    in_cluster: int = 0
    """The size of clusters that share their truth and their errors; 0 if there are none."""
    slips: float = 0.0
    """How often people choose another label than the true one."""
    failed: float = 0.0
    """The share of pairs that the model has no answer on."""
    uneven: bool = False
    """Whether each source has half as many pairs as the one before."""
    fading: bool = False
    """Whether each source says a third less about the targets than the one before."""


def _settings() -> Iterator[Setting]:
    for sources in (5, 24):
        for name, relevant in (("dense", 0.6), ("sparse", 0.07)):
            for n in (100, 300, 1000):
                yield Setting(f"{sources} sources, {name}, {n}", sources, relevant, n, BLIND, RIGHT)


DESIGNED: Final = tuple(_settings())
"""The settings for which the estimator was designed."""
NEW: Final = (
    Setting("clusters of 8 that share truth and errors, 5 dense, 300", 5, 0.6, 300, BLIND, RIGHT, in_cluster=8),
    Setting("people slip in 5 %, 5 dense, 300", 5, 0.6, 300, BLIND, RIGHT, slips=0.05),
    Setting("irony: sides are swapped in 30 %, 5 dense, 300", 5, 0.6, 300, TURNED, RIGHT),
    Setting("60 % overlooked in one source, 5 sparse, 1000", 5, 0.07, 1000, DEAF, RIGHT),
    Setting("favor seen in 12 % of what says nothing, 5 sparse, 500", 5, 0.07, 500, EAGER, EAGER),
    Setting(
        "each source half as long as the last, 5 % unanswered, 5 dense, 300",
        5,
        0.6,
        300,
        BLIND,
        RIGHT,
        0,
        0,
        0.05,
        True,
    ),
)
"""Settings that were not used to design the half-pooled variance; the fourth led to `larger`."""
LATER: Final = (
    Setting("each source says a third less than the last, 10 sources, 500", 10, 0.6, 500, BLIND, RIGHT, fading=True),
    Setting("against is never found in one source, 5 dense, 300", 5, 0.6, 300, MUTE, RIGHT),
    Setting("40 % overlooked in one source, 8 sparse, 800", 8, 0.07, 800, HALF_DEAF, RIGHT),
    Setting("clusters of 5 and slips of 3 %, 5 sparse, 1000", 5, 0.07, 1000, BLIND, RIGHT, in_cluster=5, slips=0.03),
    Setting("right in half of what there is, 5 sources, 25 % relevant, 500", 5, 0.25, 500, POOR, POOR),
    Setting("2 sources, 15 % unanswered, dense, 150", 2, 0.6, 150, BLIND, RIGHT, failed=0.15),
)
"""Settings that were written down after that, before they were run."""


@dataclass(frozen=True)
class Counts:
    """Replications of a setting, as counts.

    Shapes: `pairs` (replications, sources, kinds, cells, labels), by kind of answer and true label; `judged`, the same
    for what people said of those that were drawn.
    """

    pairs: Floats
    judged: Floats


def simulate(rng: np.random.Generator, setting: Setting, n: int) -> Counts:
    """Replications of a setting."""
    pairs = _pairs(rng, setting, n)
    size = pairs.sum(axis=(3, 4))
    drawn = np.apply_along_axis(_allocated, 2, size, setting.judged / setting.sources)
    return Counts(pairs, judge(rng, setting, pairs, drawn))


def judge(rng: np.random.Generator, setting: Setting, pairs: Floats, drawn: Any) -> Floats:
    """What people say of pairs that are drawn: shape (replications, sources, kinds, cells, labels).

    Args:
        rng: the source of chance.
        setting: how often people slip.
        pairs: all pairs.
        drawn: how many are drawn of each kind, shape (replications, sources, kinds).
    """
    found = _drawn(rng, pairs, drawn)
    if setting.slips:
        kept = np.eye(4) * (1 - setting.slips) + (1 - np.eye(4)) * setting.slips / 3
        found = rng.multinomial(found, kept).sum(axis=-2)
    return np.asarray(found, dtype=np.float64)


def _pairs(rng: np.random.Generator, setting: Setting, n: int) -> Floats:
    """The pairs of each cell, or cluster of one, by kind of answer and true label."""
    shape = (n, setting.sources, TARGETS)
    size = np.exp(rng.uniform(np.log(5), np.log(200), shape))
    if setting.uneven:
        size /= 2.0 ** np.arange(setting.sources)[:, None]
    size = np.maximum(np.rint(size), 1).astype(int)
    truth = _truth(rng, setting, shape)
    if setting.in_cluster:
        size, truth = _in_clusters(rng, size, truth, setting.in_cluster)
    concentration = 20 if not setting.in_cluster else 4
    rows = np.stack([setting.biased, *[setting.others] * (setting.sources - 1)])[None, :, None]
    errors = rng.standard_gamma(np.broadcast_to(concentration * rows, (*size.shape, 4, 4)))
    errors /= errors.sum(axis=-1, keepdims=True)
    errors = np.concatenate([errors * (1 - setting.failed), np.full((*size.shape, 4, 1), setting.failed)], axis=-1)
    found = rng.multinomial(rng.multinomial(size, truth), errors)
    return np.moveaxis(found, -1, 2).astype(np.float64)


def _truth(rng: np.random.Generator, setting: Setting, shape: tuple[int, ...]) -> Floats:
    """How probable each true label is in each cell: relevance varies, and so does the side."""
    mean = setting.relevant * np.where(setting.fading, (2 / 3) ** np.arange(setting.sources), 1.0)[:, None]
    relevant = rng.beta(np.broadcast_to(4 * mean, shape), np.broadcast_to(4 * (1 - mean), shape))
    sides = rng.dirichlet([0.8, 0.8, 0.8], shape)
    found: Floats = np.concatenate([relevant[..., None] * sides, 1 - relevant[..., None]], axis=-1)
    return found


def _in_clusters(rng: np.random.Generator, size: Any, truth: Floats, largest: int) -> tuple[Any, Floats]:
    """Cells cut into clusters of equal size, each with a truth of its own around that of its cell."""
    most = -(-int(size.max()) // largest)
    parts = np.clip(size[..., None] - np.arange(most) * largest, 0, largest)
    own = rng.standard_gamma(np.broadcast_to(2 * truth[..., None, :] + 1e-3, (*parts.shape, 4)))
    shape = (*size.shape[:2], size.shape[2] * most)
    return parts.reshape(shape), (own / own.sum(axis=-1, keepdims=True)).reshape(*shape, 4)


def _allocated(size: Floats, n: float) -> Any:
    """How many pairs of each stratum of a source are judged: two fifths of those labelled none."""
    kinds = len(size)
    weight = np.array([0.2, 0.2, 0.2, 0.4, 0.1])[:kinds] * (size > 0)
    return allocate(size, weight, round(n), least=2 if n >= 2 * kinds else 1)


def _drawn(rng: np.random.Generator, pairs: Floats, drawn: Any) -> Any:
    """The pairs that are drawn systematically, cell by cell: in each cell, any of them."""
    cells = pairs.sum(axis=4)
    share = (drawn / np.maximum(cells.sum(axis=3), 1))[..., None]
    start = rng.random(drawn.shape)[..., None]
    before = np.maximum(np.ceil(np.cumsum(cells, axis=3) * share - start - 1e-9), 0)
    number = np.diff(before, axis=3, prepend=0).astype(int)
    found = np.empty(pairs.shape, dtype=int)
    left, rest = number, pairs.astype(int)
    for label in range(4):
        others = rest[..., label + 1 :].sum(axis=-1)
        found[..., label] = rng.hypergeometric(rest[..., label], others, left)
        left = left - found[..., label]
    return found
