"""Where the judgements of a table belong: the texts that were judged, in documents, in the order of the rows."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from kazstance.corpus.imported.account import Account
from kazstance.corpus.imported.said import NOT_STATED, Said, Texts
from kazstance.errors import Problem
from kazstance.input.strict_json import StrictError
from kazstance.input.text import MARK, check_plain

REPEATED: Final = "repeats an earlier row"
OTHERWISE: Final = "judged otherwise in an earlier row by the same annotator"
NO_TEXT: Final = "no text"
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
    judgements: list["Placed"] = field(default_factory=list)
    taken: dict[tuple[str, ...], str] = field(default_factory=dict)
    """The label of each annotator for each target, holder and round."""


class Placed(NamedTuple):
    """A judgement, and the target, holder and round of its row."""

    said: Said
    target: str
    holder: str | None
    round: int


@dataclass
class Texted:
    """A document: its units, by what tells them apart, in order."""

    key: DocumentKey
    units: dict[str, Unit] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    """The rows about it that are kept."""


@dataclass(frozen=True)
class Cells:
    """The values of the roles by row; a role without a column has no values."""

    name: str
    """What messages call the table."""
    size: int
    values: Mapping[str, Texts]
    columns: Mapping[str, str]

    def of(self, role: str, row: int) -> str | None:
        """The value of a role in a row."""
        return self.values[role][row] if role in self.values else None

    def problem(self, role: str, row: int, message: str) -> Problem:
        """A problem with a cell."""
        return Problem(self.name, None, self.columns.get(role, role), message, row + 1)


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
    documents: dict[DocumentKey, Texted] = {}
    seen: dict[tuple[str, ...], int] = defaultdict(int)
    problems: list[Problem] = []
    for one in said:
        text = _plain(cells.of("text", one.row))
        if not text:
            account.drop(one.row, NO_TEXT)
            continue
        if not targets[one.row] and not (is_exclusive and one.label == "none"):
            account.drop(one.row, NO_TARGET)
            continue
        try:
            check_plain(text)
        except StrictError as error:
            problems.append(cells.problem("text", one.row, str(error)))
        placed = Placed(one, targets[one.row], cells.of("holder", one.row), _round(cells, one.row, problems))
        key, own = _keys(placed, text, cells, seen)
        document = documents.setdefault(key, Texted(key))
        _add(document, document.units.setdefault(own, Unit(text, one.row)), placed, account)
    return [document for document in documents.values() if document.rows], problems


def _plain(text: str | None) -> str:
    """A text without white space around it."""
    return (text or "").removeprefix(MARK).strip()


def _round(cells: Cells, row: int, problems: list[Problem]) -> int:
    value = cells.of("round", row) or "1"
    if value.isascii() and value.isdigit() and 0 < int(value) < 2**31:
        return int(value)
    problems.append(cells.problem("round", row, f"{value[:80]!r}, expected a number from 1"))
    return 1


def _keys(placed: Placed, text: str, cells: Cells, seen: dict[tuple[str, ...], int]) -> tuple[DocumentKey, str]:
    """The document of a judgement, and what tells its text apart in it."""
    row, words = placed.said.row, unicodedata.normalize("NFC", text)
    source, split = cells.of("source", row) or NOT_STATED, cells.of("split", row)
    document, own = cells.of("document", row), cells.of("id", row)
    if document is not None:  # where equal texts are one: a text that a document repeats is annotated once
        return DocumentKey(source, document, split, ""), words
    if own is not None:
        return DocumentKey(source, own, split, words), words
    about = [cells.of(role, row) or "" for role in ("date", "title", "url", "language")]
    text_key = "\n".join([words, *about])
    key = (source, split or "", text_key, placed.target, placed.holder or "", str(placed.round), placed.said.annotator)
    seen[key] += 1
    return DocumentKey(source, None, split, f"{text_key}\n{seen[key]}"), words


def _add(document: Texted, unit: Unit, placed: Placed, account: Account) -> None:
    """Add a judgement to its text unless the same annotator has given one already."""
    said = placed.said
    key = (placed.target, placed.holder or "", str(placed.round), said.annotator)
    if key in unit.taken:
        account.drop(said.row, REPEATED if unit.taken[key] == said.original else OTHERWISE)
        return
    unit.taken[key] = said.original
    unit.judgements.append(placed)
    document.rows.append(said.row)


def kept_rows(documents: Iterable[Texted]) -> Iterator[int]:
    """The numbers of the rows that gave a judgement."""
    for document in documents:
        yield from document.rows
