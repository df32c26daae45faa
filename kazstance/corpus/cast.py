"""The judgements of a chunk of sentences as arrays: what was written, and `none` for the rest of what was covered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kazstance.corpus.docket import Docket, Place
from kazstance.corpus.inputs import AdjudicationInput, Entry, JudgementInput, LabelledInput, ReadingInput
from kazstance.schema.labels import Label, TargetKind

Ints = npt.NDArray[np.int64]
UNWRITTEN: Final = -1
"""In place of the number of a written judgement: the row is only covered."""


class Written(NamedTuple):
    """A judgement or adjudication that was written down, with its evidence as parts of the sentence."""

    given: JudgementInput | AdjudicationInput
    evidence: tuple[Place, ...] | None
    """Empty for `none`; None if nobody recorded it."""


@dataclass
class Cast:
    """The readings of a chunk; `covered` numbers the different lists of targets that they cover."""

    docket: Docket
    places: Mapping[str, int]
    """The place of each annotated sentence in the chunk."""
    sentence: list[int] = field(default_factory=list)
    annotator: list[int] = field(default_factory=list)
    round: list[int] = field(default_factory=list)
    covered: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    drawn: dict[int, Mapping[str, float]] = field(default_factory=dict)
    """The probabilities by target of the readings that give them so."""
    written: list[Written] = field(default_factory=list)
    reading_of: list[int] = field(default_factory=list)
    """The reading that each written judgement is in."""
    coverage: dict[tuple[str, ...], int] = field(default_factory=dict)
    targets: list[list[int]] = field(default_factory=list)
    """The numbers of the targets of each list, in order."""

    def add(self, annotator: int, entries: Iterable[Entry[ReadingInput]]) -> None:
        """Add the readings of an annotator, and note the problems with them."""
        for entry in entries:
            self._add(annotator, entry)

    def _add(self, annotator: int, entry: Entry[ReadingInput]) -> None:
        reading, where = entry.value, (entry.file, entry.line)
        text = self.docket.check_sentence(*where, reading.sentence_id, reading.text_hash)
        covered = self._covered(reading.covered)
        self._check_covered(where, reading.covered)
        number = len(self.sentence)
        for i, judgement in enumerate(reading.judgements):
            name = f"judgements.{i}"
            if not self.docket.check_target(*where, f"{name}.target_id", judgement.target_id):
                continue
            if judgement.holder is None and self.docket.places[judgement.target_id] not in self.targets[covered]:
                message = f"{judgement.target_id!r} is not covered, expected it in `covered`"
                self.docket.report(*where, f"{name}.target_id", message)
            if text is not None:
                evidence = spans_of(self.docket, where, f"{name}.evidence", text, judgement)
                self.written.append(Written(judgement, evidence))
                self.reading_of.append(number)
        if text is not None:
            self._note(annotator, reading, covered)

    def _note(self, annotator: int, reading: ReadingInput, covered: int) -> None:
        if isinstance(reading.probability, dict):
            self.drawn[len(self.sentence)] = reading.probability
        self.sentence.append(self.places[reading.sentence_id])
        self.annotator.append(annotator)
        self.round.append(reading.round)
        self.covered.append(covered)
        self.probability.append(1.0 if isinstance(reading.probability, dict) else reading.probability)

    def _covered(self, names: tuple[str, ...]) -> int:
        """The number of a list of targets and kinds."""
        if names not in self.coverage:
            self.coverage[names] = len(self.targets)
            kinds = self.docket.kinds.items()
            self.targets.append([i for i, (name, kind) in enumerate(kinds) if {name, kind} & set(names)])
        return self.coverage[names]

    def _check_covered(self, where: tuple[str, int], names: tuple[str, ...]) -> None:
        for name in sorted(set(names) - self.docket.coverable):
            self.docket.report(*where, "covered", f"{name!r}, expected {', '.join(TargetKind)} or targets")


class Rows(NamedTuple):
    """Judgements in order of sentence, target, holder, annotator and round; each of shape (rows,).

    `pair` numbers the sentences, targets and holders that occur; `written` is the place among the written judgements,
    or `UNWRITTEN`.
    """

    sentence: Ints
    target: Ints
    holder: Ints
    annotator: Ints
    round: Ints
    label: Ints
    probability: npt.NDArray[np.float64]
    written: Ints
    pair: Ints


class Pairs(NamedTuple):
    """The sentences, targets and holders that were asked or adjudicated; shape (pairs,) each.

    `ruling` is the place among the adjudications, or `UNWRITTEN`.
    """

    sentence: Ints
    target: Ints
    holder: Ints
    ruling: Ints


def as_rows(
    cast: Cast, rulings: Sequence[tuple[int, Written]], n_annotators: int, *, with_all_targets: bool = False
) -> tuple[Rows, Pairs, tuple[str | None, ...]]:
    """The judgements and pairs of a chunk, and its holders by number; the first, None, is the sentences' speaker.

    Args:
        cast: the readings.
        rulings: the adjudications, each with the place of its sentence.
        n_annotators: how many annotators there are.
        with_all_targets: whether a sentence that is judged on a target has a pair with each of the others, too.
    """
    said = [row.given for row in cast.written]
    named = {given.holder for given in (*said, *(row.given for _, row in rulings)) if given.holder is not None}
    holders = (None, *sorted(named))
    number = {name: i for i, name in enumerate(holders)}
    columns = _joined(_spread(cast), _held(cast, number))
    n_targets, rounds = len(cast.docket.kinds), np.unique(columns["round"])
    pair = _keys(columns["sentence"], columns["target"], columns["holder"], n_targets, len(holders))
    last = columns["annotator"] * max(len(rounds), 1) + np.searchsorted(rounds, columns["round"])
    order = np.argsort(pair * (n_annotators * max(len(rounds), 1)) + last, kind="stable")
    ruled = _keys(
        np.array([place for place, _ in rulings], np.int64),
        np.array([cast.docket.places[row.given.target_id] for _, row in rulings], np.int64),
        np.array([number[row.given.holder] for _, row in rulings], np.int64),
        n_targets,
        len(holders),
    )
    others = _others(columns, n_targets, len(holders)) if with_all_targets else np.empty(0, np.int64)
    keys = np.unique(np.concatenate([pair, ruled, others]))
    found = {name: column[order] for name, column in columns.items()}
    ruling = np.full(len(keys), UNWRITTEN)
    ruling[np.searchsorted(keys, ruled)] = np.arange(len(ruled))
    rest, holder = np.divmod(keys, len(holders))
    sentence, target = np.divmod(rest, max(n_targets, 1))
    rows = Rows(**found, pair=np.searchsorted(keys, pair[order]))
    return rows, Pairs(sentence, target, holder, ruling), holders


def _others(columns: "Columns", n_targets: int, n_holders: int) -> Ints:
    """The keys of every judged sentence with each target."""
    judged = np.unique(columns["sentence"][columns["holder"] == 0])
    targets = np.tile(np.arange(n_targets), len(judged))
    return _keys(judged.repeat(n_targets), targets, np.zeros_like(targets), n_targets, n_holders)


def _keys(sentence: Ints, target: Ints, holder: Ints, n_targets: int, n_holders: int) -> Ints:
    found: Ints = (sentence * n_targets + target) * n_holders + holder
    return found


Columns = Mapping[str, npt.NDArray[Any]]


def _joined(one: Columns, other: Columns) -> dict[str, npt.NDArray[Any]]:
    return {name: np.concatenate([one[name], other[name]]) for name in one}


def _spread(cast: Cast) -> Columns:
    """A row for each target that a reading covers, with what was written about it."""
    lengths = np.array([len(targets) for targets in cast.targets], np.int64)
    flat = np.array([target for targets in cast.targets for target in targets], np.int64)
    covered = np.array(cast.covered, np.int64)
    counts = lengths[covered] if len(covered) else covered
    first = np.cumsum(counts) - counts
    reading = np.repeat(np.arange(len(covered)), counts)
    begin = (np.cumsum(lengths) - lengths)[covered] if len(covered) else covered
    target = flat[np.repeat(begin - first, counts) + np.arange(len(reading))]
    columns = _columns(cast, reading, target)
    places = [{target: i for i, target in enumerate(targets)} for targets in cast.targets]
    for at, (row, home) in enumerate(zip(cast.written, cast.reading_of, strict=True)):
        place = places[cast.covered[home]].get(cast.docket.places[row.given.target_id])
        if row.given.holder is None and place is not None:
            _write(columns, int(first[home]) + place, at, row.given)
    for home, drawn in cast.drawn.items():
        for name, probability in drawn.items():
            place = places[cast.covered[home]].get(cast.docket.places.get(name, -1))
            if place is not None:
                columns["probability"][first[home] + place] = probability
    return columns


def _held(cast: Cast, number: Mapping[str | None, int]) -> Columns:
    """A row for each written judgement of a holder's stance."""
    at = [i for i, row in enumerate(cast.written) if row.given.holder is not None]
    reading = np.array([cast.reading_of[i] for i in at], np.int64)
    given = [cast.written[i].given for i in at]
    columns = _columns(cast, reading, np.array([cast.docket.places[row.target_id] for row in given], np.int64))
    for place, (i, row) in enumerate(zip(at, given, strict=True)):
        _write(columns, place, i, row)
        columns["holder"][place] = number[row.holder]
        drawn = cast.drawn.get(cast.reading_of[i])
        if drawn is not None:
            columns["probability"][place] = drawn.get(row.target_id, 1.0)
    return columns


