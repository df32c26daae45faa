"""`kazstance.score`: the same figures from whatever holds the rows, and messages that say what is wrong where."""

import inspect
import json
import subprocess
import sys

import datasets
import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

import kazstance as ks
from kazstance.cli import app
from kazstance.stats.resampling import RESAMPLES as RESAMPLES_OF_ALL
from kazstance.stats.resampling import SEED
from tests.commands import call

GOLD = {
    "nr": [11, 12, 13, 14, 15, 16, 17, 18],
    "about": ["pool", "pool", "pool", "market", "market", "market", "pool", "market"],
    "thread": [1, 1, 2, 2, 3, 3, 4, 4],
    "comment": ["Open it", "Too dear", "It is blue", "Every day", "Too loud", "On Fridays", "Yes", "No"],
    "label": ["favor", "against", "neutral", "favor", "against", "neutral", "favor", "against"],
    "votes_favor": [3, 0, 1, 2, 0, 1, 3, 1],
    "votes_against": [0, 3, 0, 0, 2, 0, 0, 2],
    "votes_neutral": [0, 0, 2, 1, 1, 2, 0, 0],
}
PRED = {
    "nr": GOLD["nr"],
    "label": ["favor", "against", "favor", "favor", "favor", "neutral", "against", "against"],
    "p_favor": [0.6, 0.2, 0.5, 0.7, 0.8, 0.25, 0.25, 0.125],
    "p_against": [0.2, 0.7, 0.25, 0.2, 0.1, 0.25, 0.5, 0.75],
    "p_neutral": [0.2, 0.1, 0.25, 0.1, 0.1, 0.5, 0.25, 0.125],
}
ROLES = {"id": "nr", "target": "about", "cluster": "thread", "by": "about"}
RESAMPLES = 50
ALONE = "note: rows are paired by nr alone: the two tables share no text or target that would confirm it"


def score(gold=GOLD, pred=PRED, **changed):
    """The scores of two tables, which are dictionaries of columns or anything else that holds rows."""
    gold, pred = (pl.DataFrame(rows) if isinstance(rows, dict) else rows for rows in (gold, pred))
    return ks.score(gold, pred, **{**ROLES, "resamples": RESAMPLES, **changed})


def parquet_folder(frame, place):
    place.mkdir()
    frame.head(3).write_parquet(place / "0.parquet")
    frame.tail(-3).write_parquet(place / "1.parquet")
    return place


def written(frame, file):
    {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}[file.suffix](file)
    return file


def indexed(frame):
    """A frame of pandas with rows in another order, an index that is not a column, and a column of categories."""
    found = frame.to_pandas().sample(frac=1, random_state=7).astype({"label": "category"})
    return found.set_index(pd.Index([f"row {i}" for i in range(len(found))]))


KINDS = {
    "pandas": lambda frame, _: frame.to_pandas(),
    "pandas with an index": lambda frame, _: indexed(frame),
    "Polars": lambda frame, _: frame,
    "Polars, lazily": lambda frame, _: frame.lazy(),
    "Polars, categories": lambda frame, _: frame.with_columns(pl.col("label").cast(pl.Categorical)),
    "Arrow": lambda frame, _: frame.to_arrow(),
    "an Arrow reader": lambda frame, _: frame.to_arrow().to_reader(max_chunksize=3),
    "an Arrow dataset": lambda frame, place: pa.dataset.dataset(parquet_folder(frame, place)),
    "DuckDB": lambda frame, _: duckdb.from_arrow(frame.to_arrow()),
    "Narwhals": lambda frame, _: nw.from_native(frame),
    "datasets": lambda frame, _: datasets.Dataset.from_list(frame.to_dicts()),
    "rows": lambda frame, _: frame.to_dicts(),
    "CSV": lambda frame, place: written(frame, place.with_suffix(".csv")),
    "CSV, by a text": lambda frame, place: str(written(frame, place.with_suffix(".csv"))),
    "JSON Lines": lambda frame, place: written(frame, place.with_suffix(".jsonl")),
    "Parquet": lambda frame, place: written(frame, place.with_suffix(".parquet")),
    "a folder of Parquet": parquet_folder,
    "a folder of Parquet, by a text": lambda frame, place: str(parquet_folder(frame, place)),
}


