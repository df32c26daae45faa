"""What a language model is asked, how its answers are counted, and the tasks that other programs read."""

import importlib.util
import tomllib
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score
from typer.testing import CliRunner

import kazstance
from kazstance.bench import family
from kazstance.bench.dataset_tasks import definitions
from kazstance.bench.tasks import TASKS, get_task
from kazstance.cli import app
from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.metrics import GRID_LABELS, LABELS, METRICS, STANCE_METRICS
from kazstance.models import harness
from kazstance.models.prompts import PROMPTS, WORDINGS, asked, choices, get_prompts, question, questions
from kazstance.models.replies import NO_ANSWER, Answer, count, measure, same_answer, spread
from kazstance.schema.labels import Label, MoreFavorable
from kazstance.stats.confusion import confusion

TASK_FILES = {"kazstance_stance": "stance", "kazstance_stance4": "stance4"}


@pytest.fixture(scope="module")
def known():
    return definitions(DatasetFolder())


@pytest.mark.parametrize("task", TASKS)
def test_a_question_has_target_definition_and_text_and_does_not_depend_on_the_label(task, known):
    targets = {target.target_id: target for target in kazstance.load("targets")}
    labels = get_task(task).labels
    for item in asked(DatasetFolder(), get_task(task), "test")[::37]:
        target = targets[item.target_id]
        for prompt in PROMPTS:
            text = question(item, known, prompt)
            assert f"Target: {target.name}\n" in text
            assert f"Definition: {target.definition}\n" in text
            assert item.text in text
            assert item.text_b in text
            assert len({question(replace(item, label=label), known, prompt) for label in labels}) == 1


@pytest.mark.full
@pytest.mark.parametrize("task", TASKS)
def test_every_row_is_asked_in_three_wordings_with_the_labels_in_two_orders(task):
    labels = get_task(task).labels
    found = questions(DatasetFolder(), get_task(task), "test")
    items = asked(DatasetFolder(), get_task(task), "test")
    assert [one.item for one in found[:: len(PROMPTS)]] == items
    for start in range(0, len(found), len(PROMPTS) * 23):
        row = found[start : start + len(PROMPTS)]
        assert len({one.item.item_id for one in row}) == 1
        assert len({one.full_text for one in row}) == 6
        assert len({one.text for one in row}) == len(WORDINGS) == 3
        assert [one.labels for one in row] == [labels, labels[::-1]] * 3
        assert {one.choices[one.answer].partition(": ")[0] for one in row} == {row[0].item.label}
    (prompt,) = get_prompts("2-reversed")
    only = questions(DatasetFolder(), get_task(task), "test", prompts="2-reversed")
    assert [(one.item, one.prompt) for one in only] == [(item, prompt) for item in items]
    with pytest.raises(UnknownNameError, match="'4' is not a prompt; choose from all, 1-forward, 1-reversed"):
        questions(DatasetFolder(), get_task(task), "test", prompts="4")


def test_questions_have_the_date_of_their_text_and_do_not_show_it():
    stated = {row.document_id: row.date or row.date_stated for row in kazstance.load("documents")}
    of = {row.sentence_id: row.document_id for row in kazstance.load("sentences")}
    found = questions(DatasetFolder(), get_task("stance"), prompts="1-forward")
    for one in found:
        assert one.date == stated[of[one.item.item_id.partition(":")[0]]]
    assert {one.date for one in found} == set(stated.values()) > {None, "2022-01-27"}


@pytest.mark.parametrize("task", ["stance", "stance4"])
def test_the_context_is_the_paragraph_around_the_sentence_and_may_be_left_out(task, known):
    paragraphs = {}
    for sentence in kazstance.load("sentences"):
        paragraphs.setdefault(sentence.paragraph_id, []).append(sentence.text)
    items = asked(DatasetFolder(), get_task(task), "validation")
    assert any(item.context_before for item in items)
    for item in items:
        around = [item.context_before, item.text, item.context_after]
        assert " ".join(filter(None, around)) == " ".join(paragraphs[item.cluster])
        shown, alone = question(item, known), question(item, known, context=False)
        assert f"\nBefore it: {item.context_before}\n" in shown or not item.context_before
        assert shown.endswith(f"\nAfter it: {item.context_after}" if item.context_after else f": {item.text}")
        assert alone.endswith(f"\n\nSentence: {item.text}")
        assert "Before it" not in alone


