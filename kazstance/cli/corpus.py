"""Commands that create a corpus folder, add to it, and check it."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kazstance.cli.command import Json, app, command, make_group, member
from kazstance.cli.contents import ENTRIES
from kazstance.errors import UnknownNameError
from kazstance.output.counted import counted
from kazstance.output.plain_json import to_json
from kazstance.output.terminal import Table, display, echo, echo_page
from kazstance.schema.labels import Voice

if TYPE_CHECKING:
    from kazstance.corpus.additions import Added, Stated
    from kazstance.dataset import DatasetFolder
    from kazstance.schema.records import Sentence

Files = Annotated[list[Path], typer.Argument(help="Texts: .txt, .html, .pdf or .docx.")]
Corpus = Annotated[Path, typer.Option(metavar="FOLDER", help="The corpus folder.", show_default="the current folder")]
Language = Annotated[
    str | None,
    typer.Option(help="The language, as a tag such as en or pt-BR.", show_default="that of the other sources"),
]
Rights = Annotated[str | None, typer.Option(help="The rights in the texts.", show_default="not stated")]
Speaker = Annotated[str | None, typer.Option(help="Who speaks, as annotators should read it.")]
Title = Annotated[str | None, typer.Option(help="The title.", show_default="as the file says")]
Date = Annotated[
    str | None, typer.Option(help="The date: 2022, 2022-01 or 2022-01-08.", show_default="as the file says")
]
Url = Annotated[str | None, typer.Option(help="The address.", show_default="as the file says")]
TextEncoding = Annotated[str, typer.Option("--encoding", help="Encoding of plain text, such as windows-1252.")]
HERE: Final = Path()

add = make_group(ENTRIES["add"].summary)
app.add_typer(add, name="add")
add_command = partial(command, group=add)


@command
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to create, new or empty.")],
    title: Annotated[str | None, typer.Option(help="The title of the dataset.", show_default="asked for")] = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="The id of the dataset.", show_default="made from the title")
    ] = None,
    event: Annotated[str | None, typer.Option(help="What the texts are about.", show_default="the title")] = None,
    license_: Annotated[
        str, typer.Option("--license", help="The licence of the annotations, such as CC-BY-4.0.")
    ] = "other",
    text: Annotated[
        list[Path] | None,
        typer.Option(help="A text of your own; its name becomes its source. Repeatable.", show_default="two samples"),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="A target, such as 'the harbour toll'. Repeatable.", show_default="those of the samples"),
    ] = None,
    language: Annotated[str, typer.Option(help="The language of the texts.")] = "en",
    rights: Rights = None,
    encoding: TextEncoding = "utf-8",
    as_json: Json = False,
) -> None:
    """Create a corpus folder, in which every file is explained and valid.

    Example: kazstance new my_corpus --text a.txt --text b.html --target 'the harbour toll'
    """
    from kazstance.corpus.additions import Stated
    from kazstance.corpus.scaffold import NewCorpus, new_corpus

    if title is None:
        title = typer.prompt("Title of the dataset", folder.name) if sys.stdin.isatty() and not as_json else folder.name
    wanted = NewCorpus(
        title, id_, event, license_, text or (), Stated(language, rights), target or (), encoding=encoding
    )
    _report(new_corpus(folder, wanted), as_json=as_json, out=folder)
    if not as_json:
        echo(f"wrote {folder}; next: kazstance check {folder}")


@add_command
def text(
    files: Files,
    corpus: Corpus = HERE,
    source: Annotated[
        str | None, typer.Option(help="The source of all of them.", show_default="one for each file, named after it")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The name of a single text among those of its source.", show_default="its file's")
    ] = None,
    language: Language = None,
    rights: Rights = None,
    speaker: Speaker = None,
    title: Title = None,
    date: Date = None,
    url: Url = None,
    encoding: TextEncoding = "utf-8",
    as_json: Json = False,
) -> None:
    """Add texts to a corpus folder, and their sources if they are new.

    Their digests are recorded, and the files that they come from. A text that is in the folder `texts` already is only
    recorded, again if you have changed it.

    Example: kazstance add text a.html b.pdf --corpus my_corpus --language en
    """
    from kazstance.corpus.additions import add_texts

    stated = _stated(language, rights, speaker, title, date, url)
    _report(add_texts(corpus, files, stated, source=source, name=name, encoding=encoding), as_json=as_json)


@add_command
def source(
    name: Annotated[str, typer.Argument(metavar="ID", help="The id of the source.")],
    corpus: Corpus = HERE,
    language: Language = None,
    rights: Rights = None,
    speaker: Speaker = None,
    title: Title = None,
    date: Date = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Add a source to a corpus folder; its texts can follow.

    Example: kazstance add source dockers --corpus my_corpus --language en --speaker 'the dockers'
    """
    from kazstance.corpus.additions import add_source

    added = add_source(corpus, name, _stated(language, rights, speaker, title, date, url))
    echo_page(to_json({"source": added})) if as_json else echo(
        f"added {added}; next: kazstance add text FILE --corpus {corpus} --source {added}"
    )


