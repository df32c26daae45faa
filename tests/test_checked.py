"""Figures by a model, corrected by people: what they are, what is refused, and how they are shown."""

import csv
import json
import math
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

import kazstance as ks
from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.plan import Design, Request
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.cli import app
from kazstance.corpus.build import build
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.publish.card import plain_card
from tests.checked import MODEL, SOURCES, TARGETS, judge, write_corpus
from tests.conftest import quiet
from tests.sheets import fill, rows_of, write

SIDE = {"against": -1, "favor": 1}


def made(place, n, *people, **settings):
    """A dataset of which people judged a sample, and the truth."""
    place.mkdir(exist_ok=True)
    truth = write_corpus(place / "corpus", **settings)
    judge(place / "corpus", place / "sheets", truth, n, *people)
    (place / "data").mkdir()
    build(place / "corpus", place / "data", quiet)
    return ks.open(place / "data"), truth


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    return made(tmp_path_factory.mktemp("checked"), 210, "ada", "ben", failed=0.03)


def truth_of(truth, source, targets):
    labels = [label for (sentence, target), label in truth.items() if sentence.startswith(source) and target in targets]
    sides = [SIDE[label] for label in labels if label in SIDE]
    return {"net": np.mean(sides), "salience": sum(label is not None for label in labels) / len(labels)}


def test_silver_is_wrong_and_corrected_is_nearer_the_truth(checked):
    ds, truth = checked
    found = ds.corrected()
    everything = [row["id"] for row in TARGETS]
    rows = {(row.source, row.measure): row for row in found.figures if row.scope == "all targets"}
    assert set(rows) == {(source, measure) for source in SOURCES for measure in ("net", "salience")}
    for (source, measure), row in rows.items():
        right = truth_of(truth, source, everything)[measure]
        assert row.corrected.low <= right <= row.corrected.high
        assert row.pairs == 180
    north = rows["north", "net"]
    right = truth_of(truth, "north", everything)["net"]
    assert north.silver - right > 0.15
    assert abs(north.corrected.value - right) < north.silver - right


def test_it_is_the_formula_on_the_rows(checked):
    """Egami et al. (2023): silver in all, and the error over the probability where people judged."""
    ds, truth = checked
    judgements = ds.judgements.to_arrow().to_pylist()
    silver = {(r["sentence_id"], r["target_id"]): r["label"] for r in judgements if r["annotator_id"] == MODEL}
    people = {(r["sentence_id"], r["target_id"]): r["label"] for r in judgements if r["annotator_id"] != MODEL}
    stratum = {pair: (pair[0].split("/")[0], silver.get(pair)) for pair in truth}
    size, drawn = Counter(stratum.values()), Counter(stratum[pair] for pair in people)
    for row in ds.corrected().figures:
        if row.scope == "target":
            totals = []
            for value in (
                (SIDE, dict.fromkeys(SIDE, 1))
                if row.measure == "net"
                else (dict.fromkeys(("favor", "neutral", "against"), 1), None)
            ):

                def of(label, value=value):
                    return 1 if value is None else value.get(label, 0)

                pairs = [pair for pair in truth if pair[0].startswith(row.source) and pair[1] == row.target]
                error = [
                    (of(people[p]) - of(silver.get(p))) * size[stratum[p]] / drawn[stratum[p]]
                    for p in pairs
                    if p in people
                ]
                totals.append(sum(of(silver.get(pair)) for pair in pairs) + sum(error))
            if row.corrected.is_defined:
                low, high = (-1, 1) if row.measure == "net" else (0, 1)
                assert row.corrected.value == pytest.approx(min(max(totals[0] / totals[1], low), high), abs=1e-6)


def test_over_whole_sources_gold_and_corrected_are_the_same(checked):
    """The strata are sources by label, so the totals of the model are known to the weights already."""
    for row in checked[0].corrected().figures:
        if row.scope == "all targets":
            assert row.gold.value == pytest.approx(row.corrected.value, abs=1e-6)


@pytest.mark.full
def test_where_everything_is_judged_gold_is_the_result(tmp_path):
    ds, truth = made(tmp_path, 10_000, "ada", paragraphs=4)
    for row in ds.corrected().figures:
        if row.scope == "all targets":
            right = truth_of(truth, row.source, [t["id"] for t in TARGETS])[row.measure]
            assert row.corrected.value == pytest.approx(right, abs=1e-6)
            assert row.corrected.low == row.corrected.high == row.corrected.value


