"""Paired comparisons of results on the same rows, with p-values corrected for their number."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from kazstance.bench.result import Result, difference
from kazstance.errors import KazstanceError
from kazstance.metrics import get_metric
from kazstance.output.listing import Listing
from kazstance.stats.paired import Difference, holm


@dataclass(frozen=True)
class PairedComparison:
    """Two results on the same rows, and their difference."""

    one: str
    other: str
    metric: str
    difference: Difference
    corrected: float
    """The p-value, corrected for the number of comparisons."""

    def as_row(self) -> dict[str, Any]:
        """The comparison as plain values."""
        return {**vars(self), "difference": self.difference.as_row()}


def compare_results(results: Sequence[Result], metric: str | None = None) -> Listing[PairedComparison]:
    """All pairs of results, on the same resamples, with p-values corrected for their number (Holm).

    Args:
        results: two or more results on the same rows.
        metric: the metric; by default, the headline of the task.

    Raises:
        UnknownNameError: there is no such metric.
        KazstanceError: the results are not on the same rows, or there are fewer than two.
    """
    if len({result.rows for result in results}) != 1 or not results[1:]:
        raise KazstanceError("expected two or more runs of one task and protocol, on the same rows")
    chosen = get_metric(metric or results[0].headline).name
    return _corrected(
        chosen, [(one.system, other.system, difference(one, other, chosen)) for one, other in combinations(results, 2)]
    )


def paired_tests(results: Sequence[Result]) -> Listing[PairedComparison]:
    """The systems among results on the same rows compared by the headline: with the best shortcut, and in pairs.

    The lift of a system is its comparison with the best shortcut, and is not computed again.

    Args:
        results: results from `side_by_side`, the better systems first.
    """
    systems = [result for result in results if not result.is_shortcut]
    found = [(one.system, one.best_shortcut, one.lift) for one in systems if one.lift and one.best_shortcut]
    pairs = combinations(systems, 2)
    return _corrected(
        results[0].headline,
        [*found, *((one.system, other.system, difference(one, other, one.headline)) for one, other in pairs)],
    )


def _corrected(metric: str, found: Sequence[tuple[str, str, Difference]]) -> Listing[PairedComparison]:
    """Comparisons with Holm's correction; an undefined one does not count."""
    defined = [number for number, (*_, known) in enumerate(found) if known.is_defined]
    corrected = dict(zip(defined, holm([found[number][2].p for number in defined]), strict=True))
    return Listing(
        PairedComparison(one, other, metric, known, corrected.get(number, float("nan")))
        for number, (one, other, known) in enumerate(found)
    )
