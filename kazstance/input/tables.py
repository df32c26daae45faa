"""Tables that people bring: CSV, text between delimiters, JSON, JSON Lines or Parquet, read as they are written."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.errors import InputError, KazstanceError
from kazstance.input.delimited import LONGEST, PLAIN, Form, open_delimited
from kazstance.input.json_files import Names, read_json
from kazstance.input.streams import Stream, stream_table
from kazstance.input.strict_json import StrictError
from kazstance.input.text import MARK, decode
from kazstance.paths import StrPath

__all__ = ["ENDINGS", "LONGEST", "PLAIN", "TEXT", "Form", "Names", "as_text", "ending", "open_stream", "read_table"]

TEXT: Final = (".tsv", ".txt", ".tab", ".utf8")
"""Suffixes of text files with one line per row after a header."""
ENDINGS: Final = (".csv", ".jsonl", ".parquet", ".tsv", ".txt", ".json", ".xlsx")
"""Endings of the files that can be read, as messages list them."""
SMALL: Final = 2**25
"""Files of up to so many bytes are kept in memory when they are read."""


def read_table(file: StrPath, form: Form = PLAIN) -> pa.Table:
    """A table from a file, read by its suffix; in CSV and text, every column is text except the numeric ones.

    Raises:
        InputError: lines of a text file are invalid; all are named.
        KazstanceError: it is missing, of another kind, or damaged.
        UnknownNameError: there is no such encoding.
    """
    return open_stream(file, form).table()


def open_stream(file: StrPath, form: Form = PLAIN, names: Names | None = None, *, is_bare: bool = False) -> Stream:
    """The rows of a file or of a folder of Parquet files, read by its suffix, few at a time unless it is small.

    Args:
        file: the path.
        form: how a text file is written.
        names: what to call the columns of a file that has no names for them.
        is_bare: whether a text file with a single column may lack a header.

    Raises:
        InputError: lines of a text file are invalid; all are named.
        KazstanceError: it is missing, of another kind, or damaged.
        UnknownNameError: there is no such encoding.
    """
    path, names = Path(file), names or Names()
    suffix = "folder" if path.is_dir() else ending(path)
    text = partial(open_delimited, form=form, is_csv=suffix == ".csv", bare=names.label if is_bare else None)
    openers: dict[str, Callable[[Path], Stream]] = {
        ".csv": text,
        ".json": lambda path: stream_table(str(path), read_json(path, names)),
        ".jsonl": _open_json_lines,
        ".parquet": _open_parquet,
        ".xlsx": _open_excel,
        "folder": _open_folder,
        **dict.fromkeys((*TEXT, ""), text),
    }
    if suffix not in openers:
        raise KazstanceError(f"{path}: {path.suffix!r}, expected a file ending in {', '.join(ENDINGS)}")
    if path.exists() and not (path.is_file() or path.is_dir()):  # a pipe can be read only once, and may block
        raise KazstanceError(f"{path}: not a regular file, expected a file; save its content first")
    opened = next(_guarded(path, lambda: iter([openers[suffix](path)])))
    if doubled := [name for name, count in Counter(opened.columns).items() if count > 1]:
        advice = opened.advice and f"; {opened.advice}"
        raise KazstanceError(f"{path}: the column {doubled[0]!r} appears twice, expected once{advice}")
    stream = replace(opened, read=lambda chosen: _guarded(path, lambda: opened.read(chosen)))
    is_small = path.is_file() and path.stat().st_size <= SMALL
    return replace(stream, read=stream_table(stream.name, stream.table()).read) if is_small else stream


def ending(file: StrPath) -> str:
    """The suffix of a file in lower case, by which it is read."""
    file = Path(file)
    return file.suffix.lower()


def as_text(column: pa.ChunkedArray | pa.Array) -> pa.Array | None:
    """A column as text, in one piece; None if its values, such as lists, are neither text nor numbers."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    try:
        whole = whole.dictionary_decode() if isinstance(whole, pa.DictionaryArray) else whole
        return whole if pa.types.is_string(whole.type) else pc.cast(whole, pa.string())
    except pa.ArrowException:
        return None


