"""What charts of scores share: fonts, and colours and shapes that work for colour-blind readers and in grey."""

import io
from typing import Any, Final

import altair as alt

from kazstance.output.characters import safe_line
from kazstance.plot.lettering import FONT

INK: Final = "#1a1a1a"
MUTED: Final = "#6b6b6b"
GRID: Final = "#e3e3e3"
CATEGORIES: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Colours for unordered categories, after Okabe and Ito (2008)."""
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
"""A shape for each of those colours, so that nothing is distinguished by colour alone."""
PROPERTIES: Final = frozenset(
    [
        *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString"),
        *("valueOf", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "__proto__"),
    ]
)
"""Properties of every JavaScript object, with which Vega confuses equal names when sorting."""


@alt.theme.register("kazstance", enable=False)
def theme() -> alt.theme.ThemeConfig:
    """The theme: dark type on white, thin grid, no frame."""
    words: Any = {"labelFont": FONT, "titleFont": FONT, "labelColor": INK, "titleColor": INK}
    config: Any = {
        "background": "white",
        "font": FONT,
        "view": {"stroke": None, "continuousWidth": 480, "continuousHeight": 300},
        "title": {"anchor": "start", "fontSize": 14, "subtitleFontSize": 12, "color": INK, "subtitleColor": MUTED},
        "axis": {**words, "grid": False, "domainColor": MUTED, "tickColor": MUTED, "titleFontWeight": "normal"},
        "axisQuantitative": {"grid": True, "gridColor": GRID, "domain": False, "labelFlush": False},
        "axisBand": {"ticks": False, "labelLimit": 320},
        "axisPoint": {"ticks": False, "labelLimit": 320},
        "header": {**words, "labelFontWeight": "bold", "labelAnchor": "start", "labelFontSize": 12},
        "legend": {**words, "titleFontWeight": "normal", "labelLimit": 320, "symbolSize": 80},
        "point": {"filled": True, "opacity": 1, "size": 80},
        "range": {"category": list(CATEGORIES), "symbol": list(SHAPES)},
    }
    return alt.theme.ThemeConfig(config=config)


def to_svg(chart: Any) -> str:
    """A chart as SVG in the theme."""
    sheet = io.StringIO()
    _themed(chart).save(sheet, format="svg")
    return sheet.getvalue()


def _themed(chart: Any) -> Any:
    """A chart in the theme, without control characters, which crash the renderer."""
    with alt.theme.enable("kazstance"):
        return alt.Chart.from_dict(_safe(chart.to_dict()))


def _safe(found: Any) -> Any:
    if isinstance(found, str):
        return f"{found}\N{NO-BREAK SPACE}" if found in PROPERTIES else safe_line(found)
    if isinstance(found, dict):
        return {key: _safe(value) for key, value in found.items()}
    return [_safe(value) for value in found] if isinstance(found, list) else found
