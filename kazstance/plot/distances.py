"""How far sources are apart: a map with their names, and the tree that joins them; up to 60 are told apart."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kazstance.comparison import Distances
from kazstance.plot.lettering import LEADING, SMALL, width, wrapped
from kazstance.plot.sheet import GRID, INK, MUTED, PAPER, At, Box, Sheet, widest
from kazstance.plot.signs import coin_width

LINE: Final = SMALL * LEADING
LEAF: Final = 11.0
"""From one leaf of the tree to the next, in points."""
BESIDE: Final = 330.0
"""How wide a sheet has to be for the tree to stand beside the map."""
PALE: Final = 8
"""From more sources on, the circles are pale."""
FEW: Final = 16
"""Up to so many sources, the tree stands beside the map."""
GAP: Final = 16.0
NAMES: Final = 0.45
"""The most that names take of the width of the tree."""
WAYS: Final = 16
"""Directions in which a name may stand from its point."""
NAMED: Final = 24
"""Up to so many sources, the map has names; of more, it has codes."""
NEAR: Final = (0, 6, 14, 24)
"""How much farther than beside it a name may be, in points."""
FAR: Final = (*NEAR, 36, 50, 70, 95, 125, 160, 200)
"""The same for a code."""
DOT: Final = 4.5
EDGE: Final = 12.0
"""What is free around the map."""
OFTEN: Final = 0.95
HALF: Final = 0.5


def draw(found: Distances, called: Mapping[str, tuple[str, str]], sheet: Sheet, caption: str, foot: str) -> Sheet:
    """A map of the sources, each with a circle that holds 95 % of its resampled places, and their tree.

    Args:
        found: the distances.
        called: a letter or a number for each source, and its name.
        sheet: the sheet to draw on.
        caption: what to say under the title.
        foot: what it was made from.
    """
    y = sheet.head(caption)
    is_beside = sheet.width >= BESIDE and len(found.places) <= FEW
    wide = (sheet.width - GAP) / 2 if is_beside else sheet.width
    high = min(wide, max(150.0, LEAF * len(found.places) + 4)) if is_beside else min(0.8 * wide, 330.0)
    below = _map(found, called, sheet, (0, y, wide, y + high))
    corner = (wide + GAP, y) if is_beside else (0.0, below + GAP)
    sheet.foot(max(_tree(found, called, sheet, corner, wide), below), foot)
    return sheet


def _map(found: Distances, called: Mapping[str, tuple[str, str]], sheet: Sheet, box: Box) -> float:
    """The map, as large as the box allows; the height where it ends is returned."""
    left, top, right, bottom = box
    radii = {place.source: 0.0 if math.isnan(place.radius) else place.radius for place in found.places}
    west, east = _ends((place.x, radii[place.source]) for place in found.places)
    north, south = _ends((-place.y, radii[place.source]) for place in found.places)
    scale = min((right - left - 2 * EDGE) / (east - west or 1), (bottom - top - 2 * EDGE) / (south - north or 1))
    middle = (left + right) / 2
    points = [
        (middle + (place.x - (west + east) / 2) * scale, top + EDGE + (-place.y - north) * scale, place.source)
        for place in found.places
    ]
    for x, y, source in points:
        sheet.ring((x, y), max(2 * radii[source] * scale, 0.1), MUTED if len(points) <= PALE else "#b4b4b4")
        sheet.point((x, y), "circle", DOT, INK, stroke=PAPER)
    end = top + 2 * EDGE + (south - north) * scale
    _name(sheet, points, called, (left, top, right, end))
    return end


def _ends(spans: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The lowest and the highest end of spans, each with a middle and a radius."""
    found = list(spans)
    return min(middle - radius for middle, radius in found), max(middle + radius for middle, radius in found)


def _name(
    sheet: Sheet, points: Sequence[tuple[float, float, str]], called: Mapping[str, tuple[str, str]], box: Box
) -> None:
    """Name the points, where names cover nothing; where a name has no room, and of many points, its code stands."""
    taken: list[Box] = [(x - DOT, y - DOT, x + DOT, y + DOT) for x, y, _ in points]
    for x, y, source in points:
        others = [(other_x, other_y) for other_x, other_y, other in points if other != source]
        code, full = called[source]
        named = [(full, NEAR, True)] if len(points) <= NAMED else []
        for name, reach, is_clear in (*named, (code, FAR, True), (code, FAR, False)):
            rooms = (
                room
                for room in _around(x, y, width(name), reach)
                if _is_free(room, taken, box)
                and not (is_clear and any(_far(room, at) <= _far(room, (x, y)) for at in others))
            )
            if room := next(rooms, None):
                sheet.label(room[0], (room[1] + room[3]) / 2, [name])
                taken.append(room)
                _lead(sheet, (x, y), room, is_clear=is_clear)
                break


def _lead(sheet: Sheet, at: At, room: Box, *, is_clear: bool) -> None:
    """A line from a point to its name, if that is not beside it, or nearer to another point."""
    if _far(room, at) > LINE or not is_clear:
        sheet.line((*at, *_nearest(room, at)), MUTED, 0.4)


