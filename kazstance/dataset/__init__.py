"""A built dataset, read offline: a folder opened once, its tables as objects, and the same as plain functions."""

from kazstance.dataset.dependence import clusters, leaks
from kazstance.dataset.folder import SHIPPED, DatasetFolder
from kazstance.dataset.reading import (
    PAGES,
    findings,
    load,
    manifest,
    page_place,
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
    "findings",
    "leaks",
    "load",
    "manifest",
    "page_place",
    "path",
    "splits",
    "table",
    "to_hf",
    "verify",
]
