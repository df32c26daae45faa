"""The small tables: sources, documents, targets, annotators, and where sources stand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, Final

import numpy as np
import pyarrow as pa

from kazstance.comparison.counts import Counts, count
from kazstance.comparison.grouping import PAIRS
from kazstance.comparison.positions import positions
from kazstance.corpus.inputs import SourceInput
from kazstance.corpus.judge import Stances
from kazstance.corpus.judged_rows import coded
from kazstance.corpus.read import Corpus
from kazstance.output.plain_json import to_value
from kazstance.schema import records
from kazstance.schema.columns import attribute_type, to_arrow
from kazstance.schema.labels import GRID_LABELS, LABELS, Certainty, Origin
from kazstance.schema.leaks import cluster_names
from kazstance.schema.records import Record, SourcePosition
from kazstance.stats.estimate import columns

PLACED: Final = ["source_id", "paragraph_id", "voice", "endorsed"]
"""What is said of a sentence that is counted."""
PERSONAL: Final = ("training", "pay", "consent")
"""What may be stated about a person; columns of the table annotators if it is."""


def small_tables(
    corpus: Corpus, units: pa.Table, stances: Stances, asked: pa.Table | None, folds: Mapping[str, int]
) -> Mapping[str, pa.Table]:
    """The tables with a row for each target or annotator, and the positions.

    Args:
        corpus: the corpus.
        units: the rows of the table sentences.
        stances: the stances of speakers.
        asked: how many pairs were asked, in the column `pairs`, by source_id, paragraph_id, voice, endorsed, target_id
            and status; None if all pairs of an annotated sentence and a target were, and all are decided.
        folds: the fold of each target.
    """
    counts, endorsed = _count(corpus, units, stances, asked)
    made: dict[str, Sequence[Record]] = {
        "positions": list(position_rows(counts, endorsed)),
        "targets": list(_targets(corpus, folds, counts.contested)),
        "annotators": list(_annotators(corpus)),
    }
    return {table: as_table(table, rows) for table, rows in made.items()}


def text_tables(corpus: Corpus) -> Mapping[str, pa.Table]:
    """The tables with a row for each source or document, which take the texts.

    Args:
        corpus: the corpus.
    """
    return {
        "sources": as_table("sources", list(_sources(corpus))),
        "documents": as_table("documents", list(_documents(corpus))),
    }


def as_table(table: str, rows: Sequence[Record]) -> pa.Table:
    """Records as a table; their attributes follow the columns of the record, in alphabetical order."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in (row.model_extra or {}).items():
            found.setdefault(name, []).append(value)
    kinds = {name: attribute_type(found[name]) for name in sorted(found)}
    return to_arrow(records.TABLES[table].record, rows, kinds)


def _count(corpus: Corpus, units: pa.Table, stances: Stances, asked: pa.Table | None) -> tuple[Counts, Counts]:
    """The counts from which positions and contested targets follow, over all sources and targets."""
    targets = [entry.value.id for entry in corpus.targets]
    found = units.select(["source_id", "paragraph_id", "voice", "endorsed"]).take(pa.array(stances.unit))
    found = found.append_column("target_id", coded(pa.array(targets, pa.string()), stances.target))
    found = found.append_column("label_name", coded(pa.array(GRID_LABELS), stances.label))
    certainty = coded(pa.array(map(str, Certainty), pa.string()), stances.is_unsure.astype(np.int64))
    found = found.append_column("certainty", certainty)
    return counts_of(
        found,
        units,
        asked,
        {document.document_id: document.source.id for document in corpus.documents},
        sources=[entry.value.id for entry in corpus.sources],
        targets=targets,
    )


