"""Which column of an annotated table plays which role, and what holds for all of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final, TypedDict

from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.schema.labels import GRID_LABELS

ROLES: Final = (
    *("text", "target", "source", "annotator", "document", "id", "date", "title", "url", "split", "holder"),
    *("evidence", "note", "round", "explicitness", "certainty", "probability"),
)
"""The roles that one column each may play, besides the label; a column with the name of a role plays it."""
DETAILS: Final = ("explicitness", "certainty", "probability")
"""Roles of columns about a single judgement."""
ASKED: Final = ("id", *DETAILS)
"""Roles that a column plays only if it is named: an id often is that of a row, and a certainty often a number."""
ALONE: Final = ("text", "target", "source", "annotator", "holder", "evidence", "note", *DETAILS)
"""Roles whose column has no other of these roles; a year, say, may be a date and the name of a document."""


class RoleOptions(TypedDict, total=False):
    """The roles of columns as keyword arguments, see `Roles`."""

    text: str | None
    target: str | None
    source: str | None
    annotator: str | None
    document: str | None
    id: str | None
    date: str | None
    title: str | None
    url: str | None
    split: str | None
    holder: str | None
    evidence: str | None
    note: str | None
    round: str | None
    explicitness: str | None
    certainty: str | None
    probability: str | None
    language: str | None
    label: str | Sequence[str] | None
    votes: Mapping[str, str] | None


@dataclass(frozen=True)
class Roles:
    """The columns of a table by their roles; several labels are one column per annotator, votes a count per label.

    With several columns of labels, a column of annotators says which group of people judged the row.
    """

    columns: Mapping[str, str]
    """The column of each role that has one."""
    labels: tuple[str, ...]
    """The columns of labels."""
    votes: Mapping[str, str] = field(default_factory=dict)
    """The label that each column counts the votes for."""
    language: str | None = None
    """The language of all texts, as a BCP 47 tag, if it is not a column."""
    others: tuple[str, ...] = ()
    """The columns without a role."""

    @property
    def is_wide(self) -> bool:
        """Whether there is a column per annotator."""
        return len(self.labels) > 1


def roles_of(there: Sequence[str], given: RoleOptions, *, name: str, ignore: Sequence[str] = ()) -> Roles:
    """The roles of the columns of a table: as given, otherwise those of columns that have the name of a role.

    Args:
        there: the columns of the table.
        given: the column of each role; patterns such as `coder_*` are allowed for the labels.
        name: what messages call the table.
        ignore: columns that are left out.

    Raises:
        UnknownNameError: a column does not exist; the message lists those that do.
        KazstanceError: there is no column for the text or for the labels, or a column has two roles.
    """
    for column in ignore:
        _check_there(column, there, name)
    known = [column for column in there if column not in ignore]
    named: dict[str, Any] = dict(given)
    columns = {
        role: named.get(role) or role for role in ROLES if named.get(role) or (role in known and role not in ASKED)
    }
    votes = dict(given.get("votes") or {})
    labels = () if votes else _labels(given.get("label"), known)
    for column in (*columns.values(), *labels, *votes):
        _check_there(column, known, name)
    for label in votes.values():
        if label not in GRID_LABELS:
            raise UnknownNameError(label, "label", GRID_LABELS)
    columns = {role: column for role, column in columns.items() if named.get(role) or column not in (*labels, *votes)}
    language = given.get("language") or ("language" if "language" in known else None)
    found = Roles(columns, labels, votes, language)
    if language in known:
        found = replace(found, columns=columns | {"language": language}, language=None)
    _check_roles(found, known, name)
    used = {*found.columns.values(), *labels, *votes}
    return replace(found, others=tuple(column for column in known if column not in used))


def _labels(given: Any, known: Sequence[str]) -> tuple[str, ...]:
    """The columns of labels; patterns stand for the columns that match them."""
    names = [given] if isinstance(given, str) else given or (["label"] if "label" in known else [])
    found: dict[str, None] = {}
    for name in names:
        matching = [column for column in known if fnmatchcase(column, name)] if "*" in name else []
        found |= dict.fromkeys(matching or [name])
    return tuple(found)


def _check_there(column: str, there: Sequence[str], name: str) -> None:
    if column not in there:
        raise UnknownNameError(column, f"column of {name}", there)


def _check_roles(roles: Roles, there: Sequence[str], name: str) -> None:
    """Check that text and labels have columns, and that no column has two roles."""
    lacking = [role for role in ("text",) if role not in roles.columns]
    lacking += [] if roles.labels or roles.votes else ["label"]
    if lacking:
        raise KazstanceError(
            f"{name}: no column for the {' and the '.join(lacking)}; say which of {', '.join(map(repr, there))} it is "
            f"({', '.join(f'--{role} COLUMN or {role}=' for role in lacking)})"
        )
    alone = [column for role, column in roles.columns.items() if role in ALONE]
    used = [*alone, *roles.labels, *roles.votes]
    if doubled := [column for column in dict.fromkeys(used) if used.count(column) > 1]:
        raise KazstanceError(f"{name}: the column {doubled[0]!r} has two roles; expected one")
    if roles.votes and "annotator" in roles.columns:
        raise KazstanceError(f"{name}: votes are counts over annotators; expected no annotator column")
    if (roles.votes or roles.is_wide) and (details := [role for role in DETAILS if role in roles.columns]):
        raise KazstanceError(f"{name}: a row holds several judgements; expected no column of {' or '.join(details)}")
