"""Commands that benchmark systems."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer
from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

from kazstance import dataset
from kazstance.cli.command import Data, Delimiter, Encoding, Json, app, command, delimiter_of, extra
from kazstance.errors import UnknownNameError
from kazstance.output.files import filling, write_file
from kazstance.output.plain_json import to_json

bench = typer.Typer(no_args_is_help=True, help="Benchmark systems: run them, compare runs, report.")
app.add_typer(bench, name="bench")
bench_command = partial(command, group=bench)


@bench_command
def run(
    system: Annotated[str, typer.Argument(help="A shortcut, a baseline, or an import path as package.module:object.")],
    out: Annotated[Path, typer.Option(help="The folder of the run; one that was begun is resumed.")],
    task: Annotated[str, typer.Option(help="stance, stance4 or compare.")] = "stance",
    protocol: Annotated[
        str, typer.Option(help="in_domain, cross_source, cross_target or cross_both.")
    ] = "cross_source",
    predictions_file: Annotated[
        Path | None,
        typer.Option("--predictions", help="Take a file with item_id and label or p_<label>; SYSTEM is its name then."),
    ] = None,
    probes: Annotated[bool, typer.Option("--probes", help="Ask for probes too: names hidden, claims negated.")] = False,
    family: Annotated[
        str | None, typer.Option(help="The family of the model that is scored: warns where it made the labels.")
    ] = None,
    data: Data = dataset.SHIPPED,
) -> None:
    """Run a system on a task under a protocol; every row is predicted once over the folds."""
    from kazstance.benchmark import runs

    how = Asked(with_probes=probes, family=family, data=data)
    say = partial(typer.echo, err=True)
    with filling(out):
        if predictions_file:
            found = runs.bring(predictions_file, system, task, protocol, out, **how, say=say)
        else:
            with progress(say) as bars:
                found = runs.run(system, task, protocol, out, **how, **bars)
    print(*found, sep="\n")


class Asked(TypedDict):
    """What a run and a file of predictions are asked alike."""

    with_probes: bool
    family: str | None
    data: Path


class Bars(TypedDict):
    """How a run tells what it does."""

    say: Callable[[str], None]
    track: Callable[[Sequence[Any]], Iterable[Any]]


@contextmanager
def progress(say: Callable[[str], None]) -> Iterator[Bars]:
    """A progress bar where standard error is a terminal; else a line for whatever is finished."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield {"say": say, "track": iter}
        return
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as bar:
        yield {"say": partial(console.print, markup=False, highlight=False), "track": bar.track}


@bench_command
def files(
    system: Annotated[str, typer.Argument(help="As for run; finetune:PATH for a checkpoint on this machine.")],
    train: Annotated[Path, typer.Option(help="Rows to train on: .csv, .tsv, .txt, .jsonl or .parquet.")],
    test: Annotated[Path, typer.Option(help="Rows to predict and score.")],
    out: Annotated[Path, typer.Option(help="The folder of predictions and scores.")],
    ids: Annotated[list[str], typer.Option("--id", help="A column that identifies a row; may be given several times.")],
    text: Annotated[str, typer.Option(help="The column of the text.")],
    target: Annotated[str, typer.Option(help="The column of the target.")],
    label: Annotated[str, typer.Option(help="The column of the label.")],
    cluster: Annotated[str | None, typer.Option(help="The column of the cluster that stays together.")] = None,
    preset: Annotated[str, typer.Option(help="How labels are spelled, as for score.")] = "kazstance",
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="A spelling, as `theirs=favor`; may be repeated.")
    ] = None,
    per_target: Annotated[bool, typer.Option("--per-target", help="Train on each target apart.")] = False,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    as_json: Json = False,
) -> None:
    """Train a system on a stance data set of your own, score it, and show the shortcuts beside it."""
    from kazstance import predictions
    from kazstance.benchmark.files import Layout, run_files
    from kazstance.input.tables import Form
    from kazstance.output.markdown import markdown_table

    spelling = predictions.spelling(preset, mapping or [])
    form = Form(delimiter_of(delimiter), encoding)
    layout = Layout(tuple(ids), text, target, label, spelling, cluster, form)
    with filling(out):
        found = run_files(system, train, test, out, layout, per_target=per_target)
    if as_json:
        print(to_json([asdict(result) for result in found]))
        return
    names = [score.metric for score in found[0].scores]
    print(markdown_table(["system", *names], ([r.system, *(f"{s.value:.3f}" for s in r.scores)] for r in found)))
    print("", *found[0].scores, sep="\n")


@bench_command
def compare(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs of one task and protocol.")],
    metric: Annotated[str | None, typer.Option(help="The metric; without it, the task's headline.")] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Compare runs with paired intervals and a randomisation test, corrected for their number."""
    from kazstance.benchmark import report

    found = report.compare_runs(folders, metric, data=data)
    _warn(folders, data)
    if as_json:
        print(to_json([asdict(line) for line in found]))
        return
    table = Table("one", "less the other", "metric", "difference", "95 %", "p (Holm)")
    for line in found:
        d = line.difference
        table.add_row(
            line.one, line.other, line.metric, f"{d.value:.3f}", f"{d.low:.3f} to {d.high:.3f}", f"{line.corrected:.3f}"
        )
    Console(markup=False).print(table)


@bench_command
def report_(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    out: Annotated[Path, typer.Option(help="The page to write: .md, .html with charts, or .json.")],
    data: Data = dataset.SHIPPED,
) -> None:
    """Write the scores of runs as a page, each beside its lift over the best shortcut."""
    from kazstance.benchmark import report

    def to_html(rows: Sequence[dict[str, Any]]) -> str:
        with extra("plots"):
            from kazstance.benchmark import page
        return page.to_html(rows)

    writers = {".md": report.to_markdown, ".html": to_html, ".json": report.to_json}
    if out.suffix not in writers:
        raise UnknownNameError(out.suffix, "kind of page", writers)
    write_file(writers[out.suffix](report.rows(folders, data=data)).encode(), out)
    _warn(folders, data)
    print(f"wrote {out}")


def _warn(folders: Iterable[Path], data: Path) -> None:
    """Say of runs by the family that made the labels that they are."""
    from kazstance.benchmark import report

    for warning in report.warnings(folders, data=data):
        typer.echo(warning, err=True)
