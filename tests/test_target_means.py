"""Means over targets are those of scikit-learn target by target, intervals included, and say what a target lacks."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

import kazstance as ks
from kazstance.metrics import F_AVG, LABELS, METRICS
from kazstance.stats.confusion import Confusion
from kazstance.stats.scores import score
from kazstance.stats.target_means import lacking

ROW = st.tuples(st.sampled_from("abcd"), *[st.sampled_from(LABELS)] * 2)


def by_target(rows):
    return {name: [row for row in rows if row[0] == name] for name in sorted({row[0] for row in rows})}


def of_scikit_learn(rows, **how):
    """The mean over targets, as a user of scikit-learn would write it."""
    values = []
    for part in by_target(rows).values():
        _, gold, predicted = zip(*part, strict=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values.append(f1_score(gold, predicted, average="macro", zero_division=0, **how))
    return np.mean(values)


def of_perl(rows):
    """As eval.pl of SemEval-2016 Task 6 calculates F, for each target alone: what cannot be divided is 0."""
    values = []
    for part in by_target(rows).values():
        f = []
        for side in ("favor", "against"):
            correct = sum(gold == predicted == side for _, gold, predicted in part)
            guesses, there = (sum(row[i] == side for row in part) for i in (2, 1))
            p, r = correct / guesses if guesses else 0, correct / there if there else 0
            f.append(2 * p * r / (p + r) if p + r else 0)
        values.append(sum(f) / 2)
    return np.mean(values)


def scored(rows, **how):
    gold = [{"id": i, "topic": row[0], "label": row[1], "answer": row[2]} for i, row in enumerate(rows)]
    return ks.score(gold, gold, id="id", target="topic", pred_label="answer", resamples=10, **how)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_the_mean_over_targets_is_that_of_the_scorers_in_use(rows):
    found = scored(rows)
    assert found["f_avg_targets"].value == pytest.approx(of_scikit_learn(rows, labels=["favor", "against"]), abs=1e-12)
    assert found["f_avg_targets"].value == pytest.approx(of_perl(rows), abs=1e-12)
    assert found["macro_f1_targets"].value == pytest.approx(of_scikit_learn(rows), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=40))
def test_the_mean_over_targets_is_the_mean_of_the_targets_scored_alone(rows):
    found = scored(rows, by="topic")
    for name in ("f_avg_targets", "macro_f1_targets"):
        assert found[name].value == pytest.approx(np.mean([part[name].value for part in found.parts.values()]))
    alone = {name: part["f_avg"] for name, part in found.parts.items()}
    if all(one.is_defined for one in alone.values()):
        assert found["f_avg_targets"].value == pytest.approx(np.mean([one.value for one in alone.values()]))


def test_the_interval_over_targets_is_that_of_resampled_targets():
    """A target that is drawn twice counts twice, which its counts alone do not show: F1 of doubled counts is the same."""
    rng = np.random.default_rng(5)
    values, rows, names = [], [], [f"t{i:02}" for i in range(12)]
    for name in names:
        skill = rng.random()
        part = [(name, gold, gold if rng.random() < skill else rng.choice(LABELS)) for gold in rng.choice(LABELS, 60)]
        rows += part
        values.append(of_perl(part))
    rng = np.random.default_rng(6)
    drawn = np.mean(rng.choice(values, (4000, 12)), axis=1)
    found = score(_counted(rows, names), METRICS["f_avg_targets"], n=4000).over_targets
    assert found.value == pytest.approx(np.mean(values))
    wide = np.sqrt(12 / 11) * 2.201 / 1.96  # the expansion for 12 units, with the t quantile for 11 degrees of freedom
    expected = np.mean(values) + wide * (np.quantile(drawn, [0.025, 0.975]) - np.mean(values))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.015)


def _counted(rows, names):
    counts = np.zeros((len(rows), len(names), 3, 3))
    for i, (name, gold, predicted) in enumerate(rows):
        counts[i, names.index(name), LABELS.index(gold), LABELS.index(predicted)] = 1
    return Confusion.from_counts(counts, [str(i) for i in range(len(rows))], names, LABELS)


def test_without_a_target_there_is_no_mean_over_targets():
    rows = [{"id": 1, "label": "favor"}, {"id": 2, "label": "against"}]
    found = ks.score(rows, rows, id="id", resamples=10)
    for name in ("f_avg_targets", "macro_f1_targets"):
        assert (found[name].is_defined, found[name].reason) == (False, "no column of the target was named")
        assert found[name].over_targets.reason == "no column of the target was named"
    assert found["f_avg"].value == 1


def test_a_target_without_a_side_counts_0_and_is_noted():
    """A perfect system then has no 1; `f_avg` of the target is undefined, and says why."""
    rows = [
        ("a", "favor", "favor"),
        ("a", "against", "against"),
        ("b", "against", "against"),
        ("b", "neutral", "neutral"),
    ]
    found = scored(rows, by="topic")
    assert found["f_avg_targets"].value == 0.75 == of_perl(rows)
    assert found.parts["b"]["f_avg"].reason == "no row is favor, in gold or predictions"
    assert [str(note) for note in found.notes] == [
        "note: f_avg_targets: no row of 1 of 2 targets is favor, in gold or predictions (b); its F1 counts as 0 there, "
        "as in the scorer of SemEval-2016 Task 6"
    ]
    assert scored(rows[:2]).notes == ()


def test_a_run_notes_it_too():
    rows = [
        {"text": str(i), "topic": "ab"[i > 2], "label": label}
        for i, label in enumerate(["favor", "against", "favor", *["against"] * 3])
    ]
    result = ks.benchmark(rows, rows, target="topic").run(lambda _, test: ["against"] * len(test), shortcuts=False)
    assert result.scores["f_avg_targets"].value == pytest.approx(
        of_perl([(r["topic"], r["label"], "against") for r in rows])
    )
    (note,) = [line for line in result.printed if line.startswith("note: ")]
    assert note.startswith("note: f_avg_targets: no row of 1 of 2 targets is favor, in gold or predictions (b);")


def test_what_targets_lack():
    counts = _counted([("a", "favor", "favor"), ("b", "against", "neutral")], ["a", "b", "empty"]).total
    assert lacking(counts, [0, 1, 2]) == {0: [0], 1: [0], 2: [1]}
    assert np.isnan(F_AVG.value(counts[:1]))