@add_command
def target(
    name: Annotated[str, typer.Argument(help="The name, as it fits into a sentence: 'the harbour toll'.")],
    corpus: Corpus = HERE,
    id_: Annotated[str | None, typer.Option("--id", help="The id.", show_default="made from the name")] = None,
    kind: Annotated[str | None, typer.Option(help="Its kind: issue or claim.")] = None,
    group: Annotated[str | None, typer.Option(help="Its group in the codebook.")] = None,
    definition: Annotated[str | None, typer.Option(help="What belongs to it, and what does not.")] = None,
    as_json: Json = False,
) -> None:
    """Add a target to a corpus folder; nobody has been asked about it yet.

    Example: kazstance add target 'the harbour toll' --corpus my_corpus --kind issue
    """
    from kazstance.corpus.additions import add_target, new_target
    from kazstance.schema.labels import TargetKind

    chosen = member(TargetKind, kind, "kind of target") if kind else None
    added = add_target(corpus, new_target(corpus, name, id_, kind=chosen, group=group, definition=definition))
    echo_page(to_json({"target": added})) if as_json else echo(f"added {added}: {name}")


@add_command
def splits(
    data: Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset whose splits are to be kept.")],
    corpus: Corpus = HERE,
    as_json: Json = False,
) -> None:
    """Keep the splits of a dataset: new labels and texts then move no paragraph from one split to another.

    They are written to `curation/splits.csv`. Paragraphs that are not listed there are assigned to splits around them.

    Example: kazstance add splits my_data --corpus my_corpus
    """
    from kazstance.corpus.kept_splits import keep_splits
    from kazstance.dataset import DatasetFolder

    kept = keep_splits(corpus, _sentence_splits(DatasetFolder(data)))
    if as_json:
        echo_page(to_json({"added": kept.added, "given": kept.given, "changed": kept.changed}))
        return
    echo(f"added {counted(kept.added, 'paragraph')} to curation/splits.csv")
    if kept.given:
        echo(f"left as they are: {counted(kept.given, 'paragraph')} to which the corpus already gives a split")
    if kept.changed:
        echo(f"left out: {counted(len(kept.changed), 'paragraph')} not in the corpus or with another text")


@command
def check(
    corpus: Annotated[Path, typer.Argument(help="The corpus folder.")] = HERE,
    source: Annotated[str | None, typer.Option(help="Show only the sentences of this source.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Number of sentences to show; 0 for all.")] = 20,
    page: Annotated[Path | None, typer.Option(help="Write a page with the texts, too.")] = None,
    as_json: Json = False,
) -> None:
    """Check a corpus folder, and show its sentences as they will be annotated.

    All problems are reported at once, each with its file, line and remedy.

    Example: kazstance check my_corpus --page texts.html
    """
    from kazstance.corpus.build import build
    from kazstance.dataset import DatasetFolder
    from kazstance.output.staging import scratch

    with scratch() as place:
        build(corpus, place, lambda _: None)
        found = DatasetFolder(place)
        if page:
            _write_page(found, page)
        known = [row.source_id for row in found.sources.records()]
        if source is not None and source not in known:
            raise UnknownNameError(source, "source", known)
        rows = [row for row in found.sentences.records() if source in (None, row.source_id)]
        summary = _summary(found)
    if as_json:
        echo_page(to_json(summary | {"sentences": [row.model_dump(mode="json") for row in rows]}))
        return
    _show(rows, limit or len(rows))
    for line in (*_said(summary), _next(summary, corpus)):
        echo(line)


