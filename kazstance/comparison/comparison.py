"""The comparison of sources: one count, and everything that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw

from kazstance.comparison.contrast import Row, contrast
from kazstance.comparison.counts import Counts, VoiceFilter, count, of_sources, spoken
from kazstance.comparison.disagreements import Disagreements, disagreements
from kazstance.comparison.distances import Distances, Feature, distances
from kazstance.comparison.grouping import CLUSTER, GROUP, LANGUAGE, PAIRS, SOURCE, Grouping, grouped_rows
from kazstance.comparison.positions import Cell, positions
from kazstance.comparison.wording import Word, counted_words, wording
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.frames import as_frame
from kazstance.input.labelled import read_labels
from kazstance.input.spelling import Spelling, given
from kazstance.language.tags import UNDETERMINED
from kazstance.output.listing import Listing
from kazstance.output.notebook import html_table
from kazstance.schema.labels import LABELS, Label, Status
from kazstance.stats.counting import as_text
from kazstance.stats.permutation import PERMUTATIONS
from kazstance.stats.resampling import SEED


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
    frames; `names` are the targets in words, and `by` is what is compared. `undecided` is the number of pairs of
    sentence and target that are left out because the annotators' votes decide nothing.
    """

    counts: Counts
    rows: Any
    columns: ColumnNames
    background: Any = None
    names: Mapping[str, str] | None = None
    undecided: int = 0
    by: str = SOURCE

    @cached_property
    def _cells(self) -> Listing[Cell]:
        return positions(self.counts)

    @cached_property
    def _ranked(self) -> Disagreements:
        return disagreements(self.counts)

    @cached_property
    def _ranked_without_salience(self) -> Disagreements:
        return disagreements(self.counts, with_salience=False)

    @cached_property
    def _everywhere(self) -> Any:
        """The words of all texts, which are counted once for all targets."""
        return None if self.background is None else counted_words(self.background, self._text(), self.columns.language)

    def positions(self) -> Listing[Cell]:
        """Where each source stands on each target: the complete grid, source by source."""
        return self._cells

    def __getitem__(self, key: tuple[str | int, str]) -> Cell:
        """The cell of a source and a target, as `cmp["old_mole", "campism"]`, or of a group, as `cmp[2022, "campism"]`.

        Raises:
            UnknownNameError: there is no such source, group or target.
        """
        sources, targets = self.counts.sources, self.counts.targets
        source, target = map(str, key)
        for name, known, kind in ((source, sources, self.by), (target, targets, "target")):
            if name not in known:
                raise UnknownNameError(name, kind, known)
        return self._cells[sources.index(source) * len(targets) + targets.index(target)]

    def disagreements(self, n: int = PERMUTATIONS, seed: int = SEED, *, with_salience: bool = True) -> Disagreements:
        """On which targets the sources differ, by how much and how certainly; opposed and contested targets first.

        Args:
            n: number of permutations of each test.
            seed: seed of the permutations.
            with_salience: whether to test salience, too, which takes as long again or longer.
        """
        if (n, seed) != (PERMUTATIONS, SEED):
            return disagreements(self.counts, n, seed, with_salience=with_salience)
        return self._ranked if with_salience or "_ranked" in vars(self) else self._ranked_without_salience

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

    def wording(self, target: str, prior: float | None = None, most: int | None = None) -> Listing[Word]:
        """Which words each source uses on a target more or less than the others, the highest z first.

        Args:
            target: the target.
            prior: total of the pseudo-counts, above 0; by default, the number of the sources' words on it.
            most: how many words of each source, of those that it uses twice or more and more than the others; by
                default, all words that any source uses.

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
            background=self._everywhere,
            prior=prior,
            most=most,
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


def compare_dataset(folder: DatasetFolder, voice: VoiceFilter = "own", by: str = SOURCE) -> Comparison:
    """Compare the sources of a dataset, or groups of them.

    Args:
        folder: the dataset.
        voice: whose sentences count: `own`, `endorsed` (own and the quotations a source makes its own) or `all`.
        by: `source`, `document`, `holder` (whose stance it is: the source's, unless another holder was judged), or an
            attribute: a column of the tables `sources` and `documents`, such as `tradition` or `year`. A document
            without a value of its own has that of its source; those without either form the group `not stated`.

    Raises:
        UnknownNameError: there is no such voice or attribute.
    """
    found = Grouping(folder, by)
    stances, sentences, grid = (spoken(rows, voice) for rows in (found.stances(), found.sentences(), found.grid()))
    counts = count(
        stances,
        source=found.column,
        cluster=CLUSTER,
        sentences=sentences,
        asked=grid,
        weight=PAIRS,
        sources=found.groups,
        targets=folder.ids["target_id"],
    )
    names = {row.target_id: row.name for row in folder.targets.records()}
    undecided = int(grid.filter(nw.col("status") == Status.undecided.value)[PAIRS].sum())
    columns = ColumnNames(found.column, "target_id", "text", LANGUAGE)
    return Comparison(counts, stances, columns, sentences, names, undecided, found.by)


def compare_rows(
    frame: Any,
    *,
    by: str | None = None,
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
        by: the column to compare by; by default, `source`. Rows without a value are the group `not stated`.
        source: the column of the source.
        target: the column of the target.
        label: the column of the label.
        labels: how the column spells them: the name of a preset, or a mapping from its values to favor, against,
            neutral and none. Numbers and `none` need one.
        cluster: the column of the cluster within its source, such as a document; by default, each row is one.
        text: the column of the text, for `wording`.
        language: by whose rules its words are found: the column of the tags (BCP 47), or one tag for all rows.
        sentences: for salience, how many sentences each source has: a mapping, or rows of one sentence each with the
            same columns of source, cluster and `by`.
        voice: whose sentences count; `own` and `endorsed` require the columns voice and endorsed.

    Raises:
        UnknownLabelError: values that are not labels; all are named.
        UnknownNameError: there is no such column or voice.
    """
    rows = nw.from_native(spoken(of_sources(as_frame(frame), by or source), voice))
    there = rows.collect_schema().names()
    if text is not None and text not in there:
        raise UnknownNameError(text, "column of the table", there)
    known = read_labels(rows, label, given(labels))
    who = source
    if by is not None and by != source:
        who = _new_name(GROUP, there)
        rows = grouped_rows(rows, by, source, cluster, who)
        if sentences is not None and not isinstance(sentences, Mapping):
            sentences = grouped_rows(as_frame(sentences), by, source, cluster, who)
    counts = count(rows, source=who, target=target, label=label, labels=labels, cluster=cluster, sentences=sentences)
    silent = [value for value, name in known.items() if name == Label.none.name]
    stances = rows.filter(~as_text(label).fill_null("").is_in(silent)) if silent else rows
    return Comparison(counts, stances, ColumnNames(who, target, text, language), rows, by=by or source)


def _new_name(name: str, taken: Sequence[str]) -> str:
    """The name, with underscores where a column has it already."""
    return _new_name(f"{name}_", taken) if name in taken else name
