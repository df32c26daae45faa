"""A dataset without its texts: ids, offsets, hashes and labels, from which anyone who has the texts can make it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from kazstance.dataset import DatasetFolder
from kazstance.dataset.verification.check import check
from kazstance.errors import InputError, KazstanceError, Problem
from kazstance.output.folders import FolderKind, Listed, replacing
from kazstance.output.markdown import address, code, markdown_table, plain
from kazstance.paths import StrPath
from kazstance.publish.card import front_matter, read_page, render
from kazstance.publish.citation import citation_cff, is_citable
from kazstance.publish.hub import CARD, LICENCE, own_file
from kazstance.publish.quotations import RUN, Quotations, find_runs, words
from kazstance.publish.rights import licence_text
from kazstance.publish.sentence_texts import SentenceTexts
from kazstance.schema import STAND_OFF
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import ProbeKind
from kazstance.schema.manifest import FORMAT, Manifest
from kazstance.schema.records import TABLES
from kazstance.schema.stand_off import (
    HASH,
    REPEATED,
    STAND_OFF_FORMAT,
    StandOff,
    StandOffFile,
    is_left_out,
    read_stand_off,
    stand_off_bytes,
)

Change = Callable[[str], str]
REFERRING: Final = ("sentence_a", "sentence_b", "source_a", "source_b", "duplicate_of", "copy_of")
"""Columns of ids whose names do not end in `_id`."""
LISTED: Final = 100
"""How many texts the card lists."""
FIXED: Final = ("id", "tables", "folds", "inputs", "tools", "pages")
"""The fields of a manifest that hold ids, names of files and digests."""
CARD_TEXT: Final = """
# {title}, without the texts

This is a stand-off dataset: it has the labels, and everything else that was made from the texts, but not the texts
themselves. If you have them, you can make the whole dataset with kazstance and its extra `build`:

```text
kazstance rehydrate THIS_FOLDER --texts TEXTS --out DATASET
```

`TEXTS` is a folder with a file `texts/<document>.txt` in UTF-8 for each document below; a table (`.csv`, `.jsonl` or
`.parquet`) with the columns `document_id` and `text`, or with the column `text` and a row for each sentence; or a
corpus folder. Files may have other names if their content is the same. Every sentence of your copy is compared with its
hash, and every table with its digest. The result is the dataset with the digest below, or a list of the texts that are
missing or differ.

```text
{digest}
```

Columns of texts are left out of the tables; `sentences` has the hash of each text and its place in the raw text. Where
anything else has eight or more words in a row in common with a text (a title, or the note of an annotator), these words
are replaced by a reference to the sentence, which begins with `⟦text⟧`, and are put back by `rehydrate`. Shorter
quotations remain in notes.

## Texts

{texts}

## Tables

<!-- generated: tables -->
<!-- end -->

## Labels

<!-- generated: labels -->
<!-- end -->

<!-- generated: asked -->
<!-- end -->

## Who or what judged

<!-- generated: annotators -->
<!-- end -->

## Targets

