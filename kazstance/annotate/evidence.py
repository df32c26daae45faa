"""Find the words that an annotator copied or typed in the sentence that they come from."""

import re
import unicodedata
from typing import Final

BETWEEN: Final = re.compile(r"\s*(?:\+\+|[\r\n]+)\s*")
"""What separates several spans of evidence in a cell."""
ALIKE: Final = str.maketrans(
    dict.fromkeys("‘’‚‛ʼʻ′`´＇", "'") | dict.fromkeys("“”„‟«»″〃＂", '"') | dict.fromkeys("‐‑‒–—―−－", "-")
)
"""Signs that keyboards and spreadsheet programs put in place of one another."""


def find_words(words: str, text: str, start: int | None = None) -> tuple[int, str] | None:
    """Where words are in a sentence, and how the sentence has them; None if they are not there.

    They are searched as they are; then regardless of typographic forms of quotation marks, apostrophes, hyphens and
    spaces; then also regardless of case. Without a start, the first place is taken.

    Args:
        words: the words.
        text: the sentence.
        start: the place that is given for them, in characters, or in units of UTF-16 as browsers count.
    """
    if not words.strip():
        return None
    for place in (start, None if start is None else _from_utf16(text, start)):
        if place is not None and place >= 0 and text[place : place + len(words)] == words:
            return place, words
    if start is not None:  # somebody marked a place, so that only one may be meant
        return (text.index(words), words) if text.count(words) == 1 else None
    if words in text:
        return text.index(words), words
    for ignoring_case in (False, True):
        plain, places = _plain(text, ignoring_case=ignoring_case)
        wanted = _plain(words, ignoring_case=ignoring_case)[0].strip()
        at = plain.find(wanted)
        if wanted and at >= 0:
            begin, end = places[at], places[at + len(wanted) - 1] + 1
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
            return begin, text[begin:end]
    return None


def _plain(text: str, *, ignoring_case: bool) -> tuple[str, list[int]]:
    """A text without typographic differences, and the place in the text that each of its characters comes from."""
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if unicodedata.category(sign) == "Cf":
            continue
        form = unicodedata.normalize("NFKC", sign.translate(ALIKE)).translate(ALIKE)
        for part in form.casefold() if ignoring_case else form:
            if part.isspace() and signs and signs[-1] == " ":
                continue
            signs.append(" " if part.isspace() else part)
            places.append(place)
    return "".join(signs), places


def _from_utf16(text: str, start: int) -> int:
    """The place in characters of a place in units of UTF-16."""
    if start < 0:
        return start
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * start].decode("utf-16-le", "ignore"))
