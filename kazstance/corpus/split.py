"""Splits and folds: who stands in training and who in the test, decided by paragraphs, sources and targets."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from kazstance.corpus.judge import Decision, Pair
from kazstance.schema.labels import CopyKind, Label
from kazstance.schema.leaks import merged_names
from kazstance.schema.records import Copy, Sentence

SHARES: Final = {"train": 60, "validation": 15, "test": 25}
"""Percent of the rows that each split is to have."""
SPREAD: Final = 8
"""Paragraphs that a target's rows must span before it has to occur in every split."""
GROUP: Final = 0.01
"""Share of the sentences from which on a group of copies no longer keeps its paragraphs together."""
IMPROVED: Final = 2_000
"""Clusters up to which single moves are looked for: with more of them, dealing out comes close to the shares."""
LEAST: Final = 3
"""Sentences of a group that is never too large in a corpus of a few hundred sentences, exclusive."""
CLUSTER: Final = 0.25
"""The greatest share of the sentences that paragraphs kept together may have: that of the test split."""
Stratum = tuple[str, ...]
Ints = npt.NDArray[Any]


def split_in_domain(
    sentences: Sequence[Sentence], decisions: Mapping[Pair, Decision], copies: Iterable[Copy], seed: str
) -> dict[str, str]:
    """The split of every paragraph, so that targets, labels and sources have their shares everywhere.

    Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011), then single moves as long as they bring the
    shares closer. Paragraphs with copies of each other's sentences go together. All is done in whole numbers and ties
    are broken by a hash of the seed, so that it comes out alike everywhere.
    """
    cluster = _clusters(sentences, copies)
    rows = _rows(sentences, decisions, cluster)
    order = sorted(rows, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    chosen = _deal_out(rows, order)
    if len(order) <= IMPROVED:
        chosen = _improve(rows, order, chosen)
    return {paragraph: chosen[name] for paragraph, name in cluster.items()}


def _deal_out(rows: Mapping[str, Counter[Stratum]], order: Sequence[str]) -> dict[str, str]:
    """Deal out clusters, those of the stratum with the fewest rows left first, to where most of it is missing."""
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
    """Move the one cluster that helps most to another split, until none helps."""
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
    """How far counts of shape (..., splits, strata) are from their goals; what must be there and is not weighs most."""
    lacking = ((counts == 0) & must).sum(axis=(-2, -1))
    cost: Ints = np.abs(100 * counts - goal).sum(axis=(-2, -1)) + lacking * goal.sum()
    return cost


def missing(rows: Iterable[tuple[str, Pair, Label | None]], paragraph: Mapping[str, str]) -> list[str]:
    """What a split ought to hold and does not: a label, or a target that spans enough paragraphs."""
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
    """For each annotated paragraph the name of its cluster: the first paragraph among those tied by copies.

    What binds paragraphs are groups of copies below 1 % of the sentences, formulas aside, as long as a cluster does not
    outgrow the smallest share that a split of tested rows has.
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
    """Equal sentences first, then near-copies and shared quotations by what they have in common."""
    return list(CopyKind).index(copy.kind), -copy.share, copy.sentence_id, copy.copy_of


def _rows(
    sentences: Iterable[Sentence], decisions: Mapping[Pair, Decision], cluster: Mapping[str, str]
) -> dict[str, Counter[Stratum]]:
    """How many rows of each stratum every cluster holds; none of the strata is empty."""
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
