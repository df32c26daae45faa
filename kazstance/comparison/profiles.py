"""Who chose which label for a sentence, a target and a holder: how often each such profile occurs, by paragraph."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset import DatasetFolder, paragraph_clusters
from kazstance.errors import IntegrityError
from kazstance.schema.labels import SIDES, Label, Scheme
from kazstance.stats.agreement import Patterns, union_lengths
from kazstance.stats.counting import Codes, Floats

COLUMNS: Final = (
    "sentence_id",
    "target_id",
    "holder",
    "annotator_id",
    "round",
    "source_id",
    "paragraph_id",
    "label",
    "probability",
    "evidence",
)
ABSENT: Final = -1
Counts = Any
"""An array, or a sparse one of SciPy."""
Judge = tuple[str, int]
"""An annotator and a round."""
Choice = tuple[int, float]
"""A label, and the probability with which the annotator was asked."""
Profile = frozenset[tuple[int, int]]
"""The choice of each judge that judged, by their numbers."""


@dataclass(frozen=True)
class Profiles:
    """Units, which are sentences on targets for a holder, counted by paragraph, target and profile.

    `label` and `probability` have the shape (profiles, judges), -1 and NaN where a judge did not judge; the others
    have the shape (entries,), and `n` says how many units each entry stands for.
    """

    judges: tuple[Judge, ...]
    label: Codes
    probability: Floats
    cluster: npt.NDArray[np.str_]
    """The cluster of each paragraph: its document if its source has many of them, otherwise itself."""
    source: npt.NDArray[np.str_]
    """The source of each paragraph."""
    targets: tuple[str, ...]
    paragraph: Codes
    target: Codes
    profile: Codes
    n: Codes
    overlaps: Mapping[tuple[str, str], npt.NDArray[np.int64]]
    """For two annotators, of all judgements with the same side: characters in common, characters marked, and number."""

    def of(self, annotator: str, number: int | None = None) -> tuple[Codes, Floats]:
        """The label and probability of an annotator in each profile: of a round, or of the latest."""
        label = np.full(len(self.label), ABSENT)
        probability = np.full(len(self.label), np.nan)
        for at in sorted(range(len(self.judges)), key=lambda at: self.judges[at][1]):
            if self.judges[at][0] == annotator and number in (None, self.judges[at][1]):
                there = self.label[:, at] != ABSENT
                label[there], probability[there] = self.label[there, at], self.probability[there, at]
        return label, probability

    def only(self, number: int) -> "Profiles":
        """The judgements of a round."""
        at = [i for i, judge in enumerate(self.judges) if judge[1] == number]
        judges = tuple(self.judges[i] for i in at)
        return replace(self, judges=judges, label=self.label[:, at], probability=self.probability[:, at])

    def rounds(self, annotator: str) -> list[int]:
        """The rounds in which an annotator judged, in order."""
        return sorted(number for name, number in self.judges if name == annotator)

    def whole(self) -> list[Judge]:
        """The annotators and rounds in which they judged every unit."""
        units = self.n.sum()
        judged = ((self.label != ABSENT)[self.profile] * self.n[:, None]).sum(axis=0)
        return [judge for judge, n in zip(self.judges, judged.tolist(), strict=True) if n == units]

    def by_source(self) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        """Each source, in order of appearance, and whether each entry is in it."""
        names, first, number = np.unique(self.source, return_index=True, return_inverse=True)
        of_entry = number[self.paragraph]
        for at in np.argsort(first):
            yield str(names[at]), of_entry == at

    def patterns(self, labels: Sequence[Codes], kept: npt.NDArray[np.bool_] | None = None) -> Patterns:
        """The patterns of the labels of some annotators.

        Args:
            labels: for each annotator the label in each profile.
            kept: the entries to count; by default, all.
        """
        votes = np.stack([sum(found == label for found in labels) for label in Label], axis=1).astype(np.float64)
        judged = (votes.sum(axis=1) > 0)[self.profile]
        chosen = np.flatnonzero(judged if kept is None else judged & kept)
        used = np.flatnonzero(np.bincount(self.profile[chosen], minlength=len(votes)))
        distinct, pattern = np.unique(votes[used], axis=0, return_inverse=True)
        at = np.zeros(len(votes), dtype=np.intp)
        at[used] = pattern.reshape(-1)
        return Patterns(distinct, self.by_cluster(chosen, at[self.profile[chosen]], len(distinct)))

    def by_cluster(self, chosen: Codes, cell: Codes, cells: int, weight: Floats | None = None) -> Counts:
        """Units by cluster and cell, shape (clusters with any, cells); clusters are in alphabetical order.

        Args:
            chosen: the entries to count.
            cell: the cell of each of them.
            cells: how many cells there are.
            weight: the weight of a unit of each of them; by default 1.
        """
        rank = self._rank[self.paragraph[chosen]]
        occurs = np.bincount(rank, minlength=len(self.cluster)) > 0
        weights = self.n[chosen].astype(np.float64) * (1.0 if weight is None else weight)
        return _table((np.cumsum(occurs) - 1)[rank], cell, weights, (int(occurs.sum()), cells))

    @cached_property
    def _rank(self) -> Codes:
        """The place of each paragraph's cluster in alphabetical order."""
        rank: Codes = np.unique(self.cluster, return_inverse=True)[1].astype(np.intp)
        return rank


