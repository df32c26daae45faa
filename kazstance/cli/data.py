"""Commands that look at a dataset, export it, check it, or build one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer
from rich import box

from kazstance import dataset
from kazstance.cli.command import Data, Json, Split, Whose, command, member
from kazstance.dataset import DatasetFolder
from kazstance.output.counted import counted
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.output.suffix import suffix_of
from kazstance.output.terminal import Table, display, echo, echo_page, styled, write
from kazstance.schema.labels import Basis
from kazstance.stats.estimate import number_text

if TYPE_CHECKING:
    import pyarrow as pa

    from kazstance.comparison import Estimate, VoiceFilter
    from kazstance.comparison.agreement import Agreement, By, Line
    from kazstance.comparison.drift import Drift
    from kazstance.dataset.history import History
    from kazstance.dataset.verification.findings import Findings
    from kazstance.output.export import Format
    from kazstance.schema.manifest import Manifest

CHECKED: Final = "checked"
"""What is exported beside the tables: a model's labels, and those of the people who judged a sample."""
SAME: Final = "equal if addressed"
WIDE: Final = {"95 %": 14, "n": 4, SAME: 12}
"""Columns that are never narrower, so that a figure stays in one line."""
"""The header of the share of equal labels among the pairs that somebody addressed."""
ESTIMANDS: Final = (
    "Net stance is (F − A) / (F + A); net over addressed is (F − A) / (F + N + A); salience is the share of "
    "addressed pairs; relative is the shift of a source minus the mean shift of all sources"
)


@command
def info(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Show what is in a dataset: its tables, splits, numbers of rows and digests.

    Example: kazstance info --json
    """
    found = dataset.manifest(data=data)
    if as_json:
        echo_page(to_json(found.model_dump(mode="json")))
    else:
        display(_overview(found))


@command
def show(
    source: Annotated[str | None, typer.Option(help="Only sentences of this source.")] = None,
    target: Annotated[str | None, typer.Option(help="Only stances on this target.")] = None,
    label: Annotated[str | None, typer.Option(help="Only this label: favor, against or neutral.")] = None,
    split: Split = None,
    limit: Annotated[int, typer.Option(min=0, help="Number of stances to show; 0 for all.")] = 10,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Show sentences with their stances, filtered by source, target, label or split.

    The evidence is marked ⟦ ⟧.

    Example: kazstance show --target west_wants_calm --label against
    """
    from kazstance.dataset import excerpt
    from kazstance.dataset.show import show as show_rows

    found = excerpt.chosen(DatasetFolder(data), source, target, label, split)
    rows = excerpt.select(found, limit or None)
    if as_json:
        echo_page(to_json([row.model_dump(mode="json") for row in rows]))
        return
    show_rows(rows, len(found))


@command
def export_(
    table: Annotated[str, typer.Argument(help="The name of the table.")] = "stances",
    split: Split = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="One of csv, jsonl, parquet, xlsx (Excel), dta (Stata), sav (SPSS).",
            show_default="by the suffix of --out, else csv",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write.", show_default="standard output")] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Do not escape text that a spreadsheet would read as a formula.")
    ] = False,
    data: Data = dataset.SHIPPED,
) -> None:
    """Write a table as CSV, JSON Lines or Parquet, or for Excel, Stata or SPSS.

    Files for Excel, Stata and SPSS say what columns and labels mean. `checked` is no stored table: it has a model's
    labels beside those of the people who judged a sample of them, for regressions that correct the one by the other.

    Example: kazstance export positions --out positions.dta
    """
    from kazstance.output.export import WHOLE, Format, pieces, whole

    how = _format(form, out)
    if table == CHECKED:
        rows = _checked_rows(data, how, split)
        content: Iterator[bytes] = pieces(rows.schema, rows.to_batches(), how, exact=exact)
    elif how in WHOLE:
        content = iter([whole(DatasetFolder(data)[table].described(split), how)])
    else:
        stored = DatasetFolder(data)[table]
        batches = stored.batches(split, coded=how is not Format.parquet)
        content = pieces(stored.schema, batches, how, exact=exact)
    if out is None:
        write(content)
    else:
        write_file(content, out)


def _checked_rows(data: Path, how: "Format", split: str | None) -> "pa.Table":
    """A model's labels beside those of people, which are no table of a dataset.

    Raises:
        BadParameter: the format keeps what columns mean, which is not written down for these, or a split is asked for.
    """
    from kazstance._front import Dataset
    from kazstance.output.export import WHOLE

    if how in WHOLE:
        raise typer.BadParameter(f"--format: {how}, expected csv, jsonl or parquet for {CHECKED}")
    if split is not None:
        raise typer.BadParameter(f"--split: {CHECKED} has no splits; expected none")
    return Dataset(data).corrected().pairs()


