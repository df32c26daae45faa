"""Scores: zero for systems that do not read, correct, with intervals that cover; compared with scikit-learn if it has them."""

import math
import warnings
from itertools import combinations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, precision_recall_fscore_support

from kazstance.metrics import F_AVG, LABELS, METRICS, WTS_ORDINAL, WTS_POLAR
from kazstance.stats import metrics, resampling
from kazstance.stats.confusion import Confusion, confusion, resampled
from kazstance.stats.metrics import ACCURACY, SS, WTS, effective_size, f1, precision, recall, ss, wts
from kazstance.stats.paired import compare, holm, swap
from kazstance.stats.scores import score
from kazstance.stats.soft import calibration, calibration_gaps, cross_entropies, divergences


def counted(gold, predicted, strata, k=3):
    counts = np.zeros((int(strata.max()) + 1, k, k))
    np.add.at(counts, (strata, gold, predicted), 1)
    return counts


PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


@pytest.mark.full
@settings(max_examples=500)
@given(PAIRS)
def test_literature_metrics_are_those_of_scikit_learn(pairs):
    """With missing classes: undefined is NaN here; macro-F1 is over the labels that occur."""
    gold, predicted = np.array(pairs).T
    counts = counted(gold, predicted, np.zeros(len(pairs), dtype=int))
    assert (counts[0] == confusion_matrix(gold, predicted, labels=[0, 1, 2])).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p, r, f, _ = precision_recall_fscore_support(gold, predicted, labels=[0, 1, 2], zero_division=np.nan)
        macro = f1_score(gold, predicted, average="macro", labels=np.union1d(gold, predicted), zero_division=0)
    np.testing.assert_allclose(metrics.precision(counts), p, atol=1e-12)
    np.testing.assert_allclose(metrics.recall(counts), r, atol=1e-12)
    occurring = np.isin([0, 1, 2], np.union1d(gold, predicted))
    np.testing.assert_allclose(metrics.f1(counts)[occurring], np.nan_to_num(f[occurring]), atol=1e-12)
    assert np.isnan(metrics.f1(counts)[~occurring]).all()
    assert metrics.macro_f1(counts) == pytest.approx(macro, abs=1e-12)
    assert metrics.accuracy(counts) == pytest.approx(accuracy_score(gold, predicted), abs=1e-12)
    if occurring[[0, 2]].all():
        assert F_AVG(counts) == pytest.approx(np.nan_to_num(f[[0, 2]]).mean(), abs=1e-12)
    else:
        assert math.isnan(F_AVG(counts))


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(2, 120))
def test_skill_is_exactly_zero_for_whoever_knows_the_target_alone(seed, targets, n):
    rng = np.random.default_rng(seed)
    strata = rng.integers(0, targets, n)
    gold = rng.integers(0, 3, n)
    rule = rng.integers(0, 3, targets)
    counts = counted(gold, rule[strata], strata)
    for metric in (WTS, WTS_ORDINAL, WTS_POLAR):
        value = metric(counts)
        assert math.isnan(value) or abs(value) < 1e-12
    value = ss(counts)
    assert math.isnan(value) or value <= 1e-12


@given(st.integers(0, 2**32))
def test_perfect_is_one_and_turned_around_is_minus_one(seed):
    rng = np.random.default_rng(seed)
    strata, gold = rng.integers(0, 5, 200), rng.integers(0, 3, 200)
    perfect = counted(gold, gold, strata)
    assert [metric(perfect) for metric in (WTS, SS, WTS_ORDINAL, WTS_POLAR)] == pytest.approx([1] * 4)
    turned = counted(gold, 2 - gold, strata)
    assert WTS_ORDINAL(turned) == pytest.approx(-1)
    assert effective_size(turned) == pytest.approx(effective_size(perfect))


def test_skill_by_rows_is_skill_by_counts():
    """Mark of a row: hit minus the share of its target's gold that has the predicted label; best mark: with its own label."""
    rng = np.random.default_rng(3)
    strata, gold, predicted = (rng.integers(0, k, 150) for k in (6, 3, 3))
    share = np.array([[(gold[strata == t] == k).mean() for k in range(3)] for t in range(6)])
    mark = (gold == predicted) - share[strata, predicted]
    best = 1 - share[strata, gold]
    assert wts(counted(gold, predicted, strata)) == pytest.approx(mark.sum() / best.sum())
    assert effective_size(counted(gold, predicted, strata)) == pytest.approx(best.sum())


