"""Scoring files of any stance data set: spellings, matching rows, and faults that are named."""

import json
import math

import polars as pl
import pytest
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from kazstance.cli import app
from kazstance.input.spelling import PRESETS
from kazstance.metrics import GRID_LABELS

GOLD = {
    "ID": [1, 2, 3, 4, 5, 6],
    "Target": ["Atheism", "Atheism", "Atheism", "Climate", "Climate", "Climate"],
    "Tweet": ["a,b", 'he said "no"', "two\nlines", "=1+1", "ä", "x"],
    "Stance": ["FAVOR", "AGAINST", "NONE", "FAVOR", "FAVOR", "AGAINST"],
}
PRED = ["FAVOR", "FAVOR", "NONE", "FAVOR", "AGAINST", "AGAINST"]
ARGS = ["--id", "ID", "--gold-label", "Stance", "--pred-label", "Stance", "--target", "Target", "--preset", "semeval"]


@pytest.fixture
def files(tmp_path):
    """Gold and predictions in the columns of SemEval-2016 Task 6, made up, the predictions in another order."""
    pl.DataFrame(GOLD).write_csv(tmp_path / "gold.csv")
    pl.DataFrame({"ID": GOLD["ID"], "Stance": PRED}).reverse().write_csv(tmp_path / "pred.csv")
    return tmp_path


def run(files, *args, gold="gold.csv", pred="pred.csv", code=0):
    result = CliRunner().invoke(app, ["score", "--gold", str(files / gold), "--pred", str(files / pred), *args])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_scores_of_a_file_in_the_format_of_semeval(files):
    found = {line["metric"]: line for line in json.loads(run(files, *ARGS, "--json").stdout)["all"]}
    expected = f1_score(GOLD["Stance"], PRED, labels=["FAVOR", "AGAINST"], average="macro")
    assert found["f_avg"]["value"] == pytest.approx(expected)
    assert found["accuracy"]["value"] == pytest.approx(4 / 6)
    # by hand: Atheism 2 - (1*2 + 1*0 + 1*1)/3 over 3 - 3/3, Climate 2 - (2*1 + 1*2)/3 over 3 - 5/3
    assert found["wts"]["value"] == pytest.approx((2 - 1 + 2 - 4 / 3) / (2 + 4 / 3))
    assert found["ss"]["value"] == pytest.approx(1 - 2 / 3)
    assert found["wts"]["signature"]["strata"] == 2
    assert found["wts"]["signature"]["n"] == 6


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_other_kinds_of_files_score_alike(kind, files):
    for name in ("gold", "pred"):
        frame = pl.read_csv(files / f"{name}.csv")
        frame.write_ndjson(files / f"{name}.jsonl") if kind == "jsonl" else frame.write_parquet(
            files / f"{name}.parquet"
        )
    other = run(files, *ARGS, gold=f"gold.{kind}", pred=f"pred.{kind}").stdout
    assert other == run(files, *ARGS).stdout


def test_scores_by_a_column(files):
    found = json.loads(run(files, *ARGS, "--by", "Target", "--json").stdout)
    assert found.keys() == {"all", "Target Atheism", "Target Climate", "notes"}
    assert found["Target Atheism"][0]["signature"]["n"] == 3
    assert math.isclose(found["Target Atheism"][0]["value"], 1 / 2)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_names_sides_that_there_are(preset):
    assert set(PRESETS[preset].values()) <= set(GRID_LABELS)
    assert {"favor", "against"} <= set(PRESETS[preset].values())


def test_a_spelling_of_ones_own(files):
    frame = pl.read_csv(files / "pred.csv").with_columns(pl.col("Stance").replace({"FAVOR": "FAVOUR"}))
    frame.write_csv(files / "pred.csv")
    assert (
        "'FAVOUR' in row 3 and 2 more, expected one of FAVOR, AGAINST, NONE; for another spelling use --preset or --map"
        in run(files, *ARGS, code=1).stderr
    )
    assert "f_avg" in run(files, *ARGS, "--map", "FAVOUR=favor").stdout


def spoil(files, change):
    change(pl.read_csv(files / "pred.csv")).write_csv(files / "pred.csv")