def test_stances_have_the_context_that_the_table_gives_them():
    rows = {f"{row.sentence_id}:{row.target_id}": row for row in kazstance.load("stances")}
    for item in asked(DatasetFolder(), get_task("stance")):
        row = rows[item.item_id]
        assert (item.context_before, item.context_after) == (row.context_before, row.context_after)


@pytest.mark.parametrize(("task", "names"), [("stance", Label), ("stance4", Label), ("compare", MoreFavorable)])
def test_choices_stand_in_the_order_of_the_label_numbers(task, names):
    labels = get_task(task).labels
    assert list(labels) == [names(number).name for number in range(len(labels))]
    assert [choice.partition(": ")[0] for choice in choices(labels)] == list(labels)
    assert all(len(choice) > 30 for choice in choices(labels))


def test_splits_are_those_of_the_data_or_all():
    task = get_task("stance")
    sizes = {name: len(asked(DatasetFolder(), task, name)) for name in ("train", "validation", "test", "all")}
    assert sizes.pop("all") == sum(sizes.values())
    assert sizes == {name: file.rows for name, file in kazstance.manifest().tables["stances"].items()}
    with pytest.raises(UnknownNameError, match="'dev' is not a split; choose from train, validation, test, all"):
        asked(DatasetFolder(), task, "dev")


answer_lists = st.lists(
    st.builds(
        Answer,
        target=st.sampled_from("tuv"),
        cluster=st.sampled_from("xyz"),
        gold=st.sampled_from(GRID_LABELS),
        predicted=st.sampled_from([*GRID_LABELS, NO_ANSWER]),
        item=st.just(""),
        prompt=st.just(""),
    ),
    min_size=1,
    max_size=60,
)


@given(answer_lists)
def test_an_answer_that_is_no_label_is_an_error_that_is_never_right(answers):
    """Against scikit-learn, and within-target skill against its sum over rows."""
    gold, predicted = [a.gold for a in answers], [a.predicted for a in answers]
    found = count(answers, GRID_LABELS)
    (found,) = found
    assert measure("accuracy", found) == pytest.approx(accuracy_score(gold, predicted))
    assert measure("answered", found) == pytest.approx(1 - predicted.count(NO_ANSWER) / len(answers))
    there = [label for label in GRID_LABELS if label in {*gold, *predicted}]
    expected = f1_score(gold, predicted, labels=there, average="macro", zero_division=0)
    assert measure("macro_f1", found) == pytest.approx(expected)
    share = Counter((a.target, a.gold) for a in answers)
    size = Counter(a.target for a in answers)
    marks = [(a.gold == a.predicted) - share[a.target, a.predicted] / size[a.target] for a in answers]
    best = sum(1 - share[a.target, a.gold] / size[a.target] for a in answers)
    assert measure("effective_size", found) == pytest.approx(best, abs=1e-9)
    if best > 1e-6:
        assert measure("wts", found) == pytest.approx(sum(marks) / best)


@pytest.mark.full
@given(answer_lists, st.sampled_from([LABELS, GRID_LABELS]))
def test_where_all_is_answered_the_scores_are_those_of_scoring_to_the_last_digit(answers, labels):
    rows = [a._replace(gold=labels[len(a.gold) % 3], predicted=labels[-(len(a.predicted) % 3)]) for a in answers]
    table = {name: [getattr(row, name) for row in rows] for name in Answer._fields}
    ours = confusion(pa.table(table), "gold", "predicted", strata=["target"], labels=labels)
    for metric in (known.name for known in STANCE_METRICS):
        for more in (labels, GRID_LABELS):
            np.testing.assert_equal(measure(metric, count(rows, more)[0]), float(METRICS[metric](ours.total)))


