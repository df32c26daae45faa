"""Rows in the order of the sentences they are about, read from the files for some sentences at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.dataset.folder import DatasetFolder
from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.columns import Places, coded, places_in
from kazstance.dataset.verification.findings import Finding
from kazstance.dataset.verification.rows import read_runs
from kazstance.schema.labels import ProbeKind

WITHIN: Final = {"probes": "probe"}
"""Tables that are ordered by another column first, and that column."""
KINDS: Final = pa.array(list(map(str, ProbeKind)), pa.string())


@dataclass
class Runs:
    """For the rows of a file, in order: the sentence of every run of rows, the kind if any, and the length."""

    folder: DatasetFolder
    table: str
    split: str
    ids: list[pa.Array] = field(default_factory=list)
    kinds: list[Places] = field(default_factory=list)
    lengths: list[Places] = field(default_factory=list)

    def add(self, rows: pa.Table) -> None:
        """Take note of the next rows of the file."""
        sentence = coded(rows["sentence_id"].combine_chunks())
        place = sentence.indices.to_numpy()
        kind = np.zeros(len(place), dtype=np.int64)
        if self.table in WITHIN:
            kind = places_in(rows[WITHIN[self.table]].combine_chunks(), KINDS)
        starts = np.flatnonzero(np.r_[True, (place[1:] != place[:-1]) | (kind[1:] != kind[:-1])])
        self.ids.append(sentence.dictionary.take(sentence.indices.take(pa.array(starts))))
        self.kinds.append(kind[starts])
        self.lengths.append(np.diff(np.r_[starts, len(place)]))

    def strands(self, sentences: pa.Array) -> tuple[list["Strand"], list[Finding]]:
        """The rows as strands in the order of the sentences, and the problem if they are not in order.

        Args:
            sentences: the ids of all sentences, in order.
        """
        if not self.ids:
            return [], []
        ids, kind, length = pa.chunked_array(self.ids), np.concatenate(self.kinds), np.concatenate(self.lengths)
        place = _filled(places_in(ids.combine_chunks(), sentences))
        late = np.flatnonzero(np.diff(kind * (len(sentences) + 1) + place) < 0) + 1
        if not len(late):
            cuts = [0, *(np.flatnonzero(np.diff(kind)) + 1).tolist(), len(kind)]
            starts = np.cumsum(np.r_[0, length])
            parts = [slice(one, other) for one, other in pairwise(cuts)]
            return [Strand(self, place[part], length[part], int(starts[part.start])) for part in parts], []
        file = self.folder.file(self.table, self.split)
        line = f"{file}: {ids[int(late[0])]}: is out of order: it belongs before the preceding row"
        finding = Finding(str(file), "order", (line,), len(late))
        return self._sorted(kind, place, length), [finding]

    def _sorted(self, kind: Places, place: Places, length: Places) -> list["Strand"]:
        """All rows in memory, put in order, so that what else is wrong is found, too."""
        rows = pa.concat_tables(read_runs(self.folder, self.table, self.split)).combine_chunks()
        row_place, row_kind = place.repeat(length), kind.repeat(length)
        order = np.lexsort((row_place, row_kind))
        found = []
        for one in np.unique(kind):
            chosen = order[row_kind[order] == one]
            ones = np.ones(len(chosen), dtype=np.int64)
            found.append(Strand(self, row_place[chosen], ones, 0, rows.take(pa.array(chosen))))
        return found


def _filled(place: Places) -> Places:
    """Places with that of the row before in place of -1, so that rows of unknown sentences stay where they are."""
    known = np.maximum.accumulate(np.where(place >= 0, np.arange(len(place)), 0))
    filled: Places = place[known].clip(min=0)
    return filled


class Strand:
    """Rows of a file that are in the order of the sentences, taken from front to back."""

    def __init__(self, runs: Runs, place: Places, length: Places, start: int, rows: pa.Table | None = None) -> None:
        """Begin at the first of the rows.

        Args:
            runs: the file.
            place: the sentence of each run of rows, by its place, in order.
            length: the length of each run.
            start: the number of rows of the file before them.
            rows: the rows, if they are in memory; otherwise they are read from the file.
        """
        self.table, self.split = runs.table, runs.split
        self._place = place
        self._ends: npt.NDArray[Any] = np.cumsum(np.r_[0, length])
        self._source = iter([rows]) if rows is not None else read_runs(runs.folder, runs.table, runs.split, start)
        self._held: list[pa.Table] = []
        self._taken = 0

    def sizes(self, sentences: int) -> Places:
        """Number of rows of each sentence."""
        found: Places = np.bincount(self._place.repeat(np.diff(self._ends)), minlength=sentences)
        return found

    def take(self, end: int) -> list[pa.Table]:
        """The rows not yet taken whose sentences come before a place, in one table, or none."""
        wanted = int(self._ends[np.searchsorted(self._place, end)]) - self._taken
        if not wanted:
            return []
        self._taken += wanted
        while sum(map(len, self._held)) < wanted:
            self._held.append(next(self._source))
        rows = pa.concat_tables(self._held)
        self._held = [rows.slice(wanted)]
        return [rows.slice(0, wanted)]


@dataclass(frozen=True)
class Window:
    """Consecutive sentences, by their places, and all rows about them."""

    start: int
    end: int
    rows: dict[str, pa.Table]


def windows(strands: Sequence[Strand], paragraph: Places, most: int, empty: dict[str, pa.Table]) -> Iterator[Window]:
    """All rows about sentences, in windows of whole paragraphs.

    Args:
        strands: the rows.
        paragraph: the number of the paragraph of each sentence, in order.
        most: maximum number of rows in a window, unless a paragraph has more.
        empty: tables without rows, for their columns.
    """
    sizes = np.ones(len(paragraph), dtype=np.int64) + sum(strand.sizes(len(paragraph)) for strand in strands)
    starts = np.flatnonzero(np.r_[True, paragraph[1:] != paragraph[:-1]])[: len(paragraph)]
    before = np.r_[0, np.cumsum(sizes)]
    cuts = [0]
    for one, other in zip(starts, [*starts[1:], len(paragraph)], strict=True):
        if one > cuts[-1] and before[other] - before[cuts[-1]] > most:
            cuts.append(int(one))
    for start, end in zip(cuts, [*cuts[1:], len(paragraph)], strict=True):
        parts = {table: [rows] for table, rows in empty.items()}
        for strand in strands:
            parts[strand.table] += [with_split(rows, strand.split) for rows in strand.take(end)]
        yield Window(start, end, {table: pa.concat_tables(found).combine_chunks() for table, found in parts.items()})


def with_split(rows: pa.Table, split: str) -> pa.Table:
    """Rows with their split as a column."""
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows), np.int32)), pa.array([split], pa.string()))
    return rows.append_column(SPLIT, names)
