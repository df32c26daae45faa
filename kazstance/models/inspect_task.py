"""Tasks for Inspect AI: `inspect eval kazstance/stance`."""

import logging
from functools import cache, partial
from pathlib import Path
from typing import Final

import kazstance
from kazstance import dataset
from kazstance.bench import family
from kazstance.bench.tasks import get_task
from kazstance.extras import naming_extras
from kazstance.metrics import METRICS
from kazstance.models.prompts import EVERY, Question, questions
from kazstance.models.replies import NO_ANSWER, Answer, count, same_answer, spread
from kazstance.stats.scores import score

with naming_extras():
    from inspect_ai import Task, task
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, Value, choice, metric, scorer
    from inspect_ai.solver import TaskState, multiple_choice

log = logging.getLogger(__name__)
WARNING: Final = "family_warning"
say = cache(log.warning)
"""Log a warning, once."""


@task
def stance(split: str = "test", context: bool = True, prompts: str = EVERY, data: str = "") -> Task:
    """The side that a sentence takes on a target: against, neutral or favor.

    Args:
        split: train, validation, test or all.
        context: whether to show the paragraph around the sentence.
        prompts: the name of a prompt, or all.
        data: the folder of a built dataset; the one that comes with kazstance if empty.
    """
    return _task("stance", split, context, prompts, data)


@task
def stance4(split: str = "test", context: bool = True, prompts: str = EVERY, data: str = "") -> Task:
    """The same for every annotated sentence on every target, with none if the sentence is not about it.

    Args:
        split: train, validation, test or all.
        context: whether to show the paragraph around the sentence.
        prompts: the name of a prompt, or all.
        data: the folder of a built dataset; the one that comes with kazstance if empty.
    """
    return _task("stance4", split, context, prompts, data)


@task
def compare(split: str = "test", prompts: str = EVERY, data: str = "") -> Task:
    """Which of two sentences is more favorable to a target: a, b or same; every pair in both orders.

    Args:
        split: train, validation, test or all.
        prompts: the name of a prompt, or all.
        data: the folder of a built dataset; the one that comes with kazstance if empty.
    """
    return _task("compare", split, False, prompts, data)


@scorer(metrics=[])
def label(data: str = "") -> Scorer:
    """Inspect's `choice`, which also warns if the model is of the family that made the labels."""
    read, warning = (
        choice(),
        cache(partial(family.warning, families=family.makers(dataset.DatasetFolder(_place(data))))),
    )

    async def judge(state: TaskState, target: Target) -> Score | None:
        found = await read(state, target)
        text = warning(str(state.model))
        if found and text:
            say(text)
            found.metadata = {**(found.metadata or {}), WARNING: text}
        return found

    return judge


@metric(scores="unreduced")
def scores(task: str) -> Metric:
    """All scores of kazstance: means over the prompts, with the range; over several epochs, each answer counts."""
    kind = get_task(task)
    sizes = [*(["effective_size"] if "wts" in kind.metrics else []), "answered"]

    def compute(judged: list[SampleScore]) -> Value:
        if not judged:
            return {}
        answers = [_answer(one) for one in judged]
        found = count(answers, kind.labels)
        headline = score(found, METRICS[kind.headline])
        spreads = {name: spread(name, found) for name in kind.metrics}
        return {
            **{name: known.mean for name, known in spreads.items()},
            **{name: spread(name, found).mean for name in sizes},
            **{f"{name}_min": known.low for name, known in spreads.items()},
            **{f"{name}_max": known.high for name, known in spreads.items()},
            "same_answer": same_answer(answers),
            f"{kind.headline}_low": headline.low,
            f"{kind.headline}_high": headline.high,
            "same_family_as_labels": float(any(WARNING in (one.score.metadata or {}) for one in judged)),
        }

    return compute


def _task(name: str, split: str, context: bool, prompts: str, data: str) -> Task:
    kind, folder = get_task(name), dataset.DatasetFolder(_place(data))
    return Task(
        dataset=MemoryDataset(
            [_sample(asked) for asked in questions(folder, kind, split, prompts=prompts, context=context)],
            name=f"kazstance {name} {split}",
        ),
        solver=multiple_choice(),
        scorer=label(data),
        metrics=[scores(name)],
        metadata={"data": folder.digest, "kazstance": kazstance.__version__},
    )


def _answer(judged: SampleScore) -> Answer:
    """The answer that Inspect read, a letter or nothing, as a label."""
    facts, letter = judged.sample_metadata or {}, judged.score.answer
    predicted = facts["labels"][ord(letter) - ord("A")] if letter else NO_ANSWER
    return Answer(facts["target"], facts["cluster"], facts["gold"], predicted, facts["item_id"], facts["prompt"])


def _place(data: str) -> Path:
    return Path(data) if data else dataset.SHIPPED


def _sample(asked: Question) -> Sample:
    """A row under a prompt."""
    item, prompt = asked.item, asked.prompt.name
    shown = {"item_id": item.item_id, "prompt": prompt, "labels": list(asked.labels), "date": asked.date}
    return Sample(
        id=f"{item.item_id} {prompt}",
        input=asked.text,
        choices=asked.choices,
        target=chr(ord("A") + asked.answer),
        metadata={"target": item.target_id, "cluster": item.cluster, "gold": item.label} | shown,
    )
