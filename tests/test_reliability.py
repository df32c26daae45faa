"""The report: stability if all annotators are one model, agreement if people judge; nothing filtered."""

import json
import math

import pytest

from kazstance.comparison.agreement import agreement
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.schema.labels import Label
from tests.conftest import quiet


def lines(report, what):
    return {line.scope: line.figure for line in report.lines if line.what == what and line.measure != "alpha, ordinal"}


def test_runs_of_one_model_are_stability(harbour_data):
    found = agreement(DatasetFolder(harbour_data), n=50)
    assert found.name == "stability"
    four = lines(found, "four labels")
    assert four["all"].n == 69
    assert four.keys() == {"all", "dockers", "merchants", "gazette", "toll", "strike", "line_pays"}
    assert lines(found, "relevance")["strike"].value == 1
    assert lines(found, "stance")["strike"].n == 7
    assert lines(found, "evidence")["pairs of equal labels"].value == 1


def test_the_shipped_report_is_computed_from_the_judgements():
    """Two pairs of readers by a plain count, compared with the report; and the check with the final labels."""
    import kazstance

    found = agreement(DatasetFolder(), n=20)
    assert found.name == "stability"
    rows = kazstance.load("judgements")
    by = {
        who: {(r.sentence_id, r.target_id): r.label for r in rows if r.annotator_id == who}
        for who in ("r1", "r2", "r3", "check")
    }
    both = [key for key in by["r1"] if by["r1"][key] != Label.none != by["r2"][key]]
    assert lines(found, "stance")["r1 and r2"].n == len(both)
    all_three = [key for key in by["r1"] if Label.none not in (by["r1"][key], by["r2"][key], by["r3"][key])]
    assert lines(found, "stance")["all"].n == len(all_three)
    final = {(r.sentence_id, r.target_id): r.label for r in kazstance.load("grid")}
    same = sum(by["check"][key] == final[key] for key in by["check"]) / len(by["check"])
    figure = lines(found, "final labels and check")["check"]
    assert figure.n == 73 * 35
    share = [
        sum(side[key] is label for key in by["check"]) / figure.n for label in Label for side in (final, by["check"])
    ]
    chance = sum(a * b for a, b in zip(share[::2], share[1::2], strict=True))
    assert figure.value == pytest.approx((same - chance) / (1 - chance))


def test_doubts_name_rules_with_counts(harbour_data):
    found = {doubt.rule: doubt for doubt in agreement(DatasetFolder(harbour_data), n=5).doubts}
    assert {rule: doubt.adjudicated for rule, doubt in found.items()} == {"3": 1, "8": 1}


def test_people_make_it_agreement_and_are_compared_with_the_model(harbour, tmp_path):
    """Two people, one of whom judged a sample: kappa with n and interval appears automatically after the build."""
    annotators = harbour / "annotations/annotators.toml"
    annotators.write_text(
        annotators.read_text()
        + '\n[[annotator]]\nid = "p"\norigin = "human"\n\n[[annotator]]\nid = "q"\norigin = "human"\n'
    )
    rows = [json.loads(line) for line in (harbour / "annotations/a.jsonl").read_text().splitlines()]
    (harbour / "annotations/p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    half = [row | {"probability": 0.5} for row in rows[::2]]
    (harbour / "annotations/q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in half))
    (tmp_path / "out").mkdir()
    build(harbour, tmp_path / "out", quiet)
    found = agreement(DatasetFolder(tmp_path / "out"), n=50)
    assert found.name == "agreement"
    assert lines(found, "people").keys() == {"p and q"}
    assert lines(found, "people")["p and q"].value == 1
    with_model = lines(found, "people and model")
    assert with_model.keys() == {"p and a", "p and b", "q and a", "q and b"}
    assert with_model["p and b"].n == 69
    assert with_model["q and a"].n == 36
    assert 0 < with_model["p and b"].value < 1
    assert not math.isnan(with_model["p and b"].low)
