"""The command that makes a dataset, and a corpus folder, from an annotated table."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kazstance.cli.command import Delimiter, Encoding, Json, Mapping, Preset, command, delimiter_of
from kazstance.errors import KazstanceError
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo, echo_page

if TYPE_CHECKING:
    from kazstance.corpus.imported.table import About

NOT_STATED = "not stated"


def _option(text: str, *names: str, metavar: str | None = None, default: str | bool = True) -> Any:
    return typer.Option(*names, help=text, metavar=metavar, show_default=default)


def _column(what: str, *names: str) -> Any:
    """An option that names the column of a role; a column with the name of the role plays it anyway."""
    return _option(f"The column of {what}.", *names, metavar="COLUMN", default="the column of this name, if any")


Table = Annotated[Path, typer.Argument(help="The table: .csv, .xlsx, .tsv, .json, .jsonl or .parquet.")]
Out = Annotated[Path, _option("The folder to write. A dataset already there is replaced.")]
Corpus = Annotated[Path | None, _option("Also write the corpus folder, new, so that annotation can go on.")]
Text = Annotated[str | None, _column("the text that was judged")]
Target = Annotated[str | None, _column("the target")]
Source = Annotated[str | None, _column("the source")]
Label = Annotated[
    list[str] | None,
    _option("The column of the label, or that of each annotator: repeatable, also as 'coder_*'.", metavar="COLUMN"),
]
Votes = Annotated[
    list[str] | None,
    _option("A column that counts votes, such as n_pro=favor. Repeatable.", metavar="COLUMN=LABEL"),
]
Annotator = Annotated[str | None, _column("the annotator")]
Document = Annotated[str | None, _column("the document that the text is part of")]
TextId = Annotated[str | None, _column("the id of the text", "--id")]
Date = Annotated[str | None, _column("the date")]
Title = Annotated[str | None, _column("the title of the document")]
Url = Annotated[str | None, _column("the address of the document")]
Language = Annotated[str | None, _option("The language of all texts, such as en, or the column of it.")]
Split = Annotated[str | None, _column("the split")]
Holder = Annotated[str | None, _column("the holder of the stance, if it is not the source's")]
Evidence = Annotated[str | None, _column("the words of the text that show the label")]
Note = Annotated[str | None, _column("the annotator's note")]
Round = Annotated[str | None, _column("the round of annotation", "--round")]
SourceName = Annotated[str | None, _option("The source of all rows, where there is no column.")]
TargetName = Annotated[str | None, _option("The target of all rows, where there is no column.")]
DropLabel = Annotated[list[str] | None, _option("A label whose judgements are left out. Repeatable.")]
SplitName = Annotated[
    list[str] | None, _option("What the table calls a split, such as a=train. Repeatable.", metavar="THEIRS=OURS")
]
Ignore = Annotated[list[str] | None, _option("A column that is left out. Repeatable.", metavar="COLUMN")]
Scheme = Annotated[
    str, _option("multi: each target is judged for itself; exclusive: a text has one code, that of one target.")
]
Origin = Annotated[str, _option("Who judged: human or model.")]
Id = Annotated[str | None, _option("The id of the dataset.", default="the name of the folder")]
Called = Annotated[str | None, _option("The title of the dataset.")]
Event = Annotated[str, _option("What the texts are about.")]
Licence = Annotated[str, _option("The licence of the annotations.", "--license")]
Rights = Annotated[str, _option("Who holds the rights in the texts.")]


@command
def import_(
    table: Table,
    out: Out,
    corpus: Corpus = None,
    text: Text = None,
    target: Target = None,
    source: Source = None,
    label: Label = None,
    votes: Votes = None,
    annotator: Annotator = None,
    document: Document = None,
    text_id: TextId = None,
    date: Date = None,
    title: Title = None,
    url: Url = None,
    language: Language = None,
    split: Split = None,
    holder: Holder = None,
    evidence: Evidence = None,
    note: Note = None,
    round_: Round = None,
    source_name: SourceName = None,
    target_name: TargetName = None,
    preset: Preset = None,
    mapping: Mapping = None,
    drop_label: DropLabel = None,
    split_name: SplitName = None,
    ignore_column: Ignore = None,
    scheme: Scheme = "multi",
    origin: Origin = "human",
    dataset_id: Id = None,
    dataset_title: Called = None,
    event: Event = NOT_STATED,
    licence: Licence = NOT_STATED,
    rights: Rights = NOT_STATED,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    as_json: Json = False,
) -> None:
    """Make a dataset from an annotated table: a row per judgement, a column per annotator, or counts of votes.

    Whatever is not kept is counted and recorded in the manifest and on the card.

    Example: kazstance import coded.csv --out my_data --source party --target issue --label stance --annotator coder
    """
    given = dict(locals())
    del given["as_json"]
    record = _import(**given)
    if as_json:
        echo_page(to_json(record | {"out": str(out)}))
    else:
        echo(f"wrote {out}" + (f" and {corpus}" if corpus else ""))


def _import(table: Path, out: Path, corpus: Path | None, **given: Any) -> dict[str, Any]:
    """Import a table, and give the record of it."""
    from kazstance.input.spelling import OPTIONS, spelling
    from kazstance.input.tables import Form
    from kazstance.publish.table_import import Rows, import_table, named_after, rows_of

    rows, name, notes = rows_of(table, Form(delimiter_of(given["delimiter"]), given["encoding"]))
    for line in notes:
        echo(f"note: {line}", err=True)
    columns: Any = {"id": given["text_id"], "round": given["round_"], "votes": _pairs(given["votes"], "n_pro=favor")}
    alike = ("text", "target", "source", "label", "annotator", "document", "date", "title", "url", "language")
    columns |= {role: given[role] for role in (*alike, "split", "holder", "evidence", "note")}
    spelled = spelling(given["preset"], given["mapping"] or (), is_auto=True)
    left_out, ignored = frozenset(given["drop_label"] or ()), given["ignore_column"] or ()
    about = named_after(_about(given), out, name)
    found = Rows(rows, name, columns, spelled, left_out, ignored, OPTIONS)
    return import_table(found, out, about, corpus=corpus, say=partial(echo, err=True)).model_dump(mode="json")


def _about(given: dict[str, Any]) -> "About":
    """What is said of the dataset as a whole."""
    from kazstance.corpus.imported.table import About

    return About(
        id=given["dataset_id"] or "",
        title=given["dataset_title"] or "",
        license=given["licence"],
        splits=_pairs(given["split_name"], "dev=validation"),
        **{name: given[name] for name in ("event", "rights", "scheme", "origin", "source_name", "target_name")},
    )


def _pairs(given: list[str] | None, example: str) -> dict[str, str]:
    """Pairs as they are given on the command line.

    Raises:
        KazstanceError: one has no `=`.
    """
    found = {}
    for pair in given or ():
        theirs, sign, ours = pair.rpartition("=")
        if not sign:
            raise KazstanceError(f"{pair!r} is not a pair; expected one such as {example}")
        found[theirs] = ours
    return found