def _far(room: Box, at: At) -> float:
    return math.dist(at, _nearest(room, at))


def _nearest(room: Box, at: At) -> At:
    """The place of a rectangle that is nearest to a point."""
    return min(max(at[0], room[0]), room[2]), min(max(at[1], room[1]), room[3])


def _around(x: float, y: float, wide: float, reach: Sequence[float]) -> Iterator[Box]:
    """Where a name may stand, from the nearest place on."""
    for more in reach:
        for way in range(WAYS):
            angle = 2 * math.pi * way / WAYS
            middle = x + math.cos(angle) * (wide / 2 + 5 + more), y + math.sin(angle) * (LINE / 2 + 4 + more)
            yield middle[0] - wide / 2, middle[1] - LINE / 2, middle[0] + wide / 2, middle[1] + LINE / 2


def _is_free(room: Box, taken: Sequence[Box], box: Box) -> bool:
    is_inside = room[0] >= box[0] and room[2] <= box[2] and room[1] >= box[1] and room[3] <= box[3]
    return is_inside and not any(
        room[0] < other[2] and other[0] < room[2] and room[1] < other[3] and other[1] < room[3] for other in taken
    )


def _tree(found: Distances, called: Mapping[str, tuple[str, str]], sheet: Sheet, corner: At, room: float) -> float:
    """The tree from left to right, a bracket for each clade; the height where it ends is returned.

    A bracket is darker, the more of the draws have it.
    """
    left, top = corner
    leaves, codes = leaves_of(found), coin_width("00")
    names = min(widest(called[leaf][1] for leaf in leaves), NAMES * room)
    start = left + room - names - codes - 6
    at, end = _place(sheet, {leaf: called[leaf] for leaf in leaves}, (start, top), names)
    tallest = max((clade.height for clade in found.tree), default=0.0) or 1.0
    written: list[Box] = []
    for clade in found.tree:
        (one_x, one_y), (other_x, other_y) = (at[part] for part in clade.parts)
        x = start - (start - left - 6) * clade.height / tallest
        colour, weight = _strength(clade.keeps)
        for ends in ((one_x, one_y, x, one_y), (x, one_y, x, other_y), (x, other_y, other_x, other_y)):
            sheet.grid(ends, colour, weight)
        at[clade.sources] = x, (one_y + other_y) / 2
        _share(sheet, clade.keeps, at[clade.sources], written)
    return _scale(sheet, end + 2, (left + 6, start), tallest)


def _place(
    sheet: Sheet, leaves: Mapping[str, tuple[str, str]], corner: At, room: float
) -> tuple[dict[tuple[str, ...], At], float]:
    """Write the codes and names of the leaves below each other; their places, and the height where they end."""
    x, y = corner
    codes = coin_width("00")
    at: dict[tuple[str, ...], At] = {}
    for leaf, (code, name) in leaves.items():
        lines = wrapped(name, room + 1)
        high = max(LEAF, LINE * len(lines) + 3)
        at[leaf,] = x, y + high / 2
        sheet.text(x + codes / 2, y + high / 2, code, bold=True, align="center")
        sheet.lines(x + codes + 3, y + high / 2, lines)
        y += high
    return at, y


def _strength(keeps: float) -> tuple[str, float]:
    """The colour and the weight of a bracket, by the share of draws that have it."""
    if math.isnan(keeps) or keeps < HALF:
        return "#9a9a9a", 0.6
    return (INK, 1.6) if keeps >= OFTEN else ("#5f5f5f", 1.0)


def _share(sheet: Sheet, keeps: float, at: tuple[float, float], written: list[Box]) -> None:
    """Write the share of draws at a joint, unless another one is in the way."""
    if math.isnan(keeps):
        return
    text = f"{keeps:.0%}"
    room = at[0] + 2, at[1] - LINE / 2, at[0] + 2 + width(text), at[1] + LINE / 2
    if _is_free(room, written, (-math.inf, -math.inf, math.inf, math.inf)):
        sheet.label(room[0], at[1], [text])
        written.append(room)


def _scale(sheet: Sheet, y: float, ends: tuple[float, float], tallest: float) -> float:
    """The scale of the tree: the mean distance at which its parts are joined."""
    left, right = ends
    sheet.line((left, y, right, y), GRID, 0.7)
    sheet.text(left, y + LINE / 2 + 1, f"mean distance {tallest:.2f}", fill=MUTED)
    sheet.text(right, y + LINE / 2 + 1, "0", fill=MUTED, align="right")
    return y + LINE + 2


def leaves_of(found: Distances) -> tuple[str, ...]:
    """The sources, ordered so that no branches of the tree cross."""
    parts = {clade.sources: clade.parts for clade in found.tree}

    def below(clade: tuple[str, ...]) -> tuple[str, ...]:
        return below(parts[clade][0]) + below(parts[clade][1]) if clade in parts else clade

    places = tuple(place.source for place in found.places)
    return below(found.tree[-1].sources) if found.tree else places
