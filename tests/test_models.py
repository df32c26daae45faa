"""Systems that are trained, saved and loaded: the same answers before and after, and nothing foreign is run unasked."""

import json
import pickle
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import kazstance as ks
from kazstance.bench.shortcuts import PANEL
from tests.commands import run

IDS = ["sentence_id", "target_id"]
KEPT = (*PANEL, "lexicon", "target-blind TF-IDF", "TF-IDF LR", "TF-IDF SVM", "n-gram SVM", "additive n-gram SVM")
MODULE = """
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

def first_letter(train, test):
    known = sorted({item.label for item in train})
    return [known[ord(item.text[0]) % len(known)] for item in test]

def chances(train, test):
    return [{"favor": 0.5, "against": 0.25, "neutral": 0.25} for _ in test]

model = make_pipeline(CountVectorizer(), MultinomialNB())
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the user's own in the current folder."""
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    import sys

    sys.modules.pop("mine", None)


def bayes():
    return make_pipeline(CountVectorizer(), MultinomialNB())


@pytest.mark.full
@pytest.mark.parametrize("name", KEPT)
def test_a_saved_baseline_answers_as_in_the_benchmark(name, tmp_path, harbour_data):
    ds = ks.open(harbour_data)
    model = ks.fit(name, ds)
    model.save(tmp_path / "model")
    test = ds.stances.to_arrow("test")
    found = ks.load_model(tmp_path / "model")
    answers = found.predict(test)
    assert found.digest == model.digest
    assert answers.equals(model.predict(test))
    assert answers.select(IDS).equals(test.select(IDS))
    ds.bench("stance", "in_domain").run(name, tmp_path / "run", shortcuts=False)
    lines = map(json.loads, (tmp_path / "run" / "predictions" / "test.jsonl").read_text().splitlines())
    expected = {line["item_id"]: line["label"] for line in lines}
    assert {f"{r['sentence_id']}:{r['target_id']}": r["label"] for r in answers.to_pylist()} == expected


@pytest.mark.parametrize("name", ["TF-IDF LR", "majority per target"])
@pytest.mark.full
def test_labels_beyond_two_or_only_one(name, tmp_path):
    """The shapes of a linear model differ with one label, two, and more."""
    for labels in (["favor"], ["favor", "against"], ["favor", "against", "neutral"], [*"fan", "none"]):
        names = [{"f": "favor", "a": "against", "n": "neutral"}.get(label, label) for label in labels]
        rows = [
            {"id": n, "text": f"w{n % len(names)} x{n}", "target": "t", "label": names[n % len(names)]}
            for n in range(40)
        ]
        model = ks.fit(name, rows, labels={label: label for label in names})
        model.save(tmp_path / "model")
        answers = ks.load_model(tmp_path / "model").predict(rows)
        assert answers.equals(model.predict(rows))
        assert set(answers["label"].to_pylist()) <= set(names)
        if name == "TF-IDF LR":
            assert answers["label"].to_pylist() == [row["label"] for row in rows]


def test_saved_files_of_our_own_systems_hold_data_only(tmp_path, harbour_data):
    for name in KEPT:
        folder = ks.fit(name, ks.open(harbour_data)).save(tmp_path / name)
        for file in folder.iterdir():
            if file.suffix == ".parquet":
                pq.read_table(file)
            else:
                json.loads(file.read_text())


def test_an_estimator_is_loaded_only_if_it_is_trusted(tmp_path, harbour_data):
    ds = ks.open(harbour_data)
    model = ks.fit(bayes(), ds)
    model.save(tmp_path / "model")
    with pytest.raises(ks.KazstanceError, match="pass --trust"):
        ks.load_model(tmp_path / "model")
    test = ds.stances.to_arrow("test")
    found = ks.load_model(tmp_path / "model", trust=True).predict(test)
    assert found.equals(model.predict(test))
    assert found.column_names == [*IDS, "label", "p_against", "p_neutral", "p_favor"]
    scores = ks.score(test, found, id=IDS, resamples=10)
    assert "brier" in scores.metrics or len(scores.metrics) > 3


def test_a_pickle_runs_nothing_before_it_is_trusted_and_only_as_it_was_saved(tmp_path, harbour_data):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "exploded"), "w"))

    ks.fit(bayes(), ks.open(harbour_data)).save(tmp_path / "model")
    (tmp_path / "model" / "estimator.pickle").write_bytes(pickle.dumps(Bomb()))
    for trust in (False, True):
        with pytest.raises(ks.KazstanceError, match=r"pass --trust|its SHA-256 begins with"):
            ks.load_model(tmp_path / "model", trust=trust)
    header = json.loads((tmp_path / "model" / "model.json").read_text())
    header["kind"] = "linear"
    (tmp_path / "model" / "model.json").write_text(json.dumps(header))
    with pytest.raises(ks.KazstanceError, match="expected a system of this version"):
        ks.load_model(tmp_path / "model")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("path", ["mine:first_letter", "mine:chances", "mine:model"])
def test_a_system_by_import_path(path, module, tmp_path, harbour_data):
    ds = ks.open(harbour_data)
    test = ds.stances.to_arrow("test")
    model = ks.fit(path, ds)
    model.save(tmp_path / "model")
    with pytest.raises(ks.KazstanceError, match="pass --trust"):
        ks.load_model(tmp_path / "model")
    assert ks.load_model(tmp_path / "model", trust=True).predict(test).equals(model.predict(test))


