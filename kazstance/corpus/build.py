"""From a corpus folder to a dataset: read, repair, segment, judge, split, write."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.corpus.copy_counts import count_copies
from kazstance.corpus.copy_groups import copy_rows
from kazstance.corpus.decisions import Decision
from kazstance.corpus.judge import JudgedChunk, Stances, judge
from kazstance.corpus.pairs import make_pairs
from kazstance.corpus.probes import check_probes, make_probes
from kazstance.corpus.read import TARGETS, Corpus, open_corpus, raise_all
from kazstance.corpus.readings import check_readings
from kazstance.corpus.segment import segment
from kazstance.corpus.shelf import Shelf, by_split
from kazstance.corpus.split import SHARES, missing, split_in_domain
from kazstance.corpus.tables import as_table, small_tables
from kazstance.corpus.workers import Workers, available
from kazstance.corpus.write import DatasetWriter, plain_schema
from kazstance.errors import Problem, first_problems
from kazstance.language.words import word_tools
from kazstance.output.terminal import echo
from kazstance.paths import StrPath
from kazstance.schema.columns import to_arrow
from kazstance.schema.folds import protocol_folds
from kazstance.schema.labels import Label, ProbeKind
from kazstance.schema.manifest import Fold, Manifest, MappedLabel
from kazstance.schema.records import SPLITS, Sentence

Say = Callable[[str], None]
Ints = npt.NDArray[np.int64]
FEW: Final = 4_000
"""Units up to which a corpus is judged in this process: others take longer to start."""


class Sink(Protocol):
    """What takes the rows of tables, in order."""

    def add(self, table: str, split: str, rows: pa.Table) -> None:
        """Take rows of a split."""


@dataclass(frozen=True)
class Draft:
    """A dataset before its manifest is written."""

    corpus: Corpus
    folds: dict[str, tuple[Fold, ...]]
    tools: dict[str, str]
    mapped: tuple[MappedLabel, ...]


@dataclass(frozen=True)
class Gathered:
    """The rows of all tables, in memory."""

    rows: dict[str, dict[str, pa.Table]] = field(default_factory=dict)

    def add(self, table: str, split: str, rows: pa.Table) -> None:
        """Add rows to those of a split."""
        there = self.rows.setdefault(table, {})
        plain = rows.cast(plain_schema(table, rows.schema))
        there[split] = pa.concat_tables([there[split], plain]) if split in there else plain


def build(
    path: StrPath, folder: StrPath, say: Say = echo, *, strict: bool = False, processes: int | None = None
) -> Manifest:
    """Build the dataset of a corpus folder into an empty folder; progress is reported through `say`.

    Args:
        path: the corpus folder.
        folder: an empty folder, which is written.
        say: told what was done, a line at a time.
        strict: report undecided pairs, and labels or targets that a split lacks, as problems.
        processes: how many processes judge; by default, as many as there are processors if the corpus is large.

    Raises:
        InputError: the corpus folder has problems; all of them are listed.
    """
    with DatasetWriter(folder) as writer:
        draft = _make(Path(path), writer, say, strict=strict, processes=processes)
        corpus = draft.corpus
        manifest = writer.finish(
            corpus.header, draft.folds, corpus.digests, tools=draft.tools, rounds=corpus.rounds, mapped=draft.mapped
        )
    say(f"write    {manifest.n_rows} rows in {len(manifest.tables)} tables, digest {manifest.digest[:12]}")
    return manifest


def make(path: StrPath, say: Say = echo, *, strict: bool = False) -> Gathered:
    """Make the tables of a corpus folder in memory, without writing anything.

    Args:
        path: the corpus folder.
        say: told what was done, a line at a time.
        strict: report undecided pairs, and labels or targets that a split lacks, as problems.

    Raises:
        InputError: the corpus folder has problems; all of them are listed.
    """
    found = Gathered()
    _make(Path(path), found, say, strict=strict, processes=0)
    return found


def _make(path: Path, sink: Sink, say: Say, *, strict: bool, processes: int | None) -> Draft:
    """Make the tables of a corpus folder and give them to a sink."""
    corpus = open_corpus(path)
    curation = f"{len(corpus.repairs)} repairs, {len(corpus.units)} unit rules"
    say(f"read     {len(corpus.sources)} sources, {len(corpus.targets)} targets, {curation}")
    tools = {segmenter.name: segmenter.version for segmenter in corpus.segmenters.values()}
    for document in corpus.documents:
        tools |= word_tools(document.language)
    sentences, problems = segment(corpus)
    if problems:
        raise_all([*problems, *check_readings(corpus.readings)])
    annotated = [sentence for sentence in sentences if sentence.annotated]
    characters = sum(len("".join(text.split())) for text in corpus.texts.values())
    say(f"segment  {len(sentences)} units, {len(annotated)} annotated; each of {characters} characters in exactly one")
    units = to_arrow(Sentence, sentences)
    sink.add("sentences", "all", units)
    if processes is None:
        processes = available() if len(units) > FEW else 0
    with tempfile.TemporaryDirectory(prefix="kazstance-") as place:
        found = _Judged(Path(place), units, len(corpus.targets), [entry.value.id for entry in corpus.targets])
        with Workers(processes) as workers:
            for chunk in judge(corpus, units, workers, strict=strict):
                found.add(chunk, sink)
        found.check(check_probes(corpus, sentences), n_pairs=len(annotated) * len(corpus.targets))
        _report(found, len(annotated), len(corpus.targets), say)
        folds = _finish(corpus, sentences, found, sink, say, strict=strict)
    return Draft(corpus, folds, tools, found.mapped_labels)


class _Judged:
    """What is kept of judged chunks: rows on shelves, stances and counts."""

    def __init__(self, place: Path, units: pa.Table, n_targets: int, targets: Sequence[str]) -> None:
        self.units, self.targets = units, targets
        self.shelves = {name: Shelf(place / name) for name in ("grid", "stances")}
        self.parts: list[Stances] = []
        self.silent: list[Ints] = []
        self.asked: list[Ints] = []
        self.n_pairs = self.n_undecided = self.n_asked = 0
        self.by_annotator: Counter[str] = Counter()
        self.mapped: Counter[tuple[str, str]] = Counter()
        self.missing: dict[str, tuple[int, str | None]] = {}
        self.faults: list[Problem] = []
        self.problems: list[Problem] = []
        self.undecided: list[Problem] = []

    def add(self, chunk: JudgedChunk, sink: Sink) -> None:
        """Add a chunk; its judgements go on at once."""
        self.faults += chunk.faults
        self.problems += chunk.problems
        self.undecided += chunk.undecided
        for name, (n, first) in chunk.missing.items():
            before, earliest = self.missing.get(name, (0, None))
            self.missing[name] = before + n, earliest or first
        if self.faults or self.problems or not chunk.tables:
            return
        sink.add("judgements", "all", chunk.tables["judgements"])
        for name, shelf in self.shelves.items():
            shelf.add(chunk.tables[name])
        self.parts.append(chunk.stances)
        self.silent.append(chunk.silent)
        self.asked.append(chunk.asked)
        self.n_asked += len(chunk.asked)
        self.n_pairs += chunk.n_pairs
        self.n_undecided += chunk.n_undecided
        self.by_annotator += chunk.by_annotator
        self.mapped += chunk.mapped

    def check(self, more: Sequence[Problem], n_pairs: int) -> None:
        """Raise all problems: those of lines on their own, or else those of what they say."""
        raise_all(_first(self.faults))
        for name, (n, first) in self.missing.items():
            if n:
                message = f"{n} of {n_pairs} pairs not covered, the first {first}; expected all"
                self.problems.append(Problem(f"annotations/{name}.jsonl", None, "covered", message))
        raise_all([*self.problems, *more, *self.undecided])

    @property
    def stances(self) -> Stances:
        """All stances, in order."""
        columns = ("unit", "target", "label", "is_own")
        return Stances(*(np.concatenate([getattr(part, name) for part in self.parts] or [[]]) for name in columns))

    @property
    def mapped_labels(self) -> tuple[MappedLabel, ...]:
        """The labels of another scheme, and how often they occur."""
        return tuple(
            MappedLabel(original=original, label=label, judgements=n)
            for (original, label), n in sorted(self.mapped.items())
        )

    def asked_rows(self) -> pa.Table | None:
        """A row for each pair that was asked; None if all were."""
        n_annotated = int(self.units["annotated"].to_numpy().sum())
        if self.n_asked == n_annotated * len(self.targets):
            return None
        asked = np.concatenate(self.asked)
        rows = self.units.select(["source_id", "paragraph_id"]).take(pa.array(asked[:, 0]))
        return rows.append_column("target_id", pa.array(self.targets, pa.string()).take(pa.array(asked[:, 1])))


def _first(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The first problems of each file."""
    by_file: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: problem.place):
        by_file.setdefault(problem.file, []).append(problem)
    for found in by_file.values():
        yield from first_problems(found)


