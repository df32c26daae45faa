"""Annotated texts and somebody's own copies: which copy is which text, and which of its sentences are the same."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Final, NamedTuple

from kazstance.corpus.listing import SUFFIX, TEXTS
from kazstance.corpus.own_copies import Copy, OwnCopies
from kazstance.corpus.repair import apply
from kazstance.input.text import MARK
from kazstance.schema.digest import text_hash
from kazstance.schema.records import Repair

REACH: Final = 20_000
"""How many places are tried for a sentence that is not where it is expected."""
MOST: Final = 2_000_000
"""How many places are tried on either side, for all sentences together."""


class Unit(NamedTuple):
    """A sentence by its place in the raw text, the repairs of its text, and the beginning of the text's SHA-256."""

    sentence_id: str
    start: int
    end: int
    repairs: tuple[Repair, ...]
    text_hash: str


@dataclass(frozen=True)
class Wanted:
    """A text that was annotated: its id, the SHA-256 of its bytes, and its sentences in order."""

    document_id: str
    raw_sha256: str
    units: Sequence[Unit]


@dataclass(frozen=True)
class Match:
    """What a copy gives of a text."""

    wanted: Wanted
    sentences: Sequence[str | None]
    """The text of each sentence; None for one that is not in the copy."""
    note: str = ""
    """In which way the copy is another one, if it is."""
    fault: str = ""
    """What is wrong; empty if all sentences are there."""


@dataclass
class Search:
    """Finds sentences in copies that have changed; how many places it tries is bounded."""

    left: int = MOST

    def find(self, text: str, units: Sequence[Unit]) -> list[str | None]:
        """The texts of sentences, each looked for around the place where those before it make it likely."""
        found, shift = [], 0
        for unit in units:
            at = next((at for at in self._places(unit.start + shift, text) if _is_at(text, unit, at)), None)
            if at is not None:
                shift = at - unit.start
            found.append(None if at is None else _cut(text, unit, at))
        return found

    def _places(self, start: int, text: str) -> Iterator[int]:
        """Places in a text, the nearest first."""
        yield start
        for step in range(1, REACH // 2):
            if not self.left or step > max(start, len(text) - start):
                return
            self.left -= 1
            yield from (start - step, start + step)


def match(wanted: Sequence[Wanted], copies: OwnCopies) -> Iterator[Match]:
    """What somebody's own copies give of each text, in the order of the texts.

    A copy is found by its content, whatever its name, even if its line ends, a byte-order mark or the line ends after
    the last line differ. Otherwise each sentence is looked for in the copy with the text's name, and among the rows of
    a table.
    """
    digests = {name: _digest(copy.text) for name, copy in copies.texts.items()}
    by_digest = {digest: copies.texts[name] for name, digest in digests.items()}
    lacking = {one.raw_sha256 for one in wanted} - by_digest.keys()
    others = {
        digest: (copy, text)
        for copy in (copies.texts.values() if lacking else ())
        for digest, text in _variants(copy.text, lacking)
    }
    search = Search()
    for one in wanted:
        named = copies.texts.get(one.document_id)
        if copy := by_digest.get(one.raw_sha256):
            is_named = digests.get(one.document_id) == one.raw_sha256
            yield _whole(one, copy.text, "" if is_named else f"its text is in {copy.place}")
        elif other := others.get(one.raw_sha256):
            copy, text = other
            yield _whole(one, text, f"{copy.place} differs only in line ends or in a byte-order mark")
        else:
            found = search.find(named.text, one.units) if named else [None] * len(one.units)
            texts = [
                copies.rows.get(unit.text_hash) if t is None else t for unit, t in zip(one.units, found, strict=True)
            ]
            yield _compared(one, texts, _state(one, named, copies))


def _state(wanted: Wanted, named: Copy | None, copies: OwnCopies) -> str:
    """What is known of the copy of a text that is not exactly the one that was annotated."""
    fault = copies.faults.get(wanted.document_id)
    if named:
        return f"{named.place} is another version of the text"
    name = f"{TEXTS}/{wanted.document_id}{SUFFIX}"
    return f"cannot be read: {fault}" if fault else f"is missing, expected {name}, or the same text under any name"


def _whole(wanted: Wanted, text: str, note: str) -> Match:
    """The sentences of a text that is exactly the one that was annotated."""
    sentences = [_cut(text, unit, unit.start) if _is_at(text, unit, unit.start) else None for unit in wanted.units]
    wrong = [unit.sentence_id for unit, found in zip(wanted.units, sentences, strict=True) if found is None]
    fault = f"the text is the right one, but {wrong[0]} does not have its hash: the dataset is damaged" if wrong else ""
    return Match(wanted, sentences, note, fault)


def _compared(wanted: Wanted, sentences: Sequence[str | None], state: str) -> Match:
    """The sentences of a text that differs from the one that was annotated."""
    wrong = [unit.sentence_id for unit, found in zip(wanted.units, sentences, strict=True) if found is None]
    total = len(sentences)
    if sentences and not wrong:
        return Match(wanted, sentences, f"{state}, but all {total} sentences are there")
    there = f"{total - len(wrong)} of {total} sentences are there"
    first = f", the first that is not is {wrong[0]}" if 0 < len(wrong) < total else ""
    return Match(wanted, sentences, fault=f"{state}; {there}{first}")


def _is_at(text: str, unit: Unit, at: int) -> bool:
    return 0 <= at < len(text) and text_hash(_cut(text, unit, at)) == unit.text_hash


def _cut(text: str, unit: Unit, at: int) -> str:
    """The text of a sentence that begins at a place of the raw text."""
    raw = text[at : at + unit.end - unit.start]
    return apply(raw, unit.start, unit.repairs) if unit.repairs else raw


def _variants(text: str, wanted: Container[str]) -> Iterator[tuple[str, str]]:
    """A text with other line ends, with or without a byte-order mark and a last line end: those with wanted digests."""
    plain = text.removeprefix(MARK).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    for line_end, start, last in product(("\n", "\r\n", "\r"), ("", MARK), ("", "\n", "\n\n")):
        other = start + (plain + last).replace("\n", line_end)
        if (digest := _digest(other)) in wanted:
            yield digest, other


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
