"""How far sources are from each other: distances with intervals, a tree and a map of them, and how stable these are."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, get_args

import numpy as np

from kazstance.comparison.counts import Counts
from kazstance.comparison.estimates import DIGITS, LEVEL
from kazstance.comparison.positions import posterior
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.notebook import html_table
from kazstance.schema.labels import LABELS, SIDES
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES, SEED, resample

Feature = Literal["positions", "salience"]
TAILS: Final = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
WITHIN: Final = 0.95
"""Share of a source's resampled places that lie in its circle on the map."""


@dataclass(frozen=True, kw_only=True)
class Distance(Estimate):
    """How far apart two sources are, in [0, 1]; `n` counts the targets on which they are compared.

    `keeps` is the share of resamples in which the pair has this rank.
    """

    one: str
    other: str
    rank: int
    keeps: float


@dataclass(frozen=True)
class Clade:
    """Sources that the tree joins, and at which distance; `keeps` is the share of resamples whose tree joins them."""

    sources: tuple[str, ...]
    parts: tuple[tuple[str, ...], tuple[str, ...]]
    height: float
    keeps: float


@dataclass(frozen=True)
class Place:
    """A source on the map; of its resampled places 95 % lie within the radius."""

    source: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Distances:
    """Distances of all pairs of sources, nearest first; the tree, first joined first; the map.

    `explained` is the share of the distances that the two dimensions explain, in [0, 1]; `reason` says why `keeps`
    and `radius` are NaN, if they are.
    """

    by: Feature
    pairs: tuple[Distance, ...]
    tree: tuple[Clade, ...]
    places: tuple[Place, ...]
    explained: float
    reason: str | None = None

    def __repr__(self) -> str:
        return f"<Distances of {len(self.places)} sources by {self.by}>"

    def _repr_html_(self) -> str:
        """The pairs, nearest first, for a notebook."""
        rows = [
            {"one": pair.one, "other": pair.other, "distance": pair.text(), "targets": pair.n, "rank kept": pair.keeps}
            for pair in self.pairs
        ]
        return html_table(rows)


def distances(counts: Counts, by: Feature = "positions", n: int = RESAMPLES, seed: int = SEED) -> Distances:
    """Compare sources over all targets.

    On positions, the distance is half the mean difference of net stances over the targets on which both take a side
    (city-block), drawn from the pooled model; on salience, half the sum of differences in the shares that targets have
    in all that a source says about targets (total variation), drawn by a bootstrap of clusters within each source,
    value and interval corrected for the distance that noise adds (basic bootstrap: Davison and Hinkley, 1997). The tree
    joins by mean distance (UPGMA: Sokal and Michener, 1958), its stability is that of Felsenstein (1985); the map is
    classical scaling (Torgerson, 1952), with drawn maps turned onto it.

    Args:
        counts: the rows counted by cluster, target and label.
        by: `positions`, or `salience`: what the sources write about.
        n: number of resamples.
        seed: seed of the resamples.

    Raises:
        UnknownNameError: `by` is neither positions nor salience.
        KazstanceError: there are fewer than two sources, or two have nothing in common to compare.
    """
    if by not in get_args(Feature):
        raise UnknownNameError(by, "feature", get_args(Feature))
    pairs = list(combinations(counts.sources, 2))
    if not pairs:
        raise KazstanceError(
            f"there {'is 1 source' if counts.sources else 'are no sources'}; expected two or more to compare"
        )
    found, ends, drawn = _by_positions(counts, n, seed) if by == "positions" else _by_salience(counts, n, seed)
    shared = _shared(counts) if by == "positions" else [len(counts.targets)] * len(pairs)
    if np.isnan(found).any():
        one, other = pairs[int(np.isnan(found).argmax())]
        raise KazstanceError(f"{one} and {other} have no target in common to compare by {by}")
    whole = drawn[~np.isnan(drawn).any(axis=1)]
    places, explained = _map(found, whole, counts.sources)
    lines, tree = _pairs(pairs, shared, found, ends, whole), _tree(found, whole, counts.sources)
    reason = None if len(whole) else "in every resample, two sources have nothing in common to compare"
    return Distances(by, lines, tree, places, explained, reason)


def draw(counts: Counts, n: int, seed: int = SEED) -> Floats:
    """Cluster bootstrap within each source: rows by label in n draws, shape (n, sources, targets, labels).

    Args:
        counts: stances by cluster, target and label.
        n: draws.
        seed: seed of the draws.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415  # loaded where it is used

    width = len(counts.targets) * len(LABELS)
    at = np.repeat(counts.cluster, len(LABELS)), (counts.target[:, None] * len(LABELS) + np.arange(len(LABELS))).ravel()
    cells = csr_array((counts.rows.ravel(), at), shape=(len(counts.source), width))
    drawn = np.zeros((n, len(counts.sources), width))
    for source in range(len(counts.sources)):
        own = np.flatnonzero(counts.source == source)
        drawn[:, source] = (cells[own].T @ resample(np.ones(len(own)), n, seed + source).T).T
    return drawn.reshape(n, len(counts.sources), len(counts.targets), len(LABELS))


def _by_positions(counts: Counts, n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Distances of pairs, their intervals of shape (2, pairs), and draws of shape (n, pairs)."""
    net = np.where(counts.total[..., SIDES].any(axis=2), posterior(counts).draws(n, seed), np.nan)
    one, other = np.triu_indices(len(counts.sources), 1)
    apart = np.abs(net[:, one] - net[:, other]) / 2
    shared = ~np.isnan(apart[0])
    some = np.where(shared.any(axis=1), shared.sum(axis=1), np.nan)
    drawn = np.where(shared, apart, 0).sum(axis=2) / some
    return drawn.mean(axis=0), np.quantile(drawn, TAILS, axis=0), drawn


