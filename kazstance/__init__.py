"""Comparative stance: how several sources stand on the same targets, sentence by sentence, with the evidence."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from kazstance._moved import moved, watch_imports

if TYPE_CHECKING:
    from kazstance._benchmark import Benchmark, benchmark
    from kazstance._front import Chart, Comparison, Dataset, build, compare, concat, fit, from_table, score
    from kazstance._front import Dataset as open  # noqa: A004, N813  # named after what it does, as in other packages
    from kazstance.bench.result import Result
    from kazstance.comparison import Cell, Disagreement, Distances, Word
    from kazstance.comparison.agreement import Agreement
    from kazstance.comparison.drift import Drift
    from kazstance.dataset import Table, load, manifest, path, splits, table, to_hf, verify
    from kazstance.dataset.history import History
    from kazstance.errors import (
        InputError,
        IntegrityError,
        KazstanceError,
        MissingExtraError,
        UnknownLabelError,
        UnknownNameError,
    )
    from kazstance.models.model import Model, load_model
    from kazstance.output.listing import Listing
    from kazstance.predictions import Scores
    from kazstance.schema.labels import Label, Position
    from kazstance.schema.manifest import Manifest
    from kazstance.schema.records import (
        Annotator,
        GridCell,
        Judgement,
        Pair,
        Probe,
        Sentence,
        Source,
        SourcePosition,
        Stance,
        Target,
    )
    from kazstance.stats.estimate import Estimate

__version__ = "0.4.0"

_HOMES: Final = {
    "kazstance._benchmark": ("Benchmark", "benchmark"),
    "kazstance._front": ("Chart", "Comparison", "Dataset", "build", "compare", "concat", "fit", "from_table", "score"),
    "kazstance.bench.result": ("Result",),
    "kazstance.comparison": ("Cell", "Disagreement", "Distances", "Word"),
    "kazstance.comparison.agreement": ("Agreement",),
    "kazstance.comparison.drift": ("Drift",),
    "kazstance.dataset": ("Table", "load", "manifest", "path", "splits", "table", "to_hf", "verify"),
    "kazstance.dataset.history": ("History",),
    "kazstance.errors": (
        *("InputError", "IntegrityError", "KazstanceError", "MissingExtraError"),
        *("UnknownLabelError", "UnknownNameError"),
    ),
    "kazstance.models.model": ("Model", "load_model"),
    "kazstance.output.listing": ("Listing",),
    "kazstance.predictions": ("Scores",),
    "kazstance.schema.labels": ("Label", "Position"),
    "kazstance.schema.manifest": ("Manifest",),
    "kazstance.schema.records": (
        *("Annotator", "GridCell", "Judgement", "Pair", "Probe", "Sentence", "Source", "SourcePosition", "Stance"),
        "Target",
    ),
    "kazstance.stats.estimate": ("Estimate",),
}
"""Where each public name is defined; it is loaded when it is first asked for."""
_PLACES: Final = {name: home for home, names in _HOMES.items() for name in names}
_ALIASES: Final = {"open": "Dataset"}

__all__ = [
    "Agreement",
    "Annotator",
    "Benchmark",
    "Cell",
    "Chart",
    "Comparison",
    "Dataset",
    "Disagreement",
    "Distances",
    "Drift",
    "Estimate",
    "GridCell",
    "History",
    "InputError",
    "IntegrityError",
    "Judgement",
    "KazstanceError",
    "Label",
    "Listing",
    "Manifest",
    "MissingExtraError",
    "Model",
    "Pair",
    "Position",
    "Probe",
    "Result",
    "Scores",
    "Sentence",
    "Source",
    "SourcePosition",
    "Stance",
    "Table",
    "Target",
    "UnknownLabelError",
    "UnknownNameError",
    "Word",
    "__version__",
    "benchmark",
    "build",
    "compare",
    "concat",
    "fit",
    "from_table",
    "load",
    "load_model",
    "manifest",
    "open",
    "path",
    "score",
    "splits",
    "table",
    "to_hf",
    "verify",
]


watch_imports()


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for; of a name that has moved, say where to."""
    defined = _ALIASES.get(name, name)
    if defined not in _PLACES or (name != defined and name not in __all__):
        raise AttributeError(moved(name))
    value = getattr(import_module(_PLACES[defined]), defined)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
