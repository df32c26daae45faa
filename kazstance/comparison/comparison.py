"""The comparison of sources: one count, and everything that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.comparison.contrast import Row, contrast
from kazstance.comparison.counts import Counts, VoiceFilter, count, spoken
from kazstance.comparison.disagreements import Disagreement, disagreements
from kazstance.comparison.distances import Distances, Feature, distances
from kazstance.comparison.positions import Cell, positions
from kazstance.comparison.wording import Word, wording
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.frames import as_frame
from kazstance.input.labelled import read_labels
from kazstance.input.spelling import Spelling, given
from kazstance.language.tags import UNDETERMINED
from kazstance.output.listing import Listing
from kazstance.output.notebook import html_table
from kazstance.schema.ids import document_of
from kazstance.schema.labels import LABELS, Label, Status
from kazstance.schema.leaks import cluster_names
from kazstance.stats.counting import as_text
from kazstance.stats.permutation import PERMUTATIONS
from kazstance.stats.resampling import SEED

SOURCE: Final = "source"
"""What is compared by default."""
DOCUMENT: Final = "document"
LANGUAGE: Final = "language"
"""The attribute by whose rules words are found."""
NOT_ATTRIBUTES: Final = ("source_id", "document_id", "split", "voices")
"""Columns of the tables `sources` and `documents` that cannot group them."""
CLUSTER: Final = "cluster"
"""The column of a row's cluster: its document if its source has several, otherwise its paragraph."""
NOT_STATED: Final = "not stated"
"""The group of sources without the attribute."""


@dataclass(frozen=True)
class ColumnNames:
    """The columns of the rows: who is compared, the target, and the text, if there is one.

    `language` is the column of its language, or one tag for all rows.
    """

    source: str
    target: str
    text: str | None = None
    language: str = UNDETERMINED


@dataclass(frozen=True)
class Comparison:
    """Sources, or groups of them, on their targets.

    `rows` are the stances that were counted, and `background` the texts that words are compared with, as Narwhals
    frames; `names` are the targets in words. `undecided` is the number of pairs of sentence and target that are left
    out because the annotators' votes decide nothing.
    """

    counts: Counts
    rows: Any
    columns: ColumnNames
    background: Any = None
    names: Mapping[str, str] | None = None
    undecided: int = 0

    @cached_property
    def _cells(self) -> Listing[Cell]:
        return positions(self.counts)

    def positions(self) -> Listing[Cell]:
        """Where each source stands on each target: the complete grid, source by source."""
        return self._cells

    def __getitem__(self, key: tuple[str, str]) -> Cell:
        """The cell of a source and a target, as `cmp["old_mole", "campism"]`.

        Raises:
            UnknownNameError: there is no such source or target.
        """
        sources, targets = self.counts.sources, self.counts.targets
        for name, known, kind in ((key[0], sources, "source"), (key[1], targets, "target")):
            if name not in known:
                raise UnknownNameError(name, kind, known)
        return self._cells[sources.index(key[0]) * len(targets) + targets.index(key[1])]

    def disagreements(self, n: int = PERMUTATIONS, seed: int = SEED) -> Listing[Disagreement]:
        """On which targets the sources differ, by how much and how certainly; contested targets first.

        Args:
            n: number of permutations of each test.
            seed: seed of the permutations.
        """
        return disagreements(self.counts, n, seed)

    def distances(self, by: Feature = "positions", n: int = 1000, seed: int = SEED) -> Distances:
        """How far apart the sources are over all targets.

        Args:
            by: `positions`, or `salience`: what they write about.
            n: number of resamples.
            seed: seed of the resamples.

        Raises:
            UnknownNameError: `by` is neither.
            KazstanceError: there are fewer than two sources.
        """
        return distances(self.counts, by, n, seed)

    def wording(self, target: str, prior: float | None = None) -> Listing[Word]:
        """Which words each source uses on a target more or less than the others, the highest z first.

        Args:
            target: the target.
            prior: total of the pseudo-counts, above 0; by default, the number of the sources' words on it.

        Raises:
            UnknownNameError: there is no such target.
            KazstanceError: the rows have no text.
        """
        return wording(
            target,
            self.rows,
            source=self.columns.source,
            target_column=self.columns.target,
            text=self._text(),
            language=self.columns.language,
            background=self.background,
            prior=prior,
        )

    def contrast(self, target: str) -> dict[str, list[Row]]:
        """The rows of each source on a target, the strongest evidence first.

        Raises:
            UnknownNameError: there is no such target.
        """
        return contrast(
            target,
            self.rows,
            source=self.columns.source,
            target_column=self.columns.target,
            sources=self.counts.sources,
            targets=self.counts.targets,
        )

    def __repr__(self) -> str:
        rows = round(float(self.counts.rows.sum()))
        return f"<{type(self).__name__} of {len(self.counts.sources)} × {len(self.counts.targets)}: {rows} stances>"

    def _repr_html_(self) -> str:
        """What was counted of each source, for a notebook."""
        sources, targets, total = self.counts.sources, self.counts.targets, self.counts.total
        addressed = (total.sum(axis=2) > 0).sum(axis=1).tolist()
        sides = total.sum(axis=1).round().astype(int).tolist()
        rows = [
            {"source": source, **dict(zip(LABELS, stances, strict=True)), "targets addressed": f"{n} of {len(targets)}"}
            for source, stances, n in zip(sources, sides, addressed, strict=True)
        ]
        return html_table(rows)

    def _text(self) -> str:
        if self.columns.text is None:
            raise KazstanceError("the rows have no text column; expected one, named with text=")
        return self.columns.text


