"""What differs between two versions of a dataset, row by row, and which part of the version that changes.

The rule: changed folds, a removed table, field or row, a row in a different split, and a changed label in a table with
train, validation and test (in any split, since the cross_* protocols test all rows) require a major version; new rows,
fields and tables require a minor one; anything else a patch. Before 1.0.0, the minor version stands in for the major.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from kazstance.dataset import DatasetFolder
from kazstance.dataset.table import SPLIT
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import SPLITS, TABLES

Values = Mapping[str, Any]
Key = tuple[str, ...]


class Part(IntEnum):
    """A part of a version number, the least significant first."""

    none = 0
    patch = 1
    minor = 2
    major = 3


class ChangeKind(StrEnum):
    """What happened to a row."""

    added = "added"
    removed = "removed"
    moved = "moved"
    relabelled = "relabelled"
    changed = "changed"


@dataclass(frozen=True)
class RowChange:
    """A row that differs: its table, its split (the new one, if any), its key, and the fields that changed."""

    kind: ChangeKind
    table: str
    split: str
    key: Key
    fields: Mapping[str, tuple[Any, Any]]
    """The old and new values of every column that differs, and of the split if the row has moved."""

    @property
    def part(self) -> Part:
        """Which part of the version number it changes."""
        if self.kind is ChangeKind.added:
            return Part.minor
        is_tested = TABLES[self.table].splits == SPLITS
        is_other = self.kind is ChangeKind.relabelled and is_tested
        return Part.major if is_other or self.kind in (ChangeKind.removed, ChangeKind.moved) else Part.patch

    def __str__(self) -> str:
        telling = {SPLIT, *_label_names(self.table)}
        told = [f"{name} {old} -> {new}" for name, (old, new) in self.fields.items() if name in telling]
        what = ", ".join(told or self.fields)
        return f"{self.kind} {self.table}/{self.split} {' '.join(self.key)}" + (f": {what}" if what else "")


@dataclass(frozen=True)
class Changes:
    """What differs between two versions of a dataset."""

    old: str
    new: str
    shape: tuple[tuple[Part, str], ...]
    """Tables, fields and folds that are new, removed or changed, each with the part of the version that it changes."""
    rows: tuple[RowChange, ...]

    @property
    def part(self) -> Part:
        """Which part of the version number must change at least."""
        return max([Part.none, *(part for part, _ in self.shape), *(row.part for row in self.rows)])

    @property
    def counts(self) -> Mapping[tuple[str, str, ChangeKind], int]:
        """Numbers of rows by table, split and kind."""
        return Counter((row.table, row.split, row.kind) for row in self.rows)

    @property
    def least(self) -> str:
        """The lowest version that the new one may have."""
        major, minor, patch = _numbers(self.old)
        match max(self.part, Part.minor) if major == 0 and self.part is Part.major else self.part:
            case Part.none:
                return self.old
            case Part.patch:
                return f"{major}.{minor}.{patch + 1}"
            case Part.major if major > 0:
                return f"{major + 1}.0.0"
            case _:
                return f"{major}.{minor + 1}.0"

    @property
    def is_enough(self) -> bool:
        """Whether the new version is high enough."""
        return _numbers(self.new) >= _numbers(self.least)


def compare(old: DatasetFolder, new: DatasetFolder) -> Changes:
    """What differs between two versions of a dataset, which may have different versions of the schema."""
    before, after = old.manifest, new.manifest
    tables = [table for table in after.tables if table in before.tables and table in TABLES]
    rows = tuple(change for table in tables for change in _row_changes(table, old, new))
    return Changes(before.version, after.version, tuple(_shape(before, after, old, new)), rows)


def _shape(before: Manifest, after: Manifest, old: DatasetFolder, new: DatasetFolder) -> Iterator[tuple[Part, str]]:
    """Tables, fields and folds."""
    yield from _names("table", before.tables, after.tables)
    for table in [table for table in after.tables if table in before.tables]:
        fields = [dict.fromkeys(folder.schema(table).names) for folder in (old, new)]
        yield from _names(f"field of {table}", *fields)
    yield from _names("protocol", before.folds, after.folds)
    for protocol, folds in after.folds.items():
        if before.folds.get(protocol, folds) != folds:
            yield Part.major, f"the folds of {protocol} differ"


def _names(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Part, str]]:
    yield from ((Part.major, f"{what} {name} is gone") for name in before if name not in after)
    yield from ((Part.minor, f"{what} {name} is new") for name in after if name not in before)


def _row_changes(table: str, old: DatasetFolder, new: DatasetFolder) -> Iterator[RowChange]:
    before, after = _keyed(table, old), _keyed(table, new)
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            yield RowChange(ChangeKind.removed, table, before[key][SPLIT], key, {})
        elif key not in before:
            yield RowChange(ChangeKind.added, table, after[key][SPLIT], key, {})
        elif fields := _differing(before[key], after[key]):
            yield RowChange(_kind(table, fields), table, after[key][SPLIT], key, fields)


def _keyed(table: str, folder: DatasetFolder) -> dict[Key, Values]:
    """The rows of a table by key, each with its split."""
    rows = ({**row, SPLIT: split} for split in folder[table].splits for row in folder.read(table, split).to_pylist())
    return {tuple(str(row.get(column)) for column in TABLES[table].key): row for row in rows}


def _differing(before: Values, after: Values) -> dict[str, tuple[Any, Any]]:
    """The columns that both have and whose values differ."""
    return {
        name: (before[name], after[name])
        for name in before
        if name in after and not _is_same(before[name], after[name])
    }


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))  # noqa: PLR0124  # NaN differs from itself


def _kind(table: str, fields: Mapping[str, Any]) -> ChangeKind:
    if SPLIT in fields:
        return ChangeKind.moved
    return ChangeKind.relabelled if fields.keys() & _label_names(table) else ChangeKind.changed


def _label_names(table: str) -> set[str]:
    """The columns with names of labels."""
    return {name for _, name in TABLES[table].record.label_columns}


def _numbers(version: str) -> tuple[int, int, int]:
    """A version as numbers."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch
