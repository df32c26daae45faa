"""What a page knows before any sentence is asked for: the dataset, its sources and targets, and where they stand."""

from collections import Counter
from pathlib import Path
from typing import Any, Final

from kazstance import dataset
from kazstance.schema.labels import Certainty, Explicitness, Label, Origin, Position, Voice
from kazstance.schema.records import SourcePosition

POSITION: Final = tuple(SourcePosition.model_fields)
"""Columns of a position on the page: those of its table."""
NAMES: Final = {
    "labels": [label.name for label in reversed(Label)],
    "positions": [position.name for position in Position],
    "explicitness": list(Explicitness),
    "certainties": list(Certainty),
    "voices": list(Voice),
}


def overview(data: Path) -> dict[str, Any]:
    """Dataset, sources, targets, annotators and the complete grid of positions, as plain values.

    Raises:
        KazstanceError: `data` is no built dataset.
        IntegrityError: a row is not as the schema has it.
    """
    manifest = dataset.manifest(data=data)
    header = manifest.model_dump(include={"id", "title", "version", "event", "license", "digest"})
    return {
        "dataset": header | {"made_by": manifest.tools.get("kazstance"), "origins": _origins(data)},
        "names": NAMES,
        "sources": _records("sources", data),
        "targets": _records("targets", data),
        "annotators": _records("annotators", data),
        "position_columns": POSITION,
        "positions": [list(row.values()) for row in _records("positions", data)],
    }


def _records(table: str, data: Path) -> list[dict[str, Any]]:
    return [row.model_dump(mode="json") for row in dataset.load(table, data=data)]


def _origins(data: Path) -> dict[str, int]:
    """How many labels are silver and gold; an adjudicated one is silver as long as no person has judged."""
    count: Counter[str] = Counter()
    for split in dataset.splits("stances", data=data):
        count.update(dataset.table("stances", split, data=data).column("origin").to_pylist())
    gold = count[Origin.human]
    return {"silver": count.total() - gold, "gold": gold}