@pytest.mark.full
def test_a_perfect_model_is_left_as_it_is(tmp_path):
    place = tmp_path / "corpus"
    truth = write_corpus(place, paragraphs=8, right=1.0)
    labels = {}
    lines = (place / f"annotations/{MODEL}.jsonl").read_text().splitlines()
    for line in map(json.loads, lines):
        labels |= {(line["sentence_id"], t): None for t in line["covered"]}
        labels |= {(line["sentence_id"], j["target_id"]): j["label"] for j in line["judgements"]}
    assert set(labels) == set(truth)
    judge(place, tmp_path / "sheets", labels, 120, "ada")
    (tmp_path / "data").mkdir()
    build(place, tmp_path / "data", quiet)
    for row in ks.open(tmp_path / "data").corrected().figures:
        if row.corrected.is_defined:
            assert row.corrected.value == pytest.approx(row.silver, abs=1e-6)
            assert row.corrected.low < row.corrected.high or row.corrected.value in (0, 1, -1)


def test_refusals_say_why_and_how_many_more(checked):
    ds, _ = checked
    refused = [row for row in ds.corrected().figures if not row.corrected.is_defined]
    assert refused
    for row in refused:
        assert row.corrected.reason
        assert row.further is None or 0 < row.further < row.pairs * len(TARGETS)
    assert any(row.further for row in refused)
    given = [row for row in ds.corrected().figures if row.corrected.is_defined]
    for row in given:
        width = row.corrected.high - row.corrected.low
        assert width <= (1 if row.measure == "net" else 0.5)
        assert row.judged >= 5
        assert row.further is None
        assert (row.warning is None) == (row.judged >= 20)


def test_what_intervals_rest_on_can_be_chosen(checked):
    """Estimates stay; refusals, differences and the variance follow the choice."""
    ds, _ = checked
    half, larger = ds.corrected(), ds.corrected(smoothing="larger")
    assert (half.as_row()["smoothing"], larger.as_row()["smoothing"]) == ("half", "larger")
    assert [row.silver for row in half.figures] == [row.silver for row in larger.figures]
    both = [
        pair for pair in zip(half.figures, larger.figures, strict=True) if all(r.corrected.is_defined for r in pair)
    ]
    assert all(one.corrected.value == other.corrected.value for one, other in both)
    assert any(one.corrected.low != other.corrected.low for one, other in both)
    assert all(half.variance(source, "net") != larger.variance(source, "net") for source in SOURCES)
    with pytest.raises(UnknownNameError, match="'wider' is not a smoothing"):
        ds.corrected(smoothing="wider")


def test_differences_add_their_variances_and_are_refused_with_their_parts(checked):
    ds, _ = checked
    found = ds.corrected()
    figures = {(row.source, row.target, row.measure): row for row in found.figures}
    assert {row.scope for row in found.differences} == {"all targets", "group"}
    for row in found.differences:
        one, other = (figures[name, row.target, row.measure] for name in (row.first, row.second))
        assert row.silver == pytest.approx(one.silver - other.silver, abs=2e-6)
        if not (one.corrected.is_defined and other.corrected.is_defined):
            assert "not given" in row.corrected.reason
        else:
            assert row.corrected.value == pytest.approx(one.corrected.value - other.corrected.value, abs=2e-6)
            wide = row.corrected.high - row.corrected.low
            assert wide < sum(part.corrected.high - part.corrected.low for part in (one, other))


def test_groups_of_targets_have_figures_of_their_own(checked):
    names = {row.target for row in checked[0].corrected().figures if row.scope == "group"}
    assert names == {"money", "work"}


def test_by_document_and_by_attribute_and_in_another_voice(checked):
    ds, _ = checked
    by_source, by_document = ds.corrected(), ds.corrected(by="document")
    assert [row.corrected for row in by_source.figures] == [row.corrected for row in by_document.figures]
    one = ds.corrected(by="language")
    (row,) = [row for row in one.figures if row.scope == "all targets" and row.measure == "salience"]
    assert (row.source, row.pairs) == ("en", 540)
    mean = np.mean(
        [r.corrected.value for r in by_source.figures if r.scope == "all targets" and r.measure == "salience"]
    )
    assert row.corrected.value == pytest.approx(mean, abs=1e-6)
    assert [r.silver for r in ds.corrected(voice="all").figures] == [r.silver for r in by_source.figures]


def test_what_it_cannot_do_is_said(checked, harbour_data, tmp_path):
    ds, _ = checked
    with pytest.raises(KazstanceError, match="people have judged no sample of a model's labels"):
        ks.open(harbour_data).corrected()
    with pytest.raises(KazstanceError, match="by holder there are no corrected figures"):
        ds.corrected(by="holder")
    with pytest.raises(UnknownNameError, match="'claude'"):
        ds.corrected(model="claude")
    with pytest.raises(UnknownNameError, match="'mine'"):
        ds.corrected(voice="mine")


