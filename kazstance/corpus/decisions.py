"""The labels of pairs of sentence and target."""

from dataclasses import dataclass

from kazstance.schema.labels import Label

PairKey = tuple[str, str]
"""Sentence and target."""


@dataclass(frozen=True)
class Decision:
    """The label of a sentence on a target; None if the votes decide nothing."""

    label: Label | None

    @property
    def is_stance(self) -> bool:
        """Whether the sentence is about the target."""
        return self.label is not None and self.label is not Label.none
