"""The rows of every table, from sentences, judgements, decisions and splits."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import pyarrow as pa

from kazstance.comparison.counts import Counts, count
from kazstance.comparison.positions import Cell, positions
from kazstance.corpus.inputs import SourceInput
from kazstance.corpus.judge import Decision, PairKey
from kazstance.corpus.probes import make_probes
from kazstance.corpus.read import Corpus
from kazstance.schema import records
from kazstance.schema.context import contexts
from kazstance.schema.labels import Label, MoreFavorable, Relation
from kazstance.schema.records import GridCell, Judgement, Record, Sentence, SourcePosition, Stance, Vote
from kazstance.stats.estimate import Estimate, columns

Rows = Mapping[str, Mapping[str, Sequence[Record]]]


def make_tables(
    corpus: Corpus,
    sentences: Sequence[Sentence],
    judgements: Sequence[Judgement],
    decisions: Mapping[PairKey, Decision],
    split: Mapping[str, str],
) -> Rows:
    """All tables by split, in a fixed order of rows; `split` gives each paragraph its split.

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
    grid: dict[str, list[GridCell]] = {name: [] for name in records.SPLITS}
    stances: dict[str, list[Stance]] = {name: [] for name in records.SPLITS}
    for (sentence_id, target), decision in decisions.items():
        sentence = home[sentence_id]
        part = split[sentence.paragraph_id]
        grid[part].append(_cell(sentence, target, names[target], decision))
        if decision.label is not Label.none:
            stances[part].append(_stance(sentence, target, names[target], decision, context[sentence_id]))
    everywhere = [stance for part in stances.values() for stance in part]
    counts = _count(corpus, sentences, everywhere)
    return {
        "stances": stances,
        "grid": grid,
        "pairs": {name: list(_pairs(part)) for name, part in stances.items()},
        "probes": {"all": make_probes(corpus, sentences, everywhere)},
        "sentences": {"all": sentences},
        "judgements": {"all": judgements},
        "positions": {"all": list(_positions(positions(counts)))},
        "sources": {"all": list(_sources(corpus))},
        "targets": {"all": list(_targets(corpus, counts.contested))},
        "annotators": {"all": list(_annotators(corpus))},
    }


def _votes(decision: Decision) -> tuple[Vote, ...]:
    return tuple(Vote(annotator_id=who, label=label, label_name=label.name) for who, label in decision.votes)


def _shared_by_both(sentence: Sentence, target: str, name: str, decision: Decision) -> dict[str, Any]:
    """The columns that the tables stances and grid share."""
    return {
        "sentence_id": sentence.sentence_id,
        "target_id": target,
        "source_id": sentence.source_id,
        "paragraph_id": sentence.paragraph_id,
        "text": sentence.text,
        "target": name,
        "label": decision.label,
        "label_name": decision.label.name,
        "votes": _votes(decision),
        "contested": decision.contested,
        "origin": decision.origin,
    }


def _cell(sentence: Sentence, target: str, name: str, decision: Decision) -> GridCell:
    shared = _shared_by_both(sentence, target, name, decision)
    return GridCell(**shared, rule=decision.rule, reason=decision.reason)


def _stance(sentence: Sentence, target: str, name: str, decision: Decision, context: tuple[str, str]) -> Stance:
    if decision.certainty is None:
        raise ValueError(f"{sentence.sentence_id} on {target} has a label without certainty")
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


def _pairs(stances: Iterable[Stance]) -> Iterator[records.Pair]:
    """All pairs of sentences of different sources on one target.

    Within a target and two sources, every answer alternates between the orders, starting from a hash, so neither the
    order nor the sources reveal which sentence is more favorable.
    """
    by_target: dict[str, list[Stance]] = defaultdict(list)
    for stance in stances:
        by_target[stance.target_id].append(stance)
    turns: Counter[tuple[str, str, str, int]] = Counter()
    for target, rows in sorted(by_target.items()):
        for x, y in combinations(sorted(rows, key=lambda row: row.sentence_id), 2):
            if x.source_id != y.source_id:
                stratum = (target, x.source_id, y.source_id, (x.label > y.label) - (x.label < y.label))
                if not turns[stratum]:
                    turns[stratum] = 1 + hashlib.sha256(repr(stratum).encode()).digest()[0]
                turns[stratum] += 1
                yield _pair(x, y) if turns[stratum] % 2 else _pair(y, x)


def _pair(a: Stance, b: Stance) -> records.Pair:
    more = MoreFavorable.same if a.label == b.label else MoreFavorable.a if a.label > b.label else MoreFavorable.b
    sides = {a.label, b.label}
    relation = Relation.mixed if Label.neutral in sides else Relation.agree if len(sides) == 1 else Relation.disagree
    return records.Pair(
        pair_id=":".join([a.target_id, *sorted([a.sentence_id, b.sentence_id])]),
        target_id=a.target_id,
        target=a.target,
        sentence_a=a.sentence_id,
        source_a=a.source_id,
        text_a=a.text,
        label_a=a.label,
        label_a_name=a.label.name,
        sentence_b=b.sentence_id,
        source_b=b.source_id,
        text_b=b.text,
        label_b=b.label,
        label_b_name=b.label.name,
        more_favorable=more,
        more_favorable_name=more.name,
        relation=relation,
        relation_name=relation.name,
    )


def _count(corpus: Corpus, sentences: Iterable[Sentence], stances: Iterable[Stance]) -> Counts:
    """The counts from which positions and contested targets follow, over all sources and targets."""
    return count(
        _columns(stances, ("source_id", "paragraph_id", "target_id", "label_name")),
        sentences=_columns((s for s in sentences if s.annotated), ("source_id", "paragraph_id")),
        sources=[entry.value.id for entry in corpus.sources],
        targets=[entry.value.id for entry in corpus.targets],
        labels="kazstance",
    )


def _columns(rows: Iterable[Record], names: Sequence[str]) -> pa.Table:
    there = list(rows)
    return pa.table({name: pa.array([getattr(row, name) for row in there], pa.string()) for name in names})


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
            position=cell.position,
            position_name=cell.position.name,
            **columns("net", cell.net),
            **columns("net_jeffreys", cell.jeffreys),
            **columns("salience", cell.salience or Estimate(0.0, 0.0, 1.0, 0)),
        )


def _sources(corpus: Corpus) -> Iterator[records.Source]:
    for entry in corpus.sources:
        source = entry.value
        yield records.Source(
            **source.model_dump(include=_shared(records.Source)),
            source_id=source.id,
            date=source.date.isoformat() if source.date else None,
            voices=_voices(source),
            raw_sha256=corpus.digests[f"texts/{source.id}.txt"],
            raw_characters=len(corpus.texts[source.id]),
        )


def _shared(record: type[Record]) -> set[str]:
    """The columns of a record that are copied from its input."""
    return set(record.model_fields) - {"date", "voices"}


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
