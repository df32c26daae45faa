"""The one count on which all comparisons are based: labels by source, target and cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final, Literal, get_args

import narwhals as nw
import numpy as np

from kazstance.comparison.estimates import contested
from kazstance.comparison.grouping import Frame, in_order
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.frames import as_frame
from kazstance.input.labelled import labels_of, read_labels, refuse_unknown
from kazstance.input.spelling import Spelling, given
from kazstance.input.values import in_frame, refuse_missing
from kazstance.schema.labels import LABELS, Certainty, Endorsed, Label, Status, Voice
from kazstance.stats.counting import Codes, Floats, Tally, distinct, plain_value, sums, tally_codes

VoiceFilter = Literal["own", "endorsed", "all"]
"""The source's own voice; that and the quotations it makes its own; or everything in the source."""

CERTAINTY: Final = "certainty"
"""The column that says of which labels annotators are unsure."""
STATUS: Final = "status"
"""The column that says whether the judgements of a pair are decided."""
PLACE_OF_TARGET, PLACE_OF_STATUS = 2, 3
"""Columns of a count of judged pairs, after source and cluster."""


@dataclass(frozen=True)
class Asked:
    """Sentences judged on a target: numbers of cluster and target, and how many, each of shape (entries,).

    `undecided` are those among `sentences` whose votes are split: nobody can say whether they are about the target.
    """

    cluster: Codes
    target: Codes
    sentences: Floats
    undecided: Floats

    @property
    def decided(self) -> Floats:
        """Those that have a label: shape (entries,)."""
        return self.sentences - self.undecided


@dataclass(frozen=True)
class Counts:
    """Counts of labels, one entry for each cluster and target that occur together.

    Shapes: `cluster` and `target` (entries,), numbers of both; `rows` (entries, labels), labels in the order against,
    neutral, favor, and `sure` those of them whose label is not unsure; `source` (clusters,), the number of the source
    that each cluster is in; `lengths` (clusters,), sentences of each cluster, and `sentences` (sources,), of each
    source, or None if they are not known. `asked` has the sentences that were judged on each target, if they are not
    the same for all targets. If `by_row`, each row is a cluster of its own, and `cluster` counts the rows of each
    source together.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    cluster: Codes
    target: Codes
    rows: Floats
    sure: Floats
    source: Codes
    lengths: Floats | None
    sentences: Floats | None
    asked: "Asked | None" = None
    by_row: bool = False

    @property
    def cell(self) -> Codes:
        """The number of each entry's cell in the grid of sources and targets, source by source: shape (entries,)."""
        cells: Codes = self.source[self.cluster] * len(self.targets) + self.target
        return cells

    @cached_property
    def total(self) -> Floats:
        """Rows of each source, target and label: shape (sources, targets, labels)."""
        return self._of_cells(self.rows)

    @property
    def total_sure(self) -> Floats:
        """Those of `total` whose label is not unsure, of the same shape."""
        return self._of_cells(self.sure)

    def _of_cells(self, rows: Floats) -> Floats:
        """Rows by entry and label as rows by source, target and label."""
        shape = len(self.sources), len(self.targets)
        cells = [sums(self.cell, rows[:, label], shape[0] * shape[1]) for label in range(len(LABELS))]
        return np.stack(cells, axis=-1).reshape(*shape, len(LABELS))

    @cached_property
    def n_asked(self) -> Floats | None:
        """Sentences of each source that were judged on each target, shape (sources, targets); None if unknown."""
        if self.asked is not None:
            return self._by_cell(self.asked, self.asked.sentences)
        return None if self.sentences is None else np.repeat(self.sentences[:, None], len(self.targets), axis=1)

    @cached_property
    def n_decided(self) -> Floats | None:
        """Those of `n_asked` that have a label, `none` included, of the same shape; None if unknown."""
        return self._by_cell(self.asked, self.asked.decided) if self.asked else self.n_asked

    def decided(self, target: int) -> Floats | None:
        """Sentences of each cluster with a label for a target, `none` included: shape (clusters,); None if unknown."""
        if self.asked is None:
            return self.lengths
        on_it = self.asked.target == target
        return sums(self.asked.cluster[on_it], self.asked.decided[on_it], len(self.source))

    def _by_cell(self, asked: Asked, sentences: Floats) -> Floats:
        """Sums of shape (sources, targets) over the entries of `asked`."""
        shape = len(self.sources), len(self.targets)
        cell = self.source[asked.cluster] * shape[1] + asked.target
        return sums(cell, sentences, shape[0] * shape[1]).reshape(shape)

    @cached_property
    def contested(self) -> tuple[bool, ...]:
        """For each target, whether two sources take opposite sides in sentences whose labels are sure."""
        sure = self.total_sure
        return tuple(contested(sure[:, target]) for target in range(len(self.targets)))


