"""A stand-off dataset joined with its texts: the same dataset, or a list of the texts that are missing or differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from kazstance.corpus.inputs import Header
from kazstance.corpus.matching import Match, match
from kazstance.corpus.own_copies import read_own_copies
from kazstance.corpus.write import DatasetWriter
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import InputError, IntegrityError, Problem
from kazstance.output.folders import replacing
from kazstance.paths import StrPath
from kazstance.publish.hub import DATASET, LICENCE, add_pages, finished_pages
from kazstance.publish.quotations import restore
from kazstance.publish.sentence_texts import SentenceTexts
from kazstance.publish.stand_off import changed_manifest, changed_texts
from kazstance.publish.stand_off_folder import StandOffFolder
from kazstance.schema.manifest import Manifest
from kazstance.schema.records import TABLES
from kazstance.schema.stand_off import HASH, REPEATED


@dataclass(frozen=True)
class Rehydrated:
    """What became of a stand-off dataset."""

    digest: str
    """The digest of the dataset: the one that was published."""
    documents: int
    """Number of its documents."""
    notes: tuple[str, ...]
    """Copies that differ from the texts that were annotated, though none of their sentences does."""


def rehydrate(stand_off: StrPath, texts: StrPath, out: StrPath) -> Rehydrated:
    """Make the dataset of a stand-off dataset with somebody's own copies of its texts, replacing an existing dataset.

    Args:
        stand_off: the folder of the stand-off dataset.
        texts: a folder with `texts/<document>.txt`, a table of documents, or a corpus folder.
        out: the folder to write.

    Raises:
        KazstanceError: `stand_off` is not a stand-off dataset, or `out` exists and is not a dataset.
        InputError: texts are missing or have other sentences; all are listed.
        IntegrityError: the stand-off dataset is damaged.
    """
    folder = StandOffFolder(stand_off)
    wanted = folder.wanted()
    found = list(match(wanted, read_own_copies(texts)))
    _check_matches(texts, found)
    sentences = _sentences(folder, found)
    stated = changed_manifest(folder.manifest.dataset, partial(restore, sentences=sentences.texts))
    with replacing(out, DATASET) as fresh:
        built = _write(folder, fresh, sentences)
        _check_digests(folder.path, built, stated)
        _finish(folder, fresh, stated.model_copy(update={"tables": built.tables}))
    notes = tuple(f"{one.wanted.document_id}: {one.note}" for one in found if one.note)
    return Rehydrated(built.digest, len(wanted), notes)


def _write(folder: StandOffFolder, fresh: Path, sentences: SentenceTexts) -> Manifest:
    """Write all tables with their texts."""
    stated = folder.manifest.dataset
    with DatasetWriter(fresh) as writer:
        for table, split, rows in _tables(folder, sentences):
            writer.add(table, split, rows)
        header = Header.model_construct(id=stated.id, title="", version=stated.version, event="", license="")
        return writer.finish(header, stated.folds, stated.inputs, tools=stated.tools)


def _check_matches(texts: StrPath, found: Sequence[Match]) -> None:
    """Check that all sentences are there.

    Raises:
        InputError: they are not; the message names every text that is missing or differs.
    """
    faults = [one for one in found if one.fault]
    if faults:
        whole = f"{len(found) - len(faults)} of {len(found)} texts are complete; expected all of them"
        problems = [Problem(str(texts), None, one.wanted.document_id, one.fault) for one in faults]
        raise InputError([*problems, Problem(str(texts), None, None, whole)])


def _sentences(folder: StandOffFolder, found: Sequence[Match]) -> SentenceTexts:
    """The texts of all sentences, in the order of the table."""
    by_document = {one.wanted.document_id: iter(one.sentences) for one in found}
    rows = folder.sentences
    texts = [next(by_document[document]) or "" for document in rows["document_id"].to_pylist()]
    return SentenceTexts(rows["sentence_id"].combine_chunks(), rows["paragraph_id"].combine_chunks(), texts)


def _tables(folder: StandOffFolder, sentences: SentenceTexts) -> Iterator[tuple[str, str, pa.Table]]:
    """The rows of all tables with their texts, few at a time."""
    for table, spec in TABLES.items():
        for split in spec.splits:
            schema = folder.schema(table, split)
            for batch in folder.batches(table, split):
                columns = _restored(table, dict(zip(batch.schema.names, batch.columns, strict=True)), sentences)
                yield table, split, pa.table([columns[field.name] for field in schema], schema=schema)


def _restored(table: str, columns: Mapping[str, pa.Array], sentences: SentenceTexts) -> dict[str, pa.Array]:
    """Columns with their texts."""
    plain = partial(restore, sentences=sentences.texts)
    found = {name: changed_texts(name, column, plain) for name, column in columns.items() if name != HASH}
    for name, (ids, place) in REPEATED.get(table, {}).items():
        numbers = sentences.numbers(columns[ids])
        other = found[name].to_pylist() if name in found else [None] * len(numbers)
        found[name] = pa.array(
            [
                sentences.shown(number, place) if text is None else text
                for number, text in zip(numbers, other, strict=True)
            ],
            pa.string(),
        )
    return found


def _check_digests(path: Path, built: Manifest, stated: Manifest) -> None:
    """Check that all rows are those of the dataset.

    Raises:
        IntegrityError: they are not.
    """
    lines = [
        f"{path}: {table}/{split}: with the texts, the rows have the digest {file.digest}, expected {due}"
        for table, splits in built.tables.items()
        for split, file in splits.items()
        if file.digest != (due := stated.tables[table][split].digest)
    ]
    if lines or built.digest != stated.digest:
        lines = lines or [f"{path}: the digest is {built.digest}, expected {stated.digest}"]
        raise IntegrityError("\n".join(lines))


def _finish(folder: StandOffFolder, fresh: Path, manifest: Manifest) -> None:
    """Add the manifest and the pages, and check the whole dataset.

    Raises:
        IntegrityError: its tables do not agree with each other.
    """
    for name in ("LICENSE", LICENCE):
        if page := folder.page(name):
            (fresh / name).write_bytes(page)
    add_pages(fresh, manifest, {})
    add_pages(fresh, manifest, finished_pages(DatasetFolder(fresh), None))
    try:
        check(DatasetFolder(fresh)).whole()
    except IntegrityError as error:
        raise IntegrityError(str(error).replace(str(fresh), str(folder.path))) from None
