"""Questions: the rows of a task as prompts, the same for every program that asks a language model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kazstance.bench.dataset_tasks import items
from kazstance.bench.tasks import Item, TaskKind
from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.schema.records import SPLITS

EVERY: Final = "all"
"""The name of the union of all splits."""
MEANINGS: Final = {
    "against": (
        "the speaker opposes or rejects the target, calls for an end to it, or shows it in a bad light; of a claim: "
        "denies or ridicules it, or says what plainly tells against it"
    ),
    "neutral": (
        "the sentence is about the target, but does not tell the speaker's side: it reports or describes, or weighs "
        "both sides evenly"
    ),
    "favor": (
        "the speaker supports or defends the target, calls for it, or shows it in a good light; of a claim: asserts "
        "it, or says what plainly supports it"
    ),
    "none": (
        "the sentence is not about the target: it does not speak of it, or only in passing; of a claim: it does not "
        "touch the question, or merely fits with the claim"
    ),
    "a": "sentence a is more favorable to the target",
    "b": "sentence b is more favorable to the target",
    "same": "both are equally favorable to it: both for it, both against it, or both without a side",
}
"""Each label in a sentence, from the codebook."""
NOTES: Final = (
    "The speaker is whoever utters the sentence: the author, or inside a quotation the one who is quoted. In the "
    "definition, *In* and *Out* say what belongs to the target and what does not; names in backticks are other targets."
)


@dataclass(frozen=True)
class Question:
    """A row as a prompt: the question, the choices, and the labels that they stand for."""

    item: Item
    text: str
    labels: tuple[str, ...]

    @property
    def choices(self) -> list[str]:
        """The answers to choose from, in the order of the labels' numbers, each with its meaning."""
        return choices(self.labels)

    @property
    def prompt(self) -> str:
        """Question and choices as one text, for programs that do not list the choices themselves."""
        return "\n".join([self.text, "", "Answers:", *self.choices])

    @property
    def answer(self) -> int:
        """The index of the right answer among the choices."""
        return self.labels.index(self.item.label)


def questions(folder: DatasetFolder, task: TaskKind, split: str = EVERY, *, context: bool = True) -> list[Question]:
    """The questions for a task's split, or for all splits; every program asks these.

    Args:
        folder: the dataset.
        task: the task.
        split: a split, or `all`.
        context: show the paragraph around a single sentence.

    Raises:
        UnknownNameError: there is no such split; the message lists the valid names.
    """
    known = definitions(folder)
    return [Question(item, question(item, known, context=context), task.labels) for item in asked(folder, task, split)]


def asked(folder: DatasetFolder, task: TaskKind, split: str = EVERY) -> list[Item]:
    """The rows of a task's split, or of all splits.

    Args:
        folder: the dataset.
        task: the task.
        split: a split, or `all`.

    Raises:
        UnknownNameError: there is no such split; the message lists the valid names.
    """
    if split not in (*SPLITS, EVERY):
        raise UnknownNameError(split, "split", (*SPLITS, EVERY))
    return [item for item in items(task, folder) if split in (item.split, EVERY)]


def definitions(folder: DatasetFolder) -> dict[str, str]:
    """The codebook's definition of each target, by id; empty if it has none."""
    return {target.target_id: target.definition or "" for target in folder.targets.records()}


def question(item: Item, definitions: Mapping[str, str], *, context: bool = True) -> str:
    """The question about a row, without the choices; it does not depend on the row's label.

    A single sentence is shown in its paragraph if `context` is true; the sentences of a pair are shown alone.

    Args:
        item: the row.
        definitions: the definition of each target, by its id.
        context: whether to show a single sentence in its paragraph.
    """
    defined = definitions[item.target_id]
    target = [f"Target: {item.target}", *([f"Definition: {defined}"] if defined else [])]
    parts = _pair(item) if item.text_b else _single(item, context)
    return "\n".join([parts[0], NOTES, "", *target, "", *parts[1:]])


def choices(labels: Sequence[str]) -> list[str]:
    """The answers to choose from, in the order of the labels' numbers, each with its meaning."""
    return [f"{label}: {MEANINGS[label]}" for label in labels]


def _single(item: Item, context: bool) -> list[str]:
    """The instruction, then the sentence with its context."""
    around = [("Before it", item.context_before), ("Sentence", item.text), ("After it", item.context_after)]
    shown = [f"{name}: {text}" for name, text in around if text and (context or name == "Sentence")]
    hint = " What stands around it only helps to understand it." if len(shown) > 1 else ""
    return [f"Which side does the speaker of the sentence take on the target?{hint}", *shown]


def _pair(item: Item) -> list[str]:
    """The instruction, then both sentences."""
    order = "Which sentence is more favorable to the target, in the order against, neutral, favor?"
    return [order, f"Sentence a: {item.text}", f"Sentence b: {item.text_b}"]
