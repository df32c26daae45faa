"""Labels compared with votes, and votes with judgements."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.verification.columns import (
    Flags,
    Places,
    alphabetical,
    differs,
    equals,
    find,
    is_valid,
    numbers_of,
    places_in,
)
from kazstance.dataset.verification.findings import Finding
from kazstance.dataset.verification.references import PAIR
from kazstance.dataset.verification.tables import Tables
from kazstance.schema.labels import Basis, Certainty, Deciding, Explicitness, Label, Origin, Role, Scheme, Status

UNDECIDED: Final = -1
JUDGEMENT: Final = (*PAIR, "annotator_id")
FAR: Final = 2**31
"""More than the length of any text."""
_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Votes:
    """The votes of a grid, one by one: the row of each, who cast it, its label, and whether a person cast it."""

    row: Places
    who: Places
    label: _Counts
    human: Flags
    key: Places

    def by_label(self, rows: int) -> _Counts:
        """Votes counted: shape (rows, 2, labels), models first, then people."""
        shape = rows, 2, len(Label)
        cells = np.ravel_multi_index((self.row, self.human.astype(np.int64), self.label), shape)
        return np.bincount(cells, minlength=rows * 2 * len(Label)).reshape(shape)


def check_votes(tables: Tables) -> Iterator[Finding]:
    """Votes are the judgements of annotators who make labels, and labels and origins follow from votes.

    Of an annotator's judgements on the same stance, the one of the latest round is the vote.
    """
    votes, counts = _votes(tables), latest(tables)
    yield from _check_judgements(tables, votes, counts)
    yield from _check_labels(tables, votes.by_label(tables.rows["grid"].num_rows), _elsewhere(tables, votes))
    yield from _check_fields(tables)
    yield from _check_stances(tables, counts)


def latest(tables: Tables) -> Flags:
    """Which judgements are of the latest round of their annotator on the same stance."""
    key, number = tables.key("judgements", JUDGEMENT), tables.numbers("judgements", "round")
    order = np.lexsort((number, key)) if number.max(initial=1) > 1 else np.arange(len(key))
    last = np.ones(len(key), dtype=bool)
    last[order[:-1]] = key[order[1:]] != key[order[:-1]]
    return last


def _votes(tables: Tables) -> Votes:
    lists = tables.column("grid", "votes")
    row, cast = pc.list_parent_indices(lists).to_numpy(), lists.flatten()
    names, label, _ = cast.flatten()
    annotators = tables.column("annotators", "annotator_id")
    who = places_in(names, annotators)
    key = tables.key("grid", PAIR)[row] * len(annotators) + who
    human = _annotators(tables, who, "origin", Origin.human)
    return Votes(row, who, numbers_of(label), human, np.where(who < 0, -1, key))


def _annotators(tables: Tables, who: Places, column: str, value: str) -> Flags:
    """For each annotator, by place, whether a column has a given value."""
    return np.append(equals(tables.column("annotators", column), value), False)[who]  # unknown: -1


def _check_judgements(tables: Tables, votes: Votes, counts: Flags) -> Iterator[Finding]:
    keys = np.where(counts, tables.key("judgements", JUDGEMENT), -1)
    makes_labels = _annotators(tables, tables.codes("judgements", "annotator_id"), "role", Role.label)
    label = tables.numbers("judgements", "label")
    place = find(votes.key, keys)
    same = (place >= 0) & makes_labels[place] & (label[place] == votes.label) if len(keys) else place >= 0
    wrong = np.zeros(tables.rows["grid"].num_rows, dtype=bool)
    wrong[votes.row[~same]] = True
    yield from tables.faults("grid", wrong, "votes has a vote without a row in judgements")
    missing = makes_labels & counts & (find(keys, votes.key) < 0)
    yield from tables.faults("judgements", missing, "grid has no vote for this judgement")
    rank = alphabetical(tables.column("annotators", "annotator_id"))[votes.who]
    follows = (votes.row[1:] == votes.row[:-1]) & (rank[1:] <= rank[:-1])
    unordered = np.zeros_like(wrong)
    unordered[votes.row[1:][follows]] = True
    yield from tables.faults("grid", unordered, "votes are not ordered by annotator, each annotator once")


def _elsewhere(tables: Tables, votes: Votes) -> _Counts:
    """How many models and people voted on the sentence of each row, but on other targets: shape (rows, 2).

    None did, unless a sentence has one code.
    """
    size = tables.rows["grid"].num_rows
    if tables.folder.manifest.scheme is Scheme.multi:
        return np.zeros((size, 2), np.int64)
    sentence, is_own = tables.codes("grid", "sentence_id"), tables.codes("grid", "holder") == 0
    cast = is_own[votes.row]
    who = sentence[votes.row] * (int(votes.who.max(initial=0)) + 1) + votes.who
    found = np.zeros((size, 2), np.int64)
    for side in (False, True):
        chosen = cast & (votes.human == side)
        _, first = np.unique(who[chosen], return_index=True)
        of_sentence = np.bincount(sentence[votes.row[chosen]][first], minlength=int(sentence.max(initial=0)) + 1)
        of_row = np.bincount(votes.row[chosen], minlength=size)
        found[:, int(side)] = np.where(is_own, of_sentence[sentence] - of_row, 0)
    return found


def _check_labels(tables: Tables, counts: _Counts, elsewhere: _Counts) -> Iterator[Finding]:
    """Label and origin are those that votes give, or those of an adjudication if people have no majority."""
    origin, status = tables.column("grid", "origin"), tables.column("grid", "status")
    label = tables.column("grid", "label").fill_null(UNDECIDED).to_numpy()
    adjudicated, open_ = equals(origin, Origin.adjudicated), ~equals(status, Status.decided)
    due, by_people = _settled(counts, tables.folder.manifest.deciding, elsewhere)
    people = _majority(counts[:, 1], elsewhere[:, 1])
    human = equals(origin, Origin.human)
    wrong = np.where(adjudicated, people != UNDECIDED, (label != due) | (human != (by_people & (due != UNDECIDED))))
    yield from tables.faults("grid", wrong, "label and origin do not follow from votes")
    unset = origin.is_null().to_numpy(zero_copy_only=False)
    is_other = open_ & (elsewhere.sum(axis=1) > counts.sum(axis=(1, 2)))
    unlike = (open_ != (label == UNDECIDED)) | (open_ != unset) | (is_other != equals(status, Status.other_target))
    yield from tables.faults("grid", unlike, "status does not match label")
    split = (counts.sum(axis=1) > 0).sum(axis=1) > 1
    differing = split != tables.numbers("grid", "split_vote")
    yield from tables.differences("grid", "split_vote", differing, split, "from votes")
    for column in ("rule", "reason"):
        there = is_valid(tables.column("grid", column))
        yield from tables.faults("grid", there != adjudicated, f"{column} does not match origin")
    named = is_valid(tables.column("grid", "adjudicator"))
    yield from tables.faults("grid", named & ~adjudicated, "adjudicator does not match origin")
    yield from tables.faults("grid", _is_other_basis(tables, counts, elsewhere), "basis does not follow from votes")


def _is_other_basis(tables: Tables, counts: _Counts, elsewhere: _Counts) -> Flags:
    """Which rows of the grid state another basis of their label than votes and origin give."""
    basis, origin = tables.column("grid", "basis"), tables.column("grid", "origin")
    label = tables.column("grid", "label").fill_null(UNDECIDED).to_numpy()
    adjudicated = equals(origin, Origin.adjudicated)
    deciding = np.where(equals(origin, Origin.human)[:, None], counts[:, 1], counts[:, 0])
    most = _majority(deciding, np.where(equals(origin, Origin.human), elsewhere[:, 1], elsewhere[:, 0]))
    kinds = [
        (label == UNDECIDED, None),
        (adjudicated & (most != UNDECIDED) & (most != label), Basis.overruling),
        (adjudicated, Basis.adjudication),
        (most == UNDECIDED, Basis.plurality),
        (deciding.sum(axis=1) == 1, Basis.single),
    ]
    stated = [~is_valid(basis) if kind is None else equals(basis, kind) for _, kind in kinds]
    found: Flags = ~np.select([where for where, _ in kinds], stated, equals(basis, Basis.majority))
    return found


def _settled(counts: _Counts, deciding: Deciding, elsewhere: _Counts) -> tuple[_Counts, Flags]:
    """The labels that votes of shape (rows, 2, labels) give without adjudications, and whether people gave them."""
    both = counts.sum(axis=1)
    opposed = (both[:, Label.favor] > 0) & (both[:, Label.against] > 0)
    models, people = (_majority(counts[:, side], elsewhere[:, side]) for side in (0, 1))
    due, by_people = people, people != UNDECIDED
    found = [(np.where(opposed, UNDECIDED, models), False)]
    if deciding is Deciding.plurality:
        by_most = [_plurality(counts[:, side], elsewhere[:, side]) for side in (0, 1)]
        found = [(by_most[1], True), *found, (by_most[0], False)]
    for labels, are_people in found:
        is_new = (due == UNDECIDED) & (labels != UNDECIDED)
        due, by_people = np.where(is_new, labels, due), np.where(is_new, are_people, by_people)
    return due, by_people


def _majority(counts: _Counts, elsewhere: _Counts) -> _Counts:
    """The label of more than half of the votes, those on other targets included."""
    return np.where(2 * counts.max(axis=1) > counts.sum(axis=1) + elsewhere, counts.argmax(axis=1), UNDECIDED)


def _plurality(counts: _Counts, elsewhere: _Counts) -> _Counts:
    """`none`, or the most frequent label among those who found the sentence relevant; a tie is undecided."""
    sides, silent = counts[:, : Label.none], counts[:, Label.none]
    about, most = sides.sum(axis=1), sides.max(axis=1)
    side = np.where((sides == most[:, None]).sum(axis=1) == 1, sides.argmax(axis=1), UNDECIDED)
    is_silent = silent > about + elsewhere
    return np.where(about > silent + elsewhere, side, np.where(is_silent, int(Label.none), UNDECIDED))


def _check_fields(tables: Tables) -> Iterator[Finding]:
    """Evidence lies inside its sentence; evidence, explicitness and certainty are there only if a label has them."""
    length = pc.utf8_length(tables.texts("sentences", "text")).to_numpy()
    for table in ("judgements", "stances"):
        label = tables.numbers(table, "label")
        spans = tables.column(table, "evidence")
        row, found = pc.list_parent_indices(spans).to_numpy(), spans.flatten()
        start, end = map(numbers_of, found.flatten())
        ends = length[tables.codes(table, "sentence_id")]
        outside = np.zeros(len(label), dtype=bool)
        outside[row[(start >= end) | (end > ends[row])]] = True
        yield from tables.faults(table, outside, "evidence lies outside the sentence")
        filled, null = pc.fill_null(pc.list_value_length(spans), 0).to_numpy() > 0, ~is_valid(spans)
        sided = np.isin(label, [Label.favor, Label.against])
        wrong = {
            "evidence": np.where(label == Label.none, filled | null, ~filled & ~null),
            "explicitness": is_valid(tables.column(table, "explicitness")) & ~sided,
            "certainty": is_valid(tables.column(table, "certainty")) & (label == Label.none),
        }
        for column, flags in wrong.items():
            yield from tables.faults(table, flags, f"{column} does not match the label")


def _check_stances(tables: Tables, counts: Flags) -> Iterator[Finding]:
    """Explicitness, certainty and evidence are those of the voters who chose the label, unless it was adjudicated."""
    size = tables.rows["stances"].num_rows
    origin = tables.column("stances", "origin")
    by_people, decided = equals(origin, Origin.human), ~equals(origin, Origin.adjudicated)
    who = tables.codes("judgements", "annotator_id")
    place = find(tables.key("judgements", PAIR), tables.key("stances", PAIR))
    counted = (place >= 0) & counts & _annotators(tables, who, "role", Role.label)
    if size:
        counted &= decided[place] & (_annotators(tables, who, "origin", Origin.human) == by_people[place])
    voters = np.bincount(place[counted], minlength=size)
    holds = counted.copy()
    holds[counted] = (
        tables.numbers("judgements", "label")[counted] == tables.numbers("stances", "label")[place[counted]]
    )
    said = _said(tables, place, holds, size)
    unsaid = np.bincount(place[holds], minlength=size) - said["certain"]
    explicit, all_explicit = said["explicit"], said["explicit"] + said["implicit"]
    due: dict[str, tuple[_Counts, Flags, list[Any]]] = {
        "explicitness": (all_explicit, 2 * explicit >= all_explicit, list(Explicitness)),
        "certainty": (said["certain"], 2 * said["sure"] > voters - unsaid, list(Certainty)),
    }
    wrong = {
        **{name: differs(tables.column("stances", name), _worded(*found)) for name, found in due.items()},
        "evidence": differs(tables.column("stances", "evidence"), _united_evidence(tables, place, holds, size)),
    }
    for column, flags in wrong.items():
        yield from tables.faults("stances", decided & flags, f"{column} does not follow from judgements")


def _said(tables: Tables, place: Places, holds: Flags, size: int) -> dict[str, _Counts]:
    """How many of the judgements that hold say something of the stance at their place, shape (stances,) each."""
    explicitness, certainty = (tables.column("judgements", name) for name in ("explicitness", "certainty"))
    flags = {
        "explicit": equals(explicitness, Explicitness.explicit),
        "implicit": equals(explicitness, Explicitness.implicit),
        "sure": equals(certainty, Certainty.sure),
        "certain": is_valid(certainty),
    }
    return {name: np.bincount(place[holds & said], minlength=size) for name, said in flags.items()}


def _worded(said: _Counts, holds: Flags, names: list[Any]) -> pa.Array:
    """The first of two names where a condition holds, else the second; null where no annotator gave either."""
    return pa.array(np.where(holds, str(names[0]), str(names[1])), pa.string(), mask=said == 0)


def _united_evidence(tables: Tables, place: Places, holds: Flags, size: int) -> pa.Array:
    """For each stance the union of the evidence of the judgements that hold, null if none of them recorded any."""
    rows = np.flatnonzero(holds)
    spans = tables.column("judgements", "evidence").take(pa.array(rows))
    recorded = np.bincount(place[rows[is_valid(spans)]], minlength=size) > 0
    stance = place[rows][pc.list_parent_indices(spans).to_numpy()]
    start, end = map(numbers_of, spans.flatten().flatten())
    order = np.lexsort((end, start, stance))
    stance, start, end = stance[order], start[order], end[order]
    reach = np.maximum.accumulate(stance * FAR + end)
    new = np.r_[True, stance[1:] * FAR + start[1:] > reach[:-1]] if len(stance) else np.zeros(0, dtype=bool)
    first = np.flatnonzero(new)
    last = np.r_[first[1:], len(stance)][: len(first)] - 1
    ends = reach[last] - stance[last] * FAR
    lengths = np.r_[0, np.cumsum(np.bincount(stance[first], minlength=size))]
    union = pa.StructArray.from_arrays([pa.array(start[first]), pa.array(ends)], ["start", "end"])
    found = pa.ListArray.from_arrays(pa.array(lengths, pa.int32()), union)
    return pc.if_else(pa.array(recorded), found, pa.nulls(size, found.type))
