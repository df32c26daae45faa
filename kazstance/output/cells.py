"""Values for the cells of a spreadsheet."""

from typing import Any, Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet takes for a formula (OWASP, CSV injection)."""


def safe_cell(value: Any) -> Any:
    """A value for a cell of a spreadsheet: an apostrophe stands before text that would be taken for a formula."""
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value
