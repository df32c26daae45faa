"""Runs: a system on a task under a protocol, fold by fold, in a folder from which it can be resumed."""

import importlib
import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import kazstance
from kazstance import dataset
from kazstance.benchmark import family as families
from kazstance.benchmark.answers import Answer, ask, to_lines
from kazstance.benchmark.finished import (
    PROBES,
    SCORES,
    SETTINGS,
    Finished,
    Job,
    Run,
    evaluate,
    gather,
    jobs_of,
    parse_run,
    reload,
    tabulate,
    tabulate_all,
)
from kazstance.benchmark.local_models import KINDS, local_model
from kazstance.benchmark.probes import ASKED, check_asked, probe_rows
from kazstance.benchmark.protocols import TrainTest, folds
from kazstance.benchmark.shortcuts import PANEL, Predict
from kazstance.benchmark.tasks import Item, get_task, items
from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from kazstance.predictions import Predicted, predicted_labels
from kazstance.scoring import Score

__all__ = ["Finished", "Run", "bring", "evaluate", "find_system", "reload", "run", "tabulate", "tabulate_all"]
PACKAGES: Final = ("numpy", "pyarrow", "narwhals", "scikit-learn", "tokenizers", "torch", "transformers")
"""What a run may depend on, where it is installed."""
Progress = Callable[[str], None]
Track = Callable[[Sequence[Job]], Iterable[Job]]


def find_system(name: str, labels: Sequence[str] = ()) -> Predict:
    """A system by its name in the panel or among the baselines, by a local model, or by import path.

    A local model is named as `finetune:PATH` or `minilm:PATH`, an import path as `package.module:object`.

    A callable takes training and test items and gives for each test item a label, or a mapping from each label to its
    probability. An object with `fit` and `predict` is a scikit-learn estimator: it is given texts, each with its target
    behind it; where it has `predict_proba`, it answers with probabilities, 0 for those of `labels` it has not seen.

    Raises:
        KazstanceError: it cannot be found, or is neither.
        MissingExtraError: a baseline's package is not installed.
    """
    if name in PANEL:
        return PANEL[name]
    if ":" in name and name.partition(":")[0] in KINDS:
        return local_model(name)
    if ":" in name:
        return _imported(name, labels)
    with naming_extras():
        from kazstance.benchmark.baselines import BASELINES  # noqa: PLC0415  # needs an extra
    if name not in BASELINES:
        known = ", ".join([*PANEL, *BASELINES, *(f"{kind}:PATH" for kind in KINDS)])
        raise KazstanceError(
            f"{name!r} is no system; expected one of {known}, or an import path as package.module:object"
        )
    return BASELINES[name]


def _imported(name: str, labels: Sequence[str]) -> Predict:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise KazstanceError(f"{name}: {error}; expected an import path as package.module:object") from None
    if hasattr(found, "fit") and hasattr(found, "predict"):
        return _estimator(found, labels)
    if not callable(found):
        raise KazstanceError(f"{name}: {type(found).__name__}, expected a callable or an estimator")
    predict: Predict = found
    return predict


def _estimator(found: Any, labels: Sequence[str]) -> Predict:
    """A scikit-learn estimator as a system."""

    def predict(train: Sequence[Item], test: Sequence[Item]) -> list[str | Mapping[str, float]]:
        fitted = found.fit([as_text(item) for item in train], [item.label for item in train])
        texts = [as_text(item) for item in test]
        if not hasattr(fitted, "predict_proba"):
            return [str(label) for label in fitted.predict(texts)]
        unseen = dict.fromkeys(labels, 0.0)
        classes = [str(label) for label in fitted.classes_]
        return [unseen | dict(zip(classes, map(float, row), strict=True)) for row in fitted.predict_proba(texts)]

    return predict


def as_text(item: Item) -> str:
    """An item as one text: the sentence or both, and the target."""
    return " ||| ".join(filter(None, [item.text, item.text_b, item.target]))


