"""Rows of two files paired by their ids, and whether the columns that both files share confirm the pairing."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import Problem, UnknownNameError, one_line
from kazstance.input.tables import as_text

SHOWN: Final = 10
"""How many rows a message names."""
LONGEST: Final = 60
"""How many characters of a value a message shows."""
IGNORING: Final = "--ignore-column {}"
"""How a command is told not to compare a column."""
BETWEEN: Final = "\x1f"
"""The separator between the parts of a key."""
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
    """One of the tables: its name, its rows, its column of labels, and the key of each row."""

    name: str
    table: pa.Table
    label: str
    keys: pa.Array


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


def check_complete(gold: Side, predicted: Side, problems: list[Problem]) -> None:
    """Check that both files have the same rows.

    Args:
        gold: the gold file.
        predicted: the file of predictions.
        problems: gets what is wrong.
    """
    pairs = ((gold, predicted), (predicted, gold))
    without = [one.keys.filter(pc.invert(pc.is_in(one.keys, value_set=other.keys))) for one, other in pairs]
    problems += _rows(pc.unique(without[0].drop_null()), predicted.name, "missing rows", f"every row of {gold.name}")
    problems += _rows(pc.unique(without[1].drop_null()), predicted.name, "unknown rows", f"only rows of {gold.name}")


def check_shared(
    gold: Side,
    predicted: Side,
    *,
    named: Sequence[str],
    ignored: Sequence[str],
    is_label: Callable[[str | None], bool],
    problems: list[Problem],
    ignoring: str = IGNORING,
) -> list[Note]:
    """Compare the columns that both files share, over the rows that are paired.

    Columns that say what a row is about have to agree; if not, the ids match by chance, and that is a problem: those
    `named` by an option; those whose name has a word for text, target or source; and, whatever the name, text that is
    neither numbers nor labels nor, by its name, an id or a circumstance such as a split, date or score. Other columns
    that differ are noted. Names are compared without case and punctuation, values without extra white space.

    Args:
        gold: the gold rows.
        predicted: the predicted rows.
        named: columns that an option names as what a row is about.
        ignored: columns that are not compared.
        is_label: whether a value is a label.
        problems: gets what is wrong.
        ignoring: how messages say that a column is to be ignored.

    Raises:
        UnknownNameError: an ignored column is in neither table.
    """
    for name in ignored:
        if name not in (there := [*gold.table.column_names, *predicted.table.column_names]):
            raise UnknownNameError(name, "column of either table", dict.fromkeys(there))
    order = pc.index_in(gold.keys, value_set=predicted.keys)
    paired = pa.array(np.flatnonzero(np.asarray(pc.and_(pc.is_valid(order), pc.is_valid(gold.keys)))))
    keys, rows, notes = gold.keys.take(paired), (paired, order.take(paired)), []
    for name, other in _shared(gold, predicted):
        if name in ignored or other in ignored or not len(paired):
            continue
        texts = [as_text(table.column(column)) for table, column in ((gold.table, name), (predicted.table, other))]
        columns = [text.take(at) for text, at in zip(texts, rows, strict=True) if text is not None]
        if len(columns) < len(texts):
            notes.append(Note(f"{other} is not compared: it holds neither text nor numbers", other, 0, len(paired)))
        elif len(differs := np.flatnonzero(_differs(*columns))):
            said = f"{other} differs in {len(differs)} of {len(paired)} rows"
            if name in named or is_key(name, columns, is_label):
                said += _first(gold.name, int(differs[0]), keys, columns, ignoring.format(other))
                problems.append(Problem(predicted.name, None, None, said))
            else:
                notes.append(Note(f"{predicted.name}: {said} from {gold.name}", other, len(differs), len(paired)))
    return notes


def is_key(name: str, columns: Sequence[pa.Array], is_label: Callable[[str | None], bool]) -> bool:
    """Whether a column says what a row is about, by the words of its name, the last counting most, or by its values.

    If the name does not help, text that is neither numbers nor labels does.

    Args:
        name: the column.
        columns: its values in each file.
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
    values = [value for column in columns for value in pc.unique(column).to_pylist() if value and value.strip()]
    return not all(_number(value) is not None or value in ("true", "false") or is_label(value) for value in values)


def _shared(gold: Side, predicted: Side) -> Iterator[tuple[str, str]]:
    """The columns with the same name in both files, except the labels, as each file spells it."""
    names: dict[str, list[str]] = {}
    for name in predicted.table.column_names:
        names.setdefault(_plain_name(name), []).append(name)
    for name in gold.table.column_names:
        there = names.get(_plain_name(name), [])
        other = name if name in there else next(iter(there), None)
        if other is not None and (name, other) != (gold.label, predicted.label):
            yield name, other


def _plain_name(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum()) or name


def _words(name: str) -> list[str]:
    """The words of a name; `Body ID`, `bodyId` and `body_id` each have two."""
    return re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold())


def _first(file: str, row: int, keys: pa.Array, columns: Sequence[pa.Array], remedy: str) -> str:
    """The first row that differs, and what to do about it."""
    expected, came = (_cut(column[row]) for column in columns)
    return (
        f", as in row {keys[row].as_py().replace(BETWEEN, ' ')}: {came}, expected {expected} as in {file}; "
        f"pair by ids that both share, or pass {remedy}"
    )


def _cut(value: pa.Scalar) -> str:
    text = value.as_py() or ""
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def _differs(one: pa.Array, two: pa.Array) -> npt.NDArray[np.bool_]:
    """Which rows differ, shape (rows,), in more than white space, Unicode normal form or the spelling of a number."""
    found = np.array(pc.not_equal(one.fill_null(""), two.fill_null("")), dtype=bool)
    at = np.flatnonzero(found)
    for row, *texts in zip(
        at.tolist(), *(_plain(column.take(pa.array(at))).to_pylist() for column in (one, two)), strict=True
    ):
        numbers = [_number(text) for text in texts]
        found[row] = texts[0] != texts[1] and (numbers[0] is None or numbers[0] != numbers[1])
    return found


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