@pytest.fixture(scope="module")
def by_command(tmp_path_factory):
    """What the command says of the same rows in files."""
    folder = tmp_path_factory.mktemp("files")
    files = {
        name: written(pl.DataFrame(rows), folder / f"{name}.csv") for name, rows in (("gold", GOLD), ("pred", PRED))
    }
    options = [part for name, column in ROLES.items() for part in (f"--{name}", column)]
    done = call("score", *options, "--resamples", RESAMPLES, "--json", **files)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_holds_the_rows_gives_the_figures_of_the_command(kind, by_command, tmp_path):
    gold, pred = (KINDS[kind](pl.DataFrame(rows), tmp_path / name) for rows, name in ((GOLD, "g"), (PRED, "p")))
    found = json.loads(score(gold, pred).to_json())
    assert found == by_command
    assert found.keys() == {"all", "about market", "about pool", "notes"}
    assert {"cross_entropy", "calibration_error", "wts"} <= {line["metric"] for line in found["all"]}


@pytest.mark.parametrize("kind", ["rows", "datasets", "an Arrow reader"])
def test_gold_and_predictions_may_be_of_different_kinds(kind, by_command, tmp_path):
    assert json.loads(score(pred=KINDS[kind](pl.DataFrame(PRED), tmp_path / "p")).to_json()) == by_command


def test_one_table_may_hold_both_labels(by_command):
    both = pl.DataFrame({**GOLD, **PRED, "label": GOLD["label"], "predicted": PRED["label"]})
    for table in (both, both.to_arrow().to_reader()):
        found = score(table, table, pred_label="predicted")
        assert json.loads(found.to_json())["all"] == by_command["all"]
        assert found.notes == ()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(["favor", "against", "neutral"])] * 2), min_size=3, max_size=40))
def test_scores_are_those_of_scikit_learn(pairs):
    gold, predicted = (list(labels) for labels in zip(*pairs, strict=True))
    rows = [{"id": i, "label": one, "answer": other} for i, (one, other) in enumerate(pairs)]
    found = ks.score(rows, rows, id="id", pred_label="answer", resamples=10)
    assert found["accuracy"].value == pytest.approx(accuracy_score(gold, predicted))
    there = sorted({*gold, *predicted})
    expected = f1_score(gold, predicted, labels=there, average="macro", zero_division=0)
    assert found["macro_f1"].value == pytest.approx(expected)
    if {"favor", "against"} <= set(there):
        expected = f1_score(gold, predicted, labels=["favor", "against"], average="macro", zero_division=0)
        assert found["f_avg"].value == pytest.approx(expected)
    assert found["f_avg"].is_defined == ({"favor", "against"} <= set(there))


def test_a_prediction_without_a_label_is_the_most_probable_one(by_command):
    found = score(pred={name: values for name, values in PRED.items() if name != "label"})
    assert json.loads(found.to_json())["all"] == by_command["all"]
    assert [str(note) for note in found.notes] == [
        "note: the predicted rows: no column label; the most probable label is used",
        ALONE,
    ]
    alone = {"nr": PRED["nr"], "p_value": [0.5] * 8}
    with pytest.raises(ks.UnknownNameError, match="'label' is not a column of the predicted rows"):
        score(pred=alone)


def test_probabilities_may_be_decimals(by_command):
    """As DuckDB reads a number with a point."""
    rows = ", ".join(f"({','.join(map(repr, row))})" for row in zip(*PRED.values(), strict=True))
    relation = duckdb.sql(f"SELECT * FROM (VALUES {rows}) AS t({', '.join(PRED)})")
    assert {str(kind).partition("(")[0] for kind in relation.types} >= {"DECIMAL"}
    expected = {line["metric"]: line["value"] for line in by_command["all"]}
    assert {line.metric: line.value for line in score(pred=relation)} == pytest.approx(expected)


def test_a_score_is_an_estimate():
    found = score()
    assert isinstance(found["wts"], ks.Estimate)
    assert (found["wts"].n, found["wts"].reason) == (8, None)
    assert found["wts"].low <= found["wts"].value <= found["wts"].high
    assert found[0] is found["wts"]
    assert [line.metric for line in found] == list(found.metrics)
    with pytest.raises(ks.UnknownNameError, match="'wtss' is not a metric; choose from wts, ss, .*did you mean wts"):
        found["wtss"]


