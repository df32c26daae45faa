"""Values for the cells of a spreadsheet."""

import re
from typing import Final, TypeVar

from kazstance.output.characters import INVISIBLE

T = TypeVar("T")
FORMULA_SIGNS: Final = "=+\\-@⁺⁼₊₌﬩﹢﹣﹦﹫＋－＝＠"
"""What a formula begins with (OWASP, CSV injection), and the signs that Unicode holds to be forms of these (NFKC)."""
FORMULA: Final = re.compile(rf"[\s{INVISIBLE}\u200c\u200d]*[{FORMULA_SIGNS}]|[\t\r\n]")
"""How a cell begins that a spreadsheet may take for a formula: with such a sign, also behind space or what is not seen,
which some programs drop; or with what ends a cell or a line."""
ARMED: Final = re.compile(f"'*(?:{FORMULA.pattern})")
"""A formula behind any number of apostrophes, one of which `safe_cell` may have put there."""


def safe_cell(value: T) -> T | str:
    """A value for a cell of a spreadsheet: an apostrophe stands before text that would be taken for a formula.

    Text that has apostrophes before a formula already gets one more, so that `plain_cell` gives every text back.
    """
    return "'" + value if isinstance(value, str) and ARMED.match(value) else value


def plain_cell(text: str) -> str:
    """The text that `safe_cell` made a cell of."""
    return text[1:] if text.startswith("'") and ARMED.match(text, 1) else text