@pytest.mark.parametrize("style", ["majority", "prior", "uniform", "constant"])
@pytest.mark.parametrize("skill", [0.0, 0.3, 0.7])
def test_a_system_that_knows_the_share_s_scores_s_however_it_guesses(skill, style):
    """740 rows in 23 targets with skewed priors, six of them with one label; 400 draws."""
    rng = np.random.default_rng(11)
    strata = np.sort(rng.choice(23, 740, p=rng.dirichlet(np.ones(23) * 2)))
    prior = rng.dirichlet([0.5, 0.5, 1.2], 23)
    prior[:6] = np.eye(3)[rng.integers(0, 3, 6)]
    values = []
    for _ in range(400):
        gold = (rng.random(740)[:, None] > prior[strata].cumsum(axis=1)).sum(axis=1).clip(0, 2)
        guess = {
            "majority": prior.argmax(axis=1)[strata],
            "prior": (rng.random(740)[:, None] > prior[strata].cumsum(axis=1)).sum(axis=1).clip(0, 2),
            "uniform": rng.integers(0, 3, 740),
            "constant": np.full(740, 2),
        }[style]
        predicted = np.where(rng.random(740) < skill, gold, guess)
        values.append(wts(counted(gold, predicted, strata)))
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - skill) < max(4 * error, 1e-12)


@settings(max_examples=300)
@given(
    st.integers(0, 2**32),
    st.integers(2, 150),
    st.sampled_from([["target"], ["sentence"], ["target", "source"], ["target", "fold"]]),
)
def test_skill_is_zero_for_a_random_rule_that_knows_no_more_than_the_strata(seed, n, strata):
    """Sentences as strata: zero for systems that ignore the target; target and source: for those that know only both."""
    rng = np.random.default_rng(seed)
    columns = {
        name: rng.integers(0, size, n).astype(str)
        for name, size in zip(["target", "source", "fold"], (6, 5, 3), strict=True)
    }
    columns["sentence"] = rng.integers(0, max(1, n // 3), n).astype(str)
    keys = ["|".join(row) for row in zip(*(columns[name] for name in strata), strict=True)]
    rule = {key: LABELS[rng.integers(0, 3)] for key in sorted(set(keys))}
    columns |= {"gold": rng.choice(LABELS, n), "predicted": [rule[key] for key in keys]}
    found = confusion(pl.DataFrame(columns), "gold", "predicted", strata=strata, labels=LABELS)
    for metric in (WTS, WTS_ORDINAL, WTS_POLAR):
        value = metric(found.total)
        assert math.isnan(value) or abs(value) < 1e-12
    assert not ss(found.total) > 1e-12


def test_a_system_that_minds_the_target_is_not_zero_within_sentences():
    rng = np.random.default_rng(4)
    sentence, target, gold = np.repeat(np.arange(60), 3), np.tile(np.arange(3), 60), rng.integers(0, 3, 180)
    assert wts(counted(gold, target, sentence)) != pytest.approx(0, abs=1e-12)


# Confusion counts by target (gold against, neutral, favor × predicted), of public predictions on the test set of
# SemEval-2016 Task 6A, and the figures published for them: what the task's own scorer printed, in the notebooks of
# github.com/prrao87/tweet-stance-prediction (f12cf92), and what the scorer of github.com/cardiffnlp/tweeteval (4fbd22c)
# prints. Precision, recall and F1 of favor, then of against, then F_avg. See benchmarks/published.py.
PUBLISHED = {
    "transformer.ipynb": (
        [
            [[120, 17, 23], [7, 18, 3], [11, 4, 17]],
            [[1, 4, 6], [4, 22, 9], [2, 17, 104]],
            [[117, 19, 47], [10, 28, 6], [17, 4, 37]],
            [[130, 25, 17], [27, 49, 2], [21, 0, 24]],
            [[133, 31, 25], [12, 25, 8], [15, 3, 28]],
        ],
        ["0.5899", "0.6908", "0.6364", "0.7990", "0.7007", "0.7466", "0.6915"],
    ),
    "ulmfit.ipynb": (
        [[[98, 28, 57], [16, 19, 9], [21, 5, 32]]],
        ["0.3265", "0.5517", "0.4103", "0.7259", "0.5355", "0.6164", "0.5133"],
    ),
    "tweeteval": (
        [
            [[118, 48, 23], [6, 35, 4], [14, 2, 30]],
            [[127, 13, 20], [4, 21, 3], [4, 2, 26]],
            [[0, 2, 9], [0, 28, 7], [0, 11, 112]],
            [[102, 22, 59], [4, 36, 4], [13, 2, 43]],
            [[147, 13, 12], [30, 45, 3], [15, 6, 24]],
        ],
        [
            "0.6200527704485488",
            "0.7730263157894737",
            "0.6881405563689604",
            "0.8458904109589042",
            "0.6909090909090909",
            "0.76058506543495",
            "0.7243628109019552",
        ],
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures_of_public_predictions(name):
    counts, figures = PUBLISHED[name]
    counts = np.array(counts, dtype=float)
    ours = [metric(counts)[label] for label in (2, 0) for metric in (precision, recall, f1)] + [F_AVG(counts)]
    for found, figure in zip(ours, figures, strict=True):
        places = len(figure.partition(".")[2])
        assert found == pytest.approx(float(figure), abs=max(0.5 * 10.0**-places, 1e-15)), figure


def test_undefined_is_nan_and_never_zero():
    one_sided = np.zeros((2, 3, 3))
    one_sided[0, 2, 2] = one_sided[1, 0, 0] = 5
    assert math.isnan(wts(one_sided))
    assert math.isnan(ss(one_sided))
    assert all(math.isnan(metric(np.zeros((1, 3, 3)))) for metric in METRICS.values())


def test_counting_a_table_is_counting_its_rows():
    frame = pl.DataFrame(
        {
            "t": list("xxyy"),
            "c": ["1", "2", "1", "1"],
            "g": ["favor", "against", "neutral", "favor"],
            "p": ["favor"] * 4,
        }
    )
    for table in (frame, frame.to_arrow(), frame.to_pandas(), frame.lazy()):
        found = confusion(table, "g", "p", strata=["t"], cluster="c", labels=LABELS)
        assert (found.clusters, found.strata, found.n) == (("1", "2"), ("x", "y"), 4)
        assert found.total[0].tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 1]]
        assert found.weighted(np.eye(2))[0, 1].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 1]]
    with pytest.raises(ValueError, match="'pro' is not a label; expected one of against, neutral, favor"):
        confusion(pl.DataFrame({"g": ["pro"], "p": ["favor"]}), "g", "p", labels=LABELS)


