"""The figures on the second round of labels: computed from the dataset, and those of version 0.3.0 as they were published."""

from collections import Counter

import pytest
from scipy.stats import binomtest

import kazstance
from benchmarks import readings

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def page():
    return readings.page()


def test_the_committed_page_is_what_the_command_prints(page):
    assert readings.RESULTS.read_text(encoding="utf-8") == page


def test_the_labels_of_0_3_0_are_those_that_were_published(page):
    """885 rows, kappa .955 with its blind reading, 144 of 157 addressed pairs equal, 38 % unsure."""
    labels = readings.earlier()
    assert sum(label != "none" for label in labels.label.values()) == 885
    assert Counter(labels.label.values())["undecided"] == 0
    part = page.partition("beside the second reading of its time")[2].partition("\n## ")[0]
    assert "| all | 0.955 " in part
    assert "| 2555 | 144 of 157: 0.917 " in part
    assert "335 of 885: 0.379" in page


def test_readings_as_written_are_in_the_dataset():
    for who in (*readings.SECOND, "a2", "check2"):
        lines, same = readings.as_written(who)
        judged = [row for row in kazstance.load("judgements") if row.annotator_id == who]
        assert lines == same > 0
        if who not in ("f1", "check2"):  # whose lines are only those of other labels than none
            assert lines == len(judged)
        else:
            assert lines == sum(row.label_name != "none" for row in judged)


def test_the_blind_pairs_are_counted_once():
    rows = readings.blind_pairs().splitlines()[2:]
    sizes = [int(row.split(" of ")[1].split(":")[0]) for row in rows]
    assert sum(sizes[:4]) == sum(sizes[4:]) == 200


def test_shares_have_wilson_intervals():
    low, high = binomtest(3, 10).proportion_ci(method="wilson")
    assert readings.share(3, 10) == f"3 of 10: 0.300 [{low:.3f}, {high:.3f}]"
