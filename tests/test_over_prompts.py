"""Language models asked under several prompts: one file of answers, the mean, the range, and nothing mixed up."""

import json
import random

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

import kazstance as ks
from kazstance.models.prompts import PROMPTS
from tests import commands
from tests.benches import bench, quiet
from tests.conftest import ROOT

TOWN = ROOT / "tests" / "fixtures" / "town"
NAMES = [prompt.name for prompt in PROMPTS]


def answers(rows, labels, prompts=NAMES, seed=7):
    """What a model that knows some of the answers says under each prompt."""
    draw = random.Random(seed)
    return [
        {"item_id": row.item_id, "prompt": name, "label": row.label if draw.random() < 0.6 else draw.choice(labels)}
        for row in rows
        for name in prompts
    ]


def under(given, prompt):
    return [row["label"] for row in given if row["prompt"] == prompt]


@pytest.fixture(params=["stance", "compare", "own rows"])
def here(request, harbour_data):
    """A benchmark on a dataset with two kinds of tasks, and one on a user's rows without clusters."""
    if request.param != "own rows":
        return bench(request.param, "cross_target", harbour_data)
    rows = [
        {"text": f"words {n}", "target": ("toll", "strike")[n % 2], "label": ("favor", "against", "neutral")[n * n % 3]}
        for n in range(60)
    ]
    return ks.benchmark(rows[:20], rows[20:])


def test_every_score_is_the_mean_of_the_runs_under_each_prompt(here):
    given = answers(here.rows, here.task.labels)
    result = here.run(given, name="model", shortcuts=False, say=quiet)
    alone = [here.run(under(given, name), shortcuts=False, say=quiet) for name in NAMES]
    assert result.prompts.prompts == NAMES
    for metric, score in result.scores.items():
        values = [one.scores[metric].value for one in alone]
        assert score.value == pytest.approx(np.mean(values), nan_ok=True)
        assert result.prompts.spread(metric)[1:] == pytest.approx((min(values), max(values)), nan_ok=True)
        assert (score.n, score.strata) == (alone[0].scores[metric].n, alone[0].scores[metric].strata)
    gold = [row.label for row in here.rows]
    assert result.scores["accuracy"].value == pytest.approx(
        np.mean([accuracy_score(gold, under(given, name)) for name in NAMES])
    )
    assert [part.n for part in result.breakdowns] == [part.n for part in alone[0].breakdowns]
    for number, part in enumerate(result.breakdowns):
        values = [one.breakdowns[number].accuracy.value for one in alone]
        assert part.accuracy.value == pytest.approx(np.mean(values))
    by_row = {}
    for row in given:
        by_row.setdefault(row["item_id"], set()).add(row["label"])
    assert result.prompts.same_answer == np.mean([len(found) == 1 for found in by_row.values()])
    assert f"|prompts:{len(NAMES)}|" in result.signature
    assert [one.strata for one in alone] == [result.strata] * len(alone)


def test_answers_that_never_change_score_as_one_prompt(here):
    """Also their intervals, if rows or clusters are drawn whole."""
    labels = [row.label if n % 3 else here.task.labels[0] for n, row in enumerate(here.rows)]
    given = [
        {"item_id": row.item_id, "prompt": name, "label": label}
        for row, label in zip(here.rows, labels, strict=True)
        for name in NAMES
    ]
    several, one = (here.run(found, name="model", shortcuts=False, say=quiet) for found in (given, labels))
    assert several.prompts.same_answer == 1
    for metric, score in one.scores.items():
        found = several.scores[metric]
        assert found.value == pytest.approx(score.value, nan_ok=True)
        if here.task.has_clusters:
            assert (found.low, found.high) == pytest.approx((score.low, score.high), nan_ok=True)
        mean, low, high = several.prompts.spread(metric)
        assert mean == pytest.approx(low, nan_ok=True) == pytest.approx(high, nan_ok=True)
    compared = here.compare(several, one)
    assert compared[0].difference.value == pytest.approx(0, abs=1e-12)