FEW: Final = 1 << 16
"""Combinations of codes up to which a table of all of them is faster than sorting, however few rows there are."""
PER_ROW: Final = 8
"""The same, for each row."""
LARGEST: Final = 1 << 62
"""Combinations of codes that a number can tell apart."""
DENSE: Final = 20_000_000
"""Number of cells above which only those that are not 0 are stored."""


def _table(line: Codes, cell: Codes, weights: Floats, shape: tuple[int, int]) -> Any:
    if shape[0] * shape[1] <= DENSE:
        return np.bincount(line * shape[1] + cell, weights, shape[0] * shape[1]).reshape(shape)
    from scipy.sparse import coo_array  # noqa: PLC0415  # loaded where it is used

    return coo_array((weights, (line, cell)), shape=shape).tocsr()


def read_profiles(folder: DatasetFolder, sentences: pa.Array | None = None) -> Profiles:
    """Count the profiles of all judgements of a dataset, which are read once, a batch at a time.

    Args:
        folder: the dataset.
        sentences: count only judgements on these sentences, and only those on their speakers; by default, all.

    Raises:
        IntegrityError: the judgements are not in the order of their sentences.
    """
    reader = _Reader(folder.ids["target_id"], folder.manifest.scheme is Scheme.exclusive)
    seen: set[str] = set()
    for found in _by_sentence(folder):
        rows = found if sentences is None else _of_speakers(found, sentences)
        names = rows["sentence_id"].combine_chunks()
        ids = names.dictionary.take(pc.unique(names.indices)).to_pylist()
        if not seen.isdisjoint(ids):
            raise IntegrityError(f"{folder.path}: judgements are not in the order of their sentences", folder.path)
        seen.update(ids)
        if len(rows):
            reader.add(rows)
    return reader.profiles(paragraph_clusters(folder, reader.paragraphs))


def _of_speakers(rows: pa.Table, sentences: pa.Array) -> pa.Table:
    """The judgements on some sentences and on the stance of their speakers."""
    kept = pc.is_in(rows["sentence_id"].cast(pa.string()), value_set=sentences)
    return rows.filter(pc.and_(kept, pc.is_null(rows["holder"]))).combine_chunks()


def _by_sentence(folder: DatasetFolder) -> Iterator[pa.Table]:
    """The judgements in tables that hold all those of a sentence."""
    folder.check_schema("judgements")
    left: pa.Table | None = None
    for split in folder["judgements"].splits:
        for batch in folder.batches("judgements", split, COLUMNS, coded=True):
            rows = _coded(pa.Table.from_batches([batch]))
            rows = rows if left is None else pa.concat_tables([left, rows]).combine_chunks()
            sentence = rows["sentence_id"].combine_chunks().indices.to_numpy()
            changes = np.flatnonzero(sentence[1:] != sentence[:-1])
            cut = int(changes[-1]) + 1 if len(changes) else 0
            if cut:
                yield rows.slice(0, cut).combine_chunks()
            left = rows.slice(cut)
    if left is not None and len(left):
        yield left.combine_chunks()


def _coded(rows: pa.Table) -> pa.Table:
    """Rows with texts as dictionaries."""
    for at, column in enumerate(rows.columns):
        if pa.types.is_string(column.type):
            rows = rows.set_column(at, rows.column_names[at], column.dictionary_encode())
    return rows


