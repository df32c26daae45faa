"""The judgements of a chunk of sentences as arrays: what was written, and `none` for the rest of what was covered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from kazstance.corpus.docket import KEPT, Docket, Place
from kazstance.corpus.inputs import AdjudicationInput, JudgementInput, ReadingHead
from kazstance.corpus.quoted import Quoted, joined
from kazstance.corpus.reading import Quotation, Reading
from kazstance.corpus.reading_columns import ReadingColumns
from kazstance.corpus.readings import of_holder
from kazstance.schema.labels import Label, TargetKind

Ints = npt.NDArray[np.int64]
UNWRITTEN: Final = -1
"""In place of the number of a written judgement: the row is only covered."""


class Ruling(NamedTuple):
    """An adjudication, with its evidence as parts of the sentence."""

    given: AdjudicationInput
    evidence: tuple[Place, ...] | None
    """Empty for `none`; None if nobody recorded it."""


class Written(NamedTuple):
    """The judgements that were written down, shape (judgements,); those that differ only in evidence are given once."""

    given: Sequence[JudgementInput]
    number: Ints
    """The place of each judgement among those that are given."""
    evidence: Quoted


class Noted(NamedTuple):
    """Readings as columns of shape (readings,), and what was written in them as columns of shape (judgements,)."""

    sentence: Ints
    annotator: Ints
    round: Ints
    covered: Ints
    probability: npt.NDArray[np.float64]
    reading: Ints
    """The reading that each judgement is in."""
    number: Ints
    """The place of each judgement among the different ones."""


@dataclass
class Cast:
    """The readings of a chunk; `covered` numbers the different lists of targets that they cover."""

    docket: Docket
    places: Mapping[str, int]
    """The place of each annotated sentence in the chunk."""
    undrawn: Mapping[str, float] = field(default_factory=dict)
    """For sheets of which more pairs were drawn later, the probability of not being drawn then."""
    sentence: list[int] = field(default_factory=list)
    annotator: list[int] = field(default_factory=list)
    round: list[int] = field(default_factory=list)
    covered: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    drawn: dict[int, Mapping[str, float]] = field(default_factory=dict)
    """The probabilities by target of the readings that give them so."""
    given: list[JudgementInput] = field(default_factory=list)
    """The different judgements that were written down."""
    number: list[int] = field(default_factory=list)
    """The place of each written judgement among the different ones."""
    evidence: list[tuple[Place, ...] | None] = field(default_factory=list)
    """The evidence of each written judgement."""
    reading_of: list[int] = field(default_factory=list)
    """The reading that each written judgement is in."""
    coverage: dict[tuple[str, ...], int] = field(default_factory=dict)
    targets: list[list[int]] = field(default_factory=list)
    """The numbers of the targets of each list, in order."""
    columns: list[tuple[Noted, Quoted]] = field(default_factory=list)
    """The readings that came as columns, and the evidence in them, besides those in the lists above."""
    _strange: list[list[str]] = field(default_factory=list)
    """What each list names besides targets and their kinds."""
    _numbers: dict[int, int] = field(default_factory=dict)
    """The place of each of the different judgements, by its identity."""
    _fitting: set[tuple[int, int]] = field(default_factory=set)
    """The judgements whose targets are known to be covered by a list: the identity of one, and the other's number."""
    read: dict[tuple[int, str, int], list[tuple[tuple[str, int], Reading, int]]] = field(default_factory=dict)
    """The readings of an annotator of a sentence in a round, each with its place and the list that it covers."""

    @property
    def written(self) -> Written:
        """The judgements that were written down."""
        evidence = joined([Quoted.of(self.evidence), *(quoted for _, quoted in self.columns)])
        return Written(self.given, self.noted().number, evidence)

    def noted(self) -> Noted:
        """All readings as columns."""
        listed = Noted(
            sentence=np.array(self.sentence, np.int64),
            annotator=np.array(self.annotator, np.int64),
            round=np.array(self.round, np.int64),
            covered=np.array(self.covered, np.int64),
            probability=np.array(self.probability, np.float64),
            reading=np.array(self.reading_of, np.int64),
            number=np.array(self.number, np.int64),
        )
        parts = [listed]
        n = len(self.sentence)
        for noted, _ in self.columns:
            parts.append(noted._replace(reading=n + noted.reading))
            n += len(noted.sentence)
        return Noted(*map(np.concatenate, zip(*parts, strict=True)))

    def add(self, annotator: int, readings: Iterable[Reading]) -> None:
        """Add the readings of an annotator, and note the problems with them."""
        for reading in readings:
            self._add(annotator, reading)

    def _add(self, annotator: int, reading: Reading) -> None:
        head, where = reading.head, (reading.file, reading.line)
        text = self.docket.check_sentence(*where, head.sentence_id, head.text_hash)
        covered = self._covered(where, head.covered)
        self._check_once(annotator, where, reading, covered)
        for i, (given, quoted) in enumerate(reading.judgements):
            name = f"judgements.{i}"
            if (id(given), covered) not in self._fitting and not self._fits(where, name, given, covered):
                continue
            if text is not None:
                evidence = spans_of(self.docket, (*where, f"{name}.evidence"), text, given.label, quoted)
                self._write(given, evidence)
        if text is not None:
            self._note(annotator, reading.head, covered)

    def add_columns(self, annotator: int, readings: ReadingColumns) -> None:
        """Add the readings of an annotator who has no others, and which have no problems."""
        lists = np.array([self._covered(("", 0), names) for names in readings.lists], np.int64)
        passed = np.array([self.undrawn.get(sheet or "", 1.0) for sheet in readings.sheet])
        drawn = 1 - (1 - readings.probability) * passed
        noted = Noted(
            sentence=readings.sentence,
            annotator=np.full_like(readings.sentence, annotator),
            round=readings.round,
            covered=lists[readings.covered],
            probability=np.where(passed < 1, drawn, readings.probability),
            reading=readings.reading,
            number=len(self.given) + readings.number,
        )
        self.columns.append((noted, readings.evidence))
        self.given += readings.given

    def _fits(self, where: tuple[str, int], name: str, given: JudgementInput, covered: int) -> bool:
        """Whether the target of a judgement is known; one that is not covered is a problem."""
        if not self.docket.check_target(*where, f"{name}.target_id", given.target_id):
            return False
        if given.holder is None and self.docket.places[given.target_id] not in self.targets[covered]:
            message = f"{given.target_id!r} is not covered, expected it in `covered`"
            self.docket.report(*where, f"{name}.target_id", message)
        elif id(given) in self._numbers:
            self._fitting.add((id(given), covered))
        return True

    def _write(self, given: JudgementInput, evidence: tuple[Place, ...] | None) -> None:
        """Note a judgement of the reading that is noted next."""
        number = self._numbers.setdefault(id(given), len(self.given))
        if number == len(self.given):
            self.given.append(given)  # kept, so that its identity remains its own
        self.number.append(number)
        self.evidence.append(evidence)
        self.reading_of.append(len(self.sentence))

    def _note(self, annotator: int, head: ReadingHead, covered: int) -> None:
        passed = self.undrawn.get(head.sheet or "", 1.0)
        given = head.probability if isinstance(head.probability, dict) else {"": head.probability}
        drawn = {name: 1 - (1 - p) * passed for name, p in given.items()} if passed < 1 else given
        if isinstance(head.probability, dict):
            self.drawn[len(self.sentence)] = drawn
        self.sentence.append(self.places[head.sentence_id])
        self.annotator.append(annotator)
        self.round.append(head.round)
        self.covered.append(covered)
        self.probability.append(drawn.get("", 1.0))

    def _covered(self, where: tuple[str, int], names: tuple[str, ...]) -> int:
        """The number of a list of targets and kinds; those that are not known are problems."""
        if names not in self.coverage:
            self.coverage[names] = len(self.targets)
            self.targets.append(self.docket.targets_of(names))
            self._strange.append(sorted(set(names) - self.docket.coverable))
        covered = self.coverage[names]
        for name in self._strange[covered]:
            self.docket.report(*where, "covered", f"{name!r}, expected {', '.join(TargetKind)} or targets", KEPT)
        return covered

    def _check_once(self, annotator: int, where: tuple[str, int], reading: Reading, covered: int) -> None:
        """Check that an annotator judged nothing twice in a round, be it covered as a target or by its kind."""
        earlier = self.read.setdefault((annotator, reading.head.sentence_id, reading.head.round), [])
        for (file, line), other, others in earlier:
            if common := sorted(self._judged(reading, covered) & self._judged(other, others)):
                name = f"{reading.head.sentence_id} on {of_holder(*common[0])}"
                self.docket.report(*where, "covered", f"{name} is also judged in {file}:{line}, expected once")
        earlier.append((where, reading, covered))

    def _judged(self, reading: Reading, covered: int) -> set[tuple[str, str]]:
        """The targets that a reading judges, each with a holder or an empty text."""
        names = list(self.docket.kinds)
        own = {(names[target], "") for target in self.targets[covered]}
        return own | {(given.target_id, given.holder) for given, _ in reading.judgements if given.holder}


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
    cast: Cast, rulings: Sequence[tuple[int, Ruling]], n_annotators: int, *, with_all_targets: bool = False
) -> tuple[Rows, Pairs, tuple[str | None, ...]]:
    """The judgements and pairs of a chunk, and its holders by number; the first, None, is the sentences' speaker.

    Args:
        cast: the readings.
        rulings: the adjudications, each with the place of its sentence.
        n_annotators: how many annotators there are.
        with_all_targets: whether a sentence that is judged on a target has a pair with each of the others, too.
    """
    said = (*cast.given, *(row.given for _, row in rulings))
    holders = (None, *sorted({given.holder for given in said if given.holder is not None}))
    number = {name: i for i, name in enumerate(holders)}
    noted = cast.noted()
    written = _said(cast, noted, number)
    columns = _joined(_spread(cast, noted, written), _held(cast, noted, written))
    n_targets = len(cast.docket.kinds)
    rounds, turn = np.unique(noted.round, return_inverse=True)
    turn += noted.annotator * len(rounds)
    pair = _keys(noted.sentence[columns["reading"]], columns["target"], columns["holder"], n_targets, len(holders))
    order = np.argsort(pair * (n_annotators * len(rounds)) + turn[columns["reading"]], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    keys, place = _distinct(pair[order])
    ruled = _ruled(rulings, cast.docket.places, number)
    others = _others(keys, n_targets, len(holders)) if with_all_targets else np.empty(0, np.int64)
    if len(ruled) or len(others):
        judged, keys = keys, np.unique(np.concatenate([keys, ruled, others]))
        place = np.searchsorted(keys, judged)[place]
    ruling = np.full(len(keys), UNWRITTEN)
    ruling[np.searchsorted(keys, ruled)] = np.arange(len(ruled))
    rest, holder = np.divmod(keys, len(holders))
    sentence, target = np.divmod(rest, max(n_targets, 1))
    reading = columns.pop("reading")
    rows = Rows(
        **columns,
        sentence=noted.sentence[reading],
        annotator=noted.annotator[reading],
        round=noted.round[reading],
        pair=place,
    )
    return rows, Pairs(sentence, target, holder, ruling), holders


def _ruled(
    rulings: Iterable[tuple[int, Ruling]], targets: Mapping[str, int], holders: Mapping[str | None, int]
) -> Ints:
    """The keys of what was adjudicated, given the numbers of targets and holders."""
    rows = [(place, targets[row.given.target_id], holders[row.given.holder]) for place, row in rulings]
    sentence, target, holder = np.array(rows, np.int64).reshape(-1, 3).T
    return _keys(sentence, target, holder, len(targets), len(holders))


def _distinct(ordered: Ints) -> tuple[Ints, Ints]:
    """The different ones of ordered numbers, and the place of each among these."""
    is_first = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first], np.cumsum(is_first) - 1


