"""The columns of rows that a model labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.predictions import PROBABILITY

OWN_IDS: Final = (("sentence_id", "target_id"), ("item_id",), ("id",))
"""The ids that rows are identified by if none are named: the first of these that they have."""
LABEL: Final = "label"
TARGET: Final = "target"
TARGET_ID: Final = "target_id"
SOURCE: Final = "source_id"


@dataclass(frozen=True)
class Columns:
    """The columns of rows to label; without ids and source, those of a dataset's own tables if the rows have them."""

    ids: tuple[str, ...] = ()
    text: str = "text"
    target: str = TARGET
    source: str | None = None

    def found_in(self, there: Sequence[str], where: str) -> Columns:
        """The same with ids and source found.

        Args:
            there: the columns of the rows.
            where: what messages call the rows.

        Raises:
            UnknownNameError: there is no such column.
            KazstanceError: no ids are named, and there are none of a dataset; or an id has the name of a result.
        """
        ids = self.ids or next((names for names in OWN_IDS if set(names) <= set(there)), ())
        source = self.source or (SOURCE if SOURCE in there else None)
        for name in (*ids, self.text, self.target, *filter(None, [source])):
            if name not in there:
                raise UnknownNameError(name, f"column of {where}", there)
        if not ids:
            known = ", ".join(there)
            raise KazstanceError(
                f"{where}: pass the columns that identify a row: --id (in Python, id=); there are {known}"
            )
        if taken := [name for name in ids if name == LABEL or name.startswith(PROBABILITY)]:
            raise KazstanceError(f"{where}: {taken[0]} is a column of the predictions; expected ids of another name")
        return replace(self, ids=ids, source=source)

    @property
    def read(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys(filter(None, [*self.ids, self.text, self.target, self.source])))
