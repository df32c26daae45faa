"""The errors that kazstance raises. Each derives from KazstanceError and says what came and what was expected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class KazstanceError(Exception):
    """Whatever is wrong with an input or a request, said in full in the message."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with an input, printed as `file:line: field: what came, what was expected`."""

    file: str
    line: int | None
    field: str | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.field, self.message) if part)


class InputError(KazstanceError):
    """A corpus is not as it should be; `problems` lists all that was found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = sorted(
            set(problems), key=lambda p: (p.file, p.line or 0, p.field or "", p.message)
        )
        super().__init__("\n".join(map(str, self.problems)))


class IntegrityError(KazstanceError):
    """A built dataset is not what its manifest says; the message lists every difference."""


class HubError(KazstanceError):
    """A Hub cannot be reached or refuses what is asked of it."""


class UnknownNameError(KazstanceError, ValueError):
    """A name that is not one of those there are; the message lists the right ones, the nearest first."""

    def __init__(self, name: object, kind: str, known: Iterable[str]) -> None:
        article, names = "an" if kind[0] in "aeiou" else "a", list(known)
        near = get_close_matches(str(name), names, n=3, cutoff=0.7)
        hint = f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""
        super().__init__(f"{name!r} is not {article} {kind}{hint}; choose from {', '.join(names)}")


class MissingExtraError(KazstanceError, ImportError):
    """A package is missing that an extra brings; the message gives the command that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: pip install 'kazstance[{extra}]'")
