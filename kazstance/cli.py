"""The command line: each command parses, calls one function, and prints."""

import json
import sys
import tempfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kazstance import dataset, excerpt
from kazstance.errors import KazstanceError, MissingExtraError, UnknownNameError
from kazstance.export import Format, export, write_file
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import Span

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
P = ParamSpec("P")
Data = Annotated[Path, typer.Option("--data", help="A built dataset; without it, the one that comes with kazstance.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Split = Annotated[str | None, typer.Option(help="A split; without it, all of them.")]


@app.callback()
def main() -> None:
    """Comparative stance: look into a dataset of stances, take it elsewhere, or make one."""


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Register a command that says a domain error without a traceback: exit code 2 for a wrong name, else 1."""

    @app.command(function.__name__.removesuffix("_"))
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except KazstanceError as error:
            typer.echo(error, err=True)
            raise typer.Exit(2 if isinstance(error, UnknownNameError) else 1) from None

    return run


@command
def info(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Say what is in a dataset: tables, splits, rows, digests."""
    found = dataset.manifest(data=data)
    if as_json:
        print(found.model_dump_json(indent=1))
    else:
        Console().print(_overview(found))


@command
def show(
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    target: Annotated[str | None, typer.Option(help="Only this target.")] = None,
    label: Annotated[str | None, typer.Option(help="Only this label: favor, against or neutral.")] = None,
    split: Split = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 10,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Show sentences of a source, on a target, with a label; the evidence stands in ⟦ ⟧."""
    found = excerpt.select(source, target, label, split, data=data)
    rows = found[: limit or None]
    if as_json:
        print(json.dumps([row.model_dump(mode="json") for row in rows], ensure_ascii=False, indent=1))
        return
    console = Console(highlight=False)
    for row in rows:
        certainty = ", ".join(filter(None, [row.explicitness, row.certainty]))
        console.print(Text(f"{row.sentence_id}  {row.target_id}: {row.label_name} ({certainty})", "bold"))
        console.print(_marked(row.text, row.evidence), f"— {row.speaker}\n" if row.speaker else "")
    console.print(Text(f"{len(rows)} of {len(found)}"))


@command
def export_(
    table: Annotated[str, typer.Argument(help="The table.")] = "stances",
    split: Split = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.csv,
    out: Annotated[Path | None, typer.Option(help="The file to write; without it, standard output.")] = None,
    exact: Annotated[bool, typer.Option(help="Leave text alone that a spreadsheet would take for a formula.")] = False,
    data: Data = dataset.SHIPPED,
) -> None:
    """Write a table as CSV, JSON Lines or Parquet."""
    content = export(dataset.table(table, split, data=data), form, exact=exact)
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        write_file(content, out)


@command
def verify(data: Data = dataset.SHIPPED) -> None:
    """Check that a dataset is whole: files, digests, rows, ids, evidence."""
    found = dataset.verify(data=data)
    rows = sum(file.rows for files in found.tables.values() for file in files.values())
    print(f"{found.id} {found.version}: {rows} rows in {len(found.tables)} tables are as the manifest says")


@command
def build(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    out: Annotated[Path, typer.Option(help="The folder to write; a dataset that is there is replaced.")],
) -> None:
    """Build a dataset from a corpus folder, with a card that `datasets` reads."""
    try:
        from kazstance.corpus.build import build
        from kazstance.publish.hub import stage
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "a package", "build") from None
    with tempfile.TemporaryDirectory() as scratch:
        build(corpus, Path(scratch), print)
        stage(Path(scratch), out)
    print(f"wrote {out}")


def _overview(found: Manifest) -> Table:
    table = Table(
        "table", "split", "rows", "digest", title=f"{found.title}, version {found.version}", title_justify="left"
    )
    for name, files in found.tables.items():
        for split, file in files.items():
            table.add_row(name, split, str(file.rows), file.digest[:12])
    return table


def _marked(text: str, evidence: tuple[Span, ...]) -> Text:
    """A text whose evidence stands in brackets and in bold."""
    marked = Text(excerpt.mark(text, evidence))
    marked.highlight_regex("⟦.*?⟧", "bold")
    return marked
