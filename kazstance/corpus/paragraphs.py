"""Where the paragraphs of a text end: at every line end, or at blank lines."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from kazstance.corpus.inputs import Paragraphs

Span = tuple[int, int]
BLANK_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n)+")


def paragraph_spans(text: str, ends: Paragraphs) -> Iterator[Span]:
    """The spans of the paragraphs of a text; some may be empty."""
    return WAYS[ends](text)


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _blocks(text: str) -> Iterator[Span]:
    start = 0
    for found in BLANK_LINES.finditer(text):
        yield start, found.start()
        start = found.end()
    yield start, len(text)


WAYS: Final[dict[Paragraphs, Callable[[str], Iterator[Span]]]] = {"line": _lines, "blank_line": _blocks}
