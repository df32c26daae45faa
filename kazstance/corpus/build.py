"""From a corpus folder to a dataset: read, repair, segment, judge, split, write."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kazstance.corpus.copy_counts import count_copies
from kazstance.corpus.copy_groups import copy_rows
from kazstance.corpus.judge import Decision, PairKey, judge, undecided
from kazstance.corpus.probes import check_probes
from kazstance.corpus.read import TARGETS, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.corpus.split import SHARES, missing, split_in_domain
from kazstance.corpus.tables import Rows, as_table, make_tables
from kazstance.corpus.write import write
from kazstance.errors import Problem
from kazstance.language.words import word_tools
from kazstance.output.terminal import echo
from kazstance.paths import StrPath
from kazstance.schema.folds import protocol_folds
from kazstance.schema.labels import ProbeKind
from kazstance.schema.manifest import Fold, Manifest
from kazstance.schema.records import Sentence

Say = Callable[[str], None]
Split = Mapping[str, str]


@dataclass(frozen=True)
class Draft:
    """A dataset before it is written."""

    corpus: Corpus
    rows: Rows
    folds: dict[str, tuple[Fold, ...]]
    tools: dict[str, str]


def build(path: StrPath, folder: StrPath, say: Say = echo, *, strict: bool = False) -> Manifest:
    """Build the dataset of a corpus folder into an empty folder; progress is reported through `say`.

    Args:
        path: the corpus folder.
        folder: an empty folder, which is written.
        say: told what was done, a line at a time.
        strict: report undecided pairs, and labels or targets that a split lacks, as problems.

    Raises:
        InputError: the corpus folder has problems; all of them are listed.
    """
    folder = Path(folder)
    path = Path(path)
    dataset = make(path, say, strict=strict)
    corpus = dataset.corpus
    manifest = write(folder, corpus.header, dataset.rows, dataset.folds, corpus.digests, tools=dataset.tools)
    say(f"write    {manifest.n_rows} rows in {len(manifest.tables)} tables, digest {manifest.digest[:12]}")
    return manifest


def make(path: StrPath, say: Say = echo, *, strict: bool = False) -> Draft:
    """Make the dataset of a corpus folder, without writing anything.

    Args:
        path: the corpus folder.
        say: told what was done, a line at a time.
        strict: report undecided pairs, and labels or targets that a split lacks, as problems.

    Raises:
        InputError: the corpus folder has problems; all of them are listed.
    """
    corpus = read(path)
    curation = f"{len(corpus.repairs)} repairs, {len(corpus.units)} unit rules"
    say(f"read     {len(corpus.sources)} sources, {len(corpus.targets)} targets, {curation}")
    tools = {segmenter.name: segmenter.version for segmenter in corpus.segmenters.values()}
    for document in corpus.documents:
        tools |= word_tools(document.language)
    sentences, problems = segment(corpus)
    raise_all(problems)
    annotated = [sentence for sentence in sentences if sentence.annotated]
    characters = sum(not character.isspace() for text in corpus.texts.values() for character in text)
    say(f"segment  {len(sentences)} units, {len(annotated)} annotated; each of {characters} characters in exactly one")
    judgements, decisions, problems = judge(corpus, sentences)
    unsettled = undecided(decisions)
    raise_all([*problems, *check_probes(corpus, sentences), *(unsettled if strict else ())])
    covered = Counter(judgement.annotator_id for judgement in judgements)
    every = f"{len(annotated) * len(corpus.targets)} pairs ({len(annotated)} sentences × {len(corpus.targets)} targets)"
    say(f"judge    {len(decisions)} of {every} were asked; {len(unsettled)} are undecided")
    say("judge    judgements: " + (", ".join(f"{who} {n}" for who, n in covered.items()) or "0"))
    copies = copy_rows(annotated, {document.document_id: document.language for document in corpus.documents})
    split = split_in_domain(sentences, decisions, copies, corpus.header.id)
    lacking = _check_splits(annotated, decisions, split)
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
    rows = {
        **make_tables(corpus, sentences, judgements, decisions, split),
        "copies": {"all": as_table("copies", copies)},
    }
    probes = Counter(rows["probes"]["all"]["probe"].to_pylist())
    say("probes   " + ", ".join(f"{probes[kind]} {kind}" for kind in ProbeKind))
    return Draft(corpus, rows, folds, tools)


def _check_splits(annotated: Sequence[Sentence], decisions: Mapping[PairKey, Decision], split: Split) -> list[Problem]:
    """Labels and targets that do not occur in every split although there are enough of them."""
    paragraph = {sentence.sentence_id: sentence.paragraph_id for sentence in annotated}
    rows = ((split[paragraph[pair[0]]], pair, decision.label) for pair, decision in decisions.items())
    return [Problem(TARGETS, None, None, f"{what}, expected it in every split") for what in missing(rows, paragraph)]
