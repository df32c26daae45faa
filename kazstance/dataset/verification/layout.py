"""How rows are laid out: sentences in their texts, cells of complete grids, the order of rows, splits by paragraph."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset.table import SPLIT
from kazstance.dataset.verification.columns import (
    Places,
    alphabetical,
    coded,
    descends,
    differs,
    find,
    places_in,
    plain,
    take,
)
from kazstance.dataset.verification.findings import Finding, single
from kazstance.dataset.verification.ordered import KINDS
from kazstance.dataset.verification.references import PAIR
from kazstance.dataset.verification.tables import Tables
from kazstance.schema.context import contexts
from kazstance.schema.labels import ANNOTATED_KINDS, Voice
from kazstance.schema.records import TABLES, Sentence

SPEAKING = ("source_id", "speaker", "endorsed", "voice")


def check_layout(tables: Tables) -> Iterator[Finding]:
    """Check the rows of a whole dataset without those about sentences: sentences, positions, and the order of all."""
    yield from _check_sentences(tables)
    yield from _check_positions(tables)
    for table, keys in _ranks(tables).items():
        yield from _check_order(tables, table, keys)


def check_layout_of_sentences(tables: Tables) -> Iterator[Finding]:
    """Check the rows about some sentences: annotated sentences only, order, splits, and the contexts of stances."""
    yield from _check_asked(tables)
    for table, keys in _ranks_in_sentences(tables).items():
        yield from _check_order(tables, table, keys)
    yield from _check_order_of_judges(tables)
    yield from _check_splits(tables)
    yield from _check_contexts(tables)


def _check_sentences(tables: Tables) -> Iterator[Finding]:
    """Ids, positions and raw spans continue from row to row, and a text is as long as its raw slice with repairs."""
    document, position = tables.column("sentences", "document_id"), tables.numbers("sentences", "position")
    start, end = (tables.numbers("sentences", f"raw_{name}") for name in ("start", "end"))
    first = np.ones(len(document), dtype=bool)
    first[1:] = differs(document[1:], document[:-1])
    due = np.where(first, 0, np.roll(position, 1) + 1)
    yield from tables.differences("sentences", "position", position != due, due, "after the row above it")
    known = tables.codes("sentences", "document_id")
    size = take(tables.column("documents", "raw_characters"), known).to_numpy()
    outside = (start < np.where(first, 0, np.roll(end, 1))) | (end <= start) | (end > size)
    yield from tables.faults("sentences", outside, "raw_start and raw_end overlap another sentence or exceed the text")
    other = pc.utf8_length(tables.texts("sentences", "text")).to_numpy() != end - start + _repaired(tables)
    yield from tables.faults("sentences", other, "text is not as long as its raw text after repairs")
    for inner, outer in (("sentence_id", "paragraph_id"), ("paragraph_id", "document_id")):
        stem = pc.replace_substring_regex(tables.texts("sentences", inner), "/[^/]*$", "")
        wrong = differs(tables.column("sentences", outer), stem)
        yield from tables.differences("sentences", outer, wrong, stem, f"as in {inner}")
    yield from _check_annotated(tables)
    yield from _check_voices(tables)


def _check_annotated(tables: Tables) -> Iterator[Finding]:
    """Sentences of the annotated kinds are annotated unless they repeat another one."""
    is_text = pc.is_in(tables.texts("sentences", "kind"), pa.array(sorted(ANNOTATED_KINDS)))
    is_first = pc.is_null(tables.column("sentences", "duplicate_of"))
    due = pc.and_(is_text, is_first).to_numpy(zero_copy_only=False)
    wrong = due != tables.numbers("sentences", "annotated")
    yield from tables.differences("sentences", "annotated", wrong, due, "by kind and duplicate_of")


def _check_voices(tables: Tables) -> Iterator[Finding]:
    """Every quoted speaker is a voice of the source, endorsed as it says; spokespeople speak in its own voice."""
    quoted = {
        (source["source_id"], voice["speaker"], voice["endorsed"], "own" if voice["speaks_for_source"] else "quoted")
        for source in tables.rows["sources"].select(["source_id", "voices"]).to_pylist()
        for voice in source["voices"]
    }
    texts = [coded(tables.column("sentences", name)) for name in SPEAKING]
    codes = np.stack([text.indices.fill_null(-1).to_numpy() for text in texts])
    _, first, kind = np.unique(codes, axis=1, return_index=True, return_inverse=True)
    rows = (tuple(row.values()) for row in tables.rows["sentences"].select(SPEAKING).take(pa.array(first)).to_pylist())
    right = [row in quoted or row[1:] == (None, None, Voice.own) for row in rows]
    wrong = ~np.array(right, dtype=bool)[kind.reshape(-1)]
    yield from tables.faults("sentences", wrong, "voice, speaker and endorsed do not match sources")


def _repaired(tables: Tables) -> Places:
    """By how many characters the repairs lengthen each sentence."""
    repairs = tables.column("sentences", "repairs")
    found = repairs.flatten()
    more = pc.utf8_length(plain(found.field("replacement"))).to_numpy() - (
        found.field("raw_end").to_numpy() - found.field("raw_start").to_numpy()
    )
    sums: Places = np.zeros(len(repairs), dtype=np.int64)
    np.add.at(sums, pc.list_parent_indices(repairs).to_numpy(), more)
    return sums


def _check_asked(tables: Tables) -> Iterator[Finding]:
    """Check that the grid has only annotated sentences."""
    annotated = tables.numbers("sentences", "annotated")[tables.codes("grid", "sentence_id")]
    yield from tables.faults("grid", ~annotated, "is not expected: the sentence is not annotated")


def _check_positions(tables: Tables) -> Iterator[Finding]:
    """The table positions has a row for each source and each target, and no other rows."""
    keys = tables.key("positions", TABLES["positions"].key)
    sources, targets = tables.texts("sources", "source_id"), tables.texts("targets", "target_id")
    missing = np.flatnonzero(find(np.arange(len(sources) * len(targets)), keys) < 0)
    if len(missing):
        source, target = divmod(int(missing[0]), len(targets))
        first = f"{sources[source]} {targets[target]} is missing"
        every = len(sources) * len(targets)
        yield single(f"{tables.folder.path / 'positions'}: {first}; missing rows: {len(missing)} of {every}")


def _check_order(tables: Tables, table: str, keys: list[Places]) -> Iterator[Finding]:
    """The rows of each split are in order."""
    splits = coded(tables.column(table, SPLIT)).indices.to_numpy()
    wrong = descends(keys)
    wrong[1:] &= splits[1:] == splits[:-1]
    yield from tables.faults(table, wrong, "is out of order: it belongs before the preceding row")


def _check_order_of_judges(tables: Tables) -> Iterator[Finding]:
    """Judgements on the same stance are ordered by annotator and round."""
    key, who = tables.key("judgements", PAIR), alphabetical(tables.column("judgements", "annotator_id"))
    wrong = descends([who, tables.numbers("judgements", "round")])
    wrong[1:] &= key[1:] == key[:-1]
    yield from tables.faults("judgements", wrong, "is out of order: it belongs before the preceding row")


def _ranks(tables: Tables) -> dict[str, list[Places]]:
    """The sort keys of the rows of each table, the most significant first."""
    ends = [tables.texts("pairs", f"sentence_{side}") for side in "ab"]
    first, second = pc.min_element_wise(*ends), pc.max_element_wise(*ends)
    return {
        "documents": [tables.codes("documents", "source_id")],
        "sentences": [tables.codes("sentences", name) for name in ("source_id", "document_id")],
        "positions": [tables.codes("positions", name) for name in ("source_id", "target_id")],
        "pairs": [alphabetical(column) for column in (tables.texts("pairs", "target_id"), first, second)],
    }


def _ranks_in_sentences(tables: Tables) -> dict[str, list[Places]]:
    """The sort keys of the rows about sentences."""
    pairs = {
        table: [tables.codes(table, name) for name in ("sentence_id", "target_id")]
        for table in ("grid", "stances", "judgements", "probes")
    }
    kind = places_in(tables.column("probes", "probe"), KINDS)
    return pairs | {"probes": [kind, *pairs["probes"], tables.codes("probes", "other_target_id")]}


def _check_splits(tables: Tables) -> Iterator[Finding]:
    """All cells of a paragraph are in one split."""
    paragraph, split = coded(tables.column("grid", "paragraph_id")).indices.to_numpy(), tables.column("grid", SPLIT)
    _, first, number = np.unique(paragraph, return_index=True, return_inverse=True)
    expected = split.take(pa.array(first[number]))
    yield from tables.differences("grid", SPLIT, differs(split, expected), expected, "as in the rest of its paragraph")


def _check_contexts(tables: Tables) -> Iterator[Finding]:
    """The context of a stance is the text around its sentence in the paragraph."""
    columns = tables.rows["sentences"].select(["sentence_id", "paragraph_id", "text"]).to_pylist()
    around = list(contexts(Sentence.model_construct(**row) for row in columns).values())
    place = tables.codes("stances", "sentence_id")
    for number, column in enumerate(("context_before", "context_after")):
        expected = take(pa.array([sides[number] for sides in around], pa.string()), place)
        wrong = differs(tables.column("stances", column), expected)
        yield from tables.differences("stances", column, wrong, expected, "as in sentences")
