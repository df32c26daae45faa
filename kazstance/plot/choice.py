"""What a chart shows: which targets and sources, in which order, under which title."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypedDict, get_args

from kazstance.comparison import Cell, Comparison, Disagreement
from kazstance.errors import UnknownNameError

Order = Literal["data", "difference", "salience", "name"]
"""Targets as in the dataset; as `disagreements` ranks them; those with the most sentences first; or by name."""
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class ChoiceOptions(TypedDict, total=False):
    """What may be chosen, as keyword arguments."""

    targets: Sequence[str] | None
    sources: Sequence[str] | None
    order: Order | None
    title: str | None
    names: Mapping[str, str] | None


@dataclass(frozen=True)
class Choice:
    """What to show of a comparison; without targets or sources, all of them.

    Targets that are listed keep their order, unless `order` asks for another. A title of "" leaves it out. `names` are
    those of sources and targets, by their ids, where they are not called as usual.
    """

    targets: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    order: Order | None = None
    title: str | None = None
    names: Mapping[str, str] | None = None

    def title_or(self, usual: str) -> str:
        """The title, or the usual one."""
        return usual if self.title is None else self.title


@dataclass(frozen=True)
class Shown:
    """What a chart shows of a comparison: targets and sources by id, names, codes of the sources, and cells."""

    targets: tuple[str, ...]
    sources: tuple[str, ...]
    names: Mapping[str, str]
    """The targets in words."""
    called: Mapping[str, str]
    """What the sources are called."""
    codes: Mapping[str, str]
    """A letter or a number for each source, the same whatever is left out."""
    cells: Mapping[tuple[str, str], Cell]
    total: tuple[int, int]
    """How many sources and targets there are in the comparison."""

    @property
    def all_cells(self) -> list[Cell]:
        """The cells shown."""
        return [self.cells[source, target] for source in self.sources for target in self.targets]


def chosen(
    compared: Comparison, choice: Choice, ranked: Callable[[], Sequence[Disagreement]], usual: Order = "data"
) -> Shown:
    """What a choice shows of a comparison.

    Args:
        compared: the comparison.
        choice: what to show.
        ranked: the targets in the order of `disagreements`, asked for only if they are ordered by it.
        usual: the order of this chart if none is chosen.

    Raises:
        UnknownNameError: there is no such target, source or order.
    """
    counts = compared.counts
    targets = _known(choice.targets, counts.targets, "target")
    sources = _known(choice.sources, counts.sources, compared.by)
    cells = {(cell.source, cell.target): cell for cell in compared.positions()}
    called = names_of(choice.names, counts.sources, counts.targets)
    names = {target: called.get(target, (compared.names or {}).get(target, target)) for target in counts.targets}
    order = ("data" if choice.targets else usual) if choice.order is None else choice.order
    if order not in get_args(Order):
        raise UnknownNameError(order, "order", get_args(Order))
    said = {target: sum(cells[source, target].about for source in sources) for target in targets}
    if order == "difference":
        places = {line.target: place for place, line in enumerate(ranked())}
        targets = tuple(sorted(targets, key=lambda target: places[target]))
    elif order == "salience":
        targets = tuple(sorted(targets, key=lambda target: -said[target]))
    elif order == "name":
        targets = tuple(sorted(targets, key=lambda target: names[target].casefold()))
    codes = dict(zip(counts.sources, codes_of(len(counts.sources)), strict=True))
    by_source = {source: called.get(source, source) for source in counts.sources}
    return Shown(targets, sources, names, by_source, codes, cells, (len(counts.sources), len(counts.targets)))


def names_of(given: Mapping[str, str] | None, sources: Sequence[str], targets: Sequence[str]) -> dict[str, str]:
    """The names that were given.

    Args:
        given: names by id.
        sources: the ids of the sources.
        targets: the ids of the targets.

    Raises:
        UnknownNameError: an id is neither a source's nor a target's.
    """
    for name in given or {}:
        if name not in (known := (*sources, *targets)):
            raise UnknownNameError(name, "source or target", known)
    return dict(given or {})


def codes_of(n: int) -> list[str]:
    """Short names for so many things: letters, or numbers if there are more than letters."""
    return list(LETTERS[:n]) if n <= len(LETTERS) else [str(i + 1) for i in range(n)]


def _known(wanted: Iterable[str] | None, known: Sequence[str], kind: str) -> tuple[str, ...]:
    """Those wanted, each once; all of them if none is named."""
    found = tuple(dict.fromkeys(map(str, wanted or known)))
    for name in found:
        if name not in known:
            raise UnknownNameError(name, kind, known)
    return found
