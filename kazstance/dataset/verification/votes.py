"""Labels compared with votes, and votes with judgements."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.verification.references import PAIR
from kazstance.dataset.verification.tables import Flags, Places, Tables, differs, equals, find, take
from kazstance.schema.labels import Certainty, Deciding, Explicitness, Label, Origin, Role, Status
from kazstance.schema.records import Span
from kazstance.schema.spans import merge

UNDECIDED: Final = -1
JUDGEMENT: Final = (*PAIR, "annotator_id")
_Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Votes:
    """The votes of a grid, one by one: the row of each, who cast it, its label, and whether a person cast it."""

    row: Places
    who: pa.Array
    label: _Counts
    human: Flags
    key: pa.Array

    def by_label(self, rows: int) -> _Counts:
        """Votes counted: shape (rows, 2, labels), models first, then people."""
        shape = rows, 2, len(Label)
        cells = np.ravel_multi_index((self.row, self.human.astype(np.int64), self.label), shape)
        return np.bincount(cells, minlength=rows * 2 * len(Label)).reshape(shape)


def check_votes(tables: Tables) -> Iterator[str]:
    """Votes are the judgements of annotators who make labels, and labels and origins follow from votes."""
    votes = _votes(tables)
    yield from _check_judgements(tables, votes)
    yield from _check_complete(tables)
    yield from _check_labels(tables, votes.by_label(tables.rows["grid"].num_rows), tables.folder.manifest.deciding)
    yield from _check_fields(tables)
    yield from _check_stances(tables)


def _votes(tables: Tables) -> Votes:
    lists = tables.column("grid", "votes")
    row, cast = pc.list_parent_indices(lists), lists.flatten()
    who = cast.field("annotator_id")
    key = pc.binary_join_element_wise(tables.key("grid", PAIR).take(row), who, " ")
    return Votes(
        row.to_numpy(), who, cast.field("label").to_numpy(), _annotators(tables, who, "origin", Origin.human), key
    )


def _annotators(tables: Tables, who: pa.Array, column: str, value: str) -> Flags:
    """For each annotator named, whether a column has a given value."""
    known = find(who, tables.column("annotators", "annotator_id"))
    return equals(take(tables.column("annotators", column), known), value)


def _check_judgements(tables: Tables, votes: Votes) -> Iterator[str]:
    keys = tables.key("judgements", JUDGEMENT)
    makes_labels = _annotators(tables, tables.column("judgements", "annotator_id"), "role", Role.label)
    label = tables.numbers("judgements", "label")
    place = find(votes.key, keys)
    same = (place >= 0) & makes_labels[place] & (label[place] == votes.label) if len(keys) else place >= 0
    wrong = np.zeros(tables.rows["grid"].num_rows, dtype=bool)
    wrong[votes.row[~same]] = True
    yield from tables.faults("grid", wrong, "votes has a vote without a row in judgements")
    missing = makes_labels & (find(keys, votes.key) < 0)
    yield from tables.faults("judgements", missing, "grid has no vote for this judgement")
    follows = (votes.row[1:] == votes.row[:-1]) & pc.less_equal(votes.who[1:], votes.who[:-1]).to_numpy(
        zero_copy_only=False
    )
    unordered = np.zeros_like(wrong)
    unordered[votes.row[1:][follows]] = True
    yield from tables.faults("grid", unordered, "votes are not ordered by annotator, each annotator once")


def _check_complete(tables: Tables) -> Iterator[str]:
    """Annotators declared complete judged every annotated sentence on every target."""
    annotators = tables.column("annotators", "annotator_id")
    judged = np.bincount(find(tables.column("judgements", "annotator_id"), annotators), minlength=len(annotators))
    every = int(tables.numbers("sentences", "annotated").sum()) * tables.rows["targets"].num_rows
    lacking = tables.numbers("annotators", "complete") & (judged != every)
    yield from tables.faults("annotators", lacking, "is declared complete but has not judged every pair")


def _check_labels(tables: Tables, counts: _Counts, deciding: Deciding) -> Iterator[str]:
    """Label and origin are those that votes give, or those of an adjudication if people have no majority."""
    origin, status = tables.column("grid", "origin"), tables.column("grid", "status")
    label = tables.column("grid", "label").fill_null(UNDECIDED).to_numpy()
    adjudicated, open_ = equals(origin, Origin.adjudicated), equals(status, Status.undecided)
    due, by_people = _settled(counts, deciding)
    people = _majority(counts[:, 1])
    human = equals(origin, Origin.human)
    wrong = np.where(adjudicated, people != UNDECIDED, (label != due) | (human != (by_people & (due != UNDECIDED))))
    yield from tables.faults("grid", wrong, "label and origin do not follow from votes")
    unset = origin.is_null().to_numpy(zero_copy_only=False)
    yield from tables.faults("grid", (open_ != (label == UNDECIDED)) | (open_ != unset), "status does not match label")
    contested = (counts.sum(axis=1) > 0).sum(axis=1) > 1
    differing = contested != tables.numbers("grid", "contested")
    yield from tables.differences("grid", "contested", differing, contested, "from votes")
    for column in ("rule", "reason"):
        there = _there(tables, "grid", column)
        yield from tables.faults("grid", there != adjudicated, f"{column} does not match origin")


def _settled(counts: _Counts, deciding: Deciding) -> tuple[_Counts, Flags]:
    """The labels that votes of shape (rows, 2, labels) give without adjudications, and whether people gave them."""
    both = counts.sum(axis=1)
    opposed = (both[:, Label.favor] > 0) & (both[:, Label.against] > 0)
    models, people = _majority(counts[:, 0]), _majority(counts[:, 1])
    due, by_people = people, people != UNDECIDED
    found = [(np.where(opposed, UNDECIDED, models), False)]
    if deciding is Deciding.plurality:
        found = [(_plurality(counts[:, 1]), True), *found, (_plurality(counts[:, 0]), False)]
    for labels, are_people in found:
        is_new = (due == UNDECIDED) & (labels != UNDECIDED)
        due, by_people = np.where(is_new, labels, due), np.where(is_new, are_people, by_people)
    return due, by_people


def _majority(counts: _Counts) -> _Counts:
    """The label of more than half of the votes."""
    return np.where(2 * counts.max(axis=1) > counts.sum(axis=1), counts.argmax(axis=1), UNDECIDED)


def _plurality(counts: _Counts) -> _Counts:
    """`none`, or the most frequent label among those who found the sentence relevant; a tie is undecided."""
    sides, silent = counts[:, : Label.none], counts[:, Label.none]
    about, most = sides.sum(axis=1), sides.max(axis=1)
    side = np.where((sides == most[:, None]).sum(axis=1) == 1, sides.argmax(axis=1), UNDECIDED)
    return np.where(about > silent, side, np.where(silent > about, int(Label.none), UNDECIDED))


def _check_fields(tables: Tables) -> Iterator[str]:
    """Evidence lies inside its sentence; evidence, explicitness and certainty are there only if a label has them."""
    length = pc.utf8_length(tables.column("sentences", "text"))
    for table in ("judgements", "stances"):
        label = tables.numbers(table, "label")
        spans = tables.column(table, "evidence")
        row, found = pc.list_parent_indices(spans).to_numpy(), spans.flatten()
        start, end = (found.field(name).to_numpy() for name in ("start", "end"))
        known = find(tables.column(table, "sentence_id"), tables.column("sentences", "sentence_id"))
        ends = take(length, known).fill_null(0).to_numpy()
        outside = np.zeros(len(label), dtype=bool)
        outside[row[(start >= end) | (end > ends[row])]] = True
        yield from tables.faults(table, outside, "evidence lies outside the sentence")
        filled = pc.fill_null(pc.list_value_length(spans), 0).to_numpy() > 0
        null = spans.is_null().to_numpy(zero_copy_only=False)
        sided = np.isin(label, [Label.favor, Label.against])
        wrong = {
            "evidence": np.where(label == Label.none, filled | null, ~filled & ~null),
            "explicitness": _there(tables, table, "explicitness") & ~sided,
            "certainty": _there(tables, table, "certainty") & (label == Label.none),
        }
        for column, flags in wrong.items():
            yield from tables.faults(table, flags, f"{column} does not match the label")


def _there(tables: Tables, table: str, column: str) -> Flags:
    found: Flags = tables.column(table, column).is_valid().to_numpy(zero_copy_only=False)
    return found


def _check_stances(tables: Tables) -> Iterator[str]:
    """Explicitness, certainty and evidence are those of the voters who chose the label, unless it was adjudicated."""
    size = tables.rows["stances"].num_rows
    origin = tables.column("stances", "origin")
    by_people, decided = equals(origin, Origin.human), ~equals(origin, Origin.adjudicated)
    who = tables.column("judgements", "annotator_id")
    place = find(tables.key("judgements", PAIR), tables.key("stances", PAIR))
    counted = (place >= 0) & _annotators(tables, who, "role", Role.label)
    if size:
        counted &= decided[place] & (_annotators(tables, who, "origin", Origin.human) == by_people[place])
    voters = np.bincount(place[counted], minlength=size)
    holds = counted.copy()
    holds[counted] = (
        tables.numbers("judgements", "label")[counted] == tables.numbers("stances", "label")[place[counted]]
    )
    explicit, unexplicit, sure, certain = (
        np.bincount(place[holds & flags], minlength=size)
        for flags in (
            equals(tables.column("judgements", "explicitness"), Explicitness.explicit),
            equals(tables.column("judgements", "explicitness"), Explicitness.implicit),
            equals(tables.column("judgements", "certainty"), Certainty.sure),
            _there(tables, "judgements", "certainty"),
        )
    )
    unsaid = np.bincount(place[holds], minlength=size) - certain
    due: dict[str, tuple[_Counts, Flags, list[Any]]] = {
        "explicitness": (explicit + unexplicit, explicit >= unexplicit, list(Explicitness)),
        "certainty": (certain, 2 * sure > voters - unsaid, list(Certainty)),
    }
    wrong = {
        **{name: differs(tables.column("stances", name), _worded(*found)) for name, found in due.items()},
        "evidence": _other_evidence(tables, place, holds, size),
    }
    for column, flags in wrong.items():
        yield from tables.faults("stances", decided & flags, f"{column} does not follow from judgements")


def _worded(said: _Counts, holds: Flags, names: list[Any]) -> pa.Array:
    """The first of two names where a condition holds, else the second; null where no annotator gave either."""
    return pa.array(np.where(holds, str(names[0]), str(names[1])), pa.string(), mask=said == 0)


def _other_evidence(tables: Tables, place: Places, holds: Flags, size: int) -> Flags:
    """Stances whose evidence is not the union of the evidence of the judgements with their label."""
    spans: list[list[Span] | None] = [None] * size
    rows = np.flatnonzero(holds)
    for stance, found in zip(place[rows], tables.column("judgements", "evidence").take(rows).to_pylist(), strict=True):
        if found is not None:
            spans[stance] = (spans[stance] or []) + [Span.model_construct(**span) for span in found]
    evidence = tables.column("stances", "evidence").to_pylist()
    united = (None if found is None else [(span.start, span.end) for span in merge(found)] for found in spans)
    given = (None if found is None else [(span["start"], span["end"]) for span in found] for found in evidence)
    return np.array([one != other for one, other in zip(united, given, strict=True)], dtype=bool)
