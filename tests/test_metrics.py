"""Metrics as objects: within their range, with a reason if undefined, on one draw, from sparse counts."""

import math
import tracemalloc

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kazstance.errors import UnknownNameError
from kazstance.metrics import LABELS, METRICS, STANCE_METRICS, get_metric
from kazstance.stats import resampling
from kazstance.stats.confusion import Confusion, confusion
from kazstance.stats.estimate import Estimate
from kazstance.stats.metrics import WTS, ordinal
from kazstance.stats.resampling import weight_blocks
from kazstance.stats.scores import score, score_all

COUNTS = st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from([3, 4])).flatmap(
    lambda shape: arrays(np.int64, (*shape, shape[-1]), elements=st.integers(0, 3) | st.just(0))
)


def counted(counts):
    """Counts of shape (clusters, strata, labels, labels), with names for all."""
    names = (*LABELS, "none")[: counts.shape[-1]]
    return Confusion.from_counts(counts.astype(float), "abcd"[: len(counts)], "xyz"[: counts.shape[1]], names)


@settings(max_examples=300)
@given(COUNTS, st.sampled_from(sorted(METRICS)))
def test_values_are_in_the_range_and_undefined_ones_have_a_reason_other_than_the_default(counts, name):
    found, metric = counted(counts), METRICS[name]
    value = metric.value(found.total)
    assert math.isnan(value) or metric.low - 1e-9 <= value <= metric.high + 1e-9
    if math.isnan(value):
        reason = metric.reason(found.total, found.labels)
        assert reason
        assert reason != "nothing to divide by"
    assert metric(np.stack([found.total] * 2)) == pytest.approx([value] * 2, nan_ok=True)


def test_the_ends_of_the_ranges_are_reached():
    turned = np.zeros((1, 3, 3))
    turned[0, 0, 2] = turned[0, 2, 0] = 5
    assert {name: METRICS[name].value(turned) for name in ("wts", "wts_ordinal", "wts_polar", "accuracy", "f_avg")} == {
        "wts": -1,
        "wts_ordinal": -1,
        "wts_polar": -1,
        "accuracy": 0,
        "f_avg": 0,
    }
    lone = np.zeros((1, 3, 3))
    lone[0, 1, 2], lone[0, 2, 0] = 9, 1  # nine neutral rows called favor, one in favor called against
    assert METRICS["wts_ordinal"].value(lone) == METRICS["wts_ordinal"].low == -2
    perfect = np.stack([np.eye(3)])
    assert [metric.value(perfect) for metric in STANCE_METRICS] == [1] * len(STANCE_METRICS)


def test_a_metric_can_be_made_for_other_labels():
    """Four grades, equally far apart: the slope is that of a line through predictions and gold."""
    rng = np.random.default_rng(2)
    gold = rng.integers(0, 4, 200)
    predicted = np.clip(gold + rng.integers(-1, 2, 200), 0, 3)
    counts = np.zeros((1, 4, 4))
    np.add.at(counts[0], (gold, predicted), 1)
    assert ordinal("slope", (0, 1, 2, 3)).value(counts) == pytest.approx(np.polyfit(gold, predicted, 1)[0])
    counts[0, 1:] = 0
    assert ordinal("slope", (0, 1, 2, 3)).reason(counts, list("abcd")) == "one gold label in all rows"


def test_an_unknown_metric_lists_those_there_are():
    with pytest.raises(UnknownNameError, match="wts_polar"):
        get_metric("wts_polr")


@pytest.fixture
def generators(monkeypatch):
    """The seeds of the generators that resampling created."""
    made = []
    make = np.random.default_rng

    def counting(seed):
        made.append(seed)
        return make(seed)

    monkeypatch.setattr(resampling.np.random, "default_rng", counting)
    return made


@pytest.mark.parametrize(("shape", "times"), [((6, 2, 3, 3), 2), ((6, 1, 3, 3), 1), ((1, 2, 3, 3), 2)])
def test_all_metrics_of_a_call_are_calculated_on_one_draw(shape, times, generators):
    """One of clusters, or rows, and one of strata if there are several."""
    counts = np.random.default_rng(0).integers(0, 4, shape).astype(float)
    found = Confusion.from_counts(counts, "abcdef"[: shape[0]], "xy"[: shape[1]], LABELS)
    generators.clear()
    together = score_all(found, STANCE_METRICS, n=50)
    assert len(generators) == times
    alone = [score(found, metric, n=50) for metric in STANCE_METRICS]
    assert repr(together) == repr(alone)  # nan is not equal to itself
    assert len(generators) == times * (1 + len(STANCE_METRICS))


