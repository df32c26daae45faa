"""No score by coincidence: rows that are paired by equal ids have to match in everything else that the files share."""

import json

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import kazstance
from kazstance.cli import app
from kazstance.errors import InputError
from kazstance.input.pairing import is_key
from tests.benches import bring
from tests.commands import Finished, run

pytestmark = pytest.mark.full

ROWS = {
    "nr": [11, 12, 13, 14, 15, 16],
    "Target": ["pool", "pool", "pool", "market", "market", "market"],
    "Comment": ["Open it", "Too dear", "It is blue", "Every day", "Too loud", "On Fridays"],
    "fold": ["a", "a", "b", "b", "a", "b"],
    "label": ["favor", "against", "neutral", "favor", "against", "neutral"],
}
LABELS = ["favor", "against", "neutral", "favor", "favor", "neutral"]


def score(gold, pred, *args):
    """The command in this process, on a few resamples: its exit code, standard output and standard error."""
    where = ["--gold", str(gold), "--pred", str(pred), "--resamples", "10"]
    done = CliRunner().invoke(app, ["score", *where, *args])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return Finished(done.exit_code, done.stdout, done.stderr)


def write(folder, gold=None, pred=None):
    """Made-up files of gold and predictions, with columns changed."""
    frames = {"gold": pl.DataFrame(ROWS | (gold or {})), "pred": pl.DataFrame(ROWS | {"label": LABELS} | (pred or {}))}
    for name, frame in frames.items():
        frame.write_csv(folder / f"{name}.csv")
    return {name: folder / f"{name}.csv" for name in frames}


def turned(values):
    return [*values[1:], values[0]]


def test_rows_in_another_order_under_the_same_numbers_are_refused(tmp_path):
    """The ids are those of the gold file, the rows behind them are not: 0.3.0 gives an accuracy of .33 for the truth."""
    moved = {name: turned(values) for name, values in ROWS.items() if name != "nr"}
    found = run("score", "--id", "nr", **write(tmp_path, pred=moved))
    assert (found.code, found.out) == (1, "")
    assert "pred.csv: Target differs in 2 of 6 rows, as in row 13: 'market', expected 'pool' as in " in found.err
    assert "pred.csv: Comment differs in 6 of 6 rows" in found.err
    assert "--ignore-column Comment" in found.err
    assert "fold" not in found.err
    right = run("score", "--id", "Target", "--id", "Comment", "--json", **write(tmp_path, pred=moved))
    assert right.code == 0
    scores = {line["metric"]: line["value"] for line in json.loads(right.out)["all"]}
    assert scores["accuracy"] == 1
    assert json.loads(right.out)["notes"][0] | {"message": ""} == {
        "message": "",
        "column": "nr",
        "differs": 6,
        "rows": 6,
    }
    assert "nr differs in 6 of 6 rows" in right.err
    assert "fold" not in right.err


@pytest.mark.parametrize("name", ["target", "TARGET", " Target ", "Target_ID", "tweet", "Tweet text", "sentence", "topic", "source", "Überschrift", "命题", "x1", "who said it"])  # fmt: skip
def test_columns_of_text_have_to_agree_whatever_they_are_called(name, tmp_path):
    words = ["we", "you", "they", "all", "none of us", "some"]
    files = write(tmp_path, {name: words}, {name: turned(words)})
    found = score(files["gold"], files["pred"], "--id", "nr")
    assert found.code == 1
    assert f"{name} differs in 6 of 6 rows" in found.err
    silenced = score(files["gold"], files["pred"], "--id", "nr", "--ignore-column", name)
    assert silenced.code == 0
    assert silenced.err == ""


@pytest.mark.parametrize("name", ["target", "target_id", "Topic no", "source id"])
def test_numbers_that_stand_for_targets_or_sources_have_to_agree(name, tmp_path):
    files = write(tmp_path, {name: [1, 1, 1, 2, 2, 2]}, {name: [2, 1, 1, 2, 2, 2]})
    found = score(files["gold"], files["pred"], "--id", "nr")
    assert found.code == 1
    assert f"{name} differs in 1 of 6 rows" in found.err


NOTED = {
    "split": ["train", "dev"],
    "Fold": ["x", "y"],
    "tweet_id": ["t-81", "t-82"],
    "ID": ["a1", "b2"],
    "score": ["0.25", "high"],
    "sentence_score": [0.25, 0.5],
    "model": ["svm", "bert"],
    "predicted_by": ["you", "them"],
    "length": [3, 4],
    "second_opinion": ["favor", "against"],
    "seen": ["true", "false"],
}


@pytest.mark.parametrize("name", NOTED)
def test_columns_that_say_nothing_of_the_row_are_noted(name, tmp_path):
    one, other = NOTED[name]
    files = write(tmp_path, {name: [one] * 6}, {name: [one, other] * 3})
    found = score(files["gold"], files["pred"], "--id", "nr")
    assert found.code == 0, found.err
    assert f"note: {files['pred']}: {name} differs in 3 of 6 rows" in found.err
    assert score(files["gold"], files["pred"], "--id", "nr", "--ignore-column", name).err == ""


