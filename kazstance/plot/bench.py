"""Charts of a benchmark's scores: dots with intervals, a panel for each protocol; shortcuts are hollow."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from kazstance.plot.theme import CATEGORIES, MUTED, SHAPES

PANEL: Final = 300
"""Width of a panel."""
STEP: Final = 15
"""Height of a line of dots."""
GAP: Final = 8
"""Height between systems."""
COLUMNS: Final = 2
COMPARED: Final = 3
"""Systems that a chart of parts compares."""


@dataclass(frozen=True)
class Dot:
    """A value with its interval: of which system, in which panel, of which series."""

    system: str
    panel: str
    series: str
    shortcut: bool
    value: float
    low: float
    high: float


def dots(found: Iterable[Dot], axis: str, legend: str | None = None, *, zero: bool = True) -> Any:
    """A chart of values with intervals; systems, panels and series in the order in which they come. None without dots.

    Args:
        found: what to draw.
        axis: what the values are.
        legend: what tells the series apart, of which there are at most as many as shapes.
        zero: whether a line stands at 0.
    """
    values = [vars(dot) for dot in found]
    if not values:
        return None
    orders = {name: list(dict.fromkeys(value[name] for value in values)) for name in ("system", "panel", "series")}
    base = alt.Chart(alt.InlineData(values=values))
    several = len(orders["series"]) > 1
    scale = alt.Scale(domain=orders["series"], range=list(CATEGORIES[: len(orders["series"])]))
    shape = alt.Scale(domain=orders["series"], range=list(SHAPES[: len(orders["series"])]))
    key = alt.Legend(title=legend, orient="top", symbolFillColor="white") if several else None
    place: dict[str, Any] = {"y": alt.Y("system:N", sort=orders["system"], title=None)}
    if several:
        place["yOffset"] = alt.YOffset("series:N", sort=orders["series"])
    spans = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=axis), x2="high:Q", color=alt.Color("series:N", scale=scale, legend=key), **place
    )
    marks = base.mark_point(filled=False, size=60, strokeWidth=2).encode(
        x=alt.X("value:Q", title=axis),
        color=alt.Color("series:N", scale=scale, legend=key),
        fill=alt.Fill("series:N", scale=scale, legend=None),
        shape=alt.Shape("series:N", scale=shape, legend=key),
        fillOpacity=alt.FillOpacity("shortcut:N", scale=alt.Scale(domain=[True, False], range=[0, 1]), legend=None),
        **place,
    )
    line = base.mark_rule(color=MUTED, strokeDash=[3, 3]).encode(x=alt.datum(0, title=axis))
    layers = [line, spans, marks] if zero else [spans, marks]
    height = alt.Step(STEP * len(orders["series"]) + GAP, **{"for": "position"})
    panel = alt.layer(*layers).properties(width=PANEL, height=height)
    return panel.facet(
        facet=alt.Facet("panel:N", sort=orders["panel"], title=None), columns=COLUMNS, spacing={"row": 20, "column": 30}
    )


def headline(rows: Sequence[dict[str, Any]]) -> Any:
    """The headline of each system and protocol, with the interval for these targets and the one for further targets.

    Args:
        rows: scores of one task, as `kazstance.bench.report.rows` gives them.
    """
    name = next(iter(rows[0]["scores"]))
    found = []
    for row in rows:
        score = row["scores"][name]
        found += _dot(row, "these targets (over clusters)", score)
        found += _dot(row, "further targets (over targets)", (score[0], *row["target_interval"]))
    return dots(found, name, "95 % interval for")


def lift(rows: Sequence[dict[str, Any]]) -> Any:
    """How far each system's headline is above the best shortcut's, with paired intervals."""
    found = [dot for row in rows if row["lift"] for dot in _dot(row, "lift", row["lift"])]
    return dots(found, "lift over the best shortcut")


def contrast(rows: Sequence[dict[str, Any]]) -> Any:
    """Share of the groups of the contrast set that are right as a whole."""
    found = [dot for row in rows for kind, group in row["contrast"].items() for dot in _dot(row, kind, group)]
    return dots(found, "share of groups that are right", "two rows that share the", zero=False)


def within(rows: Sequence[dict[str, Any]]) -> Any:
    """The headline within other strata."""
    found = [dot for row in rows for strata, figure in row["within"].items() for dot in _dot(row, strata, figure)]
    return dots(found, next(iter(rows[0]["scores"])), "within")


def parts(rows: Sequence[dict[str, Any]], by: str) -> Any:
    """The headline on each part of the data, of the systems that are no shortcuts with the highest headlines.

    Args:
        rows: as above, with `parts`: by what the data are parted, then the part, then its scores.
        by: one of those.
    """
    name = next(iter(rows[0]["scores"]))
    known = sorted((row for row in rows if not row["shortcut"] and _dot(row, "", row["scores"][name])), key=_headline)
    systems = list(dict.fromkeys(row["system"] for row in known[::-1]))[:COMPARED]
    found = []
    for row in rows:
        if row["system"] in systems:
            for part, scores in row["parts"].get(by, {}).items():
                found += _dot(row | {"system": part}, row["system"], scores[name])
    return dots(found, f"{name} by {by}", "system")


def _headline(row: dict[str, Any]) -> float:
    return float(next(iter(row["scores"].values()))[0])


def _dot(row: dict[str, Any], series: str, figure: Sequence[float | None]) -> list[Dot]:
    """A dot for a figure with its interval; none where it is undefined, as NaN or, read from JSON, as null."""
    numbers = [number for number in figure[:3] if number is not None and math.isfinite(number)]
    if len(numbers) < 3:  # noqa: PLR2004
        return []
    return [Dot(row["system"], row["protocol"], series, row["shortcut"], *numbers)]
