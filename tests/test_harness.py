"""Language models through Inspect AI and lm-evaluation-harness: offline, as processes, with the scores that are ours."""

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from sklearn.metrics import f1_score

import kazstance
from kazstance.bench import family
from kazstance.bench.tasks import get_task
from kazstance.dataset import DatasetFolder
from kazstance.metrics import METRICS
from kazstance.models.prompts import PROMPTS
from kazstance.stats.metrics import effective_size
from tests.benches import bring, rows_of
from tests.conftest import ROOT, environment

pytestmark = pytest.mark.full
PLUGIN = ROOT / "tests" / "fixtures" / "harness"
ENTRY_POINTS = "[inspect_ai]\nscripted = scripted\n"


@pytest.fixture(scope="module")
def programs():
    """The folder of the programs of an environment with both harnesses, and with this checkout as it is now."""
    python = environment("eval", "--editable", ".[eval]")
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--editable", "."]
    subprocess.run(install, check=True, cwd=ROOT)
    return python.parent


@pytest.fixture
def start(programs, tmp_path):
    """Start one of the programs without network, with the scripted models as a plugin beside it."""
    plugin = tmp_path / "plugin" / "scripted-1.dist-info"
    plugin.mkdir(parents=True)
    (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted\nVersion: 1\n")
    (plugin / "entry_points.txt").write_text(ENTRY_POINTS)
    caches = {"HF_HOME": str(tmp_path / "hf"), "XDG_DATA_HOME": str(tmp_path / "share"), "HF_HUB_OFFLINE": "1"}
    paths = os.pathsep.join([str(PLUGIN), str(plugin.parent)])
    env = {**os.environ, **caches, "PYTHONPATH": paths, "REFUSED": str(tmp_path / "refused"), "COLUMNS": "200"}

    def run(program, *args):
        command = [programs / program, *map(str, args)]
        done = subprocess.run(command, check=False, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not (tmp_path / "refused").exists(), (tmp_path / "refused").read_text()
        return done.stdout + done.stderr

    return run


@pytest.fixture
def inspect(start, tmp_path):
    """The log of a task in Inspect AI."""

    def run(task, model, *args):
        logs = tmp_path / f"logs-{task.replace('/', '-')}"
        options = ["--model", f"scripted/{model}", "--display", "plain", "--log-format", "json", "--log-dir", logs]
        out = start("inspect", "eval", task if "/" in task else f"kazstance/{task}", *options, *args)
        (file,) = logs.iterdir()
        log = json.loads(file.read_text())
        assert log["status"] == "success", out
        (found,) = log["results"]["scores"]
        return log["samples"], {name: line["value"] for name, line in found["metrics"].items()}, out

    return run


def counts(rows, labels):
    """Counts of (target, gold, predicted) over labels and, behind them, whatever is none."""
    targets = sorted({row[0] for row in rows})
    number = {label: i for i, label in enumerate(labels)}
    found = np.zeros((len(targets), len(labels) + 1, len(labels) + 1))
    for target, gold, predicted, *_ in rows:
        found[targets.index(target), number[gold], number.get(predicted, len(labels))] += 1
    return found


def prompted(rows, labels):
    """The counts under each prompt."""
    return [
        counts([row for row in rows if row[3] == prompt], labels) for prompt in dict.fromkeys(row[3] for row in rows)
    ]


def assert_spread(found, metric, values):
    assert found[metric] == pytest.approx(np.mean(values), abs=1e-15, nan_ok=True), metric
    np.testing.assert_equal([found[f"{metric}_min"], found[f"{metric}_max"]], [np.min(values), np.max(values)], metric)


def share_of_same(rows):
    """The share of rows with one answer under all prompts, of (target, gold, predicted, prompt, item)."""
    given = {}
    for *_, predicted, _, item in rows:
        given.setdefault(item, set()).add(predicted)
    return sum(len(answers) == 1 for answers in given.values()) / len(given)


def read_samples(samples, labels):
    """Target, gold and answer of each sample, by the data and by what the model wrote, not by what Inspect made of it."""
    rows = []
    for sample in samples:
        said = re.search(r"(?m)^ANSWER: ([A-D])$", sample["output"]["choices"][0]["message"]["content"])
        name, prompt = sample["id"].rsplit(" ", 1)
        shown = labels[::-1] if prompt.endswith("reversed") else labels
        predicted = shown["ABCD".index(said[1])] if said else None
        rows.append((ROWS[name].target_id, ROWS[name].label, predicted, prompt, name))
    return rows


ROWS = {item.item_id: item for name in ("stance", "compare") for item in rows_of(name)}
ROWS |= {item.item_id: item for item in rows_of("stance4") if item.item_id not in ROWS}


def expected_macro_f1(rows, labels):
    gold, predicted = [row[1] for row in rows], [row[2] or "" for row in rows]
    there = [label for label in labels if label in {*gold, *predicted}]
    return f1_score(gold, predicted, labels=there, average="macro")


@pytest.mark.parametrize(
    ("task", "args"),
    [
        ("stance", []),
        ("stance4", ["-T", "split=train", "--limit", "1800"]),
        ("compare", ["-T", "split=validation"]),
    ],
)
def test_scores_in_inspect_are_ours_to_the_last_digit(task, args, inspect):
    labels = get_task(task).labels
    samples, found, out = inspect(task, "mixed", *args)
    rows = read_samples(samples, labels)
    tables = kazstance.manifest().tables
    wanted = {
        "stance": len(PROMPTS) * tables["stances"]["test"].rows,
        "stance4": 1800,
        "compare": len(PROMPTS) * 2 * tables["pairs"]["validation"].rows,
    }
    assert len(rows) == wanted[task]
    kinds = {(gold == predicted, predicted is None) for _, gold, predicted, *_ in rows}
    assert kinds == {(True, False), (False, False), (False, True)}
    each = prompted(rows, labels)
    assert len(each) == len(PROMPTS)
    for metric in get_task(task).metrics:
        if metric != "macro_f1":
            assert_spread(found, metric, [float(METRICS[metric](table)) for table in each])
    if "macro_f1" in found:
        parts = [[row for row in rows if row[3] == prompt.name] for prompt in PROMPTS]
        assert found["macro_f1"] == pytest.approx(
            np.mean([expected_macro_f1(part, labels) for part in parts]), abs=1e-12
        )
        assert found["effective_size"] == pytest.approx(float(effective_size(each[0])))
    assert found["answered"] == pytest.approx(sum(row[2] is not None for row in rows) / len(rows))
    assert found["same_answer"] == share_of_same(rows)
    headline = get_task(task).headline
    assert found[f"{headline}_low"] < found[headline] < found[f"{headline}_high"]
    assert found["same_family_as_labels"] == 0
    assert "family" not in out.replace("same_family_as_labels", "")


def test_scores_in_inspect_are_those_of_a_run_on_the_same_predictions(inspect, tmp_path):
    samples, found, _ = inspect("stance", "sure")
    rows = read_samples(samples, get_task("stance").labels)
    lines = [json.dumps({"item_id": row[4], "prompt": row[3], "label": row[2]}) for row in rows]
    (tmp_path / "predictions.jsonl").write_text("\n".join(lines))
    ours = bring(tmp_path / "predictions.jsonl", "scripted", "stance", "in_domain", tmp_path / "run")
    scores = ours.scores
    assert {name: found[name] for name in scores} == {name: line.value for name, line in scores.items()}
    assert (found["wts_low"], found["wts_high"]) == (scores["wts"].low, scores["wts"].high)
    assert (found["f_avg"], found["f_avg_min"], found["f_avg_max"]) == ours.prompts.spread("f_avg")
    assert found["same_answer"] == ours.prompts.same_answer
    assert found["answered"] == 1


def test_inspect_warns_of_a_model_of_the_family_of_the_labels(inspect):
    samples, found, out = inspect("stance", "claude", "--limit", "3", "-T", "context=false")
    warning = family.warning("scripted/claude", family.makers(DatasetFolder()))
    assert warning
    assert {sample["scores"]["label"]["metadata"]["family_warning"] for sample in samples} == {warning}
    assert found["same_family_as_labels"] == 1
    assert " ".join(out.split()).count("is of the family of") == 1
    assert not any("Before it" in sample["input"] for sample in samples)


def test_scores_in_lm_eval_are_ours_to_the_last_digit(start, tmp_path):
    folder = start("kazstance", "tasks-dir").strip()
    start("python", PLUGIN / "evaluate.py", folder, tmp_path / "found.json")
    given = json.loads((tmp_path / "found.json").read_text())
    for task in ("stance", "stance4"):
        labels = get_task(task).labels
        samples = given["samples"][f"kazstance_{task}"]
        assert len(samples) == len(PROMPTS) * kazstance.manifest().tables[get_task(task).table]["test"].rows
        rows = []
        for sample in samples:
            item = ROWS[sample["doc"]["item_id"]]
            likelihood = [float(answer[0]) for answer in sample["filtered_resps"]]
            asked = sample["doc"]["prompt"], item.item_id
            rows.append((item.target_id, item.label, labels[int(np.argmax(likelihood))], *asked))
            assert f"Target: {item.target}\n" in sample["arguments"][0][0]
            assert [choice[1].strip() for choice in sample["arguments"]] == list(labels)
        assert {gold == predicted for _, gold, predicted, *_ in rows} == {True, False}
        each = [table[:, :-1, :-1] for table in prompted(rows, labels)]
        found = {name.removesuffix(",none"): number for name, number in given["results"][f"kazstance_{task}"].items()}
        for metric in ("wts", "ss", "f_avg"):
            assert_spread(found, metric, [float(METRICS[metric](table)) for table in each])
        assert found["macro_f1"] == pytest.approx(np.mean([float(METRICS["macro_f1"](table)) for table in each]))
        assert found["acc"] == pytest.approx(np.mean([float(METRICS["accuracy"](table)) for table in each]))
        assert found["effective_size"] == pytest.approx(float(effective_size(each[0])))
        assert found["same_answer"] == share_of_same(rows)


@pytest.fixture
def on_a_hub(staged, tmp_path):
    """The staged dataset as programs without network find one of a Hub: its rows at hand, its page in their cache."""
    shutil.copytree(staged, tmp_path / "org" / "stances")
    cache = tmp_path / "hf" / "hub" / "datasets--org--stances"
    snapshot = cache / "snapshots" / ("0" * 40)
    for folder in (snapshot, cache / "refs"):
        folder.mkdir(parents=True)
    (cache / "refs" / "main").write_text("0" * 40)
    shutil.copy(staged / "eval.yaml", snapshot)
    return "hf/org/stances"


def test_inspect_asks_the_same_from_the_hub_as_from_the_package_and_so_does_lm_eval(inspect, start, on_a_hub, tmp_path):
    ours, _, _ = inspect("stance", "mixed")
    theirs, scores, _ = inspect(on_a_hub, "mixed")
    ours, theirs = ({key(sample): sample for sample in samples} for samples, key in ((ours, by_id), (theirs, by_item)))
    assert len(ours) == len(PROMPTS) * kazstance.manifest().tables["stances"]["test"].rows
    assert ours.keys() == theirs.keys()
    start("python", PLUGIN / "asked.py", start("kazstance", "tasks-dir").strip(), tmp_path / "asked.json")
    asked = json.loads((tmp_path / "asked.json").read_text())
    assert asked.keys() == ours.keys()
    for name, sample in ours.items():
        assert theirs[name]["messages"][0]["content"] == sample["messages"][0]["content"]
        assert theirs[name]["target"] == sample["target"]
        text = "\n".join([sample["input"], "", "Answers:", *sample["choices"]])
        assert asked[name] == f"{text}\n\nAnswer:"
    assert {sample["metadata"]["date"] for sample in theirs.values()} > {"2022-01-21", "2022-01-27"}
    right = [line["scores"]["choice"]["value"] == "C" for line in theirs.values()]
    assert scores["accuracy"] == pytest.approx(np.mean(right))
    assert right == [ours[name]["scores"]["label"]["value"] == "C" for name in theirs]


def by_id(sample):
    return sample["id"]


def by_item(sample):
    return f"{sample['metadata']['item_id']} {sample['metadata']['prompt']}"


def test_lm_eval_finds_the_tasks_and_runs_them(start, tmp_path):
    folder = start("kazstance", "tasks-dir").strip()
    include = ["--tasks", "kazstance_stance,kazstance_stance4", "--include_path", folder]
    assert "All tasks found and valid" in start("lm-eval", "validate", *include)
    model = ["--model", "dummy", "--model_args", "pretrained=claude"]
    split = ["--metadata", '{"split": "validation", "context": false}']
    out = start("lm-eval", "run", *model, *include, *split, "--output_path", tmp_path / "out")
    assert family.warning("claude", family.makers(DatasetFolder())) in out
    (file,) = (tmp_path / "out").rglob("results_*.json")
    tables = kazstance.manifest().tables
    names = {"kazstance_stance": "stances", "kazstance_stance4": "grid"}
    rows = {name: tables[table]["validation"].rows for name, table in names.items()}
    assert json.loads(file.read_text())["n-samples"] == {
        name: {"original": 6 * number, "effective": 6 * number} for name, number in rows.items()
    }
