"""The matrix of sources and targets: intervals beside each other, or, of many sources, coloured cells."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kazstance.comparison import Cell
from kazstance.comparison.signs import Standing, dissents, standing
from kazstance.plot import key
from kazstance.plot.choice import Shown
from kazstance.plot.lettering import LEADING, SMALL, wrapped
from kazstance.plot.sheet import MUTED, Sheet, widest
from kazstance.plot.signs import CELL, SIDES, blank, filled, in_words, look_of, mark, unknown
from kazstance.stats.estimate import Estimate

NAMES: Final = 0.42
"""The most that names of targets take of the width."""
OPEN: Final = 36.0
"""How wide a column has to be to show intervals, in points."""
NUMBERED: Final = 52.0
"""How wide a column has to be to show numbers of sentences too."""
COUNT: Final = 15.0
"""What such a number takes."""
NARROW: Final = 11.0
"""How wide a column of coloured cells is at least."""
WIDE: Final = 18.0
"""How wide it is at most."""
TALLEST: Final = 130.0
"""The most that names of sources take of the height, where they stand upright."""
LINE: Final = SMALL * LEADING


@dataclass(frozen=True)
class Columns:
    """How wide the names of targets and the column of each source are, and whether these show intervals."""

    names: float
    step: float
    is_open: bool


@dataclass(frozen=True)
class Place:
    """Where a cell is: its left end, its middle height and its width, in points."""

    left: float
    y: float
    step: float

    @property
    def middle(self) -> float:
        """The middle of the cell."""
        return self.left + self.step / 2


def draw(shown: Shown, sheet: Sheet, caption: str, foot: str) -> Sheet:
    """Where every source stands on every target.

    Args:
        shown: what is shown.
        sheet: the sheet to draw on.
        caption: what to say under the title.
        foot: what it was made from.
    """
    names = min(widest(shown.names[target] for target in shown.targets) + 4, NAMES * sheet.width)
    is_open = sheet.width - names >= OPEN * len(shown.sources)
    is_numbered = is_open and sheet.width - names >= NUMBERED * len(shown.sources)
    head = sheet.head(f"{caption} Numbers count sentences." if is_numbered else caption)
    y = _key(shown, sheet, head, is_open=is_open) + 2
    for sources, columns in _blocks(shown.sources, sheet.width, names, is_open=is_open):
        y = _block(shown, sheet, y, columns, sources) + SMALL
    sheet.foot(y - SMALL, foot)
    return sheet


def _blocks(
    sources: tuple[str, ...], width: float, names: float, *, is_open: bool
) -> Iterator[tuple[tuple[str, ...], Columns]]:
    """The sources that fit beside each other, block by block, each as wide as the others."""
    room = width - names
    most = max(len(sources) if is_open else int(room / NARROW), 1)
    blocks = max(math.ceil(len(sources) / most), 1)
    many = max(math.ceil(len(sources) / blocks), 1)
    step = room / many if is_open else min(room / many, WIDE)
    for start in range(0, len(sources), many):
        yield sources[start : start + many], Columns(names, step, is_open)


def _block(shown: Shown, sheet: Sheet, y: float, columns: Columns, sources: tuple[str, ...]) -> float:
    """The rows of some sources from this height down; the height where they end is returned."""
    y = _heads(sheet, y, columns, [shown.called[source] for source in sources])
    for target in shown.targets:
        lines = wrapped(shown.names[target], columns.names - 4)
        height = max(LINE * len(lines), CELL) + 3
        sheet.grid((0, y, columns.names + columns.step * len(sources), y))
        sheet.lines(0, y + height / 2, lines)
        for place, source in enumerate(sources):
            at = Place(columns.names + columns.step * place, y + height / 2, columns.step)
            cell = shown.cells[source, target]
            _cell(sheet, cell, at, in_words(cell, shown.called[source], shown.names[target]), is_open=columns.is_open)
        y += height
    return y


def _heads(sheet: Sheet, y: float, columns: Columns, sources: Sequence[str]) -> float:
    """The names of the sources: in lines over wide columns, upright over narrow ones."""
    middles = [columns.names + columns.step * (place + 0.5) for place in range(len(sources))]
    if columns.is_open:
        heads = [wrapped(source, columns.step - 4, most=4, bold=True) for source in sources]
        high = max(map(len, heads), default=0) * LINE
        for x, head in zip(middles, heads, strict=True):
            sheet.lines(x, y + high - len(head) * LINE / 2, head, align="center", bold=True)
        return y + high + 2
    tall = min(widest(sources) + 2, TALLEST)
    for x, source in zip(middles, sources, strict=True):
        lines = wrapped(source, tall, most=max(int(columns.step / LINE), 1))
        for number, line in enumerate(lines):
            sheet.text(x + (number - (len(lines) - 1) / 2) * LINE, y + tall, line, angle=270)
    return y + tall + 3


def _cell(sheet: Sheet, cell: Cell, at: Place, said: str, *, is_open: bool) -> None:
    """A cell: an interval or a coloured cell, or what stands for silence."""
    if (where := standing(cell)) in key.UNKNOWN:
        unknown(sheet, (at.middle, at.y), where)
    elif cell.net is None and is_open:
        sheet.text(at.middle, at.y, SIDES[Standing.silent], fill=MUTED, align="center")
    elif cell.net is None:
        blank(sheet, (at.middle, at.y), wide=at.step, said=said)
    elif is_open:
        _interval(sheet, cell, cell.net, at, said)
    else:
        filled(sheet, (at.middle, at.y), look_of(cell), wide=at.step, said=said)


def _interval(sheet: Sheet, cell: Cell, net: Estimate, at: Place, said: str) -> None:
    """The net stance of a cell with its interval, from -1 on the left to 1 on the right, and how many sentences."""
    is_numbered = at.step >= NUMBERED
    half = (at.step - 8 - (COUNT if is_numbered else 0)) / 2
    middle, shown = at.left + 4 + half, look_of(cell)
    sheet.grid((middle, at.y - CELL / 2, middle, at.y + CELL / 2))
    sheet.line((middle + half * net.low, at.y, middle + half * net.high, at.y), shown.edge, 0.9)
    mark(sheet, (middle + half * net.value, at.y), shown, said=said)
    if is_numbered:
        sheet.text(at.left + at.step - 3, at.y, str(cell.about), align="right", fill=MUTED)


def _key(shown: Shown, sheet: Sheet, y: float, *, is_open: bool) -> float:
    found = [standing(cell) for cell in shown.all_cells]
    draw = key.as_mark if is_open else key.as_cell
    entries = [*key.sides(found, draw), *key.strengths(draw)]
    if any(map(dissents, shown.all_cells)):
        entries.append(key.dissenting())
    return key.place(sheet, y, [*entries, *key.nothing(found, in_words=is_open)])
