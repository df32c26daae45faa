"""Figures and rows that follow from stances, recomputed: positions, contested targets, pairs, swaps."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.columns import Flags, Places, differs, equals, find, is_valid, places_in
from kazstance.dataset.verification.findings import Finding, single
from kazstance.dataset.verification.rows import is_earlier
from kazstance.dataset.verification.tables import Tables
from kazstance.dataset.verification.votes import latest
from kazstance.schema import MANIFEST
from kazstance.schema.labels import (
    LABELS,
    Certainty,
    Endorsed,
    Label,
    MoreFavorable,
    Position,
    ProbeKind,
    Relation,
    Status,
    Voice,
)
from kazstance.schema.pair_sample import limit
from kazstance.schema.records import SPLITS

PAIRED: Final = ("sentence_id", "target_id", "holder", "source_id", "text", "label_name", SPLIT)
"""The columns of stances that pairs repeat."""
ENOUGH: Final = 2
"""Minimum number of sure sentences of each of two sources that take opposite sides of a contested target."""
TOLERANCE: Final = 1e-6
"""Shares are rounded to six decimals."""
_Counts = npt.NDArray[np.int64]


@dataclass
class Sums:
    """What is counted over all sentences, of stances without a holder: `add` takes the rows of some sentences."""

    tables: Tables
    """The tables without those about sentences."""
    labels: _Counts = field(init=False)
    """Stances by split, target, source and label."""
    own: _Counts = field(init=False)
    """Those in the sources' own voice, which decide positions, by target, source and label."""
    endorsed: _Counts = field(init=False)
    """Those in quotations that the sources make their own."""
    sure: _Counts = field(init=False)
    """Those of `own` whose label is sure."""
    asked: _Counts = field(init=False)
    """Cells of the grid by source and target in the sources' own voice, shape (sources × targets,)."""
    undecided: _Counts = field(init=False)
    """Those of them that are undecided."""
    judged: _Counts = field(init=False)
    """Pairs that each annotator judged."""
    swaps: int = 0
    """Pairs of stances of a sentence with different labels."""
    shown: int = 0
    """Swaps among the probes."""
    mapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Judgements by original label and label."""
    rounds: set[int] = field(default_factory=set)
    paired: list[pa.Table] = field(default_factory=list)
    """The stances that pairs refer to."""
    ends: Places = field(init=False)
    """The sentences and targets of pairs."""

    def __post_init__(self) -> None:
        rows = {name: table.num_rows for name, table in self.tables.rows.items()}
        self.labels = np.zeros((len(SPLITS), rows["targets"], rows["sources"], len(LABELS)), dtype=np.int64)
        self.own, self.endorsed, self.sure = np.zeros((3, *self.labels.shape[1:]), dtype=np.int64)
        self.asked = np.zeros(rows["sources"] * rows["targets"], dtype=np.int64)
        self.undecided = np.zeros_like(self.asked)
        self.judged = np.zeros(rows["annotators"], dtype=np.int64)
        ends = [self.tables.key("pairs", (f"sentence_{side}", "target_id")) for side in "ab"]
        self.ends = np.unique(np.concatenate(ends))

    def pick(self, found: Tables, start: int) -> None:
        """Keep the stances that pairs refer to.

        Args:
            found: the rows of some sentences.
            start: the number of sentences before them.
        """
        sentence, target = (found.codes("stances", name) for name in ("sentence_id", "target_id"))
        key = (sentence + start) * self.tables.rows["targets"].num_rows + target
        known = (sentence >= 0) & (target >= 0) & (found.codes("stances", "holder") == 0)
        kept = pa.array(known & (find(key, self.ends) >= 0))
        self.paired.append(found.rows["stances"].select(PAIRED).filter(kept))

    @property
    def paired_stances(self) -> pa.Table:
        """The stances that pairs refer to."""
        return pa.concat_tables(self.paired)

    def add(self, found: Tables) -> None:
        """Count the rows of some sentences, whose ids are all known."""
        self._add_stances(found)
        targets = self.tables.rows["targets"].num_rows
        cell = found.codes("grid", "source_id") * targets + found.codes("grid", "target_id")
        is_own = self.is_own(found, "sentences")[found.codes("grid", "sentence_id")]
        own, is_open = (
            is_own & (found.codes("grid", "holder") == 0),
            equals(found.column("grid", "status"), Status.undecided),
        )
        self.asked += np.bincount(cell[own], minlength=len(self.asked))
        self.undecided += np.bincount(cell[own & is_open], minlength=len(self.asked))
        who, spoken = found.codes("judgements", "annotator_id"), found.codes("judgements", "holder") == 0
        self.judged += np.bincount(who[latest(found) & spoken], minlength=len(self.judged))
        self.shown += int(equals(found.column("probes", "probe"), ProbeKind.swap).sum())
        self.rounds |= set(np.unique(found.numbers("judgements", "round")).tolist())
        original = found.rows["judgements"].select(["original", "label_name"]).filter(pc.field("original").is_valid())
        self.mapped.update(zip(*(column.to_pylist() for column in original.columns), strict=True))

    def is_own(self, found: Tables, table: str) -> Flags:
        """Which rows count for positions: those in the source's own voice; in earlier datasets, all."""
        voice = found.column(table, "voice")
        return np.ones(len(voice), np.bool_) if is_earlier(self.tables.folder) else equals(voice, Voice.own)

    def _add_stances(self, found: Tables) -> None:
        spoken = found.codes("stances", "holder") == 0
        label, sentence = found.numbers("stances", "label"), found.codes("stances", "sentence_id")
        places = (
            places_in(found.column("stances", SPLIT), pa.array(SPLITS)),
            *(found.codes("stances", name) for name in ("target_id", "source_id")),
            label,
        )
        cells = np.ravel_multi_index(tuple(place[spoken] for place in places), self.labels.shape)
        self.labels += np.bincount(cells, minlength=self.labels.size).reshape(self.labels.shape)
        own, sure = self.is_own(found, "stances"), ~equals(found.column("stances", "certainty"), Certainty.unsure)
        endorsed = equals(found.column("stances", "endorsed"), Endorsed.yes) & ~own
        at = np.ravel_multi_index(places[1:], self.own.shape)
        for name, chosen in {"own": own, "endorsed": endorsed, "sure": own & sure}.items():
            counts = np.bincount(at[spoken & chosen], minlength=self.own.size).reshape(self.own.shape)
            setattr(self, name, getattr(self, name) + counts)
        by_label = np.zeros((found.rows["sentences"].num_rows, len(LABELS)), dtype=np.int64)
        np.add.at(by_label, (sentence[spoken], label[spoken]), 1)
        self.swaps += int((by_label.sum(axis=1) ** 2 - (by_label**2).sum(axis=1)).sum()) // 2


