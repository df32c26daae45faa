"""Benchmarking a user's own stance data set, in the format of SemEval-2016 Task 6: made-up sentences on a town."""

import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import datasets
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import f1_score
from typer.testing import CliRunner

import kazstance
from kazstance.bench.held_out import VALIDATION
from kazstance.bench.shortcuts import OF_SOURCES, PANELS
from kazstance.cli import app

TOWN = Path(__file__).parent / "fixtures" / "town"
COLUMNS = ["--id", "ID", "--text", "Tweet", "--target", "Target", "--label", "Stance", "--preset", "semeval"]


@pytest.fixture
def town(tmp_path, monkeypatch):
    """A copy of the small set, for a test to change."""
    monkeypatch.setitem(sys.modules, "my_systems", sys.modules[__name__])
    return Path(shutil.copytree(TOWN, tmp_path / "town"))


def bench(town, system, *args, code=0, train="train.txt", test="test.txt", encoding="windows-1252"):
    where = ["--train", str(town / train), "--test", str(town / test), "--out", str(town / "out")]
    result = CliRunner().invoke(app, ["bench", "run", system, *where, *COLUMNS, "--encoding", encoding, *args])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    if code:
        assert not (town / "out").exists()
    return result


def gold(town):
    return [line.split("\t") for line in (town / "test.txt").read_text(encoding="windows-1252").splitlines()[1:]]


def written(town):
    return [
        json.loads(line)
        for line in (town / "out" / "predictions" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    ]


@pytest.mark.full
@pytest.mark.parametrize("per_target", [True, False])
def test_a_linear_svm_on_files_in_the_format_of_semeval(per_target, town):
    result = bench(town, "TF-IDF SVM", "--json", *(["--per-target"] if per_target else []))
    found = {row["system"]: row for row in json.loads(result.stdout)}
    scores = {name: row["scores"] for name, row in found.items()}
    predicted = {row["ID"]: row["Stance"] for row in written(town)}
    assert list(predicted) == [row[0] for row in gold(town)]
    truth = [row[3] for row in gold(town)]
    expected = f1_score(truth, list(predicted.values()), labels=["FAVOR", "AGAINST"], average="macro")
    assert scores["TF-IDF SVM"]["f_avg"][0] == pytest.approx(expected)
    assert ("|per_target:True|" in found["TF-IDF SVM"]["signature"]) == per_target
    assert scores["TF-IDF SVM"]["wts"][0] > 0.5
    assert found.keys() == {"TF-IDF SVM", *PANELS["full"]} - {*OF_SOURCES}
    for name in ("majority", "majority per target"):
        assert scores[name]["wts"][0] == pytest.approx(0, abs=1e-12)


@pytest.mark.full
def test_score_takes_what_it_writes_and_says_the_same(town):
    printed = bench(town, "TF-IDF SVM").stdout.splitlines()
    where = ["--gold", str(town / "test.txt"), "--pred", str(town / "out" / "predictions" / "test.jsonl"), "--id", "ID"]
    names = ["--gold-label", "Stance", "--pred-label", "Stance", "--target", "Target", "--preset", "semeval"]
    result = CliRunner().invoke(app, ["score", *where, *names, "--encoding", "windows-1252"])
    assert result.exit_code == 0, result.output
    scores, expected = (
        [line.split("]")[0] for line in lines if "|metric:" in line] for lines in (result.stdout.splitlines(), printed)
    )
    assert len(scores) > 7
    assert scores == expected


@pytest.mark.full
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "tsv"])
def test_other_kinds_of_files_give_the_same_predictions(kind, town):
    bench(town, "TF-IDF SVM", "--per-target", "--no-shortcuts")
    expected = written(town)
    for name in ("train", "test"):
        frame = pl.read_csv(
            town / f"{name}.txt", separator="\t", quote_char=None, encoding="windows-1252", infer_schema=False
        )
        if kind == "csv":
            frame.write_csv(town / f"{name}.csv", separator=";")
        elif kind == "tsv":
            frame.write_csv(town / f"{name}.tsv", separator=";", quote_style="never")
        else:
            (frame.write_ndjson if kind == "jsonl" else frame.write_parquet)(town / f"{name}.{kind}")
    where = {"train": f"train.{kind}", "test": f"test.{kind}", "encoding": "utf-8"}
    bench(town, "TF-IDF SVM", "--per-target", "--delimiter", ";", "--again", "--no-shortcuts", **where)
    assert written(town) == expected


seen = []


