"""Judgements in one table: in each form they give what readings by annotator give, and every fault has its place."""

import json
import re
import warnings
from pathlib import Path

import pytest

from kazstance.corpus.build import build, make
from kazstance.corpus.judgement_table import as_readings
from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.errors import CorpusWarning, InputError
from kazstance.schema.digest import text_hash
from tests.conftest import quiet
from tests.corpora import Made, put, take_readings
from tests.test_documents_table import FORMS

TARGETS = [{"id": "toll", "name": "the toll"}, {"id": "quay", "name": "the quay"}]
TEXTS = {"guild": "The toll is fair. It pays.\nThank you.", "press": "Nobody likes the toll.\nThank you."}
ROW = {
    "sentence_id": "guild/1/1",
    "target_id": "toll",
    "annotator_id": "ada",
    "label": "favor",
    "text": "The toll is fair.",
}


def corpus(folder: Path, rows, form="jsonl", who=("ada", "ben"), declared="") -> Path:
    made = Made(TEXTS, {name: {} for name in who}, TARGETS).write(folder)
    for name in who:
        (made / f"annotations/{name}.jsonl").unlink()
    file = made / "annotations/annotators.toml"
    file.write_text(file.read_text() + declared)
    rows_of_others = [ROW | {"annotator_id": name} for name in who if all(r.get("annotator_id") != name for r in rows)]
    return put(made, [*rows, *rows_of_others], form, "annotations/judgements")


def judged(folder: Path) -> tuple[list, list]:
    """The rows of judgements and of the grid that a build gives."""
    rows = make(folder, quiet).rows
    grid = [row for table in rows["grid"].values() for row in table.to_pylist()]
    return rows["judgements"]["all"].to_pylist(), grid