def check_recounts(tables: Tables, sums: Sums) -> Iterator[Finding]:
    """Check positions, contested targets, the number of pairs, annotators, and what the manifest counts.

    Args:
        tables: the tables without those about sentences.
        sums: what was counted over all sentences.
    """
    yield from _check_positions(tables, sums)
    yield from _check_contested(tables, sums)
    yield from _check_pairs(tables)
    yield from _check_number_of_pairs(tables, sums.labels.sum(axis=3))
    yield from _check_complete(tables, sums.judged)
    yield from _check_manifest(tables, sums)
    if sums.shown != sums.swaps:
        yield single(f"{tables.folder.path / 'probes'}: {sums.shown} swaps, but stances give {sums.swaps}")


def _check_complete(tables: Tables, judged: _Counts) -> Iterator[Finding]:
    """Annotators declared complete judged every annotated sentence on every target."""
    every = int(tables.numbers("sentences", "annotated").sum()) * tables.rows["targets"].num_rows
    lacking = tables.numbers("annotators", "complete") & (judged != every)
    yield from tables.faults("annotators", lacking, "is declared complete but has not judged every pair")


def _check_manifest(tables: Tables, sums: Sums) -> Iterator[Finding]:
    """Labels mapped from another scheme, and rounds if they are declared, are those of the judgements."""
    manifest, file = tables.folder.manifest, tables.folder.path / MANIFEST
    said = {(row.original, row.label): row.judgements for row in manifest.mapped_labels}
    for original, label in sorted(said.keys() | sums.mapped.keys()):
        if (due := sums.mapped[original, label]) != said.get((original, label), 0):
            stated = said.get((original, label), 0)
            line = f"{file}: mapped_labels: {original!r} as {label}: {stated} judgements, but the table has {due}"
            yield Finding(str(file), "mapped_labels", (line,), 1)
    numbers = [found.number for found in manifest.rounds]
    if len(set(numbers)) < len(numbers):
        yield single(f"{file}: rounds: a number appears twice, expected each once")
    if manifest.rounds and (unknown := sorted(sums.rounds - set(numbers))):
        yield single(f"{file}: rounds: judgements have rounds {unknown}, expected only {sorted(numbers)}")


