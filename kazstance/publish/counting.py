"""How often values occur in the tables of a dataset."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from kazstance.dataset import DatasetFolder


def counts(
    folder: DatasetFolder, table: str, columns: Sequence[str], where: pc.Expression | None = None
) -> Counter[Any]:
    """How often each combination of values of some columns of a table occurs.

    Args:
        folder: the dataset.
        table: the name of the table.
        columns: the columns; a key of the counter is the tuple of their values.
        where: which rows to count.
    """
    found = folder.columns(table, columns, where).group_by(list(columns)).aggregate([([], "count_all")])
    rows = zip(*(found[name].to_pylist() for name in columns), strict=True)
    return Counter(dict(zip(rows, found["count_all"].to_pylist(), strict=True)))
