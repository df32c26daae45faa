"""Benchmarks from Python: systems as objects, predictions in any form, and results that are read back as they were."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import accuracy_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import kazstance as ks
from kazstance.bench.panel import Panel
from kazstance.bench.report import side_by_side
from kazstance.bench.runs import run
from kazstance.models.systems import find_system
from tests import commands
from tests.benches import bench, quiet
from tests.conftest import ROOT

TOWN = ROOT / "tests" / "fixtures" / "town"
NEW_USER = f"""
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import kazstance as ks

train, test = (pd.read_csv(f"{TOWN}/{{name}}.txt", sep="\\t", encoding="cp1252") for name in ("train", "test"))
columns = {{"text": "Tweet", "target": "Target", "label": "Stance", "labels": "semeval", "id": "ID"}}
bench = ks.benchmark(train, test, **columns)

def shouting(train, test):
    return ["against" if "!" in item.text else "favor" for item in test]

def pipe(text):  # as a zero-shot pipeline answers
    return {{"sequence": text, "labels": ["FAVOR", "AGAINST", "NONE"], "scores": [0.5, 0.3, 0.2]}}

test[["ID"]].assign(Stance="AGAINST").to_csv("predictions.csv", index=False)
results = [
    bench.run(make_pipeline(TfidfVectorizer(), LogisticRegression()), name="my pipeline", out="runs/pipeline"),
    bench.run(shouting),
    bench.run([pipe(row.text) for row in bench.rows], name="zero-shot", labels="semeval"),
    bench.run("predictions.csv"),
]
bench.report(results, "report.md")
"""


@pytest.mark.full
def test_a_new_user_benchmarks_four_kinds_of_systems_in_thirty_lines(tmp_path):
    assert len([line for line in NEW_USER.splitlines() if line.strip()]) < 30
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", NEW_USER],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=commands.environment(),
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = (tmp_path / "report.md").read_text().splitlines()
    names = [line.split(" | ")[0].strip("| *") for line in lines if line.startswith("| ") and "[" in line]
    assert {"my pipeline", "shouting", "zero-shot", "predictions", "majority", "target-blind TF-IDF"} <= set(names)
    gold = pd.read_csv(TOWN / "test.txt", sep="\t", encoding="cp1252")["Stance"]
    row = next(line.split(" | ") for line in lines if line.startswith("| predictions |"))
    accuracy = lines[next(i for i, line in enumerate(lines) if "accuracy" in line)].split(" | ").index("accuracy")
    assert row[accuracy] == f"{accuracy_score(gold, ['AGAINST'] * len(gold)):.2f}"
    written = tmp_path / "runs" / "pipeline" / "predictions" / "test.jsonl"
    scored = commands.run(
        "score", "--id", "ID", "--gold-label", "Stance", "--pred-label", "Stance", "--target", "Target",
        "--preset", "semeval", "--encoding", "windows-1252", "--json", gold=TOWN / "test.txt", pred=written,
    )  # fmt: skip
    assert scored.code == 0, scored.err
    expected = {line["metric"]: line["value"] for line in json.loads(scored.out)["all"]}
    kept = json.loads((tmp_path / "runs" / "pipeline" / "scores.json").read_text())
    found = {name: score["value"] for name, score in {**kept["scores"], **kept["soft"]}.items()}
    assert found == pytest.approx(expected)


def favoring(train, test):
    return ["favor"] * len(test)


class Fixed:
    """An estimator that answers the same to everything."""

    def __init__(self, answer="favor"):
        self.answer = answer

    def fit(self, texts, labels):
        return self

    def predict(self, texts):
        return [self.answer] * len(texts)


@pytest.mark.full
@pytest.mark.parametrize(
    "system",
    [
        favoring,
        lambda train, test: ["favor" for _ in test],
        Fixed,
        Fixed(),
        "tests.test_bench:favoring",
        "tests.test_bench:Fixed",
    ],
    ids=["function", "lambda", "class", "object", "path of a function", "path of a class"],
)
def test_a_system_may_be_any_object(system, harbour_data):
    result = bench(data=harbour_data).run(system, shortcuts=False)
    gold = [row.label for row in bench(data=harbour_data).rows]
    assert result.scores["accuracy"].value == accuracy_score(gold, ["favor"] * len(gold))


def majority(train, test):
    return ["against"] * len(test)


@pytest.mark.full
def test_a_function_is_not_taken_for_a_shortcut_of_the_same_name(harbour_data):
    result = bench(data=harbour_data).run(majority, shortcuts=False)
    assert (result.system, result.is_shortcut) == (f"{__name__}:majority", False)


FORMS = {
    "list": lambda ids, labels: labels,
    "tuple": lambda ids, labels: tuple(labels),
    "array": lambda ids, labels: np.array(labels),
    "mapping": lambda ids, labels: dict(zip(ids, labels, strict=True)),
    "pandas": lambda ids, labels: pd.DataFrame({"item_id": ids, "label": labels}).sample(frac=1, random_state=1),
    "polars": lambda ids, labels: pl.DataFrame({"item_id": ids, "label": labels}),
    "arrow": lambda ids, labels: pl.DataFrame({"item_id": ids, "label": labels}).to_arrow(),
    "rows": lambda ids, labels: [{"item_id": i, "label": label} for i, label in zip(ids, labels, strict=True)],
    "probabilities": lambda ids, labels: [{n: float(n == label) for n in ks.Label.__members__ if n != "none"} for label in labels],
    "zero-shot": lambda ids, labels: [
        {"sequence": "", "labels": [label, *sorted({"favor", "against", "neutral"} - {label})], "scores": [0.8, 0.1, 0.1]}
        for label in labels
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_predictions_may_come_in_any_form(form, harbour_data):
    here = bench(data=harbour_data)
    labels = [("favor", "against", "neutral")[len(row.text) % 3] for row in here.rows]
    result = here.run(FORMS[form]([row.item_id for row in here.rows], labels), name="x", shortcuts=False)
    assert result.scores["accuracy"].value == pytest.approx(accuracy_score([row.label for row in here.rows], labels))
    assert (result.system, bool(result.soft)) == ("x", form in ("probabilities", "zero-shot"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["favor"], "predictions: 1, expected "),
        ({"nowhere": "favor"}, "unknown rows (1): nowhere"),
        (3, "int, expected rows as one of: a data frame"),
        ([], "predictions: 0, expected "),
        (Fixed("pro"), "'pro', expected one of against, neutral, favor"),
        (lambda test: test, "expected a callable that takes training and test items"),
    ],
)
def test_what_is_neither_a_system_nor_predictions_is_refused(given, message, harbour_data):
    with pytest.raises(ks.KazstanceError) as caught:
        bench(data=harbour_data).run(given)
    assert message in str(caught.value)


@pytest.mark.full
def test_a_result_is_read_back_as_it_was(tmp_path, harbour_data):
    here = bench(data=harbour_data)
    result = here.run(make_pipeline(CountVectorizer(), MultinomialNB()), tmp_path / "run", probes=True)
    again = ks.open(harbour_data).bench().load(str(tmp_path / "run"))
    assert again.to_json() == result.to_json()
    assert repr(again.by("target").rows()) == repr(result.by("target").rows())
    assert repr(again.lift) == repr(result.lift)
    assert [again.counts.total.tolist(), again.counts.clusters] == [
        result.counts.total.tolist(),
        result.counts.clusters,
    ]
    compared = here.compare(again, *again.shortcuts)
    best = next(line for line in compared if line.one == result.system and line.other == result.best_shortcut)
    assert (best.difference.value, best.difference.low) == (result.lift.value, result.lift.low)


def test_reports_and_comparisons_draw_nothing_that_the_run_drew(tmp_path, harbour_data, monkeypatch):
    here = bench(data=harbour_data)
    result = here.run(favoring, tmp_path / "run")
    monkeypatch.setattr("kazstance.stats.confusion.Confusion.draws", lambda *_: pytest.fail("resampled again"))
    here.report(here.load(tmp_path / "run"), tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert result.lift.text(with_reason=False) in text
    assert result.scores["wts"].text(with_reason=False) in text


@pytest.mark.full
def test_lift_is_over_the_shortcut_that_the_report_shows(harbour_data):
    here = bench(data=harbour_data)
    result = here.run(favoring)
    gold = [row.label for row in here.rows]
    perfect = here.run(gold, name="perfect", shortcuts=False)
    better = replace(perfect, run=replace(perfect.run, system=result.best_shortcut))
    shown = {one.system: one for one in side_by_side([result, better])}
    assert shown["favoring"].lift.value == result.scores["wts"].value - 1 != result.lift.value


def test_scores_that_were_changed_are_refused(tmp_path, harbour_data):
    bench(data=harbour_data).run("majority", tmp_path / "run")
    file = tmp_path / "run" / "scores.json"
    file.write_text(file.read_text().replace("0.0", "0.9", 1))
    with pytest.raises(ks.KazstanceError, match=r"scores.json: its SHA-256 begins with"):
        bench(data=harbour_data).load(tmp_path / "run")
    with pytest.raises(ks.KazstanceError, match=r"the run is on other data"):
        bench().load(tmp_path / "run")


def test_per_target_trains_on_each_target_alone(harbour_data):
    seen = []

    def watching(train, test):
        seen.append(({row.target_id for row in train}, {row.target_id for row in test}))
        return ["favor"] * len(test)

    result = bench("stance", "in_domain", harbour_data).run(watching, per_target=True, shortcuts=False)
    assert all(train == test and len(test) == 1 for train, test in seen)
    assert "|per_target:True|" in result.signature


@pytest.mark.full
def test_two_data_sets_of_ones_own_do_not_mix(tmp_path):
    results = []
    for word in ("toll", "strike"):
        rows = [
            {"text": f"{word} {n}", "target": word, "label": ("favor", "against")[n % 2], "who": "ab"[n // 2 % 2]}
            for n in range(20)
        ]
        here = ks.benchmark(rows[:10], rows[10:], source="who")
        results.append(here.run("majority per target", tmp_path / word))
    with pytest.raises(ks.KazstanceError, match="on the same rows"):
        here.compare(*results)
    done = commands.run("bench report", "toll", "strike", cwd=tmp_path, out="page.md")
    assert done.code == 0, done.err
    headings = [line for line in (tmp_path / "page.md").read_text().splitlines() if line.startswith("## ")]
    assert len(set(headings)) == 2
    assert results[0].by("source").rows()[0]["n"] == 4 or results[0].by("source").rows()[0]["n"] == 6


def test_rows_to_choose_settings_on_may_be_given(tmp_path):
    rows = [{"text": f"t {n}", "target": "x", "label": ("favor", "against")[n % 2]} for n in range(30)]
    task = ks.benchmark(rows[:10], rows[10:20], dev=rows[20:]).task
    assert [item.split for item in task.folds[0].train] == ["train"] * 10 + ["validation"] * 10
    assert set(task.data) == {"train", "dev", "test"}


def test_the_old_command_says_what_became_of_it():
    from typer.testing import CliRunner

    from kazstance.cli import app

    done = CliRunner().invoke(app, ["bench", "files", "majority", "--train", "a.csv", "--test", "b.csv", "--out", "x"])
    assert done.exit_code == 2
    assert "has become `bench run --train" in re.sub(r"[│\s]+", " ", done.stderr)


@pytest.mark.parametrize(
    "more",
    [
        ("--train", "a.csv"),
        ("--dev", "a.csv"),
        ("--id", "id"),
        ("--train", "a.csv", "--test", "b.csv", "--task", "stance"),
        ("--preset", "vast"),
        ("--ignore-column", "x"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(more, tmp_path):
    done = commands.call("bench run", *more, system="majority", out=tmp_path / "run")
    assert done.exit_code == 2
    assert not (tmp_path / "run").exists()


@pytest.mark.full
def test_a_result_shows_itself(harbour_data):
    result = bench(data=harbour_data).run(favoring, say=quiet)
    rows = result._repr_html_().count("<tr>")
    assert rows == 2 + len(result.shortcuts)
    assert set(result.to_frame()["system"]) == {"favoring", *(s.system for s in result.shortcuts)}
    assert "<script>" not in bench(data=harbour_data).run(favoring, name="<script>", shortcuts=False)._repr_html_()


@pytest.mark.full
def test_shortcuts_are_run_once_for_all_runs_of_a_benchmark(harbour_data, tmp_path):
    asked = []

    def counting(train, test):
        asked.append(len(test))
        return ["favor"] * len(test)

    task = bench(data=harbour_data).task
    shortcut = find_system(counting, task.labels)
    results = [
        run(find_system(favoring, task.labels), task, tmp_path / name, panel=Panel((shortcut,)), say=quiet)
        for name in ("one", "other")
    ]
    assert len(asked) == len(task.folds)
    assert [result.shortcuts[0].scores["wts"].value for result in results] == [
        results[0].shortcuts[0].scores["wts"].value
    ] * 2
