"""The folds of the cross protocols, from sources and the folds of targets."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from kazstance.schema.manifest import Fold

FOLDS: Final = 5
"""Number of folds of targets if the codebook does not give any."""


def dealt(given: Mapping[str, int | None], seed: str) -> dict[str, int]:
    """The fold of every target: as given; the others are dealt out in turn by a hash of the seed and the target.

    They are dealt to the given folds; if there are none, to five, or to one per target if there are fewer.
    """
    stated = sorted({fold for fold in given.values() if fold is not None})
    folds = stated or range(1, min(FOLDS, len(given)) + 1)
    left = [target for target, fold in given.items() if fold is None]
    left.sort(key=lambda target: hashlib.sha256(f"{seed}:{target}".encode()).digest())
    turns = {target: folds[i % len(folds)] for i, target in enumerate(left)}
    return {target: turns[target] if fold is None else fold for target, fold in given.items()}


def protocol_folds(sources: Iterable[str], targets: Mapping[str, int]) -> dict[str, tuple[Fold, ...]]:
    """The folds of cross_source, cross_target and cross_both: what each leaves out of training and tests on.

    `targets` gives each target its fold; sources and targets are in the order of their tables.
    """
    names = list(sources)
    groups: dict[int, list[str]] = defaultdict(list)
    for target, fold in targets.items():
        groups[fold].append(target)
    by_target = {str(fold): tuple(groups[fold]) for fold in sorted(groups)}
    return {
        "cross_source": tuple(Fold(fold=s, test_sources=(s,), test_targets=None) for s in names),
        "cross_target": tuple(Fold(fold=f, test_sources=None, test_targets=t) for f, t in by_target.items()),
        "cross_both": tuple(
            Fold(fold=f"{s}/{f}", test_sources=(s,), test_targets=t) for s in names for f, t in by_target.items()
        ),
    }
