"""Commands that ask people and models for judgements: sheets, imports, adjudication, status, undo, runs."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kazstance.cli.annotate_run import run
from kazstance.cli.annotate_validate import validate
from kazstance.cli.command import Delimiter, Json, app, command, delimiter_of, make_group
from kazstance.cli.contents import ENTRIES
from kazstance.output.counted import counted
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import Table, display, echo, echo_page

if TYPE_CHECKING:
    from kazstance.annotate.filled_sheet import Imported
    from kazstance.annotate.plan import Design, Request
    from kazstance.annotate.sheet_folder import Exported
    from kazstance.annotate.status import Coverage, Status

annotate = make_group(ENTRIES["annotate"].summary)
app.add_typer(annotate, name="annotate")
annotate_command = partial(command, group=annotate)
Corpus = Annotated[Path, typer.Argument(help="The corpus folder.")]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="csv, xlsx or label-studio. Repeatable.", show_default="csv and label-studio"),
]


Annotators = Annotated[
    list[str],
    typer.Option("--annotator", help="The pseudonym of an annotator, which is all that is published. Repeatable."),
]
LayoutName = Annotated[
    str,
    typer.Option("--layout", help="A row for each sentence and target (tall), or a column for each target (wide)."),
]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Only sentences of this source. Repeatable.")]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Only this target. Repeatable.")]
Split = Annotated[bool, typer.Option("--split", help="Only pairs on which the annotators are split.")]
Share = Annotated[
    float, typer.Option(min=0, max=1, help="Probability of drawing each open pair of sentence and target.")
]
ShareNone = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="The same for pairs currently labelled none.", show_default="as --share"),
]
Part = Annotated[
    str, typer.Option(metavar="K/N", help="One of N random parts of the pairs, which together are all of them.")
]
Typed = Annotated[float, typer.Option(min=0, max=1, help="Share of pairs where an empty label is not taken for none.")]
LabelsOnly = Annotated[bool, typer.Option("--labels-only", help="Ask for no explicitness, certainty or evidence.")]
Suggest = Annotated[
    str | None, typer.Option(help="Show the labels of this annotator in Label Studio; others are never shown.")
]
DesignSize = Annotated[
    int | None,
    typer.Option(
        "--design",
        min=1,
        metavar="PAIRS",
        help="Draw a sample of a model's labels for correction: so many pairs in all, by source and label.",
    ),
]
Model = Annotated[
    str | None, typer.Option("--of", help="The model whose labels --design samples.", show_default="the only one")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="With --design: only say how sure it would make figures.")]
Seed = Annotated[int, typer.Option(help="Seed of the draw.")]
Number = Annotated[int, typer.Option("--round", min=1, help="The round; from 2 on, of an annotator who has judged.")]


@annotate_command
def export(
    corpus: Corpus,
    annotators: Annotators,
    out: Annotated[Path, typer.Option(help="The folder to write, new or empty.")],
    design: DesignSize = None,
    of: Model = None,
    dry_run: DryRun = False,
    formats: Formats = None,
    layout: LayoutName = "tall",
    source: Sources = None,
    target: Targets = None,
    split: Split = False,
    share: Share = 1.0,
    share_none: ShareNone = None,
    part: Part = "1/1",
    typed: Typed = 0.1,
    labels_only: LabelsOnly = False,
    suggest: Suggest = None,
    seed: Seed = 1,
    number: Number = 1,
    as_json: Json = False,
) -> None:
    """Write sheets with what is still open for a person, as CSV, as an Excel workbook, or for Label Studio.

    The corpus folder keeps a plan of each sheet, by which its answers are recognised.

    Example: kazstance annotate export my_corpus --annotator ada --out sheets
    """
    from kazstance.annotate.plan import Request
    from kazstance.annotate.sheet_folder import FORMATS, LAYOUTS, export_sheets

    chosen = [_known(name, "format", FORMATS) for name in formats or ("csv", "label-studio")]
    request = Request(
        share=share,
        share_none=share_none,
        part=_part_of(part),
        typed=typed,
        sources=tuple(source or ()),
        targets=tuple(target or ()),
        only_split=split,
        labels_only=labels_only,
        suggested_by=suggest,
        design=_design_of(corpus, design, of, annotators),
    )
    shape = LAYOUTS[_known(layout, "layout", LAYOUTS)]
    if dry_run and not design:
        raise typer.BadParameter("--dry-run: expected --design with it")
    if design and _foretell(corpus, request, seed, only=dry_run, as_json=as_json):
        return
    made = export_sheets(corpus, annotators, out, request, seed=seed, number=number, formats=chosen, layout=shape)
    _report_exported(made, as_json=as_json)


def _design_of(corpus: Path, pairs: int | None, model: str | None, annotators: list[str]) -> "Design | None":
    """The sample that is asked for, if one is."""
    from kazstance.annotate.design import only_model
    from kazstance.annotate.plan import Design

    if pairs is None:
        if model is not None:
            raise typer.BadParameter("--of: expected --design with it")
        return None
    names = tuple(dict.fromkeys(annotators))
    return Design(model=model or only_model(corpus), judge=pairs, annotators=names)


def _foretell(corpus: Path, request: "Request", seed: int, *, only: bool, as_json: bool) -> bool:
    """Say how sure a sample will make figures; whether nothing else is wanted."""
    from kazstance.annotate.drawing import foresee

    found = foresee(corpus, request, seed)
    if as_json and only:
        echo_page(to_json([vars(row) for row in found]))
    elif not as_json:
        table = Table("source", "pairs", "judged", "net stance, 95 %", title_justify="left")
        for row in found:
            width = f"± {row.half_width:.2f}{', refused' if row.is_wide else ''}"
            table.add_row(row.source, f"{row.pairs:,}", f"{row.judged:,}", width)
        display(table)
    return only


def _known(name: str, kind: str, known: Iterable[str]) -> str:
    """A name, if it is known.

    Raises:
        UnknownNameError: it is not.
    """
    from kazstance.errors import UnknownNameError

    if name not in known:
        raise UnknownNameError(name, kind, known)
    return name


def _part_of(text: str) -> tuple[int, int]:
    """Which of how many parts, from a text such as 1/2."""
    place, sign, of = text.partition("/")
    if not (sign and place.isdecimal() and of.isdecimal() and 1 <= int(place) <= int(of)):
        raise typer.BadParameter(f"--part: {text!r}, expected two numbers such as 1/2")
    return int(place), int(of)


def _report_exported(made: "list[Exported]", *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"sheet": one.sheet, "annotator": one.annotator, "items": one.items, "out": str(one.out)} for one in made
        ]
        echo_page(to_json({"out": str(made[0].out), "items": sum(one.items for one in made), "sheets": rows}))
        return
    for one in made:
        echo(f"wrote {counted(one.items, 'item')} to {one.out}: sheet {one.sheet} of {one.annotator}")


@annotate_command
def import_(
    corpus: Annotated[Path, typer.Argument(help="The corpus folder that the sheets were made from.")],
    sheets: Annotated[
        list[Path],
        typer.Argument(metavar="SHEET", help="Completed sheets: .csv, .xlsx, or .json as exported by Label Studio."),
    ],
    plan: Annotated[Path | None, typer.Option(help="The plan.json of a sheet that was made by version 0.3.")] = None,
    partial_: Annotated[
        bool, typer.Option("--partial", help="Import what has been answered, and leave the rest open.")
    ] = False,
    completed_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="USER=NAME", help="The annotator of a user of Label Studio, by number or address. Repeatable."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The annotator's name; it is never published.")] = None,
    note: Annotated[str | None, typer.Option(help="What else readers should know about the annotator.")] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="When the sheet was completed.")
    ] = None,
    training: Annotated[str | None, typer.Option(help="How the annotator was trained.")] = None,
    pay: Annotated[str | None, typer.Option(help="What the annotator was paid.")] = None,
    consent: Annotated[str | None, typer.Option(help="What the annotator has agreed to.")] = None,
    delimiter: Delimiter = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of a CSV file, such as windows-1252.", show_default="recognised")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check completed sheets row by row, and add the answers to the corpus; if anything is wrong, nothing is added.

    Example: kazstance annotate import my_corpus sheets/sheet.csv
    """
    from kazstance.annotate.filled_sheet import Form, Person, import_answers

    known = dict(pair.partition("=")[::2] for pair in completed_by or ())
    person = Person(name, note, date and date.date(), training, pay, consent)
    form = Form(delimiter_of(delimiter), encoding)
    done = import_answers(corpus, sheets, plan, person, partial=partial_, form=form, completed_by=known)
    if as_json:
        echo_page(to_json([vars(one) for one in done]))
        return
    for one in done:
        _report_imported(one)


