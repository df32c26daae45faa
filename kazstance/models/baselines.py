"""Baselines that learn: linear models on TF-IDF, n-grams and embeddings, with and without the target; a lexicon.

The strength of the linear models is chosen on held-out training rows.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from kazstance.bench.shortcuts import Predict
from kazstance.bench.tasks import Item
from kazstance.models import ngrams
from kazstance.models.embeddings import Encoder, Singles, encoder, pairs
from kazstance.models.lexicon import lexicon
from kazstance.models.linear import Answering, Recipe


def target_blind(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on the words of the sentence; the target is not seen."""
    return FITTED["target-blind TF-IDF"](train).answer(test)


def tfidf_lr(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on words, target, and words crossed with the target."""
    return FITTED["TF-IDF LR"](train).answer(test)


def tfidf_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """A linear support vector machine on words, target, and words crossed with the target."""
    return FITTED["TF-IDF SVM"](train).answer(test)


def ngram_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Linear support vector machines on n-grams of words and characters, one for each target seen in training.

    The baseline of SemEval-2016 Task 6; see `kazstance.models.ngrams.per_target`.
    """
    return ngrams.per_target(train, test).answer(test)


def target_blind_ngram_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """A linear support vector machine on the n-grams of the text; the target is not seen."""
    return FITTED["target-blind n-gram SVM"](train).answer(test)


def target_only_ngram_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """A linear support vector machine on the target and the n-grams of its name; the text is not read."""
    return FITTED["target-only n-gram SVM"](train).answer(test)


def additive_ngram_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """A linear support vector machine on the n-grams of the text and of the target, which it cannot relate."""
    return FITTED["additive n-gram SVM"](train).answer(test)


def minilm(train: Sequence[Item], test: Sequence[Item], model: Callable[[], Encoder] = encoder) -> list[str]:
    """Logistic regression on embeddings of sentence and target, their product and their distance.

    Args:
        train: the rows to train on.
        test: the rows to label.
        model: returns the encoder.
    """
    return Recipe(_regression, partial(_embedded, model(), with_target=True)).tuned(train).answer(test)


def target_blind_minilm(
    train: Sequence[Item], test: Sequence[Item], model: Callable[[], Encoder] = encoder
) -> list[str]:
    """Logistic regression on the embedding of the sentence; the target is not seen.

    Args:
        train: the rows to train on.
        test: the rows to label.
        model: returns the encoder.
    """
    return Recipe(_regression, partial(_embedded, model(), with_target=False)).tuned(train).answer(test)


BASELINES: Final[dict[str, Predict]] = {
    "lexicon": lexicon,
    "target-blind TF-IDF": target_blind,
    "TF-IDF LR": tfidf_lr,
    "TF-IDF SVM": tfidf_svm,
    "n-gram SVM": ngram_svm,
    "target-blind n-gram SVM": target_blind_ngram_svm,
    "target-only n-gram SVM": target_only_ngram_svm,
    "additive n-gram SVM": additive_ngram_svm,
    "target-blind minilm": target_blind_minilm,
    "minilm": minilm,
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


def _regression(**settings: float) -> LogisticRegression:
    return LogisticRegression(max_iter=2000, class_weight="balanced", **settings)


def _svm(**settings: float) -> LinearSVC:
    return LinearSVC(max_iter=2000, class_weight="balanced", **settings)


RECIPES: Final[dict[str, Recipe]] = {
    "target-blind TF-IDF": Recipe(_regression, partial(_tfidf, with_target=False)),
    "TF-IDF LR": Recipe(_regression, partial(_tfidf, with_target=True)),
    "TF-IDF SVM": Recipe(_svm, partial(_tfidf, with_target=True)),
    "target-blind n-gram SVM": ngrams.BLIND,
    "target-only n-gram SVM": ngrams.TARGET_ONLY,
    "additive n-gram SVM": ngrams.ADDITIVE,
    "target-blind minilm": Recipe(_regression, lambda: _embedded(encoder(), with_target=False)),
    "minilm": Recipe(_regression, lambda: _embedded(encoder(), with_target=True)),
}
"""The baselines that are one linear model."""
FITTED: Final[dict[str, Callable[[Sequence[Item]], Answering]]] = {
    **{name: recipe.tuned for name, recipe in RECIPES.items()},
    "n-gram SVM": ngrams.per_target,
}
"""How each baseline that learns is trained."""
