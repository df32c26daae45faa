"""What each source writes about, and on which side: salience against net stance, a panel for each source."""

import math
from collections.abc import Sequence
from typing import Final

from kazstance.comparison import Cell
from kazstance.comparison.signs import dissents, standing
from kazstance.plot import key
from kazstance.plot.choice import Shown
from kazstance.plot.lettering import LEADING, SMALL, wrapped
from kazstance.plot.sheet import MUTED, Box, Sheet, widest
from kazstance.plot.signs import in_words, look_of, mark
from kazstance.stats.estimate import Estimate

WIDE: Final = 200.0
"""How wide a panel is at least, in points, if there are few."""
NARROW: Final = 118.0
"""How wide it is at least if there are many."""
FEW: Final = 6
HIGH: Final = 120.0
GAP: Final = 12.0
AXIS: Final = 28.0
"""What the numbers of the upright axis take."""
LINE: Final = SMALL * LEADING
MOST: Final = 0.5
"""The most that a name takes of the width of a panel; longer ones stand in lines."""


def draw(shown: Shown, sheet: Sheet, caption: str, foot: str) -> Sheet:
    """How much each source writes about each target, over where it stands on it.

    The most salient targets are named, as many as have room.

    Args:
        shown: what is shown.
        sheet: the sheet to draw on.
        caption: what to say under the title.
        foot: what it was made from.
    """
    y = sheet.head(caption)
    cells = [cell for cell in shown.all_cells if cell.net is not None and cell.salience is not None]
    entries = [*key.sides([standing(cell) for cell in cells], key.as_mark), *key.strengths(key.as_mark)]
    y = key.place(sheet, y, [*entries, *([key.dissenting()] if any(map(dissents, cells)) else [])]) + 4
    least = WIDE if len(shown.sources) <= FEW else NARROW
    columns = max(min(int((sheet.width + GAP) / (least + GAP)), len(shown.sources)), 1)
    wide = (sheet.width - GAP * (columns - 1)) / columns
    top = max((cell.salience.value for cell in cells if cell.salience), default=0.0) or 1.0
    for start in range(0, len(shown.sources), columns):
        sources = shown.sources[start : start + columns]
        heads = [wrapped(shown.called[source], wide, bold=True, most=3) for source in sources]
        head = max(map(len, heads)) * LINE
        for place, source in enumerate(sources):
            left = (wide + GAP) * place
            sheet.paragraph(left, y, " ".join(heads[place]), wide, bold=True)
            own = [cell for cell in cells if cell.source == source]
            _panel(shown, sheet, own, (left, y + head, left + wide, y + head + HIGH), top)
        y += head + HIGH + LINE + GAP
    sheet.foot(y - GAP, foot)
    return sheet


def _panel(shown: Shown, sheet: Sheet, cells: Sequence[Cell], box: Box, top: float) -> None:
    """The targets of a source; both axes are the same in all panels, and the upright one is a square root."""
    left, upper, right, lower = box
    inner = left + AXIS, upper + 6, right - 5, lower - 4
    for share in _ticks(top):
        y = _height(share, top, inner)
        sheet.grid((inner[0], y, inner[2], y))
        sheet.text(inner[0] - 5, y, f"{share:.0%}", align="right", fill=MUTED)
    middle = (inner[0] + inner[2]) / 2
    sheet.grid((middle, inner[1], middle, inner[3]), MUTED)
    for x, text, align in ((inner[0], "−1 against", "left"), (middle, "0", "center"), (inner[2], "favor +1", "right")):
        sheet.text(x, lower + LINE / 2, text, fill=MUTED, align=align)
    placed = []
    for cell in sorted(cells, key=lambda cell: -(cell.salience.value if cell.salience else 0)):
        if cell.net is not None and cell.salience is not None:
            x, y = _across(cell.net, inner), _height(cell.salience.value, top, inner)
            said = (
                f"{in_words(cell, shown.called[cell.source], shown.names[cell.target])}; in {cell.salience.value:.1%}"
            )
            mark(sheet, (x, y), look_of(cell), said=said)
            placed.append((x, y, shown.names[cell.target]))
    _name(sheet, placed, (inner[0], inner[1] - 6, inner[2] + 5, inner[3] + 3))


def _name(sheet: Sheet, placed: Sequence[tuple[float, float, str]], box: Box) -> None:
    """Name the points from the most salient one on, where a name covers neither a point nor another name."""
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y, _ in placed]
    for x, y, full in placed:
        lines = wrapped(full, MOST * (box[2] - box[0]))
        wide, high = widest(lines), LINE * len(lines)
        for start, middle in (
            *((x + 6, y), (x - 6 - wide, y), (x - wide / 2, y - high / 2 - 5), (x - wide / 2, y + high / 2 + 5)),
        ):
            room = start - 1, middle - high / 2, start + wide + 1, middle + high / 2
            is_inside = room[0] >= box[0] and room[2] <= box[2] and room[1] >= box[1] and room[3] <= box[3]
            if is_inside and not any(_overlap(room, other) for other in taken):
                sheet.label(start, middle, lines)
                taken.append(room)
                break


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _across(net: Estimate, inner: Box) -> float:
    return inner[0] + (inner[2] - inner[0]) * (1 + net.value) / 2


def _height(share: float, top: float, inner: Box) -> float:
    return inner[3] - (inner[3] - inner[1]) * math.sqrt(share / top)


def _ticks(top: float) -> list[float]:
    """Shares to mark: at most five, of 0, 1, 5, 10, 20, 40 … per cent."""
    return [share for share in (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0) if share <= top][-5:]
