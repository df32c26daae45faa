"""Commands that look into a dataset, take it elsewhere, check it, or make one."""

import json
import math
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kazstance import dataset, excerpt, reliability
from kazstance.agreement import Figure
from kazstance.cli.command import Data, Json, Split, command
from kazstance.history import history
from kazstance.output.export import Format, export
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import Span


@command
def info(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Say what is in a dataset: tables, splits, rows, digests."""
    found = dataset.manifest(data=data)
    if as_json:
        print(found.model_dump_json(indent=1))
    else:
        Console(markup=False).print(_overview(found))


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
        print(to_json([row.model_dump(mode="json") for row in rows]))
        return
    console = Console(highlight=False, markup=False)
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
    from kazstance.corpus.build import build
    from kazstance.publish.hub import stage

    with tempfile.TemporaryDirectory() as scratch:
        build(corpus, Path(scratch), print)
        stage(Path(scratch), out)
    print(f"wrote {out}")


@command
def agreement(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Say how far the annotators agree: alpha with intervals overall, by pair, source and target; evidence; kappa."""
    found = reliability.report(data)
    if as_json:
        rows = {"name": found.name, "lines": [line.as_dict() for line in found.lines]}
        print(to_json(rows | {"doubts": [asdict(doubt) for doubt in found.doubts]}))
        return
    table = Table(
        "what", "over", "measure", found.name, "95 %", "n", title=found.name.capitalize(), title_justify="left"
    )
    for line in found.lines:
        figure = line.figure
        table.add_row(line.what, line.scope, line.measure, f"{figure.value:.3f}", _interval(figure), str(figure.n))
    Console(markup=False).print(table)


@command
def why(
    sentence: Annotated[str, typer.Argument(help="The sentence, as source/paragraph/sentence.")],
    target: Annotated[str, typer.Argument(help="The target.")],
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Tell the history of one label: judgements, evidence, notes, adjudication, rule."""
    found = history(sentence, target, data=data)
    if as_json:
        rows = [row.model_dump(mode="json") for row in (*found.judgements, *found.checks)]
        print(
            json.dumps({"label": found.cell.model_dump(mode="json"), "judgements": rows}, ensure_ascii=False, indent=1)
        )
        return
    console = Console(highlight=False, markup=False)
    console.print(Text(f"{sentence}  {target}: {found.cell.label_name} ({found.cell.origin})", "bold"))
    console.print(Text(found.sentence.text))
    for row in (*found.judgements, *found.checks):
        details = ", ".join(filter(None, [row.explicitness, row.certainty]))
        role = "check " if row in found.checks else ""
        evidence = excerpt.mark(found.sentence.text, row.evidence) if row.evidence else ""
        console.print(Text(f"{role}{row.annotator_id}: {row.label_name} {f'({details})' if details else ''}".rstrip()))
        for line in filter(None, [evidence, row.note and f"note: {row.note}"]):
            console.print(Text(f"    {line}"))
    if found.cell.reason:
        console.print(Text(f"adjudicated by rule {found.cell.rule}: {found.cell.reason}"))


def _interval(figure: Figure) -> str:
    return "" if math.isnan(figure.low) else f"{figure.low:.3f} to {figure.high:.3f}"


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
