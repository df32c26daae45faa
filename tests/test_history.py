"""Why a label is what it is."""

import json

import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.cli import app
from kazstance.dataset import DatasetFolder
from kazstance.dataset.history import history
from kazstance.errors import UnknownNameError
from kazstance.schema.labels import Label


def test_the_history_of_an_adjudicated_label(harbour_data):
    found = history(DatasetFolder(harbour_data), "dockers/5/2", "strike")
    assert [(row.annotator_id, row.label) for row in found.judgements] == [("a", Label.neutral), ("b", Label.favor)]
    assert (found.cell.label, found.cell.rule) == (Label.favor, "3")
    assert found.checks == ()


def test_why_prints_judgements_evidence_adjudication_and_rule(harbour_data):
    result = CliRunner().invoke(app, ["why", "dockers/5/2", "strike", "--data", str(harbour_data)])
    assert result.stdout == (
        "dockers/5/2  strike: favor (adjudicated)\n"
        "The pilots have joined it.\n"
        "a: neutral (sure)\n"
        "    The pilots ⟦have joined it⟧.\n"
        "b: favor (implicit, sure)\n"
        "    The pilots ⟦have joined it⟧.\n"
        "adjudicated, rule 3: told as a success of the strike\n"
    )


def test_why_of_the_shipped_data_shows_the_check_apart():
    result = CliRunner().invoke(app, ["why", "pr_collective/5/5", "russian_state", "--json"])
    found = json.loads(result.stdout)
    earlier = ["a1", "check", "r1", "r2", "r3"]
    assert [row["annotator_id"] for row in found["judgements"]] == ["f1", *earlier]
    plain = CliRunner().invoke(app, ["why", "pr_collective/5/5", "russian_state"]).stdout
    assert "russian_state: none (model, single judgement)" in plain
    assert [line.split(",")[0] for line in plain.splitlines() if ", round 1: " in line] == [
        f"earlier {n}" for n in earlier
    ]
    assert "note: " in plain


def test_why_names_the_adjudicator_and_who_was_overruled():
    (row,) = [row for row in kazstance.load("grid") if row.basis == "adjudication"][:1]
    plain = CliRunner().invoke(app, ["why", row.sentence_id, row.target_id]).stdout
    assert f"{row.target_id}: {row.label_name} (adjudicated)\n" in plain
    assert f"\nadjudicated by a2, rule {row.rule}: " in plain
    assert "adjudicator a2, round 2: " in plain


@pytest.mark.parametrize(
    ("sentence", "target", "message"),
    [
        ("dockers/9/9", "toll", "'dockers/9/9' is not an annotated sentence; did you mean dockers/9/1?"),
        ("dockers/2/1", "toll", "'dockers/2/1' is not an annotated sentence; did you mean dockers/"),
        ("dockers/1/1", "tax", "'tax' is not a target; choose from toll, strike, line_pays"),
    ],
)
def test_wrong_names_list_the_right_ones(sentence, target, message, harbour_data):
    with pytest.raises(UnknownNameError) as caught:
        history(DatasetFolder(harbour_data), sentence, target)
    assert message in str(caught.value)