def compare_dataset(folder: DatasetFolder, voice: VoiceFilter = "all", by: str = SOURCE) -> Comparison:
    """Compare the sources of a dataset, or groups of them.

    Args:
        folder: the dataset.
        voice: whose sentences count: `own`, `endorsed` (own and the quotations a source makes its own) or `all`.
        by: `source`, `document`, or an attribute: a column of the tables `sources` and `documents`, such as
            `tradition` or `year`. A document without a value of its own has that of its source.

    Raises:
        UnknownNameError: there is no such voice or attribute.
    """
    homes = _Homes(folder, by)
    stances, sentences, grid = (homes.grouped(table) for table in ("stances", "sentences", "grid"))
    stances, sentences = spoken(stances, voice), spoken(sentences.filter(nw.col("annotated")), voice)
    counts = count(
        stances,
        source=homes.column,
        cluster=CLUSTER,
        sentences=sentences,
        asked=spoken(grid, voice),
        sources=folder.ids["source_id"] if by == SOURCE else None,
        targets=folder.ids["target_id"],
    )
    names = {row.target_id: row.name for row in folder.targets.records()}
    undecided = len(grid.filter(nw.col("status") == Status.undecided.value))
    columns = ColumnNames(homes.column, "target_id", "text", LANGUAGE)
    return Comparison(counts, stances, columns, sentences, names, undecided)


