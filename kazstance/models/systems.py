"""Systems: what predicts labels, by name, as a model on this machine, or by import path; and what each is known by."""

import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kazstance.bench.answers import where_raised
from kazstance.bench.identity import SystemIdentity, identity_of_model, identity_of_object
from kazstance.bench.shortcuts import LEARNED, PANEL, Predict
from kazstance.bench.tasks import Item
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.extras import naming_extras
from kazstance.models.local_models import KINDS, local_model, model_folder

PATH: Final = "package.module:object"
"""How an import path is written."""


def find_system(name: str, labels: Sequence[str] = ()) -> Predict:
    """A system by its name in the panel or among the baselines, by a local model, or by import path.

    A local model is named as `finetune:PATH` or `minilm:PATH`, an import path as `package.module:object`; the current
    folder is searched first.

    A callable takes training and test items and gives for each test item a label, or a mapping from each label to its
    probability. An object with `fit` and `predict` is a scikit-learn estimator: it is given texts, each with its target
    behind it; where it has `predict_proba`, it answers with probabilities, 0 for those of `labels` it has not seen.

    Raises:
        UnknownNameError: there is no system of this name; the message lists those there are.
        KazstanceError: it cannot be imported, or is neither a callable nor an estimator.
        MissingExtraError: a baseline's package is not installed.
    """
    if _is_model(name):
        return local_model(name)
    found = _find(name)
    if hasattr(found, "fit") and hasattr(found, "predict"):
        return _estimator(found, labels)
    predict: Predict = found
    return predict


def identify(name: str) -> SystemIdentity:
    """The identity of a system: digests of its code, its parameters, and of the files of a model.

    Raises:
        KazstanceError: as `find_system`.
    """
    if _is_model(name):
        folder, settings = model_folder(name)
        return identity_of_model(folder, settings)
    found = _find(name)
    module = name.partition(":")[0] if ":" in name else found.__module__
    return identity_of_object(found, module)


def _is_model(name: str) -> bool:
    kind, colon, _ = name.partition(":")
    return bool(colon) and kind in KINDS


def _find(name: str) -> Any:
    """The object that a name stands for, as it was written."""
    if name in PANEL:
        return PANEL[name]
    if ":" in name:
        return _imported(name)
    if name not in LEARNED:
        ways = (*(f"{kind}:PATH" for kind in KINDS), f"an import path as {PATH}")
        raise UnknownNameError(name, "system", (*PANEL, *LEARNED, *ways))
    with naming_extras():
        from kazstance.models.baselines import BASELINES  # noqa: PLC0415  # needs an extra
    return BASELINES[name]


def _imported(name: str) -> Any:
    """An object by its import path, searched in the current folder first, as Python does for a script.

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
    _check_kind(name, found)
    return found


def _check_kind(name: str, found: Any) -> None:
    """See that an object can be a system.

    Raises:
        KazstanceError: it is a class, or neither a callable of two arguments nor an estimator.
    """
    if inspect.isclass(found):
        raise KazstanceError(
            f"{name}: a class, expected an instance: write `system = {found.__name__}(…)` in the module, "
            f"and pass {name.partition(':')[0]}:system"
        )
    if hasattr(found, "fit") and hasattr(found, "predict"):
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
