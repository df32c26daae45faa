"""A sheet as CSV: written for any spreadsheet program, and read however such a program has saved it."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kazstance.annotate.layouts import Line, Rows
from kazstance.corpus.folder import Folder
from kazstance.input.strict_json import StrictError
from kazstance.input.text import MARK, decode
from kazstance.output.cells import safe_cell

DELIMITERS: Final = ",;\t|"
ENCODINGS: Final = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "mac_roman",
    "mac_cyrillic", "mac_latin2", "cp850", "cp437", "cp852", "cp866", "cp932", "gb18030", "big5", "cp949", "cp874",
)  # fmt: skip
"""Encodings in which spreadsheet programs save CSV, by the language of the computer; the commonest come first."""
MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Returning:
    """The rows of a file that came back, with its headings, and what to tell about how it was read."""

    names: Sequence[str]
    lines: Sequence[Line]
    notes: tuple[str, ...] = ()


def to_csv(rows: Rows) -> str:
    """A sheet as CSV; no cell begins a formula."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [safe_cell(column.name) for column in rows.columns])
    writer.writeheader()
    writer.writerows({safe_cell(name): safe_cell(value) for name, value in row.items()} for row in rows.cells)
    return MARK + text.getvalue()  # without it, some spreadsheet programs do not read CSV as UTF-8


def read_csv(
    folder: Folder,
    file: str,
    fit: Callable[[Returning], int],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Returning | None:
    """The rows of a completed sheet; None with problems if it cannot be read.

    The delimiter is the one that gives the most headings of a sheet. A byte-order mark decides on the encoding, or
    that the file is valid UTF-8; otherwise the texts do, which are known: the encoding in which they are as exported.

    Args:
        folder: the folder of the file.
        file: its name.
        fit: how many texts are as exported if the file is read in some way.
        delimiter: the delimiter, if it is known.
        encoding: the encoding, if it is known.
    """
    content = folder.read_bytes(file, (file, None, None))
    if content is None:
        return None
    try:
        found = encoding or _encoding(content)
        if found is not None:
            return _parse(folder, file, content.decode(found), delimiter)
    except UnicodeDecodeError as error:
        folder.report(file, content.count(b"\n", 0, error.start) + 1, None, f"not valid in {encoding}, see --encoding")
        return None
    except StrictError as error:
        folder.problems.append(error.problem(file))
        return None
    ways = dict(_ways(folder, file, content, delimiter))
    best = max(ways, key=lambda way: fit(ways[way]), default=None)
    if best is None:
        folder.report(file, None, None, "in no known encoding; save it as .xlsx, or as CSV UTF-8")
        return None
    note = f"{file}: read as {best}, in which the texts are as exported; another encoding can be named with --encoding"
    return Returning(ways[best].names, ways[best].lines, (note,))


def _encoding(content: bytes) -> str | None:
    """The encoding that the bytes show by themselves.

    Raises:
        StrictError: it is a file of another kind.
    """
    if marked := next((name for mark, name in MARKS if content.startswith(mark)), None):
        return marked
    try:
        decode(content)
    except StrictError as error:
        if "looks like" in str(error) and "save it in UTF-8" not in str(error):
            raise
        return None
    return "utf-8"


def _ways(folder: Folder, file: str, content: bytes, delimiter: str | None) -> Iterator[tuple[str, Returning]]:
    """The file in each encoding in which it can be read."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if found := _parse(Folder(folder.root), file, text, delimiter):
            yield encoding, found


def _parse(folder: Folder, file: str, text: str, delimiter: str | None) -> Returning | None:
    """The rows of a text, below the heading."""
    first = text.partition("\n")[0].strip("\r")
    skipped = 0
    if first.casefold().startswith("sep=") and len(first) == len("sep=") + 1:  # as Excel writes it
        delimiter, text, skipped = delimiter or first[-1], text.partition("\n")[2], 1
    found = delimiter or max(DELIMITERS, key=lambda sign: len(next(_records(text, sign), [])))
    lines: list[Line] = []
    last = 0
    reader = csv.reader(io.StringIO(text.removeprefix(MARK), newline=""), delimiter=found)
    names: list[str] = []
    try:
        for record in reader:
            line, last = last + 1 + skipped, reader.line_num
            if not names:
                names = [name.strip() for name in record]
            elif len(record) > len(names) and any(cell.strip() for cell in record[len(names) :]):
                folder.report(file, line, None, f"{len(record)} cells, expected {len(names)} as in the heading")
            else:
                lines.append((line, _cells(names, record)))
    except csv.Error as error:
        folder.report(file, last + 1 + skipped, None, f"{error}, expected CSV")
    return Returning(names, lines)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text.removeprefix(MARK)[: 2**16], newline=""), delimiter=delimiter)
    except csv.Error:
        return


def _cells(names: Sequence[str], record: Sequence[str]) -> Mapping[str, str]:
    """The cells of a row by heading; programs leave out empty cells at the end."""
    return {name: record[i] if i < len(record) else "" for i, name in enumerate(names)}
