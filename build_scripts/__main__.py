"""python -m build_scripts [--check]: build the shipped dataset, or check that it is up to date."""

import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from kazstance import dataset
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check as check_dataset
from kazstance.errors import KazstanceError
from kazstance.output.files import write_file
from kazstance.output.folders import replacing
from kazstance.output.staging import scratch
from kazstance.publish.card import read_page, render
from kazstance.publish.changes import compare
from kazstance.publish.citation import citation_cff, zenodo_json
from kazstance.publish.hub import DATASET, stage
from kazstance.schema import MANIFEST
from kazstance.schema.manifest import Manifest, sign, to_bytes

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "DATASET_CARD.md")
METADATA = {"CITATION.cff": citation_cff, ".zenodo.json": zenodo_json}
STATED = tuple(name for name in Manifest.model_fields if name not in ("tables", "tools", "manifest_sha256"))
"""The fields of the manifest that do not depend on the tools that wrote the files."""


def build_all() -> None:
    """Build kazstance/data, the generated blocks of the pages, the metadata, and build/hub."""
    with replacing(dataset.SHIPPED, DATASET) as folder:
        build(ROOT / "raw", folder)
    built = DatasetFolder()
    for page in PAGES:
        write_file(render(read_page(ROOT / page), built).encode(), ROOT / page)
    manifest = _with_pages(built.manifest)
    write_file(to_bytes(manifest), dataset.SHIPPED / MANIFEST)
    for name, write in METADATA.items():
        write_file(write(manifest).encode(), ROOT / name)
    out = ROOT / "build" / "hub"
    if (out / MANIFEST).is_file() and DatasetFolder(out).manifest.format_version == 1:
        shutil.rmtree(out)  # staged by 0.3.0 or older, which lists no pages
    stage(DatasetFolder(), out)


def check() -> list[str]:
    """The differences between the existing dataset and pages and those that would be built."""
    with scratch() as data:
        build(ROOT / "raw", data)
        there, made = DatasetFolder(), DatasetFolder(data)
        found = compare(there, made)
        stale = [*(text for _, text in found.shape), *map(str, found.rows)]
        for page in PAGES:
            if render(read_page(ROOT / page), made) != read_page(ROOT / page):
                stale.append(f"{page}: a generated block")
        fresh = _with_pages(made.manifest)
    stale += [name for name, write in METADATA.items() if write(fresh) != text_of(ROOT / name)]
    stale += [f"{MANIFEST}: {name}" for name in STATED if getattr(fresh, name) != getattr(there.manifest, name)]
    return stale or list(check_dataset(there).problems)


def _with_pages(manifest: Manifest) -> Manifest:
    """A manifest of the shipped dataset, signed with the pages that the wheel puts next to it."""
    places = {name: DatasetFolder().page(name) for name in dataset.PAGES}
    return sign(manifest, {name: place.read_bytes() for name, place in places.items()})


def text_of(file: Path) -> str:
    """A page, or an empty text if it is missing."""
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def main(
    is_check: Annotated[
        bool, typer.Option("--check", help="Build nothing; exit with 1 if something is stale.")
    ] = False,
) -> None:
    """Build the shipped dataset from raw/, or check it."""
    started = time.perf_counter()
    stale = []
    try:
        if is_check:
            stale = check()
        else:
            build_all()
    except KazstanceError as error:
        sys.exit(str(error))
    print(f"{'checked' if is_check else 'built'} in {time.perf_counter() - started:.1f} s")
    if stale:
        sys.exit("\n".join(["stale, run `python -m build_scripts`:", *stale]))


if __name__ == "__main__":
    typer.run(main)
