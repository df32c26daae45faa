"""The main text of a file: plain text, a saved web page, PDF or Word, with what the file says about itself."""

import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.input.files import read_regular
from kazstance.input.strict_json import StrictError
from kazstance.input.text import check_plain, decode, other_kind
from kazstance.paths import StrPath

PLAIN: Final = (".txt", ".text", ".md")
NAMED: Final = {"a PDF file": ".pdf", "a Word file (DOCX)": ".docx"}
"""The suffix of kinds of files that can be read under it."""
BLOCK: Final = re.compile(r"\n[^\S\n]*\n|\f")
"""What separates the blocks of a page."""
HYPHEN: Final = re.compile(r"(?<=\w)[-\u00ad\u2010]\n(?=\w)")
"""A hyphen at the end of a line, within a word."""


@dataclass(frozen=True)
class Extracted:
    """A text, the tool that found it in a file, and what the file says about it; None is what it does not say."""

    content: bytes
    tool: str | None = None
    title: str | None = None
    date: str | None = None
    url: str | None = None
    note: str | None = None


def extract(file: StrPath, encoding: str = "utf-8") -> Extracted:
    """The main text of a file, by its suffix; plain text in UTF-8 stays as it is, byte for byte.

    From other files, each paragraph becomes a line, with an empty line between two of them. Nothing is downloaded.

    Args:
        file: the file: .txt, .html, .pdf or .docx.
        encoding: the encoding of plain text.

    Raises:
        KazstanceError: it is another kind of file, cannot be read, or has no text.
        MissingExtraError: the package that reads it is not installed.
    """
    path = Path(file)
    suffix = path.suffix.lower()
    if suffix not in PLAIN and suffix not in READERS:
        known = ", ".join([*PLAIN, *READERS])
        came = "a folder" if path.is_dir() else repr(path.suffix)
        remedy = "pass the files in it" if path.is_dir() else "save it as one of these"
        raise KazstanceError(f"{path}: {came}, expected a text as {known}; {remedy}")
    try:
        content = read_regular(path)
    except OSError as error:
        raise KazstanceError(f"{path}: {error.strerror or error}, expected a file") from None
    found = _plain(path, content, encoding) if suffix in PLAIN else READERS[suffix](path, content)
    try:
        check_plain(found.content.decode())
    except StrictError as error:
        raise KazstanceError(f"{path}: {error}{_remedy(path, suffix, str(error))}") from None
    return found


def _remedy(path: Path, suffix: str, fault: str) -> str:
    if "HTML" in fault and suffix in PLAIN:
        return f", or rename it to {path.with_suffix('.html').name}"
    return "; a scanned page has to be read by a program for text recognition first" if suffix == ".pdf" else ""


def _check_kind(path: Path, content: bytes) -> None:
    """Check that a file with the suffix of plain text is text, in whatever encoding.

    Raises:
        KazstanceError: it is a file of another kind.
    """
    kind = other_kind(content)
    if kind is not None and "text" not in kind:
        suffix = NAMED.get(kind)
        remedy = f"rename it to {path.with_suffix(suffix).name}" if suffix else "save it as plain text in UTF-8"
        raise KazstanceError(f"{path}: this looks like {kind}, expected plain text; {remedy}")


def _plain(path: Path, content: bytes, encoding: str) -> Extracted:
    """A plain text; one in another encoding becomes UTF-8."""
    _check_kind(path, content)
    try:
        if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
            decode(content)
            return Extracted(content)
        return Extracted(content.decode(encoding).encode(), f"codec {encoding}")
    except LookupError:
        raise KazstanceError(f"{encoding!r} is not an encoding; expected utf-8, windows-1252 or another") from None
    except StrictError as error:
        place = f"{path}:{error.line}" if error.line else str(path)
        raise KazstanceError(f"{place}: {error}, or pass --encoding {_encoding_of(content)}") from None
    except UnicodeError as error:
        raise KazstanceError(f"{path}: {error}; expected text in {encoding}") from None


def _encoding_of(content: bytes) -> str:
    """The encoding that text other than UTF-8 most probably has."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return "utf-16-le" if other_kind(content) else "windows-1252"


@naming_extras()
def _from_html(path: Path, content: bytes) -> Extracted:
    """The main text of a web page, without menus and comments."""
    import trafilatura  # noqa: PLC0415  # an extra

    settings = {"extensive_search": False, "original_date": True}
    with _reading(path, "a web page"):
        page = trafilatura.bare_extraction(
            content, include_comments=False, with_metadata=True, date_extraction_params=settings
        )
    said: Mapping[str, Any] = page if isinstance(page, dict) else page.as_dict() if page else {}
    paragraphs = (said.get("text") or "").split("\n")
    return _extracted(paragraphs, "trafilatura", **{key: said.get(key) or None for key in ("title", "date", "url")})


@naming_extras()
def _from_pdf(path: Path, content: bytes) -> Extracted:
    """The text of a PDF file: the lines of each block are joined, as are words divided at the end of a line."""
    from pdfminer.high_level import extract_text  # noqa: PLC0415  # an extra

    with _reading(path, "PDF"):
        text = extract_text(io.BytesIO(content))
    blocks = [" ".join(_joined(block).split()) for block in BLOCK.split(text)]
    note = "words divided at the end of a line were joined; page numbers and running heads are still there"
    return _extracted(blocks, "pdfminer.six", note=note)


def _joined(block: str) -> str:
    """A block without the hyphens that divide a word at the end of a line; before a capital, the hyphen stays."""
    return HYPHEN.sub(lambda found: "" if block[found.end()].islower() else found[0][0], block)


@naming_extras()
def _from_docx(path: Path, content: bytes) -> Extracted:
    """The paragraphs of a Word file, and the rows of its tables."""
    import docx  # noqa: PLC0415  # an extra

    with _reading(path, "a Word file"):
        document = docx.Document(io.BytesIO(content))
        paragraphs = [line for part in document.iter_inner_content() for line in _lines(part)]
        has_notes = any("footnotes" in str(part.partname) for part in document.part.package.iter_parts())
        title = document.core_properties.title or None
    return _extracted(paragraphs, "python-docx", title=title, note="footnotes are left out" if has_notes else None)


def _lines(part: Any) -> Iterator[str]:
    """The lines of a paragraph, or of the rows of a table."""
    if hasattr(part, "rows"):
        yield from ("\t".join(" ".join(cell.text.split()) for cell in row.cells) for row in part.rows)
    else:
        yield from part.text.split("\n")


@contextmanager
def _reading(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a package raises while it reads a file into one line."""
    try:
        yield
    except Exception as error:
        raise KazstanceError(f"{path}: {str(error) or type(error).__name__}; expected {kind}") from error


def _extracted(paragraphs: Iterable[str], package: str, **said: str | None) -> Extracted:
    """Paragraphs as a text, one in each line, and the version of the package that found them."""
    text = "\n\n".join(line for paragraph in paragraphs if (line := paragraph.strip()))
    content = unicodedata.normalize("NFC", text + "\n").encode(errors="replace")
    return Extracted(content, f"{package} {version(package)}", **said)


READERS: Final[Mapping[str, Callable[[Path, bytes], Extracted]]] = {
    ".html": _from_html,
    ".htm": _from_html,
    ".xhtml": _from_html,
    ".pdf": _from_pdf,
    ".docx": _from_docx,
}
"""What reads a kind of file, by suffix."""
