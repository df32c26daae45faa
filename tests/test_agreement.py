"""Alpha and kappa against published figures and other libraries."""

import doctest
import math
from itertools import pairwise

import krippendorff
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nltk.metrics.agreement import AnnotationTask

import kazstance.stats.agreement
from kazstance.comparison.patterns import patterns, relevance, stance
from kazstance.stats.agreement import (
    alpha,
    alpha_interval,
    count_patterns,
    kappa,
    kappa_interval,
    overlap,
)

NAN = float("nan")
FOUR = [  # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", 4 observers, 12 units, with gaps
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]
THREE = [  # Krippendorff (2004), Content Analysis, 3 coders, 15 units, with gaps
    [NAN, NAN, NAN, NAN, NAN, 3, 4, 1, 2, 1, 1, 3, 3, NAN, 3],
    [1, NAN, 2, 1, 3, 3, 4, 3, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
    [NAN, NAN, 2, 1, 3, 4, 4, NAN, 2, 1, 1, 3, 3, NAN, 4],
]


def votes(data, labels):
    data = np.array(data, dtype=float)
    return np.stack([(data == label).sum(axis=0) for label in labels], axis=1)


@pytest.mark.parametrize(
    ("data", "labels", "level", "published"),
    [
        (FOUR, range(1, 6), "nominal", 0.743),
        (FOUR, range(1, 6), "ordinal", 0.815),
        (THREE, range(1, 5), "nominal", 0.691),
        (THREE, range(1, 5), "ordinal", 0.807),
    ],
)
def test_published_figures(data, labels, level, published):
    found = alpha(votes(data, labels), level=level)
    assert round(found, 3) == published
    oracle = krippendorff.alpha(reliability_data=data, level_of_measurement=level, value_domain=list(labels))
    assert found == pytest.approx(oracle, abs=1e-9)


def test_the_doctests():
    assert doctest.testmod(kazstance.stats.agreement).failed == 0


TABLES = st.integers(2, 5).flatmap(
    lambda coders: st.lists(
        st.lists(st.sampled_from([NAN, 0, 1, 2, 3]), min_size=coders, max_size=coders), min_size=3, max_size=25
    )
)


@settings(max_examples=200)
@given(TABLES)
def test_equal_to_other_libraries_on_random_tables_with_gaps(units):
    data = np.array(units, dtype=float).T
    found = {level: alpha(votes(data, range(4)), level=level) for level in ("nominal", "ordinal")}
    paired = data[:, (~np.isnan(data)).sum(axis=0) > 1]
    values = paired[~np.isnan(paired)]
    if len(np.unique(values)) < 2:
        assert all(map(math.isnan, found.values()))
        return
    for level, value in found.items():
        oracle = krippendorff.alpha(reliability_data=data, level_of_measurement=level, value_domain=[0, 1, 2, 3])
        assert value == pytest.approx(oracle, abs=1e-9)
    triples = [
        (c, u, int(paired[c, u]))
        for c in range(len(paired))
        for u in range(paired.shape[1])
        if not np.isnan(paired[c, u])
    ]
    assert found["nominal"] == pytest.approx(AnnotationTask(triples).alpha(), abs=1e-9)


@settings(max_examples=50)
@given(TABLES)
def test_patterns_count_every_unit_whatever_the_table(units):
    rows = [
        (u, f"c{u % 3}", c, None if math.isnan(label) else int(label))
        for u, unit in enumerate(units)
        for c, label in enumerate(unit)
    ]
    assume(any(label is not None for *_, label in rows))
    table = pa.table(
        {name: [row[i] for row in rows] for i, name in enumerate(["unit", "cluster", "annotator", "label"])}
    )
    found = patterns(table, ["unit"], cluster="cluster", labels=4)
    assert found.counts.sum() == sum(any(not math.isnan(label) for label in unit) for unit in units)
    direct = alpha(votes(np.array(units).T, range(4)))
    weighted = alpha(found.votes, found.counts.sum(axis=0))
    assert (math.isnan(direct) and math.isnan(weighted)) or direct == pytest.approx(weighted)


def test_alpha_of_many_resamples_is_alpha_of_each():
    rng = np.random.default_rng(1)
    pattern = rng.integers(0, 4, (6, 4)).astype(float)
    counts = rng.integers(0, 9, (5, 6)).astype(float)
    for level in ("nominal", "ordinal"):
        together = alpha(pattern, counts, level)
        assert together == pytest.approx([float(alpha(pattern, row, level)) for row in counts])


def test_the_interval_is_that_of_a_loop_over_drawn_clusters():
    """Coverage of alpha by resampling clusters, compared with a plain loop that draws them one by one."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 300)
    labels = np.where(rng.random((3, 300)) < 0.7, truth, rng.integers(0, 3, (3, 300)))
    clusters = [f"c{i // 6}" for i in range(300)]
    found = alpha_interval(count_patterns(votes(labels, range(4)).astype(float), clusters), n=2000)
    looped = []
    for _ in range(600):
        drawn = np.concatenate([np.arange(6 * c, 6 * c + 6) for c in rng.integers(0, 50, 50)])
        looped.append(krippendorff.alpha(reliability_data=labels[:, drawn], level_of_measurement="nominal"))
    assert (found.low, found.high) == pytest.approx(np.quantile(looped, [0.025, 0.975]), abs=0.015)
    assert found.n == 300


def test_relevance_and_stance_are_parts_of_the_grid():
    pattern = np.array([[0, 0, 0, 3], [0, 0, 2, 1], [1, 0, 2, 0], [0, 0, 3, 0], [0, 0, 1, 0]], dtype=float)
    found = count_patterns(pattern)
    assert found.units == 4
    about = relevance(found)
    assert sorted(map(tuple, about.votes)) == [(0, 3), (1, 0), (2, 1), (3, 0), (3, 0)]
    sides = stance(found)
    assert sorted(map(tuple, sides.votes)) == [(0, 0, 3), (1, 0, 2)]
    assert sides.units == 2


def test_nothing_varies_is_nan():
    assert math.isnan(alpha([[3, 0], [3, 0]]))
    assert math.isnan(alpha(np.zeros((0, 4))))
    figure = alpha_interval(count_patterns(np.array([[3.0, 0.0]])))
    assert all(map(math.isnan, (figure.value, figure.low, figure.high)))


def test_kappa_as_published():
    """Two raters' diagnoses of 100 subjects (Fleiss, Levin and Paik, 2003, chapter 18): .676."""
    counts = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    assert kappa(counts) == pytest.approx(0.676, abs=5e-4)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40))
