"""Commands that show how to cite a dataset, its licences and what changed in it, and that publish and rehydrate it."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kazstance import dataset
from kazstance.cli.command import Data, Json, command, member
from kazstance.output.plain_json import to_json
from kazstance.output.staging import scratch
from kazstance.output.terminal import echo, echo_page

if TYPE_CHECKING:
    from kazstance.publish.changes import Changes
    from kazstance.publish.rehydration import Rehydrated
    from kazstance.publish.upload import UploadPlan

REPO_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
SHOWN: Final = 20


def _repo_id(value: str | None) -> str | None:
    if value is not None and not REPO_ID.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is not the name of a repository; expected ORG/NAME")
    return value


@command
def cite_(
    style: Annotated[str, typer.Option("--format", help="text, bibtex, cff (CITATION.cff) or zenodo (JSON).")] = "text",
    data: Data = dataset.SHIPPED,
    as_json: Json = False,
) -> None:
    """Print how to cite a dataset.

    Example: kazstance cite --format bibtex
    """
    from kazstance.publish.citation import Style, cite

    text = cite(dataset.manifest(data=data), member(Style, style, "format"))
    echo_page(to_json({"format": style, "citation": text}) if as_json else text)


@command
def license_(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Print the licence of code and annotations, and the rights in each text.

    Example: kazstance license
    """
    from kazstance.publish.rights import rights

    found = rights(dataset.DatasetFolder(data))
    if as_json:
        echo_page(to_json([asdict(right) for right in found]))
        return
    for right in found:
        echo(f"{right.part}: {right.what}: {right.terms}")


@command
def schema(
    table: Annotated[str | None, typer.Argument(help="The name of the table.", show_default="all tables")] = None,
) -> None:
    """Print the JSON Schema of the rows of a table.

    It describes rows as `kazstance export --format jsonl` writes them.

    Example: kazstance schema stances
    """
    from kazstance.schema.json_schema import json_schema

    echo_page(to_json(json_schema(table)))


@command
def diff(
    old: Annotated[Path, typer.Argument(help="The folder of a built dataset.")],
    new: Annotated[Path, typer.Argument(help="The folder of a later version of it.")],
    limit: Annotated[int, typer.Option(min=0, help="Number of changed rows to list; 0 for all.")] = SHOWN,
    as_json: Json = False,
) -> None:
    """Show what changed between two versions of a dataset, row by row.

    The last line says which version number the changes call for.

    Example: kazstance diff old_data my_data
    """
    from kazstance.publish.changes import compare

    most = None if as_json else limit or None
    found = compare(dataset.DatasetFolder(old), dataset.DatasetFolder(new), most)
    if as_json:
        told = {name: value for name, value in asdict(found).items() if name != "counts"}
        echo_page(to_json({**told, "shape": [text for _, text in found.shape], **_verdict(found)}))
    else:
        _print_changes(found, limit)


def _print_changes(found: "Changes", limit: int) -> None:
    for (table, split, kind), count in found.counts.items():
        echo(f"{table}/{split}: {count} {kind}")
    for line in [*(text for _, text in found.shape), *found.digests]:
        echo(line)
    rows = sorted(found.rows, key=lambda row: -row.part)
    for row in rows[: limit or None]:
        echo(f"  {row}")
    number = sum(found.counts.values())
    if limit and number > limit:
        echo(f"  and {number - limit} more; --limit 0 lists all")
    if any(kind == "moved" for _, _, kind in found.counts):
        echo("rows moved to another split; `kazstance add splits OLD` keeps paragraphs where they were")
    echo(f"{found.old} -> {found.new}: {_said(found)}")


