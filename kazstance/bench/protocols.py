"""Protocols: which rows a system is trained on, and which it is tested on; over its folds, every row is tested once."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from kazstance.bench.tasks import Item, TrainTest
from kazstance.dataset import DatasetFolder, leaks
from kazstance.errors import UnknownNameError
from kazstance.schema.leaks import Leaks
from kazstance.schema.manifest import Fold
from kazstance.schema.records import SPLITS

PROTOCOLS: Final = ("in_domain", "cross_source", "cross_target", "cross_both")


def folds(protocol: str, items: Sequence[Item], folder: DatasetFolder) -> Iterator[TrainTest]:
    """The folds of a protocol, as fixed in the dataset's manifest; folds without test rows are left out.

    In `in_domain`, the training rows are those of train and validation. Pairs have two sources: a fold that leaves out
    sources leaves out two, and no training row has either. If sources are left out, and in `in_domain`, training rows
    whose sentence is a copy of a tested one are dropped; in `in_domain`, so are those of train that copy one of
    validation.

    Args:
        protocol: one of `PROTOCOLS`.
        items: the rows.
        folder: the dataset whose manifest fixes the folds.

    Raises:
        UnknownNameError: there is no such protocol; the message lists the valid names.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError(protocol, "protocol", PROTOCOLS)
    found = leaks(folder)
    if protocol == "in_domain":
        parts = {name: [item for item in items if item.split == name] for name in SPLITS}
        early = _without(parts["train"], [*parts["validation"], *parts["test"]], found)
        train = (*early, *_without(parts["validation"], parts["test"], found))
        n = len(parts["train"]) + len(parts["validation"])
        yield TrainTest("test", train, tuple(parts["test"]), n - len(train))
        return
    fixed = folder.manifest.folds[protocol]
    for fold in _paired(fixed) if any(item.source_b for item in items) else fixed:
        test = tuple(item for item in items if _is_tested(item, fold))
        if test:
            seen = [item for item in items if _is_seen(item, fold)]
            kept = seen if fold.test_sources is None else _without(seen, test, found)
            yield TrainTest(fold.fold, tuple(kept), test, len(seen) - len(kept))


def _without(train: Sequence[Item], test: Sequence[Item], found: Leaks) -> list[Item]:
    """Training rows without a sentence that is a copy of a tested one."""
    closed = found.closed(sentence for item in test for sentence in sentences_of(item))
    return [item for item in train if closed.isdisjoint(sentences_of(item))]


def sentences_of(item: Item) -> tuple[str, ...]:
    """The ids of the sentences that a row of a dataset shows; no id contains a colon."""
    parts = item.item_id.split(":")
    return tuple(parts[1:3]) if item.text_b else (parts[0],)


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