def _report_imported(one: "Imported") -> None:
    for note in one.notes:
        echo(note, err=True)
    if one.ignored:
        echo(f"ignored columns that are not of the sheet: {', '.join(one.ignored)}", err=True)
    empty = f", {one.omitted} of them left empty and counted as none" if one.omitted else ""
    left = f"; still open: {one.left}" if one.left else ""
    echo(f"added {counted(one.answered, 'answer')} of {one.annotator} to {one.file}{empty}{left}")


@annotate_command
def adjudicate(
    corpus: Corpus,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write a sheet to, new or empty.", show_default="ask here")
    ] = None,
    adjudicator: Annotated[str, typer.Option(help="The pseudonym of the person who decides.")] = "adjudicator",
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="csv or xlsx. Repeatable.", show_default="csv")
    ] = None,
    as_json: Json = False,
) -> None:
    """Decide what splits the annotators: here, one pair at a time, or on a sheet that `annotate import` reads back.

    Every pair is shown with its candidates, without their names. The decision needs a rule and a reason.

    Example: kazstance annotate adjudicate my_corpus --out split
    """
    from kazstance.annotate.sheet_folder import export_split

    chosen = [_known(name, "format", ("csv", "xlsx")) for name in formats or ("csv",)]
    if out is not None:
        _report_exported(export_split(corpus, out, adjudicator, chosen), as_json=as_json)
        return
    from kazstance.annotate.asking import decide_here

    n = decide_here(corpus, adjudicator)
    if as_json:
        echo_page(to_json({"decided": n}))
    else:
        echo(f"decided {counted(n, 'pair')}")


