"""Protocols: which rows a system is trained on, and which it is tested on; over its folds, every row is tested once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from kazstance import dataset
from kazstance.benchmark.tasks import Item
from kazstance.errors import UnknownNameError
from kazstance.schema.leaks import Leaks
from kazstance.schema.manifest import Fold
from kazstance.schema.records import SPLITS

PROTOCOLS: Final = ("in_domain", "cross_source", "cross_target", "cross_both")


@dataclass(frozen=True)
class TrainTest:
    """A fold: its name, the rows to train on, those to predict, and how many copies of those were left out."""

    name: str
    train: tuple[Item, ...]
    test: tuple[Item, ...]
    dropped: int = 0


def folds(protocol: str, items: Sequence[Item], *, data: Path = dataset.SHIPPED) -> Iterator[TrainTest]:
    """The folds of a protocol, as the dataset's manifest fixes them; folds without rows to test are left out.

    In `in_domain`, training is train and validation. Pairs have two sources: a fold that leaves sources out leaves two
    out, and no training row has either. Where sources are left out, and in `in_domain`, training rows whose sentence
    copies a tested one are dropped; in `in_domain` also those of train that copy one of validation.

    Raises:
        UnknownNameError: there is no such protocol; the message lists those there are.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError(protocol, "protocol", PROTOCOLS)
    leaks = dataset.leaks(data=data)
    if protocol == "in_domain":
        parts = {name: [item for item in items if item.split == name] for name in SPLITS}
        early = _without(parts["train"], [*parts["validation"], *parts["test"]], leaks)
        train = (*early, *_without(parts["validation"], parts["test"], leaks))
        n = len(parts["train"]) + len(parts["validation"])
        yield TrainTest("test", train, tuple(parts["test"]), n - len(train))
        return
    fixed = dataset.manifest(data=data).folds[protocol]
    for fold in _paired(fixed) if any(item.source_b for item in items) else fixed:
        test = tuple(item for item in items if _is_tested(item, fold))
        if test:
            seen = [item for item in items if _is_seen(item, fold)]
            kept = seen if fold.test_sources is None else _without(seen, test, leaks)
            yield TrainTest(fold.fold, tuple(kept), test, len(seen) - len(kept))


def _without(train: Sequence[Item], test: Sequence[Item], leaks: Leaks) -> list[Item]:
    """Training rows of which no sentence copies one that is tested."""
    closed = leaks.closed(sentence for item in test for sentence in item.sentences)
    return [item for item in train if closed.isdisjoint(item.sentences)]


def _is_tested(item: Item, fold: Fold) -> bool:
    """Whether all that a fold leaves out of a kind is what the item has."""
    sources = fold.test_sources is None or item.sources <= set(fold.test_sources)
    return sources and (fold.test_targets is None or item.target_id in fold.test_targets)


def _is_seen(item: Item, fold: Fold) -> bool:
    """Whether an item has nothing that the fold leaves out."""
    return not item.sources & set(fold.test_sources or ()) and item.target_id not in (fold.test_targets or ())


def _paired(fixed: Sequence[Fold]) -> Iterator[Fold]:
    """The folds for pairs: every two sources in place of one."""
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