@dataclass
class _Reader:
    """Counts profiles batch by batch; all that is numbered is numbered in order of appearance."""

    targets: tuple[str, ...]
    is_exclusive: bool = False
    """Whether a sentence has one code: what an annotator gives to one target, and not to the others."""
    judges: dict[Judge, int] = field(default_factory=dict)
    choices: dict[Choice, int] = field(default_factory=dict)
    profile_numbers: dict[Profile, int] = field(default_factory=dict)
    paragraphs: dict[str, int] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    entries: list[npt.NDArray[np.int64]] = field(default_factory=list)
    overlaps: dict[tuple[str, str], npt.NDArray[np.int64]] = field(default_factory=dict)

    def add(self, rows: pa.Table) -> None:
        """Count some judgements, all those of each sentence."""
        rows = _with_other_targets(rows, self.targets) if self.is_exclusive else rows
        code = {name: _codes(rows, name) for name in COLUMNS[:-1]}
        first, number = _distinct(code["sentence_id"], code["target_id"], code["holder"])
        judge, names = self._judges(rows, code)
        choice = self._choices(rows, code)
        digits = np.full((len(first), len(names)), ABSENT, dtype=np.int64)
        digits[number, judge] = choice
        profile = self._profiles(digits, names)
        kept = rows.select(["paragraph_id", "source_id", "target_id"]).take(pa.array(first))
        paragraph = self._paragraphs(kept)
        target = pc.index_in(kept["target_id"].cast(pa.string()), value_set=pa.array(self.targets, pa.string()))
        keys = np.stack([paragraph, target.to_numpy().astype(np.int64), profile])
        distinct, line = _distinct(*keys)
        self.entries.append(np.vstack([keys[:, distinct], np.bincount(line)]))
        self._add_overlaps(rows, number, judge, names)

    def _judges(self, rows: pa.Table, code: Mapping[str, Codes]) -> tuple[Codes, list[Judge]]:
        """The judge of each row, by place in a list of those that occur."""
        first, number = _distinct(code["annotator_id"], code["round"])
        found = rows.select(["annotator_id", "round"]).take(pa.array(first)).to_pylist()
        names = [(row["annotator_id"], row["round"]) for row in found]
        for name in names:
            self.judges.setdefault(name, len(self.judges))
        return number, names

    def _choices(self, rows: pa.Table, code: Mapping[str, Codes]) -> Codes:
        first, number = _distinct(code["label"], code["probability"])
        found = rows.select(["label", "probability"]).take(pa.array(first)).to_pylist()
        numbers = [self.choices.setdefault((row["label"], row["probability"]), len(self.choices)) for row in found]
        return np.array(numbers, dtype=np.intp)[number]

    def _profiles(self, digits: npt.NDArray[np.int64], names: Sequence[Judge]) -> Codes:
        """The number of the profile of each unit, from the choice of each judge, -1 where there is none."""
        first, number = _distinct(*(digits + 1).T)
        numbers = []
        for row in digits[first].tolist():
            made = ((self.judges[name], choice) for name, choice in zip(names, row, strict=True) if choice != ABSENT)
            numbers.append(self.profile_numbers.setdefault(frozenset(made), len(self.profile_numbers)))
        return np.array(numbers, dtype=np.intp)[number]

    def _paragraphs(self, rows: pa.Table) -> Codes:
        first, number = _distinct(_codes(rows, "paragraph_id"))
        numbers = []
        for row in rows.take(pa.array(first)).to_pylist():
            numbers.append(self.paragraphs.setdefault(row["paragraph_id"], len(self.paragraphs)))
            if numbers[-1] == len(self.sources):
                self.sources.append(row["source_id"])
        return np.array(numbers, dtype=np.intp)[number]

    def _add_overlaps(self, rows: pa.Table, unit: Codes, judge: Codes, names: Sequence[Judge]) -> None:
        """Compare the evidence of annotators who chose the same side, each in the latest round of the unit."""
        label = rows["label"].to_numpy()
        marked = np.isin(label, [*SIDES, Label.neutral]) & rows["evidence"].combine_chunks().is_valid().to_numpy(
            zero_copy_only=False
        )
        last: dict[str, Codes] = {}
        for at in sorted(range(len(names)), key=lambda at: names[at][1]):
            row = last.setdefault(names[at][0], np.full(unit.max(initial=-1) + 1, ABSENT, dtype=np.intp))
            chosen = np.flatnonzero(judge == at)
            row[unit[chosen]] = np.where(marked[chosen], chosen, ABSENT)
        who = sorted(last)
        for i, one in enumerate(who):
            for other in who[i + 1 :]:
                a, b = last[one], last[other]
                both = (a != ABSENT) & (b != ABSENT)
                both[both] &= label[a[both]] == label[b[both]]
                self.overlaps[one, other] = self.overlaps.get((one, other), np.zeros(3, np.int64)) + _overlap(
                    rows, a[both], b[both]
                )

    def profiles(self, clusters: Mapping[str, str]) -> Profiles:
        """All that was counted, with the cluster of each paragraph."""
        shape = len(self.profile_numbers), len(self.judges)
        label, probability = np.full(shape, ABSENT, dtype=np.intp), np.full(shape, np.nan)
        choices = list(self.choices)
        for profile, number in self.profile_numbers.items():
            for judge, choice in profile:
                label[number, judge], probability[number, judge] = choices[choice]
        entries = np.concatenate([np.zeros((4, 0), dtype=np.int64), *self.entries], axis=1)
        paragraph, target, profile, n = entries
        return Profiles(
            judges=tuple(self.judges),
            label=label,
            probability=probability,
            cluster=np.array([clusters[name] for name in self.paragraphs], dtype=str),
            source=np.array(self.sources, dtype=str),
            targets=self.targets,
            paragraph=paragraph,
            target=target,
            profile=profile,
            n=n,
            overlaps=self.overlaps,
        )


