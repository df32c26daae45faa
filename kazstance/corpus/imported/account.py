"""What became of each row of a table: kept, or left out for a reason."""

from collections import Counter
from collections.abc import Iterable

from kazstance.schema.manifest import Dropped, Imported


class Account:
    """The rows of a table that are left out, each with one reason, and notes on what else is lost."""

    def __init__(self, table: str, rows: int, recipe: str | None = None) -> None:
        """Begin with no row left out.

        Args:
            table: what messages call the table.
            rows: the number of its rows.
            recipe: the recipe by which it is read.
        """
        self.table, self._recipe = table, recipe
        self.rows = rows
        self.reasons: dict[int, str] = {}
        """The reason why each row was left out, by the number of the row."""
        self._notes: Counter[str] = Counter()

    def drop(self, row: int, reason: str) -> None:
        """Leave out a row; its first reason counts."""
        self.reasons.setdefault(row, reason)

    def note(self, what: str, times: int = 1) -> None:
        """Note what is lost without a row being left out."""
        self._notes[what] += times

    def record(self, kept: Iterable[int], judgements: int) -> Imported:
        """The record, given the rows that are kept and the number of judgements."""
        rows = set(kept)
        reasons = Counter(reason for row, reason in self.reasons.items() if row not in rows)
        return Imported(
            table=self.table,
            recipe=self._recipe,
            rows=self.rows,
            kept=len(rows),
            judgements=judgements,
            dropped=tuple(Dropped(reason=reason, rows=n) for reason, n in sorted(reasons.items())),
            notes=tuple(f"{what}: {n}" if n > 1 else what for what, n in sorted(self._notes.items())),
        )
