"""JSON Lines as an Arrow table: one object per line, each line checked before a C++ parser sees it."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.json

from kazstance.errors import Problem, first_problems
from kazstance.input.strict_json import DEPTH, KINDS, StrictError, load_object

SPECIAL: Final = re.compile(rb"[:\[,]\s*-?(?:\d{19}|NaN|Inf)")
"""Numbers that a parser may misread: long integers, and those that JSON does not have."""


class LinesError(ValueError):
    """Lines that are invalid."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} lines")


def read_json_lines(content: bytes, file: str, start: int = 1) -> pa.Table:
    """The objects of the lines of a file as a table, a column for each key; empty lines are skipped.

    Strings stay strings, even those that look like dates.

    Args:
        content: the lines.
        file: what messages call the file.
        start: the number of the first line.

    Raises:
        LinesError: lines that are not objects, nested too deeply, or of columns of mixed kinds; all are named.
        UnicodeDecodeError: it is not UTF-8.
    """
    lines = content.split(b"\n")
    special = SPECIAL.search(content) is not None
    doubtful = ((n, line) for n, line in enumerate(lines, start) if _is_doubtful(line, special=special))
    if problems := first_problems(_faults(doubtful, file)):
        raise LinesError(problems)
    count = sum(map(_is_filled, lines))
    if not count:
        return pa.table({})
    try:
        table = _parse(content, max(map(len, lines)))
    except pa.ArrowInvalid as error:
        raise LinesError(
            _explain(lines, file, start) or [Problem(file, None, None, f"{error}, expected JSON")]
        ) from None
    if table.num_rows != count:
        problem = Problem(file, None, None, f"{table.num_rows} rows, not {count}")
        raise LinesError(_explain(lines, file, start) or [problem])
    return table


def _is_filled(line: bytes) -> bool:
    return not (not line or line.isspace())


def _is_doubtful(line: bytes, *, special: bool) -> bool:
    """Whether a line may be other than one shallow object with ordinary numbers, judged by its ends and counts."""
    if line[:1] != b"{" or line[-1:] != b"}" or line.count(b"{") + line.count(b"[") > DEPTH:
        return _is_filled(line)
    return special and SPECIAL.search(line) is not None


def _faults(lines: Iterator[tuple[int, bytes]], file: str) -> Iterator[Problem]:
    for number, line in lines:
        try:
            load_object(line.decode())
        except StrictError as error:
            yield error.problem(file, number)


def _parse(content: bytes, longest: int) -> pa.Table:
    """The table, with text where Arrow would infer a time."""
    reading = pyarrow.json.ReadOptions(block_size=max(2**20, longest + 2))
    table = pyarrow.json.read_json(pa.BufferReader(content), read_options=reading)
    schema = pa.schema([field.with_type(_timeless(field.type)) for field in table.schema])
    if schema == table.schema:
        return table
    parsing = pyarrow.json.ParseOptions(explicit_schema=schema)
    return pyarrow.json.read_json(pa.BufferReader(content), read_options=reading, parse_options=parsing)


def _timeless(kind: pa.DataType) -> pa.DataType:
    """A type with times replaced by text, also inside nested types."""
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_timeless(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_timeless(kind.value_type))
    return pa.string() if pa.types.is_timestamp(kind) else kind


def _explain(lines: list[bytes], file: str, start: int) -> list[Problem]:
    """The lines that Arrow does not accept, and why."""
    numbered = ((n, line) for n, line in enumerate(lines, start) if _is_filled(line))
    if problems := first_problems(_faults(numbered, file)):
        return problems
    rows = ((n, load_object(line.decode())) for n, line in enumerate(lines, start) if _is_filled(line))
    return first_problems(_mixed(rows, file))


def _mixed(rows: Iterator[tuple[int, dict[str, Any]]], file: str) -> Iterator[Problem]:
    """Values of a different type from the first in their column."""
    first: dict[str, tuple[str, int]] = {}
    for number, row in rows:
        for name, value in row.items():
            kind, line = first.setdefault(name, (KINDS[type(value)], number)) if value is not None else ("null", 0)
            if value is not None and kind != KINDS[type(value)]:
                yield Problem(file, number, name, f"{KINDS[type(value)]}, expected {kind} as on line {line}")
