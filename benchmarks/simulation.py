"""Simulated data sets with a known truth: systems that know the answer to a share of the rows, and else guess."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from kazstance.metrics import LABELS
from kazstance.stats.confusion import Confusion
from kazstance.stats.counting import Floats

TARGETS: Final = 12
PRIOR: Final = np.array([[0.6, 0.15, 0.25], [0.2, 0.3, 0.5], [0.34, 0.33, 0.33], [0.1, 0.2, 0.7]])[
    np.arange(TARGETS) % 4
]
MOOD: Final = 0.45
"""Share of the rows of a cluster whose gold label follows the mood of the cluster; two do in a fifth of the cases."""
LARGEST: Final = 9
"""Rows of the largest cluster; sizes are uniform from 1."""


@dataclass(frozen=True)
class Design:
    """How rows come: each on its own, or in clusters of unequal size that share mood and ease."""

    name: str
    clusters: int
    clustered: bool


DESIGNS: Final = (
    Design("600 rows, each on its own", 600, clustered=False),
    Design(f"120 clusters of 1 to {LARGEST} rows", 120, clustered=True),
    Design(f"30 clusters of 1 to {LARGEST} rows", 30, clustered=True),
)


@dataclass(frozen=True)
class System:
    """A system that knows the answer to a share of the rows, and guesses the others by the target, in some style."""

    share: float
    style: str = "prior"


def simulate(rng: np.random.Generator, design: Design, systems: tuple[System, ...]) -> list[Confusion]:
    """The counts of systems on the same gold labels.

    In clusters, how much a system knows varies between them (Beta with that mean and a total of 5).
    """
    sizes = rng.integers(1, LARGEST + 1, design.clusters) if design.clustered else np.ones(design.clusters, dtype=int)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    target = rng.integers(0, TARGETS, len(cluster))
    level = rng.random(len(cluster))
    if design.clustered:
        level = np.where(rng.random(len(cluster)) < MOOD, rng.random(len(sizes))[cluster], level)
    gold = draw(level, PRIOR[target])
    found = []
    for system in systems:
        ease = np.full(len(sizes), system.share)
        if design.clustered:
            ease = rng.beta(5 * system.share, 5 * (1 - system.share), len(sizes))
        guess = STYLES[system.style](rng, PRIOR[target])
        predicted = np.where(rng.random(len(cluster)) < ease[cluster], gold, guess)
        found.append(count(cluster, target, gold, predicted))
    return found


def draw(level: Floats, shares: Floats) -> Any:
    """The label of each row at a level in [0, 1) of the cumulated shares of its labels."""
    return (level[:, None] > shares.cumsum(axis=1)).sum(axis=1).clip(0, shares.shape[1] - 1)


def count(cluster: Any, target: Any, gold: Any, predicted: Any) -> Confusion:
    """Rows given by numbers as counts, by cluster and target."""
    shape = int(cluster.max()) + 1, int(target.max()) + 1, len(LABELS), len(LABELS)
    counts = np.zeros(shape)
    np.add.at(counts, (cluster, target, gold, predicted), 1)
    clusters, strata = (tuple(map(str, range(size))) for size in shape[:2])
    return Confusion.from_counts(counts, clusters, strata, LABELS)


STYLES: Final[dict[str, Callable[[np.random.Generator, Floats], Any]]] = {
    "majority": lambda rng, prior: prior.argmax(axis=1),
    "prior": lambda rng, prior: draw(rng.random(len(prior)), prior),
    "uniform": lambda rng, prior: rng.integers(0, len(LABELS), len(prior)),
    "constant": lambda rng, prior: np.full(len(prior), LABELS.index("favor")),
}
"""How a system guesses the label of a row, given the shares of the labels of its target."""
