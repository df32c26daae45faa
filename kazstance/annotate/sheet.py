"""Draw what a person is asked, pairs of sentence and target, with known probabilities, and record the plan."""

import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from kazstance.corpus.decisions import PairKey
from kazstance.corpus.inputs import Hash, Input, Probability, RoundNumber, Text
from kazstance.corpus.judge import decisions
from kazstance.corpus.read import ADJUDICATIONS, ANNOTATORS, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.errors import KazstanceError
from kazstance.language.tags import is_right_to_left
from kazstance.paths import StrPath
from kazstance.schema.digest import text_hash
from kazstance.schema.ids import Name, SentenceId, check_id
from kazstance.schema.labels import Label
from kazstance.schema.records import Sentence

PLAN: Final = "plan.json"
RESERVED: Final = frozenset({ADJUDICATIONS, "annotations/annotators.jsonl", "annotations/judgements.jsonl"})
"""Names of readings that would be mistaken for something else."""


class PlanItem(Input):
    """One question of a sheet."""

    item: Annotated[int, Field(ge=1)]
    sentence_id: SentenceId
    target_id: Name
    text_hash: Hash
    probability: Probability


class Plan(Input):
    """What was asked of whom; not for the annotator, since the probabilities may reveal labels."""

    corpus: Name
    annotator: Name
    seed: int
    round: RoundNumber = 1
    items: tuple[PlanItem, ...]


@dataclass(frozen=True)
class Question:
    """An item with everything that an annotator needs to see."""

    item: PlanItem
    annotator: Name
    sentence: Sentence
    before: str
    after: str
    target: str
    definition: str


@dataclass(frozen=True)
class Sheet:
    """The questions for an annotator, and the plan behind them."""

    plan: Plan
    questions: tuple[Question, ...]
    right_to_left: bool = False
    """Whether most of its sentences are written from right to left."""


def draw(
    path: StrPath,
    annotator: str,
    share: float = 1.0,
    share_none: float | None = None,
    seed: int = 1,
    *,
    number: int = 1,
) -> Sheet:
    """Draw the questions for an annotator from a corpus folder.

    Every pair of annotated sentence and target is drawn independently: with the probability `share_none` if its current
    label is none, and `share` otherwise or if nothing has been judged yet. The sheet shows neither.

    Args:
        path: the corpus folder.
        annotator: the id of the annotator: a new one in round 1, otherwise one who has judged.
        share: probability of drawing a pair, in [0, 1].
        share_none: probability of drawing a pair whose current label is none; by default, `share`.
        seed: seed of the draw.
        number: the round.

    Raises:
        InputError: the corpus is invalid.
        KazstanceError: the annotator's name is invalid or already taken, or has judged in this round.
    """
    path = Path(path)
    corpus = read(path)
    if number == 1:
        _check_name(annotator, corpus, path)
    else:
        check_round_is_new(annotator, number, corpus)
    sentences, problems = segment(corpus)
    raise_all(problems)
    silent = set() if share_none is None else _silent(corpus, sentences)
    generator = random.Random(seed)  # noqa: S311  # a sample, not a secret
    items = []
    for pair in pairs(corpus, sentences):
        probability = share if share_none is None or pair not in silent else share_none
        if generator.random() < probability:
            items.append((pair, probability))
    plan = Plan(
        corpus=corpus.header.id, annotator=annotator, seed=seed, round=number, items=tuple(_items(items, sentences))
    )
    asked = tuple(questions(plan, corpus, sentences))
    return Sheet(plan, asked, _is_right_to_left(corpus, asked))


def _items(drawn: Iterable[tuple[PairKey, float]], sentences: Iterable[Sentence]) -> Iterator[PlanItem]:
    """Pairs that were drawn, with their probabilities, as items counted from 1."""
    texts = {sentence.sentence_id: sentence.text for sentence in sentences}
    for place, ((sentence, target), probability) in enumerate(drawn, 1):
        digest = text_hash(texts[sentence])
        yield PlanItem(item=place, sentence_id=sentence, target_id=target, text_hash=digest, probability=probability)


