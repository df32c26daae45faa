"""The commands that benchmark systems."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypedDict

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from kazstance import dataset
from kazstance.cli.command import (
    Data,
    Delimiter,
    Encoding,
    IgnoreColumn,
    Json,
    Mapping,
    NoHeader,
    Preset,
    app,
    command,
    delimiter_of,
    make_group,
)
from kazstance.input.spelling import Spelling, spelling
from kazstance.output.plain_json import to_json
from kazstance.output.suffix import suffix_of
from kazstance.output.terminal import Table, console, display, echo, echo_page, safe_line

if TYPE_CHECKING:
    from kazstance._benchmark import Benchmark
    from kazstance.bench.result import Result
    from kazstance.input.tables import Form

bench = make_group("Benchmark systems: run them, compare runs, report.")
app.add_typer(bench, name="bench")
bench_command = partial(command, group=bench)


BAR: Final = 12
"""How wide a progress bar is, so that what runs has room beside it."""
OWN = "Rows of your own"
Task = Annotated[str | None, typer.Option(help="stance (the default), stance4 or compare.")]
Protocol = Annotated[
    str | None, typer.Option(help="in_domain, cross_source (the default), cross_target or cross_both.")
]
Train = Annotated[Path | None, typer.Option(help=f"{OWN} to train on: .csv, .tsv, .txt, .jsonl or .parquet.")]
Test = Annotated[Path | None, typer.Option(help=f"{OWN} to predict and score.")]
Dev = Annotated[Path | None, typer.Option(help=f"{OWN} to choose settings on; by default, 15 % of --train.")]
Ids = Annotated[list[str] | None, typer.Option("--id", help=f"{OWN}: a column that identifies one; may be repeated.")]
Text = Annotated[str, typer.Option(help=f"{OWN}: the column of the text.")]
Target = Annotated[str, typer.Option(help=f"{OWN}: the column of the target.")]
Label = Annotated[str, typer.Option(help=f"{OWN}: the column of the label.")]
Source = Annotated[str | None, typer.Option(help=f"{OWN}: the column of the source.")]
Cluster = Annotated[str | None, typer.Option(help=f"{OWN}: the column of what belongs together, such as a thread.")]
Language = Annotated[str, typer.Option(help=f"{OWN}: the language of the texts, such as en or zh.")]
PanelName = Annotated[
    str | None,
    typer.Option(
        "--panel",
        help="The shortcuts: brief (the default for a dataset) or full (for rows of your own), with n-grams, "
        "where the best is chosen on held-out training rows.",
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(help="A folder that keeps the scores of shortcuts, for the next system on the same rows."),
]
Given = Annotated[
    Path | None,
    typer.Option(
        "--predictions", help="Take a file with item_id, label or p_<label>, and perhaps prompt; SYSTEM is its name."
    ),
]


@bench_command
def run(
    system: Annotated[str, typer.Argument(help="A shortcut, a baseline, or an import path as package.module:object.")],
    out: Annotated[Path, typer.Option(help="The folder of the run; an unfinished run of the same system is resumed.")],
    task: Task = None,
    protocol: Protocol = None,
    train: Train = None,
    test: Test = None,
    dev: Dev = None,
    ids: Ids = None,
    text: Text = "text",
    target: Target = "target",
    label: Label = "label",
    source: Source = None,
    cluster: Cluster = None,
    language: Language = "",
    given: Given = None,
    per_target: Annotated[bool, typer.Option("--per-target", help="Train on each target alone.")] = False,
    probes: Annotated[bool, typer.Option("--probes", help="Also probe: names hidden, claims negated.")] = False,
    family: Annotated[str | None, typer.Option(help="The family of the model; warns if it made the labels.")] = None,
    no_shortcuts: Annotated[bool, typer.Option("--no-shortcuts", help="Do not run the shortcuts.")] = False,
    panel: PanelName = None,
    cache: Cache = None,
    preset: Preset = None,
    mapping: Mapping = None,
    ignored: IgnoreColumn = None,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    no_header: NoHeader = False,
    again: Annotated[bool, typer.Option("--again", help="Replace the finished run that the folder holds.")] = False,
    reuse: Annotated[bool, typer.Option("--reuse", help="Keep a finished run, and print its date.")] = False,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Run a system on a task of a dataset, or on rows of your own, together with the shortcuts."""
    from kazstance.input.tables import Form

    own = OwnRows(train, test, dev, tuple(ids or ()), text, target, label, source, cluster, language)
    is_spelled = bool(preset or mapping)
    _check_options(own, is_asked=bool(task or protocol), is_spelled=is_spelled, given=given, ignored=ignored)
    form = Form(delimiter_of(delimiter), encoding, not no_header)
    spelled = partial(spelling, preset, mapping or [], is_auto=True)
    benchmark = _of_files(own, spelled(), form) if own.are_there else _of_dataset(data, task, protocol, form)
    labels = spelled(benchmark.task.labels) if is_spelled and not own.are_there else None
    asked = Asked(
        per_target=per_target, probes=probes, family=family, shortcuts=not no_shortcuts, panel=panel, cache=cache
    )
    kept = Kept(ignored=ignored or (), existing=_existing(again=again, reuse=reuse))
    with progress() as bars:
        result = benchmark.run(given or system, out, name=system, labels=labels, **asked, **kept, **bars)
    _print(result, as_json=as_json)


@dataclass(frozen=True)
class OwnRows:
    """A user's own files, and their columns."""

    train: Path | None
    test: Path | None
    dev: Path | None
    ids: tuple[str, ...]
    text: str
    target: str
    label: str
    source: str | None
    cluster: str | None
    language: str

    @property
    def are_there(self) -> bool:
        """Whether there are any."""
        return self.train is not None and self.test is not None