def test_parts_are_the_scores_of_their_rows_alone():
    found = score()
    for part in ("pool", "market"):
        rows = pl.DataFrame(GOLD).filter(about=part)
        alone = score(rows, pl.DataFrame(PRED).join(rows.select("nr"), on="nr"), by=None)
        assert found.parts[part].rows() == alone.rows()
    table = found.to_pandas()
    assert set(table["part"].dropna()) == {"pool", "market"}
    assert len(table) == 3 * len(found)
    assert "part" not in score(by=None).to_pandas()


def test_scores_show_themselves(capsys):
    found = score(
        {**GOLD, "split": ["<b>"] * 8, "fold": ["a"] * 8}, {**PRED, "fold": ["b"] * 8}, by="split", target=None
    )
    note, alone = found.notes
    assert (note.column, note.differs, note.rows) == ("fold", 8, 8)
    assert str(alone) == ALONE
    found.show()
    shown = capsys.readouterr().out
    assert shown.splitlines()[-2:] == [f"note: {note.message}", ALONE]
    assert str(found["wts"]) in shown
    assert repr(found).startswith(f"<Scores: wts {found['wts'].text(3)}, ss ")
    page = found._repr_html_()
    assert "split &lt;b&gt;" in page
    assert "<b>" not in page
    assert "fold differs in 8 of 8 rows" in page
    assert found.signature.items() >= {"target": "-", "cluster": "thread", "n": 8, "resamples": RESAMPLES}.items()
    both = {**PRED, "comment": GOLD["comment"]}
    assert score(pred=both, by=None).notes == ()


@pytest.mark.parametrize("name", ["gold", "predicted", "target", "cluster"])
@pytest.mark.parametrize("role", ["about", "thread", "nr"])
def test_what_a_column_is_called_makes_no_difference(role, name):
    gold, pred = ({name if key == role else key: column for key, column in rows.items()} for rows in (GOLD, PRED))
    found = score(gold, pred, **{key: name if column == role else column for key, column in ROLES.items()})
    assert [line.value for line in found] == [line.value for line in score()]


def change(column, values):
    return lambda rows: {**rows, column: values}


def without(row):
    return lambda rows: {name: [v for i, v in enumerate(values) if i != row] for name, values in rows.items()}


