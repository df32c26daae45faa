"""The command that scores predictions on any stance dataset."""

from pathlib import Path
from typing import Annotated

import typer

from kazstance.cli.command import (
    Delimiter,
    Encoding,
    IgnoreColumn,
    Json,
    Mapping,
    NoHeader,
    Preset,
    command,
    delimiter_of,
)
from kazstance.output.terminal import echo, echo_page

Gold = Annotated[
    Path,
    typer.Option(help="Gold labels: a .csv, .tsv, .txt, .json, .jsonl or .parquet file, or a folder of Parquet files."),
]
Pred = Annotated[Path, typer.Option(help="Predictions, in any of the same formats: one row for each gold row.")]
Ids = Annotated[list[str] | None, typer.Option("--id", help="A column that identifies a row; may be repeated.")]
ByLine = Annotated[
    bool, typer.Option("--by-line", help="Pair rows by their number instead; both files must have equally many.")
]
GoldLabel = Annotated[str, typer.Option(help="The column of the gold label.")]
PredLabel = Annotated[str, typer.Option(help="The column of the predicted label.")]
Target = Annotated[str | None, typer.Option(help="The column of the target: the strata of within-target skill.")]
Cluster = Annotated[str | None, typer.Option(help="The column of the cluster: intervals draw whole clusters.")]
By = Annotated[str | None, typer.Option(help="A column; also score the rows with each of its values separately.")]
Missing = Annotated[
    str | None, typer.Option(help="Gold rows without a prediction: wrong or ignore.", show_default="refuse")
]
Extra = Annotated[str | None, typer.Option(help="Predictions without a gold row: ignore.", show_default="refuse")]
Duplicates = Annotated[
    str | None, typer.Option(help="Rows with the same id: first, to use the first.", show_default="refuse")
]
Unlabelled = Annotated[str | None, typer.Option(help="Gold rows without a label: ignore.", show_default="refuse")]
Invalid = Annotated[
    str | None, typer.Option(help="Predictions that are not labels: wrong, to count errors.", show_default="refuse")
]
Annotator = Annotated[
    str | None,
    typer.Option(help="The column of the annotator, if gold has a row for each; the label with most votes is gold."),
]
Train = Annotated[
    Path | None, typer.Option(help="Rows that the system was trained on: count the gold rows with their texts.")
]
Text = Annotated[str, typer.Option(help="The column of the text, for --train.")]
Resamples = Annotated[int, typer.Option(min=10, help="Number of bootstrap resamples.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")]


@command
def score(
    gold: Gold,
    pred: Pred,
    ids: Ids = None,
    by_line: ByLine = False,
    gold_label: GoldLabel = "label",
    pred_label: PredLabel = "label",
    target: Target = None,
    cluster: Cluster = None,
    by: By = None,
    missing: Missing = None,
    extra: Extra = None,
    duplicates: Duplicates = None,
    unlabelled: Unlabelled = None,
    invalid: Invalid = None,
    annotator: Annotator = None,
    train: Train = None,
    text: Text = "text",
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    no_header: NoHeader = False,
    preset: Preset = None,
    mapping: Mapping = None,
    ignored: IgnoreColumn = None,
    resamples: Resamples = 1000,
    seed: Seed = 12345,
    as_json: Json = False,
) -> None:
    """Score predictions on any stance dataset."""
    from kazstance.input.spelling import spelling  # not needed for --help
    from kazstance.predictions import Columns, Form, Rules, score_rows

    if bool(ids) == by_line:
        raise typer.BadParameter("pass --id, or --by-line to pair rows by their number" + ", not both" * by_line)
    scores = score_rows(
        gold,
        pred,
        Columns(ids or (), gold_label, pred_label, target, cluster, by, ignored or (), text if train else None),
        spelling(preset, mapping or [], is_auto=True),
        form=Form(delimiter_of(delimiter), encoding, not no_header),
        resamples=resamples,
        seed=seed,
        rules=Rules(by_line, missing, extra, duplicates, unlabelled, invalid, annotator),
        train=train,
    )
    echo(*scores.notes, err=True)
    echo_page(scores.to_json() if as_json else str(scores))
