"""Where a text repeats another: the words it has in common with it are replaced by where they are, and put back."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple

import regex

from kazstance.errors import KazstanceError
from kazstance.input.strict_json import StrictError, load_json
from kazstance.language.words import IN_UNSPACED
from kazstance.output.plain_json import to_value
from kazstance.schema.labels import NameKind

RUN: Final = 8
"""The number of words in a row from which a text is said to repeat another, as for quotations among copies."""
MARK: Final = "⟦text⟧"
"""How a text begins that refers to sentences: what follows is JSON, an array of texts and of [sentence, start, end]."""
LONGEST: Final = 2**26
"""Maximum length of a text that refers to sentences, in characters."""
WRITTEN: Final = 2**22
"""Maximum length of its references as they are written."""
SPACED: Final = regex.compile(rf"{IN_UNSPACED.pattern}|(?:(?!{IN_UNSPACED.pattern})\S)+")
"""What lies between white space; in scripts without spaces, a single character."""
CORE: Final = regex.compile(r"[\p{L}\p{M}\p{N}](?:.*[\p{L}\p{M}\p{N}])?", regex.DOTALL)
"""A word without the punctuation around it."""
HIDDEN: Final = regex.compile("|".join(rf"\[{kind}\]" for kind in NameKind))
"""What stands for a name in a probe."""
GONE: Final = "[…]"
"""What remains of a reference to a sentence that is missing."""
PIECE: Final = 3
"""The numbers of a reference: sentence, start, end."""


class Word(NamedTuple):
    """A word of a text, and where it is."""

    word: str
    start: int
    end: int


class Place(NamedTuple):
    """A part of a sentence: the number of its row in sentences, the first character, and one past the last."""

    sentence: int
    start: int
    end: int


Piece = str | Place
Run = tuple[str, ...]


def words(text: str) -> Iterator[Word]:
    """The words of a text as it is spelled, without punctuation, alone or around them."""
    for found in SPACED.finditer(text):
        if core := CORE.search(found[0]):
            yield Word(core[0], found.start() + core.start(), found.start() + core.end())


def find_runs(texts: Iterable[str], sentences: Iterable[tuple[str, str]]) -> dict[Run, tuple[Place, ...]]:
    """The runs of eight words that texts have in common with documents, with the first place of each word.

    Args:
        texts: the texts that may repeat documents.
        sentences: the document of each sentence and its text, in the order of the table.
    """
    sought = {run for text in texts for run in _runs([found.word for found in words(text)])}
    found: dict[Run, tuple[Place, ...]] = {}
    last: deque[tuple[str, Place]] = deque(maxlen=RUN)
    before = None
    for number, (document, text) in enumerate(sentences if sought else ()):
        if document != before:
            last.clear()
            before = document
        for word, start, end in words(text):
            last.append((word, Place(number, start, end)))
            run = tuple(one for one, _ in last)
            if run in sought:
                found.setdefault(run, tuple(place for _, place in last))
    return found


def _runs(names: Sequence[str]) -> Iterator[Run]:
    return (tuple(names[at : at + RUN]) for at in range(len(names) - RUN + 1))


@dataclass(frozen=True)
class Quotations:
    """The runs of words that texts have in common with documents, and the texts of all sentences by number."""

    runs: Mapping[Run, tuple[Place, ...]]
    sentences: Sequence[str]

    def cut(self, text: str) -> str:
        """A text with references in place of all runs of eight words that it has in common with a document."""
        return self._written(self._pieces(text))

    def shorten(self, text: str) -> str:
        """A text that people read, with seven words and an ellipsis in place of each of these runs."""
        kept: list[str] = []
        at = length = 0
        end = 0
        for word, place in [*self._found(text), (Word("", len(text), len(text)), None)]:
            if place:
                length += 1
                if length == RUN - 1:
                    end = word.end
                last = word.end
            else:
                if length >= RUN:
                    kept += [text[at:end], "…"]
                    at = last
                length = 0
        return "".join([*kept, text[at:]])

    def hide(self, text: str, paragraph: Sequence[int]) -> str:
        """A text in which names are hidden, as references to the sentences of its paragraph, given by number."""
        ends = list(accumulate(len(self.sentences[number]) + 1 for number in paragraph))
        whole = "".join(f"{self.sentences[number]} " for number in paragraph)
        pieces: list[Piece] = []
        after = done = 0
        for mask in [*HIDDEN.finditer(text), None]:
            part = text[done : mask.start() if mask else len(text)]
            at = whole.find(part, after)
            at = whole.find(part) if at < 0 else at
            after = max(at, 0) + len(part)
            pieces += self._pieces(part) if at < 0 else _places(zip(paragraph, ends, strict=True), at, after)
            if mask:
                pieces.append(mask[0])
                done = mask.end()
        return self._written(pieces)

    def _pieces(self, text: str) -> list[Piece]:
        """The parts of a text, those that repeat a document as places."""
        pieces: list[Piece] = []
        at = 0
        for word, place in self._found(text):
            if place:
                pieces += [text[at : word.start], place]
                at = word.end
        return [*pieces, text[at:]]

    def _found(self, text: str) -> Iterator[tuple[Word, Place | None]]:
        """The words of a text, each with its place if it is in a run that the text has in common with a document."""
        there = list(words(text))
        places: list[Place | None] = [None] * len(there)
        for at, run in enumerate(_runs([one.word for one in there])):
            for step, place in enumerate(self.runs.get(run, ())):
                places[at + step] = places[at + step] or place
        return zip(there, places, strict=True)

    def _written(self, pieces: Iterable[Piece]) -> str:
        """Parts of a text as one; plain if none of them is a place."""
        joined: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, Place):
                self._add(joined, piece)
            elif joined and isinstance(joined[-1], str):
                joined[-1] += piece
            elif piece:
                joined.append(piece)
        plain = "".join(piece for piece in joined if isinstance(piece, str))
        if len(joined) <= 1 and joined[:1] == [plain] and not plain.startswith(MARK):
            return plain
        return MARK + to_value(joined) if joined else ""

    def _add(self, joined: list[Piece], place: Place) -> None:
        """Add a place, as one with the place before it if what lies between them is as in the sentence."""
        between = joined[-1] if joined and isinstance(joined[-1], str) else ""
        last = joined[-1 - bool(between)] if len(joined) > bool(between) else None
        is_next = isinstance(last, Place) and last.sentence == place.sentence and last.end <= place.start
        if isinstance(last, Place) and is_next and self.sentences[place.sentence][last.end : place.start] == between:
            del joined[-1 - bool(between) :]
            place = Place(place.sentence, last.start, place.end)
        joined.append(place)


def _places(paragraph: Iterable[tuple[int, int]], start: int, end: int) -> Iterator[Piece]:
    """A part of a paragraph, whose sentences are given with their ends: one space lies between two of them."""
    begin = 0
    for number, after in paragraph:
        if start < after and end > begin:
            yield Place(number, max(start - begin, 0), min(end, after - 1) - begin)
            if end >= after:
                yield " "
        begin = after


def restore(text: str, sentences: Sequence[str | None]) -> str:
    """A text with what it refers to in place of its references.

    Args:
        text: the text, as `Quotations` wrote it.
        sentences: the texts of all sentences, by number; None for one that is missing, of which `[…]` remains.

    Raises:
        KazstanceError: it refers to what is not there, or becomes longer than 64 million characters.
    """
    if not text.startswith(MARK):
        return text
    if len(text) > WRITTEN:
        raise KazstanceError(f"{text[:80]!r}: has {len(text)} characters, expected at most {WRITTEN}")
    try:
        pieces = load_json(text.removeprefix(MARK))
    except StrictError as error:
        raise KazstanceError(f"{text[:80]!r}: {error}") from None
    if not isinstance(pieces, list):
        raise KazstanceError(f"{text[:80]!r}: expected an array after {MARK}")
    found: list[str] = []
    left = LONGEST
    for piece in pieces:
        found.append(piece if isinstance(piece, str) else _referred(piece, sentences))
        left -= len(found[-1])
        if left < 0:
            raise KazstanceError(f"{text[:80]!r}: refers to more than {LONGEST} characters, expected at most these")
    return "".join(found)


def _referred(piece: Any, sentences: Sequence[str | None]) -> str:
    """What a reference refers to."""
    if isinstance(piece, list) and len(piece) == PIECE and all(type(part) is int for part in piece):
        number, start, end = piece
        text = sentences[number] if 0 <= number < len(sentences) else ""
        if text is None:
            return GONE
        if 0 <= start <= end <= len(text):
            return text[start:end]
    raise KazstanceError(f"{str(piece)[:80]}: expected a text, or a sentence, start and end inside it")