@command
def publish(
    repo_id: Annotated[
        str | None, typer.Option(metavar="ORG/NAME", help="The dataset's repository on the Hub.", callback=_repo_id)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write what would be published into a folder instead.")] = None,
    stand_off: Annotated[
        bool, typer.Option("--stand-off", help="Publish labels, ids, offsets and hashes without any text.")
    ] = False,
    data: Data = dataset.SHIPPED,
    yes: Annotated[bool, typer.Option("--yes", help="Upload; without it, only show what would change.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Make the repository private if it has to be created.")
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(help="A file that holds the token.", show_default="HF_TOKEN, or the token stored by `hf`"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Publish a dataset on the Hugging Face Hub, tagged with its version, with or without its texts.

    Without --yes, only show which files would change; with it, change them all in one commit.

    Example: kazstance publish --repo-id my-group/my-data --data my_data
    """
    opened = dataset.DatasetFolder(data)
    if out:
        if repo_id or yes or private or token_file:
            raise typer.BadParameter("--out writes a folder and uploads nothing; pass --out or --repo-id, not both")
        _stage(opened, out, None, stand_off=stand_off)
        if as_json:
            echo_page(to_json({"out": str(out), "digest": opened.digest, "stand_off": stand_off}))
        else:
            echo(f"wrote {out}")
    elif repo_id:
        _upload(opened, repo_id, token_file, stand_off=stand_off, yes=yes, private=private, as_json=as_json)
    else:
        raise typer.BadParameter("pass --repo-id ORG/NAME to publish, or --out DIR to write the folder only")


def _stage(opened: dataset.DatasetFolder, folder: Path, home: str | None, *, stand_off: bool) -> None:
    """Write what is published into a folder."""
    if stand_off:
        from kazstance.publish.stand_off import stage_stand_off

        stage_stand_off(opened, folder)
    else:
        from kazstance.publish.hub import stage

        stage(opened, folder, home)


def _upload(
    opened: dataset.DatasetFolder,
    repo_id: str,
    token_file: Path | None,
    *,
    stand_off: bool,
    yes: bool,
    private: bool,
    as_json: bool,
) -> None:
    """Compare what is published with a repository, and upload it if that was asked for."""
    from kazstance.publish import upload

    hub = upload.connect(upload.read_token(token_file) if token_file else None)
    home = hub.home(repo_id)
    with scratch() as room:
        folder = room / "hub"
        _stage(opened, folder, home, stand_off=stand_off)
        todo = upload.plan(hub, folder, repo_id, opened.manifest.version)
        if not as_json:
            _print_plan(todo, home)
        commit = upload.upload(hub, todo, private=private) if yes and not todo.is_done else None
    if as_json:
        plan = {name: value for name, value in asdict(todo).items() if name != "folder"}
        echo_page(to_json({"home": home, **plan, "commit": commit}))
    elif commit:
        echo(f"published {todo.tag}, commit {commit}")
    elif not todo.is_done:
        echo("nothing was uploaded; pass --yes to upload")


@command
def rehydrate_(
    stand_off: Annotated[Path, typer.Argument(help="The folder of a stand-off dataset.")],
    texts: Annotated[
        Path,
        typer.Option(help="Your copy of the texts: a folder with texts/<document>.txt, a table, or a corpus folder."),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write. A dataset already there is replaced.")],
    partial: Annotated[
        bool, typer.Option("--partial", help="Leave out texts that are missing or have other sentences.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a dataset from its stand-off version and your own copy of the texts.

    Texts that are missing or have other sentences are listed, and nothing is written unless --partial is passed.

    Example: kazstance rehydrate stand_off --texts my_copies --out my_data
    """
    from kazstance.publish.rehydration import rehydrate

    found = rehydrate(stand_off, texts, out, partial=partial)
    if as_json:
        echo_page(to_json({"out": str(out), **asdict(found)}))
        return
    for line in [*(f"note: {note}" for note in found.notes), *(f"left out: {text}" for text in found.left_out)]:
        echo(line, err=True)
    echo(f"wrote {out} with the digest {found.digest}{_told(found)}")


def _told(found: "Rehydrated") -> str:
    """How a dataset compares with the one that was published."""
    if not (left := len(found.left_out)):
        return ", as published"
    total = found.documents + left
    return f": incomplete, {left} of {total} texts left out; the whole dataset has the digest {found.whole_digest}"


def _print_plan(todo: "UploadPlan", home: str) -> None:
    if todo.is_done:
        echo(f"{home} already has this dataset, tagged {todo.tag}; nothing to upload")
        return
    echo(home if todo.head else f"{home} does not exist, or cannot be seen without a token; --yes creates it")
    for change in todo.changes:
        echo(f"{change.kind} {change.path} ({change.bytes} bytes)")
    tag = f"the tag {todo.tag} {'exists' if todo.is_tagged else 'does not exist yet'}"
    echo(f"files that differ: {len(todo.changes)}; {tag}")


def _verdict(found: "Changes") -> dict[str, object]:
    return {"part": found.part.name, "least": found.least, "is_enough": found.is_enough}


def _said(found: "Changes") -> str:
    if not found.part:
        return "no rows, fields or folds differ"
    enough = "is enough" if found.is_enough else "is not enough"
    return f"a {found.part.name} change, at least {found.least}; {found.new} {enough}"
