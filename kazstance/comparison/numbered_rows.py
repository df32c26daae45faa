"""Judgements as numbers: whole sentences of them, with the spans that they mark as evidence."""

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from kazstance.stats.counting import Codes, runs

FEW: Final = 1 << 16
"""Numbers up to which a table of all of them is faster than sorting, however few rows there are."""
PER_ROW: Final = 8
"""The same, for each row."""


@dataclass(frozen=True)
class Spans:
    """Spans of evidence, by the number of the row that they belong to, in order: shape (spans,) each."""

    row: Codes
    start: Codes
    end: Codes

    def of(self, rows: Codes) -> tuple[Codes, Codes, Codes]:
        """For the spans of some rows, the number of the row among them, start and end."""
        first, last = (np.searchsorted(self.row, rows, side) for side in ("left", "right"))
        n = last - first
        at = runs(first, n)
        return np.repeat(np.arange(len(rows)), n), self.start[at], self.end[at]

    def cut(self, begin: int, end: int) -> "Spans":
        """Those of rows from `begin` up to `end`, which are numbered anew."""
        at = slice(*np.searchsorted(self.row, [begin, end]).tolist())
        return Spans(self.row[at] - begin, self.start[at], self.end[at])


@dataclass(frozen=True)
class NumberedRows:
    """Judgements in the order of their sentences; the numbers of sentences begin at 0."""

    cluster: Codes
    """The cluster of each sentence: shape (sentences,)."""
    paragraph: Codes
    """The same for its paragraph, by place."""
    sentence: Codes
    """Shape (rows,), as all that follow."""
    target: Codes
    holder: Codes
    """0 for the speaker."""
    judge: Codes
    choice: Codes
    marked: npt.NDArray[np.bool_]
    """Whether a stance was chosen and its evidence was recorded."""
    spans: Spans

    def __len__(self) -> int:
        return len(self.sentence)

    def parted(self) -> tuple["NumberedRows", "NumberedRows"]:
        """The rows of all sentences but the last one, and those of the last one."""
        last = len(self.cluster) - 1
        at = int(np.searchsorted(self.sentence, last))
        return self._cut(0, at, slice(0, last)), self._cut(at, len(self), slice(last, last + 1))

    def _cut(self, begin: int, end: int, sentences: slice) -> "NumberedRows":
        rows = slice(begin, end)
        return NumberedRows(
            cluster=self.cluster[sentences],
            paragraph=self.paragraph[sentences],
            sentence=self.sentence[rows] - sentences.start,
            target=self.target[rows],
            holder=self.holder[rows],
            judge=self.judge[rows],
            choice=self.choice[rows],
            marked=self.marked[rows],
            spans=self.spans.cut(begin, end),
        )

    def joined(self, more: "NumberedRows", *, is_continued: bool) -> "NumberedRows":
        """These rows of one sentence and more of them.

        Args:
            more: the rows that follow.
            is_continued: whether the first of these are still of the same sentence.
        """
        own = 1 if is_continued else 0
        after = replace(
            more,
            cluster=more.cluster[own:],
            paragraph=more.paragraph[own:],
            sentence=more.sentence + 1 - own,
        )
        names = [column.name for column in fields(self) if column.name != "spans"]
        columns = {name: np.concatenate([getattr(self, name), getattr(after, name)]) for name in names}
        row = np.concatenate([self.spans.row, more.spans.row + len(self)])
        parts = (np.concatenate([getattr(each.spans, name) for each in (self, more)]) for name in ("start", "end"))
        return NumberedRows(**columns, spans=Spans(row, *parts))


def kinds(numbers: Codes) -> tuple[Codes, Codes]:
    """The distinct numbers, which are 0 or more, in order, and the place of each number among them."""
    size = int(numbers.max(initial=-1)) + 1
    if size > max(FEW, PER_ROW * len(numbers)):
        return np.unique(numbers, return_inverse=True)
    there = np.flatnonzero(np.bincount(numbers, minlength=size))
    place = np.empty(size, dtype=np.intp)
    place[there] = np.arange(len(there))
    return there, place[numbers]