@given(answer_lists, st.lists(st.sampled_from("pqr"), min_size=60, max_size=60))
def test_a_spread_is_over_the_scores_under_each_prompt(answers, prompts):
    rows = [a._replace(prompt=p, item=str(n // 2)) for n, (a, p) in enumerate(zip(answers, prompts, strict=False))]
    parts = [[a for a in rows if a.prompt == p] for p in {a.prompt for a in rows}]
    each = [accuracy_score([a.gold for a in part], [a.predicted for a in part]) for part in parts]
    found = count(rows, GRID_LABELS)
    assert tuple(spread("accuracy", found)) == pytest.approx((np.mean(each), min(each), max(each)))
    assert len({one.clusters for one in found}) == 1
    assert sum(one.n for one in found) == len(rows)
    same = [len({a.predicted for a in rows[n : n + 2]}) == 1 for n in range(0, len(rows), 2)]
    assert same_answer(rows) == pytest.approx(np.mean(same))


def test_whoever_never_answers_has_no_skill():
    rows = [Answer(i.target_id, i.cluster, i.label, NO_ANSWER) for i in asked(DatasetFolder(), get_task("stance"))]
    (found,), (right,) = count(rows, LABELS), count([row._replace(predicted=row.gold) for row in rows], LABELS)
    assert measure("wts", found) == pytest.approx(0, abs=1e-12)
    assert measure("wts", right) == 1
    assert (measure("accuracy", found), measure("answered", found), measure("answered", right)) == (0, 0, 1)
    assert measure("effective_size", found) == measure("effective_size", right)


class Tasks(yaml.SafeLoader):
    """YAML whose `!function` are names of functions, which are imported."""


def imported(loader, node):
    module, _, name = loader.construct_scalar(node).rpartition(".")
    return getattr(importlib.import_module(module), name)


Tasks.add_constructor("!function", imported)


def read(name):
    task = yaml.load((harness.TASKS / f"{name}.yaml").read_text(), Loader=Tasks)
    return (read(task["include"].removesuffix(".yaml")) if "include" in task else {}) | task


@pytest.mark.full
@pytest.mark.parametrize("name", TASK_FILES)
def test_tasks_for_lm_eval_name_functions_there_are_and_all_labels_in_order(name):
    task = read(name)
    assert task["task"] == name
    assert task["dataset_kwargs"] == {"task": TASK_FILES[name]}
    assert tuple(task["doc_to_choice"]) == get_task(TASK_FILES[name]).labels
    assert [line["metric"] for line in task["metric_list"]] == ["acc", *harness.METRICS]
    rows = task["custom_dataset"](**task["metadata"], **task["dataset_kwargs"])
    table = get_task(TASK_FILES[name]).table
    assert {split: len(rows[split]) for split in rows} == {
        split: file.rows * (6 if split == "test" else 1) for split, file in kazstance.manifest().tables[table].items()
    }
    test = list(rows["test"])
    perfect = [
        task["process_results"](row, [(-float(n != row["label"]), False) for n in range(len(row["choices"]))])
        for row in test
    ]
    for line in task["metric_list"][1:]:
        if line["metric"] != "effective_size":
            assert line["aggregation"]([row[line["metric"]] for row in perfect]) == pytest.approx(1)
    assert {row["acc"] for row in perfect} == {1.0}


def test_the_group_for_lm_eval_holds_both_tasks():
    assert read("kazstance")["task"] == list(TASK_FILES)


def test_lm_eval_may_be_given_another_split_and_rows_without_context():
    rows = harness.load("stance", split="validation", context=False)
    assert len(rows["test"]) == len(PROMPTS) * len(rows["validation"])
    assert not any("Before it" in row["question"] for row in rows["test"])
    assert any("Before it" in row["question"] for row in harness.load("stance")["test"])
    one = harness.load("stance", split="validation", prompts="3-reversed")
    assert {row["prompt"] for part in one.values() for row in part} == {"3-reversed"}
    assert len(one["test"]) == len(rows["validation"])


def test_tasks_dir_prints_a_folder_of_tasks():
    result = CliRunner().invoke(app, ["tasks-dir"])
    assert result.exit_code == 0
    assert result.stdout == f"{harness.TASKS}\n"
    assert {file.stem for file in harness.TASKS.glob("*.yaml")} == {"kazstance", *TASK_FILES}


def test_lm_eval_warns_by_the_arguments_of_the_model(caplog):
    harness.load("stance", pretrained="some/other-model", model="")
    assert caplog.messages == []
    harness.load("stance", model="claude-x", base_url="http://claude")
    assert caplog.messages == [family.warning("claude-x", family.makers(DatasetFolder()))]


def test_the_entry_point_for_inspect_is_a_module_there_is(root):
    points = tomllib.loads((root / "pyproject.toml").read_text())["project"]["entry-points"]
    assert importlib.util.find_spec(points["inspect_ai"]["kazstance"])
