"""The suffix of a file to write, which determines its format."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kazstance.errors import UnknownNameError
from kazstance.paths import StrPath

CHARTS: Final = (".svg", ".pdf", ".png", ".html")
"""The formats of a chart."""
PAGES: Final = (".html", ".htm")


def suffix_of(out: StrPath, kind: str, known: Iterable[str]) -> str:
    """The suffix of a file to write, in lower case.

    Args:
        out: the file.
        kind: what it holds, as messages name it.
        known: the endings there are, as `.html`.

    Raises:
        UnknownNameError: it is unknown; the message lists the valid ones.
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix not in (endings := list(known)):
        raise UnknownNameError(out.suffix or out.name, kind, endings)
    return suffix