@annotate_command
def status(corpus: Corpus, as_json: Json = False) -> None:
    """Show who has judged what, how far they agree so far, what is open, and what empty labels have probably missed.

    Example: kazstance annotate status my_corpus
    """
    from kazstance.annotate.status import status as status_of

    found = status_of(corpus)
    if as_json:
        echo_page(to_json(found.as_row()))
        return
    display(_coverage_table([found.whole, *found.by_source, *found.by_target]))
    _show_people(found)


def _coverage_table(rows: "list[Coverage]") -> Table:
    table = Table("pairs of", "all", "by nobody", "by one", "by more", "undecided", title_justify="left")
    for row in rows:
        counts = (row.pairs, row.by_nobody, row.by_one, row.by_more, row.undecided)
        table.add_row(row.scope, *map(str, counts))
    return table


def _show_people(found: "Status") -> None:
    people = Table("annotator", "origin", "pairs", "about the target", "left empty")
    for who in found.annotators:
        people.add_row(who.annotator, who.origin, str(who.pairs), str(who.about), str(who.omitted))
    sheets = Table("sheet", "annotator", "kind", "round", "items", "imported")
    for sheet in found.sheets:
        sheets.add_row(
            sheet.sheet, sheet.annotator, sheet.kind, str(sheet.round), str(sheet.items), str(sheet.imported)
        )
    display(*([people] if found.annotators else []), *([sheets] if found.sheets else []))
    for name, figure in found.agreement.items():
        among = "people" if name == "people" else "all annotators"
        echo(f"agreement among {among}, Krippendorff's alpha over four labels: {figure} over {figure.n} pairs")
    for row in found.missed:
        typed = counted(row.missed.n, "typed answer")
        echo(
            f"{row.annotator} left {counted(row.left_empty, 'label')} empty; labels overlooked there, as estimated "
            f"from {typed}: {row.missed.text(0)}"
        )


@annotate_command
def undo(
    corpus: Corpus,
    sheet: Annotated[str, typer.Argument(help="The id of the sheet, or of an annotator with only one.")],
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete a sheet of which nothing has been imported.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Withdraw the import of a sheet or a model's run; everything else in the corpus stays as it is, byte for byte.

    Example: kazstance annotate undo my_corpus ada
    """
    from kazstance.annotate import withdrawal

    if forget:
        plan = withdrawal.forget(corpus, sheet)
        found, text = {"sheet": plan.sheet, "forgotten": True}, f"deleted sheet {plan.sheet} of {plan.annotator}"
    else:
        done = withdrawal.withdraw(corpus, sheet)
        which = f"sheet {done.sheet}" if done.sheet else "readings"
        text = f"withdrew {which} of {done.annotator}: {counted(done.lines, 'line')} of {done.file}"
        found = vars(done)
    if as_json:
        echo_page(to_json(found))
    else:
        echo(text)


annotate_command(run)
annotate_command(validate)