def dense(found):
    """Counts of shape (clusters, strata, labels, labels)."""
    return found.weighted(np.eye(len(found.clusters)))


def simulated(rng, clustered):
    """A data set of 240 rows in 8 targets; 60 % of rows known, identical within clusters of unequal size if clustered."""
    sizes = rng.integers(1, 7, 60) if clustered else np.ones(240, dtype=int)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    n = len(cluster)
    strata, gold = rng.integers(0, 8, n), rng.choice(3, n, p=[0.5, 0.2, 0.3])
    ease = np.clip(rng.normal(0.6, 0.2 if clustered else 0, len(sizes)), 0, 1)
    predicted = np.where(rng.random(n) < ease[cluster], gold, rng.integers(0, 3, n))
    counts = np.zeros((len(sizes), 8, 3, 3))
    np.add.at(counts, (cluster, strata, gold, predicted), 1)
    return Confusion.from_counts(counts, tuple(map(str, range(len(sizes)))), tuple("abcdefgh"), LABELS)


def test_a_score_prints_its_signature():
    found = score(
        simulated(np.random.default_rng(1), True), WTS, n=100, signature={"task": "stance", "protocol": "in_domain"}
    )
    text = str(found)
    assert text.startswith(
        f"wts {found.value:.3f} [{found.low:.3f}, {found.high:.3f}] task:stance|protocol:in_domain|metric:wts|"
    )
    assert all(f"{key}:" in text for key in ("strata", "n", "D", "clusters", "resamples", "seed"))
    assert found.low < found.value < found.high
    assert found.over_targets.low < found.value < found.over_targets.high
    assert (
        str(
            score(
                simulated(np.random.default_rng(1), True),
                WTS,
                n=100,
                signature={"task": "stance", "protocol": "in_domain"},
            )
        )
        == text
    )


