"""Text files as streams of bytes in UTF-8: a few at a time, checked, in whatever encoding they are written."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from kazstance.errors import InputError, Problem, UnknownNameError
from kazstance.input.strict_json import StrictError
from kazstance.input.text import MARK, decode
from kazstance.paths import StrPath

BLOCK: Final = 2**20
"""Bytes that are read at a time."""
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks, and the encodings that they belong to."""
NAMING: Final = "or name its encoding with --encoding (in Python, encoding=)"
"""What else to do about bytes that are not UTF-8."""
ENOUGH: Final = 10
"""So many characters beyond ASCII that are valid UTF-8 do not occur by chance in text in another encoding."""


class TextFile(NamedTuple):
    """A text file and the encoding that it is read in; `notes` say where that is not the one that was asked for."""

    path: Path
    encoding: str
    notes: tuple[str, ...] = ()

    def pieces(self) -> Iterator[bytes]:
        """The text in UTF-8, piece by piece, without a byte-order mark.

        Raises:
            InputError: bytes are invalid in the encoding; the line is named.
        """
        decoder, lines, is_first = codecs.getincrementaldecoder(self.encoding)(), 0, True
        with self.path.open("rb") as stream:
            while True:
                content = stream.read(BLOCK)
                try:
                    text = decoder.decode(content, final=not content)
                    piece = (text.removeprefix(MARK) if is_first else text).encode()
                except UnicodeDecodeError as error:
                    raise InputError([self._problem(error, lines)]) from None
                if piece:
                    yield piece
                    lines, is_first = lines + piece.count(b"\n"), False
                if not content:
                    return

    def _problem(self, error: UnicodeDecodeError, lines: int) -> Problem:
        """Which bytes are invalid, on which line."""
        if self.encoding == "utf-8":
            try:
                decode(self.path.read_bytes())
            except StrictError as fault:
                return Problem(str(self.path), fault.line, None, f"{fault}, {NAMING}")
        line = lines + error.object[: error.start].count(b"\n") + 1
        came = error.object[error.start : error.end].hex(" ")
        return Problem(str(self.path), line, None, f"the bytes {came}, expected {self.encoding}")


def open_text(file: StrPath, encoding: str = "utf-8") -> TextFile:
    """A text file with the encoding that it is read in.

    A byte-order mark decides, and so do more than a few characters that are valid in UTF-8; otherwise the given
    encoding is used.

    Args:
        file: the path.
        encoding: the encoding that the user gave.

    Raises:
        UnknownNameError: there is no such encoding.
        InputError: it is a file of another kind.
        OSError: it cannot be read.
    """
    path = Path(file)
    try:
        asked = codecs.lookup(encoding)
        if not asked._is_text_encoding or asked.incrementaldecoder is None:  # the only way to ask
            raise LookupError
    except (LookupError, ValueError):
        raise UnknownNameError(encoding, "text encoding", ("utf-8", "windows-1252", "…")) from None
    with path.open("rb") as stream:
        beginning = stream.read(BLOCK)
    known = asked.name
    found = next((name for mark, name in MARKS if beginning.startswith(mark)), None)
    why = "its byte-order mark says"
    if found is None and known != "utf-8" and _is_surely_utf8(beginning):
        found, why = "utf-8", "its bytes are valid UTF-8"
    if found is None and known == "utf-8":
        _refuse_other_kinds(path, beginning)
    is_other = found is not None and not known.startswith(found)
    notes = (f"{path}: read as {str(found).upper()}, not {encoding}, since {why}",) if is_other else ()
    return TextFile(path, found if is_other and found else "utf-8" if known == "utf-8" else encoding, notes)


def _is_surely_utf8(content: bytes) -> bool:
    """Whether the beginning of a file is valid UTF-8 with so many characters beyond ASCII that chance is excluded."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError:
        return False
    return len(text) - len(text.encode("ascii", "ignore")) >= ENOUGH


def _refuse_other_kinds(path: Path, content: bytes) -> None:
    """Check that bytes are not those of an archive, a PDF or the like.

    Raises:
        InputError: they are.
    """
    try:
        decode(content)
    except StrictError as error:
        if "looks like" in str(error) and "expected plain text" in str(error):
            raise InputError([error.problem(str(path))]) from None
