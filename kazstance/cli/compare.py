"""Commands that compare the sources of a dataset, or groups of them."""

import math
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, cast

import typer
from rich import box
from rich.cells import cell_len
from rich.text import Text

from kazstance import dataset
from kazstance.cli.command import Commands, Data, Json, Whose, app, command, make_group
from kazstance.cli.contents import ENTRIES
from kazstance.output.counted import counted
from kazstance.output.plain_json import to_json
from kazstance.output.suffix import CHARTS, suffix_of
from kazstance.output.terminal import Table, console, display, echo, echo_page, styled
from kazstance.stats.estimate import UNDEFINED, number_text

if TYPE_CHECKING:
    from kazstance._front import Chart, Comparison
    from kazstance.comparison import Cell, Counts, Disagreements, Distances, Feature, VoiceFilter, Word
    from kazstance.comparison.contrast import Row

DEFAULT: Final = "positions"
"""The default comparison."""
GAP: Final = 2
"""What separates columns of a table."""
LONGEST: Final = 32
"""How wide the names of targets are in a table that does not fit the terminal; longer ones are wrapped."""
LEGEND: Final = (
    "+ favor  − against  ○ no side  · not asked  ? undecided: all votes are split; −? the side is not sure (95 %); "
    "° some sentences take the other side; then sentences in favor/neutral/against; ~ more than half of these labels "
    "are unsure; ≤ silent, and the share of sentences that could still be about the target (95 %); * contested"
)
WITHOUT_CHART: Final = "pass --chart too; these options are about the chart"
WIDTH: Final = 160
"""The default width of a chart in mm."""
DPI: Final = 300
"""The default pixels per inch."""
SHORT: Final = {"opposed": "opposed", "one side: in favor": "side +", "one side: against": "side −", "cannot tell": "?"}
"""Verdicts in a narrow column."""
KEY: Final = (
    "verdict: opposed, if some two sources are on opposite sides with a probability of .95 or more (Holm); side + or "
    "−, if all that take a side are surely on that one (95 %); ? if one cannot tell; opp.: probability that two "
    "sources are on opposite sides; apart: mean distance of net stances (0 to 2); p, sal.: permutation tests over "
    "clusters of stances and of saliences, Holm; differ: pairs of sources; agree: number of pairs, all others are "
    "undecided; – undefined; * contested"
)


class Comparisons(Commands):
    """The comparisons, one of which is the default."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Insert the default if the first argument does not name a comparison, except while completing in a shell."""
        at = next((i for i, arg in enumerate(args) if arg != "--debug"), len(args))
        is_named = at < len(args) and (args[at] == "--help" or not args[at].startswith("-"))
        if not is_named and not ctx.resilient_parsing:
            args = [*args[:at], DEFAULT, *args[at:]]
        return super().parse_args(ctx, args)


Target = Annotated[str, typer.Argument(help="The id of the target.")]
By = Annotated[
    str, typer.Option(help="What to compare: source, document, holder, or an attribute such as tradition or year.")
]
ChartFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also draw a chart into this file: .svg, .pdf, .png or .html.")
]
Width = Annotated[
    float, typer.Option(min=60, max=1000, help="Width of the chart on paper in mm; its type stays at 7 pt or more.")
]
Dpi = Annotated[float, typer.Option(min=36, max=2400, help="Pixels per inch of a .png.")]
Title = Annotated[str | None, typer.Option(help='Title of the chart; "" leaves it out.')]
OnlyTarget = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="Draw only this target in the chart; may be repeated.")
]
OnlySource = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="Draw only this source in the chart; may be repeated.")
]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="ID=TEXT", help="What the chart calls a source or target; may be repeated."),
]
OrderBy = Annotated[
    str | None, typer.Option(help="Order of the targets in the chart: data, difference, salience or name.")
]


class Drawn(StrEnum):
    """The charts of positions."""

    matrix = "matrix"
    salience = "salience"


class Picture(NamedTuple):
    """The chart that is asked for, if one is: its file, its size, and what it shows."""

    file: Path | None
    width_mm: float
    dpi: float
    choice: dict[str, Any]

    @property
    def is_chosen(self) -> bool:
        """Whether anything is chosen of the chart."""
        is_sized = (self.width_mm, self.dpi) != (WIDTH, DPI)
        return is_sized or any(value is not None and value != [] for value in self.choice.values())

    def check(self) -> None:
        """Check that the format is known, and that nothing is chosen for a chart that is not drawn.

        Raises:
            UnknownNameError: there is no such format.
            BadParameter: there is no chart.
        """
        if self.file:
            suffix_of(self.file, "kind of chart", CHARTS)
        elif self.is_chosen:
            raise typer.BadParameter(WITHOUT_CHART)

    def draw(self, draw: "Callable[..., Chart]") -> "Chart | None":
        """The chart, if there is one; unknown names are refused before anything is printed."""
        return draw(**self.choice) if self.file else None

    def save(self, drawn: "Chart | None") -> None:
        """Write the chart, if there is one."""
        if self.file and drawn:
            drawn.save(self.file, width_mm=self.width_mm, dpi=self.dpi)
            echo(f"wrote {self.file}", err=True)


