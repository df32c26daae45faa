"""Write a dataset: Parquet files and manifest, whole or not at all."""

import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import kazstance
from kazstance.corpus.inputs import Header
from kazstance.corpus.tables import Rows
from kazstance.errors import KazstanceError
from kazstance.output.plain_json import to_json
from kazstance.schema import MANIFEST
from kazstance.schema.columns import arrow_schema
from kazstance.schema.digest import row_digest
from kazstance.schema.manifest import Fold, Manifest, SplitFile
from kazstance.schema.records import TABLES, Record

TOOLS = ("nupunkt", "numpy", "pyarrow", "pydantic", "scipy")


def write(
    folder: Path, header: Header, rows: Rows, folds: Mapping[str, tuple[Fold, ...]], inputs: Mapping[str, str]
) -> Manifest:
    """Write all tables and the manifest into a folder that is empty."""
    tables = {
        table: {split: _write_split(folder, table, split, rows[table][split]) for split in spec.splits}
        for table, spec in TABLES.items()
    }
    manifest = Manifest(
        **header.model_dump(),
        digest=sha256("".join(f.digest for files in tables.values() for f in files.values()).encode()).hexdigest(),
        tables=tables,
        folds=dict(folds),
        inputs=dict(sorted(inputs.items())),
        tools={
            "kazstance": kazstance.__version__,
            "python": platform.python_version(),
            **{tool: version(tool) for tool in TOOLS},
        },
    )
    text = to_json(manifest.model_dump(mode="json"))
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


def _write_split(folder: Path, table: str, split: str, records: Sequence[Record]) -> SplitFile:
    rows = [record.model_dump(mode="json") for record in records]
    path = folder / table / f"{split}.parquet"
    path.parent.mkdir(exist_ok=True)
    arrow = pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[table].record))
    pq.write_table(arrow, path, compression="zstd", use_content_defined_chunking=True, write_page_index=True)
    content = path.read_bytes()
    return SplitFile(
        path=f"{table}/{split}.parquet",
        rows=len(rows),
        digest=row_digest(rows),
        bytes=len(content),
        sha256=sha256(content).hexdigest(),
    )


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of `out` when all went well; else `out` stays as it was.

    Raises:
        KazstanceError: `out` is there and is no dataset, so that nothing else is ever deleted.
    """
    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        raise KazstanceError(
            f"{out} is there and holds no {MANIFEST}; expected a new or empty folder, or a dataset to replace"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        fresh, old = Path(scratch, "new"), Path(scratch, "old")
        fresh.mkdir()
        yield fresh
        if out.exists():
            out.rename(old)
        try:
            fresh.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
        shutil.rmtree(old, ignore_errors=True)
