"""How rows are laid out: sentences in their texts, cells of complete grids, the order of rows, splits by paragraph."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.tables import Places, Tables, differs, find, take
from kazstance.schema.context import contexts
from kazstance.schema.labels import ANNOTATED_KINDS, ProbeKind, Voice
from kazstance.schema.records import TABLES, Sentence


def check_layout(tables: Tables) -> Iterator[str]:
    """Check sentences, complete grids, the order of all rows, splits, and the contexts of stances."""
    yield from _check_sentences(tables)
    yield from _check_asked(tables)
    yield from _check_complete(tables, "positions", _cells(tables))
    yield from _check_order(tables)
    yield from _check_splits(tables)
    yield from _check_contexts(tables)


def _check_sentences(tables: Tables) -> Iterator[str]:
    """Ids, positions and raw spans continue from row to row, and a text is as long as its raw slice with repairs."""
    document, position = tables.column("sentences", "document_id"), tables.numbers("sentences", "position")
    start, end = (tables.numbers("sentences", f"raw_{name}") for name in ("start", "end"))
    first = np.ones(len(document), dtype=bool)
    first[1:] = differs(document[1:], document[:-1])
    due = np.where(first, 0, np.roll(position, 1) + 1)
    yield from tables.differences("sentences", "position", position != due, due, "after the row above it")
    known = find(document, tables.column("documents", "document_id"))
    size = take(tables.column("documents", "raw_characters"), known).to_numpy()
    outside = (start < np.where(first, 0, np.roll(end, 1))) | (end <= start) | (end > size)
    yield from tables.faults("sentences", outside, "raw_start and raw_end overlap another sentence or exceed the text")
    other = pc.utf8_length(tables.column("sentences", "text")).to_numpy() != end - start + _repaired(tables)
    yield from tables.faults("sentences", other, "text is not as long as its raw text after repairs")
    for inner, outer in (("sentence_id", "paragraph_id"), ("paragraph_id", "document_id")):
        stem = pc.replace_substring_regex(tables.column("sentences", inner), "/[^/]*$", "")
        wrong = differs(tables.column("sentences", outer), stem)
        yield from tables.differences("sentences", outer, wrong, stem, f"as in {inner}")
    yield from _check_annotated(tables)
    yield from _check_voices(tables)


def _check_annotated(tables: Tables) -> Iterator[str]:
    """Sentences of the annotated kinds are annotated unless they repeat another one."""
    is_text = pc.is_in(tables.column("sentences", "kind"), pa.array(sorted(ANNOTATED_KINDS)))
    is_first = pc.is_null(tables.column("sentences", "duplicate_of"))
    due = pc.and_(is_text, is_first).to_numpy(zero_copy_only=False)
    wrong = due != tables.numbers("sentences", "annotated")
    yield from tables.differences("sentences", "annotated", wrong, due, "by kind and duplicate_of")


def _check_voices(tables: Tables) -> Iterator[str]:
    """A quoted speaker is a voice of the source, endorsed as stated there; the source's own voice names no speaker."""
    quoted = {
        (source["source_id"], voice["speaker"], voice["endorsed"])
        for source in tables.rows["sources"].select(["source_id", "voices"]).to_pylist()
        for voice in source["voices"]
    }
    columns = ["source_id", "speaker", "endorsed", "voice"]
    rows = [tuple(row.values()) for row in tables.rows["sentences"].select(columns).to_pylist()]
    right = [row[:3] in quoted if row[3] == Voice.quoted else row[1:3] == (None, None) for row in rows]
    yield from tables.faults(
        "sentences", ~np.array(right, dtype=bool), "voice, speaker and endorsed do not match sources"
    )


def _repaired(tables: Tables) -> Places:
    """By how many characters the repairs lengthen each sentence."""
    repairs = tables.column("sentences", "repairs")
    found = repairs.flatten()
    more = pc.utf8_length(found.field("replacement")).to_numpy() - (
        found.field("raw_end").to_numpy() - found.field("raw_start").to_numpy()
    )
    sums: Places = np.zeros(len(repairs), dtype=np.int64)
    np.add.at(sums, pc.list_parent_indices(repairs).to_numpy(), more)
    return sums


def _check_asked(tables: Tables) -> Iterator[str]:
    """Check that the grid has only annotated sentences."""
    annotated = tables.column("sentences", "sentence_id").filter(tables.column("sentences", "annotated"))
    other = find(tables.column("grid", "sentence_id"), annotated) < 0
    yield from tables.faults("grid", other, "is not expected: the sentence is not annotated")


