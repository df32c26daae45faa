"""The command line: each command parses, calls one function, and prints."""

import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kazstance import dataset, excerpt, predictions, reliability, scoring
from kazstance.agreement import Figure
from kazstance.errors import KazstanceError, MissingExtraError, UnknownNameError
from kazstance.export import Format, export, to_json, write_file
from kazstance.history import history
from kazstance.predictions import PRESETS
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import Span
from kazstance.tally import SEED

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
P = ParamSpec("P")
Data = Annotated[Path, typer.Option("--data", help="A built dataset; without it, the one that comes with kazstance.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Split = Annotated[str | None, typer.Option(help="A split; without it, all of them.")]


@app.callback()
def main() -> None:
    """Comparative stance: look into a dataset of stances, take it elsewhere, or make one."""


def command(function: Callable[P, None], group: typer.Typer = app) -> Callable[P, None]:
    """Register a command that says a domain error without a traceback: exit code 2 for a wrong name, else 1."""

    @group.command(function.__name__.strip("_").removeprefix("review_").removeprefix("bench_"))
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except KazstanceError as error:
            typer.echo(error, err=True)
            raise typer.Exit(2 if isinstance(error, UnknownNameError) else 1) from None

    return run


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Say which extra brings a package that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "a package", name) from None


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
        print(to_json([row.model_dump(mode="json") for row in rows]))
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
    with extra("build"):
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
    Console().print(table)


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
    console = Console(highlight=False)
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


@command
def score(
    gold: Annotated[Path, typer.Option(help="A CSV, JSON Lines or Parquet file with gold labels.")],
    pred: Annotated[Path, typer.Option(help="One with predictions, a row for each row of the gold file.")],
    ids: Annotated[list[str], typer.Option("--id", help="A column that identifies a row; may be given several times.")],
    gold_label: Annotated[str, typer.Option(help="The column of the gold label.")] = "label",
    pred_label: Annotated[str, typer.Option(help="The column of the predicted label.")] = "label",
    target: Annotated[
        str | None, typer.Option(help="The column of the target: the strata of within-target skill.")
    ] = None,
    cluster: Annotated[str | None, typer.Option(help="The column of the cluster that intervals are drawn by.")] = None,
    by: Annotated[str | None, typer.Option(help="A column: scores for each of its values too.")] = None,
    preset: Annotated[str, typer.Option(help=f"How labels are spelled: {', '.join(PRESETS)}.")] = "kazstance",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="A spelling, as `theirs=favor`; may be repeated.")
    ] = None,
    resamples: Annotated[int, typer.Option(min=10, help="Bootstrap resamples.")] = scoring.RESAMPLES,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = SEED,
    as_json: Json = False,
) -> None:
    """Score predictions on any stance data set."""
    kept = list(dict.fromkeys(name for name in (target, cluster, by) if name and name not in ids))
    spelling = predictions.spelling(preset, mapping or [])
    table = predictions.match(gold, pred, predictions.Columns(ids, gold_label, pred_label, kept), spelling)
    parts = {"all": table} | (predictions.parts(table, by) if by else {})
    found = {name: predictions.scores(part, target, cluster, resamples, seed) for name, part in parts.items()}
    if as_json:
        print(to_json({name: [asdict(line) for line in lines] for name, lines in found.items()}))
        return
    for name, lines in found.items():
        print(*([name] if by else []), *lines, sep="\n")


bench = typer.Typer(no_args_is_help=True, help="Benchmark systems: run them, compare runs, report.")
app.add_typer(bench, name="bench")


def bench_run(
    system: Annotated[str, typer.Argument(help="A shortcut, a baseline, or an import path as package.module:object.")],
    out: Annotated[Path, typer.Option(help="The folder of the run; one that was begun is resumed.")],
    task: Annotated[str, typer.Option(help="stance, stance4 or compare.")] = "stance",
    protocol: Annotated[
        str, typer.Option(help="in_domain, cross_source, cross_target or cross_both.")
    ] = "cross_source",
    predictions_file: Annotated[
        Path | None, typer.Option("--predictions", help="Take a file with item_id and label; SYSTEM is its name then.")
    ] = None,
    data: Data = dataset.SHIPPED,
) -> None:
    """Run a system on a task under a protocol; every row is predicted once over the folds."""
    from kazstance.benchmark import runs

    if predictions_file:
        found = runs.bring(predictions_file, system, task, protocol, out, data=data)
    else:
        say = partial(typer.echo, err=True)
        found = runs.run(system, task, protocol, out, data=data, say=say)
    print(*found, sep="\n")


def bench_compare(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs of one task and protocol.")],
    metric: Annotated[str | None, typer.Option(help="The metric; without it, the task's headline.")] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Compare runs with paired intervals and a randomisation test, corrected for their number."""
    from kazstance.benchmark import report

    found = report.compare_runs(folders, metric, data=data)
    if as_json:
        print(to_json([asdict(line) for line in found]))
        return
    table = Table("one", "less the other", "metric", "difference", "95 %", "p (Holm)")
    for line in found:
        d = line.difference
        table.add_row(
            line.one, line.other, line.metric, f"{d.value:.3f}", f"{d.low:.3f} to {d.high:.3f}", f"{line.corrected:.3f}"
        )
    Console().print(table)


def bench_report(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    out: Annotated[Path, typer.Option(help="The page to write: .md or .json.")],
    data: Data = dataset.SHIPPED,
) -> None:
    """Write the scores of runs as a page, each beside its lift over the best shortcut."""
    from kazstance.benchmark import report

    writers = {".md": report.to_markdown, ".json": report.to_json}
    if out.suffix not in writers:
        raise UnknownNameError(out.suffix, "kind of page", writers)
    write_file(writers[out.suffix](report.rows(folders, data=data)).encode(), out)
    print(f"wrote {out}")


for bench_command in (bench_run, bench_compare, bench_report):
    command(bench_command, bench)


review = typer.Typer(
    no_args_is_help=True, help="Sheets for people to annotate, blind to all labels, and their way back."
)
app.add_typer(review, name="review")


def review_export(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    annotator: Annotated[str, typer.Option(help="A name for the annotator, as in ids: small letters, digits, _.")],
    out: Annotated[Path, typer.Option(help="The folder to write; it must not be there yet.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Draw each pair with this probability.")] = 1.0,
    share_none: Annotated[float | None, typer.Option(min=0, max=1, help="Another one for pairs that are none.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 1,
) -> None:
    """Write sheets for a human annotator: CSV, and tasks with configuration for Label Studio."""
    with extra("build"):
        from kazstance.review.hand_out import hand_out
    n = hand_out(corpus, annotator, out, share=share, share_none=share_none, seed=seed)
    print(f"wrote {n} items to {out}; keep plan.json to yourself, it is needed to bring the answers in")


def review_import(
    corpus: Annotated[Path, typer.Argument(help="The corpus folder that the sheet was made from.")],
    sheet: Annotated[Path, typer.Argument(help="The filled sheet: .csv, or .json as Label Studio exports it.")],
    plan: Annotated[Path, typer.Option(help="The plan that was written with the sheet.")],
    name: Annotated[str | None, typer.Option(help="What the annotator is called, where that may be said.")] = None,
    note: Annotated[str | None, typer.Option(help="What else should be known of the annotator.")] = None,
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="When the sheet was filled.")] = None,
) -> None:
    """Check a filled sheet row by row, and add it to the corpus as the readings of a person."""
    with extra("build"):
        from kazstance.review.bring_in import Person, bring_in
    print(f"wrote {bring_in(corpus, sheet, plan, Person(name, note, date and date.date()))}")


command(review_export, review)
command(review_import, review)


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
