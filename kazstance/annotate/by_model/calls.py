"""What is still to be asked: blocks of targets, each about all sentences, without what has an answer."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from kazstance.annotate.by_model.journal import Answered
from kazstance.annotate.by_model.language_model import Message, Settings
from kazstance.annotate.by_model.model_answers import PairAnswer, check_reply
from kazstance.annotate.by_model.prompts import Instructions, Prompt, canonical, digest, messages, questions
from kazstance.corpus.decisions import PairKey
from kazstance.corpus.inputs import Input, TargetInput
from kazstance.schema.digest import text_hash
from kazstance.schema.ids import Name
from kazstance.schema.records import Sentence

Order = Literal["forward", "reversed", "shuffled"]
ATTEMPTS: Final = 2
"""How often a question is asked that has no full answer."""


class Scope(Input):
    """Which pairs are asked: all of them, or those of some sources and targets, or a random share of the sentences."""

    sources: tuple[Name, ...] = ()
    targets: tuple[Name, ...] = ()
    share: float = 1.0
    """The probability of each sentence to be drawn; draws with the same seed contain each other."""

    def holds(self, sentence: Sentence, target: str, seed: int) -> bool:
        """Whether a pair is among them.

        Args:
            sentence: the sentence.
            target: the id of the target.
            seed: seed of the draw.
        """
        is_named = not self.sources or sentence.source_id in self.sources
        return (
            is_named
            and (not self.targets or target in self.targets)
            and chance(seed, sentence.sentence_id) < self.share
        )


ALL_PAIRS: Final = Scope()


def chance(seed: int, name: str) -> float:
    """A number in [0, 1) that a hash makes of a name."""
    return int.from_bytes(hashlib.sha256(f"model\n{seed}\n{name}".encode()).digest()[:6]) / 2**48


@dataclass(frozen=True)
class Call:
    """A question that is sent: a sentence on a block of targets."""

    address: str
    settings: Settings
    sentence: Sentence
    prompt: Prompt
    question: str
    attempt: int = 1

    @property
    def targets(self) -> tuple[str, ...]:
        """The ids of its targets."""
        return tuple(target.id for target in self.prompt.targets)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Its messages."""
        return messages(self.prompt, self.question)

    @property
    def attempt_settings(self) -> Settings:
        """How its answer is generated: by the next seed in each attempt."""
        seed = self.settings.seed
        return self.settings._replace(seed=None if seed is None else seed + self.attempt - 1)

    @cached_property
    def key(self) -> str:
        """The digest of all that the answer depends on."""
        said = [self.address, self.attempt_settings, self.prompt.digest, self.question, self.attempt]
        return digest(canonical(said))

    def again(self) -> "Call":
        """The same question once more."""
        return replace(self, attempt=self.attempt + 1)


@dataclass(frozen=True)
class Asked:
    """The answers to a question in all attempts, each pair with the first label, or else with the last failure."""

    call: Call
    """The last attempt."""
    pairs: Mapping[str, PairAnswer]
    """By target."""

    @property
    def has_failed(self) -> bool:
        """Whether a pair has no label."""
        return not all(answer.status.has_label for answer in self.pairs.values())


def merged(earlier: Mapping[str, PairAnswer], new: Mapping[str, PairAnswer]) -> dict[str, PairAnswer]:
    """The answers of two attempts together."""
    return {name: earlier[name] if name in earlier and earlier[name].status.has_label else new[name] for name in new}