def compare_rows(
    frame: Any,
    *,
    source: str = "source_id",
    target: str = "target_id",
    label: str = "label",
    labels: str | Mapping[Any, str] | Spelling | None = None,
    cluster: str | None = None,
    text: str | None = None,
    language: str = UNDETERMINED,
    sentences: Any = None,
    voice: VoiceFilter = "all",
) -> Comparison:
    """Compare the sources of any rows, each with one sentence and one target.

    Args:
        frame: the rows, as anything in `kazstance.input.frames.ACCEPTED`.
        source: the column of the source.
        target: the column of the target.
        label: the column of the label.
        labels: how the column spells them: the name of a preset, or a mapping from its values to favor, against,
            neutral and none. Numbers and `none` need one.
        cluster: the column of the cluster within its source, such as a document; by default, each row is one.
        text: the column of the text, for `wording`.
        language: by whose rules its words are found: the column of the tags (BCP 47), or one tag for all rows.
        sentences: for salience, how many sentences each source has: a mapping, or rows of one sentence each with the
            same columns of source and cluster.
        voice: whose sentences count; `own` and `endorsed` require the columns voice and endorsed.

    Raises:
        UnknownLabelError: values that are not labels; all are named.
        UnknownNameError: there is no such column or voice.
    """
    rows = nw.from_native(spoken(as_frame(frame), voice))
    if text is not None and text not in (there := rows.collect_schema().names()):
        raise UnknownNameError(text, "column of the table", there)
    counts = count(rows, source=source, target=target, label=label, labels=labels, cluster=cluster, sentences=sentences)
    known = read_labels(rows, label, given(labels))
    silent = [value for value, name in known.items() if name == Label.none.name]
    stances = rows.filter(~as_text(label).fill_null("").is_in(silent)) if silent else rows
    return Comparison(counts, stances, ColumnNames(source, target, text, language), rows)


class _Homes:
    """Adds to the rows of a dataset their cluster, and the value of an attribute of their document or source."""

    def __init__(self, folder: DatasetFolder, by: str) -> None:
        if by not in (known := attributes(folder)):
            raise UnknownNameError(by, "attribute of sources or documents", known)
        self.folder = folder
        self.column = f"{by}_id" if by in (SOURCE, DOCUMENT) else by
        documents = folder.documents.to_arrow()
        self._source = dict(zip(*(documents[name].to_pylist() for name in ("document_id", "source_id")), strict=True))
        self._values = {name: self._by_document(documents, name) for name in dict.fromkeys([self.column, LANGUAGE])}

    def _by_document(self, documents: pa.Table, column: str) -> dict[str, str]:
        """The value of an attribute for each document: its own, or else that of its source."""
        own = _named(documents, "document_id", column)
        shared = _named(self.folder.sources.to_arrow(), "source_id", column)
        return {name: own.get(name) or shared.get(source) or NOT_STATED for name, source in self._source.items()}

    def grouped(self, table: str) -> Any:
        """A table with its cluster, its voice, its language and the attribute as columns."""
        rows = self.folder[table].to_arrow()
        paragraphs = rows["paragraph_id"].combine_chunks().dictionary_encode()
        names = paragraphs.dictionary.to_pylist()
        clusters = (
            dict(zip(names, names, strict=True)) if self.column == "document_id" else cluster_names(names, self._source)
        )
        added = {
            CLUSTER: [clusters[name] for name in names],
            **{column: [found[document_of(name)] for name in names] for column, found in self._values.items()},
        }
        for name, values in added.items():
            column = pa.array(values, pa.string()).take(paragraphs.indices)
            rows = rows.drop_columns([name] if name in rows.column_names else []).append_column(name, column)
        return nw.from_native(rows if "voice" in rows.column_names else self._voiced(rows))

    def _voiced(self, rows: pa.Table) -> pa.Table:
        """Rows with the voice of their sentence."""
        sentences = self.folder.sentences.to_arrow()
        place = pc.index_in(rows["sentence_id"], value_set=sentences["sentence_id"].combine_chunks())
        for name in ("voice", "endorsed"):
            rows = rows.append_column(name, sentences[name].take(place))
        return rows


def _named(rows: pa.Table, key: str, column: str) -> dict[str, str | None]:
    """The values of a column as text by those of another; empty if there is no such column."""
    if column not in rows.column_names:
        return {}
    return dict(zip(rows[key].to_pylist(), pc.cast(rows[column], pa.string()).to_pylist(), strict=True))


def attributes(folder: DatasetFolder) -> Sequence[str]:
    """What a comparison can be by: the source, the document, and every attribute of either one."""
    own = [name for name in folder.documents.columns if name not in NOT_ATTRIBUTES]
    return (SOURCE, DOCUMENT, *dict.fromkeys([*(n for n in folder.sources.columns if n not in NOT_ATTRIBUTES), *own]))
