"""From annotations to labels: a corpus is judged in chunks of whole paragraphs, in as many processes as there are."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.corpus.decisions import Decision, PairKey
from kazstance.corpus.docket import kinds_of
from kazstance.corpus.inputs import AdjudicationInput, Entry, ReadingInput
from kazstance.corpus.judged_rows import statuses, tables_of
from kazstance.corpus.judgement_table import as_readings
from kazstance.corpus.judging import Chunk, Judged, Terms, is_voted_about, judge_chunk, uncovered, undecided
from kazstance.corpus.read import Corpus
from kazstance.corpus.readings import Lines, Readings
from kazstance.corpus.workers import Workers
from kazstance.errors import Problem
from kazstance.schema.columns import to_arrow
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.labels import Certainty, Deciding, Label, Origin, Role, Scheme
from kazstance.schema.records import Sentence

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
"""Numbers of which there are as many as pairs, so that they are kept small."""
T = TypeVar("T", ReadingInput, AdjudicationInput)
ROWS: Final = 200_000
"""Judgements in a chunk, about."""
UNITS: Final = 5_000
"""Units in a chunk, about."""


@dataclass(frozen=True)
class Stances:
    """Which sentences are about which targets: shape (stances,) each, the numbers of unit, target and label."""

    unit: Ints
    target: Ints
    label: Ints
    is_own: npt.NDArray[np.bool_]
    """Whether it is the stance of the sentence's speaker, not of another holder."""
    is_unsure: npt.NDArray[np.bool_]
    """Whether a careful reader could have chosen another label."""


@dataclass(frozen=True)
class JudgedChunk:
    """The rows of a chunk, and what is counted of it; there are no rows if there are problems."""

    begin: int
    """The number of its first unit."""
    end: int
    """The number of the unit after it."""
    tables: Mapping[str, pa.Table]
    stances: Stances
    asked: Places | None
    """The numbers of unit and target of the pairs of speakers that were asked, and whether they are undecided: shape
    (pairs, 3); None if all were asked and are decided."""
    silent: Ints
    """The units that are not about some target: shape (units,)."""
    n_pairs: int
    n_undecided: int
    by_annotator: Counter[str]
    mapped: Counter[tuple[str, str]]
    missing: Mapping[str, tuple[int, str | None]]
    """For annotators declared complete, how many pairs they have not judged, and the first of these."""
    faults: Sequence[Problem]
    problems: Sequence[Problem]
    undecided: Sequence[Problem]


def terms_of(corpus: Corpus) -> Terms:
    """What judging needs to know of a corpus."""
    annotators = [entry.value for entry in corpus.annotators]
    return Terms(
        names={entry.value.id: entry.value.name for entry in corpus.targets},
        kinds=kinds_of(corpus),
        annotators=tuple(sorted(who.id for who in annotators)),
        people=frozenset(who.id for who in annotators if who.origin == Origin.human),
        checks=frozenset(who.id for who in annotators if who.role != Role.label),
        complete=tuple(who.id for who in annotators if who.complete),
        by_plurality=corpus.header.deciding is Deciding.plurality,
        is_exclusive=corpus.header.scheme is Scheme.exclusive,
        newly_cut=corpus.newly_cut,
        rules=corpus.rules,
        undrawn=corpus.undrawn,
    )


def judge(corpus: Corpus, units: pa.Table, workers: Workers, *, strict: bool = False) -> Iterator[JudgedChunk]:
    """The judgements and decisions of a corpus, chunk by chunk, in the order of its units.

    Args:
        corpus: the corpus.
        units: the rows of the table sentences.
        workers: the processes that judge.
        strict: whether undecided pairs are listed as problems.
    """
    terms = terms_of(corpus)
    in_table, problems = as_readings(corpus.judgements, _sentences(units)) if corpus.judgements else ({}, [])
    if problems:
        yield _refused(problems)
    yield from workers.map(partial(_work, terms, strict), chunks(corpus, terms, units, in_table))


def _sentences(units: pa.Table) -> list[Sentence]:
    """The annotated units, as far as rows of a table may name them."""
    rows = units.filter(units["annotated"]).select(["sentence_id", "document_id", "raw_start", "text"])
    return [Sentence.model_construct(**row) for row in rows.to_pylist()]


def _refused(problems: Sequence[Problem]) -> JudgedChunk:
    """What stands for rows that do not name a sentence."""
    nothing = np.empty(0, np.int64)
    stances = Stances(nothing, nothing, nothing, nothing.astype(np.bool_), nothing.astype(np.bool_))
    return JudgedChunk(0, 0, {}, stances, None, nothing, 0, 0, Counter(), Counter(), {}, (), problems, ())


