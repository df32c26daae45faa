"""The command that says whether a model's labels are good enough, and for what."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from kazstance.cli.command import Json
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import Table, display, echo, echo_page

if TYPE_CHECKING:
    from kazstance.comparison.validation import Validation


def validate(
    folder: Annotated[Path, typer.Argument(help="A built dataset, or a corpus folder, which is built for this.")],
    of: Annotated[str | None, typer.Option("--of", help="The model.", show_default="the only one sampled")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file to write, .md or .json.", show_default="standard output")
    ] = None,
    as_json: Json = False,
) -> None:
    """Report whether a model's labels are good enough, and for what: agreement, errors by source, stability, verdicts.

    People have to have judged a sample of them, drawn by `annotate export --design`.

    Example: kazstance annotate validate my_corpus --out validation.md
    """
    from kazstance.comparison.validation import validate as validate_labels
    from kazstance.comparison.validation_report import to_markdown
    from kazstance.dataset import DatasetFolder
    from kazstance.output.suffix import suffix_of

    suffix = suffix_of(out, "report", (".md", ".json")) if out else None
    with _dataset(folder) as data:
        found = validate_labels(DatasetFolder(data), of)
    if out is not None:
        write_file((to_markdown(found) if suffix == ".md" else f"{to_json(found.as_row())}\n").encode(), out)
        echo(f"wrote {out}", err=True)
    if as_json:
        echo_page(to_json(found.as_row()))
    elif out is None:
        _show(found)


@contextmanager
def _dataset(folder: Path) -> Iterator[Path]:
    """The folder itself, or a dataset built from it if it is a corpus folder."""
    from kazstance.corpus.build import build
    from kazstance.corpus.documents import SOURCES

    if not (folder / SOURCES).is_file():
        yield folder
        return
    with TemporaryDirectory() as place:
        build(folder, place, lambda _: None)
        yield Path(place)


def _show(found: "Validation") -> None:
    from kazstance.comparison.validation_report import headline, parts

    echo(headline(found), f"Corrected figures are about {found.checked.about}.")
    for part in parts(found):
        echo("", f"{part.title}. {part.about}")
        if part.rows:
            table = Table(*part.header, title_justify="left")
            for row in part.rows:
                table.add_row(*row)
            display(table)
