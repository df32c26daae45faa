"""Probes: rows of stances shown in another form, with names hidden, on the negated claim, or on another target."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.corpus.compact import compacted
from kazstance.corpus.docket import Docket, kinds_of
from kazstance.corpus.inputs import NamesInput
from kazstance.corpus.read import CONTRADICTORIES, Corpus
from kazstance.errors import Problem
from kazstance.schema.columns import arrow_schema, to_arrow
from kazstance.schema.holders import OF_SPEAKERS
from kazstance.schema.labels import Label, ProbeKind
from kazstance.schema.records import Probe
from kazstance.stats.counting import runs

Names = Mapping[str, NamesInput]
Ints = npt.NDArray[Any]
SHOWN: Final = [
    *("sentence_id", "target_id", "source_id", "paragraph_id", "text", "target", "label", "label_name"),
    *("certainty", "origin", "context_before", "context_after"),
]
"""The columns of stances that probes show."""


@dataclass(frozen=True)
class Shown:
    """A sentence with the text before and after it."""

    text: str
    before: str
    after: str


def check_probes(corpus: Corpus, units: pa.Table) -> list[Problem]:
    """Problems with the items of probes: unknown ids, texts changed since, names that are not in the sentence."""
    named = [entry.value.sentence_id for entry in corpus.names]
    named += [entry.value.sentence_id for entry in corpus.mirrored]
    is_named = pc.is_in(units["sentence_id"], value_set=pa.array(named, pa.string()))
    known = units.select(["sentence_id", "text"]).filter(pc.and_(is_named, units["annotated"]))
    docket = Docket(dict(zip(*known.to_pydict().values(), strict=True)), kinds_of(corpus), corpus.newly_cut)
    for entry in corpus.names:
        text = docket.check_sentence(entry.file, entry.line, entry.value.sentence_id, entry.value.text_hash)
        for i, name in enumerate(entry.value.masks if text is not None else ()):
            if text is not None and text[name.start : name.start + len(name.text)] != name.text:
                came = f"{name.text!r} at {name.start}, expected a part of {text[:80]!r}"
                docket.report(entry.file, entry.line, f"masks.{i}", came)
    statements = corpus.contradictories.value.statements if corpus.contradictories else {}
    for row in corpus.mirrored:
        docket.check_sentence(row.file, row.line, row.value.sentence_id, row.value.text_hash)
        if row.value.target_id not in statements:
            expected = f"expected one of {CONTRADICTORIES}: {', '.join(statements)}"
            docket.report(row.file, row.line, "target_id", f"{row.value.target_id!r}, {expected}")
    return docket.problems


def make_probes(corpus: Corpus, units: pa.Table, stances: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """All items of probes: masks, then mirrors, then swaps, each in the order of the rows.

    A pair on a contradictory is left out if its row is gone because its label is now `none`. Only stances of speakers
    are probed.

    Args:
        corpus: the corpus, whose masks and mirrors are used.
        units: the rows of the table sentences.
        stances: the rows of the table in order, in parts with whole sentences, which are read more than once.
    """
    shown = dict(_hidden({entry.value.sentence_id: entry.value for entry in corpus.names}, units))
    named = pa.array([entry.value.sentence_id for entry in corpus.names if entry.value.masks], pa.string())
    mirrored = pa.array([entry.value.sentence_id for entry in corpus.mirrored], pa.string())
    for part in stances if len(named) else ():
        yield _as_table([_probe(ProbeKind.mask, row, shown[row["sentence_id"]]) for row in _rows(part, named)])
    for part in stances if corpus.contradictories and len(mirrored) else ():
        yield _as_table(list(_mirrors(corpus, _rows(part, mirrored))))
    yield from map(_swaps, stances)


def _rows(part: pa.Table, sentences: pa.Array) -> list[dict[str, Any]]:
    """The stances of speakers in some sentences."""
    own = part.filter(_is_in(part["sentence_id"], sentences)).filter(OF_SPEAKERS)
    found: list[dict[str, Any]] = own.select(SHOWN).to_pylist()
    return found


def _is_in(column: pa.ChunkedArray, values: pa.Array) -> pa.Array:
    coded = column.combine_chunks()
    coded = coded if isinstance(coded, pa.DictionaryArray) else coded.dictionary_encode()
    return pc.is_in(coded.dictionary, value_set=values).take(coded.indices)


def _as_table(rows: Sequence[Probe]) -> pa.Table:
    return to_arrow(Probe, rows).cast(_schema())


def hide(text: str, names: NamesInput) -> str:
    """A sentence with [org], [place] or [person] in place of its names."""
    for name in reversed(names.masks):
        text = f"{text[: name.start]}[{name.kind}]{text[name.start + len(name.text) :]}"
    return text


def _hidden(names: Names, units: pa.Table) -> Iterator[tuple[str, Shown]]:
    """Each sentence and its context with names hidden; context that nobody has read for names is left out."""
    paragraphs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    original = pc.coalesce(units["duplicate_of"], units["sentence_id"])
    is_read = pc.is_in(original, value_set=pa.array(names, pa.string()))
    columns = [units[name].filter(is_read).to_pylist() for name in ("sentence_id", "paragraph_id", "text")]
    for sentence, paragraph, text, read in zip(*columns, original.filter(is_read).to_pylist(), strict=True):
        paragraphs[paragraph].append((sentence, hide(text, names[read])))
    for found in paragraphs.values():
        texts = [text for _, text in found]
        for i, (sentence_id, text) in enumerate(found):
            yield sentence_id, Shown(text, " ".join(texts[:i]), " ".join(texts[i + 1 :]))


def _mirrors(corpus: Corpus, rows: Iterable[Mapping[str, Any]]) -> Iterator[Probe]:
    """Rows on claims that were judged again on the contradictory, with the label given there."""
    judged = {(entry.value.sentence_id, entry.value.target_id): entry.value for entry in corpus.mirrored}
    if corpus.contradictories is None:
        return
    given = corpus.contradictories.value
    for row in rows:
        if found := judged.get((row["sentence_id"], row["target_id"])):
            yield _probe(
                ProbeKind.mirror,
                row,
                target=given.statements[row["target_id"]],
                label=Label[found.label],
                label_name=found.label,
                origin=given.origin,
                certainty=found.certainty,
            )


def _swaps(part: pa.Table) -> pa.Table:
    """All pairs of rows of one sentence with different labels: the first row, shown on the target of the second."""
    own = part.select([*SHOWN, "holder"]).filter(OF_SPEAKERS).select(SHOWN)
    sentence = own["sentence_id"].combine_chunks()
    code = (sentence if isinstance(sentence, pa.DictionaryArray) else sentence.dictionary_encode()).indices.to_numpy()
    one, another = _pairs_of(code)
    differ = own["label"].to_numpy()[one] != own["label"].to_numpy()[another]
    shown, on = (own.take(pa.array(rows[differ])) for rows in (one, another))
    kind = pa.array([ProbeKind.swap.value])
    key = [column.cast(pa.string()) for column in (shown["sentence_id"], shown["target_id"], on["target_id"])]
    columns = {
        "probe_id": pc.binary_join_element_wise(ProbeKind.swap.value, *key, ":"),
        "probe": kind.take(pa.array(np.zeros(len(shown), np.int64))),
        "other_target_id": on["target_id"],
        "row_label": shown["label"],
        "row_label_name": shown["label_name"],
        **{name: on[name] for name in ("target", "label", "label_name", "origin", "certainty")},
    }
    schema = _schema()
    found = [(columns[name] if name in columns else shown[name]).cast(schema.field(name).type) for name in schema.names]
    return compacted(pa.table(found, schema=schema))


@cache
def _schema() -> pa.Schema:
    """The columns of the table, in which all texts but the ids are stored once."""
    fields = arrow_schema(Probe).remove_metadata()
    for at, field in enumerate(fields):
        if field.name != "probe_id" and pa.types.is_string(field.type):
            fields = fields.set(at, field.with_type(pa.dictionary(pa.int32(), pa.string())))
    return fields


def _pairs_of(code: Ints) -> tuple[Ints, Ints]:
    """All pairs of rows that follow each other and have the same code, in order: the earlier row, and the later one."""
    rows = np.arange(len(code))
    ends = np.append(np.flatnonzero(code[1:] != code[:-1]) + 1, len(code))
    later = ends[np.searchsorted(ends, rows, side="right")] - rows - 1
    return np.repeat(rows, later), runs(rows + 1, later)


def _probe(probe: ProbeKind, row: Mapping[str, Any], shown: Shown | None = None, **changed: Any) -> Probe:
    """A row with the changes that a probe makes."""
    shown = shown or Shown(row["text"], row["context_before"], row["context_after"])
    key = [probe.value, row["sentence_id"], row["target_id"], changed.get("other_target_id")]
    same = ("target", "label", "label_name", "origin", "certainty")
    as_it_is = {"other_target_id": None, **{name: row[name] for name in same}}
    return Probe.model_construct(
        probe_id=":".join(filter(None, key)),
        probe=probe,
        text=shown.text,
        row_label=row["label"],
        row_label_name=row["label_name"],
        context_before=shown.before,
        context_after=shown.after,
        **{name: row[name] for name in ("sentence_id", "target_id", "source_id", "paragraph_id")},
        **{**as_it_is, **changed},
    )
