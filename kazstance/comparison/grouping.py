"""What is compared: sources, documents, holders, or groups of them by an attribute, in a dataset or in plain rows."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.schema.ids import document_of
from kazstance.schema.leaks import cluster_names
from kazstance.schema.records import Document, Source
from kazstance.stats.counting import plain_text, plain_value, tally_codes, text_of

SOURCE, DOCUMENT, HOLDER = "source", "document", "holder"
"""What can be compared apart from attributes; sources by default."""
GROUP: Final = "group"
"""The column of the attribute's value, or of the holder."""
CLUSTER: Final = "cluster"
"""The column of a row's cluster: its document if its source has several, otherwise its paragraph."""
LANGUAGE: Final = "language"
"""The attribute by whose rules words are found."""
NOT_STATED: Final = "not stated"
"""The group of rows without a value."""
ALIASES: Final = {"source_id": SOURCE, "document_id": DOCUMENT}
PARTICULAR: Final = ("title", "url", "rights", "notes", "date_stated", "raw_sha256", "raw_characters")
"""Columns that describe one text; comparing by them is possible, but not suggested."""
Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
AT_ONCE: Final = 1_000_000
"""Rows of the grid that are counted at a time."""
VOICED: Final = ("voice", "endorsed")
PAIRS: Final = "pairs"
"""The column that says for how many pairs of sentence and target a row stands."""
GROUPED: Final = ("sentence_id", "source_id", "paragraph_id", "target_id", HOLDER, "status")
"""The columns of the grid that are counted."""


class Grouping:
    """The rows of a dataset with their group and cluster.

    `column` is the column of the group, and `groups` are all groups in order: numbers such as years by size, and rows
    without a value last.
    """

    def __init__(self, folder: DatasetFolder, by: str) -> None:
        by = ALIASES.get(by, by)
        if by not in attributes(folder):
            raise UnknownNameError(by, "attribute of sources or documents", suggested(folder))
        self.folder, self.by = folder, by
        self.column: Final = f"{by}_id" if by in (SOURCE, DOCUMENT) else GROUP
        documents = folder.documents.to_arrow()
        names = (documents[name].to_pylist() for name in ("document_id", "source_id"))
        self._source = dict(zip(*names, strict=True))
        self._language = self._by_document(documents, LANGUAGE)
        self._group = self._groups(documents)

    @property
    def groups(self) -> tuple[str, ...]:
        """All groups, in order."""
        sources = self.folder.ids["source_id"]
        if self.by == SOURCE:
            return sources
        if self.by == HOLDER:
            return tuple(dict.fromkeys((*sources, *in_order(self._holders()))))
        return in_order(self._group.values())

    def stances(self) -> nw.DataFrame[Any]:
        """The stances that are compared, with all columns."""
        return self._grouped(self.folder.stances.to_arrow())

    def grid(self) -> nw.DataFrame[Any]:
        """How many pairs of sentence and target were judged, in the column `pairs`, for the holders that are compared.

        A row for each paragraph, voice, target and status, so that a large grid need not be in memory as a whole.
        """
        sentences = self.folder.columns("sentences", ["sentence_id", *VOICED])
        batches = (
            batch
            for split in self.folder["grid"].splits
            for batch in self.folder.batches("grid", split, GROUPED, coded=True)
        )
        parts = [_counted(_voiced(rows, sentences)) for rows in _pieces(batches)]
        nothing = _counted(_voiced(self.folder.schema("grid").empty_table().select(GROUPED), sentences))
        return self._grouped(pa.concat_tables([nothing, *parts]).unify_dictionaries())

    def sentences(self) -> nw.DataFrame[Any]:
        """The annotated sentences of each group: those of a holder are the sentences that were judged for it."""
        rows = self.folder.sentences.to_arrow()
        rows = rows.filter(rows["annotated"])
        if self.by == HOLDER:
            pairs = self.folder.columns("grid", ["sentence_id", HOLDER], pc.field(HOLDER).is_valid())
            held = pairs.group_by(["sentence_id", HOLDER]).aggregate([])
            place = pc.index_in(held["sentence_id"], value_set=rows["sentence_id"].combine_chunks())
            own = rows.append_column(HOLDER, pa.nulls(len(rows), pa.string()))
            rows = pa.concat_tables([own, rows.take(place).append_column(HOLDER, held[HOLDER])])
        return self._grouped(rows)

    def _groups(self, documents: pa.Table) -> Mapping[str, str]:
        """The group of each document, apart from holders."""
        if self.by in (SOURCE, HOLDER):
            return self._source
        return {name: name for name in self._source} if self.by == DOCUMENT else self._by_document(documents, self.by)

    def _by_document(self, documents: pa.Table, column: str) -> dict[str, str]:
        """The value of an attribute for each document: its own, or else that of its source."""
        sources = self.folder.sources.to_arrow()
        own, shared = _values(documents, "document_id", column), _values(sources, "source_id", column)
        if column == "year":
            shared = {name: date and date[:4] for name, date in _values(sources, "source_id", "date").items()}
        return {name: own.get(name) or shared.get(source) or NOT_STATED for name, source in self._source.items()}

    def _holders(self) -> Iterable[str]:
        found = self.folder.columns("grid", [HOLDER], pc.field(HOLDER).is_valid())[HOLDER]
        names: list[str] = found.unique().to_pylist()
        return names

    def _grouped(self, rows: pa.Table) -> nw.DataFrame[Any]:
        """Rows with their cluster, language and group; a holder's are left out unless holders are compared."""
        if self.by != HOLDER and HOLDER in rows.column_names:
            rows = rows.filter(pc.is_null(rows[HOLDER]))
        is_coded = pa.types.is_dictionary(rows.schema.field("paragraph_id").type)
        paragraphs = rows["paragraph_id"].combine_chunks().dictionary_encode()
        names = paragraphs.dictionary.to_pylist()
        is_within = self.by == DOCUMENT
        clusters = dict(zip(names, names, strict=True)) if is_within else cluster_names(names, self._source)
        added = {
            CLUSTER: [clusters[name] for name in names],
            LANGUAGE: [self._language[document_of(name)] for name in names],
            self.column: [self._group[document_of(name)] for name in names],
        }
        for name, values in added.items():
            distinct = pa.array(values, pa.string())
            column = (distinct.dictionary_encode() if is_coded else distinct).take(paragraphs.indices)
            if name == GROUP and self.by == HOLDER:
                column = pc.coalesce(rows[HOLDER].cast(pa.string()), column.cast(pa.string()))
            rows = rows.drop_columns([name] if name in rows.column_names else []).append_column(name, column)
        grouped: nw.DataFrame[Any] = nw.from_native(rows)
        return grouped


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches as tables of a size at which looking up their sentences among all does not take most of the time."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= AT_ONCE:
            yield pa.Table.from_batches(held).unify_dictionaries()
            held = []
    if held:
        yield pa.Table.from_batches(held).unify_dictionaries()


