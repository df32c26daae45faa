"""The one language of signs of all charts: side by hue and shape, certainty by strength, dissent as a mark."""

from dataclasses import dataclass
from typing import Final

from kazstance.comparison import Cell
from kazstance.comparison.signs import SIGNS, Standing, Strength, dissents, standing, strength
from kazstance.plot.sheet import GRID, INK, MUTED, PAPER, At, Sheet

HUES: Final = {
    Standing.favor: ("#d8e8f5", "#6aa7d6", "#075a8a"),
    Standing.against: ("#fce3d0", "#e08f4c", "#9c3d00"),
    Standing.neither: ("#ececec", "#ececec", "#ececec"),
}
"""The colours of each side, from open to clear; both sides are equally dark, so that grey keeps the certainty."""
EDGES: Final = {Standing.favor: "#075a8a", Standing.against: "#9c3d00", Standing.neither: "#6b6b6b"}
"""The outline of each side."""
SHAPES: Final = {Standing.favor: "square", Standing.against: "circle", Standing.neither: "diamond"}
SIZES: Final = {"square": 0.9, "circle": 1.0, "diamond": 1.0}
"""How wide each shape is drawn, so that all look alike."""
MARK: Final = 5.6
"""How wide a mark is, in points."""
RING: Final = 3.0
"""How much wider the ring of dissent is."""
COIN: Final = 9.5
"""How wide a point with a letter is, in points; with two characters it is wider."""
DOT: Final = 2.4
"""How wide the ring of dissent is in the corner of a coloured cell."""
CELL: Final = 10.0
"""How high a coloured cell is, and at least how wide."""
WORDS: Final = {
    Strength.open: "not sure: the 95 % interval crosses 0",
    Strength.sure: "sure: all of it on one side",
    Strength.clear: "clear: all of it beyond ±0.5",
}
SIDES: Final = {
    Standing.favor: "in favor",
    Standing.against: "against",
    Standing.neither: "takes no side",
    Standing.silent: "silent",
    Standing.not_asked: "not asked",
    Standing.undecided: "undecided",
}


@dataclass(frozen=True)
class Look:
    """How a cell with sentences looks."""

    shape: str
    fill: str
    edge: str
    ink: str
    """The colour of a letter on it."""
    sign: str
    dissents: bool = False
    """Whether some sentences take the other side."""


def look(where: Standing, how: Strength, *, dissents: bool = False) -> Look:
    """How a side of this strength looks.

    Args:
        where: the side.
        how: how sure it is.
        dissents: whether some sentences take the other side.
    """
    ink = PAPER if how is Strength.clear and where is not Standing.neither else INK
    return Look(SHAPES[where], HUES[where][how], EDGES[where], ink, SIGNS[where], dissents)


def look_of(cell: Cell) -> Look:
    """How a cell with sentences looks."""
    return look(standing(cell), strength(cell), dissents=dissents(cell))


def mark(sheet: Sheet, at: At, shown: Look, wide: float = MARK, said: str = "") -> None:
    """Place the mark of a side; with dissent it has a ring.

    Args:
        sheet: the sheet to draw on.
        at: where it is: to the right and down, in points.
        shown: how it looks.
        wide: how wide it is, in points.
        said: the figure in words, which screen readers say.
    """
    size = SIZES[shown.shape]
    if shown.dissents:
        sheet.point(at, shown.shape, (wide + RING) * size, PAPER, stroke=shown.edge)
    sheet.point(at, shown.shape, wide * size, shown.fill, stroke=shown.edge, said=said)


def coin(sheet: Sheet, at: At, code: str, shown: Look, said: str = "") -> None:
    """Place the mark of a side with a letter or a number on it.

    Args:
        sheet: the sheet to draw on.
        at: where it is: to the right and down, in points.
        code: the letter or number on it.
        shown: how it looks.
        said: the figure in words, which screen readers say.
    """
    mark(sheet, at, shown, coin_width(code), said)
    sheet.text(at[0], at[1] + 0.3, code, fill=shown.ink, align="center")


def coin_width(code: str) -> float:
    """How wide the point of a code is."""
    return COIN if len(code) == 1 else COIN + 2.5


def filled(sheet: Sheet, at: At, shown: Look, *, wide: float = CELL, said: str = "") -> None:
    """Place a coloured cell with its sign around a point.

    Args:
        sheet: the sheet to draw on.
        at: where it is: to the right and down, in points.
        shown: how it looks.
        wide: how wide it is, in points.
        said: the figure in words, which screen readers say.
    """
    x, y = at
    sheet.box((x - wide / 2, y - CELL / 2 - 1, x + wide / 2, y + CELL / 2 + 1), shown.fill, stroke=PAPER, said=said)
    sheet.text(x, y, shown.sign, fill=shown.ink, align="center")
    if shown.dissents:
        sheet.point((x + wide / 2 - 2.6, y - CELL / 2 + 1.2), "circle", DOT, shown.fill, stroke=shown.ink)


def blank(sheet: Sheet, at: At, *, wide: float = CELL, said: str = "") -> None:
    """Place an empty cell: silence.

    Args:
        sheet: the sheet to draw on.
        at: where it is: to the right and down, in points.
        wide: how wide it is, in points.
        said: the figure in words, which screen readers say.
    """
    x, y = at
    room = x - wide / 2 + 1, y - CELL / 2 + 1, x + wide / 2 - 1, y + CELL / 2 - 1
    sheet.box(room, PAPER, stroke=GRID, said=said)


def unknown(sheet: Sheet, at: At, where: Standing) -> None:
    """Place what stands for a target that was not asked, or on which all votes are split.

    Args:
        sheet: the sheet to draw on.
        at: where it is: to the right and down, in points.
        where: which of both.
    """
    sheet.text(*at, SIGNS[where], fill=MUTED, align="center")


def in_words(cell: Cell, source: str, target: str) -> str:
    """A cell in words.

    Args:
        cell: the cell.
        source: what the source is called.
        target: what the target is called.
    """
    stands = f"{source} on {target}: {SIDES[standing(cell)]}"
    if cell.net is None:
        return stands
    counts = f"{cell.favor} in favor, {cell.neutral} neutral, {cell.against} against"
    return f"{stands}, net {cell.net.text(signed=True)}; {counts}{'; dissent' if dissents(cell) else ''}"
