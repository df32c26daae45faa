"""Charts of how sources compare: positions, disagreements, distances, salience, stability of the labels."""

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

import altair as alt

from kazstance.comparison import Cell, Disagreement, Distances
from kazstance.plot.theme import CATEGORIES, GRID, INK, MUTED, SHAPES

Names = Mapping[str, str]
_Rows = list[dict[str, Any]]
POSITIONS: Final = {"favor": "favor", "against": "against", "mixed": "both sides", "neutral": "no side"}
COLOURS: Final = ("#00598f", "#d55e00", "#7b4b94", "#8a8a8a")
MARKS: Final = ("triangle-up", "triangle-down", "diamond", "circle")
"""A shape for each of these positions; silence is shown as a word."""
ANSWERS: Final = {"differ": "#d55e00", "undecided": "#dcdcdc", "agree": "#00598f"}
ANSWER_SIGNS: Final = {"differ": "≠", "undecided": "?", "agree": "="}
ROW, COLUMN = 17, 118
"""Height of a target and width of a source."""
LEGEND: Final = alt.Legend(orient="bottom", columns=3)
QUARTERS: Final = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1])
RANKED: Final = 12
"""How many targets the ranking of disagreements shows."""
CORNERS: Final = 48
"""Corners of the polygon that is drawn as a circle."""


def position_matrix(
    cells: Sequence[Cell], targets: Names | None = None, sources: Names | None = None
) -> alt.FacetChart:
    """Net stance of every source on every target, with its interval; silent sources are marked as such.

    In each cell -1 (against) is on the left and 1 (in favor) on the right; the line is the 95 % interval, the mark the
    pooled estimate, and the number counts the sentences about the target.

    Args:
        cells: the complete grid of sources and targets.
        targets: the names of targets by their ids; without it, the ids are shown.
        sources: the names of sources by their ids; without it, the ids are shown.
    """
    rows = [_row(cell, targets, sources) for cell in cells]
    base = alt.Chart().encode(y=_by_target(rows))
    said = base.transform_filter("datum.about > 0")
    silent = base.transform_filter("datum.about == 0").encode(x=alt.datum(0), text=alt.value("silent"))
    axis = alt.Axis(values=[-1, 0, 1], grid=False, labelExpr="{'-1': 'against', '0': '', '1': 'favor'}[datum.value]")
    x = alt.X("net:Q", title=None, scale=alt.Scale(domain=[-1.1, 1.6], nice=False), axis=axis)
    names = list(POSITIONS.values())
    layers = alt.layer(
        alt.Chart().mark_rule(color=MUTED, strokeDash=[2, 2]).encode(x=alt.datum(0)),
        said.mark_rule(color=INK, strokeWidth=1.2).encode(x="net_low:Q", x2="net_high:Q"),
        said.mark_point(size=50).encode(
            x=x,
            color=alt.Color("position:N", title=None, scale=alt.Scale(domain=names, range=list(COLOURS))),
            shape=alt.Shape("position:N", title=None, scale=alt.Scale(domain=names, range=list(MARKS))),
            tooltip=["source:N", "target:N", "position:N", "net:Q", "net_low:Q", "net_high:Q", "counts:N"],
        ),
        said.mark_text(align="right", fontSize=9, color=MUTED).encode(x=alt.datum(1.55), text="about:Q"),
        silent.mark_text(stroke="white", strokeWidth=6, fontSize=9),
        silent.mark_text(color=MUTED, fontSize=9, fontStyle="italic"),
        data=alt.InlineData(values=rows),
    ).properties(width=COLUMN, height=ROW * len(_order(rows, "target")))
    return _by_source(layers, _order(rows, "source")).properties(
        title=_title(
            "Where the sources stand", "net stance with 95 % interval, pooled over sources; number of sentences"
        )
    )


def salience_bars(cells: Sequence[Cell], targets: Names | None = None, sources: Names | None = None) -> alt.FacetChart:
    """The share of each source's sentences that is about each target, with its interval; most salient targets first.

    A hollow mark is silence; its line shows how large the share could still be.

    Args:
        cells: the complete grid of sources and targets.
        targets: the names of targets by their ids; without it, the ids are shown.
        sources: the names of sources by their ids; without it, the ids are shown.
    """
    rows = [_row(cell, targets, sources) for cell in cells if cell.salience]
    mean: dict[str, float] = {}
    for row in rows:
        mean[row["target"]] = mean.get(row["target"], 0) - row["salience"]
    rows.sort(key=lambda row: mean[row["target"]])
    base = alt.Chart().encode(y=_by_target(rows))
    axis = alt.Axis(format="%", tickCount=3)
    layers = alt.layer(
        base.mark_bar(color="#8fb8d0", height=9).encode(x=alt.X("salience:Q", title=None, axis=axis)),
        base.mark_rule(color=INK).encode(x="salience_low:Q", x2="salience_high:Q"),
        base.transform_filter("datum.about == 0")
        .mark_point(shape="circle", filled=False, size=22, color=INK, fill="white")
        .encode(x=alt.datum(0)),
        data=alt.InlineData(values=rows),
    ).properties(width=COLUMN, height=ROW * len(_order(rows, "target")))
    return _by_source(layers, _order([_row(cell, targets, sources) for cell in cells], "source")).properties(
        title=_title("Salience of targets by source", "share of a source's sentences, with 95 % interval")
    )


