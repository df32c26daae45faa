"""Linear models of items, on features that are computed once, with a strength that is chosen on held-out rows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import f1_score
from sklearn.utils.extmath import safe_sparse_dot

from kazstance.bench.held_out import given_validation, held_out
from kazstance.bench.tasks import Item
from kazstance.stats.counting import Floats

STRENGTHS: Final = (0.3, 1.0, 3.0, 10.0)
"""Inverse regularisation strengths, one of which is chosen on held-out rows."""


class Answering(Protocol):
    """Something that has learned to label items."""

    def answer(self, items: Sequence[Item]) -> list[str]:
        """The label of each item."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear model: of the labels, the one with the largest score; of two labels, the second if the score is above 0.

    `weights` has shape (labels, features), or (1, features) for two labels; `intercepts` (labels,) or (1,). With one
    label, `features` is None and both are empty.
    """

    labels: tuple[str, ...]
    features: Any
    weights: Floats
    intercepts: Floats

    def answer(self, items: Sequence[Item]) -> list[str]:
        """The label of each item."""
        if len(self.labels) == 1 or not items:
            return list(self.labels[:1]) * len(items)
        scores = safe_sparse_dot(self.features.transform(items), self.weights.T, dense_output=True) + self.intercepts
        chosen = scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)
        return [self.labels[i] for i in chosen]


@dataclass(frozen=True)
class Recipe:
    """How a linear model is trained."""

    model: Callable[..., Any]
    """Returns an unfitted estimator with the strength `C`."""
    features: Callable[[], Any]
    """Returns an unfitted transformer of items."""
    strengths: tuple[float, ...] = STRENGTHS
    """Inverse regularisation strengths to choose from."""
    default: float = STRENGTHS[1]
    """The strength if there are no rows to choose on."""
    is_chosen_if_given: bool = False
    """Whether the strength is chosen only on validation rows that were given, not on a share or by cross-validation."""

    def fit(self, train: Sequence[Item], strengths: Collection[float]) -> dict[float, Linear]:
        """Linear models of each strength, on features that are computed once."""
        labels = [item.label for item in train]
        if len(set(labels)) == 1:
            return dict.fromkeys(strengths, Linear((labels[0],), None, np.empty((0, 0)), np.empty(0)))
        features = self.features()
        seen = features.fit_transform(train)
        found = {c: self.model(C=c).fit(seen, labels) for c in strengths}
        return {
            c: Linear(tuple(map(str, one.classes_)), features, np.asarray(one.coef_), np.asarray(one.intercept_))
            for c, one in found.items()
        }

    def tuned(self, train: Sequence[Item]) -> Linear:
        """A linear model with the strength that is best on held-out rows, refitted on all training rows."""
        strength = self.best_strength(train, lambda fitting, _: self.fit(fitting, self.strengths))
        return self.fit(train, [strength])[strength]

    def best_strength(
        self, train: Sequence[Item], fit: Callable[[list[Item], list[Item]], Mapping[float, Answering]]
    ) -> float:
        """The strength with the highest macro-F1 on held-out training rows; of several, the strongest regularisation.

        Without rows to choose on, it is the default.

        Args:
            train: the rows to train on.
            fit: returns a model of each strength from rows to fit on, and the rows that it will be asked about.
        """
        gold: list[str] = []
        answers: dict[float, list[str]] = {c: [] for c in self.strengths}
        for fitting, rows in given_validation(train) if self.is_chosen_if_given else held_out(train):
            if len({item.label for item in fitting}) > 1:
                gold += [item.label for item in rows]
                for strength, model in fit(fitting, rows).items():
                    answers[strength] += model.answer(rows)
        if not gold:
            return self.default
        return max(self.strengths, key=lambda c: f1_score(gold, answers[c], average="macro"))


def vectorizers(features: Any) -> list[CountVectorizer]:
    """The vectorizers of words within such features, in the order of their columns; none within embeddings."""
    parts = [part for _, part in features.transformer_list] if hasattr(features, "transformer_list") else [features]
    last = [part[-1] if hasattr(part, "steps") else part for part in parts]
    return [part for part in last if isinstance(part, CountVectorizer)]
