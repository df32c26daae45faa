"""The command that scores predictions on any stance dataset."""

from pathlib import Path
from typing import Annotated

import typer

from kazstance.cli.command import Delimiter, Encoding, IgnoreColumn, Json, Mapping, Preset, command, delimiter_of
from kazstance.output.terminal import echo, echo_page


@command
def score(
    gold: Annotated[
        Path,
        typer.Option(help="Gold labels: a .csv, .tsv, .txt, .jsonl or .parquet file, or a folder of Parquet files."),
    ],
    pred: Annotated[Path, typer.Option(help="Predictions, in any of the same formats: one row for each gold row.")],
    ids: Annotated[list[str], typer.Option("--id", help="A column that identifies a row; may be given several times.")],
    gold_label: Annotated[str, typer.Option(help="The column of the gold label.")] = "label",
    pred_label: Annotated[str, typer.Option(help="The column of the predicted label.")] = "label",
    target: Annotated[
        str | None, typer.Option(help="The column of the target: the strata of within-target skill.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="The column of the cluster: intervals draw whole clusters.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="A column; also score the rows with each of its values separately.")
    ] = None,
    train: Annotated[
        Path | None, typer.Option(help="Rows that the system was trained on: count the gold rows with their texts.")
    ] = None,
    text: Annotated[str, typer.Option(help="The column of the text, for --train.")] = "text",
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    preset: Preset = None,
    mapping: Mapping = None,
    ignored: IgnoreColumn = None,
    resamples: Annotated[int, typer.Option(min=10, help="Number of bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 12345,
    as_json: Json = False,
) -> None:
    """Score predictions on any stance dataset."""
    from kazstance.input.spelling import spelling  # not needed for --help
    from kazstance.input.tables import Form
    from kazstance.predictions import Columns, score_rows

    scores = score_rows(
        gold,
        pred,
        Columns(ids, gold_label, pred_label, target, cluster, by, ignored or (), text if train else None),
        spelling(preset, mapping or []),
        form=Form(delimiter_of(delimiter), encoding),
        resamples=resamples,
        seed=seed,
        train=train,
    )
    echo(*scores.notes, err=True)
    echo_page(scores.to_json() if as_json else str(scores))
