"""Baselines that learn: linear models on TF-IDF and on embeddings, with and without the target; a lexicon.

The linear models are tuned on validation.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.utils.extmath import safe_sparse_dot
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from kazstance.bench.shortcuts import Predict
from kazstance.bench.tasks import PAIR_LABELS, Item
from kazstance.models.embeddings import Encoder, Singles, encoder, pairs
from kazstance.stats.counting import Floats

STRENGTHS: Final = (0.3, 1.0, 3.0, 10.0)
"""Inverse regularisation strengths, one of which is chosen on validation."""
TONE: Final = 0.05
"""Compound score from which VADER calls a text positive or negative (Hutto and Gilbert, 2014)."""


def target_blind(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on the words of the sentence; the target is not seen."""
    return FITTED["target-blind TF-IDF"](train).answer(test)


def tfidf_lr(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on words, target, and words crossed with the target."""
    return FITTED["TF-IDF LR"](train).answer(test)


def tfidf_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """A linear support vector machine on words, target, and words crossed with the target."""
    return FITTED["TF-IDF SVM"](train).answer(test)


def minilm(train: Sequence[Item], test: Sequence[Item], model: Callable[[], Encoder] = encoder) -> list[str]:
    """Logistic regression on embeddings of sentence and target, their product and their distance.

    Args:
        train: the rows to train on.
        test: the rows to label.
        model: returns the encoder.
    """
    return tuned(train, LogisticRegression, partial(_embedded, model(), with_target=True)).answer(test)


def target_blind_minilm(
    train: Sequence[Item], test: Sequence[Item], model: Callable[[], Encoder] = encoder
) -> list[str]:
    """Logistic regression on the embedding of the sentence; the target is not seen.

    Args:
        train: the rows to train on.
        test: the rows to label.
        model: returns the encoder.
    """
    return tuned(train, LogisticRegression, partial(_embedded, model(), with_target=False)).answer(test)


def lexicon(train: Sequence[Item], test: Sequence[Item]) -> list[str]:  # it learns nothing
    """The tone of the text in the VADER lexicon, taken as its side; of two texts, the one with the friendlier tone."""
    analyzer = SentimentIntensityAnalyzer()

    def tone(text: str) -> float:
        return float(analyzer.polarity_scores(text)["compound"])

    if any(item.text_b for item in test):
        gaps = [tone(item.text) - tone(item.text_b) for item in test]
        return [_side(gap, *PAIR_LABELS) for gap in gaps]
    return [_side(tone(item.text), "favor", "against", "neutral") for item in test]


BASELINES: Final[dict[str, Predict]] = {
    "lexicon": lexicon,
    "target-blind TF-IDF": target_blind,
    "TF-IDF LR": tfidf_lr,
    "TF-IDF SVM": tfidf_svm,
    "target-blind minilm": target_blind_minilm,
    "minilm": minilm,
}


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


def _side(tone: float, above: str, below: str, between: str) -> str:
    return above if tone >= TONE else below if tone <= -TONE else between


def tuned(train: Sequence[Item], model: Any, features: Callable[[], Any]) -> Linear:
    """A linear model with the strength that is best on the validation rows, refitted on all training rows.

    Args:
        train: the rows to train on.
        model: the class of the linear model.
        features: returns an unfitted transformer of items.
    """
    fitting = [item for item in train if item.split != "validation"]
    validation = [item for item in train if item.split == "validation"]
    strength = STRENGTHS[1]
    if len({item.label for item in fitting}) > 1 and validation:
        gold = [item.label for item in validation]
        found = _fitted(fitting, model, features(), STRENGTHS)
        strength = max(STRENGTHS, key=lambda c: f1_score(gold, found[c].answer(validation), average="macro"))
    return _fitted(train, model, features(), [strength])[strength]


def _fitted(train: Sequence[Item], model: Any, features: Any, strengths: Iterable[float]) -> dict[float, Linear]:
    """Linear models of each strength, on features that are computed once."""
    labels = [item.label for item in train]
    if len(set(labels)) == 1:
        return dict.fromkeys(strengths, Linear((labels[0],), None, np.empty((0, 0)), np.empty(0)))
    seen = features.fit_transform(train)
    found = {c: model(C=c, max_iter=2000, class_weight="balanced").fit(seen, labels) for c in strengths}
    return {
        c: Linear(tuple(map(str, one.classes_)), features, np.asarray(one.coef_), np.asarray(one.intercept_))
        for c, one in found.items()
    }


def _embedded(model: Encoder, *, with_target: bool) -> Any:
    return FunctionTransformer(partial(_embeddings, model=model, with_target=with_target))


def _embeddings(items: Sequence[Item], *, model: Encoder, with_target: bool) -> Singles:
    """Embeddings of each item; for two texts, their signed difference and its absolute value."""
    targets = [item.target for item in items]

    def one(texts: Sequence[str]) -> Singles:
        return pairs(model, texts, targets) if with_target else model.embed(texts)

    first = one([item.text for item in items])
    if not any(item.text_b for item in items):
        return first
    gap = first - one([item.text_b for item in items])
    return np.hstack([gap, np.abs(gap)])


def _tfidf(*, with_target: bool) -> Any:
    """TF-IDF of words and word pairs; with the target, also of the target and of each word crossed with it."""
    plain = _vectorizer(partial(_documents, crossed=False), ngram_range=(1, 2))
    if not with_target:
        return plain
    targets = _vectorizer(_targets, token_pattern=r"[^|]+")
    crossed = _vectorizer(partial(_documents, crossed=True), token_pattern=r"\S+")
    return make_union(plain, targets, crossed)


def vectorizers(features: Any) -> list[TfidfVectorizer]:
    """The TF-IDF vectorizers within such features, in the order of their columns; none within embeddings."""
    parts = [part for _, part in features.transformer_list] if hasattr(features, "transformer_list") else [features]
    return [part[-1] for part in parts if hasattr(part, "steps")]


def _vectorizer(documents: Any, **settings: Any) -> Any:
    return make_pipeline(FunctionTransformer(documents), TfidfVectorizer(sublinear_tf=True, **settings))


def _documents(items: Iterable[Item], *, crossed: bool) -> list[str]:
    """The words of each item, those of a pair marked with their place; crossed, marked with the target too."""
    found = []
    for item in items:
        mark = f"{item.target_id}_" if crossed else ""
        first = [f"{mark}{word}" for word in item.text.casefold().split()]
        second = [f"{mark}zz{word}" for word in item.text_b.casefold().split()]
        found.append(" ".join(first + second))
    return found


def _targets(items: Iterable[Item]) -> list[str]:
    return [f"{item.target_id}|{item.target}" for item in items]


FEATURES: Final[dict[str, Callable[[], Any]]] = {
    "target-blind TF-IDF": partial(_tfidf, with_target=False),
    "TF-IDF LR": partial(_tfidf, with_target=True),
    "TF-IDF SVM": partial(_tfidf, with_target=True),
    "target-blind minilm": lambda: _embedded(encoder(), with_target=False),
    "minilm": lambda: _embedded(encoder(), with_target=True),
}
"""The features of each linear baseline."""
FITTED: Final[dict[str, Callable[[Sequence[Item]], Linear]]] = {
    name: partial(tuned, model=LinearSVC if name == "TF-IDF SVM" else LogisticRegression, features=features)
    for name, features in FEATURES.items()
}
"""How each linear baseline is trained."""
