"""The rows of every table, from sentences, judgements, decisions and splits."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from kazstance import comparison
from kazstance.corpus.inputs import SourceInput
from kazstance.corpus.judge import Decision, Pair
from kazstance.corpus.probes import make_probes
from kazstance.corpus.read import Corpus
from kazstance.schema import records
from kazstance.schema.context import contexts
from kazstance.schema.labels import Label, MoreFavorable, Relation
from kazstance.schema.records import GridCell, Judgement, Record, Sentence, SourcePosition, Stance, Vote

Rows = Mapping[str, Mapping[str, Sequence[Record]]]
CONTESTED_SOURCES = 2
"""Sources that must address a contested target."""
CONTESTED_ROWS = 2
"""Sentences that each of these sources, and each side, must have."""


def make_tables(
    corpus: Corpus,
    sentences: Sequence[Sentence],
    judgements: Sequence[Judgement],
    decisions: Mapping[Pair, Decision],
    split: Mapping[str, str],
) -> Rows:
    """All tables by split, in a fixed order of rows; `split` gives each paragraph its split."""
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
    return {
        "stances": stances,
        "grid": grid,
        "pairs": {name: list(_pairs(part)) for name, part in stances.items()},
        "probes": {"all": make_probes(corpus, sentences, everywhere)},
        "sentences": {"all": sentences},
        "judgements": {"all": judgements},
        "positions": {"all": list(_positions(corpus, sentences, everywhere))},
        "sources": {"all": list(_sources(corpus))},
        "targets": {"all": list(_targets(corpus, everywhere))},
        "annotators": {"all": list(_annotators(corpus))},
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

    Within a target and two sources every answer alternates between the orders, starting by a hash, so that neither the
    order nor the sources tell which sentence is the more favorable.
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


def _positions(corpus: Corpus, sentences: Iterable[Sentence], stances: Iterable[Stance]) -> Iterator[SourcePosition]:
    """The complete grid of sources and targets."""
    length = Counter(sentence.source_id for sentence in sentences if sentence.annotated)
    count = Counter((stance.source_id, stance.target_id, stance.label) for stance in stances)
    for source in (entry.value.id for entry in corpus.sources):
        for target in (entry.value.id for entry in corpus.targets):
            favor, neutral, against = (
                count[source, target, label] for label in (Label.favor, Label.neutral, Label.against)
            )
            position = comparison.position(favor, neutral, against)
            about = favor + neutral + against
            net = comparison.net(favor, against) if about else None
            salience = comparison.salience(about, length[source])
            yield SourcePosition(
                source_id=source,
                target_id=target,
                n_favor=favor,
                n_neutral=neutral,
                n_against=against,
                n_sentences=length[source],
                position=position,
                position_name=position.name,
                net=net and net.value,
                net_low=net and net.low,
                net_high=net and net.high,
                salience=salience.value,
                salience_low=salience.low,
                salience_high=salience.high,
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
    """The columns of a record that its input gives as they are."""
    return set(record.model_fields) - {"date", "voices"}


def _voices(source: SourceInput) -> tuple[records.QuotedVoice, ...]:
    return tuple(records.QuotedVoice(**voice.model_dump()) for voice in source.voice)


def _targets(corpus: Corpus, stances: Iterable[Stance]) -> Iterator[records.Target]:
    rows: dict[str, list[Stance]] = defaultdict(list)
    for stance in stances:
        rows[stance.target_id].append(stance)
    for entry in corpus.targets:
        target = entry.value
        yield records.Target(
            **target.model_dump(exclude={"id"}), target_id=target.id, contested=_is_contested(rows[target.id])
        )


def _is_contested(stances: Sequence[Stance]) -> bool:
    """Whether sources really stand on both sides of a target."""
    by_source = Counter(stance.source_id for stance in stances)
    by_side = Counter(stance.label for stance in stances)
    addressing = sum(n >= CONTESTED_ROWS for n in by_source.values())
    return addressing >= CONTESTED_SOURCES and min(by_side[Label.favor], by_side[Label.against]) >= CONTESTED_ROWS


def _annotators(corpus: Corpus) -> Iterator[records.Annotator]:
    for entry in corpus.annotators:
        who = entry.value
        yield records.Annotator(
            **who.model_dump(exclude={"id", "date"}),
            annotator_id=who.id,
            date=who.date.isoformat() if who.date else None,
            brief_sha256=corpus.digests[f"annotations/{who.brief}"] if who.brief else None,
        )