<!-- generated: targets -->
<!-- end -->
"""


def _listed(folder: Path) -> Listed | None:
    """The files that the manifest of a stand-off dataset lists."""
    try:
        found = read_stand_off(folder)
    except (KazstanceError, OSError, RecursionError):
        return None
    tables = {f"{table}/{split}.parquet": None for table, splits in found.files.items() for split in splits}
    return {STAND_OFF: None, **tables, **found.pages}


STAND_OFF_FOLDER: Final = FolderKind("stand-off dataset", STAND_OFF, _listed)
"""The folder of a stand-off dataset."""


def stage_stand_off(dataset: DatasetFolder, out: StrPath) -> None:
    """Write a dataset without its texts into a folder, which is replaced as a whole.

    Wherever else eight or more words in a row are those of a text, as in notes and titles, they are left out as well,
    and come back with the texts.

    Args:
        dataset: the dataset.
        out: the folder to write.

    Raises:
        KazstanceError: `out` exists and is not a stand-off dataset, a page is a link, `dataset` was built by a version
            with other tables, or a repair inserts eight words or more.
        IntegrityError: `dataset` does not match its manifest.
    """
    import yaml  # noqa: F401, PLC0415  # writes the card, so say at the beginning that it is missing

    if dataset.manifest.format_version < FORMAT:
        raise KazstanceError(f"{dataset.path} was built by kazstance 0.3.0 or older; build it again to publish it")
    check(dataset, with_pages=False).whole()
    _check_repairs(dataset)
    pages, found = _pages(dataset), _texts(dataset)
    quotations = _quotations(dataset, pages, found)
    writer = _Writer(dataset, found, quotations)
    with replacing(out, STAND_OFF_FOLDER) as folder:
        files = {
            table: {split: writer.write(folder, table, split) for split in spec.splits}
            for table, spec in TABLES.items()
        }
        content = {name: quotations.shorten(page).encode() for name, page in pages.items()}
        for name, page in content.items():
            (folder / name).write_bytes(page)
        manifest = StandOff(
            stand_off_version=STAND_OFF_FORMAT,
            dataset=changed_manifest(dataset.manifest, quotations.cut),
            files=files,
            pages={name: hashlib.sha256(page).hexdigest() for name, page in content.items()},
        )
        (folder / STAND_OFF).write_bytes(stand_off_bytes(manifest))


def _check_repairs(dataset: DatasetFolder) -> None:
    """Check that no repair is itself a part of a text that may not be shared.

    Raises:
        InputError: a repair inserts eight words or more.
    """
    rows = dataset.columns("sentences", ["sentence_id", "repairs"], pc.list_value_length(pc.field("repairs")) > 0)
    problems = [
        Problem(
            str(dataset.path / "sentences"),
            None,
            row["sentence_id"],
            f"a repair inserts {count} words, expected fewer than {RUN}: it would publish a part of the text; "
            "split it into shorter repairs",
        )
        for row in rows.to_pylist()
        for repair in row["repairs"]
        if (count := sum(1 for _ in words(repair["replacement"]))) >= RUN
    ]
    if problems:
        raise InputError(problems)


def _texts(dataset: DatasetFolder) -> SentenceTexts:
    rows = dataset.columns("sentences", ["sentence_id", "paragraph_id", "text"])
    ids, paragraphs = (rows[name].combine_chunks() for name in ("sentence_id", "paragraph_id"))
    return SentenceTexts(ids, paragraphs, rows["text"].to_pylist())


def _quotations(dataset: DatasetFolder, pages: Mapping[str, str], found: SentenceTexts) -> Quotations:
    """What everything that is published besides the texts has in common with them."""
    others: set[str] = set(pages.values())

    def note(text: str) -> str:
        others.add(text)
        return text

    changed_manifest(dataset.manifest, note)
    for table, spec in TABLES.items():
        plain_names = [name for name in dataset.schema(table).names if not _repeats(table, name)]
        masks = pc.field("probe") == ProbeKind.mask.value
        looks = [(plain_names, None), *([(list(REPEATED[table]), masks)] if table == "probes" else [])]
        for split, (names, where) in product(spec.splits, looks):
            for batch in dataset.batches(table, split, names, where):
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    changed_texts(name, column, note)
    documents = dataset.columns("sentences", ["document_id"])["document_id"].to_pylist()
    return Quotations(find_runs(others, zip(documents, found.texts, strict=True)), found.texts)


def changed_manifest(manifest: Manifest, change: Change) -> Manifest:
    """A manifest whose prose is changed, text by text.

    Raises:
        KazstanceError: it would not be valid.
    """
    stated = manifest.model_dump(mode="json")
    changed = {name: value if name in FIXED else _changed(value, change) for name, value in stated.items()}
    try:
        return Manifest.model_validate(changed)
    except ValidationError as error:
        raise KazstanceError(f"the manifest: {error}; expected that its texts can be put back") from None


def _changed(value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def changed_texts(name: str, values: pa.Array, change: Change) -> pa.Array:
    """A column whose texts are changed, those in its lists and structures too; ids, and what repairs insert, are not.

    Args:
        name: the name of the column.
        values: its values.
        change: makes one text of another; called once for each distinct text.
    """
    kind = values.type
    if name.endswith("_id") or name in REFERRING or name == "replacement":
        return values
    if pa.types.is_string(kind):
        coded = values.dictionary_encode()
        return pa.array([change(text) for text in coded.dictionary.to_pylist()], kind).take(coded.indices)
    if pa.types.is_list(kind):
        lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
        ends = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        inner = changed_texts(kind.value_field.name, values.flatten(), change)
        return pa.ListArray.from_arrays(ends, inner, type=kind, mask=values.is_null())
    if pa.types.is_struct(kind):
        parts = [changed_texts(field.name, part, change) for field, part in zip(kind, values.flatten(), strict=True)]
        return pa.StructArray.from_arrays(parts, fields=list(kind), mask=values.is_null())
    return values


@dataclass(frozen=True)
class _Writer:
    """What writes the tables of a dataset without texts."""

    dataset: DatasetFolder
    found: SentenceTexts
    quotations: Quotations

    def write(self, folder: StrPath, table: str, split: str) -> StandOffFile:
        """Write a split."""
        file = Path(folder, table, f"{split}.parquet")
        file.parent.mkdir(exist_ok=True)
        hashes = [pa.field(HASH, pa.string())] if table == "sentences" else []
        stored = self.dataset.schema(table, split).remove_metadata()
        schema = pa.schema([*(field for field in stored if not is_left_out(table, field.name)), *hashes])
        rows = 0
        with file.open("wb") as out, pq.ParquetWriter(out, schema, compression="zstd", store_schema=False) as writer:
            for batch in self.dataset.batches(table, split):
                columns = self._without_texts(table, dict(zip(batch.schema.names, batch.columns, strict=True)))
                writer.write_batch(pa.record_batch([columns[name] for name in schema.names], schema=schema))
                rows += batch.num_rows
        with file.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        return StandOffFile(rows=rows, bytes=file.stat().st_size, sha256=digest)

    def _without_texts(self, table: str, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """Columns with references in place of texts."""
        changed = {
            name: changed_texts(name, column, self.quotations.cut)
            for name, column in columns.items()
            if not _repeats(table, name)
        }
        if table == "sentences":
            changed[HASH] = pa.array(map(text_hash, columns["text"].to_pylist()), pa.string())
        return changed | (self._hidden(columns) if table == "probes" else {})

    def _hidden(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """What probes show: null where it is as in sentences, otherwise as references to them."""
        numbers = self.found.numbers(columns["sentence_id"])
        shown = {name: self._hide(columns[name], numbers, place) for name, (_, place) in REPEATED["probes"].items()}
        return {name: pa.array(texts, pa.string()) for name, texts in shown.items()}

    def _hide(self, column: pa.Array, numbers: Iterable[int], place: int) -> Iterator[str | None]:
        for text, number in zip(column.to_pylist(), numbers, strict=True):
            is_shown = text == self.found.shown(number, place)
            yield None if is_shown else self.quotations.hide(text, self.found.paragraph(number))


def _repeats(table: str, column: str) -> bool:
    """Whether a column repeats a text."""
    return column in REPEATED.get(table, {})


def _pages(dataset: DatasetFolder) -> dict[str, str]:
    """The pages, before what they repeat of the texts is shortened."""
    own = {name: own_file(dataset.page(name), dataset) for name in ("LICENSE", LICENCE)}
    pages = {name: read_page(file) for name, file in own.items() if file.is_file()}
    found = dataset.manifest
    cited = {"CITATION.cff": citation_cff(found)} if is_citable(found) else {}
    return {LICENCE: licence_text(dataset), **pages, **cited, CARD: _card(dataset)}


def _card(dataset: DatasetFolder) -> str:
    """The card, which says how to make the dataset."""
    rows = dataset.columns("documents", ["document_id", "title", "date", "url", "raw_characters", "raw_sha256"])
    texts = [
        [
            code(row["document_id"]),
            row["title"] or "",
            row["date"] or "",
            address(row["url"] or ""),
            row["raw_characters"],
            code(row["raw_sha256"]),
        ]
        for row in rows.slice(0, LISTED).to_pylist()
    ]
    table = markdown_table(["document", "title", "date", "address", "characters", "SHA-256"], texts)
    more = f"\n\nThe other {len(rows) - LISTED} are in `documents`." if len(rows) > LISTED else ""
    title = plain(dataset.manifest.title)
    body = render(CARD_TEXT.format(title=title, digest=dataset.digest, texts=table + more), dataset)
    return f"---\n{front_matter(dataset, texts=False)}---\n{body}"
