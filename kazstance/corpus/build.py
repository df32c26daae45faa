"""From a corpus folder to a dataset: read, repair, segment, judge, split, write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kazstance.corpus.copies import Copy, crossing, find_copies
from kazstance.corpus.judge import judge
from kazstance.corpus.read import SOURCES, TARGETS, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.corpus.split import missing, protocol_folds, split_in_domain
from kazstance.corpus.tables import Rows, make_tables
from kazstance.corpus.write import write
from kazstance.errors import Problem
from kazstance.schema.manifest import Fold, Manifest
from kazstance.schema.records import Sentence

Say = Callable[[str], None]


@dataclass(frozen=True)
class Dataset:
    """A dataset before it is written."""

    corpus: Corpus
    rows: Rows
    folds: dict[str, tuple[Fold, ...]]


def build(path: Path, folder: Path, say: Say = print) -> Manifest:
    """Build the dataset of a corpus folder into an empty folder; `say` is told what was done.

    Raises:
        InputError: with every problem found.
    """
    dataset = make(path, say)
    manifest = write(folder, dataset.corpus.header, dataset.rows, dataset.folds, dataset.corpus.digests)
    say(
        f"write    {sum(f.rows for files in manifest.tables.values() for f in files.values())} rows in {len(manifest.tables)} tables, digest {manifest.digest[:12]}"
    )
    return manifest


def make(path: Path, say: Say = print) -> Dataset:
    """Make the dataset of a corpus folder, without writing anything.

    Raises:
        InputError: with every problem found.
    """
    corpus = read(path)
    say(
        f"read     {len(corpus.sources)} sources, {len(corpus.targets)} targets, {len(corpus.repairs)} repairs, {len(corpus.units)} unit rules"
    )
    sentences, problems = segment(corpus)
    raise_all(problems)
    annotated = [sentence for sentence in sentences if sentence.annotated]
    covered = sum(len(text) - sum(map(text.count, " \n\t\r\u00a0")) for text in corpus.texts.values())
    say(f"segment  {len(sentences)} units, {len(annotated)} annotated; they cover 100 % of {covered} characters")
    judgements, decisions, problems = judge(corpus, sentences)
    raise_all(problems)
    stated = sum(judgement.label.name != "none" for judgement in judgements)
    say(
        f"judge    {len(annotated)} sentences × {len(corpus.targets)} targets × {len(corpus.readings)} annotators: {stated} labels, {len(decisions)} pairs decided"
    )
    copies = find_copies(annotated)
    split = split_in_domain(sentences, decisions, copies, corpus.header.id)
    folds = protocol_folds(corpus.sources, corpus.targets)
    raise_all(_audit(annotated, copies, split, say))
    paragraph = {s.sentence_id: s.paragraph_id for s in annotated}
    lacking = missing(((split[paragraph[pair[0]]], pair, d.label) for pair, d in decisions.items()), paragraph)
    raise_all(Problem(TARGETS, None, None, f"{what}, though it spans enough paragraphs") for what in lacking)
    say(
        "split    "
        + ", ".join(
            f"{name} {sum(part == name for part in split.values())} paragraphs" for name in sorted(set(split.values()))
        )
    )
    return Dataset(corpus, make_tables(corpus, sentences, judgements, decisions, split), folds)


def _audit(annotated: Sequence[Sentence], copies: Sequence[Copy], split: dict[str, str], say: Say) -> list[Problem]:
    """Copies and shared quotations that cross the boundaries of the splits or of the sources."""
    boundaries = {
        "in_domain": {s.sentence_id: split[s.paragraph_id] for s in annotated},
        "cross_source, cross_both": {s.sentence_id: s.source_id for s in annotated},
    }
    problems = []
    say(f"audit    {len(copies)} pairs of sentences are copies, near-copies or share a quotation")
    for boundary, side in boundaries.items():
        leaks = crossing(copies, side)
        say(f"audit    {boundary}: {len(leaks)} of them cross the boundary")
        problems += [
            Problem(SOURCES, None, boundary, f"{leak.first} and {leak.second}: {leak.reason}, expected on one side")
            for leak in leaks
        ]
    return problems
