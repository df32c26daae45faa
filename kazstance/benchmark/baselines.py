"""Baselines that learn: linear models on TF-IDF, with and without the target, tuned on validation; a lexicon."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from kazstance.benchmark.shortcuts import Predict
from kazstance.benchmark.tasks import PAIR_LABELS, Item

STRENGTHS: Final = (0.3, 1.0, 3.0, 10.0)
"""Inverse strengths of regularisation that validation chooses from."""
TONE: Final = 0.05
"""Compound tone from which VADER calls a text positive or negative (Hutto and Gilbert, 2014)."""


def target_blind(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on the words of the sentence; the target is not seen."""
    return _tuned(train, test, LogisticRegression, with_target=False)


def tfidf_lr(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """Logistic regression on words, target, and words crossed with the target."""
    return _tuned(train, test, LogisticRegression, with_target=True)


def tfidf_svm(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
    """A linear support vector machine on words, target, and words crossed with the target."""
    return _tuned(train, test, LinearSVC, with_target=True)


def lexicon(train: Sequence[Item], test: Sequence[Item]) -> list[str]:  # it learns nothing
    """The tone of the text by the VADER lexicon, taken for its side; of two texts, which has the friendlier tone."""
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
}


def _side(tone: float, above: str, below: str, between: str) -> str:
    return above if tone >= TONE else below if tone <= -TONE else between


def _tuned(train: Sequence[Item], test: Sequence[Item], model: Any, *, with_target: bool) -> list[str]:
    """Predictions of the strength that is best on the validation rows of the training, refitted on all of it."""
    fitting = [item for item in train if item.split != "validation"]
    validation = [item for item in train if item.split == "validation"]
    strength = STRENGTHS[1]
    if len({item.label for item in fitting}) > 1 and validation:
        gold = [item.label for item in validation]
        found = {c: _predict(fitting, validation, model, c, with_target) for c in STRENGTHS}
        strength = max(STRENGTHS, key=lambda c: f1_score(gold, found[c], average="macro"))
    return _predict(train, test, model, strength, with_target)


def _predict(train: Sequence[Item], test: Sequence[Item], model: Any, strength: float, with_target: bool) -> list[str]:
    labels = [item.label for item in train]
    if len(set(labels)) == 1:
        return labels[:1] * len(test)
    pipeline = make_pipeline(_features(with_target), model(C=strength, max_iter=2000, class_weight="balanced"))
    return [str(label) for label in pipeline.fit(train, labels).predict(test)]


def _features(with_target: bool) -> Any:
    """TF-IDF of words and pairs of words; with the target, also of the target, and of each word marked with it."""
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
