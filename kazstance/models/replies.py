"""Answers of language models: counted as predictions are, with a place for those that are no label."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

import pyarrow as pa

from kazstance.metrics import METRICS
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.metrics import Figure, effective_size, macro_f1

NO_ANSWER: Final = "no answer"
"""The prediction of an answer that is none of the labels.

It is never right: an error for accuracy and `ss`, a miss for the F1 of the gold label, and for `wts` and its kin what a
rule that does not read earns in expectation, 0. Nothing is gained by not answering over guessing from the target. The
denominator D of `wts` depends on gold labels alone, so that it stays the same.
"""


class Answer(NamedTuple):
    """A row's gold label and what was answered, with its target and cluster."""

    target: str
    cluster: str
    gold: str
    predicted: str


def count(answers: Iterable[Answer], labels: Sequence[str]) -> Confusion:
    """The counts of answers within targets, over the labels and `NO_ANSWER` behind them.

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
