"""What is left of a dataset when some of its texts are missing: rows about the others, and what follows from them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset import DatasetFolder
from kazstance.publish.joined import Part, Rows, joined
from kazstance.schema.folds import protocol_folds
from kazstance.schema.manifest import Manifest, MappedLabel, SplitFile, data_digest
from kazstance.schema.records import ALL

FOLLOWING: Final = ("pairs", "copies", "positions")
"""Tables that follow from the others."""
NAMED: Final = 20
"""How many missing texts the manifest names."""


def kept_rows(table: str, batch: pa.RecordBatch, documents: Collection[str], sentences: pa.Array) -> pa.RecordBatch:
    """The rows of a table that are about texts that are there.

    Args:
        table: the table.
        batch: rows of it.
        documents: the texts that are there.
        sentences: the ids of their sentences.
    """
    if table in FOLLOWING:
        return batch.slice(0, 0)
    if table == "documents":
        return batch.filter(pc.is_in(batch["document_id"], value_set=pa.array(documents, pa.string())))
    if table == "sources":
        return _kept_sources(batch, documents)
    return (
        batch.filter(pc.is_in(batch["sentence_id"], value_set=sentences))
        if "sentence_id" in batch.schema.names
        else batch
    )


def _kept_sources(batch: pa.RecordBatch, documents: Collection[str]) -> pa.RecordBatch:
    """The sources of some texts, without what was said of a text with the name of the source if it is missing."""
    speaking = pa.array({name.split("/")[0] for name in documents}, pa.string())
    rows = batch.filter(pc.is_in(batch["source_id"], value_set=speaking))
    is_there = pc.is_in(rows["source_id"], value_set=pa.array(documents, pa.string()))
    for name in ("raw_sha256", "raw_characters"):
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), pc.if_else(is_there, rows[name], None))
    return rows


def remainder(kept: DatasetFolder, seed: str) -> Rows:
    """The tables of a dataset of which only the rows about some texts are left, those that follow from others anew."""
    return joined([Part(kept, seed)], seed)


def remainder_manifest(
    whole: Manifest, tables: Mapping[str, Mapping[str, SplitFile]], rows: Rows, missing: Sequence[str]
) -> Manifest:
    """The manifest of what is left, which says what is missing.

    Args:
        whole: the manifest of the whole dataset.
        tables: the files that were written.
        rows: the rows of all tables.
        missing: the texts that are missing.
    """
    targets = rows["targets"][ALL[0]]
    by_fold = dict(zip(targets["target_id"].to_pylist(), targets["fold"].to_pylist(), strict=True))
    sources = rows["sources"][ALL[0]]["source_id"].to_pylist()
    named = ", ".join(missing[:NAMED]) + (f" and {len(missing) - NAMED} more" if missing[NAMED:] else "")
    said = whole.publication.responsible_ai.data_collection_missing_data
    note = f"This copy lacks texts of the dataset with the digest {whole.digest}, and all rows about them: {named}."
    stated = whole.publication.responsible_ai.model_copy(
        update={"data_collection_missing_data": " ".join(filter(None, [note, said]))}
    )
    return whole.model_copy(
        update={
            "title": f"{whole.title} (incomplete)",
            "publication": whole.publication.model_copy(update={"responsible_ai": stated}),
            "tables": tables,
            "digest": data_digest(tables),
            "folds": protocol_folds(sources, by_fold),
            "mapped_labels": _mapped_labels(rows["judgements"][ALL[0]]),
        }
    )


def _mapped_labels(judgements: pa.Table) -> tuple[MappedLabel, ...]:
    """The labels of another scheme that are left, with the number of their judgements."""
    mapped = judgements.filter(judgements["original"].is_valid())
    counts = Counter(zip(mapped["original"].to_pylist(), mapped["label_name"].to_pylist(), strict=True))
    return tuple(MappedLabel(original=o, label=name, judgements=n) for (o, name), n in counts.items())