def _is_right_to_left(corpus: Corpus, asked: Sequence[Question]) -> bool:
    """Whether most of what is asked is about sentences that are written from right to left."""
    sources = {entry.value.id for entry in corpus.sources if is_right_to_left(entry.value.language)}
    return 2 * sum(question.sentence.source_id in sources for question in asked) > len(asked)


def pairs(corpus: Corpus, sentences: Iterable[Sentence]) -> Iterator[PairKey]:
    """All pairs of annotated sentence and target, in the order of texts and targets."""
    for sentence in sentences:
        for target in corpus.targets if sentence.annotated else ():
            yield sentence.sentence_id, target.value.id


def questions(plan: Plan, corpus: Corpus, sentences: Sequence[Sentence]) -> Iterator[Question]:
    """The items of a plan, each with its sentence, paragraph and target.

    Args:
        plan: the plan.
        corpus: the corpus that the plan was drawn from.
        sentences: all sentences, in order.
    """
    place = {sentence.sentence_id: i for i, sentence in enumerate(sentences)}
    targets = {entry.value.id: entry.value for entry in corpus.targets}
    paragraphs: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        paragraphs.setdefault(sentence.paragraph_id, []).append(sentence)
    for item in plan.items:
        i = place[item.sentence_id]
        sentence = sentences[i]
        around = paragraphs[sentence.paragraph_id]
        at = around.index(sentence)
        before = " ".join(s.text for s in around[:at]) or (sentences[i - 1].text if sentence.position else "")
        after = " ".join(s.text for s in around[at + 1 :])
        target = targets[item.target_id]
        yield Question(item, plan.annotator, sentence, before, after, target.name, target.definition or "")


def _check_name(annotator: str, corpus: Corpus, path: Path) -> None:
    """Check that a new annotator's name is valid and not taken, and that its file does not exist."""
    try:
        check_id(annotator)
    except ValueError as error:
        raise KazstanceError(f"annotator: {error}") from None
    if annotator in corpus.readings:
        raise KazstanceError(f"annotator: {annotator!r} has already judged, expected a new name, or --round")
    check_not_reserved(annotator)
    if os.path.lexists(path / readings_file(annotator)):
        raise KazstanceError(
            f"annotator: {readings_file(annotator)} exists, though {ANNOTATORS} does not list {annotator!r}; "
            "choose another name, or move the file elsewhere"
        )


def check_round_is_new(annotator: str, number: int, corpus: Corpus) -> None:
    """Check that an annotator of a corpus has not judged in a round.

    Args:
        annotator: the id of the annotator.
        number: the round.
        corpus: the corpus.

    Raises:
        KazstanceError: there is no such annotator, or it has.
    """
    if annotator not in corpus.readings:
        raise KazstanceError(f"annotator: {annotator!r} has not judged yet, expected round 1")
    if any(entry.value.round == number for entry in corpus.readings[annotator]):
        raise KazstanceError(f"annotator: {annotator!r} has already judged in round {number}, expected another round")


def check_not_reserved(annotator: str) -> None:
    """Raise a KazstanceError for a name that the corpus folder uses for something else."""
    if readings_file(annotator) in RESERVED:
        raise KazstanceError(f"annotator: {annotator!r} is a reserved name, expected another one")


def readings_file(annotator: str) -> str:
    """The file of a corpus folder that holds an annotator's readings."""
    return f"annotations/{annotator}.jsonl"


def _silent(corpus: Corpus, sentences: Sequence[Sentence]) -> set[PairKey]:
    """The pairs whose current label is none."""
    if not any(corpus.readings.values()) and not corpus.judgements:
        return set()
    labels, problems = decisions(corpus, sentences)
    raise_all(problems)
    return {pair for pair, decision in labels.items() if decision.label is Label.none}


class SheetRow(Input):
    """A row of a completed CSV sheet; the columns left of `label` are as exported."""

    item: Annotated[int, Field(ge=1)]
    annotator: str
    speaker: str
    before: str
    sentence: str
    after: str
    target_id: str
    target: str
    definition: str
    label: str
    explicitness: str
    certainty: str
    evidence: str
    note: Annotated[str, Field(max_length=2000)]


class Answer(Input):
    """An annotator's answer to one question, before it is checked against the sentence."""

    item: int
    label: str
    explicitness: str
    certainty: str
    evidence: tuple[tuple[int | None, Text], ...]
    note: str | None
