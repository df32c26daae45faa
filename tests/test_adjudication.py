"""Adjudication: what splits the annotators is shown without names, and decided with a rule and a reason."""

import json

import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.sheet_folder import export_split
from kazstance.annotate.withdrawal import withdraw
from kazstance.cli import app
from kazstance.corpus.build import build
from kazstance.errors import InputError, KazstanceError
from tests.conftest import quiet
from tests.sheets import ABOUT, corpus, files_of, judge, rows_of, write

SPLIT = {("guild/1/1", "toll"): ("favor", "against"), ("press/1/2", "quay"): ("neutral", "none")}


@pytest.fixture
def folder(tmp_path):
    """A corpus that two people have judged, who are split over two pairs."""
    made = corpus(tmp_path / "corpus")
    for place, name in enumerate(("zoe", "ada")):
        judge(made, name, tmp_path / name, ABOUT | {pair: labels[place] for pair, labels in SPLIT.items()})
    return made


def built(folder, out):
    out.mkdir()
    build(folder, out, quiet)
    return {(row.sentence_id, row.target_id): row for row in kazstance.load("grid", data=out)}


def test_the_sheet_shows_all_candidates_and_no_names(folder, tmp_path):
    (made,) = export_split(folder, tmp_path / "split")
    rows = rows_of(tmp_path / "split/sheet.csv")
    assert made.items == 2
    assert {(row["sentence_id"], row["target_id"]) for row in rows} == SPLIT.keys()
    for row in rows:
        shown = {line.partition(". ")[2] for line in row["candidates"].split("\n")}
        assert shown == set(SPLIT[row["sentence_id"], row["target_id"]])
    text = (tmp_path / "split/sheet.csv").read_text("utf-8-sig")
    assert "zoe" not in text
    assert "ada" not in text


def test_details_and_notes_are_among_the_candidates(harbour, tmp_path):
    (harbour / "annotations/adjudications.jsonl").unlink()
    export_split(harbour, tmp_path / "split")
    by_pair = {
        (row["sentence_id"], row["target_id"]): row["candidates"] for row in rows_of(tmp_path / "split/sheet.csv")
    }
    assert set(by_pair) == {("dockers/5/2", "strike"), ("merchants/6/1", "line_pays")}
    judgements = [
        json.loads(line) for name in "ab" for line in (harbour / f"annotations/{name}.jsonl").read_text().splitlines()
    ]
    for line in judgements:
        for row in line["judgements"]:
            if (shown := by_pair.get((line["sentence_id"], row["target_id"]))) is not None:
                assert row["label"] in shown
                assert all(span["text"] in shown for span in row["evidence"])


def test_decisions_come_back_without_hashes_or_offsets(folder, tmp_path):
    export_split(folder, tmp_path / "split", "eve", ["csv", "xlsx"])
    before = files_of(folder)
    rows = [
        row | {"label": "FAVOUR", "rule": "3", "reason": "it is a demand"}
        for row in rows_of(tmp_path / "split/sheet.csv")
    ]
    rows[1] |= {"label": "neutral", "evidence": "the QUAY", "certainty": "unsure"}
    filled = write(tmp_path / "filled.csv", rows)
    (done,) = import_answers(folder, filled)
    assert (done.kind, done.annotator, done.answered) == ("adjudication", "eve", 2)
    found = built(folder, tmp_path / "data")
    assert {pair: (row.label_name, row.origin, row.rule, row.reason) for pair, row in found.items() if row.rule} == {
        ("guild/1/1", "toll"): ("favor", "adjudicated", "3", "it is a demand"),
        ("press/1/2", "quay"): ("neutral", "adjudicated", "3", "it is a demand"),
    }
    stances = {(row.sentence_id, row.target_id): row for row in kazstance.load("stances", data=tmp_path / "data")}
    row = stances["press/1/2", "quay"]
    assert [row.text[span.start : span.end] for span in row.evidence] == ["The quay"]
    after = files_of(folder)
    assert {name for name in after if after[name] != before.get(name)} == {
        "annotations/adjudications.jsonl",
        "annotations/annotators.toml",  # which lists whoever decided
    }
    import_answers(folder, filled)
    assert files_of(folder) == after
    with pytest.raises(KazstanceError, match="no pair is undecided"):
        export_split(folder, tmp_path / "again")
    withdraw(folder, done.sheet)
    assert (
        files_of(folder)
        == before | {"annotations/adjudications.jsonl": before.get("annotations/adjudications.jsonl", b"")}
        or files_of(folder) == before
    )


