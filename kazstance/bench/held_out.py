"""Training rows that are held out to choose on: the settings of a system, or one system among several."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from kazstance.bench.tasks import Item

VALIDATION: Final = 0.15
"""Expected share of the training rows that is drawn for validation if the user has no file for that."""
LEAST: Final = 20
"""Number of validation rows from which they suffice; with fewer, all training rows are used, by cross-validation."""
FOLDS: Final = 5
"""Number of folds of the cross-validation."""
FIRST, AGAIN = "", "again: "
"""What a cluster is hashed with in the first draw of validation rows, and in one from the rows that are left."""
Parts = tuple[list[Item], list[Item]]
"""Rows to train on, and rows to choose on."""


def held_out(train: Sequence[Item]) -> list[Parts]:
    """Training rows divided into those to train on and those to choose on.

    The rows of the split validation are held out if there are at least `LEAST` of them. Otherwise each of `FOLDS` folds
    is held out in turn; a hash of its cluster decides which fold a row is in, so that no cluster is divided and the
    order of the rows makes no difference. Parts without rows on either side are left out.
    """
    validation = [item for item in train if item.split == "validation"]
    if len(validation) >= LEAST:
        parts = [([item for item in train if item.split != "validation"], validation)]
    else:
        fold = {item.cluster: int(_uniform(f"fold {item.cluster}") * FOLDS) for item in train}
        parts = [
            ([item for item in train if fold[item.cluster] != k], [item for item in train if fold[item.cluster] == k])
            for k in range(FOLDS)
        ]
    return [(fitting, chosen_on) for fitting, chosen_on in parts if fitting and chosen_on]


def given_validation(train: Sequence[Item]) -> list[Parts]:
    """Training rows divided by the split validation, if it was given; nothing if it was drawn, or is too small."""
    found = held_out(train)
    is_given = len(found) == 1 and not any(_is_drawn(train, salt) for salt in (FIRST, AGAIN))
    return found if is_given else []


def drawn(items: Iterable[Item], salt: str = FIRST) -> list[Item]:
    """Training rows, of which a share is moved to the split validation; a hash of its cluster decides for each row.

    Args:
        items: the rows.
        salt: `FIRST`, or `AGAIN` for a share of the rows that are left.
    """
    return [replace(item, split=_split(item, salt)) for item in items]


def _split(item: Item, salt: str) -> str:
    return "validation" if _uniform(salt + item.cluster) < VALIDATION else "train"


def _is_drawn(train: Sequence[Item], salt: str) -> bool:
    return all((item.split == "validation") == (_split(item, salt) == "validation") for item in train)


def _uniform(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8]) / 2**64