def counts_of(
    stances: pa.Table,
    sentences: pa.Table,
    grid: pa.Table | None,
    homes: Mapping[str, str],
    *,
    sources: Sequence[str],
    targets: Sequence[str],
) -> tuple[Counts, Counts]:
    """Counts in the sources' own voice, and counts of stances that include the quotations they endorse.

    Args:
        stances: the rows of stances.
        sentences: the rows of sentences.
        grid: the rows of the grid, with the voice of their sentences, or one for all pairs that are the same in this
            and their number in the column `pairs`; None if all pairs of an annotated sentence and a target were asked
            and are decided.
        homes: the source of each document.
        sources: all sources, in order.
        targets: all targets, in order.
    """
    clusters = cluster_names(sentences["paragraph_id"].unique().to_pylist(), homes)
    weighted = grid is not None and PAIRS in grid.column_names
    pairs = None if grid is None else grid.select([*PLACED, "target_id", "status", *([PAIRS] if weighted else [])])
    count_in = partial(
        count,
        _clustered(stances.select([*PLACED, "target_id", "label_name", "certainty"]), clusters),
        sources=sources,
        targets=targets,
        labels="kazstance",
    )
    own = count_in(
        voice="own",
        sentences=_clustered(sentences.select(PLACED).filter(sentences["annotated"]), clusters),
        asked=None if pairs is None else _clustered(pairs, clusters),
        weight=PAIRS if weighted else None,
    )
    return own, count_in(voice="endorsed")


def _clustered(rows: pa.Table, clusters: Mapping[str, str]) -> pa.Table:
    """Rows with clusters in place of paragraphs."""
    coded = rows["paragraph_id"].combine_chunks().dictionary_encode()
    names = pa.array([clusters[name] for name in coded.dictionary.to_pylist()], pa.string())
    place = rows.schema.get_field_index("paragraph_id")
    return rows.set_column(place, "paragraph_id", names.take(coded.indices)).replace_schema_metadata(None)


def position_rows(own: Counts, endorsed: Counts) -> Iterator[SourcePosition]:
    """The complete grid of sources and targets.

    Args:
        own: the counts in the sources' own voice.
        endorsed: the same with the quotations that they make their own.
    """
    quoted = (endorsed.total - own.total).reshape(-1, len(LABELS)).astype(int).tolist()
    for cell, (against, neutral, favor) in zip(positions(own), quoted, strict=True):
        yield SourcePosition(
            source_id=cell.source,
            target_id=cell.target,
            n_favor=cell.favor,
            n_neutral=cell.neutral,
            n_against=cell.against,
            n_unsure=cell.unsure,
            n_endorsed_favor=favor,
            n_endorsed_neutral=neutral,
            n_endorsed_against=against,
            n_sentences=cell.sentences or 0,
            n_asked=cell.asked or 0,
            n_undecided=cell.undecided or 0,
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
            raw_sha256=None if text is None else _digest(text),
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
            raw_sha256=_digest(corpus.texts[document.document_id]),
            raw_characters=len(corpus.texts[document.document_id]),
            **{name: value or shared.get(name) for name, value in said.items()},
            **(given.attributes if given else {}),
        )


def _digest(text: str) -> str:
    """SHA-256 of a text in UTF-8, which for a text file is that of the file."""
    return sha256(text.encode()).hexdigest()


def _shared(record: type[Record]) -> set[str]:
    """The columns of a record that are copied from its input."""
    return set(record.model_fields) - {"voices"}


def _voices(source: SourceInput) -> tuple[records.QuotedVoice, ...]:
    return tuple(records.QuotedVoice(**voice.model_dump()) for voice in source.voice)


def _targets(corpus: Corpus, folds: Mapping[str, int], contested: Iterable[bool]) -> Iterator[records.Target]:
    for entry, is_contested in zip(corpus.targets, contested, strict=True):
        target = entry.value
        yield records.Target(
            **target.model_dump(exclude={"id", "by_kind", "fold"}),
            target_id=target.id,
            fold=folds[target.id],
            contested=is_contested,
        )


def _annotators(corpus: Corpus) -> Iterator[records.Annotator]:
    for entry in corpus.annotators:
        who = entry.value
        own = {name: value for name in PERSONAL if (value := getattr(who, name))}
        own |= {"run": to_value(who.run.model_dump(mode="json", exclude_none=True))} if who.run else {}
        yield records.Annotator(
            **who.model_dump(exclude={"id", "date", "name", "run", *PERSONAL}),
            **own,
            name=None if who.origin is Origin.human else who.name,
            annotator_id=who.id,
            date=who.date.isoformat() if who.date else None,
            brief_sha256=corpus.digests[f"annotations/{who.brief}"] if who.brief else None,
        )
