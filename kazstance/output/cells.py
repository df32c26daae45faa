"""Values for the cells of a spreadsheet."""

import re
from typing import Final, TypeVar

from kazstance.output.characters import INVISIBLE

T = TypeVar("T")
FORMULA_SIGNS: Final = "=+\\-@⁺⁼₊₌﬩﹢﹣﹦﹫＋－＝＠"
"""The characters that begin a formula (OWASP, CSV injection), and those that Unicode treats as forms of them (NFKC)."""
FORMULA: Final = re.compile(rf"[\s{INVISIBLE}\u200c\u200d]*[{FORMULA_SIGNS}]|[\t\r\n]")
"""How a cell begins that a spreadsheet may take for a formula: with such a character, after white space or invisible
characters, which some programs drop; or with the end of a cell or a line."""
ARMED: Final = re.compile(f"'*(?:{FORMULA.pattern})")
"""A formula after any number of apostrophes, one of which `safe_cell` may have added."""


def safe_cell(value: T) -> T | str:
    """A value for a cell of a spreadsheet: text that would be taken for a formula gets an apostrophe in front.

    Text that already has apostrophes before a formula gets one more, so that `plain_cell` restores every text.
    """
    return "'" + value if isinstance(value, str) and ARMED.match(value) else value


def plain_cell(text: str) -> str:
    """The text that `safe_cell` turned into a cell."""
    return text[1:] if text.startswith("'") and ARMED.match(text, 1) else text