def run(
    system: str,
    task_name: str,
    protocol: str,
    out: Path,
    *,
    with_probes: bool = False,
    family: str | None = None,
    data: Path = dataset.SHIPPED,
    say: Progress = print,
    track: Track = iter,
) -> list[Score]:
    """Run a system, and write predictions, scores, signature and environment into a folder.

    Folds that the folder holds already are not run again, if they are of the same run. For probes the system is trained
    once more on each fold and answers to the masks and mirrors of its rows; what it answered before stays as it is.

    Args:
        system: a name or an import path, see `find_system`.
        task_name: the task.
        protocol: the protocol.
        out: the folder of the run.
        with_probes: ask for probes too (task stance).
        family: the family of the model that is scored; a warning is said where it is that of the labels.
        data: the dataset.
        say: is told of each fold.
        track: is given what is to be done, and gives it back one by one; for progress bars.

    Raises:
        KazstanceError: the folder is of another run, or the system fails; finished folds are kept.
    """
    task = get_task(task_name)
    predict = find_system(system, task.labels)
    this = Run(system, task_name, protocol, dataset.manifest(data=data).digest, family)
    parts = list(folds(protocol, items(task, data=data), data=data))
    probes = probe_rows(data=data)
    if with_probes:
        check_asked(task_name, probes)
    _begin(this, out, data, say)
    jobs = jobs_of(out, parts, probes if with_probes else ())
    for number, job in enumerate(track(jobs), 1):
        if not job.file.exists():
            where = f"{this.system}: fold {job.part.name}"
            answers = ask(predict, job.part.train, job.part.test, task.labels, where)
            write_file(to_lines(job.part.test, answers, task.labels), job.file)
        where = f"{job.file.parent.name} of fold {job.part.name}"
        say(f"{system} · {task_name} · {protocol}: {number} of {len(jobs)}, {where}")
    return _finish(this, parts, out, data)


def bring(
    predictions: Path,
    name: str,
    task_name: str,
    protocol: str,
    out: Path,
    *,
    with_probes: bool = False,
    family: str | None = None,
    data: Path = dataset.SHIPPED,
    say: Progress = print,
) -> list[Score]:
    """A run from a file of predictions: `item_id` and `label`, or `p_<label>` for each label, a row for each item.

    Rows of the probes mask and mirror may stand in it too, by their `probe_id`: all of a probe or none.

    Raises:
        InputError: rows that are missing, doubled or unknown, or labels that are none; all are named.
        KazstanceError: the folder is of another run, or the file cannot be read.
    """
    task = get_task(task_name)
    this = Run(name, task_name, protocol, dataset.manifest(data=data).digest, family)
    parts = list(folds(protocol, items(task, data=data), data=data))
    probes = probe_rows(data=data) if task_name == "stance" else ()
    if with_probes:
        check_asked(task_name, probes)
    jobs = jobs_of(out, parts, probes)
    ids = [item.item_id for job in jobs for item in job.part.test]
    asked = [[name for name in ids if name.startswith(f"{kind}:")] for kind in ASKED]
    required = ids if with_probes else [item.item_id for part in parts for item in part.test]
    given = predicted_labels(predictions, required, task.labels, () if with_probes else asked)
    _begin(this, out, data, say)
    for job in jobs:
        there = [item for item in job.part.test if item.item_id in given.labels]
        job.file.unlink(missing_ok=True)
        if there:
            write_file(to_lines(there, [_given(given, item) for item in there], task.labels), job.file)
    return _finish(this, parts, out, data)


def _given(found: Predicted, item: Item) -> Answer:
    """The answer to an item in a file of predictions."""
    name = item.item_id
    return Answer(found.labels[name], found.probabilities[name] if found.probabilities else None)


def _begin(this: Run, out: Path, data: Path, say: Progress) -> None:
    """Make a folder of a run, or see that it is of this one; warn where the labels are of the system's family."""
    settings = out / SETTINGS
    if settings.is_file():
        if parse_run(out) != this:
            raise KazstanceError(f"{out} holds another run; expected a new folder, or one of {asdict(this)}")
    else:
        packages = {name: version(name) for name in PACKAGES if find_spec(name.replace("scikit-learn", "sklearn"))}
        environment = {"python": platform.python_version(), "kazstance": kazstance.__version__, **packages}
        write_file(json.dumps({"run": asdict(this), "environment": environment}, indent=1).encode(), settings)
    if warning := families.warning(this.family, data=data):
        say(warning)


def _finish(this: Run, parts: Sequence[TrainTest], out: Path, data: Path) -> list[Score]:
    """Score all folds, and write the scores, those of parts and those of probes."""
    found = gather(this, parts, out, data)
    scores = evaluate(this, found.task, found.strata) + found.soft
    lists = {"scores": [asdict(one) for one in scores], "parts": [asdict(part) for part in found.by_part]}
    write_file(to_json({"warning": found.warning} | lists).encode(), out / SCORES)
    if found.probes:
        write_file(to_json([asdict(probe) for probe in found.probes]).encode(), out / PROBES)
    return scores
