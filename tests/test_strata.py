"""What scores within strata rest on is printed beside them, and scores over different strata are marked."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance as ks
from kazstance.metrics import LABELS
from kazstance.stats.strata import Strata

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
