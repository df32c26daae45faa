"""Labels as data sets spell them: numbers and `none` only if somebody says what they mean, nothing dropped."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.cli import app
from kazstance.comparison.counts import count
from kazstance.comparison.pairs import pairs
from kazstance.comparison.patterns import patterns
from kazstance.dataset import DatasetFolder
from kazstance.errors import InputError, KazstanceError, UnknownLabelError
from kazstance.input.spelling import PRESETS, given, of_column, spelling
from kazstance.schema.labels import GRID_LABELS
from kazstance.stats.agreement import alpha
from tests.benches import bring
from tests.commands import Finished, run

GOLD = ["0", "1", "2", "0", "1", "2"]
PRED = ["0", "1", "1", "2", "1", "2"]


def score(folder, *args, gold=GOLD, pred=PRED, kind="csv", gold_more=(), pred_more=()):
    """The command on made-up labels: its exit code, and what it prints."""
    where = []
    for name, labels, more in (("gold", gold, gold_more), ("pred", pred, pred_more)):
        frame = pl.DataFrame({"id": range(len(labels)), "label": labels, **dict(more)})
        file = folder / f"{name}.{kind}"
        {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}[kind](file)
        where += [f"--{name}", str(file)]
    done = CliRunner().invoke(app, ["score", *where, "--id", "id", "--resamples", "10", *args])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return Finished(done.exit_code, done.stdout, done.stderr)


def value(found, metric):
    assert found.code == 0, found.err
    return next(line for line in json.loads(found.out)["all"] if line["metric"] == metric)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_numbers_are_labels_only_where_a_preset_or_a_mapping_says_so(kind, tmp_path):
    """0.3.0 takes 0, 1, 2 for against, neutral, favor, whatever they mean, and prints another F."""
    numbers = [list(map(int, labels)) if kind == "parquet" else labels for labels in (GOLD, PRED)]
    found = score(tmp_path, gold=numbers[0], pred=numbers[1], kind=kind)
    assert (found.code, found.out) == (1, "")
    lines = found.err.splitlines()
    assert len(lines) == 6  # a line for each spelling and file
    assert lines[0].endswith(
        f"gold.{kind}: label: '0' in row 1 and 1 more, expected one of against, neutral, favor; numbers are labels only "
        "if a preset or a mapping says so; use --preset or --map"
    )
    by_preset = {
        name: value(score(tmp_path, "--json", "--preset", name, gold=numbers[0], pred=numbers[1], kind=kind), "f_avg")
        for name in ("tweet_eval", "vast", "kazstance")
    }
    # by hand: F1 of 0 is 2/3, of 1 is 4/5, of 2 is 1/2
    assert by_preset["tweet_eval"]["value"] == pytest.approx((4 / 5 + 1 / 2) / 2)
    assert by_preset["vast"]["value"] == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert by_preset["kazstance"]["value"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert {name: line["signature"]["spelling"] for name, line in by_preset.items()} == {
        name: name for name in by_preset
    }
    mapped = ["--map", "0=neutral", "--map", "1=against", "--map", "2=favor"]
    line = value(score(tmp_path, "--json", *mapped, gold=numbers[0], pred=numbers[1], kind=kind), "f_avg")
    assert line["value"] == by_preset["tweet_eval"]["value"]
    assert line["signature"]["spelling"] == spelling(None, mapped[5:0:-2]).name
    assert line["signature"]["spelling"] != spelling(None, ["0=against", "1=neutral", "2=favor"]).name


def test_numbers_are_refused_as_a_process(tmp_path):
    for name in ("gold", "pred"):
        pl.DataFrame({"id": [1, 2], "label": [0, 1]}).write_csv(tmp_path / f"{name}.csv")
    found = run("score", "--id", "id", gold=tmp_path / "gold.csv", pred=tmp_path / "pred.csv")
    assert (found.code, found.out) == (1, "")
    assert "use --preset or --map" in found.err


NONES = ["favor", "none", "against", "none"]


@pytest.mark.parametrize("cased", [str.lower, str.upper, str.title])
def test_none_is_refused_until_somebody_says_what_it_means(cased, tmp_path):
    gold, pred = list(map(cased, NONES)), list(map(cased, ["favor", "against", "against", "none"]))
    found = score(tmp_path, gold=gold, pred=pred)
    assert found.code == 1
    assert (
        f"gold.csv: label: {cased('none')!r} in row 2 and 1 more, expected one of against, neutral, favor" in found.err
    )
    assert "(preset semeval)" in found.err
    assert "(preset kazstance)" in found.err
    labels = {
        name: value(score(tmp_path, "--json", *args, gold=gold, pred=pred), "accuracy")["signature"]["labels"]
        for name, args in {
            "no side": ["--preset", "semeval"],
            "not about it": ["--preset", "kazstance"],
            "no side, as mapped": ["--map", f"{cased('none')}=neutral"],
        }.items()
    }
    assert labels == {"no side": 3, "not about it": 4, "no side, as mapped": 3}


def test_none_is_refused_in_training_files_as_well(tmp_path):
    for name in ("train", "test"):
        rows = {"id": [f"{name}{i}" for i in range(4)], "text": list("abcd"), "target": ["t"] * 4, "label": NONES}
        pl.DataFrame(rows).write_csv(tmp_path / f"{name}.csv")
    where = {name: tmp_path / f"{name}.csv" for name in ("train", "test")}
    columns = ["--id", "id", "--text", "text", "--target", "target", "--label", "label"]
    found = run("bench run on files", *columns, system="majority", out=tmp_path / "out", **where)
    assert found.code == 1
    assert len(found.err.splitlines()) == 1
    assert "train.csv: label: 'none' in row 2 and 1 more" in found.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("preset", PRESETS)
def test_case_does_not_matter_in_a_preset(preset):
    spelled = spelling(preset)
    for theirs, ours in PRESETS[preset].items():
        assert {spelled.label(text) for text in (theirs, theirs.upper(), theirs.lower(), theirs.title())} == {ours}
    assert spelled.label("yes") is None


@pytest.mark.parametrize(
    ("pairs", "said"),
    [(["favor"], "'favor' is not a mapping"), (["a=favor", "a=against"], "'a' is mapped to favor and to against")],
)
def test_a_mapping_that_is_not_one_is_refused(pairs, said):
    """0.3.0 takes `--map favor` for the label of empty fields, and the last of two labels."""
    with pytest.raises(KazstanceError, match=said):
        spelling(None, pairs)


def test_a_number_with_decimals_is_the_number():
    assert given("tweet_eval").label("2.0") == "favor"
    assert given({1: "favor", 2.0: "against", None: "neutral"}).label("1.0") == "favor"
    assert given({1: "favor", 2.0: "against", None: "neutral"}).label("2") == "against"
    assert given({1: "favor", 2.0: "against", None: "neutral"}).label(None) == "neutral"


def classes(names, numbers):
    """An Arrow table with a column of class labels, as `datasets` writes it."""
    features = {"label": {"names": names, "_type": "ClassLabel"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.table({"id": range(len(numbers)), "label": numbers}).replace_schema_metadata(metadata)


def written(table, file):
    pa.parquet.write_table(table, file)
    return str(file)


def test_class_labels_are_read_by_their_names(tmp_path):
    names = ["favor", "against", "neutral"]
    files = [
        written(classes(names, numbers), tmp_path / f"{i}.parquet") for i, numbers in enumerate(([0, 1, 2], [0, 1, 0]))
    ]
    done = CliRunner().invoke(app, ["score", "--gold", files[0], "--pred", files[1], "--id", "id", "--json"])
    assert done.exit_code == 0, done.output
    found = next(line for line in json.loads(done.stdout)["all"] if line["metric"] == "f_avg")
    assert found["value"] == pytest.approx((2 / 3 + 1) / 2)
    other = ["score", "--gold", files[0], "--pred", files[1], "--id", "id", "--preset", "tweet_eval"]
    refused = CliRunner().invoke(app, other)
    assert refused.exit_code == 1
    assert "0 is favor in the schema of the table, but the spelling tweet_eval makes it neutral" in refused.stderr


def test_tables_of_kazstance_are_never_ambiguous(tmp_path):
    grid = kazstance.table("grid", "test").slice(0, 40)
    file = written(grid, tmp_path / "grid.parquet")
    where = ["score", "--gold", file, "--pred", file, "--id", "sentence_id", "--id", "target_id", "--json"]
    for column in ("label", "label_name"):
        done = CliRunner().invoke(app, [*where, "--gold-label", column, "--pred-label", column])
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["all"][0]["signature"]["labels"] == 4
    semeval = CliRunner().invoke(app, [*where, "--preset", "semeval"])
    assert semeval.exit_code == 1


def test_a_wrong_preset_is_a_line_for_each_spelling(tmp_path):
    """0.3.0 prints a line for every row of a training file and does not name the options."""
    for name in ("train", "test"):
        labels = ["Favor", "Against", "Neither"] * 50
        rows = {"id": [f"{name}{i}" for i in range(150)], "text": ["x"] * 150, "target": ["t"] * 150, "label": labels}
        pl.DataFrame(rows).write_csv(tmp_path / f"{name}.csv")
        pl.DataFrame(rows).write_csv(tmp_path / f"{name}.tsv", separator="\t")
    args = ["--id", "id", "--text", "text", "--target", "target", "--label", "label", "--preset", "pro_con"]
    for kind, said in (("csv", "'Favor' in row 1 and 49 more"), ("tsv", "'Favor' (in 50 rows)")):
        where = ["--train", str(tmp_path / f"train.{kind}"), "--test", str(tmp_path / f"test.{kind}")]
        done = CliRunner().invoke(app, ["bench", "run", "majority", *where, "--out", str(tmp_path / "out"), *args])
        assert done.exit_code == 1
        assert len(done.stderr.splitlines()) == 3
        assert said in done.stderr
        assert done.stderr.count("for another spelling use --preset or --map") == 3
    many = score(tmp_path, gold=[f"word {i}" for i in range(300)], pred=["favor"] * 300)
    assert len(many.err.splitlines()) == 11
    assert "and 290 more values that are not labels, in 290 rows" in many.err


@pytest.mark.parametrize("mapped", [["Pro=favor", "Con=against", "None=neutral"], ["PRO=favor", "Pro=favor", "Con=against", "None=neutral"]])  # fmt: skip
def test_predictions_are_spelled_as_most_rows_spell_them(mapped, tmp_path):
    """0.3.0 writes the first spelling of the mapping or preset, which the files may not know."""
    labels = ["Pro", "Con", "None", "Pro", "Con", "None"]
    for name in ("train", "test"):
        rows = {
            "id": [f"{name}{i}" for i in range(6)],
            "text": [f"word{i} and" for i in range(6)],
            "target": ["t"] * 6,
            "label": labels,
        }
        pl.DataFrame(rows).write_csv(tmp_path / f"{name}.csv")
    where = [
        "--train",
        str(tmp_path / "train.csv"),
        "--test",
        str(tmp_path / "test.csv"),
        "--out",
        str(tmp_path / "out"),
    ]
    args = ["--id", "id", "--text", "text", "--target", "target", "--label", "label"]
    args += ["--no-shortcuts", *(part for pair in mapped for part in ("--map", pair))]
    done = CliRunner().invoke(app, ["bench", "run", "tests.test_spelling:echo", *where, *args])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in (tmp_path / "out" / "predictions" / "test.jsonl").read_text().splitlines()]
    assert [line["label"] for line in lines] == labels


@pytest.mark.full
def test_a_mapping_that_overrides_a_preset_is_read_back_as_it_was_written(tmp_path):
    """NONE is neutral in the preset and `none` here: an answer of `none` was scored as neutral."""
    for name in ("train", "test"):
        rows = {"id": [f"{name}{i}" for i in range(6)], "text": [f"word{i} and" for i in range(6)], "target": ["t"] * 6}
        pl.DataFrame(rows | {"label": ["FAVOR", "AGAINST", "NONE"] * 2}).write_csv(tmp_path / f"{name}.csv")
    where = [part for name in ("train", "test") for part in (f"--{name}", str(tmp_path / f"{name}.csv"))]
    args = ["--id", "id", "--text", "text", "--target", "target", "--label", "label", "--preset", "semeval"]
    out = ["--out", str(tmp_path / "out"), "--map", "NONE=none", "--json", "--no-shortcuts"]
    done = CliRunner().invoke(app, ["bench", "run", "tests.test_spelling:echo", *where, *args, *out])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)[0]["scores"]["accuracy"][0] == 1


def echo(train, test):
    """A system that knows the answers."""
    return [item.label for item in test]


def test_probabilities_that_nobody_can_place_are_noted(tmp_path):
    soft = {"p_0": [0.1] * 2, "p_1": [0.9] * 2}
    found = score(tmp_path, gold=["favor", "against"], pred=["favor", "favor"], pred_more=soft)
    assert found.code == 0
    assert "pred.csv: p_0, p_1 not read as probabilities" in found.err


def test_votes_for_a_label_that_is_not_scored_are_noted(tmp_path):
    votes = {"votes_favor": [2, 0], "votes_against": [0, 1], "votes_neutral": [0, 0], "votes_none": [0, 2]}
    found = score(
        tmp_path, "--preset", "kazstance", gold=["favor", "against"], pred=["favor", "favor"], gold_more=votes
    )
    assert found.code == 0
    assert "gold.csv: votes_none is left out, with votes in 1 of 2 rows: no row has the label none" in found.err


STANCES = {
    "source_id": ["a", "a", "b", "b"],
    "target_id": ["t"] * 4,
    "label_name": [1, 1, 3, 3],
    "paragraph_id": list("1234"),
}
FRAMES = [pa.table, pl.DataFrame, pl.LazyFrame, pd.DataFrame]


@pytest.mark.parametrize("frame", FRAMES)
def test_count_takes_numbers_only_with_a_preset_or_a_mapping(frame):
    """0.3.0 counts codes 1 and 3, against and favor, as neutral and not addressed."""
    with pytest.raises(
        UnknownLabelError, match="label_name: '1' in .*, expected one of against, neutral, favor; numbers"
    ):
        count(frame(STANCES))
    found = count(frame(STANCES), labels={1: "against", 2: "neutral", 3: "favor"})
    assert found.total[:, 0].tolist() == [[2, 0, 0], [0, 0, 2]]
    assert count(frame(STANCES), labels="kazstance").total[:, 0].tolist() == [[0, 2, 0], [0, 0, 0]]
    with pytest.raises(UnknownLabelError, match="'3' in"):
        count(frame(STANCES), labels="tweet_eval")


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("bad", ["none", None, "Fovor", ""])
def test_count_refuses_what_it_would_have_to_drop(frame, bad):
    rows = STANCES | {"label_name": ["favor", "against", bad, "favor"]}
    with pytest.raises(UnknownLabelError) as caught:
        count(frame(rows))
    assert ("in row 3" in str(caught.value)) == (frame is not pl.LazyFrame)
    assert "expected one of against, neutral, favor" in str(caught.value)
    found = count(frame(rows), labels={bad: "neutral"})
    assert found.total.sum(axis=(0, 1)).tolist() == [1, 1, 2]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("column", ["source_id", "target_id", "paragraph_id"])
def test_count_refuses_rows_without_a_place(frame, column):
    rows = STANCES | {"label_name": ["favor"] * 4, column: ["x", None, "y", None]}
    with pytest.raises(KazstanceError, match=f"column '{column}' has no value in 2 rows"):
        count(frame(rows))


def test_categories_are_read_as_their_texts():
    words = STANCES | {"label_name": ["favor", "against", "Favor", "neutral"]}
    frames = [
        pd.DataFrame(words).astype({"label_name": "category"}),
        pl.DataFrame(words).with_columns(pl.col("label_name").cast(pl.Categorical)),
        pa.table(words | {"label_name": pa.array(words["label_name"]).dictionary_encode()}),
    ]
    for frame in frames:
        assert count(frame).total.sum(axis=(0, 1)).tolist() == [1, 1, 2]


def test_count_refuses_voices_it_does_not_know():
    rows = STANCES | {
        "label_name": ["favor"] * 4,
        "voice": ["own", "Own", "quoted", "own"],
        "endorsed": [None, None, "maybe", None],
    }
    with pytest.raises(UnknownLabelError, match="voice: 'Own' in row 2, expected one of own, quoted"):
        count(pa.table(rows), voice="own")
    rows["voice"] = ["own", "own", "quoted", "own"]
    with pytest.raises(UnknownLabelError, match="endorsed: 'maybe' in row 3, expected one of yes, no, unclear"):
        count(pa.table(rows), voice="endorsed")


def test_count_wants_the_sentences_of_every_source():
    rows = STANCES | {"label_name": ["favor"] * 4}
    with pytest.raises(KazstanceError, match="no number of sentences for b"):
        count(pa.table(rows), sentences={"a": 9})


def test_pairs_take_numbers_only_with_a_mapping():
    rows = {"target_id": ["t"] * 2, "source_a": ["a"] * 2, "source_b": ["b"] * 2, "relation": [0, 1]}
    with pytest.raises(UnknownLabelError, match="numbers are labels only"):
        pairs(pa.table(rows), relation="relation")
    (line,) = pairs(pa.table(rows), relation="relation", labels={0: "agree", 1: "mixed"})
    assert (line.agree, line.disagree, line.mixed) == (1, 0, 1)
    assert pairs(kazstance.table("pairs"), relation="relation") == pairs(DatasetFolder().pairs)


UNITS = {"unit": [1, 1, 2, 2, 3, 3], "label": [1, 1, 2, 2, 3, 1]}


@pytest.mark.parametrize("frame", FRAMES)
def test_patterns_refuse_labels_that_they_would_drop(frame):
    """0.3.0 drops code 3 of 1, 2, 3 and finds an alpha of 1, and finds nothing at all in text."""
    with pytest.raises(UnknownLabelError, match="label: '3' in .*, expected one of 0, 1, 2"):
        patterns(frame(UNITS), ["unit"], labels=3)
    with pytest.raises(UnknownLabelError, match="numbers are labels only"):
        patterns(frame(UNITS), ["unit"])
    words = UNITS | {"label": ["low", "low", "mid", "mid", "high", "low"]}
    with pytest.raises(UnknownLabelError, match="'high' in .*, expected one of against, neutral, favor"):
        patterns(frame(words), ["unit"])
    coded = patterns(frame(UNITS), ["unit"], labels=[1, 2, 3])
    named = patterns(frame(words), ["unit"], labels=["low", "mid", "high"])
    for level in ("nominal", "ordinal"):
        one, other = (alpha(found.votes, found.counts.sum(axis=0), level) for found in (coded, named))
        assert one == pytest.approx(other)
        assert one < 1


def test_patterns_with_gaps_in_a_column_of_decimals():
    gaps = {"unit": [1, 1, 2, 2, 3, 3], "label": [0.0, 0.0, 1.0, np.nan, 1.0, 1.0]}
    found = patterns(pd.DataFrame(gaps), ["unit"], labels=2)
    assert sorted(map(tuple, np.repeat(found.votes, found.counts[0].astype(int), axis=0))) == [(0, 1), (0, 2), (2, 0)]
    shipped = patterns(kazstance.table("judgements"), ["sentence_id", "target_id"])
    named = patterns(
        kazstance.table("judgements"), ["sentence_id", "target_id"], label="label_name", labels="kazstance"
    )
    np.testing.assert_array_equal(shipped.votes, named.votes)
    assert shipped.votes.shape[1] == len(GRID_LABELS)


@pytest.mark.full
def test_predictions_of_a_run_are_spelled_by_name_or_as_one_says(tmp_path):
    rows = kazstance.load("stances", "test")
    codes = {"against": 0, "neutral": 1, "favor": 2}
    lines = [{"item_id": f"{r.sentence_id}:{r.target_id}", "label": codes[r.label_name]} for r in rows]
    file = tmp_path / "p.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(InputError, match="numbers are labels only"):
        bring(file, "mine", "stance", "in_domain", tmp_path / "run")
    args = ["--predictions", file, "--protocol", "in_domain"]
    done = run("bench run", *args, "--preset", "kazstance", system="mine", out=tmp_path / "run")
    assert done.code == 0, done.err
    assert "\nwts 1.000" in done.out
    other = run("bench run", *args, "--preset", "vast", system="mine", out=tmp_path / "other")
    assert "|spelling:vast|" in other.out
    assert run("bench run", "--preset", "vast", system="majority", out=tmp_path / "no").code == 2


def test_a_schema_that_is_not_of_datasets_says_nothing():
    base = spelling()
    for metadata in (None, {"huggingface": "[1"}, {"huggingface": "[]"}, {"huggingface": '{"info": {"features": 3}}'}):
        assert of_column(base, pa.schema({"label": pa.int64()}).with_metadata(metadata), "label") == base