def _report(found: _Judged, n_annotated: int, n_targets: int, say: Say) -> None:
    every = f"{n_annotated * n_targets} pairs ({n_annotated} sentences × {n_targets} targets)"
    say(f"judge    {found.n_pairs} of {every} were asked; {found.n_undecided} are undecided")
    counts = sorted(found.by_annotator.items())
    say("judge    judgements: " + (", ".join(f"{who} {n}" for who, n in counts) or "0"))


def _finish(
    corpus: Corpus, sentences: Sequence[Sentence], found: _Judged, sink: Sink, say: Say, *, strict: bool
) -> dict[str, tuple[Fold, ...]]:
    """Split what was judged, and make the tables that need the splits or all rows."""
    annotated = [sentence for sentence in sentences if sentence.annotated]
    stances, units = found.stances, found.units
    decisions = {
        (sentences[unit].sentence_id, found.targets[target]): Decision(Label(label))
        for unit, target, label in zip(
            stances.unit.tolist(), stances.target.tolist(), stances.label.tolist(), strict=True
        )
    }
    copies = copy_rows(annotated, {document.document_id: document.language for document in corpus.documents})
    split = split_in_domain(sentences, decisions, copies, corpus.header.id)
    lacking = _check_splits(sentences, found, split)
    raise_all(lacking if strict else ())
    sizes = Counter(split.values())
    say("split    " + ", ".join(f"{name} {sizes[name]} paragraphs" for name in SHARES))
    for problem in lacking:
        say(f"split    note: {problem.message}")
    folds = protocol_folds(
        [entry.value.id for entry in corpus.sources],
        {entry.value.id: entry.value.fold or 1 for entry in corpus.targets},
    )
    for line in count_copies(copies, annotated, decisions, split, folds):
        say(f"copies   {line}")
    sink.add("copies", "all", as_table("copies", copies))
    _add_split(corpus, found, split, sink)
    probes: Counter[str] = Counter()
    for rows in make_probes(corpus, sentences, found.shelves["stances"]):
        probes.update(rows["probe"].to_pylist())
        sink.add("probes", "all", rows)
    for table, rows in small_tables(corpus, units, _own(stances), found.asked_rows()).items():
        sink.add(table, "all", rows)
    say("probes   " + ", ".join(f"{probes[kind]} {kind}" for kind in ProbeKind))
    return folds