def _columns(cast: Cast, reading: Ints, target: Ints) -> dict[str, npt.NDArray[Any]]:
    """The columns of rows of which nothing is written yet."""
    size = len(reading)
    return {
        "sentence": np.array(cast.sentence, np.int64)[reading],
        "target": target,
        "holder": np.zeros(size, np.int64),
        "annotator": np.array(cast.annotator, np.int64)[reading],
        "round": np.array(cast.round, np.int64)[reading],
        "label": np.full(size, int(Label.none)),
        "probability": np.array(cast.probability, np.float64)[reading],
        "written": np.full(size, UNWRITTEN),
    }


def _write(columns: Mapping[str, npt.NDArray[Any]], place: int, at: int, given: LabelledInput) -> None:
    columns["label"][place] = Label[given.label]
    columns["written"][place] = at


def spans_of(
    docket: Docket, where: tuple[str, int], name: str, text: str, given: LabelledInput
) -> tuple[Place, ...] | None:
    """The evidence of a judgement: empty for `none`, None if nobody recorded it.

    Args:
        docket: told what is wrong with it.
        where: the file and line that quote it.
        name: the field there.
        text: the sentence.
        given: the judgement.
    """
    if given.label == Label.none.name:
        return ()
    return None if given.evidence is None else docket.spans(*where, name, text, given.evidence)