def watching(train, test):
    seen.append((train, test))
    return [{"favor": 0.2, "against": 0.7, "neutral": 0.1} for _ in test]


def test_a_callable_sees_each_target_alone_and_never_the_test_in_training(town):
    seen.clear()
    bench(town, "my_systems:watching", "--per-target", "--no-shortcuts")
    assert [{item.target for item in (*train, *test)} for train, test in seen] == [{"Bicycle Lanes"}, {"Library Hours"}]
    train = [item for part, _ in seen for item in part]
    assert len(train) == 28
    assert {item.split for item in train} == {"train", "validation"}
    assert {item.item_id for item in train} & {item.item_id for _, part in seen for item in part} == set()
    assert {row["Stance"] for row in written(town)} == {"AGAINST"}


def trained_on(file):
    """The training rows of a file, beside some other rows to predict."""
    columns = {"text": "Tweet", "target": "Target", "label": "Stance", "labels": "semeval", "cluster": "Thread"}
    test = [{"ID": "x", "Tweet": "word", "Target": "T", "Stance": "FAVOR", "Thread": "x"}]
    return kazstance.benchmark(file, test, id="ID", **columns).task.folds[0].train


def test_validation_is_a_share_that_stays_the_same_and_keeps_clusters_whole(tmp_path):
    rows = [f"{n}\tT\tword\tFAVOR\t{n // 5}" for n in range(5000)]
    (tmp_path / "x.txt").write_text("\n".join(["ID\tTarget\tTweet\tStance\tThread", *rows]))
    found = trained_on(tmp_path / "x.txt")
    splits = Counter(item.split for item in found)
    assert splits["validation"] / len(found) == pytest.approx(VALIDATION, abs=0.03)
    assert all(len({item.split for item in found[n : n + 5]}) == 1 for n in range(0, 5000, 5))
    (tmp_path / "x.txt").write_text("\n".join(["ID\tTarget\tTweet\tStance\tThread", *rows[:1000]]))
    assert trained_on(tmp_path / "x.txt") == found[:1000]


def test_clusters_are_what_intervals_are_drawn_by(town):
    for name in ("train.txt", "test.txt"):
        text = (town / name).read_text(encoding="windows-1252").splitlines()
        lines = [f"{text[0]}\tThread", *(f"{line}\t{i // 2}" for i, line in enumerate(text[1:]))]
        (town / name).write_text("\n".join(lines), encoding="windows-1252")
    found = json.loads(bench(town, "TF-IDF SVM", "--cluster", "Thread", "--json", "--no-shortcuts").stdout)
    assert "|clusters:7|" in found[0]["signature"]


def test_ids_of_several_columns(town):
    for name in ("train.txt", "test.txt"):
        text = (town / name).read_text(encoding="windows-1252").splitlines()
        fields = [line.split("\t") for line in text]
        for i, row in enumerate(fields[1:]):
            row[0] = f"{name}{i // 2}"
        fields = [fields[0], *sorted({(row[0], row[1]): row for row in fields[1:]}.values())]
        (town / name).write_text("\n".join(map("\t".join, fields)), encoding="windows-1252")
    bench(town, "majority", "--id", "Target")
    assert all(row.keys() == {"ID", "Target", "Stance"} for row in written(town))


def change(old, new):
    return lambda text: text.replace(old, new, 1)