def test_two_systems_are_compared_on_the_same_draws():
    rng = np.random.default_rng(6)
    one = simulated(rng, True)
    same = compare(one, one, WTS, n=200)
    assert (same.value, same.low, same.high, same.p) == (0, 0, 0, 1)
    worse = Confusion.from_counts(dense(one)[..., [1, 2, 0]], one.clusters, one.strata, one.labels)
    found = compare(one, worse, WTS, n=400)
    back = compare(worse, one, WTS, n=400)
    assert found.value == pytest.approx(-back.value)
    assert found.p < 0.01
    assert found.low > 0
    with pytest.raises(ValueError, match="expected the same rows"):
        compare(one, simulated(rng, False), WTS)


def test_the_paired_test_holds_its_level():
    """Two systems of equal skill: p is at most 5 % in 5 % of 400 data sets, within error."""
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(400):
        sizes = rng.integers(1, 6, 40)
        cluster = np.repeat(np.arange(40), sizes)
        strata, gold = rng.integers(0, 5, len(cluster)), rng.integers(0, 3, len(cluster))
        systems = []
        for _ in range(2):
            ease = np.clip(rng.normal(0.5, 0.2, 40), 0, 1)
            predicted = np.where(rng.random(len(cluster)) < ease[cluster], gold, rng.integers(0, 3, len(cluster)))
            counts = np.zeros((40, 5, 3, 3))
            np.add.at(counts, (cluster, strata, gold, predicted), 1)
            systems.append(Confusion.from_counts(counts, tuple(map(str, range(40))), tuple("abcde"), LABELS))
        hits += compare(*systems, WTS, n=199).p <= 0.05
    assert 0.025 < hits / 400 < 0.08


def test_in_resamples_ss_keeps_the_rule_that_it_was_measured_against():
    found = simulated(np.random.default_rng(3), True)
    rule = found.total.sum(axis=-1).argmax(axis=-1)
    (draws,) = found.draws(200)
    (drawn,) = resampled([SS], found.total, found.draws(200))
    assert ss(found.total, rule) == ss(found.total)
    assert (drawn == ss(draws, rule)).all()
    assert (drawn >= ss(draws)).all()  # a newly chosen rule never errs more often
    assert drawn.mean() == pytest.approx(ss(found.total), abs=0.02)


def test_blocks_give_what_one_piece_gives(monkeypatch):
    one, other = (simulated(np.random.default_rng(5), True) for _ in range(2))
    other = Confusion.from_counts(dense(other)[..., [0, 2, 1]], other.clusters, other.strata, other.labels)
    whole = [score(one, WTS, 300), score(one, SS, 300), compare(one, other, WTS, 300)]
    for block in (1, 5_000, 20_000):
        monkeypatch.setattr(resampling, "BLOCK", block)
        assert [score(one, WTS, 300), score(one, SS, 300), compare(one, other, WTS, 300)] == whole


def test_swapping_clusters_is_swapping_their_rows():
    rng = np.random.default_rng(9)
    one = simulated(rng, True)
    moved = np.roll(dense(one), 1, axis=-1)  # the same gold labels, other predictions
    other = Confusion.from_counts(moved, one.clusters, one.strata, one.labels)
    kept = rng.integers(0, 2, (20, len(one.clusters)))
    expected = []
    for coins in kept:
        sides = [
            sum(a if coin else b for coin, a, b in zip(coins, *pair, strict=True))
            for pair in ((dense(one), dense(other)), (dense(other), dense(one)))
        ]
        expected.append(wts(sides[0]) - wts(sides[1]))
    np.testing.assert_allclose(swap(one, other, wts, kept.astype(float)), expected, atol=1e-12)


def test_the_paired_test_is_that_of_scipy():
    """Eleven rows, each its own cluster: scipy enumerates all 2048 swaps, this draws 20,000."""
    gold = np.array([0, 1, 2, 0, 2, 2, 1, 0, 0, 2, 1])
    one, other = np.where(np.arange(11) < 9, gold, 0), np.where(np.arange(11) % 3 > 0, 1, gold)
    right = [(predicted == gold).astype(float) for predicted in (one, other)]
    exact = stats.permutation_test(
        right,
        lambda a, b, axis: (a - b).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    ).pvalue
    systems = []
    for predicted in (one, other):
        counts = np.zeros((11, 1, 3, 3))
        counts[np.arange(11), 0, gold, predicted] = 1
        systems.append(Confusion.from_counts(counts, tuple(map(str, range(11))), ("",), LABELS))
    assert compare(*systems, ACCURACY, n=20_000).p == pytest.approx(exact, abs=0.01)


