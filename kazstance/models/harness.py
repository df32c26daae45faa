"""The functions that the YAML tasks for lm-evaluation-harness call: the rows, and the scores of the answers."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kazstance import dataset
from kazstance.bench import family
from kazstance.bench.tasks import TaskKind, get_task
from kazstance.extras import naming_extras
from kazstance.metrics import GRID_LABELS
from kazstance.models.prompts import questions
from kazstance.models.replies import Answer, count, measure
from kazstance.schema.records import SPLITS

if TYPE_CHECKING:
    import datasets

TASKS: Final = Path(__file__).parent / "lm_eval"
"""The folder of the YAML tasks, for `--include_path`."""
MODEL: Final = ("pretrained", "model", "engine", "path")
"""The arguments of lm-evaluation-harness that may name a model."""
log = logging.getLogger(__name__)


def load(
    task: str, *, split: str = "test", context: bool = True, data: str | Path = dataset.SHIPPED, **facts: object
) -> dict[str, "datasets.Dataset"]:
    """The rows of a task, by split; under `test`, the rows of `split`.

    The arguments come from the metadata of the task and from `--metadata`; those of the model are passed too, for the
    warning about models of the family that made the labels.

    Args:
        task: stance, stance4 or compare.
        split: train, validation, test or all; its rows are evaluated.
        context: whether the prompt shows the paragraph around the sentence.
        data: the folder of a built dataset.
        facts: the other metadata and the arguments of the model; only those in `MODEL` are used.

    Raises:
        MissingExtraError: `datasets` is not installed.
        UnknownNameError: there is no such task or split; the message lists the valid names.
        KazstanceError: `data` is not a built dataset.
    """
    with naming_extras():
        import datasets  # noqa: PLC0415  # needs an extra
    folder = dataset.DatasetFolder(data)
    families = family.makers(folder)
    for name in MODEL:
        if text := family.warning(str(facts.get(name, "")), families):
            log.warning(text)
    asks = partial(_rows, folder, get_task(task), context=context)
    return {name: datasets.Dataset.from_list(asks(split if name == "test" else name)) for name in SPLITS}


def process(doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """The answer to a row, the most likely choice, as the value that each metric aggregates."""
    labels: list[str] = doc["choices"]
    predicted = max(range(len(labels)), key=lambda number: results[number][0])
    answer = Answer(doc["target_id"], doc["cluster"], labels[doc["label"]], labels[predicted])
    return {"acc": float(predicted == doc["label"])} | dict.fromkeys(METRICS, answer)


def wts(answers: Sequence[Answer]) -> float:
    """Within-target skill."""
    return _value("wts", answers)


def ss(answers: Sequence[Answer]) -> float:
    """Skill score against the best rule that knows the target alone."""
    return _value("ss", answers)


def f_avg(answers: Sequence[Answer]) -> float:
    """Mean of the F1 of favor and of against."""
    return _value("f_avg", answers)


def macro_f1(answers: Sequence[Answer]) -> float:
    """Mean of the F1 of the labels."""
    return _value("macro_f1", answers)


def effective_size(answers: Sequence[Answer]) -> float:
    """D, the effective size of within-target skill."""
    return _value("effective_size", answers)


METRICS: Final = ("wts", "ss", "f_avg", "macro_f1", "effective_size")


def _value(metric: str, answers: Sequence[Answer]) -> float:
    """A metric over all labels; those that do not occur change nothing."""
    return measure(metric, count((Answer(*answer) for answer in answers), GRID_LABELS))


def _rows(folder: dataset.DatasetFolder, task: TaskKind, split: str, *, context: bool) -> list[dict[str, Any]]:
    return [
        {
            "item_id": asked.item.item_id,
            "prompt": asked.prompt,
            "choices": list(asked.labels),
            "label": asked.answer,
            "target_id": asked.item.target_id,
            "cluster": asked.item.cluster,
        }
        for asked in questions(folder, task, split, context=context)
    ]
