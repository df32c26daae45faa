"""Commands that hand sheets out to people, and bring them in."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kazstance.cli.command import app, command, make_group
from kazstance.output.terminal import echo

review = make_group("Sheets for people to annotate, blind to all labels, and their way back.")
app.add_typer(review, name="review")
review_command = partial(command, group=review)


@review_command
def export(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    annotator: Annotated[str, typer.Option(help="A name for the annotator, as in ids: small letters, digits, _.")],
    out: Annotated[Path, typer.Option(help="The folder to write; new or empty.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Draw each pair with this probability.")] = 1.0,
    share_none: Annotated[float | None, typer.Option(min=0, max=1, help="Another one for pairs that are none.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 1,
) -> None:
    """Write sheets for a human annotator: CSV, and tasks with configuration for Label Studio."""
    from kazstance.review.hand_out import hand_out

    n = hand_out(corpus, annotator, out, share=share, share_none=share_none, seed=seed)
    echo(f"wrote {n} items to {out}; keep plan.json to yourself, it is needed to bring the answers in")


@review_command
def import_(
    corpus: Annotated[Path, typer.Argument(help="The corpus folder that the sheet was made from.")],
    sheet: Annotated[Path, typer.Argument(help="The filled sheet: .csv, or .json as Label Studio exports it.")],
    plan: Annotated[Path, typer.Option(help="The plan that was written with the sheet.")],
    name: Annotated[str | None, typer.Option(help="What the annotator is called, where that may be said.")] = None,
    note: Annotated[str | None, typer.Option(help="What else should be known of the annotator.")] = None,
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When the sheet was filled.")] = None,
) -> None:
    """Check a filled sheet row by row, and add it to the corpus as the readings of a person."""
    from kazstance.review.bring_in import Person, bring_in

    echo(f"wrote {bring_in(corpus, sheet, plan, Person(name, note, date and date.date()))}")