def _format(name: str | None, out: Path | None) -> "Format":
    """The format of a file, from its suffix, which the option must not contradict."""
    from kazstance.output.export import Format

    asked = member(Format, name, "format") if name else None
    if out is None or (asked and not out.suffix):
        return asked or Format.csv
    return Format(suffix_of(out, "kind of table", [f".{form}" for form in ([asked] if asked else Format)])[1:])


@command
def verify(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Check that a dataset is what was built, down to every file, row and page.

    The tables are checked against each other, too.

    Example: kazstance verify --data my_data
    """
    from kazstance.dataset.verification.check import check
    from kazstance.dataset.verification.findings import Findings
    from kazstance.errors import IntegrityError

    try:
        found = check(DatasetFolder(data))
    except IntegrityError as error:  # a manifest that cannot be read
        found = Findings(None, tuple(str(error).splitlines()), ())
    if as_json:
        echo_page(to_json(_verdict(found)))
    for note in found.notes if not as_json else ():
        echo(f"note: {note}", err=True)
    whole = found.whole()
    if not as_json:
        echo(f"{whole.id} {whole.version}: {whole.n_rows} rows in {len(whole.tables)} tables are as the manifest says")


def _verdict(found: "Findings") -> dict[str, object]:
    """The findings, for programs."""
    what = _built(found.manifest) if found.manifest else {}
    return {"is_whole": not found.problems, **what, "problems": found.problems, "notes": found.notes}


def _built(found: "Manifest") -> dict[str, object]:
    """The identity of the dataset, for programs."""
    return {"id": found.id, "version": found.version, "digest": found.digest, "rows": found.n_rows}


@command
def build(
    corpus: Annotated[Path, typer.Argument(help="The corpus folder: texts, sources, targets and annotations.")],
    out: Annotated[Path, typer.Option(help="The folder to write. A dataset already there is replaced.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse undecided pairs, and labels or targets that a split lacks.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build a dataset from a corpus folder.

    The dataset comes with a card, so that the library `datasets` loads it, too.

    Example: kazstance build my_corpus --out my_data
    """
    from kazstance.publish.hub import build_dataset

    build_dataset(corpus, out, partial(echo, err=True), strict=strict)
    if as_json:
        echo_page(to_json(_built(dataset.manifest(data=out)) | {"out": str(out)}))
    else:
        echo(f"wrote {out}")


@command
def agreement_(
    number: Annotated[
        int | None,
        typer.Option(
            "--round", min=1, help="Only judgements of this round.", show_default="the latest of each annotator"
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="Only the figures by all, annotators, source, target, kind, certainty, people or rounds.",
            show_default="all of them",
        ),
    ] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Measure how far the annotators agree, overall and by pair, source and target.

    Figures are given with intervals, and beside each figure over all pairs the share of equal labels among the pairs
    that somebody addressed. If all annotators are runs of one model, they show how stable its labels are.

    Example: kazstance agreement --by annotators
    """
    from kazstance.comparison.agreement import agreement

    found = agreement(DatasetFolder(data), by=cast("By | None", by), number=number)
    if as_json:
        rows = {"name": found.name, "undecided": found.undecided, "lines": [line.as_row() for line in found.lines]}
        echo_page(to_json(rows | {"doubts": [asdict(doubt) for doubt in found.doubts]}))
        return
    if not found.lines:
        echo("nothing to measure; expected two or more annotators")
        return
    echo(found.name.capitalize())
    display(_by_measure(found))
    reasons = Counter(line.figure.reason for line in found.lines if line.figure.reason)
    echo(*(f"{reason}: {counted(n, 'figure')}" for reason, n in reasons.items()))
    if found.undecided:
        left_out = counted(found.undecided, "undecided pair")
        echo(f"left out of comparisons with final labels, and only there: {left_out}")


def _by_measure(found: "Agreement") -> Table:
    """The figures of each measure below its name, one line for each scope."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("over", found.name, "95 %", "n", SAME):
        table.add_column(column, overflow="fold", min_width=WIDE.get(column))
    groups: dict[str, list[Line]] = {}
    for line in found.lines:
        groups.setdefault(f"{line.what}: {line.measure}", []).append(line)
    for name, lines in groups.items():
        table.add_section()
        table.add_row(name)
        for line in lines:
            value, ends = line.figure.value_text(3), line.figure.interval_text(3, in_words=True)
            same = f"{line.addressed.value_text(3)} of {line.addressed.n}" if line.addressed else ""
            table.add_row(f"  {line.scope}", value, ends, str(line.figure.n), same)
    return table


@command
def drift(
    first: Annotated[
        list[str] | None,
        typer.Option(
            "--from", help="An annotator of the first reading, or ada/2 for round 2.", show_default="the first round"
        ),
    ] = None,
    second: Annotated[
        list[str] | None,
        typer.Option("--to", help="An annotator of the second reading.", show_default="the last round"),
    ] = None,
    voice: Whose = "own",
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Measure how far judgements shift from one reading to another, source by source.

    Both readings are compared on the pairs that all their annotators judged; several annotators are averaged. A shift
    relative to the mean over the sources is what changes when sources are compared. Repeat an option to name several.

    Example: kazstance drift --from r1 --from r2 --from r3 --to f1
    """
    from kazstance.comparison.drift import drift

    found = drift(DatasetFolder(data), first or (), second or (), cast("VoiceFilter", voice))
    if as_json:
        echo_page(to_json(found.as_row()))
        return
    display(styled(found.title, "bold"), *_shift_tables(found))
    echo(f"{counted(found.pairs, 'pair')} judged in both readings, voice: {found.voice}. {ESTIMANDS}")


def _shift_tables(found: "Drift") -> Iterator[Table]:
    """The shifts, a table for each measure."""
    for measure, lines in groupby(found.shifts, key=lambda line: line.measure):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for column in (measure, "from", "to", "shift", "95 %", "relative", "95 %", "n"):
            table.add_column(column, overflow="fold")
        for line in lines:
            values = [number_text(value, 3) for value in (line.first, line.second)]
            moved = [text for figure in (line.shift, line.relative) for text in _signed(figure)]
            table.add_row(line.source or "all", *values, *moved, str(line.shift.n))
        yield table


def _signed(figure: "Estimate | None") -> tuple[str, str]:
    """Value and interval with their signs; empty without a figure."""
    if figure is None:
        return "", ""
    return figure.value_text(3, signed=True, with_reason=True), figure.interval_text(3, signed=True, in_words=True)


@command
def why(
    sentence: Annotated[str, typer.Argument(help="The id of the sentence, as source/paragraph/sentence.")],
    target: Annotated[str, typer.Argument(help="The id of the target.")],
    holder: Annotated[
        str | None, typer.Option(help="Whose stance, if it is not the speaker's.", show_default="the speaker's")
    ] = None,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Show how one label came about: judgements, evidence, notes and adjudication.

    Example: kazstance why pr_collective/16/2 west_wants_calm
    """
    from kazstance.dataset.history import history

    found = history(DatasetFolder(data), sentence, target, holder)
    if as_json:
        rows = [row.model_dump(mode="json") for row in (*found.judgements, *found.checks)]
        label = {"label": found.cell.model_dump(mode="json"), "judgements": rows}
        echo_page(to_json(label | {"other_holders": found.other_holders}))
    else:
        _print_history(found)


def _print_history(found: "History") -> None:
    from kazstance.dataset import excerpt
    from kazstance.dataset.history import WITHOUT

    cell, text = found.cell, found.sentence.text
    label = cell.label_name or WITHOUT[cell.status]
    basis = "single judgement" if cell.basis is Basis.single else cell.basis
    rests_on = f", {basis}" if basis and not cell.reason else ""
    origin = f" ({cell.origin}{rests_on})" if cell.origin else ""
    display(styled(f"{cell.sentence_id}  {found.what}: {label}{origin}", "bold"), styled(text))
    has_rounds = any(row.round > 1 for row in (*found.judgements, *found.checks))
    for row in (*found.judgements, *found.checks):
        details = ", ".join(filter(None, [row.explicitness, row.certainty]))
        role = f"{found.roles[row.annotator_id]} " if row in found.checks else ""
        evidence = excerpt.mark(text, row.evidence) if row.evidence else ""
        who = f"{role}{row.annotator_id}{f', round {row.round}' if has_rounds else ''}"
        original = f", originally {row.original}" if row.original else ""
        display(styled(f"{who}: {row.label_name}{original} {f'({details})' if details else ''}".rstrip()))
        for line in filter(None, [evidence, row.note and f"note: {row.note}"]):
            display(styled(f"    {line}"))
    if cell.reason:
        by = f" by {cell.adjudicator}" if cell.adjudicator else ""
        against = " against a majority" if cell.basis is Basis.overruling else ""
        display(styled(f"adjudicated{by}{against}, rule {cell.rule}: {cell.reason}"))
    if found.other_holders:
        display(
            styled(f"also judged for: {', '.join(name or 'the speaker' for name in found.other_holders)} (--holder)")
        )


def _overview(found: "Manifest") -> Table:
    table = Table(
        "table", "split", "rows", "digest", title=f"{found.title}, version {found.version}", title_justify="left"
    )
    for name, files in found.tables.items():
        for split, file in files.items():
            table.add_row(name, split, str(file.rows), file.digest[:12])
    return table
