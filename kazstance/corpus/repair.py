"""Repair a raw text, and keep track of where every character came from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kazstance.corpus.inputs import Entry, RepairInput
from kazstance.errors import Problem
from kazstance.input.text import MARK
from kazstance.schema.records import Repair


@dataclass(frozen=True)
class AppliedRepair:
    """A repair and the span of the repaired text that it produced."""

    row: RepairInput
    start: int
    end: int


@dataclass(frozen=True)
class RepairedText:
    """A text after its repairs; character i came from raw[starts[i]:ends[i]]."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    repairs: Sequence[AppliedRepair]

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The raw span of a span of the repaired text; marks removed right after it belong to it."""
        return self.starts[start], max(self.ends[end - 1], *(r.row.raw_end for r in self.inside(start, end)), 0)

    def inside(self, start: int, end: int) -> list[AppliedRepair]:
        """The repairs inside a span of the repaired text; a list mark belongs to no span."""
        return [
            r
            for r in self.repairs
            if r.row.kind != "list_mark" and r.end > start and r.start < end + (r.start == r.end)
        ]


def repair(raw: str, rows: Iterable[Entry[RepairInput]]) -> tuple[RepairedText, list[Problem]]:
    """Apply repairs to a raw text, which begins after a byte-order mark; one that overlaps another is a problem."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    applied: list[AppliedRepair] = []
    problems: list[Problem] = []
    ordered = sorted(rows, key=lambda entry: (entry.value.raw_start, entry.value.raw_end, entry.line))
    done = len(MARK) if raw.startswith(MARK) and not (ordered and ordered[0].value.raw_start == 0) else 0
    for entry in ordered:
        row = entry.value
        if row.raw_start < done:
            problems.append(
                Problem(
                    entry.file,
                    entry.line,
                    "raw_start",
                    f"{row.raw_start}, expected at least {done}: it overlaps another repair",
                )
            )
            continue
        parts += raw[done : row.raw_start], row.replacement
        starts += [*range(done, row.raw_start), *[row.raw_start] * len(row.replacement)]
        ends += [*range(done + 1, row.raw_start + 1), *[row.raw_end] * len(row.replacement)]
        applied.append(AppliedRepair(row, len(starts) - len(row.replacement), len(starts)))
        done = row.raw_end
    if not applied:
        return RepairedText(raw[done:], range(done, len(raw)), range(done + 1, len(raw) + 1), ()), problems
    starts += range(done, len(raw))
    ends += range(done + 1, len(raw) + 1)
    return RepairedText("".join([*parts, raw[done:]]), starts, ends, applied), problems


def apply(raw: str, raw_start: int, repairs: Iterable[Repair]) -> str:
    """A raw slice that begins at raw_start with its repairs applied: the text of its unit.

    Args:
        raw: the slice of a raw text.
        raw_start: where it begins in the text, in characters.
        repairs: those inside the slice, by offsets in the text.
    """
    parts: list[str] = []
    done = raw_start
    for change in sorted(repairs, key=lambda change: (change.raw_start, change.raw_end)):
        parts += raw[done - raw_start : change.raw_start - raw_start], change.replacement
        done = change.raw_end
    return "".join([*parts, raw[done - raw_start :]])