def _sentence_splits(data: "DatasetFolder") -> Iterator[tuple[str, str, str]]:
    """Paragraph, split and text of the sentences of a dataset about which something was asked."""
    from kazstance.schema.records import SPLITS

    for split in SPLITS:
        for rows in data.batches("grid", split, ["paragraph_id", "text"]):
            yield from dict.fromkeys(
                zip(rows["paragraph_id"].to_pylist(), repeat(split), rows["text"].to_pylist(), strict=False)
            )


def _stated(
    language: str | None, rights: str | None, speaker: str | None, title: str | None, date: str | None, url: str | None
) -> "Stated":
    from kazstance.corpus.additions import Stated

    return Stated(language=language, rights=rights, speaker=speaker, title=title, date=date, url=url)


def _report(added: Sequence["Added"], *, as_json: bool, out: Path | None = None) -> None:
    """Say what was added, and how it was read."""
    if as_json:
        rows = [
            {"document": one.document_id, "file": one.file, "characters": one.characters, "tool": one.text.tool}
            for one in added
        ]
        echo_page(to_json({"texts": rows} | ({"out": str(out)} if out else {})))
        return
    for one in added:
        said = [one.text.tool and f"read by {one.text.tool}", one.text.note]
        echo(f"added {'; '.join(filter(None, [f'{one.file}, {one.characters:,} characters', *said]))}")


def _write_page(found: "DatasetFolder", out: Path) -> None:
    from kazstance.explorer.page import page
    from kazstance.output.files import write_file
    from kazstance.output.suffix import PAGES, suffix_of

    suffix_of(out, "kind of page", PAGES)
    write_file(page(found), out)


def _summary(found: "DatasetFolder") -> dict[str, Any]:
    """What is in a corpus, in numbers."""
    sentences = found.sentences.records()
    kinds = Counter(str(row.kind) for row in sentences)
    return {
        "sources": len(found.sources),
        "documents": len(found.documents),
        "targets": len(found.targets),
        "annotators": len(found.annotators),
        "units": len(sentences),
        "annotated": sum(row.annotated for row in sentences),
        "kinds": dict(kinds.most_common()),
        "quoted": sum(row.voice is Voice.quoted for row in sentences),
        "asked": len(found.grid),
    }


def _said(n: dict[str, Any]) -> list[str]:
    """The same in words."""
    kinds = ", ".join(f"{number} {kind}" for kind, number in n["kinds"].items())
    return [
        f"sources {n['sources']}, documents {n['documents']}, targets {n['targets']}, annotators {n['annotators']}",
        f"units {n['units']} ({kinds}), of which {n['annotated']} are annotated and {n['quoted']} are quoted",
        f"{n['asked']} of {n['annotated'] * n['targets']} pairs of sentence and target have been asked",
    ]


def _next(n: dict[str, Any], corpus: Path) -> str:
    """What can be done now."""
    if not n["targets"]:
        return f"nothing is wrong; next: kazstance add target 'the harbour toll' --corpus {corpus}"
    if not n["asked"]:
        return f"nothing is wrong; next: kazstance annotate export {corpus} --annotator ada --out sheets"
    return f"nothing is wrong; next: kazstance build {corpus} --out data"


def _show(rows: Sequence["Sentence"], limit: int) -> None:
    """The first sentences, each with its kind and its speaker."""
    table = Table("sentence", "kind", "speaker", "text")
    for row in rows[:limit]:
        kind = str(row.kind) if row.annotated else f"{row.kind}, not annotated"
        table.add_row(row.sentence_id, kind, row.speaker or "", row.text)
    display(table)
    if rows[limit:]:
        echo(f"{limit} of {len(rows)} units; --limit 0 shows all")