def test_a_difference_that_is_undefined_has_no_p_value():
    counts = np.zeros((2, 1, 3, 3))
    counts[:, 0, 2, 2] = 3
    found = compare(*[Confusion.from_counts(counts, ("a", "b"), ("",), LABELS)] * 2, WTS, n=20)
    assert math.isnan(found.value)
    assert math.isnan(found.p)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p):
    """By its definition: the largest Bonferroni p-value among all sets of hypotheses that contain this one."""
    n = len(p)
    sets = [chosen for size in range(1, n + 1) for chosen in combinations(range(n), size)]
    closed = [max(min(1, len(s) * min(p[i] for i in s)) for s in sets if this in s) for this in range(n)]
    assert holm(p) == pytest.approx(closed)


def test_holm_as_worked_by_hand():
    """The example of Wikipedia's page on the method; R's p.adjust gives the same."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1, 1]
    assert holm([]) == []


def test_soft_scores_are_those_of_scipy_and_scikit_learn():
    rng = np.random.default_rng(2)
    probabilities = rng.dirichlet(np.ones(3), 50)
    votes = rng.multinomial(3, [0.3, 0.3, 0.4], 50).astype(float)
    expected = np.mean([jensenshannon(p, v / v.sum(), base=2) ** 2 for p, v in zip(probabilities, votes, strict=True)])
    assert divergences(probabilities, votes).mean() == pytest.approx(expected)
    gold = rng.integers(0, 3, 50)
    assert cross_entropies(probabilities, np.eye(3)[gold]).mean() == pytest.approx(
        log_loss(gold, probabilities, labels=[0, 1, 2])
    )


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(2, 4))
def test_soft_scores_are_sums_of_the_entropies_of_scipy(seed, rows, labels):
    """Cross-entropy is the entropy of the votes and the divergence of the probabilities from them."""
    rng = np.random.default_rng(seed)
    probabilities, votes = rng.dirichlet(np.ones(labels), rows), rng.multinomial(5, np.full(labels, 1 / labels), rows)
    share = votes / 5
    divergence = stats.entropy(share, axis=1) + stats.entropy(share, probabilities, axis=1)
    assert cross_entropies(probabilities, votes.astype(float)).mean() == pytest.approx(divergence.mean())
    distance = jensenshannon(share, probabilities, base=2, axis=1)
    assert divergences(probabilities, votes.astype(float)).mean() == pytest.approx((distance**2).mean(), abs=1e-9)


def test_what_was_voted_for_and_given_no_chance_is_infinitely_wrong():
    certain = np.array([[1.0, 0.0]])
    assert cross_entropies(certain, np.array([[1.0, 1.0]])) == math.inf
    assert divergences(certain, np.array([[0.0, 2.0]])) == 1
    assert cross_entropies(certain, certain) == divergences(certain, certain) == 0
    assert cross_entropies(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)


def calibration_error(probabilities, gold, bins=10):
    gaps = calibration_gaps(probabilities, gold, bins)
    return calibration(np.append(gaps.sum(axis=0), len(gaps)))


@given(st.integers(0, 2**32), st.integers(5, 200), st.integers(2, 15))
def test_calibration_error_is_that_of_the_calibration_curve_of_scikit_learn(seed, rows, bins):
    rng = np.random.default_rng(seed)
    probabilities, gold = rng.dirichlet(np.ones(3), rows), rng.integers(0, 3, rows)
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == gold
    share, mean = calibration_curve(right, sure, n_bins=bins, strategy="uniform")
    size = np.histogram(sure, bins=bins, range=(0, 1))[0]
    expected = (np.abs(share - mean) * size[size > 0]).sum() / rows
    assert calibration_error(probabilities, gold, bins) == pytest.approx(expected)


def test_calibration_error_of_a_calibrated_and_of_an_overconfident_system():
    gold = np.array([0] * 7 + [1] * 3)
    assert calibration_error(np.tile([0.7, 0.3], (10, 1)), gold) == pytest.approx(0)
    assert calibration_error(np.tile([1.0, 0.0], (10, 1)), gold) == pytest.approx(0.3)


def test_arrow_and_numpy_names_of_labels_alike():
    table = pa.table({"g": pa.array(["favor"] * 3).dictionary_encode(), "p": ["favor", "against", "favor"]})
    assert confusion(table, "g", "p", labels=LABELS).n == 3
