"""The command that makes a dataset, and a corpus folder, from an annotated table."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from kazstance.cli.command import Delimiter, Encoding, Json, Mapping, Preset, command, delimiter_of
from kazstance.errors import KazstanceError
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import echo, echo_page


def _option(text: str, *names: str, metavar: str | None = None, default: str | bool = True) -> Any:
    return typer.Option(*names, help=text, metavar=metavar, show_default=default)


def _column(what: str, *names: str) -> Any:
    """An option that names the column of a role; a column with the name of the role plays it anyway."""
    return _option(f"The column of {what}.", *names, metavar="COLUMN", default="the column of this name, if any")


def _asked(what: str, *names: str) -> Any:
    """An option that names the column of a role which no other column plays."""
    return _option(f"The column of {what}.", *names, metavar="COLUMN")


Table = Annotated[
    Path, typer.Argument(help="The table: .csv, .xlsx, .tsv, .json, .jsonl or .parquet; or the folder of a recipe.")
]
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
TextId = Annotated[str | None, _asked("the id of the text", "--id")]
Date = Annotated[str | None, _column("the date")]
Title = Annotated[str | None, _column("the title of the document")]
Url = Annotated[str | None, _column("the address of the document")]
Language = Annotated[str | None, _option("The language of all texts, such as en, or the column of it.")]
Split = Annotated[str | None, _column("the split")]
Holder = Annotated[str | None, _column("the holder of the stance, if it is not the source's")]
Evidence = Annotated[str | None, _column("the words of the text that show the label")]
Note = Annotated[str | None, _column("the annotator's note")]
Round = Annotated[str | None, _column("the round of annotation", "--round")]
Explicitness = Annotated[str | None, _asked("how the side is expressed: explicit or implicit")]
Certainty = Annotated[str | None, _asked("how certain the annotator was: sure or unsure")]
Probability = Annotated[str | None, _asked("the probability with which the judgement was asked for")]
SourceName = Annotated[str | None, _option("The source of all rows, where there is no column.")]
TargetName = Annotated[str | None, _option("The target of all rows, where there is no column.")]
DropLabel = Annotated[list[str] | None, _option("A label whose judgements are left out. Repeatable.")]
SplitName = Annotated[
    list[str] | None, _option("What the table calls a split, such as a=train. Repeatable.", metavar="THEIRS=OURS")
]
Ignore = Annotated[list[str] | None, _option("A column that is left out. Repeatable.", metavar="COLUMN")]
RecipeName = Annotated[
    str | None, _option("How a public dataset is read, such as semeval2016: TABLE is the folder of your copy.")
]
Scheme = Annotated[
    str | None,
    _option("How targets were judged: multi (each for itself) or exclusive (one code per text).", default="multi"),
]
Deciding = Annotated[
    str | None,
    _option("How votes decide: majority (more than half), or plurality (otherwise, the most).", default="majority"),
]
Origin = Annotated[str | None, _option("Who judged: human or model.", default="human")]
Pseudonyms = Annotated[bool, _option("Call the annotators annotator_1 and so on, and keep no name.", "--pseudonyms")]
Id = Annotated[str | None, _option("The id of the dataset.", default="the name of the folder")]
Called = Annotated[str | None, _option("The title of the dataset.")]
Event = Annotated[str | None, _option("What the texts are about.")]
Licence = Annotated[str | None, _option("The licence of the annotations.", "--license")]
Rights = Annotated[str | None, _option("Who holds the rights in the texts.")]


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
    explicitness: Explicitness = None,
    certainty: Certainty = None,
    probability: Probability = None,
    source_name: SourceName = None,
    target_name: TargetName = None,
    preset: Preset = None,
    mapping: Mapping = None,
    drop_label: DropLabel = None,
    split_name: SplitName = None,
    ignore_column: Ignore = None,
    recipe: RecipeName = None,
    scheme: Scheme = None,
    deciding: Deciding = None,
    origin: Origin = None,
    pseudonyms: Pseudonyms = False,
    dataset_id: Id = None,
    dataset_title: Called = None,
    event: Event = None,
    licence: Licence = None,
    rights: Rights = None,
    delimiter: Delimiter = None,
    encoding: Encoding = "utf-8",
    as_json: Json = False,
) -> None:
    """Make a dataset from an annotated table: a row per judgement, a column per annotator, or counts of votes.

    Whatever is not kept is counted and recorded in the manifest and on the card.

    Example: kazstance import coded.csv --out my_data --source party --target issue --label stance --annotator coder
    """
    given = dict(locals())  # the options are passed on by their names
    is_json = given.pop("as_json")
    _show(_import(**given), out, corpus, as_json=is_json)


def _show(record: dict[str, Any], out: Path, corpus: Path | None, *, as_json: bool) -> None:
    if as_json:
        echo_page(to_json(record | {"out": str(out)}))
    else:
        echo(f"wrote {out}" + (f" and {corpus}" if corpus else ""))


def _import(table: Path, out: Path, corpus: Path | None, **given: Any) -> dict[str, Any]:
    """Import a table, and give the record of it."""
    from kazstance.corpus.imported.roles import DETAILS
    from kazstance.input.spelling import OPTIONS, spelling
    from kazstance.input.tables import Form
    from kazstance.publish.table_import import Wanted, import_table

    roles: Any = {"id": given["text_id"], "round": given["round_"], "votes": _pairs(given["votes"], "n_pro=favor")}
    alike = ("text", "target", "source", "label", "annotator", "document", "date", "title", "url", "language")
    roles |= {role: given[role] for role in (*alike, "split", "holder", "evidence", "note", *DETAILS)}
    is_spelled = bool(given["preset"] or given["mapping"])
    spelled = spelling(given["preset"], given["mapping"] or (), is_auto=True) if is_spelled else None
    said = ("event", "rights", "scheme", "deciding", "origin", "pseudonyms", "source_name", "target_name")
    about = {name: given[name] for name in said} | {"id": given["dataset_id"], "title": given["dataset_title"]}
    about |= {"license": given["licence"], "splits": _pairs(given["split_name"], "dev=validation")}
    wanted = Wanted(
        roles,
        spelled,
        frozenset(given["drop_label"] or ()),
        given["ignore_column"] or (),
        about,
        given["recipe"],
        Form(delimiter_of(given["delimiter"]), given["encoding"]),
        OPTIONS,
    )
    return import_table(table, out, wanted, corpus=corpus, say=partial(echo, err=True)).model_dump(mode="json")


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
