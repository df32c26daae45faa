"""Test rows whose text is in training are counted, alone and with their target, and the count is reported."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance as ks
from kazstance.input.overlap import Overlap, overlap
from tests.commands import run

PAIRS = st.lists(st.tuples(st.sampled_from(["a", "b c", "d"]), st.sampled_from("xy")), max_size=12)


@given(PAIRS, PAIRS)
def test_counts_are_those_of_a_join(train, test):
    one, other = (pl.DataFrame(rows, {"text": pl.String, "target": pl.String}, orient="row") for rows in (train, test))
    found = overlap(train, test)
    assert found.n == len(test)
    assert found.text == len(other.join(one, on="text", how="semi"))
    assert found.text_and_target == len(other.join(one, on=["text", "target"], how="semi"))


def test_white_space_and_unicode_form_make_no_difference():
    assert overlap([("Über  uns ", "x")], [("U\u0308ber uns", "x"), ("über uns", "x")]) == Overlap(2, 1, 1)
    assert overlap([("ab", "c")], [("a", "bc")]) == Overlap(1, 0, 0)


TRAIN = [("no lanes", "lanes", "against"), ("yes lanes", "lanes", "favor"), ("no hours", "hours", "against")]
TEST = [("no lanes", "lanes", "favor"), ("no  hours", "lanes", "against"), ("new lanes", "lanes", "favor")]


def rows(given, first):
    return [{"nr": first + i, "text": t, "target": about, "label": label} for i, (t, about, label) in enumerate(given)]


@pytest.mark.full
def test_overlap_under_other_ids_is_in_the_result_and_the_report(tmp_path):
    for name, part in {"train": rows(TRAIN, 1), "test": rows(TEST, 11)}.items():
        pl.DataFrame(part).write_csv(tmp_path / f"{name}.csv")
    files = {name: tmp_path / f"{name}.csv" for name in ("train", "test")}
    said = "2 of 3 test rows have the text of a training row, 1 of them with the same target."
    done = run("bench run on files", "--id", "nr", "--no-shortcuts", system="majority", out=tmp_path / "run", **files)
    assert (done.code, said in done.out.splitlines()) == (0, True), done.err
    in_json = run(
        "bench run on files", "--id", "nr", "--no-shortcuts", "--json", system="majority", out=tmp_path / "a", **files
    )
    assert json.loads(in_json.out)[0]["overlap"] == {"n": 3, "text": 2, "text_and_target": 1}
    bench = ks.benchmark(rows(TRAIN, 1), rows(TEST, 11), id="nr")
    assert bench.run("majority", tmp_path / "b").overlap == bench.load(tmp_path / "b").overlap == Overlap(3, 2, 1)
    page = run("bench report", tmp_path / "run", out=tmp_path / "page.md")
    assert page.code == 0, page.err
    assert said in (tmp_path / "page.md").read_text()


@pytest.mark.full
def test_rows_to_choose_settings_on_are_training_rows():
    bench = ks.benchmark(rows(TRAIN[1:], 1), rows(TEST, 11), dev=rows(TRAIN[:1], 5), id="nr")
    assert bench.run("majority").overlap == Overlap(3, 2, 1)


@pytest.mark.parametrize(("protocol", "shared"), [("in_domain", False), ("cross_target", True)])
def test_a_dataset_counts_too(protocol, shared):
    """In `cross_target` the sentences of a fold are trained on with other targets, and with none of its own."""
    found = ks.open().bench("stance", protocol).task.overlap
    assert found.text_and_target == 0
    assert (found.text > 0) == shared


@pytest.mark.full
def test_scores_of_predictions_count_the_texts_of_training_rows(tmp_path):
    for name, part in {"train": rows(TRAIN, 1), "gold": rows(TEST, 11)}.items():
        pl.DataFrame(part).write_csv(tmp_path / f"{name}.csv")
    pl.DataFrame(rows(TEST, 11)).drop("text").write_csv(tmp_path / "pred.csv")
    files = {name: tmp_path / f"{name}.csv" for name in ("gold", "pred")}
    options = ["--id", "nr", "--target", "target", "--train", tmp_path / "train.csv", "--resamples", "10"]
    done = run("score", *options, **files)
    assert "2 of 3 test rows have the text of a training row, 1 of them with the same target." in done.out.splitlines()
    counted = {"n": 3, "text": 2, "text_and_target": 1}
    assert json.loads(run("score", *options, "--json", **files).out)["overlap"] == counted
    how = {"id": "nr", "target": "target", "resamples": 10}
    assert ks.score(rows(TEST, 11), rows(TEST, 11), train=rows(TRAIN, 1), **how).overlap == Overlap(3, 2, 1)
    assert ks.score(rows(TEST, 11), rows(TEST, 11), **how).overlap is None
    refused = run("score", *options, "--text", "tweet", **files)
    assert (refused.code, "'tweet' is not a column of" in refused.err) == (2, True)
    with pytest.raises(ks.UnknownNameError, match="'text' is not a column of the training rows"):
        ks.score(rows(TEST, 11), rows(TEST, 11), train=[{"tweet": "x", "target": "y"}], **how)
