"""A sheet of a given width, on which marks are placed in points; Vega-Lite draws it without a browser."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from kazstance.output.characters import safe_line
from kazstance.plot.lettering import FONT, LEADING, SMALL, TITLE, width, wrapped

POINTS: Final = 72 / 25.4
"""Points in a millimetre."""
WIDTH_MM: Final = 160.0
"""The width of a text column on A4, which is the default."""
NARROWEST_MM: Final = 60.0
WIDEST_MM: Final = 1000.0
INK: Final = "#1a1a1a"
MUTED: Final = "#5f5f5f"
GRID: Final = "#dedede"
PAPER: Final = "#ffffff"
At = tuple[float, float]
"""A place: how far to the right and how far down, in points."""
Box = tuple[float, float, float, float]
"""Left, upper, right and lower end, in points."""
FILLED: Final = 0.97
"""How much of a line a paragraph fills, since another font may be wider."""
KINDS: Final = {"grid": "rule", "ring": "point", "rect": "rect", "rule": "rule", "point": "point", "text": "text"}
"""What marks are, from the lowest layer to the highest, and the mark of Vega-Lite that each is."""
CHANNELS: Final = {
    "rect": {"x": "x", "y": "y", "x2": "x2", "y2": "y2", "fill": "fill", "stroke": "stroke"},
    "rule": {"x": "x", "y": "y", "x2": "x2", "y2": "y2", "stroke": "stroke", "strokeWidth": "weight"},
    "point": {"x": "x", "y": "y", "shape": "shape", "size": "area", "fill": "fill", "stroke": "stroke"},
    "text": {"x": "x", "y": "y", "text": "text", "size": "size", "fill": "fill"},
}
"""The fields of each kind of mark, by the channel of Vega-Lite that takes them as they are."""
QUANTITIES: Final = frozenset({"x", "y", "size", "strokeWidth"})


class Sheet:
    """A picture: marks at places in points, from the top left corner, and what it is called.

    `marks` holds them by kind and style; a mark that shows a figure has a field `said` with the figure in words.
    """

    def __init__(self, width_mm: float, title: str) -> None:
        self.width = width_mm * POINTS
        self.height = 0.0
        self.title = safe_line(title)
        self.marks: dict[tuple[str, tuple[tuple[str, Any], ...]], list[dict[str, Any]]] = {}

    def box(self, room: Box, fill: str, *, stroke: str = "none", said: str = "") -> None:
        """Place a rectangle.

        Args:
            room: its ends.
            fill: its colour.
            stroke: the colour of its outline.
            said: the figure in words, which screen readers say.
        """
        self._add("rect", {}, **_ends(room), fill=fill, stroke=stroke, said=said)

    def line(self, ends: Box, stroke: str = GRID, weight: float = 0.5) -> None:
        """Place a line, so many points thick.

        Args:
            ends: where it begins and ends.
            stroke: its colour.
            weight: how thick it is, in points.
        """
        self._add("rule", {}, **_ends(ends), stroke=stroke, weight=weight, said="")

    def grid(self, ends: Box, stroke: str = GRID, weight: float = 0.5) -> None:
        """Place a line below everything else, which a label covers.

        Args:
            ends: where it begins and ends.
            stroke: its colour.
            weight: how thick it is, in points.
        """
        self._add("grid", {}, **_ends(ends), stroke=stroke, weight=weight, said="")

    def ring(self, at: At, across: float, stroke: str) -> None:
        """Place a circle below everything else, which a label covers.

        Args:
            at: where it is: to the right and down, in points.
            across: how wide it is, in points.
            stroke: its colour.
        """
        x, y = at
        self._add("ring", {}, x=x, y=y, shape="circle", area=across**2, fill="none", stroke=stroke, said="")

    def label(self, x: float, middle: float, lines: Sequence[str]) -> None:
        """Place lines of text around a middle height, on paper that covers grid lines.

        Args:
            x: how far to the right it is, in points.
            middle: the height of its middle, in points.
            lines: the lines.
        """
        half = len(lines) * SMALL * LEADING / 2
        self.box((x - 1, middle - half, x + widest(lines) + 1, middle + half), PAPER)
        self.lines(x, middle, lines)

    def point(self, at: At, shape: str, across: float, fill: str, *, stroke: str = "none", said: str = "") -> None:
        """Place a mark of a shape of Vega, so many points across.

        Args:
            at: where it is: to the right and down, in points.
            shape: the name of its shape in Vega.
            across: how wide it is, in points.
            fill: its colour.
            stroke: the colour of its outline.
            said: the figure in words, which screen readers say.
        """
        x, y = at
        self._add("point", {}, x=x, y=y, shape=shape, area=across**2, fill=fill, stroke=stroke, said=said)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        fill: str = INK,
        size: float = SMALL,
        align: str = "left",
        bold: bool = False,
        angle: int = 0,
    ) -> None:
        """Place a line of text, whose middle is at this height.

        Args:
            x: how far to the right it is, in points.
            y: the height of its middle, in points.
            text: the line.
            fill: its colour.
            size: the size of its type, in points.
            align: whether it begins, ends or has its middle there: left, right or center.
            bold: whether it is bold.
            angle: by how many degrees it is turned.
        """
        style = {"align": align, "fontWeight": "bold" if bold else "normal", "angle": angle}
        self._add("text", style, x=x, y=y, text=safe_line(text), size=size, fill=fill, said="")

    def lines(self, x: float, middle: float, lines: Sequence[str], *, align: str = "left", bold: bool = False) -> None:
        """Place lines of text around a middle height.

        Args:
            x: how far to the right it is, in points.
            middle: the height of its middle, in points.
            lines: the lines.
            align: whether it begins, ends or has its middle there: left, right or center.
            bold: whether it is bold.
        """
        for number, line in enumerate(lines):
            y = middle + (number - (len(lines) - 1) / 2) * SMALL * LEADING
            self.text(x, y, line, align=align, bold=bold)

    def _add(self, kind: str, style: dict[str, Any], **row: Any) -> None:
        row["said"] = safe_line(row["said"])
        self.marks.setdefault((kind, tuple(style.items())), []).append(row)

    def paragraph(
        self,
        x: float,
        y: float,
        text: str,
        room: float,
        *,
        size: float = SMALL,
        bold: bool = False,
        fill: str = INK,
    ) -> float:
        """Place a text in as many lines as it takes, from this height down; the height where it ends is returned.

        Args:
            x: how far to the right it is, in points.
            y: how far down it begins, in points.
            text: the text.
            room: the width that it may take, in points.
            size: the size of its type, in points.
            bold: whether it is bold.
            fill: its colour.
        """
        for line in wrapped(safe_line(text), FILLED * room, size, bold=bold):
            self.text(x, y + size * LEADING / 2, line, size=size, bold=bold, fill=fill)
            y += size * LEADING
        return y

    def head(self, caption: str) -> float:
        """Place the title and a caption at the top; the height where they end is returned."""
        y = self.paragraph(0, 0, self.title, self.width, size=TITLE, bold=True) if self.title else 0.0
        return self.paragraph(0, y + 2, caption, self.width, fill=MUTED) + SMALL

    def foot(self, y: float, text: str) -> None:
        """End the sheet with a line on what it was made from."""
        self.height = self.paragraph(0, y + SMALL, text, self.width, fill=MUTED) if text else y + 2

    def spec(self) -> dict[str, Any]:
        """The sheet as a specification for Vega-Lite, of which one unit is one point."""
        order = sorted(self.marks, key=lambda key: list(KINDS).index(key[0]))
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "description": self.title,
            "background": PAPER,
            "width": round(self.width, 2),
            "height": round(self.height, 2),
            "padding": 0,
            "autosize": "none",
            "config": {"font": FONT, "view": {"stroke": None}},
            "layer": [_layer(KINDS[kind], dict(style), self.marks[kind, style]) for kind, style in order],
        }


def _layer(kind: str, style: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Marks of one kind and style as a layer, whose fields need no scale."""
    encoding: dict[str, Any] = {
        channel: {"field": field}
        if channel in ("x2", "y2")
        else {"field": field, "type": "quantitative" if channel in QUANTITIES else "nominal", "scale": None}
        for channel, field in CHANNELS[kind].items()
    }
    encoding["text" if kind == "text" else "description"] = {
        "field": "text" if kind == "text" else "said",
        "type": "nominal",
    }
    for axis in ("x", "y"):
        encoding[axis]["axis"] = None
    fixed = (
        {"baseline": "middle"}
        if kind == "text"
        else {"filled": True, "opacity": 1, "strokeWidth": 0.9}
        if kind == "point"
        else {}
    )
    says = kind != "text" and any(row["said"] for row in rows)
    return {
        "data": {"values": [_rounded(row) for row in rows]},
        "mark": {"type": kind, "aria": says or kind == "text", "tooltip": None, **fixed, **style},
        "encoding": encoding,
    }


def _ends(room: Box) -> dict[str, float]:
    x, y, x2, y2 = room
    return {"x": x, "y": y, "x2": x2, "y2": y2}


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """The same mark, to a hundredth of a point."""
    return {name: round(value, 2) if isinstance(value, float) else value for name, value in row.items()}


def widest(texts: Iterable[str], size: float = SMALL) -> float:
    """The width of the widest text, in points."""
    return max((width(text, size) for text in texts), default=0.0)
