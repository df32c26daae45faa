"""Answers of systems: labels or probabilities; what is neither is named, and finished folds are kept."""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from typer.testing import CliRunner

import kazstance
from kazstance.bench.report import to_markdown
from kazstance.cli import app
from kazstance.errors import InputError, KazstanceError
from kazstance.metrics import LABELS
from kazstance.models.systems import as_text
from kazstance.stats.soft import calibration, calibration_gaps, soft_scores
from tests.benches import answers_of, bench, bring, reload, reported, rows_of, run

pytestmark = pytest.mark.full

SURE = {"against": 0.2, "neutral": 0.1, "favor": 0.7}


def calibration_error(probabilities, gold):
    return calibration(np.append(calibration_gaps(probabilities, gold).sum(axis=0), len(gold)))


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "my_answers", sys.modules[__name__])


@pytest.fixture(scope="module")
def rows():
    return rows_of()


def answering(monkeypatch, function):
    monkeypatch.setattr(sys.modules[__name__], "system", function, raising=False)
    return "my_answers:system"


def by_length(item):
    """Some probabilities that differ from item to item."""
    weights = np.array([1 + len(item.text) % 7, 1 + len(item.text) % 5, 1 + len(item.target) % 3], dtype=float)
    return dict(zip(LABELS, weights / weights.sum(), strict=True))


def test_probabilities_are_kept_and_the_label_is_the_most_probable(tmp_path, monkeypatch, rows):
    system = answering(monkeypatch, lambda train, test: [by_length(item) for item in test])
    run(system, "stance", "cross_source", tmp_path)
    answers = answers_of(tmp_path)
    for part in bench().task.folds:
        for item in part.test:
            answer, expected = answers[part.name][item.item_id], by_length(item)
            assert dict(zip(LABELS, answer.probabilities, strict=True)) == expected
            assert answer.label == max(LABELS, key=expected.get)


def test_an_estimator_gives_probabilities_by_itself(tmp_path, monkeypatch, rows):
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB())
    found = run(answering(monkeypatch, pipeline), "stance", "in_domain", tmp_path).soft
    (part,) = bench("stance", "in_domain").task.folds
    fitted = pipeline.fit([as_text(i) for i in part.train], [i.label for i in part.train])
    expected = fitted.predict_proba([as_text(i) for i in part.test])
    order = [list(fitted.classes_).index(label) for label in LABELS]
    kept = np.array([answers_of(tmp_path)["test"][i.item_id].probabilities for i in part.test])
    assert kept == pytest.approx(expected[:, order])
    gold = np.array([LABELS.index(i.label) for i in part.test])
    assert found["calibration_error"].value == pytest.approx(calibration_error(kept, gold))
    assert found["calibration_error"].low < found["calibration_error"].high
    votes = {(r.sentence_id, r.target_id): Counter(v.label_name for v in r.votes) for r in kazstance.load("stances")}
    shares = np.array([[votes[tuple(i.item_id.split(":"))][label] for label in LABELS] for i in part.test], dtype=float)
    shares /= shares.sum(axis=1, keepdims=True)
    distances = [jensenshannon(p, q, base=2) ** 2 for p, q in zip(kept, shares, strict=True)]
    assert found["jensen_shannon"].value == pytest.approx(np.mean(distances))
    crossed = entropy(shares, axis=1) + entropy(shares, kept, axis=1)
    assert found["cross_entropy"].value == pytest.approx(crossed.mean())
    assert found["cross_entropy"].signature["n"] == len(part.test)


def test_a_label_that_an_estimator_never_saw_has_probability_0(tmp_path, monkeypatch, rows):
    found = run(answering(monkeypatch, KnowsTwo()), "stance", "in_domain", tmp_path).soft
    assert {a.probabilities[1] for a in answers_of(tmp_path)["test"].values()} == {0}
    assert found["cross_entropy"].value == np.inf
    assert np.isnan(found["cross_entropy"].low)
    assert reload(tmp_path).soft["cross_entropy"].value == np.inf
    assert json.loads(reload(tmp_path).to_json())[0]["soft"]["cross_entropy"][0] is None


