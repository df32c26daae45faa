"""From annotations to labels: who voted for what on every sentence and target, and what follows from that."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from kazstance.corpus.inputs import AdjudicationInput, Entry, EvidenceInput, ReadingInput
from kazstance.corpus.read import ADJUDICATIONS, ANNOTATORS, FORMER, Corpus
from kazstance.errors import Problem
from kazstance.schema.digest import text_hash
from kazstance.schema.labels import Certainty, Explicitness, Label, Origin, Role
from kazstance.schema.records import Judgement, Sentence, Span
from kazstance.schema.spans import merge

PairKey = tuple[str, str]


@dataclass(frozen=True)
class Decision:
    """The label of a sentence on a target, and where it comes from."""

    label: Label
    explicitness: Explicitness | None
    certainty: Certainty | None
    evidence: tuple[Span, ...]
    origin: Origin
    votes: tuple[tuple[str, Label], ...]
    rule: str | None = None
    reason: str | None = None

    @property
    def contested(self) -> bool:
        """Whether the annotators were split."""
        return len({label for _, label in self.votes}) > 1


@dataclass
class Docket:
    """What is known about every sentence and target before it is decided."""

    sentences: Mapping[str, Sentence]
    targets: Sequence[str]
    kinds: Mapping[str, str]
    newly_cut: Set[str] = frozenset()
    """Sources whose texts were cut into other units by version 0.3."""
    problems: list[Problem] = field(default_factory=list)

    def check_sentence(self, file: str, line: int, sentence_id: str, hashed: str) -> Sentence | None:
        """The annotated sentence with that id, or None with a problem if it is missing or its text has changed.

        Args:
            file: the file that names it.
            line: the line there, counted from 1.
            sentence_id: the name.
            hashed: the hash of the text that was judged.
        """
        sentence = self.sentences.get(sentence_id)
        if sentence is None:
            expected = f"expected an annotated sentence{self._remedy(sentence_id)}"
            self.report(file, line, "sentence_id", f"{sentence_id!r}, {expected}")
        elif text_hash(sentence.text) != hashed:
            came = f"{hashed}, but the sentence is now {text_hash(sentence.text)}: {sentence.text[:60]!r}"
            expected = f"expected the text that was judged{self._remedy(sentence_id)}"
            self.report(file, line, "text_hash", f"{came}; {expected}")
        else:
            return sentence
        return None

    def _remedy(self, sentence_id: str) -> str:
        """How to get the units of earlier versions back, if those of the source have changed with the version."""
        if sentence_id.partition("/")[0] not in self.newly_cut:
            return ""
        return f'; if it was judged with version 0.3, segmenter = "{FORMER}" under [corpus] keeps the units of then'

    def check_target(self, file: str, line: int, name: str, target_id: str) -> bool:
        """Whether there is such a target.

        Args:
            file: the file that names it.
            line: the line there, counted from 1.
            name: the field there.
            target_id: the id of the target.
        """
        if target_id not in self.kinds:
            self.report(file, line, name, f"{target_id!r}, expected one of {', '.join(self.targets)}")
        return target_id in self.kinds

    def spans(
        self, file: str, line: int, name: str, sentence: Sentence, evidence: Iterable[EvidenceInput]
    ) -> tuple[Span, ...]:
        """Evidence as spans of the sentence.

        Args:
            file: the file that quotes it.
            line: the line there, counted from 1.
            name: the field there.
            sentence: the sentence that is quoted.
            evidence: each quotation with its start in the sentence, in characters.
        """
        spans = []
        for item in evidence:
            end = item.start + len(item.text)
            if sentence.text[item.start : end] != item.text:
                self.report(
                    file, line, name, f"{item.text!r} at {item.start}, expected a part of {sentence.text[:80]!r}"
                )
            spans.append(Span(start=item.start, end=end))
        return tuple(sorted(spans, key=lambda span: (span.start, span.end)))

    def report(self, file: str, line: int | None, name: str | None, message: str) -> None:
        """Record a problem.

        Args:
            file: the file.
            line: the line, counted from 1.
            name: the field.
            message: what was found, and what was expected.
        """
        self.problems.append(Problem(file, line, name, message))


def judge(
    corpus: Corpus, sentences: Iterable[Sentence]
) -> tuple[list[Judgement], dict[PairKey, Decision], list[Problem]]:
    """All judgements, and a decision for every annotated sentence and every target."""
    annotated = {sentence.sentence_id: sentence for sentence in sentences if sentence.annotated}
    kinds = {entry.value.id: entry.value.kind.value for entry in corpus.targets}
    docket = Docket(annotated, list(kinds), kinds, corpus.newly_cut)
    judgements: dict[PairKey, list[Judgement]] = {(s, t): [] for s in annotated for t in kinds}
    for annotator, readings in sorted(corpus.readings.items()):
        for entry in readings:
            for judgement in _judgements(docket, annotator, entry):
                judgements[judgement.sentence_id, judgement.target_id].append(judgement)
    _check_complete(docket, corpus, judgements)
    rulings = _rulings(docket, corpus.adjudications)
    humans = {entry.value.id for entry in corpus.annotators if entry.value.origin == Origin.human}
    checks = {entry.value.id for entry in corpus.annotators if entry.value.role == Role.check}
    decisions = {}
    for pair, found in judgements.items() if not docket.problems else ():
        voting = [judgement for judgement in found if judgement.annotator_id not in checks]
        if decision := _decide(docket, pair, voting, humans, rulings.get(pair)):
            decisions[pair] = decision
    return [judgement for found in judgements.values() for judgement in found], decisions, docket.problems


def _check_complete(docket: Docket, corpus: Corpus, judgements: Mapping[PairKey, Sequence[Judgement]]) -> None:
    """Check that annotators declared complete judged every pair."""
    for name in (entry.value.id for entry in corpus.annotators if entry.value.complete):
        missing = [pair for pair, found in judgements.items() if all(row.annotator_id != name for row in found)]
        if missing:
            first = " on ".join(missing[0])
            message = f"{len(missing)} of {len(judgements)} pairs not covered, the first {first}; expected all"
            docket.report(f"annotations/{name}.jsonl", None, "covered", message)


def _judgements(docket: Docket, annotator: str, entry: Entry[ReadingInput]) -> Iterator[Judgement]:
    """One reading as a judgement for each target that it covers; targets without one get the label `none`."""
    reading, where = entry.value, (entry.file, entry.line)
    sentence = docket.check_sentence(*where, reading.sentence_id, reading.text_hash)
    covered = {target for target, kind in docket.kinds.items() if {target, kind} & set(reading.covered)}
    for name in sorted(set(reading.covered) - set(docket.kinds) - set(docket.kinds.values())):
        docket.report(*where, "covered", f"{name!r}, expected issue, claim or targets")
    written = {judgement.target_id: (i, judgement) for i, judgement in enumerate(reading.judgements)}
    for target, (i, _) in written.items():
        if docket.check_target(*where, f"judgements.{i}.target_id", target) and target not in covered:
            docket.report(*where, f"judgements.{i}.target_id", f"{target!r} is not covered, expected it in `covered`")
    for target in docket.targets if sentence else ():
        i, found = written.get(target, (0, None))
        if sentence and (found or target in covered):
            label = Label[found.label] if found else Label.none
            yield Judgement(
                sentence_id=reading.sentence_id,
                target_id=target,
                annotator_id=annotator,
                source_id=sentence.source_id,
                paragraph_id=sentence.paragraph_id,
                label=label,
                label_name=label.name,
                explicitness=found and found.explicitness,
                certainty=found and found.certainty,
                evidence=docket.spans(*where, f"judgements.{i}.evidence", sentence, found.evidence) if found else (),
                note=found and found.note,
                probability=_probability(reading, target),
            )


def _probability(reading: ReadingInput, target: str) -> float:
    """The probability with which a pair of a reading was drawn."""
    found = reading.probability
    return found.get(target, 1.0) if isinstance(found, dict) else found


def _rulings(docket: Docket, entries: Iterable[Entry[AdjudicationInput]]) -> dict[PairKey, Decision]:
    """The adjudications, as decisions without votes."""
    rulings = {}
    for entry in entries:
        row, where = entry.value, (entry.file, entry.line)
        sentence = docket.check_sentence(*where, row.sentence_id, row.text_hash)
        if docket.check_target(*where, "target_id", row.target_id) and sentence:
            spans = docket.spans(*where, "evidence", sentence, row.evidence)
            certainty = row.certainty if row.label != "none" else None
            rulings[row.sentence_id, row.target_id] = Decision(
                Label[row.label], row.explicitness, certainty, spans, Origin.adjudicated, (), row.rule, row.reason
            )
    return rulings


def _decide(
    docket: Docket, pair: PairKey, found: Sequence[Judgement], humans: set[str], ruling: Decision | None
) -> Decision | None:
    """The label of a pair: by majority of people, else as adjudicated, else by majority of all others.

    If no label has a majority, or two annotators chose opposite sides, only an adjudication decides.
    """
    votes = tuple((judgement.annotator_id, judgement.label) for judgement in found)
    people = [judgement for judgement in found if judgement.annotator_id in humans]
    models = [judgement for judgement in found if judgement.annotator_id not in humans]
    if people and (label := _majority(people)) is not None:
        return _decision(label, people, Origin.human, votes)
    if ruling:
        return replace(ruling, votes=votes)
    if not votes:
        docket.report(ANNOTATORS, None, " on ".join(pair), "no annotator covered it, expected at least one")
        return None
    label = _majority(models)
    if label is None or {Label.favor, Label.against} <= {vote for _, vote in votes}:
        split = ", ".join(f"{annotator} {vote.name}" for annotator, vote in votes)
        docket.report(ADJUDICATIONS, None, " on ".join(pair), f"no adjudication, expected one: {split}")
        return None
    return _decision(label, models, Origin.model, votes)


def _majority(judgements: Sequence[Judgement]) -> Label | None:
    """The label that more than half chose."""
    if not judgements:
        return None
    label, count = Counter(judgement.label for judgement in judgements).most_common(1)[0]
    return label if 2 * count > len(judgements) else None


def _decision(
    label: Label, voters: Sequence[Judgement], origin: Origin, votes: tuple[tuple[str, Label], ...]
) -> Decision:
    """A label by majority, with the explicitness, certainty and evidence of those who chose it."""
    if label is Label.none:
        return Decision(label, None, None, (), origin, votes)
    holders = [judgement for judgement in voters if judgement.label is label]
    explicit = 2 * sum(judgement.explicitness == Explicitness.explicit for judgement in holders) >= len(holders)
    sure = 2 * sum(judgement.certainty == Certainty.sure for judgement in holders) > len(voters)
    return Decision(
        label,
        None if label is Label.neutral else Explicitness.explicit if explicit else Explicitness.implicit,
        Certainty.sure if sure else Certainty.unsure,
        merge(span for judgement in holders for span in judgement.evidence),
        origin,
        votes,
    )
