"""What scores within strata rest on: how many strata, how many rows say little, and which scores are comparable."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from kazstance.stats.counting import Floats
from kazstance.stats.metrics import gold_totals, over_labels

SMALL: Final = 5
"""Strata with fewer rows are small."""
MOST: Final = 0.5
"""Above this share of the rows, small strata and strata with one gold label decide what a score can show."""
OTHER: Final = "†"
"""The mark of a score that cannot be compared with those next to it."""
OTHER_STRATA: Final = f"{OTHER} over other strata: not comparable with the scores without this mark"


@dataclass(frozen=True)
class Strata:
    """The strata of a score, such as targets. Two scores are comparable if they have the same `gold`.

    `one_label` is the share of the rows in strata with one gold label, which within-target skill leaves out; `small` is
    the share in strata of fewer than 5 rows, in which a rule chosen on these rows makes hardly an error. Both are in
    [0, 1], and 0 without rows. `gold` is a digest of the gold labels of each stratum, whatever the strata are called.
    """

    number: int
    n: int
    one_label: float
    small: float
    gold: str

    @classmethod
    def of(cls, counts: Floats) -> "Strata":
        """The strata of counts of shape (strata, labels, labels): stratum, gold label, predicted label."""
        gold = np.rint(gold_totals(counts))  # mean counts over prompts are fractions that add up to whole rows
        gold = gold[over_labels(gold) > 0]
        rows = over_labels(gold)
        n = max(float(rows.sum()), 1)
        one_label, small = rows[(gold > 0).sum(axis=-1) == 1].sum(), rows[rows < SMALL].sum()
        return cls(len(gold), round(float(rows.sum())), float(one_label / n), float(small / n), _digest(gold))

    @property
    def signature(self) -> dict[str, object]:
        """The fields that signatures print."""
        shares = {"one_label": round(self.one_label, 3), "small": round(self.small, 3)}
        return {"strata": self.number, **shares, "gold": self.gold}

    def as_row(self) -> dict[str, Any]:
        """The strata as plain values by column."""
        return {"strata": self.number, "n": self.n, "one_label": self.one_label, "small": self.small, "gold": self.gold}

    @property
    def caution(self) -> str | None:
        """What to keep in mind if most rows say little within their stratum."""
        if self.small > MOST:
            return (
                f"Most rows are in strata of fewer than {SMALL} rows, in which ss is measured against a rule that "
                "makes hardly an error: compare it between systems on these rows, not with 0 or with other data."
            )
        if self.one_label > MOST:
            return "Most rows are in strata with one gold label, which wts leaves out: it rests on the others alone."
        return None

    def __str__(self) -> str:
        strata = "1 stratum" if self.number == 1 else f"{self.number} strata"
        rows = "1 row" if self.n == 1 else f"{self.n} rows"
        one_label, small = share_text(self.one_label), share_text(self.small)
        return f"{rows} in {strata}: {one_label} in strata with one gold label, {small} in strata of fewer than {SMALL}"


def share_text(share: float) -> str:
    """A share in [0, 1] in whole per cent; only none is 0%, and only all is 100%."""
    text = f"{share:.0%}"
    return "<1%" if text == "0%" and share > 0 else ">99%" if text == "100%" and share < 1 else text


def are_comparable(strata: Sequence[Strata | None]) -> bool:
    """Whether scores are over the same strata, as far as these are known."""
    return len({one.gold for one in strata if one}) <= 1


def _digest(gold: Floats) -> str:
    """A digest of the gold totals of strata, shape (strata, labels), in any order of the strata."""
    occurring = np.flatnonzero(gold.sum(axis=0))
    width = occurring[-1] + 1 if len(occurring) else 0
    rows = sorted(map(tuple, np.rint(gold[:, :width]).astype(int).tolist()))
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]
