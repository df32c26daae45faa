"""The report: stability if all annotators are one model, agreement if people judge; nothing filtered."""

import json
import math
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import beta
from sklearn.metrics import cohen_kappa_score

import kazstance
from kazstance.comparison.agreement import agreement
from kazstance.corpus.build import build
from kazstance.dataset import DatasetFolder
from kazstance.schema.labels import Label
from kazstance.stats.agreement import addressed_pairs, draw_counts, kappa_interval
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


@pytest.mark.full
def test_the_shipped_report_is_computed_from_the_judgements():
    """Two pairs of readers by a plain count, compared with the report; and the check with the final labels."""
    found = agreement(DatasetFolder(), n=20)
    assert found.name == "stability"
    rows = kazstance.load("judgements")
    by = {
        who: {(r.sentence_id, r.target_id): r.label for r in rows if r.annotator_id == who}
        for who in ("f1", "f2", "f3", "check2")
    }
    both = [key for key in by["f2"] if by["f1"][key] != Label.none != by["f2"][key]]
    assert lines(found, "stance")["f1 and f2"].n == len(both)
    all_three = [key for key in by["f2"] if Label.none not in (by["f1"][key], by["f2"][key], by["f3"][key])]
    assert lines(found, "stance")["all"].n == len(all_three)
    final = {(r.sentence_id, r.target_id): r.label for r in kazstance.load("grid")}
    same = sum(by["check2"][key] == final[key] for key in by["check2"]) / len(by["check2"])
    figure = lines(found, "final labels and check")["check2"]
    assert figure.n == 91 * 35
    share = [
        sum(side[key] is label for key in by["check2"]) / figure.n for label in Label for side in (final, by["check2"])
    ]
    chance = sum(a * b for a, b in zip(share[::2], share[1::2], strict=True))
    assert figure.value == pytest.approx((same - chance) / (1 - chance))


def cells(report, what, by):
    return {line.scope: line for line in report.lines if line.what.startswith(what) and line.by == by}


def labels_of(who):
    return {(r.sentence_id, r.target_id): int(r.label) for r in kazstance.load("judgements") if r.annotator_id == who}


def k_of_n(one, other, keys):
    """Pairs that at least one addressed, and how many of them have the same label, by a plain loop."""
    addressed = [key for key in keys if one[key] != Label.none or other[key] != Label.none]
    return sum(one[key] == other[key] for key in addressed), len(addressed)


def check_line(line, one, other, keys):
    """Kappa by scikit-learn, and the agreement on addressed pairs by a loop."""
    keys = list(keys)
    expected = cohen_kappa_score([one[key] for key in keys], [other[key] for key in keys])
    assert (line.figure.n, line.figure.value) == (len(keys), pytest.approx(expected))
    equal, addressed = k_of_n(one, other, keys)
    assert (line.addressed.n, line.addressed.value) == (addressed, pytest.approx(equal / addressed))
    assert line.addressed.low <= line.addressed.value <= line.addressed.high
    assert line.addressed.low < line.addressed.high


@pytest.mark.parametrize("by", ["annotators", "source", "kind", "certainty"])
@pytest.mark.full
def test_final_labels_and_a_second_reading(by):
    """By source, kind of target and certainty of the final label, kappa and agreement on addressed pairs."""
    final = {(r.sentence_id, r.target_id): int(r.label) for r in kazstance.load("grid")}
    check = labels_of("check2")
    kinds = {t.target_id: t.kind for t in kazstance.load("targets")}
    sure = {(r.sentence_id, r.target_id): f"{r.certainty} labels" for r in kazstance.load("stances")}
    group = {
        "annotators": lambda _: None,
        "source": lambda key: key[0].split("/")[0],
        "kind": lambda key: kinds[key[1]],
        "certainty": sure.get,
    }[by]
    found = cells(agreement(DatasetFolder(), n=20, by=by), "final labels and check", by)
    groups = {}
    for key in check:
        groups.setdefault(group(key), []).append(key)
    if by == "certainty":
        del groups[None]  # pairs labelled `none` have no certainty
    assert len(found) == len(groups)
    for name, keys in groups.items():
        check_line(found[f"check2, {name}" if name else "check2"], final, check, keys)


@pytest.mark.full
def test_stability_within_and_between_rounds():
    """The mean of scikit-learn's kappas of all pairs of complete annotators, by source, and k of n over all of them."""
    by = {who: labels_of(who) for who in ("r1", "r2", "r3", "f1")}
    found = agreement(DatasetFolder(), n=20, by="rounds")
    rounds = {
        "within round 1: r1, r2, r3": list(combinations(("r1", "r2", "r3"), 2)),
        "between rounds 1 and 2: r1, r2, r3 with f1": [(who, "f1") for who in ("r1", "r2", "r3")],
    }
    assert {line.what for line in found.lines} == set(rounds)
    for what, pairs in rounds.items():
        for scope, line in cells(found, what, "rounds").items():
            keys = [key for key in by["f1"] if scope in ("all", key[0].split("/")[0])]
            kappas = [cohen_kappa_score([by[a][key] for key in keys], [by[b][key] for key in keys]) for a, b in pairs]
            assert (line.figure.n, line.figure.value) == (len(keys), pytest.approx(sum(kappas) / len(kappas)))
            counts = [k_of_n(by[a], by[b], keys) for a, b in pairs]
            equal, addressed = (sum(column) for column in zip(*counts, strict=True))
            assert (line.addressed.n, line.addressed.value) == (addressed, pytest.approx(equal / addressed))


@pytest.mark.parametrize("which", ["shipped", "harbour"])
def test_beside_every_figure_over_the_grid_is_the_agreement_on_addressed_pairs(which, harbour_data):
    found = agreement(DatasetFolder(harbour_data) if which == "harbour" else DatasetFolder(), n=20)
    for line in found.lines:
        is_over_grid = line.what == "four labels" or line.measure.endswith("kappa, four labels")
        assert (line.addressed is not None) == is_over_grid, line
    three = next(line for line in found.lines if line.what == "four labels")
    rows = kazstance.load("grid", data=harbour_data) if which == "harbour" else kazstance.load("grid")
    votes = [{vote.label for vote in row.votes} for row in rows if len(row.votes) > 1]
    addressed = [labels for labels in votes if labels != {Label.none}]
    assert three.addressed.n == len(addressed)
    assert three.addressed.value == pytest.approx(sum(len(labels) == 1 for labels in addressed) / len(addressed))


def test_one_cluster_has_an_interval_all_the_same():
    """Units are resampled where there is one cluster, as for alpha."""
    one, other = [0, 0, 1, 2, 2, 3, 3, 3], [0, 1, 1, 2, 0, 3, 3, 2]
    figure = kappa_interval(one, other, ["c"] * len(one), n=200)
    assert figure.value == pytest.approx(cohen_kappa_score(one, other))
    assert figure.low < figure.value < figure.high


@pytest.mark.parametrize("equal", [True, False])
def test_a_share_of_one_or_zero_is_not_certain(equal):
    """A bootstrap of units that are all alike would have no width; the interval is that of Jeffreys' prior."""
    cells = np.zeros((5, 16))
    cells[:, 0 if equal else 1] = 1
    cells[:, 15] = 40  # both judged `none`
    found = addressed_pairs(cells.sum(axis=0), draw_counts(cells, 50), 5)
    low, high = beta(5.5, 0.5).ppf([0.025, 0.975])
    assert (found.value, found.n) == (float(equal), 5)
    assert (found.low, found.high) == pytest.approx((low, 1) if equal else (0, 1 - low))
    assert high < 1


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