def _check_options(
    own: OwnRows, *, is_asked: bool, is_spelled: bool, given: Path | None, ignored: Sequence[str] | None
) -> None:
    """Check that the options are compatible.

    Raises:
        BadParameter: they are not.
    """
    are_own = own.are_there
    wrong = {
        "pass --train and --test together, without --task and --protocol": (own.train or own.test)
        and (is_asked or not are_own),
        "--dev, --id, --source, --cluster and --language need --train and --test": not are_own
        and (own.dev or own.ids or own.source or own.cluster or own.language),
        "--preset and --map need --predictions, or --train and --test": is_spelled and not (given or are_own),
        "--ignore-column needs --predictions": ignored and not given,
    }
    for message, is_so in wrong.items():
        if is_so:
            raise typer.BadParameter(message)


class Asked(TypedDict):
    """How a system is run."""

    per_target: bool
    probes: bool
    family: str | None
    shortcuts: bool
    panel: str | None
    cache: Path | None


class Kept(TypedDict):
    """What is compared, and what happens to an existing run."""

    ignored: Sequence[str]
    existing: Literal["refuse", "again", "reuse"]


def _of_dataset(data: Path, task: str | None, protocol: str | None, form: "Form") -> "Benchmark":
    from kazstance._benchmark import Benchmark
    from kazstance.bench.dataset_tasks import dataset_task

    rows = dataset_task(dataset.DatasetFolder(data), task or "stance", protocol or "cross_source")
    return Benchmark(rows, form)


def _of_files(own: OwnRows, labels: Spelling, form: "Form") -> "Benchmark":
    from kazstance._benchmark import Benchmark
    from kazstance.bench.file_tasks import Layout, file_task

    layout = Layout(
        own.text, own.target, own.label, labels, own.ids, own.source, own.cluster, form, language=own.language
    )
    return Benchmark(file_task(own.train, own.test, layout, dev=own.dev), form)


def _existing(*, again: bool, reuse: bool) -> Literal["refuse", "again", "reuse"]:
    """What to do with a finished run.

    Raises:
        BadParameter: both were passed.
    """
    if again and reuse:
        raise typer.BadParameter("pass --again or --reuse, not both")
    return "again" if again else "reuse" if reuse else "refuse"


def _print(result: "Result", *, as_json: bool) -> None:
    """Print the scores, then a table with those of the shortcuts."""
    if as_json:
        echo_page(result.to_json())
        return
    echo(*result.printed)
    if result.shortcuts:
        echo("")
        echo_page(result.to_markdown(with_facts=False))
    echo(*result.remarks)
    for shortcut in result.shortcuts:
        echo(*(f"{shortcut.system}: {s.metric}: {s.reason}" for s in shortcut.scores.values() if s.reason))


class Bars(TypedDict):
    """How a run reports its progress."""

    say: Callable[[str], None]
    track: Callable[[Sequence[Any]], Iterable[Any]]


@contextmanager
def progress() -> Iterator[Bars]:
    """A progress bar if standard error is a terminal; otherwise a line for each step that is finished."""
    terminal = console(err=True)
    if not terminal.is_terminal:
        yield {"say": partial(echo, err=True), "track": iter}
        return
    columns = (*(TextColumn("{task.description}"), BarColumn(BAR), MofNCompleteColumn()), TimeElapsedColumn())
    with Progress(*columns, console=terminal) as bar:
        yield {"say": lambda line: terminal.print(safe_line(line)), "track": partial(_tracked, bar)}


def _tracked(bar: Progress, jobs: Sequence[Any]) -> Iterator[Any]:
    """The jobs one by one, each named beside the bar while it runs."""
    task = bar.add_task("", total=len(jobs))
    for job in jobs:
        bar.update(task, description=safe_line(str(job)))
        yield job
        bar.advance(task)


@bench.command("files", hidden=True, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def files() -> None:
    """The former command for files."""
    raise typer.BadParameter("kazstance bench files has become `bench run --train … --test …`")


@bench_command
def compare(
    folders: Annotated[list[Path], typer.Argument(help="Folders of runs on the same rows.")],
    metric: Annotated[str | None, typer.Option(help="The metric; without it, the task's headline.")] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Compare runs with paired intervals and a randomisation test, corrected for their number."""
    from kazstance.bench.comparisons import compare_results
    from kazstance.stats.estimate import number_text

    found = compare_results(_results(folders, data), metric)
    if as_json:
        echo_page(to_json(found.rows()))
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
    out: Annotated[Path, typer.Option(help="The page to write: .md, .html with charts, .tex for a paper, or .json.")],
    data: Data = dataset.SHIPPED,
) -> None:
    """Write a leaderboard of runs: shortcuts first, each score with its lift over the best of them, paired tests.

    Runs on different rows are kept apart. A run that is not finished is left out, and named.
    """
    from kazstance._benchmark import KINDS, write_report
    from kazstance.bench.report import shortcut_hints, side_by_side

    suffix_of(out, "kind of page", KINDS)
    results = side_by_side(_results(folders, data, leave_out=partial(echo, err=True)))
    write_report(results, out)
    echo(*shortcut_hints(results), err=True)
    echo(f"wrote {out}")


def _results(folders: Sequence[Path], data: Path, leave_out: Callable[[str], None] | None = None) -> "list[Result]":
    """The results of runs, with the warnings of each; see `read_results`."""
    from kazstance.bench.dataset_tasks import read_results

    found = read_results(folders, dataset.DatasetFolder(data), leave_out)
    echo(*dict.fromkeys(result.warning for result in found if result.warning), err=True)
    return found