def disagreement_ranking(found: Sequence[Disagreement], targets: Names | None = None) -> alt.HConcatChart:
    """The first targets in order, how probably sources are on opposite sides, and which pairs agree or differ."""
    shown = [line for line in found if line.opposite is not None][:RANKED]
    rows: _Rows = []
    pairs: _Rows = []
    for line in shown:
        name = (targets or {}).get(line.target, line.target)
        p = "" if line.corrected is None else f"p = {line.corrected:.2f}"
        rows.append({"target": name, "opposite": line.opposite, "p": p})
        pairs += [{"target": name, **part} for part in _answers(line)]
    height = 24 * max(len(rows), 1)
    spread = alt.Chart(alt.InlineData(values=rows), width=210, height=height).encode(
        x=alt.X("opposite:Q", title="probability of opposite sides", scale=alt.Scale(domain=[0, 1.3]), axis=QUARTERS),
        y=_by_target(rows),
    )
    left = spread.mark_bar(height=5, color=MUTED) + spread.mark_point(color=INK, size=60)
    left += spread.mark_text(align="left", dx=8, color=MUTED, fontSize=10).encode(text="p:N")
    bars = alt.Chart(alt.InlineData(values=pairs), width=230, height=height).encode(
        x=alt.X("from:Q", title="pairs of sources"),
        x2="to:Q",
        y=alt.Y("target:N", sort=_order(rows, "target"), axis=None),
    )
    colour = alt.Scale(domain=list(ANSWERS), range=list(ANSWERS.values()))
    right = bars.mark_bar(height=18, stroke="white").encode(color=alt.Color("answer:N", title=None, scale=colour))
    right += (
        bars.transform_calculate(middle="(datum.from + datum.to) / 2")
        .mark_text(fontSize=10)
        .encode(
            x="middle:Q",
            text="sign:N",
            color=alt.condition("datum.answer == 'undecided'", alt.value(INK), alt.value("white")),
        )
    )
    return alt.hconcat(left, right, spacing=16).properties(
        title=_title(
            "Where the sources differ",
            "targets most probably with opposite sides; p of a permutation test, corrected for all targets",
        )
    )


def _answers(line: Disagreement) -> _Rows:
    """How many pairs of sources differ, are undecided or agree on a target, one after the other on an axis."""
    counts = [sum(pair.answer == answer for pair in line.pairs) for answer in ANSWERS]
    starts = accumulate(counts, initial=0)
    return [
        {"answer": answer, "n": n, "sign": f"{sign} {n}", "from": start, "to": start + n}
        for (answer, sign), n, start in zip(ANSWER_SIGNS.items(), counts, starts, strict=False)
        if n
    ]


def distance_chart(found: Distances, sources: Names | None = None) -> alt.HConcatChart:
    """A map of the sources, each with a circle that holds 95 % of its resampled places, and their tree.

    Every joint of the tree is labelled with the share of draws in which it occurs.
    """
    return alt.hconcat(_map(found, sources), _tree(found, sources), spacing=30).properties(
        title=_title(
            f"How far the sources are apart, by {found.by}",
            f"map with circles that hold 95 % of draws, {found.explained:.0%} of the distances; "
            "tree with the share of draws that have a joint",
        )
    )


