"""The judgements of a dataset, read once and a batch at a time, and counted by cluster, target and profile."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.comparison.numbered_rows import PER_ROW, NumberedRows, Spans, kinds
from kazstance.comparison.profiles import ABSENT, Judge, Profiles
from kazstance.dataset import DatasetFolder, cluster_of_paragraph
from kazstance.errors import IntegrityError
from kazstance.schema.labels import Label, Scheme
from kazstance.stats.agreement import union_lengths
from kazstance.stats.counting import LARGEST, Codes

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
Choice = tuple[int, float]
"""A label, and the probability with which the annotator was asked."""
Profile = frozenset[tuple[int, int]]
"""The choice of each judge that judged, by their numbers."""
Numbers = dict[Any, int]
"""Values, numbered in order of appearance."""


def read_profiles(folder: DatasetFolder, sentences: pa.Array | None = None) -> Profiles:
    """Count the profiles of all judgements of a dataset, which are read once, a batch at a time.

    Args:
        folder: the dataset.
        sentences: count only judgements on these sentences, and only those on their speakers; by default, all.

    Raises:
        IntegrityError: the judgements are not in the order of their sentences.
    """
    names = _Names(folder.ids["target_id"], cluster_of_paragraph(folder))
    counter = _Counter(names, folder.manifest.scheme is Scheme.exclusive)
    left: NumberedRows | None = None
    for batch in _batches(folder, sentences):
        is_continued = names.is_continued(batch)
        rows = names.numbered(batch, is_continued=is_continued)
        rows = rows if left is None else left.joined(rows, is_continued=is_continued)
        ready, left = rows.parted()
        counter.add(ready)
    if left is not None:
        counter.add(left)
    if not names.are_in_order():
        raise IntegrityError(f"{folder.path}: judgements are not in the order of their sentences", folder.path)
    return counter.profiles()


def _batches(folder: DatasetFolder, sentences: pa.Array | None) -> Iterator[pa.RecordBatch]:
    """The judgements, with texts as dictionaries; only those on some sentences, if these are given."""
    folder.check_schema("judgements")
    for split in folder["judgements"].splits:
        for batch in folder.batches("judgements", split, COLUMNS, coded=True):
            coded = _coded(batch)
            rows = coded if sentences is None else _of_speakers(coded, sentences)
            if rows.num_rows:
                yield rows


def _coded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows with texts as dictionaries."""
    columns = [column.dictionary_encode() if pa.types.is_string(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, batch.schema.names)


def _of_speakers(batch: pa.RecordBatch, sentences: pa.Array) -> pa.RecordBatch:
    """The judgements on some sentences and on the stance of their speakers."""
    names = batch["sentence_id"]
    kept = pc.is_in(names.dictionary, value_set=sentences).take(names.indices)
    return batch.filter(pc.and_(kept, pc.is_null(batch["holder"])))


@dataclass
class _Names:
    """What the numbers of rows stand for; a name that is met for the first time has the next number."""

    targets: tuple[str, ...]
    cluster_of: Callable[[str], str]
    annotators: Numbers = field(default_factory=dict)
    judges: dict[Judge, int] = field(default_factory=dict)
    holders: Numbers = field(default_factory=lambda: {None: 0})
    choices: dict[Choice, int] = field(default_factory=dict)
    clusters: dict[str, int] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    """The source of each cluster."""
    sentences: list[pa.Array] = field(default_factory=list)
    """The sentences, by batch."""
    n_paragraphs: int = 0
    last: tuple[str | None, str | None] = None, None
    """The last sentence and its paragraph."""

    def is_continued(self, batch: pa.RecordBatch) -> bool:
        """Whether a batch begins with rows of the sentence that the last one ended with."""
        return bool(batch["sentence_id"][0].as_py() == self.last[0])

    def are_in_order(self) -> bool:
        """Whether all rows of each sentence followed each other."""
        names = pa.chunked_array(self.sentences, pa.string())
        return len(names.unique()) == len(names)

    def numbered(self, batch: pa.RecordBatch, *, is_continued: bool) -> NumberedRows:
        """A batch as numbers."""
        code = _codes(batch["sentence_id"])
        begin = np.concatenate([[0], np.flatnonzero(code[1:] != code[:-1]) + 1])
        sentence = np.repeat(np.arange(len(begin)), np.diff(begin, append=len(code)))
        names, *homes = (_at(batch[name], begin) for name in ("sentence_id", "paragraph_id", "source_id"))
        self.sentences.append(names[1:] if is_continued else names)
        cluster, paragraph = self._homes(*(home.to_pylist() for home in homes))
        self.last = names[-1].as_py(), homes[0][-1].as_py()
        target = pc.index_in(batch["target_id"].dictionary, value_set=pa.array(self.targets, pa.string()))
        marked, spans = _evidence(batch)
        return NumberedRows(
            cluster=cluster,
            paragraph=paragraph,
            sentence=sentence,
            target=target.to_numpy().astype(np.intp)[_codes(batch["target_id"])],
            holder=_numbered(batch["holder"], self.holders),
            judge=self._judges(batch),
            choice=self._choices(batch),
            marked=marked,
            spans=spans,
        )

    def _homes(self, paragraphs: Sequence[str], sources: Sequence[str]) -> tuple[Codes, Codes]:
        """The clusters of sentences, and how many paragraphs began before each or with it."""
        clusters, places, last = [], [], self.last[1]
        for paragraph, source in zip(paragraphs, sources, strict=True):
            if paragraph != last:
                self.n_paragraphs, last = self.n_paragraphs + 1, paragraph
            number = self.clusters.setdefault(self.cluster_of(paragraph), len(self.clusters))
            if number == len(self.sources):
                self.sources.append(source)
            clusters.append(number)
            places.append(self.n_paragraphs)
        return np.array(clusters, dtype=np.intp), np.array(places, dtype=np.intp)

    def _judges(self, batch: pa.RecordBatch) -> Codes:
        """The judge of each row: an annotator in a round."""
        annotator, (rounds, of_row) = _numbered(batch["annotator_id"], self.annotators), _values(batch["round"])
        there, number = kinds(annotator * len(rounds) + of_row)
        names, found = list(self.annotators), []
        for at in there.tolist():
            judge = names[at // len(rounds)], int(rounds[at % len(rounds)])
            found.append(self.judges.setdefault(judge, len(self.judges)))
        return np.array(found, dtype=np.intp)[number]

    def _choices(self, batch: pa.RecordBatch) -> Codes:
        label, (likely, of_row) = batch["label"].to_numpy(), _values(batch["probability"])
        there, number = kinds(label * len(likely) + of_row)
        found = []
        for at in there.tolist():
            choice = at // len(likely), float(likely[at % len(likely)])
            found.append(self.choices.setdefault(choice, len(self.choices)))
        return np.array(found, dtype=np.intp)[number]

    @property
    def labels(self) -> Codes:
        """The label of each choice."""
        return np.array([label for label, _ in self.choices], dtype=np.intp)

    def silent(self) -> Codes:
        """For each choice, that of `none` which was as likely to be asked for."""
        numbers = [
            self.choices.setdefault((int(Label.none), likely), len(self.choices)) for _, likely in list(self.choices)
        ]
        return np.array(numbers, dtype=np.intp)


def _at(column: pa.DictionaryArray, rows: Codes) -> pa.StringArray:
    """The texts of some rows."""
    return column.dictionary.take(column.indices.take(pa.array(rows)))


def _codes(column: pa.DictionaryArray) -> Codes:
    """The place of each value in the dictionary of a column without nulls."""
    found: Codes = column.indices.to_numpy().astype(np.intp)
    return found


def _numbered(column: pa.DictionaryArray, known: Numbers) -> Codes:
    """The number of each value of a column; those that are new are numbered."""
    if column.null_count == len(column) and None in known:
        return np.full(len(column), known[None])
    there, number = kinds(column.indices.fill_null(-1).to_numpy().astype(np.intp) + 1)
    names = [None, *column.dictionary.to_pylist()]
    return np.array([known.setdefault(names[at], len(known)) for at in there.tolist()], dtype=np.intp)[number]


def _values(column: pa.Array) -> tuple[npt.NDArray[Any], Codes | int]:
    """The distinct values of a column of numbers, and the place of each value among them."""
    values = column.to_numpy()
    if (values == values[0]).all():
        return values[:1], 0
    distinct, place = np.unique(values, return_inverse=True)
    return distinct, place


def _evidence(batch: pa.RecordBatch) -> tuple[npt.NDArray[np.bool_], Spans]:
    """Whether each row is a stance whose evidence was recorded, and the spans of these rows."""
    lists = batch["evidence"]
    is_stance = batch["label"].to_numpy() != Label.none
    marked = is_stance & lists.is_valid().to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(marked)
    chosen = lists.take(pa.array(rows))
    start, end = (values.to_numpy() for values in chosen.flatten().flatten())
    return marked, Spans(rows[pc.list_parent_indices(chosen).to_numpy()], start, end)


@dataclass
class _Counter:
    """Counts the profiles of units, which are sentences on targets for a holder."""

    names: _Names
    is_exclusive: bool
    """Whether a sentence has one code: what an annotator gives to one target, and not to the others."""
    profile_numbers: dict[Profile, int] = field(default_factory=dict)
    judged: dict[int, None] = field(default_factory=dict)
    entries: list[npt.NDArray[np.int32]] = field(default_factory=list)
    overlaps: dict[tuple[str, str], npt.NDArray[np.int64]] = field(default_factory=dict)

    def add(self, rows: NumberedRows) -> None:
        """Count the judgements of some sentences, all those of each."""
        if not len(rows):
            return
        rows = self._with_other_targets(rows) if self.is_exclusive else rows
        width, holders = len(self.names.targets), int(rows.holder.max()) + 1
        unit = (rows.sentence * width + rows.target) * holders + rows.holder
        units = np.arange(len(rows.cluster) * width * holders)
        if len(units) > PER_ROW * len(rows):
            units, unit = np.unique(unit, return_inverse=True)
        judges, judge = kinds(rows.judge)
        place = np.full((len(units), len(judges)), ABSENT)
        place[unit, judge] = np.arange(len(rows))
        profile = self._profiles(np.append(rows.choice, ABSENT)[place], judges)
        there = np.flatnonzero(profile != ABSENT)
        sentence, target = np.divmod(units[there] // holders, width)
        self._note(rows.paragraph[sentence], target)
        self.entries.append(_counted(rows.cluster[sentence], target, profile[there]))
        self._add_overlaps(rows, place, judges)

    def _with_other_targets(self, rows: NumberedRows) -> NumberedRows:
        """Judgements with further ones, `none`, for the targets that each annotator of a sentence did not choose."""
        width, judges = len(self.names.targets), len(self.names.judges)
        own = np.flatnonzero(rows.holder == 0)
        there, number = kinds(rows.sentence[own] * judges + rows.judge[own])
        first = np.empty(len(there), dtype=np.intp)
        first[number[::-1]] = own[::-1]
        left = np.setdiff1d(np.arange(len(there) * width), number * width + rows.target[own])
        of_judge, other = np.divmod(left, max(width, 1))
        like = first[of_judge]
        more = {
            "sentence": rows.sentence[like],
            "target": other,
            "holder": np.zeros_like(like),
            "judge": rows.judge[like],
            "choice": self.names.silent()[rows.choice[like]],
            "marked": np.zeros(len(like), dtype=np.bool_),
        }
        both: dict[str, Any] = {name: np.concatenate([getattr(rows, name), new]) for name, new in more.items()}
        return replace(rows, **both)

    def _profiles(self, chosen: Codes, judges: Codes) -> Codes:
        """The number of the profile of each unit, from the choice of each judge; `ABSENT` where nobody judged."""
        total, size = np.zeros(len(chosen), dtype=np.int64), 1
        base = len(self.names.choices) + 1
        for column in chosen.T:
            if size * base > LARGEST:
                _, total = np.unique(total, return_inverse=True)
                size = int(total.max(initial=0)) + 1
            total, size = total * base + column + 1, size * base
        there, number = kinds(total)
        example = np.empty(len(there), dtype=np.intp)
        example[number] = np.arange(len(number))
        numbers = []
        for row in chosen[example].tolist():
            made = frozenset((judge, choice) for judge, choice in zip(judges.tolist(), row, strict=True) if choice >= 0)
            numbers.append(self.profile_numbers.setdefault(made, len(self.profile_numbers)) if made else ABSENT)
        return np.array(numbers, dtype=np.intp)[number]

    def _note(self, paragraph: Codes, target: Codes) -> None:
        """Note which targets were judged, paragraph by paragraph."""
        if len(self.judged) < len(self.names.targets):
            known = np.isin(target, list(self.judged))
            paragraph, target = paragraph[~known], target[~known]
            self.judged |= dict.fromkeys(target[np.lexsort((target, paragraph))].tolist())

    def _add_overlaps(self, rows: NumberedRows, place: Codes, judges: Codes) -> None:
        """Compare the evidence of annotators who chose the same side, each in the latest round of the unit."""
        place = place[np.append(rows.marked, False)[place].any(axis=1)]
        side = np.append(np.where(rows.marked, self.names.labels[rows.choice], ABSENT), ABSENT)
        names = list(self.names.judges)
        last: dict[str, Codes] = {}
        for at, (who, _) in sorted(enumerate(names[judge] for judge in judges.tolist()), key=lambda found: found[1][1]):
            last[who] = np.where(place[:, at] == ABSENT, last.get(who, ABSENT), place[:, at])
        for one, other in combinations(sorted(last), 2):
            a, b = last[one], last[other]
            both = (side[a] != ABSENT) & (side[a] == side[b])
            before = self.overlaps.get((one, other), np.zeros(3, np.int64))
            self.overlaps[one, other] = before + _overlap(rows.spans, a[both], b[both])

    def profiles(self) -> Profiles:
        """All that was counted."""
        names = self.names
        shape = len(self.profile_numbers), len(names.judges)
        label, probability = np.full(shape, ABSENT, dtype=np.intp), np.full(shape, np.nan)
        choices = list(names.choices)
        for profile, number in self.profile_numbers.items():
            for judge, choice in profile:
                label[number, judge], probability[number, judge] = choices[choice]
        cluster, target, found, n = self._summed()
        return Profiles(
            judges=tuple(names.judges),
            label=label,
            probability=probability,
            cluster=np.array(list(names.clusters), dtype=str),
            source=np.array(names.sources, dtype=str),
            targets=names.targets,
            judged=tuple(self.judged),
            home=cluster,
            target=target,
            profile=found,
            n=n,
            overlaps=self.overlaps,
        )

    def _summed(self) -> npt.NDArray[np.int32]:
        """The entries, with those that are alike counted together."""
        cluster, target, profile, n = np.concatenate([np.zeros((4, 0), dtype=np.int32), *self.entries], axis=1)
        return _counted(cluster, target, profile, n)


def _counted(cluster: Codes, target: Codes, profile: Codes, n: Codes | None = None) -> npt.NDArray[np.int32]:
    """How often each combination of cluster, target and profile occurs: shape (4, combinations), in order.

    Args:
        cluster: the cluster of each unit.
        target: its target.
        profile: its profile.
        n: how many units each stands for; by default, one.
    """
    width, depth = (int(numbers.max(initial=0)) + 1 for numbers in (target, profile))
    key = (cluster.astype(np.int64) * width + target) * depth + profile
    if n is None:
        key, sums = np.unique(key, return_counts=True)
    else:
        key, place = np.unique(key, return_inverse=True)
        sums = np.bincount(place, n)
    return np.stack([key // depth // width, key // depth % width, key % depth, sums]).astype(np.int32)


def _overlap(spans: Spans, one: Codes, other: Codes) -> npt.NDArray[np.int64]:
    """Characters that pairs of judgements both mark, characters marked by either, and the number of pairs."""
    lengths = []
    parts = [spans.of(one), spans.of(other)]
    for chosen in ([0], [1], [0, 1]):
        group, start, end = (np.concatenate([parts[i][j] for i in chosen]) for j in range(3))
        lengths.append(int(union_lengths(group, start, end).sum()))
    return np.array([lengths[0] + lengths[1] - lengths[2], lengths[0] + lengths[1], len(one)])
