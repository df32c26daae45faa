"""Rows of two files paired by their ids, and whether the columns that both files share confirm the pairing."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import Problem, UnknownNameError, one_line
from kazstance.input.columns import BETWEEN, Numbers, hash_column, rows_at, texts
from kazstance.input.streams import Stream
from kazstance.input.tables import as_text

SHOWN: Final = 10
"""How many rows a message names."""
LONGEST: Final = 60
"""How many characters of a value a message shows."""
IGNORING: Final = "--ignore-column {}"
"""How a command is told not to compare a column."""
NUMBER: Final = frozenset("+-.0123456789")
"""What numbers begin with."""
KEYS: Final = frozenset({
    "text", "tweet", "post", "sentence", "headline", "title", "body", "content", "claim", "premise", "argument",
    "quote", "question", "topic", "target", "source", "author", "outlet", "document", "paragraph",
})  # fmt: skip
"""Words in names of columns that say what a row is about."""
NUMBERED: Final = frozenset({"target", "topic", "source"})
"""Ids in columns with these words mean the same in every file; other ids may be numbered anew."""
IDS: Final = frozenset({
    "id", "ids", "uid", "uuid", "guid", "idx", "index", "row", "rows", "line", "nr", "no", "num", "number", "key",
    "rank",
})  # fmt: skip
CIRCUMSTANCES: Final = frozenset({
    "split", "fold", "set", "subset", "partition", "part", "model", "system", "run", "version", "seed", "epoch",
    "annotator", "annotators", "worker", "coder", "rater", "date", "time", "timestamp", "created", "score", "scores",
    "confidence", "certainty", "prob", "probs", "probability", "probabilities", "logit", "logits", "loss", "weight",
    "label", "labels", "stance", "gold", "pred", "prediction", "predicted", "answer", "response", "output", "reason",
    "rationale", "explanation", "note", "notes", "evidence", "lang", "language",
})  # fmt: skip
"""Words in names of columns that say how a row came about, or how somebody judged it."""


@dataclass(frozen=True)
class Note:
    """Something that is not an error but that the reader of a score should know."""

    message: str
    column: str
    differs: int
    rows: int

    def __str__(self) -> str:
        return one_line(f"note: {self.message}")


class Side(NamedTuple):
    """One of the tables: its rows, and its column of labels."""

    stream: Stream
    label: str


class Pairs(NamedTuple):
    """Which rows of two tables belong together, by their numbers, shape (pairs,); None for all rows in their order."""

    gold: Numbers | None
    predicted: Numbers | None

    def take(self, gold: Numbers, predicted: Numbers) -> tuple[Numbers, Numbers]:
        """The numbers of each table, shape (rows,), by pair."""
        return (
            gold if self.gold is None else gold[self.gold],
            predicted if self.predicted is None else predicted[self.predicted],
        )


class Shared(NamedTuple):
    """What the columns that both tables share say about the pairing: notes, and the columns that confirm it."""

    notes: list[Note]
    confirming: list[str]


def row_keys(table: pa.Table, ids: Sequence[str], file: str, problems: list[Problem]) -> pa.Array:
    """The key of each row, from one column or several; missing and duplicate keys are problems.

    Args:
        table: the rows.
        ids: the columns of the key.
        file: the file, as problems name it.
        problems: gets what is wrong.
    """
    before = len(problems)
    parts = [text_column(table, name, file, problems) for name in ids]
    keys = pc.binary_join_element_wise(*parts, BETWEEN)
    if len(problems) > before:
        return keys
    if missing := pc.sum(pc.is_null(keys)).as_py():
        problems.append(Problem(file, None, ", ".join(ids), f"rows without an id: {missing}, expected one in each row"))
    counts = pc.value_counts(keys.drop_null())
    doubled = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    problems += _rows(doubled, file, "duplicate rows", "each row once")
    return keys


def text_column(table: pa.Table, name: str, file: str, problems: list[Problem]) -> pa.Array:
    """A column as text; if its values are neither text nor numbers, that is a problem and all are missing.

    Args:
        table: the rows.
        name: the column.
        file: the file, as problems name it.
        problems: gets what is wrong.
    """
    found = as_text(table.column(name))
    if found is None:
        kind = table.schema.field(name).type
        problems.append(Problem(file, None, name, f"values of type {kind}, expected text or numbers"))
    return pa.nulls(len(table), pa.string()) if found is None else found


def check_complete(keys: pa.Array, given: pa.Array, names: tuple[str, str], problems: list[Problem]) -> None:
    """Check that a table has each row of a task, and no others.

    Args:
        keys: the keys of the task.
        given: the keys of the table.
        names: what messages call the task and the table.
        problems: gets what is wrong.
    """
    without = [one.filter(pc.invert(pc.is_in(one, value_set=other))) for one, other in ((keys, given), (given, keys))]
    problems += _rows(pc.unique(without[0].drop_null()), names[1], "missing rows", f"every row of {names[0]}")
    problems += _rows(pc.unique(without[1].drop_null()), names[1], "unknown rows", f"only rows of {names[0]}")


def check_shared(
    gold: Side,
    predicted: Side,
    pairs: Pairs,
    *,
    ids: Sequence[str],
    named: Sequence[str],
    ignored: Sequence[str],
    is_label: Callable[[str | None], bool],
    problems: list[Problem],
    ignoring: str = IGNORING,
) -> Shared:
    """Compare the columns that both tables share, over the rows that are paired.

    Columns that say what a row is about have to agree, or the rows match by chance: those `named`; those whose name has
    a word for text, target or source; and text that is neither numbers nor labels nor, by its name, an id or a
    circumstance such as a split, date or score. Others are noted. Case in names and white space do not matter.

    Args:
        gold: the gold rows.
        predicted: the predicted rows.
        pairs: which rows belong together.
        ids: the columns of the id; without them, rows are numbered.
        named: columns that are known to say what a row is about.
        ignored: columns that are not compared.
        is_label: whether a value is a label.
        problems: gets what is wrong.
        ignoring: how messages say that a column is to be ignored.

    Raises:
        UnknownNameError: an ignored column is in neither table.
    """
    one, other, found = gold.stream, predicted.stream, Shared([], [])
    _check_ignored(ignored, [*one.columns, *other.columns])
    for columns in (both for both in _shared(gold, predicted) if not {*both} & {*ignored, *ids}):
        name, theirs = columns
        differs, rows = _compare(one, other, columns, pairs)
        if differs is None:
            found.notes.append(Note(f"{theirs} is not compared: it holds neither text nor numbers", theirs, 0, rows))
            continue
        says_what = name in named or is_key(name, _values(one, other, columns), is_label)
        said = f"{theirs} differs in {len(differs)} of {rows} rows"
        if not len(differs):
            found.confirming.extend([theirs] if rows and says_what else [])
        elif says_what:
            first = _first((one, other), columns, pairs, int(differs[0]), ids=ids, remedy=ignoring.format(theirs))
            problems.append(Problem(other.name, None, None, said + first))
        else:
            found.notes.append(Note(f"{other.name}: {said} from {one.name}", theirs, len(differs), rows))
    return found


def _check_ignored(ignored: Sequence[str], columns: Sequence[str]) -> None:
    """Check that there are the columns to ignore.

    Raises:
        UnknownNameError: one is missing.
    """
    for column in ignored:
        if column not in columns:
            raise UnknownNameError(column, "column of either table", dict.fromkeys(columns))


def is_key(name: str, columns: Iterable[pa.Array], is_label: Callable[[str | None], bool]) -> bool:
    """Whether a column says what a row is about, by the words of its name, the last counting most, or by its values.

    If the name does not help, text that is neither numbers nor labels does.

    Args:
        name: the column.
        columns: its values, piece by piece; read only if the name does not help.
        is_label: whether a value is a label.
    """
    words = _words(name)
    last = words[-1] if words else ""
    if last in CIRCUMSTANCES or (last in IDS and not NUMBERED & set(words)):
        return False
    if KEYS & set(words):
        return True
    if CIRCUMSTANCES & set(words):
        return False
    values = (value for column in columns for value in pc.unique(column).to_pylist() if value and value.strip())
    return not all(_number(value) is not None or value in ("true", "false") or is_label(value) for value in values)


def is_id(name: str) -> bool:
    """Whether a column identifies rows, or numbers them, by its name; pandas writes its index without one."""
    words = _words(name)
    return name in ("", "Unnamed: 0") or bool(words and words[-1] in IDS)


def _compare(one: Stream, other: Stream, columns: tuple[str, str], pairs: Pairs) -> tuple[Numbers | None, int]:
    """The pairs that differ, by number, or None if values are neither text nor numbers; and the number of pairs."""
    for hasher in (None, _hash_plain):
        found = [hash_column(stream, name, hasher) for stream, name in zip((one, other), columns, strict=True)]
        if found[0] is None or found[1] is None:
            return None, 0
        gold, predicted = pairs.take(found[0], found[1])
        differs = np.flatnonzero(gold != predicted)
        if not len(differs):
            break
    return differs, len(gold)


def _values(one: Stream, other: Stream, columns: tuple[str, str]) -> Iterator[pa.Array]:
    yield from texts(one, columns[0])
    yield from texts(other, columns[1])


def _shared(gold: Side, predicted: Side) -> Iterator[tuple[str, str]]:
    """The columns with the same name in both files, as each spells it, except the gold and the predicted label."""
    names: dict[str, list[str]] = {}
    for name in predicted.stream.columns:
        names.setdefault(_plain_name(name), []).append(name)
    for name in gold.stream.columns:
        there = names.get(_plain_name(name), [])
        other = name if name in there else next(iter(there), None)
        if other not in (None, predicted.label):
            yield name, other


def _plain_name(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum()) or name


def _words(name: str) -> list[str]:
    """The words of a name; `Body ID`, `bodyId` and `body_id` each have two."""
    return re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())


def _first(
    streams: tuple[Stream, Stream],
    columns: tuple[str, str],
    pairs: Pairs,
    pair: int,
    *,
    ids: Sequence[str],
    remedy: str,
) -> str:
    """The first pair that differs, and what to do about it."""
    rows = [pair if numbers is None else int(numbers[pair]) for numbers in pairs]
    (expected,), (came,) = (
        rows_at(stream, [name], [row])[0] for stream, name, row in zip(streams, columns, rows, strict=True)
    )
    key = " ".join(rows_at(streams[0], ids, rows[:1])[0]) if ids else str(rows[0] + 1)
    advice = "pair by ids that both share" if ids else "pair by an id that both share"
    found = f"{_cut(came)}, expected {_cut(expected)} as in {streams[0].name}"
    return f", as in row {key}: {found}; {advice}, or pass {remedy}"


def _cut(text: str) -> str:
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _hash_plain(column: pa.Array) -> Iterator[int]:
    """Hashes that are equal if texts differ in white space, Unicode normal form or the spelling of a number alone."""
    for text in _plain(column).to_pylist():
        number = _number(text) if text[:1] in NUMBER else None
        yield hash(text if number is None else number)


def _plain(column: pa.Array) -> pa.Array:
    text = pc.utf8_normalize(column.fill_null(""), form="NFC")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"[\s\p{Z}]+", " "))


def _number(value: str) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _rows(keys: pa.Array, file: str, what: str, expected: str) -> list[Problem]:
    """A problem with the given rows, if there are any."""
    shown = ", ".join(key.replace(BETWEEN, " ") for key in keys[:SHOWN].to_pylist())
    more = ", …" if len(keys) > SHOWN else ""
    message = f"{what} ({len(keys)}): {shown}{more}; expected {expected}"
    return [Problem(file, None, "id", message)] if len(keys) else []