@pytest.mark.full
def test_labels_that_have_changed_since_are_refused(tmp_path):
    place = tmp_path / "corpus"
    truth = write_corpus(place, paragraphs=4)
    judge(place, tmp_path / "sheets", truth, 60, "ada")
    file = place / f"annotations/{MODEL}.jsonl"
    text = file.read_text()
    file.write_text(text.replace('"favor"', '"against"', 1))
    (tmp_path / "changed").mkdir()
    build(place, tmp_path / "changed", quiet)
    with pytest.raises(KazstanceError, match="the texts or the labels of gpt have changed since the sample was drawn"):
        ks.open(tmp_path / "changed").corrected()
    file.write_text(text)
    (place / "CODEBOOK.md").write_text("# Another codebook\n")
    (tmp_path / "other").mkdir()
    build(place, tmp_path / "other", quiet)
    with pytest.raises(KazstanceError, match="what people judged is development, not gold"):
        ks.open(tmp_path / "other").corrected()


@pytest.mark.full
def test_half_a_sheet_is_no_random_sample(tmp_path):
    """Sheets are in the order of the texts; ben's sheet, of which nothing is imported, is left out as a whole."""
    place = tmp_path / "corpus"
    truth = write_corpus(place, paragraphs=4)
    asked = Request(labels_only=True, design=Design(model=MODEL, judge=60, annotators=("ada", "ben")))
    export_sheets(place, ("ada", "ben"), tmp_path / "sheets", asked, formats=("csv",))
    file = tmp_path / "sheets/ada/sheet.csv"
    rows = fill(rows_of(file), {pair: label for pair, label in truth.items() if label})
    import_answers(place, write(file.with_name("half.csv"), rows[:20]), partial=True)
    (tmp_path / "half").mkdir()
    build(place, tmp_path / "half", quiet)
    with pytest.raises(KazstanceError, match=f"{len(rows) - 20} pairs on the sheets of ada are not judged yet"):
        ks.open(tmp_path / "half").corrected()
    import_answers(place, write(file.with_name("whole.csv"), rows[20:]), partial=True)
    (tmp_path / "whole").mkdir()
    build(place, tmp_path / "whole", quiet)
    assert len(ks.open(tmp_path / "whole").corrected().sample.votes) == len(rows)


def test_other_pairs_do_not_stand_for_those_that_were_drawn(tmp_path):
    place = tmp_path / "corpus"
    truth = write_corpus(place, paragraphs=2)
    (drawn,) = judge(place, tmp_path / "sheets", truth, 20, "ada").values()
    file = place / "annotations/ada.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    first = lines[0]["covered"][0]
    other = next(t["id"] for t in TARGETS if (lines[0]["sentence_id"], t["id"]) not in drawn)
    lines[0] |= {"covered": [other], "judgements": [row | {"target_id": other} for row in lines[0]["judgements"]]}
    assert first != other
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "data").mkdir()
    build(place, tmp_path / "data", quiet)
    with pytest.raises(KazstanceError, match="ada has judged other pairs in round 1 than those that were drawn"):
        ks.open(tmp_path / "data").corrected()


@pytest.mark.full
def test_people_who_differ_share_the_pair(tmp_path):
    """Of two judges of each pair, one says what is true and the other that nothing is about the target."""
    place = tmp_path / "corpus"
    truth = write_corpus(place, paragraphs=4)
    asked = Request(labels_only=True, design=Design(model=MODEL, judge=10_000, annotators=("ada", "ben"), twice=1))
    export_sheets(place, ("ada", "ben"), tmp_path / "sheets", asked, formats=("csv",))
    for name, about in (("ada", {pair: label for pair, label in truth.items() if label}), ("ben", {})):
        file = tmp_path / "sheets" / name / "sheet.csv"
        import_answers(place, write(file.with_name("filled.csv"), fill(rows_of(file), about)))
    (tmp_path / "data").mkdir()
    build(place, tmp_path / "data", quiet)
    for row in ks.open(tmp_path / "data").corrected().figures:
        if row.scope == "all targets" and row.measure == "salience":
            right = truth_of(truth, row.source, [t["id"] for t in TARGETS])["salience"]
            assert row.corrected.value == pytest.approx(right / 2, abs=1e-6)


