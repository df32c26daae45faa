"""How many rows to predict have the text of a row to train on, alone or with its target."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize


@dataclass(frozen=True)
class Overlap:
    """How many of `n` test rows have the text of a training row, and how many of these have its target too.

    White space and Unicode normal form make no difference to a text.
    """

    n: int
    text: int
    text_and_target: int

    def __add__(self, other: "Overlap") -> "Overlap":
        """The overlap of two folds together."""
        return Overlap(self.n + other.n, self.text + other.text, self.text_and_target + other.text_and_target)

    def as_row(self) -> dict[str, Any]:
        """The overlap as plain values by column."""
        return dict(vars(self))

    def __str__(self) -> str:
        return (
            f"{self.text} of {self.n} test rows have the text of a training row, "
            f"{self.text_and_target} of them with the same target"
        )


def overlap(train: Iterable[tuple[str, str]], test: Iterable[tuple[str, str]]) -> Overlap:
    """How many test rows have the text of a training row; rows are pairs of a text and a target."""
    known = {(_plain(text), _plain(target)) for text, target in train}
    texts = {text for text, _ in known}
    asked = [(_plain(text), _plain(target)) for text, target in test]
    return Overlap(len(asked), sum(text in texts for text, _ in asked), sum(row in known for row in asked))


def _plain(text: str) -> str:
    return normalize("NFC", " ".join(text.split()))
