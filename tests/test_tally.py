"""Counts are the same from any dataframe, and resampled counts keep their total."""

from collections import Counter

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kazstance.stats.counting import tally, tally_codes
from kazstance.stats.resampling import interval, resample, resample_clusters, row_blocks, weight_blocks

ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=60)


@given(ROWS)
def test_counts_are_those_of_a_plain_counter_from_every_dataframe(rows):
    columns = {"x": [x for x, _ in rows], "y": [y for _, y in rows]}
    expected = sorted(Counter(rows).items())
    table = pa.table(columns)
    for frame in (table, pd.DataFrame(columns), pl.DataFrame(columns), pl.LazyFrame(columns), duckdb.from_arrow(table)):
        cells, counts = tally(frame, ["x", "y"])
        assert list(zip(cells, counts, strict=True)) == expected


@pytest.mark.parametrize("held", [0, 10**9])
def test_codes_of_many_texts_are_the_same_whether_rows_are_held_or_not(held, monkeypatch):
    monkeypatch.setattr("kazstance.stats.counting.HELD", held)
    draw = np.random.default_rng(1)
    columns = {name: [f"{name}{i}" for i in draw.integers(0, most, 500)] for name, most in (("x", 200), ("y", 30))}
    columns["y"][7] = None
    table, expected = pa.table(columns), Counter(zip(columns["x"], [y or "" for y in columns["y"]], strict=True))
    for frame in (table, pd.DataFrame(columns), pl.DataFrame(columns), pl.LazyFrame(columns), duckdb.from_arrow(table)):
        (x, y), codes, rows, gaps = tally_codes(frame, ["x", "y"], few=False)
        names = ((x[i], y[j]) for i, j in codes.tolist())
        assert dict(zip(names, rows.tolist(), strict=True)) == expected
        assert gaps == [0, 1]


@pytest.mark.parametrize("held", [0, 10**9])
@given(rows=ROWS, draw=st.randoms())
def test_a_row_with_a_weight_counts_as_so_many_rows(held, rows, draw):
    weights = [draw.randint(1, 9) for _ in rows]
    columns = {"x": [x for x, _ in rows], "rows": [f"{y}" for _, y in rows], "weight": weights}
    table, weighted = pa.table(columns), Counter()
    for (x, y), weight in zip(rows, weights, strict=True):
        weighted[x, f"{y}"] += weight
    coded = pa.table(
        [table["x"].dictionary_encode(), table["rows"].dictionary_encode(), table["weight"]], table.schema.names
    )
    frames = [coded, table, pd.DataFrame(columns), pl.DataFrame(columns), duckdb.from_arrow(table)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kazstance.stats.counting.HELD", held)
        for frame in frames:
            (x, y), codes, found, gaps = tally_codes(frame, ["x", "rows"], "weight", few=False)
            assert {(x[i], y[j]): n for (i, j), n in zip(codes.tolist(), found.tolist(), strict=True)} == weighted
            assert gaps == [0, 0]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=10), st.integers(0, 99))
def test_resamples_keep_the_total_and_empty_cells_stay_empty(counts, seed):
    counts = np.array(counts, dtype=float)
    draws = resample(counts, 20, seed)
    assert draws.shape == (20, len(counts))
    assert (draws.sum(axis=1) == counts.sum()).all()
    assert (draws[:, counts == 0] == 0).all()
    assert (draws == resample(counts, 20, seed)).all()


def test_resampled_counts_have_the_mean_and_spread_of_a_bootstrap():
    counts = np.array([30.0, 60.0, 10.0])
    draws = resample(counts, 20_000, 7)
    assert draws.mean(axis=0) == pytest.approx(counts, abs=0.2)
    share = counts / 100
    assert draws.std(axis=0) == pytest.approx(np.sqrt(100 * share * (1 - share)), rel=0.03)


def test_clusters_are_drawn_whole():
    counts = np.array([[5.0, 0.0], [0.0, 7.0]])
    draws = resample_clusters(counts, 200, 3)
    assert {tuple(row) for row in draws} == {(10.0, 0.0), (5.0, 7.0), (0.0, 14.0)}
    assert all((weights.sum(axis=1) == 2).all() for weights in weight_blocks(2, 200, 200, 3))
    assert resample_clusters(np.zeros((0, 2)), 5).shape == (5, 2)


def test_an_interval_passes_over_what_is_undefined():
    assert interval(np.array([np.nan, *range(101)])) == pytest.approx((2.5, 97.5))
    assert np.isnan(interval(np.array([np.nan]))).all()


@pytest.mark.parametrize("size", [1, 7, 60, 500])
def test_weights_in_blocks_are_the_weights(size):
    blocks = list(weight_blocks(31, 60, size, 4))
    (whole,) = weight_blocks(31, 60, 60, 4)
    assert (np.concatenate(blocks) == whole).all()
    assert max(map(len, blocks)) <= size
    rows = list(row_blocks(np.arange(7.0), 60, size, 4))
    assert (np.concatenate(rows) == resample(np.arange(7.0), 60, 4)).all()


@pytest.mark.parametrize("units", [2, 3, 6, 31, 134, 10_001])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_an_interval_is_expanded_by_the_quantile_of_student(units, level):
    """Hesterberg's interval, from two units on: its ends are values at the expanded shares of the normal distribution."""
    values = np.linspace(0, 1, 1001)
    beyond = stats.norm.cdf(np.sqrt(units / (units - 1)) * stats.t.ppf((1 - level) / 2, units - 1))
    assert interval(values, level, units) == pytest.approx((beyond, 1 - beyond), abs=1e-9)


def test_an_expanded_interval_of_a_mean_is_that_of_t():
    """Resampled means of a few normal values: expanded, their interval is Student's; otherwise it is too narrow."""
    values = np.random.default_rng(5).normal(size=16)
    means = resample_clusters(values[:, None], 100_000, 1)[:, 0] / 16
    student = stats.t.interval(0.95, 15, values.mean(), stats.sem(values))
    assert interval(means, units=16) == pytest.approx(student, abs=0.08)
    widths = [high - low for low, high in (interval(means), interval(means, units=16), student)]
    assert widths[0] < 0.93 * widths[2]
    assert widths[1] == pytest.approx(widths[2], rel=0.04)


def test_with_many_units_an_expanded_interval_is_the_plain_one():
    values = np.random.default_rng(1).normal(size=5000)
    assert interval(values, units=10**9) == pytest.approx(interval(values))
    assert interval(values, units=1) == (values.min(), values.max())
