"""What scores within strata rest on is printed beside them, and scores over different strata are marked."""

import hashlib
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance as ks
from kazstance.metrics import LABELS
from kazstance.stats.strata import Strata, share_text

ROWS = st.lists(st.tuples(st.sampled_from("abcde"), *[st.integers(0, 2)] * 2), min_size=1, max_size=60)


def counted(rows, k=3):
    counts = np.zeros((5, k, k))
    for name, gold, predicted in rows:
        counts["abcde".index(name), gold, predicted] += 1
    return counts


@given(ROWS)
def test_shares_are_those_of_the_rows(rows):
    found = Strata.of(counted(rows))
    size = Counter(name for name, _, _ in rows)
    labels = {name: {gold for other, gold, _ in rows if other == name} for name in size}
    assert (found.number, found.n) == (len(size), len(rows))
    assert found.one_label == pytest.approx(np.mean([len(labels[name]) == 1 for name, _, _ in rows]))
    assert found.small == pytest.approx(np.mean([size[name] < 5 for name, _, _ in rows]))


@given(ROWS, st.permutations("abcde"), st.integers(0, 2))
def test_strata_are_the_same_whatever_is_predicted_and_whatever_they_are_called(rows, names, answer):
    one = Strata.of(counted(rows))
    renamed = [(names["abcde".index(name)], gold, answer) for name, gold, _ in rows]
    assert Strata.of(counted(renamed)) == one
    assert Strata.of(counted(rows, k=4)) == one  # a fourth label that no gold row has
    (name, gold, predicted), *rest = rows
    assert Strata.of(counted([(name, (gold + 1) % 3, predicted), *rest])).gold != one.gold or _mirrored(rows)


def _mirrored(rows):
    """Whether another label in the first row leaves the same strata, up to their names."""

    def totals(rows):
        return sorted(
            tuple(sum(r[0] == name and r[1] == k for r in rows) for k in range(3)) for name in {r[0] for r in rows}
        )

    (name, gold, predicted), *rest = rows
    return totals(rows) == totals([(name, (gold + 1) % 3, predicted), *rest])


def test_only_nothing_is_no_per_cent():
    assert [share_text(share) for share in (0, 0.004, 0.25, 0.996, 1)] == ["0%", "<1%", "25%", ">99%", "100%"]


def test_nothing_has_no_strata():
    assert Strata.of(np.zeros((1, 3, 3))) == Strata(0, 0, 0, 0, Strata.of(np.zeros((2, 4, 4))).gold)


GOLD = [
    {
        "id": i,
        "topic": "toll" if i < 6 else "strike",
        "paper": "A" if i % 2 else "B",
        "label": LABELS[i % 3 if i < 6 else 2],
    }
    for i in range(8)
]


def test_every_score_has_its_strata_and_parts_are_marked():
    found = ks.score(GOLD, GOLD, id="id", target="topic", by="paper", resamples=10)
    assert found["wts"].strata == Strata(2, 8, 0.25, 0.25, found["wts"].strata.gold)
    signature = found["wts"].signature
    assert {key: signature[key] for key in ("strata", "one_label", "small")} == {
        "strata": 2,
        "one_label": 0.25,
        "small": 0.25,
    }
    lines = str(found).splitlines()
    assert lines[0] == (
        "wts: within-target skill; ss: skill over the best text-blind rule. A system reads only if both are above 0."
    )
    assert lines[1] == "all"
    assert lines[2] == "8 rows in 2 strata: 25% in strata with one gold label, 25% in strata of fewer than 5"
    assert [line for line in lines if "†" in line] == [
        "paper A †",
        "paper B †",
        "† over other strata: not comparable with the scores without this mark",
    ]
    assert "paper A †" in found._repr_html_()
    in_json = json.loads(found.to_json())
    assert {line["comparable"] for line in in_json["all"]} == {True}
    assert {line["comparable"] for line in in_json["paper A"]} == {False}
    assert in_json["all"][0]["signature"]["gold"] != in_json["paper A"][0]["signature"]["gold"]
    assert set(found.to_pandas()["comparable"]) == {True, False}


def test_a_single_part_is_comparable_with_the_whole():
    found = ks.score(
        [{**row, "paper": "A"} for row in GOLD],
        GOLD,
        id="id",
        target="topic",
        by="paper",
        ignore=["paper"],
        resamples=10,
    )
    assert "†" not in str(found)
    assert {line["comparable"] for line in json.loads(found.to_json())["paper A"]} == {True}


