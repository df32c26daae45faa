"""Write a dataset: Parquet files and manifest."""

import io
import platform
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import kazstance
from kazstance.corpus.inputs import Header, UnitSettings
from kazstance.corpus.tables import Rows
from kazstance.paths import StrPath
from kazstance.schema import MANIFEST
from kazstance.schema.digest import table_digest
from kazstance.schema.manifest import Fold, Manifest, SplitFile, data_digest, sign, to_bytes
from kazstance.schema.records import TABLES

TOOLS = ("numpy", "pyarrow", "pydantic", "scipy")


def write(
    folder: StrPath,
    header: Header,
    rows: Rows,
    folds: Mapping[str, tuple[Fold, ...]],
    inputs: Mapping[str, str],
    *,
    tools: Mapping[str, str],
) -> Manifest:
    """Write all tables and the manifest into an empty folder.

    Args:
        folder: an empty folder.
        header: what is stated of the dataset as a whole.
        rows: the rows by table and split.
        folds: the folds by protocol.
        inputs: SHA-256 of each file that was read, by name.
        tools: the tools that found units and words, with their versions.
    """
    folder = Path(folder)
    tables = {
        table: {split: _write_split(folder, table, split, rows[table][split]) for split in spec.splits}
        for table, spec in TABLES.items()
    }
    manifest = Manifest(
        **header.model_dump(exclude=set(UnitSettings.model_fields)),
        digest=data_digest(tables),
        tables=tables,
        folds=dict(folds),
        inputs=dict(sorted(inputs.items())),
        tools={
            "kazstance": kazstance.__version__,
            "python": platform.python_version(),
            **dict(sorted({**{tool: version(tool) for tool in TOOLS}, **tools}.items())),
        },
    )
    signed = sign(manifest)
    (folder / MANIFEST).write_bytes(to_bytes(signed))
    return signed


def _write_split(folder: Path, table: str, split: str, rows: pa.Table) -> SplitFile:
    path = folder / table / f"{split}.parquet"
    path.parent.mkdir(exist_ok=True)
    sink = io.BytesIO()  # Arrow cannot open a path that is not UTF-8
    pq.write_table(rows, sink, compression="zstd", use_content_defined_chunking=True, write_page_index=True)
    content = sink.getvalue()
    path.write_bytes(content)
    return SplitFile(
        path=f"{table}/{split}.parquet",
        rows=len(rows),
        digest=table_digest(rows),
        bytes=len(content),
        sha256=sha256(content).hexdigest(),
    )
