"""How often values occur in the tables of a dataset, which are read a batch at a time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow.compute as pc

    from kazstance.dataset.folder import DatasetFolder


def counts(
    folder: DatasetFolder,
    table: str,
    columns: Sequence[str],
    where: pc.Expression | None = None,
    splits: Sequence[str] | None = None,
) -> Counter[Any]:
    """How often each combination of values of some columns of a table occurs.

    Args:
        folder: the dataset.
        table: the name of the table.
        columns: the columns; a key of the counter is the tuple of their values.
        where: which rows to count.
        splits: the splits; by default, all.

    Raises:
        IntegrityError: a file is damaged, or has no such column.
    """
    import pyarrow as pa

    folder.check_schema(table)
    total: Counter[Any] = Counter()
    for split in splits or folder[table].splits:
        for batch in folder.batches(table, split, columns, where, coded=True):
            rows = pa.Table.from_batches([batch]).group_by(list(columns), use_threads=False)
            found = rows.aggregate([([], "count_all")])
            keys = zip(*(found[name].to_pylist() for name in columns), strict=True)
            total.update(dict(zip(keys, found["count_all"].to_pylist(), strict=True)))
    return total
