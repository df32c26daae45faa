"""Splits and folds: what is for training and what for testing, decided by paragraphs, sources and targets."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kazstance.corpus.decisions import Decision, PairKey
from kazstance.schema.labels import CopyKind, Label
from kazstance.schema.leaks import merged_names
from kazstance.schema.records import Copy, Sentence

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
Stratum = tuple[str, ...]
Ints = npt.NDArray[Any]


def split_in_domain(
    sentences: Sequence[Sentence], decisions: Mapping[PairKey, Decision], copies: Iterable[Copy], seed: str
) -> dict[str, str]:
    """The split of every paragraph, so that targets, labels and sources have their shares in every split.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011), then single moves as long as they improve
    the shares. Paragraphs with copies of each other's sentences stay together. Arithmetic is in integers and ties
    are broken by a hash of the seed, so the result is the same on every machine.

    Args:
        sentences: all sentences.
        decisions: the decision on each pair of sentence and target.
        copies: pairs of sentences that go together.
        seed: seed of the hash that breaks ties.
    """
    cluster = _clusters(sentences, copies)
    rows = _rows(sentences, decisions, cluster)
    order = sorted(rows, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    chosen = _deal_out(rows, order)
    if len(order) <= IMPROVED:
        chosen = _improve(rows, order, chosen)
    return {paragraph: chosen[name] for paragraph, name in cluster.items()}


def _deal_out(rows: Mapping[str, Counter[Stratum]], order: Sequence[str]) -> dict[str, str]:
    """Assign clusters, those of the stratum with the fewest rows left first, to the split that lacks most of it."""
    need = {split: Counter({s: share * n for s, n in _total(rows).items()}) for split, share in SHARES.items()}
    left, chosen = _total(rows), dict[str, str]()
    holding: dict[Stratum, list[str]] = defaultdict(list)
    for name in order:
        for stratum in rows[name]:
            holding[stratum].append(name)
    while left:
        stratum = min(left.items(), key=lambda item: (item[1], item[0]))[0]
        there = [name for name in holding[stratum] if name not in chosen and rows[name][stratum]]
        for name in sorted(there, key=lambda name: -rows[name][stratum]):
            split = max(SHARES, key=lambda split: (need[split][stratum], need[split]["rows",]))
            chosen[name] = split
            need[split].subtract({s: 100 * n for s, n in rows[name].items()})
            left -= rows[name]
    return chosen


def _improve(rows: Mapping[str, Counter[Stratum]], order: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Move the one cluster that helps most to another split, until no move helps."""
    strata = sorted(_total(rows))
    held = np.array([[rows[name][stratum] for stratum in strata] for name in order], dtype=np.int64)
    side = np.array([list(SHARES).index(chosen[name]) for name in order])
    goal = np.array(list(SHARES.values()))[:, None] * held.sum(axis=0)
    must = (held > 0).sum(axis=0) * np.array([stratum[0] in ("target", "label") for stratum in strata]) >= SPREAD
    while True:
        counts = np.stack([held[side == split].sum(axis=0) for split in range(len(SHARES))])
        now = _cost(counts, goal, must)
        gains = np.zeros((len(order), len(SHARES)), dtype=np.int64)
        for target in range(len(SHARES)):
            moved = np.repeat(counts[None], len(order), axis=0)
            moved[np.arange(len(order)), side] -= held
            moved[:, target] += held
            gains[:, target] = now - _cost(moved, goal, must)
        best, to = np.unravel_index(gains.argmax(), gains.shape)
        if gains[best, to] <= 0:
            return {name: list(SHARES)[split] for name, split in zip(order, side, strict=True)}
        side[best] = to


def _cost(counts: Ints, goal: Ints, must: Ints) -> Ints:
    """How far counts of shape (..., splits, strata) are from their goals; a missing required stratum weighs most."""
    lacking = ((counts == 0) & must).sum(axis=(-2, -1))
    cost: Ints = np.abs(100 * counts - goal).sum(axis=(-2, -1)) + lacking * goal.sum()
    return cost


def missing(rows: Iterable[tuple[str, PairKey, Label | None]], paragraph: Mapping[str, str]) -> list[str]:
    """What a split lacks: a label, or a target that spans enough paragraphs."""
    held: dict[str, set[str]] = defaultdict(set)
    span: dict[str, set[str]] = defaultdict(set)
    for split, (sentence, target), label in rows:
        if label is None:
            continue
        held[f"the label {label.name}"].add(split)
        span[f"the label {label.name}"].add(paragraph[sentence])
        if label is not Label.none:
            held[f"the target {target}"].add(split)
            span[f"the target {target}"].add(paragraph[sentence])
    enough = sorted(what for what, found in span.items() if len(found) >= SPREAD)
    return [f"{split} lacks {what}" for what in enough for split in SHARES if split not in held[what]]


def _clusters(sentences: Iterable[Sentence], copies: Iterable[Copy]) -> dict[str, str]:
    """The name of each annotated paragraph's cluster: the first paragraph among those linked by copies.

    Paragraphs are linked by groups of copies with fewer than 1 % of the sentences, except formulas, as long as no
    cluster becomes larger than the smallest share of a split with tested rows.
    """
    home = {s.sentence_id: s.paragraph_id for s in sentences if s.annotated}
    ties = [(copy.sentence_id, copy.copy_of) for copy in sorted(copies, key=_closeness) if not copy.formula]
    groups = merged_names(ties)
    sizes = Counter(groups.values())
    weight = Counter(home.values())
    cluster = {paragraph: paragraph for paragraph in home.values()}
    members = {paragraph: [paragraph] for paragraph in cluster}
    for one, other in ties:
        first, second = sorted((cluster[home[one]], cluster[home[other]]))
        is_small = sizes[groups[one]] < max(len(home) * GROUP, LEAST)
        if first != second and is_small and weight[first] + weight[second] <= len(home) * CLUSTER:
            weight[first] += weight.pop(second)
            members[first] += members[second]
            cluster.update(dict.fromkeys(members.pop(second), first))
    return cluster


def _closeness(copy: Copy) -> tuple[int, float, str, str]:
    """Sorts equal sentences first, then near-copies and shared quotations by how much they have in common."""
    return list(CopyKind).index(copy.kind), -copy.share, copy.sentence_id, copy.copy_of


def _rows(
    sentences: Iterable[Sentence], decisions: Mapping[PairKey, Decision], cluster: Mapping[str, str]
) -> dict[str, Counter[Stratum]]:
    """How many rows of each stratum every cluster holds; no stratum is empty."""
    home = {s.sentence_id: s for s in sentences if s.annotated}
    rows: dict[str, Counter[Stratum]] = {name: Counter() for name in cluster.values()}
    for (sentence, target), decision in decisions.items():
        found = rows[cluster[home[sentence].paragraph_id]]
        if decision.label is not None and decision.label is not Label.none:
            found.update(
                [("rows",), ("source", home[sentence].source_id), ("target", target), (target, decision.label.name)]
            )
    for unit in home.values():
        rows[cluster[unit.paragraph_id]]["sentences", unit.source_id] += 1
    return rows


def _total(rows: Mapping[str, Counter[Stratum]]) -> Counter[Stratum]:
    total: Counter[Stratum] = Counter()
    for found in rows.values():
        total.update(found)
    return +total
