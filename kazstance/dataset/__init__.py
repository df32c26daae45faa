"""A built dataset, read offline: a folder opened once, its tables as objects, and the same as plain functions."""

from kazstance.dataset.folder import DatasetFolder
from kazstance.dataset.reading import SHIPPED, load, manifest, path, splits, table, to_hf, verify
from kazstance.dataset.table import Table

__all__ = [
    "SHIPPED",
    "DatasetFolder",
    "Table",
    "load",
    "manifest",
    "path",
    "splits",
    "table",
    "to_hf",
    "verify",
]