@pytest.mark.full
def test_a_file_a_run_and_its_folder_give_the_same_in_every_format(tmp_path):
    """On rows of a user's own, from the command line: terminal, JSON, Markdown, HTML, and read back from the folder."""
    columns = ("--text", "Tweet", "--target", "Target", "--label", "Stance", "--id", "ID", "--preset", "semeval")
    own = (*columns, "--encoding", "windows-1252", "--train", TOWN / "train.txt", "--test", TOWN / "test.txt")
    here = ks.benchmark(
        TOWN / "train.txt", TOWN / "test.txt", text="Tweet", target="Target", label="Stance", id="ID",
        labels="semeval", encoding="windows-1252",
    )  # fmt: skip
    spelled = {"favor": "FAVOR", "against": "AGAINST", "neutral": "NONE"}
    given = answers(here.rows, here.task.labels)
    lines = [{"ID": row["item_id"], "prompt": row["prompt"], "Stance": spelled[row["label"]]} for row in given]
    random.Random(1).shuffle(lines)
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="cp1252")
    done = commands.run(
        "bench run", *own, "--predictions", tmp_path / "answers.jsonl", system="llm", out=tmp_path / "run", cwd=tmp_path
    )
    assert done.code == 0, done.err
    expected = here.run(given, name="llm", labels=dict(zip(spelled, spelled, strict=True)), shortcuts=False, say=quiet)
    prompts = expected.prompts
    again = here.load(tmp_path / "run")
    for metric in expected.scores:
        assert again.prompts.spread(metric) == pytest.approx(prompts.spread(metric), nan_ok=True)
    assert "over 6 prompts, mean (lowest to highest):\n" in done.out
    assert f"\nwts {prompts.text('wts', 3)}\n" in done.out
    assert f"{prompts.same_answer:.0%} of the rows have the same answer under all of them" in done.out
    for suffix in ("md", "html", "tex", "json"):
        made = commands.run("bench report", tmp_path / "run", out=tmp_path / f"page.{suffix}", cwd=tmp_path)
        assert made.code == 0, made.err
    for suffix in ("md", "html"):
        assert prompts.text("wts") in (tmp_path / f"page.{suffix}").read_text()
    _, low, high = prompts.spread("wts")
    assert f"{low:.2f} to {high:.2f}".replace("-", "$-$") in (tmp_path / "page.tex").read_text()
    (row,) = [row for row in json.loads((tmp_path / "page.json").read_text()) if row["system"] == "llm"]
    mean = np.mean(list(row["prompts"]["scores"]["wts"]["by_prompt"].values()))
    assert row["prompts"]["scores"]["wts"]["mean"] == pytest.approx(mean)
    assert row["scores"]["wts"][0] == pytest.approx(mean)
    written = (tmp_path / "run" / "predictions" / "test.jsonl").read_text().splitlines()
    assert sorted(written) == sorted(json.dumps(line) for line in lines)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows[1:], "missing rows (1): 1/1"),
        (lambda rows: [*rows, rows[0]], "duplicate rows (1)"),
        (lambda rows: [*rows, rows[0] | {"prompt": "another"}], "missing rows"),
        (lambda rows: [rows[0] | {"prompt": None}, *rows[1:]], "prompt: nothing in 1 of"),
        (lambda rows: [row | {"prompt": " "} for row in rows], "prompt: nothing in"),
        (lambda rows: [row | {"prompt": [row["prompt"]]} for row in rows], "expected the name of a prompt in each row"),
        (lambda rows: [rows[0] | {"label": "perhaps"}, *rows[1:]], "'perhaps'"),
    ],
)
def test_answers_that_are_not_whole_under_every_prompt_are_refused(spoil, message, harbour_data):
    here = bench("stance", "in_domain", harbour_data)
    with pytest.raises(ks.KazstanceError) as caught:
        here.run(spoil(answers(here.rows, here.task.labels)), name="model", shortcuts=False, say=quiet)
    assert message.split("1/1")[0] in str(caught.value)


def test_a_column_of_that_name_that_is_something_else_can_be_ignored(harbour_data):
    here = bench("stance", "in_domain", harbour_data)
    given = [row | {"prompt": f"text of {n}"} for n, row in enumerate(answers(here.rows, here.task.labels, ["1"]))]
    with pytest.raises(ks.KazstanceError, match="missing rows"):
        here.run(given, name="model", shortcuts=False, say=quiet)
    result = here.run(given, name="model", ignored=["prompt"], shortcuts=False, say=quiet)
    assert result.prompts is None


def test_a_users_own_column_called_prompt_is_not_taken_for_one(tmp_path):
    rows = [{"prompt": f"words {n}", "target": "toll", "label": ("favor", "against")[n % 2]} for n in range(40)]
    here = ks.benchmark(rows[:20], rows[20:], text="prompt")
    given = [{"item_id": row.item_id, "prompt": row.text, "label": "favor"} for row in here.rows]
    assert here.run(given, tmp_path / "run", shortcuts=False, say=quiet).prompts is None
    here.load(tmp_path / "run")


def test_f1_is_not_compared_under_prompts_and_probes_are_refused(harbour_data):
    here = bench("stance", "in_domain", harbour_data)
    one, other = (
        here.run(answers(here.rows, here.task.labels, seed=n), name=f"m{n}", shortcuts=False, say=quiet) for n in (1, 2)
    )
    difference = here.compare(one, other)[0].difference
    assert difference.value == pytest.approx(one.scores["wts"].value - other.scores["wts"].value)
    with pytest.raises(ks.KazstanceError, match="f_avg: not compared"):
        here.compare(one, other, metric="f_avg")
    with pytest.raises(ks.KazstanceError, match="probes are not scored under several prompts"):
        here.run(answers(here.rows, here.task.labels), name="m", probes=True, shortcuts=False, say=quiet)


def test_rows_of_ones_own_are_asked_in_the_same_words():
    rows = [{"text": f"words {n}", "target": "toll", "label": ("favor", "against")[n % 2]} for n in range(40)]
    here = ks.benchmark(rows[:20], rows[20:])
    found = here.questions()
    assert len(found) == len(PROMPTS) * len(here.rows)
    assert {one.date for one in found} == {None}
    assert all("Target: toll\n" in one.full_text and "Definition" not in one.full_text for one in found)
    given = [{"item_id": q.item.item_id, "prompt": q.prompt.name, "label": q.labels[0]} for q in found]
    result = here.run(given, name="first choice", shortcuts=False, say=quiet)
    assert result.prompts.same_answer == 0
    gold = [row.label for row in here.rows]
    macro = [f1_score(gold, [label] * len(gold), average="macro") for label in ("against", "favor")]
    assert result.scores["macro_f1"].value == pytest.approx(np.mean(macro))
