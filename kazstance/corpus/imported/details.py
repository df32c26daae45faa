"""What a table says of a judgement besides its label: explicitness, certainty, and the probability of being asked."""

from typing import Any, Final

from kazstance.corpus.imported.account import Account
from kazstance.corpus.imported.cells import Cells
from kazstance.corpus.imported.said import Said
from kazstance.errors import Problem
from kazstance.schema.labels import Certainty, Explicitness, Label

VALUES: Final = {"explicitness": tuple(Explicitness), "certainty": tuple(Certainty)}
WITHOUT: Final = {"explicitness": (Label.neutral.name, Label.none.name), "certainty": (Label.none.name,)}
"""The labels of which each is not recorded."""


def details_of(said: Said, cells: Cells, account: Account, problems: list[Problem]) -> dict[str, Any]:
    """The fields of a judgement that its row gives, besides label, evidence and note.

    Args:
        said: the judgement.
        cells: the values of the roles.
        account: told of what is left out.
        problems: extended by values that are not allowed.
    """
    found: dict[str, Any] = {}
    for role, allowed in VALUES.items():
        if (value := cells.of(role, said.row)) is None:
            continue
        if said.label in WITHOUT[role]:
            account.note(f"{role} of judgements with the label {said.label}, which is left out")
        elif (given := value.strip().casefold()) in allowed:
            found[role] = given
        else:
            message = f"{value[:80]!r}, expected {' or '.join(allowed)}"
            problems.append(cells.problem(role, said.row, message))
    if (value := cells.of("probability", said.row)) is not None:
        found |= _probability(value, said.row, cells, problems)
    return found


def _probability(value: str, row: int, cells: Cells, problems: list[Problem]) -> dict[str, float]:
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if 0 < number <= 1:
        return {"probability": number}
    problems.append(cells.problem("probability", row, f"{value[:80]!r}, expected a number above 0, at most 1"))
    return {}