def decisions(corpus: Corpus, sentences: Sequence[Sentence]) -> tuple[dict[PairKey, Decision], list[Problem]]:
    """The decision on every annotated sentence and target that an annotator was asked about, and the problems found.

    Both are in the order of the sentences and targets; there are no decisions if there are problems.
    """
    found: dict[PairKey, Decision] = {}
    faults: list[Problem] = []
    problems: list[Problem] = []
    with Workers(0) as workers:
        for chunk in judge(corpus, to_arrow(Sentence, sentences), workers):
            faults += chunk.faults
            problems += chunk.problems
            if chunk.tables:
                own = chunk.tables["grid"].filter(OF_SPEAKERS)
                pairs, labels = (own["sentence_id"], own["target_id"]), own["label"].to_pylist()
                for sentence, target, label in zip(*(side.to_pylist() for side in pairs), labels, strict=True):
                    found[sentence, target] = Decision(None if label is None else Label(label))
    return ({} if faults or problems else found), faults or problems


def chunks(
    corpus: Corpus, terms: Terms, units: pa.Table, found: Mapping[str, Sequence[Entry[ReadingInput]]]
) -> Iterator[tuple[int, Chunk]]:
    """The chunks of a corpus, each with the number of its first unit; first what names no unit.

    Args:
        corpus: the corpus.
        terms: what judging needs to know of it.
        units: the rows of the table sentences.
        found: the readings from the table of judgements, by annotator.
    """
    annotated = np.flatnonzero(units["annotated"].to_numpy())
    ids = units["sentence_id"].filter(units["annotated"])
    read = [
        (i, _Sorted.of(corpus.readings[name], ids, annotated))
        for i, name in enumerate(terms.annotators)
        if len(corpus.readings[name])
    ]
    rulings = _by_unit(corpus.adjudications, ids, annotated)
    given = [(i, _by_unit(found.get(name, ()), ids, annotated)) for i, name in enumerate(terms.annotators)]
    nothing = units.slice(0, 0)
    for i, lines in read:
        for at in range(0, lines.strays, UNITS):
            yield 0, Chunk(nothing, [(i, lines.lines(at, min(at + UNITS, lines.strays)))], (), ())
    strays = [(i, entries[-1]) for i, entries in given if -1 in entries]
    if strays or -1 in rulings:
        yield 0, Chunk(nothing, (), strays, rulings.get(-1, ()))
    for begin, end in pairwise(_bounds(units, [lines for _, lines in read], len(terms.kinds))):
        parts = [(i, lines.between(begin, end)) for i, lines in read]
        yield (
            begin,
            Chunk(
                units.slice(begin, end - begin),
                [(i, part) for i, part in parts if len(part.number)],
                [(i, part) for i, entries in given if entries and (part := _between(entries, begin, end))],
                _between(rulings, begin, end),
            ),
        )


def _between(entries: Mapping[int, Sequence[Entry[T]]], begin: int, end: int) -> list[Entry[T]]:
    """The entries about some of the units."""
    return [entry for unit in range(begin, end) for entry in entries.get(unit, ())] if entries else []


@dataclass(frozen=True)
class _Sorted:
    """The lines of an annotator in the order of the units that they are about; first those about none."""

    readings: Readings
    unit: npt.NDArray[np.int32]
    order: npt.NDArray[np.int32] | None
    """None if the lines are in that order."""

    @classmethod
    def of(cls, readings: Readings, ids: pa.ChunkedArray, annotated: Ints) -> "_Sorted":
        """Sort the lines of an annotator.

        Args:
            readings: the lines.
            ids: the annotated sentences.
            annotated: the number of the unit that each of them is.
        """
        place = pc.fill_null(pc.index_in(readings.sentence, value_set=ids.combine_chunks()), -1).to_numpy()
        unit = np.concatenate([annotated, [-1]])[place].astype(np.int32)
        if (unit[1:] >= unit[:-1]).all():
            return cls(readings, unit, None)
        order = np.argsort(unit, kind="stable").astype(np.int32)
        return cls(readings, unit[order], order)

    @property
    def strays(self) -> int:
        """How many lines are about no annotated unit."""
        return int(np.searchsorted(self.unit, 0))

    def lines(self, begin: int, end: int) -> Lines:
        """Some of the lines, by their places in this order."""
        return self.readings.lines(slice(begin, end) if self.order is None else self.order[begin:end])

    def between(self, begin: int, end: int) -> Lines:
        """The lines about some of the units."""
        return self.lines(*np.searchsorted(self.unit, [begin, end]).tolist())


