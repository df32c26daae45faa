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
from kazstance.schema.labels import LABELS, Label
from kazstance.stats.counting import as_text
from kazstance.stats.permutation import PERMUTATIONS
from kazstance.stats.resampling import SEED

SOURCE: Final = "source"
"""What is compared by default."""
LANGUAGE: Final = "language"
"""The attribute by whose rules words are found."""
NOT_ATTRIBUTES: Final = ("source_id", "split", "voices")
"""Columns of the table `sources` that cannot group them."""
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
    frames; `names` are the targets in words.
    """

    counts: Counts
    rows: Any
    columns: ColumnNames
    background: Any = None
    names: Mapping[str, str] | None = None

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
        by: `source`, or an attribute of the sources: a column of the table `sources`, such as `tradition`.

    Raises:
        UnknownNameError: there is no such voice or attribute.
    """
    stances, sentences = (_grouped(folder, table, by) for table in ("stances", "sentences"))
    stances, sentences = spoken(stances, voice), spoken(sentences.filter(nw.col("annotated")), voice)
    column = "source_id" if by == SOURCE else by
    counts = count(
        stances,
        source=column,
        sentences=sentences,
        sources=folder.ids["source_id"] if by == SOURCE else None,
        targets=folder.ids["target_id"],
    )
    names = {row.target_id: row.name for row in folder.targets.records()}
    columns = ColumnNames(column, "target_id", "text", LANGUAGE)
    return Comparison(counts, stances, columns, sentences, names)


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


def _grouped(folder: DatasetFolder, table: str, by: str) -> Any:
    """A table, with an attribute of its sources and their language as columns."""
    if by not in attributes(folder):
        raise UnknownNameError(by, "attribute of sources", attributes(folder))
    rows, sources = folder[table].to_arrow(), folder.sources.to_arrow()
    for name in {by, LANGUAGE} - {SOURCE}:
        values = pc.fill_null(pc.cast(sources[name], pa.string()), NOT_STATED)
        column = values.take(pc.index_in(rows["source_id"], value_set=sources["source_id"].combine_chunks()))
        rows = rows.drop_columns([other for other in rows.column_names if other == name]).append_column(name, column)
    return nw.from_native(rows)


def attributes(folder: DatasetFolder) -> Sequence[str]:
    """What the sources of a dataset can be grouped by."""
    return (SOURCE, *(name for name in folder.sources.columns if name not in NOT_ATTRIBUTES))
