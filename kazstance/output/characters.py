"""Characters that act instead of being displayed: control characters, bidirectional overrides, invisible characters."""

import re
from typing import Final

INVISIBLE: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 except tab and line feed, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Control, format and surrogate characters, invisible letters and noncharacters (Unicode, Default_Ignorable), as a
regular expression writes them. Variation selectors, which choose the form of a character, are not among them."""
JOINERS: Final = "(?<![^\x00-\u02ff])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\u02ff])"
"""A joiner that joins nothing; between letters of joined scripts, and within emoji, a joiner belongs to the text."""
ACTIVE: Final = re.compile(f"[{INVISIBLE}]|{JOINERS}")
"""One character that affects a terminal, a page or a reader without being displayed."""

NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def safe(text: str) -> str:
    """A text for a terminal or a page, with active characters written as escapes; line feeds and tabs stay."""
    return ACTIVE.sub(_escape, text)


def safe_line(text: str) -> str:
    """A text as part of one line: line feeds and tabs are written as escapes too."""
    return safe(text).replace("\n", r"\n").replace("\t", r"\t")


def for_xml(text: str) -> str:
    """A text for XML: control characters, surrogates and noncharacters are replaced by the replacement character.

    XML 1.0 allows neither these characters nor references to them, except some of C1, which no text needs.
    """
    return NOT_XML.sub("\ufffd", text)


def _escape(found: re.Match[str]) -> str:
    """A character as Python escapes it in a string."""
    return found[0].encode("unicode_escape").decode("ascii")
