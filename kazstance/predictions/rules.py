"""What is done with rows that do not pair or have no label: refused, unless the user says otherwise; counted always."""

from dataclasses import dataclass, fields
from typing import Final, TypedDict

from kazstance.errors import KazstanceError, UnknownNameError

CHOICES: Final = {
    "missing": ("wrong", "ignore"),
    "extra": ("ignore",),
    "duplicates": ("first",),
    "unlabelled": ("ignore",),
    "invalid": ("wrong",),
}
"""What can be done with each kind of row instead of refusing it."""
BY_ID: Final = ("missing", "extra", "duplicates", "annotator")
"""The rules that need rows with ids."""


class RuleOptions(TypedDict, total=False):
    """The rules as keyword arguments, see `Rules`."""

    by_line: bool
    missing: str | None
    extra: str | None
    duplicates: str | None
    unlabelled: str | None
    invalid: str | None
    annotator: str | None


@dataclass(frozen=True)
class Rules:
    """How rows are paired, and what is done with those that do not pair or have no label; None refuses them.

    `missing` are gold rows without a prediction, `extra` predictions without a gold row, `duplicates` rows with the
    same id in one table, `unlabelled` gold rows without a label, and `invalid` predictions that are not labels.
    `annotator` is the column of the annotator if the gold table has a row for each judgement.
    """

    by_line: bool = False
    missing: str | None = None
    extra: str | None = None
    duplicates: str | None = None
    unlabelled: str | None = None
    invalid: str | None = None
    annotator: str | None = None

    def check(self, *, has_ids: bool) -> None:
        """Check that the rules are known and compatible.

        Raises:
            UnknownNameError: a rule has another value; the message lists the valid ones.
            KazstanceError: rows are to be paired both by number and by id, or by neither.
        """
        for name, choices in CHOICES.items():
            given = getattr(self, name)
            if given is not None and given not in choices:
                raise UnknownNameError(given, f"way to treat {name} rows", choices)
        if self.by_line and (has_ids or any(getattr(self, name) for name in BY_ID)):
            raise KazstanceError(f"pairing by line: expected neither an id nor {', '.join(BY_ID[:-1])} or {BY_ID[-1]}")
        if not self.by_line and not has_ids:
            raise KazstanceError("id: no column, expected one or more that identify a row, or pairing by line")

    @property
    def facts(self) -> dict[str, str]:
        """The rules that are in force, by name."""
        return {f.name: str(value) for f in fields(self) if (value := getattr(self, f.name)) and f.name in CHOICES}


NO_RULES: Final = Rules()
"""Rows are paired by id, and everything that does not pair or has no label is refused."""
