"""The folder that is published: a dataset with its card, licences, metadata, citation and evaluation file."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from kazstance.dataset import PAGES, DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.dataset.verification.files import check_split_file
from kazstance.errors import IntegrityError, KazstanceError
from kazstance.output.folders import FolderKind, Listed, replacing, unlisted
from kazstance.output.staging import Say
from kazstance.output.terminal import echo
from kazstance.paths import StrPath
from kazstance.publish.card import plain_card, read_page, render
from kazstance.publish.citation import citation_cff, is_citable
from kazstance.publish.croissant import croissant
from kazstance.publish.evaluation import FILE, evaluation, is_evaluated, questions_table
from kazstance.publish.rights import licence_text
from kazstance.schema import MANIFEST
from kazstance.schema.folds import protocol_folds
from kazstance.schema.ids import check_id
from kazstance.schema.manifest import FORMAT, Manifest, sign, to_bytes
from kazstance.schema.publication import Publication

CARD: Final = "README.md"
LICENCE: Final = "LICENSE-DATA"


def _listed(folder: Path) -> Listed | None:
    """The files that the manifest of a dataset lists: tables with any content, pages only as they were written.

    A page that somebody has edited belongs to them.
    """
    try:
        found = DatasetFolder(folder).manifest
    except (KazstanceError, OSError, RecursionError):
        return None
    tables = {f"{table}/{split}.parquet": None for table, files in found.tables.items() for split in files}
    return {MANIFEST: None, **tables, **found.pages}


DATASET: Final = FolderKind("dataset", MANIFEST, _listed)
"""The folder of a built dataset."""
WRITTEN: Final = (CARD, LICENCE, "CITATION.cff")
"""Pages that people may write themselves; these are kept if the dataset is rebuilt."""


def build_dataset(corpus: StrPath, out: StrPath, say: Say = echo, *, strict: bool = False) -> None:
    """Build the dataset of a corpus folder with its pages, replacing an existing dataset.

    Args:
        corpus: the corpus folder.
        out: the folder to write.
        say: called with each line that reports what was done.
        strict: report undecided pairs, and labels or targets that a split lacks, as problems.

    Raises:
        InputError: with every problem found in the corpus.
        KazstanceError: `out` exists and is not a dataset, or holds a file that would be overwritten.
    """
    from kazstance.corpus.build import build  # noqa: PLC0415  # its packages are an extra that `stage` does without

    with replacing(out, DATASET) as folder:
        build(corpus, folder, say, strict=strict)
        built = DatasetFolder(folder)
        _read_back(built)
        own = [name for name in unlisted(out, DATASET) if name in WRITTEN]
        content = {name: page for name, page in finished_pages(built, None).items() if name not in own}
        add_pages(folder, built.manifest, content)


def join_datasets(
    folders: Sequence[DatasetFolder], out: StrPath, name: str, *, title: str | None = None, prefix: bool = False
) -> None:
    """Write several datasets as one, with its pages, replacing an existing dataset.

    Args:
        folders: the datasets, two or more.
        out: the folder to write.
        name: the id of the joined dataset.
        title: its title; by default, the titles of all.
        prefix: put the id of each dataset before its ids of sources, documents, sentences and annotators.

    Raises:
        InputError: targets with the same id differ; all are listed.
        KazstanceError: ids occur in two datasets, the datasets decide differently, or `out` is not a dataset.
    """
    from kazstance.corpus.inputs import Header  # noqa: PLC0415  # an extra
    from kazstance.corpus.write import DatasetWriter  # noqa: PLC0415
    from kazstance.publish import joined  # noqa: PLC0415
    from kazstance.publish.joined_samples import samples_of  # noqa: PLC0415

    parts = joined.parts_of(folders, prefix=prefix)
    found = [folder.manifest for folder in folders]
    header = Header(
        id=check_id(name),
        title=title or _together(one.title for one in found),
        version="1.0.0",
        event=_together(one.event for one in found),
        license=" AND ".join(dict.fromkeys(one.license for one in found)),
        deciding=found[0].deciding,
        scheme=found[0].scheme,
        publication=Publication(authors=tuple(dict.fromkeys(who for one in found for who in one.publication.authors))),
    )
    rows = joined.joined(parts, name)
    sources, targets = rows["sources"]["all"], rows["targets"]["all"]
    by_fold = dict(zip(targets["target_id"].to_pylist(), targets["fold"].to_pylist(), strict=True))
    folds = protocol_folds(sources["source_id"].to_pylist(), by_fold)
    with replacing(out, DATASET) as folder:
        with DatasetWriter(folder) as writer:
            for table, splits in rows.items():
                for split, part in splits.items():
                    writer.add(table, split, part)
            writer.finish(
                header,
                folds,
                joined.inputs_of(parts),
                tools=joined.tools_of(parts),
                rounds=joined.rounds_of(parts),
                mapped=joined.mapped_labels_of(parts),
                imported=[record for part in parts for record in part.folder.manifest.imported],
                samples=samples_of(parts),
            )
        built = DatasetFolder(folder)
        add_pages(folder, built.manifest, finished_pages(built, None))


def _together(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _read_back(dataset: DatasetFolder) -> None:
    """Check that the tables of a dataset have the bytes that were written.

    Raises:
        IntegrityError: they do not.
    """
    files = ((table, split) for table, splits in dataset.manifest.tables.items() for split in splits)
    problems = [problem for table, split in files for problem in check_split_file(dataset, table, split)]
    if problems:
        raise IntegrityError("\n".join(problems), dataset.path)


def stage(dataset: DatasetFolder, out: StrPath, home: str | None = None) -> None:
    """Write everything that is published into a folder, which is replaced as a whole.

    Pages of the dataset are included, the card with its generated blocks renewed; missing pages are generated. The
    manifest is signed with all of them.

    Args:
        dataset: the dataset.
        out: the folder to write.
        home: the address of the repository, if known.

    Raises:
        KazstanceError: `out` exists and is not a dataset or holds a file that would be overwritten; or a file to be
            published is a link; or `dataset` was built by a version with other tables.
        IntegrityError: `dataset` does not match its manifest.
    """
    if dataset.manifest.format_version < FORMAT:
        raise KazstanceError(f"{dataset.path} was built by kazstance 0.3.0 or older; build it again to publish it")
    content = pages(dataset, home)
    files = [file.path for splits in dataset.manifest.tables.values() for file in splits.values()]
    own_file(dataset.path / MANIFEST, dataset)
    with replacing(out, DATASET) as folder:
        for name in files:
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(own_file(dataset.path / name, dataset), folder / name)
        add_pages(folder, dataset.manifest, content)


def add_pages(folder: StrPath, manifest: Manifest, pages: Mapping[str, str | bytes]) -> None:
    """Add pages to a dataset, and sign its manifest with them.

    Args:
        folder: the folder of the dataset.
        manifest: its manifest, which is written.
        pages: the pages by name.
    """
    content = {name: page.encode() if isinstance(page, str) else page for name, page in pages.items()}
    for name, page in content.items():
        Path(folder, name).write_bytes(page)
    Path(folder, MANIFEST).write_bytes(to_bytes(sign(manifest, content)))


def pages(dataset: DatasetFolder, home: str | None = None) -> Mapping[str, str | bytes]:
    """Everything that is published besides the tables and the manifest, by name.

    Raises:
        IntegrityError: the tables do not match the manifest; pages may have been edited.
        KazstanceError: a page is a link or is not UTF-8.
    """
    check(dataset, with_pages=False).whole()
    return finished_pages(dataset, home)


def finished_pages(dataset: DatasetFolder, home: str | None) -> Mapping[str, str | bytes]:
    """The pages of a dataset whose tables are known to be whole."""
    found = dataset.manifest
    places = {name: own_file(dataset.page(name), dataset) for name in PAGES}
    there = {name: read_page(file) for name, file in places.items() if file.is_file()}
    with ThreadPoolExecutor(1) as other:  # most of the work is done by libraries, without the lock of Python
        questions = other.submit(questions_table, dataset) if is_evaluated(found) else None
        made: dict[str, str | bytes | None] = {
            CARD: _card(there.get(CARD), dataset),
            LICENCE: there.get(LICENCE) or licence_text(dataset),
            "croissant.json": croissant(dataset, home),
            "CITATION.cff": citation_cff(found) if is_citable(found) else None,
            "eval.yaml": evaluation(found) if is_evaluated(found) else None,
            FILE: questions.result() if questions else None,
        }
    return there | {name: page for name, page in made.items() if page is not None}


def _card(there: str | None, dataset: DatasetFolder) -> str:
    """The card of a dataset: the one that is there, or else the default one, with its figures renewed."""
    return plain_card(dataset, questions=True) if there is None else render(there, dataset, questions=True)


def own_file(file: StrPath, dataset: DatasetFolder) -> Path:
    """A file to be published, which must not be a link, since that might lead to anything on this machine.

    Raises:
        KazstanceError: it is a link, or its folder inside the dataset is one.
    """
    file = Path(file)
    for place in (file, *(parent for parent in file.parents if dataset.path in parent.parents)):
        if place.is_symlink():
            raise KazstanceError(f"{place} is a link, and links are not published; expected the file itself")
    return file
