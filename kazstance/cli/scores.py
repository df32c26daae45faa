"""The command that scores files of predictions on any stance data set."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kazstance import predictions, scoring
from kazstance.cli.command import Delimiter, Encoding, Json, command, delimiter_of
from kazstance.input.tables import Form
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo, echo_page
from kazstance.predictions import PRESETS
from kazstance.tally import SEED


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
    form = Form(delimiter_of(delimiter), encoding)
    table = predictions.match(gold, pred, predictions.Columns(ids, gold_label, pred_label, kept), spelling, form)
    parts = {"all": table} | (predictions.parts(table, by) if by else {})
    found = {name: predictions.scores(part, target, cluster, resamples, seed) for name, part in parts.items()}
    if as_json:
        echo_page(to_json({name: [asdict(line) for line in lines] for name, lines in found.items()}))
        return
    for name, lines in found.items():
        echo(*([name] if by else []), *lines)
