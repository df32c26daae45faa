"""Rows of text with a delimiter between fields, such as CSV: how a file is written is detected, then it is streamed."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from kazstance.errors import COLLECTED, InputError, KazstanceError, Problem
from kazstance.input.spelling import PRESETS, is_number
from kazstance.input.streams import Stream
from kazstance.input.text_files import TextFile, open_text
from kazstance.paths import StrPath

LONGEST: Final = 131_072
"""Maximum length of a field of a file without quoting, in characters."""
NUMERIC: Final = ("p_", "votes_")
"""What the names of numeric columns begin with."""
DELIMITERS: Final = {"\t": "a tab", ",": "a comma", ";": "a semicolon", "|": "a vertical bar"}
"""The delimiters that are looked for, in order, and what notes call them."""
BLOCK: Final = 2**22
"""Bytes that are parsed at a time; no row may be longer."""
HEADLESS: Final = (
    "if the file has no header, pass --no-header (in Python, header=False) and name columns by number, from 1, or add "
    "a header to it"
)
"""What to do if the first line looks like a row."""
ENDS: Final = b"\r\n"
SURPLUS: Final = "\x00"
"""The name of a column that is dropped: a last field without a name that is empty in every row."""


@dataclass(frozen=True)
class Form:
    """How a text file is written: its delimiter, by default a comma in CSV and a tab otherwise, and its encoding.

    Without a header, columns are named by their numbers, from 1.
    """

    delimiter: str | None = None
    encoding: str = "utf-8"
    has_header: bool = True


PLAIN: Final = Form()


class Layout(NamedTuple):
    """How the rows of a file are written, and the names of their fields, which are those of the header `as_it_is`."""

    delimiter: str
    is_quoted: bool
    names: list[str]
    as_it_is: bool = True
    has_header: bool = True
    notes: tuple[str, ...] = ()


def open_delimited(path: StrPath, form: Form, *, is_csv: bool, bare: str | None = None) -> Stream:
    """The rows of a text file, few at a time; every column is text except the numeric ones.

    In CSV, fields may be quoted. In other files, a quotation mark is a character like any other, as in the files of
    SemEval, unless the file is exactly what a program that quotes where needed would write. A last field that has no
    name and is empty in every row is dropped; so are empty lines at the end.

    Args:
        path: the file.
        form: what the user says about it.
        is_csv: whether it is CSV by its name.
        bare: the name of the column if the file has a single one without a header; None if files have a header.

    Raises:
        InputError: lines are invalid; all are named.
        KazstanceError: it is empty or damaged.
        UnknownNameError: there is no such encoding.
    """
    text = open_text(path, form.encoding)
    layout = _layout(text, form, is_csv=is_csv, bare=bare)
    names = [name for name in layout.names if name != SURPLUS]
    first = None if layout.is_quoted else 1 + layout.has_header
    plain = Stream(
        str(path), pa.schema([(name, pa.string()) for name in names]), lambda chosen: _rows(text, layout, chosen), first
    )
    numeric = {
        name for name in names if name.startswith(NUMERIC) and names.count(name) == 1 and _is_numeric(plain, name)
    }
    schema = pa.schema([(name, pa.float64() if name in numeric else pa.string()) for name in names])
    notes = (*text.notes, *layout.notes)
    advice = HEADLESS if layout.has_header and any(map(_is_value, names)) else ""
    return Stream(str(path), schema, lambda chosen: _typed(plain, chosen, schema), first, notes, advice)


def _is_value(name: str) -> bool:
    """Whether the name of a column looks like a value: a number or a label."""
    return is_number(name) or any(name.casefold() in map(str.casefold, pairs) for pairs in PRESETS.values())


def _layout(text: TextFile, form: Form, *, is_csv: bool, bare: str | None) -> Layout:
    """How a file is written, from its beginning."""
    wanted = form.delimiter or ("," if is_csv else "\t")
    sample = _sample(next(text.pieces(), b""))
    if not sample:
        raise KazstanceError(f"{text.path}: no text, expected {'CSV' if is_csv else 'a header and rows'}")
    delimiter = _delimiter(sample, wanted)
    is_tabbed = not is_csv or delimiter == "\t"
    is_quoted = _looks_quoted(sample, delimiter) if is_tabbed else True
    notes = []
    if delimiter != wanted:
        notes.append(
            f"{text.path}: read with {DELIMITERS[delimiter]} between fields, not {DELIMITERS.get(wanted, wanted)}"
        )
    if is_tabbed and is_quoted:
        notes.append(f"{text.path}: read with quotation marks around fields, where needed, since it is written so")
    elif is_csv and not is_quoted and '"' in sample:
        notes.append(f"{text.path}: quotation marks are read as part of the text, since they do not enclose fields")
    records = _records(sample, delimiter, is_quoted=is_quoted)
    layout = Layout(delimiter, is_quoted, [], form.has_header, form.has_header, tuple(notes))
    return _with_names(layout, list(islice(records, 2)), bare)


def _sample(beginning: bytes) -> str:
    return re.sub("\r\n?", "\n", beginning.decode("utf-8", "ignore")).rstrip("\n")


def _with_names(layout: Layout, records: Sequence[list[str]], bare: str | None) -> Layout:
    """The layout with the names of the fields, given the header, if there is one, and the first row."""
    header, *first = records
    if not layout.has_header:
        is_surplus = len(header) > 1 and not any(row[-1] for row in records)
        names = [str(number) for number in range(1, len(header) + 1 - is_surplus)]
        return layout._replace(names=[bare] if bare and len(names) == 1 else names + [SURPLUS] * is_surplus)
    if bare is not None and len(header) == 1 and header != [bare]:
        return layout._replace(names=[bare], has_header=False, as_it_is=False)
    if first and len(first[0]) == len(header) + 1 and not first[0][-1]:
        return layout._replace(names=[*header, SURPLUS], as_it_is=False)
    if first and len(first[0]) == len(header) - 1 and not header[-1]:
        return layout._replace(names=header[:-1], as_it_is=False)
    return layout._replace(names=header)


def _delimiter(sample: str, wanted: str) -> str:
    """The delimiter of a file: the one that is expected unless only another one divides header and first row alike."""
    header = sample.split("\n", 1)[0]
    if wanted in header:
        return wanted
    others = [sign for sign in DELIMITERS if sign in header and _are_alike(sample, sign)]
    return others[0] if len(others) == 1 else wanted


def _are_alike(sample: str, delimiter: str) -> bool:
    """Whether a delimiter divides the header and the first row into equally many fields, with or without quoting."""
    quoted = [len(row) for row in islice(_records(sample, delimiter, is_quoted=True), 2)]
    plain = [line.count(delimiter) for line in sample.split("\n", 2)[:2]]
    return any(len(counts) > 1 and len(set(counts)) == 1 for counts in (quoted, plain))


def _looks_quoted(sample: str, delimiter: str) -> bool:
    """Whether rows are exactly what a program would write that quotes fields where it has to, or every name."""
    if '"' not in sample:
        return False
    names = sample.split("\n", 1)[0].split(delimiter)
    if all(re.fullmatch('"[^"]+"', name) for name in names):
        return True
    try:
        rows = list(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    lines = sample.removesuffix("\n").split("\n")
    if len({line.count(delimiter) for line in lines}) == 1:  # it makes a table without quoting, too
        is_ragged = len(set(map(len, rows))) > 1
        if is_ragged or (delimiter == "\t" and len(rows) < len(lines)):  # few quoted texts hold tabs and line feeds
            return False
    again = io.StringIO(newline="")
    csv.writer(again, delimiter=delimiter, lineterminator="\n").writerows(rows[:-1])
    written = again.getvalue()
    if sample.startswith(written) and '"' in written:
        return True
    csv.writer(again, delimiter=delimiter, lineterminator="\n").writerow(rows[-1])
    return again.getvalue() == sample + "\n"


def _records(sample: str, delimiter: str, *, is_quoted: bool) -> Iterator[list[str]]:
    """The rows of a sample as lists of fields; where quoting makes no sense, the parser is left to say so."""
    if is_quoted:
        with suppress(csv.Error):  # such as a quotation mark that is never closed
            yield from csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            return
    yield from (line.split(delimiter) for line in sample.split("\n"))


class _Lines(io.RawIOBase):
    """The bytes of a text as a file to read, without the empty lines at its end.

    A thread of Arrow reads ahead. It has to come to an end before the interpreter does, which `stop` sees to.
    """

    def __init__(self, text: TextFile, layout: Layout, problems: list[Problem]) -> None:
        super().__init__()
        self._pieces = _without_empty_end(text.pieces())
        if not layout.is_quoted:
            fields = len(layout.names)
            empty = None if fields == 1 else (str(text.path), fields, problems)
            self._pieces = _with_line_feeds(self._pieces, empty)
        self._rest = b""
        self._reading = Lock()
        self._is_stopped = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        with self._reading:
            held, length = [self._rest], len(self._rest)
            while (size < 0 or length < size) and (piece := next(self._pieces, None)) is not None:
                held.append(piece)
                length += len(piece)
            whole = b"".join(held)
            found, self._rest = (whole, b"") if size < 0 else (whole[:size], whole[size:])
            return b"" if self._is_stopped else found

    def stop(self) -> None:
        """End the file here, and wait for a read that is under way."""
        self._is_stopped = True
        with self._reading:
            self._pieces = iter(())


def _without_empty_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same text, with one line feed in place of all the ends of lines at its end."""
    held = b""
    for piece in pieces:
        whole = held + piece
        kept = whole.rstrip(ENDS)
        held = whole[len(kept) :]
        if kept:
            yield kept
    yield b"\n"


