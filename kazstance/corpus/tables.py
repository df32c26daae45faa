"""The rows of every table, from sentences, judgements, decisions and splits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from kazstance.comparison.counts import Counts, count
from kazstance.comparison.positions import Cell, positions
from kazstance.corpus.inputs import SourceInput
from kazstance.corpus.judge import Decision, Judged, PairKey
from kazstance.corpus.judged_rows import by_split, grid_rows, judgement_rows
from kazstance.corpus.pairs import make_pairs
from kazstance.corpus.probes import make_probes
from kazstance.corpus.read import Corpus
from kazstance.schema import records
from kazstance.schema.columns import attribute_type, to_arrow
from kazstance.schema.context import contexts
from kazstance.schema.leaks import cluster_names
from kazstance.schema.records import Record, Sentence, SourcePosition, Stance, Vote
from kazstance.stats.estimate import columns

Rows = Mapping[str, Mapping[str, pa.Table]]


def make_tables(
    corpus: Corpus,
    sentences: Sequence[Sentence],
    judgements: Sequence[Judged],
    decisions: Mapping[PairKey, Decision],
    split: Mapping[str, str],
) -> Rows:
    """All tables except `copies` by split, in a fixed order of rows; `split` gives each paragraph its split.

    Args:
        corpus: the corpus.
        sentences: all sentences, in order.
        judgements: all judgements, in order.
        decisions: the decision on each pair of sentence and target.
        split: the split of each paragraph.
    """
    names = {entry.value.id: entry.value.name for entry in corpus.targets}
    home = {sentence.sentence_id: sentence for sentence in sentences}
    context = contexts(sentences)
    stances: dict[str, list[Stance]] = {name: [] for name in records.SPLITS}
    for (sentence_id, target), decision in decisions.items():
        if decision.is_stance:
            sentence = home[sentence_id]
            row = _stance(sentence, target, names[target], decision, context[sentence_id])
            stances[split[sentence.paragraph_id]].append(row)
    everywhere = [stance for part in stances.values() for stance in part]
    units = to_arrow(Sentence, sentences)
    grid = grid_rows(units, decisions, names)
    counts = _count(corpus, units, everywhere, grid)
    made: dict[str, Sequence[Record]] = {
        "probes": make_probes(corpus, sentences, everywhere),
        "positions": list(position_rows(positions(counts))),
        "sources": list(_sources(corpus)),
        "targets": list(_targets(corpus, counts.contested)),
        "annotators": list(_annotators(corpus)),
        "documents": list(_documents(corpus)),
    }
    return {
        "stances": {name: to_arrow(Stance, rows) for name, rows in stances.items()},
        "grid": by_split(grid, split),
        "pairs": {name: to_arrow(records.Pair, rows) for name, rows in make_pairs(stances, corpus.header.id).items()},
        "sentences": {"all": units},
        "judgements": {"all": judgement_rows(units, judgements)},
        **{table: {"all": as_table(table, rows)} for table, rows in made.items()},
    }


def as_table(table: str, rows: Sequence[Record]) -> pa.Table:
    """Records as a table; their attributes follow the columns of the record, in alphabetical order."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in (row.model_extra or {}).items():
            found.setdefault(name, []).append(value)
    kinds = {name: attribute_type(found[name]) for name in sorted(found)}
    return to_arrow(records.TABLES[table].record, rows, kinds)


def _stance(sentence: Sentence, target: str, name: str, decision: Decision, context: tuple[str, str]) -> Stance:
    """A row of stances, from parts that have been validated."""
    said: dict[str, Any] = {
        "sentence_id": sentence.sentence_id,
        "target_id": target,
        "source_id": sentence.source_id,
        "paragraph_id": sentence.paragraph_id,
        "text": sentence.text,
        "target": name,
        "holder": None,
        "label": decision.label,
        "label_name": None if decision.label is None else decision.label.name,
        "explicitness": decision.explicitness,
        "certainty": decision.certainty,
        "evidence": decision.evidence,
        "votes": tuple(
            Vote.model_construct(annotator_id=who, label=label, label_name=label.name) for who, label in decision.votes
        ),
        "contested": decision.contested,
        "origin": decision.origin,
        "voice": sentence.voice,
        "speaker": sentence.speaker,
        "endorsed": sentence.endorsed,
        "context_before": context[0],
        "context_after": context[1],
    }
    return Stance.model_construct(**said)


def _count(corpus: Corpus, sentences: pa.Table, stances: Sequence[Stance], grid: pa.Table) -> Counts:
    """The counts from which positions and contested targets follow, over all sources and targets."""
    return counts_of(
        to_arrow(Stance, stances),
        sentences,
        grid,
        {document.document_id: document.source.id for document in corpus.documents},
        sources=[entry.value.id for entry in corpus.sources],
        targets=[entry.value.id for entry in corpus.targets],
    )


