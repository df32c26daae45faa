"""Answers of language models, counted like predictions, with a column for answers that are not a label."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from kazstance.metrics import METRICS
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.metrics import Figure, effective_size, macro_f1

NO_ANSWER: Final = "no answer"
"""The prediction for an answer that is not one of the labels.

It is never right: an error for accuracy and `ss`, a miss for the F1 of the gold label, and 0 for `wts` and its
variants, which is what a rule that does not read earns in expectation. So not answering gains nothing over
guessing from the target. The denominator D of `wts` depends only on gold labels, so it stays the same.
"""


class Answer(NamedTuple):
    """The gold label of a row and the answer, with target and cluster; and which row it is, under which prompt."""

    target: str
    cluster: str
    gold: str
    predicted: str
    item: str = ""
    prompt: str = ""


class Spread(NamedTuple):
    """A metric over several prompts: its mean, its lowest and its highest value; NaN if one is undefined."""

    mean: float
    low: float
    high: float


def count(answers: Iterable[Answer], labels: Sequence[str]) -> list[Confusion]:
    """The counts of answers within targets under each prompt, over the labels followed by `NO_ANSWER`.

    All have the same clusters, so that resamples draw the same rows under each prompt.

    Raises:
        ValueError: a label that is not one of the labels.
    """
    by_prompt: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_prompt[answer.prompt].append(answer)
    tables = [pa.Table.from_pylist([answer._asdict() for answer in rows]) for rows in by_prompt.values()]
    known = [*labels, NO_ANSWER]
    found = [
        confusion(rows, "gold", "predicted", strata=["target"], cluster="cluster", labels=known) for rows in tables
    ]
    clusters = tuple(sorted({name for one in found for name in one.clusters}))
    number = {name: place for place, name in enumerate(clusters)}
    at = [np.array([number[name] for name in one.clusters])[one.cluster] for one in found]
    return [replace(one, cluster=place, clusters=clusters) for one, place in zip(found, at, strict=True)]


def measure(metric: str, found: Confusion) -> float:
    """A metric of counted answers: one of kazstance.metrics; `effective_size`, the D of `wts`; or `answered`.

    `answered` is the share of rows whose answer is a label; `macro_f1` is the mean over labels alone.
    """
    labels = len(found.labels) - 1
    own: dict[str, Figure] = {
        "answered": lambda counts: counts[..., :labels].sum() / counts.sum(),
        "effective_size": effective_size,
        "macro_f1": partial(macro_f1, labels=labels),
    }
    return float((own.get(metric) or METRICS[metric])(found.total))


def spread(metric: str, found: Sequence[Confusion]) -> Spread:
    """A metric over the prompts, each of which counts the same."""
    values = [measure(metric, one) for one in found]
    return Spread(float(np.mean(values)), float(np.min(values)), float(np.max(values)))


def same_answer(answers: Iterable[Answer]) -> float:
    """The share of the rows whose answer is the same under all prompts, in [0, 1]."""
    found: dict[str, set[str]] = defaultdict(set)
    for answer in answers:
        found[answer.item].add(answer.predicted)
    return float(np.mean([len(given) == 1 for given in found.values()]))
