"""What a verification found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from kazstance.errors import IntegrityError
from kazstance.schema.manifest import Manifest

SHOWN: Final = 20
"""How many problems of a kind are named; the rest are counted."""


@dataclass(frozen=True)
class Findings:
    """What is wrong with a dataset, and what else is worth knowing about it."""

    manifest: Manifest | None
    """None if it cannot be read."""
    problems: tuple[str, ...]
    """What is wrong; empty if the dataset is intact."""
    notes: tuple[str, ...]
    """What is not covered: files that are not part of the dataset, pages whose digests an old manifest lacks."""

    def whole(self) -> Manifest:
        """The manifest of a dataset that is intact.

        Raises:
            IntegrityError: it is not; the message lists all problems.
        """
        if self.problems or self.manifest is None:
            raise IntegrityError("\n".join(self.problems))
        return self.manifest


def printable(line: str) -> str:
    """A line with escapes for unprintable characters, such as control characters: names and values come from users."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)


def capped(problems: Iterable[str], what: str) -> Iterator[str]:
    """The first problems of a kind, and how many more there are; `what` names where they were found."""
    found = iter(problems)
    yield from islice(found, SHOWN)
    if more := sum(1 for _ in found):
        yield f"{what}: and {more} more like these"