def _with_line_feeds(pieces: Iterator[bytes], empty: tuple[str, int, list[Problem]] | None) -> Iterator[bytes]:
    """The same text with a line feed at the end of each line; empty lines are problems of a file, unless allowed."""
    held, last, ends = b"", b"", 0
    for piece in pieces:
        whole = held + piece
        held = b"\r" if whole.endswith(b"\r") else b""
        text = whole[: len(whole) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if empty is not None:
            file, columns, problems = empty
            for found in islice(re.finditer(rb"\n(?=\n)", last + text), COLLECTED):
                before = ends + (last + text).count(b"\n", len(last), found.end())
                problems.append(Problem(file, before + 1, None, f"1 fields, expected {columns} as in the header"))
        ends += text.count(b"\n")
        last = text[-1:] or last
        yield text
    yield held.replace(b"\r", b"\n")


def _open(
    lines: _Lines, text: TextFile, layout: Layout, chosen: Sequence[str], problems: list[Problem]
) -> pyarrow.csv.CSVStreamingReader:
    """A reader of some columns, as text; rows with too few or too many fields are problems."""

    def refuse(row: pyarrow.csv.InvalidRow) -> str:
        line, number = (None, row.number - layout.has_header) if layout.is_quoted else (row.number, None)
        expected = f"expected {row.expected_columns} as in the header{'; expected CSV' if layout.is_quoted else ''}"
        if row.text and len(problems) < COLLECTED:
            problems.append(Problem(str(text.path), line, None, f"{row.actual_columns} fields, {expected}", number))
        return "skip"

    names = None if layout.as_it_is else layout.names
    skipped = int(layout.has_header and not layout.as_it_is)
    reading = pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names, skip_rows=skipped)
    parsing = pyarrow.csv.ParseOptions(
        delimiter=layout.delimiter,
        quote_char='"' if layout.is_quoted else False,
        newlines_in_values=layout.is_quoted,
        ignore_empty_lines=layout.is_quoted and len(layout.names) > 1,
        invalid_row_handler=refuse,
    )
    wanted = [*chosen, *(name for name in layout.names if name == SURPLUS)]
    kinds = dict.fromkeys(layout.names, pa.string())
    converting = pyarrow.csv.ConvertOptions(column_types=kinds, include_columns=wanted)
    return pyarrow.csv.open_csv(pa.PythonFile(lines, mode="r"), reading, parsing, converting)


