"""The folds of targets: as given, else so that targets that overlap are left out together."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kazstance.comparison.overlap import Overlap
from kazstance.corpus.read import TARGETS
from kazstance.output.counted import counted

FOLDS: Final = 5
"""The number of folds if the codebook does not give any."""
LARGEST: Final = 1.5
"""How many times the rows of an average fold a group of targets may have that is kept together."""
SHOWN: Final = 10
"""The number of pairs in different folds that are shown."""


def target_folds(
    given: Mapping[str, int | None], close: Sequence[Overlap], rows: Mapping[str, int], seed: str
) -> dict[str, int]:
    """The fold of every target: as given; the others share one with those they are close to.

    Close targets are joined, those that share most evidence first, unless a group would have more than `LARGEST` times
    the rows of an average fold. The groups, those with most rows first, then go to the fold with the fewest rows: one
    of the given folds; if there are none, one of five, or of as many as there are targets. A hash of the seed breaks
    ties, so that the order of targets and rows makes no difference.

    Args:
        given: the fold of each target, None if it is to be found.
        close: the pairs of close targets, those that share most evidence first.
        rows: the number of rows of each target.
        seed: seed of the hash that breaks ties.
    """
    stated = sorted({fold for fold in given.values() if fold is not None})
    folds = stated or list(range(1, min(FOLDS, len(given)) + 1))
    weight = {target: rows.get(target, 0) + 1 for target in given}  # targets without rows are dealt out evenly, too
    groups = _joined(given, close, weight, LARGEST * sum(weight.values()) / max(len(folds), 1))
    sizes = Counter(dict.fromkeys(folds, 0))
    for target, fold in given.items():
        if fold is not None:
            sizes[fold] += weight[target]
    found = {target: fold for target, fold in given.items() if fold is not None}
    for members in sorted(groups, key=lambda names: (-sum(map(weight.__getitem__, names)), _hashed(names, seed))):
        known = next((given[name] for name in members if given[name] is not None), None)
        fold = known if known is not None else min(folds, key=lambda number: (sizes[number], number))
        left = [name for name in members if given[name] is None]
        sizes[fold] += sum(weight[name] for name in left)
        found |= dict.fromkeys(left, fold)
    return {target: found[target] for target in given}


def _joined(
    given: Mapping[str, int | None], close: Iterable[Overlap], weight: Mapping[str, int], most: float
) -> list[list[str]]:
    """The groups of targets that share a fold; those with the same given fold are one."""
    group: dict[str, list[str]] = {}
    by_fold: dict[int, list[str]] = {}
    for target, fold in given.items():
        group[target] = by_fold.setdefault(fold, []) if fold is not None else []
        group[target].append(target)
    for pair in close:
        one, other = (group[name] for name in pair.targets)
        both = one + other
        is_given = given[one[0]] is not None and given[other[0]] is not None
        if one is not other and not is_given and sum(weight[name] for name in both) <= most:
            both.sort(key=lambda name: given[name] is None)
            group |= dict.fromkeys(both, both)
    return list({id(names): names for names in group.values()}.values())


def _hashed(names: Iterable[str], seed: str) -> bytes:
    return min(hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in names)


def torn(folds: Mapping[str, int], close: Iterable[Overlap]) -> list[Overlap]:
    """The pairs of close targets in different folds."""
    return [pair for pair in close if folds[pair.targets[0]] != folds[pair.targets[1]]]


def described(folds: Mapping[str, int], close: Sequence[Overlap], rows: Mapping[str, int]) -> Iterator[str]:
    """Lines that say how large folds are, and which close targets are in different ones.

    Args:
        folds: the fold of each target.
        close: the pairs of close targets.
        rows: the number of rows of each target.
    """
    sizes = Counter(dict.fromkeys(sorted(set(folds.values())), 0))
    for target, fold in folds.items():
        sizes[fold] += rows.get(target, 0)
    rows_by_fold = ", ".join(map(str, sizes.values()))
    yield f"{counted(len(folds), 'target')} in {counted(len(sizes), 'fold')}; rows: {rows_by_fold}"
    apart = torn(folds, close)
    for pair in apart[:SHOWN]:
        one, other = pair.targets
        shared = f"{pair.n_shared} sentences and {pair.evidence:.0%} of the evidence"
        where = f"are in folds {folds[one]} and {folds[other]}"
        yield f"note: {one} and {other} share {shared} but {where}; the same `fold` in {TARGETS} keeps them together"
    if len(apart) > SHOWN:
        yield f"note: and {len(apart) - SHOWN:,} more pairs of targets"
