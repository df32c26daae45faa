"""What systems have learned, as files: rules and linear models as data, the user's own as pickle or import path."""

import inspect
import io
import json
import pickle  # read only if the user trusts the file
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kazstance.bench.answers import where_raised
from kazstance.bench.shortcuts import FIELDS, LEARNED, LEXICON, OF_SOURCES, Predict, Rule
from kazstance.bench.tasks import Item
from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras
from kazstance.input.strict_json import load_object
from kazstance.models.lexicon import check_english, tones
from kazstance.models.local_models import KINDS
from kazstance.models.systems import as_text, find_object, find_system, is_estimator

Answers = Sequence[str | Mapping[str, float]]
Files = dict[str, bytes]
POOLED: Final = {"n-gram SVM": "target-blind n-gram SVM"}
"""Systems that have a model for each target, and the system that their models are like."""
WEIGHTS, SHAPE, RULE, PICKLE, ITEMS = "weights.parquet", "linear.json", "rule.json", "estimator.pickle", "items.parquet"
TARGETS: Final = "targets.json"
FIELD_NAMES: Final = tuple(field.name for field in fields(Item))


class Fitted(Protocol):
    """A system that has been trained."""

    def answer(self, items: Sequence[Item]) -> Answers:
        """A label, or the probability of every label, for each item."""

    def files(self) -> Files:
        """What it has learned, as the content of files by name."""


@dataclass(frozen=True)
class FittedRule:
    """A rule that reads no text."""

    rule: Rule

    def answer(self, items: Sequence[Item]) -> Answers:
        """The label of each item."""
        return self.rule.answer(items)

    def files(self) -> Files:
        """The rule as JSON."""
        return {RULE: _json({"labels": [[list(key), label] for key, label in sorted(self.rule.best.items())]})}

    @classmethod
    def load(cls, system: str, files: Mapping[str, bytes]) -> "FittedRule":
        """The rule of a system in the panel."""
        found = load_object(files[RULE].decode())["labels"]
        best = {tuple(map(_text, key)): _text(label) for key, label in found}
        if () not in best:
            raise ValueError(f"{RULE} has no label of all rows")
        return cls(Rule(FIELDS[system], best))


@dataclass(frozen=True)
class FittedLexicon:
    """The lexicon, which learns nothing."""

    def answer(self, items: Sequence[Item]) -> Answers:
        """The label of each item."""
        return tones(items)

    def files(self) -> Files:
        """Nothing."""
        return {}

    @classmethod
    def load(cls, system: str, files: Mapping[str, bytes]) -> "FittedLexicon":
        """The lexicon."""
        return cls()


@dataclass(frozen=True)
class FittedLinear:
    """A linear baseline."""

    model: Any

    def answer(self, items: Sequence[Item]) -> Answers:
        """The label of each item."""
        found: list[str] = self.model.answer(items)
        return found

    def files(self) -> Files:
        """The labels and intercepts as JSON; the features and their weights as Parquet, one row per feature."""
        from kazstance.models.linear import vectorizers  # noqa: PLC0415  # needs an extra

        model = self.model
        found = {SHAPE: _json({"labels": list(model.labels), "intercepts": model.intercepts.tolist()})}
        if len(model.labels) == 1:
            return found
        parts = [_terms(part, one) for part, one in enumerate(vectorizers(model.features))]
        n = model.weights.shape[1]
        terms = pa.concat_tables(parts) if parts else pa.table({"part": pa.array(np.zeros(n, np.int64))})
        for at, row in enumerate(model.weights):
            terms = terms.append_column(f"weight_{at}", pa.array(row, pa.float64()))
        return found | {WEIGHTS: _parquet(terms)}

    @classmethod
    def load(cls, system: str, files: Mapping[str, bytes]) -> "FittedLinear":
        """The linear baseline of that name."""
        with naming_extras():
            from kazstance.models.baselines import RECIPES  # noqa: PLC0415  # needs an extra
            from kazstance.models.linear import Linear, vectorizers  # noqa: PLC0415  # needs an extra
        shape = load_object(files[SHAPE].decode())
        labels, intercepts = tuple(map(_text, shape["labels"])), np.array(shape["intercepts"], np.float64)
        if len(labels) == 1:
            return cls(Linear(labels, None, np.empty((0, 0)), np.empty(0)))
        table = _read(files[WEIGHTS])
        rows = 1 if len(labels) == 2 else len(labels)  # noqa: PLR2004
        weights = np.stack([table[f"weight_{at}"].to_numpy() for at in range(rows)]).astype(np.float64)
        if intercepts.shape != (rows,) or not (np.isfinite(weights).all() and np.isfinite(intercepts).all()):
            raise ValueError(f"{WEIGHTS} and {SHAPE} do not match, or a weight is not finite")
        features = RECIPES[system].features()
        places = table["part"].to_numpy()
        found = vectorizers(features)
        if (np.diff(places) < 0).any() or not np.isin(places, range(max(len(found), 1))).all():
            raise ValueError(f"{WEIGHTS} has rows of unknown parts, or in another order")
        for part, one in enumerate(found):
            _restore(one, table.filter(pc.equal(table["part"], part)))
        return cls(Linear(labels, features, np.ascontiguousarray(weights), intercepts))