FAULTS = {
    "a missing column": ("test.txt", change("Tweet", "Text"), "'Tweet' is not a column of ", 2),
    "an unknown label": ("test.txt", change("FAVOR", "UNKNOWN"), "test.txt:2: Stance: 'UNKNOWN', expected one of FAVOR, AGAINST, NONE", 1),
    "a doubled id": ("train.txt", change("103", "101"), "train.txt:4: ID: '101' as in line 2, expected each once", 1),
    "an id in both": ("test.txt", change("10001", "101"), "test.txt: ID: '101' is also a training row", 1),
    "an empty field": ("train.txt", change("Good lanes bring customers to our shops", " "), "train.txt:4: Tweet: nothing, expected something", 1),
    "an empty label": ("train.txt", change("FAVOR", ""), "train.txt:2: Stance: '', expected one of FAVOR, AGAINST, NONE", 1),
    "a field too many": ("train.txt", change("Good lanes", "Good\tlanes"), "train.txt:4: 5 fields, expected 4", 1),
    "no rows": ("test.txt", lambda text: text.splitlines()[0], "test.txt: no rows, expected some under the header", 1),
    "a new target": ("test.txt", lambda text: text.replace("Library Hours", "Parking"), "majority: fold test: 'Parking' has no training rows, expected Bicycle Lanes, Library Hours", 1),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_and_nothing_is_written(fault, town):
    name, spoil, message, code = FAULTS[fault]
    file = town / name
    file.write_bytes(spoil(file.read_text(encoding="windows-1252")).encode("windows-1252"))
    assert message in bench(town, "majority", "--per-target", code=code).stderr


def test_faults_are_said_all_at_once(town):
    file = town / "train.txt"
    file.write_bytes(file.read_bytes().replace(b"103", b"101").replace(b"FAVOR", b"PRO"))
    said = bench(town, "majority", code=1).stderr.splitlines()
    assert "train.txt:2: Stance: 'PRO' (in 11 rows), expected one of FAVOR, AGAINST, NONE; " in said[0]
    assert "train.txt:4: ID: '101' as in line 2, expected each once" in said[1]
    assert len(said) == 2


def test_bytes_of_another_encoding_are_named(town):
    found = bench(town, "majority", code=1, encoding="utf-8").stderr
    assert "train.txt:13: byte 0xe9 at 863, expected UTF-8; this looks like text in Windows-1252" in found


def short(train, test):
    return ["favor"]


def strange(train, test):
    return ["pro"] * len(test)


def failing(train, test):
    raise ZeroDivisionError("no rows")


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("my_systems:short", "my_systems:short: fold test: Bicycle Lanes: 1 labels, expected 7"),
        ("my_systems:strange", "10001: 'pro', expected one of against, neutral, favor"),
        ("my_systems:failing", "ZeroDivisionError: no rows"),
    ],
)
def test_a_system_that_fails_is_named(system, message, town):
    assert message in bench(town, system, "--per-target", code=1).stderr


def test_a_system_that_is_not_there_is_a_wrong_name(town):
    assert "'oracle' is not a system; choose from majority, " in bench(town, "oracle", code=2).stderr


def test_a_row_is_a_row_where_fields_may_have_lines(town):
    (town / "x.csv").write_text('ID,Target,Tweet,Stance\n1,T,"two\nlines",FAVOR\n2,T,x,PRO\n')
    found = bench(town, "majority", code=1, train="x.csv").stderr
    assert "x.csv: Stance: 'PRO' in row 2, expected one of FAVOR" in found


TOLD = [
    {
        "id": str(number),
        "said": f"{word} it is, they say ({number})",
        "topic": topic,
        "stance": stance,
        # what a set may hold besides, under names that rows of a dataset have too
        "target_id": number % 2,
        "source_id": "abc"[number % 3],
        "cluster": f"thread {number}",
        "kind": "x",
    }
    for number, (word, stance, topic) in enumerate(
        (word, stance, topic)
        for topic in ("lanes", "library")
        for word, stance in (("good", "favor"), ("bad", "against"), ("odd", "neutral"))
    )
]
TOLD_COLUMNS = {"id": "id", "text": "said", "target": "topic", "label": "stance"}


def told():
    """A few rows in memory, the same to train on and, under other ids, to predict."""
    return kazstance.benchmark([row | {"id": f"t{row['id']}"} for row in TOLD], TOLD, **TOLD_COLUMNS)


def as_run(system, **how):
    return told().run(system, shortcuts=False, say=lambda _: None, **how).scores["accuracy"].value


@pytest.mark.parametrize("form", [list, pl.DataFrame, lambda rows: pl.DataFrame(rows).to_pandas()])
def test_rows_with_any_further_columns_are_predictions_of_themselves(form):
    assert as_run(form(TOLD)) == 1
    assert as_run(form([row | {"stance": "favor", "p_value": 0.03} for row in TOLD])) == pytest.approx(1 / 3)


@pytest.mark.parametrize("column", ["said", "topic"])
def test_the_columns_of_text_and_target_have_to_agree_by_their_own_names(column):
    moved = [row | {column: other[column]} for row, other in zip(TOLD, TOLD[3:] + TOLD[:3], strict=True)]
    with pytest.raises(kazstance.InputError, match=f"{column} differs in 6 of 6 rows"):
        as_run(moved)


def test_two_columns_that_could_be_the_prediction_are_refused():
    with pytest.raises(kazstance.KazstanceError, match="columns label and stance; expected one"):
        as_run([row | {"label": "favor"} for row in TOLD])