def _others(judged: Ints, n_targets: int, n_holders: int) -> Ints:
    """The keys of every sentence with each target, given the keys of what was judged."""
    sentences = np.unique(judged[judged % n_holders == 0] // (n_targets * n_holders))
    targets = np.tile(np.arange(n_targets), len(sentences))
    return _keys(sentences.repeat(n_targets), targets, np.zeros_like(targets), n_targets, n_holders)


def _keys(sentence: Ints, target: Ints, holder: Ints, n_targets: int, n_holders: int) -> Ints:
    found: Ints = (sentence * n_targets + target) * n_holders + holder
    return found


Columns = Mapping[str, npt.NDArray[Any]]


def _joined(one: Columns, other: Columns) -> dict[str, npt.NDArray[Any]]:
    if not len(other["reading"]):
        return dict(one)
    return {name: np.concatenate([one[name], other[name]]) for name in one}


def _spread(cast: Cast, noted: Noted, said: "_Said") -> Columns:
    """A row for each target that a reading covers, with what was written about it."""
    lengths = np.array([len(targets) for targets in cast.targets], np.int64)
    flat = np.array([target for targets in cast.targets for target in targets], np.int64)
    covered = noted.covered
    counts = lengths[covered] if len(covered) else covered
    first = np.cumsum(counts) - counts
    reading = np.repeat(np.arange(len(covered)), counts)
    begin = (np.cumsum(lengths) - lengths)[covered] if len(covered) else covered
    target = flat[np.repeat(begin - first, counts) + np.arange(len(reading))]
    columns = _columns(noted, reading, target)
    places = np.full((len(cast.targets), len(cast.docket.kinds)), UNWRITTEN)
    for row, targets in zip(places, cast.targets, strict=True):
        row[targets] = np.arange(len(targets))
    place = places[covered[said.reading], said.target]
    at = np.flatnonzero((said.holder == 0) & (place >= 0))
    written = first[said.reading[at]] + place[at]
    columns["label"][written], columns["written"][written] = said.label[at], at
    for home, drawn in cast.drawn.items():
        for name, probability in drawn.items():
            number = cast.docket.places.get(name)
            if number is not None and (offset := places[covered[home], number]) >= 0:
                columns["probability"][first[home] + offset] = probability
    return columns


def _held(cast: Cast, noted: Noted, said: "_Said") -> Columns:
    """A row for each written judgement of a holder's stance."""
    at = np.flatnonzero(said.holder)
    reading = said.reading[at]
    columns = _columns(noted, reading, said.target[at])
    columns |= {"holder": said.holder[at], "label": said.label[at], "written": at}
    for place, home in enumerate(reading.tolist() if cast.drawn else ()):
        if (drawn := cast.drawn.get(home)) is not None:
            name = cast.given[noted.number[at[place]]].target_id
            columns["probability"][place] = drawn.get(name, 1.0)
    return columns


class _Said(NamedTuple):
    """The written judgements as numbers: shape (judgements,) each."""

    reading: Ints
    target: Ints
    holder: Ints
    label: Ints


def _said(cast: Cast, noted: Noted, holders: Mapping[str | None, int]) -> _Said:
    """The written judgements as numbers, with the numbers of the holders."""
    columns = (
        [cast.docket.places[given.target_id] for given in cast.given],
        [holders[given.holder] for given in cast.given],
        [Label[given.label] for given in cast.given],
    )
    return _Said(noted.reading, *(np.array(column, np.int64)[noted.number] for column in columns))


def _columns(noted: Noted, reading: Ints, target: Ints) -> dict[str, npt.NDArray[Any]]:
    """The columns of rows of which nothing is written yet."""
    size = len(reading)
    return {
        "reading": reading,
        "target": target,
        "holder": np.zeros(size, np.int64),
        "label": np.full(size, int(Label.none)),
        "probability": noted.probability[reading],
        "written": np.full(size, UNWRITTEN),
    }


def spans_of(
    docket: Docket, where: tuple[str, int, str], text: str, label: str, quoted: Sequence[Quotation] | None
) -> tuple[Place, ...] | None:
    """The evidence of a judgement: empty for `none`, None if nobody recorded it.

    Args:
        docket: told what is wrong with it.
        where: the file, line and field that quote it.
        text: the sentence.
        label: the label of the judgement.
        quoted: what it quotes.
    """
    if label == Label.none.name:
        return ()
    return None if quoted is None else docket.spans(*where, text, quoted)
