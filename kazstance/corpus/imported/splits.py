"""The splits of a table's own, by whatever names it has for them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from kazstance.corpus.imported.account import Account
from kazstance.corpus.imported.cells import Cells
from kazstance.errors import InputError, Problem, UnknownNameError
from kazstance.schema.records import SPLITS

NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "trial"), "validation"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
"""What splits are called."""


def split_names(cells: Cells, own: Mapping[str, str], account: Account) -> Cells:
    """The cells with the names of kazstance for the splits of the table.

    Args:
        cells: the values of the roles.
        own: the split for each name of one in the table, besides the common names.
        account: told of rows without a split.

    Raises:
        UnknownNameError: there is no such split.
        InputError: the table has other names; each is named once.
    """
    for split in own.values():
        if split not in SPLITS:
            raise UnknownNameError(split, "split", SPLITS)
    if "split" not in cells.values:
        return cells
    values = cells.values["split"]
    known = {value: own.get(value) or NAMES.get(value.strip().casefold()) for value in values if value is not None}
    if unknown := [value for value, split in known.items() if split is None]:
        raise InputError(_unknown(cells, value) for value in unknown)
    if gaps := values.count(None):
        account.note("rows without a split, which the program assigns", gaps)
    found = [None if value is None else known[value] for value in values]
    return replace(cells, values={**cells.values, "split": found})


def _unknown(cells: Cells, value: str) -> Problem:
    remedy = "--split-name THEIRS=OURS, or splits= in Python, says which split is meant"
    message = f"{value[:80]!r}, expected train, validation or test, or a common name of one"
    return Problem(cells.name, None, cells.columns["split"], message, cells.values["split"].index(value) + 1, remedy)