@pytest.mark.full
def test_what_a_person_has_adjudicated_is_the_truth(tmp_path):
    """Ben finds nothing anywhere; what splits him from ada is adjudicated, and she is right."""
    place = tmp_path / "corpus"
    truth = write_corpus(place, paragraphs=3, right=1.0)
    about = {pair: label for pair, label in truth.items() if label}
    asked = Request(labels_only=True, design=Design(model=MODEL, judge=10_000, annotators=("ada", "ben"), twice=1))
    export_sheets(place, ("ada", "ben"), tmp_path / "sheets", asked, formats=("csv",))
    for name, said in (("ada", about), ("ben", {})):
        file = tmp_path / "sheets" / name / "sheet.csv"
        import_answers(place, write(file.with_name("filled.csv"), fill(rows_of(file), said)))
    texts = {
        row["sentence_id"]: row["text_hash"]
        for row in map(json.loads, (place / "annotations/ada.jsonl").read_text().splitlines())
    }
    rulings = [
        {
            "sentence_id": s,
            "text_hash": texts[s],
            "annotator_id": "eve",
            "target_id": t,
            "label": label,
            "rule": "1",
            "reason": "so",
        }
        for (s, t), label in about.items()
    ]
    (place / "annotations/adjudications.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rulings))
    with (place / "annotations/annotators.toml").open("a") as file:
        file.write('\n[[annotator]]\nid = "eve"\norigin = "human"\nrole = "adjudicator"\n')
    (tmp_path / "data").mkdir()
    build(place, tmp_path / "data", quiet)
    for row in ks.open(tmp_path / "data").corrected().figures:
        if row.scope == "all targets":
            right = truth_of(truth, row.source, [t["id"] for t in TARGETS])[row.measure]
            assert row.corrected.value == pytest.approx(right, abs=1e-6)


def test_the_command_prints_what_python_gives(checked):
    ds, _ = checked
    said = CliRunner().invoke(app, ["compare", "positions", "--corrected", "--data", str(ds.path)])
    assert said.exit_code == 0, said.output
    text = " ".join(said.stdout.split())
    assert "labels by gpt, corrected with 210 judged pairs of 540 (ada, ben)" in text
    assert "intervals include which pairs were drawn to be judged" in text
    found = CliRunner().invoke(app, ["compare", "positions", "--corrected", "--json", "--data", str(ds.path)])
    rows = json.loads(found.stdout)
    assert rows["estimand"] == "what these people would find if they judged every pair of this corpus by its codebook"
    first = next(iter(ds.corrected().figures))
    assert rows["figures"][0]["corrected"] == first.corrected.value
    assert len(rows["figures"]) == 2 * 3 * (1 + 2 + 3)
    assert not any(isinstance(v, float) and math.isnan(v) for row in rows["figures"] for v in row.values())
    wrong = CliRunner().invoke(app, ["compare", "positions", "--of", "gpt", "--data", str(ds.path)])
    assert wrong.exit_code == 2


def test_without_a_sample_the_command_says_what_to_do():
    said = CliRunner().invoke(app, ["compare", "positions", "--corrected"])
    assert said.exit_code == 1
    assert "kazstance annotate export CORPUS --annotator NAME --design PAIRS" in " ".join(said.stderr.split())


def test_rows_for_a_regression_give_the_same_figures(checked, tmp_path):
    """The mean of DSL's outcomes by source is the corrected figure: silver, and human minus silver over probability."""
    ds, _ = checked
    file = tmp_path / "rows.csv"
    said = CliRunner().invoke(app, ["export", "checked", "--data", str(ds.path), "--out", str(file)])
    assert said.exit_code == 0, said.output
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert len(rows) == 540
    assert sum(row["judged"] == "1" for row in rows) == 210 == sum(row["human"] != "" for row in rows)

    def outcome(row, name):
        silver = float(row[f"{name}_silver"])
        return (
            silver + (float(row[f"{name}_human"]) - silver) / float(row["probability"])
            if row["judged"] == "1"
            else silver
        )

    for figure in ds.corrected().figures:
        if figure.scope == "all targets":
            of = [row for row in rows if row["source_id"] == figure.source]
            total = {name: sum(outcome(row, name) for row in of) for name in ("about", "favor", "against", "neutral")}
            net = (total["favor"] - total["against"]) / (total["favor"] + total["against"])
            expected = net if figure.measure == "net" else total["about"] / len(of)
            assert figure.corrected.value == pytest.approx(expected, abs=1e-5)
    assert {row["silver"] for row in rows} == {"favor", "neutral", "against", "none", "no_answer"}
    assert {row["cluster"] for row in rows} == {row["sentence_id"].rpartition("/")[0] for row in rows}
    again = CliRunner().invoke(app, ["export", "checked", "--data", str(ds.path), "--format", "dta"])
    assert again.exit_code == 2
    assert "expected csv, jsonl or parquet" in " ".join(again.stderr.split())


@pytest.mark.full
def test_the_card_says_what_is_silver_gold_and_corrected(checked, harbour_data):
    ds, _ = checked
    card = (ds.path / "README.md").read_text() if (ds.path / "README.md").exists() else plain_card(ds)
    assert "## Which figures are silver, gold or corrected" in card
    assert "Labels by `gpt` are silver. 210 pairs of 540" in card
    for figure in ds.corrected().figures:
        if figure.scope == "all targets":
            shown = figure.corrected.text(signed=figure.measure == "net")
            assert f"| `{figure.source}` | {figure.measure} | " in card
            assert shown in card
    assert "silver, gold or corrected" not in plain_card(ks.open(harbour_data))
