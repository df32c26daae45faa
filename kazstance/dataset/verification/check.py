"""The check of a dataset: first its files, then each table, then all tables against each other."""

from collections.abc import Iterator

import pyarrow as pa

from kazstance.dataset.folder import DatasetFolder
from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.copies import check_copies
from kazstance.dataset.verification.files import check_manifest, check_pages, check_split_file, find_strangers
from kazstance.dataset.verification.findings import Findings, capped, printable
from kazstance.dataset.verification.layout import check_layout
from kazstance.dataset.verification.provenance import check_provenance
from kazstance.dataset.verification.recounts import check_recounts
from kazstance.dataset.verification.references import check_references
from kazstance.dataset.verification.rows import UNREADABLE, check_keys, check_records, check_rows, read_split
from kazstance.dataset.verification.tables import Tables
from kazstance.dataset.verification.votes import check_votes
from kazstance.errors import KazstanceError
from kazstance.schema import MANIFEST, earlier
from kazstance.schema.manifest import FORMAT
from kazstance.schema.records import ALL, TABLES


def check(folder: DatasetFolder, *, with_pages: bool = True) -> Findings:
    """Check a dataset, with or without the pages next to it.

    Bytes come first: a file that differs from the one written is named and not read further. Tables are compared
    with each other only if each of them is valid on its own.

    Raises:
        KazstanceError: not enough memory.
    """
    manifest, path = folder.manifest, folder.path
    strangers, notes = find_strangers(folder)
    problems = [*check_manifest(folder), *strangers]
    if with_pages:
        problems += check_pages(folder)
    if manifest.format_version < FORMAT:
        notes.append(
            f"{path / MANIFEST}: in the format of kazstance 0.3.0 or older, which covers neither pages nor itself"
        )
    try:
        problems += _check_tables(folder)
    except MemoryError:
        raise KazstanceError(f"{path}: not enough memory to verify it; this says nothing about the dataset") from None
    return Findings(manifest, tuple(map(printable, problems)), tuple(map(printable, notes)))


def _check_tables(folder: DatasetFolder) -> Iterator[str]:
    """Check every table on its own; if all of them are present and valid, also against each other."""
    rows: dict[str, pa.Table] = {}
    problems = []
    is_earlier = folder.manifest.format_version == earlier.FORMAT
    for table in earlier.tables(folder.manifest.format_version):
        parts, found = _read(folder, table)
        problems += found
        if parts and not found:
            rows[table] = pa.concat_tables(parts)
            problems += capped(check_keys(folder, table, rows[table]), table)
    yield from problems
    if is_earlier and "sources" in rows:
        rows |= {name: _split(table) for name, table in earlier.derived(rows["sources"]).items()}
    if rows.keys() == TABLES.keys() and not problems:
        yield from _check_against_each_other(Tables(folder, rows))


def _split(rows: pa.Table, split: str = ALL[0]) -> pa.Table:
    """Rows with their split as a column."""
    return rows.append_column(SPLIT, pa.array([split] * rows.num_rows, pa.string()))


def _check_against_each_other(tables: Tables) -> Iterator[str]:
    """References first, then the layout: the checks after these assume that all ids and all rows exist."""
    problems = [*check_references(tables), *check_provenance(tables)]
    if not problems:
        problems += check_layout(tables)
    if not problems:
        problems += [*check_votes(tables), *check_recounts(tables), *check_copies(tables)]
    yield from problems


def _read(folder: DatasetFolder, table: str) -> tuple[list[pa.Table], list[str]]:
    """The readable splits of a table, and the problems of the table."""
    parts, problems = [], []
    for split in folder.manifest.tables.get(table, ()):
        file = folder.file(table, split)
        try:
            found = [*check_split_file(folder, table, split)]
            if not found:
                stored = read_split(folder, table, split)
                is_earlier = folder.manifest.format_version == earlier.FORMAT
                rows = earlier.upgraded(table, stored) if is_earlier else stored
                found = [*check_rows(folder, table, split, stored)]
                found += capped(check_records(file, table, rows.to_pylist()), str(file))
                parts.append(_split(rows.combine_chunks(), split))
            problems += found
        except MemoryError:
            raise
        except UNREADABLE as error:
            problems.append(f"{file}: {' '.join(str(error).split())}")
    return parts, problems
