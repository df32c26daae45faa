"""Rows about a unit and a target, with numbers in place of their ids."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Keyed(NamedTuple):
    """Rows about a unit and a target, ordered by both, with their numbers."""

    rows: pa.Table
    n: Ints
    target: Ints

    def where(self, chosen: Mask) -> "Keyed":
        """The rows that are chosen."""
        return Keyed(self.rows.filter(pa.array(chosen)), self.n[chosen], self.target[chosen])

    def at(self, places: Ints) -> "Keyed":
        """The rows at some places."""
        return Keyed(self.rows.take(places), self.n[places], self.target[places])

    def lists(self) -> list[list[Any]]:
        """Each row as a list, after the numbers of unit and target; evidence as pairs of start and end."""
        found = []
        for n, target, row in zip(self.n.tolist(), self.target.tolist(), self.rows.to_pylist(), strict=True):
            if row.get("evidence") is not None:
                row["evidence"] = [[span["start"], span["end"]] for span in row["evidence"]]
            found.append([n, target, *row.values()])
        return found
