"""Tables that people bring: CSV, text between delimiters, JSON Lines or Parquet, read as they are written."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from kazstance.errors import InputError, KazstanceError, Problem, UnknownNameError
from kazstance.input.json_lines import LinesError, read_json_lines
from kazstance.input.parquet import read_parquet
from kazstance.input.strict_json import StrictError
from kazstance.input.text import MARK, decode
from kazstance.paths import StrPath

LONGEST: Final = 131_072
"""Maximum length of a field of a text file, in characters."""
TEXT: Final = (".tsv", ".txt")
"""Suffixes of text files with one line per row after a header."""
NUMERIC: Final = ("p_", "votes_")
"""What the names of numeric columns begin with."""


@dataclass(frozen=True)
class Form:
    """How a text file is written: its delimiter, by default a comma in CSV and a tab otherwise, and its encoding."""

    delimiter: str | None = None
    encoding: str = "utf-8"


PLAIN: Final = Form()
ENDINGS: Final = (".csv", ".jsonl", ".parquet", *TEXT)
"""Endings of the files that can be read."""


def read_table(file: StrPath, form: Form = PLAIN) -> pa.Table:
    """A table from a file, read by its suffix; in CSV and text, every column is text except the numeric ones.

    .txt and .tsv have a header and fields between delimiters; a quotation mark is a character like any other, as in the
    files of SemEval. `form` applies only to these and to CSV.

    Raises:
        InputError: lines of a text file are invalid; all are named.
        KazstanceError: it is missing, of another kind, or damaged.
        UnknownNameError: there is no such encoding.
    """
    file = Path(file)
    readers: dict[str, Callable[[Path], pa.Table]] = {
        ".csv": partial(_read_csv, form=form),
        ".jsonl": _read_json_lines,
        ".parquet": read_parquet,
        **dict.fromkeys(TEXT, partial(_read_text, form=form)),
    }
    if (suffix := ending(file)) not in readers:
        raise KazstanceError(f"{file}: {file.suffix!r}, expected a file ending in {', '.join(readers)}")
    try:
        table = readers[suffix](file)
    except OSError as error:
        raise KazstanceError(f"{file}: {error.strerror or error}; expected a file") from error
    except (UnicodeError, pa.ArrowException) as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"{file}: {line}; expected {suffix[1:].upper()}") from error
    if doubled := [name for name, count in Counter(table.column_names).items() if count > 1]:
        raise KazstanceError(f"{file}: the column {doubled[0]!r} appears twice, expected once")
    return table


def ending(file: StrPath) -> str:
    """The suffix of a file in lower case, by which it is read."""
    file = Path(file)
    return file.suffix.lower()


def as_text(column: pa.ChunkedArray) -> pa.Array | None:
    """A column as text, in one piece; None if its values, such as lists, are neither text nor numbers."""
    whole = column.combine_chunks()
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    try:
        whole = whole.dictionary_decode() if isinstance(whole, pa.DictionaryArray) else whole
        return pc.cast(whole, pa.string())
    except pa.ArrowException:
        return None


def _read_json_lines(file: Path) -> pa.Table:
    content = file.read_bytes().removeprefix(MARK.encode())
    try:
        decode(content)
        return read_json_lines(content, str(file))
    except StrictError as error:
        raise InputError([error.problem(str(file))]) from None
    except LinesError as error:
        raise InputError(error.problems) from None


def _read_csv(file: Path, form: Form) -> pa.Table:
    """CSV with quoting; an id such as 007 keeps its zeros."""
    content = _decode(file, form.encoding).encode()
    parsing = pyarrow.csv.ParseOptions(delimiter=form.delimiter or ",", newlines_in_values=True)
    names = pyarrow.csv.open_csv(pa.BufferReader(content), parse_options=parsing).schema.names
    text = pyarrow.csv.ConvertOptions(column_types={n: pa.string() for n in names if not n.startswith(NUMERIC)})
    return pyarrow.csv.read_csv(pa.BufferReader(content), parse_options=parsing, convert_options=text)


def _read_text(file: Path, form: Form) -> pa.Table:
    text = _decode(file, form.encoding).replace("\r\n", "\n").replace("\r", "\n")
    header, *rows = (line.split(form.delimiter or "\t") for line in text.removesuffix("\n").split("\n"))
    problems = []
    for line, row in enumerate(rows, 2):
        if len(row) != len(header):
            message = f"{len(row)} fields, expected {len(header)} as in the header"
            problems.append(Problem(str(file), line, None, message))
        for name, field in zip(header, row, strict=False):
            if len(field) > LONGEST:
                message = f"{len(field)} characters, expected at most {LONGEST}"
                problems.append(Problem(str(file), line, name, message))
    if problems:
        raise InputError(problems)
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    arrays = [_typed(name, pa.array(column, pa.string())) for name, column in zip(header, columns, strict=True)]
    return pa.Table.from_arrays(arrays, names=header)


def _typed(name: str, column: pa.Array) -> pa.Array:
    """A numeric column as numbers, if all its values are numbers."""
    try:
        return pc.cast(column, pa.float64()) if name.startswith(NUMERIC) else column
    except pa.ArrowInvalid:
        return column


def _decode(file: Path, encoding: str) -> str:
    """The text of a file, without its byte-order mark."""
    content = file.read_bytes()
    if encoding.replace("_", "-").casefold() in ("utf-8", "utf8"):
        try:
            return decode(content).removeprefix(MARK)
        except StrictError as error:
            raise InputError([error.problem(str(file))]) from None
    try:
        return content.decode(encoding).removeprefix(MARK)
    except LookupError:
        raise UnknownNameError(encoding, "text encoding", ("utf-8", "windows-1252", "…")) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        came = content[error.start : error.end].hex(" ")
        raise InputError([Problem(str(file), line, None, f"the bytes {came}, expected {encoding}")]) from None