def test_a_rule_and_a_reason_are_asked_for(folder, tmp_path):
    export_split(folder, tmp_path / "split")
    rows = rows_of(tmp_path / "split/sheet.csv")
    rows[0] |= {"label": "favor"}
    rows[1] |= {"label": "maybe", "rule": "1", "reason": "x"}
    with pytest.raises(InputError) as caught:
        import_answers(folder, write(tmp_path / "a.csv", rows))
    assert [(problem.line, problem.field) for problem in caught.value.problems] == [
        (2, "reason"),
        (2, "rule"),
        (4, "label"),
    ]
    rows[1] |= {"label": "", "rule": "", "reason": ""}
    rows[0] |= {"rule": "1", "reason": "x"}
    with pytest.raises(InputError, match=r"missing items \(1\): 2"):
        import_answers(folder, write(tmp_path / "a.csv", rows))
    (done,) = import_answers(folder, write(tmp_path / "a.csv", rows), partial=True)
    assert (done.answered, done.left) == (1, 1)


def test_empty_details_are_those_of_the_candidates_with_the_label(harbour, tmp_path):
    (harbour / "annotations/adjudications.jsonl").unlink()
    export_split(harbour, tmp_path / "split")
    rows = [row | {"label": "favor", "rule": "3", "reason": "x"} for row in rows_of(tmp_path / "split/sheet.csv")]
    import_answers(harbour, write(tmp_path / "a.csv", rows))
    found = {
        row["sentence_id"]: row
        for row in map(json.loads, (harbour / "annotations/adjudications.jsonl").read_text().splitlines())
    }
    candidates = []
    for name in "ab":
        for line in map(json.loads, (harbour / f"annotations/{name}.jsonl").read_text().splitlines()):
            candidates += [
                row
                for row in line["judgements"]
                if line["sentence_id"] == "dockers/5/2" and row["target_id"] == "strike" and row["label"] == "favor"
            ]
    assert {span["text"] for span in found["dockers/5/2"]["evidence"]} <= {
        span["text"] for row in candidates for span in row["evidence"]
    }
    assert found["dockers/5/2"]["explicitness"] in {row["explicitness"] for row in candidates} | {None}


def test_one_at_a_time_in_the_terminal(folder, tmp_path):
    """A wrong label is asked again; what was decided before somebody stops is kept."""
    typed = "perhaps\nfavor\n3\nit is a demand\nq\n"
    done = CliRunner().invoke(app, ["annotate", "adjudicate", str(folder)], input=typed)
    assert done.exit_code == 0, done.output
    assert "1 of 2: guild/1/1" in done.stdout
    assert "decided 1 pair" in done.stdout
    assert "zoe" not in done.output
    found = built(folder, tmp_path / "data")
    assert (found["guild/1/1", "toll"].label_name, found["press/1/2", "quay"].label_name) == ("favor", None)
    done = CliRunner().invoke(app, ["annotate", "adjudicate", str(folder)], input="none\n1\nnothing is said of it\n")
    assert done.exit_code == 0, done.output
    assert built(folder, tmp_path / "data2")["press/1/2", "quay"].label_name == "none"
    for sheet in {
        json.loads(line)["sheet"] for line in (folder / "annotations/adjudications.jsonl").read_text().splitlines()
    }:
        withdraw(folder, sheet)
    assert not (folder / "annotations/adjudications.jsonl").exists()
