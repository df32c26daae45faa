"""Labels compared with votes, and votes with judgements."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.verification.references import PAIR
from kazstance.dataset.verification.tables import Flags, Places, Tables, equals, find, take
from kazstance.schema.labels import Certainty, Explicitness, Label, Origin, Role
from kazstance.schema.records import Span
from kazstance.schema.spans import merge

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
    yield from _check_labels(tables, votes.by_label(tables.rows["grid"].num_rows))
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
    """Annotators declared complete judged every cell of the grid."""
    annotators = tables.column("annotators", "annotator_id")
    judged = np.bincount(find(tables.column("judgements", "annotator_id"), annotators), minlength=len(annotators))
    lacking = tables.numbers("annotators", "complete") & (judged != tables.rows["grid"].num_rows)
    yield from tables.faults("annotators", lacking, "is declared complete but has not judged every cell of grid")


def _check_labels(tables: Tables, counts: _Counts) -> Iterator[str]:
    """The majority of people decides, else an adjudication, else the majority of models without opposite sides."""
    label, origin = tables.numbers("grid", "label"), tables.column("grid", "origin")
    rows, both = np.arange(len(label)), counts.sum(axis=1)
    chosen = 2 * counts[rows, :, label] > counts.sum(axis=2)
    is_split = 2 * counts.max(axis=2) <= counts.sum(axis=2)
    opposed = (both[:, Label.favor] > 0) & (both[:, Label.against] > 0)
    human, model, adjudicated = (equals(origin, kind) for kind in (Origin.human, Origin.model, Origin.adjudicated))
    wrong = (human & ~chosen[:, 1]) | (~human & ~is_split[:, 1]) | (model & (~chosen[:, 0] | opposed))
    yield from tables.faults("grid", wrong, "label and origin do not follow from votes")
    contested = (both > 0).sum(axis=1) > 1
    differing = contested != tables.numbers("grid", "contested")
    yield from tables.differences("grid", "contested", differing, contested, "from votes")
    for column in ("rule", "reason"):
        there = _there(tables, "grid", column)
        yield from tables.faults("grid", there != adjudicated, f"{column} does not match origin")


def _check_fields(tables: Tables) -> Iterator[str]:
    """Evidence lies inside its sentence; evidence, explicitness and certainty are there if the label needs them."""
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
        expected = {
            "evidence": (label != Label.none, pc.list_value_length(spans).to_numpy() > 0),
            "explicitness": (np.isin(label, [Label.favor, Label.against]), _there(tables, table, "explicitness")),
            "certainty": (label != Label.none, _there(tables, table, "certainty")),
        }
        for column, (due, there) in expected.items():
            yield from tables.faults(table, due != there, f"{column} does not match the label")


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
    holders, explicit, sure = (
        np.bincount(place[holds & flags], minlength=size)
        for flags in (
            np.ones_like(holds),
            equals(tables.column("judgements", "explicitness"), Explicitness.explicit),
            equals(tables.column("judgements", "certainty"), Certainty.sure),
        )
    )
    is_neutral = tables.numbers("stances", "label") == Label.neutral
    is_explicit, is_sure = 2 * explicit >= holders, 2 * sure > voters
    wrong = {
        "explicitness": ~is_neutral
        & (equals(tables.column("stances", "explicitness"), Explicitness.explicit) != is_explicit),
        "certainty": equals(tables.column("stances", "certainty"), Certainty.sure) != is_sure,
        "evidence": _other_evidence(tables, place, holds, size),
    }
    for column, flags in wrong.items():
        yield from tables.faults("stances", decided & flags, f"{column} does not follow from judgements")


def _other_evidence(tables: Tables, place: Places, holds: Flags, size: int) -> Flags:
    """Stances whose evidence is not the union of the evidence of the judgements with their label."""
    spans: list[list[Span]] = [[] for _ in range(size)]
    rows = np.flatnonzero(holds)
    for stance, found in zip(place[rows], tables.column("judgements", "evidence").take(rows).to_pylist(), strict=True):
        spans[stance] += [Span.model_construct(**span) for span in found]
    evidence = tables.column("stances", "evidence").to_pylist()
    united = ([(span.start, span.end) for span in merge(found)] for found in spans)
    return np.array(
        [e != [(s["start"], s["end"]) for s in f] for e, f in zip(united, evidence, strict=True)], dtype=bool
    )
