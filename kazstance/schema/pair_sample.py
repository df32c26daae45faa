"""How many pairs of sentences of two sources the table pairs has on a target."""

from collections.abc import Iterable
from typing import Final

PER_STRATUM: Final = 250
"""Maximum number of pairs of two sources on a target in a split."""
IN_ALL: Final = 1_000_000
"""Maximum number of pairs in a dataset, unless there are more targets with two sources."""


def limit(sizes: Iterable[int]) -> int:
    """The maximum number of pairs of two sources on a target in a split, given how many there could be of each."""
    there = list(sizes)
    low, high = 1, PER_STRATUM
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(size, middle) for size in there) <= IN_ALL:
            low = middle
        else:
            high = middle - 1
    return low
