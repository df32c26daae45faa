"""A stand-off dataset joined with its texts: the same dataset, or a list of the texts that are missing or differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.corpus.inputs import Header
from kazstance.corpus.matching import Match, match
from kazstance.corpus.own_copies import read_own_copies
from kazstance.corpus.write import DatasetWriter
from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import InputError, IntegrityError, Problem
from kazstance.output.folders import replacing
from kazstance.output.staging import scratch
from kazstance.paths import StrPath
from kazstance.publish.hub import DATASET, LICENCE, add_pages, finished_pages
from kazstance.publish.quotations import restore
from kazstance.publish.remainder import kept_rows, remainder, remainder_manifest
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
    """The digest of the dataset that was written."""
    whole_digest: str
    """The digest of the dataset that was published: the same, unless texts were left out."""
    documents: int
    """Number of its documents that are there."""
    notes: tuple[str, ...]
    """Copies that differ from the texts that were annotated, though none of their sentences does."""
    left_out: tuple[str, ...] = ()
    """Texts that are missing or have other sentences, and why; they are in no table."""


def rehydrate(stand_off: StrPath, texts: StrPath, out: StrPath, *, partial: bool = False) -> Rehydrated:
    """Make the dataset of a stand-off dataset with somebody's own copies of its texts, replacing an existing dataset.

    Args:
        stand_off: the folder of the stand-off dataset.
        texts: a folder with `texts/<document>.txt`, a table of documents or sentences, or a corpus folder.
        out: the folder to write.
        partial: leave out texts that are missing or have other sentences, and all rows about them.

    Raises:
        KazstanceError: `stand_off` is not a stand-off dataset, or `out` exists and is not a dataset.
        InputError: texts are missing or have other sentences, all of them if `partial`; all are listed.
        IntegrityError: the stand-off dataset is damaged.
    """
    import yaml  # noqa: F401, PLC0415  # writes the card, so say at the beginning that it is missing

    folder = StandOffFolder(stand_off)
    found = list(match(folder.wanted(), read_own_copies(texts)))
    faults = [Problem(str(texts), None, one.wanted.document_id, one.fault) for one in found if one.fault]
    if faults and not (partial and len(faults) < len(found)):
        whole = f"{len(found) - len(faults)} of {len(found)} texts are complete; expected all of them"
        raise InputError([*faults, Problem(str(texts), None, None, whole)])
    rejoined = Rejoined(folder, found)
    with replacing(out, DATASET) as fresh:
        built = _write_remainder(rejoined, fresh) if faults else _write_whole(rejoined, fresh)
        add_pages(fresh, built, _licences(folder))
        add_pages(fresh, built, finished_pages(DatasetFolder(fresh), None))
        _check_whole(DatasetFolder(fresh), folder)
    notes = tuple(f"{one.wanted.document_id}: {one.note}" for one in found if one.note)
    return Rehydrated(
        built.digest, rejoined.stated.digest, len(found) - len(faults), notes, tuple(map(str, sorted(faults)))
    )


class Rejoined:
    """The rows of a stand-off dataset with their texts; rows about texts that have a fault are left out."""

    def __init__(self, folder: StandOffFolder, found: Sequence[Match]) -> None:
        """Join rows and texts.

        Args:
            folder: the stand-off dataset.
            found: what somebody's own copies give of each text.
        """
        self._folder = folder
        self.missing = [one.wanted.document_id for one in found if one.fault]
        """The texts that have a fault."""
        rows = folder.sentences
        by_document = {one.wanted.document_id: iter(one.sentences) for one in found}
        texts = [next(by_document[document]) for document in rows["document_id"].to_pylist()]
        lost = pc.is_in(rows["document_id"], value_set=pa.array(self.missing, pa.string()))
        self._texts = [None if is_lost else text for text, is_lost in zip(texts, lost.to_pylist(), strict=True)]
        ids, paragraphs = (rows[name].combine_chunks() for name in ("sentence_id", "paragraph_id"))
        self._sentences = SentenceTexts(ids, paragraphs, [text or "" for text in self._texts])
        self._kept_sentences = ids.filter(pc.invert(lost).combine_chunks())
        self._kept = [one.wanted.document_id for one in found if not one.fault]
        self.stated = changed_manifest(folder.manifest.dataset, self._restore)
        """The manifest of the dataset that was published."""

    def tables(self) -> Iterator[tuple[str, str, pa.Table]]:
        """The rows of all tables with their texts, few at a time, and none that follow from others if some lack."""
        for table, spec in TABLES.items():
            for split in spec.splits:
                schema = self._folder.schema(table, split)
                for batch in self._folder.batches(table, split):
                    kept = kept_rows(table, batch, self._kept, self._kept_sentences) if self.missing else batch
                    columns = self._restored(table, dict(zip(kept.schema.names, kept.columns, strict=True)))
                    yield table, split, pa.table([columns[field.name] for field in schema], schema=schema)

    def _restored(self, table: str, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """Columns with their texts."""
        found = {name: changed_texts(name, column, self._restore) for name, column in columns.items() if name != HASH}
        repeated = REPEATED.get(table, {})
        numbered = {ids: self._sentences.numbers(columns[ids]) for ids, _ in repeated.values()}
        for name, (ids, place) in repeated.items():
            numbers = numbered[ids]
            other = found[name].to_pylist() if name in found else [None] * len(numbers)
            due = (
                self._sentences.shown(number, place) if text is None else text
                for number, text in zip(numbers, other, strict=True)
            )
            found[name] = pa.array(due, pa.string())
        return found

    def _restore(self, text: str) -> str:
        return restore(text, self._texts)


def _write_whole(rejoined: Rejoined, fresh: Path) -> Manifest:
    """Write all tables; the manifest that they are to have.

    Raises:
        IntegrityError: they are not those of the dataset that was published.
    """
    stated = rejoined.stated
    built = _written(fresh, rejoined.tables(), stated)
    _check_digests(stated, built)
    return stated.model_copy(update={"tables": built.tables})


def _write_remainder(rejoined: Rejoined, fresh: Path) -> Manifest:
    """Write the tables without the rows about missing texts; the manifest that they are to have."""
    stated = rejoined.stated
    with scratch() as room:
        _written(room, rejoined.tables(), stated)
        rows = remainder(DatasetFolder(room), stated.id)
    parts = ((table, split, part) for table, splits in rows.items() for split, part in splits.items())
    return remainder_manifest(stated, _written(fresh, parts, stated).tables, rows, rejoined.missing)


def _written(folder: Path, rows: Iterable[tuple[str, str, pa.Table]], stated: Manifest) -> Manifest:
    """Write tables, with a manifest of their files."""
    header = Header.model_construct(id=stated.id, title="", version=stated.version, event="", license="")
    with DatasetWriter(folder) as writer:
        for table, split, part in rows:
            writer.add(table, split, part)
        return writer.finish(header, stated.folds, stated.inputs, tools=stated.tools)


def _check_digests(stated: Manifest, built: Manifest) -> None:
    """Check that all rows are those of the dataset that was published.

    Raises:
        IntegrityError: they are not.
    """
    lines = [
        f"{table}/{split}: with the texts, the rows have the digest {file.digest}, expected {due}"
        for table, splits in built.tables.items()
        for split, file in splits.items()
        if file.digest != (due := stated.tables[table][split].digest)
    ]
    if lines or built.digest != stated.digest:
        raise IntegrityError("\n".join([*lines, f"the digest is {built.digest}, expected {stated.digest}"]))


def _licences(folder: StandOffFolder) -> dict[str, str | bytes]:
    """The pages that state rights, as they were published."""
    found = {name: folder.page(name) for name in ("LICENSE", LICENCE)}
    return {name: page for name, page in found.items() if page is not None}


def _check_whole(written: DatasetFolder, folder: StandOffFolder) -> None:
    """Check the dataset that was written.

    Raises:
        IntegrityError: its tables do not agree with each other.
    """
    try:
        check(written).whole()
    except IntegrityError as error:
        raise IntegrityError(str(error).replace(str(written.path), str(folder.path))) from None
