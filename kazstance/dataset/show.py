"""Rows to look at, on a terminal or in a notebook; evidence is marked in its sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kazstance.dataset.excerpt import mark
from kazstance.output.notebook import marked_text
from kazstance.output.terminal import Table, display, echo, safe, styled
from kazstance.schema.records import Record, Stance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

    from kazstance.schema.records import Span


SAID_BY_ID: Final = ("source_id", "paragraph_id")
"""Columns that repeat a part of the sentence's id."""


def show(rows: Sequence[Record], total: int) -> None:
    """Print some rows, and the total number of rows."""
    stances = [row for row in rows if isinstance(row, Stance)]
    if len(stances) == len(rows):
        show_stances(stances)
    else:
        display(_table(rows))
    echo(f"{len(rows)} of {total}")


def show_stances(rows: Iterable[Stance]) -> None:
    """Print sentences, each with its target and label, and its evidence in ⟦ ⟧."""
    for row in rows:
        said = ", ".join(filter(None, [row.explicitness, row.certainty]))
        how = f" ({said})" if said else ""
        display(styled(f"{row.sentence_id}  {row.target_id}: {row.label_name}{how}", "bold"))
        display(marked(row.text, row.evidence).append(f" — {safe(row.speaker)}\n" if row.speaker else " "))


def marked(text: str, evidence: Sequence[Span] | None) -> Text:
    """A text whose evidence is in brackets and in bold."""
    found = styled(mark(text, evidence))
    found.highlight_regex("⟦.*?⟧", "bold")
    return found


def notebook_row(row: Record) -> dict[str, Any]:
    """A row as cells by column: labels by name, evidence marked in its text, without what the sentence's id says."""
    found = dict(row)
    if "sentence_id" in found:
        found = {name: value for name, value in found.items() if name not in SAID_BY_ID}
    for name in [name for name in found if f"{name}_name" in found]:
        found[name] = found.pop(f"{name}_name")
    if "text" in found and "evidence" in found:
        found["text"] = marked_text(found["text"], [(span.start, span.end) for span in found.pop("evidence") or ()])
    return found


def _table(rows: Sequence[Record]) -> Table:
    columns = list(dict(rows[0])) if rows else []
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(getattr(row, column)) for column in columns))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{len(value)} items" if isinstance(value, tuple) else str(value)
