"""Markdown in which outside text stays plain text: it forms no heading, link, image, code, HTML or cell.

Escapes are those of CommonMark and GitHub's tables. `<` and `&` become character references, since other dialects that
support backslash escapes do not support them for these.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from kazstance.output.characters import safe

SCHEMES: Final = frozenset({"http", "https", "mailto"})
"""Addresses that may become links."""
SPECIAL: Final = re.compile(
    r"\\(?=[!-/:-@\[-`{-~]|$)"  # a backslash that would escape the next character
    r"|[`*|]|\](?=[(\[:])|~(?=~)|(?<=~)~"  # a bracket that would close the text of a link
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore within a word is not emphasis
    r"|<|&(?=#?\w+;)"
)
"""A character that has a meaning within a line."""
START: Final = re.compile(r"[#>+=-]|\d+(?=[.)])")
"""What has a meaning at the beginning of a line: a heading, quotation, list or rule."""
END: Final = re.compile(r"(#+)$")
"""What ends a heading and is not part of it."""
REFERENCES: Final = {"<": "&lt;", "&": "&amp;"}


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def plain(text: object) -> Markdown:
    """A text taken literally anywhere in a line, including cells and headings; runs of white space become one space."""
    if isinstance(text, Markdown):
        return text
    line = safe(" ".join(str(text).split()))
    escaped = SPECIAL.sub(lambda found: REFERENCES.get(found[0], "\\" + found[0]), line)
    return Markdown(END.sub(r"\\\1", escaped))


def paragraph(text: object) -> Markdown:
    """A text taken literally at the beginning of a line too."""
    line = plain(text)
    start = START.match(line)
    if not start:
        return line
    sign = start.end() if start[0].isdigit() else 0  # after a number it is the full stop that makes a list
    return Markdown(f"{line[:sign]}\\{line[sign:]}")


def code(text: object) -> Markdown:
    """A code span, valid in a cell too."""
    line = safe(" ".join(str(text).split())).replace("|", r"\|")
    fence = "`" * (_longest_run(line) + 1)
    room = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return Markdown(f"{fence}{room}{line}{room}{fence}")


def code_block(text: str, language: str) -> Markdown:
    """A block of code that no line of its text can end early."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return Markdown(f"{fence}{language}\n{safe(text)}{'' if text.endswith(chr(10)) else chr(10)}{fence}")


def emphasis(text: object) -> Markdown:
    """A text in italics."""
    return Markdown(f"*{plain(text)}*")


def strong(text: object) -> Markdown:
    """A text in bold."""
    return Markdown(f"**{plain(text)}**")


def address(text: str) -> Markdown:
    """An address that Markdown readers may turn into a link; with any other scheme, plain text."""
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        return plain(text)
    if scheme not in SCHEMES or any(character.isspace() for character in text):
        return plain(text)
    return Markdown(quote(text, safe="!#$%&'()+,-./:;=?@_~"))


def markdown_table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; anything that is not Markdown already is plain text."""
    lines = [header, [Markdown("---")] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(plain, line)) + " |" for line in lines)


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)