def test_small_strata_are_cautioned_about():
    rows = [{"id": i, "topic": i // 2, "label": LABELS[i % 3]} for i in range(12)]
    found = ks.score(rows, rows, id="id", target="topic", resamples=10)
    assert "Most rows are in strata of fewer than 5 rows" in str(found)
    one = [{"id": i, "topic": i // 6, "label": "favor" if i < 6 or i % 2 else "against"} for i in range(10)]
    assert "Most rows are in strata with one gold label" in str(
        ks.score(one, one, id="id", target="topic", resamples=10)
    )
    assert "Most rows" not in str(ks.score(GOLD, GOLD, id="id", target="topic", resamples=10))


SPEECHES = [
    {"text": f"{word} speech {i}", "topic": topic, "paper": paper, "label": label}
    for i, (word, topic, paper, label) in enumerate(
        [
            ("for", "toll", "A", "favor"),
            ("no", "toll", "B", "against"),
            ("no", "pool", "A", "against"),
            ("for", "pool", "B", "favor"),
        ]
        * 4
    )
]
COLUMNS = {"target": "topic", "source": "paper"}


def always(_, test):
    return ["favor" for _ in test]


def spoken(train=SPEECHES, test=SPEECHES, **how):
    """The result of a constant answer on rows of one's own; ids of training and test rows differ."""
    return ks.benchmark(train, test, **COLUMNS).run(always, shortcuts=False, **how)


@pytest.mark.full
def test_results_have_their_strata_wherever_they_are_shown(tmp_path):
    """Every source is on one side of a target: within targets and sources nothing is left to tell."""
    result = spoken(out=tmp_path / "run")
    assert (result.strata["target"].one_label, result.strata["target×source"].one_label) == (0, 1)
    frame = result.to_frame()
    assert set(frame.loc[frame["within"] == "target×source", "one_label"]) == {1}
    (row,) = json.loads(result.to_json())
    assert [row["strata"][name]["comparable"] for name in ("target", "target×source")] == [True, False]
    fact = "16 rows in 2 strata: 0% in strata with one gold label, 0% in strata of fewer than 5"
    assert fact in result.printed
    assert "within target×source †: 16 rows in 4 strata: 100% in strata with one gold label" in "\n".join(
        result.printed
    )
    assert fact in result.to_markdown()
    assert fact in result._repr_html_()
    bench = ks.benchmark(SPEECHES, SPEECHES, **COLUMNS)
    for suffix in (".md", ".html", ".json"):
        page = bench.report([bench.load(tmp_path / "run")], tmp_path / f"report{suffix}").read_text()
        assert page.count(fact) == 1 or suffix == ".json"
        assert "†" in page or suffix == ".json"
    assert json.loads((tmp_path / "report.json").read_text())[0]["parts"]["source"]["A"]["comparable"] is False


@pytest.mark.full
def test_a_report_marks_sections_over_other_strata(tmp_path):
    results = [spoken(), spoken(test=SPEECHES[:9]), spoken()]
    page = ks.benchmark(SPEECHES, SPEECHES, **COLUMNS).report(results, tmp_path / "page.md").read_text()
    assert page.count("† Over other strata than ") == 2
    alone = ks.benchmark(SPEECHES, SPEECHES, **COLUMNS).report(results[0], tmp_path / "page.md").read_text()
    assert "† Over other strata than " not in alone


@pytest.mark.full
def test_results_of_a_version_without_strata_are_still_read(tmp_path):
    spoken(out=tmp_path / "run")
    bench = ks.benchmark(SPEECHES, SPEECHES, **COLUMNS)
    scores, record = tmp_path / "run" / "scores.json", tmp_path / "run" / "run.json"
    old = json.loads(scores.read_text())
    del old["overlap"]
    for score in [*old["scores"].values(), *old["within"].values(), *old["breakdowns"]]:
        del score["strata"]
    was = hashlib.sha256(scores.read_bytes()).hexdigest()
    scores.write_text(json.dumps(old))
    record.write_text(record.read_text().replace(was, hashlib.sha256(scores.read_bytes()).hexdigest()))
    found = bench.load(tmp_path / "run")
    assert (found.strata, found.overlap) == ({}, None)
    assert "†" not in "\n".join(found.printed)
    assert bench.report(found, tmp_path / "page.html").read_text()
