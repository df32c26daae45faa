"""Stances of holders, and several rounds of annotation, in everything that reads a dataset: each shown, none mixed."""

import json
import random
import shutil
from itertools import combinations
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

import kazstance as ks
from kazstance import dataset
from kazstance.comparison import profiles
from kazstance.comparison.agreement import agreement
from kazstance.dataset import DatasetFolder, excerpt
from kazstance.errors import IntegrityError, KazstanceError, UnknownNameError
from kazstance.explorer.rows import Query, Rows
from kazstance.publish.card import plain_card
from kazstance.schema.labels import Label
from kazstance.stats import agreement as stats
from kazstance.stats.agreement import overlap, union_lengths
from tests.commands import call
from tests.tampering import edit, sign_files

pytestmark = pytest.mark.full

HOLDER = "The Mayor"
NAMES = [label.name for label in Label]


def is_toll(row):
    return (row["sentence_id"], row["target_id"]) == ("dockers/1/1", "toll")


@pytest.fixture
def data(harbour_data, tmp_path):
    """The small dataset, with a stance of a holder, and with a second round of one annotator over all pairs."""
    folder = Path(shutil.copytree(harbour_data, tmp_path / "data"))
    for table in ("grid", "stances"):
        edit(folder, table, lambda rows: [new for row in rows for new in (row, _held(row)) if new])
    edit(folder, "judgements", _judged_again)
    sign_files(folder)
    return folder


def _held(row):
    return {**row, "holder": HOLDER} if is_toll(row) else None


def _judged_again(rows):
    """Earlier judgements of `a` have other labels in a third of all cases."""
    draw, found = random.Random(1), []
    for row in rows:
        is_again = row["annotator_id"] == "a"
        if is_again:
            label = draw.choice([draw.randrange(4), row["label"], row["label"]])
            unsaid = dict.fromkeys(("evidence", "certainty", "explicitness"))
            found.append({**row, **unsaid, "label": label, "label_name": NAMES[label]})
        found.append({**row, "round": 2 if is_again else 1})
        found += [held for held in [_held(found[-1])] if held]
    return found


def units(data, who, number=None):
    """The labels of an annotator by unit, of a round or the latest, found by a loop over rows."""
    found = {}
    for row in sorted(dataset.table("judgements", data=data).to_pylist(), key=lambda row: row["round"]):
        if row["annotator_id"] == who and number in (None, row["round"]):
            found[row["sentence_id"], row["target_id"], row["holder"]] = row["label"]
    return found


def figures(report, what, measure="alpha, nominal"):
    return {line.scope: line.figure for line in report.lines if line.what == what and line.measure == measure}


def test_agreement_is_over_units_with_their_holders_and_the_latest_round(data):
    found = figures(agreement(DatasetFolder(data), n=20), "four labels")
    a, b = units(data, "a"), units(data, "b")
    assert found["all"].n == len(a) == 70  # 69 pairs, one of which was judged for a holder, too
    expected = krippendorff.alpha([[a[key] for key in a], [b[key] for key in a]], level_of_measurement="nominal")
    assert found["all"].value == pytest.approx(expected)


@pytest.mark.parametrize("number", [1, 2])
def test_agreement_of_a_round(number, data):
    report = ks.open(data).agreement(round=number, resamples=20)
    a, b = units(data, "a", number), units(data, "b", number)
    both = a.keys() & b.keys()
    assert figures(report, "four labels")["all"].n == len(both)
    if both:
        expected = krippendorff.alpha(
            [[a[key] for key in both], [b[key] for key in both]], level_of_measurement="nominal"
        )
        assert figures(report, "four labels")["all"].value == pytest.approx(expected)


def test_the_rounds_of_an_annotator_are_compared(data):
    lines = agreement(DatasetFolder(data), n=20, by="rounds").lines
    (line,) = (line for line in lines if line.what == "rounds of an annotator")
    one, other = units(data, "a", 1), units(data, "a", 2)
    both = sorted(one.keys() & other.keys(), key=str)
    assert (line.scope, line.figure.n) == ("a, rounds 1 and 2", len(both))
    assert line.figure.value == pytest.approx(
        cohen_kappa_score([one[key] for key in both], [other[key] for key in both])
    )


@pytest.mark.parametrize("task", ["stance", "stance4"])
def test_only_the_stances_of_speakers_are_predicted(task, data, harbour_data):
    said, held = [], ks.open(data)
    found = held.bench(task).run("majority", shortcuts=False, say=said.append)
    without = ks.open(harbour_data).bench(task).run("majority", shortcuts=False)
    assert "1 row is left out because the stance is another holder's" in said
    scores = ({name: score.value for name, score in one.scores.items()} for one in (found, without))
    assert next(scores) == pytest.approx(next(scores), nan_ok=True)
    assert found.scores["accuracy"].n == len(held["grid" if task == "stance4" else "stances"]) - 1


def test_rows_that_appear_twice_are_refused_before_anything_is_written(data, tmp_path):
    edit(data, "stances", lambda rows: [row for row in rows for _ in range(1 + is_toll(row))])
    with pytest.raises(IntegrityError, match=r"dockers/1/1:toll appears twice, .* run kazstance verify"):
        ks.open(data).bench().run("majority", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_card_counts_the_stances_of_speakers(data, harbour_data):
    before, after = (plain_card(DatasetFolder(place)) for place in (harbour_data, data))
    lines = [line for line in before.splitlines() if line.startswith("| `toll`")]
    assert lines
    assert all(line in after for line in lines)
    assert "Of 69 pairs of an annotated sentence and a target, 69 were judged" in after
    assert "Rows about the stance of another holder than the speaker: 1." in after


def test_a_round_in_which_nobody_judged_is_refused(data):
    with pytest.raises(KazstanceError, match="round 7: nobody judged in it; expected one of 1, 2"):
        agreement(DatasetFolder(data), number=7)
    assert call("agreement", "--round", "7", data=data).exit_code == 1


def test_undecided_pairs_are_counted(harbour_data, tmp_path):
    folder = Path(shutil.copytree(harbour_data, tmp_path / "data"))
    open_ = {"label": None, "label_name": None, "origin": None, "status": "undecided", "rule": None, "reason": None}
    edit(
        folder, "grid", lambda rows: [row.update(open_) for row in rows if row["sentence_id"] == "dockers/5/2"] and None
    )
    assert agreement(DatasetFolder(folder), n=10).undecided == 3
    assert (
        "left out of comparisons with final labels, and only there: 3 undecided pairs"
        in call("agreement", data=folder).stdout
    )
    assert json.loads(call("agreement", "--json", data=folder).stdout)["undecided"] == 3


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_figures_do_not_depend_on_batches(size, data, monkeypatch):
    before = agreement(DatasetFolder(data), n=20).lines
    monkeypatch.setattr("kazstance.input.parquet.BATCH", size)
    assert list(map(str, agreement(DatasetFolder(data), n=20).lines)) == list(map(str, before))


def test_judgements_out_of_order_are_refused(data):
    edit(data, "judgements", lambda rows: [*rows[30:], *rows[:30]])
    edit(data, "judgements", lambda rows: [*rows, rows[0]])
    with pytest.raises(IntegrityError, match="not in the order of their sentences"):
        agreement(DatasetFolder(data), n=10)


def test_many_clusters_have_the_same_intervals_but_for_chance(monkeypatch):
    """Drawn by kinds of clusters or one by one, resampled figures have the same distribution."""
    before = figures(agreement(DatasetFolder(), n=2000, by="all"), "four labels")["all"]
    monkeypatch.setattr(stats, "MANY", 0)
    monkeypatch.setattr(profiles, "DENSE", 0)
    after = figures(agreement(DatasetFolder(), n=2000, by="all"), "four labels")["all"]
    assert (after.value, after.n) == (pytest.approx(before.value), before.n)
    width = before.high - before.low
    assert abs(after.low - before.low) < width / 8
    assert abs(after.high - before.high) < width / 8


def test_the_evidence_of_the_shipped_report_is_that_of_a_loop():
    by_unit = {}
    for row in ks.load("judgements"):
        if row.label is not Label.none and row.annotator_id in ("f1", "f2", "f3"):
            by_unit.setdefault((row.sentence_id, row.target_id), []).append(row)
    pairs = [(x, y) for found in by_unit.values() for x, y in combinations(found, 2) if x.label is y.label]
    counts = [overlap(*([(s.start, s.end) for s in row.evidence] for row in pair)) for pair in pairs]
    (figure,) = figures(agreement(DatasetFolder(), n=10, by="all"), "evidence", "F1 of characters").values()
    assert (figure.n, figure.value) == (
        len(pairs),
        pytest.approx(2 * sum(c for c, _ in counts) / sum(m for _, m in counts)),
    )


def test_the_length_of_united_spans_is_that_of_sets():
    draw = random.Random(2)
    for _ in range(200):
        spans = [
            (draw.randrange(4), start, start + draw.randrange(1, 9))
            for start in draw.choices(range(30), k=draw.randrange(1, 12))
        ]
        expected = {g: len({i for group, s, e in spans if group == g for i in range(s, e)}) for g, _, _ in spans}
        columns = [np.array(column) for column in zip(*spans, strict=True)]
        assert union_lengths(*columns).tolist() == [expected[g] for g in sorted(expected)]


def test_why_shows_a_holder_only_when_asked(data):
    ds = ks.open(data)
    own, held = ds.why("dockers/1/1", "toll"), ds.why("dockers/1/1", "toll", HOLDER)
    assert (own.cell.holder, held.cell.holder) == (None, HOLDER)
    assert [(row.annotator_id, row.round) for row in own.judgements] == [("a", 1), ("a", 2), ("b", 1)]
    assert [(row.annotator_id, row.round) for row in held.judgements] == [("a", 2), ("b", 1)]
    assert {row.holder for row in held.judgements} == {HOLDER}
    assert own.other_holders == (HOLDER,)
    with pytest.raises(UnknownNameError, match="'Nobody' is not a holder of a stance here"):
        ds.why("dockers/1/1", "toll", "Nobody")


def test_the_command_why_names_rounds_and_holders(data):
    out = call("why", sentence="dockers/1/1", target="toll", data=data).stdout
    assert "a, round 1:" in out
    assert "a, round 2:" in out
    assert out.endswith("also judged for: The Mayor (--holder)\n")
    held = call("why", "--holder", HOLDER, sentence="dockers/1/1", target="toll", data=data).stdout
    assert held.startswith("dockers/1/1  toll of The Mayor: against")
    assert held.endswith("also judged for: the speaker (--holder)\n")


def test_the_explorer_does_not_count_a_holders_stance_as_the_sources(data, harbour_data):
    before, rows = Rows(DatasetFolder(harbour_data)), Rows(DatasetFolder(data))
    assert rows.counts(Query()) == before.counts(Query())
    found = rows.history("dockers/1/1")
    assert [row[-1] for row in found["stances"] if row[2] == "against"].count(HOLDER) == 1
    assert sorted(row[-1] for row in found["judgements"] if row[-2] == HOLDER) == [1, 2]


@pytest.mark.parametrize(
    "asked", [{}, {"source": "gazette"}, {"label": "neutral"}, {"split": "test", "target": "toll"}]
)
@pytest.mark.parametrize("limit", [None, 1, 4, 100])
def test_the_first_stances_are_those_of_all_of_them_in_order(asked, limit, data):
    """Reading only what is shown gives what a loop over all rows gives."""
    folder = DatasetFolder(data)
    texts = [row.sentence_id for row in dataset.load("sentences", data=data)]
    targets = [row.target_id for row in dataset.load("targets", data=data)]
    rows = folder.stances.to_arrow(asked.get("split")).to_pylist()
    columns = {"source": "source_id", "label": "label", "target": "target_id"}
    kept = [row for row in rows if all(row[columns[name]] == value for name, value in asked.items() if name in columns)]
    kept.sort(key=lambda row: (texts.index(row["sentence_id"]), targets.index(row["target_id"])))
    found = excerpt.select(excerpt.chosen(folder, **asked), limit)
    key = ("sentence_id", "target_id", "holder")
    assert [tuple(getattr(row, name) for name in key) for row in found] == [
        tuple(row[name] for name in key) for row in kept
    ][:limit]
