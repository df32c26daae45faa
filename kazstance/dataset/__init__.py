"""A built dataset, read offline: a folder opened once, its tables as objects, and the same through plain functions."""

from kazstance.dataset.dependence import clusters, homes, leaks
from kazstance.dataset.folder import PAGES, SHIPPED, DatasetFolder
from kazstance.dataset.reading import (
    load,
    manifest,
    path,
    splits,
    table,
    to_hf,
    verify,
)
from kazstance.dataset.table import Table

__all__ = [
    "PAGES",
    "SHIPPED",
    "DatasetFolder",
    "Table",
    "clusters",
    "homes",
    "leaks",
    "load",
    "manifest",
    "path",
    "splits",
    "table",
    "to_hf",
    "verify",
]
