"""What differs between two versions of a dataset, row by row, and which part of the version that changes.

The rule: changed folds, a removed table, field or row, a row in a different split, and a changed label in a table with
train, validation and test (in any split, since the cross_* protocols test all rows) require a major version; new rows,
fields and tables require a minor one; anything else a patch. Before 1.0.0, the minor version stands in for the major.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kazstance.dataset import DatasetFolder
from kazstance.publish.row_changes import ChangeKind, Part, RowChange, TableChanges, part_of
from kazstance.schema import earlier
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import TABLES


@dataclass(frozen=True)
class Changes:
    """What differs between two versions of a dataset."""

    old: str
    new: str
    shape: tuple[tuple[Part, str], ...]
    """Tables, fields and folds that are new, removed or changed, each with the part of the version that it changes."""
    rows: tuple[RowChange, ...]
    """Rows that changed: all of them, or as many of each table, split and kind as were asked for."""
    counts: Mapping[tuple[str, str, ChangeKind], int] = field(default_factory=dict)
    """Numbers of changed rows by table, split and kind."""
    digests: tuple[str, ...] = ()
    """Why digests differ of splits in which no row has changed."""

    @property
    def part(self) -> Part:
        """Which part of the version number must change at least."""
        rows = (part_of(table, kind) for table, _, kind in self.counts)
        return max([Part.none, *(part for part, _ in self.shape), *rows])

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


def compare(old: DatasetFolder, new: DatasetFolder, most: int | None = None) -> Changes:
    """What differs between two versions of a dataset, which may have different versions of the schema.

    Args:
        old: the earlier version.
        new: the later version.
        most: how many changed rows to give of each table, split and kind; by default, all.
    """
    before, after = old.manifest, new.manifest
    tables = [TableChanges(table, old, new) for table in new.tables if table in old.tables]
    rows = tuple(change for table in tables for change in table.rows(most))
    counts = {key: number for table in tables for key, number in table.counts().items()}
    digests = tuple(line for table in tables for line in table.digests())
    shape = tuple(_shape(before, after, old, new))
    return Changes(before.version, after.version, shape, rows, counts, digests)


def _shape(before: Manifest, after: Manifest, old: DatasetFolder, new: DatasetFolder) -> Iterator[tuple[Part, str]]:
    """Tables, fields and folds, as they are stored."""
    yield from _names("table", before.tables, after.tables)
    for table in [table for table in after.tables if table in before.tables]:
        yield from _names(f"field of {table}", *(_stored_fields(folder, table) for folder in (old, new)))
    yield from _names("protocol", before.folds, after.folds)
    for protocol, folds in after.folds.items():
        if before.folds.get(protocol, folds) != folds:
            yield Part.major, f"the folds of {protocol} differ"


def _stored_fields(folder: DatasetFolder, table: str) -> dict[str, None]:
    """The columns that the files of a table have, whatever the format of the dataset."""
    names = folder.schema(table).names
    if folder.is_earlier and table in TABLES:
        names = [name for name in names if name not in earlier.NEW_COLUMNS.get(table, {})]
    return dict.fromkeys(names)


def _names(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[Part, str]]:
    yield from ((Part.major, f"{what} {name} is gone") for name in before if name not in after)
    yield from ((Part.minor, f"{what} {name} is new") for name in after if name not in before)


def _numbers(version: str) -> tuple[int, int, int]:
    """A version as numbers."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch
