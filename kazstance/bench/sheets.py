"""Tables of a report as plain text cells, before they are written in any format."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A line of a table: its name and its cells."""

    name: str
    cells: Sequence[str]
    is_shortcut: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table; `title` is empty for the main one; a table that `is_long` is shown only in the HTML page."""

    title: str
    about: str
    header: Sequence[str]
    lines: Sequence[Line]
    is_long: bool = False