def test_a_column_named_by_an_option_has_to_agree(tmp_path):
    files = write(tmp_path, {"thread": [1, 1, 2, 2, 3, 3]}, {"thread": [1, 2, 2, 2, 3, 3]})
    assert score(files["gold"], files["pred"], "--id", "nr").code == 0
    found = score(files["gold"], files["pred"], "--id", "nr", "--cluster", "thread")
    assert (found.code, "thread differs in 1 of 6 rows" in found.err) == (1, True)


def test_white_space_normal_forms_and_spelling_of_numbers_are_no_difference(tmp_path):
    gold = {"Title": ["café", "b c", "d", "e", "f", "g"], "size": ["1", "2", "3.50", "4", "5", "6"]}
    pred = {"title": ["cafe\u0301", " b  c", "d", "e", "f", "g"], "size": [1.0, 2.0, 3.5, 4.0, 5.0, 6.0]}
    found = score(*write(tmp_path, gold, pred).values(), "--id", "nr")
    assert (found.code, found.err) == (0, "")


def test_a_column_to_ignore_has_to_be_there(tmp_path):
    found = score(*write(tmp_path).values(), "--id", "nr", "--ignore-column", "Txt")
    assert (found.code, found.err.startswith("'Txt' is not a column of either table; choose from nr, Target")) == (
        2,
        True,
    )


def test_columns_of_lists_are_noted_and_not_compared(tmp_path):
    files = {name: tmp_path / f"{name}.parquet" for name in ("gold", "pred")}
    for file in files.values():
        pl.DataFrame(ROWS | {"logits": [[0.5, 0.25]] * 6}).write_parquet(file)
    found = score(files["gold"], files["pred"], "--id", "nr")
    assert found.code == 0
    assert "note: logits is not compared: it holds neither text nor numbers" in found.err
    assert score(files["gold"], files["pred"], "--id", "logits").err.count("expected text or numbers") == 2


def figures(files):
    """The scores of two files, or None if they are rejected."""
    done = score(*files.values(), "--id", "nr", "--target", "Target", "--json")
    return json.loads(done.out)["all"] if done.code == 0 else None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)))
def test_the_order_of_rows_makes_no_difference(order, tmp_path):
    expected = figures(write(tmp_path))
    shuffled = {name: [values[i] for i in order] for name, values in (ROWS | {"label": LABELS}).items()}
    assert figures(write(tmp_path, pred=shuffled)) == expected
    assert expected is not None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)))
def test_ids_that_are_dealt_out_anew_never_give_a_figure(order, tmp_path):
    found = figures(write(tmp_path, pred={"nr": [ROWS["nr"][i] for i in order]}))
    assert (found is None) == (order != [*range(6)])


def test_predictions_of_a_run_have_to_be_of_the_rows_of_the_task(tmp_path):
    rows = kazstance.load("stances", "test")
    lines = [
        {"item_id": f"{r.sentence_id}:{r.target_id}", "text": r.text, "target_id": r.target_id, "label": r.label_name}
        for r in rows
    ]
    texts = turned([line["text"] for line in lines])
    moved = [line | {"text": text} for line, text in zip(lines, texts, strict=True)]
    differ = sum(line["text"] != text for line, text in zip(lines, texts, strict=True))
    file = tmp_path / "p.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in moved), encoding="utf-8")
    with pytest.raises(InputError, match=f"text differs in {differ} of {len(lines)} rows"):
        bring(file, "mine", "stance", "in_domain", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    found = run("bench run", "--predictions", file, "--protocol", "in_domain", system="mine", out=tmp_path / "run")
    assert (found.code, "--ignore-column text" in found.err) == (1, True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert bring(file, "mine", "stance", "in_domain", tmp_path / "run").scores["wts"].value == 1


def test_empty_targets_and_clusters_are_refused(tmp_path):
    files = write(tmp_path, {"Target": ["pool", "", " ", "market", "market", "market"]})
    found = score(files["gold"], files["pred"], "--id", "nr", "--target", "Target", "--ignore-column", "Target")
    assert (found.code, "gold.csv: Target: empty in 2 of 6 rows" in found.err) == (1, True)


def test_the_last_word_of_a_name_counts_most():
    words = [pa.array(["we", "you"])]
    names = {"stance_target": True, "target_score": False, "tweetId": False, "TargetID": True, "predicted_text": True}
    assert {name: is_key(name, words, lambda _: False) for name in names} == names
    assert not is_key("anything", [pa.array(["1", "2.5", None, " "])], lambda _: False)
    assert is_key("注释", [pa.array(["好"])], lambda _: False)
