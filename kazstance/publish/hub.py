"""The folder that goes to a Hub: a dataset with its card, its licences, its metadata, and how to cite and test it."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kazstance import dataset
from kazstance.dataset.verification.check import check
from kazstance.dataset.verification.files import check_split_file
from kazstance.errors import IntegrityError, KazstanceError
from kazstance.output.folders import Kind, Listed, replacing, unlisted
from kazstance.output.staging import Say
from kazstance.output.terminal import echo
from kazstance.publish.card import plain_card, read_page, render
from kazstance.publish.citation import citation_cff, is_citable
from kazstance.publish.croissant import croissant
from kazstance.publish.evaluation import evaluation
from kazstance.publish.rights import licence_text
from kazstance.schema import MANIFEST
from kazstance.schema.manifest import FORMAT, Manifest, sign, to_bytes

CARD: Final = "README.md"
LICENCE: Final = "LICENSE-DATA"


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


def build_dataset(corpus: Path, out: Path, say: Say = echo, *, strict: bool = False) -> None:
    """Build the dataset of a corpus folder with its pages, in the place of the dataset that is there.

    `strict` takes pairs that are undecided, and labels that a split lacks, for problems.

    Raises:
        InputError: with every problem found in the corpus.
        KazstanceError: `out` is there and is not a dataset, or holds a file that would be overwritten.
    """
    from kazstance.corpus.build import build  # noqa: PLC0415  # its packages are an extra that `stage` does without

    with replacing(out, DATASET) as folder:
        _read_back(folder, build(corpus, folder, say, strict=strict))
        own = [name for name in unlisted(out, DATASET) if name in WRITTEN]
        _add_pages(folder, {name: page for name, page in _pages(folder, None).items() if name not in own})


def _read_back(folder: Path, manifest: Manifest) -> None:
    """See that the tables of a dataset have the bytes that were written.

    Raises:
        IntegrityError: they do not.
    """
    files = (file for splits in manifest.tables.values() for file in splits.values())
    problems = [problem for file in files for problem in check_split_file(folder / file.path, file)]
    if problems:
        raise IntegrityError("\n".join(problems), folder)


def stage(data: Path, out: Path, home: str | None = None) -> None:
    """Put all that is published into a folder, which is replaced as a whole.

    `home` is the address of the repository, where it is known. Pages that are beside the dataset are taken along, the
    card with its generated blocks made anew; those that are missing are made. The manifest is signed with all of them.

    Raises:
        KazstanceError: `out` is there and is not a dataset, or holds a file that would be overwritten; or what is to be
            published is a link, or was built by a version whose tables are others today.
        IntegrityError: `data` is not as its manifest says.
    """
    if dataset.manifest(data=data).format_version < FORMAT:
        raise KazstanceError(f"{data} was built by kazstance 0.3.0 or older; build it again to publish it")
    content = pages(data, home)
    files = [file.path for splits in dataset.manifest(data=data).tables.values() for file in splits.values()]
    with replacing(out, DATASET) as folder:
        for name in [MANIFEST, *files]:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(_own(data / name, data), folder / name)
        _add_pages(folder, content)


def _add_pages(folder: Path, pages: Mapping[str, str]) -> None:
    """Write pages beside a dataset, and sign its manifest with them."""
    content = {name: page.encode() for name, page in pages.items()}
    for name, page in content.items():
        (folder / name).write_bytes(page)
    (folder / MANIFEST).write_bytes(to_bytes(sign(dataset.manifest(data=folder), content)))


def pages(data: Path, home: str | None = None) -> Mapping[str, str]:
    """All that is published beside the tables and the manifest, by name.

    Raises:
        IntegrityError: the tables or the manifest of `data` are not as the manifest says; pages may have been edited.
        KazstanceError: a page is a link or is not UTF-8.
    """
    check(data, pages=None).whole()
    return _pages(data, home)


def _pages(data: Path, home: str | None) -> Mapping[str, str]:
    """The pages of a dataset whose tables are known to be whole."""
    found = dataset.manifest(data=data)
    places = {name: _own(dataset.page_place(data, name), data) for name in dataset.PAGES}
    there = {name: read_page(file) for name, file in places.items() if file.is_file()}
    made = {
        CARD: render(there[CARD], data) if CARD in there else plain_card(data),
        LICENCE: there.get(LICENCE) or licence_text(data),
        "croissant.json": croissant(data, home),
        "CITATION.cff": citation_cff(found) if is_citable(found) else None,
        "eval.yaml": evaluation(found),
    }
    return there | {name: page for name, page in made.items() if page is not None}


def _own(file: Path, data: Path) -> Path:
    """A file to be published, which has to be there itself: a link might lead to anything on this machine.

    Raises:
        KazstanceError: it is a link, or its folder inside the dataset is one.
    """
    for place in (file, *(parent for parent in file.parents if data in parent.parents)):
        if place.is_symlink():
            raise KazstanceError(f"{place} is a link, and links are not published; expected the file itself")
    return file
