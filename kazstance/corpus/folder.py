"""Reading files that come from users: inside one folder, of bounded size, and in UTF-8."""

import csv
import hashlib
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from kazstance.corpus.inputs import Entry, Input
from kazstance.errors import Problem

MAX_BYTES: Final = 64 * 2**20
SHOWN: Final = 80
T = TypeVar("T", bound=Input)


class Folder:
    """A corpus folder; what is wrong with its files is gathered in `problems`, and their digests in `digests`.

    It is read as if the files in `instead` had been written already.
    """

    def __init__(self, root: Path, instead: Mapping[str, bytes] | None = None) -> None:
        self.root = root.resolve()
        self.instead = instead or {}
        self.problems: list[Problem] = []
        self.digests: dict[str, str] = {}
        self._toml: dict[str, tuple[dict[str, Any], str]] = {}

    def report(self, file: str, line: int | None, field: str | None, message: str) -> None:
        """Note that something is wrong; reading goes on, so that all of it is found at once."""
        self.problems.append(Problem(file, line, field, message))

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self.instead or (self.root / name).is_file()

    def read_bytes(self, name: str, asked: tuple[str, int | None, str | None]) -> bytes | None:
        """The content of a file, or None with a problem at the place that asked for it."""
        path = self.root / PurePosixPath(name)
        if not path.resolve().is_relative_to(self.root):
            self.report(*asked, f"{name!r} leaves the corpus folder, expected a file inside it")
            return None
        if not self.exists(name):
            self.report(*asked, f"{name} is missing, expected a file")
            return None
        size = len(self.instead[name]) if name in self.instead else path.stat().st_size
        if size > MAX_BYTES:
            self.report(*asked, f"{name} has {size} bytes, expected at most {MAX_BYTES}")
            return None
        content = self.instead[name] if name in self.instead else path.read_bytes()
        self.digests[name] = hashlib.sha256(content).hexdigest()
        return content

    def read_text(self, name: str, asked: tuple[str, int | None, str | None] | None = None) -> str | None:
        """The content of a file as text, its line ends as they are."""
        content = self.read_bytes(name, asked or (name, None, None))
        if content is None:
            return None
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.report(name, line, None, f"byte 0x{content[error.start]:02x} at {error.start}, expected UTF-8")
            return None

    def read_toml(self, name: str) -> tuple[dict[str, Any], str]:
        """A TOML file's tables, and its text to look lines up in; read once, so that it is reported once."""
        if name not in self._toml:
            self._toml[name] = self._parse_toml(name)
        return self._toml[name]

    def _parse_toml(self, name: str) -> tuple[dict[str, Any], str]:
        text = self.read_text(name)
        if text is None:
            return {}, ""
        try:
            return tomllib.loads(text), text
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            self.report(name, int(line[1]) if line else None, None, f"{error}, expected TOML")
            return {}, ""

    def read_tables(self, name: str, key: str, model: type[T]) -> list[Entry[T]]:
        """The entries of an array of tables, each validated."""
        tables, text = self.read_toml(name)
        rows = tables.get(key)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            if text:
                self.report(name, None, key, f"no tables [[{key}]], expected at least one")
            return []
        places = [text.count("\n", 0, found.start()) + 1 for found in re.finditer(rf"(?m)^\[\[{key}\]\]", text)]
        lines = places if len(places) == len(rows) else [1] * len(rows)
        return [entry for row, line in zip(rows, lines, strict=True) if (entry := self.entry(name, line, row, model))]

    def read_csv(self, name: str, model: type[T]) -> list[Entry[T]]:
        """The rows of a CSV file with a header, each validated; a byte order mark before it is taken off."""
        text = self.read_text(name)
        if text is None:
            return []
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
        expected = list(model.model_fields)
        if sorted(reader.fieldnames or ()) != sorted(expected):
            self.report(name, 1, None, f"columns {reader.fieldnames}, expected {expected}")
            return []
        return [entry for line, row in self._rows(name, reader) if (entry := self.entry(name, line, row, model))]

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

    def read_lines(self, name: str, model: type[T]) -> list[Entry[T]]:
        """The lines of a file of JSON objects, each validated; empty lines are passed over."""
        lines = (self.read_text(name) or "").split("\n")
        entries = (self.entry(name, number, line, model) for number, line in enumerate(lines, 1) if line.strip())
        return [entry for entry in entries if entry]

    def entry(self, name: str, line: int, row: dict[str, Any] | str, model: type[T]) -> Entry[T] | None:
        """A row as a validated entry, or None with a problem for each field that is wrong."""
        try:
            value = model.model_validate_json(row) if isinstance(row, str) else model.model_validate(row)
        except ValidationError as error:
            for fault in error.errors(include_url=False):
                field = ".".join(map(str, fault["loc"])) or None
                came = (
                    "" if fault["type"] in ("missing", "value_error", "json_invalid") else f"{_shown(fault['input'])}, "
                )
                self.report(name, line, field, came + fault["msg"].removeprefix("Value error, "))
            return None
        return Entry(name, line, value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _columns(row: dict[Any, Any]) -> int:
    """Number of cells of a row that has too many or too few."""
    return sum(value is not None for key, value in row.items() if key is not None) + len(row.get(None) or ())
