"""Why a figure is undefined: every nan comes with the reason that the counts give."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from kazstance.tally import Floats

AGAINST, NEUTRAL, FAVOR = range(3)
SIDES: Final = ("against", "neutral", "favor")
NO_ROWS: Final = "no rows"
NO_DRAW: Final = "undefined in every resample"
ONE_LABEL: Final = "one gold label in every stratum"


def why(metric: str, counts: Floats) -> str:
    """The reason why a metric of counts, shape (strata, labels, labels), is undefined."""
    if not counts.sum():
        return NO_ROWS
    reason = REASONS.get(metric)
    return reason(counts.sum(axis=-1), counts.sum(axis=-2)) if reason else "nothing to divide by"


def _skill(gold: Floats, _: Floats) -> str:
    return "one gold label in all rows" if (gold.sum(axis=0) > 0).sum() == 1 else ONE_LABEL


def _ordinal(gold: Floats, predicted: Floats) -> str:
    sides = gold[:, :3]
    if not sides.sum():
        return f"no gold row is {', '.join(SIDES[:2])} or {SIDES[2]}"
    return f"{_skill(sides, predicted)}, but for rows of none" if gold[:, 3:].any() else _skill(sides, predicted)


def _polar(gold: Floats, _: Floats) -> str:
    missing = [SIDES[side] for side in (FAVOR, AGAINST) if not gold[:, side].any()]
    return f"no gold row is {' or '.join(missing)}" if missing else "no stratum has both favor and against in gold"


def _f_avg(gold: Floats, predicted: Floats) -> str:
    missing = [SIDES[side] for side in (FAVOR, AGAINST) if not (gold + predicted)[:, side].any()]
    return f"no row is {' or '.join(missing)}, in gold or predictions"


REASONS: Final[dict[str, Callable[[Floats, Floats], str]]] = {
    "wts": _skill,
    "ss": _skill,
    "wts_ordinal": _ordinal,
    "wts_polar": _polar,
    "f_avg": _f_avg,
    "somers_d": lambda gold, predicted: "every gold row is same",
}


def shown(value: float, low: float, high: float, reason: str | None, digits: int = 3) -> str:
    """A figure with its interval, and the reason behind it where one of them is undefined."""
    ends = "" if np.isnan(low) else f" [{low:.{digits}f}, {high:.{digits}f}]"
    return f"{value:.{digits}f}{ends}" + (f" ({reason})" if reason else "")


def of_interval(value: float, low: float, reason: str) -> str | None:
    """The reason for a figure: that of its value where it is undefined, else that of its interval, if any."""
    if np.isnan(value):
        return reason
    return NO_DRAW if np.isnan(low) else None


def of_sums(value: float, n: int) -> str | None:
    """The reason why a figure of sums over rows is undefined or infinite, if it is."""
    if np.isinf(value):
        return "a label that was voted for has probability 0"
    return (NO_ROWS if not n else "nothing to divide by") if np.isnan(value) else None


def joined(reasons: Sequence[str | None]) -> str | None:
    """Several reasons as one, each once; None where there are none."""
    return "; ".join(dict.fromkeys(filter(None, reasons))) or None
