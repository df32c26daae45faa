"""The grid of positions: complete, counted as SQL counts it, pooled as the model says, the same from every dataframe."""

from collections import Counter

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, betabinom

import kazstance
from kazstance.comparison import compare_dataset
from kazstance.comparison.contrast import contrast
from kazstance.comparison.counts import count
from kazstance.comparison.disagreements import disagreements
from kazstance.comparison.distances import distances
from kazstance.comparison.positions import positions
from kazstance.comparison.wording import wording
from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.schema.labels import Position
from kazstance.stats.clustering import design_effects, intraclass
from kazstance.stats.pooling import CONCENTRATIONS, SHAPES, pool

CELL = st.tuples(st.integers(0, 6), st.integers(0, 6))
TABLE = st.integers(2, 4).flatmap(lambda s: st.lists(st.lists(CELL, min_size=s, max_size=s), min_size=1, max_size=4))


def frames(columns):
    """The same rows as every kind of dataframe."""
    table = pa.table(columns)
    return [table, pd.DataFrame(columns), pl.DataFrame(columns), pl.LazyFrame(columns), duckdb.from_arrow(table)]


def stances():
    names = [
        "source_id",
        "target_id",
        "label_name",
        "certainty",
        "paragraph_id",
        "voice",
        "endorsed",
        "text",
        "sentence_id",
    ]
    return {name: kazstance.table("stances")[name].to_pylist() for name in names}


def sentences():
    rows = [row for row in kazstance.load("sentences") if row.annotated]
    return {name: [getattr(row, name) for row in rows] for name in ("source_id", "paragraph_id", "text")}


def test_the_grid_is_complete_and_counts_as_sql_does():
    cells = compare_dataset(DatasetFolder()).positions()
    sources, targets = ([getattr(row, f"{x}_id") for row in kazstance.load(f"{x}s")] for x in ("source", "target"))
    assert [(cell.source, cell.target) for cell in cells] == [(s, t) for s in sources for t in targets]
    files = str(kazstance.path("stances") / "*.parquet")
    sql = f"SELECT source_id, target_id, label_name, count(*) FROM '{files}' WHERE voice = 'own' GROUP BY ALL"
    expected = {row[:3]: row[3] for row in duckdb.sql(sql).fetchall()}
    found = {(c.source, c.target, n): getattr(c, n) for c in cells for n in ("favor", "neutral", "against")}
    assert {key: n for key, n in found.items() if n} == expected
    length = dict(
        duckdb.sql(
            f"SELECT source_id, count(*) FROM '{kazstance.path('sentences', 'all')}' WHERE annotated AND voice = 'own' GROUP BY ALL"
        ).fetchall()
    )
    assert {cell.source: cell.sentences for cell in cells} == length


def figures(found):
    return (found.value, found.low, found.high) if found else (None, None, None)


def test_the_table_positions_is_the_grid():
    for cell, row in zip(compare_dataset(DatasetFolder()).positions(), kazstance.load("positions"), strict=True):
        assert figures(cell.net) == (row.net, row.net_low, row.net_high)
        assert figures(cell.jeffreys) == (row.net_jeffreys, row.net_jeffreys_low, row.net_jeffreys_high)
        assert figures(cell.salience) == (row.salience, row.salience_low, row.salience_high)
        assert cell.position is row.position


@pytest.mark.full
def test_every_dataframe_gives_the_same():
    units = frames(sentences())
    expected = None
    for frame, unit in zip(frames(stances()), units, strict=True):
        counts = count(frame, sentences=unit)
        found = (
            positions(counts),
            disagreements(counts, n=19),
            distances(counts, n=20),
            distances(counts, "salience", n=20),
            {source: [row["sentence_id"] for row in rows] for source, rows in contrast("uprising", frame).items()},
            wording("uprising", frame, background=unit),
        )
        expected = expected or found
        assert found == expected
    by_hand = {(cell.source, cell.target): cell for cell in compare_dataset(DatasetFolder(), "all").positions()}
    assert {(cell.source, cell.target): cell for cell in expected[0]} == by_hand
    assert expected[5] == compare_dataset(DatasetFolder(), "all").wording("uprising")