@dataclass(frozen=True)
class Questions:
    """All that may be asked of a corpus in a run."""

    address: str
    settings: Settings
    instructions: Instructions
    sentences: Mapping[str, Sentence]
    """The annotated sentences."""
    asked: Mapping[str, str]
    """The question about each of them."""
    targets: Mapping[str, TargetInput]
    """In the order in which they are asked."""
    block: int
    prompts: dict[tuple[str, ...], Prompt]
    """Those that have been made."""

    @classmethod
    def of(
        cls,
        address: str,
        settings: Settings,
        instructions: Instructions,
        sentences: Sequence[Sentence],
        targets: Sequence[TargetInput],
        *,
        block: int,
        order: Order,
        seed: int,
    ) -> "Questions":
        """The questions of a corpus.

        Args:
            address: the address of the server.
            settings: how answers are generated.
            instructions: the brief and the codebook.
            sentences: all sentences, in order.
            targets: all targets, in the order of the codebook.
            block: how many targets a question asks about at most.
            order: the order of the targets.
            seed: seed of an order by chance.
        """
        listed = list(reversed(targets)) if order == "reversed" else list(targets)
        if order == "shuffled":
            listed.sort(key=lambda target: chance(seed, target.id))
        known = {one.sentence_id: one for one in sentences if one.annotated}
        return cls(address, settings, instructions, known, questions(sentences), {t.id: t for t in listed}, block, {})

    def call(self, sentence: str, targets: tuple[str, ...], attempt: int = 1) -> Call:
        """The question about a sentence on some targets.

        Args:
            sentence: the id of the sentence.
            targets: the ids of the targets, in the order in which they are asked.
            attempt: the number of the attempt, counted from 1.
        """
        if targets not in self.prompts:
            self.prompts[targets] = Prompt(self.instructions, tuple(self.targets[name] for name in targets))
        found = self.sentences[sentence]
        return Call(self.address, self.settings, found, self.prompts[targets], self.asked[sentence], attempt)

    def answered(self, rows: Iterable[Answered]) -> dict[tuple[str, tuple[str, ...]], Asked]:
        """What has been answered, by sentence and targets, without answers to what would now be asked otherwise."""
        found: dict[tuple[str, tuple[str, ...]], Asked] = {}
        for row in rows:
            place = row.sentence_id, row.targets
            if row.sentence_id not in self.sentences or not set(row.targets) <= self.targets.keys():
                continue
            call = self.call(*place, row.attempt)
            if call.key == row.key:
                new = check_reply(row.reply, row.fault, row.targets, call.sentence.text)
                found[place] = Asked(call, merged(found[place].pairs if place in found else {}, new))
        return found

    def blocks(self) -> list[list[str]]:
        """The targets in blocks."""
        names = list(self.targets)
        return [names[begin : begin + self.block] for begin in range(0, len(names), self.block)]

    def open_calls(self, scopes: Sequence[Scope], seed: int, there: Iterable[Asked]) -> Iterator[Call]:
        """The questions about pairs that have not been asked: block by block, and in each in the order of the texts.

        So questions that follow each other begin with the same words, which most servers then keep.

        Args:
            scopes: which pairs are asked.
            seed: seed of the draws.
            there: what has been answered.
        """
        done: dict[str, set[str]] = defaultdict(set)
        for asked in there:
            done[asked.call.sentence.sentence_id].update(asked.pairs)
        for block in self.blocks():
            for name, sentence in self.sentences.items():
                targets = tuple(t for t in block if t not in done[name] and _is_wanted(scopes, sentence, t, seed))
                if targets:
                    yield self.call(name, targets)

    def probability(self, pair: PairKey, scopes: Iterable[Scope], seed: int) -> float:
        """The probability with which a pair was drawn: the largest of the draws that it was in.

        Args:
            pair: the ids of sentence and target.
            scopes: which pairs were asked.
            seed: seed of the draws.
        """
        sentence = self.sentences[pair[0]]
        return max((scope.share for scope in scopes if scope.holds(sentence, pair[1], seed)), default=1.0)


def _is_wanted(scopes: Iterable[Scope], sentence: Sentence, target: str, seed: int) -> bool:
    return any(scope.holds(sentence, target, seed) for scope in scopes)


def retried(asked: Iterable[Asked], *, all_failures: bool = False) -> Iterator[Call]:
    """The questions of which a pair has no label, once more.

    A question is asked twice before a failure stays. If all failures are asked again, it is two times more.

    Args:
        asked: what has been answered.
        all_failures: whether also those that were asked twice.
    """
    for one in asked:
        if one.has_failed and (all_failures or one.call.attempt % ATTEMPTS):
            yield one.call.again()


def hashes(sentences: Iterable[Sentence]) -> list[Any]:
    """Ids and hashes of sentences, of which the digest of a corpus is made."""
    return [[one.sentence_id, text_hash(one.text)] for one in sentences]
