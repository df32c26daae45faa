"""Questions: the rows of a task as prompts, the same for every program that asks a language model.

One prompt measures the prompt. So every row is asked under six: three wordings, each with the labels in two orders.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from kazstance.bench.dataset_tasks import dates, definitions, items
from kazstance.bench.protocols import sentences_of
from kazstance.bench.tasks import Item, TaskKind
from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.schema.records import SPLITS

EVERY: Final = "all"
"""The name of the union of all splits, and of all prompts together."""
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


@dataclass(frozen=True)
class Wording:
    """The sentences of a prompt that do not depend on the row."""

    single: str
    """The question about one sentence."""
    around: str
    """What the text around it is for."""
    pair: str
    """The question about two sentences."""
    speaker: str
    """Who the speaker is."""
    definition: str
    """How to read the definition, if there is one."""


WORDINGS: Final = {
    "1": Wording(
        single="Which side does the speaker of the sentence take on the target?",
        around="The text around it is only there to help you understand it.",
        pair="Which sentence is more favorable to the target, in the order against, neutral, favor?",
        speaker=(
            "The speaker is whoever utters the sentence: the author, or inside a quotation the one who is quoted."
        ),
        definition=(
            "In the definition, *In* and *Out* say what belongs to the target and what does not; names in backticks "
            "are other targets."
        ),
    ),
    "2": Wording(
        single="Read the sentence and decide where the person who says it stands on the target.",
        around="Use what comes before and after it for context alone.",
        pair=(
            "Decide which of the two sentences is friendlier to the target; against is the least friendly, favor the "
            "most."
        ),
        speaker="The person who says it is the author, unless the sentence is quoted: then it is the person quoted.",
        definition=(
            "The definition lists under *In* what counts as the target and under *Out* what does not count. A name in "
            "backticks stands for another target."
        ),
    ),
    "3": Wording(
        single="Your task is stance detection: label the stance of the sentence towards the target.",
        around="Label the sentence itself; its context is given as background.",
        pair=(
            "Your task is to compare stances: label which sentence has the stance towards the target that is higher on "
            "the scale against, neutral, favor."
        ),
        speaker="The stance is that of the author or, if the sentence is part of a quotation, of the person quoted.",
        definition=(
            "Take the target as it is defined: with everything under *In*, without anything under *Out*. Other targets "
            "have their names in backticks."
        ),
    ),
}
"""Three paraphrases of the same question."""


class TextKind(Enum):
    """What texts a question is about."""

    alone = "a sentence"
    in_context = "a sentence in its context"
    pair = "two sentences"


@dataclass(frozen=True)
class Prompt:
    """A wording, with the labels in the order of their numbers or reversed."""

    wording: str
    is_reversed: bool = False

    @property
    def name(self) -> str:
        """What results call it."""
        return f"{self.wording}-{'reversed' if self.is_reversed else 'forward'}"

    def order(self, labels: Sequence[str]) -> tuple[str, ...]:
        """The labels in the order in which they are listed."""
        return tuple(reversed(labels)) if self.is_reversed else tuple(labels)


PROMPTS: Final = tuple(Prompt(wording, is_reversed) for wording in WORDINGS for is_reversed in (False, True))
"""All prompts; a score is the mean over them."""
FIRST: Final = PROMPTS[0]


def get_prompts(name: str = EVERY) -> tuple[Prompt, ...]:
    """All prompts, or the one with this name.

    Raises:
        UnknownNameError: there is no such prompt; the message lists the valid names.
    """
    if found := tuple(prompt for prompt in PROMPTS if name in (prompt.name, EVERY)):
        return found
    raise UnknownNameError(name, "prompt", [EVERY, *(prompt.name for prompt in PROMPTS)])


@dataclass(frozen=True)
class Question:
    """A row under a prompt: the question, and the labels in the order of the choices."""

    item: Item
    prompt: Prompt
    text: str
    labels: tuple[str, ...]
    date: str | None
    """The date of the text that the sentence is from, for a comparison with what a model was trained on; not shown."""

    @property
    def choices(self) -> list[str]:
        """The answers to choose from, each with its meaning."""
        return choices(self.labels)

    @property
    def full_text(self) -> str:
        """Question and choices as one text, for programs that do not list the choices themselves."""
        return "\n".join([self.text, "", "Answers:", *self.choices])

    @property
    def answer(self) -> int:
        """The index of the right answer among the choices."""
        return self.labels.index(self.item.label)


def questions(
    folder: DatasetFolder, task: TaskKind, split: str = EVERY, *, prompts: str = EVERY, context: bool = True
) -> list[Question]:
    """The questions for a task's split, or for all splits, row by row; every program asks these.

    Args:
        folder: the dataset.
        task: the task.
        split: a split, or `all`.
        prompts: the name of a prompt, or `all`.
        context: show the paragraph around a single sentence.

    Raises:
        UnknownNameError: there is no such split or prompt; the message lists the valid names.
    """
    facts = definitions(folder), dates(folder)
    return questions_about(asked(folder, task, split), task.labels, *facts, prompts=prompts, context=context)


def questions_about(
    rows: Iterable[Item],
    labels: Sequence[str],
    definitions: Mapping[str, str],
    dates: Mapping[str, str],
    *,
    prompts: str = EVERY,
    context: bool = True,
) -> list[Question]:
    """The questions about any rows, a user's own included, row by row.

    Args:
        rows: the rows.
        labels: the labels of the task.
        definitions: the definitions of targets, as far as there are any.
        dates: the dates of documents, as far as they are known.
        prompts: the name of a prompt, or `all`.
        context: show the paragraph around a single sentence.

    Raises:
        UnknownNameError: there is no such prompt; the message lists the valid names.
    """
    chosen = get_prompts(prompts)
    return [
        Question(
            item,
            prompt,
            question(item, definitions, prompt, context=context),
            prompt.order(labels),
            dates.get(document_of(sentences_of(item)[0])),
        )
        for item in rows
        for prompt in chosen
    ]


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


def document_of(sentence_id: str) -> str:
    """The id of the document of a sentence."""
    return sentence_id.rsplit("/", 2)[0]


def question(item: Item, definitions: Mapping[str, str], prompt: Prompt = FIRST, *, context: bool = True) -> str:
    """The question about a row, without the choices; it does not depend on the row's label.

    A single sentence is shown in its paragraph if `context` is true; the sentences of a pair are shown alone.

    Args:
        item: the row.
        definitions: the definition of each target, by its id; it may be missing.
        prompt: the prompt.
        context: whether to show a single sentence in its paragraph.
    """
    around = (item.context_before, item.context_after) if context else ("", "")
    shown = shown_pair(item.text, item.text_b) if item.text_b else shown_sentence(item.text, *around)
    kind = TextKind.pair if item.text_b else kind_of(shown)
    return "\n".join([heading(prompt.wording, kind, item.target, definitions.get(item.target_id)), *shown])


def heading(name: str, kind: TextKind, target: str, definition: str | None) -> str:
    """What a question says before the lines with the texts that it is about.

    Args:
        name: the name of the wording.
        kind: what texts follow.
        target: the target, in words.
        definition: its definition, if there is one.
    """
    wording = WORDINGS[name]
    ask = {
        TextKind.pair: wording.pair,
        TextKind.alone: wording.single,
        TextKind.in_context: f"{wording.single} {wording.around}",
    }
    notes = f"{wording.speaker} {wording.definition}" if definition else wording.speaker
    lines = [ask[kind], notes, "", f"Target: {target}", *([f"Definition: {definition}"] if definition else []), ""]
    return "\n".join(lines)


def kind_of(shown: Sequence[str]) -> TextKind:
    """Whether a sentence is shown in its context, given the lines that show it."""
    return TextKind.in_context if len(shown) > 1 else TextKind.alone


def shown_sentence(text: str, before: str, after: str) -> list[str]:
    """The lines that show a sentence with its context, as far as there is any.

    Args:
        text: the sentence.
        before: the text before it in its paragraph.
        after: the text after it.
    """
    parts = (("Before it", before), ("Sentence", text), ("After it", after))
    return [f"{name}: {part}" for name, part in parts if part]


def shown_pair(one: str, other: str) -> list[str]:
    """The lines that show two sentences."""
    return [f"Sentence a: {one}", f"Sentence b: {other}"]


def choices(labels: Sequence[str]) -> list[str]:
    """The answers to choose from, each with its meaning."""
    return [f"{label}: {MEANINGS[label]}" for label in labels]