def _cells(tables: Tables) -> pa.Array:
    """The keys of all sources and all targets, in order."""
    return _product(tables.column("sources", "source_id"), tables.column("targets", "target_id"))


def _product(outer: pa.Array, inner: pa.Array) -> pa.Array:
    places = np.indices((len(outer), len(inner))).reshape(2, -1)
    return pc.binary_join_element_wise(outer.take(pa.array(places[0])), inner.take(pa.array(places[1])), " ")


def _check_complete(tables: Tables, table: str, expected: pa.Array) -> Iterator[str]:
    """A table has a row for each key, and no other rows."""
    keys = tables.key(table, TABLES[table].key)
    extra = find(keys, expected) < 0
    yield from tables.faults(table, extra, "is not expected: the table has a row for each pair of its two ids")
    missing = np.flatnonzero(find(expected, keys) < 0)
    if len(missing):
        first = f"{expected[int(missing[0])]} is missing"
        yield f"{tables.folder.path / table}: {first}; missing rows: {len(missing)} of {len(expected)}"


def _check_order(tables: Tables) -> Iterator[str]:
    """The rows of each split are in order."""
    for table, ranks in _ranks(tables).items():
        splits = tables.column(table, SPLIT)
        order = np.lexsort(ranks[::-1])
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        wrong = np.zeros(len(order), dtype=bool)
        wrong[1:] = (place[1:] < place[:-1]) & ~differs(splits[1:], splits[:-1])
        yield from tables.faults(table, wrong, "is out of order: it belongs before the preceding row")


def _ranks(tables: Tables) -> dict[str, list[Places]]:
    """The sort keys of the rows of each table, the most significant first."""
    sentences, targets = tables.column("sentences", "sentence_id"), tables.column("targets", "target_id")
    sources, documents = tables.column("sources", "source_id"), tables.column("documents", "document_id")

    def place(table: str, column: str, among: pa.Array) -> Places:
        return find(tables.column(table, column), among)

    ends = [tables.column("pairs", f"sentence_{side}") for side in "ab"]
    first, second = pc.min_element_wise(*ends), pc.max_element_wise(*ends)
    kinds = pa.array(list(ProbeKind))
    return {
        "documents": [place("documents", "source_id", sources)],
        "sentences": [place("sentences", "source_id", sources), place("sentences", "document_id", documents)],
        **{
            table: [place(table, "sentence_id", sentences), place(table, "target_id", targets)]
            for table in ("grid", "stances")
        },
        "judgements": [
            place("judgements", "sentence_id", sentences),
            place("judgements", "target_id", targets),
            _alphabetical(tables.column("judgements", "annotator_id")),
        ],
        "positions": [place("positions", "source_id", sources), place("positions", "target_id", targets)],
        "pairs": [_alphabetical(column) for column in (tables.column("pairs", "target_id"), first, second)],
        "probes": [
            place("probes", "probe", kinds),
            place("probes", "sentence_id", sentences),
            place("probes", "target_id", targets),
            place("probes", "other_target_id", targets),
        ],
    }


def _alphabetical(values: pa.Array) -> Places:
    ranks: Places = pc.rank(values, tiebreaker="dense").to_numpy().astype(np.int64)
    return ranks


def _check_splits(tables: Tables) -> Iterator[str]:
    """All cells of a paragraph are in one split."""
    paragraph, split = tables.column("grid", "paragraph_id"), tables.column("grid", SPLIT)
    first = pc.index_in(paragraph, value_set=paragraph.unique()).to_numpy()
    at = np.unique(first, return_index=True)[1] if len(first) else first
    expected = split.take(pa.array(at[first])) if len(first) else split
    yield from tables.differences("grid", SPLIT, differs(split, expected), expected, "as in the rest of its paragraph")


def _check_contexts(tables: Tables) -> Iterator[str]:
    """The context of a stance is the text around its sentence in the paragraph."""
    columns = tables.rows["sentences"].select(["sentence_id", "paragraph_id", "text"]).to_pylist()
    around = contexts(Sentence.model_construct(**row) for row in columns)
    ids = tables.column("stances", "sentence_id").to_pylist()
    for number, column in enumerate(("context_before", "context_after")):
        expected = pa.array([around[name][number] for name in ids], pa.string())
        wrong = differs(tables.column("stances", column), expected)
        yield from tables.differences("stances", column, wrong, expected, "as in sentences")
