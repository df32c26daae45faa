"""The folder that goes to a Hub: a dataset with its card, its licences, its metadata, and how to cite and test it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kazstance import dataset
from kazstance.corpus.write import replacing
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


def stage(data: Path, out: Path, home: str | None = None) -> None:
    """Put all that is published into a folder, which is replaced as a whole.

    `home` is the address of the repository, where it is known. Pages that stand beside the dataset are taken along, the
    card with its generated blocks made anew; those that are missing are made.

    Raises:
        KazstanceError: `out` is there and is no dataset.
        IntegrityError: `data` is not as its manifest says.
    """
    content = pages(data, home)
    files = [file.path for split in dataset.manifest(data=data).tables.values() for file in split.values()]
    with replacing(out) as folder:
        for name in [MANIFEST, *files]:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(data / name, folder / name)
        for name, page in content.items():
            (folder / name).write_text(page, encoding="utf-8")


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
