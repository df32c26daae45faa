"""Systems: anything that predicts labels, with a name and an identity that a run records."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from kazstance.bench.answers import Answer
from kazstance.bench.identity import SystemIdentity
from kazstance.bench.shortcuts import Predict
from kazstance.bench.tasks import Item
from kazstance.errors import KazstanceError


@dataclass(frozen=True)
class System:
    """Something that predicts the labels of test items from training items."""

    name: str
    predict: Predict
    identify: Callable[[], SystemIdentity]
    is_per_target: bool = False

    def per_target(self) -> "System":
        """The same system, trained on each target alone."""
        return replace(self, predict=_ByTarget(self.predict), is_per_target=True)


@dataclass(frozen=True)
class Predictions:
    """The answers of a system that was run elsewhere, by item."""

    name: str
    answers: Mapping[str, Answer]
    identity: SystemIdentity
    spelling: str = "kazstance"

    @property
    def prompts(self) -> int:
        """How many prompts they were made under; 0 if they do not say."""
        return len(next(iter(self.answers.values())).by_prompt) if self.answers else 0


@dataclass(frozen=True)
class _ByTarget:
    """A system that is trained on each target alone."""

    predict: Predict

    def __call__(self, train: Sequence[Item], test: Sequence[Item]) -> list[str | Mapping[str, float]]:
        by_target: dict[str, list[Item]] = defaultdict(list)
        for item in train:
            by_target[item.target_id].append(item)
        if new := sorted({item.target_id for item in test} - by_target.keys()):
            known = ", ".join(sorted(by_target))
            raise KazstanceError(f"{', '.join(map(repr, new))} has no training rows, expected {known}")
        found: dict[str, str | Mapping[str, float]] = {}
        for target in dict.fromkeys(item.target_id for item in test):
            rows = [item for item in test if item.target_id == target]
            answers = list(self.predict(by_target[target], rows))
            if len(answers) != len(rows):
                raise KazstanceError(f"{target}: {len(answers)} labels, expected {len(rows)}")
            found |= {item.item_id: answer for item, answer in zip(rows, answers, strict=True)}
        return [found[item.item_id] for item in test]