FAULTS = {
    "a missing row": ({}, without(0), r"the predicted rows: id: missing rows \(1\): 11; expected every row of the gold rows"),
    "an unknown row": ({"gold": without(0)}, dict, r"the predicted rows: id: unknown rows \(1\): 11"),
    "a doubled row": ({}, change("nr", [11, 11, *GOLD["nr"][2:]]), r"the predicted rows: id: duplicate rows \(1\): 11"),
    "another text": ({}, change("comment", ["Shut it", *GOLD["comment"][1:]]), r"the predicted rows: comment differs in 1 of 8 rows.*as in the gold rows; pair by ids that both share, or pass ignore=\['comment'\]"),
    "numbers": ({}, change("label", [2, 0, 2, 2, 2, 1, 0, 0]), r"the predicted rows: label: '2' in row 1 and 3 more, .*only if a preset or a mapping says so; use labels="),
    "none": ({"gold": change("label", ["none", *GOLD["label"][1:]])}, dict, r"the gold rows: label: 'none' in row 1.*specify which with labels="),
    "no label": ({}, change("label", [None, *PRED["label"][1:]]), r"the predicted rows: label: no value in row 1, .*if an empty value means a label, use labels="),
    "a list": ({}, change("label", [["favor"]] * 8), r"the predicted rows: label: values of type .*, expected text or numbers"),
    "votes below 0": ({"gold": change("votes_favor", [-1] * 8)}, dict, r"the gold rows: votes_…: some values are not counts"),
    "a sum": ({}, change("p_favor", [0.5] * 8), r"the predicted rows: p_…: row 2: "),
    "text for numbers": ({}, change("p_favor", ["x"] * 8), r"the predicted rows: p_favor: values of type .*, expected numbers"),
    "a less probable label": ({}, change("label", ["neutral", *PRED["label"][1:]]), r"'neutral' in row 1, expected the most probable, 'favor'"),
    "an empty target": ({"gold": change("about", [" ", *GOLD["about"][1:]])}, dict, r"the gold rows: about: empty in 1 of 8 rows"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_by_the_side_they_are_on(fault):
    gold, pred, message = FAULTS[fault]
    with pytest.raises(ks.InputError, match=message):
        score(gold.get("gold", dict)(GOLD), pred(PRED))


WRONG = {
    "id": ({"id": "number"}, r"'number' is not a column of the gold rows; choose from nr, about"),
    "no ids": ({"id": []}, r"id: no column, expected one or more"),
    "several ids": ({"id": ["nr", "x"]}, r"'x' is not a column of the gold rows"),
    "target": ({"target": "abuot"}, r"'abuot' is not a column of the gold rows.*did you mean about"),
    "predicted label": ({"pred_label": "answer"}, r"'answer' is not a column of the predicted rows"),
    "ignored": ({"ignore": ["x"]}, r"'x' is not a column of either table"),
    "preset": ({"labels": "mine"}, r"'mine' is not a preset"),
    "mapped label": ({"labels": {"pro": "good"}}, r"'good' is not a label"),
    "resamples": ({"resamples": 3}, r"resamples: 3, expected 10 or more"),
    "seed": ({"seed": -1}, r"seed: -1, expected 0 or more"),
    "rows": ({"gold": 3}, r"int, expected rows as one of: a data frame"),
    "file": ({"pred": "absent.csv"}, r"absent.csv: No such file"),
    "kinds": ({"gold": pd.DataFrame({"nr": [1, "a"], "x": [object(), 1]})}, r"the gold rows: .*expected values of one kind in each column"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_arguments_are_refused(what):
    changed, message = WRONG[what]
    with pytest.raises(ks.KazstanceError, match=message):
        score(**changed)


def test_files_are_named_by_their_paths(tmp_path):
    file = written(pl.DataFrame(PRED).with_columns(label=pl.lit("yes")), tmp_path / "mine.csv")
    with pytest.raises(ks.InputError, match=r"mine.csv: label: 'yes' in row 1 and 7 more"):
        score(pred=file)


def test_labels_may_be_numbers_where_a_mapping_says_which():
    number = {"against": 0, "neutral": 1, "favor": 2}
    columns = [{**rows, "label": [number[label] for label in rows["label"]]} for rows in (GOLD, PRED)]
    bare = [{name: rows[name] for name in ("nr", "label")} for rows in columns]
    expected = ks.score(pl.DataFrame(GOLD), pl.DataFrame(PRED).select("nr", "label"), id="nr", resamples=10)
    for labels in ("kazstance", {0: "against", 1: "neutral", 2: "favor"}):
        found = ks.score(*map(pl.DataFrame, bare), id="nr", labels=labels, resamples=10)
        assert [line.value for line in found] == [line.value for line in expected]


def test_tables_of_a_dataset_are_scored_as_they_are(harbour_data):
    ds = ks.open(harbour_data)
    roles = {"id": ["sentence_id", "target_id"], "target": "target_id", "cluster": "paragraph_id", "resamples": 10}
    for table in (ds.stances, ds.stances.to_hf()["test"], ds.stances.path("test"), ds.stances.to_pandas()):
        assert ks.score(table, table, **roles)["accuracy"].value == 1


def test_command_and_function_draw_the_same_resamples():
    drawn = {"resamples": RESAMPLES_OF_ALL, "seed": SEED}
    for function in (ks.score, commands()["score"]):
        parameters = inspect.signature(function).parameters
        assert {name: parameters[name].default for name in drawn} == drawn


def commands():
    return {command.name: command.callback for command in app.registered_commands}


def test_scoring_from_python_leaves_scipy_stats_alone():
    code = (
        "import sys, kazstance as ks; r = [{'id': 1, 'label': 'favor'}]; ks.score(r, r, id='id'); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    heavy = ("scipy.stats", "scipy.optimize", "sklearn", "polars", "datasets")
    assert not [name for name in done.stdout.split() if name.startswith(heavy)]


@pytest.mark.parametrize("empty", [[], "gold.csv"], ids=["a list", "a file with a header alone"])
@pytest.mark.parametrize("side", ["gold", "predicted"])
def test_no_rows_are_refused(empty, side, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gold.csv").write_text("id,label\n")
    rows = [{"id": "1", "label": "favor"}]
    gold, pred = (empty, rows) if side == "gold" else (rows, empty)
    name = "gold.csv" if empty else f"the {side} rows"
    with pytest.raises(ks.KazstanceError, match=f"^{name}: no rows, expected at least one$"):
        ks.score(gold, pred, id="id")
