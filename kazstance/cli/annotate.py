"""Commands that write annotation sheets for people and import the completed ones."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kazstance.cli.command import Json, app, command, make_group
from kazstance.cli.contents import ENTRIES
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo, echo_page

annotate = make_group(ENTRIES["annotate"].summary)
app.add_typer(annotate, name="annotate")
annotate_command = partial(command, group=annotate)


@annotate_command
def export(
    corpus: Annotated[Path, typer.Argument(help="The corpus folder.")],
    annotator: Annotated[
        str, typer.Option(help="A new id for the annotator: lower-case letters, digits and underscores.")
    ],
    out: Annotated[Path, typer.Option(help="The folder to write, new or empty.")],
    share: Annotated[
        float, typer.Option(min=0, max=1, help="Probability of drawing each pair of sentence and target.")
    ] = 1.0,
    share_none: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="The same for pairs currently labelled none.", show_default="as --share"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 1,
    number: Annotated[
        int, typer.Option("--round", min=1, help="The round; from 2 on, of an annotator who has judged.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Write sheets for a human annotator, as CSV and as Label Studio tasks with their configuration.

    Example: kazstance annotate export my_corpus --annotator ada --out sheets
    """
    from kazstance.annotate.sheet_folder import export_sheets

    n = export_sheets(corpus, annotator, out, share=share, share_none=share_none, seed=seed, number=number)
    if as_json:
        echo_page(to_json({"out": str(out), "items": n}))
    else:
        echo(f"wrote {n} items to {out}; do not give plan.json to the annotator; you need it to import the answers")


@annotate_command
def import_(
    corpus: Annotated[Path, typer.Argument(help="The corpus folder that the sheet was made from.")],
    sheet: Annotated[Path, typer.Argument(help="The completed sheet: .csv, or .json as exported by Label Studio.")],
    plan: Annotated[Path, typer.Option(help="The plan.json that was written with the sheet.")],
    name: Annotated[str | None, typer.Option(help="The annotator's name, if it may be published.")] = None,
    note: Annotated[str | None, typer.Option(help="What else readers should know about the annotator.")] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="When the sheet was completed.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--round", min=1, help="The round.", show_default="that of the plan")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a completed sheet row by row, and add it to the corpus as the readings of a person.

    Example: kazstance annotate import my_corpus sheets/sheet.csv --plan sheets/plan.json
    """
    from kazstance.annotate.filled_sheet import Person, import_answers

    out = import_answers(corpus, sheet, plan, Person(name, note, date and date.date()), number)
    if as_json:
        echo_page(to_json({"out": str(out)}))
    else:
        echo(f"wrote {out}")
