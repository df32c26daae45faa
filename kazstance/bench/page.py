"""Scores of runs as one HTML page with charts: no script, nothing loaded, whatever the systems are called."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from kazstance.bench.report import NO_SHORTCUT, lift_cell
from kazstance.plot import bench
from kazstance.plot.theme import to_svg
from kazstance.stats.estimate import UNDEFINED, Estimate, number_text

Row = dict[str, Any]
TITLE: Final = "Benchmark"
SHOWN: Final = {
    *("system", "task", "protocol", "shortcut", "n", "D", "scores", "target_interval", "within", "contrast"),
    *("best_shortcut", "lift", "warning", "reasons", "signature"),
}
"""What has a place of its own; whatever else a row holds gets a table of its own, figures down and systems across."""
MISSING: Final = "–"
"""What stands in place of a figure that a system was not asked for."""


@dataclass(frozen=True)
class Chart:
    """A chart, what it shows, and the same in words."""

    svg: str
    caption: str
    alternative: str


@dataclass(frozen=True)
class Line:
    """A line of a table."""

    name: str
    cells: Sequence[str]
    shortcut: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table."""

    caption: str
    header: Sequence[str]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Protocol:
    """The scores under a protocol; further tables are folded in."""

    name: str
    facts: str
    warnings: Sequence[str]
    tables: Sequence[Sheet]
    further: Sequence[Sheet]
    signatures: Sequence[str]


@dataclass(frozen=True)
class Task:
    """The charts of a task over all protocols, and the tables of each."""

    name: str
    charts: Sequence[Chart]
    protocols: Sequence[Protocol]


