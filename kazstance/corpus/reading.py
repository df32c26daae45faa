"""A reading as its judgements in short: what occurs again and again is validated once, and shared."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from kazstance.corpus.inputs import LONGEST, MOST, Entry, EvidenceInput, JudgementInput, ReadingHead, ReadingInput

Quotation = tuple[int, str]
"""The start of a part of a sentence, in characters, and its text."""
SPACED: Final = re.compile(r'"\s+:')
"""A colon that is not next to its key."""
FREE: Final = frozenset({"note", "original"})
"""Fields in the annotator's own words, which are seldom the same in two judgements."""
KEPT: Final = 2**14
"""How many different judgements are kept."""


class Said(NamedTuple):
    """A judgement, and its evidence apart: empty for `none`, None if nobody recorded it."""

    given: JudgementInput
    """The same object for all judgements that differ only in their evidence, which has to be taken from `evidence`."""
    evidence: Sequence[Quotation] | None


class Reading(NamedTuple):
    """What an annotator says of a sentence, and where."""

    file: str
    line: int
    head: ReadingHead
    judgements: Sequence[Said]


class _Line(ReadingHead):
    """A line whose judgements are not yet validated."""

    judgements: list[dict[str, Any]]


def as_reading(entry: Entry[ReadingInput]) -> Reading:
    """A validated reading in short."""
    said = []
    for judgement in entry.value.judgements:
        evidence = judgement.evidence
        quoted = None if evidence is None else [(item.start, item.text) for item in evidence]
        said.append(Said(judgement, quoted))
    return Reading(entry.file, entry.line, entry.value, said)


def parse_clear(file: str, number: int, text: str) -> Reading | None:
    """A line that is clearly strict JSON and a reading, or None: the slower parser knows what it is then.

    Args:
        file: the file.
        number: the number of the line.
        text: the line.
    """
    if "\\u" in text:
        return None
    try:
        line = _Line.model_validate_json(text)
        n_keys = sum(map(len, line.judgements))
        said = list(map(_said, line.judgements))
    except (TypeError, ValueError):
        return None
    n_keys += len(line.model_fields_set) + 2 * sum(len(evidence or ()) for _, evidence in said)
    if isinstance(line.probability, dict):
        n_keys += len(line.probability)
    is_covering = line.covered or any(given.holder for given, _ in said)
    return Reading(file, number, line, said) if is_covering and _has_keys(text, n_keys) else None


def _has_keys(text: str, n: int) -> bool:
    """Whether the objects of a line have so many keys; a key that appears twice makes them more."""
    return text.count(":") == n or (text.count('":') == n and not SPACED.search(text))


def _said(judgement: dict[str, Any]) -> Said:
    """A judgement and its evidence.

    Raises:
        TypeError: a value is not a text.
        ValueError: it is not clearly a judgement.
    """
    evidence = judgement.pop("evidence", None)
    if not isinstance(evidence, list | None):
        raise TypeError("evidence is not a list")
    quoted = None if evidence is None else [_quotation(**item) for item in evidence]
    known = _given if FREE.isdisjoint(judgement) else _given.__wrapped__
    return Said(known(tuple(judgement), tuple(judgement.values()), None if quoted is None else bool(quoted)), quoted)


@lru_cache(KEPT)
def _given(names: tuple[str, ...], values: tuple[str | None, ...], is_quoted: bool | None) -> JudgementInput:
    """A judgement, with evidence that stands for any other."""
    if not all(value is None or isinstance(value, str) for value in values):
        raise TypeError("a value is not a text")
    evidence = None if is_quoted is None else [{"start": 0, "text": "x"}] * is_quoted
    return JudgementInput.model_validate({**dict(zip(names, values, strict=True)), "evidence": evidence})


def _quotation(start: Any, text: Any) -> Quotation:
    """A part of a sentence.

    Raises:
        TypeError: it does not begin at a whole number.
        ValueError: it is not a quotation.
    """
    if type(start) is not int or start > MOST:
        raise TypeError("it does not begin at a whole number")
    if start >= 0 and type(text) is str and text[:1].isalnum() and len(text) <= LONGEST:
        return start, text
    item = EvidenceInput(start=start, text=text)
    return item.start, item.text
