"""The commands that train a system, save it, and label rows with it."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kazstance import dataset
from kazstance.cli.command import Data, Delimiter, Encoding, Json, Mapping, NoHeader, Preset, command, delimiter_of
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo, echo_page

if TYPE_CHECKING:
    from kazstance.models.model import Model

OWN = "Rows of your own"
Text = Annotated[str, typer.Option(help="The column of the text.")]
Target = Annotated[str, typer.Option(help="The column of the target.")]
Source = Annotated[str | None, typer.Option(help="The column of the source.")]


@command
def fit(
    system: Annotated[str, typer.Argument(help="A shortcut, a baseline, or an import path as package.module:object.")],
    out: Annotated[Path, typer.Option(help="The folder to write. A saved model already there is replaced.")],
    task: Annotated[str | None, typer.Option(help="Of the dataset: stance (the default) or stance4.")] = None,
    train: Annotated[
        Path | None, typer.Option(help=f"{OWN} to train on: .csv, .tsv, .txt, .jsonl or .parquet.")
    ] = None,
    dev: Annotated[Path | None, typer.Option(help=f"{OWN} to choose settings on; by default, 15 % of --train.")] = None,
    text: Text = "text",
    target: Target = "target",
    label: Annotated[str, typer.Option(help=f"{OWN}: the column of the label.")] = "label",
    source: Source = None,
    language: Annotated[str, typer.Option(help=f"{OWN}: the language of the texts, such as en or zh.")] = "",
    preset: Preset = None,
    mapping: Mapping = None,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    no_header: NoHeader = False,
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Train a system on a dataset, or on rows of your own, and save it.

    Of a dataset, the rows of train and validation are used, without copies of test rows.

    Example: kazstance fit "TF-IDF LR" --out my_model
    """
    from kazstance.bench.file_tasks import Layout
    from kazstance.input.spelling import spelling
    from kazstance.input.tables import Form
    from kazstance.models.training import fit_dataset, fit_rows

    if train is None:
        if dev or source or language or preset or mapping:
            raise typer.BadParameter("--dev, --source, --language, --preset and --map need --train")
        model = fit_dataset(system, dataset.DatasetFolder(data), task or "stance")
    elif task:
        raise typer.BadParameter("pass --task or --train, not both")
    else:
        form = Form(delimiter_of(delimiter), encoding, not no_header)
        labels = spelling(preset, mapping or [], is_auto=True)
        layout = Layout(text, target, label, labels, (), source, form=form, language=language)
        model = fit_rows(system, train, layout, dev, say=partial(echo, err=True))
    model.save(out)
    if as_json:
        echo_page(to_json(_described(model) | {"out": str(out)}))
    else:
        echo(f"wrote {out}")


def _described(model: "Model") -> dict[str, object]:
    """The identity of a model, for programs."""
    return {"system": model.system, "labels": list(model.labels), "digest": model.digest}


@command
def predict(
    model: Annotated[Path, typer.Argument(help="A saved model: the folder that `kazstance fit` wrote.")],
    rows: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A Parquet file, a folder of them, or a pattern as 'parts/*.parquet'."),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write; unfinished predictions of the same are continued.")],
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            help="A column that identifies a row, kept beside the label. Repeatable.",
            show_default="sentence_id and target_id, item_id, or id",
        ),
    ] = None,
    text: Text = "text",
    target: Target = "target",
    source: Source = None,
    rows_per_part: Annotated[int, typer.Option(min=1, help="Rows of each file that is written.")] = 131_072,
    again: Annotated[bool, typer.Option("--again", help="Start over, whatever predictions the folder holds.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Load a model that runs code of its own: only from people you trust.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Label the rows of Parquet files of any size with a saved model.

    The predictions are written as a folder of Parquet files, which `kazstance score` reads. After an interruption, the
    same command continues.

    Example: kazstance predict my_model my_data/stances --out predictions
    """
    from kazstance.models.model import load_model
    from kazstance.models.prediction_folder import write_predictions
    from kazstance.models.row_columns import Columns

    loaded = load_model(model, trust=trust)
    columns = Columns(tuple(ids or ()), text, target, source)
    say = partial(echo, err=True)
    write_predictions(loaded, rows, out, columns, rows_per_part=rows_per_part, again=again, say=say)
    if as_json:
        echo_page(to_json(_described(loaded) | {"out": str(out)}))
    else:
        echo(f"wrote {out}")
