"""The errors that kazstance raises. Each derives from KazstanceError and says what was found and what was expected."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final

SHOWN: Final = 20
"""How many problems of a kind, or names, a message lists."""
VALUE: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+")
"""What differs between the messages of problems of one kind: quoted values and numbers."""
COLLECTED: Final = 10_000
"""How many problems of a file are collected before the rest of it is skipped."""
LINE: Final = 2_000
"""Maximum length of a line of a message, in characters."""
LENGTH: Final = 200
"""How many characters of a message tell its kind."""


class KazstanceError(Exception):
    """Base of all errors about inputs and requests; the message is complete, and one line unless it is a list."""

    lists: ClassVar[bool] = False
    """Whether the message is a list, one item per line."""

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(one_line, message.split("\n"))) if self.lists else one_line(message))


class CorpusWarning(UserWarning):
    """Something in a corpus folder that is read as is but is probably not what was meant."""


@dataclasses.dataclass(frozen=True, order=True)
class Problem:
    """One problem of an input, printed as `file:line: field: what was found, what was expected`.

    For a file with rows rather than lines, `row` is the row number, counted from 1. `remedy` is an option or step that
    would fix all problems of the kind.
    """

    file: str
    line: int | None
    field: str | None
    message: str
    row: int | None = None
    remedy: str = dataclasses.field(default="", compare=False)

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        row = None if self.row is None else f"row {self.row}"
        return one_line(": ".join(part for part in (where, self.field, row, self.message) if part))

    @property
    def kind(self) -> tuple[str, str, str]:
        """What problems of one kind have in common: file, field, and message without its values."""
        return self.file, VALUE.sub("", self.field or ""), VALUE.sub("", self.message[:LENGTH])

    @property
    def place(self) -> tuple[str, int, int, tuple[tuple[int, str], ...]]:
        """The key to sort by: file, then line and row as numbers, then field and message."""
        return self.file, self.line or 0, self.row or 0, (*_natural(self.field or ""), *_natural(self.message[:LENGTH]))


def first_problems(problems: Iterable[Problem]) -> list[Problem]:
    """The first 10,000 problems of a file, in order; if there are as many, one more says that others may follow."""
    found = list(islice(problems, COLLECTED))
    if len(found) == COLLECTED:
        message = f"{COLLECTED:,} problems up to here; the rest of the file was not checked"
        found.append(Problem(found[-1].file, found[-1].line, None, message))
    return found


def _natural(text: str) -> list[tuple[int, str]]:
    """The parts of a text as a sort key under which 2 comes before 10."""
    parts = re.split(r"(\d{1,18})", text)
    return [(int(part), "") if i % 2 else (0, part) for i, part in enumerate(parts)]


class InputError(KazstanceError):
    """An input is invalid; `problems` holds everything that was found, and the message shows up to 20 of each kind."""

    lists = True

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: Sequence[Problem] = sorted(dict.fromkeys(problems), key=lambda problem: problem.place)
        super().__init__("\n".join(_listed(self.problems)))


def _listed(problems: Iterable[Problem]) -> list[str]:
    """The lines of a message: problems in order, then how many more there are of each kind and how to fix them."""
    counts: Counter[tuple[str, str, str]] = Counter()
    lines, last = [], {}
    for problem in problems:
        kind = problem.kind
        counts[kind] += 1
        if counts[kind] <= SHOWN:
            lines.append(str(problem))
            last[kind] = problem
    for kind, count in counts.items():
        if count > SHOWN:
            where = ": ".join(filter(None, [kind[0], last[kind].field if kind[1] == last[kind].field else None]))
            lines.append(f"{where}: and {count - SHOWN:,} more of this kind")
    return lines + sorted({problem.remedy for problem in last.values() if problem.remedy})


class IntegrityError(KazstanceError):
    """A built dataset does not match its manifest; the message lists every difference.

    `folder` is the dataset's folder if it could not be read at all.
    """

    lists = True

    def __init__(self, message: str, folder: Path | None = None) -> None:
        self.folder = folder
        super().__init__(message)


class HubError(KazstanceError):
    """A Hub cannot be reached or refuses a request."""


class UnknownNameError(KazstanceError, ValueError):
    """An unknown name; the message suggests the nearest one and lists the valid ones."""

    def __init__(self, name: object, kind: str, known: Iterable[str], advice: str = "") -> None:
        """Say what is wrong and what would be right.

        Args:
            name: the name that was given.
            kind: what it should be a name of, as `table`.
            known: the names there are.
            advice: what else the user can do.
        """
        article = "an" if kind[0] in "aeiou" else "a"
        super().__init__(f"{name!r} is not {article} {kind}; {choose(str(name), known)}{advice and f'; {advice}'}")


def choose(name: str, known: Iterable[str]) -> str:
    """What to use instead of an unknown name: the valid ones, if they are few, and the nearest one, if any is near."""
    names = list(known)
    near = nearest(name, names)
    hint = f"did you mean {near}?" if near else ""
    if near and len(names) > SHOWN:
        return hint
    more = f", … and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    listed = f"choose from {', '.join(names[:SHOWN])}{more}" if names else "there are no names to choose from"
    return "; ".join(filter(None, [listed, hint]))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like another, ignoring case; None if nothing is near."""
    folded = {other.casefold(): other for other in reversed(list(known))}
    found = get_close_matches(name.casefold(), folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else None


class UnknownLabelError(UnknownNameError):
    """Values of a column that are not labels; the message gives each one, where it occurs and what was expected."""

    lists = True

    def __init__(self, lines: Iterable[str]) -> None:
        KazstanceError.__init__(self, "\n".join(map(one_line, lines)))


class MissingExtraError(KazstanceError, ImportError):
    """A package from an extra is not installed; the message gives the command that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: pip install 'kazstance[{extra}]'")


def one_line(text: str) -> str:
    """A text as one line of bounded length, so that a name can neither start a line of a message nor flood it."""
    line = text.replace("\n", r"\n")
    return line if len(line) <= LINE else f"{line[:LINE]}… ({len(line) - LINE:,} more characters)"
