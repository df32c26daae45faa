"""Which program cuts a text into units: by its language, or by name; and that what it gives are units."""

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from itertools import chain
from operator import index
from pathlib import Path
from typing import Any, Final, TypeVar

import regex

from kazstance.errors import KazstanceError, choose
from kazstance.extras import naming_extras
from kazstance.language import sentences as unicode_rules
from kazstance.language.tags import base, script
from kazstance.paths import StrPath

Span = tuple[int, int]
Cut = Callable[[str, str], Iterable[Span]]
"""A paragraph and the tag of its language in; the spans of its units in code points out, in order."""
C = TypeVar("C", bound=Cut)
NAMES: Final = ("nupunkt", "unicode", "yasbd", "lines")
PATH: Final = regex.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")
UNMARKED: Final = {"Thai": "Thai", "Laoo": "Lao", "Tibt": "Tibetan"}
"""Scripts (ISO 15924) whose sentences end without a mark of their own."""
MARKED: Final = "kazstance_segmenter"


@dataclass(frozen=True)
class Segmenter:
    """What cuts paragraphs into units, under the name and version that the manifest gives."""

    name: str
    version: str
    cut: Cut
    note: str = ""
    """What a user should know of the choice."""

    def spans(self, text: str, language: str) -> list[Span]:
        """The spans of the units of a paragraph, in order, which together hold all of it but white space.

        Raises:
            KazstanceError: the segmenter fails, or its spans are not such.
        """
        if not text.strip():
            return []
        try:
            found = list(self.cut(text, language))
        except KazstanceError:
            raise
        except Exception as error:  # a user's function may raise anything
            raise KazstanceError(f"segmenter {self.name}: {type(error).__name__}: {error}") from error
        spans = [span for value in found if (span := _as_span(value))]
        if fault := next(chain(_strays(found), _faults(spans, text)), None):
            raise KazstanceError(f"segmenter {self.name}: {fault}, in {text[:80]!r}")
        return spans


def segmenter(version: str) -> Callable[[C], C]:
    """Mark a function as a segmenter that `segmenter = "module:function"` of a corpus may name.

    It takes a paragraph and the tag of its language, and gives the spans of the units in code points, in order. Only
    marked functions are ever called, so that a corpus folder from elsewhere cannot name others.

    Args:
        version: its version, for the manifest.
    """

    def mark(function: C) -> C:
        setattr(function, MARKED, version)
        return function

    return mark


def choose_segmenter(name: str | None, language: str, corpus: StrPath) -> Segmenter:
    """The segmenter of that name, or where there is none that of the language: nupunkt for English, else `unicode`.

    Args:
        name: one of `NAMES`, or `module:function`.
        language: the language of the text, as a BCP 47 tag.
        corpus: the corpus folder, no code of which is run.

    Raises:
        KazstanceError: there is no such segmenter, or it does not know the language.
        MissingExtraError: a package that it needs is not installed.
    """
    if name is not None and ":" in name:
        return _imported(name, Path(corpus))
    found = name or ("nupunkt" if base(language) == "en" else "unicode")
    if found not in NAMES:
        raise KazstanceError(f"{found!r} is not a segmenter; {choose(found, (*NAMES, 'given', 'module:function'))}")
    if found in ("unicode", "nupunkt") and (unmarked := UNMARKED.get(script(language))):
        raise KazstanceError(
            f'text in the {unmarked} script has no marks at the ends of sentences; set segmenter = "lines" (one unit '
            "per line), or choose another segmenter"
        )
    if found == "yasbd":
        _yasbd(base(language))
    elif found == "nupunkt":
        _nupunkt()
    note = ""
    if found == "unicode" and not unicode_rules.has_rules(language):
        note = f"language {language!r} has no sentence rules; its text is split at Unicode sentence ends"
    return Segmenter(found, _version(found), CUTS[found], note)


def _as_span(value: Any) -> Span | None:
    """A pair of whole numbers, of any type that is one; None for anything else."""
    try:
        start, end = value
        return index(start), index(end)
    except (TypeError, ValueError):
        return None


