"""Markdown in which text from elsewhere is text: it makes no heading, link, image, code, HTML or cell of its own.

Escapes are those of CommonMark and GitHub's tables. `<` and `&` are character references, since other dialects that
know backslash escapes do not know them for these.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from kazstance.output.characters import safe

SCHEMES: Final = frozenset({"http", "https", "mailto"})
"""Addresses that may become links."""
SPECIAL: Final = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)"  # a backslash that would escape the next sign
    r"|[`*|]|\](?=[(\[:])|~(?=~)|(?<=~)~"  # a bracket that would close the text of a link
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is no emphasis
    r"|<|&(?=#?\w+;)"
)
"""A sign that means something within a line."""
START: Final = re.compile(r"[#>+=-]|\d+(?=[.)])")
"""What means something at the beginning of a line: a heading, quotation, list or rule."""
END: Final = re.compile(r"(#+)$")
"""What ends a heading, and is no part of it."""
REFERENCES: Final = {"<": "&lt;", "&": "&amp;"}


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def plain(text: object) -> Markdown:
    """A text that means itself anywhere in a line, be it in a cell or a heading; all space in it is single."""
    if isinstance(text, Markdown):
        return text
    line = safe(" ".join(str(text).split()))
    escaped = SPECIAL.sub(lambda found: REFERENCES.get(found[0], "\\" + found[0]), line)
    return Markdown(END.sub(r"\\\1", escaped))


def paragraph(text: object) -> Markdown:
    """A text that means itself at the beginning of a line, too."""
    line = plain(text)
    start = START.match(line)
    if not start:
        return line
    sign = start.end() if start[0].isdigit() else 0  # behind a number it is the stop that makes a list
    return Markdown(f"{line[:sign]}\\{line[sign:]}")


def code(text: object) -> Markdown:
    """A code span, also in a cell."""
    line = safe(" ".join(str(text).split())).replace("|", r"\|")
    fence = "`" * (_longest_run(line) + 1)
    room = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return Markdown(f"{fence}{room}{line}{room}{fence}")


def code_block(text: str, language: str) -> Markdown:
    """A block of code, which ends at its end and not before."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return Markdown(f"{fence}{language}\n{safe(text)}{'' if text.endswith(chr(10)) else chr(10)}{fence}")


def emphasis(text: object) -> Markdown:
    """A text in italics."""
    return Markdown(f"*{plain(text)}*")


def strong(text: object) -> Markdown:
    """A text in bold."""
    return Markdown(f"**{plain(text)}**")


def address(text: str) -> Markdown:
    """An address, which readers that make links of bare addresses may take for one; of other schemes it is text."""
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        return plain(text)
    if scheme not in SCHEMES or any(character.isspace() for character in text):
        return plain(text)
    return Markdown(quote(text, safe="!#$%&'()+,-./:;=?@_~"))


def markdown_table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; what is not Markdown already is text."""
    lines = [header, [Markdown("---")] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(plain, line)) + " |" for line in lines)


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