def problems(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        build(folder, folder.parent, quiet)
    return list(map(str, caught.value.problems))


@pytest.mark.parametrize("form", FORMS)
def test_a_table_gives_the_dataset_that_readings_give(harbour, harbour_data, tmp_path, form):
    put(harbour, take_readings(harbour), form, "annotations/judgements")
    (tmp_path / "out").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        manifest = build(harbour, tmp_path / "out", quiet)
    shipped = json.loads((harbour_data / "manifest.json").read_text())
    assert manifest.digest == shipped["digest"]
    assert f"annotations/judgements.{form}" in manifest.inputs


@pytest.mark.parametrize("form", FORMS)
def test_a_pair_is_covered_if_and_only_if_it_has_a_row(tmp_path, form):
    rows = [ROW, ROW | {"target_id": "quay", "label": "none"}, ROW | {"sentence_id": "guild/1/2", "text": "It pays."}]
    _, grid = judged(corpus(tmp_path, rows, form, who=("ada",)))
    assert {(row["sentence_id"], row["target_id"]): row["label_name"] for row in grid} == {
        ("guild/1/1", "toll"): "favor",
        ("guild/1/1", "quay"): "none",
        ("guild/1/2", "toll"): "favor",
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"sentence_id": "guild/1/2"}, "guild/1/2"),
        ({"document_id": "guild", "start": 18}, "guild/1/2"),
        ({"text": "It pays."}, "guild/1/2"),
        ({"text": " It pays.\n"}, "guild/1/2"),
        ({"document_id": "press", "text": "Thank you."}, "press/2/1"),
    ],
)
def test_a_sentence_may_be_named_by_id_place_or_text(tmp_path, form, named, expected):
    row = {"target_id": "toll", "annotator_id": "ada", "label": "against"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        judgements, _ = judged(corpus(tmp_path, [row | named], form, who=("ada",)))
    assert [(row["sentence_id"], row["label_name"]) for row in judgements] == [(expected, "against")]


WRONG = {
    "an unknown sentence": ({"sentence_id": "guild/9/9"}, "sentence_id: 'guild/9/9', expected an annotated sentence"),
    "another text": ({"text": "The toll is dear."}, "text: 'The toll is dear.', but guild/1/1 is now 'The toll is fair.'"),
    "another hash": ({"text": None, "text_hash": "0" * 12}, "text_hash: 000000000000, but the sentence is now"),
    "no such text": ({"sentence_id": None, "text": "Hello."}, "text: 'Hello.' is not the text of an annotated sentence"),
    "a text that occurs twice": (
        {"sentence_id": None, "text": "Thank you."},
        "text: 'Thank you.' is the text of 2 sentences, as guild/2/1, press/2/1; name one by sentence_id",
    ),
    "no such place": (
        {"sentence_id": None, "document_id": "guild", "start": 3},
        "start: no annotated sentence of guild begins at 3",
    ),
}  # fmt: skip
BADLY_FORMED = {
    "an unknown target": ({"target_id": "tol"}, "target_id: 'tol' is not declared; .* did you mean toll"),
    "no sentence": ({"sentence_id": None, "text": None}, "no sentence, expected sentence_id, or document_id and start"),
    "an unknown annotator": ({"annotator_id": "adda"}, "annotator_id: 'adda' is not declared; .* did you mean ada"),
    "an unknown label": ({"label": "pro"}, "label: 'pro', expected against, neutral, favor, none; "),
    "a round below 1": ({"round": 0}, "round: 0, "),
    "an impossible probability": ({"probability": 1.5}, "probability: 1.5, "),
    "certainty in another word": ({"certainty": "quite"}, "certainty: 'quite', "),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [*WRONG, *BADLY_FORMED])
def test_a_fault_is_named_by_file_line_and_field(tmp_path, kind, form):
    change, message = (WRONG | BADLY_FORMED)[kind]
    fresh = ROW | {"sentence_id": "guild/1/2", "text": "It pays."}
    rows = [fresh, {name: value for name, value in (ROW | change).items() if value is not None}]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        (found,) = problems(corpus(tmp_path / "corpus", rows, form, who=("ada",)))
    line = {"csv": 3, "jsonl": 2, "parquet": 2}[form]
    assert re.match(rf"annotations/judgements\.{form}:{line}: {message}", found), found


@pytest.mark.parametrize("form", FORMS)
def test_an_unknown_column_is_named_once(tmp_path, form):
    found = problems(corpus(tmp_path / "corpus", [ROW, ROW | {"labl": "x"}], form, who=("ada",)))
    came = {"jsonl": "2: labl: 'x', unknown field"}.get(form, "1: 'labl' is not a column of this table")
    assert len(found) == 1
    assert found[0].startswith(f"annotations/judgements.{form}:{came}; choose from ")
    assert "did you mean label?" in found[0]


@pytest.mark.parametrize("form", FORMS)
def test_a_pair_is_judged_once_for_each_round_and_holder(tmp_path, form):
    rows = [ROW, ROW | {"round": 2}, ROW | {"holder": "the mayor"}, ROW | {"holder": "the mayor", "round": 2}]
    found = read(corpus(tmp_path, rows, form, who=("ada",)))
    readings, faults = as_readings(found.judgements, segment(found)[0])
    assert faults == []
    assert [(e.value.round, e.value.covered, e.value.judgements[0].holder) for e in readings["ada"]] == [
        (1, ("toll",), None),
        (2, ("toll",), None),
        (1, (), "the mayor"),
        (2, (), "the mayor"),
    ]
    found = read(corpus(tmp_path / "again", [*rows, rows[3]], form, who=("ada",)))
    (fault,) = as_readings(found.judgements, segment(found)[0])[1]
    assert fault.message == f"ada also judges guild/1/1 on toll on line {5 if form == 'csv' else 4}, expected once"


@pytest.mark.parametrize("form", FORMS)
def test_the_latest_round_decides_and_a_holder_has_a_pair_of_its_own(tmp_path, form):
    rows = [ROW, ROW | {"round": 2, "label": "against"}, ROW | {"holder": "the mayor", "label": "neutral"}]
    judgements, grid = judged(corpus(tmp_path, rows, form, who=("ada",)))
    assert sorted((row["round"], row["holder"] or "", row["label_name"]) for row in judgements) == [
        (1, "", "favor"),
        (1, "the mayor", "neutral"),
        (2, "", "against"),
    ]
    assert sorted((row["holder"] or "", row["label_name"]) for row in grid) == [
        ("", "against"),
        ("the mayor", "neutral"),
    ]


@pytest.mark.parametrize("form", FORMS)
def test_labels_of_another_scheme_are_mapped_as_in_readings(tmp_path, form):
    declared = '[labels]\n-2 = "against"\n2 = "favor"\n'
    rows = [ROW | {"label": -2 if form != "csv" else "-2"}, ROW | {"label": 2, "target_id": "quay"}]
    found = read(corpus(tmp_path, rows, form, who=("ada",), declared=declared)).judgements
    assert [(entry.value.label, entry.value.original) for entry in found] == [("against", "-2"), ("favor", "2")]


@pytest.mark.parametrize("form", FORMS)
def test_all_fields_of_a_judgement_are_kept(tmp_path, form):
    said = {"explicitness": "explicit", "certainty": "unsure", "note": "a note, \"quoted\"", "probability": 0.25, "original": "pro!",
            "evidence": [{"start": 12, "text": "fair"}]}  # fmt: skip
    ((row,), _) = judged(corpus(tmp_path, [ROW | said], form, who=("ada",)))
    assert {name: row[name] for name in said} == said | {"evidence": [{"start": 12, "end": 16}]}


def test_judgements_without_hash_or_text_are_accepted_with_a_warning(tmp_path):
    row = {name: value for name, value in ROW.items() if name != "text"}
    with pytest.warns(CorpusWarning, match="2 of 3 judgements have neither text_hash nor text"):
        read(corpus(tmp_path, [row, row | {"target_id": "quay"}, ROW | {"sentence_id": "guild/1/2"}], who=("ada",)))


def test_certainty_of_none_is_not_kept_and_that_is_said(tmp_path):
    with pytest.warns(CorpusWarning, match="the certainty of 1 judgements with the label none is not kept"):
        ((row,), _) = judged(corpus(tmp_path, [ROW | {"label": "none", "certainty": "sure"}], who=("ada",)))
    assert (row["label_name"], row["certainty"]) == ("none", None)


def test_an_annotator_judges_in_the_table_and_in_a_file_but_nothing_twice(tmp_path):
    folder = corpus(tmp_path / "corpus", [ROW | {"annotator_id": "ben"}], who=("ben",))
    row = {"sentence_id": "guild/1/2", "text_hash": text_hash("It pays."), "covered": ["toll"], "judgements": []}
    (folder / "annotations/ben.jsonl").write_text(json.dumps(row) + "\n")
    assert {(row["sentence_id"], row["annotator_id"]) for row in judged(folder)[0]} == {
        ("guild/1/1", "ben"),
        ("guild/1/2", "ben"),
    }
    again = row | {"sentence_id": "guild/1/1", "text_hash": text_hash("The toll is fair.")}
    (folder / "annotations/ben.jsonl").write_text(json.dumps(again) + "\n")
    assert len(problems(folder)) == 1


def test_an_annotator_of_an_earlier_corpus_may_be_called_judgements(tmp_path):
    folder = Made(TEXTS, {"judgements": {"guild/1/1": {"toll": "favor"}}}, TARGETS).write(tmp_path)
    found = read(folder)
    assert found.judgements == []
    assert len(found.readings["judgements"]) == 1


def test_a_reading_must_cover_something_or_name_a_holder(tmp_path):
    folder = Made(TEXTS, {"ada": {"guild/1/1": {"toll": "favor"}}}, TARGETS).write(tmp_path / "corpus")
    line = json.loads((folder / "annotations/ada.jsonl").read_text()) | {"covered": []}
    (folder / "annotations/ada.jsonl").write_text(json.dumps(line) + "\n")
    assert problems(folder)[0].startswith("annotations/ada.jsonl:1: covered is empty, expected at least one target")
    line["judgements"][0]["holder"] = "the mayor"
    (folder / "annotations/ada.jsonl").write_text(json.dumps(line) + "\n")
    assert read(folder).readings["ada"][0].value.covered == ()