def _with_other_targets(rows: pa.Table, targets: Sequence[str]) -> pa.Table:
    """Judgements with further ones, `none`, for the targets that each annotator of a sentence did not choose."""
    own = np.flatnonzero(rows["holder"].is_null().to_numpy())
    first, number = _distinct(*(_codes(rows, name)[own] for name in ("sentence_id", "annotator_id", "round")))
    place = pc.index_in(rows["target_id"].cast(pa.string()), value_set=pa.array(targets, pa.string())).to_numpy()[own]
    left = np.setdiff1d(np.arange(len(first) * len(targets)), number * len(targets) + place)
    judge, other = np.divmod(left, max(len(targets), 1))
    more = rows.take(pa.array(own[first[judge]]))
    names = pa.array(targets, pa.string()).take(pa.array(other))
    columns = {
        "target_id": names.dictionary_encode().cast(rows.schema.field("target_id").type),
        "label": pa.array(np.full(len(left), int(Label.none)), rows.schema.field("label").type),
        "evidence": pa.nulls(len(left), rows.schema.field("evidence").type),
    }
    for name, column in columns.items():
        more = more.set_column(more.schema.get_field_index(name), rows.schema.field(name), column)
    return pa.concat_tables([rows, more]).unify_dictionaries().combine_chunks()


def _overlap(rows: pa.Table, one: Codes, other: Codes) -> npt.NDArray[np.int64]:
    """Characters that pairs of judgements both mark, characters marked by either, and the number of pairs."""
    lengths = []
    parts = [_spans(rows, one), _spans(rows, other)]
    for chosen in ([0], [1], [0, 1]):
        group, start, end = (np.concatenate([parts[i][j] for i in chosen]) for j in range(3))
        lengths.append(int(union_lengths(group, start, end).sum()))
    return np.array([lengths[0] + lengths[1] - lengths[2], lengths[0] + lengths[1], len(one)])


def _spans(rows: pa.Table, places: Codes) -> tuple[Codes, Codes, Codes]:
    """For the spans of some rows, the number of the row among them, start and end."""
    lists = rows["evidence"].combine_chunks().take(pa.array(places))
    start, end = (values.to_numpy() for values in lists.flatten().flatten())
    return pc.list_parent_indices(lists).to_numpy(), start, end


def _codes(rows: pa.Table, name: str) -> Codes:
    """A number from 0 for each value of a column, the same for equal ones; null is 0."""
    values = rows[name].combine_chunks()
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    found: Codes = coded.indices.fill_null(-1).to_numpy().astype(np.intp) + 1
    return found


def _distinct(*columns: Codes) -> tuple[Codes, Codes]:
    """Rows of codes from 0: the first of each kind in their order as numbers, and the kind of each row."""
    total, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        more = int(column.max(initial=0)) + 1
        if size * more > LARGEST:
            _, total = np.unique(total, return_inverse=True)
            size = int(total.max(initial=0)) + 1
        total, size = total * more + column, size * more
    if size > max(FEW, PER_ROW * len(total)):
        _, first, kind = np.unique(total, return_index=True, return_inverse=True)
        return first, kind
    place = np.full(size, ABSENT, dtype=np.intp)
    place[total[::-1]] = np.arange(len(total))[::-1]  # of equal ones, the first is written last
    there = np.flatnonzero(place != ABSENT)
    number = np.empty(size, dtype=np.intp)
    number[there] = np.arange(len(there))
    return place[there], number[total]