def test_labels_in_order_may_be_numbers_and_a_gap_is_named():
    numbers = {"favor": 1, "against": -1, "neutral": 0}
    spelled = {number: name for name, number in numbers.items()}
    assert as_run([numbers[row["stance"]] for row in TOLD], labels=spelled) == 1
    with pytest.raises(kazstance.InputError, match="label: no value in row 6"):
        as_run([row["stance"] for row in TOLD[:-1]] + [None])


def test_values_of_several_kinds_in_a_column_are_refused_in_one_line():
    mixed = pl.DataFrame(TOLD).to_pandas()
    mixed["topic"] = [1, *mixed["topic"][1:]]
    with pytest.raises(kazstance.KazstanceError, match="expected values of one kind in each column"):
        kazstance.benchmark(TOLD, mixed, **TOLD_COLUMNS)
    with pytest.raises(kazstance.KazstanceError, match="expected values of one kind in each column"):
        as_run(mixed)


class Remembers(BaseEstimator):
    """An estimator that keeps all it was ever fitted to, as those with a warm start do."""

    def fit(self, texts, labels):
        self.seen = [*getattr(self, "seen", []), *texts]
        return self

    def predict(self, texts):
        assert not set(texts) & set(self.seen)
        return ["favor"] * len(texts)


class Silent:
    """A class of one's own, whose `fit` returns nothing."""

    def fit(self, texts, labels):
        self.most = max(labels)

    def predict(self, texts):
        return [self.most] * len(texts)


def test_no_fold_sees_what_an_estimator_learned_in_another(harbour_data):
    model = Remembers()
    result = kazstance.open(harbour_data).bench("stance", "cross_source").run(model, shortcuts=False)
    assert result.n > 0
    assert not hasattr(model, "seen")


@pytest.mark.full
def test_fit_need_not_return_the_estimator():
    assert as_run(Silent) == as_run(Silent()) == pytest.approx(1 / 3)


@pytest.mark.full
def test_what_to_do_with_a_finished_run_has_three_names(tmp_path):
    told().run("majority", tmp_path / "run", shortcuts=False)
    with pytest.raises(kazstance.UnknownNameError, match="did you mean again"):
        told().run("majority", tmp_path / "run", shortcuts=False, existing="agian")


@pytest.mark.full
def test_predictions_are_never_taken_for_a_shortcut(tmp_path):
    file = tmp_path / "majority.jsonl"
    file.write_text("".join(json.dumps({"id": row["id"], "stance": row["stance"]}) + "\n" for row in TOLD))
    found = told().run(file)
    assert (found.system, found.is_shortcut) == ("predictions: majority", False)
    assert found.shortcuts
    for system in (file, pl.DataFrame(TOLD).to_pandas(), lambda train, test: ["favor"] * len(test)):
        with pytest.raises(kazstance.KazstanceError, match="name: 'majority' is a shortcut"):
            told().run(system, name="majority")
    assert told().run("majority", name="majority").is_shortcut


def test_a_file_of_predictions_is_written_as_the_rows_are(tmp_path):
    file = tmp_path / "made.csv"
    file.write_text(
        "\n".join(["id;said;stance", *(f"{row['id']};«{row['said']}»;favor" for row in TOLD)]), "windows-1252"
    )
    told_so = [row | {"said": f"«{row['said']}»"} for row in TOLD]
    how = {"delimiter": ";", "encoding": "windows-1252"}
    rows = kazstance.benchmark([row | {"id": f"t{row['id']}"} for row in TOLD], told_so, **TOLD_COLUMNS, **how)
    assert rows.run(file, shortcuts=False).scores["accuracy"].value == pytest.approx(1 / 3)


@pytest.mark.parametrize("column", ["label", "stance"])
@pytest.mark.parametrize("form", [lambda rows: rows, lambda rows: rows.with_format("arrow")[:]])
def test_class_labels_are_predictions_by_the_names_in_their_schema(column, form):
    features = datasets.Features(
        {name: datasets.Value("string") for name in ("id", "said", "topic")}
        | {column: datasets.ClassLabel(names=["favor", "neutral", "against"])}
    )
    rows = [{name: row[name] for name in ("id", "said", "topic")} | {column: row["stance"]} for row in TOLD]
    made = datasets.Dataset.from_list(rows, features=features)
    train = [row | {"id": f"t{row['id']}"} for row in rows]
    found = kazstance.benchmark(train, made, **TOLD_COLUMNS | {"label": column}).run(form(made), shortcuts=False)
    assert found.scores["accuracy"].value == 1
