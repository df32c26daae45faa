"""Write a dataset: Parquet files and manifest."""

import io
import platform
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import kazstance
from kazstance.corpus.inputs import Header
from kazstance.corpus.tables import Rows
from kazstance.schema import MANIFEST
from kazstance.schema.columns import arrow_schema, attribute_type
from kazstance.schema.digest import row_digest
from kazstance.schema.manifest import Fold, Manifest, SplitFile, data_digest, sign, to_bytes
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
        digest=data_digest(tables),
        tables=tables,
        folds=dict(folds),
        inputs=dict(sorted(inputs.items())),
        tools={
            "kazstance": kazstance.__version__,
            "python": platform.python_version(),
            **{tool: version(tool) for tool in TOOLS},
        },
    )
    signed = sign(manifest)
    (folder / MANIFEST).write_bytes(to_bytes(signed))
    return signed


def _write_split(folder: Path, table: str, split: str, records: Sequence[Record]) -> SplitFile:
    rows = [record.model_dump(mode="json") for record in records]
    attributes = attribute_columns(records)
    rows = [{**row, **{name: row.get(name) for name in attributes}} for row in rows] if attributes else rows
    path = folder / table / f"{split}.parquet"
    path.parent.mkdir(exist_ok=True)
    arrow = pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[table].record, attributes))
    rows = arrow.to_pylist() if attributes else rows  # a whole number in a column of others is one of them
    sink = io.BytesIO()  # Arrow opens no path that is not UTF-8
    pq.write_table(arrow, sink, compression="zstd", use_content_defined_chunking=True, write_page_index=True)
    content = sink.getvalue()
    path.write_bytes(content)
    return SplitFile(
        path=f"{table}/{split}.parquet",
        rows=len(rows),
        digest=row_digest(rows),
        bytes=len(content),
        sha256=sha256(content).hexdigest(),
    )


def attribute_columns(records: Sequence[Record]) -> dict[str, pa.DataType]:
    """The columns that rows have beside those of their record, in alphabetical order, each with its type.

    Values of several types become text.
    """
    found: dict[str, list[Any]] = {}
    for record in records:
        for name, value in (record.model_extra or {}).items():
            found.setdefault(name, []).append(value)
    return {name: attribute_type(found[name]) for name in sorted(found)}
