"""The shortcut panel: what can be achieved without reading, or without looking at the target."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kazstance.bench.tasks import Item
from kazstance.errors import KazstanceError

Predict = Callable[[Sequence[Item], Sequence[Item]], Sequence[str | Mapping[str, float]]]
"""A system: from training and test items to a label for each test item, or the probability of every label."""


@dataclass(frozen=True)
class Rule:
    """The most frequent label of rows that share the values of some fields, under the longest prefix of those seen.

    `best` has the label under each prefix; the empty one has that of all rows.
    """

    fields: tuple[str, ...]
    best: Mapping[tuple[str, ...], str]

    @classmethod
    def learn(cls, train: Iterable[Item], fields: tuple[str, ...]) -> "Rule":
        """Count the labels of training rows; ties go to the alphabetically first.

        Args:
            train: the rows to train on.
            fields: the fields of an item, the most important first.

        Raises:
            KazstanceError: there is no row to train on.
        """
        seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for item in train:
            key = _key(item, fields)
            for length in range(len(key) + 1):
                seen[key[:length]][item.label] += 1
        if not seen:
            raise KazstanceError("there are no labels to count")
        best = {part: min(count, key=lambda label: (-count[label], label)) for part, count in seen.items()}
        return cls(fields, best)

    def answer(self, items: Iterable[Item]) -> list[str]:
        """The label of each item."""
        keys = (_key(item, self.fields) for item in items)
        return [next(self.best[k[:n]] for n in range(len(k), -1, -1) if k[:n] in self.best) for k in keys]


def majority(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label in training."""
    return Rule.learn(train, ()).answer(test)


def majority_target(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label of the target, or of all rows if the target is new."""
    return Rule.learn(train, FIELDS["majority per target"]).answer(test)


def majority_target_source(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label of target and source; if they are new, of the target, then of all rows."""
    return Rule.learn(train, FIELDS["majority per target and source"]).answer(test)


def source_only(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """The most frequent label of the source, whatever the target, or of all rows if the source is new."""
    return Rule.learn(train, FIELDS["source only"]).answer(test)


FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "majority": (),
    "majority per target": ("target_id",),
    "majority per target and source": ("target_id", "source_id", "source_b"),
    "source only": ("source_id", "source_b"),
}
"""The fields that each rule looks at."""
PANEL: Final[dict[str, Predict]] = {
    "majority": majority,
    "majority per target": majority_target,
    "majority per target and source": majority_target_source,
    "source only": source_only,
}
"""Rules that read no text. The target-blind classifier and the lexicon are in `kazstance.models.baselines`."""

LEXICON: Final = "lexicon"
"""The name of the system that looks words up."""
LEARNED: Final = (
    LEXICON,
    "target-blind TF-IDF",
    "TF-IDF LR",
    "TF-IDF SVM",
    "n-gram SVM",
    "target-blind n-gram SVM",
    "target-only n-gram SVM",
    "additive n-gram SVM",
    "target-blind minilm",
    "minilm",
)
"""The names of the systems in `kazstance.models.baselines`, which needs an extra."""

BESIDE: Final = (*PANEL, LEXICON, "target-blind TF-IDF")
"""The panel that is run with a system on a dataset."""
COUNTERPARTS: Final = ("target-blind n-gram SVM", "target-only n-gram SVM", "additive n-gram SVM")
"""Systems as strong as the n-gram SVM that cannot relate text and target."""
PANELS: Final[dict[str, tuple[str, ...]]] = {"brief": BESIDE, "full": (*BESIDE, *COUNTERPARTS)}
"""The shortcuts by name of the panel; in the full one, the best is chosen on held-out training rows."""
SHORTCUTS: Final = (*PANELS["full"], "target-blind minilm")
"""Systems that do not read, do not look at the target, or cannot relate one to the other."""
OF_SOURCES: Final = ("majority per target and source", "source only")
"""Shortcuts that look at the source."""


def _key(item: Item, fields: Iterable[str]) -> tuple[str, ...]:
    return tuple(getattr(item, name) for name in fields)
