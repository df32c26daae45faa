"""Where the judgements of a table belong: the texts that were judged, in documents, in the order of the rows."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kazstance.corpus.imported.account import Account
from kazstance.corpus.imported.cells import Cells
from kazstance.corpus.imported.details import details_of
from kazstance.corpus.imported.said import NOT_STATED, Said
from kazstance.errors import Problem
from kazstance.input.strict_json import StrictError
from kazstance.input.text import MARK, check_plain

REPEATED: Final = "repeats an earlier row"
OTHERWISE: Final = "judged otherwise in an earlier row by the same annotator"
NO_TEXT: Final = "no text"
ABOUT: Final = ("date", "title", "url", "language")
"""The roles in which two texts that are documents of their own may differ."""
MOST_ROUNDS: Final = 2**31
NO_TARGET: Final = "no target"


class DocumentKey(NamedTuple):
    """What tells documents apart: a table may have one document in two splits, which are then two."""

    source: str
    name: str | None
    """Its name in the table, or that of its only text; None if texts have no names."""
    split: str | None
    text: str
    """What tells apart the texts that are documents of their own."""


@dataclass
class Unit:
    """A text that was judged."""

    text: str
    first: int
    """The row that it is first found in."""
    judgements: dict[tuple[str, ...], "Placed"] = field(default_factory=dict)
    """By target, holder, round and annotator."""


class Placed(NamedTuple):
    """A judgement, and the target, holder and round of its row."""

    said: Said
    target: str
    holder: str | None
    round: int
    more: list[int]
    """Rows with further evidence for it."""
    details: Mapping[str, Any]
    """What its row says besides, by field: explicitness, certainty, probability."""

    @property
    def key(self) -> tuple[str, ...]:
        """What an annotator judges once of a text."""
        return self.target, self.holder or "", str(self.round), self.said.annotator


@dataclass
class Texted:
    """A document: its units, by what tells them apart, in order."""

    key: DocumentKey
    units: dict[str, Unit] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    """The rows about it."""
    kept: list[int] = field(default_factory=list)
    """The row of each judgement."""


def place(
    said: Iterable[Said], cells: Cells, targets: Sequence[str], *, account: Account, is_exclusive: bool
) -> tuple[list[Texted], list[Problem]]:
    """The documents with their units and judgements, in the order of the rows, and the problems found.

    Texts are the same if their source, document and split are, and their id or, without one, their words. A table
    with neither documents nor ids may have a text several times: the second time that an annotator judges it on a
    target is about its second occurrence.

    Args:
        said: the judgements, row by row.
        cells: the values of the roles.
        targets: the target of each row, empty where there is none.
        account: told of the rows that are left out.
        is_exclusive: whether a text has one code, so that a text without a target is about none of them.
    """
    found = _Placing(cells, targets, account, is_exclusive=is_exclusive)
    by_row: dict[int, list[Said]] = defaultdict(list)
    for one in said:
        by_row[one.row].append(one)
    for row in range(cells.size):
        found.add(row, by_row[row])
    return [one for one in found.documents.values() if one.units], found.problems


class _Placing:
    """The documents as far as the rows have been read."""

    def __init__(self, cells: Cells, targets: Sequence[str], account: Account, *, is_exclusive: bool) -> None:
        self.cells, self.targets, self.account, self.is_exclusive = cells, targets, account, is_exclusive
        self.documents: dict[DocumentKey, Texted] = {}
        self.problems: list[Problem] = []
        self._seen: dict[tuple[str, ...], int] = defaultdict(int)

    def add(self, row: int, said: Sequence[Said]) -> None:
        """Add a row; the text of one without a judgement is kept if it is part of a document."""
        text = _plain(self.cells.of("text", row))
        if not text:
            self.account.reasons[row] = NO_TEXT
            return
        try:
            check_plain(text)
        except StrictError as error:
            self.problems.append(self.cells.problem("text", row, str(error)))
        judged = [one for one in said if self.targets[row] or (self.is_exclusive and one.label == "none")]
        if len(judged) < len(said):
            self.account.drop(row, NO_TARGET)
        if not judged and self.cells.of("document", row) is None:
            return
        if not judged:
            self.account.note("texts without a judgement, kept as parts of their documents")
        placed = [self._placed(one) for one in judged]
        key = self._key(row, text, placed)
        document = self.documents.setdefault(key, Texted(key))
        document.rows.append(row)
        unit = document.units.setdefault(unicodedata.normalize("NFC", text), Unit(text, row))
        for one in placed:
            self._judge(one, document, unit)

    def _placed(self, said: Said) -> Placed:
        value = self.cells.of("round", said.row) or "1"
        is_number = value.isascii() and value.isdigit() and 0 < int(value) < MOST_ROUNDS
        if not is_number:
            self.problems.append(self.cells.problem("round", said.row, f"{value[:80]!r}, expected a number from 1"))
        holder = self.cells.of("holder", said.row)
        details = details_of(said, self.cells, self.account, self.problems)
        return Placed(said, self.targets[said.row], holder, int(value) if is_number else 1, [], details)

    def _judge(self, placed: Placed, document: Texted, unit: Unit) -> None:
        """Add a judgement to its text unless the same annotator has given one already."""
        row, earlier = placed.said.row, unit.judgements.get(placed.key)
        if earlier is None:
            unit.judgements[placed.key] = placed
            document.kept.append(row)
        elif earlier.said.original != placed.said.original:
            self.account.drop(row, OTHERWISE)
        elif self.cells.of("evidence", row) is None:
            self.account.drop(row, REPEATED)
        else:  # further words that show the same label
            earlier.more.append(row)
            document.kept.append(row)

    def _key(self, row: int, text: str, placed: Sequence[Placed]) -> DocumentKey:
        """The document of a row."""
        source, split = self.cells.of("source", row) or NOT_STATED, self.cells.of("split", row)
        document, own = self.cells.of("document", row), self.cells.of("id", row)
        words = unicodedata.normalize("NFC", text)
        if document is not None:  # where equal texts are one: a text that a document repeats is annotated once
            return DocumentKey(source, document, split, "")
        if own is not None:
            return DocumentKey(source, own, split, words)
        about = "\n".join([words, *(self.cells.of(role, row) or "" for role in ABOUT)])
        keys = [(source, split or "", about, *one.key) for one in placed]
        occurrence = 1 + max(self._seen[key] for key in keys)
        self._seen.update(dict.fromkeys(keys, occurrence))
        return DocumentKey(source, None, split, f"{about}\n{occurrence}")


def _plain(text: str | None) -> str:
    """A text without white space around it."""
    return (text or "").removeprefix(MARK).strip()


def kept_rows(documents: Iterable[Texted]) -> Iterator[int]:
    """The numbers of the rows that gave a judgement."""
    for document in documents:
        yield from document.kept
