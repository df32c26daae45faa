"""Runs: a system on a task under a protocol, fold by fold, in a folder from which it can be resumed."""

import importlib
import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

import kazstance
from kazstance import dataset
from kazstance.benchmark.contrast import GroupScore, group_scores, groups
from kazstance.benchmark.local_models import KINDS, local_model
from kazstance.benchmark.protocols import TrainTest, folds
from kazstance.benchmark.shortcuts import PANEL, Predict
from kazstance.benchmark.tasks import Item, Task, get_task, items
from kazstance.errors import KazstanceError, MissingExtraError
from kazstance.export import to_json, write_file
from kazstance.predictions import predicted_labels
from kazstance.scoring import Confusion, Score, confusion, score

SETTINGS: Final = "run.json"
SCORES: Final = "scores.json"
TARGET, SOURCE, SENTENCE = "target", "target×source", "sentence"
STRATA: Final = {TARGET: ("target", "fold"), SOURCE: ("target", "source", "fold"), SENTENCE: ("sentence", "fold")}
"""Folds stand in all: they share targets, and what is seen in training differs between them.

Within targets, a rule that knows the target alone scores 0; within targets and sources, one that knows both; within
sentences, one that ignores the target.
"""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """What a run is of."""

    system: str
    task: str
    protocol: str
    digest: str

    @property
    def signature(self) -> dict[str, object]:
        """What its scores print beside their own figures."""
        facts: dict[str, object] = {
            "task": self.task,
            "protocol": self.protocol,
            "system": self.system.replace(" ", "_"),
        }
        return facts | {"data": self.digest[:12], "version": kazstance.__version__}


def find_system(name: str) -> Predict:
    """A system by its name in the panel or among the baselines, by a local model, or by import path.

    A local model is named as `finetune:PATH` or `minilm:PATH`, an import path as `package.module:object`.

    A callable takes training and test items and gives a label for each test item. An object with `fit` and `predict` is
    a scikit-learn estimator: it is given texts, each with its target behind it.

    Raises:
        KazstanceError: it cannot be found, or is neither.
        MissingExtraError: a baseline's package is not installed.
    """
    if name in PANEL:
        return PANEL[name]
    if ":" in name and name.partition(":")[0] in KINDS:
        return local_model(name)
    if ":" in name:
        return _imported(name)
    try:
        from kazstance.benchmark.baselines import BASELINES  # noqa: PLC0415  # needs an extra
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "scikit-learn", "bench") from None
    if name not in BASELINES:
        known = ", ".join([*PANEL, *BASELINES, *(f"{kind}:PATH" for kind in KINDS)])
        raise KazstanceError(
            f"{name!r} is no system; expected one of {known}, or an import path as package.module:object"
        )
    return BASELINES[name]


def _imported(name: str) -> Predict:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise KazstanceError(f"{name}: {error}; expected an import path as package.module:object") from None
    if hasattr(found, "fit") and hasattr(found, "predict"):
        return _estimator(found)
    if not callable(found):
        raise KazstanceError(f"{name}: {type(found).__name__}, expected a callable or an estimator")
    predict: Predict = found
    return predict


def _estimator(found: Any) -> Predict:
    """A scikit-learn estimator as a system."""

    def predict(train: Sequence[Item], test: Sequence[Item]) -> list[str]:
        fitted = found.fit([as_text(item) for item in train], [item.label for item in train])
        return [str(label) for label in fitted.predict([as_text(item) for item in test])]

    return predict


def as_text(item: Item) -> str:
    """An item as one text: the sentence or both, and the target."""
    return " ||| ".join(filter(None, [item.text, item.text_b, item.target]))


def run(
    system: str, task_name: str, protocol: str, out: Path, *, data: Path = dataset.SHIPPED, say: Progress = print
) -> list[Score]:
    """Run a system, and write predictions, scores, signature and environment into a folder.

    Folds that the folder holds already are not run again, if they are of the same run.

    Raises:
        KazstanceError: the folder is of another run, or the system fails; finished folds are kept.
    """
    task, predict = get_task(task_name), find_system(system)
    this = Run(system, task_name, protocol, dataset.manifest(data=data).digest)
    parts = list(folds(protocol, items(task, data=data), data=data))
    _begin(this, out)
    for number, part in enumerate(parts, 1):
        file = _place(out, part)
        if not file.exists():
            _write(file, part, _predict(predict, part, task, this))
        say(f"{system} · {task_name} · {protocol}: fold {number} of {len(parts)}, {part.name}")
    return _finish(this, task, parts, out)


def bring(
    predictions: Path, name: str, task_name: str, protocol: str, out: Path, *, data: Path = dataset.SHIPPED
) -> list[Score]:
    """A run from a file of predictions, with the columns `item_id` and `label`, a row for each item.

    Raises:
        InputError: rows that are missing, doubled or unknown, or labels that are none; all are named.
        KazstanceError: the folder is of another run, or the file cannot be read.
    """
    task = get_task(task_name)
    this = Run(name, task_name, protocol, dataset.manifest(data=data).digest)
    parts = list(folds(protocol, items(task, data=data), data=data))
    labels = predicted_labels(predictions, [item.item_id for part in parts for item in part.test], task.labels)
    _begin(this, out)
    for part in parts:
        _write(_place(out, part), part, [labels[item.item_id] for item in part.test])
    return _finish(this, task, parts, out)