def _by_unit(entries: Iterable[Entry[T]], ids: pa.ChunkedArray, annotated: Ints) -> dict[int, list[Entry[T]]]:
    """Readings or adjudications by the unit that they are about, those about none under -1."""
    found: dict[int, list[Entry[T]]] = {}
    given = list(entries)
    if not given:
        return found
    names = pa.array([entry.value.sentence_id for entry in given], pa.string())
    places = pc.fill_null(pc.index_in(names, value_set=ids.combine_chunks()), -1).to_numpy()
    for entry, unit in zip(given, np.concatenate([annotated, [-1]])[places].tolist(), strict=True):
        found.setdefault(unit, []).append(entry)
    return found


def _bounds(units: pa.Table, read: Sequence[_Sorted], n_targets: int) -> list[int]:
    """The units at which chunks begin, and the number of all units; paragraphs stay whole."""
    if not len(units):
        return []
    code = units["paragraph_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]]))
    weight = np.full(len(units), ROWS / UNITS)
    for found in read:
        weight += n_targets * np.bincount(found.unit[found.strays :], minlength=len(units))
    done = np.concatenate([[0.0], np.cumsum(weight)])[starts]
    part = (done // ROWS).astype(np.int64)
    return [*starts[np.concatenate([[True], part[1:] != part[:-1]])].tolist(), len(units)]


def _work(terms: Terms, strict: bool, part: tuple[int, Chunk]) -> JudgedChunk:  # bound by partial
    """Judge a chunk that begins at a unit."""
    first, chunk = part
    judged = judge_chunk(terms, chunk)
    is_whole = not (judged.faults or judged.problems)
    tables = tables_of(judged, terms) if is_whole else {}
    unit = first + np.flatnonzero(chunk.units["annotated"].to_numpy(zero_copy_only=False))
    open_pairs = (judged.verdicts.label < 0) & ~judged.is_elsewhere
    listed = undecided(judged, terms) if strict and is_whole else []
    return JudgedChunk(
        begin=first,
        end=first + len(chunk.units),
        tables=tables,
        stances=_stances(judged, unit, tables.get("stances")),
        asked=_asked(judged, unit, len(terms.kinds)),
        silent=np.unique(unit[judged.pairs.sentence[judged.verdicts.label == Label.none]]),
        n_pairs=len(judged.pairs.sentence),
        n_undecided=int(open_pairs.sum()),
        by_annotator=_by_annotator(judged, terms),
        mapped=judged.mapped,
        missing={name: _missing(judged, terms, name) for name in terms.complete},
        faults=judged.faults,
        problems=judged.problems,
        undecided=listed,
    )


def _stances(judged: Judged, unit: Ints, rows: pa.Table | None) -> Stances:
    """The stances of a chunk, given their rows; none if it has problems."""
    at = np.flatnonzero(is_voted_about(judged)) if rows is not None else np.empty(0, np.int64)
    pairs = judged.pairs
    unsure = np.zeros(len(at), np.bool_) if rows is None else _are_unsure(rows)
    own = pairs.holder[at] == 0
    return Stances(unit[pairs.sentence[at]], pairs.target[at], judged.verdicts.label[at], own, unsure)


def _are_unsure(rows: pa.Table) -> npt.NDArray[np.bool_]:
    """Whether the certainty of each row is `unsure`."""
    found: npt.NDArray[np.bool_] = pc.fill_null(pc.equal(rows["certainty"], Certainty.unsure.value), False).to_numpy()
    return found


def _asked(judged: Judged, unit: Ints, n_targets: int) -> Places | None:
    own, status = judged.pairs.holder == 0, statuses(judged)
    if np.count_nonzero(own) == len(unit) * n_targets and not status[own].any():
        return None
    columns = unit[judged.pairs.sentence[own]], judged.pairs.target[own], status[own]
    return np.stack([column.astype(np.int32) for column in columns], axis=1)


def _by_annotator(judged: Judged, terms: Terms) -> Counter[str]:
    counts = np.bincount(judged.rows.annotator, minlength=len(terms.annotators)).tolist()
    return Counter({name: n for name, n in zip(terms.annotators, counts, strict=True) if n})


def _missing(judged: Judged, terms: Terms, annotator: str) -> tuple[int, str | None]:
    """How many pairs an annotator has not judged, and the first."""
    found = uncovered(judged, terms, annotator)
    if not len(found):
        return 0, None
    sentence, target = divmod(int(found[0]), len(terms.kinds))
    ids = judged.units["sentence_id"].filter(judged.units["annotated"])
    return len(found), f"{ids[sentence]} on {list(terms.kinds)[target]}"
