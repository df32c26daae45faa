"""The command that makes or serves a page to look at a dataset."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from kazstance import dataset
from kazstance.cli.command import Data, command
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.output.files import write_file
from kazstance.output.staging import scratch
from kazstance.output.suffix import PAGES, suffix_of
from kazstance.output.terminal import echo
from kazstance.schema import MANIFEST

PAGE = Path("explorer.html")
LARGE = 20_000_000
"""Bytes from which a page is slow to open."""


@command
def explore(
    corpus: Annotated[Path | None, typer.Argument(help="A built dataset, or a corpus folder to build first.")] = None,
    out: Annotated[Path | None, typer.Option(help=f"The page to write; without it, {PAGE}.")] = None,
    data: Data = dataset.SHIPPED,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the page to this machine instead: for large data.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of --serve; 0 for any that is free.")] = 8000,
) -> None:
    """Write one HTML file to look at positions, sentences, texts and histories of labels, offline; or serve it."""
    if serve and out:
        raise typer.BadParameter("--serve writes no file; leave --out or --serve out")
    if corpus and data != dataset.SHIPPED:
        raise typer.BadParameter("CORPUS and --data both name the data; leave one of them out")
    if out:
        suffix_of(out, "kind of page", PAGES)
    with _built(corpus or data) as found:
        if serve:
            _serve(found, port)
        else:
            _write(found, out or PAGE)


def _write(data: DatasetFolder, out: Path) -> None:
    from kazstance.explorer.page import page

    content = page(data)
    write_file(content, out)
    echo(f"wrote {out}, {len(content):,} bytes; open it in a browser")
    if len(content) > LARGE:
        echo("so large a page opens slowly; kazstance explore --serve fetches rows as they are asked for")


def _serve(data: DatasetFolder, port: int) -> None:
    from kazstance.explorer.server import Explorer

    with Explorer(data, port) as server:
        echo(f"{server.url}  (Ctrl-C ends it)")
        server.serve_forever()


@contextmanager
def _built(folder: Path) -> Iterator[DatasetFolder]:
    """A dataset; a corpus folder is built into a scratch folder first."""
    if (folder / MANIFEST).is_file():
        yield DatasetFolder(folder)
        return
    if not (folder / "sources.toml").is_file():
        raise KazstanceError(
            f"{folder} holds neither {MANIFEST} nor sources.toml; expected a dataset or a corpus folder"
        )
    from kazstance.corpus.build import build

    with scratch() as data:
        build(folder, data, lambda _: None)
        yield DatasetFolder(data)