def test_columns_have_any_name_and_labels_may_be_numbers():
    columns = {"party": ["x", "x", "y", "y"], "issue": ["a", "a", "a", "b"], "code": [2, 0, 3, 1], "page": list("1123")}
    names = {"source": "party", "target": "issue", "label": "code"}
    for frame in frames(columns):
        counts = count(frame, **names, labels="kazstance", cluster="page", sentences={"x": 3, "y": 9, "z": 4})
        cells = {(c.source, c.target): (c.favor, c.neutral, c.against, c.sentences) for c in positions(counts)}
        assert cells == {
            ("x", "a"): (1, 0, 1, 3),
            ("x", "b"): (0, 0, 0, 3),
            ("y", "a"): (0, 0, 0, 9),
            ("y", "b"): (0, 1, 0, 9),
            ("z", "a"): (0, 0, 0, 4),
            ("z", "b"): (0, 0, 0, 4),
        }
        bare = positions(count(frame, **names, labels="kazstance", cluster=None))
        assert {cell.salience for cell in bare} == {None}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"label": "voice"}, "voice: 'own' in row 1 and .* more, expected one of against, neutral, favor"),
        ({"sources": ["old_mole"]}, "is not a source; choose from old_mole"),
        ({"targets": ["uprising"]}, "is not a target; choose from uprising"),
        ({"voice": "loud"}, "'loud' is not a voice; choose from own, endorsed, all"),
    ],
)
def test_wrong_names_are_said(wanted, said):
    with pytest.raises(UnknownNameError, match=said):
        count(pa.table(stances()), **wanted)


def test_voices_count_what_they_say():
    rows = {
        "source_id": ["s"] * 5,
        "target_id": ["t"] * 5,
        "label_name": ["favor", "favor", "against", "against", "against"],
        "paragraph_id": list("12345"),
        "voice": ["own", "own", "quoted", "quoted", "quoted"],
        "endorsed": [None, None, "yes", "no", "unclear"],
    }
    for voice, expected in {"own": (2, 0), "endorsed": (2, 1), "all": (2, 3)}.items():
        for frame in frames(rows):
            (cell,) = positions(count(frame, voice=voice))
            assert (cell.favor, cell.against) == expected
    own = compare_dataset(DatasetFolder(), "own").counts.total.sum()
    assert own == sum(row.voice == "own" for row in kazstance.load("stances")) < len(kazstance.load("stances"))


def oracle(favor, against):
    """Mean and distribution function of net stance by closed forms, with the means of targets at beta quantiles."""
    n, points = favor + against, (np.arange(400) + 0.5) / 400
    grid = [(k, a, beta.ppf(points, a, a).clip(1e-9, 1 - 1e-9)) for k in CONCENTRATIONS for a in SHAPES]
    logs = np.array(
        [betabinom.logpmf(favor[..., None], n[..., None], m * k, (1 - m) * k).sum(axis=0) for k, _, m in grid]
    )  # hyperparameters, targets, means
    by_target = np.exp(logs).mean(axis=2)
    hyper = by_target.prod(axis=1) / by_target.prod(axis=1).sum()
    weight = hyper[:, None, None] * np.exp(logs) / by_target[:, :, None] / 400

    def share(s, t, statistic):
        return sum(
            (weight[i, t] * statistic(favor[s, t] + m * k, against[s, t] + (1 - m) * k)).sum()
            for i, (k, _, m) in enumerate(grid)
        )

    return share


def test_pooled_positions_are_those_of_the_model():
    favor = np.array([[3, 0, 5, 1], [2, 0, 0, 4], [0, 1, 1, 0]])
    against = np.array([[0, 2, 1, 1], [0, 4, 3, 0], [1, 0, 0, 0]])
    known, share = pool(favor.astype(float), against.astype(float)), oracle(favor, against)
    mean, low, high = known.summary()
    for s, t in np.ndindex(favor.shape):
        assert mean[s, t] == pytest.approx(2 * share(s, t, lambda a, b: a / (a + b)) - 1, abs=4e-3)
        for end, tail in ((low[s, t], 0.025), (high[s, t], 0.975)):
            near = [share(s, t, lambda a, b, x=end + d: beta.cdf((x + 1) / 2, a, b)) for d in (-1e-3, 1e-3)]
            assert near[0] - 4e-3 <= tail <= near[1] + 4e-3


