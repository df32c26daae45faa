"""The command that scores predictions on any stance dataset."""

from pathlib import Path
from typing import Annotated

import typer

from kazstance.cli.command import Delimiter, Encoding, IgnoreColumn, Json, Mapping, command, delimiter_of
from kazstance.input.spelling import PRESETS
from kazstance.output.terminal import echo, echo_page

AutoPreset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        help=f"How labels are spelled: {', '.join(PRESETS)}; or auto, which recognises one of them.",
        show_default="favor, against and neutral",
    ),
]


@command
def score(
    gold: Annotated[
        Path,
        typer.Option(
            help="Gold labels: a .csv, .tsv, .txt, .json, .jsonl or .parquet file, or a folder of Parquet files."
        ),
    ],
    pred: Annotated[Path, typer.Option(help="Predictions, in any of the same formats: one row for each gold row.")],
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="A column that identifies a row; may be given several times.")
    ] = None,
    by_line: Annotated[
        bool, typer.Option("--by-line", help="Pair rows by their number instead; both files must have equally many.")
    ] = False,
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
    missing: Annotated[
        str | None, typer.Option(help="Gold rows without a prediction: wrong or ignore.", show_default="refuse")
    ] = None,
    extra: Annotated[
        str | None, typer.Option(help="Predictions without a gold row: ignore.", show_default="refuse")
    ] = None,
    duplicates: Annotated[
        str | None, typer.Option(help="Rows with the same id: first, to use the first.", show_default="refuse")
    ] = None,
    unlabelled: Annotated[
        str | None, typer.Option(help="Gold rows without a label: ignore.", show_default="refuse")
    ] = None,
    invalid: Annotated[
        str | None, typer.Option(help="Predictions that are not labels: wrong.", show_default="refuse")
    ] = None,
    annotator: Annotated[
        str | None,
        typer.Option(
            help="The column of the annotator, if gold has a row for each; the label with most votes is gold."
        ),
    ] = None,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    preset: AutoPreset = None,
    mapping: Mapping = None,
    ignored: IgnoreColumn = None,
    resamples: Annotated[int, typer.Option(min=10, help="Number of bootstrap resamples.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 12345,
    as_json: Json = False,
) -> None:
    """Score predictions on any stance dataset."""
    from kazstance.input.spelling import spelling  # not needed for --help
    from kazstance.input.tables import Form
    from kazstance.predictions import Columns, Rules, score_rows

    scores = score_rows(
        gold,
        pred,
        Columns(ids or (), gold_label, pred_label, target, cluster, by, ignored or ()),
        spelling(preset, mapping or [], is_auto=True),
        form=Form(delimiter_of(delimiter), encoding),
        resamples=resamples,
        seed=seed,
        rules=Rules(by_line, missing, extra, duplicates, unlabelled, invalid, annotator),
    )
    echo(*scores.notes, err=True)
    echo_page(scores.to_json() if as_json else str(scores))
