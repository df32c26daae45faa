"""The folds and inputs in the manifest compared with the tables."""

import re
from collections.abc import Iterator
from typing import Final

from kazstance.dataset.verification.findings import Finding, single
from kazstance.dataset.verification.tables import Tables
from kazstance.schema import MANIFEST
from kazstance.schema.folds import protocol_folds

DOCUMENTS: Final = re.compile(r"(^|/)documents\.(parquet|jsonl|csv)$")
"""A table of documents, below the name of its dataset if several were joined."""


def check_provenance(tables: Tables) -> Iterator[Finding]:
    """Folds follow from sources and targets; texts and briefs have the digests of the inputs; there are sentences."""
    sources, targets = tables.rows["sources"].to_pylist(), tables.rows["targets"].to_pylist()
    annotators = tables.rows["annotators"].to_pylist()
    manifest, file = tables.folder.manifest, tables.folder.path / MANIFEST
    expected = protocol_folds([row["source_id"] for row in sources], {row["target_id"]: row["fold"] for row in targets})
    for protocol in sorted(expected.keys() | manifest.folds.keys()):
        if manifest.folds.get(protocol) != expected.get(protocol):
            yield single(f"{file}: folds: {protocol}: the folds do not match sources and targets")
    documents = tables.rows["documents"].select(["document_id", "raw_sha256"]).to_pylist()
    texts = {f"texts/{row['document_id']}.txt": row["raw_sha256"] for row in documents}
    if any(DOCUMENTS.search(name) for name in manifest.inputs):  # it holds those without a file
        texts = {name: digest for name, digest in texts.items() if name in manifest.inputs}
    briefs = {f"annotations/{row['brief']}": row["brief_sha256"] for row in annotators if row["brief"] is not None}
    for name, digest in {**texts, **briefs}.items():
        if manifest.inputs.get(name) != digest:
            yield single(f"{file}: inputs: {name}: {manifest.inputs.get(name)}, but the tables give {digest}")
    for table in ("sources", "documents", "targets", "sentences"):
        if not tables.rows[table].num_rows:
            yield single(f"{tables.folder.path / table}: no rows, expected at least one")