def count(
    frame: Any,
    *,
    source: str = "source_id",
    target: str = "target_id",
    label: str = "label_name",
    labels: str | Mapping[Any, str] | Spelling | None = None,
    cluster: str | None = "paragraph_id",
    sentences: Any = None,
    asked: Any = None,
    weight: str | None = None,
    sources: Sequence[str] | None = None,
    targets: Sequence[str] | None = None,
    voice: VoiceFilter = "all",
) -> Counts:
    """Count rows with one sentence and one target each.

    Args:
        frame: the rows, as anything in `kazstance.input.frames.ACCEPTED`.
        source: the column of the source.
        target: the column of the target.
        label: the column of the label: favor, neutral or against, in any case, or `none`, which is not a stance.
        labels: how the column spells them: the name of a preset of `kazstance.input.spelling`, or a mapping from its
            values to labels, with None for a missing value. By default, numbers are errors, and so is `none` except in
            tables of kazstance, known by their schema: elsewhere it may mean a text that takes no side.
        cluster: the column of the cluster within its source; None treats each row as its own cluster.
        sentences: for salience, how many sentences each source has: a mapping, or a table with one row per sentence and
            the same columns of source and cluster.
        asked: for salience, the sentences and targets that were judged, one row each; by default, all of them. Where
            it has a column `status`, those that are `undecided` are counted apart.
        weight: the column of `asked` that says for how many of them a row stands; by default, for one.
        sources: all sources, in order; by default, those that occur, sorted.
        targets: all targets, in order; by default, those that occur, sorted.
        voice: whose sentences count; `own` and `endorsed` require the columns voice and endorsed.

    Raises:
        UnknownLabelError: values that are not labels, or ambiguous ones (`none`, missing values); all are named.
        UnknownNameError: an unknown voice, source, target or column.
        KazstanceError: values are missing, or a schema that contradicts `labels`.
    """
    frame = of_sources(as_frame(frame), source)
    keys = [source, *([cluster] if cluster else [])]
    if voice != "all":  # rows in another voice are checked too
        read_labels(frame, label, given(labels))
        refuse_missing(frame, [*keys, target])
    chosen = spoken(frame, voice)
    stances, sure = (
        _stances(rows, [*keys, target, label], given(labels), by_cluster=bool(cluster))
        for rows in (chosen, _without_unsure(chosen))
    )
    lengths = {plain_value(name) or "": n for name, n in sentences.items()} if isinstance(sentences, Mapping) else None
    units = None if sentences is None or lengths is not None else _table(spoken(as_frame(sentences), voice), keys)
    sources = sources or in_order({*stances.values[0], *(lengths or ()), *(units.values[0] if units else ())})
    judged = None if asked is None or not cluster else _judged(spoken(as_frame(asked), voice), [*keys, target], weight)
    tables = _Tallies(stances, sure, units, judged)
    found = _entries(tables, tuple(sources), tuple(targets or stances.values[-2]), by_row=not cluster)
    return replace(found, sentences=_lengths(units, lengths, found))


@dataclass(frozen=True)
class _Tallies:
    """Stances by source, cluster, target and label; the sure ones; sentences by source and cluster; those judged."""

    stances: Tally
    sure: Tally
    units: Tally | None
    judged: Tally | None


