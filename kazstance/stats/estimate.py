"""An estimate with its interval, which every figure is or has, and the one way in which figures are printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isnan, nan
from typing import Any, Final

UNDEFINED: Final = "undefined"
"""What is printed in place of an undefined figure."""
NO_ROWS: Final = "no rows"
NOTHING: Final = "nothing to divide by"
NO_DRAW: Final = "undefined in every resample"


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval, the number of units it rests on, and the reason if something is undefined.

    `value`, `low` and `high` are NaN where they are undefined. Prints as `0.47 [-0.66, 1.00]`, or `undefined: no rows`.
    """

    value: float
    low: float
    high: float
    n: int
    reason: str | None = None

    @classmethod
    def of(cls, value: float, interval: tuple[float, float], n: int, why: str = NOTHING) -> "Estimate":
        """An estimate whose reason is `why` if its value is undefined, and `NO_DRAW` if only its interval is.

        Args:
            value: the value; NaN where it is undefined.
            interval: its ends; NaN where they are undefined.
            n: what it is counted over.
            why: why the value is undefined, where it is.
        """
        reason = why if isnan(value) else NO_DRAW if isnan(interval[0]) else None
        return Estimate(value, *interval, n, reason)

    @classmethod
    def undefined(cls, reason: str, n: int = 0) -> "Estimate":
        """An estimate with neither a value nor an interval."""
        return Estimate(nan, nan, nan, n, reason)

    @classmethod
    def from_numbers(cls, numbers: Sequence[float | None], reason: str | None = None) -> "Estimate":
        """An estimate from a value and the ends of its interval, and n if given; null in JSON is NaN."""
        value, low, high = (nan if number is None else float(number) for number in numbers[:3])
        return Estimate(value, low, high, int(numbers[3] or 0) if len(numbers) > 3 else 0, reason)  # noqa: PLR2004

    @property
    def is_defined(self) -> bool:
        """Whether there is a value."""
        return not isnan(self.value)

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval."""
        return not isnan(self.low)

    def as_row(self, prefix: str = "") -> dict[str, Any]:
        """The estimate as plain values by column; the names of the columns begin with a prefix."""
        figures = {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "reason": self.reason}
        return {f"{prefix}{name}": value for name, value in figures.items()}

    def text(self, digits: int = 2, *, signed: bool = False, with_reason: bool = True) -> str:
        """The estimate as text.

        Args:
            digits: decimals of each number.
            signed: print the sign of positive numbers too.
            with_reason: say why something is undefined; False suits tables that list the reasons separately.
        """
        reason = self.reason if with_reason else None
        if not self.is_defined:
            return self.value_text(with_reason=with_reason)
        parts = [self.value_text(digits, signed=signed), self.interval_text(digits, signed=signed)]
        return " ".join(filter(None, [*parts, reason and f"({reason})"]))

    def value_text(self, digits: int = 2, *, signed: bool = False, with_reason: bool = False) -> str:
        """The value alone, or `undefined` and, if asked for, the reason.

        Args:
            digits: decimals.
            signed: print the sign of a positive number too.
            with_reason: say why it is undefined.
        """
        reason = f": {self.reason}" if with_reason and self.reason and not self.is_defined else ""
        return number_text(self.value, digits, signed=signed) + reason

    def interval_text(self, digits: int = 2, *, in_words: bool = False, signed: bool = False) -> str:
        """The interval alone, as `[-0.66, 1.00]` or, in words, `-0.66 to 1.00`; empty if there is none.

        Args:
            digits: decimals.
            in_words: with `to` in place of brackets.
            signed: print the sign of positive numbers too.
        """
        if not self.has_interval:
            return ""
        low, high = (number_text(end, digits, signed=signed) for end in (self.low, self.high))
        return f"{low} to {high}" if in_words else f"[{low}, {high}]"

    def __str__(self) -> str:
        """Value and interval."""
        return self.text()

    def _repr_html_(self) -> str:
        return f"<span>{escape(str(self))}</span>"


def number_text(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """A number with the given number of decimals; None and NaN are `undefined`.

    Args:
        value: the number.
        digits: decimals.
        signed: print the sign of a positive number too.
    """
    return UNDEFINED if value is None or isnan(value) else f"{value:{'+' if signed else ''}z.{digits}f}"


def columns(name: str, estimate: Estimate | None) -> dict[str, Any]:
    """Value and interval by column, such as `net`, `net_low` and `net_high`; all None without an estimate."""
    figures = (estimate.value, estimate.low, estimate.high) if estimate else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), figures, strict=True))


def joined(reasons: Sequence[str | None]) -> str | None:
    """Several reasons as one, without repetition; None if there are none."""
    return "; ".join(dict.fromkeys(filter(None, reasons))) or None
