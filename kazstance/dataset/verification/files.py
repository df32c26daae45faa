"""The files of a dataset compared with its manifest: their bytes, and which are missing or not part of it."""

import os
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path

from kazstance.dataset.folder import DatasetFolder
from kazstance.schema import MANIFEST, earlier
from kazstance.schema.manifest import FORMAT, data_digest, self_digest, to_bytes
from kazstance.schema.records import TABLES


def check_manifest(folder: DatasetFolder) -> Iterator[str]:
    """Check the exact form of a manifest, its digest and that of the data, and that no table or split is missing."""
    manifest, file = folder.manifest, folder.path / MANIFEST
    if manifest.format_version == FORMAT:
        if (digest := self_digest(manifest)) != manifest.manifest_sha256:
            yield f"{file}: manifest_sha256 is {manifest.manifest_sha256}, but the content has {digest}"
        elif folder.content != to_bytes(manifest):
            yield f"{file}: the same content in different bytes, expected those that kazstance writes"
    for table in manifest.tables.keys() - set(earlier.tables(manifest.format_version)):
        yield f"{file}: tables: {table!r} is not a table; expected {', '.join(TABLES)}"
    names = {table: set(TABLES[table].splits) for table in earlier.tables(manifest.format_version)}
    wrong = [table for table, splits in names.items() if manifest.tables.get(table, {}).keys() != splits]
    for table in wrong:
        found = ", ".join(manifest.tables.get(table, {})) or "missing"
        yield f"{file}: tables: {table}: {found}; expected the splits {', '.join(TABLES[table].splits)}"
    if not wrong and (digest := data_digest(manifest.tables)) != manifest.digest:
        yield f"{file}: digest is {manifest.digest}, but the digests of the splits give {digest}"


def check_split_file(folder: DatasetFolder, table: str, split: str) -> Iterator[str]:
    """Check the size and bytes of the file of a split.

    Args:
        folder: the dataset.
        table: the table.
        split: the split.
    """
    file, expected = folder.file(table, split), folder.manifest.tables[table][split]
    if problem := _not_a_file(file):
        yield problem
    elif (size := file.stat().st_size) != expected.bytes:
        yield f"{file}: {size} bytes, expected {expected.bytes}"
    elif (digest := _sha256(file)) != expected.sha256:
        yield f"{file}: SHA-256 is {digest}, expected {expected.sha256}"


def check_pages(folder: DatasetFolder) -> Iterator[str]:
    """Check the bytes of all pages."""
    for name, expected in folder.manifest.pages.items():
        file = folder.page(name)
        try:
            if problem := _not_a_file(file):
                yield problem
            elif (digest := _sha256(file)) != expected:
                yield f"{file}: SHA-256 is {digest}, expected {expected}; was the page edited after the build?"
        except OSError as error:
            yield f"{file}: {error.strerror}"


def find_strangers(folder: DatasetFolder) -> tuple[list[str], list[str]]:
    """Files that the manifest does not list: those that could be taken for tables, and all others, as notes.

    A Parquet file anywhere, and anything in the folder of a table, counts as a table: programs that read such a folder
    as a whole would take it for rows. Hidden folders and links to folders are named without their content.
    """
    manifest, path = folder.manifest, folder.path
    known = {MANIFEST, *manifest.pages, *(f"{t}/{s}.parquet" for t, splits in manifest.tables.items() for s in splits)}
    problems, notes = [], []
    for name in sorted(_walk(path) - known):
        is_table = name.split("/")[0] in TABLES or name.lower().endswith(".parquet")
        if is_table:
            problems.append(f"{path / name}: is not in the manifest; expected only the tables that it lists")
        else:
            notes.append(f"{path / name}: is not part of the dataset")
    return problems, notes


def _walk(folder: Path) -> set[str]:
    """All files below a folder, and the hidden folders and links to folders in it, by relative path.

    The folder of a table may be a link, since it is read anyway.
    """
    found = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        tables = TABLES.keys() if Path(root) == folder else ()
        links = {name for name in folders if Path(root, name).is_symlink() and name not in tables}
        passed = [name for name in folders if name.startswith(".") or name in links]
        folders[:] = [name for name in folders if name not in passed]
        found |= {Path(root, name).relative_to(folder).as_posix() for name in (*files, *passed)}
    return found


def _not_a_file(file: Path) -> str | None:
    """Why a file is not read: it is missing, or a device or a pipe, which might never end."""
    if file.is_file():
        return None
    return f"{file}: is not a regular file" if file.exists() else f"{file}: is missing"


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
