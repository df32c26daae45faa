"""The command that scores files of predictions on any stance data set."""

from pathlib import Path
from typing import Annotated

import typer

from kazstance.cli.command import Delimiter, Encoding, IgnoreColumn, Json, Mapping, Preset, command, delimiter_of
from kazstance.input.spelling import spelling
from kazstance.input.tables import Form
from kazstance.output.terminal import echo, echo_page
from kazstance.predictions import Columns, score_rows
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
    scores = score_rows(
        gold,
        pred,
        Columns(ids, gold_label, pred_label, target, cluster, by, ignored or ()),
        spelling(preset, mapping or []),
        form=Form(delimiter_of(delimiter), encoding),
        resamples=resamples,
        seed=seed,
    )
    echo(*scores.notes, err=True)
    echo_page(scores.to_json() if as_json else str(scores))
