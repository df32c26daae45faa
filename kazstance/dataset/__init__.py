"""A built dataset, read offline: a folder opened once, its tables as objects, and the same through plain functions."""

from kazstance.dataset.dependence import cluster_of_paragraph, cluster_of_sentence, clusters, leaks, paragraph_clusters
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
    "cluster_of_paragraph",
    "cluster_of_sentence",
    "clusters",
    "leaks",
    "load",
    "manifest",
    "paragraph_clusters",
    "path",
    "splits",
    "table",
    "to_hf",
    "verify",
]
