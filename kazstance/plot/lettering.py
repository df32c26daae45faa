"""Type in points: its sizes, how wide a text is, and how it is broken or shortened to fit."""

from collections.abc import Iterator
from typing import Final
from unicodedata import combining, east_asian_width

FONT: Final = "Arial, Liberation Sans, Arimo, Helvetica, Nimbus Sans, DejaVu Sans Condensed, sans-serif"
"""Families of the same width, and the nearest to it."""
SMALL: Final = 7.0
"""The smallest type there is, in points: what stands in rows, columns and keys."""
TITLE: Final = 10.0
LEADING: Final = 1.2
"""From one line to the next, in sizes of type."""
WIDTHS: Final = {
    0.222: "ijl'",
    0.278: " !,./:;I[]\\ft|",
    0.334: '-()r`{}"',
    0.5: "ckJsvxyz*^",
    0.556: "0123456789abdeghnopqu?_$#LF",
    0.612: "TZ+<=>~−±≥≤≠",
    0.667: "ABEKPSVXY&",
    0.722: "CDHNRUw",
    0.778: "GOQ",
    0.889: "mM%",
    1.02: "W@—…",
}
"""How wide characters of a sans-serif are, in sizes of type; rounded up, so that nothing is cut."""
ADVANCE: Final = {character: width for width, characters in WIDTHS.items() for character in characters}
OTHER: Final = 0.7
"""How wide any other character is, unless it is a wide one of East Asia."""
BOLD: Final = 1.08
"""How much wider bold type is."""


def width(text: str, size: float = SMALL, *, bold: bool = False) -> float:
    """How wide a text is, in points.

    Args:
        text: one line.
        size: the size of its type, in points.
        bold: whether it is bold.
    """
    return sum(map(_advance, text)) * size * (BOLD if bold else 1)


def _advance(character: str) -> float:
    if found := ADVANCE.get(character):
        return found
    return 0.0 if combining(character) else 1.0 if east_asian_width(character) in "WF" else OTHER


def shortened(text: str, room: float, size: float = SMALL) -> str:
    """A text, cut with an ellipsis if it is wider than the room, in points.

    Args:
        text: the text.
        room: the width that it may take, in points.
        size: the size of its type, in points.
    """
    if width(text, size) <= room:
        return text
    while text and width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(text: str, room: float, size: float = SMALL, most: int = 99, *, bold: bool = False) -> list[str]:
    """A text in lines that fit the room, in points.

    Words that are wider than a line are broken behind an underscore or a hyphen, or anywhere if they have none.

    Args:
        text: the text.
        room: the width of a line.
        size: the size of its type.
        most: how many lines there may be; the last one is then cut with an ellipsis.
        bold: whether it is bold.
    """
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if width(joined, size, bold=bold) <= room:
            lines[-1] = joined
        else:
            lines += _broken(word, room, size)
    lines = [line for line in lines if line] or [""]
    if len(lines) > most:
        lines[most - 1 :] = [shortened(" ".join(lines[most - 1 :]), room, size)]
    return lines


def _broken(word: str, room: float, size: float) -> Iterator[str]:
    """A word in pieces that fit."""
    while width(word, size) > room and len(word) > 1:
        end = next((end for end in range(len(word) - 1, 0, -1) if width(word[:end], size) <= room), 1)
        end = next((at for at in range(end, end // 2, -1) if word[at - 1] in "_-/"), end)
        yield word[:end]
        word = word[end:]
    yield word
