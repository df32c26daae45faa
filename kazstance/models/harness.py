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
from kazstance.models.prompts import EVERY, FIRST, questions
from kazstance.models.replies import Answer, Spread, count, same_answer, spread
from kazstance.schema.records import SPLITS

if TYPE_CHECKING:
    import datasets

TASKS: Final = Path(__file__).parent / "lm_eval"
"""The folder of the YAML tasks, for `--include_path`."""
MODEL: Final = ("pretrained", "model", "engine", "path")
"""The arguments of lm-evaluation-harness that may name a model."""
log = logging.getLogger(__name__)


def load(
    task: str,
    *,
    split: str = "test",
    context: bool = True,
    prompts: str = EVERY,
    data: str | Path = dataset.SHIPPED,
    **facts: object,
) -> dict[str, "datasets.Dataset"]:
    """The rows of a task, by split; under `test`, the rows of `split`, each under all prompts.

    Rows of the other splits, which serve as examples, are under one prompt each.

    The arguments come from the metadata of the task and from `--metadata`; those of the model are passed too, for the
    warning about models of the family that made the labels.

    Args:
        task: stance, stance4 or compare.
        split: train, validation, test or all; its rows are evaluated.
        context: whether the prompt shows the paragraph around the sentence.
        prompts: the name of a prompt, or `all`.
        data: the folder of a built dataset.
        facts: the other metadata and the arguments of the model; only those in `MODEL` are used.

    Raises:
        MissingExtraError: `datasets` is not installed.
        UnknownNameError: there is no such task, split or prompt; the message lists the valid names.
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
    shown = prompts if prompts != EVERY else FIRST.name
    return {
        name: datasets.Dataset.from_list(asks(split, prompts) if name == "test" else asks(name, shown))
        for name in SPLITS
    }


def process(doc: Mapping[str, Any], results: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """The answer to a row, the most likely choice, as the value that each metric aggregates."""
    labels: list[str] = doc["choices"]
    predicted = max(range(len(labels)), key=lambda number: results[number][0])
    row = doc["target_id"], doc["cluster"], labels[doc["label"]], labels[predicted]
    answer = Answer(*row, doc["item_id"], doc["prompt"])
    return {"acc": float(predicted == doc["label"])} | dict.fromkeys(METRICS, answer)


def wts(answers: Sequence[Answer]) -> float:
    """Within-target skill."""
    return _spread("wts", answers).mean


def ss(answers: Sequence[Answer]) -> float:
    """Skill score against the best rule that knows the target alone."""
    return _spread("ss", answers).mean


def f_avg(answers: Sequence[Answer]) -> float:
    """Mean of the F1 of favor and of against."""
    return _spread("f_avg", answers).mean


def macro_f1(answers: Sequence[Answer]) -> float:
    """Mean of the F1 of the labels."""
    return _spread("macro_f1", answers).mean


def effective_size(answers: Sequence[Answer]) -> float:
    """D, the effective size of within-target skill."""
    return _spread("effective_size", answers).mean


def wts_min(answers: Sequence[Answer]) -> float:
    """Within-target skill under the prompt with the lowest."""
    return _spread("wts", answers).low


def wts_max(answers: Sequence[Answer]) -> float:
    """Within-target skill under the prompt with the highest."""
    return _spread("wts", answers).high


def ss_min(answers: Sequence[Answer]) -> float:
    """Skill score under the prompt with the lowest."""
    return _spread("ss", answers).low


def ss_max(answers: Sequence[Answer]) -> float:
    """Skill score under the prompt with the highest."""
    return _spread("ss", answers).high


def f_avg_min(answers: Sequence[Answer]) -> float:
    """F_avg under the prompt with the lowest."""
    return _spread("f_avg", answers).low


def f_avg_max(answers: Sequence[Answer]) -> float:
    """F_avg under the prompt with the highest."""
    return _spread("f_avg", answers).high


def same(answers: Sequence[Answer]) -> float:
    """The share of the rows whose answer is the same under all prompts."""
    return same_answer(Answer(*answer) for answer in answers)


MEANS: Final = ("wts", "ss", "f_avg", "macro_f1", "effective_size")
"""Metrics of which the mean over the prompts is reported."""
METRICS: Final = (*MEANS, "wts_min", "wts_max", "ss_min", "ss_max", "f_avg_min", "f_avg_max", "same_answer")


def _spread(metric: str, answers: Sequence[Answer]) -> Spread:
    """A metric over all labels and prompts; labels that do not occur change nothing."""
    return spread(metric, count((Answer(*answer) for answer in answers), GRID_LABELS))


def _rows(
    folder: dataset.DatasetFolder, task: TaskKind, split: str, prompts: str, *, context: bool
) -> list[dict[str, Any]]:
    return [
        {
            "item_id": asked.item.item_id,
            "prompt": asked.prompt.name,
            "question": asked.full_text,
            "choices": list(task.labels),
            "label": task.labels.index(asked.item.label),
            "target_id": asked.item.target_id,
            "cluster": asked.item.cluster,
            "date": asked.date,
        }
        for asked in questions(folder, task, split, prompts=prompts, context=context)
    ]
