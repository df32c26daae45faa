"""The key of a chart: what its signs mean, in as many lines as the width takes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from kazstance.comparison.signs import Standing, Strength
from kazstance.plot.lettering import LEADING, SMALL, shortened, width
from kazstance.plot.sheet import At, Sheet
from kazstance.plot.signs import SIDES, WORDS, blank, filled, look, mark, unknown

LINE: Final = SMALL * LEADING + 3
"""From one line of a key to the next, in points."""
UNKNOWN: Final = {Standing.not_asked: "not asked", Standing.undecided: "undecided: all votes are split"}
"""What cells without any decided judgement are."""
SIGN: Final = 11.0
"""What a sign takes."""
GAP: Final = 10.0


@dataclass(frozen=True)
class Entry:
    """A sign, placed at a point by `draw`, and what it means."""

    draw: Callable[[Sheet, At], None]
    label: str
    sign: float = SIGN


def place(sheet: Sheet, y: float, entries: Iterable[Entry], *, is_even: bool = False) -> float:
    """Place entries from this height down, one after the other; the height where they end is returned.

    Args:
        sheet: the sheet to draw on.
        y: how far down it begins, in points.
        entries: the entries.
        is_even: whether they stand in columns.
    """
    x, entries = 0.0, list(entries)
    widest_one = max((entry.sign + width(entry.label) for entry in entries), default=0.0)
    for entry in entries:
        label = shortened(entry.label, sheet.width - entry.sign - 2)
        wide = min(widest_one, sheet.width) if is_even else entry.sign + width(label)
        if x and x + wide > sheet.width:
            x, y = 0.0, y + LINE
        entry.draw(sheet, (x + entry.sign / 2 - 1, y + LINE / 2))
        sheet.text(x + entry.sign, y + LINE / 2, label)
        x += wide + GAP
    return y + LINE


class Draw(Protocol):
    """Places what a side of a strength looks like."""

    def __call__(self, sheet: Sheet, at: At, where: Standing, how: Strength) -> None:
        """Place it."""


def sides(found: Iterable[Standing], draw: Draw) -> list[Entry]:
    """What those of the sides look like that occur, at their clearest."""
    there = set(found)
    return [
        Entry(partial(draw, where=where, how=Strength.clear), SIDES[where])
        for where in (Standing.favor, Standing.against, Standing.neither)
        if where in there
    ]


def strengths(draw: Draw) -> list[Entry]:
    """What the strengths look like, on both sides."""
    return [Entry(partial(_on_both_sides, how=how, draw=draw), WORDS[how], 2 * SIGN) for how in reversed(Strength)]


def _on_both_sides(sheet: Sheet, at: At, how: Strength, draw: Draw) -> None:
    x, y = at
    draw(sheet, (x - SIGN / 2, y), Standing.favor, how)
    draw(sheet, (x + SIGN / 2, y), Standing.against, how)


def as_mark(sheet: Sheet, at: At, where: Standing, how: Strength) -> None:
    """A side as a mark.

    Args:
        sheet: the sheet to draw on.
        at: where it is: to the right and down, in points.
        where: the side.
        how: how sure it is.
    """
    mark(sheet, at, look(where, how))


def as_cell(sheet: Sheet, at: At, where: Standing, how: Strength) -> None:
    """A side as a coloured cell with its sign.

    Args:
        sheet: the sheet to draw on.
        at: where it is: to the right and down, in points.
        where: the side.
        how: how sure it is.
    """
    filled(sheet, at, look(where, how))


def codes(names: Iterable[tuple[str, str]]) -> list[Entry]:
    """Which code stands for which name."""
    return [Entry(partial(_code, code=code), name, width(code, bold=True) + 5) for code, name in names]


def _code(sheet: Sheet, at: At, code: str) -> None:
    sheet.text(*at, code, bold=True, align="center")


def dissenting() -> Entry:
    """What dissent looks like."""
    shown = look(Standing.favor, Strength.clear, dissents=True)
    return Entry(partial(mark, shown=shown), "ringed: some sentences take the other side")


def nothing(found: Iterable[Standing], *, in_words: bool) -> list[Entry]:
    """What silence, targets that were not asked and split votes look like, where they occur."""
    there = set(found)
    silent = [Entry(blank, "silent: no sentence about it")] if Standing.silent in there and not in_words else []
    return [*silent, *(Entry(partial(unknown, where=where), said) for where, said in UNKNOWN.items() if where in there)]
