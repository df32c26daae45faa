"""Tables as written by versions up to 0.3.0 (format 1 of the manifest), and their present form."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from kazstance.schema.columns import arrow_schema, features
from kazstance.schema.labels import GRID_LABELS, Basis, Origin, Position, Status
from kazstance.schema.records import TABLES

FORMAT: Final = 1
"""The format of the manifests of those versions."""
BATCH: Final = 16_384
"""Number of rows that are digested at a time."""
NEW_TABLES: Final = ("documents", "copies")
"""Tables that format 1 does not have."""
Fill = Callable[[pa.Table], pa.Array]


def _decided(rows: pa.Table) -> pa.Array:
    return pa.array([Status.decided.value] * len(rows), pa.string())


def _absent(rows: pa.Table) -> pa.Array:
    return pa.nulls(len(rows), pa.string())


def _first(rows: pa.Table) -> pa.Array:
    return pa.array([1] * len(rows), pa.int64())


def _zero(rows: pa.Table) -> pa.Array:
    return pa.array([0] * len(rows), pa.int64())


def _unknown_number(rows: pa.Table) -> pa.Array:
    return pa.nulls(len(rows), pa.int64())


def _basis(rows: pa.Table) -> pa.Array:
    """What labels rest on, from the votes and the origin; all votes of one origin decide by majority."""
    found = []
    for votes, label, origin in zip(*(rows[name].to_pylist() for name in ("votes", "label", "origin")), strict=True):
        cast = Counter(vote["label"] for vote in votes)
        most = next((one for one, n in cast.items() if 2 * n > cast.total()), None)
        if origin == Origin.adjudicated.value:
            found.append(Basis.adjudication if most in (None, label) else Basis.overruling)
        else:
            found.append(Basis.single if cast.total() == 1 else Basis.majority)
    return pa.array(map(str, found), pa.string())


NEW_COLUMNS: Final[Mapping[str, Mapping[str, Fill]]] = {
    "stances": {"holder": _absent},
    "grid": {"holder": _absent, "status": _decided, "basis": _basis, "adjudicator": _absent},
    "judgements": {"holder": _absent, "round": _first, "original": _absent},
    "sentences": {"document_id": lambda rows: rows["source_id"]},
    "positions": {
        "n_asked": lambda rows: rows["n_sentences"],
        "n_undecided": _zero,
        "n_unsure": _unknown_number,
        **dict.fromkeys(("n_endorsed_favor", "n_endorsed_neutral", "n_endorsed_against"), _zero),
    },
}
"""Columns that format 1 lacks, and their content: every pair was judged, once and on its speaker, and decided; every
source had one text."""
NEW_NAMES: Final = {"position": {Position.not_asked.name}}
"""Names of labels that format 1 does not have."""
OLD_NAMES: Final = {
    "stances": {"label": GRID_LABELS},
    "pairs": {"label_a": GRID_LABELS, "label_b": GRID_LABELS},
    "probes": {"row_label": GRID_LABELS},
}
"""Names of labels in format 1, where it has more than now."""
RENAMED: Final = {"stances": {"split_vote": "contested"}, "grid": {"split_vote": "contested"}}
"""What format 1 calls columns, by their present names."""
NEW_FIELD: Final = "speaks_for_source"
"""A field that the voices of sources lack in format 1, which knows no spokespeople."""


def row_digest(rows: pa.Table) -> str:
    """The digest of rows in format 1: SHA-256 over each as JSON with sorted keys, no spaces, and a line feed."""
    digest = sha256()
    for batch in rows.to_batches(max_chunksize=BATCH):
        for row in batch.to_pylist():
            line = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
            digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def tables(format_version: int) -> tuple[str, ...]:
    """The names of the tables of a dataset in a format."""
    return tuple(name for name in TABLES if format_version > FORMAT or name not in NEW_TABLES)


def earlier_schema(table: str) -> pa.Schema:
    """The columns of a table in format 1, without their metadata."""
    names = RENAMED.get(table, {})
    fields = [field for field in arrow_schema(TABLES[table].record) if field.name not in _new(table)]
    return pa.schema([pa.field(names.get(field.name, field.name), _earlier_type(field.type)) for field in fields])


def _earlier_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column in format 1."""
    if not pa.types.is_list(kind) or not pa.types.is_struct(kind.value_type):
        return kind
    return pa.list_(pa.struct([field for field in kind.value_type if field.name != NEW_FIELD]))


def earlier_features(table: str) -> dict[str, Any]:
    """The features of a table in format 1."""
    names = RENAMED.get(table, {})
    found = {
        names.get(name, name): _earlier_feature(kind)
        for name, kind in features(TABLES[table].record).items()
        if name not in _new(table)
    }
    for name, gone in NEW_NAMES.items():
        if "names" in found.get(name, ()):
            found[name] = {**found[name], "names": [label for label in found[name]["names"] if label not in gone]}
    for name, labels in OLD_NAMES.get(table, {}).items():
        found[name] = {**found[name], "names": list(labels)}
    return found


def _earlier_feature(feature: Any) -> Any:
    """The feature of a column in format 1."""
    if not isinstance(feature, list):
        return feature
    return [{name: kind for name, kind in feature[0].items() if name != NEW_FIELD}]


def upgraded(table: str, rows: pa.Table) -> pa.Table:
    """Rows in format 1 with the present columns, in their order."""
    if table not in TABLES or not _is_changed(table, rows):
        return rows
    names = {old: new for new, old in RENAMED.get(table, {}).items()}
    rows = rows.rename_columns([names.get(name, name) for name in rows.column_names])
    schema = arrow_schema(TABLES[table].record)
    fill = _new(table)
    columns = {
        name: fill[name](rows) if name in fill else rows[name]
        for name in schema.names
        if name in fill or name in rows.column_names
    }
    if "voices" in columns:
        voices = [[{NEW_FIELD: False, **voice} for voice in mine] for mine in rows["voices"].to_pylist()]
        columns["voices"] = pa.array(voices, schema.field("voices").type)
    return pa.table(columns).replace_schema_metadata(schema.metadata)


def _is_changed(table: str, rows: pa.Table) -> bool:
    """Whether a table in format 1 is another one now."""
    return bool(_new(table) or RENAMED.get(table) or OLD_NAMES.get(table) or "voices" in rows.column_names)


def documents(sources: pa.Table) -> pa.Table:
    """The table documents of a dataset in format 1: every source is one text."""
    schema = arrow_schema(TABLES["documents"].record)
    columns = {name: sources[name] for name in schema.names if name in sources.column_names}
    columns |= {
        "document_id": sources["source_id"],
        "year": pc.cast(pc.utf8_slice_codeunits(sources["date"], 0, 4), pa.int64()),
    }
    return pa.table({name: columns[name] for name in schema.names}).replace_schema_metadata(schema.metadata)


def copies() -> pa.Table:
    """The table copies of a dataset in format 1, which allowed no copies across sources or splits."""
    return arrow_schema(TABLES["copies"].record).empty_table()


def derived(sources: pa.Table) -> dict[str, pa.Table]:
    """The tables that a dataset in format 1 does not have, by name."""
    return {"documents": documents(sources), "copies": copies()}


def _new(table: str) -> Mapping[str, Fill]:
    return NEW_COLUMNS.get(table, {})
