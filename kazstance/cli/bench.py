"""Commands that benchmark systems."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import typer
from rich.progress import Progress, TimeElapsedColumn

from kazstance import dataset
from kazstance.cli.command import (
    Data,
    Delimiter,
    Encoding,
    IgnoreColumn,
    Json,
    Mapping,
    Preset,
    app,
    command,
    delimiter_of,
    make_group,
)
from kazstance.input.spelling import named, spelling
from kazstance.output.files import filling, write_file
from kazstance.output.plain_json import to_json
from kazstance.output.suffix import suffix_of
from kazstance.output.terminal import Table, console, display, echo, echo_page, safe_line

bench = make_group("Benchmark systems: run them, compare runs, report.")
app.add_typer(bench, name="bench")
bench_command = partial(command, group=bench)
Again = Annotated[bool, typer.Option("--again", help="Run anew, and replace the run that the folder holds.")]
Reuse = Annotated[bool, typer.Option("--reuse", help="Keep a finished run, and say when it was finished.")]


@bench_command
def run(
    system: Annotated[str, typer.Argument(help="A shortcut, a baseline, or an import path as package.module:object.")],
    out: Annotated[Path, typer.Option(help="The folder of the run; an unfinished run of the same system is resumed.")],
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
    preset: Preset = None,
    mapping: Mapping = None,
    ignored: IgnoreColumn = None,
    again: Again = False,
    reuse: Reuse = False,
    data: Data = dataset.SHIPPED,
) -> None:
    """Run a system on a task under a protocol; every row is predicted once over the folds."""
    from kazstance.bench import runs
    from kazstance.bench.tasks import get_task

    how = Asked(with_probes=probes, family=family, existing=_existing(again=again, reuse=reuse), data=data)
    say = partial(echo, err=True)
    if not predictions_file and (preset or mapping or ignored):
        raise typer.BadParameter("--preset, --map and --ignore-column go with --predictions")
    with filling(out):
        if predictions_file:
            labels = get_task(task).labels
            spelled = spelling(preset, mapping or [], labels) if preset or mapping else named(labels)
            found = runs.bring(
                predictions_file, system, task, protocol, out, **how, spelling=spelled, ignored=ignored or (), say=say
            )
        else:
            with progress(say) as bars:
                found = runs.run(system, task, protocol, out, **how, **bars)
    echo(*found)


class Asked(TypedDict):
    """What a run and a file of predictions are asked alike."""

    with_probes: bool
    family: str | None
    existing: Literal["refuse", "again", "reuse"]
    data: Path


def _existing(*, again: bool, reuse: bool) -> Literal["refuse", "again", "reuse"]:
    """What to do with a finished run.

    Raises:
        BadParameter: both were asked for.
    """
    if again and reuse:
        raise typer.BadParameter("pass --again or --reuse, not both")
    return "again" if again else "reuse" if reuse else "refuse"


class Bars(TypedDict):
    """How a run tells what it does."""

    say: Callable[[str], None]
    track: Callable[[Sequence[Any]], Iterable[Any]]


@contextmanager
def progress(say: Callable[[str], None]) -> Iterator[Bars]:
    """A progress bar where standard error is a terminal; else a line for whatever is finished."""
    terminal = console(err=True)
    if not terminal.is_terminal:
        yield {"say": say, "track": iter}
        return
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=terminal) as bar:
        yield {"say": lambda line: terminal.print(safe_line(line)), "track": bar.track}


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
    preset: Preset = None,
    mapping: Mapping = None,
    per_target: Annotated[bool, typer.Option("--per-target", help="Train on each target apart.")] = False,
    again: Again = False,
    reuse: Reuse = False,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    as_json: Json = False,
) -> None:
    """Train a system on a stance data set of your own, score it, and show the shortcuts beside it."""
    from kazstance.bench.files import Layout, run_files
    from kazstance.input.tables import Form
    from kazstance.output.markdown import markdown_table

    form = Form(delimiter_of(delimiter), encoding)
    layout = Layout(tuple(ids), text, target, label, spelling(preset, mapping or []), cluster, form)
    existing = _existing(again=again, reuse=reuse)
    say = partial(echo, err=True)
    with filling(out):
        found = run_files(system, train, test, out, layout, per_target=per_target, existing=existing, say=say)
    if as_json:
        echo_page(to_json([result.as_row() for result in found]))
        return
    names = [score.metric for score in found[0].scores]
    lines = ([r.system, *(s.value_text(3) for s in r.scores)] for r in found if r.error is None)
    echo_page(markdown_table(["system", *names], lines))
    echo("", *(f"{r.system} failed: {r.error}" for r in found if r.error is not None), *found[0].scores)
    for result in found[1:]:
        echo(*(f"{result.system}: {score.metric}: {score.reason}" for score in result.scores if score.reason))


@bench_command
def compare(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs of one task and protocol.")],
    metric: Annotated[str | None, typer.Option(help="The metric; without it, the task's headline.")] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Compare runs with paired intervals and a randomisation test, corrected for their number."""
    from kazstance.bench import report
    from kazstance.stats.estimate import number_text

    found = report.compare_runs(folders, metric, data=data)
    _warn(folders, data)
    if as_json:
        echo_page(to_json([line.as_row() for line in found]))
        return
    table = Table("one", "less the other", "metric", "difference", "95 %", "p (Holm)")
    for line in found:
        d = line.difference
        figures = d.value_text(3, with_reason=True), d.interval_text(3, in_words=True), number_text(line.corrected, 3)
        table.add_row(line.one, line.other, line.metric, *figures)
    display(table)


@bench_command
def report_(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    out: Annotated[Path, typer.Option(help="The page to write: .md, .html with charts, or .json.")],
    data: Data = dataset.SHIPPED,
) -> None:
    """Write the scores of runs as a page, each beside its lift over the best shortcut."""
    suffix = suffix_of(out, "kind of page", (".md", ".html", ".json"))
    from kazstance.bench import report

    def to_html(rows: Sequence[dict[str, Any]]) -> str:
        from kazstance.bench import page

        return page.to_html(rows)

    writers = {".md": report.to_markdown, ".html": to_html, ".json": report.to_json}
    rows = report.rows(folders, data=data)
    write_file(writers[suffix](rows).encode(), out)
    _warn(folders, data)
    echo(*report.shortcut_hints(rows), err=True)
    echo(f"wrote {out}")


def _warn(folders: Iterable[Path], data: Path) -> None:
    """Say of runs by the family that made the labels that they are."""
    from kazstance.bench import report

    for warning in report.warnings(folders, data=data):
        echo(warning, err=True)
