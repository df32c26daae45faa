"""Splits and folds: what is for training and what for testing, decided by paragraphs, sources and targets."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from kazstance.schema.labels import CopyKind
from kazstance.schema.leaks import merged_names
from kazstance.schema.records import Copy

SHARES: Final = {"train": 60, "validation": 15, "test": 25}
"""The percentage of rows that each split should have."""
SPREAD: Final = 8
"""The number of paragraphs that a target's rows must span before it has to occur in every split."""
GROUP: Final = 0.01
"""The share of the sentences at which a group of copies no longer keeps its paragraphs together."""
IMPROVED: Final = 2_000
"""The largest number of clusters for which single moves are tried; dealing out more comes close to the shares."""
LEAST: Final = 3
"""The size of a group of copies, in sentences, below which it always keeps its paragraphs together."""
CLUSTER: Final = 0.25
"""The largest share of the sentences in paragraphs that are kept together: that of the test split."""
UNSETTLED: Final = -1
"""In place of the number of a split: it has to be found."""
Stratum = tuple[str, ...]
ROWS: Final[Stratum] = ("rows",)
"""The stratum of all stances."""
Ints = npt.NDArray[Any]


def split_columns(
    sentences: pa.Table, stances: pa.Table, copies: Iterable[Copy], seed: str, given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The split of every paragraph, so that targets, labels and sources have their shares in every split.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011), then single moves as long as they improve
    the shares. Paragraphs with copies of each other's sentences stay together unless they are given different splits.
    Arithmetic is in integers and ties are broken by a hash of the seed, so the result is the same on every machine.

    Args:
        sentences: the annotated sentences: sentence_id, paragraph_id, source_id.
        stances: the pairs with a label other than none: paragraph_id, source_id, target_id, label_name.
        copies: pairs of sentences that go together.
        seed: seed of the hash that breaks ties.
        given: the splits of paragraphs that have one; the others are dealt out around them.
    """
    names, given = list(SHARES), given or {}
    cluster = _settled(_clusters(sentences, copies), given)
    order = sorted(set(cluster.values()), key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    if not order:
        return {}
    strata, held = _held(sentences, stances, cluster, order)
    fixed = np.array([names.index(name) if name in SHARES else UNSETTLED for name in order])
    side = _deal_out(strata, held, fixed)
    if len(order) <= IMPROVED:
        side = _improve(strata, held.toarray(), side, fixed != UNSETTLED)
    chosen = {name: names[split] for name, split in zip(order, side.tolist(), strict=True)}
    return {paragraph: chosen[name] for paragraph, name in cluster.items()}


def torn_copies(sentences: pa.Table, copies: Iterable[Copy], split: Mapping[str, str]) -> int:
    """The number of groups of paragraphs with copies that are in several splits, since the splits of some were given.

    Args:
        sentences: the annotated sentences: sentence_id, paragraph_id.
        copies: pairs of sentences that go together.
        split: the split of every paragraph.
    """
    found: dict[str, set[str]] = {}
    for paragraph, name in _clusters(sentences, copies).items():
        found.setdefault(name, set()).add(split[paragraph])
    return sum(len(splits) > 1 for splits in found.values())


def _settled(cluster: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The cluster of each paragraph; all those with a given split are one, which has the name of the split.

    A paragraph without a split follows the copies in its cluster: to test if one is there, else to validation.
    """
    rank, split = list(SHARES), dict[str, str]()
    for paragraph, name in cluster.items():
        if paragraph in given:
            split[name] = max(given[paragraph], split.get(name, rank[0]), key=rank.index)
    return {paragraph: given.get(paragraph) or split.get(name, name) for paragraph, name in cluster.items()}


def _deal_out(strata: Sequence[Stratum], held: sparse.csr_array, fixed: Ints) -> Ints:
    """Assign clusters, those of the stratum with the fewest rows left first, to the split that lacks most of it.

    Shape (clusters,): the number of the split of each; in `fixed`, `UNSETTLED` where it is still to be found. Each
    stratum is dealt out at most once, so that the time grows with the strata that clusters hold.
    """
    total = np.asarray(held.sum(axis=0)).ravel()
    need = np.array(list(SHARES.values()))[:, None] * total
    side, left, by_stratum = fixed.copy(), total.copy(), held.tocsc()
    for name in np.flatnonzero(fixed != UNSETTLED).tolist():
        _take(held, name, need[fixed[name]], left)
    rows = strata.index(ROWS) if ROWS in strata else None
    while left.any():
        stratum = int(np.where(left > 0, left, np.iinfo(np.int64).max).argmin())
        held_in = slice(by_stratum.indptr[stratum], by_stratum.indptr[stratum + 1])
        there, weight = by_stratum.indices[held_in], by_stratum.data[held_in]
        for name in there[np.lexsort((there, -weight))].tolist():
            if side[name] == UNSETTLED:
                lacking = [
                    (need[split, stratum], 0 if rows is None else need[split, rows]) for split in range(len(need))
                ]
                side[name] = max(range(len(lacking)), key=lacking.__getitem__)
                _take(held, name, need[side[name]], left)
    return side


def _take(held: sparse.csr_array, cluster: int, need: Ints, left: Ints) -> None:
    """Take what a cluster holds from what its split needs, and from what is left to be dealt out."""
    mine = slice(held.indptr[cluster], held.indptr[cluster + 1])
    need[held.indices[mine]] -= 100 * held.data[mine]
    left[held.indices[mine]] -= held.data[mine]


