"""Tasks, protocols, shortcuts and runs: every row once, nothing seen that is left out, zero for whoever does not read."""

import json
import math
import sys

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from typer.testing import CliRunner

import kazstance
from kazstance.bench.comparisons import compare_results
from kazstance.bench.contrast import group_scores, groups
from kazstance.bench.protocols import PROTOCOLS, folds
from kazstance.bench.shortcuts import LEARNED, PANEL
from kazstance.bench.tasks import TASKS, get_task
from kazstance.cli import app
from kazstance.errors import InputError, KazstanceError, UnknownNameError
from kazstance.models.baselines import BASELINES
from kazstance.models.systems import find_system
from tests.benches import bring, opened, reload, reported, rows_of, run


@pytest.fixture(scope="module")
def rows():
    return {name: rows_of(name) for name in TASKS}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_row_is_tested_once_and_nothing_left_out_is_seen(task, protocol, rows):
    tested = []
    for fold in folds(protocol, rows[task], opened()):
        tested += [item.item_id for item in fold.test]
        sources = {source for item in fold.test for source in item.sources}
        targets = {item.target_id for item in fold.test}
        assert fold.train
        for item in fold.train:
            if protocol in ("cross_source", "cross_both"):
                assert not item.sources & sources
            if protocol in ("cross_target", "cross_both"):
                assert item.target_id not in targets
            if protocol == "in_domain":
                assert item.split != "test"
    expected = [item.item_id for item in rows[task] if protocol != "in_domain" or item.split == "test"]
    assert sorted(tested) == sorted(expected)
    assert len(set(tested)) == len(tested)


def test_pairs_stand_in_both_orders(rows):
    by = {item.item_id: item for item in rows["compare"]}
    for name, item in by.items():
        if not name.endswith(":swapped"):
            other = by[f"{name}:swapped"]
            assert (other.text, other.text_b, other.source_id) == (item.text_b, item.text, item.source_b)
            assert (item.label, other.label) in {("a", "b"), ("b", "a"), ("same", "same")}


@pytest.mark.parametrize(
    ("task", "protocol"),
    [
        ("stance", "in_domain"),
        *(pytest.param("stance", protocol, marks=pytest.mark.full) for protocol in PROTOCOLS[1:]),
        *(pytest.param("stance4", protocol, marks=pytest.mark.full) for protocol in PROTOCOLS),
    ],
)
@pytest.mark.full
def test_whoever_knows_only_the_target_scores_zero(task, protocol, tmp_path):
    for system in ("majority", "majority per target"):
        scores = run(system, task, protocol, tmp_path / system).scores
        for metric in ("wts", "wts_ordinal", "wts_polar"):
            assert scores[metric].value == pytest.approx(0, abs=1e-12)
        assert scores["ss"].value <= 0
    found = run("majority per target and source", task, protocol, tmp_path / "both")
    assert found.within.keys() == {"target×source", "sentence"}
    assert found.within["target×source"].value == pytest.approx(0, abs=1e-12)


@pytest.mark.full
@pytest.mark.parametrize("protocol", ["in_domain", "cross_source"])
def test_whoever_ignores_the_target_scores_zero_within_sentences(protocol, tmp_path):
    found = run("target-blind TF-IDF", "stance", protocol, tmp_path / protocol)
    assert found.within["sentence"].value == pytest.approx(0, abs=1e-12)
    assert found.within["sentence"].signature["D"] > 10


def always_a(train, test):
    return ["a"] * len(test)


def perfect(train, test):
    return [item.label for item in test]


def short(train, test):
    return ["favor"]


def failing(train, test):
    raise ZeroDivisionError("no rows")


def strange(train, test):
    return ["pro"] * len(test)


def lonely(test):
    return ["favor"] * len(test)


class KnowsNothing:
    """A system as a class."""

    def fit(self, texts, labels):
        return self

    def predict(self, texts):
        return ["favor"] * len(texts)


class NeedsMore(KnowsNothing):
    """A class of which nobody can know how to make a system."""

    def __init__(self, answer):
        self.answer = answer


estimator = make_pipeline(CountVectorizer(), MultinomialNB())


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "my_systems", sys.modules[__name__])


@pytest.mark.full
def test_whoever_prefers_an_order_scores_zero_on_pairs(tmp_path):
    for protocol in ("in_domain", "cross_source"):
        found = run("my_systems:always_a", "compare", protocol, tmp_path / protocol)
        assert (found.headline, found.scores["somers_d"].value) == ("somers_d", 0)


