"""From a corpus folder to a dataset: read, repair, segment, judge, split, write."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kazstance.corpus.copies import Copy, crossing, find_copies
from kazstance.corpus.judge import Decision, PairKey, judge
from kazstance.corpus.probes import check_probes
from kazstance.corpus.read import SOURCES, TARGETS, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.corpus.split import SHARES, missing, split_in_domain
from kazstance.corpus.tables import Rows, make_tables
from kazstance.corpus.write import write
from kazstance.errors import Problem
from kazstance.language.words import word_tools
from kazstance.output.terminal import echo
from kazstance.paths import StrPath
from kazstance.schema.folds import protocol_folds
from kazstance.schema.labels import ProbeKind
from kazstance.schema.manifest import Fold, Manifest
from kazstance.schema.records import Probe, Sentence

Say = Callable[[str], None]
Split = Mapping[str, str]


@dataclass(frozen=True)
class Draft:
    """A dataset before it is written."""

    corpus: Corpus
    rows: Rows
    folds: dict[str, tuple[Fold, ...]]
    tools: dict[str, str]


def build(path: StrPath, folder: StrPath, say: Say = echo) -> Manifest:
    """Build the dataset of a corpus folder into an empty folder; progress is reported through `say`.

    Args:
        path: the corpus folder.
        folder: an empty folder, which is written.
        say: told what was done, a line at a time.

    Raises:
        InputError: the corpus folder has problems; all of them are listed.
    """
    folder = Path(folder)
    path = Path(path)
    dataset = make(path, say)
    corpus = dataset.corpus
    manifest = write(folder, corpus.header, dataset.rows, dataset.folds, corpus.digests, tools=dataset.tools)
    say(f"write    {manifest.n_rows} rows in {len(manifest.tables)} tables, digest {manifest.digest[:12]}")
    return manifest


def make(path: StrPath, say: Say = echo) -> Draft:
    """Make the dataset of a corpus folder, without writing anything.

    Raises:
        InputError: the corpus folder has problems; all of them are listed.
    """
    corpus = read(path)
    curation = f"{len(corpus.repairs)} repairs, {len(corpus.units)} unit rules"
    say(f"read     {len(corpus.sources)} sources, {len(corpus.targets)} targets, {curation}")
    tools = {segmenter.name: segmenter.version for segmenter in corpus.segmenters.values()}
    for entry in corpus.sources:
        tools |= word_tools(entry.value.language)
    sentences, problems = segment(corpus)
    raise_all(problems)
    annotated = [sentence for sentence in sentences if sentence.annotated]
    characters = sum(not character.isspace() for text in corpus.texts.values() for character in text)
    say(f"segment  {len(sentences)} units, {len(annotated)} annotated; each of {characters} characters in exactly one")
    judgements, decisions, problems = judge(corpus, sentences)
    raise_all([*problems, *check_probes(corpus, sentences)])
    covered = Counter(judgement.annotator_id for judgement in judgements)
    grid = f"{len(annotated)} sentences × {len(corpus.targets)} targets: {len(decisions)} pairs decided"
    say(f"judge    {grid}; judgements: " + ", ".join(f"{who} {n}" for who, n in covered.items()))
    copies = find_copies(annotated, {entry.value.id: entry.value.language for entry in corpus.sources})
    split = split_in_domain(sentences, decisions, copies, corpus.header.id)
    raise_all([*_audit(annotated, copies, split, say), *_check_splits(annotated, decisions, split)])
    sizes = Counter(split.values())
    say("split    " + ", ".join(f"{name} {sizes[name]} paragraphs" for name in SHARES))
    rows = make_tables(corpus, sentences, judgements, decisions, split)
    probes = Counter(row.probe for row in rows["probes"]["all"] if isinstance(row, Probe))
    say("probes   " + ", ".join(f"{probes[kind]} {kind}" for kind in ProbeKind))
    folds = {entry.value.id: entry.value.fold for entry in corpus.targets}
    return Draft(corpus, rows, protocol_folds([entry.value.id for entry in corpus.sources], folds), tools)


def _check_splits(annotated: Sequence[Sentence], decisions: Mapping[PairKey, Decision], split: Split) -> list[Problem]:
    """Labels and targets that do not occur in every split although there are enough of them."""
    paragraph = {sentence.sentence_id: sentence.paragraph_id for sentence in annotated}
    rows = ((split[paragraph[pair[0]]], pair, decision.label) for pair, decision in decisions.items())
    return [Problem(TARGETS, None, None, f"{what}, expected it in every split") for what in missing(rows, paragraph)]


def _audit(annotated: Sequence[Sentence], copies: Sequence[Copy], split: Split, say: Say) -> list[Problem]:
    """Copies and shared quotations that cross boundaries between splits or sources."""
    boundaries = {
        "in_domain": {s.sentence_id: split[s.paragraph_id] for s in annotated},
        "cross_source, cross_both": {s.sentence_id: s.source_id for s in annotated},
    }
    problems = []
    say(f"audit    {len(copies)} pairs of sentences are copies, near-copies or share a quotation")
    for boundary, side in boundaries.items():
        leaks = crossing(copies, side)
        say(f"audit    {boundary}: {len(leaks)} of them cross the boundary")
        for leak in leaks:
            message = f"{leak.first} and {leak.second}: {leak.reason}, expected both on one side"
            problems.append(Problem(SOURCES, None, boundary, message))
    return problems
