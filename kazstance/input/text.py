"""Bytes from outside as text: UTF-8 and nothing else; the error says what else they may be."""

import re
import unicodedata
from typing import Final

from kazstance.input.strict_json import StrictError

MARK: Final = "\ufeff"
"""The byte-order mark, which some programs write before UTF-8; it is not part of a text."""
MAGIC: Final = (
    (b"%PDF-", "a PDF file"),
    (b"{\\rtf", "an RTF file"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\xff\xfe\x00\x00", "text in UTF-32"),
    (b"\x00\x00\xfe\xff", "text in UTF-32"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
)
"""How files of other kinds begin."""
ZIPPED: Final = (
    (b"word/", "a Word file (DOCX)"),
    (b"xl/", "an Excel file (XLSX)"),
    (b"mimetype", "an ODT or EPUB file"),
)
HTML: Final = re.compile(r"\s*<(?:!doctype\s+html|html\b|head\b|body\b|\?xml\b)", re.IGNORECASE)
FRAGMENT: Final = re.compile(r"</(?:p|div|span|body|html|h[1-6]|li|ul|table|article|section|a)>", re.IGNORECASE)
FRAGMENTS: Final = 3
"""The number of closing tags from which a text that begins with a tag counts as HTML."""
WINDOWS: Final = frozenset(range(0x80, 0xA0))
"""Bytes that are quotation marks and dashes in Windows-1252 but control characters in ISO 8859."""
BEGINNING: Final = 2**16


def decode(content: bytes) -> str:
    """Bytes as text, including any byte-order mark.

    Raises:
        StrictError: they are not UTF-8, or are a file of another kind; the message says which, and what to do.
    """
    if other := other_kind(content):
        raise StrictError(f"this looks like {other}, expected plain text; save it as plain text in UTF-8", 1)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = f"byte 0x{content[error.start]:02x} at {error.start}, expected UTF-8"
        raise StrictError(f"{place}{_remedy(content)}", line) from None


def check_plain(text: str) -> None:
    """Check that a text to annotate is plain text.

    Raises:
        StrictError: it is empty, or HTML or XML.
    """
    if not text.removeprefix(MARK).strip():
        raise StrictError("the text is empty, expected sentences")
    start = text.removeprefix(MARK).lstrip()
    if HTML.match(start) or (start.startswith("<") and len(FRAGMENT.findall(text)) >= FRAGMENTS):
        raise StrictError("this looks like HTML or XML, expected plain text; save it as plain text in UTF-8", 1)


def comparable(text: str) -> str:
    """A text in the form used to compare texts: case, and compatible and invisible characters, make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(sign for sign in folded if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFKC", kept)


def other_kind(content: bytes) -> str | None:
    """What a file that is not text in UTF-8 is, as far as its bytes show."""
    for start, kind in MAGIC:
        if content.startswith(start):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return next((kind for mark, kind in ZIPPED if mark in content), "a ZIP archive")
    beginning = content[:BEGINNING]
    return "text in UTF-16 or a binary file" if beginning.count(0) > len(beginning) // 10 else None


def _remedy(content: bytes) -> str:
    """What to do about text in an older encoding."""
    try:
        content.decode("windows-1252")
    except UnicodeDecodeError:
        return ""
    name = "Windows-1252" if WINDOWS & set(content) else "Windows-1252 or ISO 8859-1"
    return f"; this looks like text in {name}, save it in UTF-8"
