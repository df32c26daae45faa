"""On which pairs of sentence and target two annotators agree, and on which they are split."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.explorer.keyed import Ints, Keyed
from kazstance.schema.labels import GRID_LABELS

SHOWN: Final = 200
"""How many split pairs are listed."""
_NONE: Final = GRID_LABELS.index("none")


def shared_judgements(judgements: Keyed, annotators: Sequence[str]) -> list[list[int]]:
    """For each two annotators with common pairs, their numbers, the pairs that they judged the same, and all.

    Pairs that both judged `none` do not count: nearly all are.

    Args:
        judgements: those of all pairs that anybody found to be about the target.
        annotators: the ids of the annotators in the order of their numbers.
    """
    labels = {name: _labels(judgements, name) for name in annotators}
    found = []
    for (i, one), (j, other) in combinations(enumerate(annotators), 2):
        first, second = _common(labels[one], labels[other])
        about = (first != _NONE) | (second != _NONE)
        if about.any():
            found.append([i, j, int((first == second)[about].sum()), int(about.sum())])
    return found


def split_judgements(judgements: Keyed, one: str, other: str) -> tuple[list[list[Any]], int]:
    """The first pairs that two annotators judged differently: unit, target and both labels; and the number of all."""
    first, second = (_labels(judgements, name) for name in (one, other))
    keys = np.intersect1d(first[0], second[0])
    labels = [held[1][np.searchsorted(held[0], keys)] for held in (first, second)]
    apart = np.flatnonzero(labels[0] != labels[1])
    wide, shown = _wide(judgements), apart[:SHOWN]
    places = np.stack(np.divmod(keys[shown], wide), axis=1).tolist()
    said = ([GRID_LABELS[label] for label in held[shown]] for held in labels)
    return [[*place, *both] for place, *both in zip(places, *said, strict=True)], len(apart)


def _labels(judgements: Keyed, annotator: str) -> tuple[Ints, Ints]:
    """The pairs that an annotator judged, in order, and the label of the speaker's stance in the latest round."""
    rows = judgements.rows
    mine = pc.and_(pc.equal(rows.column("annotator_id"), annotator), pc.is_null(rows.column("holder")))
    kept = np.flatnonzero(mine.to_numpy())
    pair = judgements.n[kept] * _wide(judgements) + judgements.target[kept]
    label = pc.index_in(rows.column("label_name"), value_set=pa.array(GRID_LABELS)).to_numpy()[kept]
    order = np.lexsort((rows.column("round").to_numpy()[kept], pair))
    pair, label = pair[order], label[order]
    last = np.append(pair[1:] != pair[:-1], True)[: len(pair)]
    return pair[last], label[last]


def _common(one: tuple[Ints, Ints], other: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """The labels of two annotators on the pairs that both judged."""
    _, first, second = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    return one[1][first], other[1][second]


def _wide(judgements: Keyed) -> int:
    """A number above those of all targets."""
    return int(judgements.target.max(initial=0)) + 1
