"""Commands that say how a dataset is cited, licensed and made up, how two versions differ, and that publish one."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kazstance import dataset
from kazstance.cli.command import Data, Json, command
from kazstance.output.plain_json import to_json
from kazstance.output.staging import scratch
from kazstance.output.terminal import echo, echo_page
from kazstance.publish.changes import Changes, compare
from kazstance.publish.citation import Style, cite
from kazstance.publish.rights import rights

if TYPE_CHECKING:
    from kazstance.publish.upload import UploadPlan

REPO_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
SHOWN: Final = 20


def _repo_id(value: str) -> str:
    if not REPO_ID.fullmatch(value):
        raise typer.BadParameter(f"{value!r} is no repository; expected ORG/NAME")
    return value


@command
def cite_(
    style: Annotated[Style, typer.Option("--format", help="How to write it.")] = Style.text,
    data: Data = dataset.SHIPPED,
) -> None:
    """Say how to cite a dataset: as text, BibTeX, CITATION.cff, or metadata for Zenodo."""
    echo_page(cite(dataset.manifest(data=data), style))


@command
def license_(data: Data = dataset.SHIPPED, as_json: Json = False) -> None:
    """Say which licence holds for the code and the annotations, and whose the rights in each text are."""
    found = rights(dataset.DatasetFolder(data))
    if as_json:
        echo_page(to_json([asdict(right) for right in found]))
        return
    for right in found:
        echo(f"{right.part}: {right.what}: {right.terms}")


@command
def schema(
    table: Annotated[str | None, typer.Argument(help="The table; without it, all of them by name.")] = None,
) -> None:
    """Print the JSON Schema of the rows of a table, as `kazstance export --format jsonl` writes them."""
    from kazstance.schema.json_schema import json_schema

    echo_page(to_json(json_schema(table)))


@command
def diff(
    old: Annotated[Path, typer.Argument(help="The folder of a built dataset.")],
    new: Annotated[Path, typer.Argument(help="The folder of a later version of it.")],
    limit: Annotated[int, typer.Option(min=0, help="Name at most so many rows; 0 for all.")] = SHOWN,
    as_json: Json = False,
) -> None:
    """Say what differs between two versions of a dataset, by key, and which part of the version that changes."""
    found = compare(dataset.DatasetFolder(old), dataset.DatasetFolder(new))
    if as_json:
        echo_page(to_json({**asdict(found), "shape": [text for _, text in found.shape], **_verdict(found)}))
        return
    for (table, split, kind), count in found.counts.items():
        echo(f"{table}/{split}: {count} {kind}")
    for line in [text for _, text in found.shape]:
        echo(line)
    rows = sorted(found.rows, key=lambda row: -row.part)
    for row in rows[: limit or None]:
        echo(f"  {row}")
    if limit and len(rows) > limit:
        echo(f"  and {len(rows) - limit} more; --limit 0 names all")
    echo(f"{found.old} -> {found.new}: {_said(found)}")


@command
def publish(
    repo_id: Annotated[str, typer.Option(help="The repository on the Hub, as ORG/NAME.", callback=_repo_id)],
    data: Data = dataset.SHIPPED,
    yes: Annotated[bool, typer.Option("--yes", help="Upload; without it, only say what would change.")] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Where the repository has to be made, make it private.")
    ] = False,
    token_file: Annotated[
        Path | None, typer.Option(help="A file with the token; without it, HF_TOKEN or the one that `hf` has stored.")
    ] = None,
) -> None:
    """Publish a dataset on the Hugging Face Hub: one commit with card, data, metadata, licences; tagged by version."""
    from kazstance.publish import upload
    from kazstance.publish.hub import stage

    hub = upload.connect(upload.read_token(token_file) if token_file else None)
    home = hub.home(repo_id)
    with scratch() as room:
        folder = room / "hub"
        opened = dataset.DatasetFolder(data)
        stage(opened, folder, home)
        todo = upload.plan(hub, folder, repo_id, opened.manifest.version)
        _print_plan(todo, home)
        if todo.is_done:
            return
        if not yes:
            echo("nothing was uploaded; say --yes to upload")
            return
        commit = upload.upload(hub, todo, private=private)
    echo(f"published {todo.tag}, commit {commit}")


def _print_plan(todo: "UploadPlan", home: str) -> None:
    if todo.is_done:
        echo(f"{home} holds this dataset, tagged {todo.tag}; nothing to upload")
        return
    echo(home if todo.head else f"{home} does not exist, or cannot be seen without a token; --yes creates it")
    for change in todo.changes:
        echo(f"{change.kind} {change.path} ({change.bytes} bytes)")
    tag = f"the tag {todo.tag} {'exists' if todo.is_tagged else 'does not exist yet'}"
    echo(f"files that differ: {len(todo.changes)}; {tag}")


def _verdict(found: Changes) -> dict[str, object]:
    return {"part": found.part.name, "least": found.least, "is_enough": found.is_enough}


def _said(found: Changes) -> str:
    if not found.part:
        return "no row, field or fold differs"
    enough = "is enough" if found.is_enough else "is not enough"
    return f"a {found.part.name} change, {found.least} at least; {found.new} {enough}"