class KnowsTwo:
    """Knows two labels, whatever it is given."""

    classes_ = np.array(["against", "favor"])

    def fit(self, texts, labels):
        return self

    def predict(self, texts):
        raise AssertionError("it has probabilities")

    def predict_proba(self, texts):
        return np.array([[0.25, 0.75]] * len(texts))


def bad(change):
    return lambda train, test: [{**SURE, **change}] * len(test)


FAULTS = {
    "None": (lambda train, test: None, "NoneType, expected a sequence of "),
    "a generator": (lambda train, test: (item.label for item in test), "generator, expected a sequence of "),
    "a word": (lambda train, test: "favor", "str, expected a sequence of "),
    "a mapping": (lambda train, test: dict.fromkeys(test, "favor"), "dict, expected a sequence of "),
    "a set": (lambda train, test: {"favor"}, "set, expected a sequence of "),
    "a number": (lambda train, test: 7, "int, expected a sequence of "),
    "too few": (lambda train, test: ["favor"], "1 labels, expected "),
    "no label": (lambda train, test: [None] * len(test), "None, expected one of against, neutral, favor"),
    "NaN for a label": (lambda train, test: [float("nan")] * len(test), "nan, expected one of against, neutral, favor"),
    "an array of numbers": (lambda train, test: np.zeros((len(test), 3)), "array([0., 0., 0.]), expected one of against"),
    "an unknown label": (lambda train, test: ["pro"] * len(test), "'pro', expected one of against, neutral, favor"),
    "NaN": (bad({"favor": float("nan")}), "0.2, 0.1, nan; expected finite probabilities from 0"),
    "infinite": (bad({"favor": float("inf")}), "0.2, 0.1, inf; expected finite probabilities from 0"),
    "below 0": (bad({"favor": -0.1}), "0.2, 0.1, -0.1; expected finite probabilities from 0"),
    "a sum of more than 1": (bad({"favor": 0.8}), "0.2, 0.1, 0.8; expected a sum of 1, not 1.1"),
    "a probability of an unknown label": (bad({"pro": 0.0}), "probability of 'pro', expected those of against, neutral, favor"),
    "a label left out": (lambda train, test: [{"favor": 1.0}] * len(test), "no probability of against, neutral, expected one"),
    "a word for a number": (bad({"favor": "0.7"}), "probability of favor: '0.7', expected a number"),
    "None for a number": (bad({"favor": None}), "probability of favor: None, expected a number"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_answer_is_named_and_finished_folds_are_kept(fault, tmp_path, monkeypatch):
    faulty, message = FAULTS[fault]
    calls = []

    def system(train, test):
        calls.append(test)
        return [SURE] * len(test) if len(calls) < 3 else faulty(train, test)

    with pytest.raises(KazstanceError) as caught:
        run(answering(monkeypatch, system), "stance", "cross_source", tmp_path)
    assert str(caught.value).startswith("my_answers:system: fold anticapitalist_resistance: ")
    assert message in str(caught.value)
    assert len(list((tmp_path / "predictions").iterdir())) == 2
    assert not (tmp_path / "scores.json").exists()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_whoever_stops_a_run_stops_it(stop, tmp_path, monkeypatch):
    calls = []

    def system(train, test):
        calls.append(test)
        if len(calls) == 2:
            raise stop
        return ["favor"] * len(test)

    with pytest.raises(stop):
        run(answering(monkeypatch, system), "stance", "cross_source", tmp_path)
    assert len(list((tmp_path / "predictions").iterdir())) == 1


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_labels_may_come_in_any_sequence(kind, tmp_path, monkeypatch):
    system = answering(monkeypatch, lambda train, test: kind([item.label for item in test]))
    assert run(system, "stance", "in_domain", tmp_path).scores["wts"].value == pytest.approx(1)


def test_labels_and_probabilities_may_be_mixed_but_not_scored_as_probabilities(tmp_path, monkeypatch):
    system = answering(monkeypatch, lambda train, test: [SURE if i % 2 else "favor" for i in range(len(test))])
    assert run(system, "stance", "in_domain", tmp_path).soft == {}
    assert {a.label for a in answers_of(tmp_path)["test"].values()} == {"favor"}


def test_pairs_have_no_votes_but_calibration(tmp_path, monkeypatch):
    system = answering(monkeypatch, lambda train, test: [{"a": 0.5, "b": 0.25, "same": 0.25}] * len(test))
    found = {s.metric for s in run(system, "compare", "in_domain", tmp_path).lines}
    assert found == {"somers_d", "accuracy", "calibration_error"}


def write(path, rows, change=None):
    lines = [
        {"item_id": item.item_id} | {f"p_{label}": value for label, value in by_length(item).items()} for item in rows
    ]
    if change:
        change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_file_with_probabilities_scores_as_the_system_that_made_it(tmp_path, rows, monkeypatch):
    system = answering(monkeypatch, lambda train, test: [by_length(item) for item in test])
    own = run(system, "stance", "cross_both", tmp_path / "own")
    found = bring(write(tmp_path / "p.jsonl", rows), system, "stance", "cross_both", tmp_path / "run")
    assert [(s.metric, s.value) for s in found.lines] == [(s.metric, s.value) for s in own.lines]
    files = sorted((tmp_path / "own" / "predictions").iterdir())
    (tmp_path / "all.jsonl").write_bytes(b"".join(file.read_bytes() for file in files))
    again = bring(tmp_path / "all.jsonl", system, "stance", "cross_both", tmp_path / "again")
    assert [(s.metric, s.value) for s in again.lines] == [(s.metric, s.value) for s in own.lines]


FILE_FAULTS = {
    "NaN": (lambda lines: lines[4].update(p_favor=None), "p_…: row 5: "),
    "a sum": (lambda lines: lines[4].update(p_favor=0.999), "; expected a sum of 1, not "),
    "no column": (lambda lines: [line.pop("p_favor") for line in lines], "p_favor: no column, expected one for each label"),
    "an unknown label": (lambda lines: [line.update(p_pro=0.0) for line in lines], "p_pro: not a column of a label, expected one of p_against, p_neutral, p_favor"),
    "words": (lambda lines: [line.update(p_favor="high") for line in lines], "p_favor: values of type string, expected numbers"),
    "another label": (lambda lines: [line.update(label="favor") for line in lines], "expected the most probable, '"),
    "a missing row": (lambda lines: lines.pop(), "missing rows (1): "),
}  # fmt: skip


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_faulty_probabilities_of_a_file_are_named_and_nothing_is_written(fault, tmp_path, rows):
    change, message = FILE_FAULTS[fault]
    file = write(tmp_path / "p.jsonl", rows, change)
    with pytest.raises(InputError) as caught:
        bring(file, "mine", "stance", "cross_both", tmp_path / "run")
    assert message in str(caught.value)
    assert str(file) in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_a_spoiled_file_of_a_run_is_named(tmp_path, monkeypatch):
    system = answering(monkeypatch, lambda train, test: [SURE] * len(test))
    run(system, "stance", "in_domain", tmp_path)
    file = tmp_path / "predictions" / "test.jsonl"
    good = file.read_text()
    for old, new in (("0.7", "0.9"), ('"p_favor": 0.7', '"p_pro": 0.7'), ("0.7", '"x"'), ('"label"', '"x"')):
        file.write_text(good.replace(old, new, 1))
        with pytest.raises(KazstanceError, match="test.jsonl: its SHA-256 begins with"):
            reload(tmp_path)
    file.write_text(good)
    reload(tmp_path)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_soft_scores_are_those_of_scipy(seed, n):
    random = np.random.default_rng(seed)
    p, votes = random.dirichlet(np.ones(3), n), random.integers(0, 4, (n, 3)).astype(float)
    gold, homes = random.integers(0, 3, n), [str(x) for x in random.integers(0, 5, n)]
    found = {s.metric: s for s in soft_scores(p, gold, votes, homes, n=20)}
    voted = votes.sum(axis=1) > 0
    assert found["calibration_error"].value == pytest.approx(calibration_error(p, gold))
    assert found["cross_entropy"].signature["n"] == voted.sum()
    if voted.any():
        share = votes[voted] / votes[voted].sum(axis=1, keepdims=True)
        expected = entropy(share, axis=1) + entropy(share, p[voted], axis=1)
        assert found["cross_entropy"].value == pytest.approx(np.mean(expected), rel=1e-6)


def test_the_report_shows_probabilities(tmp_path, monkeypatch):
    system = answering(monkeypatch, lambda train, test: [by_length(item) for item in test])
    run(system, "stance", "in_domain", tmp_path / "a")
    run("majority", "stance", "in_domain", tmp_path / "b")
    found = reported(tmp_path / "a", tmp_path / "b")
    assert [sorted(row.soft) for row in found] == [[], ["calibration_error", "cross_entropy", "jensen_shannon"]]
    page = to_markdown(found)
    assert "### Probabilities" in page
    assert "### By voice: wts / f_avg / accuracy" in page


@pytest.mark.full
def test_a_family_that_made_the_labels_is_named_by_run_compare_and_report(tmp_path):
    runs = []
    for system, family in (("majority", "Claude"), ("source only", "Llama")):
        runs.append(str(tmp_path / system))
        args = ["bench", "run", system, "--protocol", "in_domain", "--family", family, "--out", runs[-1]]
        result = CliRunner().invoke(app, args)
        assert result.exit_code == 0, result.output
        assert ("warning: Claude is of the family of Claude (Anthropic)" in result.stderr) == (family == "Claude")
        assert json.loads((tmp_path / system / "run.json").read_text())["run"]["family"] == family
    for args in (["compare", *runs], ["report", *runs, "--out", str(tmp_path / "page.md")]):
        assert CliRunner().invoke(app, ["bench", *args]).stderr.startswith("warning: Claude is of the family of Claude")
    assert "**warning: Claude is of the family of Claude (Anthropic)" in (tmp_path / "page.md").read_text()
    result = CliRunner().invoke(app, ["bench", "run", "majority", "--protocol", "in_domain", "--out", runs[0]])
    assert result.exit_code == 1
    assert "holds another run" in result.stderr
    assert "family 'Claude', now None" in result.stderr


@pytest.mark.full
def test_a_terminal_shows_a_bar_and_a_pipe_gets_lines(tmp_path):
    args = [sys.executable, "-m", "kazstance", "bench", "run", "majority", "--protocol", "in_domain", "--out"]
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    shown = b""
    with subprocess.Popen([*args, tmp_path / "a"], stdout=subprocess.PIPE, stderr=theirs, env=env) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):  # what a terminal gives when nobody writes to it any more
            while chunk := os.read(ours, 4096):
                shown += chunk
        os.close(ours)
        scores = process.stdout.read().decode()
    assert b"majority \xc2\xb7 stance \xc2\xb7 in_domain" in shown
    assert b"1/1" in shown
    assert re.search(r"(?m)^wts \d", scores)
    done = subprocess.run([*args, tmp_path / "b"], capture_output=True, text=True, check=True)
    assert done.stdout == scores
    assert done.stderr == "majority · stance · in_domain: 1 of 1, predictions of fold test\n"


def test_a_broken_folder_of_a_run_is_named(tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(KazstanceError, match="expected the folder of a run"):
        run("majority", "stance", "in_domain", tmp_path)
