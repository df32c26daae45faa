"""What an annotator sees of each question, and the answers that come back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kazstance.annotate.plan import Plan, PlanItem
from kazstance.corpus.documents import Document
from kazstance.corpus.inputs import Input, Text
from kazstance.corpus.read import Corpus
from kazstance.language.tags import is_right_to_left
from kazstance.schema.ids import Name
from kazstance.schema.labels import Voice
from kazstance.schema.records import Sentence

CONTEXT: Final = 1_000
"""How many characters of the paragraph are shown before and after a sentence; a cell of Excel holds 32,767."""


@dataclass(frozen=True)
class Question:
    """An item with everything that an annotator needs to see."""

    item: PlanItem
    annotator: Name
    sheet: str
    """The name of the sheet; empty if it was made by version 0.3."""
    sentence: Sentence
    source: str
    speaker: str
    before: str
    after: str
    target: str
    definition: str
    is_right_to_left: bool = False
    candidates: str = ""
    """For an adjudication, what the annotators chose."""


@dataclass(frozen=True)
class Sheet:
    """The questions for an annotator, and the plan behind them."""

    plan: Plan
    questions: tuple[Question, ...]
    outdated: frozenset[str] = frozenset()
    """Items, and sentences, of which the answers can no longer be used."""

    @property
    def right_to_left(self) -> bool:
        """Whether most of its sentences are written from right to left."""
        return 2 * sum(question.is_right_to_left for question in self.questions) > len(self.questions)


class Answer(Input):
    """An answer to one question as it was typed, before it is checked against the sentence."""

    item: int
    label: str
    explicitness: str = ""
    certainty: str = ""
    evidence: tuple[tuple[int | None, Text], ...] = ()
    """The words of each span, and where it starts if that is known."""
    note: str | None = None
    done: str = ""
    """The mark that the whole sentence has been read."""
    rule: str = ""
    reason: str = ""
    column: str = "label"
    """The column of the label, for messages."""


def questions(plan: Plan, corpus: Corpus, sentences: Sequence[Sentence]) -> Iterator[Question]:
    """The items of a plan, each with its sentence, paragraph and target.

    Args:
        plan: the plan.
        corpus: the corpus that the plan was drawn from.
        sentences: all sentences, in order.
    """
    place = {sentence.sentence_id: i for i, sentence in enumerate(sentences)}
    targets = {entry.value.id: entry.value for entry in corpus.targets}
    documents = {document.document_id: document for document in corpus.documents}
    paragraphs: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        paragraphs.setdefault(sentence.paragraph_id, []).append(sentence)
    for item in plan.items:
        i = place[item.sentence_id]
        sentence, document = sentences[i], documents[sentences[i].document_id]
        around = paragraphs[sentence.paragraph_id]
        at = around.index(sentence)
        before = " ".join(s.text for s in around[:at]) or (sentences[i - 1].text if sentence.position else "")
        target = targets[item.target_id]
        yield Question(
            item=item,
            annotator=plan.annotator,
            sheet=plan.name if plan.sheet else "",
            sentence=sentence,
            source=_source(document),
            speaker=_speaker(sentence, document),
            before=before if len(before) <= CONTEXT else "…" + before[-CONTEXT:],
            after=_beginning(" ".join(s.text for s in around[at + 1 :])),
            target=target.name,
            definition=target.definition or "",
            is_right_to_left=is_right_to_left(document.language),
        )


def _beginning(text: str) -> str:
    return text if len(text) <= CONTEXT else text[:CONTEXT] + "…"


def _source(document: Document) -> str:
    """What a sentence is taken from, in words as far as the corpus has them."""
    title = document.given.title if document.given else None
    return ": ".join(filter(None, [document.source.title or document.source.id, title]))


def _speaker(sentence: Sentence, document: Document) -> str:
    """Who says a sentence: the person quoted, or else the speaker of the source."""
    if sentence.voice is Voice.quoted and sentence.speaker:
        return f"{sentence.speaker} (quoted)"
    return document.source.speaker or document.source.title or document.source.id
