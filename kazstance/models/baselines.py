"""Baselines that learn: linear models on TF-IDF and on embeddings, with and without the target; a lexicon.

The linear models are tuned on validation.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from kazstance.bench.shortcuts import Predict
from kazstance.bench.tasks import PAIR_LABELS, Item
from kazstance.models.embeddings import Encoder, Singles, encoder, pairs

STRENGTHS: Final = (0.3, 1.0, 3.0, 10.0)
"""Inverse regularisation strengths, one of which is chosen on validation."""
TONE: Final = 0.05
"""Compound score from which VADER calls a text positive or negative (Hutto and Gilbert, 2014)."""


def target_blind(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on the words of the sentence; the target is not seen."""
    return _tuned(train, test, LogisticRegression, partial(_tfidf, with_target=False))


def tfidf_lr(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on words, target, and words crossed with the target."""
    return _tuned(train, test, LogisticRegression, partial(_tfidf, with_target=True))


def tfidf_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """A linear support vector machine on words, target, and words crossed with the target."""
    return _tuned(train, test, LinearSVC, partial(_tfidf, with_target=True))


def minilm(train: Sequence[Item], test: Sequence[Item], model: Callable[[], Encoder] = encoder) -> list[str]:
    """Logistic regression on embeddings of sentence and target, their product and their distance.

    Args:
        train: the rows to train on.
        test: the rows to label.
        model: returns the encoder.
    """
    return _tuned(train, test, LogisticRegression, partial(_embedded, model(), with_target=True))


def target_blind_minilm(
    train: Sequence[Item], test: Sequence[Item], model: Callable[[], Encoder] = encoder
) -> list[str]:
    """Logistic regression on the embedding of the sentence; the target is not seen.

    Args:
        train: the rows to train on.
        test: the rows to label.
        model: returns the encoder.
    """
    return _tuned(train, test, LogisticRegression, partial(_embedded, model(), with_target=False))


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


def _side(tone: float, above: str, below: str, between: str) -> str:
    return above if tone >= TONE else below if tone <= -TONE else between


def _tuned(train: Sequence[Item], test: Sequence[Item], model: Any, features: Callable[[], Any]) -> list[str]:
    """Predictions with the strength that is best on the validation rows, refitted on all training rows."""
    fitting = [item for item in train if item.split != "validation"]
    validation = [item for item in train if item.split == "validation"]
    strength = STRENGTHS[1]
    if len({item.label for item in fitting}) > 1 and validation:
        gold = [item.label for item in validation]
        found = _predictions(fitting, validation, model, features(), STRENGTHS)
        strength = max(STRENGTHS, key=lambda c: f1_score(gold, found[c], average="macro"))
    return _predictions(train, test, model, features(), [strength])[strength]


def _predictions(
    train: Sequence[Item], test: Sequence[Item], model: Any, features: Any, strengths: Iterable[float]
) -> dict[float, list[str]]:
    """Predictions at each strength, on features that are computed once."""
    labels = [item.label for item in train]
    if len(set(labels)) == 1:
        return dict.fromkeys(strengths, labels[:1] * len(test))
    seen, unseen = features.fit_transform(train), features.transform(test)
    fitted = {c: model(C=c, max_iter=2000, class_weight="balanced").fit(seen, labels) for c in strengths}
    return {c: [str(label) for label in found.predict(unseen)] for c, found in fitted.items()}


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