def _strays(values: Iterable[Any]) -> Iterator[str]:
    """What is wrong with values that are not spans."""
    return (f"{value!r} is not a span; expected two whole numbers" for value in values if not _as_span(value))


def _faults(spans: Iterable[Span], text: str) -> Iterator[str]:
    """What is wrong with the spans of a text."""
    done = 0
    for start, end in spans:
        if not done <= start < end:
            yield f"the span {start, end} is empty, or begins before {done}, where the span before it ends"
        if end > len(text):
            yield f"the span {start, end} ends beyond the text, which has {len(text)} characters"
        yield from _lost(text, done, start)
        done = end
    yield from _lost(text, done, len(text))


def _lost(text: str, start: int, end: int) -> Iterator[str]:
    """What stands between two units."""
    between = text[start:end]
    if lost := between.strip():
        yield f"{lost[:80]!r} at {start + between.index(lost)} is not in any unit"


def _imported(name: str, corpus: Path) -> Segmenter:
    """A user's segmenter."""
    module, _, function = name.partition(":")
    if not PATH.fullmatch(name):
        raise KazstanceError(f"{name!r} is not a segmenter; expected module:function")
    place = _place(module.partition(".")[0])
    where = [place.origin if place.has_location else None, *(place.submodule_search_locations or ())] if place else []
    if any(path and Path(path).resolve().is_relative_to(corpus.resolve()) for path in where):
        raise KazstanceError(f"{module} is part of the corpus folder, whose code is not run; move it out of the folder")
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as error:  # the module may raise anything
        raise KazstanceError(
            f"{name}: {type(error).__name__}: {error}; expected a module that is installed or on PYTHONPATH"
        ) from error
    if not callable(found) or not isinstance(getattr(found, MARKED, None), str):
        raise KazstanceError(f"{name} is not marked as a segmenter; expected a function under @segmenter(version)")
    return Segmenter(name, getattr(found, MARKED), found)


def _place(package: str) -> ModuleSpec | None:
    """Where a package is; None if it is nowhere, or was made at run time, as `__main__` may be."""
    try:
        return importlib.util.find_spec(package)
    except ValueError:
        return None


@cache
def _version(name: str) -> str:
    """The version of a segmenter of ours, with that of what it rests on."""
    if name == "unicode":
        return f"{unicode_rules.VERSION}, regex {version('regex')}"
    packages = {"nupunkt": "nupunkt", "yasbd": "yasbd-lib"}
    return version(packages[name]) if name in packages else "1"


def _cut_by_nupunkt(text: str, _: str) -> Iterable[Span]:
    return _nupunkt()(text)


def _cut_by_yasbd(text: str, language: str) -> Iterator[Span]:
    start = 0
    for end in _yasbd(base(language)).detect(text):
        if piece := text[start:end].strip():
            begin = text.index(piece, start)
            yield begin, begin + len(piece)
        start = end


def _cut_lines(text: str, _: str) -> Iterator[Span]:
    return (found.span() for found in regex.finditer(r"[^\s](?:.*[^\s])?", text))


@cache
def _nupunkt() -> Callable[[str], list[Span]]:
    with naming_extras():
        from nupunkt import sent_spans  # noqa: PLC0415  # of an extra
    found: Callable[[str], list[Span]] = sent_spans
    return found


@cache
def _yasbd(name: str) -> Any:
    with naming_extras():
        from yasbd.boundary_detector import BoundaryDetector  # noqa: PLC0415  # of an extra
        from yasbd.exceptions import UnsupportedLanguageError  # noqa: PLC0415
    try:
        return BoundaryDetector(name)
    except UnsupportedLanguageError:
        raise KazstanceError(f"segmenter yasbd: it has no rules for the language {name!r}") from None


CUTS: Final[dict[str, Cut]] = {
    "nupunkt": _cut_by_nupunkt,
    "unicode": unicode_rules.sentences,
    "yasbd": _cut_by_yasbd,
    "lines": _cut_lines,
}
