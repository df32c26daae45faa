"""The command that scores files of predictions on any stance data set."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kazstance import predictions
from kazstance.cli.command import Delimiter, Encoding, IgnoreColumn, Json, Mapping, Preset, command, delimiter_of
from kazstance.input.spelling import spelling
from kazstance.input.tables import Form
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo, echo_page
from kazstance.stats.resampling import RESAMPLES, SEED


@command
def score(
    gold: Annotated[Path, typer.Option(help="A file with gold labels: .csv, .tsv, .txt, .jsonl or .parquet.")],
    pred: Annotated[Path, typer.Option(help="One with predictions, a row for each row of the gold file.")],
    ids: Annotated[list[str], typer.Option("--id", help="A column that identifies a row; may be given several times.")],
    gold_label: Annotated[str, typer.Option(help="The column of the gold label.")] = "label",
    pred_label: Annotated[str, typer.Option(help="The column of the predicted label.")] = "label",
    target: Annotated[
        str | None, typer.Option(help="The column of the target: the strata of within-target skill.")
    ] = None,
    cluster: Annotated[str | None, typer.Option(help="The column of the cluster that intervals are drawn by.")] = None,
    by: Annotated[str | None, typer.Option(help="A column: scores for each of its values too.")] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    preset: Preset = None,
    mapping: Mapping = None,
    ignored: IgnoreColumn = None,
    resamples: Annotated[int, typer.Option(min=10, help="Bootstrap resamples.")] = RESAMPLES,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = SEED,
    as_json: Json = False,
) -> None:
    """Score predictions on any stance data set."""
    kept = list(dict.fromkeys(name for name in (target, cluster, by) if name and name not in ids))
    spelled = spelling(preset, mapping or [])
    form = Form(delimiter_of(delimiter), encoding)
    columns = predictions.Columns(ids, gold_label, pred_label, kept, ignored or [])
    table, notes = predictions.match(gold, pred, columns, spelled, form)
    parts = {"all": table} | (predictions.parts(table, by) if by else {})
    found = {
        name: predictions.scores(part, target, cluster, resamples, seed, spelling=spelled.name)
        for name, part in parts.items()
    }
    echo(*notes, err=True)
    if as_json:
        lists = {name: [line.as_row() for line in lines] for name, lines in found.items()}
        echo_page(to_json(lists | {"notes": [asdict(note) for note in notes]}))
        return
    for name, lines in found.items():
        echo(*([name] if by else []), *lines)
