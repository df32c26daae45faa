"""Questions: the rows of a task as a language model is asked them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from kazstance import dataset
from kazstance.benchmark.tasks import Item, Task, items
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
"""Each label in a sentence, after the codebook."""
NOTES: Final = (
    "The speaker is whoever utters the sentence: the author, or inside a quotation the one who is quoted. In the "
    "definition, *In* and *Out* say what belongs to the target and what does not; names in backticks are other targets."
)


def asked(task: Task, split: str = EVERY, *, data: Path = dataset.SHIPPED) -> list[Item]:
    """The rows of a task's split, or of all.

    Raises:
        UnknownNameError: there is no such split; the message lists those there are.
        KazstanceError: `data` is no built dataset.
    """
    if split not in (*SPLITS, EVERY):
        raise UnknownNameError(split, "split", (*SPLITS, EVERY))
    return [item for item in items(task, data=data) if split in (item.split, EVERY)]


def definitions(*, data: Path = dataset.SHIPPED) -> dict[str, str]:
    """The codebook's definition of each target, by id; empty where it has none.

    Raises:
        KazstanceError: `data` is no built dataset.
    """
    return {target.target_id: target.definition or "" for target in dataset.load("targets", data=data)}


def question(item: Item, definitions: Mapping[str, str], *, context: bool = True) -> str:
    """What is asked of a row, without the answers to choose from; it does not depend on the row's label.

    A single sentence stands in the context of its paragraph, unless that is not wanted; the sentences of a pair stand
    alone.
    """
    defined = definitions[item.target_id]
    target = [f"Target: {item.target}", *([f"Definition: {defined}"] if defined else [])]
    parts = _pair(item) if item.text_b else _single(item, context)
    return "\n".join([parts[0], NOTES, "", *target, "", *parts[1:]])


def choices(labels: Sequence[str]) -> list[str]:
    """The answers to choose from, in the order of the labels' numbers, each with its meaning."""
    return [f"{label}: {MEANINGS[label]}" for label in labels]


def _single(item: Item, context: bool) -> list[str]:
    """What is to be done, then the sentence, with what stands around it."""
    around = [("Before it", item.context_before), ("Sentence", item.text), ("After it", item.context_after)]
    shown = [f"{name}: {text}" for name, text in around if text and (context or name == "Sentence")]
    hint = " What stands around it only helps to understand it." if len(shown) > 1 else ""
    return [f"Which side does the speaker of the sentence take on the target?{hint}", *shown]


def _pair(item: Item) -> list[str]:
    """What is to be done, then both sentences."""
    order = "Which sentence is more favorable to the target, in the order against, neutral, favor?"
    return [order, f"Sentence a: {item.text}", f"Sentence b: {item.text_b}"]
