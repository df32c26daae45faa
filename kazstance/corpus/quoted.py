"""The evidence of many judgements as columns: how many parts of its sentence each quotes, and all of these parts."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from kazstance.corpus.docket import Place
from kazstance.stats.counting import runs

Ints = npt.NDArray[np.int64]
UNRECORDED: Final = -1
"""In place of the number of parts: nobody recorded the evidence."""


class Quoted(NamedTuple):
    """The evidence of judgements, each with its parts in order."""

    size: Ints
    """How many parts each judgement has, shape (judgements,): none for the label `none`, or `UNRECORDED`."""
    start: Ints
    """Where each part begins, in characters: shape (parts,)."""
    end: Ints

    @classmethod
    def of(cls, each: Iterable[Sequence[Place] | None]) -> Self:
        """The evidence of each judgement, None if nobody recorded it."""
        found = list(each)
        size = np.array([UNRECORDED if places is None else len(places) for places in found], np.int64)
        flat = np.array([place for places in found for place in places or ()], np.int64).reshape(-1, 2)
        return cls(size, flat[:, 0], flat[:, 1])

    @property
    def lengths(self) -> Ints:
        """How many parts each judgement has, none where nobody recorded them: shape (judgements,)."""
        return np.maximum(self.size, 0)

    def at(self, judgements: Ints) -> "Quoted":
        """The evidence of some of the judgements."""
        lengths = self.lengths
        size, first = self.size[judgements], (np.cumsum(lengths) - lengths)[judgements]
        parts = runs(first, lengths[judgements])
        return Quoted(size, self.start[parts], self.end[parts])


def joined(parts: Iterable[Quoted]) -> Quoted:
    """The evidence of one judgement after another."""
    return Quoted(*map(np.concatenate, zip(*parts, strict=True)))


def united(quoted: Quoted, group: Ints, n_groups: int) -> Quoted:
    """The evidence of groups of judgements: overlapping and touching parts as one, unrecorded if that of all is.

    Args:
        quoted: the evidence of judgements.
        group: the number of the group that each of them is in, in order.
        n_groups: how many groups there are.
    """
    home, width = np.repeat(group, quoted.lengths), int(quoted.end.max(initial=0)) + 1
    # Parts of one group lie beyond all of those before it, so that nothing is united across groups.
    order = np.argsort(home * width + quoted.start, kind="stable")
    home = home[order]
    start, reach = home * width + quoted.start[order], np.maximum.accumulate(home * width + quoted.end[order])
    is_first = np.ones(len(home), np.bool_)
    is_first[1:] = start[1:] > reach[:-1]
    is_last = np.roll(is_first, -1)
    size = np.bincount(home[is_first], minlength=n_groups)
    size[np.bincount(group[quoted.size != UNRECORDED], minlength=n_groups) == 0] = UNRECORDED
    shift = home[is_first] * width
    return Quoted(size, start[is_first] - shift, reach[is_last] - shift)