@settings(max_examples=100)
@given(COUNTS, st.integers(0, 99))
def test_sparse_counts_are_resampled_as_dense_ones(counts, seed):
    found = counted(counts)
    assert (found.total == counts.sum(axis=0)).all()
    assert found.n == counts.sum()
    (weights,) = weight_blocks(len(counts), 20, 20, seed)
    assert (found.weighted(weights) == np.tensordot(weights, counts.astype(float), 1)).all()
    if len(counts) > 1:
        assert (np.concatenate(list(found.draws(20, seed))) == found.weighted(weights)).all()


@given(COUNTS, st.data())
def test_counts_within_strata_are_those_of_their_rows(counts, data):
    found = counted(counts)
    chosen = data.draw(st.lists(st.sampled_from(range(counts.shape[1])), unique=True, min_size=1).map(sorted))
    part = found.within(chosen)
    kept = [i for i in range(len(counts)) if counts[i, chosen].any()]
    assert part.clusters == tuple(found.clusters[i] for i in kept)
    assert part.strata == tuple(found.strata[i] for i in chosen)
    assert (part.total == counts[:, chosen].sum(axis=0)).all()
    assert (part.weighted(np.eye(len(kept))) == counts[kept][:, chosen]).all()


def test_many_clusters_take_memory_for_what_occurs_alone():
    """200,000 clusters and 1,000 strata: all counts together would be 14 GB."""
    rng = np.random.default_rng(1)
    rows = 200_000
    table = pl.DataFrame(
        {
            "c": np.arange(rows).astype(str),
            "t": rng.integers(0, 1000, rows).astype(str),
            "g": np.array(LABELS)[rng.integers(0, 3, rows)],
            "p": np.array(LABELS)[rng.integers(0, 3, rows)],
        }
    )
    tracemalloc.start()
    found = confusion(table, "g", "p", strata=["t"], cluster="c", labels=LABELS)
    line = score(found, WTS, n=20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.clusters) == rows
    assert line.low < 0 < line.high
    assert peak < 600e6


@given(st.lists(st.tuples(*(st.sampled_from(["", "a", "b c", "b"]) for _ in range(2)), *[st.sampled_from(LABELS)] * 2)))
def test_counting_is_counting_by_names(rows):
    """Strata are the joined values of their columns, in order of their names."""
    table = pl.DataFrame(rows, schema=dict.fromkeys(("s", "t", "g", "p"), pl.String), orient="row")
    found = confusion(table, "g", "p", strata=["s", "t"], cluster="t", labels=LABELS)
    names = sorted({f"{s} {t}" for s, t, _, _ in rows})
    assert found.strata == tuple(names or [""])
    assert found.clusters == tuple(sorted({t for _, t, _, _ in rows}) or [""])
    for s, t, gold, predicted in set(rows):
        same = sum((f"{a} {b}", g, p) == (f"{s} {t}", gold, predicted) for a, b, g, p in rows)
        assert found.total[names.index(f"{s} {t}"), LABELS.index(gold), LABELS.index(predicted)] == same


NAN = math.nan


@pytest.mark.parametrize(
    ("estimate", "text", "value", "ends"),
    [
        (Estimate(0.4749, -0.66, 1, 6), "0.47 [-0.66, 1.00]", "0.47", "-0.66 to 1.00"),
        (Estimate(NAN, NAN, NAN, 0, "no rows"), "undefined: no rows", "undefined", ""),
        (Estimate(0.5, NAN, NAN, 1, "undefined in every resample"), "0.50 (undefined in every resample)", "0.50", ""),
        (Estimate(math.inf, NAN, NAN, 2, "a zero"), "inf (a zero)", "inf", ""),
    ],
)
def test_an_estimate_is_printed_in_one_way(estimate, text, value, ends):
    assert str(estimate) == estimate.text() == text
    assert estimate.value_text() == value
    assert estimate.interval_text(in_words=True) == ends
    assert estimate.value_text(with_reason=True) == (text if value == "undefined" else value)
    assert estimate.as_row("x_")["x_reason"] == estimate.reason


def test_an_estimate_can_print_signs_and_more_digits():
    estimate = Estimate(0.4749, -0.66, 1, 6)
    assert estimate.text(3, signed=True) == "+0.475 [-0.660, +1.000]"
    assert Estimate.from_numbers([0.4749, -0.66, 1, 6]) == estimate
    assert str(Estimate.from_numbers([None, None, None], "no rows")) == "undefined: no rows"
    assert Estimate(1, 0, 1, 2, "<b>")._repr_html_() == "<span>1.00 [0.00, 1.00] (&lt;b&gt;)</span>"


@given(st.floats(-1, 1), st.integers(0, 4), st.booleans())
def test_a_printed_number_that_rounds_to_zero_has_no_minus(value, digits, signed):
    printed = Estimate(value, value, value, 3).value_text(digits, signed=signed)
    assert float(printed) == pytest.approx(value, abs=0.5 * 10**-digits + 1e-9)
    assert printed.startswith("-") == (round(value, digits) < 0)