def _rows(text: TextFile, layout: Layout, chosen: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Batches of some columns.

    Raises:
        InputError: rows have too few or too many fields, or a field is too long; all are named.
        KazstanceError: the file cannot be parsed.
    """
    problems: list[Problem] = []
    start = 1 + layout.has_header
    if _is_header_alone(text, layout):  # which the parser takes for an empty file
        return
    lines = _Lines(text, layout, problems)
    try:
        for batch in _open(lines, text, layout, chosen, problems):
            if not layout.is_quoted:
                problems += _long_fields(batch, str(text.path), start)
            if SURPLUS in batch.schema.names:
                problems += _surplus(batch, text, layout, start)
            start += batch.num_rows
            yield batch.select(list(chosen)) if SURPLUS in batch.schema.names else batch
    except pa.ArrowInvalid as error:
        raise _damaged(text, error) from error
    finally:
        lines.stop()
    if problems:
        raise InputError(problems)


def _is_header_alone(text: TextFile, layout: Layout) -> bool:
    if not layout.has_header:
        return False
    beginning = b"".join(islice(text.pieces(), 2))
    return len(list(islice(_records(_sample(beginning), layout.delimiter, is_quoted=layout.is_quoted), 2))) == 1


def _long_fields(batch: pa.RecordBatch, file: str, start: int) -> Iterator[Problem]:
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if (pc.max(pc.binary_length(column)).as_py() or 0) <= LONGEST:
            continue
        for row, length in enumerate(pc.utf8_length(column).to_pylist(), start):
            if length > LONGEST:
                yield Problem(file, row, name, f"{length} characters, expected at most {LONGEST}")


def _surplus(batch: pa.RecordBatch, text: TextFile, layout: Layout, start: int) -> Iterator[Problem]:
    for row, value in enumerate(batch.column(SURPLUS).to_pylist(), start):
        if value:
            line, number = (None, row - 1) if layout.is_quoted else (row, None)
            message = f"{len(layout.names)} fields, expected {len(layout.names) - 1} as in the header"
            yield Problem(str(text.path), line, None, message, number)


def _damaged(text: TextFile, error: Exception) -> KazstanceError:
    line = " ".join(str(error).split())
    return KazstanceError(f"{text.path}: {line}; expected {text.path.suffix[1:].upper()}")


def _is_numeric(plain: Stream, name: str) -> bool:
    """Whether all values of a column are numbers or empty, at least one of them a number."""
    try:  # all of them are looked at
        filled = [_numbers(batch.column(0)).null_count < len(batch) for batch in plain.read([name])]
    except pa.ArrowInvalid:
        return False
    return any(filled)


def _numbers(column: pa.Array) -> pa.Array:
    return pc.cast(pc.if_else(pc.equal(column, ""), None, column), pa.float64())


def _typed(plain: Stream, chosen: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Batches with numbers in the numeric columns."""
    kinds = [schema.field(name) for name in chosen]
    for batch in plain.read(chosen):
        columns = [
            column if kind.type == pa.string() else _numbers(column)
            for kind, column in zip(kinds, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=pa.schema(kinds))
