"""The front door: the objects and functions that `import kazstance` offers."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kazstance import comparison
from kazstance.dataset import SHIPPED, DatasetFolder, verify
from kazstance.dataset.history import History, history

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from kazstance.comparison.agreement import Agreement, By
    from kazstance.comparison.counts import Voice
    from kazstance.comparison.distances import Feature
    from kazstance.schema.manifest import Manifest

    StrPath = str | os.PathLike[str]


class Chart:
    """A chart that shows in a notebook without a network, and can be saved."""

    def __init__(self, altair: Any) -> None:
        self.altair = altair
        """The chart as an Altair object, to be changed."""

    def save(self, path: StrPath) -> None:
        """Write the chart, by the ending of the path as .png, .svg or .html.

        Raises:
            UnknownNameError: another ending.
        """
        from kazstance.plot.theme import save

        save(self.altair, Path(path))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        from kazstance.plot.theme import to_svg

        return {"image/svg+xml": to_svg(self.altair), "text/plain": repr(self)}


class Charts:
    """The charts of a comparison; each needs the extra `plots`."""

    def __init__(self, compared: comparison.Comparison) -> None:
        self._compared = compared

    def positions(self) -> Chart:
        """Net stance of every source on every target, with its interval."""
        from kazstance.plot.sources import position_matrix

        return Chart(position_matrix(self._compared.positions(), self._compared.names))

    def disagreements(self) -> Chart:
        """Targets by how far the sources differ on them, and which pairs agree, differ or are undecided."""
        from kazstance.plot.sources import disagreement_ranking

        return Chart(disagreement_ranking(self._compared.disagreements(), self._compared.names))

    def distances(self, by: Feature = "positions") -> Chart:
        """A tree and a map of the sources, by their positions or their salience."""
        from kazstance.plot.sources import distance_chart

        return Chart(distance_chart(self._compared.distances(by)))

    def salience(self) -> Chart:
        """The share of each source's sentences that is about each target."""
        from kazstance.plot.sources import salience_bars

        return Chart(salience_bars(self._compared.positions(), self._compared.names))


class Comparison(comparison.Comparison):
    """Sources, or groups of them, compared on their targets; with charts."""

    @property
    def plot(self) -> Charts:
        """The charts of the comparison."""
        return Charts(self)


class Dataset(DatasetFolder):
    """A built dataset: its tables, and what can be asked of them."""

    def why(self, sentence: str, target: str) -> History:
        """All that led to the label of a sentence on a target.

        Args:
            sentence: the id of an annotated sentence, as source/paragraph/sentence.
            target: the id of a target.

        Raises:
            UnknownNameError: there is no such annotated sentence or target.
        """
        return history(self, sentence, target)

    def compare(self, *, voice: Voice = "all", by: str = "source") -> Comparison:
        """Compare the sources, or groups of them.

        Args:
            voice: whose sentences count: `own`, `endorsed` (own and the quotations a source makes its own) or `all`.
            by: `source`, or an attribute of the sources: a column of the table `sources`, such as `tradition`.

        Raises:
            UnknownNameError: there is no such voice or attribute.
        """
        return _with_charts(comparison.compare_dataset(self, voice, by))

    def agreement(self, *, by: By | None = None, resamples: int = 1000) -> Agreement:
        """How far the annotators agree, or how stable the labels are if all annotators are runs of one model.

        Args:
            by: only the figures by `all`, `annotators`, `source`, `target` or `people`; without it, all of them.
            resamples: bootstrap resamples of each interval.

        Raises:
            UnknownNameError: `by` is something else.
        """
        from kazstance.comparison.agreement import agreement

        return agreement(self, resamples, by)

    def explore(self, out: StrPath) -> Path:
        """Write one HTML file to look at positions, sentences, texts and the history of labels, offline.

        Returns:
            The file.
        """
        from kazstance.explorer.page import page
        from kazstance.output.files import write_file

        write_file(page(self), Path(out))
        return Path(out)

    def verify(self) -> Manifest:
        """Check that the dataset is what was built, and return its manifest.

        Raises:
            IntegrityError: it is not; the message lists all differences.
        """
        return verify(data=self.path)


def open_dataset(path: StrPath = SHIPPED) -> Dataset:
    """Open a dataset.

    Args:
        path: the folder of a built dataset; without it, the one that comes with the package.

    Raises:
        KazstanceError: the folder is not a built dataset.
        IntegrityError: the manifest is damaged.
    """
    return Dataset(path)


def compare(
    frame: Any,
    *,
    source: str = "source_id",
    target: str = "target_id",
    label: str = "label",
    labels: str | Mapping[Any, str] | None = None,
    cluster: str | None = None,
    text: str | None = None,
    language: str = "und",
    sentences: Any = None,
) -> Comparison:
    """Compare the sources of any rows of one sentence and target each.

    Args:
        frame: a data frame, a file, a folder of Parquet files, an Arrow dataset or reader, a `datasets.Dataset`, or a
            list of rows.
        source: the column of the source.
        target: the column of the target.
        label: the column of the label.
        labels: how the column spells them: the name of a preset, or a mapping from its values to favor, against,
            neutral and none. Numbers and `none` need one.
        cluster: the column of the cluster within its source, as a document or paragraph; without it, rows are clusters.
        text: the column of the text, for `wording`.
        language: by whose rules its words are found: the column of the tags (BCP 47), or one tag for all rows.
        sentences: for salience, how many sentences each source has: a mapping, or rows of one sentence each with the
            same columns of source and cluster.

    Raises:
        UnknownLabelError: values that are not labels; all are named.
        UnknownNameError: there is no such column.
        KazstanceError: `frame` is nothing that holds rows; the message lists what is accepted.
    """
    return _with_charts(
        comparison.compare_rows(
            frame,
            source=source,
            target=target,
            label=label,
            labels=labels,
            cluster=cluster,
            text=text,
            language=language,
            sentences=sentences,
        )
    )


def build(corpus: StrPath, out: StrPath) -> Dataset:
    """Build a dataset from a corpus folder, with its card, and open it.

    Args:
        corpus: the corpus folder.
        out: the folder to write; a dataset that is there is replaced, and files of yours in it are kept.

    Raises:
        InputError: with every problem found in the corpus.
        KazstanceError: `out` is there and is not a dataset.
    """
    from kazstance.publish.hub import build_dataset

    build_dataset(Path(corpus), Path(out))
    return Dataset(out)


def _with_charts(compared: comparison.Comparison) -> Comparison:
    """A comparison that has charts, with the same content."""
    return Comparison(**{field.name: getattr(compared, field.name) for field in fields(compared)})
