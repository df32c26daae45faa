"""The shortcut panel: what can be achieved without reading, or without looking at the target."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from kazstance.bench.tasks import Item
from kazstance.errors import KazstanceError

Predict = Callable[[Sequence[Item], Sequence[Item]], Sequence[str | Mapping[str, float]]]
"""A system: from training and test items to a label for each test item, or the probability of every label."""


def majority(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label in training."""
    return _most_frequent(train, test, lambda item: ())


def majority_target(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label of the target, or of all rows if the target is new."""
    return _most_frequent(train, test, lambda item: (item.target_id,))


def majority_target_source(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label of target and source; if they are new, of the target, then of all rows."""
    return _most_frequent(train, test, lambda item: (item.target_id, item.source_id, item.source_b))


def source_only(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label of the source, whatever the target, or of all rows if the source is new."""
    return _most_frequent(train, test, lambda item: (item.source_id, item.source_b))


PANEL: Final[dict[str, Predict]] = {
    "majority": majority,
    "majority per target": majority_target,
    "majority per target and source": majority_target_source,
    "source only": source_only,
}
"""Rules that read no text. The target-blind classifier and the lexicon are in `kazstance.models.baselines`."""

LEARNED: Final = ("lexicon", "target-blind TF-IDF", "TF-IDF LR", "TF-IDF SVM", "target-blind minilm", "minilm")
"""The names of the systems in `kazstance.models.baselines`, which needs an extra."""

BESIDE: Final = (*PANEL, "lexicon", "target-blind TF-IDF")
"""The panel that is run with a system."""
SHORTCUTS: Final = (*BESIDE, "target-blind minilm")
"""Systems that do not read, or do not look at the target."""
OF_SOURCES: Final = ("majority per target and source", "source only")
"""Shortcuts that look at the source."""


def _most_frequent(train: Iterable[Item], test: Iterable[Item], key: Callable[[Item], tuple[str, ...]]) -> list[str]:
    """The most frequent label under the longest prefix of a key seen in training; ties go to the alphabetically first.

    Raises:
        KazstanceError: there is no row to train on.
    """
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for item in train:
        for length in range(len(key(item)) + 1):
            seen[key(item)[:length]][item.label] += 1
    if not seen:
        raise KazstanceError("there are no labels to count")
    best = {part: min(count, key=lambda label: (-count[label], label)) for part, count in seen.items()}
    return [next(best[k[:n]] for n in range(len(k), -1, -1) if k[:n] in best) for k in map(key, test)]
