"""The table pairs: two sentences of different sources on one target, all of them or a fixed sample of each stratum."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.corpus.judge import Stances
from kazstance.corpus.judged_rows import coded
from kazstance.schema.columns import arrow_schema
from kazstance.schema.labels import GRID_LABELS, Label, MoreFavorable, Relation
from kazstance.schema.pair_sample import limit
from kazstance.schema.records import Pair

Ints = npt.NDArray[np.int64]
AT_ONCE: Final = 20_000
"""Rows that are made at a time."""
Stratum = tuple[int, int, int]
"""The numbers of a target and two sources, in alphabetical order of their names."""


@dataclass(frozen=True)
class Sentences:
    """What pairs show of the units: their ids, sources and texts."""

    units: pa.Table
    targets: Mapping[str, str]
    """The targets in words, by their ids."""


def make_pairs(
    units: pa.Table,
    stances: Stances,
    split: npt.NDArray[np.int64],
    *,
    splits: Sequence[str],
    targets: Mapping[str, str],
    seed: str,
) -> Iterator[tuple[str, pa.Table]]:
    """The pairs of each split; of a stratum with more pairs than the limit, a sample with as many sentences as can be.

    Within a target and two sources, every answer alternates between the orders, starting from a hash, so neither the
    order nor the sources reveal which sentence is more favorable.

    Args:
        units: the rows of the table sentences.
        stances: the stances of speakers, in order.
        split: the number of the split of each stance.
        splits: the names of the splits.
        targets: the targets in words, by their ids.
        seed: seed of the hashes.
    """
    sentences = Sentences(units.select(["sentence_id", "source_id", "text"]), targets)
    source, names = _by_name(units["source_id"])
    target = _by_name(pa.array(targets, pa.string()))[0]
    groups = [
        dict(_groups(np.flatnonzero(split == at), target[stances.target], source[stances.unit]))
        for at in range(len(splits))
    ]
    most = limit(len(one) * len(other) for found in groups for _, one, other in _strata(found))
    order = _Order(units, stances, seed)
    for name, found in zip(splits, groups, strict=True):
        chosen = _chosen(_strata(found), most, order)
        yield from ((name, rows) for rows in _rows(chosen, stances, sentences, (source, names)))


def _by_name(values: pa.Array | pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """The number of each value in alphabetical order, and the values in that order."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    coded = whole.dictionary_encode()
    names = coded.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return rank[coded.indices.to_numpy()], [names[i] for i in order]


def _groups(rows: Ints, target: Ints, source: Ints) -> Iterator[tuple[tuple[int, int], Ints]]:
    """The rows of every target and source, in order."""
    order = rows[np.lexsort((source[rows], target[rows]))]
    keys = np.stack([target[order], source[order]], axis=1)
    if not len(order):
        return
    starts = np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]).any(axis=1)]))
    for begin, found in zip(starts, np.split(order, starts[1:]), strict=True):
        yield (int(keys[begin, 0]), int(keys[begin, 1])), found


def _strata(groups: Mapping[tuple[int, int], Ints]) -> Iterator[tuple[Stratum, Ints, Ints]]:
    """The rows of every target and two sources."""
    by_target: dict[int, list[int]] = {}
    for target, source in groups:
        by_target.setdefault(target, []).append(source)
    for target, sources in by_target.items():
        for i, one in enumerate(sources):
            for other in sources[i + 1 :]:
                yield (target, one, other), groups[target, one], groups[target, other]


class _Order:
    """The order of stances in which samples are drawn: by a hash of their sentences."""

    def __init__(self, units: pa.Table, stances: Stances, seed: str) -> None:
        self._units, self._stances, self._seed = units, stances, seed

    def __call__(self, rows: Ints) -> Ints:
        """The rows in order."""
        ordered: Ints = rows[np.argsort(self._hashes[rows], kind="stable")]
        return ordered

    @cached_property
    def _hashes(self) -> npt.NDArray[np.uint64]:
        """The beginning of the hash of the sentence of each stance."""
        used, place = np.unique(self._stances.unit, return_inverse=True)
        names = self._units["sentence_id"].take(pa.array(used)).to_pylist()
        digests = (hashlib.sha256(f"{self._seed}:{name}".encode()).digest()[:8] for name in names)
        return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)[place]


