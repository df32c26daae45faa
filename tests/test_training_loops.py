"""Metrics in training loops: functions, a scorer of scikit-learn, and a Trainer's metrics give what the command gives."""

import json
import math
import subprocess
import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_validate
from sklearn.pipeline import make_pipeline

import kazstance as ks
from kazstance import metrics
from kazstance.metrics.functions import FUNCTIONS
from tests.commands import call
from tests.conftest import ROOT, environment
from tests.test_embeddings import PACKAGES

NAMES = ("against", "neutral", "favor")
ROW = st.tuples(
    st.sampled_from(["toll", "pool", "10 km", ""]).map(lambda name: name or "Ü"), *[st.sampled_from(NAMES)] * 2
)


def by_function(target, gold, predicted, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return {name: function(gold, predicted, target, **how) for name, function in FUNCTIONS.items()}


def same(one, other):
    """Whether figures are equal to the last digit, undefined ones among them."""
    return one.keys() == other.keys() and all(
        one[name] == other[name] or (math.isnan(one[name]) and math.isnan(other[name])) for name in one
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_functions_give_the_figures_of_score(rows):
    target, gold, predicted = zip(*rows, strict=True)
    table = pl.DataFrame({"id": range(len(rows)), "topic": target, "label": gold, "answer": predicted})
    scores = ks.score(table, table, id="id", target="topic", pred_label="answer", resamples=10)
    expected = {score.metric: score.value for score in scores}
    assert same(by_function(target, gold, predicted), expected)
    codes = {name: number for number, name in enumerate(NAMES)}
    numbers = [np.array([codes[name] for name in column]) for column in (gold, predicted)]
    assert same(by_function(np.array(target), *numbers, labels=dict(enumerate(NAMES))), expected)


def made_up(n=300, seed=4):
    """Texts whose words tell the label on one target, and the opposite on the other, in part of the rows."""
    rng = np.random.default_rng(seed)
    target = rng.choice(["toll", "pool"], n)
    gold = rng.choice(NAMES, n, p=[0.4, 0.2, 0.4])
    word = np.where(rng.random(n) < 0.6, gold, rng.choice(NAMES, n))
    return np.array([f"{w} {t} {rng.integers(9)}" for w, t in zip(word, target, strict=True)]), gold, target


@pytest.fixture
def _routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def by_command(tmp_path, gold, predicted, target, *more):
    rows = {"id": np.arange(len(gold)), "topic": target}
    pl.DataFrame({**rows, "label": gold}).write_csv(tmp_path / "gold.csv")
    pl.DataFrame({**rows, "label": predicted}).write_csv(tmp_path / "pred.csv")
    options = ["--id", "id", "--target", "topic", "--resamples", "10", "--json", *more]
    done = call("score", *options, gold=tmp_path / "gold.csv", pred=tmp_path / "pred.csv")
    assert done.exit_code == 0, done.stderr
    return {line["metric"]: line["value"] for line in json.loads(done.stdout)["all"]}


@pytest.mark.usefixtures("_routing")
def test_a_scorer_in_cross_validation_scores_each_fold_as_the_command_does(tmp_path):
    texts, gold, target = made_up()
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    folds = KFold(3)
    scoring = {name: metrics.scorer(name) for name in FUNCTIONS}
    found = cross_validate(model, texts, gold, cv=folds, scoring=scoring, params={"target": target})
    answers = cross_val_predict(model, texts, gold, cv=folds)
    for number, (_, test) in enumerate(folds.split(texts)):
        expected = by_command(tmp_path, gold[test], answers[test], target[test])
        assert {name: found[f"test_{name}"][number] for name in FUNCTIONS} == expected
    assert found["test_wts"].min() > 0.2


@pytest.mark.usefixtures("_routing")
def test_a_grid_search_chooses_what_reads_over_what_knows_the_prior():
    texts, gold, target = made_up()
    model = make_pipeline(CountVectorizer(), DummyClassifier())
    grid = {"dummyclassifier": [DummyClassifier(), LogisticRegression()]}
    search = GridSearchCV(model, grid, scoring=metrics.scorer("wts"), cv=KFold(3), n_jobs=1)
    search.fit(texts, gold, target=target)
    assert search.best_index_ == 1
    assert search.cv_results_["mean_test_score"][0] == 0
    assert search.best_score_ > 0.2


@pytest.mark.usefixtures("_routing")
def test_a_scorer_reads_numbers_as_a_mapping_says():
    texts, gold, target = made_up()
    codes = {"none": 0, "against": 1, "favor": 2}
    numbers = np.array([codes["none" if name == "neutral" else name] for name in gold])
    how = {"cv": KFold(3), "params": {"target": target}}
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    one = cross_validate(model, texts, numbers, scoring=metrics.scorer("f_avg_targets", labels="tweet_eval"), **how)
    other = cross_validate(model, texts, gold, scoring=metrics.scorer("f_avg_targets"), **how)
    assert one["test_score"] == pytest.approx(other["test_score"], abs=0.02)  # classes in another order
    with pytest.warns(UserWarning, match="Scoring failed"):
        cross_validate(model, texts, numbers, scoring=metrics.scorer("wts"), **how)


def test_a_scorer_without_targets_is_refused():
    with pytest.raises(ks.KazstanceError, match=r"call sklearn.set_config\(enable_metadata_routing=True\) first"):
        metrics.scorer("wts")
    with sklearn.config_context(enable_metadata_routing=True):
        model = DummyClassifier(strategy="constant", constant="favor").fit([[0]], ["favor"])
        with pytest.raises(ks.KazstanceError, match="wts: no targets"):
            metrics.scorer("wts")(model, [[0], [0]], ["favor", "against"])
        with pytest.raises(ks.UnknownNameError, match="'wtss' is not a metric; choose from wts, ss"):
            metrics.scorer("wtss")


class Evaluated(NamedTuple):
    """What a Trainer gives: the fields of its EvalPrediction."""

    predictions: Any
    label_ids: Any


def test_metrics_of_a_trainer_are_those_of_the_command(tmp_path):
    _, gold, target = made_up(80)
    classes = ["FAVOR", "NONE", "AGAINST"]
    spelled = {"favor": "FAVOR", "neutral": "NONE", "against": "AGAINST"}
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(80, 3)).astype(np.float32)
    ids = np.array([classes.index(spelled[name]) for name in gold])
    answers = [classes[number] for number in logits.argmax(axis=1)]
    names = [classes[number] for number in ids]
    expected = by_command(tmp_path, names, answers, target, "--preset", "semeval")
    compute = metrics.compute_metrics(classes, target, gold=names, labels="semeval")
    assert compute(Evaluated(logits, ids)) == expected
    assert compute(Evaluated((logits, np.zeros((80, 2, 4))), (ids,))) == expected
    assert compute(Evaluated(logits.argmax(axis=1), ids)) == expected
    some = metrics.compute_metrics(classes, target, labels="semeval", metrics=["wts", "ss"])
    assert some(Evaluated(logits, ids)) == {name: expected[name] for name in ("wts", "ss")}


TRAINED = """
import json, sys
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
from kazstance.metrics import compute_metrics

classes, gold, target = json.loads(sys.argv[1])
ids = [classes.index(label) for label in gold]
# A word for the target, and one for the label of most rows.
texts = [[1, 2 + "ab".index(t), 10 + (y if n % 4 else n % 3)] for n, (t, y) in enumerate(zip(target, ids))]
rows = [{"input_ids": torch.tensor(text), "labels": y} for text, y in zip(texts, ids)]
torch.manual_seed(1)
sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
config = BertConfig(vocab_size=30, num_labels=len(classes), output_hidden_states=sys.argv[3] == "states", **sizes)
compute = compute_metrics(classes, target, gold=gold, labels="semeval")
arguments = TrainingArguments(
    sys.argv[2], num_train_epochs=12, eval_strategy="epoch", save_strategy="no", learning_rate=2e-2, report_to=[],
    per_device_eval_batch_size=7, use_cpu=True, disable_tqdm=True,
)
model = BertForSequenceClassification(config)
trainer = Trainer(model, arguments, train_dataset=rows, eval_dataset=rows, compute_metrics=compute)
trainer.train()
assert config.output_hidden_states == isinstance(trainer.predict(rows).predictions, tuple)
logged = [line for line in trainer.state.log_history if "eval_wts" in line]
found = trainer.predict(rows)
logits = found.predictions[0] if isinstance(found.predictions, tuple) else found.predictions
print(json.dumps([logged, found.metrics, [classes[number] for number in logits.argmax(axis=1)]]))
"""


@pytest.mark.full
@pytest.mark.parametrize("outputs", ["logits", "states"])
def test_a_real_trainer_logs_what_the_command_prints(outputs, tmp_path):
    """A tiny BERT that learns; with its hidden states, a Trainer gives predictions as a tuple."""
    gold = [("FAVOR", "AGAINST", "NONE")[n * 7 // 3 % 3] for n in range(60)]
    classes, target = ["AGAINST", "FAVOR", "NONE"], ["ab"[n % 2] for n in range(60)]
    python = environment("torch", *PACKAGES)
    command = [python, "-c", TRAINED, json.dumps([classes, gold, target]), tmp_path / "out", outputs]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    logged, metrics_of_test, answers = json.loads(done.stdout.splitlines()[-1])
    expected = by_command(tmp_path, gold, answers, target, "--preset", "semeval")
    assert len(set(answers)) > 1
    assert {name: metrics_of_test[f"test_{name}"] for name in expected} == expected
    assert {name: logged[-1][f"eval_{name}"] for name in expected} == expected
    assert len(logged) == 12


WRONG = {
    "another order": (lambda given: Evaluated(given.predictions, given.label_ids[::-1]), "label_ids: 4 rows, of which 4 differ from the 4 of gold"),
    "another number of classes": (lambda given: Evaluated(given.predictions[:, :2], given.label_ids), r"predictions: shape \(4, 2\), expected one number for each of 3 labels"),
    "padding": (lambda given: Evaluated(given.predictions, np.array([-100, 0, 1, 2])), "label_ids: -100, expected the number of one of 3 labels"),
    "not a number": (lambda given: Evaluated(given.predictions * np.nan, given.label_ids), "predictions: not a number in 4 of 4 rows"),
    "other rows": (lambda given: Evaluated(given.predictions[:3], given.label_ids), "y_true: 4 rows, y_pred: 3 rows, target: 4 rows; expected the same number"),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_what_a_trainer_cannot_mean_is_refused(fault):
    change, message = WRONG[fault]
    compute = metrics.compute_metrics(NAMES, list("aabb"), gold=["against", "favor", "against", "favor"])
    right = Evaluated(np.eye(3)[[0, 2, 0, 2]], np.array([0, 2, 0, 2]))
    assert compute(right)["wts"] == 1
    with pytest.raises(ks.KazstanceError, match=message):
        compute(change(right))
    with pytest.raises(ks.UnknownNameError, match="'bleu' is not a metric"):
        metrics.compute_metrics(NAMES, list("aabb"), metrics=["bleu"])


COLUMNS = {
    "lists": list,
    "tuples": tuple,
    "arrays": np.array,
    "arrays of objects": lambda column: np.array(column, dtype=object),
    "pandas": pd.Series,
    "pandas, an index of its own": lambda column: pd.Series(column, index=range(9, 9 - len(column), -1)),
    "pandas, categories": lambda column: pd.Series(column, dtype="category"),
    "Polars": pl.Series,
    "Arrow": lambda column: pl.Series(column).to_arrow(),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_may_be_of_any_kind(kind):
    gold, predicted, target = ["favor", "against", "favor"], ["favor", "against", "against"], ["a", "a", "a"]
    assert metrics.accuracy(*map(COLUMNS[kind], (gold, predicted, target))) == 2 / 3
    assert metrics.wts(*map(COLUMNS[kind], (gold, predicted, target))) == metrics.wts(gold, predicted, target)


FAULTS = {
    "another length": ((["favor"], ["favor", "favor"], ["a"]), "y_true: 1 rows, y_pred: 2 rows, target: 1 rows; expected the same"),
    "nothing": (([], [], []), "expected the same number in each, and at least one"),
    "no label": ((["favor", "yes"], ["favor"] * 2, ["a", "a"]), "y_true: 'yes' in row 2, expected one of"),
    "numbers": (([0, 1], [0, 1], ["a", "a"]), "numbers are labels only if a preset or a mapping says so; use labels="),
    "none": ((["none"], ["favor"], ["a"]), "specify which with labels="),
    "a missing label": ((["favor", None], ["favor"] * 2, ["a", "a"]), "y_true: no value in row 2"),
    "a missing target": ((["favor"], ["favor"], [None]), "target: empty in 1 of 1 rows"),
    "rows of numbers": ((["favor"], [[0.1, 0.9]], ["a"]), "y_pred: list, expected one text or number for each row"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_columns_are_named(fault):
    columns, message = FAULTS[fault]
    with pytest.raises(ks.KazstanceError, match=message):
        metrics.wts(*columns)


def test_what_is_undefined_warns_with_the_reason():
    with pytest.warns(RuntimeWarning, match="wts undefined: one gold label in all rows"):
        assert math.isnan(metrics.wts(["favor"], ["favor"], ["a"]))
    with pytest.warns(RuntimeWarning, match="f_avg_targets undefined: no column of the target was named"):
        assert math.isnan(metrics.f_avg_targets(["favor"], ["favor"], None))


def test_importing_the_metrics_loads_neither_arrow_nor_scikit_learn():
    code = "import sys, kazstance.metrics; print(sorted({'pyarrow', 'sklearn', 'pandas', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "[]\n"
