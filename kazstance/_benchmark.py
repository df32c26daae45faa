"""A benchmark as an object: rows on which systems are run, compared and reported."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from kazstance.bench.comparisons import compare_results
from kazstance.bench.file_tasks import Layout, file_task
from kazstance.bench.paper import to_latex
from kazstance.bench.read_predictions import read_predictions
from kazstance.bench.report import side_by_side, to_json, to_markdown
from kazstance.bench.result import Result
from kazstance.bench.result_file import read_result
from kazstance.bench.runs import run
from kazstance.bench.shortcuts import SHORTCUTS
from kazstance.bench.systems import Predictions, System
from kazstance.errors import KazstanceError
from kazstance.input.spelling import ARGUMENT, given
from kazstance.input.tables import ENDINGS, PLAIN, Form, ending
from kazstance.models.prompts import EVERY, questions_about
from kazstance.models.systems import find_system, panel_for
from kazstance.output.files import filling, write_file
from kazstance.output.suffix import suffix_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kazstance.bench.comparisons import PairedComparison
    from kazstance.bench.run_folder import Existing
    from kazstance.bench.runs import Track
    from kazstance.bench.tasks import Item, Task
    from kazstance.input.spelling import Spelling
    from kazstance.models.prompts import Question
    from kazstance.output.listing import Listing
    from kazstance.paths import StrPath

log: Final = logging.getLogger("kazstance")
MADE: Final = "predictions"
"""What predictions without a name are called."""
KINDS: Final = (".md", ".html", ".tex", ".json")
"""Suffixes of a report."""


class Benchmark:
    """Rows with gold labels, split into folds, on which any system can be run."""

    def __init__(self, task: Task, form: Form = PLAIN) -> None:
        self.task: Final = task
        self.form: Final = form
        """How text files of predictions are written."""

    @property
    def rows(self) -> tuple[Item, ...]:
        """The rows to predict, in the order expected of a list of predictions; each has `text` and `target`."""
        return self.task.test

    def run(
        self,
        system: Any,
        out: StrPath | None = None,
        *,
        name: str | None = None,
        labels: str | Mapping[Any, str] | Spelling | None = None,
        ignored: Sequence[str] = (),
        per_target: bool = False,
        probes: bool = False,
        family: str | None = None,
        shortcuts: bool = True,
        panel: str | None = None,
        cache: StrPath | None = None,
        existing: Existing = "refuse",
        say: Callable[[str], None] = log.info,
        track: Track = iter,
    ) -> Result:
        """Run a system on all folds and score it, together with the shortcuts.

        Args:
            system: a name, an import path, a function of training and test items, or a scikit-learn estimator, see
                `kazstance.models.systems.find_system`; or predictions made elsewhere: a file, a frame, a mapping from
                ids, or a list in the order of `rows`, including the outputs of a zero-shot pipeline.
            out: the folder of the run, from which it is resumed; without it, nothing is written.
            name: what the system is called; not as a shortcut is.
            labels: how predictions spell the labels: a preset, or a mapping from their values to the task's labels.
            ignored: columns of predictions whose values may differ from those of the rows.
            per_target: train the system on each target alone.
            probes: run the probes of the dataset too.
            family: the family of the model that is scored.
            shortcuts: run the shortcuts too.
            panel: `brief` or, the default for rows of your own, `full`; see `kazstance.models.systems.panel_for`.
            cache: a folder that keeps results of shortcuts, for other systems on the same rows.
            existing: what to do if the folder holds a finished run: `refuse`, run `again`, or `reuse` it.
            say: called with a line for each fold, and for anything that is reused.
            track: wraps the jobs and yields them one by one; for progress bars.

        Raises:
            UnknownNameError: there is no such system or panel.
            InputError: predictions are invalid; all problems are listed.
            FinishedRunError: the folder holds a finished run, and `existing` is `refuse`.
            KazstanceError: the system fails, or the folder holds another run.
        """
        for note in self.task.notes:
            say(note)
        beside = panel_for(self.task, panel, cache) if shortcuts else None
        with _place(out) as place:
            asked = self._system(system, name, labels, ignored, probes=probes, say=say)
            asked = _per_target(asked) if per_target else asked
            begin = partial(run, with_probes=probes, family=family, existing=existing, panel=beside)
            return begin(asked, self.task, place, say=say, track=track)

    def questions(self, *, prompts: str = EVERY, context: bool = True) -> list[Question]:
        """What a language model is asked about the rows: each under three wordings, with the labels in two orders.

        Pass the answers to `run` as rows with `item_id`, `prompt` and `label`, to get means over the prompts.

        Args:
            prompts: the name of a prompt, or `all`.
            context: show the paragraph around a sentence of a dataset.

        Raises:
            UnknownNameError: there is no such prompt; the message lists the valid names.
        """
        facts = self.task.labels, self.task.definitions, self.task.dates
        return questions_about(self.rows, *facts, prompts=prompts, context=context)

    def load(self, out: StrPath) -> Result:
        """The result of a finished run on these rows, from its folder.

        Raises:
            KazstanceError: the folder holds no finished run, or one on other rows.
        """
        return read_result(Path(out), self.task)

    def compare(self, *results: Result, metric: str | None = None) -> Listing[PairedComparison]:
        """All pairs of results, with paired intervals and a randomisation test, corrected for their number (Holm).

        Args:
            results: two or more results on the same rows.
            metric: the metric; by default, the headline of the task.

        Raises:
            UnknownNameError: there is no such metric.
            KazstanceError: the results are not on the same rows.
        """
        return compare_results(results, metric)

    def report(self, results: Result | Iterable[Result], out: StrPath) -> Path:
        """Write results as a page, each with its lift over the best shortcut, and return the path.

        Args:
            results: one or more results.
            out: the page to write: Markdown (.md), HTML with charts (.html), a LaTeX table (.tex) or JSON (.json).

        Raises:
            UnknownNameError: the path has any other suffix.
        """
        return write_report([results] if isinstance(results, Result) else results, Path(out))

    def _system(
        self,
        system: Any,
        name: str | None,
        labels: str | Mapping[Any, str] | Spelling | None,
        ignored: Sequence[str],
        *,
        probes: bool,
        say: Callable[[str], None],
    ) -> System | Predictions:
        """A system, or predictions made elsewhere."""
        if name in SHORTCUTS and not (isinstance(system, str) and system == name):
            raise KazstanceError(f"name: {name!r} is a shortcut, which others are compared with; expected another name")
        if _is_system(system):
            if labels is not None or ignored:
                raise KazstanceError("labels and ignored columns apply to predictions, not to a system")
            return find_system(system, self.task.labels, name=name)
        spelling = None if labels is None else given(labels, self.task.labels, is_auto=True)
        called = name or (Path(system).stem if isinstance(system, str | os.PathLike) else MADE)
        called = f"{MADE}: {called}" if called in SHORTCUTS else called
        return read_predictions(
            system,
            called,
            self.task,
            with_probes=probes,
            spelling=spelling,
            ignored=ignored,
            form=self.form,
            say=say,
        )

    def __repr__(self) -> str:
        sizes = f"{len(self.rows)} rows in {len(self.task.folds)} folds"
        return f"<Benchmark {self.task.name} · {self.task.protocol}: {sizes}, labels {', '.join(self.task.labels)}>"


@contextmanager
def _place(out: StrPath | None) -> Iterator[Path]:
    """The folder of a run, locked while it is written; by default, a temporary folder."""
    if out is not None:
        with filling(Path(out)):
            yield Path(out)
        return
    with TemporaryDirectory() as scratch:
        yield Path(scratch) / "run"


def _per_target(asked: System | Predictions) -> System:
    """A system that is trained on each target alone.

    Raises:
        KazstanceError: it is not a system.
    """
    if isinstance(asked, Predictions):
        raise KazstanceError("per_target applies to a system, not to predictions; expected a system")
    return asked.per_target()


def _is_system(given: Any) -> bool:
    """Whether something is a system (a name, a callable or an estimator) rather than predictions."""
    if isinstance(given, str):
        return ending(Path(given)) not in ENDINGS
    return isinstance(given, System) or callable(given) or (hasattr(given, "fit") and hasattr(given, "predict"))


def write_report(results: Iterable[Result], out: StrPath) -> Path:
    """Write results as a page, and return the path.

    Raises:
        UnknownNameError: the suffix of the path is not one of `KINDS`.
    """
    out = Path(out)
    suffix = suffix_of(out, "kind of page", KINDS)
    found = side_by_side(results)
    if suffix == ".html":
        from kazstance.bench.page import to_html  # noqa: PLC0415
        from kazstance.plot.bench import charts  # noqa: PLC0415  # needs an extra

        text = to_html(found, charts)
    else:
        text = {".md": to_markdown, ".tex": to_latex, ".json": to_json}[suffix](found)
    write_file(text.encode(), out)
    return out


def benchmark(
    train: Any,
    test: Any,
    *,
    dev: Any = None,
    text: str = "text",
    target: str = "target",
    label: str = "label",
    labels: str | Mapping[Any, str] | Spelling | None = None,
    id: str | Sequence[str] = (),  # noqa: A002  # as in `score`
    source: str | None = None,
    cluster: str | None = None,
    language: str = "",
    delimiter: str | None = None,
    encoding: str = "utf-8",
    header: bool = True,
) -> Benchmark:
    """A stance dataset of your own as a benchmark.

    Args:
        train: rows to train on: a file, a data frame, or anything else that holds rows.
        test: rows to predict.
        dev: rows to choose settings on; by default, about 15 % of the training rows are used.
        text: the column of the text.
        target: the column of the target.
        label: the column of the label.
        labels: how the column spells them: a preset, `auto`, or a mapping from its values to favor, against, neutral
            and none.
        id: the column or columns that identify a row; without them, rows are numbered.
        source: the column of the source, if there is one.
        cluster: the column of the cluster, such as a thread; intervals resample whole clusters.
        language: the language of the texts, as a BCP 47 tag such as en or zh: by its rules, baselines find words.
        delimiter: the field delimiter of text files, predictions included; by default a comma in .csv, and a tab in
            .tsv and .txt files.
        encoding: the encoding of text files.
        header: whether text files have one; otherwise, columns are named by number, from 1.

    Raises:
        InputError: rows are invalid; all problems are listed.
        UnknownNameError: a column does not exist.
        KazstanceError: a file cannot be read.
    """
    ids = (id,) if isinstance(id, str) else tuple(id)
    spelled, form = given(labels, is_auto=True), Form(delimiter, encoding, header)
    layout = Layout(text, target, label, spelled, ids, source, cluster, form, ARGUMENT, language)
    return Benchmark(file_task(train, test, layout, dev=dev), layout.form)
