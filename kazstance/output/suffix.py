"""The suffix of a file to write, which determines its format."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kazstance.errors import UnknownNameError

CHARTS: Final = (".png", ".svg", ".html")
"""The formats of a chart."""
PAGES: Final = (".html", ".htm")


def suffix_of(out: Path, kind: str, known: Iterable[str]) -> str:
    """The suffix of a file to write, in lower case.

    Raises:
        UnknownNameError: it is unknown; the message lists the valid ones.
    """
    suffix = out.suffix.lower()
    if suffix not in (endings := list(known)):
        raise UnknownNameError(out.suffix or out.name, kind, endings)
    return suffix
