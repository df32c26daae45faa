"""The rows of every table, from sentences, judgements, decisions and splits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from kazstance.comparison.counts import Counts, count
from kazstance.comparison.positions import Cell, positions
from kazstance.corpus.inputs import SourceInput
from kazstance.corpus.judge import Decision, Pair
from kazstance.corpus.pairs import make_pairs
from kazstance.corpus.probes import make_probes
from kazstance.corpus.read import Corpus
from kazstance.schema import records
from kazstance.schema.context import contexts
from kazstance.schema.leaks import cluster_names
from kazstance.schema.records import GridCell, Judgement, Record, Sentence, SourcePosition, Stance, Vote
from kazstance.stats.estimate import columns

Rows = Mapping[str, Mapping[str, Sequence[Record]]]


def make_tables(
    corpus: Corpus,
    sentences: Sequence[Sentence],
    judgements: Sequence[Judgement],
    decisions: Mapping[Pair, Decision],
    split: Mapping[str, str],
) -> Rows:
    """All tables but that of copies, in a fixed order of rows; `split` gives each paragraph its split."""
    names = {entry.value.id: entry.value.name for entry in corpus.targets}
    home = {sentence.sentence_id: sentence for sentence in sentences}
    context = contexts(sentences)
    grid: dict[str, list[GridCell]] = {name: [] for name in records.SPLITS}
    stances: dict[str, list[Stance]] = {name: [] for name in records.SPLITS}
    for (sentence_id, target), decision in decisions.items():
        sentence = home[sentence_id]
        part = split[sentence.paragraph_id]
        grid[part].append(_cell(sentence, target, names[target], decision))
        if decision.is_stance:
            stances[part].append(_stance(sentence, target, names[target], decision, context[sentence_id]))
    everywhere = [stance for part in stances.values() for stance in part]
    counts = _count(corpus, sentences, everywhere, [cell for part in grid.values() for cell in part])
    return {
        "stances": stances,
        "grid": grid,
        "pairs": make_pairs(stances, corpus.header.id),
        "probes": {"all": make_probes(corpus, sentences, everywhere)},
        "sentences": {"all": sentences},
        "judgements": {"all": judgements},
        "positions": {"all": list(_positions(positions(counts)))},
        "sources": {"all": list(_sources(corpus))},
        "targets": {"all": list(_targets(corpus, counts.contested))},
        "annotators": {"all": list(_annotators(corpus))},
        "documents": {"all": list(_documents(corpus))},
    }


def _votes(decision: Decision) -> tuple[Vote, ...]:
    return tuple(Vote(annotator_id=who, label=label, label_name=label.name) for who, label in decision.votes)


def _shared_by_both(sentence: Sentence, target: str, name: str, decision: Decision) -> dict[str, Any]:
    """What the tables stances and grid both say."""
    return {
        "sentence_id": sentence.sentence_id,
        "target_id": target,
        "source_id": sentence.source_id,
        "paragraph_id": sentence.paragraph_id,
        "text": sentence.text,
        "target": name,
        "label": decision.label,
        "label_name": None if decision.label is None else decision.label.name,
        "votes": _votes(decision),
        "contested": decision.contested,
        "origin": decision.origin,
    }


def _cell(sentence: Sentence, target: str, name: str, decision: Decision) -> GridCell:
    shared = _shared_by_both(sentence, target, name, decision)
    return GridCell(**shared, status=decision.status, rule=decision.rule, reason=decision.reason)


def _stance(sentence: Sentence, target: str, name: str, decision: Decision, context: tuple[str, str]) -> Stance:
    return Stance(
        **_shared_by_both(sentence, target, name, decision),
        explicitness=decision.explicitness,
        certainty=decision.certainty,
        evidence=decision.evidence,
        voice=sentence.voice,
        speaker=sentence.speaker,
        endorsed=sentence.endorsed,
        context_before=context[0],
        context_after=context[1],
    )


def _count(
    corpus: Corpus, sentences: Sequence[Sentence], stances: Iterable[Stance], grid: Iterable[GridCell]
) -> Counts:
    """What positions and contested targets are read from, over all sources and targets."""
    homes = {document.document_id: document.source.id for document in corpus.documents}
    clusters = cluster_names({sentence.paragraph_id for sentence in sentences}, homes)
    return count(
        _columns(stances, ("source_id", "paragraph_id", "target_id", "label_name"), clusters),
        sentences=_columns((s for s in sentences if s.annotated), ("source_id", "paragraph_id"), clusters),
        asked=_columns(grid, ("source_id", "paragraph_id", "target_id"), clusters),
        sources=[entry.value.id for entry in corpus.sources],
        targets=[entry.value.id for entry in corpus.targets],
        labels="kazstance",
    )


def _columns(rows: Iterable[Record], names: Sequence[str], clusters: Mapping[str, str]) -> pa.Table:
    """Some columns of rows, with clusters in the place of paragraphs."""
    there = list(rows)
    columns = {name: [getattr(row, name) for row in there] for name in names}
    columns["paragraph_id"] = [clusters[name] for name in columns["paragraph_id"]]
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def _positions(cells: Iterable[Cell]) -> Iterator[SourcePosition]:
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
    """The columns of a record that its input gives as they are."""
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