def _map(found: Distances, sources: Names | None) -> Any:
    names = [(sources or {}).get(place.source, place.source) for place in found.places]
    rows = [{"source": name, "x": place.x, "y": place.y} for name, place in zip(names, found.places, strict=True)]
    circles: _Rows = [
        {
            "source": name,
            "corner": corner,
            "x": place.x + place.radius * math.cos(2 * math.pi * corner / CORNERS),
            "y": place.y + place.radius * math.sin(2 * math.pi * corner / CORNERS),
        }
        for name, place in zip(names, found.places, strict=True)
        for corner in range(CORNERS + 1)
    ]
    reach = 1.1 * max(max(abs(row["x"]), abs(row["y"])) for row in circles) or 1
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    x, y = alt.X("x:Q", title=None, scale=scale, axis=None), alt.Y("y:Q", title=None, scale=scale, axis=None)
    colour = alt.Color("source:N", title=None, legend=LEGEND, scale=alt.Scale(domain=names, range=list(CATEGORIES)))
    shape = alt.Shape("source:N", title=None, legend=LEGEND, scale=alt.Scale(domain=names, range=list(SHAPES)))
    points = alt.Chart(alt.InlineData(values=rows), width=330, height=330).encode(x=x, y=y)
    rings = alt.Chart(alt.InlineData(values=circles)).mark_line(strokeWidth=1, opacity=0.6)
    return rings.encode(x=x, y=y, color=colour, order="corner:Q", detail="source:N") + points.mark_point(
        size=90
    ).encode(color=colour, shape=shape)


def _tree(found: Distances, sources: Names | None) -> Any:
    """The tree, drawn from left to right, with a bracket for each clade."""
    leaves = _leaves(found, tuple(place.source for place in found.places))
    at: dict[tuple[str, ...], tuple[float, float]] = {(leaf,): (float(i), 0.0) for i, leaf in enumerate(leaves)}
    lines: _Rows = []
    joints: _Rows = []
    for number, clade in enumerate(found.tree):
        (one, one_height), (other, other_height) = (at[part] for part in clade.parts)
        corners = [(one_height, one), (clade.height, one), (clade.height, other), (other_height, other)]
        lines += [{"clade": number, "order": i, "height": x, "leaf": y} for i, (x, y) in enumerate(corners)]
        at[clade.sources] = ((one + other) / 2, clade.height)
        joints.append({"height": clade.height, "leaf": (one + other) / 2, "keeps": f"{clade.keeps:.0%}"})
    names = [{"leaf": i, "height": 0, "source": (sources or {}).get(leaf, leaf)} for i, leaf in enumerate(leaves)]
    x = alt.X("height:Q", title="mean distance", scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=5))
    y = alt.Y("leaf:Q", axis=None, scale=alt.Scale(domain=[-0.6, len(leaves) - 0.4], nice=False))
    brackets = alt.Chart(alt.InlineData(values=lines), width=300, height=330).mark_line(color=INK, strokeWidth=1.5)
    return (
        brackets.encode(x=x, y=y, detail="clade:N", order="order:Q")
        + alt.Chart(alt.InlineData(values=joints[:-1]))
        .mark_text(align="left", dx=4, dy=-8, fontSize=10, color=MUTED)
        .encode(x, y, text="keeps:N")
        + alt.Chart(alt.InlineData(values=names))
        .mark_text(align="left", dx=6, dy=-9, color=INK)
        .encode(x, y, text="source:N")
    )


def _leaves(found: Distances, sources: tuple[str, ...]) -> tuple[str, ...]:
    """The sources, ordered so that no branches of the tree cross."""
    parts = {clade.sources: clade.parts for clade in found.tree}

    def below(clade: tuple[str, ...]) -> tuple[str, ...]:
        return below(parts[clade][0]) + below(parts[clade][1]) if clade in parts else clade

    return below(found.tree[-1].sources) if found.tree else sources


def _row(cell: Cell, targets: Names | None, sources: Names | None) -> dict[str, Any]:
    """A cell as a row of a chart."""
    return cell.as_row() | {
        "source": (sources or {}).get(cell.source, cell.source),
        "target": (targets or {}).get(cell.target, cell.target),
        "position": POSITIONS.get(cell.position.name, "silent"),
        "about": cell.about,
        "counts": f"{cell.favor} in favor, {cell.neutral} neutral, {cell.against} against",
    }


def _order(rows: _Rows, column: str) -> list[str]:
    return list(dict.fromkeys(row[column] for row in rows))


def _by_target(rows: _Rows) -> alt.Y:
    axis = alt.Axis(grid=True, gridColor=GRID, labelLimit=480, ticks=False)
    return alt.Y("target:N", title=None, sort=_order(rows, "target"), axis=axis)


def _by_source(layers: Any, sources: list[str]) -> alt.FacetChart:
    header = alt.Header(title=None, labelLimit=COLUMN, labelFontSize=10)
    found: alt.FacetChart = layers.facet(column=alt.Column("source:N", sort=sources, header=header), spacing=10)
    return found


def _title(text: str, subtitle: str) -> alt.TitleParams:
    return alt.TitleParams(text, subtitle=subtitle, anchor="start")