def counts_of(
    stances: pa.Table,
    sentences: pa.Table,
    grid: pa.Table,
    homes: Mapping[str, str],
    *,
    sources: Sequence[str],
    targets: Sequence[str],
) -> Counts:
    """The counts of a dataset, over all sources and targets.

    Args:
        stances: the rows of stances.
        sentences: the rows of sentences.
        grid: the rows of the grid.
        homes: the source of each document.
        sources: all sources, in order.
        targets: all targets, in order.
    """
    clusters = cluster_names(sentences["paragraph_id"].unique().to_pylist(), homes)
    return count(
        _clustered(stances.select(["source_id", "paragraph_id", "target_id", "label_name"]), clusters),
        sentences=_clustered(sentences.filter(sentences["annotated"]).select(["source_id", "paragraph_id"]), clusters),
        asked=_clustered(grid.select(["source_id", "paragraph_id", "target_id"]), clusters),
        sources=sources,
        targets=targets,
        labels="kazstance",
    )


def _clustered(rows: pa.Table, clusters: Mapping[str, str]) -> pa.Table:
    """Rows with clusters in place of paragraphs."""
    coded = rows["paragraph_id"].combine_chunks().dictionary_encode()
    names = pa.array([clusters[name] for name in coded.dictionary.to_pylist()], pa.string())
    place = rows.schema.get_field_index("paragraph_id")
    return rows.set_column(place, "paragraph_id", names.take(coded.indices)).replace_schema_metadata(None)


def position_rows(cells: Iterable[Cell]) -> Iterator[SourcePosition]:
    """The complete grid of sources and targets."""
    for cell in cells:
        yield SourcePosition(
            source_id=cell.source,
            target_id=cell.target,
            n_favor=cell.favor,
            n_neutral=cell.neutral,
            n_against=cell.against,
            n_sentences=cell.sentences or 0,
            n_asked=cell.asked or 0,
            position=cell.position,
            position_name=cell.position.name,
            **columns("net", cell.net),
            **columns("net_jeffreys", cell.jeffreys),
            **columns("salience", cell.salience),
        )


def _sources(corpus: Corpus) -> Iterator[records.Source]:
    for entry in corpus.sources:
        source, text = entry.value, corpus.texts.get(entry.value.id)
        yield records.Source(
            **source.model_dump(include=_shared(records.Source)),
            source_id=source.id,
            voices=_voices(source),
            raw_sha256=None if text is None else corpus.digests[f"texts/{source.id}.txt"],
            raw_characters=None if text is None else len(text),
            **source.attributes,
        )


def _documents(corpus: Corpus) -> Iterator[records.Document]:
    """The texts, each with what is said of it, else of its source."""
    for document in corpus.documents:
        source, given = document.source, document.given
        said = {
            name: getattr(given, name, None) for name in ("title", "date", "date_stated", "url", "language", "rights")
        }
        is_own = document.document_id == source.id
        shared = {name: getattr(source, name) for name in (said if is_own else ("language", "rights"))}
        date = said["date"] or shared.get("date")
        yield records.Document(
            document_id=document.document_id,
            source_id=source.id,
            year=int(date[:4]) if date else None,
            raw_sha256=corpus.digests[document.file],
            raw_characters=len(corpus.texts[document.document_id]),
            **{name: value or shared.get(name) for name, value in said.items()},
            **(given.attributes if given else {}),
        )


def _shared(record: type[Record]) -> set[str]:
    """The columns of a record that are copied from its input."""
    return set(record.model_fields) - {"voices"}


def _voices(source: SourceInput) -> tuple[records.QuotedVoice, ...]:
    return tuple(records.QuotedVoice(**voice.model_dump()) for voice in source.voice)


def _targets(corpus: Corpus, contested: Iterable[bool]) -> Iterator[records.Target]:
    for entry, is_contested in zip(corpus.targets, contested, strict=True):
        target = entry.value
        yield records.Target(**target.model_dump(exclude={"id"}), target_id=target.id, contested=is_contested)


def _annotators(corpus: Corpus) -> Iterator[records.Annotator]:
    for entry in corpus.annotators:
        who = entry.value
        yield records.Annotator(
            **who.model_dump(exclude={"id", "date"}),
            annotator_id=who.id,
            date=who.date.isoformat() if who.date else None,
            brief_sha256=corpus.digests[f"annotations/{who.brief}"] if who.brief else None,
        )
