"""A user's own files in `bench run`, `score` and `fit`: what is detected is said, and files may have no header."""

import json

import pandas as pd
import pytest

import kazstance as ks
from kazstance.errors import KazstanceError
from tests.commands import run

pytestmark = pytest.mark.full

LABELS = ["Agree", "Disagree", "Neutral"]
ROWS = [
    {
        "nr": f"r{i}",
        "issue": ("ferry", "tram")[i % 2],
        "post": f"post {i}, «{'é' * i}»",
        "said": LABELS[(i * 7 + i // 3) % 3],
    }
    for i in range(24)
]
COLUMNS = ("--id", "nr", "--text", "post", "--target", "issue", "--label", "said")
NUMBERS = ("--id", "1", "--text", "3", "--target", "2", "--label", "4")


@pytest.fixture
def files(tmp_path):
    """Rows to train on, between semicolons, and rows to predict, between tabs, with a byte-order mark."""
    train, test = tmp_path / "train.txt", tmp_path / "test.txt"
    pd.DataFrame(ROWS[:16]).to_csv(train, sep=";", index=False)
    pd.DataFrame(ROWS[16:]).to_csv(test, sep="\t", index=False, encoding="utf-16")
    return train, test


def headless(file, rows, columns):
    pd.DataFrame(rows)[columns].to_csv(file, sep="\t", index=False, header=False)
    return file


def bench(files, out, *options, system="majority"):
    places = {"system": system, "train": files[0], "test": files[1], "out": out}
    return run("bench run on files", "--no-shortcuts", *options, **places)


def test_what_is_detected_in_files_of_a_benchmark_is_said(files, tmp_path):
    train, test = files
    result = bench(files, tmp_path / "run", *COLUMNS, "--preset", "auto")
    assert result.code == 0, result.err
    assert result.err.splitlines()[:3] == [
        f"note: {train}: read with a semicolon between fields, not a tab",
        f"note: {test}: read as UTF-16, not utf-8, since its byte-order mark says",
        "note: labels are read by the preset gwsd (Agree = favor, Disagree = against, Neutral = neutral), since it has "
        "all of these",
    ]
    saved = [json.loads(line)["said"] for line in (tmp_path / "run/predictions/test.jsonl").read_text().splitlines()]
    assert set(saved) <= set(LABELS)
    assert "spelling:gwsd" in result.out


def test_a_preset_is_recognised_by_the_labels_of_all_files_of_a_benchmark(tmp_path):
    """`support` and `deny` are RumourEval's only together; `support` alone could be of three presets."""
    rows = [{"text": f"text {i}", "target": "tram", "label": ("support", "deny")[i % 2]} for i in range(8)]
    train, test = [row for row in rows if row["label"] == "support"], rows[1::2]
    assert ks.benchmark(train, test, labels="auto").task.spelling == "rumoureval"


def test_a_preset_of_predictions_is_recognised(files, tmp_path):
    """Predictions for the rows of a benchmark may be spelled otherwise than its files."""
    train, test = (pd.read_csv(f, sep=s, encoding=e) for f, s, e in zip(files, ";\t", ("utf-8", "utf-16"), strict=True))
    made = ks.benchmark(train, test, id="nr", text="post", target="issue", label="said", labels="auto")
    said = {"Agree": "pro", "Disagree": "con", "Neutral": "neutral"}
    rows = [{"nr": row["nr"], "said": said[row["said"]]} for row in ROWS[16:]]
    result = made.run(rows, name="mine", labels="auto", shortcuts=False)
    assert result.scores["accuracy"].value == 1
    assert result.scores["accuracy"].signature["spelling"] == "pro_con"


def test_answers_by_id_in_json_are_predictions_for_a_benchmark(files, tmp_path):
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({row["nr"]: row["said"] for row in ROWS[16:]}))
    result = bench(files, tmp_path / "run", *COLUMNS, "--preset", "gwsd", "--predictions", answers, system="mine")
    assert result.code == 0, result.err
    assert "accuracy 1.000" in result.out


def test_files_without_a_header_have_columns_by_number(tmp_path):
    order = ["nr", "issue", "post", "said"]
    files = headless(tmp_path / "train.txt", ROWS[:16], order), headless(tmp_path / "test.txt", ROWS[16:], order)
    result = bench(files, tmp_path / "run", *NUMBERS, "--preset", "gwsd", "--no-header")
    assert result.code == 0, result.err
    assert "\n8 rows in 2 strata" in result.out
    pred = headless(tmp_path / "pred.txt", ROWS[16:], ["nr", "issue", "said"])
    options = ("--id", "1", "--gold-label", "4", "--pred-label", "3", "--target", "2", "--preset", "gwsd")
    result = run("score", "--no-header", *options, gold=files[1], pred=pred)
    assert result.code == 0, result.err
    assert "accuracy 1.000" in result.out
    assert "|n:8|" in result.out
    assert "paired by" not in result.err  # the targets confirm the pairing
    by_line = ks.score(files[1], pred, by_line=True, gold_label="4", pred_label="3", labels="gwsd", header=False)
    assert by_line["accuracy"].value == 1


@pytest.mark.parametrize("line", ["r1\ttram\t\n", "r1\ttram\tferry\n"])
def test_a_last_field_without_a_header_is_a_column_only_if_it_is_filled(line, tmp_path):
    file = tmp_path / "x.txt"
    file.write_text(line * 3)
    stream = ks.input.tables.open_stream(file, ks.input.tables.Form(has_header=False))
    width = len(line.split())
    assert stream.table().to_pylist() == [{str(i + 1): field for i, field in enumerate(line.split())}] * 3
    assert len(stream.columns) == width


@pytest.mark.parametrize("command", ["score", "bench run on files", "fit"])
def test_a_row_taken_for_a_header_is_refused_with_the_option(command, tmp_path):
    """Whether a column is not found or named as the label of the first row, in which case a row would be lost."""
    file = headless(tmp_path / "rows.txt", ROWS, ["nr", "issue", "post", "said"])
    first = dict(zip(("--id", "--target", "--text", "--label"), ROWS[0].values(), strict=True))
    for label in ("said", "Agree"):
        given = {**first, "--label": label}
        options = [part for pair in given.items() for part in pair]
        if command == "score":
            options = ["--by-line", "--gold-label", label, "--pred-label", label]
        elif command == "fit":
            options = ["--train", file, *options[2:]]
        places = {"gold": file, "pred": file, "train": file, "test": file, "system": "majority", "out": tmp_path / "x"}
        result = run(command, *options, "--preset", "gwsd", **places)
        assert result.code != 0
        assert "if the file has no header, pass --no-header (in Python, header=False)" in result.err
        assert result.err.count("\n") == 1


NESTED = [
    {"claim": 1, "text": "a", "views": [{"view": "v1", "stance": "SUPPORT"}, {"view": "v2", "stance": "UNDERMINE"}]}
]


@pytest.mark.parametrize("ending", ["json", "jsonl", "parquet"])
def test_nested_records_are_refused_with_what_to_do(ending, tmp_path):
    file = tmp_path / f"nested.{ending}"
    if ending == "parquet":
        pd.DataFrame(NESTED).to_parquet(file)
    else:
        file.write_text(json.dumps(NESTED if ending == "json" else NESTED[0]))
    with pytest.raises(KazstanceError, match=r"'view' is inside the records in 'views'.*json_normalize\(data, 'views'"):
        ks.score(file, file, id="view", gold_label="stance", pred_label="stance", labels="perspectrum")
    flat = pd.json_normalize(NESTED, "views", ["claim", "text"])  # as the message says
    scores = ks.score(flat, flat, id="view", gold_label="stance", pred_label="stance", labels="perspectrum")
    assert scores["accuracy"].value == 1


def test_rows_no_majority_labelled_are_unlabelled():
    """A spelling that PERSPECTRUM has in place of a label."""
    rows = [{"id": i, "said": said} for i, said in enumerate(["SUPPORT", "NO_MAJORITY_LABEL", "MILDLY_UNDERMINE"])]
    options = {"id": "id", "gold_label": "said", "pred_label": "said", "labels": "perspectrum", "extra": "ignore"}
    scores = ks.score(rows, [rows[0], rows[2]], **options, unlabelled="ignore", missing="wrong")
    assert scores.counts["unlabelled"] == 1
    assert scores["accuracy"].value == 1
