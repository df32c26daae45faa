"""What a table says of sources and documents besides their texts: dates, languages, its other columns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from kazstance.corpus.imported.account import Account
from kazstance.corpus.imported.cells import Cells
from kazstance.corpus.imported.placing import Texted
from kazstance.corpus.stated import TAKEN, Value, check_names, stated_date
from kazstance.errors import InputError, Problem
from kazstance.language.tags import check_tag

UNKNOWN: Final = "und"
"""The tag of a language that nobody stated."""
VALUE: Final[TypeAdapter[Any]] = TypeAdapter(Value)
STATED: Final = ("title", "url", "date", "language")
Attributes = dict[str, Any]


def about_document(document: Texted, cells: Cells, account: Account) -> dict[str, str]:
    """Title, address, date and language of a document, as far as its rows state them; of several, the first.

    Args:
        document: the document.
        cells: the values of the roles by row.
        account: told where rows differ, and of dates that are kept as they are stated.
    """
    found: dict[str, str] = {}
    for role in STATED:
        said = dict.fromkeys(value for row in document.rows if (value := cells.of(role, row)) is not None)
        if not said:
            continue
        if len(said) > 1:
            account.note(f"documents whose rows differ in {cells.columns[role]}, of which the first is kept")
        found[role] = next(iter(said)).strip()
    if "date" in found and not (known := stated_date(found["date"])):
        found["date_stated"] = found.pop("date")
        account.note("dates that are not a year, month or day in digits, kept as date_stated")
    elif "date" in found:
        found["date"] = known or ""
    return found


def check_languages(cells: Cells, tag: str | None) -> None:
    """Check that all languages are tags.

    Raises:
        InputError: some are not; each is named once.
    """
    problems = []
    stated = cells.values.get("language", ())
    for value in [tag] if tag else filter(None, dict.fromkeys(stated)):
        try:
            check_tag(value)
        except ValueError as error:
            of_all = Problem(cells.name, None, "language", str(error))
            problems.append(of_all if tag else cells.problem("language", stated.index(value), str(error)))
    if problems:
        raise InputError(problems)


def language_of(tags: Sequence[str]) -> str:
    """The most frequent language, of several the first in the alphabet."""
    counts = Counter(tags)
    return min(counts, key=lambda tag: (-counts[tag], tag), default=UNKNOWN)


@dataclass(frozen=True)
class Others:
    """The columns without a role, which become attributes of sources or documents, or are left out."""

    of_sources: tuple[str, ...]
    of_documents: tuple[str, ...]
    values: Mapping[str, Sequence[Any]]

    def source(self, rows: Sequence[int]) -> Attributes:
        """The attributes of a source, given its rows."""
        return self._first(self.of_sources, rows)

    def document(self, rows: Sequence[int]) -> Attributes:
        """The attributes of a document, given its rows."""
        return self._first(self.of_documents, rows)

    def _first(self, columns: Sequence[str], rows: Sequence[int]) -> Attributes:
        found = {}
        for column in columns:
            value = next((v for row in rows if (v := self.values[column][row]) is not None), None)
            if value is not None:
                found[_named(column)] = value
        return found


def others_of(rows: pa.Table, columns: Sequence[str], documents: Sequence[Texted], account: Account) -> Others:
    """What becomes of the columns without a role: attributes, if their values differ by source or by document only.

    Args:
        rows: the table.
        columns: its columns without a role.
        documents: the documents.
        account: told of the columns that are left out.
    """
    values = {column: found for column in columns if (found := _plain_values(rows, column)) is not None}
    by_source: dict[str, list[int]] = {}
    for document in documents:
        by_source.setdefault(document.key.source, []).extend(document.rows)
    groups = [document.rows for document in documents]
    of_documents = [column for column in values if _are_constant(values[column], groups)]
    of_sources = [c for c in of_documents if len(by_source) > 1 and _are_constant(values[c], by_source.values())]
    left = [column or "one without a name" for column in columns if column not in of_documents]
    if left:
        account.note(f"columns left out, since they differ between the judgements of a text: {', '.join(left)}")
    mine = tuple(column for column in of_documents if column not in of_sources)
    return Others(tuple(of_sources), mine, values)


def _are_constant(values: Sequence[Any], groups: Any) -> bool:
    """Whether there is at most one value in each group of rows, and any at all."""
    found = [{values[row] for row in rows if values[row] is not None} for rows in groups]
    return any(found) and all(len(there) <= 1 for there in found)


def _plain_values(rows: pa.Table, column: str) -> list[Any] | None:
    """The values of a column that may be attributes, with None for what is missing; None if they may not."""
    try:
        check_names([_named(column)])
        return [_value(value) for value in rows[column].to_pylist()]
    except (ValueError, ValidationError):
        return None


def _value(value: Any) -> Any:
    """A value of an attribute; a blank text and NaN are missing."""
    is_missing = value is None or value != value or (isinstance(value, str) and not value.strip())  # noqa: PLR0124
    return None if is_missing else VALUE.validate_python(value)


def _named(column: str) -> str:
    """The name of an attribute: that of the column, unless tables have a column of this name already."""
    return f"{column}_in_table" if column in TAKEN else column