def _by_salience(counts: Counts, n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Distances of pairs, their intervals of shape (2, pairs), and draws of shape (n, pairs)."""
    one, other = np.triu_indices(len(counts.sources), 1)

    def apart(rows: Floats) -> Floats:
        about = rows.sum(axis=-1)
        together = about.sum(axis=-1, keepdims=True)
        share = np.where(together > 0, about / np.maximum(together, 1), np.nan)
        found: Floats = np.abs(share[:, one] - share[:, other]).sum(axis=-1) / 2
        return found

    found, drawn = apart(counts.total[None])[0], apart(draw(counts, n, seed))
    middle, low, high = np.nanmean(drawn, axis=0), *np.nanquantile(drawn, TAILS, axis=0)
    value, *ends = np.clip([2 * found - middle, 2 * found - high, 2 * found - low], 0, 1)
    return value, np.stack(ends), drawn


def _shared(counts: Counts) -> list[int]:
    """The number of targets on which both sources of each pair take a side."""
    sided = counts.total[..., SIDES].sum(axis=2) > 0
    one, other = np.triu_indices(len(counts.sources), 1)
    shared: list[int] = (sided[one] & sided[other]).sum(axis=1).tolist()
    return shared


def _pairs(
    names: list[tuple[str, str]], shared: list[int], found: Floats, ends: Floats, whole: Floats
) -> tuple[Distance, ...]:
    """Each pair with its interval, rank, and how often it keeps its rank, nearest first."""
    rank, ranks = found.argsort().argsort(), whole.argsort(axis=1).argsort(axis=1)
    lines = []
    for i, (one, other) in enumerate(names):
        value, low, high = (round(float(figure), DIGITS) for figure in (found[i], *ends[:, i]))
        keeps = float((ranks[:, i] == rank[i]).mean()) if len(whole) else float("nan")
        place = int(rank[i]) + 1
        lines.append(Distance(value, low, high, shared[i], one=one, other=other, rank=place, keeps=keeps))
    return tuple(sorted(lines, key=lambda line: line.rank))


def _clades(condensed: Floats) -> list[tuple[frozenset[int], frozenset[int], float]]:
    """What a tree joins, in order: two sets of sources, and their mean distance."""
    from scipy.cluster.hierarchy import linkage  # noqa: PLC0415  # loaded where it is used

    steps = linkage(condensed, "average")
    sets = [frozenset([i]) for i in range(len(steps) + 1)]
    found = []
    for one, other, height, _ in steps:
        found.append((sets[int(one)], sets[int(other)], float(height)))
        sets.append(sets[int(one)] | sets[int(other)])
    return found


def _tree(found: Floats, whole: Floats, sources: tuple[str, ...]) -> tuple[Clade, ...]:
    seen = [{one | other for one, other, _ in _clades(row)} for row in whole]

    def names(part: frozenset[int]) -> tuple[str, ...]:
        return tuple(sources[i] for i in sorted(part))

    return tuple(
        Clade(
            names(one | other),
            (names(one), names(other)),
            round(height, DIGITS),
            sum(one | other in there for there in seen) / len(seen) if seen else float("nan"),
        )
        for one, other, height in _clades(found)
    )


def _map(found: Floats, whole: Floats, sources: tuple[str, ...]) -> tuple[tuple[Place, ...], float]:
    """The places of sources, and the share of the distances that two dimensions explain."""
    from scipy.linalg import orthogonal_procrustes  # noqa: PLC0415  # loaded where it is used

    places, explained = _scale(found, len(sources))
    away = np.zeros((len(whole), len(sources)))
    for i, row in enumerate(whole):
        other = _scale(row, len(sources))[0]
        away[i] = np.linalg.norm(other @ orthogonal_procrustes(other, places)[0] - places, axis=1)
    radius = np.quantile(away, WITHIN, axis=0) if len(whole) else np.full(len(sources), np.nan)
    rows = np.round(np.column_stack([places, radius]), DIGITS).tolist()
    return tuple(Place(name, *row) for name, row in zip(sources, rows, strict=True)), round(explained, DIGITS)


def _scale(condensed: Floats, n: int) -> tuple[Floats, float]:
    """Classical scaling in two dimensions: places of shape (n, 2), the largest of each dimension positive."""
    square = np.zeros((n, n))
    square[np.triu_indices(n, 1)] = condensed**2
    square += square.T
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-centre @ square @ centre / 2)
    values, vectors = np.append(values[::-1], 0)[:2].clip(0), np.column_stack([vectors[:, ::-1], np.zeros(n)])[:, :2]
    places = vectors * np.sqrt(values)
    signs = np.sign(places[np.abs(places).argmax(axis=0), range(2)])
    total = np.abs(np.linalg.eigvalsh(centre @ square @ centre / 2)).sum()
    return places * np.where(signs == 0, 1, signs), float(values.sum() / total) if total else 1.0
