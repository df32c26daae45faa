"""Find systems by name, import path, local model, function, or estimator."""

import copy
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, Protocol, cast

from kazstance.bench.answers import where_raised
from kazstance.bench.code_digest import code_of
from kazstance.bench.identity import SystemIdentity, identity_of_model, identity_of_object, versions
from kazstance.bench.panel import Panel
from kazstance.bench.shortcuts import LEARNED, LEXICON, OF_SOURCES, PANEL, PANELS, Predict
from kazstance.bench.systems import System
from kazstance.bench.tasks import Item, Task
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.extras import naming_extras
from kazstance.models.lexicon import not_english
from kazstance.models.local_models import KINDS, local_model, model_folder
from kazstance.paths import StrPath

PATH: Final = "package.module:object"
"""How an import path is written."""


class Estimator(Protocol):
    """Something that is trained and asked as estimators of scikit-learn are."""

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> "Estimator":
        """Train it."""

    def predict(self, texts: Sequence[str]) -> Sequence[Any]:
        """The label of each text."""


def find_system(given: Any, labels: Sequence[str] = (), *, name: str | None = None) -> System:
    """A system given by its name in the panel or among the baselines, by import path, or as an object.

    A local model is written `finetune:PATH` or `minilm:PATH`, an import path `package.module:object`; the current
    folder is searched first.

    A callable takes training and test items and returns a label for each test item, or a mapping from each label to
    its probability. An object or class with `fit` and `predict` is a scikit-learn estimator: it receives texts, each
    followed by its target, and is cloned for each fold; if it has `predict_proba`, it answers with probabilities, 0 for
    `labels` it has not seen.

    Args:
        given: the name, the import path, or the object itself.
        labels: the labels of the task.
        name: the name of the system; by default, the name given, or that of the function or class.

    Raises:
        UnknownNameError: there is no system of this name; the message lists the valid names.
        KazstanceError: it cannot be imported, or is neither a callable nor an estimator.
        MissingExtraError: a baseline's package is not installed.
    """
    if isinstance(given, System):
        return given
    if not isinstance(given, str):
        module = getattr(given, "__module__", type(given).__module__)
        called = str(getattr(given, "__qualname__", type(given).__name__))
        is_taken = called in (*PANEL, *LEARNED)
        return _system(name or (f"{module}:{called}" if is_taken else called), given, module, labels)
    if _is_model(given):
        folder, settings = model_folder(given)
        module = "kazstance.models.local_models"
        return System(name or given, local_model(given), lambda: identity_of_model(folder, settings, module))
    found = _find(given)
    module = given.partition(":")[0] if ":" in given else found.__module__
    return _system(name or given, found, module, labels)


def panel_for(task: Task, name: str | None = None, cache: StrPath | None = None) -> Panel:
    """The shortcuts to run with a system on a task.

    Those that look at sources are left out if the rows have none, and the lexicon if their language is not its own.

    Args:
        task: the task.
        name: `brief`, or `full` with the counterparts of the n-gram SVM, where the best is chosen on held-out training
            rows; by default `brief` for a dataset, as for its published figures, and `full` for a user's own rows.
        cache: a folder that keeps results of shortcuts.

    Raises:
        UnknownNameError: there is no such panel.
    """
    name = name or ("brief" if task.spelled is None else "full")
    if name not in PANELS:
        raise UnknownNameError(name, "panel", PANELS)
    why = not_english(item for fold in task.folds for item in (*fold.train, *fold.test))
    left_out = {LEXICON: f"its words are English, and {why}"} if why else {}
    names = [one for one in PANELS[name] if (task.has_sources or one not in OF_SOURCES) and one not in left_out]
    return Panel(tuple(map(_shortcut, names)), left_out, name == "full", None if cache is None else Path(cache))


@cache
def _shortcut(name: str) -> System:
    """A shortcut, the same object for all runs."""
    return System(name, partial(_by_name, name), _identity_of_panel)


@cache
def _identity_of_panel() -> SystemIdentity:
    """The code of all shortcuts and of their evaluation, and the versions of the packages that it imports."""
    code = code_of(["kazstance.models.baselines", "kazstance.bench.panel"])
    return SystemIdentity(code=dict(code.modules), environment=versions() | dict(code.versions))


