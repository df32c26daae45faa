"""The ids of sources, documents, targets and annotators: letters of any script, safe in paths everywhere."""

import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain, count
from typing import Annotated, Final, cast

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo

SIGNS: Final = "_-."
"""What an id may contain besides letters, marks and digits."""
MOST_BYTES: Final = 100
"""Maximum length of an id, in bytes of UTF-8."""
DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))})
"""Names that Windows reserves for devices, with any suffix."""
KINDS: Final = "LMN"
"""The first letters of the Unicode categories of letters, marks and digits."""
NAMED: Final = r"[^\s/:.]([^\s/:]*[^\s/:.])?"
"""What every id matches, in a form that all readers of JSON Schema understand; `check_id` is stricter."""


@lru_cache(2**16)
def check_id(name: str) -> str:
    """The id itself.

    Raises:
        ValueError: it is not an id; the message says why.
    """
    fault = next(_faults(name), None)
    if fault:
        raise ValueError(f"{name[:MOST_BYTES]!r} {fault}")
    return name


def make_id(text: str, taken: Collection[str] = ()) -> str:
    """An id made from any text: in lower case, `_` for all that an id may not have, and different from those taken.

    Args:
        text: any text, such as a name or a title.
        taken: ids that are in use.
    """
    lower = unicodedata.normalize("NFC", text.casefold())
    known = "".join(sign if unicodedata.category(sign)[0] in KINDS else " " for sign in lower)
    words = "_".join(unicodedata.normalize("NFC", known).split()) or "unnamed"
    name = words.encode()[: MOST_BYTES - len("_9999")].decode(errors="ignore").strip("_")
    name = f"{name}_" if name in DEVICES else name
    others = {folded(one) for one in taken}
    return next(one for one in chain([name], (f"{name}_{n}" for n in count(2))) if folded(one) not in others)


def _faults(name: str) -> Iterator[str]:
    """What keeps a text from being an id."""
    other = [sign for sign in name if sign not in SIGNS and unicodedata.category(sign)[0] not in KINDS]
    if not name:
        yield "is empty, expected an id"
    if other:
        yield f"has {other[0]!r}, expected letters, marks and digits of any script, and _ - ."
    if name.startswith(".") or name.endswith("."):
        yield "begins or ends with a dot"
    if name.lower().split(".")[0] in DEVICES:
        yield "is a name that Windows reserves for a device"
    if not unicodedata.is_normalized("NFC", name):
        yield f"is not in Unicode normal form C, expected {unicodedata.normalize('NFC', name)!r}"
    if (size := len(name.encode(errors="surrogatepass"))) > MOST_BYTES:
        yield f"has {size} bytes in UTF-8, expected at most {MOST_BYTES}"


@lru_cache(2**16)
def check_document_id(name: str) -> str:
    """The id of a document: its source's, or source/name.

    Raises:
        ValueError: it is not such an id.
    """
    return _checked(name, 0, "source or source/name")


@lru_cache(2**16)
def check_paragraph_id(name: str) -> str:
    """The id of a paragraph: its document's and its number.

    Raises:
        ValueError: it is not such an id.
    """
    return _checked(name, 1, "document/paragraph")


@lru_cache(2**16)
def check_sentence_id(name: str) -> str:
    """The id of a sentence: its paragraph's and its number.

    Raises:
        ValueError: it is not such an id.
    """
    return _checked(name, 2, "document/paragraph/sentence")


def _checked(name: str, numbers: int, form: str) -> str:
    """An id of one or two names and some numbers counted from 1."""
    parts = name.split("/")
    named, counted = parts[: len(parts) - numbers], parts[len(parts) - numbers :]
    if len(named) not in (1, 2) or not all(map(_is_number, counted)):
        raise ValueError(f"{name[: 2 * MOST_BYTES]!r} is not an id; expected {form}")
    for part in named:
        check_id(part)
    return name


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and not text.startswith("0")


def folded(name: str) -> str:
    """An id as it is compared with others: ids that differ only in case are the same on some file systems."""
    return unicodedata.normalize("NFC", name.casefold())


def document_of(paragraph_id: str) -> str:
    """The document of a paragraph."""
    return paragraph_id.rpartition("/")[0]


def _described(pattern: str) -> FieldInfo:
    """A field whose JSON Schema has a pattern; the check of its values is stricter."""
    return cast("FieldInfo", Field(json_schema_extra={"pattern": f"^{pattern}$"}))


Name = Annotated[str, AfterValidator(check_id), _described(NAMED)]
"""The id of a source, target or annotator."""
DocumentId = Annotated[str, AfterValidator(check_document_id), _described(f"{NAMED}(/{NAMED})?")]
ParagraphId = Annotated[str, AfterValidator(check_paragraph_id), _described(f"{NAMED}(/{NAMED})?/[1-9][0-9]*")]
SentenceId = Annotated[str, AfterValidator(check_sentence_id), _described(f"{NAMED}(/{NAMED})?(/[1-9][0-9]*){{2}}")]
