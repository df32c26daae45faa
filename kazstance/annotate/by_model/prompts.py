"""What a model is asked: what all questions share comes first, so that a server can keep it, and the sentence last."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from kazstance.annotate.by_model.language_model import Message
from kazstance.corpus.inputs import TargetInput
from kazstance.schema.labels import GRID_LABELS, Certainty, Explicitness, Voice
from kazstance.schema.records import Sentence

LONGEST: Final = 2_000
"""How many characters of the paragraph are shown before and after a sentence."""
MARKS: Final = ("⟦", "⟧")
"""What stands around the sentence in its paragraph."""
SPANS: Final = 3
"""How many spans of evidence an answer may give for a target."""
BRIEF: Final = """\
You judge sentences, one at a time: which side does the speaker of the sentence take on each of the targets below?

First decide whether the sentence is about the target: by name, by a description, or by a pronoun whose meaning the
paragraph settles. Only then decide which side it takes. Most sentences are about few of the targets.

- favor: the speaker supports or defends the target, calls for it, or shows it in a good light; of a claim: asserts it,
  or says what plainly supports it.
- against: the speaker opposes or rejects the target, calls for an end to it, or shows it in a bad light; of a claim:
  denies it, or says what plainly tells against it.
- neutral: the sentence is about the target, and the side cannot be told, or both sides are weighed evenly.
- none: the sentence is not about the target; of a claim: it does not touch the question, or merely fits with the claim.

The speaker is whoever utters the sentence. Judge what this speaker says, not whether it is true, and not what you think
of it. The paragraph is only there to help you understand the sentence. Treat like sentences alike, whoever says them.
"""
"""The instructions where the user gives no other."""
FORM: Final = """\
Answer with one JSON object and nothing else. It has one field for each of these targets, with the id of the target as
its name, in this order: {targets}. Whatever is said above about the form of an answer, this form replaces it.

The value of a field is "none", or an object with these fields:

- label: "favor", "against" or "neutral".
- explicitness, of favor and against: "explicit" if words of the sentence judge the target, "implicit" if the side has
  to be inferred. It is null with neutral.
- evidence: a list of the shortest words that show the label, copied from the sentence to the letter; at most {spans}.
- certainty: "unsure" if a careful reader could well have chosen another label, otherwise "sure".
"""
"""The last part of what all sentences share."""
QUESTION: Final = """\
The sentence stands between {begin} and {end} in its paragraph:

{paragraph}
{voice}
The sentence:

{sentence}
"""
QUOTED: Final = "\nIt is quoted: its speaker is not the author of the text, but the one whom the text quotes.\n"


def digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> str:
    """A value as JSON, always in the same way."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Instructions:
    """What is the same in all questions of a run: the brief, and the codebook if there is one."""

    brief: str = BRIEF
    codebook: str = ""

    @property
    def prompt_digest(self) -> str:
        """The digest of all words that come neither from the codebook nor from the targets or texts."""
        return digest(canonical([self.brief, FORM, QUESTION, QUOTED, *MARKS, LONGEST, SPANS]))

    @property
    def codebook_digest(self) -> str | None:
        """The digest of the codebook, None if there is none."""
        return digest(self.codebook) if self.codebook else None


@dataclass(frozen=True)
class Prompt:
    """The part of a question that is the same for all sentences: instructions, codebook and a block of targets."""

    instructions: Instructions
    targets: tuple[TargetInput, ...]

    @cached_property
    def text(self) -> str:
        """The message of the system."""
        codebook = self.instructions.codebook
        parts = [self.instructions.brief, *(["# Codebook", codebook] if codebook else [])]
        parts += ["# Targets", "\n".join(map(_described, self.targets))]
        parts += [
            "# Form of the answer",
            FORM.format(targets=", ".join(target.id for target in self.targets), spans=SPANS),
        ]
        return "\n\n".join(part.strip("\n") for part in parts) + "\n"

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The JSON Schema of an answer: every target is required."""
        names = [target.id for target in self.targets]
        return {
            "type": "object",
            "properties": {name: _judgement_schema() for name in names},
            "required": names,
            "additionalProperties": False,
        }

    @cached_property
    def digest(self) -> str:
        """The digest of text and schema."""
        return digest(canonical([self.text, list(self.schema["properties"]), self.schema]))


def _described(target: TargetInput) -> str:
    """A target as a line of a list."""
    kind = f" ({target.kind.value})" if target.kind else ""
    return f"- {target.id}{kind}: {target.name}" + (f" — {target.definition}" if target.definition else "")


def _judgement_schema() -> Mapping[str, Any]:
    sides = [label for label in GRID_LABELS if label != "none"]
    fields = {
        "label": {"type": "string", "enum": sides},
        "explicitness": {"anyOf": [{"type": "string", "enum": list(Explicitness)}, {"type": "null"}]},
        "evidence": {"type": "array", "items": {"type": "string"}, "maxItems": SPANS},
        "certainty": {"type": "string", "enum": list(Certainty)},
    }
    known = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {"anyOf": [{"type": "string", "enum": ["none"]}, known]}


def messages(prompt: Prompt, question: str) -> tuple[Message, ...]:
    """The messages of a question: what all sentences share, then the sentence."""
    return {"role": "system", "content": prompt.text}, {"role": "user", "content": question}


def questions(sentences: Iterable[Sentence]) -> dict[str, str]:
    """The question about each annotated sentence, by its id: the sentence in its paragraph, without its source.

    Args:
        sentences: all sentences, in order.
    """
    paragraphs: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        paragraphs.setdefault(sentence.paragraph_id, []).append(sentence)
    return {
        sentence.sentence_id: _question(sentence, around[:place], around[place + 1 :])
        for around in paragraphs.values()
        for place, sentence in enumerate(around)
        if sentence.annotated
    }


def _question(sentence: Sentence, before: Sequence[Sentence], after: Sequence[Sentence]) -> str:
    """A sentence in its paragraph."""
    first, last = " ".join(one.text for one in before), " ".join(one.text for one in after)
    first = first if len(first) <= LONGEST else f"…{first[-LONGEST:]}"
    last = last if len(last) <= LONGEST else f"{last[:LONGEST]}…"
    begin, end = MARKS
    return QUESTION.format(
        begin=begin,
        end=end,
        paragraph=" ".join(filter(None, [first, f"{begin}{sentence.text}{end}", last])),
        voice=QUOTED if sentence.voice is Voice.quoted else "",
        sentence=sentence.text,
    )
