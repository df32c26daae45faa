"""A dataset changed by somebody who knows its structure, and signed again: digests recomputed without kazstance."""

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = list[dict[str, Any]]
TABLES = (
    "stances",
    "grid",
    "pairs",
    "probes",
    "sentences",
    "judgements",
    "positions",
    "sources",
    "targets",
    "annotators",
    "documents",
    "copies",
)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def to_text(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def earlier_digest(rows: Rows, _schema: pa.Schema) -> str:
    """The digest of rows in the first format of manifests."""
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for row in rows]
    return sha256("".join(f"{line}\n" for line in lines).encode())


def row_digest(rows: Rows, schema: pa.Schema) -> str:
    """The digest of rows as its definition has it, value by value."""
    runs = [rows[start : start + 65_536] for start in range(0, len(rows), 65_536)]
    return sha256(b"".join(hashlib.sha256(_fields(run, schema)).digest() for run in runs))


def _fields(rows: list[dict[str, Any] | None], fields: Any) -> bytes:
    return b"".join(
        f"{field.name}\n".encode() + _values([row and row[field.name] for row in rows], field.type) for field in fields
    )


def _values(values: list[Any], kind: pa.DataType) -> bytes:
    there = bytes(value is not None for value in values)
    if pa.types.is_list(kind):
        lengths = struct.pack(f"<{len(values)}q", *(len(value or ()) for value in values))
        return there + lengths + _values([item for value in values for item in value or ()], kind.value_type)
    if pa.types.is_struct(kind):
        return there + _fields(values, kind)
    if pa.types.is_floating(kind):
        return there + struct.pack(f"<{len(values)}d", *(0.0 if value is None else value for value in values))
    if not pa.types.is_string(kind):
        return there + struct.pack(f"<{len(values)}q", *(int(value or 0) for value in values))
    places: dict[str, int] = {}
    place = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
    distinct = [value.encode() for value in places]
    numbers = struct.pack(f"<{len(place) + len(distinct)}q", *place, *map(len, distinct))
    return there + numbers + b"".join(distinct)


def read(folder: Path) -> dict[str, Any]:
    """The manifest."""
    return json.loads((folder / "manifest.json").read_bytes())


def write(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest as it is, with any digests."""
    (folder / "manifest.json").write_bytes(to_text(manifest))


def sign(folder: Path, manifest: dict[str, Any], *, data: bool = True) -> None:
    """Write a manifest with the right digest of itself, and of the data unless that is the change."""
    if data:
        order = [(table, split) for table in TABLES for split in manifest["tables"].get(table, {})]
        digests = [manifest["tables"][table][split]["digest"] for table, split in order]
        manifest["digest"] = sha256("".join(digests).encode())
    if "manifest_sha256" in manifest:
        rest = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
        manifest["manifest_sha256"] = sha256(to_text(rest))
    write(folder, manifest)


def sign_files(folder: Path) -> None:
    """Sign a dataset whose files were changed: sizes, rows and digests of all files, and of the manifest."""
    manifest = read(folder)
    digest = row_digest if "format_version" in manifest else earlier_digest
    for files in manifest["tables"].values():
        for file in files.values():
            content = (folder / file["path"]).read_bytes()
            file |= {"bytes": len(content), "sha256": sha256(content)}
            try:
                found = pq.ParquetFile(pa.BufferReader(content)).read()
                rows = found.to_pylist()
            except (pa.ArrowException, OSError, UnicodeDecodeError):
                continue
            file |= {"rows": len(rows), "digest": digest(rows, found.schema)}
    for name in manifest.get("pages", {}):
        manifest["pages"][name] = sha256((folder / name).read_bytes())
    sign(folder, manifest)


def edit_split(folder: Path, table: str, split: str, change: Callable[[Rows], Rows | None]) -> None:
    """Change the rows of a split, in place or by the value returned; nothing is signed."""
    file = folder / table / f"{split}.parquet"
    found = pq.ParquetFile(file).read()
    rows = found.to_pylist()
    pq.write_table(pa.Table.from_pylist(change(rows) or rows, schema=found.schema), file)


def edit(folder: Path, table: str, change: Callable[[Rows], Rows | None]) -> None:
    """Change the rows of each split of a table."""
    for file in sorted((folder / table).glob("*.parquet")):
        edit_split(folder, table, file.stem, change)