@dataclass(frozen=True)
class FittedPerTarget:
    """Linear models of single targets, and one for all other targets."""

    model: Any

    def answer(self, items: Sequence[Item]) -> Answers:
        """The label of each item."""
        found: list[str] = self.model.answer(items)
        return found

    def files(self) -> Files:
        """The files of each model, the pooled one first, and the targets as JSON."""
        found = {TARGETS: _json({"targets": list(self.model.own)})}
        for number, model in enumerate([self.model.pooled, *self.model.own.values()]):
            found |= {f"{number}-{name}": content for name, content in FittedLinear(model).files().items()}
        return found

    @classmethod
    def load(cls, system: str, files: Mapping[str, bytes]) -> "FittedPerTarget":
        """The models of that system."""
        with naming_extras():
            from kazstance.models.ngrams import PerTarget  # noqa: PLC0415  # needs an extra
        targets = [_text(target) for target in load_object(files[TARGETS].decode())["targets"]]
        parts = [
            {
                name.removeprefix(f"{number}-"): content
                for name, content in files.items()
                if name.startswith(f"{number}-")
            }
            for number in range(len(targets) + 1)
        ]
        pooled, *own = (FittedLinear.load(POOLED[system], part).model for part in parts)
        return cls(PerTarget(dict(zip(targets, own, strict=True)), pooled))


@dataclass(frozen=True)
class FittedEstimator:
    """A scikit-learn estimator of the user's own."""

    estimator: Any

    def answer(self, items: Sequence[Item]) -> Answers:
        """A label for each item, or the probability of every label that was seen in training."""
        texts = [as_text(item) for item in items]
        if not hasattr(self.estimator, "predict_proba"):
            return [str(label) for label in self.estimator.predict(texts)]
        classes = [str(label) for label in self.estimator.classes_]
        return [dict(zip(classes, map(float, row), strict=True)) for row in self.estimator.predict_proba(texts)]

    def files(self) -> Files:
        """The estimator as a pickle."""
        try:
            return {PICKLE: pickle.dumps(self.estimator, protocol=5)}
        except Exception as error:  # an estimator may hold anything
            raise KazstanceError(f"{where_raised(error)}; expected an estimator that can be pickled") from error

    @classmethod
    def load(cls, system: str, files: Mapping[str, bytes]) -> "FittedEstimator":
        """The estimator from its pickle, which may run any code."""
        return cls(pickle.loads(files[PICKLE]))  # noqa: S301  # the caller has checked that the user trusts it


@dataclass(frozen=True)
class FittedFunction:
    """A function of training and test items, by its import path, with the training items it is called with."""

    path: str
    predict: Predict
    items: tuple[Item, ...]

    def answer(self, items: Sequence[Item]) -> Answers:
        """The function's answers."""
        return self.predict(self.items, items)

    def files(self) -> Files:
        """The import path as JSON, and the training items as Parquet.

        Raises:
            KazstanceError: the function cannot be imported by its name.
        """
        if not self.path:
            raise KazstanceError(
                f"{getattr(self.predict, '__qualname__', self.predict)!r} cannot be imported by name; "
                "expected a function at the top level of a module, given as package.module:function"
            )
        columns = {name: [getattr(item, name) for item in self.items] for name in FIELD_NAMES}
        return {SHAPE: _json({"path": self.path}), ITEMS: _parquet(pa.table(columns))}

    @classmethod
    def load(cls, system: str, files: Mapping[str, bytes]) -> "FittedFunction":
        """The function, which is imported: this runs its module."""
        path = _text(load_object(files[SHAPE].decode())["path"])
        saved = _read(files[ITEMS])  # by an earlier version without the last fields
        rows = saved.select([name for name in FIELD_NAMES if name in saved.column_names]).to_pylist()
        return cls(path, cast("Predict", find_object(path)), tuple(Item(**row) for row in rows))


