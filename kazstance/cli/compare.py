"""The command that compares sources."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import typer
from rich import box
from rich.text import Text

from kazstance import dataset
from kazstance.cli.command import Data, Json, command
from kazstance.dataset import DatasetFolder, excerpt
from kazstance.output.plain_json import to_json
from kazstance.output.suffix import CHARTS, suffix_of
from kazstance.output.terminal import Table, display, echo, echo_page, styled
from kazstance.schema.records import Span
from kazstance.stats.estimate import UNDEFINED, number_text

if TYPE_CHECKING:
    from kazstance.comparison import Cell, Comparison, Counts, Feature, Voice

SIGNS = {"favor": "+", "against": "−", "mixed": "±", "neutral": "○", "not_addressed": "", "not_asked": "·"}
DECIDED = ("differ", "agree")


class View(NamedTuple):
    """What a comparison found: plain values, pages for a terminal, and what to draw."""

    plain: Any
    pages: Sequence[Table | Text]
    draw: Callable[[dict[str, str]], Any] | None


@command
def compare(
    target: Annotated[str | None, typer.Option(help="What each source wrote on a target, evidence in ⟦ ⟧.")] = None,
    pairs: Annotated[bool, typer.Option("--pairs", help="Which sources agree, differ, or are undecided.")] = False,
    distances: Annotated[str | None, typer.Option(help="How far sources are apart: by positions or salience.")] = None,
    voice: Annotated[str, typer.Option(help="own, endorsed (own and what is quoted as one's own) or all.")] = "all",
    chart: Annotated[Path | None, typer.Option(help="Draw it, too, into a file: .png, .svg or .html.")] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Compare sources: all positions; or one target, pairs of sources, or distances."""
    from kazstance.comparison import compare_dataset

    if (target is not None) + pairs + (distances is not None) > 1:
        raise typer.BadParameter("choose one of --target, --pairs and --distances")
    if chart and target is not None:
        raise typer.BadParameter("there is no chart of one target")
    if chart:
        suffix_of(chart, "kind of chart", CHARTS)
    found = compare_dataset(DatasetFolder(data), cast("Voice", voice))
    if target is not None:
        view = _contrast(found, target)
    elif pairs:
        view = _pairs(found)
    else:
        view = _distances(found, distances) if distances is not None else _matrix(found)
    if as_json:
        echo_page(to_json(view.plain))
    else:
        display(*view.pages)
    if chart and view.draw:
        from kazstance.plot.theme import save

        save(view.draw(dict(found.names or {})), chart)
        echo(f"wrote {chart}", err=True)


def _matrix(compared: "Comparison") -> View:
    """The grid, a row for each target."""
    counts, cells = compared.counts, compared.positions()
    table = _table("target", *_letters(counts))
    for target, contested in zip(counts.targets, counts.contested, strict=True):
        row = [cell for cell in cells if cell.target == target]
        table.add_row(_starred(target, contested), *map(_field, row))
    legend = styled(
        "+ favor  − against  ± both  ○ no side  · not asked; sentences in favor/neutral/against; "
        f"? the side is not sure (95 %); * contested{_left_out(compared)}"
    )

    def draw(names: dict[str, str]) -> Any:
        from kazstance.plot.sources import position_matrix

        return position_matrix(cells, names)

    return View([cell.as_row() for cell in cells], [_key(counts), table, legend], draw)


def _contrast(compared: "Comparison", target: str) -> View:
    """What each source wrote on a target."""
    found = compared.contrast(target)
    cells = {cell.source: cell for cell in compared.positions() if cell.target == target}
    pages = []
    for source, rows in found.items():
        pages.append(styled(f"{source}: {_stand(cells[source])}", "bold"))
        for row in rows:
            how = ", ".join(filter(None, [row["explicitness"], row["certainty"]]))
            spans = [Span(**span) for span in row["evidence"] or ()]
            head = f"  {row['sentence_id']}  {row['label_name']}{f' ({how})' if how else ''}\n    "
            pages.append(styled(f"{head}{excerpt.mark(row['text'], spans)}{_speaker(row)}"))
    plain = {source: {"position": cells[source].as_row(), "rows": rows} for source, rows in found.items()}
    return View(plain, pages, None)


