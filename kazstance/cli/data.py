"""Commands that look into a dataset, take it elsewhere, check it, or make one."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kazstance import dataset
from kazstance.cli.command import Data, Json, Split, command
from kazstance.comparison.agreement import agreement as compare_annotators
from kazstance.dataset import DatasetFolder, excerpt
from kazstance.dataset.history import history
from kazstance.dataset.show import show as show_rows
from kazstance.dataset.verification.findings import Findings
from kazstance.output.export import Format, export
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.output.suffix import suffix_of
from kazstance.output.terminal import Table, display, echo, echo_page, styled, write
from kazstance.schema.manifest import Manifest


@command
def info(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Say what is in a dataset: tables, splits, rows, digests."""
    found = dataset.manifest(data=data)
    if as_json:
        echo_page(to_json(found.model_dump(mode="json")))
    else:
        display(_overview(found))


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
    found = excerpt.select(DatasetFolder(data), source, target, label, split)
    rows = found[: limit or None]
    if as_json:
        echo_page(to_json([row.model_dump(mode="json") for row in rows]))
        return
    show_rows(rows, len(found))


@command
def export_(
    table: Annotated[str, typer.Argument(help="The table.")] = "stances",
    split: Split = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="How to write it; without it, as the ending of --out says."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; without it, standard output.")] = None,
    exact: Annotated[bool, typer.Option(help="Leave text alone that a spreadsheet would take for a formula.")] = False,
    data: Data = dataset.SHIPPED,
) -> None:
    """Write a table as CSV, JSON Lines or Parquet."""
    how = _format(form, out)
    content = export(dataset.table(table, split, data=data), how, exact=exact)
    if out is None:
        write(content)
    else:
        write_file(content, out)


def _format(asked: Format | None, out: Path | None) -> Format:
    """The format of a file: as its ending has it, which no other format may be asked for."""
    if out is None or (asked and not out.suffix):
        return asked or Format.csv
    return Format(suffix_of(out, "kind of table", [f".{form}" for form in ([asked] if asked else Format)])[1:])


@command
def verify(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Check that a dataset is what was built: manifest, files, pages, rows, and all tables against each other."""
    found = dataset.findings(data=data)
    if as_json:
        echo_page(to_json(_verdict(found)))
    for note in found.notes if not as_json else ():
        echo(f"note: {note}", err=True)
    whole = found.whole()
    if not as_json:
        echo(f"{whole.id} {whole.version}: {whole.n_rows} rows in {len(whole.tables)} tables are as the manifest says")


def _verdict(found: Findings) -> dict[str, object]:
    """What was found, for programs."""
    there = found.manifest
    what = {"id": there.id, "version": there.version, "digest": there.digest, "rows": there.n_rows} if there else {}
    return {"is_whole": not found.problems, **what, "problems": found.problems, "notes": found.notes}


@command
def build(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    out: Annotated[Path, typer.Option(help="The folder to write; a dataset that is there is replaced.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse undecided pairs, and labels or targets that a split lacks.")
    ] = False,
) -> None:
    """Build a dataset from a corpus folder, with a card that `datasets` reads."""
    from kazstance.publish.hub import build_dataset

    build_dataset(corpus, out, echo, strict=strict)
    echo(f"wrote {out}")


@command
def agreement(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Say how far the annotators agree: alpha with intervals overall, by pair, source and target; evidence; kappa."""
    found = compare_annotators(DatasetFolder(data))
    if as_json:
        rows = {"name": found.name, "lines": [line.as_row() for line in found.lines]}
        echo_page(to_json(rows | {"doubts": [asdict(doubt) for doubt in found.doubts]}))
        return
    table = Table(
        "what", "over", "measure", found.name, "95 %", "n", title=found.name.capitalize(), title_justify="left"
    )
    for line in found.lines:
        figure = line.figure
        value, ends = figure.value_text(3, with_reason=True), figure.interval_text(3, in_words=True)
        table.add_row(line.what, line.scope, line.measure, value, ends, str(figure.n))
    display(table)


@command
def why(
    sentence: Annotated[str, typer.Argument(help="The sentence, as source/paragraph/sentence.")],
    target: Annotated[str, typer.Argument(help="The target.")],
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Tell the history of one label: judgements, evidence, notes, adjudication, rule."""
    found = history(DatasetFolder(data), sentence, target)
    if as_json:
        rows = [row.model_dump(mode="json") for row in (*found.judgements, *found.checks)]
        echo_page(to_json({"label": found.cell.model_dump(mode="json"), "judgements": rows}))
        return
    label = found.cell.label_name or "undecided"
    origin = f" ({found.cell.origin})" if found.cell.origin else ""
    display(styled(f"{sentence}  {target}: {label}{origin}", "bold"))
    display(styled(found.sentence.text))
    for row in (*found.judgements, *found.checks):
        details = ", ".join(filter(None, [row.explicitness, row.certainty]))
        role = "check " if row in found.checks else ""
        evidence = excerpt.mark(found.sentence.text, row.evidence) if row.evidence else ""
        display(styled(f"{role}{row.annotator_id}: {row.label_name} {f'({details})' if details else ''}".rstrip()))
        for line in filter(None, [evidence, row.note and f"note: {row.note}"]):
            display(styled(f"    {line}"))
    if found.cell.reason:
        display(styled(f"adjudicated by rule {found.cell.rule}: {found.cell.reason}"))


def _overview(found: Manifest) -> Table:
    table = Table(
        "table", "split", "rows", "digest", title=f"{found.title}, version {found.version}", title_justify="left"
    )
    for name, files in found.tables.items():
        for split, file in files.items():
            table.add_row(name, split, str(file.rows), file.digest[:12])
    return table
