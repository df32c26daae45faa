"""How far sources are from each other: distances with intervals, a tree and a map of them, and how stable these are."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final, Literal, get_args

import numpy as np

from kazstance.comparison.counts import Counts
from kazstance.comparison.estimates import DIGITS, LEVEL
from kazstance.comparison.positions import posterior
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.listing import Listing, Rows
from kazstance.output.notebook import html_table
from kazstance.schema.labels import SIDES
from kazstance.stats.counting import Codes, Floats
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES, SEED, block_size, row_blocks

Feature = Literal["positions", "salience"]
TAILS: Final = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
ARRAYS: Final = 10
"""How many arrays of a block of draws are in memory at a time."""
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

    def as_row(self, prefix: str = "") -> dict[str, Any]:
        """The distance as plain values by column; the names of those of the estimate begin with a prefix."""
        place = {"one": self.one, "other": self.other}
        return {**place, **super().as_row(prefix), "rank": self.rank, "keeps": self.keeps}


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
class Distances(Rows):
    """Distances of pairs of sources, nearest first; the tree, first joined first; the map. As rows: the pairs.

    `explained` is the share of the distances that the two dimensions explain, in [0, 1]; `reason` says why `keeps`
    and `radius` are NaN, if they are. `skipped` are the pairs with nothing in common to compare, and `left_out` the
    sources that the tree and the map leave out for that.
    """

    by: Feature
    pairs: Listing[Distance]
    tree: tuple[Clade, ...]
    places: tuple[Place, ...]
    explained: float
    reason: str | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """The pairs as plain values by column, nearest first; those without a distance last."""
        none = Estimate.undefined(f"no target in common to compare by {self.by}").as_row()
        lacking = [{"one": one, "other": other, **none, "rank": None, "keeps": None} for one, other in self.skipped]
        return [*self.pairs.rows(), *lacking]

    def as_row(self) -> dict[str, Any]:
        """Everything as plain values."""
        plain = {"pairs": self.pairs.rows(), "tree": [*map(asdict, self.tree)], "places": [*map(asdict, self.places)]}
        rest = {name: getattr(self, name) for name in ("explained", "reason", "skipped", "left_out")}
        return {"by": self.by, **plain, **rest}

    def __repr__(self) -> str:
        return f"<Distances of {len(self.places) + len(self.left_out)} sources by {self.by}>"

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

    Pairs with nothing in common to compare have no distance. The tree and the map need all distances, so they leave out
    the fewest sources, those with the most such pairs first.

    Args:
        counts: the rows counted by cluster, target and label.
        by: `positions`, or `salience`: what the sources write about.
        n: number of resamples.
        seed: seed of the resamples.

    Raises:
        UnknownNameError: `by` is neither positions nor salience.
        KazstanceError: there are fewer than two sources, or no two have anything in common to compare.
    """
    if by not in get_args(Feature):
        raise UnknownNameError(by, "feature", get_args(Feature))
    sources = counts.sources
    if len(sources) < 2:  # noqa: PLR2004
        raise KazstanceError(f"there {'is 1 source' if sources else 'are no sources'}; expected two or more to compare")
    found, ends, drawn = _by_positions(counts, n, seed) if by == "positions" else _by_salience(counts, n, seed)
    shared = _shared(counts) if by == "positions" else [len(counts.targets)] * len(found)
    pairs, is_known = list(combinations(sources, 2)), ~np.isnan(found)
    skipped = tuple(pair for pair, known in zip(pairs, is_known, strict=True) if not known)
    if not is_known.any():
        raise KazstanceError(
            f"{' and '.join(pairs[0])} have no target in common to compare by {by}, nor has another pair"
        )
    whole = drawn[~np.isnan(drawn[:, is_known]).any(axis=1)]
    kept = _complete(found, len(sources))
    among = np.isin(np.triu_indices(len(sources), 1), kept).all(axis=0)
    names = tuple(sources[i] for i in kept)
    places, explained = _map(found[among], whole[:, among], names)
    tree = _tree(found[among], whole[:, among], names)
    known = [pair for pair, is_there in zip(pairs, is_known, strict=True) if is_there]
    counted = [number for number, is_there in zip(shared, is_known, strict=True) if is_there]
    lines = _pairs(known, counted, found[is_known], ends[:, is_known], whole[:, is_known])
    left_out = tuple(source for source in sources if source not in names)
    reason = None if len(whole) else "in every resample, two sources have nothing in common to compare"
    return Distances(by, lines, tree, places, explained, reason, skipped, left_out)