@dataclass(frozen=True)
class Finished:
    """A finished run: its counts by strata, and how it does on the contrast set (task stance)."""

    run: Run
    task: Task
    strata: Mapping[str, Confusion]
    contrast: tuple[GroupScore, ...]

    @property
    def counts(self) -> Confusion:
        """The counts within targets."""
        return self.strata[TARGET]


def reload(out: Path, *, data: Path = dataset.SHIPPED) -> Finished:
    """A finished run from its folder.

    Raises:
        KazstanceError: the folder holds no finished run, or one on other data.
    """
    try:
        this = Run(**json.loads((out / SETTINGS).read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KazstanceError(f"{out / SETTINGS}: {error}; expected the folder of a run") from None
    if this.digest != dataset.manifest(data=data).digest:
        raise KazstanceError(
            f"{out}: the run is on other data; expected the digest {dataset.manifest(data=data).digest}"
        )
    task = get_task(this.task)
    parts = list(folds(this.protocol, items(task, data=data), data=data))
    predictions = _read_all(out, parts, task)
    labels = {name: label for part in predictions.values() for name, label in part.items()}
    contrast = (
        group_scores(groups(item for part in parts for item in part.test), labels) if task.name == "stance" else []
    )
    return Finished(this, task, tabulate_all(task, parts, predictions), tuple(contrast))


def _place(out: Path, part: TrainTest) -> Path:
    return out / "predictions" / f"{part.name.replace('/', '~')}.jsonl"


def _write(file: Path, part: TrainTest, labels: Sequence[str]) -> None:
    lines = (json.dumps({"item_id": i.item_id, "label": label}) for i, label in zip(part.test, labels, strict=True))
    write_file(("\n".join(lines) + "\n").encode(), file)


def _begin(this: Run, out: Path) -> None:
    """Make a folder of a run, or see that it is of this one."""
    settings = out / SETTINGS
    if settings.is_file():
        if json.loads(settings.read_text(encoding="utf-8"))["run"] != asdict(this):
            raise KazstanceError(f"{out} holds another run; expected a new folder, or one of {asdict(this)}")
        return
    packages = {name: version(name) for name in ("numpy", "pyarrow", "narwhals")}
    environment = {"python": platform.python_version(), "kazstance": kazstance.__version__, **packages}
    write_file(json.dumps({"run": asdict(this), "environment": environment}, indent=1).encode(), settings)


def _predict(predict: Predict, part: TrainTest, task: Task, this: Run) -> list[str]:
    """A system's labels for a fold, checked."""
    try:
        labels = list(predict(part.train, part.test))
    except Exception as error:  # a system may raise anything
        raise KazstanceError(f"{this.system}: fold {part.name}: {type(error).__name__}: {error}") from error
    if len(labels) != len(part.test):
        raise KazstanceError(f"{this.system}: fold {part.name}: {len(labels)} labels, expected {len(part.test)}")
    for item, label in zip(part.test, labels, strict=True):
        if label not in task.labels:
            expected = ", ".join(task.labels)
            raise KazstanceError(
                f"{this.system}: fold {part.name}: {item.item_id}: {label!r}, expected one of {expected}"
            )
    return labels


def _read_all(out: Path, parts: Iterable[TrainTest], task: Task) -> dict[str, dict[str, str]]:
    """The predictions of all folds of a run."""
    found = {}
    for part in parts:
        file = _place(out, part)
        try:
            rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
            labels = {row["item_id"]: row["label"] for row in rows}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KazstanceError(f"{file}: {error}; expected the predictions of a fold") from None
        if labels.keys() != {item.item_id for item in part.test} or not set(labels.values()) <= set(task.labels):
            raise KazstanceError(f"{file}: expected a label for each item; remove the file to run the fold again")
        found[part.name] = labels
    return found


def evaluate(this: Run, task: Task, counts: Mapping[str, Confusion]) -> list[Score]:
    """All metrics of a task within targets, and its headline within the other strata too."""
    scores = [score(counts[TARGET], metric, signature=this.signature) for metric in task.metrics]
    others = ((within, found) for within, found in counts.items() if within != TARGET)
    return scores + [score(c, task.headline, signature=this.signature | {"within": within}) for within, c in others]


def tabulate_all(
    task: Task, parts: Sequence[TrainTest], predictions: Mapping[str, Mapping[str, str]]
) -> dict[str, Confusion]:
    """The counts of predictions within targets; within targets and sources; and, for single texts, within sentences."""
    return {
        within: tabulate(task, parts, predictions, strata)
        for within, strata in STRATA.items()
        if within != SENTENCE or task.name != "compare"
    }


def tabulate(
    task: Task, parts: Iterable[TrainTest], predictions: Mapping[str, Mapping[str, str]], strata: Sequence[str]
) -> Confusion:
    """The counts of predictions over all folds."""
    rows = [
        {
            "gold": item.label,
            "predicted": predictions[part.name][item.item_id],
            "target": item.target_id,
            "source": "+".join(sorted(item.sources)),
            "sentence": item.item_id.partition(":")[0],
            "fold": part.name,
            "cluster": item.cluster,
        }
        for part in parts
        for item in part.test
    ]
    table = pa.Table.from_pylist(rows)
    return confusion(table, "gold", "predicted", strata=strata, cluster="cluster", labels=task.labels)


def _finish(this: Run, task: Task, parts: Sequence[TrainTest], out: Path) -> list[Score]:
    """Score all folds, and write the scores."""
    scores = evaluate(this, task, tabulate_all(task, parts, _read_all(out, parts, task)))
    write_file(to_json([asdict(found) for found in scores]).encode(), out / SCORES)
    return scores
