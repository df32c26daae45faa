"""How many pairs of sentences the table pairs has of a target and two sources."""

from collections.abc import Iterable
from typing import Final

PER_STRATUM: Final = 250
"""Pairs of a target and two sources that a split has at most."""
IN_ALL: Final = 1_000_000
"""Pairs that a dataset has at most, as long as that leaves one for each target and two sources."""
SIDE: Final = 32
"""Sentences of each source that a sample is drawn from, where there are more, and these make enough pairs."""


def sides(one: int, other: int, most: int) -> tuple[int, int]:
    """Of how many sentences of two sources a sample of so many pairs is drawn; they make as many pairs at least.

    There must be as many pairs of all sentences.
    """
    first = min(one, SIDE)
    second = min(other, max(SIDE, -(-most // first)))
    return min(one, max(first, -(-most // second))), second


def limit(sizes: Iterable[int]) -> int:
    """The most pairs that a target and two sources have in a split, given how many there could be of each."""
    there = list(sizes)
    low, high = 1, PER_STRATUM
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(size, middle) for size in there) <= IN_ALL:
            low = middle
        else:
            high = middle - 1
    return low