def draw(counts: Counts, n: int, seed: int = SEED) -> Iterator[Floats]:
    """Bootstrap within each source of its clusters, or of its rows if these are clusters, in blocks of draws.

    Each block has the shape (sources, targets, draws): how many rows each source has on each target.

    Args:
        counts: stances by cluster, target and label.
        n: draws.
        seed: seed of the draws.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415  # loaded where it is used

    about, targets = counts.rows.sum(axis=1), len(counts.targets)
    cells = csr_array((about, (counts.cluster, counts.target)), shape=(len(counts.source), targets))
    parts, drawn = [], []
    size = block_size(len(counts.sources) * targets * ARRAYS, len(counts.source))
    for source in range(len(counts.sources)):
        own = cells[np.flatnonzero(counts.source == source)]
        # a cell of which each row is drawn, or a cluster of which each has the same chance
        units = own.sum(axis=0) if counts.by_row else np.ones(own.shape[0])
        parts.append(None if counts.by_row else own.T)
        drawn.append(row_blocks(np.asarray(units, dtype=np.float64), n, size, seed + source))
    for blocks in zip(*drawn, strict=True):
        yield np.stack([b.T if part is None else part @ b.T for part, b in zip(parts, blocks, strict=True)])


def _by_positions(counts: Counts, n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Distances of pairs, their intervals of shape (2, pairs), and draws of shape (n, pairs)."""
    known = np.asarray(counts.total[..., SIDES].sum(axis=2) > 0)
    pair = np.zeros((len(known), len(known)), dtype=np.intp)
    pair[np.triu_indices(len(known), 1)] = np.arange(len(known) * (len(known) - 1) // 2)
    apart, shared = np.zeros((pair.max() + 1, n)), np.zeros(pair.max() + 1)
    for target, net in enumerate(posterior(counts).draws_by_target(known, n, seed)):
        here = np.flatnonzero(known[:, target])
        one, other = np.triu_indices(len(here), 1)
        at = pair[here[one], here[other]]
        shared[at] += 1
        apart[at] += np.abs(net[one] - net[other]) / 2
    drawn = (apart / np.where(shared > 0, shared, np.nan)[:, None]).T
    return drawn.mean(axis=0), np.quantile(drawn, TAILS, axis=0), drawn


def _by_salience(counts: Counts, n: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Distances of pairs, their intervals of shape (2, pairs), and draws of shape (n, pairs)."""

    def apart(about: Floats) -> Floats:
        together = about.sum(axis=1, keepdims=True)
        share = np.where(together > 0, about / np.maximum(together, 1), np.nan)
        lines = (np.abs(share[i] - share[i + 1 :]).sum(axis=1) / 2 for i in range(len(share)))
        return np.concatenate(list(lines)).T

    found = apart(counts.total.sum(axis=-1)[..., None])[0]
    drawn = np.concatenate([np.zeros((0, len(found))), *map(apart, draw(counts, n, seed))])
    middle, low, high = np.full((3, len(found)), np.nan)
    some = ~np.isnan(drawn).all(axis=0)
    middle[some] = np.nanmean(drawn[:, some], axis=0)
    low[some], high[some] = np.nanquantile(drawn[:, some], TAILS, axis=0)
    value, *ends = np.clip([2 * found - middle, 2 * found - high, 2 * found - low], 0, 1)
    return value, np.stack(ends), drawn


def _complete(found: Floats, n: int) -> Codes:
    """The sources left if those with the most unknown distances are dropped, one by one, until all are known."""
    unknown = np.zeros((n, n), dtype=bool)
    unknown[np.triu_indices(n, 1)] = np.isnan(found)
    unknown |= unknown.T
    kept = np.arange(n)
    while unknown[np.ix_(kept, kept)].any():
        kept = np.delete(kept, unknown[np.ix_(kept, kept)].sum(axis=1).argmax())
    return kept


def _shared(counts: Counts) -> list[int]:
    """The number of targets on which both sources of each pair take a side."""
    sided = (counts.total[..., SIDES].sum(axis=2) > 0).astype(np.float64)
    shared: list[int] = (sided @ sided.T)[np.triu_indices(len(sided), 1)].round().astype(int).tolist()
    return shared


def _pairs(
    names: list[tuple[str, str]], shared: list[int], found: Floats, ends: Floats, whole: Floats
) -> Listing[Distance]:
    """Each pair with its interval, rank, and how often it keeps its rank, nearest first."""
    rank, ranks = found.argsort().argsort(), whole.argsort(axis=1).argsort(axis=1)
    lines = []
    for i, (one, other) in enumerate(names):
        value, low, high = (round(float(figure), DIGITS) for figure in (found[i], *ends[:, i]))
        keeps = float((ranks[:, i] == rank[i]).mean()) if len(whole) else float("nan")
        place = int(rank[i]) + 1
        lines.append(Distance(value, low, high, shared[i], one=one, other=other, rank=place, keeps=keeps))
    return Listing(sorted(lines, key=lambda line: line.rank))


def _clades(condensed: Floats) -> list[tuple[frozenset[int], frozenset[int], float]]:
    """What a tree joins, in order: two sets of sources, and their mean distance."""
    from scipy.cluster.hierarchy import linkage  # noqa: PLC0415  # loaded where it is used

    if not len(condensed):
        return []
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