def _check_positions(tables: Tables, sums: Sums) -> Iterator[Finding]:
    """Counts, position and estimates of each cell."""
    decided = sums.asked - sums.undecided
    counts, quoted = (found.transpose(1, 0, 2).reshape(-1, len(LABELS)) for found in (sums.own, sums.endorsed))
    against, neutral, favor = counts.T
    is_counted = tables.numbers("sentences", "annotated") & sums.is_own(tables, "sentences")
    sources = tables.codes("sentences", "source_id")[is_counted]
    lengths = np.bincount(sources, minlength=tables.rows["sources"].num_rows).repeat(tables.rows["targets"].num_rows)
    expected: dict[str, npt.NDArray[Any]] = {
        "n_favor": favor,
        "n_neutral": neutral,
        "n_against": against,
        "n_sentences": lengths,
        "n_asked": sums.asked,
        "n_undecided": sums.undecided,
        "position": _positions(favor, neutral, against, decided),
    }
    if not is_earlier(tables.folder):
        expected["n_unsure"] = (sums.own - sums.sure).sum(axis=2).T.ravel()
    for label, among in zip(LABELS, quoted.T, strict=True):
        expected[f"n_endorsed_{label}"] = among * (not is_earlier(tables.folder))
    for column, values in expected.items():
        wrong = tables.numbers("positions", column) != values
        yield from tables.differences("positions", column, wrong, values, "from stances and sentences")
    about = counts.sum(axis=1)
    share = np.where(about > 0, 2 * (favor + 0.5) / (favor + against + 1) - 1, np.nan)
    salience = np.where(decided > 0, about / np.maximum(decided, 1), np.nan)
    for column, values in {"salience": salience, "net_jeffreys": share}.items():
        wrong = ~np.isclose(_floats(tables, column), values, rtol=0, atol=TOLERANCE, equal_nan=True)
        yield from tables.differences("positions", column, wrong, values, "from stances and sentences")
    yield from _check_intervals(tables, about > 0, decided > 0)


def _check_intervals(tables: Tables, addressed: Flags, decided: Flags) -> Iterator[Finding]:
    """Estimates exist where a cell is addressed, and salience where pairs are decided, each inside its interval."""
    for column in ("net", "net_jeffreys", "salience"):
        value, low, high = (_floats(tables, name) for name in (column, f"{column}_low", f"{column}_high"))
        inside = (low <= value) & (value <= high)
        absent = np.isnan([value, low, high]).all(axis=0)
        right = np.where(decided if column == "salience" else addressed, inside, absent)
        yield from tables.faults("positions", ~right, f"{column} is not inside its interval, or one of them is missing")


def _floats(tables: Tables, column: str) -> npt.NDArray[np.float64]:
    """A column of numbers, NaN where it is null."""
    found: npt.NDArray[np.float64] = tables.column("positions", column).fill_null(float("nan")).to_numpy()
    return found


def _positions(favor: _Counts, neutral: _Counts, against: _Counts, decided: _Counts) -> _Counts:
    """Where a source stands, from its counts."""
    cases = {
        Position.mixed: (favor > 0) & (against > 0),
        Position.favor: favor > 0,
        Position.against: against > 0,
        Position.neutral: neutral > 0,
        Position.not_asked: decided == 0,
    }
    return np.select(list(cases.values()), list(cases), Position.not_addressed)


def _check_contested(tables: Tables, sums: Sums) -> Iterator[Finding]:
    """A target is contested if two sources take opposite sides, each in two sentences whose label is sure.

    In earlier datasets, if two sources have two sentences each, and two sentences are on each side.
    """
    favor, against = (sums.sure[..., side] >= ENOUGH for side in (Label.favor, Label.against))
    expected = favor.any(axis=1) & against.any(axis=1) & ((favor | against).sum(axis=1) > 1)
    if is_earlier(tables.folder):
        addressing = (sums.own.sum(axis=2) >= ENOUGH).sum(axis=1)
        sides = sums.own.sum(axis=1)[:, [Label.against, Label.favor]].min(axis=1)
        expected = (addressing >= ENOUGH) & (sides >= ENOUGH)
    wrong = expected != tables.numbers("targets", "contested")
    yield from tables.differences("targets", "contested", wrong, expected, "from stances")