def test_a_function_without_a_name_is_used_but_not_saved(tmp_path, harbour_data):
    ds = ks.open(harbour_data)
    model = ks.fit(lambda train, test: ["favor"] * len(test), ds)
    assert set(model.predict(ds.stances.to_arrow("test"))["label"].to_pylist()) == {"favor"}
    with pytest.raises(ks.KazstanceError, match="cannot be imported by name"):
        model.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("damage", range(6))
def test_a_damaged_model_is_refused_in_one_line(damage, tmp_path, harbour_data):
    folder = ks.fit("TF-IDF LR", ks.open(harbour_data)).save(tmp_path / "model")
    header = json.loads((folder / "model.json").read_text())
    if damage == 0:
        (folder / "weights.parquet").write_bytes(b"PAR1")
    elif damage == 1:
        (folder / "weights.parquet").unlink()
    elif damage == 2:
        header["files"] = {"../../outside": "0" * 64}
    elif damage == 3:
        header["system"] = "no such system"
    elif damage == 4:
        header["kazstance_model"] = 2
    else:
        header["more"] = 1
    if damage > 1:
        (folder / "model.json").write_text(json.dumps(header))
    with pytest.raises(ks.KazstanceError) as error:
        ks.load_model(folder)
    assert "\n" not in str(error.value)
    assert "expected" in str(error.value)


def test_weights_that_do_not_fit_are_refused(tmp_path, harbour_data):
    """Also with digests that match: somebody else may have written all of it."""
    import hashlib

    folder = ks.fit("TF-IDF LR", ks.open(harbour_data)).save(tmp_path / "model")
    whole = pq.read_table(folder / "weights.parquet")
    header = json.loads((folder / "model.json").read_text())
    twice = whole.set_column(1, "term", pa.array(["same"] * len(whole)))
    other = whole.set_column(0, "part", pa.array([9] * len(whole)))
    for broken in (
        whole.drop(["weight_0"]),
        other,
        whole.take(list(range(len(whole)))[::-1]),
        twice,
        whole.drop(["idf"]),
    ):
        pq.write_table(broken, folder / "weights.parquet")
        header["files"]["weights.parquet"] = hashlib.sha256((folder / "weights.parquet").read_bytes()).hexdigest()
        (folder / "model.json").write_text(json.dumps(header))
        with pytest.raises(ks.KazstanceError, match="expected a model as it was saved"):
            ks.load_model(folder)


def test_a_folder_of_something_else_is_not_overwritten(tmp_path, harbour_data):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("mine")
    model = ks.fit("majority", ks.open(harbour_data))
    with pytest.raises(ks.KazstanceError, match=r"contains 'thesis\.txt' but no model\.json"):
        model.save(tmp_path / "notes")
    model.save(tmp_path / "model")
    (tmp_path / "model" / "notes.txt").write_text("mine")
    ks.fit("source only", ks.open(harbour_data)).save(tmp_path / "model")
    assert ks.load_model(tmp_path / "model").system == "source only"
    assert (tmp_path / "model" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"text": [None, "b"]}, "text: row 1: nothing, expected something"),
        ({"target": ["t", " "]}, "target: row 2: nothing"),
        ({"id": [None, "y"]}, "id: row 1: nothing"),
        ({"text": [[1], [2]]}, "text: a column of type list"),
    ],
)
def test_rows_without_what_a_model_reads_are_refused(change, expected):
    model = ks.fit("majority", [{"text": "x", "target": "t", "label": "favor"}] * 4)
    rows = {"id": ["x", "y"], "text": ["a", "b"], "target": ["t", "t"], **change}
    with pytest.raises(ks.KazstanceError, match=expected.replace("(", r"\(")):
        model.predict(pa.table(rows))


def test_columns_that_are_not_there():
    model = ks.fit("majority", [{"text": "x", "target": "t", "label": "favor"}] * 4)
    with pytest.raises(ks.KazstanceError, match="pass the columns that identify a row: --id"):
        model.predict(pa.table({"text": ["a"], "target": ["t"]}))
    with pytest.raises(ks.UnknownNameError, match="'issue' is not a column of the rows"):
        model.predict(pa.table({"id": ["a"], "text": ["a"], "target": ["t"]}), target="issue")
    by_source = ks.fit("source only", [{"text": "x", "target": "t", "label": "favor", "who": "w"}] * 4, source="who")
    with pytest.raises(ks.KazstanceError, match="source only looks at the source; pass its column"):
        by_source.predict(pa.table({"id": ["a"], "text": ["a"], "target": ["t"]}))


def test_a_target_is_known_by_its_name_too(harbour_data):
    """Rows of others have no ids of targets; the rule that learned a target by id finds it by name."""
    ds = ks.open(harbour_data)
    model = ks.fit("majority per target", ds)
    rows = ds.stances.to_arrow("test")
    plain = pa.table({"id": rows["sentence_id"], "text": rows["text"], "target": rows["target"]})
    assert model.predict(plain)["label"].equals(model.predict(rows)["label"])


@pytest.mark.full
def test_the_command_saves_what_python_saves(tmp_path, harbour_data):
    done = run("fit", "--data", harbour_data, "--json", system="TF-IDF LR", out=tmp_path / "model")
    assert done.code == 0, done.err
    expected = ks.fit("TF-IDF LR", ks.open(harbour_data))
    assert json.loads(done.out)["digest"] == expected.digest == ks.load_model(tmp_path / "model").digest
    shutil.copytree(tmp_path / "model", tmp_path / "copy")
    assert ks.load_model(tmp_path / "copy").digest == expected.digest
    assert run("fit", "--task", "compare", system="majority", out=tmp_path / "x").code == 2
    assert (
        run("fit", "--task", "stance", "--train", tmp_path / "x.csv", system="majority", out=tmp_path / "x").code == 2
    )
    assert not (tmp_path / "x").exists()
