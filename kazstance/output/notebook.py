"""Compact HTML for notebooks, in which text from elsewhere is text and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

from kazstance.output.characters import safe
from kazstance.stats.estimate import Estimate, number_text

ROWS: Final = 20
"""Rows that a notebook shows."""
COLUMNS: Final = 10
"""Columns that a notebook shows."""
CHARACTERS: Final = 160
"""Characters of a text that a cell shows."""
LONG: Final = 1000
"""Characters of a text that is shown with its evidence."""


class Html(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()


def html_text(value: object) -> Html:
    """A value as text: markup in it is shown, not followed, and so are characters that act without being seen."""
    return value if isinstance(value, Html) else Html(escape(safe(str(value))))


def html_paragraph(*parts: object) -> Html:
    """A paragraph of several values."""
    return Html(f"<p>{''.join(map(html_text, parts))}</p>")


def marked_text(text: str, spans: Iterable[tuple[int, int]]) -> Html:
    """A text with its spans, each as start and end, marked; a long text is cut short."""
    kept, parts, at = _cut(text, LONG), [], 0
    for start, end in sorted(spans):
        if at <= start < min(end, len(kept)):
            parts.append(f"{html_text(kept[at:start])}<mark>{html_text(kept[start:end])}</mark>")
            at = end
    return Html("".join(parts) + html_text(kept[at:]))


def html_table(rows: Sequence[Mapping[str, Any]], total: int | None = None) -> Html:
    """A table of the first rows and columns that have values; a figure and the ends of its interval are one cell.

    Args:
        rows: the rows, all with the same columns; `ROWS` of them are shown.
        total: the number of rows there are, if `rows` are only the first.
    """
    if not rows:
        return html_paragraph("No rows.")
    cells = [_with_intervals(row) for row in rows[:ROWS]]
    total, names = total or len(rows), [name for name in cells[0] if any(row[name] not in (None, ()) for row in cells)]
    head = "".join(f"<th>{html_text(name)}</th>" for name in names[:COLUMNS])
    body = "".join(f"<tr>{''.join(f'<td>{_cell(row[name])}</td>' for name in names[:COLUMNS])}</tr>" for row in cells)
    sizes = ((len(cells), total, "rows"), (min(len(names), COLUMNS), len(names), "columns"))
    left_out = ", ".join(f"{shown} of {there} {kind}" for shown, there, kind in sizes if shown < there)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return Html(table + (html_paragraph(left_out) if left_out else ""))


def _with_intervals(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose columns as `net`, `net_low` and `net_high` are one estimate."""
    found = dict(row)
    for name in row:
        ends = ("low", "high") if name == "value" else (f"{name}_low", f"{name}_high")
        if all(end in found for end in ends):
            numbers = [found[name], *(found.pop(end) for end in ends)]
            found[name] = None if numbers[0] is None else Estimate.from_numbers(numbers)
    return found


def _cell(value: Any) -> Html:
    """A value in a cell: nothing for None, a number of items for what holds several, and long texts cut short."""
    if value is None or isinstance(value, Html):
        return value or Html()
    if isinstance(value, float):
        return html_text(number_text(value, 3))
    if isinstance(value, list | tuple | dict):
        return html_text(f"{len(value)} items")
    return html_text(_cut(str(value), CHARACTERS))


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
