"""Judge a chunk of a corpus: from its units and the lines about them to the rows of its tables."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.corpus.cast import UNWRITTEN, Cast, Pairs, Rows, Ruling, Written, as_rows, spans_of
from kazstance.corpus.deciding import NOTHING, Verdicts, decide
from kazstance.corpus.docket import Docket
from kazstance.corpus.inputs import AdjudicationInput, Entry, ReadingInput
from kazstance.corpus.reading import as_reading
from kazstance.corpus.reading_columns import parse_columns
from kazstance.corpus.readings import Lines, ReadingRules, parse_readings
from kazstance.errors import Problem
from kazstance.schema.labels import GRID_LABELS, Label

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
ADJUDICATIONS: Final = "annotations/adjudications.jsonl"


@dataclass(frozen=True)
class Terms:
    """What judging needs to know of a corpus besides its units and readings."""

    names: Mapping[str, str]
    """The targets in words, by their ids."""
    kinds: Mapping[str, str | None]
    annotators: tuple[str, ...]
    """In alphabetical order."""
    people: frozenset[str]
    checks: frozenset[str]
    complete: tuple[str, ...]
    """Those declared to have judged everything."""
    by_plurality: bool
    is_exclusive: bool
    """Whether a sentence has one code."""
    newly_cut: frozenset[str]
    rules: ReadingRules
    undrawn: Mapping[str, float] = field(default_factory=dict)
    """For sheets of which more pairs were drawn later, the probability of not being drawn then."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive units in whole paragraphs, and what was said about them, by the number of the annotator."""

    units: pa.Table
    lines: Sequence[tuple[int, Lines]]
    entries: Sequence[tuple[int, Sequence[Entry[ReadingInput]]]]
    """Readings that do not come from lines of a file of readings."""
    rulings: Sequence[Entry[AdjudicationInput]]