def _entries(tables: _Tallies, sources: tuple[str, ...], targets: tuple[str, ...], *, by_row: bool) -> Counts:
    """Stances by cluster and target, the sentences of each cluster, and those judged on each target."""
    given_tables = [tables.stances, tables.sure, *(table for table in (tables.units, tables.judged) if table)]
    source, which = _by_source(given_tables[:2], sources) if by_row else _clusters(given_tables, sources)
    wide = max(len(targets), 1)
    entry, at = distinct(which[0] * wide + _places(tables.stances, -2, targets, "target"))
    again = np.searchsorted(entry, which[1] * wide + _places(tables.sure, -2, targets, "target"))
    rows, sure = (
        sums(place * len(LABELS) + table.codes[:, -1], table.rows, len(entry) * len(LABELS)).reshape(-1, len(LABELS))
        for place, table in ((at, tables.stances), (again, tables.sure))
    )
    return Counts(
        sources=sources,
        targets=targets,
        cluster=entry // wide,
        target=entry % wide,
        rows=rows,
        sure=sure,
        source=source,
        lengths=sums(which[2], tables.units.rows, len(source)) if tables.units and not by_row else None,
        sentences=None,
        asked=None if tables.judged is None else _asked(tables.judged, which[-1], targets),
        by_row=by_row,
    )


