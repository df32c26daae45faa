"""What a page knows before it fetches any sentence: the dataset, its sources and targets, and the positions."""

from collections import Counter
from typing import Any, Final

from kazstance.dataset import DatasetFolder, Table
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


def overview(folder: DatasetFolder) -> dict[str, Any]:
    """Dataset, sources, targets, annotators and the complete grid of positions, as plain values.

    Raises:
        IntegrityError: a row does not match the schema.
    """
    manifest = folder.manifest
    header = manifest.model_dump(include={"id", "title", "version", "event", "license", "digest"})
    return {
        "dataset": header | {"made_by": manifest.tools.get("kazstance"), "origins": _origins(folder)},
        "names": NAMES,
        "sources": _records(folder.sources),
        "targets": _records(folder.targets),
        "annotators": _records(folder.annotators),
        "position_columns": POSITION,
        "positions": [list(row.values()) for row in _records(folder.positions)],
    }


def _records(table: Table[Any]) -> list[dict[str, Any]]:
    return [row.model_dump(mode="json") for row in table]


def _origins(folder: DatasetFolder) -> dict[str, int]:
    """The numbers of silver and gold labels; an adjudicated label is silver unless a person has judged.

    Also the number of sheets with a sample of silver labels that people judged, if there are any.
    """
    count = Counter(folder.columns("stances", ["origin"])["origin"].to_pylist())
    gold = count[Origin.human]
    sampled = len(folder.manifest.samples)
    return {"silver": count.total() - gold, "gold": gold} | ({"sampled": sampled} if sampled else {})
