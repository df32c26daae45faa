"""How a cell is told at a glance, alike in terminal, charts and card: its side, how sure that is, and dissent."""

from enum import IntEnum, StrEnum
from typing import Final

from kazstance.comparison.positions import Cell
from kazstance.schema.labels import Position

HALF: Final = 0.5
"""How far from 0 an interval has to lie for its side to be clear."""
OPEN: Final = "?"
"""What marks a side that is not sure."""
DISSENT: Final = "°"
"""What marks a cell in which some sentences take the other side."""


class Standing(StrEnum):
    """On which side the sentences of a cell are on balance, or why they are on neither."""

    favor = "favor"
    against = "against"
    neither = "neither"
    silent = "silent"
    not_asked = "not_asked"
    undecided = "undecided"


class Strength(IntEnum):
    """How sure a side is: the 95 % interval crosses 0; it lies on one side; it lies beyond half of that side."""

    open = 0
    sure = 1
    clear = 2


SIGNS: Final = {
    Standing.favor: "+",
    Standing.against: "−",
    Standing.neither: "○",
    Standing.silent: "",
    Standing.not_asked: "·",
    Standing.undecided: "?",
}
"""The sign of each side."""


def standing(cell: Cell) -> Standing:
    """The side of a cell, by its pooled net stance."""
    if cell.net is None:
        if cell.position is not Position.not_asked:
            return Standing.silent
        return Standing.undecided if cell.undecided else Standing.not_asked
    if not cell.favor + cell.against or not cell.net.value:
        return Standing.neither
    return Standing.favor if cell.net.value > 0 else Standing.against


def strength(cell: Cell) -> Strength:
    """How sure the side of a cell is, by its interval and not by its number of sentences."""
    if cell.net is None or not cell.favor + cell.against:
        return Strength.open
    nearest = max(cell.net.low, -cell.net.high)
    return Strength.clear if nearest >= HALF else Strength.sure if nearest > 0 else Strength.open


def dissents(cell: Cell) -> bool:
    """Whether a cell has sentences on both sides."""
    return bool(cell.favor and cell.against)


def sign(cell: Cell) -> str:
    """The side of a cell in at most three characters: `+`, `−?` where it is not sure, `+°` where sentences dissent."""
    found = standing(cell)
    unsure = OPEN if found in (Standing.favor, Standing.against) and strength(cell) is Strength.open else ""
    return f"{SIGNS[found]}{unsure}{DISSENT if dissents(cell) else ''}"
