"""How `compare positions --corrected` prints silver, gold and corrected figures."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from kazstance.output.counted import counted
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import Table, display, echo, echo_page
from kazstance.stats.estimate import Estimate, number_text

if TYPE_CHECKING:
    from kazstance.comparison import VoiceFilter
    from kazstance.comparison.checked import Checked, CheckedDifference, CheckedFigure


def show_corrected(data: Path, voice: str, by: str, model: str | None, *, has_chart: bool, as_json: bool) -> None:
    """Print net stance and salience as the model labelled, as people judged, and corrected.

    Args:
        data: the dataset.
        voice: whose sentences count.
        by: what is compared.
        model: whose labels are corrected; by default, the only one that was sampled.
        has_chart: whether a chart was asked for, which there is not.
        as_json: print as JSON.

    Raises:
        BadParameter: a chart was asked for.
    """
    from kazstance._front import Dataset

    if has_chart:
        raise typer.BadParameter("--chart: there is no chart of corrected figures; expected --corrected without it")
    found = Dataset(data).corrected(voice=cast("VoiceFilter", voice), by=by, model=model)
    if as_json:
        echo_page(to_json(found.as_row()))
        return
    _show(found)


def _show(found: "Checked") -> None:
    judged = f"{counted(len(found.sample.truth), 'judged pair')} of {found.sample.kind.size:,}"
    echo(f"labels by {found.model}, corrected with {judged} ({', '.join(found.people)})")
    display(_figures(found.figures), *([_differences(found.differences)] if len(found.differences) else []))
    echo(f"All figures are about {found.about}.")
    echo("silver: the model's labels taken for true; gold: people's judgements alone, weighted; corrected: both.")
    for figure in found.figures:
        if figure.scope == "all targets" and figure.corrected.reason:
            more = f"; about {figure.further:,} more judgements of its pairs would do" if figure.further else ""
            echo(f"{figure.source}, {figure.measure}: {figure.corrected.reason}{more}")


def _figures(rows: "Iterable[CheckedFigure]") -> Table:
    table = Table("source", "target", "measure", "judged", "silver", "gold", "corrected", title_justify="left")
    for row in rows:
        shown = number_text(row.silver, signed=row.measure == "net")
        cells = (_text(row.gold, row.measure), _text(row.corrected, row.measure))
        table.add_row(row.source, row.target or row.scope, row.measure, f"{row.judged} of {row.pairs:,}", shown, *cells)
    return table


def _differences(rows: "Iterable[CheckedDifference]") -> Table:
    table = Table("first", "second", "target", "measure", "silver", "corrected", title_justify="left")
    for row in rows:
        cells = (number_text(row.silver, signed=True), _text(row.corrected, "net"))
        table.add_row(row.first, row.second, row.target or row.scope, row.measure, *cells)
    return table


def _text(figure: Estimate, measure: str) -> str:
    return figure.text(signed=measure == "net", with_reason=False) if figure.is_defined else "not determined"