def _guarded(file: Path, read: Callable[[], Iterator[Stream | pa.RecordBatch]]) -> Iterator[Stream | pa.RecordBatch]:
    """What is read of a file that may be missing or damaged.

    Raises:
        KazstanceError: whatever went wrong, as one line.
    """
    try:
        yield from read()
    except OSError as error:
        raise KazstanceError(f"{file}: {error.strerror or error}; expected a file") from error
    except (UnicodeError, pa.ArrowException) as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"{file}: {line}; expected {ending(file)[1:].upper() or 'text'}") from error


def _open_parquet(path: Path) -> Stream:
    from kazstance.input.parquet import read_columns, stream_parquet  # noqa: PLC0415  # slow to load

    if not path.exists():
        raise FileNotFoundError(2, "No such file or directory", str(path))
    return Stream(str(path), read_columns(path), partial(stream_parquet, path))


def _open_excel(path: Path) -> Stream:
    from kazstance.input.excel import read_excel  # noqa: PLC0415  # an extra

    table, notes = read_excel(path)
    return replace(stream_table(str(path), table), notes=tuple(notes))


def _open_folder(path: Path) -> Stream:
    """A folder of Parquet files, with the columns of all of them."""
    files = [_open_parquet(file) for file in sorted(path.glob("*.parquet"))]
    if not files:
        raise KazstanceError(f"{path}: no Parquet files, expected at least one in the folder")
    try:
        schema = pa.unify_schemas([file.schema for file in files], promote_options="permissive")
    except pa.ArrowException as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"{path}: {line}; expected files with the same columns") from error
    return Stream(str(path), schema, lambda chosen: _joined(files, schema, chosen))


def _joined(files: Sequence[Stream], schema: pa.Schema, chosen: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of several files with the columns of all; values that a file lacks are missing."""
    wanted = pa.schema([schema.field(name) for name in chosen])
    for file in files:
        for batch in file.read([name for name in chosen if name in file.columns] or file.columns[:1]):
            columns = [
                batch.column(field.name).cast(field.type)
                if field.name in batch.schema.names
                else pa.nulls(len(batch), field.type)
                for field in wanted
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=wanted)


def _open_json_lines(path: Path) -> Stream:
    """The objects of a file of JSON Lines, with the keys of all of them."""
    parts = [table.schema for table in _tables_of_lines(path)]
    try:
        schema = pa.unify_schemas(parts, promote_options="permissive")
    except pa.ArrowException as error:
        line = " ".join(str(error).split())
        raise KazstanceError(f"{path}: {line}; expected values of one type for each key") from error
    return Stream(str(path), schema, lambda chosen: _batches_of_lines(path, schema, chosen))


def _tables_of_lines(path: Path) -> Iterator[pa.Table]:
    """The objects of some lines after another.

    Raises:
        InputError: lines are not objects; all of the first faulty part are named.
    """
    from kazstance.input.json_lines import LinesError, read_json_lines  # noqa: PLC0415  # slow to load

    line, held = 1, b""
    with path.open("rb") as stream:
        while True:
            content = stream.read(SMALL)
            whole = held + (content.removeprefix(MARK.encode()) if line == 1 and not held else content)
            is_last = len(content) < SMALL
            at = len(whole) if is_last else whole.rfind(b"\n") + 1
            part, held = whole[:at], whole[at:]
            try:
                decode(part)
                if part or is_last:
                    yield read_json_lines(part, str(path), line)
            except StrictError as error:
                raise InputError([error.problem(str(path), line + (error.line or 1) - 1)]) from None
            except LinesError as error:
                raise InputError(error.problems) from None
            line += part.count(b"\n")
            if is_last:
                return


def _batches_of_lines(path: Path, schema: pa.Schema, chosen: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The objects of a file with the chosen keys; what an object lacks is missing."""
    wanted = pa.schema([schema.field(name) for name in chosen])
    for table in _tables_of_lines(path):
        columns = [
            table[field.name].cast(field.type)
            if field.name in table.column_names
            else pa.chunked_array([pa.nulls(len(table), field.type)])
            for field in wanted
        ]
        yield from pa.Table.from_arrays(columns, schema=wanted).to_batches()