NO_PICTURE: Final = Picture(None, WIDTH, DPI, {})

compare = make_group(f"{ENTRIES['compare'].summary}\n\nThe default is `positions`.", Comparisons)
app.add_typer(compare, name="compare")
compare_command = partial(command, group=compare)


@compare_command
def positions(
    chart: ChartFile = None,
    draw: Annotated[
        Drawn, typer.Option(help="The chart: the matrix, or how much each source writes about what, and on which side.")
    ] = Drawn.matrix,
    width_mm: Width = WIDTH,
    dpi: Dpi = DPI,
    only_target: OnlyTarget = None,
    only_source: OnlySource = None,
    order: OrderBy = None,
    title: Title = None,
    name: Names = None,
    voice: Whose = "own",
    by: By = "source",
    corrected: Annotated[
        bool,
        typer.Option("--corrected", help="Correct a model's labels by what people said of a random sample of them."),
    ] = False,
    of: Annotated[
        str | None, typer.Option("--of", help="With --corrected: the model.", show_default="the only one")
    ] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Show where each source stands on each target: its side, how sure that is, and the sentences behind it.

    Example: kazstance compare positions --voice all
    """
    shown = {"targets": only_target, "sources": only_source, "order": order, "title": title, "names": _named(name)}
    picture = Picture(chart, width_mm, dpi, shown)
    is_chosen = picture.is_chosen or draw is not Drawn.matrix
    if corrected:
        from kazstance.cli.corrected import show_corrected

        show_corrected(data, voice, by, of, has_chart=chart is not None or is_chosen, as_json=as_json)
        return
    if of is not None:
        raise typer.BadParameter("--of: expected --corrected with it")
    if is_chosen and not chart:
        raise typer.BadParameter(WITHOUT_CHART)
    compared = _compare(data, voice, by, picture)
    drawn = picture.draw(compared.plot.salience if draw is Drawn.salience else compared.plot.positions)
    _print([cell.as_row() for cell in compared.positions()], lambda: _matrix(compared), as_json=as_json)
    picture.save(drawn)


@compare_command
def disagreements(
    chart: ChartFile = None,
    width_mm: Width = WIDTH,
    dpi: Dpi = DPI,
    only_target: OnlyTarget = None,
    only_source: OnlySource = None,
    order: OrderBy = None,
    title: Title = None,
    name: Names = None,
    voice: Whose = "own",
    by: By = "source",
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Rank targets by how far sources differ on them, and show which pairs of sources agree, differ or are undecided.

    Example: kazstance compare disagreements --json
    """
    shown = {"targets": only_target, "sources": only_source, "order": order, "title": title, "names": _named(name)}
    picture = Picture(chart, width_mm, dpi, shown)
    compared = _compare(data, voice, by, picture)
    drawn = picture.draw(compared.plot.disagreements)
    found = compared.disagreements()
    _print([line.as_row() for line in found], lambda: _ranking(compared.counts, found), as_json=as_json)
    picture.save(drawn)


@compare_command
def distances(
    feature: Annotated[
        str, typer.Option(help="What the distance is between: positions, or salience (what sources write about).")
    ] = "positions",
    chart: ChartFile = None,
    width_mm: Width = WIDTH,
    dpi: Dpi = DPI,
    title: Title = None,
    name: Names = None,
    voice: Whose = "own",
    by: By = "source",
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Show how far apart the sources are over all targets, nearest pairs first, and the tree that joins them.

    Example: kazstance compare distances --feature salience
    """
    picture = Picture(chart, width_mm, dpi, {"title": title, "names": _named(name)})
    compared = _compare(data, voice, by, picture)
    drawn = picture.draw(partial(compared.plot.distances, cast("Feature", feature)))
    found = compared.distances(cast("Feature", feature))
    _print(found.as_row(), lambda: _nearest(found), as_json=as_json)
    picture.save(drawn)


@compare_command
def wording(
    target: Target,
    limit: Annotated[int, typer.Option(min=0, help="Words to show for each source; 0 for all.")] = 10,
    voice: Whose = "own",
    by: By = "source",
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Show the words that each source uses more than the others when it writes about a target.

    Example: kazstance compare wording west_wants_calm --limit 5
    """
    found = _compare(data, voice, by).wording(target)
    names = dict.fromkeys(word.source for word in found)
    words = [word for name in names for word in [w for w in found if w.source == name][: limit or None]]
    _print([word.as_row() for word in words], lambda: [_vocabulary(words)], as_json=as_json)


@compare_command
def contrast(
    target: Target,
    voice: Whose = "own",
    by: By = "source",
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Show what each source wrote about a target, strongest evidence first, with the evidence marked ⟦ ⟧.

    Example: kazstance compare contrast west_wants_calm
    """
    compared = _compare(data, voice, by)
    found = compared.contrast(target)
    cells = {source: compared[source, target] for source in found}
    plain = {source: {"position": cells[source].as_row(), "rows": rows} for source, rows in found.items()}
    _print(plain, lambda: _side_by_side(found, cells), as_json=as_json)


def _compare(data: Path, voice: str, by: str, picture: Picture = NO_PICTURE) -> "Comparison":
    """A comparison of a dataset; an unknown file format for the chart is refused before any work."""
    from kazstance._front import Dataset

    picture.check()
    return Dataset(data).compare(voice=cast("VoiceFilter", voice), by=by)


def _named(given: list[str] | None) -> dict[str, str] | None:
    """Names by id, from ID=TEXT.

    Raises:
        BadParameter: there is no equals sign.
    """
    if lacking := [pair for pair in given or () if "=" not in pair]:
        raise typer.BadParameter(f"--name {lacking[0]}: expected ID=TEXT")
    return {key: text for key, _, text in (pair.partition("=") for pair in given or ())} or None


def _print(plain: Any, pages: Callable[[], Iterable[Table | Text]], *, as_json: bool) -> None:
    """Print plain values as JSON, or pages for people."""
    if as_json:
        echo_page(to_json(plain))
    else:
        display(*pages())


def _matrix(compared: "Comparison") -> Iterable[Table | Text]:
    """The grid, one row per target; sources that do not fit beside each other follow in further tables."""
    counts, letters = compared.counts, _letters(compared.counts)
    names = [_starred(*known) for known in zip(counts.targets, counts.contested, strict=True)]
    fields = iter(map(_field, compared.positions()))
    columns = [[next(fields) for _ in names] for _ in letters]
    yield _key(counts)
    for block in _blocks(
        names, [max(map(cell_len, (letter, *column))) for letter, column in zip(letters, columns, strict=True)]
    ):
        table = _table("target", *letters[block])
        for column in table.columns[1:]:
            column.no_wrap = True
        for row in zip(names, *columns[block], strict=True):
            table.add_row(*row)
        yield table
    yield styled(f"{LEGEND}{_left_out(compared)}")


def _blocks(names: list[str], widths: list[int]) -> Iterable[slice]:
    """The columns of figures that fit beside the names in the terminal, table by table.

    Args:
        names: what stands in the first column.
        widths: the width of each other column.
    """
    room, start = console().width - 2, 0
    first = max(map(cell_len, ("target", *names)))
    if first + sum(width + GAP for width in widths) > room:
        first = min(first, LONGEST)
    while start < len(widths):
        end, left = start + 1, room - first - widths[start] - GAP
        while end < len(widths) and widths[end] + GAP <= left:
            left -= widths[end] + GAP
            end += 1
        yield slice(start, end)
        start = end


def _side_by_side(found: "dict[str, list[Row]]", cells: "dict[str, Cell]") -> Iterable[Text]:
    """What each source wrote on a target."""
    from kazstance.dataset import excerpt
    from kazstance.schema.records import Span

    for source, rows in found.items():
        yield styled(f"{source}: {_stand(cells[source])}", "bold")
        for row in rows:
            how = ", ".join(filter(None, [row["explicitness"], row["certainty"]]))
            spans = [Span(**span) for span in row["evidence"] or ()]
            head = f"  {row['sentence_id']}  {row['label_name']}{f' ({how})' if how else ''}\n    "
            yield styled(f"{head}{excerpt.mark(row['text'], spans)}{_speaker(row)}")


def _ranking(counts: "Counts", found: "Disagreements") -> Iterable[Table | Text]:
    """What can be said of each target, and which pairs of sources agree or differ on it."""
    letter = dict(zip(counts.sources, _letters(counts), strict=True))
    between = "" if max(map(len, letter.values()), default=1) == 1 else "-"
    table = _table("target", "verdict", "opp.", "apart", "p", "sal.", "differ", "agree")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.min_width = cell_len(str(column.header))
    for line in found:
        differ = (letter[p.one] + between + letter[p.other] for p in line.pairs if p.answer == "differ")
        agree = sum(p.answer == "agree" for p in line.pairs)
        found_figures = line.opposite, line.spread, line.corrected, line.salience_corrected
        figures = ("–" if figure is None else number_text(figure) for figure in found_figures)
        short = SHORT[line.verdict_in_words]
        table.add_row(_starred(line.target, line.contested), short, *figures, " ".join(differ), str(agree))
    return styled(found.summary), _key(counts), table, styled(KEY)


def _nearest(found: "Distances") -> Iterable[Table | Text]:
    """Pairs of sources, nearest first, and the tree."""
    table = _table("sources", "distance", "95 %", "keeps its rank")
    for pair in found.pairs:
        ends = pair.interval_text(in_words=True)
        table.add_row(f"{pair.one}, {pair.other}", pair.value_text(), ends, _share(pair.keeps))
    joints = _table("the tree joins", "at", "in draws")
    for clade in found.tree:
        joints.add_row(", ".join(clade.sources), f"{clade.height:.2f}", _share(clade.keeps))
    return table, joints, *map(styled, filter(None, (found.reason, *_lacking(found))))


def _lacking(found: "Distances") -> Iterable[str]:
    """Which pairs have no distance, and which sources the tree leaves out."""
    if found.skipped:
        pairs = "; ".join(map(", ".join, found.skipped))
        yield f"{len(found.skipped)} pairs have no target in common to compare by {found.by}: {pairs}"
    if found.left_out:
        yield f"the tree leaves out: {', '.join(found.left_out)}"


def _vocabulary(words: "Iterable[Word]") -> Table:
    """Words with their frequencies and the difference of log-odds."""
    table = _table("source", "word", "times", "by others", "log-odds", "95 %", "z")
    for word in words:
        odds = word.log_odds
        figures = odds.value_text(signed=True), odds.interval_text(in_words=True), f"{word.z:+.1f}"
        table.add_row(word.source, word.word, str(word.count), str(word.others), *figures)
    return table


def _letters(counts: "Counts") -> list[str]:
    """A short name for each source."""
    many = len(counts.sources) > len(ascii_uppercase)
    return [str(i + 1) if many else ascii_uppercase[i] for i in range(len(counts.sources))]


def _key(counts: "Counts") -> Text:
    return styled("  ".join(f"{short}={name}" for short, name in zip(_letters(counts), counts.sources, strict=True)))


def _starred(target: str, contested: bool) -> str:
    return f"{'*' if contested else ' '}{target}"


def _table(*columns: str) -> Table:
    """A narrow table that truncates nothing."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _field(cell: "Cell") -> str:
    from kazstance.comparison.signs import sign

    if not cell.about:
        return f"≤{cell.salience.high:.0%}" if cell.salience else sign(cell)
    mostly_unsure = "~" if 2 * cell.unsure > cell.about else ""
    return f"{sign(cell)}{cell.favor}/{cell.neutral}/{cell.against}{mostly_unsure}"


def _stand(cell: "Cell") -> str:
    """Position, net stance and salience in words."""
    if not cell.decided:
        return f"undecided: votes on {cell.undecided} sentences are split" if cell.undecided else "not asked"
    left_out = f"; votes on {cell.undecided} more are split" if cell.undecided else ""
    if not cell.about:
        most = f"; could still be in {cell.salience.high:.0%} of its sentences (95 %)" if cell.salience else ""
        return f"not addressed in {cell.decided} sentences{most}{left_out}"
    net = f", net {cell.net.text(signed=True)}" if cell.net else ""
    unsure = f", {cell.unsure_share:.0%} unsure" if cell.unsure else ""  # 0 where nobody recorded it, too
    shares = f" ({cell.neutral_share:.0%} neutral{unsure})"
    return f"{cell.position.name}{net}; {cell.about} of {cell.decided} sentences{shares}{left_out}"


def _left_out(compared: "Comparison") -> str:
    """How many pairs are left out, if any."""
    return f"; left out: {counted(compared.undecided, 'undecided pair')}" if compared.undecided else ""


def _share(value: float) -> str:
    """A share; if it is undefined, the reason is printed below."""
    return UNDEFINED if math.isnan(value) else f"{value:.0%}"


def _speaker(row: dict[str, Any]) -> str:
    return f" — {row['speaker']}" if row["speaker"] else ""
