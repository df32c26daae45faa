"""How `compare positions --corrected` prints silver, gold and corrected figures."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import typer
from rich import box

from kazstance.output.counted import counted
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import Table, display, echo, echo_page
from kazstance.stats.estimate import Estimate, number_text

if TYPE_CHECKING:
    from kazstance.comparison import VoiceFilter
    from kazstance.comparison.checked import Checked, CheckedDifference, CheckedFigure


MEASURES: Final = {
    "net": "Net stance: favor minus against over both, in [-1, 1]; then differences, the first minus the second",
    "salience": "Salience: the share of pairs that are about the target; then differences",
}
"""What is shown, and its title."""
ALL: Final = "all targets"
MOST: Final = 20
"""Sources or groups of which differences are shown."""
SHOWN: Final = 10
"""How many figures that are refused are explained."""


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
        raise typer.BadParameter(
            "--chart: there is no chart of corrected figures; expected --corrected without it and its options"
        )
    found = Dataset(data).corrected(voice=cast("VoiceFilter", voice), by=by, model=model)
    if as_json:
        echo_page(to_json(found.as_row()))
        return
    _show(found)


def _show(found: "Checked") -> None:
    judged = f"{counted(len(found.sample.truth), 'judged pair')} of {found.sample.kind.size:,}"
    echo(f"labels by {found.model}, corrected with {judged} ({', '.join(found.people)})")
    for name, title in MEASURES.items():
        echo("", title)
        display(_figures(row for row in found.figures if row.measure == name))
        if len(found.groups) > MOST:
            echo(f"differences of {len(found.groups)} sources or groups are in --json")
        elif rows := [row for row in found.differences if row.measure == name]:
            display(_differences(rows))
    echo(f"All figures are about {found.about}.")
    echo("silver: the model's labels taken for true; gold: people's judgements alone, weighted; corrected: both.")
    refused = [figure for figure in found.figures if not figure.corrected.is_defined]
    for figure in refused[:SHOWN]:
        more = f"; about {figure.further:,} more judgements of its pairs would be enough" if figure.further else ""
        echo(f"{figure.source}, {figure.target or ALL}, {figure.measure}: {figure.corrected.reason}{more}")
    if len(refused) > SHOWN:
        echo(f"and {len(refused) - SHOWN:,} more, with reasons in --json")


def _figures(rows: "Iterable[CheckedFigure]") -> Table:
    table = _table("source", "target", "judged", "silver", "gold", "corrected")
    for row in rows:
        shown = number_text(row.silver, signed=row.measure == "net")
        cells = (row.gold.value_text(signed=row.measure == "net"), _text(row.corrected, row.measure))
        table.add_row(row.source, row.target or ALL, f"{row.judged} of {row.pairs:,}", shown, *cells)
    return table


def _differences(rows: "Iterable[CheckedDifference]") -> Table:
    table = _table("first", "second", "target", "silver", "corrected")
    for row in rows:
        cells = (number_text(row.silver, signed=True), _text(row.corrected, "net"))
        table.add_row(row.first, row.second, row.target or ALL, *cells)
    return table


def _table(*columns: str) -> Table:
    """A narrow table that truncates nothing."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _text(figure: Estimate, measure: str) -> str:
    return figure.text(signed=measure == "net", with_reason=False) if figure.is_defined else "not determined"