def to_html(found: Sequence[Row]) -> str:
    """Scores as a page, from rows as `kazstance.bench.report.rows` gives them.

    Names may be anything: what cannot be printed is replaced, and all text is escaped.
    """
    rows = [_printable(row) for row in found]
    template = Environment(
        loader=PackageLoader("kazstance", "bench"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html.j2")
    tasks = [_task(name, [row for row in rows if row["task"] == name]) for name in _values(rows, "task")]
    return template.render(title=TITLE, tasks=tasks) + "\n"


def _task(name: str, rows: Sequence[Row]) -> Task:
    protocols = [_protocol(p, [row for row in rows if row["protocol"] == p]) for p in _values(rows, "protocol")]
    return Task(name, list(_charts(rows)), protocols)


def _charts(rows: Sequence[Row]) -> Iterator[Chart]:
    """The charts of a task, of what there is to draw."""
    headline = next(iter(rows[0]["scores"]))
    kinds: list[tuple[Callable[[Sequence[Row]], Any], str, Callable[[Row], Any]]] = [
        (bench.headline, f"{headline} by protocol", lambda row: row["scores"][headline]),
        (bench.lift, f"Lift of {headline} over the best shortcut by protocol", lambda row: row["lift"]),
        (bench.contrast, "Contrast set: groups that are right as a whole", lambda row: _first(row["contrast"])),
        (bench.within, f"{headline} within other strata", lambda row: _first(row["within"])),
    ]
    for by in dict.fromkeys(by for row in rows for by, found in row.get("parts", {}).items() if found):
        kinds.append((lambda rows, by=by: bench.parts(rows, by), f"{headline} by {by}", lambda row: None))  # type: ignore[misc]
    for draw, caption, figure in kinds:
        chart = draw(rows)
        if chart is not None:
            yield Chart(Markup(to_svg(chart)), caption, _alternative(rows, caption, figure))  # noqa: S704  # vega escapes


def _alternative(rows: Sequence[Row], caption: str, figure: Callable[[Row], Any]) -> str:
    """A chart in words: the highest value of each protocol; all others are in the tables."""
    parts = []
    for protocol in _values(rows, "protocol"):
        known = [row for row in rows if row["protocol"] == protocol and _is_figure(figure(row))]
        if known:
            best = max(known, key=lambda row: float(figure(row)[0]))
            parts.append(f"{protocol}: highest {best['system']}, {_cell(figure(best))}, of {len(known)}")
    return "; ".join([f"Chart. {caption}", *parts]) + ". All figures are in the tables below."


def _protocol(name: str, rows: Sequence[Row]) -> Protocol:
    first = rows[0]
    headline = next(iter(first["scores"]))
    best = first["best_shortcut"]
    compared = f"best shortcut: {best}" if best else NO_SHORTCUT
    facts = f"{first['n']} rows, effective size D = {first['D']:.1f}; {compared}"
    scores = [Line(row["system"], [_cell(found) for found in row["scores"].values()], row["shortcut"]) for row in rows]
    others = [Line(row["system"], [_cell(found) for found in _others(row).values()], row["shortcut"]) for row in rows]
    return Protocol(
        name,
        facts,
        list(dict.fromkeys(row["warning"] for row in rows if row.get("warning"))),
        [
            Sheet("Scores", ["system", *first["scores"]], scores),
            Sheet(f"{headline} in other ways, and the contrast set", ["system", *_others(first)], others),
        ],
        [
            *(_further(key, rows) for key in dict.fromkeys(key for row in rows for key in row) if key not in SHOWN),
            *_undefined(rows),
        ],
        [row["signature"] for row in rows],
    )


def _undefined(rows: Sequence[Row]) -> list[Sheet]:
    """What is undefined, and why."""
    lines = [Line(row["system"], [name, why]) for row in rows for name, why in row.get("reasons", {}).items()]
    return [Sheet("Undefined", ["system", "figure", "why"], lines)] if lines else []


def _others(row: Row) -> dict[str, Any]:
    """What stands beside the scores, by the name of its column."""
    return {
        "interval over targets": row["target_interval"],
        **{f"within {strata} (D = {found[3]:.0f})": found[:3] for strata, found in row["within"].items()},
        **{f"groups of one {kind} (n = {found[3]})": found[:3] for kind, found in row["contrast"].items()},
        "lift": row["lift"] or lift_cell(row),
    }


def _further(key: str, rows: Sequence[Row]) -> Sheet:
    """Whatever else rows hold, figures down and systems across."""
    columns = [dict(_figures(row.get(key))) for row in rows]
    names = list(dict.fromkeys(name for column in columns for name in column))
    lines = [Line(name, [column.get(name, MISSING) for column in columns]) for name in names]
    return Sheet(key.replace("_", " "), ["figure", *(row["system"] for row in rows)], lines)


def _figures(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Nested values as names and cells; a record with a value and its interval is one figure, named by its words."""
    if isinstance(found, dict) and {"value", "low", "high"} <= found.keys():
        words = [value for value in found.values() if isinstance(value, str)]
        size = [f"n = {found['n']}"] if "n" in found else []
        yield " · ".join([*path, *words, *size]), _cell((found["value"], found["low"], found["high"]))
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from _figures(value, (*path, str(key)))
    elif isinstance(found, list | tuple) and not all(value is None or _is_number(value) for value in found):
        for value in found:
            yield from _figures(value, path)
    elif found is not None and not (isinstance(found, list | tuple) and not found):
        yield " · ".join(path), _cell(found)


def _cell(found: Any) -> str:
    """A figure: a number; a value with its interval, and on how many rows; a span; or a word."""
    if isinstance(found, int | str):
        return str(found)
    if not isinstance(found, list | tuple):
        return number_text(found)
    if len(found) == 2:  # noqa: PLR2004
        return Estimate.from_numbers([found[0], *found]).interval_text() or UNDEFINED
    size = f" (n = {_cell(found[3])})" if len(found) > 3 else ""  # noqa: PLR2004
    return f"{Estimate.from_numbers(found)}{size}" if len(found) > 2 else ", ".join(map(_cell, found))  # noqa: PLR2004


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_figure(found: Any) -> bool:
    return bool(found) and found[0] is not None and not math.isnan(found[0])


def _first(found: Row) -> Any:
    return next(iter(found.values()), None)


def _values(rows: Sequence[Row], key: str) -> list[str]:
    return list(dict.fromkeys(row[key] for row in rows))


def _printable(found: Any) -> Any:
    """The same values with a mark in place of what cannot be printed, which neither HTML nor SVG may hold."""
    if isinstance(found, str):
        return "".join(character if character.isprintable() else "\ufffd" for character in found)
    if isinstance(found, dict):
        return {_printable(key): _printable(value) for key, value in found.items()}
    return [_printable(value) for value in found] if isinstance(found, list | tuple) else found
