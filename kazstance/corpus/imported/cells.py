"""The cells of an annotated table, by the roles of their columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from kazstance.corpus.imported.said import Texts
from kazstance.errors import Problem


@dataclass(frozen=True)
class Cells:
    """The values of the roles by row; a role without a column has no values."""

    name: str
    """What messages call the table."""
    size: int
    values: Mapping[str, Texts]
    columns: Mapping[str, str]

    def of(self, role: str, row: int) -> str | None:
        """The value of a role in a row."""
        return self.values[role][row] if role in self.values else None

    def problem(self, role: str, row: int, message: str) -> Problem:
        """A problem with a cell.

        Args:
            role: the role of its column.
            row: its row, counted from 0.
            message: what was found, and what was expected.
        """
        return Problem(self.name, None, self.columns.get(role, role), message, row + 1)