@pytest.mark.parametrize("task", ["stance", "compare", pytest.param("stance4", marks=pytest.mark.full)])
def test_perfect_is_one(task, tmp_path):
    found = run("my_systems:perfect", task, "cross_target", tmp_path / "run")
    assert found.lines[0].value == pytest.approx(1)
    assert found.lines[-1].value == pytest.approx(1)


def test_an_estimator_of_scikit_learn_by_import_path(tmp_path):
    found = run("my_systems:estimator", "stance", "in_domain", tmp_path / "run")
    soft = {"cross_entropy", "jensen_shannon", "calibration_error"}
    assert {s.metric for s in found.lines} == {*get_task("stance").metrics, *soft}
    assert 0 < found.scores["accuracy"].value < 1
    assert found.signature.split("|")[1:3] == ["protocol:in_domain", "system:my_systems:estimator"]


@pytest.mark.full
@pytest.mark.parametrize(
    "system",
    [
        pytest.param(name, marks=[pytest.mark.full] if name == "target-blind TF-IDF" else [])
        for name in BASELINES
        if not name.endswith("minilm")
    ],
)
def test_baselines_predict_every_row(system, tmp_path):
    found = run(system, "stance", "in_domain", tmp_path / "run").scores
    assert -1 < found["wts"].value < 1
    assert not math.isnan(found["f_avg"].value)


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("my_systems:short", "fold old_mole: 1 labels, expected "),
        ("my_systems:failing", "fold old_mole: ZeroDivisionError: no rows"),
        ("my_systems:strange", "'pro', expected one of against, neutral, favor"),
        ("my_systems:absent", "has no attribute 'absent'; expected an import path"),
        ("no_such_module:f", "No module named 'no_such_module'"),
        ("my_systems:__name__", "str, expected a callable or an estimator"),
        ("oracle", "'oracle' is not a system; choose from majority, "),
        ("majorty", "did you mean majority?"),
        ("my_systems:NeedsMore", "expected a class that needs no arguments, or an instance: `system = NeedsMore(…)`"),
        ("my_systems:lonely", "too many positional arguments; expected a callable that takes training and test items"),
    ],
)
def test_a_system_that_fails_is_named(system, message, tmp_path):
    with pytest.raises(KazstanceError) as caught:
        run(system, "stance", "cross_source", tmp_path / "run")
    assert message in str(caught.value)


@pytest.mark.full
def test_finished_folds_are_kept_and_a_run_is_resumed(tmp_path, monkeypatch):
    calls = tmp_path / "calls"
    calls.touch()

    def fragile(train, test):
        calls.write_text(calls.read_text() + "x")
        if len(calls.read_text()) == 3:
            raise RuntimeError("out of memory")
        return perfect(train, test)

    monkeypatch.setattr(sys.modules[__name__], "fragile", fragile, raising=False)
    with pytest.raises(KazstanceError, match="out of memory"):
        run("my_systems:fragile", "stance", "cross_source", tmp_path / "run")
    assert len(list((tmp_path / "run" / "predictions").iterdir())) == 2
    found = run("my_systems:fragile", "stance", "cross_source", tmp_path / "run")
    assert len(calls.read_text()) == 6
    assert found.lines[0].value == pytest.approx(1)
    with pytest.raises(KazstanceError, match="holds another run"):
        run("majority", "stance", "cross_source", tmp_path / "run")


def write_predictions(path, rows, change=lambda lines: None):
    lines = [{"item_id": item.item_id, "label": item.label} for item in rows]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_file_of_predictions_scores_as_the_system_that_made_it(tmp_path, rows):
    file = write_predictions(tmp_path / "p.jsonl", rows["stance"])
    found = bring(file, "mine", "stance", "cross_both", tmp_path / "run")
    assert found.lines[0].value == pytest.approx(1)
    assert reload(tmp_path / "run").system == "mine"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines.pop(), "missing rows (1): "),
        (lambda lines: lines.append(lines[0]), "duplicate rows (1): "),
        (
            lambda lines: lines.append({"item_id": "x", "label": "favor"}),
            "unknown rows (1): x; expected only rows of the task",
        ),
        (lambda lines: lines[4].update(label=None), "no value in row 5, expected one of against, neutral, favor"),
        (lambda lines: lines[4].update(label="NaN"), "'NaN' in row 5, expected one of against, neutral, favor"),
    ],
)
def test_faulty_predictions_are_named_and_nothing_is_written(change, message, tmp_path, rows):
    file = write_predictions(tmp_path / "p.jsonl", rows["stance"], change)
    with pytest.raises(InputError) as caught:
        bring(file, "mine", "stance", "cross_both", tmp_path / "run")
    assert message in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.full
