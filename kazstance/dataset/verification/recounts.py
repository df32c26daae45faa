"""Figures and rows that follow from stances, recomputed: positions, contested targets, pairs, swaps."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.tables import Flags, Places, Tables, differs, equals, find
from kazstance.schema.labels import LABELS, Label, MoreFavorable, Position, ProbeKind, Relation
from kazstance.schema.pair_sample import limit
from kazstance.schema.records import SPLITS

ENOUGH: Final = 2
"""Minimum number of sources on a contested target, of sentences of each, and of sentences on each side."""
TOLERANCE: Final = 1e-6
"""Shares are rounded to six decimals."""
_Counts = npt.NDArray[np.int64]


def check_recounts(tables: Tables) -> Iterator[str]:
    """Check positions, contested targets, pairs, and swaps among the probes."""
    counts = _counts(tables)
    yield from _check_positions(tables, counts.reshape(-1, len(LABELS)))
    yield from _check_contested(tables, counts)
    yield from _check_pairs(tables)
    yield from _check_probes(tables)


def _counts(tables: Tables) -> _Counts:
    """Stances counted: shape (sources, targets, labels)."""
    sources, targets = tables.column("sources", "source_id"), tables.column("targets", "target_id")
    shape = len(sources), len(targets), len(LABELS)
    places = (
        find(tables.column("stances", "source_id"), sources),
        find(tables.column("stances", "target_id"), targets),
        tables.numbers("stances", "label"),
    )
    return np.bincount(np.ravel_multi_index(places, shape), minlength=int(np.prod(shape))).reshape(shape)


def _check_positions(tables: Tables, counts: _Counts) -> Iterator[str]:
    """Counts, position and estimates of each cell."""
    against, neutral, favor = counts.T
    asked = _asked(tables)
    annotated = tables.column("sentences", "source_id").filter(tables.column("sentences", "annotated"))
    sources = tables.column("sources", "source_id")
    lengths = np.bincount(find(annotated, sources), minlength=len(sources)).repeat(tables.rows["targets"].num_rows)
    expected: dict[str, npt.NDArray[Any]] = {
        "n_favor": favor,
        "n_neutral": neutral,
        "n_against": against,
        "n_sentences": lengths,
        "n_asked": asked,
        "position": _positions(favor, neutral, against, asked),
    }
    for column, values in expected.items():
        wrong = tables.numbers("positions", column) != values
        yield from tables.differences("positions", column, wrong, values, "from stances and sentences")
    about = counts.sum(axis=1)
    share = np.where(about > 0, 2 * (favor + 0.5) / (favor + against + 1) - 1, np.nan)
    salience = np.where(asked > 0, about / np.maximum(asked, 1), np.nan)
    for column, values in {"salience": salience, "net_jeffreys": share}.items():
        wrong = ~np.isclose(_floats(tables, column), values, rtol=0, atol=TOLERANCE, equal_nan=True)
        yield from tables.differences("positions", column, wrong, values, "from stances and sentences")
    yield from _check_intervals(tables, about > 0, asked > 0)


def _asked(tables: Tables) -> _Counts:
    """Cells of the grid by source and target: shape (sources × targets,)."""
    targets = tables.column("targets", "target_id")
    sources = tables.column("sources", "source_id")
    places = find(tables.column("grid", "source_id"), sources) * len(targets)
    places += find(tables.column("grid", "target_id"), targets)
    return np.bincount(places, minlength=len(sources) * len(targets))


def _check_intervals(tables: Tables, addressed: Flags, asked: Flags) -> Iterator[str]:
    """Estimates exist where a cell is addressed, and salience where it was asked, each inside its interval."""
    for column in ("net", "net_jeffreys", "salience"):
        value, low, high = (_floats(tables, name) for name in (column, f"{column}_low", f"{column}_high"))
        inside = (low <= value) & (value <= high)
        absent = np.isnan([value, low, high]).all(axis=0)
        right = np.where(asked if column == "salience" else addressed, inside, absent)
        yield from tables.faults("positions", ~right, f"{column} is not inside its interval, or one of them is missing")


def _floats(tables: Tables, column: str) -> npt.NDArray[np.float64]:
    """A column of numbers, NaN where it is null."""
    found: npt.NDArray[np.float64] = tables.column("positions", column).fill_null(float("nan")).to_numpy()
    return found


def _positions(favor: _Counts, neutral: _Counts, against: _Counts, asked: _Counts) -> _Counts:
    """Where a source stands, from its counts."""
    cases = {
        Position.mixed: (favor > 0) & (against > 0),
        Position.favor: favor > 0,
        Position.against: against > 0,
        Position.neutral: neutral > 0,
        Position.not_asked: asked == 0,
    }
    return np.select(list(cases.values()), list(cases), Position.not_addressed)


def _check_contested(tables: Tables, counts: _Counts) -> Iterator[str]:
    """A target is contested if it has two sources with two sentences each, and two sentences on each side."""
    addressing = (counts.sum(axis=2) >= ENOUGH).sum(axis=0)
    sides = counts.sum(axis=0)[:, [Label.against, Label.favor]].min(axis=1)
    expected = (addressing >= ENOUGH) & (sides >= ENOUGH)
    wrong = expected != tables.numbers("targets", "contested")
    yield from tables.differences("targets", "contested", wrong, expected, "from stances")


def _check_pairs(tables: Tables) -> Iterator[str]:
    """Ids, answers and relations follow from both rows, which are from different sources; no such pair is missing."""
    a, b = (tables.numbers("pairs", f"label_{side}") for side in "ab")
    more = np.select([a > b, a < b], [MoreFavorable.a, MoreFavorable.b], MoreFavorable.same)
    mixed = (a == Label.neutral) | (b == Label.neutral)
    relation = np.select([mixed, a == b], [Relation.mixed, Relation.agree], Relation.disagree)
    for column, expected in {"more_favorable": more, "relation": relation}.items():
        wrong = tables.numbers("pairs", column) != expected
        yield from tables.differences("pairs", column, wrong, expected, "from both labels")
    ends = [tables.column("pairs", f"sentence_{side}") for side in "ab"]
    parts = tables.column("pairs", "target_id"), pc.min_element_wise(*ends), pc.max_element_wise(*ends)
    yield from _check_ids(tables, "pairs", "pair_id", pc.binary_join_element_wise(*parts, ":"))
    same: Flags = ~differs(tables.column("pairs", "source_a"), tables.column("pairs", "source_b"))
    yield from tables.faults("pairs", same, "both sentences are from the same source")
    yield from _check_number_of_pairs(tables)


def _check_ids(tables: Tables, table: str, column: str, expected: pa.Array) -> Iterator[str]:
    """Check ids that are composed of other columns."""
    wrong = differs(tables.column(table, column), expected)
    yield from tables.differences(table, column, wrong, expected, "from the other columns")


def _check_number_of_pairs(tables: Tables) -> Iterator[str]:
    """Each target has all pairs of its rows from two sources in a split, or as many as the limit allows."""
    sources, targets = tables.column("sources", "source_id"), tables.column("targets", "target_id")
    shape = len(SPLITS), len(targets), len(sources)

    def cells(table: str, *columns: str) -> list[Places]:
        split = find(tables.column(table, SPLIT), pa.array(SPLITS))
        target = find(tables.column(table, "target_id"), targets)
        return [split, target, *(find(tables.column(table, name), sources) for name in columns)]

    rows = np.bincount(np.ravel_multi_index(cells("stances", "source_id"), shape), minlength=int(np.prod(shape)))
    held = rows.reshape(shape)
    split, target, one, other = cells("pairs", "source_a", "source_b")
    found = Counter(zip(split, target, np.minimum(one, other), np.maximum(one, other), strict=True))
    there = {
        (*at, a, b): int(held[at][a] * held[at][b])
        for at in zip(*np.nonzero((held > 0).sum(axis=2) > 1), strict=True)
        for a, b in combinations(np.flatnonzero(held[at]).tolist(), 2)
    }
    most = limit(there.values())
    for key in sorted(there.keys() | found.keys()):
        if found[key] != (due := min(there.get(key, 0), most)):
            counted = (
                f"{found[key]} pairs on {targets[int(key[1])]} of {sources[int(key[2])]} and {sources[int(key[3])]}"
            )
            yield f"{tables.folder.file('pairs', SPLITS[key[0]])}: {counted}, but stances give {due}"


def _check_probes(tables: Tables) -> Iterator[str]:
    """Ids follow from what is shown; a swap shows another label; no swap is missing."""
    kind, other = tables.column("probes", "probe"), tables.column("probes", "other_target_id")
    swap = equals(kind, ProbeKind.swap)
    parts = (kind, tables.column("probes", "sentence_id"), tables.column("probes", "target_id"), other)
    yield from _check_ids(tables, "probes", "probe_id", pc.binary_join_element_wise(*parts, ":", null_handling="skip"))
    there = other.is_valid().to_numpy(zero_copy_only=False)
    yield from tables.faults("probes", there != swap, "other_target_id does not match this kind of probe")
    same = tables.numbers("probes", "label") == tables.numbers("probes", "row_label")
    yield from tables.faults("probes", swap & same, "both targets have the same label")
    stances = tables.column("stances", "sentence_id")
    ids = stances.unique()
    rows = np.zeros((len(ids), len(LABELS)), dtype=np.int64)
    np.add.at(rows, (find(stances, ids), tables.numbers("stances", "label")), 1)
    expected = int((rows.sum(axis=1) ** 2 - (rows**2).sum(axis=1)).sum()) // 2
    if swap.sum() != expected:
        yield f"{tables.folder.path / 'probes'}: {swap.sum()} swaps, but stances give {expected}"
