"""Charts of a benchmark's scores: dots with intervals, a panel for each protocol; shortcuts are hollow."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import altair as alt

from kazstance.bench.page import Chart
from kazstance.bench.result import Result
from kazstance.bench.tasks import TARGET
from kazstance.plot.theme import CATEGORIES, MUTED, SHAPES, to_svg
from kazstance.stats.estimate import Estimate
from kazstance.stats.strata import OTHER, Strata, are_comparable

PANEL: Final = 240
"""Width of a panel without the names, so that both fit a phone."""
STEP: Final = 15
"""Height of a line of dots."""
GAP: Final = 8
"""Height between systems."""
GROUPS: Final = "groups of two rows that share one"
"""The title of the legend of the contrast set, before `sentence` or `target`."""
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


Panel = alt.LayerChart | alt.FacetChart
Panels = Sequence[Panel]


def dots(
    found: Iterable[Dot], axis: str, legend: str | None = None, *, order: Sequence[str] = (), zero: bool = True
) -> Panels:
    """Panels of values with intervals, on one scale; panels and series keep their order. Empty if there are no dots.

    Args:
        found: the dots.
        axis: the title of the axis.
        legend: the title of the legend; there may be at most as many series as shapes.
        order: the systems from top to bottom; by default, as they come.
        zero: whether to draw a line at 0.
    """
    shown = list(found)
    series = list(dict.fromkeys(dot.series for dot in shown))
    ends = [end for dot in shown for end in (dot.low, dot.high, *([0.0] if zero else []))]
    rank = {name: place for place, name in enumerate(order)}
    return [
        _panel(sorted(part, key=lambda dot: rank.get(dot.system, 0)), panel, series, (axis, legend), ends, zero=zero)
        for panel in dict.fromkeys(dot.panel for dot in shown)
        if (part := [dot for dot in shown if dot.panel == panel])
    ]


def _panel(
    found: Sequence[Dot],
    title: str,
    series: Sequence[str],
    titles: tuple[str, str | None],
    ends: Sequence[float],
    *,
    zero: bool,
) -> Panel:
    """A panel: a line for each system, and in it one for each series."""
    axis, legend = titles
    base = alt.Chart(alt.InlineData(values=[vars(dot) for dot in found]))
    several = len(series) > 1
    scale = alt.Scale(domain=list(series), range=list(CATEGORIES[: len(series)]))
    shape = alt.Scale(domain=list(series), range=list(SHAPES[: len(series)]))
    key = alt.Legend(title=legend, orient="top", direction="vertical", symbolFillColor="white") if several else None
    x = alt.Scale(domain=[min(ends), max(ends)], nice=True, zero=False)
    place: dict[str, Any] = {"y": alt.Y("system:N", sort=list(dict.fromkeys(dot.system for dot in found)), title=None)}
    if several:
        place["yOffset"] = alt.YOffset("series:N", sort=list(series))
    spans = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=axis, scale=x),
        x2="high:Q",
        color=alt.Color("series:N", scale=scale, legend=key),
        **place,
    )
    marks = base.mark_point(filled=False, size=60, strokeWidth=2).encode(
        x=alt.X("value:Q", title=axis, scale=x),
        color=alt.Color("series:N", scale=scale, legend=key),
        fill=alt.Fill("series:N", scale=scale, legend=None),
        shape=alt.Shape("series:N", scale=shape, legend=key),
        fillOpacity=alt.FillOpacity("shortcut:N", scale=alt.Scale(domain=[True, False], range=[0, 1]), legend=None),
        **place,
    )
    line = base.mark_rule(color=MUTED, strokeDash=[3, 3]).encode(x=alt.datum(0, title=axis))
    layers = [line, spans, marks] if zero else [spans, marks]
    height = alt.Step(STEP * len(series) + GAP, **{"for": "position"})
    return alt.layer(*layers).properties(width=PANEL, height=height, title=title)


def charts(results: Sequence[Result]) -> list[Chart]:
    """The charts of the results of one task that have something to show, each with its content in words."""
    name = results[0].headline
    own = [result.strata.get(TARGET) for result in results]
    other = [strata for result in results for strata in result.strata.values()]
    by_strata = _marked(f"{name} within other strata", other)
    kinds: list[tuple[Panels, str, Callable[[Result], Estimate | None]]] = [
        (headline(results), _marked(f"{name} by protocol", own), lambda result: result.scores[name]),
        (lift(results), f"Lift of {name} over the best shortcut by protocol", lambda result: result.lift),
        (contrast(results), "Contrast set: groups that are right as a whole", lambda result: _first(result.contrast)),
        (within(results), by_strata, lambda result: _first(result.within)),
    ]
    for by in dict.fromkeys(part.by for result in results for part in result.breakdowns):
        parts = [part.strata for result in results for part in result.breakdowns if part.by == by]
        kinds.append((breakdowns(results, by), _marked(f"{name} by {by}", parts), lambda result: None))
    return [
        Chart("".join(map(to_svg, panels)), caption, _alternative(results, caption, figure))
        for panels, caption, figure in kinds
        if panels
    ]


def _marked(caption: str, strata: Sequence[Strata | None]) -> str:
    """A caption, with a mark if the figures of the chart are over different strata."""
    return caption if are_comparable(strata) else f"{caption} ({OTHER} over different strata: not comparable)"


def _first(figures: Mapping[str, Estimate]) -> Estimate | None:
    return next(iter(figures.values()), None)


def _alternative(results: Sequence[Result], caption: str, figure: Callable[[Result], Estimate | None]) -> str:
    """A chart in words: the highest value of each protocol; all others are in the tables."""
    parts = []
    for protocol in dict.fromkeys(result.run.protocol for result in results):
        found = [(result, figure(result)) for result in results if result.run.protocol == protocol]
        known = [(result, value) for result, value in found if value is not None and value.is_defined]
        if known:
            best, value = max(known, key=lambda pair: pair[1].value)
            parts.append(f"{protocol}: highest {best.system}, {value.text(with_reason=False)}, of {len(known)}")
    return "; ".join([f"Chart. {caption}", *parts]) + ". All figures are in the tables."


def headline(results: Sequence[Result]) -> Panels:
    """The headline of each system and protocol, with its intervals for these targets and for further targets."""
    name = results[0].headline
    found = []
    for result in results:
        score = result.scores[name]
        found += _dot(result, "these targets (over clusters)", score)
        found += _dot(result, "further targets (over targets)", score.over_targets)
    return dots(found, name, "95 % interval for", order=_order(results))


def lift(results: Sequence[Result]) -> Panels:
    """How far the headline of each system is above that of the best shortcut, with paired intervals."""
    found = [dot for result in results if result.lift for dot in _dot(result, "lift", result.lift)]
    return dots(found, "lift over the best shortcut", order=_order(results))


def contrast(results: Sequence[Result]) -> Panels:
    """Share of the groups of the contrast set that are entirely correct."""
    found = [dot for result in results for kind, group in result.contrast.items() for dot in _dot(result, kind, group)]
    return dots(found, "share of groups that are right", GROUPS, order=_order(results), zero=False)


def within(results: Sequence[Result]) -> Panels:
    """The headline within other strata."""
    found = [
        dot for result in results for strata, score in result.within.items() for dot in _dot(result, strata, score)
    ]
    return dots(found, results[0].headline, "compared only within rows of one", order=_order(results))


def breakdowns(results: Sequence[Result], by: str) -> Panels:
    """The headline on each part of the rows, for the systems with the highest headlines that are not shortcuts.

    Args:
        results: the results of one task.
        by: the field that the rows are broken down by.
    """
    name = results[0].headline
    known = [result for result in results if not result.is_shortcut and result.scores[name].has_interval]
    best = sorted(known, key=lambda result: result.scores[name].value, reverse=True)
    systems = list(dict.fromkeys(result.system for result in best))[:COMPARED]
    found = []
    for result in results:
        if result.system in systems:
            for part in (part for part in result.breakdowns if part.by == by):
                found += _dot(result, result.system, part.headline, system=part.name)
    return dots(found, f"{name} by {by}", "system")


def _order(results: Sequence[Result]) -> list[str]:
    """The systems in the order of the leaderboard, in which all charts show them."""
    return list(dict.fromkeys(result.system for result in results))


def _dot(result: Result, series: str, figure: Estimate, *, system: str | None = None) -> list[Dot]:
    """A dot for a figure with its interval; no dot if it is undefined or infinite."""
    numbers = figure.value, figure.low, figure.high
    if not all(map(math.isfinite, numbers)):
        return []
    return [Dot(system or result.system, result.run.protocol, series, result.is_shortcut, *numbers)]
