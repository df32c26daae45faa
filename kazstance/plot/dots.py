"""The dot plot: one row for each target, on it all sources from against to in favor, and whether they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kazstance.comparison import Cell, Disagreement
from kazstance.comparison.estimates import LEVEL
from kazstance.comparison.signs import dissents, standing
from kazstance.comparison.verdicts import chance_in_words
from kazstance.output.counted import counted
from kazstance.plot import key
from kazstance.plot.choice import Shown
from kazstance.plot.lettering import BOLD, LEADING, SMALL, width, wrapped
from kazstance.plot.sheet import GRID, MUTED, Box, Sheet, widest
from kazstance.plot.signs import coin, coin_width, in_words, look_of, mark
from kazstance.stats.estimate import Estimate

NAMES: Final = 0.32
"""The most that names of targets take of the width."""
ANSWERS: Final = 0.24
"""The most that answers take of it."""
EDGE: Final = 8.0
"""What is free on both sides of the line."""
FEW: Final = 8
"""Up to so many sources on a line, no interval hides another one."""
APART: Final = 2.2
"""From one interval to the next, in points."""
STEP: Final = 3.2
"""From one dot to the next, in points."""
DOT: Final = 3.6
DOTS: Final = 3
"""So many points that would touch are drawn as dots."""
LINE: Final = SMALL * LEADING
PAD: Final = 5.0
"""What is free between rows."""


@dataclass(frozen=True)
class Point:
    """A source on the line of a target: cell, name and code, and low, value and high of its net stance, in points."""

    cell: Cell
    name: str
    code: str
    low: float
    x: float
    high: float


@dataclass(frozen=True)
class Block:
    """Sources that are drawn together: one as a point with its letter, or several as dots, with a label beside them.

    `y` is the middle of the block, from the middle of its row.
    """

    points: tuple[Point, ...]
    label: float | None = None
    """Where the label of dots begins; None for a point with its letter."""
    y: float = 0.0

    @property
    def text(self) -> str:
        """The letters from top to bottom."""
        return " ".join(point.code for point in self.points)

    @property
    def reach(self) -> float:
        """Half its height."""
        return coin_width(self.points[0].code) / 2 if self.label is None else max(STEP * len(self.points), SMALL) / 2

    @property
    def lines(self) -> list[tuple[Point, float]]:
        """Its points with their heights."""
        top = self.y - STEP * (len(self.points) - 1) / 2
        return [(point, top + STEP * place) for place, point in enumerate(self.points)]

    @property
    def room(self) -> Box:
        """The rectangle of its marks and its label, which is its own."""
        half = coin_width(self.points[0].code) / 2 if self.label is None else DOT / 2
        ends = [point.x - half for point in self.points], [point.x + half for point in self.points]
        left, right = min(ends[0]), max(ends[1])
        if self.label is not None:
            left, right = min(left, self.label - 2), max(right, self.label + width(self.text) + 2)
        return left, self.y - self.reach, right, self.y + self.reach


@dataclass(frozen=True)
class Columns:
    """Where names, the line from -1 to 1, and answers are, in points."""

    names: float
    left: float
    right: float
    said: float


def draw(shown: Shown, ranked: Mapping[str, Disagreement], sheet: Sheet, caption: str, foot: str) -> Sheet:
    """Where all sources stand on each target, and whether they differ.

    Args:
        shown: what is shown.
        ranked: what is known of the differences on each target.
        sheet: the sheet to draw on.
        caption: what to say under the title.
        foot: what it was made from.
    """
    answers = {target: answer(ranked[target], shown.codes) for target in shown.targets}
    names = min(widest(shown.names[target] for target in shown.targets), NAMES * sheet.width)
    said = min(widest(line for lines in answers.values() for line in lines) * BOLD, ANSWERS * sheet.width)
    columns = Columns(names, names + 6 + EDGE, sheet.width - said - 6 - EDGE, sheet.width - said)
    y = _axis(sheet, _key(shown, sheet, sheet.head(caption)) + 2, columns)
    for target in shown.targets:
        y = _row(shown, sheet, y, columns, (target, answers[target]))
    sheet.grid((0, y, sheet.width, y))
    sheet.foot(y, foot)
    return sheet


def _axis(sheet: Sheet, y: float, columns: Columns) -> float:
    middle = y + LINE / 2
    sheet.text(columns.left - EDGE, middle, "−1 against", fill=MUTED)
    sheet.text((columns.left + columns.right) / 2, middle, "0", fill=MUTED, align="center")
    sheet.text(columns.right + EDGE, middle, "in favor +1", fill=MUTED, align="right")
    return y + LINE + 2


def _row(shown: Shown, sheet: Sheet, y: float, columns: Columns, row: tuple[str, Sequence[str]]) -> float:
    """The row of a target and its answers from this height down; the height where it ends is returned."""
    target, answers = row
    name = wrapped(shown.names[target], columns.names)
    first, *more = ([*wrapped(line, sheet.width - columns.said, bold=not at)] for at, line in enumerate(answers))
    rest = [line for lines in more for line in lines]
    blocks = placed(shown, target, columns.left, columns.right)
    ends = [end for block in blocks for end in (block.y - block.reach, block.y + block.reach)] or [0.0]
    height = max(max(ends) - min(ends), LINE * len(name), LINE * (len(first) + len(rest))) + PAD
    middle = y + height / 2
    sheet.grid((0, y, sheet.width, y))
    for x in (columns.left, (columns.left + columns.right) / 2, columns.right):
        sheet.grid((x, y + 1, x, y + height - 1), MUTED if columns.left < x < columns.right else GRID)
    sheet.lines(0, middle, name)
    sheet.lines(columns.said, middle - LINE * len(rest) / 2, first, bold=True)
    sheet.lines(columns.said, middle + LINE * len(first) / 2, rest)
    _draw(sheet, middle - (max(ends) + min(ends)) / 2, blocks, shown.names[target])
    return y + height


def _draw(sheet: Sheet, middle: float, blocks: Sequence[Block], name: str) -> None:
    weight = 1.0 if sum(len(block.points) for block in blocks) <= FEW else 0.5
    for block in blocks:
        for point, down in block.lines:
            seen, said, y = look_of(point.cell), in_words(point.cell, point.name, name), middle + down
            sheet.line((point.low, y, point.high, y), seen.edge, weight)
            if block.label is None:
                coin(sheet, (point.x, y), point.code, seen, said)
            else:
                mark(sheet, (point.x, y), replace(seen, dissents=False), DOT, said)
        if block.label is not None:
            sheet.label(block.label, middle + block.y, [block.text])


def placed(shown: Shown, target: str, left: float, right: float) -> list[Block]:
    """The sources on a target, each as near to the middle of the row as no other one is in the way.

    Points with letters never touch; three or more that would are dots, one below the other, with their letters beside
    them. Of few sources, no interval lies on another one.

    Args:
        shown: what is shown.
        target: the target.
        left: where -1 is.
        right: where 1 is.
    """
    points = [
        Point(
            cell,
            shown.called[cell.source],
            shown.codes[cell.source],
            *(left + (right - left) * (1 + end) / 2 for end in ends),
        )
        for cell, net in _sided(shown, target)
        for ends in [(net.low, net.value, net.high)]
    ]
    found: list[Block] = []
    for block in _blocks(sorted(points, key=lambda point: (point.x, point.code)), left, right):
        step = 0
        while not _is_free(candidate := _down(block, step), found, is_few=len(points) <= FEW):
            step += 1
        found.append(candidate)
    return found


def _blocks(points: Sequence[Point], left: float, right: float) -> list[Block]:
    """Points from left to right in blocks, the largest first, since they are the hardest to place."""
    groups: list[list[Point]] = []
    for point in points:
        if groups and point.x - groups[-1][-1].x < coin_width(point.code) + 0.5:
            groups[-1].append(point)
        else:
            groups.append([point])
    found = [block for group in groups for block in _block(group, left, right)]
    return sorted(found, key=lambda block: -len(block.points))


def _block(group: Sequence[Point], left: float, right: float) -> list[Block]:
    """Points that would touch: as dots with a label towards the middle of the line, or each with its letter."""
    if len(group) < DOTS:
        return [Block((point,)) for point in group]
    wide = width(" ".join(point.code for point in group))
    is_right = sum(point.x for point in group) / len(group) > (left + right) / 2
    at = min(point.low for point in group) - wide - 4 if is_right else max(point.high for point in group) + 4
    fits = left - EDGE <= at and at + wide <= right + EDGE
    return [Block(tuple(group), at)] if fits else [Block((point,)) for point in group]


def _down(block: Block, step: int) -> Block:
    """A block moved by so many steps: a step down, one up, two down, and so on."""
    way = (step + 1) // 2 * APART
    return replace(block, y=way if step % 2 else -way)


def _is_free(block: Block, others: Sequence[Block], *, is_few: bool) -> bool:
    """Whether no mark and no label is in the way, and of few sources no interval either."""
    left, upper, right, lower = block.room
    for other in others:
        room = other.room
        if left < room[2] and room[0] < right and upper < room[3] and room[1] < lower:
            return False
        if any(_strikes(line, other) for line in block.lines) or any(_strikes(line, block) for line in other.lines):
            return False
        if is_few and any(_covers(one, two) for one in block.lines for two in other.lines):
            return False
    return True


def _strikes(line: tuple[Point, float], block: Block) -> bool:
    """Whether an interval goes through the label of a block."""
    point, y = line
    if block.label is None:
        return False
    crosses = point.low < block.label + width(block.text) and block.label < point.high
    return crosses and abs(y - block.y) < SMALL / 2


def _covers(one: tuple[Point, float], other: tuple[Point, float]) -> bool:
    """Whether two intervals lie on each other."""
    (a, y), (b, z) = one, other
    return abs(y - z) < APART - 0.1 and a.low < b.high and b.low < a.high


def _sided(shown: Shown, target: str) -> list[tuple[Cell, Estimate]]:
    """The cells of a target with sentences that take a side."""
    cells = (shown.cells[source, target] for source in shown.sources)
    return [(cell, cell.net) for cell in cells if cell.net is not None and cell.favor + cell.against]


def answer(line: Disagreement, codes: Mapping[str, str]) -> list[str]:
    """What can be said of a target: the verdict, whether chance could do it, which pairs differ, who says nothing.

    Where all are on one side, a difference is mentioned only if chance alone would rarely make it: one of degree.
    Sources are named by their codes if they are few.
    """
    found = [line.verdict_in_words]
    if line.corrected is not None and (line.verdict != "one side" or line.corrected <= 1 - LEVEL):
        found.append(chance_in_words(line.corrected))
    if differ := sum(pair.answer == "differ" for pair in line.pairs):
        found.append(f"{counted(differ, 'pair')} {'differs' if differ == 1 else 'differ'}")
    for how, names in (("silent", line.silent), ("not asked", line.not_asked), ("undecided", line.undecided)):
        if names:
            found.append(f"{how}: {' '.join(codes[source] for source in names) if len(codes) <= FEW else len(names)}")
    return found


def _key(shown: Shown, sheet: Sheet, y: float) -> float:
    cells = [cell for target in shown.targets for cell, _ in _sided(shown, target)]
    found = [standing(cell) for cell in cells]
    entries = [*key.sides(found, key.as_mark), *key.strengths(key.as_mark)]
    if any(map(dissents, cells)):
        entries.append(key.dissenting())
    codes = key.codes((shown.codes[source], shown.called[source]) for source in shown.sources)
    y = key.place(sheet, y, codes, is_even=len(codes) > FEW)
    return key.place(sheet, y, entries)