def _asked(judged: Tally, cluster: Codes, targets: tuple[str, ...]) -> Asked:
    """The sentences that were judged on each target, given the number of the cluster of each row."""
    wide = max(len(targets), 1)
    there, place = distinct(cluster * wide + _places(judged, PLACE_OF_TARGET, targets, "target"))
    sentences, split = (sums(place, rows, len(there)) for rows in (judged.rows, _undecided(judged)))
    return Asked(there // wide, there % wide, sentences, split)


def _without_unsure(frame: Frame) -> Frame:
    """The rows of a table whose label is sure; all of them if it does not say."""
    if CERTAINTY not in frame.collect_schema().names():
        return frame
    return frame.filter((nw.col(CERTAINTY) != Certainty.unsure.value) | nw.col(CERTAINTY).is_null())


def of_sources(frame: Any, source: str) -> Frame:
    """The rows of a table, without those in which somebody else than the source is the holder of the stance.

    Only tables of stances as kazstance writes them, by `source_id`, say so in a column `holder`.
    """
    rows: Frame = nw.from_native(frame)
    is_held = source == "source_id" and "holder" in rows.collect_schema().names()
    return rows.filter(nw.col("holder").is_null()) if is_held else rows


def spoken(frame: Any, voice: VoiceFilter) -> Frame:
    """The rows of a table in the given voice.

    Raises:
        UnknownNameError: there is no such voice, or the columns voice and endorsed hold other values.
    """
    if voice not in get_args(VoiceFilter):
        raise UnknownNameError(voice, "voice", get_args(VoiceFilter))
    rows: Frame = nw.from_native(frame)
    if voice == "all":
        return rows
    refuse_missing(frame, ["voice"])
    for column, names in {"voice": Voice, **({"endorsed": Endorsed} if voice == "endorsed" else {})}.items():
        unknown = [value for value in in_frame(frame, column) if value.value not in {*map(str, names), None}]
        refuse_unknown(column, unknown, partial(_one_of, list(map(str, names))))
    kept = nw.col("voice") == "own"
    return rows.filter(kept if voice == "own" else kept | (nw.col("endorsed") == "yes"))


def _one_of(names: Sequence[str], _: str | None) -> str:
    return f"expected one of {', '.join(names)}"


def _tally(frame: Any, columns: Sequence[str], weight: str | None = None, *, few: bool = True) -> Tally:
    there = nw.from_native(frame).collect_schema().names()
    if unknown := [name for name in (*columns, *([weight] if weight else ())) if name not in there]:
        raise UnknownNameError(unknown[0], "column of the table", there)
    return tally_codes(frame, columns, weight, few=few)


def _table(frame: Any, columns: Sequence[str], weight: str | None = None) -> Tally:
    """A count by some columns, in which each row counts once or with a weight.

    Raises:
        UnknownNameError: there is no such column.
        KazstanceError: values are missing.
    """
    found = _tally(frame, columns, weight)
    if lacking := [name for name, gaps in zip(columns, found.gaps, strict=True) if gaps]:
        refuse_missing(frame, lacking)
    return found


def _judged(frame: Any, columns: Sequence[str], weight: str | None) -> Tally:
    """Judged sentences by source, cluster, target and, where there is such a column, status."""
    has_status = STATUS in nw.from_native(frame).collect_schema().names()
    return _table(frame, [*columns, STATUS] if has_status else columns, weight)


def _undecided(judged: Tally) -> Floats:
    """The rows of each combination that are undecided."""
    *_, status = judged.values
    if len(judged.values) <= PLACE_OF_STATUS or Status.undecided not in status:
        return np.zeros_like(judged.rows)
    found: Floats = judged.rows * (judged.codes[:, PLACE_OF_STATUS] == status.index(Status.undecided))
    return found


def _stances(frame: Any, columns: Sequence[str], spelled: Spelling, *, by_cluster: bool) -> Tally:
    """Stances by source, cluster, target and label, the last by its number."""
    *keys, label = columns
    values, codes, rows, gaps = _tally(frame, columns, few=not by_cluster)
    meant = labels_of(frame, label, spelled, values[-1])
    if lacking := [name for name, n in zip(keys, gaps, strict=False) if n]:
        refuse_missing(frame, lacking)
    codes[:, -1] = np.array([Label[name] for name in meant], dtype=np.intp)[codes[:, -1]]
    kept = codes[:, -1] < len(LABELS)
    return Tally(values, codes, rows, gaps) if kept.all() else Tally(values, codes[kept], rows[kept], gaps)


def _by_source(tables: Sequence[Tally], sources: Sequence[str]) -> tuple[Codes, list[Codes]]:
    """One cluster for each source, for rows that are their own clusters."""
    return np.arange(len(sources)), [_places(table, 0, sources, "source") for table in tables]


def _clusters(tables: Sequence[Tally], sources: Sequence[str]) -> tuple[Codes, list[Codes]]:
    """The source of each cluster, and the number of the cluster of each row of each table."""
    names = tables[0].values[1]
    if any(table.values[1] != names for table in tables):
        names = sorted({name for table in tables for name in table.values[1]})
    number, wide = {name: i for i, name in enumerate(names)}, max(len(names), 1)
    found = []
    for table in tables:
        places = _numbers(table.values[1], number, "cluster")[table.codes[:, 1]]
        found.append(distinct(_places(table, 0, sources, "source") * wide + places))
    known = np.unique(np.concatenate([keys for keys, _ in found]))
    return known // wide, [np.searchsorted(known, keys)[at] for keys, at in found]


def _places(table: Tally, column: int, known: Sequence[str], kind: str) -> Codes:
    """For each row of a table, the index of its value among the known ones."""
    places = _numbers(table.values[column], {name: i for i, name in enumerate(known)}, kind)
    return places[table.codes[:, column]]


def _numbers(values: Sequence[str], known: Mapping[str, int], kind: str) -> Codes:
    if unknown := [value for value in values if value not in known]:
        raise UnknownNameError(unknown[0], kind, known)
    return np.array([known[value] for value in values], dtype=np.intp)


def _lengths(units: Tally | None, lengths: Mapping[str, int] | None, found: Counts) -> Floats | None:
    """Sentences of each source, counted from a table or as given."""
    sources = found.sources
    if units:
        return sums(_places(units, 0, sources, "source"), units.rows, len(sources))
    if lengths is None:
        return None
    if missing := [name for name in sources if name not in lengths]:
        raise KazstanceError(f"sentences: no number of sentences for {', '.join(missing)}, expected one per source")
    given_lengths = np.array([lengths[name] for name in sources], dtype=np.float64)
    _refuse_too_few(sources, given_lengths, found.total.sum(axis=2).max(axis=1, initial=0))
    return given_lengths


def _refuse_too_few(sources: Sequence[str], lengths: Floats, rows: Floats) -> None:
    """Check that a source has at least as many sentences as rows on any one target.

    Raises:
        KazstanceError: a source has fewer.
    """
    for name, length, n in zip(sources, lengths, rows, strict=True):
        if n > length:
            raise KazstanceError(
                f"sentences: {length:.0f} for {name}, expected at least {n:.0f}, its number of rows on one target"
            )