def _system(name: str, given: Any, module: str, labels: Sequence[str]) -> System:
    """A function, an estimator or its class as a system."""
    found = _instance(name, given)
    _check_kind(name, found)
    predict: Predict = _estimator(found, labels) if is_estimator(found) else found
    return System(name, predict, lambda: identity_of_object(found, module))


def _by_name(name: str, train: Sequence[Item], test: Sequence[Item]) -> Sequence[str | Mapping[str, float]]:
    """The predictions of a shortcut, whose packages are imported when it is asked."""
    return find_system(name).predict(train, test)


def _is_model(name: str) -> bool:
    kind, colon, _ = name.partition(":")
    return bool(colon) and kind in KINDS


def _find(name: str) -> Any:
    """The object that a name refers to."""
    if name in PANEL:
        return PANEL[name]
    if ":" in name:
        return find_object(name)
    if name not in LEARNED:
        ways = (*(f"{kind}:PATH" for kind in KINDS), f"an import path as {PATH}")
        raise UnknownNameError(name, "system", (*PANEL, *LEARNED, *ways))
    with naming_extras():
        from kazstance.models.baselines import BASELINES  # noqa: PLC0415  # needs an extra
    return BASELINES[name]


def find_object(name: str) -> Predict | Estimator:
    """An object by its import path; the current folder is searched first, as Python does for a script.

    Raises:
        KazstanceError: it cannot be imported, or cannot be a system.
    """
    module, _, attributes = name.partition(":")
    here = str(Path.cwd())
    if not {"", here} & set(sys.path):
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except Exception as error:  # the module may raise anything
        hint = f"expected an import path as {PATH}, from {here} or installed"
        raise KazstanceError(f"{name}: {where_raised(error)}; {hint}") from error
    return cast("Predict | Estimator", found)


def is_estimator(found: Any) -> bool:
    """Whether something can be trained and asked, as estimators of scikit-learn can."""
    return hasattr(found, "fit") and hasattr(found, "predict")


def _instance(name: str, given: Any) -> Any:
    """An object unchanged; for a class, an instance created without arguments.

    Raises:
        KazstanceError: it cannot be created without arguments.
    """
    if not inspect.isclass(given):
        return given
    try:
        return given()
    except Exception as error:  # a class may raise anything
        hint = f"expected a class that needs no arguments, or an instance: `system = {given.__name__}(…)`"
        raise KazstanceError(f"{name}: {where_raised(error)}; {hint}") from error


def _check_kind(name: str, found: Any) -> None:
    """Check that an object can be a system.

    Raises:
        KazstanceError: it is neither a callable of two arguments nor an estimator.
    """
    if is_estimator(found):
        return
    if not callable(found):
        raise KazstanceError(f"{name}: {type(found).__name__}, expected a callable or an estimator")
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):  # not every callable has one
        return
    try:
        signature.bind((), ())
    except TypeError as error:
        raise KazstanceError(f"{name}: {error}; expected a callable that takes training and test items") from None


def _estimator(found: Any, labels: Sequence[str]) -> Predict:
    """A scikit-learn estimator as a system."""

    def predict(train: Sequence[Item], test: Sequence[Item]) -> list[str | Mapping[str, float]]:
        fresh = _fresh(found)
        fresh.fit([as_text(item) for item in train], [item.label for item in train])
        texts = [as_text(item) for item in test]
        if not hasattr(fresh, "predict_proba"):
            return [str(label) for label in fresh.predict(texts)]
        unseen = dict.fromkeys(labels, 0.0)
        classes = [str(label) for label in fresh.classes_]
        return [unseen | dict(zip(classes, map(float, row), strict=True)) for row in fresh.predict_proba(texts)]

    return predict


def _fresh(estimator: Any) -> Any:
    """An unfitted copy of a scikit-learn estimator, so that no fold sees what another learned."""
    if not hasattr(estimator, "get_params") or "sklearn.base" not in sys.modules:
        return estimator
    try:
        return sys.modules["sklearn.base"].clone(estimator)
    except (TypeError, RuntimeError):  # its constructor does not keep to the rules
        return copy.deepcopy(estimator)


def as_text(item: Item) -> str:
    """An item as one text: the sentence or both, and the target."""
    return " ||| ".join(filter(None, [item.text, item.text_b, item.target]))