def test_runs_are_compared_and_reported(tmp_path):
    folders = []
    for system in ("majority", "majority per target", "my_systems:perfect"):
        folders.append(tmp_path / str(len(folders)))
        run(system, "stance", "in_domain", folders[-1])
    found = compare_results([reload(folder) for folder in folders])
    assert next((c.one, c.other) for c in found) == ("majority", "majority per target")
    assert [c.corrected for c in found] == pytest.approx([1, 0.003, 0.003], abs=2e-3)
    rows = {result.system: result for result in reported(*folders)}
    assert rows["my_systems:perfect"].lift.value == pytest.approx(1)
    assert rows["majority"].best_shortcut in ("majority", "majority per target")
    page = tmp_path / "page.md"
    result = CliRunner().invoke(app, ["bench", "report", *map(str, folders), "--out", str(page)])
    assert result.exit_code == 0, result.output
    assert "| my_systems:perfect | 1.00 [1.00, 1.00] |" in page.read_text()
    result = CliRunner().invoke(app, ["bench", "compare", *map(str, folders), "--json"])
    assert [row["metric"] for row in json.loads(result.stdout)] == ["wts"] * 3


@pytest.mark.full
def test_what_cannot_be_compared_is_said(tmp_path):
    run("majority", "stance", "in_domain", tmp_path / "a")
    run("majority", "stance", "cross_target", tmp_path / "b")
    with pytest.raises(KazstanceError, match="expected two or more runs of one task and protocol"):
        compare_results([reload(tmp_path / "a"), reload(tmp_path / "b")])
    with pytest.raises(KazstanceError, match="expected the folder of a run"):
        reported(tmp_path)
    settings = tmp_path / "a" / "run.json"
    settings.write_text(settings.read_text().replace(kazstance.manifest().digest, "0" * 64))
    with pytest.raises(KazstanceError, match="the run is on other data"):
        reload(tmp_path / "a")


@pytest.mark.parametrize(
    "args", [["bench", "run", "majority", "--task", "tone"], ["bench", "run", "majority", "--protocol", "random"]]
)
def test_wrong_names_list_the_right_ones(args, tmp_path):
    result = CliRunner().invoke(app, [*args, "--out", str(tmp_path / "run")])
    assert result.exit_code == 2
    assert "choose from" in result.stderr


def test_names(rows):
    with pytest.raises(UnknownNameError, match="'tone' is not a task; choose from stance, stance4, compare"):
        get_task("tone")
    assert {name: len(found) for name, found in rows.items()} == {
        "stance": kazstance.table("stances").num_rows,
        "stance4": 365 * 35,
        "compare": 2 * kazstance.table("pairs").num_rows,
    }
    assert all(find_system(name) for name in (*PANEL, *BASELINES))
    assert tuple(BASELINES) == LEARNED


def test_groups_are_disjoint_opposite_and_as_many_as_can_be(rows):
    found = groups(rows["stance"])
    by = {item.item_id: item for item in rows["stance"]}
    for kind in ("target", "sentence"):
        of_kind = [group for group in found if group.kind == kind]
        names = [name for group in of_kind for name in (group.favor, group.against)]
        assert len(names) == len(set(names))
        assert len(of_kind) > 20
        for group in of_kind:
            favor, against = by[group.favor], by[group.against]
            assert (favor.label, against.label) == ("favor", "against")
            if kind == "target":
                assert favor.target_id == against.target_id == group.key
            else:
                assert favor.text == against.text
                assert favor.target_id != against.target_id
    for target in {item.target_id for item in rows["stance"]}:
        sides = [
            sum(i.target_id == target and i.label == side for i in rows["stance"]) for side in ("favor", "against")
        ]
        assert sum(group.kind == "target" and group.key == target for group in found) == min(sides)


def test_no_group_is_right_for_whoever_does_not_read_or_ignores_the_target(rows):
    found = groups(rows["stance"])
    blind = {item.item_id: "favor" if len(item.target_id) % 2 else "against" for item in rows["stance"]}
    deaf = {item.item_id: "favor" if len(item.text) % 2 else "against" for item in rows["stance"]}
    right = {item.item_id: item.label for item in rows["stance"]}
    assert [score.value for score in group_scores(found, right)] == [1, 1]
    assert group_scores(found, blind)[0].value == 0
    assert group_scores(found, deaf)[1].value == 0
    assert math.isnan(group_scores(found, {})[0].value)