def test_kappa_is_that_of_nltk(pairs):
    found = kappa_interval([a for a, _ in pairs], [b for _, b in pairs], [str(i) for i in range(len(pairs))], n=50)
    assume(not math.isnan(found.value))
    triples = [(who, i, pair[who]) for i, pair in enumerate(pairs) for who in (0, 1)]
    assert found.value == pytest.approx(AnnotationTask(triples).kappa())
    assert found.n == len(pairs)


def test_weights_carry_a_sample_over_to_all():
    """Half of the pairs of one kind were asked: each counts twice."""
    half = kappa_interval([0, 0, 1, 3], [0, 1, 1, 3], list("abcd"), weights=[1, 1, 1, 2], n=10)
    full = kappa_interval([0, 0, 1, 3, 3], [0, 1, 1, 3, 3], list("abcde"), n=10)
    assert half.value == pytest.approx(full.value)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=4),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=4),
)
def test_overlap_is_symmetric_and_whole_for_equal_spans(one, other):
    one, other = ([(a, a + n) for a, n in spans] for spans in (one, other))
    assert overlap(one, other) == overlap(other, one)
    common, both = overlap(one, one)
    assert 2 * common == both


def test_low_and_high_enclose_the_value_in_order():
    rng = np.random.default_rng(0)
    figures = [
        alpha_interval(count_patterns(rng.multinomial(3, [0.2, 0.2, 0.2, 0.4], 200).astype(float))) for _ in range(5)
    ]
    for figure in figures:
        assert all(a <= b for a, b in pairwise((figure.low, figure.value, figure.high)))
