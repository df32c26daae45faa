"""The n-gram SVM of SemEval-2016 Task 6, and counterparts of the same strength that cannot relate text and target.

S. Mohammad, S. Kiritchenko, P. Sobhani, X. Zhu and C. Cherry, SemEval-2016 Task 6: Detecting Stance in Tweets, 2016;
S. Mohammad, P. Sobhani and S. Kiritchenko, Stance and Sentiment in Tweets, 2017.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from kazstance.bench.tasks import Item
from kazstance.language.tags import UNDETERMINED, script
from kazstance.language.words import IN_UNSPACED, UNSPACED, normal, words
from kazstance.models.linear import Linear, Recipe

WORDS: Final = (1, 2, 3)
"""Lengths of the n-grams of words."""
CHARACTERS: Final = (2, 3, 4, 5)
"""Lengths of the n-grams of characters."""
ENOUGH: Final = 20
"""Number of training rows from which a target has a model of its own."""
STRENGTHS: Final = (0.003, 0.01, 0.03, 0.1)
"""Inverse regularisation strengths of a linear SVM on features that are 0 or 1."""
DEFAULT: Final = 0.03
"""The strength that five-fold cross-validation chooses on the training rows of SemEval-2016 6A, and of NLPCC-2016 A."""


@dataclass(frozen=True, eq=False)
class PerTarget:
    """A linear model for each target that has enough training rows, and one of all rows for any other target."""

    own: Mapping[str, Linear]
    """The models by id of the target."""
    pooled: Linear | None
    """The model of all rows; None if it will not be asked."""

    def answer(self, items: Sequence[Item]) -> list[str]:
        """The label of each item."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, item in enumerate(items):
            places[item.target_id if item.target_id in self.own else ""].append(place)
        found = [""] * len(items)
        for target, chosen in places.items():
            model = self.own.get(target, self.pooled)
            if model is None:
                raise ValueError("asked about a target that was not named in training")
            for place, label in zip(chosen, model.answer([items[at] for at in chosen]), strict=True):
                found[place] = label
        return found


def per_target(train: Sequence[Item], asked: Iterable[Item] | None = None) -> PerTarget:
    """Linear SVMs on n-grams: one for each target with at least `ENOUGH` training rows, one of all rows for the others.

    The features are those of the system SVM-ngrams of the task's organisers: whether each n-gram of 1 to 3 words and of
    2 to 5 characters occurs in the text. As there, a target that was seen in training has a classifier of its own, and
    a target that was not has the classifier trained on the rows of all targets, without the target as a feature. All
    classifiers share one regularisation strength: `DEFAULT`, or, if at least 20 validation rows are given, the one with
    the highest macro-F1 on these, with which all are then refitted on all training rows.

    Words are found by the rules of the row's language; if it is not known, as runs of letters, and text in a script
    without spaces between words has n-grams of characters only. There, single characters are features, too.

    Args:
        train: the rows to train on.
        asked: the rows that will be labelled, so that no model is trained in vain; None for any.

    Raises:
        MissingExtraError: a row's language is written without spaces between words, and icu4py is not installed.
    """

    def fit(
        fitting: Sequence[Item], rows: Iterable[Item] | None, strengths: Collection[float]
    ) -> dict[float, PerTarget]:
        wanted = None if rows is None else {item.target_id for item in rows}
        return _fitted(fitting, wanted, strengths)

    strength = BLIND.best_strength(train, lambda fitting, rows: fit(fitting, rows, STRENGTHS))
    return fit(train, asked, [strength])[strength]


def _fitted(train: Sequence[Item], wanted: set[str] | None, strengths: Collection[float]) -> dict[float, PerTarget]:
    """Models of each strength for the wanted targets; for any target, if None."""
    by_target: dict[str, list[Item]] = defaultdict(list)
    for item in train:
        by_target[item.target_id].append(item)
    enough = {target for target, rows in by_target.items() if len(rows) >= ENOUGH}
    own = {target: BLIND.fit(by_target[target], strengths) for target in sorted(enough & (wanted or enough))}
    is_asked = wanted is None or bool(wanted - enough)
    pooled = BLIND.fit(train, strengths) if is_asked else dict.fromkeys(strengths)
    return {c: PerTarget({target: models[c] for target, models in own.items()}, pooled[c]) for c in strengths}


def _svm(**settings: float) -> LinearSVC:
    return LinearSVC(max_iter=5000, random_state=0, **settings)


def features(*, text: bool, target: bool) -> CountVectorizer:
    """An unfitted transformer of items into whether each n-gram of the text, of the target, or of both occurs.

    Args:
        text: whether to include the n-grams of the text.
        target: whether to include the target, and the n-grams of its name.
    """
    readers = [*([_of_text] if text else []), *([_of_target] if target else [])]
    return CountVectorizer(analyzer=partial(_read, readers), binary=True)


def _recipe(*, text: bool, target: bool) -> Recipe:
    return Recipe(_svm, partial(features, text=text, target=target), STRENGTHS, DEFAULT, is_chosen_if_given=True)


BLIND: Final = _recipe(text=True, target=False)
"""The text without the target."""
TARGET_ONLY: Final = _recipe(text=False, target=True)
"""The target without the text."""
ADDITIVE: Final = _recipe(text=True, target=True)
"""The text and the target side by side: what the text adds to a label is the same for all targets."""


def _read(readers: Iterable[Callable[[Item], Iterator[str]]], item: Item) -> list[str]:
    return [found for reader in readers for found in reader(item)]


def _of_text(item: Item) -> Iterator[str]:
    """The n-grams of the text; those of the second text of a pair are marked."""
    for mark, text in (("", item.text), ("b", item.text_b)):
        yield from (f"{mark}{ngram}" for ngram in ngrams(text, item.language))


def _of_target(item: Item) -> Iterator[str]:
    """The target itself, and the n-grams of its name."""
    yield f"t={item.target_id}"
    yield from (f"t{ngram}" for ngram in ngrams(item.target, item.language))


@lru_cache(maxsize=20_000)
def ngrams(text: str, language: str = "") -> tuple[str, ...]:
    """The different n-grams of 1 to 3 words, after `w `, and of 2 to 5 characters, after `c `.

    Characters are those of the text in the form in which words are counted, with one space between words and at both
    ends. In scripts without spaces between words, single characters count, too, since many of them are words: all those
    of a text if its language is known to be written so, otherwise those of such scripts.

    Args:
        text: the text.
        language: its language, as a BCP 47 tag; empty if it is not known.
    """
    known = words(text, language or UNDETERMINED)
    known = known if language else [word for word in known if not IN_UNSPACED.search(word)]
    characters = f" {' '.join(normal(text, language or UNDETERMINED).split())} "
    found = [f"w {' '.join(known[at : at + n])}" for n in WORDS for at in range(len(known) - n + 1)]
    found += [f"c {characters[at : at + n]}" for n in CHARACTERS for at in range(len(characters) - n + 1)]
    found += [f"c {one}" for one in (characters if script(language) in UNSPACED else IN_UNSPACED.findall(characters))]
    return tuple(dict.fromkeys(found)) if text else ()
