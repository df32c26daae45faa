"""Reading users' files: inside one folder, of bounded size, and in UTF-8."""

import csv
import hashlib
import io
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from kazstance.corpus.inputs import Entry
from kazstance.errors import COLLECTED, CorpusWarning, Problem, choose
from kazstance.input.files import MAX_BYTES, MOST_ROWS_BYTES, find_inside, is_there, read_inside
from kazstance.input.strict_json import StrictError, load_object
from kazstance.input.strict_toml import load_toml
from kazstance.input.text import MARK, decode
from kazstance.paths import StrPath
from kazstance.schema.frozen import Frozen

SHOWN: Final = 80
Place = tuple[str, int | None, str | None]
ARRAYS: Final = ("source", "target", "annotator", "round")
"""Keys that are arrays of tables."""
NEEDED: Final = ("source", "target")
"""Those of which there has to be one; nobody may have judged yet."""
ALWAYS: Final = ("sources.toml", "targets.toml", "annotations/annotators.toml")
"""The tables that every corpus folder has."""
ANEW: Final = "`kazstance new FOLDER --text FILE --target NAME` creates a corpus folder that has it"
T = TypeVar("T", bound=Frozen)
Complete = Callable[[dict[str, Any]], dict[str, Any]]


class Folder:
    """A corpus folder; problems with its files are collected in `problems`, and their digests in `digests`.

    It is read as if the files in `instead` had already been written.
    """

    def __init__(self, root: StrPath, instead: Mapping[str, bytes] | None = None) -> None:
        root = Path(root)
        self.root = root.resolve()
        self.instead = instead or {}
        self.problems: list[Problem] = []
        self.digests: dict[str, str] = {}
        self._toml: dict[str, tuple[dict[str, Any], str]] = {}

    def report(self, file: str, line: int | None, field: str | None, message: str) -> None:
        """Record a problem; reading continues, so that all problems are found at once.

        Args:
            file: the file, by its name in the folder.
            line: the line, counted from 1; None for the whole file.
            field: the field; None for the whole line.
            message: what was found, and what was expected.
        """
        self.problems.append(Problem(file, line, field, message))

    def warn(self, message: str) -> None:
        """Warn that something is read as is but is probably not what was meant."""
        warnings.warn(message, CorpusWarning, stacklevel=2)

    def exists(self, name: str) -> bool:
        """Whether anything of that name exists, even a folder or a broken link, which reading then reports."""
        return name in self.instead or is_there(self.root, name)

    def find(self, name: str) -> Path | bytes | None:
        """Where a file is, or the content that it is going to have; None with a problem if it cannot be read."""
        if name in self.instead:
            return self.instead[name]
        try:
            return find_inside(self.root, name)
        except StrictError as error:
            self.report(name, None, None, str(error))
            return None

    def read_bytes(self, name: str, asked: Place, most: int = MAX_BYTES) -> bytes | None:
        """The content of a file, or None with a problem at the place that asked for it.

        Args:
            name: the file, by its name in the folder.
            asked: file, line and field that ask for it.
            most: the largest size that is read, in bytes.
        """
        try:
            content = self.instead[name] if name in self.instead else read_inside(self.root, name, most)
        except StrictError as error:
            self.report(*asked, str(error))
            return None
        self.digests[name] = hashlib.sha256(content).hexdigest()
        return content

    def read_text(
        self, name: str, asked: Place | None = None, *, is_raw: bool = False, most: int = MAX_BYTES
    ) -> str | None:
        """The content of a file as text, line endings unchanged; a byte-order mark is kept only if it is raw.

        Args:
            name: the file, by its name in the folder.
            asked: file, line and field that ask for it; without them, the file itself.
            is_raw: keep a byte-order mark.
            most: the largest size that is read, in bytes.
        """
        content = self.read_bytes(name, asked or (name, None, None), most)
        if content is None:
            return None
        try:
            text = decode(content)
        except StrictError as error:
            self.problems.append(error.problem(name))
            return None
        return text if is_raw else text.removeprefix(MARK)

    def read_toml(self, name: str) -> tuple[dict[str, Any], str]:
        """A TOML file's tables, and its text to look up lines in; read once, so that problems are reported once."""
        if name not in self._toml:
            self._toml[name] = self._parse_toml(name)
        return self._toml[name]

    def _parse_toml(self, name: str) -> tuple[dict[str, Any], str]:
        if not self.exists(name):
            remedy = f"; {ANEW}" if name in ALWAYS else ""
            self.report(name, None, None, f"{name} is missing, expected a file{remedy}")
            return {}, ""
        text = self.read_text(name)
        if text is None:
            return {}, ""
        try:
            return load_toml(text), text
        except StrictError as error:
            self.problems.append(error.problem(name))
            return {}, ""

    def check_keys(self, name: str, known: Collection[str]) -> None:
        """Report unknown tables and keys at the top level of a TOML file."""
        tables, text = self.read_toml(name)
        shown = {key: f"[[{key}]]" if key in ARRAYS else f"[{key}]" for key in known}
        for key in tables:
            if key not in known:
                found = re.search(rf"(?m)^\s*\[*\s*[\"']?{re.escape(key)}\b", text)
                line = text.count("\n", 0, found.end()) + 1 if found else None
                is_array = isinstance(tables[key], list) and all(isinstance(row, dict) for row in tables[key])
                came = f"[[{key}]]" if is_array else f"[{key}]" if isinstance(tables[key], dict) else key
                fault = (
                    "not a table of this file" if came != key else "not in any table; move it below the heading of one"
                )
                self.report(name, line, came, f"{fault}; {choose(came, shown.values())}")

    def read_tables(self, name: str, key: str, model: type[T]) -> list[Entry[T]]:
        """The entries of an array of tables, each validated.

        Args:
            name: the TOML file.
            key: the name of the array.
            model: what an entry must be.
        """
        tables, text = self.read_toml(name)
        rows = tables.get(key)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            if text.strip() and (key in NEEDED or rows is not None):
                self.report(name, None, key, f"no [[{key}]] tables, expected at least one")
            return []
        places = [text.count("\n", 0, found.start()) + 1 for found in re.finditer(rf"(?m)^\[\[{key}\]\]", text)]
        lines = places if len(places) == len(rows) else [1] * len(rows)
        return [entry for row, line in zip(rows, lines, strict=True) if (entry := self.entry(name, line, row, model))]

    def read_csv(self, name: str, model: type[T], complete: Complete | None = None) -> list[Entry[T]]:
        """The rows of a CSV file with a header, each validated.

        Args:
            name: the file.
            model: what a row must be.
            complete: makes a whole row of one that lacks cells or columns, or raises a StrictError.
        """
        text = self.read_text(name)
        if text is None:
            return []
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        expected = list(model.model_fields)
        try:
            names = reader.fieldnames
        except csv.Error as error:
            self.report(name, 1, None, f"{error} in the header, expected CSV")
            return []
        has_all = set(names or ()) <= set(expected) if complete else sorted(names or ()) == sorted(expected)
        if not names or not has_all or len(set(names)) < len(names):
            is_other = len(names or ()) == 1 and bool(set(names[0]) & set(";\t|")) if names else False
            remedy = "; save the file with commas between the columns" if is_other else ""
            self.report(name, 1, None, f"columns {_shown(names, 20 * SHOWN)}, expected {expected}{remedy}")
            return []
        rows = self._rows(name, reader)
        return self._entries(name, self._completed(name, rows, complete) if complete else rows, model)

    def _completed(
        self, name: str, rows: Iterable[tuple[int, dict[str, Any]]], complete: Complete
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for line, row in rows:
            try:
                yield line, complete(row)
            except StrictError as error:
                self.report(name, line, None, str(error))

    def _rows(self, name: str, reader: "csv.DictReader[str]") -> Iterator[tuple[int, dict[str, Any]]]:
        line = reader.line_num
        try:
            for row in reader:
                if None in row or None in row.values():
                    self.report(
                        name, line + 1, None, f"{_columns(row)} columns, expected {len(reader.fieldnames or ())}"
                    )
                else:
                    yield line + 1, row
                line = reader.line_num
        except csv.Error as error:
            self.report(name, line + 1, None, f"{error}, expected CSV")

    def read_lines(self, name: str, model: type[T], context: Mapping[str, str] | None = None) -> list[Entry[T]]:
        """The lines of a file of JSON objects, each validated; empty lines are skipped.

        Args:
            name: the file.
            model: what a line must be.
            context: what the validators of the model need to know besides the line.
        """
        lines = (self.read_text(name, most=MOST_ROWS_BYTES) or "").split("\n")
        if lines[-1].strip():
            try:
                load_object(lines[-1])
            except StrictError as error:
                self.report(name, len(lines), None, f"{error}; no line ending after it, so the file may be truncated")
                lines.pop()
        rows = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
        return self._entries(name, rows, model, context)

    def _entries(
        self,
        name: str,
        rows: Iterable[tuple[int, dict[str, Any] | str]],
        model: type[T],
        context: Mapping[str, str] | None = None,
    ) -> list[Entry[T]]:
        """Rows as entries; after too many problems, the rest is skipped."""
        before, entries = len(self.problems), []
        for line, row in rows:
            entries.append(self.entry(name, line, row, model, context))
            if len(self.problems) - before >= COLLECTED:
                message = f"{COLLECTED:,} problems up to here; the rest of the file was not checked"
                self.report(name, line, None, message)
                break
        return [entry for entry in entries if entry]

    def entry(
        self,
        name: str,
        line: int,
        row: dict[str, Any] | str,
        model: type[T],
        context: Mapping[str, str] | None = None,
    ) -> Entry[T] | None:
        """A row as a validated entry, or None with a problem for each field that is wrong.

        Args:
            name: the file, by its name in the folder.
            line: the line of the row, counted from 1.
            row: the row, or the JSON text of it.
            model: what it must be.
            context: what the validators of the model need to know besides the row.
        """
        try:
            value = model.model_validate(load_object(row) if isinstance(row, str) else row, context=context)
        except StrictError as error:
            self.problems.append(error.problem(name, line + (error.line or 1) - 1))
            return None
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = ".".join(map(str, fault["loc"])) or None
                came = "" if fault["type"] in ("missing", "value_error") else f"{_shown(fault['input'])}, "
                self.report(name, line, field, came + _said(fault, model))
            return None
        return Entry(name, line, value)


def _said(fault: Any, model: type[BaseModel]) -> str:
    """The message of a pydantic error; for an unknown field, it lists the valid ones."""
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        own = "; a field of your own goes under attributes" if "attributes" in model.model_fields else ""
        return f"unknown field; {choose(str(fault['loc'][0]), model.model_fields)}{own}"
    if fault["type"] == "missing":
        return f"missing, expected {_expected(fault['loc'], model)}"
    return str(fault["msg"]).removeprefix("Value error, ")


def _expected(place: Sequence[int | str], model: type[BaseModel]) -> str:
    """What a missing field should hold: an example if the model gives one."""
    field = model.model_fields.get(str(place[0])) if len(place) == 1 else None
    return f"a value such as {field.examples[0]!r}" if field and field.examples else "a value"


def _shown(value: object, limit: int = SHOWN) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "…"


def _columns(row: dict[Any, Any]) -> int:
    """Number of cells of a row that has too many or too few."""
    return sum(value is not None for key, value in row.items() if key is not None) + len(row.get(None) or ())
