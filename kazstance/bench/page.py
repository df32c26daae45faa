"""Results as one HTML page with charts, without scripts or anything to load, whatever the systems are called."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Final

from kazstance.bench.report import Section, in_words, made_by, sections
from kazstance.bench.result import Result
from kazstance.extras import naming_extras

TITLE: Final = "Benchmark"


@dataclass(frozen=True)
class Chart:
    """A chart as SVG, one after the other if it has panels, what it shows, and the same in words."""

    svg: str
    caption: str
    alternative: str


@dataclass(frozen=True)
class TaskPage:
    """The charts of a task over all protocols, and the sections of each."""

    name: str
    charts: Sequence[Chart]
    sections: Sequence[Section]


@naming_extras()
def to_html(results: Iterable[Result], draw: Callable[[Sequence[Result]], Sequence[Chart]]) -> str:
    """Results from `side_by_side` as a page.

    Names may contain anything: unprintable characters are replaced, and all text is escaped.

    Args:
        results: the results.
        draw: makes the charts of the results of one task, whose SVG has to be escaped.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    from jinja2 import Environment, PackageLoader  # noqa: PLC0415  # needs an extra
    from markupsafe import Markup  # noqa: PLC0415

    found = [replace(result, run=_printable(result.run)) for result in results]
    parts = [_printable(section) for section in sections(found)]
    tasks = []
    for name in dict.fromkeys(section.task for section in parts):
        own = [section for section in parts if section.task == name]
        charts = draw([result for section in own for result in section.results])
        tasks.append(TaskPage(name, [replace(chart, svg=Markup(chart.svg)) for chart in charts], own))  # noqa: S704
    template = Environment(
        loader=PackageLoader("kazstance", "bench"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template("page.html.j2")
    told = [in_words(part) for part in parts]
    return template.render(title=TITLE, made_by=made_by(), told=told, tasks=tasks) + "\n"


def _printable(value: Any) -> Any:
    """The same values with unprintable characters replaced, which neither HTML nor SVG may contain."""
    if isinstance(value, str):
        return "".join(character if character.isprintable() else "\ufffd" for character in value)
    if isinstance(value, list | tuple):
        return [_printable(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type | Result):
        return replace(value, **{field.name: _printable(getattr(value, field.name)) for field in fields(value)})
    return value
