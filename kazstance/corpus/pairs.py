"""The table pairs: two sentences of different sources on one target, all of them or a fixed sample of each stratum."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import product

from kazstance.schema import records
from kazstance.schema.labels import Label, MoreFavorable, Relation
from kazstance.schema.pair_sample import limit, sides
from kazstance.schema.records import Stance

Stratum = tuple[str, str, str]
"""A target and two sources, in alphabetical order."""
Sides = tuple[list[Stance], list[Stance]]


def make_pairs(stances: Mapping[str, Sequence[Stance]], seed: str) -> dict[str, list[records.Pair]]:
    """The pairs of each split; of a stratum with more pairs than the limit, those with the smallest hashes.

    Within a target and two sources, every answer alternates between the orders, starting from a hash, so neither the
    order nor the sources reveal which sentence is more favorable.
    """
    strata = {split: dict(_strata(rows)) for split, rows in stances.items()}
    most = limit(len(one) * len(other) for found in strata.values() for one, other in found.values())
    return {split: list(_in_turn(_chosen(found, most, seed))) for split, found in strata.items()}


def _strata(stances: Iterable[Stance]) -> Iterator[tuple[Stratum, Sides]]:
    """The rows of every target and two sources."""
    by_target: dict[str, dict[str, list[Stance]]] = defaultdict(lambda: defaultdict(list))
    for stance in stances:
        by_target[stance.target_id][stance.source_id].append(stance)
    for target, by_source in by_target.items():
        names = sorted(by_source)
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                yield (target, one, other), (by_source[one], by_source[other])


def _chosen(strata: Mapping[Stratum, Sides], most: int, seed: str) -> list[tuple[Stance, Stance]]:
    """The pairs of rows that are kept, ordered by target and then by sentence, each pair in alphabetical order."""
    kept = []
    for one, other in strata.values():
        if len(one) * len(other) > most:
            n, m = sides(len(one), len(other), most)
            found = product(_first(one, n, seed), _first(other, m, seed))
            kept += nsmallest(most, found, key=lambda pair: _hash(seed, pair_id(*pair)))
        else:
            kept += product(one, other)
    ordered = ((x, y) if x.sentence_id < y.sentence_id else (y, x) for x, y in kept)
    return sorted(ordered, key=lambda pair: (pair[0].target_id, pair[0].sentence_id, pair[1].sentence_id))


def _first(rows: Sequence[Stance], n: int, seed: str) -> Sequence[Stance]:
    """The rows whose sentences have the smallest hashes, so that the work is bounded."""
    return rows if len(rows) <= n else nsmallest(n, rows, key=lambda row: _hash(seed, row.sentence_id))


def _hash(seed: str, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def pair_id(x: Stance, y: Stance) -> str:
    """The target and both sentences in alphabetical order."""
    return ":".join([x.target_id, *sorted([x.sentence_id, y.sentence_id])])


def _in_turn(pairs: Iterable[tuple[Stance, Stance]]) -> Iterator[records.Pair]:
    """Pairs in alternating orders."""
    turns: Counter[tuple[str, str, str, int]] = Counter()
    for x, y in pairs:
        stratum = (x.target_id, x.source_id, y.source_id, (x.label > y.label) - (x.label < y.label))
        if not turns[stratum]:
            turns[stratum] = 1 + hashlib.sha256(repr(stratum).encode()).digest()[0]
        turns[stratum] += 1
        yield _pair(x, y) if turns[stratum] % 2 else _pair(y, x)


def _pair(a: Stance, b: Stance) -> records.Pair:
    more = MoreFavorable.same if a.label == b.label else MoreFavorable.a if a.label > b.label else MoreFavorable.b
    sides = {a.label, b.label}
    relation = Relation.mixed if Label.neutral in sides else Relation.agree if len(sides) == 1 else Relation.disagree
    return records.Pair.model_construct(
        pair_id=pair_id(a, b),
        target_id=a.target_id,
        target=a.target,
        sentence_a=a.sentence_id,
        source_a=a.source_id,
        text_a=a.text,
        label_a=a.label,
        label_a_name=a.label.name,
        sentence_b=b.sentence_id,
        source_b=b.source_id,
        text_b=b.text,
        label_b=b.label,
        label_b_name=b.label.name,
        more_favorable=more,
        more_favorable_name=more.name,
        relation=relation,
        relation_name=relation.name,
    )
