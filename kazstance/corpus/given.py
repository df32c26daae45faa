"""Units that a corpus gives itself: where they are in the raw text."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NoReturn

from kazstance.corpus.inputs import UnitSpan
from kazstance.corpus.repair import RepairedText
from kazstance.input.strict_json import StrictError
from kazstance.input.text import MARK
from kazstance.language.segmenters import Segmenter

Span = tuple[int, int]
GIVEN: Final = "given"
"""The name under which a corpus chooses the units that come with its documents."""
SHOWN: Final = 60
FILLED: Final = re.compile(r"\S")


def as_given() -> Segmenter:
    """The segmenter that cuts nothing, since its units are given."""
    return Segmenter(GIVEN, "1", lambda text, _: [(0, len(text))])


def locate(units: Sequence[str | UnitSpan], raw: str) -> list[Span]:
    """The spans of given units in a raw text, in order; in units given as text, white space may differ.

    Raises:
        StrictError: a unit is not where it should be, or a character other than white space is in no unit; the first
            such place is named.
    """
    done = len(MARK) if raw.startswith(MARK) else 0
    spans = []
    for number, unit in enumerate(units, 1):
        begin = _skip(raw, done)
        start, end = _trim(raw, unit) if isinstance(unit, UnitSpan) else _match(raw, unit, begin)
        if start >= end:
            _refuse(raw, begin, f"unit {number} is blank")
        if start < done:
            _refuse(raw, start, f"unit {number} begins at {start}, but the one before it ends at {done}")
        if start > begin:
            _refuse(raw, begin, f"unit {number} is not at {begin}, where the text has {raw[begin : begin + SHOWN]!r}")
        if end > len(raw):
            _refuse(raw, begin, f"unit {number} ends at {end}, but the text has {len(raw)} characters")
        spans.append((start, end))
        done = end
    if (begin := _skip(raw, done)) < len(raw):
        _refuse(
            raw, begin, f"{raw[begin : begin + SHOWN]!r} at {begin} is in no unit; the last, {len(spans)}, ends before"
        )
    return spans


def _skip(raw: str, start: int) -> int:
    """The first place from another on that is not white space."""
    found = FILLED.search(raw, start)
    return found.start() if found else len(raw)


def _trim(raw: str, unit: UnitSpan) -> Span:
    """A span without white space at its ends; a blank one is empty."""
    piece = raw[unit.start : unit.end]
    end = unit.end - len(piece) + len(piece.rstrip()) if piece else unit.end
    return min(_skip(raw, unit.start), unit.end), end


def _match(raw: str, unit: str, begin: int) -> Span:
    """The span of a text at a place, or else one that begins after it."""
    pieces = unit.split()
    found = re.compile(r"\s+".join(map(re.escape, pieces))).match(raw, begin) if pieces else None
    return found.span() if found else (begin + bool(pieces), begin + 2 * bool(pieces))


def _refuse(raw: str, place: int, message: str) -> NoReturn:
    raise StrictError(
        f"{message}; expected the units in the order of the text, and all of it in units", raw.count("\n", 0, place) + 1
    )


def paragraphs_of(spans: Sequence[Span], text: RepairedText, paragraphs: Iterator[Span]) -> Iterator[list[Span]]:
    """The units of each paragraph as spans of the repaired text; a unit is in the paragraph in which it begins.

    Args:
        spans: the units, as spans of the raw text.
        text: the repaired text.
        paragraphs: the spans of its paragraphs.
    """
    repaired = [(bisect_left(text.starts, start), bisect_right(text.ends, end)) for start, end in spans]
    place = 0
    for _, end in paragraphs:
        first = place
        while place < len(repaired) and repaired[place][0] < end:
            place += 1
        yield [span for span in repaired[first:place] if span[0] < span[1]]
