"""Which words each source uses on a target more or less than the others."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import numpy as np

from kazstance.comparison.counts import VoiceFilter, of_sources, spoken
from kazstance.comparison.estimates import DIGITS
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.frames import as_frame
from kazstance.language.tags import UNDETERMINED, check_tag
from kazstance.language.words import words
from kazstance.output.listing import Listing
from kazstance.stats.counting import Floats, as_text, text_of
from kazstance.stats.estimate import Estimate

Z: Final = 1.959964
"""The standard normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Word:
    """A word that one source uses on a target more (z > 0) or less (z < 0) than the others together.

    `log_odds` is the difference of log-odds with its 95 % interval, `z` its ratio to its standard deviation.
    """

    source: str
    word: str
    count: int
    others: int
    log_odds: Estimate
    z: float

    def as_row(self) -> dict[str, Any]:
        """The word as plain values."""
        found = self.log_odds
        return {**vars(self), "log_odds": found.value, "low": found.low, "high": found.high, "z": self.z}


def log_odds(one: Floats, other: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Differences of log-odds between two vocabularies under a Dirichlet prior, and their standard deviations.

    ln((y_i + a) / (n_i + a_0 - y_i - a)) - the same of j, with variance 1 / (y_i + a) + 1 / (y_j + a) (Monroe, Colaresi
    and Quinn, 2008, equations 16 and 20).

    Args:
        one: shape (words,), counts y_i, which sum to n_i.
        other: shape (words,), counts y_j.
        prior: shape (words,), pseudo-counts a above 0, which sum to a_0.
    """
    sides = [(counts + prior, counts.sum() + prior.sum() - counts - prior) for counts in (one, other)]
    difference = np.log(sides[0][0] / sides[0][1]) - np.log(sides[1][0] / sides[1][1])
    return difference, np.sqrt(1 / sides[0][0] + 1 / sides[1][0])


def wording(
    target: str,
    frame: Any,
    *,
    source: str = "source_id",
    target_column: str = "target_id",
    text: str = "text",
    language: str = UNDETERMINED,
    background: Any = None,
    prior: float | None = None,
    voice: VoiceFilter = "all",
    most: int | None = None,
) -> Listing[Word]:
    """Every source's words on a target against those of the other sources, source by source, the highest z first.

    The prior is informative: every word has pseudo-counts in proportion to its count in the background, `prior` in all;
    by default, as many as the sources have words on the target, so that a word has to differ from the language of the
    whole corpus before it counts. Stop words stay: the prior handles them. Intervals treat words as independent.

    Args:
        target: the target.
        frame: rows with one sentence and one target each, as anything in `kazstance.input.frames.ACCEPTED`.
        source: the column of the source.
        target_column: the column of the target.
        text: the column of the sentence's text.
        language: by whose rules words are found: the column of the tags (BCP 47), or one tag for all rows.
        background: rows with the text column, from which the prior is taken, or their words as `counted_words` counts
            them; by default, each text of `frame` once.
        prior: total of the pseudo-counts, above 0.
        voice: whose sentences; `own` and `endorsed` require the columns voice and endorsed.
        most: how many words of each source, of those that it uses twice or more and more than the others; by default,
            all words that any source uses.

    Raises:
        UnknownNameError: there is no such target or voice; the message lists the valid names.
        KazstanceError: `prior` is not above 0, or `language` is neither a column nor a tag.
        MissingExtraError: a language is written without spaces between words, and icu4py is not installed.
    """
    if prior is not None and not prior > 0:
        raise KazstanceError(f"prior: {prior}, expected a number above 0")
    rows = spoken(of_sources(as_frame(frame), source), voice).lazy()
    by = text_of(rows, target_column)
    tagged = _tag(rows, language)
    targets = sorted(rows.select(by.alias(target_column)).unique().collect()[target_column].to_list())
    if target not in targets:
        raise UnknownNameError(target, "target", targets)
    spoken_on = rows.filter(by == target).select(
        text_of(rows, source).alias("who"), as_text(text).alias("text"), tagged
    )
    said = _said(spoken_on.collect())
    shown = rows if background is None or isinstance(background, Counter) else as_frame(background).lazy()
    everywhere = background if isinstance(background, Counter) else _counted(shown, text, language)
    return Listing(_compare(dict(sorted(said.items())), everywhere, prior, most))


def counted_words(rows: Any, text: str, language: str) -> Counter[str]:
    """The words of rows, each text counted once.

    Args:
        rows: as anything in `kazstance.input.frames.ACCEPTED`.
        text: the column of the text.
        language: the column of the language tags (BCP 47), or one tag for all rows.
    """
    return _counted(as_frame(rows).lazy(), text, language)


def _tag(rows: Any, language: str) -> Any:
    """The language of each row: that of its column, or the one tag.

    Raises:
        KazstanceError: it is neither.
    """
    if language in rows.collect_schema().names():
        return nw.col(language).cast(nw.String).fill_null(UNDETERMINED).alias("language")
    try:
        return nw.lit(check_tag(language)).alias("language")
    except ValueError as error:
        raise KazstanceError(f"language: {error}, or a column of the table") from None


def _said(rows: Any) -> dict[str, Counter[str]]:
    """The words of each source, from rows of source, text and language."""
    said: dict[str, Counter[str]] = {}
    for name, *row in rows.iter_rows():
        said.setdefault(name, Counter()).update(_words(*row))
    return said


def _counted(rows: Any, text: str, language: str) -> Counter[str]:
    """The words of each text once."""
    texts = rows.select(as_text(text).alias("text"), _tag(rows, language)).unique().collect()
    return Counter(word for row in texts.iter_rows() for word in _words(*row))


def _words(text: str | None, language: str) -> list[str]:
    return words(text or "", language)


def _compare(
    said: Mapping[str, Counter[str]], background: Counter[str], prior: float | None, most: int | None
) -> tuple[Word, ...]:
    """Every source's words against those of the others, the highest z first."""
    together = sum(said.values(), Counter[str]())
    vocabulary = sorted(background | together)
    everywhere = np.array([max(background[word], together[word]) for word in vocabulary], dtype=np.float64)
    pseudo = everywhere / everywhere.sum() * (prior or sum(together.values()))
    lines: list[Word] = []
    for name, own in said.items():
        one = np.array([own[word] for word in vocabulary], dtype=np.float64)
        other = np.array([together[word] for word in vocabulary], dtype=np.float64) - one
        if one.any() and other.any():
            lines += sorted(_lines(name, vocabulary, (one, other), pseudo, most), key=lambda line: (-line.z, line.word))
    return tuple(lines)


def _lines(
    source: str, vocabulary: list[str], counts: tuple[Floats, Floats], pseudo: Floats, most: int | None
) -> list[Word]:
    """The words that occur on the target, or the first of those that the source uses more than once."""
    one, other = counts
    difference, deviation = log_odds(one, other, pseudo)
    z = difference / deviation
    figures = np.stack([difference, difference - Z * deviation, difference + Z * deviation, z])
    there = np.flatnonzero(one + other) if most is None else np.flatnonzero((one > 1) & (z > 0))
    if most is not None:
        there = there[np.argsort(-np.round(z[there], DIGITS), kind="stable")][:most]
    lines = []
    for i in there:
        own, others, (value, low, high, z_value) = (
            round(one[i]),
            round(other[i]),
            np.round(figures[:, i], DIGITS).tolist(),
        )
        lines.append(Word(source, vocabulary[i], own, others, Estimate(value, low, high, own + others), z_value))
    return lines