def _chosen(strata: Iterable[tuple[Stratum, Ints, Ints]], most: int, order: _Order) -> Ints:
    """The pairs of rows that are kept, shape (pairs, 2); in a sample no row has many more pairs than another."""
    kept: list[Ints] = [np.empty((0, 2), np.int64)]
    ordered: dict[tuple[int, int], Ints] = {}
    for (target, one, other), *rows_of in strata:
        n, m = map(len, rows_of)
        sides = rows_of
        if n * m > most:
            for source, rows in zip((one, other), rows_of, strict=True):
                if (target, source) not in ordered:
                    ordered[target, source] = order(rows)
            sides = [ordered[target, one], ordered[target, other]]
        at = np.arange(min(n * m, most))
        kept.append(np.stack([sides[0][at % n], sides[1][(at + at // lcm(n, m)) % m]], axis=1))
    return np.concatenate(kept)


def _rows(
    chosen: Ints, stances: Stances, sentences: Sentences, sources: tuple[Ints, Sequence[str]]
) -> Iterator[pa.Table]:
    """The rows of pairs, ordered by target and then by sentence, in alternating orders."""
    used, place = np.unique(stances.unit[chosen], return_inverse=True)
    units = sentences.units.take(pa.array(used)).combine_chunks()
    shown = Sentences(
        pa.table([column.combine_chunks().dictionary_encode() for column in units.columns], names=units.column_names),
        sentences.targets,
    )
    rank = np.empty(len(used), np.int64)
    rank[pc.sort_indices(units["sentence_id"]).to_numpy()] = np.arange(len(used))
    ranks = rank[place.reshape(chosen.shape)]
    chosen = np.take_along_axis(chosen, np.argsort(ranks, axis=1), axis=1)
    ranks = np.sort(ranks, axis=1)
    target, names = _by_name(pa.array(sentences.targets, pa.string()))
    order = np.lexsort((ranks[:, 1], ranks[:, 0], target[stances.target[chosen[:, 0]]])) if len(chosen) else slice(0)
    chosen = chosen[order]
    is_kept = _in_turn(chosen, stances, (target, names), sources)
    turned = np.where(is_kept[:, None], chosen, chosen[:, ::-1])
    for begin in range(0, len(turned), AT_ONCE):
        part = turned[begin : begin + AT_ONCE]
        yield _table(part, np.searchsorted(used, stances.unit[part]), stances, shown)


def _in_turn(
    chosen: Ints, stances: Stances, targets: tuple[Ints, Sequence[str]], sources: tuple[Ints, Sequence[str]]
) -> npt.NDArray[np.bool_]:
    """Whether each pair keeps its order, which alternates within strata."""
    label = stances.label[chosen]
    columns = (
        targets[0][stances.target[chosen[:, 0]]],
        sources[0][stances.unit[chosen[:, 0]]],
        sources[0][stances.unit[chosen[:, 1]]],
        np.sign(label[:, 0] - label[:, 1]) + 1,
    )
    shape = len(targets[1]), len(sources[1]), len(sources[1]), 3
    keys, stratum = np.unique(np.ravel_multi_index(columns, shape), return_inverse=True)
    found = np.stack(np.unravel_index(keys, shape), axis=1) - [0, 0, 0, 1]
    names = [(targets[1][t], sources[1][x], sources[1][y], int(sign)) for t, x, y, sign in found.tolist()]
    begin = np.array([1 + hashlib.sha256(repr(name).encode()).digest()[0] for name in names], np.int64)
    order = np.argsort(stratum, kind="stable")
    first = np.searchsorted(stratum[order], np.arange(len(found)))
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order)) - first[stratum[order]]
    kept: npt.NDArray[np.bool_] = (begin[stratum] + turn + 1) % 2 == 1
    return kept


def _table(pairs: Ints, places: Ints, stances: Stances, sentences: Sentences) -> pa.Table:
    """Pairs of rows as rows of the table.

    Args:
        pairs: the stances of each pair, shape (pairs, 2).
        places: the places of their sentences, of the same shape.
        stances: the stances.
        sentences: the sentences.
    """
    target, label = stances.target[pairs[:, 0]], stances.label[pairs]
    columns = {"target_id": coded(pa.array(sentences.targets, pa.string()), target)}
    columns["target"] = coded(pa.array(sentences.targets.values(), pa.string()), target)
    for at, side in enumerate("ab"):
        for name, column in (("sentence", "sentence_id"), ("source", "source_id"), ("text", "text")):
            columns[f"{name}_{side}"] = coded(sentences.units[column], places[:, at])
        columns |= _named(f"label_{side}", label[:, at], GRID_LABELS)
    columns["pair_id"] = _ids(columns["target_id"], columns["sentence_a"], columns["sentence_b"])
    more = np.select(
        [label[:, 0] == label[:, 1], label[:, 0] > label[:, 1]], [MoreFavorable.same, MoreFavorable.a], MoreFavorable.b
    )
    is_mixed, is_same = (label == Label.neutral).any(axis=1), label[:, 0] == label[:, 1]
    relation = np.select([is_mixed, is_same], [Relation.mixed, Relation.agree], Relation.disagree)
    columns |= _named("more_favorable", more, [member.name for member in MoreFavorable])
    columns |= _named("relation", relation, [member.name for member in Relation])
    names = arrow_schema(Pair).names
    return pa.table([columns[name] for name in names], names=names)


def _ids(*key: pa.DictionaryArray) -> pa.Array:
    """The ids of pairs, given their targets and both sentences: these are named in alphabetical order."""
    target, one, other = (column.dictionary_decode() for column in key)
    return pc.binary_join_element_wise(target, pc.min_element_wise(one, other), pc.max_element_wise(one, other), ":")


def _named(column: str, numbers: Ints, names: Sequence[str]) -> dict[str, pa.Array]:
    """A label column and the column of its names."""
    values = numbers.astype(np.int64)
    return {column: pa.array(values), f"{column}_name": coded(pa.array(names, pa.string()), values)}
