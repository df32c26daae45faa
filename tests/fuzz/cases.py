"""What a case is: a folder made from a seed, the commands that are run in it, and what each is allowed to change."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Random = random.Random


@dataclass(frozen=True)
class Step:
    """A command line and what holds for it.

    Attributes:
        argv: the arguments.
        writes: paths in the folder of the case, with all that lies below, that may change where it succeeds.
        has_to: `pass`, `fail`, or None where either is right.
        follows: run it only where the step before succeeded.
        same_as_before: it has to print what the step before printed.
        check: the name of a check of `losses` that is made where it succeeds.
    """

    argv: list[str]
    writes: tuple[str, ...] = ()
    has_to: str | None = None
    follows: bool = False
    same_as_before: bool = False
    check: str | None = None


@dataclass
class Case:
    """A case as it is being made: its folder, and what was done to the inputs in words."""

    seed: int
    folder: Path
    base: Path
    kept: frozenset[int] | None = None
    done: dict[int, str] = field(default_factory=dict)

    @property
    def draw(self) -> Random:
        """The draws of the case that are no mutation; the same each time."""
        return Random(f"{self.seed}")

    def mutations(self, most: int = 3) -> Iterator[tuple[int, Random]]:
        """A number and a source of draws for each mutation; those that were left out do not change the others."""
        number = Random(f"{self.seed} how many").randint(1, most)
        for i in range(number):
            if self.kept is None or i in self.kept:
                yield i, Random(f"{self.seed} mutation {i}")


@dataclass(frozen=True)
class Kind:
    """A kind of case.

    Attributes:
        count: cases of a run of length 1.
        prepare: writes into a folder, once, what all cases of the kind start from.
        make: writes the inputs of a case and gives its steps.
        modules: what the commands import; imported once.
    """

    count: int
    prepare: Callable[[Path], None]
    make: Callable[[Case], list[Step]]
    modules: tuple[str, ...]


Kinds = Mapping[str, Kind]