def _check_pairs(tables: Tables) -> Iterator[Finding]:
    """Ids, answers and relations follow from both rows, which are from different sources; no such pair is missing."""
    a, b = (tables.numbers("pairs", f"label_{side}") for side in "ab")
    more = np.select([a > b, a < b], [MoreFavorable.a, MoreFavorable.b], MoreFavorable.same)
    mixed = (a == Label.neutral) | (b == Label.neutral)
    relation = np.select([mixed, a == b], [Relation.mixed, Relation.agree], Relation.disagree)
    for column, expected in {"more_favorable": more, "relation": relation}.items():
        wrong = tables.numbers("pairs", column) != expected
        yield from tables.differences("pairs", column, wrong, expected, "from both labels")
    ends = [tables.texts("pairs", f"sentence_{side}") for side in "ab"]
    parts = tables.texts("pairs", "target_id"), pc.min_element_wise(*ends), pc.max_element_wise(*ends)
    yield from _check_ids(tables, "pairs", "pair_id", pc.binary_join_element_wise(*parts, ":"))
    same: Flags = ~differs(tables.column("pairs", "source_a"), tables.column("pairs", "source_b"))
    yield from tables.faults("pairs", same, "both sentences are from the same source")


def _check_ids(tables: Tables, table: str, column: str, expected: pa.Array) -> Iterator[Finding]:
    """Check ids that are composed of other columns."""
    wrong = differs(tables.column(table, column), expected)
    yield from tables.differences(table, column, wrong, expected, "from the other columns")


def _check_number_of_pairs(tables: Tables, held: _Counts) -> Iterator[Finding]:
    """Each target has all pairs of its rows from two sources in a split, or as many as the limit allows.

    Args:
        tables: the tables.
        held: stances by split, target and source.
    """
    split = places_in(tables.column("pairs", SPLIT), pa.array(SPLITS))
    target, one, other = (tables.codes("pairs", name) for name in ("target_id", "source_a", "source_b"))
    keys = np.stack([split, target, np.minimum(one, other), np.maximum(one, other)])
    distinct, number = np.unique(keys, axis=1, return_counts=True)
    found = Counter(dict(zip(map(tuple, distinct.T.tolist()), number.tolist(), strict=True)))
    there = {
        (*at, a, b): int(held[at][a] * held[at][b])
        for at in zip(*(axis.tolist() for axis in np.nonzero((held > 0).sum(axis=2) > 1)), strict=True)
        for a, b in combinations(np.flatnonzero(held[at]).tolist(), 2)
    }
    most = limit(there.values())
    targets, sources = tables.texts("targets", "target_id"), tables.texts("sources", "source_id")
    for key in sorted(there.keys() | found.keys()):
        if found[key] != (due := min(there.get(key, 0), most)):
            counted = f"{found[key]} pairs on {targets[key[1]]} of {sources[key[2]]} and {sources[key[3]]}"
            line = f"{tables.folder.file('pairs', SPLITS[key[0]])}: {counted}, but stances give {due}"
            yield Finding(str(tables.folder.path / "pairs"), "number of pairs", (line,), 1)


def check_probes(tables: Tables) -> Iterator[Finding]:
    """Check that ids of probes follow from what is shown, and that a swap shows another label."""
    kind, other = tables.texts("probes", "probe"), tables.texts("probes", "other_target_id")
    swap = equals(kind, ProbeKind.swap)
    parts = (kind, tables.texts("probes", "sentence_id"), tables.texts("probes", "target_id"), other)
    yield from _check_ids(tables, "probes", "probe_id", pc.binary_join_element_wise(*parts, ":", null_handling="skip"))
    yield from tables.faults("probes", is_valid(other) != swap, "other_target_id does not match this kind of probe")
    same = tables.numbers("probes", "label") == tables.numbers("probes", "row_label")
    yield from tables.faults("probes", swap & same, "both targets have the same label")
