"""Rows that differ between two versions of a table, found by hashes of their keys and values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from filecmp import cmp
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.dataset import DatasetFolder
from kazstance.dataset.table import SPLIT
from kazstance.publish.row_hashes import RowHashes, hashed, joined
from kazstance.schema.records import SPLITS, TABLES

Values = Mapping[str, Any]
Key = tuple[str, ...]
_Places = npt.NDArray[np.int64]


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
        return part_of(self.table, self.kind)

    def __str__(self) -> str:
        telling = {SPLIT, *_label_names(self.table)}
        told = [f"{name} {old} -> {new}" for name, (old, new) in self.fields.items() if name in telling]
        what = ", ".join(told or self.fields)
        return f"{self.kind} {self.table}/{self.split} {' '.join(self.key)}" + (f": {what}" if what else "")


def part_of(table: str, kind: ChangeKind) -> Part:
    """Which part of the version number a change of a row requires."""
    if kind is ChangeKind.added:
        return Part.minor
    is_other = kind is ChangeKind.relabelled and TABLES[table].splits == SPLITS
    return Part.major if is_other or kind in (ChangeKind.removed, ChangeKind.moved) else Part.patch


@dataclass(frozen=True)
class _Found:
    """Rows that changed in one way: their places in both versions, as indices into the hashes; -1 where not there."""

    kind: ChangeKind
    split: int
    """The number of the split, the new one if any."""
    before: _Places
    after: _Places


class TableChanges:
    """The rows of a table that differ between two versions, found by hash; splits in equal files are not read."""

    def __init__(self, table: str, old: DatasetFolder, new: DatasetFolder) -> None:
        """Compare a table.

        Args:
            table: the table, which both versions have.
            old: the earlier version.
            new: the later version.
        """
        self.name, self._folders = table, (old, new)
        self.splits = list(dict.fromkeys([*new[table].splits, *old[table].splits]))
        self._same = {split for split in self.splits if _are_equal(old, new, table, split)}
        self._fields = [name for name in old.schema(table).names if name in new.schema(table).names]
        self._hashes = tuple(self._hash(folder) for folder in self._folders)
        self.found = list(self._changed())

    def counts(self) -> dict[tuple[str, str, ChangeKind], int]:
        """The number of changed rows by table, split and kind."""
        return {(self.name, self.splits[found.split], found.kind): len(found.before) for found in self.found}

    def rows(self, most: int | None) -> list[RowChange]:
        """Changed rows, ordered by key; at most a given number of each kind and split."""
        changes = (change for found in self.found for change in self._row_changes(found, most))
        return sorted(changes, key=lambda change: change.key)

    def digests(self) -> Iterator[str]:
        """Why the digests of splits differ in which no row has changed."""
        old, new = self._folders
        changed = {split for _, split, _ in self.counts()}
        for split in self.splits:
            files = [folder.manifest.tables.get(self.name, {}).get(split) for folder in self._folders]
            if split in changed or None in files or len({file.digest for file in files if file}) == 1:
                continue
            if old.manifest.format_version != new.manifest.format_version:
                formats = f"{old.manifest.format_version} and {new.manifest.format_version}"
                why = f"its format is what the digest is computed by ({formats})"
            elif [*old.schema(self.name)] != [*new.schema(self.name)]:
                why = "its columns are not the same"
            else:
                why = "the rows are in another order"
            yield f"{self.name}/{split}: no row differs; the digest does, since {why}"

    def _hash(self, folder: DatasetFolder) -> RowHashes:
        """The rows of one version in the files that differ."""
        spec, labels = TABLES[self.name], [name for name in _label_names(self.name) if name in self._fields]
        key = [name for name in spec.key if name in self._fields]
        return joined(
            [
                hashed(folder.batches(self.name, split, coded=True), number, key, labels, self._fields)
                for number, split in enumerate(self.splits)
                if split in folder[self.name].splits and split not in self._same
            ]
            or [hashed((), 0, (), (), ())]
        )

    def _changed(self) -> Iterator[_Found]:
        before, after = self._hashes
        at = np.searchsorted(before.key, after.key).clip(max=max(len(before.key) - 1, 0))
        known = before.key[at] == after.key if len(before.key) else np.zeros(len(after.key), dtype=bool)
        gone = np.ones(len(before.key), dtype=bool)
        gone[at[known]] = False
        yield from self._by_split(ChangeKind.removed, np.flatnonzero(gone), None)
        yield from self._by_split(ChangeKind.added, None, np.flatnonzero(~known))
        new, old = np.flatnonzero(known), at[known]
        moved = before.split[old] != after.split[new]
        relabelled = ~moved & (before.labels[old] != after.labels[new])
        changed = ~moved & ~relabelled & (before.values[old] != after.values[new])
        kinds = {ChangeKind.moved: moved, ChangeKind.relabelled: relabelled, ChangeKind.changed: changed}
        for kind, flags in kinds.items():
            yield from self._by_split(kind, old[flags], new[flags])

    def _by_split(self, kind: ChangeKind, old: _Places | None, new: _Places | None) -> Iterator[_Found]:
        """Changes of a kind by the split of the row: the new one, unless it is gone."""
        (before, after), places = self._hashes, old if new is None else new
        home = (before if new is None else after).split[places]
        for split in np.unique(home).tolist():
            chosen = home == split
            absent = np.full(int(chosen.sum()), -1)
            yield _Found(kind, split, absent if old is None else old[chosen], absent if new is None else new[chosen])

    def _row_changes(self, found: _Found, most: int | None) -> Iterator[RowChange]:
        size = len(found.before) if most is None else min(most, len(found.before))
        before, after = (
            self._read(folder, hashes, places[:size])
            for folder, hashes, places in zip(self._folders, self._hashes, (found.before, found.after), strict=True)
        )
        for one, other in zip(before, after, strict=True):
            row = one if other is None else other
            fields = _differing(one, other) if one and other else {}
            key = tuple(str(row[name]) for name in TABLES[self.name].key if row and row.get(name) is not None)
            yield RowChange(found.kind, self.name, self.splits[found.split], key, fields)

    def _read(self, folder: DatasetFolder, hashes: RowHashes, places: _Places) -> list[Values | None]:
        """The rows at some places, each with its split; None for -1."""
        if not len(places) or places[0] < 0:
            return [None] * len(places)
        rows: dict[tuple[int, int], Values] = {}
        for number in np.unique(hashes.split[places]).tolist():
            wanted = np.sort(hashes.place[places[hashes.split[places] == number]])
            found = _rows_at(folder, self.name, self.splits[number], wanted)
            rows |= {
                (number, at): {**row, SPLIT: self.splits[number]}
                for at, row in zip(wanted.tolist(), found, strict=True)
            }
        return [rows[int(hashes.split[place]), int(hashes.place[place])] for place in places.tolist()]


def _rows_at(folder: DatasetFolder, table: str, split: str, wanted: _Places) -> Iterator[Values]:
    """The rows of a split at some places, in order."""
    start = 0
    for batch in folder.batches(table, split):
        here = wanted[(wanted >= start) & (wanted < start + len(batch))] - start
        if len(here):
            yield from batch.take(pa.array(here)).to_pylist()
        start += len(batch)


def _are_equal(old: DatasetFolder, new: DatasetFolder, table: str, split: str) -> bool:
    """Whether both versions have a split in equal files, byte by byte."""
    one, other = (folder.file(table, split) for folder in (old, new))
    is_same_format = old.is_earlier == new.is_earlier
    return is_same_format and one.is_file() and other.is_file() and cmp(one, other, shallow=False)


def _differing(before: Values, after: Values) -> dict[str, tuple[Any, Any]]:
    """The columns that both have and whose values differ."""
    return {
        name: (before[name], after[name])
        for name in before
        if name in after and not _is_same(before[name], after[name])
    }


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))  # noqa: PLR0124  # NaN differs from itself


def _label_names(table: str) -> set[str]:
    """The columns with names of labels."""
    return {name for _, name in TABLES[table].record.label_columns}
