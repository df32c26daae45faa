"""The tables grid and judgements, built by columns because they have a row for every pair that was asked."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.corpus.judge import Decision, Judged, PairKey
from kazstance.schema.columns import arrow_schema
from kazstance.schema.labels import Label
from kazstance.schema.records import SPLITS, GridCell, Judgement

NAMES = pa.array([label.name for label in Label], pa.string())


def grid_rows(sentences: pa.Table, decisions: Mapping[PairKey, Decision], names: Mapping[str, str]) -> pa.Table:
    """A row for each pair that was asked, in the order of the decisions.

    Args:
        sentences: the rows of the table sentences.
        decisions: the decision on each pair of sentence and target.
        names: the targets in words, by their ids.
    """
    found = list(decisions.values())
    target = pa.array([target for _, target in decisions], pa.string())
    label = pa.array([decision.label for decision in found], pa.int64())
    columns = _of_sentences(sentences, [sentence for sentence, _ in decisions], ("source_id", "paragraph_id", "text"))
    columns |= {
        "target_id": target,
        "target": _mapped(target, names),
        "holder": pa.nulls(len(found), pa.string()),
        "status": pa.array([decision.status for decision in found], pa.string()),
        "label": label,
        "label_name": NAMES.take(label),
        "votes": _votes(found),
        "contested": pa.array([decision.contested for decision in found], pa.bool_()),
        "origin": pa.array([decision.origin for decision in found], pa.string()),
        "rule": pa.array([decision.rule for decision in found], pa.string()),
        "reason": pa.array([decision.reason for decision in found], pa.string()),
    }
    return _table(GridCell, columns)


def judgement_rows(sentences: pa.Table, judgements: Sequence[Judged]) -> pa.Table:
    """A row for each judgement."""
    columns = _of_sentences(sentences, [row.sentence_id for row in judgements], ("source_id", "paragraph_id"))
    label = pa.array([row.label for row in judgements], pa.int64())
    spans = [None if row.evidence is None else [dict(span) for span in row.evidence] for row in judgements]
    schema = arrow_schema(Judgement)
    given = ("target_id", "annotator_id", "explicitness", "certainty", "note", "probability")
    columns |= {name: pa.array([getattr(row, name) for row in judgements], schema.field(name).type) for name in given}
    columns |= {"label": label, "label_name": NAMES.take(label)}
    columns |= {name: pa.nulls(len(judgements), pa.string()) for name in ("holder", "original")}
    columns["round"] = pa.array(np.ones(len(judgements), np.int64))
    return _table(Judgement, columns | {"evidence": pa.array(spans, schema.field("evidence").type)})


def by_split(rows: pa.Table, split: Mapping[str, str]) -> dict[str, pa.Table]:
    """Rows by the split of their paragraph."""
    home = _mapped(rows["paragraph_id"].combine_chunks(), split)
    return {name: rows.filter(pc.equal(home, name)) for name in SPLITS}


def _of_sentences(sentences: pa.Table, ids: Sequence[str], names: Sequence[str]) -> dict[str, pa.Array]:
    """The sentences of rows, and the columns that are copied from them."""
    sentence = pa.array(ids, pa.string())
    place = pc.index_in(sentence, value_set=sentences["sentence_id"].combine_chunks())
    return {"sentence_id": sentence, **{name: sentences[name].combine_chunks().take(place) for name in names}}


def _mapped(values: pa.Array, names: Mapping[str, str]) -> pa.Array:
    coded = values.dictionary_encode()
    return pa.array([names[value] for value in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def _votes(decisions: Sequence[Decision]) -> pa.Array:
    """The votes behind each decision, as a list of structures."""
    cast = list(chain.from_iterable(decision.votes for decision in decisions))
    ends = np.cumsum([0, *(len(decision.votes) for decision in decisions)])
    label = pa.array([label for _, label in cast], pa.int64())
    kind = arrow_schema(GridCell).field("votes").type
    columns = [pa.array([who for who, _ in cast], pa.string()), label, NAMES.take(label)]
    votes = pa.StructArray.from_arrays(columns, fields=list(kind.value_type))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), votes).cast(kind)


def _table(record: Any, columns: Mapping[str, pa.Array]) -> pa.Table:
    schema = arrow_schema(record)
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