FAULTS = {
    "a missing row": (lambda f: f.head(5), "pred.csv: id: missing rows (1): 1; expected every row of"),
    "a doubled row": (lambda f: pl.concat([f, f.head(1)]), "pred.csv: id: duplicate rows (1): 6; expected each row once"),
    "an unknown row": (lambda f: pl.concat([f, f.head(1).with_columns(ID=pl.lit(99, pl.Int64))]), "pred.csv: id: unknown rows (1): 99; expected only rows of"),
    "an empty label": (lambda f: f.with_columns(Stance=pl.when(pl.col("ID") == 6).then(None).otherwise(pl.col("Stance"))), "pred.csv: Stance: '' in row 1, expected one of FAVOR"),
    "an unknown label": (lambda f: f.with_columns(Stance=pl.lit("yes")), "pred.csv: Stance: 'yes' in row 1 and 5 more, expected one of FAVOR"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_rows_are_named(fault, files):
    change, message = FAULTS[fault]
    spoil(files, change)
    assert message in run(files, *ARGS, code=1).stderr


def test_faults_are_said_all_at_once(files):
    spoil(files, lambda f: pl.concat([f.head(5), f.head(1)]).with_columns(Stance=pl.lit("yes")))
    assert len(run(files, *ARGS, code=1).stderr.splitlines()) == 3


@pytest.mark.parametrize(
    ("args", "message", "code"),
    [
        (["--id", "id"], "'id' is not a column of", 2),
        (["--id", "ID", "--preset", "mine"], "'mine' is not a preset; choose from kazstance, semeval, ", 2),
        (["--id", "ID", "--map", "yes=good"], "'good' is not a label; choose from against, neutral, favor, none", 2),
    ],
)
def test_wrong_names_list_the_right_ones(args, message, code, files):
    assert message in run(files, *args, code=code).stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.xls", b"", "'.xls', expected a file ending in .csv, .jsonl, .parquet, .tsv, .txt"),
        ("x.csv", b"", "expected CSV"),
        ("x.csv", b"ID,Stance\n1,FAVOR,2\n", "expected CSV"),
        ("x.jsonl", b"{", "expected JSON"),
        ("x.parquet", b"PAR1", "expected a Parquet file"),
        ("y.csv", None, "No such file"),
    ],
)
def test_broken_files_are_named(name, content, message, files):
    if content is not None:
        (files / name).write_bytes(content)
    found = run(files, *ARGS, pred=name, code=1).stderr
    assert message in found
    assert name in found


CHANCES = {
    "FAVOR": [0.6, 0.5, 0.1, 0.85, 0.2, 0.3],
    "AGAINST": [0.3, 0.2, 0.1, 0.05, 0.7, 0.6],
    "NONE": [0.1, 0.3, 0.8, 0.1, 0.1, 0.1],
}


@pytest.fixture
def soft_files(files):
    """Gold with votes, and predictions with probabilities, in the spelling of SemEval."""
    gold = pl.DataFrame(GOLD).with_columns(
        votes_FAVOR=pl.Series([3, 0, 1, 2, 3, 0]),
        votes_AGAINST=pl.Series([0, 3, 0, 0, 0, 3]),
        votes_NONE=pl.Series([0, 0, 2, 1, 0, 0]),
    )
    gold.write_csv(files / "gold.csv")
    chances = {f"p_{label}": values for label, values in CHANCES.items()}
    pred = pl.DataFrame({"ID": GOLD["ID"], "Stance": PRED, **chances})
    pred.reverse().write_csv(files / "pred.csv")
    return files


def test_probabilities_are_scored_beside_the_labels(soft_files):
    found = {line["metric"]: line for line in json.loads(run(soft_files, *ARGS, "--json").stdout)["all"]}
    # by hand: the votes of a row are of one label, but for rows 3 and 4
    logs = [math.log(0.6), math.log(0.2), math.log(0.1) / 3 + 2 * math.log(0.8) / 3]
    logs += [2 * math.log(0.85) / 3 + math.log(0.1) / 3, math.log(0.2), math.log(0.6)]
    assert found["cross_entropy"]["value"] == pytest.approx(-sum(logs) / 6)
    # bins of 0.5, 0.6 (twice), 0.7, 0.8 (twice); rows 2 and 5 are wrong
    assert found["calibration_error"]["value"] == pytest.approx((0.5 + 0.8 + 0.7 + 0.35) / 6)
    assert found["calibration_error"]["signature"]["n"] == 6
    assert 0 < found["jensen_shannon"]["value"] < 1
    assert found["accuracy"]["value"] == pytest.approx(4 / 6)


SOFT_FAULTS = {
    "a sum": (lambda f: f.with_columns(p_FAVOR=pl.lit(0.5)), "pred.csv: p_…: row 1: "),
    "no column": (lambda f: f.drop("p_NONE"), "pred.csv: p_neutral: no column, expected one for each label"),
    "an unknown label": (lambda f: f.with_columns(p_PRO=pl.lit(0.0)), "pred.csv: p_PRO: not a column of a label, expected one of p_FAVOR, p_AGAINST, p_NONE"),
    "another label": (lambda f: f.with_columns(Stance=pl.lit("NONE")), "pred.csv: Stance: 'neutral' in row 1, expected the most probable, 'against'"),
}  # fmt: skip


@pytest.mark.parametrize("fault", SOFT_FAULTS)
def test_faulty_probabilities_are_named(fault, soft_files):
    change, message = SOFT_FAULTS[fault]
    spoil(soft_files, change)
    assert message in run(soft_files, *ARGS, code=1).stderr


def test_columns_that_only_look_like_probabilities_are_passed_over(files):
    spoil(files, lambda f: f.with_columns(p_value=pl.lit(0.04)))
    assert "calibration_error" not in run(files, *ARGS).stdout


def test_votes_that_are_none_are_named(soft_files):
    frame = pl.read_csv(soft_files / "gold.csv").with_columns(votes_NONE=pl.lit(-1))
    frame.write_csv(soft_files / "gold.csv")
    assert (
        "gold.csv: votes_…: some values are not counts, expected numbers of 0 or more"
        in run(soft_files, *ARGS, code=1).stderr
    )
