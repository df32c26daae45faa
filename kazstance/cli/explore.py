"""The command that writes or serves a page to explore a dataset."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from kazstance import dataset, interrupts
from kazstance.cli.command import Data, Json, command
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.output.staging import scratch
from kazstance.output.suffix import PAGES, suffix_of
from kazstance.output.terminal import echo, echo_page
from kazstance.schema import MANIFEST, STAND_OFF

PAGE = Path("explorer.html")
MANY = 20_000
"""Number of stances from which on the comparison is announced."""
LARGE = 20_000_000
"""Size in bytes above which a page opens slowly."""


@command
def explore(
    corpus: Annotated[
        Path | None, typer.Argument(help="A built dataset, or a corpus folder, which is built first.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The page to write.", show_default=str(PAGE))] = None,
    data: Data = dataset.SHIPPED,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the page on this machine instead of writing it, for large data.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port for --serve; 0 picks a free one.")] = 8000,
    as_json: Json = False,
) -> None:
    """Write or serve a page to explore positions, sentences, texts and labels.

    The page is one HTML file that works offline.

    Example: kazstance explore --out page.html
    """
    if serve and out:
        raise typer.BadParameter("--serve does not write a file; pass --out or --serve, not both")
    if corpus and data != dataset.SHIPPED:
        raise typer.BadParameter("both CORPUS and --data name the data; pass only one of them")
    if out:
        suffix_of(out, "kind of page", PAGES)
    with _built(corpus or data) as found:
        if serve:
            _serve(found, port, as_json=as_json)
        else:
            _write(found, out or PAGE, as_json=as_json)


def _write(data: DatasetFolder, out: Path, *, as_json: bool) -> None:
    from kazstance.explorer.page import page

    content = page(data)
    write_file(content, out)
    if as_json:
        echo_page(to_json({"out": str(out), "bytes": len(content)}))
    else:
        echo(f"wrote {out}, {len(content):,} bytes; open it in a browser")
    if len(content) > LARGE:
        echo("a page this large opens slowly; kazstance explore --serve loads rows as they are needed", err=True)


def _serve(data: DatasetFolder, port: int, *, as_json: bool) -> None:
    from kazstance.explorer.server import Explorer

    if sum(file.rows for file in data.manifest.tables["stances"].values()) > MANY:
        echo("comparing the sources before the first page; with so many stances this takes a while", err=True)
    with Explorer(data, port) as server:
        echo_page(to_json({"url": server.url}) if as_json else f"{server.url}  (press Ctrl-C to stop)")
        interrupts.raise_if_swallowed()
        server.serve_forever()


@contextmanager
def _built(folder: Path) -> Iterator[DatasetFolder]:
    """A dataset; a corpus folder is built into a scratch folder first."""
    if (folder / MANIFEST).is_file() or (folder / STAND_OFF).is_file():
        yield DatasetFolder(folder)
        return
    if not (folder / "sources.toml").is_file():
        raise KazstanceError(f"{folder} has neither {MANIFEST} nor sources.toml; expected a dataset or a corpus folder")
    from kazstance.corpus.build import build

    with scratch() as data:
        build(folder, data, lambda _: None)
        yield DatasetFolder(data)
