"""From a corpus folder to a dataset: read, repair, segment, judge, split, write."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.comparison.overlap import overlaps
from kazstance.corpus.collected import Collected
from kazstance.corpus.copy_counts import count_copies
from kazstance.corpus.copy_groups import named_rows
from kazstance.corpus.decisions import Decision, PairKey
from kazstance.corpus.division import check_splits, count_torn, divide, divided, given_splits, own, paired
from kazstance.corpus.judge import judge
from kazstance.corpus.probes import check_probes, make_probes
from kazstance.corpus.progress import Progress
from kazstance.corpus.read import Corpus, open_corpus, raise_all
from kazstance.corpus.readings import check_readings
from kazstance.corpus.segment import segment_all
from kazstance.corpus.split import SHARES
from kazstance.corpus.tables import as_table, small_tables, text_tables
from kazstance.corpus.target_folds import described, target_folds
from kazstance.corpus.workers import Workers, available
from kazstance.corpus.write import DatasetWriter, plain_schema
from kazstance.language.words import word_tools
from kazstance.output.counted import counted
from kazstance.output.terminal import echo
from kazstance.paths import StrPath
from kazstance.schema.folds import protocol_folds
from kazstance.schema.labels import Label, ProbeKind
from kazstance.schema.manifest import Fold, Manifest, MappedLabel
from kazstance.schema.records import Copy, Sentence

Say = Callable[[str], None]
PARTS: Final = "parts"
FEW: Final = 500_000
"""Characters up to which a corpus is built in this process: other processes take longer to start."""
AT_ONCE: Final = 20_000
"""Units that are copied at a time."""


class Sink(Protocol):
    """What takes the rows of tables, in order."""

    def add(self, table: str, split: str, rows: pa.Table) -> None:
        """Take rows of a split.

        Args:
            table: the name of the table.
            split: the name of the split.
            rows: the rows.
        """

    def close(self, table: str) -> None:
        """Note that a table is complete.

        Args:
            table: the name of the table.
        """


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
        """Add rows to those of a split.

        Args:
            table: the name of the table.
            split: the name of the split.
            rows: the rows.
        """
        there = self.rows.setdefault(table, {})
        plain = rows.cast(plain_schema(table, rows.schema))
        there[split] = pa.concat_tables([there[split], plain]) if split in there else plain

    def close(self, table: str) -> None:
        """Nothing: the rows stay in memory.

        Args:
            table: the name of the table.
        """


def build(
    path: StrPath, folder: StrPath, say: Say = echo, *, strict: bool = False, processes: int | None = None
) -> Manifest:
    """Build the dataset of a corpus folder into an empty folder; progress is reported through `say`.

    Args:
        path: the corpus folder.
        folder: an empty folder, which is written.
        say: told what was done, a line at a time.
        strict: report undecided pairs, and labels or targets that a split lacks, as problems.
        processes: how many processes segment and judge; by default, as many as there are processors, and none but this
            one for a small corpus.

    Raises:
        InputError: the corpus folder has problems; all of them are listed.
    """
    with _parts(Path(folder)) as place, DatasetWriter(folder) as writer:
        draft = _make(Path(path), writer, place, say, strict=strict, processes=processes)
        corpus = draft.corpus
        manifest = writer.finish(
            corpus.header,
            draft.folds,
            corpus.digests,
            tools=draft.tools,
            rounds=corpus.rounds,
            mapped=draft.mapped,
            imported=(corpus.imported,) if corpus.imported else (),
            samples=corpus.samples,
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
    _make(Path(path), found, None, say, strict=strict, processes=0)
    return found


@contextmanager
def _parts(folder: Path) -> Iterator[Path]:
    """A place for rows that have to wait, in the folder that is written, where a killed run leaves nothing else."""
    place = folder / PARTS
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _make(path: Path, sink: Sink, place: Path | None, say: Say, *, strict: bool, processes: int | None) -> Draft:
    """Make the tables of a corpus folder and give them to a sink; without a place, all rows wait in memory."""
    corpus = open_corpus(path)
    curation = f"{len(corpus.repairs)} repairs, {len(corpus.units)} unit rules"
    say(f"read     {len(corpus.sources)} sources, {len(corpus.targets)} targets, {curation}")
    if processes is None:
        processes = available() if sum(map(len, corpus.texts.values())) > FEW else 0
    with Workers(processes) as workers:
        units = _segment(corpus, workers, sink, say)
        corpus = replace(corpus, texts={})  # all that is needed of them is in rows
        found = Collected(place, units, [entry.value.id for entry in corpus.targets])
        _judge(corpus, found, workers, sink, say, strict=strict)
        copies = _copies(corpus, units, workers)
    folds = _finish(corpus, found, copies, sink, say, strict=strict)
    tools = {segmenter.name: segmenter.version for segmenter in corpus.segmenters.values()}
    for document in corpus.documents:
        tools |= word_tools(document.language)
    return Draft(corpus, folds, tools, found.mapped_labels)


def _segment(corpus: Corpus, workers: Workers, sink: Sink, say: Say) -> pa.Table:
    """The units of all texts."""
    units, problems = segment_all(corpus, workers, Progress("segment", say))
    if problems:
        raise_all([*problems, *check_readings(corpus.readings)])
    annotated = pc.sum(units["annotated"]).as_py() or 0
    characters = sum(len("".join(text.split())) for text in corpus.texts.values())
    say(f"segment  {len(units)} units, {annotated} annotated; each of {characters} characters in exactly one")
    for begin in range(0, max(len(units), 1), AT_ONCE):
        sink.add("sentences", "all", units.slice(begin, AT_ONCE))
    sink.close("sentences")
    for table, rows in text_tables(corpus).items():
        sink.add(table, "all", rows)
    return units


def _judge(corpus: Corpus, found: Collected, workers: Workers, sink: Sink, say: Say, *, strict: bool) -> None:
    """Judge the units, and raise what is wrong with their annotation."""
    progress = Progress("judge", say)
    for chunk in judge(corpus, found.units, workers, strict=strict):
        judgements = found.add(chunk)
        if judgements is not None:
            sink.add("judgements", "all", judgements)
        progress.show(chunk.end / max(len(found.units), 1))
    sink.close("judgements")
    found.check([*check_probes(corpus, found.units), *given_splits(corpus, found.units)[1]])
    n_targets = len(corpus.targets)
    every = f"{found.n_annotated * n_targets} pairs ({found.n_annotated} sentences × {n_targets} targets)"
    say(f"judge    {found.n_pairs} of {every} were asked; {found.n_undecided} are undecided")
    counts = sorted(found.by_annotator.items())
    say("judge    judgements: " + (", ".join(f"{who} {n}" for who, n in counts) or "0"))


def _finish(
    corpus: Corpus, found: Collected, copies: list[Copy], sink: Sink, say: Say, *, strict: bool
) -> dict[str, tuple[Fold, ...]]:
    """Split what was judged, and make the tables that need the splits or all rows."""
    given, _ = given_splits(corpus, found.units)
    split = divide(found, copies, corpus.header.id, given)
    lacking = check_splits(found, split)
    raise_all(lacking if strict else ())
    sizes = Counter(split.values())
    say("split    " + ", ".join(f"{name} {sizes[name]} paragraphs" for name in SHARES))
    for line in (*_kept(found, copies, split, given), *(f"note: {problem.message}" for problem in lacking)):
        say(f"split    {line}")
    of_target = _folds(corpus, found, say)
    folds = protocol_folds([entry.value.id for entry in corpus.sources], of_target)
    sentences, decisions = _copied(found, copies)
    for line in count_copies(copies, sentences, decisions, split, folds):
        say(f"copies   {line}")
    sink.add("copies", "all", as_table("copies", copies))
    with ThreadPoolExecutor(1) as thread:
        pairs = thread.submit(_add, sink, paired(corpus, found, split))
        _add(sink, divided(found, split))
        pairs.result()
    probes: Counter[str] = Counter()
    for rows in make_probes(corpus, found.units, found.shelves["stances"]):
        probes.update(rows["probe"].to_pylist())
        sink.add("probes", "all", rows)
    made = small_tables(corpus, found.units, own(found.stances), found.asked_rows(), of_target)
    for table, rows in made.items():
        sink.add(table, "all", rows)
    say("probes   " + ", ".join(f"{probes[kind]} {kind}" for kind in ProbeKind))
    return folds


def _add(sink: Sink, parts: Iterable[tuple[str, str, pa.Table]]) -> None:
    """Give rows to a sink, each with table and split; a table is complete when the next one begins."""
    for table, found in groupby(parts, key=itemgetter(0)):
        for _, name, rows in found:
            sink.add(table, name, rows)
        sink.close(table)


def _kept(found: Collected, copies: list[Copy], split: Mapping[str, str], given: Mapping[str, str]) -> Iterator[str]:
    """How many paragraphs have the split that the corpus gives, and how many groups of copies that separates."""
    if kept := sum(name in given for name in split):
        yield f"{kept} of {len(split)} paragraphs have the split that the corpus gives"
        if torn := count_torn(found, copies, split):
            left_out = "training rows that copy a tested row are left out"
            yield f"note: that separates {counted(torn, 'group')} of paragraphs with copies; {left_out}"


def _folds(corpus: Corpus, found: Collected, say: Say) -> dict[str, int]:
    """The fold of each target."""
    counts = np.bincount(found.stances.target, minlength=len(found.targets)).tolist()
    rows = dict(zip(found.targets, counts, strict=True))
    close = [pair for pair in overlaps(found.shelves["stances"], found.targets) if pair.is_close]
    folds = target_folds({entry.value.id: entry.value.fold for entry in corpus.targets}, close, rows, corpus.header.id)
    for line in described(folds, close, rows):
        say(f"folds    {line}")
    return folds


def _copies(corpus: Corpus, units: pa.Table, workers: Workers) -> list[Copy]:
    """The rows of the table copies."""
    spoken = {document.document_id: document.language for document in corpus.documents}
    languages = map(spoken.__getitem__, _annotated(units, "document_id"))
    names = units["sentence_id"].filter(units["annotated"]).combine_chunks()
    return named_rows(lambda place: str(names[place]), _annotated(units, "text"), languages, workers)


def _annotated(units: pa.Table, column: str) -> Iterator[str]:
    """The values of a column for annotated units, without all of them in memory at once."""
    for part in units.select([column, "annotated"]).to_batches(AT_ONCE):
        yield from part[column].filter(part["annotated"]).to_pylist()


def _copied(found: Collected, copies: Sequence[Copy]) -> tuple[list[Sentence], dict[PairKey, Decision]]:
    """The sentences that are copies of others, and the stances of their speakers."""
    names = pa.array({copy.sentence_id for copy in copies} | {copy.copy_of for copy in copies}, pa.string())
    columns = found.units.select(["sentence_id", "paragraph_id", "source_id"])
    is_copied = pc.is_in(columns["sentence_id"], value_set=names)
    sentences = [Sentence.model_construct(**row) for row in columns.filter(is_copied).to_pylist()]
    stances = own(found.stances)
    at = is_copied.to_numpy()[stances.unit]
    ids = columns["sentence_id"].take(pa.array(stances.unit[at])).to_pylist()
    pairs = zip(ids, (found.targets[target] for target in stances.target[at].tolist()), strict=True)
    labels = (Decision(Label(label)) for label in stances.label[at].tolist())
    return sentences, dict(zip(pairs, labels, strict=True))
