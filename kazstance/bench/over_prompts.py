"""What a language model scores under several prompts: the mean, the range, and how often its answer stays the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from kazstance.metrics import F_AVG, F_AVG_TARGETS
from kazstance.stats.confusion import Confusion
from kazstance.stats.estimate import number_text
from kazstance.stats.metrics import MACRO_F1, Metric
from kazstance.stats.target_means import MACRO_F1_TARGETS

NOT_LINEAR: Final = frozenset(metric.name for metric in (F_AVG, F_AVG_TARGETS, MACRO_F1, MACRO_F1_TARGETS))
"""Metrics whose mean over prompts is not that of the mean counts."""


@dataclass(frozen=True)
class PromptScore:
    """A metric under one prompt; NaN if it is undefined."""

    prompt: str
    metric: str
    value: float


@dataclass(frozen=True)
class OverPrompts:
    """The scores under each prompt, and the share of the rows with the same answer under all, in [0, 1]."""

    scores: tuple[PromptScore, ...]
    same_answer: float

    @property
    def prompts(self) -> list[str]:
        """The names of the prompts, in order."""
        return list(dict.fromkeys(score.prompt for score in self.scores))

    def spread(self, metric: str) -> tuple[float, float, float]:
        """The mean of a metric over the prompts, its lowest and its highest value; NaN if one is undefined."""
        values = [score.value for score in self.scores if score.metric == metric]
        return float(np.mean(values)), float(np.min(values)), float(np.max(values))

    def text(self, metric: str, digits: int = 2) -> str:
        """The same as text, such as `0.31 (0.25 to 0.36)`."""
        mean, low, high = (number_text(value, digits) for value in self.spread(metric))
        return mean if mean == low == high else f"{mean} ({low} to {high})"

    def as_row(self) -> dict[str, Any]:
        """The scores as plain values: by metric the mean, the range, and the value under each prompt."""
        found = {}
        for metric in dict.fromkeys(score.metric for score in self.scores):
            values = {score.prompt: score.value for score in self.scores if score.metric == metric}
            found[metric] = dict(zip(("mean", "min", "max"), self.spread(metric), strict=True)) | {"by_prompt": values}
        return {"prompts": self.prompts, "same_answer": self.same_answer, "scores": found}


def over_prompts(
    found: Mapping[str, Confusion], metrics: Sequence[Metric], answers: Sequence[Sequence[str]]
) -> OverPrompts:
    """The scores under each prompt.

    Args:
        found: the counts under each prompt.
        metrics: the metrics.
        answers: for each row, the label under each prompt.
    """
    scores = tuple(PromptScore(p, m.name, m.value(counts.total)) for p, counts in found.items() for m in metrics)
    return OverPrompts(scores, float(np.mean([len(set(row)) == 1 for row in answers])))


def mean_counts(found: Sequence[Confusion]) -> Confusion:
    """The mean of counts over the same clusters and strata: every answer counts as a part of a row."""
    if len(found) == 1:
        return found[0]
    width = int(np.prod(found[0].shape))
    place = np.concatenate([one.cluster * width + one.cell for one in found])
    places, at = np.unique(place, return_inverse=True)
    rows = np.bincount(at.ravel(), np.concatenate([one.rows for one in found])) / len(found)
    return replace(found[0], cluster=places // width, cell=places % width, rows=rows)
