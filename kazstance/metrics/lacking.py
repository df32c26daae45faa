"""Which targets have no row on a side, so that the F1 of this side is 0 in their mean."""

from collections.abc import Iterator
from typing import Final

from kazstance.metrics.names import F_AVG_TARGETS, SIDES
from kazstance.stats.confusion import Confusion
from kazstance.stats.target_means import lacking

NAMED: Final = 5
"""How many targets a note names."""


def lacking_sides(found: Confusion) -> Iterator[tuple[str, int, int]]:
    """A note for each side that no row of some targets, the strata, has; the number of these targets, and of all."""
    some = int((found.total.sum(axis=(-2, -1)) > 0).sum())
    for side, strata in lacking(found.total, SIDES).items():
        named = ", ".join([found.strata[number] for number in strata[:NAMED]] + ["…"] * (len(strata) > NAMED))
        yield (
            f"{F_AVG_TARGETS.name}: no row of {len(strata)} of {some} targets is {found.labels[side]}, in gold or "
            f"predictions ({named}); its F1 counts as 0 there, as in the scorer of SemEval-2016 Task 6",
            len(strata),
            some,
        )