def _improve(strata: Sequence[Stratum], held: Ints, side: Ints, is_fixed: Ints) -> Ints:
    """Move the one cluster that helps most to another split, until no move helps; fixed ones stay."""
    goal = np.array(list(SHARES.values()))[:, None] * held.sum(axis=0)
    must = (held > 0).sum(axis=0) * np.array([stratum[0] in ("target", "label") for stratum in strata]) >= SPREAD
    while True:
        counts = np.stack([held[side == split].sum(axis=0) for split in range(len(SHARES))])
        now = _cost(counts, goal, must)
        gains = np.zeros((len(held), len(SHARES)), dtype=np.int64)
        for target in range(len(SHARES)):
            moved = np.repeat(counts[None], len(held), axis=0)
            moved[np.arange(len(held)), side] -= held
            moved[:, target] += held
            gains[:, target] = now - _cost(moved, goal, must)
        gains[is_fixed] = 0
        best, to = np.unravel_index(gains.argmax(), gains.shape)
        if gains[best, to] <= 0:
            return side
        side[best] = to


def _cost(counts: Ints, goal: Ints, must: Ints) -> Ints:
    """How far counts of shape (..., splits, strata) are from their goals; a missing required stratum weighs most."""
    lacking = ((counts == 0) & must).sum(axis=(-2, -1))
    cost: Ints = np.abs(100 * counts - goal).sum(axis=(-2, -1)) + lacking * goal.sum()
    return cost


def _clusters(sentences: pa.Table, copies: Iterable[Copy]) -> dict[str, str]:
    """The name of each paragraph's cluster: the first paragraph among those linked by copies.

    Paragraphs are linked by groups of copies with fewer than 1 % of the sentences, except formulas, as long as no
    cluster becomes larger than the smallest share of a split with tested rows.
    """
    ties = [(copy.sentence_id, copy.copy_of) for copy in sorted(copies, key=_closeness) if not copy.formula]
    groups = merged_names(ties)
    sizes = Counter(groups.values())
    tied = sentences.filter(pc.is_in(sentences["sentence_id"], pa.array(list(groups), pa.string())))
    home = dict(zip(tied["sentence_id"].to_pylist(), tied["paragraph_id"].to_pylist(), strict=True))
    counts = pc.value_counts(sentences["paragraph_id"])
    weight = dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))
    above = {paragraph: paragraph for paragraph in weight}

    def root(name: str) -> str:
        while above[name] != name:
            above[name] = name = above[above[name]]
        return name

    for one, other in ties:
        first, second = sorted((root(home[one]), root(home[other])))
        is_small = sizes[groups[one]] < max(len(sentences) * GROUP, LEAST)
        if first != second and is_small and weight[first] + weight[second] <= len(sentences) * CLUSTER:
            weight[first] += weight[second]
            above[second] = first
    return {paragraph: root(paragraph) for paragraph in above}


def _closeness(copy: Copy) -> tuple[int, float, str, str]:
    """Sorts equal sentences first, then near-copies and shared quotations by how much they have in common."""
    return list(CopyKind).index(copy.kind), -copy.share, copy.sentence_id, copy.copy_of


def _held(
    sentences: pa.Table, stances: pa.Table, cluster: Mapping[str, str], order: Sequence[str]
) -> tuple[list[Stratum], sparse.csr_array]:
    """The strata, sorted, and how many rows of each every cluster holds: shape (clusters, strata)."""
    place = {name: i for i, name in enumerate(order)}
    places = {paragraph: place[name] for paragraph, name in cluster.items()}
    stances, sentences = _placed(stances, places), _placed(sentences, places)
    found = [
        *_entries(stances, (), ROWS),
        *_entries(stances, ("source_id",), ("source",)),
        *_entries(stances, ("target_id",), ("target",)),
        *_entries(stances, ("target_id", "label_name"), ()),
        *_entries(sentences, ("source_id",), ("sentences",)),
    ]
    strata = sorted({stratum for stratum, _, _ in found})
    number = {stratum: i for i, stratum in enumerate(strata)}
    columns = np.repeat([number[stratum] for stratum, _, _ in found], [len(counts) for _, _, counts in found])
    rows, counts = (np.concatenate([part[i] for part in found]) for i in (1, 2))
    return strata, sparse.coo_array((counts, (rows, columns)), shape=(len(order), len(strata))).tocsr()


def _placed(rows: pa.Table, places: Mapping[str, int]) -> pa.Table:
    """Rows with the numbers of the clusters of their paragraphs."""
    coded = rows["paragraph_id"].combine_chunks().dictionary_encode()
    numbers = np.array([places[name] for name in coded.dictionary.to_pylist()], np.int64)
    return rows.append_column("cluster", pa.array(numbers[coded.indices.to_numpy()]))


def _entries(rows: pa.Table, names: Sequence[str], kind: Stratum) -> Iterator[tuple[Stratum, Ints, Ints]]:
    """For each stratum of a kind the clusters that hold rows of it, and how many: shape (clusters,) each."""
    keys = [rows[name].combine_chunks().dictionary_encode() for name in names]
    codes, n_clusters = np.zeros(len(rows), np.int64), max(1, rows["cluster"].to_numpy().max(initial=0) + 1)
    for key in keys:
        codes = codes * max(1, len(key.dictionary)) + key.indices.to_numpy()
    both, counts = np.unique(codes * n_clusters + rows["cluster"].to_numpy(), return_counts=True)
    codes, clusters = both // n_clusters, both % n_clusters
    for start, end in pairwise([*np.flatnonzero(np.diff(codes, prepend=-1)).tolist(), len(codes)]):
        parts, left = [], int(codes[start])
        for key in reversed(keys):
            left, place = divmod(left, len(key.dictionary))
            parts.append(key.dictionary[place].as_py())
        yield (*kind, *reversed(parts)), clusters[start:end], counts[start:end]
