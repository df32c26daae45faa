"""The words that sources use on a target more than the others."""

from collections.abc import Sequence
from typing import Any, Final

from kazstance.comparison import Comparison
from kazstance.errors import UnknownNameError

SHOWN: Final = 10
"""How many words of a source are shown."""
DECIMALS: Final = 2


def most_used(compared: Comparison, target: str, sources: Sequence[str]) -> list[list[Any]]:
    """The first words of each source on a target, as `Rows.words` gives them; none if no source has a sentence on it.

    Args:
        compared: the comparison of the sources.
        target: the id of a target.
        sources: the ids of the sources in the order of their numbers.
    """
    try:
        found = compared.wording(target, most=SHOWN)
    except UnknownNameError:  # nobody has a sentence on it
        return []
    rows: list[list[Any]] = []
    for number, source in enumerate(sources):
        for word in (word for word in found if word.source == source):
            odds = (word.log_odds.value, word.log_odds.low, word.log_odds.high)
            rows.append([number, word.word, word.count, word.others, *(round(value, DECIMALS) for value in odds)])
    return rows