def _pairs(compared: "Comparison") -> View:
    """What can be said of pairs of sources on each target."""
    counts, found = compared.counts, compared.disagreements()
    letter = dict(zip(counts.sources, _letters(counts), strict=True))
    table = _table("target", "apart", "p", *DECIDED, "undecided")
    for line in found:
        by = [" ".join(letter[p.one] + letter[p.other] for p in line.pairs if p.answer == name) for name in DECIDED]
        undecided = sum(p.answer == "undecided" for p in line.pairs)
        name = _starred(line.target, line.contested)
        table.add_row(name, number_text(line.spread), number_text(line.corrected), *by, str(undecided))
    legend = styled(
        "* contested: apart is the mean distance of net stances (0 to 2); else of saliences (0 to 1). "
        "p: permutation test over paragraphs, Holm"
    )

    def draw(names: dict[str, str]) -> Any:
        from kazstance.plot.sources import disagreement_ranking

        return disagreement_ranking(found, names)

    return View([asdict(line) for line in found], [_key(counts), table, legend], draw)


def _distances(compared: "Comparison", by: str) -> View:
    """Pairs of sources, nearest first, and the tree."""
    found = compared.distances(cast("Feature", by))
    table = _table("sources", "distance", "95 %", "keeps its rank")
    for pair in found.pairs:
        ends = pair.interval_text(in_words=True)
        table.add_row(f"{pair.one}, {pair.other}", pair.value_text(), ends, _share(pair.keeps))
    joints = _table("the tree joins", "at", "in draws")
    for clade in found.tree:
        joints.add_row(", ".join(clade.sources), f"{clade.height:.2f}", _share(clade.keeps))

    def draw(_: dict[str, str]) -> Any:
        from kazstance.plot.sources import distance_chart

        return distance_chart(found)

    return View(asdict(found), [table, joints, *([Text(found.reason)] if found.reason else [])], draw)


def _letters(counts: "Counts") -> list[str]:
    """A short name for each source."""
    many = len(counts.sources) > len(ascii_uppercase)
    return [str(i + 1) if many else ascii_uppercase[i] for i in range(len(counts.sources))]


def _key(counts: "Counts") -> Text:
    return styled("  ".join(f"{short}={name}" for short, name in zip(_letters(counts), counts.sources, strict=True)))


def _starred(target: str, contested: bool) -> str:
    return f"{'*' if contested else ' '}{target}"


def _table(*columns: str) -> Table:
    """A narrow table that cuts nothing off."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _field(cell: "Cell") -> str:
    if not cell.about:
        return SIGNS[cell.position.name]
    sure = cell.net is not None and (cell.net.low > 0 or cell.net.high < 0)
    unsure = "" if sure or not cell.favor + cell.against else "?"
    return f"{SIGNS[cell.position.name]}{unsure} {cell.favor}/{cell.neutral}/{cell.against}"


def _stand(cell: "Cell") -> str:
    """Position, net stance and salience in words."""
    if not cell.about:
        return f"not addressed in {cell.asked} sentences" if cell.asked else "not asked"
    net = f", net {cell.net.text(signed=True)}" if cell.net else ""
    return f"{cell.position.name}{net}; {cell.about} of {cell.asked} sentences"


def _left_out(compared: "Comparison") -> str:
    """How many pairs are left out, where some are."""
    return f"; {compared.undecided} undecided pairs are left out" if compared.undecided else ""


def _share(value: float) -> str:
    """A share; the reason why it is undefined is given below."""
    return UNDEFINED if math.isnan(value) else f"{value:.0%}"


def _speaker(row: dict[str, Any]) -> str:
    return f" — {row['speaker']}" if row["speaker"] else ""
