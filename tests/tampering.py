"""A dataset changed by somebody who knows its structure, and signed again: digests recomputed without kazstance."""

import hashlib
import json
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


def row_digest(rows: Rows) -> str:
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for row in rows]
    return sha256("".join(f"{line}\n" for line in lines).encode())


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
    for files in manifest["tables"].values():
        for file in files.values():
            content = (folder / file["path"]).read_bytes()
            file |= {"bytes": len(content), "sha256": sha256(content)}
            try:
                rows = pq.ParquetFile(pa.BufferReader(content)).read().to_pylist()
            except (pa.ArrowException, OSError, UnicodeDecodeError):
                continue
            file |= {"rows": len(rows), "digest": row_digest(rows)}
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
