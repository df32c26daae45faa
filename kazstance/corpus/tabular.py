"""A table of a corpus folder in whichever form it comes, Parquet, JSON Lines or CSV: its rows, one by one."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from kazstance.corpus.folder import Folder
from kazstance.input.files import MOST_ROWS_BYTES
from kazstance.input.strict_json import StrictError, load_json, load_object

ENDINGS: Final = (".parquet", ".jsonl", ".csv")
"""The forms that a table may come in."""
AT_ONCE: Final = 4_096
"""Rows of a Parquet file that are objects at the same time."""
LONGEST: Final = 2**31 - 1
"""Maximum length of a cell of a CSV file, in characters."""
INDEX: Final = re.compile(r"__index_level_\d+__")
"""What pandas calls the index of a frame in Parquet; it is not a column."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Columns:
    """What is known about the columns of a table before it is read."""

    needed: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Another name of a column, and the name that it then has."""
    numbers: Collection[str] = ()
    """Columns that hold numbers, which CSV has as text."""
    nested: Collection[str] = ()
    """Columns that hold lists, which CSV has as JSON."""


def find_table(folder: Folder, stem: str) -> str | None:
    """The file of a table, None if there is none; a table in two forms is a problem."""
    found = [stem + ending for ending in ENDINGS if folder.exists(stem + ending)]
    if len(found) > 1:
        folder.report(found[1], None, None, f"there is also {found[0]}; expected the table in one form only")
    return found[0] if found else None


def read_rows(folder: Folder, name: str, columns: Columns) -> Iterator[tuple[int, Row]]:
    """The rows of a table by line, or by row in Parquet, both counted from 1; null values and empty cells are left out.

    What cannot be read is reported to the folder.

    Args:
        folder: the corpus folder.
        name: the file of the table in it.
        columns: what is known about its columns.
    """
    readers: dict[str, Callable[[Folder, str, Columns], Iterator[tuple[int, Row]]]] = {
        "parquet": _read_parquet,
        "jsonl": _read_lines,
        "csv": _read_csv,
    }
    for line, row in readers[name.rpartition(".")[2]](folder, name, columns):
        if named := _named(folder, name, line, row, columns):
            yield line, named


def _named(folder: Folder, name: str, line: int, row: Row, columns: Columns) -> Row | None:
    """A row by the names that its columns have here."""
    found: Row = {}
    for key, value in row.items():
        known = columns.aliases.get(key, key)
        if value is not None and known in found:
            folder.report(name, line, known, f"also given as {key!r}, expected one of the two")
            return None
        if value is not None:
            found[known] = value
    return found


def _has_columns(folder: Folder, name: str, names: Collection[str], columns: Columns) -> bool:
    """Whether the header of a table has the columns that are needed, each once; otherwise a problem is reported."""
    known = [columns.aliases.get(key, key) for key in names]
    lacking = [key for key in columns.needed if key not in known]
    doubled = sorted({key for key in known if known.count(key) > 1})
    listed = ", ".join(names)[:400]
    for key in lacking:
        other = "".join(f" (or {alias})" for alias, to in columns.aliases.items() if to == key)
        folder.report(name, 1, key, f"no such column, expected it{other} among {listed}")
    for key in doubled:
        folder.report(name, 1, key, f"appears twice, expected once among {listed}")
    return not lacking and not doubled


def _read_parquet(folder: Folder, name: str, columns: Columns) -> Iterator[tuple[int, Row]]:
    content = folder.read_bytes(name, (name, None, None), MOST_ROWS_BYTES)
    if content is None:
        return
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            names = [key for key in file.schema_arrow.names if not INDEX.fullmatch(key)]
            if not _has_columns(folder, name, names, columns):
                return
            start = 1
            for batch in file.iter_batches(AT_ONCE, columns=names):
                batch.validate(full=True)
                yield from enumerate(batch.to_pylist(), start)
                start += batch.num_rows
    except MemoryError:
        raise
    except Exception as error:  # a damaged file may raise anything
        folder.report(name, None, None, f"{' '.join(str(error).split())}; expected a Parquet file")


def _read_lines(folder: Folder, name: str, columns: Columns) -> Iterator[tuple[int, Row]]:
    text = folder.read_text(name, most=MOST_ROWS_BYTES) or ""
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        try:
            row = load_object(content)
        except StrictError as error:
            folder.problems.append(error.problem(name, line))
            continue
        lacking = [key for key in columns.needed if not _present(row, key, columns)]
        for key in lacking:
            folder.report(name, line, key, "missing, expected a value")
        if not lacking:
            yield line, row


def _present(row: Row, key: str, columns: Columns) -> bool:
    return any(columns.aliases.get(name, name) == key for name in row)


def _read_csv(folder: Folder, name: str, columns: Columns) -> Iterator[tuple[int, Row]]:
    text = folder.read_text(name, most=MOST_ROWS_BYTES)
    if text is None:
        return
    before = csv.field_size_limit(LONGEST)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        names = next(lines, [])
        if _has_columns(folder, name, names, columns):
            yield from _cells(folder, name, lines, names, columns)
    except csv.Error as error:
        folder.report(name, lines.line_num, None, f"{error}, expected CSV")
    finally:
        csv.field_size_limit(before)


def _cells(
    folder: Folder, name: str, lines: Any, names: Collection[str], columns: Columns
) -> Iterator[tuple[int, Row]]:
    """The rows below the header of a CSV file, with numbers and lists for their texts."""
    line = lines.line_num + 1
    for cells in lines:
        row: Row = {}
        if cells and len(cells) != len(names):
            folder.report(name, line, None, f"{len(cells)} columns, expected {len(names)}")
        elif cells:
            for key, cell in zip(names, cells, strict=True):
                try:
                    row[key] = _typed(columns.aliases.get(key, key), cell, columns)
                except StrictError as error:
                    folder.report(name, line, key, str(error))
            yield line, row
        line = lines.line_num + 1


def _typed(column: str, cell: str, columns: Columns) -> Any:
    """A cell as a number or a list where its column holds such; None for an empty cell.

    Raises:
        StrictError: it should be JSON and is not.
    """
    if not cell:
        return None
    if column in columns.numbers:
        return _number(cell)
    return load_json(cell) if column in columns.nested else cell


def _number(cell: str) -> int | float | str:
    """The number of a cell, or the cell itself, which the validation then refuses."""
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            pass
    return cell