@dataclass(frozen=True)
class Judged:
    """The judgements and decisions of a chunk, and the problems with what was said about it."""

    units: pa.Table
    rows: Rows
    pairs: Pairs
    verdicts: Verdicts
    votes: Ints
    """How many annotators chose each label: shape (pairs, 4)."""
    voting: Flags
    """Whether each row counts as a vote: shape (rows,)."""
    is_person: Flags
    """Whether each row is by a person: shape (rows,)."""
    is_elsewhere: Flags
    """Whether each pair has no label since its sentence has the code of another target: shape (pairs,)."""
    written: Written
    rulings: Sequence[Ruling]
    holders: tuple[str | None, ...]
    faults: list[Problem] = field(default_factory=list)
    """What is wrong with lines on their own."""
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with them about these sentences."""

    @property
    def mapped(self) -> Counter[tuple[str, str]]:
        """How often each label of another scheme occurs, with the label it was mapped to."""
        given, at = self.written.given, self.rows.written[self.rows.written != UNWRITTEN]
        counts = np.bincount(self.written.number[at], minlength=len(given)).tolist()
        found = Counter[tuple[str, str]]()
        for judgement, n in zip(given, counts, strict=True):
            if judgement.original is not None and n:
                found[judgement.original, judgement.label] += n
        return found


def judge_chunk(terms: Terms, chunk: Chunk) -> Judged:
    """Judge a chunk."""
    annotated = chunk.units.filter(chunk.units["annotated"])
    ids = annotated["sentence_id"].to_pylist()
    texts = dict(zip(ids, annotated["text"].to_pylist(), strict=True))
    docket = Docket(texts, terms.kinds, terms.newly_cut)
    cast = Cast(docket, {name: i for i, name in enumerate(ids)}, terms.undrawn)
    faults: list[Problem] = []
    others = {annotator for annotator, _ in chunk.entries}
    for annotator, lines in chunk.lines:
        columns = None if annotator in others else parse_columns(lines, docket, cast.places, terms.rules)
        if columns is not None:
            cast.add_columns(annotator, columns)
            continue
        readings, found = parse_readings(lines, terms.rules)
        faults += found
        cast.add(annotator, readings)
    for annotator, given in chunk.entries:
        cast.add(annotator, map(as_reading, given))
    rulings = _rulings(cast, chunk.rulings)
    rows, pairs, holders = as_rows(cast, rulings, len(terms.annotators), with_all_targets=terms.is_exclusive)
    voting, is_person = _voting(rows, terms)
    people, models = (_count(rows, voting & side, len(pairs.sentence)) for side in (is_person, ~is_person))
    ruled = np.array([Label[row.given.label] for _, row in rulings] + [NOTHING], np.int64)[pairs.ruling]
    elsewhere = None
    if terms.is_exclusive:
        elsewhere = _elsewhere(rows, voting & is_person, pairs), _elsewhere(rows, voting & ~is_person, pairs)
    verdicts = decide(people, models, ruled, by_plurality=terms.by_plurality, elsewhere=elsewhere)
    return Judged(
        units=chunk.units,
        rows=rows,
        pairs=pairs,
        verdicts=verdicts,
        votes=people + models,
        is_elsewhere=_are_elsewhere(verdicts, people + models, elsewhere),
        voting=voting,
        is_person=is_person,
        written=cast.written,
        rulings=[row for _, row in rulings],
        holders=holders,
        faults=faults,
        problems=docket.problems,
    )


def _rulings(cast: Cast, entries: Sequence[Entry[AdjudicationInput]]) -> list[tuple[int, Ruling]]:
    """The adjudications that fit, each with the place of its sentence."""
    found = []
    for entry in entries:
        row, where = entry.value, (entry.file, entry.line)
        text = cast.docket.check_sentence(*where, row.sentence_id, row.text_hash)
        if cast.docket.check_target(*where, "target_id", row.target_id) and text is not None:
            quoted = None if row.evidence is None else [(item.start, item.text) for item in row.evidence]
            evidence = spans_of(cast.docket, (*where, "evidence"), text, row.label, quoted)
            found.append((cast.places[row.sentence_id], Ruling(row, evidence)))
    return found


def _voting(rows: Rows, terms: Terms) -> tuple[Flags, Flags]:
    """Which rows count, being the last of their annotator on their pair and not a check, and which are by people."""
    n = len(terms.annotators)
    key = rows.pair * max(n, 1) + rows.annotator
    is_last = np.ones(len(key), np.bool_)
    is_last[:-1] = key[1:] != key[:-1]
    is_check, is_person = (
        np.array([name in names for name in terms.annotators], np.bool_) for names in (terms.checks, terms.people)
    )
    return is_last & ~is_check[rows.annotator], is_person[rows.annotator]


def _count(rows: Rows, chosen: Flags, n_pairs: int) -> Ints:
    """How many of the chosen rows have each label, shape (pairs, labels)."""
    cells = rows.label[chosen] * n_pairs + rows.pair[chosen]
    # Counts of a label lie together in memory, so that labels of all pairs are compared at once.
    return np.bincount(cells, minlength=n_pairs * len(GRID_LABELS)).reshape(len(GRID_LABELS), n_pairs).T


def _elsewhere(rows: Rows, chosen: Flags, pairs: Pairs) -> Ints:
    """How many annotators judged the sentence of each pair, but on other targets: shape (pairs,)."""
    own = chosen & (rows.holder == 0)
    wide = int(rows.annotator.max(initial=0)) + 1
    judged = np.unique(rows.sentence[own] * wide + rows.annotator[own]) // wide
    of_sentence = np.bincount(judged, minlength=int(pairs.sentence.max(initial=-1)) + 1)
    of_pair = np.bincount(rows.pair[own], minlength=len(pairs.sentence))
    found: Ints = np.where(pairs.holder == 0, of_sentence[pairs.sentence] - of_pair, 0)
    return found


def _are_elsewhere(verdicts: Verdicts, votes: Ints, elsewhere: tuple[Ints, Ints] | None) -> Flags:
    """Which pairs have no label since most gave their sentence to another target."""
    if elsewhere is None:
        return np.zeros(len(votes), np.bool_)
    others = elsewhere[0] + elsewhere[1]
    found: Flags = (verdicts.label == NOTHING) & (others > votes.sum(axis=1))
    return found


def is_voted_about(judged: Judged) -> Flags:
    """Whether each pair has a label other than `none`: shape (pairs,)."""
    found: Flags = (judged.verdicts.label != NOTHING) & (judged.verdicts.label != Label.none)
    return found


def undecided(judged: Judged, terms: Terms) -> list[Problem]:
    """The pairs whose votes decide nothing, each with its votes, as problems."""
    pairs, rows = judged.pairs, judged.rows
    ids = judged.units.filter(judged.units["annotated"])["sentence_id"]
    targets = list(terms.kinds)
    problems = []
    for pair in np.flatnonzero((judged.verdicts.label == NOTHING) & ~judged.is_elsewhere).tolist():
        begin, end = np.searchsorted(rows.pair, [pair, pair + 1])
        at = begin + np.flatnonzero(judged.voting[begin:end])
        votes = (f"{terms.annotators[rows.annotator[i]]} {GRID_LABELS[rows.label[i]]}" for i in at)
        holder = judged.holders[pairs.holder[pair]]
        name = f"{ids[int(pairs.sentence[pair])]} on {targets[pairs.target[pair]]}"
        split = ", ".join(votes) or "no votes"
        message = f"no adjudication, expected one: {split}"
        problems.append(Problem(ADJUDICATIONS, None, name if holder is None else f"{name}, {holder}", message))
    return problems


def uncovered(judged: Judged, terms: Terms, annotator: str) -> Ints:
    """The sentences and targets that an annotator has not judged, as numbers: sentence times targets plus target.

    Args:
        judged: a chunk.
        terms: what is known of the corpus.
        annotator: the id of the annotator.
    """
    rows, n = judged.rows, len(terms.kinds)
    n_sentences = int(np.count_nonzero(judged.units["annotated"].to_numpy(zero_copy_only=False)))
    own = (rows.annotator == terms.annotators.index(annotator)) & (rows.holder == 0)
    return np.setdiff1d(np.arange(n_sentences * n), rows.sentence[own] * n + rows.target[own])
