"""A dataset checked: its files first, then each table, then all tables against each other."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from kazstance.dataset.verification.copies import check_copies
from kazstance.dataset.verification.files import check_manifest, check_pages, check_split_file, find_strangers
from kazstance.dataset.verification.findings import Findings, capped, printable
from kazstance.dataset.verification.layout import check_layout
from kazstance.dataset.verification.provenance import check_provenance
from kazstance.dataset.verification.recounts import check_recounts
from kazstance.dataset.verification.references import check_references
from kazstance.dataset.verification.rows import UNREADABLE, check_keys, check_records, check_rows, read_split
from kazstance.dataset.verification.tables import SPLIT, Tables
from kazstance.dataset.verification.votes import check_votes
from kazstance.errors import IntegrityError, KazstanceError
from kazstance.schema import MANIFEST, earlier
from kazstance.schema.manifest import FORMAT, Manifest, manifest_bytes, parse_manifest
from kazstance.schema.records import ALL, TABLES


def check(folder: Path, pages: Mapping[str, Path] | None) -> Findings:
    """Check a dataset; `pages` says where its pages are if not in its folder, and None leaves them unchecked.

    Bytes come first: a file that is not the one that was written is named and not read any further. Tables are compared
    with each other once each of them is as it should be by itself.

    Raises:
        KazstanceError: there is no manifest that can be read, or there is too little memory to tell.
    """
    content = manifest_bytes(folder)
    try:
        manifest = parse_manifest(content, folder / MANIFEST)
    except IntegrityError as error:
        return Findings(None, tuple(str(error).splitlines()), ())
    strangers, notes = find_strangers(folder, manifest)
    problems = [*check_manifest(content, manifest, folder / MANIFEST), *strangers]
    if pages is not None:
        problems += check_pages(manifest, {name: folder / name for name in manifest.pages} | dict(pages))
    if manifest.format_version < FORMAT:
        notes.append(
            f"{folder / MANIFEST}: in the format of kazstance 0.3.0 or older, which covers neither pages nor itself"
        )
    try:
        problems += _check_tables(folder, manifest)
    except MemoryError:
        raise KazstanceError(f"{folder}: too little memory to verify it; this says nothing about the dataset") from None
    return Findings(manifest, tuple(map(printable, problems)), tuple(map(printable, notes)))


def _check_tables(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Every table by itself; where all of them are there and right, against each other."""
    rows: dict[str, pa.Table] = {}
    problems = []
    for table in earlier.tables(manifest.format_version):
        parts, found = _read(folder, table, manifest)
        problems += found
        if parts and not found:
            rows[table] = pa.concat_tables(parts)
            problems += capped(check_keys(folder, table, rows[table]), table)
    yield from problems
    if manifest.format_version == earlier.FORMAT and "sources" in rows:
        rows |= {name: _split(table) for name, table in earlier.derived(rows["sources"]).items()}
    if rows.keys() == TABLES.keys() and not problems:
        yield from _check_against_each_other(Tables(folder, rows), manifest)


def _split(rows: pa.Table, split: str = ALL[0]) -> pa.Table:
    """Rows with their split as a column."""
    return rows.append_column(SPLIT, pa.array([split] * rows.num_rows, pa.string()))


def _check_against_each_other(tables: Tables, manifest: Manifest) -> Iterator[str]:
    """References first, then the layout: what comes after takes all ids to exist, and all rows to be there."""
    problems = [*check_references(tables), *check_provenance(tables, manifest)]
    if not problems:
        problems += check_layout(tables)
    if not problems:
        problems += [*check_votes(tables, manifest.deciding), *check_recounts(tables), *check_copies(tables)]
    yield from problems


def _read(folder: Path, table: str, manifest: Manifest) -> tuple[list[pa.Table], list[str]]:
    """The splits of a table that can be read, and what is wrong with them."""
    parts, problems = [], []
    for split, expected in manifest.tables.get(table, {}).items():
        file = folder / table / f"{split}.parquet"
        try:
            found = [*check_split_file(file, expected)]
            if not found:
                stored = read_split(file, table, manifest.format_version)
                rows = earlier.upgraded(table, stored) if manifest.format_version == earlier.FORMAT else stored
                found = [*check_rows(file, stored, expected)]
                found += capped(check_records(file, table, rows.to_pylist()), str(file))
                parts.append(_split(rows.combine_chunks(), split))
            problems += found
        except MemoryError:
            raise
        except UNREADABLE as error:
            problems.append(f"{file}: {' '.join(str(error).split())}")
    return parts, problems
