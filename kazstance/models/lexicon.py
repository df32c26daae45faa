"""The tone of a text in a lexicon of English words, taken as its side."""

from collections.abc import Iterable, Sequence
from typing import Final

from kazstance.bench.tasks import PAIR_LABELS, Item
from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.language.english import looks_english
from kazstance.language.tags import base

TONE: Final = 0.05
"""Compound score from which VADER calls a text positive or negative (Hutto and Gilbert, 2014)."""


def lexicon(train: Sequence[Item], test: Sequence[Item]) -> list[str]:  # it learns nothing
    """The tone of the text in the VADER lexicon, taken as its side; of two texts, the one with the friendlier tone.

    Raises:
        KazstanceError: the texts are not in English, the only language of the lexicon.
        MissingExtraError: vaderSentiment is not installed.
    """
    check_english([*train, *test])
    return tones(test)


def tones(items: Sequence[Item]) -> list[str]:
    """The label of each item by the tone of its text, whatever the language."""
    with naming_extras():
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415  # an extra
    analyzer = SentimentIntensityAnalyzer()

    def tone(text: str) -> float:
        return float(analyzer.polarity_scores(text)["compound"])

    if any(item.text_b for item in items):
        gaps = [tone(item.text) - tone(item.text_b) for item in items]
        return [_side(gap, *PAIR_LABELS) for gap in gaps]
    return [_side(tone(item.text), "favor", "against", "neutral") for item in items]


def check_english(items: Iterable[Item]) -> None:
    """Check that rows are in the language of the lexicon.

    Raises:
        KazstanceError: they are not.
    """
    if why := not_english(items):
        raise KazstanceError(f"the words of the lexicon are English, and {why}")


def not_english(items: Iterable[Item]) -> str | None:
    """Why rows are not in English, judging by their language or, if that is not known, by their words; or None."""
    items = list(items)
    languages = {item.language for item in items}
    if other := sorted(language for language in languages - {""} if base(language) != "en"):
        return f"the language of the texts is {', '.join(other)}"
    unknown = [item.text for item in items if not item.language]
    if unknown and not looks_english(unknown):
        return 'the texts do not look English; if they are, pass --language en (in Python, language="en")'
    return None


def _side(tone: float, above: str, below: str, between: str) -> str:
    return above if tone >= TONE else below if tone <= -TONE else between
