"""Protocols: which rows a system is trained on, and which it is tested on; over its folds, every row is tested once."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from kazstance.bench.tasks import Item, TrainTest
from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.schema.manifest import Fold

PROTOCOLS: Final = ("in_domain", "cross_source", "cross_target", "cross_both")


def folds(protocol: str, items: Sequence[Item], folder: DatasetFolder) -> Iterator[TrainTest]:
    """The folds of a protocol, as fixed in the dataset's manifest; folds without test rows are left out.

    In `in_domain`, the training rows are those of train and validation. Pairs have two sources: a fold that leaves out
    sources leaves out two, and no training row has either.

    Args:
        protocol: one of `PROTOCOLS`.
        items: the rows.
        folder: the dataset whose manifest fixes the folds.

    Raises:
        UnknownNameError: there is no such protocol; the message lists the valid names.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError(protocol, "protocol", PROTOCOLS)
    if protocol == "in_domain":
        train = tuple(item for item in items if item.split != "test")
        yield TrainTest("test", train, tuple(item for item in items if item.split == "test"))
        return
    fixed = folder.manifest.folds[protocol]
    for fold in _paired(fixed) if any(item.source_b for item in items) else fixed:
        test = tuple(item for item in items if _is_tested(item, fold))
        if test:
            yield TrainTest(fold.fold, tuple(item for item in items if _is_seen(item, fold)), test)


def _is_tested(item: Item, fold: Fold) -> bool:
    """Whether the item has exactly what the fold leaves out."""
    sources = fold.test_sources is None or item.sources <= set(fold.test_sources)
    return sources and (fold.test_targets is None or item.target_id in fold.test_targets)


def _is_seen(item: Item, fold: Fold) -> bool:
    """Whether an item has nothing that the fold leaves out."""
    return not item.sources & set(fold.test_sources or ()) and item.target_id not in (fold.test_targets or ())


def _paired(fixed: Sequence[Fold]) -> Iterator[Fold]:
    """The folds for pairs: every combination of two sources instead of one."""
    sources = list(dict.fromkeys(source for fold in fixed for source in fold.test_sources or ()))
    targets = {fold.fold.rpartition("/")[2]: fold.test_targets for fold in fixed}
    if not sources:
        yield from fixed
        return
    for pair in combinations(sources, 2):
        name = "+".join(pair)
        if all(found is None for found in targets.values()):
            yield Fold(fold=name, test_sources=pair, test_targets=None)
        else:
            for part, left_out in targets.items():
                yield Fold(fold=f"{name}/{part}", test_sources=pair, test_targets=left_out)
