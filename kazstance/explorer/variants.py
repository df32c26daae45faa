"""Positions under filters of voice and certainty, pooled like all others; and the orders of sources and targets."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import narwhals as nw
import numpy as np

from kazstance.comparison import Cell, Comparison, compare_dataset, count
from kazstance.comparison.grouping import CLUSTER
from kazstance.comparison.positions import posterior
from kazstance.dataset import DatasetFolder
from kazstance.schema.labels import SIDES, Certainty, Label, Voice
from kazstance.stats.counting import Floats

PRECOMPUTED: Final = [
    (voice, certainty)
    for voice, certainty in product(Voice, (None, *Certainty))
    if (voice, certainty) != (Voice.own, None)  # the table of positions
]
"""Voices and certainties whose positions come with the page."""
DECIMALS: Final = 3
FARTHEST: Final = 2.0
"""The distance of two lines of the matrix that have no cell in common."""


def variants(folder: DatasetFolder) -> dict[str, list[list[float]]]:
    """Positions by voice and certainty, as `own:sure` or `quoted:`, without cells that have no sentence.

    A row has the number of the cell in the grid of sources and targets, its sentences in favor, neutral and against,
    and pooled net stance with the ends of its 95 % interval.
    """
    compared = compare_dataset(folder, "all")
    return {f"{voice}:{certainty or ''}": _positions(compared, voice, certainty) for voice, certainty in PRECOMPUTED}


def _positions(compared: Comparison, voice: Voice, certainty: Certainty | None) -> list[list[float]]:
    rows = compared.rows.filter(nw.col("voice") == voice.value)
    if certainty:
        rows = rows.filter(nw.col("certainty") == certainty.value)
    counts = count(
        rows,
        source=compared.columns.source,
        cluster=CLUSTER,
        sources=compared.counts.sources,
        targets=compared.counts.targets,
    )
    total = counts.total
    sided = total[..., SIDES].any(axis=2)
    net = np.where(sided, posterior(counts).summary(), np.array([0.0, -1.0, 1.0])[:, None, None]).round(DECIMALS)
    found = []
    for cell in np.flatnonzero(total.any(axis=2)).tolist():
        at = divmod(cell, total.shape[1])
        sentences = (round(float(total[at][label])) for label in (Label.favor, Label.neutral, Label.against))
        found.append([cell, *sentences, *net[:, *at].tolist()])
    return found


def similar(cells: Sequence[Cell], sources: int) -> dict[str, list[int]]:
    """Orders of sources and of targets that put those next to each other whose net stances are near.

    Average linkage with the best order of leaves (Bar-Joseph et al., 2001), by the mean difference of net stances over
    what both have in common.
    """
    net = np.array([cell.net.value if cell.net and cell.net.n else np.nan for cell in cells])
    grid = net.reshape(sources, -1)
    return {"sources": _leaves(grid), "targets": _leaves(grid.T)}


def _leaves(lines: Floats) -> list[int]:
    if len(lines) < 3:  # noqa: PLR2004
        return list(range(len(lines)))
    from scipy.cluster.hierarchy import leaves_list, linkage  # noqa: PLC0415  # loaded where it is used

    one, other = np.triu_indices(len(lines), 1)
    apart = np.abs(lines[one] - lines[other])
    shared = (~np.isnan(apart)).sum(axis=1)
    mean = np.where(shared > 0, np.nansum(apart, axis=1) / np.maximum(shared, 1), FARTHEST)
    order: list[int] = leaves_list(linkage(mean, "average", optimal_ordering=True)).tolist()
    return order
