"""From annotations to labels: who voted for what on every sentence and target, and what follows from that."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TypeVar

from kazstance.corpus.inputs import AdjudicationInput, Entry, EvidenceInput, JudgementInput, ReadingInput
from kazstance.corpus.judgement_table import as_readings
from kazstance.corpus.read import ADJUDICATIONS, FORMER, Corpus
from kazstance.errors import Problem
from kazstance.schema.digest import text_hash
from kazstance.schema.ids import document_of
from kazstance.schema.labels import Certainty, Deciding, Explicitness, Label, Origin, Role, Status, TargetKind
from kazstance.schema.records import Sentence, Span
from kazstance.schema.spans import merge

PairKey = tuple[str, str]
"""Sentence and target."""
Votes = tuple[tuple[str, Label], ...]
"""Annotators and the labels that they chose."""
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Judged:
    """One annotator's label for a sentence and a target; the fields are those of the table judgements."""

    sentence_id: str
    target_id: str
    annotator_id: str
    label: Label
    explicitness: Explicitness | None
    certainty: Certainty | None
    evidence: tuple[Span, ...] | None
    note: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The label of a sentence on a target, and where it comes from; both None if the votes decide nothing."""

    label: Label | None
    explicitness: Explicitness | None
    certainty: Certainty | None
    evidence: tuple[Span, ...] | None
    origin: Origin | None
    votes: Votes
    rule: str | None = None
    reason: str | None = None

    @property
    def status(self) -> Status:
        """Whether there is a label."""
        return Status.undecided if self.label is None else Status.decided

    @property
    def contested(self) -> bool:
        """Whether the annotators were split."""
        return len({label for _, label in self.votes}) > 1

    @property
    def is_stance(self) -> bool:
        """Whether the sentence is about the target."""
        return self.label is not None and self.label is not Label.none


@dataclass
class Docket:
    """What is known about every sentence and target before it is decided."""

    sentences: Mapping[str, Sentence]
    targets: Sequence[str]
    kinds: Mapping[str, str | None]
    newly_cut: Set[str] = frozenset()
    """Documents whose texts were cut into other units by version 0.3."""
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
        """How to get the units of earlier versions back, if those of the document have changed with the version."""
        if document_of(sentence_id.rpartition("/")[0]) not in self.newly_cut:
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


def judge(corpus: Corpus, sentences: Iterable[Sentence]) -> tuple[list[Judged], dict[PairKey, Decision], list[Problem]]:
    """All judgements, and a decision for every annotated sentence and target that an annotator was asked about.

    Both are in the order of the sentences and targets; a pair on which the votes are split has no label.
    """
    annotated = {sentence.sentence_id: sentence for sentence in sentences if sentence.annotated}
    kinds = {entry.value.id: entry.value.kind and entry.value.kind.value for entry in corpus.targets}
    docket = Docket(annotated, list(kinds), kinds, corpus.newly_cut)
    found: dict[PairKey, list[Judged]] = defaultdict(list)
    in_table, problems = as_readings(corpus.judgements, annotated.values())
    docket.problems.extend(problems)
    for annotator, readings in sorted({**corpus.readings, **in_table}.items()):
        for entry in readings:
            for judgement in _judgements(docket, annotator, entry):
                found[judgement.sentence_id, judgement.target_id].append(judgement)
    rulings = _rulings(docket, corpus.adjudications)
    judgements = {pair: found.get(pair, []) for pair in _ordered(docket, found.keys() | rulings.keys())}
    _check_complete(docket, corpus, judgements)
    decide = _decider(corpus, rulings)
    decisions = {} if docket.problems else {pair: decide(pair, cast) for pair, cast in judgements.items()}
    return [judgement for cast in judgements.values() for judgement in cast], decisions, docket.problems


def _decider(corpus: Corpus, rulings: Mapping[PairKey, Decision]) -> "Decider":
    annotators = [entry.value for entry in corpus.annotators]
    return Decider(
        humans={who.id for who in annotators if who.origin == Origin.human},
        checks={who.id for who in annotators if who.role == Role.check},
        rulings=rulings,
        by_plurality=corpus.header.deciding is Deciding.plurality,
    )


def _ordered(docket: Docket, pairs: Iterable[PairKey]) -> list[PairKey]:
    """Pairs in the order of the sentences and targets; those of an unknown sentence or target come last."""
    places = {name: i for i, name in enumerate(docket.sentences)}, {name: i for i, name in enumerate(docket.targets)}
    return sorted(
        pairs, key=lambda pair: tuple(known.get(name, len(known)) for known, name in zip(places, pair, strict=True))
    )


def undecided(decisions: Mapping[PairKey, Decision]) -> list[Problem]:
    """The pairs whose votes decide nothing, each with its votes, as problems."""
    problems = []
    for pair, decision in decisions.items():
        if decision.label is None:
            split = ", ".join(f"{annotator} {vote.name}" for annotator, vote in decision.votes) or "no votes"
            problems.append(Problem(ADJUDICATIONS, None, " on ".join(pair), f"no adjudication, expected one: {split}"))
    return problems


def _check_complete(docket: Docket, corpus: Corpus, judgements: Mapping[PairKey, Sequence[Judged]]) -> None:
    """Check that annotators declared complete judged every pair of an annotated sentence and a target."""
    every = [(sentence, target) for sentence in docket.sentences for target in docket.targets]
    for name in (entry.value.id for entry in corpus.annotators if entry.value.complete):
        missing = [pair for pair in every if all(row.annotator_id != name for row in judgements.get(pair, ()))]
        if missing:
            first = " on ".join(missing[0])
            message = f"{len(missing)} of {len(every)} pairs not covered, the first {first}; expected all"
            docket.report(f"annotations/{name}.jsonl", None, "covered", message)


def _judgements(docket: Docket, annotator: str, entry: Entry[ReadingInput]) -> Iterator[Judged]:
    """One reading as a judgement for each target that it covers; targets without one get the label `none`."""
    reading, where = entry.value, (entry.file, entry.line)
    sentence = docket.check_sentence(*where, reading.sentence_id, reading.text_hash)
    covered = {target for target, kind in docket.kinds.items() if {target, kind} & set(reading.covered)}
    for name in sorted(set(reading.covered) - set(docket.kinds) - set(filter(None, docket.kinds.values()))):
        docket.report(*where, "covered", f"{name!r}, expected {', '.join(TargetKind)} or targets")
    written = {judgement.target_id: (i, judgement) for i, judgement in enumerate(reading.judgements)}
    for target, (i, _) in written.items():
        if docket.check_target(*where, f"judgements.{i}.target_id", target) and target not in covered:
            docket.report(*where, f"judgements.{i}.target_id", f"{target!r} is not covered, expected it in `covered`")
    for target in docket.targets if sentence else ():
        i, found = written.get(target, (0, None))
        if sentence and (found or target in covered):
            yield Judged(
                sentence_id=reading.sentence_id,
                target_id=target,
                annotator_id=annotator,
                label=Label[found.label] if found else Label.none,
                explicitness=found.explicitness if found else None,
                certainty=found.certainty if found else None,
                evidence=_evidence(docket, where, f"judgements.{i}.evidence", sentence, found),
                note=found.note if found else None,
                probability=_probability(reading, target),
            )


def _evidence(
    docket: Docket,
    where: tuple[str, int],
    name: str,
    sentence: Sentence,
    found: JudgementInput | AdjudicationInput | None,
) -> tuple[Span, ...] | None:
    """The evidence of a judgement: empty for `none`, None if nobody recorded it."""
    if found is None or found.label == Label.none.name:
        return ()
    return None if found.evidence is None else docket.spans(*where, name, sentence, found.evidence)


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
            spans = _evidence(docket, where, "evidence", sentence, row)
            certainty = row.certainty if row.label != "none" else None
            rulings[row.sentence_id, row.target_id] = Decision(
                Label[row.label], row.explicitness, certainty, spans, Origin.adjudicated, (), row.rule, row.reason
            )
    return rulings


@dataclass(frozen=True)
class Decider:
    """Decides pairs: by majority of people, else as adjudicated, else by majority of all others.

    If no label has a majority, or two models chose opposite sides, only an adjudication decides; or the plurality, of
    people before models, if the corpus says so.
    """

    humans: Collection[str]
    checks: Collection[str]
    rulings: Mapping[PairKey, Decision]
    by_plurality: bool
    silent: dict[Votes, Decision] = field(default_factory=dict)
    """The votes that gave `none` without an adjudication: most pairs share one of these few decisions."""

    def __call__(self, pair: PairKey, judgements: Sequence[Judged]) -> Decision:
        """The label of a pair, from the judgements of it."""
        voting = [judgement for judgement in judgements if judgement.annotator_id not in self.checks]
        votes = tuple((judgement.annotator_id, judgement.label) for judgement in voting)
        if pair in self.rulings:
            return self._decide(voting, votes, self.rulings[pair])
        found = self.silent.get(votes) or self._decide(voting, votes, None)
        if found.label is Label.none:
            self.silent[votes] = found
        return found

    def _decide(self, voting: Sequence[Judged], votes: Votes, ruling: Decision | None) -> Decision:
        people = [judgement for judgement in voting if judgement.annotator_id in self.humans]
        models = [judgement for judgement in voting if judgement.annotator_id not in self.humans]
        if (label := majority(people)) is not None:
            return _decision(label, people, Origin.human, votes)
        if ruling:
            return replace(ruling, votes=votes)
        if self.by_plurality and (label := plurality(people)) is not None:
            return _decision(label, people, Origin.human, votes)
        if not {Label.favor, Label.against} <= {vote for _, vote in votes} and (label := majority(models)) is not None:
            return _decision(label, models, Origin.model, votes)
        if self.by_plurality and (label := plurality(models)) is not None:
            return _decision(label, models, Origin.model, votes)
        return Decision(None, None, None, None, None, votes)


def majority(judgements: Sequence[Judged]) -> Label | None:
    """The label that more than half chose."""
    if not judgements:
        return None
    label, count = Counter(judgement.label for judgement in judgements).most_common(1)[0]
    return label if 2 * count > len(judgements) else None


def plurality(judgements: Sequence[Judged]) -> Label | None:
    """The label with the most votes: first on whether the sentence is about the target, then on its side.

    None if either is a tie.
    """
    count = Counter(judgement.label for judgement in judgements)
    silent = count.pop(Label.none, 0)
    about = count.total()
    if about == silent:
        return None
    if about < silent:
        return Label.none
    (first, most), *others = count.most_common()
    return None if others and others[0][1] == most else first


def _decision(label: Label, voters: Sequence[Judged], origin: Origin, votes: Votes) -> Decision:
    """A label by votes, with the explicitness, certainty and evidence of those who chose it; None if not recorded."""
    if label is Label.none:
        return Decision(label, None, None, (), origin, votes)
    holders = [judgement for judgement in voters if judgement.label is label]
    explicit = [j.explicitness is Explicitness.explicit for j in holders if j.explicitness]
    certain = [j.certainty is Certainty.sure for j in holders if j.certainty]
    marked = [j.evidence for j in holders if j.evidence is not None]
    unsaid = len(holders) - len(certain)
    return Decision(
        label,
        _more(explicit, 2 * sum(explicit) >= len(explicit), Explicitness.explicit, Explicitness.implicit),
        _more(certain, 2 * sum(certain) > len(voters) - unsaid, Certainty.sure, Certainty.unsure),
        merge(span for spans in marked for span in spans) if marked else None,
        origin,
        votes,
    )


def _more(said: Sequence[bool], holds: bool, one: E, other: E) -> E | None:
    """One of two values, or None if nobody gave either."""
    return (one if holds else other) if said else None
