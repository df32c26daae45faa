"""The ending of a file to write says what is written into it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kazstance.errors import UnknownNameError
from kazstance.paths import StrPath

CHARTS: Final = (".png", ".svg", ".html")
"""Files that a chart is drawn into."""
PAGES: Final = (".html", ".htm")


def suffix_of(out: StrPath, kind: str, known: Iterable[str]) -> str:
    """The ending of a file to write, in small letters.

    Args:
        out: the file.
        kind: what it holds, as messages name it.
        known: the endings there are, as `.html`.

    Raises:
        UnknownNameError: it is not one that is known; the message lists those.
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix not in (endings := list(known)):
        raise UnknownNameError(out.suffix or out.name, kind, endings)
    return suffix
