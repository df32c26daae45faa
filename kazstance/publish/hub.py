"""The folder that goes to a Hub: a dataset with its card, its licences, its metadata, and how to cite and test it."""

import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from kazstance import dataset
from kazstance.corpus.build import Say, build
from kazstance.corpus.write import write_manifest
from kazstance.errors import KazstanceError
from kazstance.output.folders import Kind, Listed, replacing, unlisted
from kazstance.publish.card import plain_card, read_page, render
from kazstance.publish.citation import citation_cff, is_citable
from kazstance.publish.croissant import croissant
from kazstance.publish.evaluation import evaluation
from kazstance.publish.rights import licence_text
from kazstance.schema import MANIFEST

CARD: Final = "README.md"
LICENCE: Final = "LICENSE-DATA"
PAGES: Final = {CARD: "DATASET_CARD.md", "LICENSE": "LICENSE", LICENCE: "LICENSE-DATA"}
"""Pages that stand beside a dataset, and what they are called at the root of a checkout."""


def _listed(folder: Path) -> Listed | None:
    """The files that the manifest of a dataset lists: tables whatever they hold, pages as they were written.

    A page that somebody has edited is theirs.
    """
    try:
        found = dataset.manifest(data=folder)
    except (KazstanceError, OSError, RecursionError):
        return None
    tables = {f"{table}/{split}.parquet": None for table, files in found.tables.items() for split in files}
    return {MANIFEST: None, **tables, **found.pages}


DATASET: Final = Kind("dataset", MANIFEST, _listed)
"""The folder of a built dataset."""
WRITTEN: Final = (CARD, LICENCE, "CITATION.cff")
"""Pages that people write themselves; theirs stand, where a dataset is built anew around them."""


def build_dataset(corpus: Path, out: Path, say: Say = print) -> None:
    """Build the dataset of a corpus folder with its pages, in the place of the dataset that is there.

    Raises:
        InputError: with every problem found in the corpus.
        KazstanceError: `out` is there and is not a dataset, or holds a file that would be overwritten.
    """
    with replacing(out, DATASET) as folder:
        build(corpus, folder, say)
        own = [name for name in unlisted(out, DATASET) if name in WRITTEN]
        _add_pages(folder, {name: page for name, page in pages(folder).items() if name not in own})


def stage(data: Path, out: Path, home: str | None = None) -> None:
    """Put all that is published into a folder, which is replaced as a whole.

    `home` is the address of the repository, where it is known. Pages that stand beside the dataset are taken along, the
    card with its generated blocks made anew; those that are missing are made.

    Raises:
        KazstanceError: `out` is there and is not a dataset, or holds a file that would be overwritten.
        IntegrityError: `data` is not as its manifest says.
    """
    content = pages(data, home)
    files = [file.path for split in dataset.manifest(data=data).tables.values() for file in split.values()]
    with replacing(out, DATASET) as folder:
        for name in [MANIFEST, *files]:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(data / name, folder / name)
        _add_pages(folder, content)


def _add_pages(folder: Path, content: Mapping[str, str]) -> None:
    """Write pages beside a dataset, and list them in its manifest."""
    digests = {}
    for name, page in content.items():
        (folder / name).write_text(page, encoding="utf-8", newline="")
        digests[name] = sha256(page.encode()).hexdigest()
    write_manifest(folder, dataset.manifest(data=folder).model_copy(update={"pages": digests}))


def pages(data: Path, home: str | None = None) -> Mapping[str, str]:
    """All that is published beside the tables and the manifest, by name.

    Raises:
        IntegrityError: `data` is not as its manifest says.
        KazstanceError: a page is no UTF-8.
    """
    found = dataset.verify(data=data)
    there = {name: read_page(file) for name in PAGES if (file := _place(data, name)).is_file()}
    made = {
        CARD: render(there[CARD], data) if CARD in there else plain_card(data),
        LICENCE: there.get(LICENCE) or licence_text(data),
        "croissant.json": croissant(data, home),
        "CITATION.cff": citation_cff(found) if is_citable(found) else None,
        "eval.yaml": evaluation(found),
    }
    return there | {name: page for name, page in made.items() if page is not None}


def _place(data: Path, name: str) -> Path:
    """Where a page stands: beside the dataset; for the shipped one in a checkout, at its root."""
    root = dataset.SHIPPED.parents[1]
    is_checkout = data.resolve() == dataset.SHIPPED.resolve() and (root / PAGES[CARD]).is_file()
    return root / PAGES[name] if is_checkout else data / name
