"""The rows of the tables judgements, grid and stances for a chunk, built by columns: most pairs are alike."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kazstance.corpus.cast import UNWRITTEN
from kazstance.corpus.deciding import ADJUDICATED, BASES, HUMAN, NOTHING, ORIGINS
from kazstance.corpus.judging import Flags, Ints, Judged, Terms, is_voted_about
from kazstance.corpus.quoted import UNRECORDED, Quoted, joined, united
from kazstance.schema.columns import arrow_schema
from kazstance.schema.labels import GRID_LABELS, Certainty, Explicitness, Status
from kazstance.schema.records import GridCell, Judgement, Stance

OF_SENTENCES: Final = ("sentence_id", "source_id", "paragraph_id", "text", "voice", "speaker", "endorsed")
"""The columns of sentences that rows of a pair repeat."""
NAMES: Final = pa.array(GRID_LABELS, pa.string())


class _Chunk:
    """A chunk, whose texts and names are turned into columns once."""

    def __init__(self, judged: Judged, terms: Terms) -> None:
        self.judged, self.terms = judged, terms
        annotated = judged.units.filter(judged.units["annotated"])
        self.sentences = {name: _distinct(annotated[name]) for name in OF_SENTENCES}
        self.targets = pa.array(terms.kinds, pa.string())
        self.names = pa.array([terms.names[name] for name in terms.kinds], pa.string())
        self.holders = pa.array(judged.holders, pa.string())

    def of_sentences(self, at: Ints, names: Iterable[str]) -> dict[str, pa.Array]:
        """Columns of the sentences of rows."""
        return {name: coded(self.sentences[name], at) for name in names}

    def of_pairs(self, at: Ints) -> dict[str, pa.Array]:
        """The columns of pairs that grid and stances have in common."""
        judged, pairs, label = self.judged, self.judged.pairs, self.judged.verdicts.label[at]
        columns = self.of_sentences(pairs.sentence[at], ("sentence_id", "source_id", "paragraph_id", "text"))
        return columns | {
            "target_id": coded(self.targets, pairs.target[at]),
            "target": coded(self.names, pairs.target[at]),
            "holder": coded(self.holders, pairs.holder[at]),
            "label": nullable(label),
            "label_name": coded(NAMES, label),
            "votes": self._votes(at),
            "split_vote": pa.array((judged.votes[at] > 0).sum(axis=1) > 1),
            "origin": coded(pa.array([str(origin) for origin in ORIGINS]), judged.verdicts.origin[at]),
        }

    def _votes(self, at: Ints) -> pa.Array:
        """The votes on pairs, which are given in order, as a list of structures."""
        judged, rows = self.judged, self.judged.rows
        is_there = np.zeros(len(judged.pairs.sentence), np.bool_)
        is_there[at] = True
        cast = np.flatnonzero(judged.voting & is_there[rows.pair])
        ends = np.cumsum(np.bincount(rows.pair[cast], minlength=len(is_there))[at])
        label = rows.label[cast]
        who = coded(pa.array(self.terms.annotators, pa.string()), rows.annotator[cast])
        names = [field.name for field in arrow_schema(GridCell).field("votes").type.value_type]
        votes = pa.StructArray.from_arrays([who, pa.array(label), coded(NAMES, label)], names=names)
        return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), votes)


def coded(values: pa.Array | pa.ChunkedArray, at: npt.NDArray[np.integer[Any]]) -> pa.DictionaryArray:
    """The values at the given places, each text stored once; a negative place is null."""
    distinct = _distinct(values)
    known = distinct.indices.fill_null(NOTHING).to_numpy().astype(np.int32, copy=False)
    places = np.append(known, np.int32(NOTHING))[at]
    mask = places < 0 if places.min(initial=0) < 0 else None
    return pa.DictionaryArray.from_arrays(pa.array(places, mask=mask), distinct.dictionary, safe=False)


def _distinct(values: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """Values, each text stored once."""
    whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return whole if isinstance(whole, pa.DictionaryArray) else whole.dictionary_encode()


def nullable(numbers: Ints) -> pa.Array:
    """Numbers with null in place of negative ones."""
    return pa.array(numbers, pa.int64(), mask=numbers < 0)


def tables_of(judged: Judged, terms: Terms) -> dict[str, pa.Table]:
    """The rows of a chunk without problems, by table.

    Args:
        judged: the chunk.
        terms: what is known of the corpus.
    """
    chunk = _Chunk(judged, terms)
    return {"judgements": _judgements(chunk), "grid": _grid(chunk), "stances": _stances(chunk)}


def _judgements(chunk: _Chunk) -> pa.Table:
    """A row for each judgement, in order."""
    judged, rows = chunk.judged, chunk.judged.rows
    number = np.append(judged.written.number, NOTHING)[rows.written]
    columns = chunk.of_sentences(rows.sentence, ("sentence_id", "source_id", "paragraph_id"))
    columns |= {
        "target_id": coded(chunk.targets, rows.target),
        "holder": coded(chunk.holders, rows.holder),
        "annotator_id": coded(pa.array(chunk.terms.annotators, pa.string()), rows.annotator),
        "round": pa.array(rows.round),
        "label": pa.array(rows.label),
        "label_name": coded(NAMES, rows.label),
        "evidence": _spans(_evidence_of(judged)),
        "probability": pa.array(rows.probability),
    }
    for name in ("original", "explicitness", "certainty", "note"):
        values = pa.array([getattr(given, name) for given in judged.written.given], pa.string())
        columns[name] = coded(values, number)
    return _table(Judgement, columns)


def _evidence_of(judged: Judged) -> Quoted:
    """The evidence of each row, empty for `none`."""
    written = judged.rows.written
    at = np.flatnonzero(written != UNWRITTEN)
    found = judged.written.evidence.at(written[at])
    size = np.zeros(len(written), np.int64)
    size[at] = found.size
    return found._replace(size=size)


def _spans(quoted: Quoted) -> pa.Array:
    """Evidence as lists of spans."""
    kind = arrow_schema(Judgement).field("evidence").type
    sides = [pa.array(quoted.start), pa.array(quoted.end)]
    spans = pa.StructArray.from_arrays(sides, fields=list(kind.value_type))
    ends = pa.array(np.append(0, np.cumsum(quoted.lengths)), pa.int32())
    return pa.ListArray.from_arrays(ends, spans, type=kind, mask=pa.array(quoted.size == UNRECORDED))


def _grid(chunk: _Chunk) -> pa.Table:
    """A row for each pair that was asked, in order."""
    judged, pairs = chunk.judged, chunk.judged.pairs
    at = np.arange(len(pairs.sentence))
    is_ruled = judged.verdicts.origin == ADJUDICATED
    ruling = np.where(is_ruled, pairs.ruling, UNWRITTEN)
    status = pa.array([one.value for one in Status])
    columns = chunk.of_pairs(at) | {"status": coded(status, statuses(judged))}
    columns["basis"] = coded(pa.array([one.value for one in BASES]), judged.verdicts.basis)
    for name, field in {"adjudicator": "annotator_id", "rule": "rule", "reason": "reason"}.items():
        columns[name] = coded(pa.array([getattr(row.given, field) for row in judged.rulings], pa.string()), ruling)
    return _table(GridCell, columns)


def statuses(judged: Judged) -> Ints:
    """The number of the status of each pair, in the order of `Status`: shape (pairs,)."""
    found: Ints = np.where(judged.is_elsewhere, 2, (judged.verdicts.label == NOTHING).astype(np.int64))
    return found


def _stances(chunk: _Chunk) -> pa.Table:
    """A row for each pair whose sentence is about the target, in order."""
    judged = chunk.judged
    at = np.flatnonzero(is_voted_about(judged))
    sentence = judged.pairs.sentence[at]
    details = _details(judged, at)
    before, after = _contexts(judged.units, sentence)
    columns = chunk.of_pairs(at) | chunk.of_sentences(sentence, ("voice", "speaker", "endorsed"))
    columns |= {
        "explicitness": pa.array(details.explicitness, pa.string()).dictionary_encode(),
        "certainty": pa.array(details.certainty, pa.string()).dictionary_encode(),
        "evidence": _spans(details.evidence),
        "context_before": coded(before, sentence),
        "context_after": coded(after, sentence),
    }
    return _table(Stance, columns)


def _contexts(units: pa.Table, needed: Ints) -> tuple[pa.Array, pa.Array]:
    """The text before and after each annotated sentence in its paragraph; only those of the needed ones are made."""
    texts, paragraphs = units["text"].to_pylist(), units["paragraph_id"].combine_chunks()
    code = paragraphs.indices if isinstance(paragraphs, pa.DictionaryArray) else paragraphs.dictionary_encode().indices
    code = code.to_numpy()
    first = np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]])) if len(code) else code
    ends = [*first[1:].tolist(), len(code)]
    unit = np.flatnonzero(units["annotated"].to_numpy(zero_copy_only=False))
    before, after = [""] * len(unit), [""] * len(unit)
    home = np.searchsorted(first, unit, side="right") - 1
    for i in np.unique(needed).tolist():
        begin, end, at = int(first[home[i]]), ends[home[i]], int(unit[i])
        before[i], after[i] = " ".join(texts[begin:at]), " ".join(texts[at + 1 : end])
    return pa.array(before, pa.string()), pa.array(after, pa.string())


class _Details(NamedTuple):
    """How stances are shown in their sentences, an item for each; None where nobody recorded it."""

    explicitness: list[str | None]
    certainty: list[str | None]
    evidence: Quoted


def _details(judged: Judged, at: Ints) -> _Details:
    """The details of the stances of pairs: what those say who chose the label, or who ruled."""
    place = np.full(len(judged.pairs.sentence), NOTHING)
    place[at] = np.arange(len(at))
    voters, chosen = _voters(judged, place >= 0)
    pair, written = place[judged.rows.pair[chosen]], judged.rows.written[chosen]
    n_voters, n_chosen = (np.bincount(places, minlength=len(at)) for places in (place[judged.rows.pair[voters]], pair))
    given, number = judged.written.given, judged.written.number[written]
    explicit = _counts([one.explicitness for one in given], Explicitness.explicit, number, pair, len(at))
    certain = _counts([one.certainty for one in given], Certainty.sure, number, pair, len(at))
    is_explicit = 2 * explicit[1] >= explicit[0]
    is_sure = 2 * certain[1] > n_voters - (n_chosen - certain[0])
    explicitness, certainty = _named(Explicitness, is_explicit, explicit[0]), _named(Certainty, is_sure, certain[0])
    evidence = united(judged.written.evidence.at(written), pair, len(at))
    ruled = np.flatnonzero(judged.verdicts.origin[at] == ADJUDICATED)
    rulings = [judged.rulings[place] for place in judged.pairs.ruling[at[ruled]].tolist()]
    for i, (ruling, _) in zip(ruled.tolist(), rulings, strict=True):
        explicitness[i], certainty[i] = ruling.explicitness, ruling.certainty
    places = np.arange(len(at))
    places[ruled] = len(at) + np.arange(len(ruled))
    every = joined([evidence, Quoted.of(quoted for _, quoted in rulings)])
    return _Details(explicitness, certainty, every.at(places))


def _voters(judged: Judged, is_asked: Flags) -> tuple[Ints, Ints]:
    """The rows whose votes decide pairs, unless these were adjudicated, and those of them that chose the label."""
    rows, verdicts = judged.rows, judged.verdicts
    origin = verdicts.origin[rows.pair]
    votes = judged.voting & (judged.is_person == (origin == HUMAN)) & (origin != ADJUDICATED) & is_asked[rows.pair]
    return np.flatnonzero(votes), np.flatnonzero(votes & (rows.label == verdicts.label[rows.pair]))


def _counts(kinds: Sequence[str | None], first: str, number: Ints, pair: Ints, n_pairs: int) -> tuple[Ints, Ints]:
    """How many votes on each pair have a kind, and how many the first kind: shape (pairs,) each."""
    codes = np.array([NOTHING if kind is None else kind == first for kind in kinds], np.int64)[number]
    stated, is_first = (np.bincount(pair[codes >= least], minlength=n_pairs) for least in (0, 1))
    return stated, is_first


def _named(kinds: type[StrEnum], is_first: Flags, n_stated: Ints) -> list[str | None]:
    """The first of two kinds or the other, None where nobody stated any."""
    names = [None, *(kind.value for kind in kinds)]
    return [names[place] for place in (np.where(is_first, 1, 2) * (n_stated > 0)).tolist()]


def _table(record: Any, columns: Mapping[str, pa.Array]) -> pa.Table:
    names = arrow_schema(record).names
    return pa.table([columns[name] for name in names], names=names)