def test_probabilities_of_pairs_are_those_of_draws():
    rng = np.random.default_rng(0)
    favor, against = rng.integers(0, 6, (2, 3, 5)).astype(float)
    known = pool(favor, against)
    drawn = known.draws(8_000, seed=1)
    for target in range(5):
        x = drawn[:, :, target]
        same, more = known.compare(target)
        for a, b in ((0, 1), (0, 2), (1, 2)):
            ties = (x[:, a] == x[:, b]).mean()
            assert more[a, b] == pytest.approx((x[:, a] > x[:, b]).mean() + ties / 2, abs=0.03)
            assert same[a, b] == pytest.approx(((x[:, a] > 0) == (x[:, b] > 0)).mean(), abs=0.03)
            assert more[a, b] + more[b, a] == pytest.approx(1)


@given(TABLE)
@settings(max_examples=20, deadline=None)
def test_mirrored_counts_mirror_positions(cells):
    favor, against = np.moveaxis(np.array(cells, dtype=float), -1, 0)
    found = pool(favor.T, against.T).summary()
    mirrored = pool(against.T, favor.T).summary()
    assert found == pytest.approx(-mirrored[[0, 2, 1]], abs=1e-9)
    assert (found[1] <= found[0]).all()
    assert (found[0] <= found[2]).all()


def test_one_sentence_never_settles_a_target_and_many_do():
    """Sound at n = 1 to 5: unanimous cells keep their width; and the grid is fine enough if n is large."""
    for n in range(1, 6):
        (_, low, high) = pool(np.array([[n], [0.0]]), np.zeros((2, 1))).summary()
        assert high[0, 0] - low[0, 0] > 0.3
        assert high[0, 0] == pytest.approx(1, abs=1e-2)
    many = np.array([[6000.0], [500.0]]), np.array([[4000.0], [500.0]])
    value, low, high = pool(*many).summary()[:, 0, 0]
    assert value == pytest.approx(0.2, abs=2e-3)
    assert (low, high) == pytest.approx(2 * beta.ppf([0.025, 0.975], 6000, 4000) - 1, abs=4e-3)


def test_a_neutral_or_silent_source_borrows_nothing():
    cells = {(cell.source, cell.target): cell for cell in compare_dataset(DatasetFolder()).positions()}
    kinds = Counter(cell.position for cell in cells.values())
    assert kinds[Position.neutral]
    assert kinds[Position.not_addressed]
    for cell in cells.values():
        assert (cell.net is None) == (cell.jeffreys is None) == (cell.position is Position.not_addressed)
        if cell.position is Position.neutral:
            assert figures(cell.net) == figures(cell.jeffreys) == (0, -1, 1)
        if not cell.about:
            assert cell.salience.value == cell.salience.low == 0 < cell.salience.high < 0.2


def test_clustering_by_analysis_of_variance():
    """One cell: the textbook one-way estimate (Fisher, 1925), here by its definition over single rows."""
    clusters = [[1, 1, 1, 0], [0, 0, 1], [1, 1], [0, 0, 0, 0, 1]]
    rows = [(i, y) for i, cluster in enumerate(clusters) for y in cluster]
    y = np.array([y for _, y in rows], dtype=float)
    mean = {i: np.mean(c) for i, c in enumerate(clusters)}
    between = sum((mean[i] - y.mean()) ** 2 for i, _ in rows) / 3
    within = sum((y - mean[i]) ** 2 for i, y in rows) / (len(rows) - 4)
    sizes = np.array([len(c) for c in clusters], dtype=float)
    size = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / 3
    hits = np.array([sum(c) for c in clusters], dtype=float)
    found = intraclass(hits, sizes, np.zeros(4, dtype=int))
    assert found == pytest.approx((between - within) / (between + (size - 1) * within))
    assert design_effects(sizes, np.zeros(4, dtype=int), 2, found) == pytest.approx(
        [1 + ((sizes**2).sum() / sizes.sum() - 1) * found, 1]
    )
    assert intraclass(np.array([3.0, 0.0]), np.array([3.0, 3.0]), np.zeros(2, dtype=int)) == 1


def test_clustered_sentences_are_worth_less():
    rows = {"source_id": [], "target_id": [], "label_name": [], "paragraph_id": []}
    for source, labels in {"s": ["favor"] * 4 + ["against"] * 4, "r": ["favor"] * 4 + ["against"] * 4}.items():
        for i, label in enumerate(labels):
            for name, value in zip(rows, (source, "t", label, str(i // 4)), strict=True):
                rows[name].append(value)
    (alike, _), (single, _) = (positions(count(pa.table(rows), cluster=c)) for c in ("paragraph_id", None))
    assert alike.net.high - alike.net.low > 1.2 * (single.net.high - single.net.low)
    assert alike.jeffreys == single.jeffreys
