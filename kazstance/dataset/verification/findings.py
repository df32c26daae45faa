"""What a verification found."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

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


class Finding(NamedTuple):
    """Problems of one kind in one place: the first of them in words, and the number of all."""

    where: str
    kind: str
    lines: tuple[str, ...]
    number: int


def single(line: str) -> Finding:
    """A problem that is the only one of its kind."""
    return Finding("", line, (line,), 1)


@dataclass
class Stages:
    """Problems by the stage of the check that found them; a stage assumes that those before it found nothing."""

    reached: int
    """The last stage that is still worth checking."""
    found: dict[tuple[int, str, str], list[Finding]] = field(default_factory=dict)

    def add(self, stage: int, findings: Iterable[Finding]) -> None:
        """Check a stage, unless an earlier one has found problems."""
        if stage > self.reached:
            return
        for finding in findings:
            self.found.setdefault((stage, finding.where, finding.kind), []).append(finding)
            self.reached = stage

    def lines(self) -> Iterator[str]:
        """The problems of the first stage that found any; at most a few of each kind, and the number of the others."""
        for (stage, where, _), findings in self.found.items():
            if stage == self.reached:
                lines = [line for finding in findings for line in finding.lines][:SHOWN]
                yield from lines
                if more := sum(finding.number for finding in findings) - len(lines):
                    yield f"{where}: and {more} more like these"


def printable(line: str) -> str:
    """A line with escapes for unprintable characters, such as control characters: names and values come from users."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line)