RUNS_CODE: Final = frozenset({"estimator", "function"})
"""Kinds whose files run code that does not belong to this package."""
LOADERS: Final[Mapping[str, Callable[[str, Mapping[str, bytes]], Fitted]]] = {
    "rule": FittedRule.load,
    "lexicon": FittedLexicon.load,
    "linear": FittedLinear.load,
    "per_target": FittedPerTarget.load,
    "estimator": FittedEstimator.load,
    "function": FittedFunction.load,
}
NAMES: Final = {
    "rule": tuple(FIELDS),
    "lexicon": (LEXICON,),
    "linear": tuple(name for name in LEARNED if name != LEXICON and name not in POOLED),
    "per_target": tuple(POOLED),
}
"""The systems of each kind that this package defines."""


def fit_items(system: Any, items: Sequence[Item]) -> tuple[str, str, Fitted]:
    """Train a system.

    Args:
        system: a name in the panel or of a baseline, an import path, a function, or a scikit-learn estimator.
        items: the rows to train on.

    Returns:
        Its name, its kind (a key of `LOADERS`), and what it has learned.

    Raises:
        UnknownNameError: there is no system of this name.
        KazstanceError: it cannot be trained or kept.
    """
    if isinstance(system, str) and system in FIELDS:
        return system, "rule", FittedRule(Rule.learn(items, FIELDS[system]))
    if system == LEXICON:
        check_english(items)
        return LEXICON, "lexicon", FittedLexicon()
    if isinstance(system, str) and system in LEARNED:
        with naming_extras():
            from kazstance.models.baselines import FITTED  # noqa: PLC0415  # needs an extra
        if system in POOLED:
            return system, "per_target", FittedPerTarget(FITTED[system](items))
        return system, "linear", FittedLinear(FITTED[system](items))
    if isinstance(system, str) and system.partition(":")[0] in KINDS:
        known = ", ".join((*FIELDS, *LEARNED))
        raise KazstanceError(f"{system}: a local model cannot be saved; expected {known}, or an import path")
    found = find_system(system)  # checks it, and names it
    given = find_object(system) if isinstance(system, str) else system
    if is_estimator(given):
        estimator = given() if inspect.isclass(given) else given
        return found.name, "estimator", _fit(found.name, estimator, items)
    path = system if isinstance(system, str) else _path(given)
    return found.name, "function", FittedFunction(path, found.predict, tuple(items))


def looks_at_sources(system: str) -> bool:
    """Whether a system of this package looks at the source of a row."""
    return system in OF_SOURCES


def _fit(name: str, estimator: Any, items: Sequence[Item]) -> FittedEstimator:
    try:
        estimator.fit([as_text(item) for item in items], [item.label for item in items])
    except Exception as error:  # an estimator may raise anything
        raise KazstanceError(f"{name}: {where_raised(error)}") from error
    return FittedEstimator(estimator)


def _path(function: Any) -> str:
    """The import path of a function, or nothing if its module does not have it by its name."""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    found = getattr(sys.modules.get(module), name, None)
    return f"{module}:{name}" if found is function and module != "__main__" else ""


def _terms(part: int, vectorizer: Any) -> pa.Table:
    """The terms of a vectorizer in the order of their columns, with their inverse document frequencies."""
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    idf = vectorizer.idf_ if hasattr(vectorizer, "idf_") else np.ones(len(terms))
    return pa.table({"part": pa.array([part] * len(terms), pa.int64()), "term": terms, "idf": idf})


def _restore(vectorizer: Any, terms: pa.Table) -> None:
    """Give a vectorizer the terms that it had."""
    names = terms["term"].to_pylist()
    vectorizer.vocabulary_ = {_text(term): at for at, term in enumerate(names)}
    if len(vectorizer.vocabulary_) != len(names):
        raise ValueError(f"{WEIGHTS} has a term twice")
    vectorizer.fixed_vocabulary_ = False
    idf = terms["idf"].to_numpy()
    if hasattr(vectorizer, "use_idf"):
        vectorizer.idf_ = idf


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")  # a fault of a file
    return value


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def _read(content: bytes) -> pa.Table:
    table = pq.read_table(pa.BufferReader(content))
    table.validate(full=True)
    return table
