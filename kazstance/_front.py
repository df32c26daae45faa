"""The front door: the objects and functions that `import kazstance` offers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Unpack

import kazstance
from kazstance import comparison
from kazstance.dataset import DatasetFolder, verify
from kazstance.dataset.history import History, history
from kazstance.errors import KazstanceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from kazstance._benchmark import Benchmark
    from kazstance.comparison.agreement import Agreement, By
    from kazstance.comparison.checked import Checked
    from kazstance.comparison.counts import VoiceFilter
    from kazstance.comparison.distances import Feature
    from kazstance.comparison.drift import Drift
    from kazstance.corpus.imported.roles import RoleOptions
    from kazstance.models.model import Model
    from kazstance.paths import StrPath
    from kazstance.plot.choice import ChoiceOptions
    from kazstance.plot.saving import Drawing
    from kazstance.predictions import RuleOptions, Scores
    from kazstance.schema.manifest import Manifest
    from kazstance.stats.correction import Smoothing

VOICES: Final = {"own": "own voice", "endorsed": "own voice and endorsed quotations", "all": "all voices"}
"""Whose sentences a comparison counts, as charts say it."""


class Chart:
    """A chart that a notebook shows without a network, and that can be saved at any width."""

    def __init__(self, draw: Drawing) -> None:
        self._draw = draw

    @property
    def altair(self) -> alt.Chart:
        """A new Altair chart of it, 160 mm wide in units of a point, which can be modified and saved by Altair."""
        from kazstance.plot.saving import to_altair
        from kazstance.plot.sheet import WIDTH_MM

        return to_altair(self._draw(WIDTH_MM))

    def save(self, path: StrPath, *, width_mm: float = 160, dpi: float = 300) -> None:
        """Write the chart as .svg, .pdf, .png or .html, depending on the suffix of the path.

        It is laid out for its width, and no type in it is smaller than 7 pt.

        Args:
            path: the file.
            width_mm: how wide it is on paper, 60 to 1000 mm.
            dpi: pixels per inch of a .png, 36 to 2400.

        Raises:
            UnknownNameError: the path has another suffix.
            KazstanceError: the width or the resolution is out of range.
        """
        from kazstance.plot.saving import save

        save(self._draw, Path(path), width_mm, dpi)

    def to_svg(self, width_mm: float = 160, *, zoom: float = 1) -> str:
        """The chart as SVG, laid out for its width.

        Args:
            width_mm: how wide it is on paper, 60 to 1000 mm.
            zoom: how much larger it is shown, such as on a screen.

        Raises:
            KazstanceError: the width is out of range.
        """
        from kazstance.plot.saving import DPI, check_size, to_svg

        check_size(width_mm, DPI)
        return to_svg(self._draw(width_mm), zoom)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"image/svg+xml": self.to_svg(zoom=1.25), "text/plain": repr(self)}


class Charts:
    """The charts of a comparison; each needs the extra `plots`.

    Wherever there is a choice: `targets` and `sources` are the ids to show, by default all; `order` is that of the
    targets: `data`, `difference` (as `disagreements` ranks them), `salience` (most sentences first) or `name`; a
    `title` replaces the usual one, and "" leaves it out; `names` are those of sources and targets, by their ids.
    """

    def __init__(self, compared: comparison.Comparison, made_from: str) -> None:
        self._compared = compared
        self._made_from = made_from

    def positions(self, **choice: Unpack[ChoiceOptions]) -> Chart:
        """The matrix of sources and targets: net stance with its interval, or coloured cells of many sources.

        Args:
            choice: `targets`, `sources`, `order`, `title` and `names`.

        Raises:
            UnknownNameError: there is no such target, source or order.
        """
        from kazstance.plot import pictures
        from kazstance.plot.choice import Choice

        return Chart(pictures.positions(self._compared, Choice(**choice), self._made_from))

    def disagreements(self, **choice: Unpack[ChoiceOptions]) -> Chart:
        """The dot plot: all sources on one line for each target, whether they differ, and how sure that is.

        Args:
            choice: `targets`, `sources`, `order` (by default `difference`), `title` and `names`.

        Raises:
            UnknownNameError: there is no such target, source or order.
        """
        from kazstance.plot import pictures
        from kazstance.plot.choice import Choice

        return Chart(pictures.disagreements(self._compared, Choice(**choice), self._made_from))

    def distances(
        self, by: Feature = "positions", *, title: str | None = None, names: Mapping[str, str] | None = None
    ) -> Chart:
        """A map and a tree of the sources.

        Args:
            by: `positions`, or `salience`: what they write about.
            title: a title in place of the usual one.
            names: what sources are called, by their ids.

        Raises:
            UnknownNameError: `by` is neither, or there is no such source.
            KazstanceError: there are fewer than two sources.
        """
        from kazstance.plot import pictures
        from kazstance.plot.choice import Choice

        return Chart(pictures.distances(self._compared, by, Choice(title=title, names=names), self._made_from))

    def salience(self, **choice: Unpack[ChoiceOptions]) -> Chart:
        """The share of each source's sentences that is about each target, over the source's net stance on it.

        Args:
            choice: `targets`, `sources`, `order`, `title` and `names`.

        Raises:
            UnknownNameError: there is no such target, source or order.
        """
        from kazstance.plot import pictures
        from kazstance.plot.choice import Choice

        return Chart(pictures.salience(self._compared, Choice(**choice), self._made_from))


@dataclass(frozen=True, repr=False)
class Comparison(comparison.Comparison):
    """Sources, or groups of them, compared on their targets; with charts.

    `made_from` says what was compared, at the foot of each chart.
    """

    made_from: str = ""

    @property
    def plot(self) -> Charts:
        """The charts of the comparison."""
        return Charts(self, self.made_from)


class Dataset(DatasetFolder):
    """A built dataset: its tables, and everything that follows from them."""

    def why(self, sentence: str, target: str, holder: str | None = None) -> History:
        """Everything that led to the label of a sentence on a target.

        Args:
            sentence: the id of an annotated sentence, as source/paragraph/sentence.
            target: the id of a target.
            holder: whose stance; by default the speaker's.

        Raises:
            UnknownNameError: there is no such annotated sentence, target or holder.
        """
        return history(self, sentence, target, holder)

    def compare(self, *, voice: VoiceFilter = "own", by: str = "source") -> Comparison:
        """Compare the sources, or groups of them.

        Args:
            voice: whose sentences count: `own`, `endorsed` (own, and quotations that the source endorses) or `all`.
            by: `source`, `document`, `holder`, or an attribute: any column of the tables `sources` and `documents`,
                such as `tradition` or `year`. What has no value is compared as `not stated`.

        Raises:
            UnknownNameError: there is no such voice or attribute.
        """
        manifest = self.manifest
        made_from = f"{manifest.id} {manifest.version} · data {manifest.digest[:12]} · {VOICES.get(voice, voice)}"
        return _with_charts(comparison.compare_dataset(self, voice, by), made_from)

    def corrected(
        self,
        *,
        voice: VoiceFilter = "own",
        by: str = "source",
        model: str | None = None,
        smoothing: Smoothing = "half",
    ) -> Checked:
        """Net stance and salience by a model's labels, corrected by what people said of a random sample of them.

        Args:
            voice: whose sentences count: `own`, `endorsed` (own, and quotations that the source endorses) or `all`.
            by: `source`, `document`, or an attribute: any column of the tables `sources` and `documents`.
            model: the annotator whose labels are corrected; by default, the only one that was sampled.
            smoothing: what intervals rest on where few errors were seen. `half` adds half a judgement of each label to
                what people said of each label of the model in a source. The others are narrower where the model errs
                alike in all sources, and hold the truth too seldom where it does not: `larger` takes the errors seen
                there or in all sources, whichever vary more; `half_pooled` the mean of both; `none` those seen there.

        Raises:
            UnknownNameError: there is no such voice, attribute, model with a sample, or smoothing.
            KazstanceError: there is no sample, or the labels are not those that it was drawn from.
        """
        from kazstance.comparison.checked import checked

        return checked(self, voice, by, model, smoothing)

    def agreement(
        self,
        *,
        by: By | None = None,
        round: int | None = None,  # noqa: A002  # the name of the column
        resamples: int = 1000,
    ) -> Agreement:
        """How well the annotators agree, or how stable the labels are if all annotators are runs of one model.

        Args:
            by: return only the figures by `all`, `annotators`, `source`, `target`, `kind`, `certainty`, `people` or
                `rounds`; by default, all figures.
            round: only the judgements of this round; by default, those of the latest round of each annotator.
            resamples: number of bootstrap resamples for each interval, at least 10.

        Raises:
            UnknownNameError: `by` has any other value.
            KazstanceError: there are too few resamples, or nobody judged in this round.
        """
        from kazstance.comparison.agreement import agreement
        from kazstance.predictions.scores import check_resampling

        check_resampling(resamples)
        return agreement(self, resamples, by, round)

    def drift(
        self,
        first: str | Sequence[str] = (),
        second: str | Sequence[str] = (),
        *,
        voice: VoiceFilter = "own",
        resamples: int = 1000,
    ) -> Drift:
        """How far judgements shift from one reading to another, source by source, on the pairs judged in both.

        Args:
            first: the annotator or annotators of the first reading; `ada/2` is what `ada` judged in round 2. By
                default, those of the first round who judged all pairs, and for `second` those of the last round.
            second: those of the second reading.
            voice: whose sentences count: `own`, `endorsed` (own, and quotations that the source endorses) or `all`.
            resamples: number of bootstrap resamples for each interval, at least 10.

        Raises:
            UnknownNameError: there is no such annotator, round or voice.
            KazstanceError: an annotator is in both readings, there are no two rounds to compare by default, no pair was
                judged by all, or there are too few resamples.
        """
        from kazstance.comparison.drift import drift
        from kazstance.predictions.scores import check_resampling

        check_resampling(resamples)
        return drift(self, first, second, voice, resamples)

    def bench(self, task: str = "stance", protocol: str = "cross_source") -> Benchmark:
        """A task of the dataset under a protocol, to run systems on.

        Args:
            task: `stance`, `stance4` (with the label none), or `compare` (pairs of sentences).
            protocol: `in_domain`, `cross_source`, `cross_target` or `cross_both`: what is new in the test rows.

        Raises:
            UnknownNameError: there is no such task or protocol.
        """
        from kazstance._benchmark import Benchmark
        from kazstance.bench.dataset_tasks import dataset_task

        return Benchmark(dataset_task(self, task, protocol))

    def explore(self, out: StrPath) -> Path:
        """Write a single HTML file that shows positions, sentences, texts and the history of labels, and works offline.

        Returns:
            The path of the file.
        """
        from kazstance.explorer.page import page
        from kazstance.output.files import write_file

        write_file(page(self), Path(out))
        return Path(out)

    def verify(self) -> Manifest:
        """Check that the dataset is complete and unchanged, and return its manifest.

        Raises:
            IntegrityError: it is not; the message lists every difference.
        """
        return verify(data=self.path)


def compare(
    frame: Any,
    *,
    by: str | None = None,
    source: str = "source_id",
    target: str = "target_id",
    label: str = "label",
    labels: str | Mapping[Any, str] | None = None,
    cluster: str | None = None,
    text: str | None = None,
    language: str = "und",
    sentences: Any = None,
) -> Comparison:
    """Compare the sources in any rows that each label one sentence on one target.

    Args:
        frame: a data frame, a file, a folder of Parquet files, an Arrow dataset or reader, a `datasets.Dataset`, or a
            list of rows.
        by: the column to compare by, such as a year; by default, `source`. Rows without a value are `not stated`.
        source: the column of the source.
        target: the column of the target.
        label: the column of the label.
        labels: how the column spells them: the name of a preset, or a mapping from its values to favor, against,
            neutral and none. Numbers and `none` need one.
        cluster: the column of the cluster within its source, such as a document or paragraph; without it, each row is
            its own cluster.
        text: the column of the text, for `wording`.
        language: by whose rules its words are found: the column of the tags (BCP 47), or one tag for all rows.
        sentences: how many sentences each source has, for salience: a mapping, or one row per sentence with the same
            columns for source, cluster and `by`.

    Raises:
        UnknownLabelError: some values are not labels; all are named.
        UnknownNameError: a column does not exist.
        KazstanceError: `frame` does not hold rows; the message lists what is accepted.
    """
    return _with_charts(
        comparison.compare_rows(
            frame,
            by=by,
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


def score(
    gold: Any,
    pred: Any,
    *,
    id: str | Sequence[str] = (),  # noqa: A002  # as the command has it
    target: str | None = None,
    cluster: str | None = None,
    by: str | None = None,
    gold_label: str = "label",
    pred_label: str = "label",
    labels: str | Mapping[Any, str] | None = None,
    ignore: Sequence[str] = (),
    train: Any = None,
    text: str = "text",
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool = True,
    resamples: int = 1000,
    seed: int = 12345,
    **rules: Unpack[RuleOptions],
) -> Scores:
    """Score predictions, matched to gold rows by id or line; the result has a score for each metric, such as `["wts"]`.

    Args:
        gold: the gold rows: a frame, a file, or anything else that holds rows; columns `votes_<label>` count votes.
        pred: the predicted rows, in any of the same forms, or the same; columns `p_<label>` are probabilities.
        id: the column that identifies a row, or several columns that together do.
        target: the column of the target, the strata of within-target skill; without it, all rows form one stratum.
        cluster: the column of the cluster; intervals resample whole clusters, or rows without it.
        by: a column by whose values the rows are scored separately too, as `parts` of the result.
        gold_label: the column of the gold label.
        pred_label: that of the predicted label; if there is no column `label`, the most probable label is used.
        labels: how both tables spell labels: a preset, `auto`, or a mapping to favor, against, neutral and none.
        ignore: columns of both tables whose values may differ; all others must agree where the ids do.
        train: rows that the system was trained on; the result then counts the gold rows with the text of one of them.
        text: the column of the text, compared with that of `train`.
        delimiter: the field delimiter of text files; by default a comma, or a tab in .tsv and .txt files.
        encoding: the encoding of text files.
        header: whether text files have one; otherwise, columns are named by number, from 1.
        resamples: bootstrap resamples of each 95 % interval, at least 10.
        seed: seed of the bootstrap, 0 or more.
        rules: `by_line`, and what to do with rows that are otherwise refused: `missing`, `extra`, `duplicates`,
            `unlabelled`, `invalid`, `annotator`, as in the command; the result counts them.

    Raises:
        InputError: rows do not match, or values are not labels, probabilities or votes; all problems are listed.
        UnknownNameError: a column, preset, label or rule does not exist.
        KazstanceError: an argument does not hold rows, a file cannot be read, or there are too few resamples.
    """
    from kazstance.predictions import PYTHON, Columns, Form, Rules, given, score_rows

    ids = [id] if isinstance(id, str) else list(id)
    columns = Columns(ids, gold_label, pred_label, target, cluster, by, ignore, text if train is not None else None)
    form = Form(delimiter, encoding, header)
    more: Any = {"resamples": resamples, "seed": seed, "remedies": PYTHON, "rules": Rules(**rules), "train": train}
    return score_rows(gold, pred, columns, given(labels, is_auto=True), form=form, **more)


def fit(
    system: Any,
    data: Any,
    *,
    task: str = "stance",
    dev: Any = None,
    text: str = "text",
    target: str = "target",
    label: str = "label",
    labels: str | Mapping[Any, str] | None = None,
    source: str | None = None,
    language: str = "",
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool = True,
) -> Model:
    """Train a system and keep what it has learned, to label other rows with it.

    Args:
        system: a name in the panel or of a baseline, an import path as package.module:object, a function of training
            and test items, or a scikit-learn estimator.
        data: what to train on: a dataset, whose training and validation rows are used as in `in_domain`; or rows: a
            file, a data frame, or anything else that holds rows.
        task: for a dataset, `stance` or `stance4` (with the label none).
        dev: for rows, those to choose settings on; by default, about 15 % of `data` are used.
        text: for rows, the column of the text.
        target: for rows, the column of the target.
        label: for rows, the column of the label.
        labels: for rows, how the column spells labels: a preset, `auto`, or a mapping from its values to favor,
            against, neutral and none.
        source: for rows, the column of the source, if there is one.
        language: for rows, the language of the texts, as a BCP 47 tag such as en or zh.
        delimiter: the field delimiter of text files.
        encoding: the encoding of text files.
        header: whether text files have one; otherwise, columns are named by number, from 1.

    Raises:
        InputError: rows are invalid; all problems are listed.
        UnknownNameError: there is no such system, task or column.
        KazstanceError: the system fails, or there are no rows.
    """
    from kazstance.bench.file_tasks import Layout
    from kazstance.input.spelling import ARGUMENT, given
    from kazstance.input.tables import Form
    from kazstance.models.training import fit_dataset, fit_rows

    if isinstance(data, DatasetFolder):
        return fit_dataset(system, data, task)
    form = Form(delimiter, encoding, header)
    spelled = given(labels, is_auto=True)
    layout = Layout(text, target, label, spelled, (), source, form=form, how=ARGUMENT, language=language)
    return fit_rows(system, data, layout, dev)


def build(corpus: StrPath, out: StrPath) -> Dataset:
    """Build a dataset from a corpus folder, with its card, and open it.

    Args:
        corpus: the corpus folder.
        out: the folder to write; a dataset in it is replaced, and your own files in it are kept.

    Raises:
        InputError: with every problem found in the corpus.
        KazstanceError: `out` exists and is not a dataset.
    """
    from kazstance.publish.hub import build_dataset

    build_dataset(Path(corpus), Path(out))
    return Dataset(out)


def from_table(
    frame: Any,
    out: StrPath,
    *,
    corpus: StrPath | None = None,
    labels: str | Mapping[Any, str | None] | None = None,
    recipe: str | None = None,
    scheme: Literal["multi", "exclusive"] | None = None,
    deciding: Literal["majority", "plurality"] | None = None,
    origin: str | None = None,
    pseudonyms: bool = False,
    dataset_id: str | None = None,
    dataset_title: str | None = None,
    event: str | None = None,
    license: str | None = None,  # noqa: A002
    rights: str | None = None,
    source_name: str | None = None,
    target_name: str | None = None,
    splits: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    delimiter: str | None = None,
    encoding: str = "utf-8",
    **columns: Unpack[RoleOptions],
) -> Dataset:
    """Make a dataset from an annotated table, with its card, and open it.

    A column that has the name of a role below plays it unless another one is named, except for `id` and the last three.
    Each row is a judgement; or there is a column of labels for each annotator (`label=["ada", "ben"]` or
    `label="coder_*"`), or a column that counts the votes for each label (`votes={"n_pro": "favor"}`). Other columns
    become attributes of sources or documents.

    Args:
        frame: a data frame, a file, or anything else that holds rows.
        out: the folder to write; a dataset in it is replaced, and your own files in it are kept.
        corpus: a new folder for the corpus that the dataset is built from, so that annotation can go on.
        labels: how labels are spelled: the name of a preset, `auto`, or a mapping from values to favor, against,
            neutral and none, or to None for labels that are left out. Numbers and `none` need one.
        recipe: how a public dataset is read, by name; then `frame` is the folder with your copy of it, or a file of it.
        scheme: `multi`, the default, if each target is judged for itself; `exclusive` if each text has one code, which
            says nothing of the other targets.
        deciding: `majority`, the default, if more than half of the votes decide; `plurality` if otherwise the most do.
        origin: who judged: `human`, the default, or `model`.
        pseudonyms: call the annotators annotator_1, annotator_2 and so on, and keep no other name of theirs.
        dataset_id: the id of the dataset; by default, the name of the folder.
        dataset_title: its title.
        event: what the texts are about.
        license: the licence of the annotations.
        rights: who holds the rights in the texts.
        source_name: the source of all rows, if there is no column for it.
        target_name: the target of all rows, if there is no column for it.
        splits: what the table calls train, validation and test, besides their common names.
        ignore: columns that are left out.
        delimiter: what stands between the fields of a text file.
        encoding: the encoding of a text file.
        columns: the column of each role: `text`, `target`, `source`, `label`, `annotator`, `document`, `id` (of a
            text), `date`, `title`, `url`, `language` (or a BCP 47 tag for all rows), `split`, `holder`, `evidence`
            (words of the text), `note`, `round`; or `votes`, a mapping from columns to labels. And `explicitness`,
            `certainty`, and `probability`, that with which a judgement was asked for.

    Raises:
        UnknownLabelError: some values are not labels; all are named.
        UnknownNameError: a column, split, recipe, scheme or origin does not exist.
        InputError: other cells are wrong; all are named.
        KazstanceError: no row gives a judgement; or `out` or `corpus` exist and are something else.
    """
    from kazstance.input.tables import Form
    from kazstance.publish.table_import import Wanted, import_table

    about = {
        "id": dataset_id,
        "title": dataset_title,
        "event": event,
        "license": license,
        "rights": rights,
        "scheme": scheme,
        "deciding": deciding,
        "origin": origin,
        "pseudonyms": pseudonyms,
        "source_name": source_name,
        "target_name": target_name,
        "splits": splits,
    }
    form = Form(delimiter, encoding)
    wanted = Wanted(columns, labels, ignore=ignore, about=about, recipe=recipe, form=form)
    import_table(frame, out, wanted, corpus=corpus)
    return Dataset(out)


def concat(
    datasets: Sequence[Dataset],
    out: StrPath,
    *,
    id: str,  # noqa: A002
    title: str | None = None,
    prefix: bool = False,
) -> Dataset:
    """Join datasets to one, with its card, and open it.

    Splits are kept, and so are folds of targets (of a target in several datasets, those of the first). Copies, pairs
    and contested targets are found anew among all rows.

    Args:
        datasets: two or more open datasets.
        out: the folder to write; a dataset in it is replaced, and your own files in it are kept.
        id: the id of the joined dataset.
        title: its title; by default, the titles of all.
        prefix: put the id of each dataset before its ids of sources, documents, sentences and annotators, which must
            otherwise be different; the second of two with one id is numbered. Targets with one id must be the same.

    Raises:
        InputError: targets with the same id differ; all are listed.
        KazstanceError: ids occur in two datasets, the datasets decide differently, or `out` exists and is not a
            dataset.
    """
    from kazstance.publish.hub import join_datasets

    if closed := [found for found in datasets if not isinstance(found, DatasetFolder)]:
        raise KazstanceError(f"{closed[0]!r} is not an open dataset; expected what kazstance.open gives")
    join_datasets(datasets, Path(out), id, title=title, prefix=prefix)
    return Dataset(out)


def _with_charts(compared: comparison.Comparison, made_from: str = "") -> Comparison:
    """The same comparison, with charts; `made_from` says what was compared."""
    known = {field.name: getattr(compared, field.name) for field in fields(compared)}
    return Comparison(
        **known, made_from=" · ".join(filter(None, [made_from, f"drawn by kazstance {kazstance.__version__}"]))
    )
