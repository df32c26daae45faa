"""How far sentences of one paragraph repeat each other: intraclass correlation and design effects from counts."""

import numpy as np

from kazstance.stats.counting import Codes, Floats, sums


def intraclass(hits: Floats, sizes: Floats, cell: Codes) -> float:
    """Intraclass correlation of a binary mark within clusters, in [0, 1], pooled over cells.

    By analysis of variance of clusters nested in cells (Ridout, Demetrio and Firth, 1999); 0 if no cluster has two
    rows or no cell has two clusters.

    Args:
        hits: shape (clusters,), marked rows of each cluster.
        sizes: shape (clusters,), rows of each cluster, all positive.
        cell: shape (clusters,), the number of the cell that each cluster belongs to.
    """
    cells = int(cell.max(initial=-1)) + 1
    totals, hit, clusters = (sums(cell, values, cells) for values in (sizes, hits, np.ones_like(sizes)))
    some = np.maximum(totals, 1)
    between, within = (clusters - 1).clip(0).sum(), sizes.sum() - len(sizes)
    if not between or not within:
        return 0.0
    mean_between = ((hits**2 / sizes).sum() - (hit**2 / some).sum()) / between
    mean_within = (hits - hits**2 / sizes).sum() / within
    size = (totals - sums(cell, sizes**2, cells) / some).sum() / between
    spread = mean_between + (size - 1) * mean_within
    return float(np.clip((mean_between - mean_within) / spread, 0, 1)) if spread > 0 else 0.0


def design_effects(sizes: Floats, cell: Codes, cells: int, correlation: float) -> Floats:
    """The factor by which clustering inflates the variance of each cell's share: 1 + (m - 1) rho, shape (cells,).

    m is the cell's sum of squared cluster sizes over their sum (Kish, 1965); 1 for an empty cell.

    Args:
        sizes: rows of each cluster in a cell, shape (entries,).
        cell: the number of the cell of each entry, shape (entries,).
        cells: how many cells there are.
        correlation: intraclass correlation, in [0, 1].
    """
    totals = sums(cell, sizes, cells)
    size: Floats = sums(cell, sizes**2, cells) / np.maximum(totals, 1)
    return 1 + np.maximum(size - 1, 0) * correlation