def _voiced(rows: pa.Table, sentences: pa.Table) -> pa.Table:
    """Rows with the voice of their sentence in its place."""
    coded = rows["sentence_id"].combine_chunks().dictionary_encode()
    place = pc.index_in(coded.dictionary, value_set=sentences["sentence_id"].combine_chunks()).take(coded.indices)
    for name in VOICED:
        rows = rows.append_column(name, sentences[name].combine_chunks().dictionary_encode().take(place))
    return rows.drop_columns(["sentence_id"])


def _counted(rows: pa.Table) -> pa.Table:
    """The distinct rows, as codes, and how often each occurs, in the column `pairs`."""
    coded = [column.combine_chunks().dictionary_encode() for column in rows.columns]
    names = rows.column_names
    found = tally_codes(pa.table(coded, names), names)
    columns = {
        name: pa.DictionaryArray.from_arrays(
            pa.array(codes.astype(np.int32), mask=np.array([not value for value in values], dtype=bool)[codes]),
            pa.array(values, pa.string()),
        )
        for name, values, codes in zip(names, found.values, found.codes.T, strict=True)
    }
    return pa.table({**columns, PAIRS: pa.array(found.rows.astype(np.int64))})


def attributes(folder: DatasetFolder) -> tuple[str, ...]:
    """What a comparison can be by: source, document and holder, and every column of sources and documents."""
    columns = [
        field.name
        for table in ("sources", "documents")
        for field in folder.schema(table)
        if not pa.types.is_nested(field.type) and field.name not in ALIASES
    ]
    return (SOURCE, DOCUMENT, HOLDER, *(name for name in dict.fromkeys(columns) if name != HOLDER))


def suggested(folder: DatasetFolder) -> tuple[str, ...]:
    """Those that make sense as groups: not what describes one text, is stated nowhere, or differs in every document."""
    sources, documents = folder.sources.to_arrow(), folder.documents.to_arrow()
    own = [name for name in documents.column_names if name not in Document.model_fields]

    def is_group(name: str) -> bool:
        if name in (SOURCE, DOCUMENT, HOLDER):
            return True
        stated = [table[name] for table in (sources, documents) if name in table.column_names]
        if name in PARTICULAR or all(column.null_count == len(column) for column in stated):
            return False
        if name in own and name not in Source.model_fields and name not in sources.column_names:
            return len(documents) == 1 or len(stated[0].unique()) < len(documents)
        return True

    return tuple(name for name in attributes(folder) if is_group(name))


def in_order(groups: Iterable[str]) -> tuple[str, ...]:
    """Distinct groups, sorted: by size if all are numbers, as years are; without a value last."""
    named = {name for name in groups if name != NOT_STATED}
    are_numbers = all(map(NUMBER.fullmatch, named))
    ordered = sorted(named, key=(lambda name: (float(name), name)) if are_numbers else lambda name: (0.0, name))
    return (*ordered, *([NOT_STATED] if NOT_STATED in groups else []))


def grouped_rows(frame: Frame, by: str, source: str, cluster: str | None, group: str) -> Frame:
    """Plain rows with the value of a column as their group, and with clusters that are apart in different sources.

    Args:
        frame: a frame that Narwhals knows.
        by: the column.
        source: the column of the source, if there is one.
        cluster: the column of the cluster within the source, if there is one.
        group: the column to add; the cluster is written in its place.

    Raises:
        UnknownNameError: there is no such column.
    """
    schema = frame.collect_schema()
    if by not in schema:
        raise UnknownNameError(by, "column of the table", schema.names())
    added = [as_value(by, schema[by]).fill_null(NOT_STATED).alias(group)]
    if cluster and source in schema and source not in (by, cluster):
        parts = (text_of(frame, name) for name in (source, cluster))
        added.append(nw.concat_str(*parts, separator="\n").alias(cluster))
    return frame.with_columns(*added)


def as_value(column: str, kind: Any) -> nw.Expr:
    """A column as text that is the same in every engine: whole numbers without decimals, times by their day."""
    if kind in (nw.Datetime, nw.Date):
        return nw.col(column).dt.to_string("%Y-%m-%d")
    return plain_text(column, kind)


def _values(rows: pa.Table, key: str, column: str) -> dict[str, str | None]:
    """The values of a column as text by those of another; empty if there is no such column."""
    if column not in rows.column_names:
        return {}
    return dict(zip(rows[key].to_pylist(), map(plain_value, rows[column].to_pylist()), strict=True))