def _own(stances: Stances) -> Stances:
    """The stances of speakers."""
    at = stances.is_own
    return Stances(stances.unit[at], stances.target[at], stances.label[at], at[at])


def _add_split(corpus: Corpus, found: _Judged, split: Mapping[str, str], sink: Sink) -> None:
    """Add the tables that have splits."""
    home = pa.table({"paragraph_id": list(split), "split": list(split.values())})
    home = pa.table({name: home[name].cast(pa.string()).combine_chunks() for name in home.column_names})
    for table, shelf in found.shelves.items():
        for rows in shelf:
            for name, part in by_split(rows, home, SPLITS):
                sink.add(table, name, part)
    stances = _own(found.stances)
    place = {name: i for i, name in enumerate(SPLITS)}
    codes = found.units["paragraph_id"].combine_chunks().dictionary_encode()
    by_paragraph = np.array([place.get(split.get(name, ""), -1) for name in codes.dictionary.to_pylist()], np.int64)
    of_unit = by_paragraph[codes.indices.to_numpy()]
    targets = {entry.value.id: entry.value.name for entry in corpus.targets}
    for name, rows in make_pairs(found.units, stances, of_unit[stances.unit], SPLITS, targets, corpus.header.id):
        sink.add("pairs", name, rows)


def _check_splits(sentences: Sequence[Sentence], found: _Judged, split: Mapping[str, str]) -> list[Problem]:
    """Labels and targets that do not occur in every split although there are enough of them."""
    paragraph = {sentence.sentence_id: sentence.paragraph_id for sentence in sentences if sentence.annotated}
    stances = found.stances
    rows = [
        (sentences[unit].sentence_id, found.targets[target], Label(label))
        for unit, target, label in zip(stances.unit, stances.target, stances.label, strict=True)
    ]
    rows += [(sentences[unit].sentence_id, "", Label.none) for part in found.silent for unit in part.tolist()]
    held = ((split[paragraph[sentence]], (sentence, target), label) for sentence, target, label in rows)
    return [Problem(TARGETS, None, None, f"{what}, expected it in every split") for what in missing(held, paragraph)]
