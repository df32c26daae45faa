"""Answers of language models, counted like predictions, with a column for answers that are not a label."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

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
    """The gold label of a row and the answer, with target and cluster."""

    target: str
    cluster: str
    gold: str
    predicted: str


def count(answers: Iterable[Answer], labels: Sequence[str]) -> Confusion:
    """The counts of answers within targets, over the labels followed by `NO_ANSWER`.

    Raises:
        ValueError: a label that is not one of the labels.
    """
    table = pa.Table.from_pylist([answer._asdict() for answer in answers])
    return confusion(table, "gold", "predicted", strata=["target"], cluster="cluster", labels=[*labels, NO_ANSWER])


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
