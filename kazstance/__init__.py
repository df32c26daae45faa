"""Comparative stance: how several sources stand on the same targets, sentence by sentence, with the evidence."""

from kazstance.dataset import load, manifest, path, splits, table, to_hf, verify
from kazstance.errors import InputError, IntegrityError, KazstanceError, MissingExtraError, UnknownNameError

__version__ = "0.3.0"

__all__ = [
    "InputError",
    "IntegrityError",
    "KazstanceError",
    "MissingExtraError",
    "UnknownNameError",
    "__version__",
    "load",
    "manifest",
    "path",
    "splits",
    "table",
    "to_hf",
    "verify",
]
