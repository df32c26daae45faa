"""The correction is what it is by hand, in the formulas of DSL and in ppi-python; and its intervals hold the truth."""

import json
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.correction import SMOOTHINGS, held, run
from benchmarks.judged_samples import DESIGNED
from kazstance.stats.allocation import allocate, neyman, systematic
from kazstance.stats.correction import (
    DEFAULT,
    Domain,
    Measure,
    Sample,
    are_equal,
    correct,
    difference,
    enough,
    truths_by_kind,
)
from tests.conftest import environment

NET = Measure(np.array([-1.0, 0, 1, 0]), np.array([1.0, 0, 1, 0]), low=-1.0)
SALIENCE = Measure(np.array([1.0, 1, 1, 0]), np.ones(4), unanswered=(0, 1))
LABELS = 4


def stratified(silver, sampled, truth, **how):
    """A correction from rows: the machine's label, whether a person judged it, what that person said."""
    kind = np.arange(LABELS + 1)
    size = np.bincount(silver, minlength=LABELS + 1).astype(float)
    truths = np.zeros((LABELS + 1, LABELS))
    np.add.at(truths, (silver[sampled], truth[sampled]), 1)
    sample = Sample(kind, size, truths.sum(axis=1))
    measure = how.pop("measure", NET)
    return correct(sample, Domain(size, truths), measure, truths_by_kind(kind, truths), **how)


@st.composite
def corpora(draw, *, answered=True):
    """Rows of a machine and a person, of which each stratum is judged in two rows or more, as far as it has them."""
    n = draw(st.integers(8, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    silver = rng.integers(0, LABELS + (not answered), n)
    truth = np.where(rng.random(n) < 0.7, np.minimum(silver, LABELS - 1), rng.integers(0, LABELS, n))
    share = draw(st.floats(0.2, 1))
    sampled = np.zeros(n, dtype=bool)
    for kind in set(silver.tolist()):
        rows = np.flatnonzero(silver == kind)
        sampled[rng.choice(rows, min(len(rows), max(2, round(share * len(rows)))), replace=False)] = True
    return silver, sampled, truth


def ratio(labels, measure=NET):
    with np.errstate(invalid="ignore"):  # nobody takes a side
        return measure.numerator[labels].sum() / measure.denominator[labels].sum()


def test_by_hand():
    """Two strata: of 10 called favor 4 are judged, 3 rightly and 1 against; of 20 called none 5, all rightly."""
    kind, size = np.array([2, 3]), np.array([10.0, 20.0])
    truths = np.array([[1.0, 0, 3, 0], [0, 0, 0, 5]])
    found = correct(Sample(kind, size, truths.sum(1)), Domain(size, truths), NET, np.eye(5, 4), smoothing="none")
    assert found.machine == 1
    assert found.value == (7.5 - 2.5) / 10  # a quarter of ten is against
    # of favor: the error is 0 in three and, as against, -1 - .5 - (1 - .5) = -2 in one; its variance with 4 - 1 is 1
    assert found.variance == pytest.approx(10**2 * (1 - 4 / 10) * 1 / 4 / 10**2)
    half = 1.959963984540054 * np.sqrt(found.variance)
    assert found.interval == pytest.approx((0.5 - half, 1.0))
    assert (found.total, found.drawn, found.unjudged) == (10, 9, 0)


def test_the_variance_with_half_a_judgement_of_each_label_by_hand():
    """Of 10 called favor 4 are judged, all rightly; and 5 of these 10 are a domain, in which 2 of the 4 are."""
    kind, size = np.array([2]), np.array([10.0])
    truths = np.array([[0.0, 0, 4, 0]])
    sample = Sample(kind, size, truths.sum(1))
    found = correct(sample, Domain(size, truths), NET, np.eye(5, 4))
    # net is 1, an error adds -2 if it is against and nothing else (neutral: 0 - 0 - (1 - 1) = 0)
    share = 0.5 / (4 + 4 * 0.5)
    assert found.value == 1
    assert found.variance == pytest.approx((1 - 4 / 10) * (4 * share - (2 * share) ** 2) / 4)
    part = correct(sample, Domain(size / 2, truths / 2), NET, np.eye(5, 4))
    assert part.value == 1
    # the domain is half of the stratum, and so is what is added to it; its denominator is 5
    assert part.variance == pytest.approx(10**2 * (1 - 4 / 10) * (2 * share - share**2) / 4 / 5**2)


def test_a_stratum_that_nobody_judged_may_hold_any_label():
    kind, size = np.array([2, 3]), np.array([10.0, 1.0])
    truths = np.array([[0.0, 0, 10, 0], [0, 0, 0, 0]])
    found = correct(Sample(kind, size, truths.sum(1)), Domain(size, truths), NET, np.eye(5, 4))
    # of the one pair called none: against would add -1 - 1 = -2, favor 1 - 1 = 0
    assert found.variance == pytest.approx((4 * 0.25 - 0.5**2) / 10**2)


def test_the_larger_variance_by_hand():
    """The errors of the kind elsewhere count where fewer are seen here."""
    kind, size = np.array([2, 2]), np.array([10.0, 10.0])
    truths = np.array([[0.0, 0, 4, 0], [2, 0, 2, 0]])
    by_kind = truths_by_kind(kind, truths)
    assert by_kind[2] == pytest.approx(np.array([2.05, 0.05, 6.3, 0.05]) / 8.45)
    assert by_kind[0] == pytest.approx(np.array([0.3, 0.05, 0.05, 0.05]) / 0.45)
    assert by_kind[4] == pytest.approx([0.25] * 4)
    domain = Domain(np.array([10.0, 0.0]), np.array([truths[0], np.zeros(4)]))
    found = correct(Sample(kind, size, truths.sum(1)), domain, NET, by_kind, smoothing="larger")
    # no error was seen: net is 1, an error adds -2 if it is against and nothing else (neutral: 0 - 0 - (1 - 1) = 0)
    share = 2.05 / 8.45
    assert found.value == 1
    assert found.variance == pytest.approx((1 - 4 / 10) * (4 * share - (2 * share) ** 2) / 4)


@pytest.mark.parametrize(("smoothing", "above"), [("half", -0.8), ("larger", -0.7)])
def test_a_stratum_in_which_nearly_all_is_wrong_has_a_variance(smoothing, above):
    """As in a source that is ironic: what is called favor is against, and in another source it is favor."""
    kind, size = np.array([2, 2]), np.array([56.0, 56.0])
    truths = np.array([[9.0, 0, 0, 0], [0, 0, 9, 0]])
    by_kind = truths_by_kind(kind, truths)
    domain = Domain(np.array([56.0, 0.0]), np.array([truths[0], np.zeros(4)]))
    found = correct(Sample(kind, size, truths.sum(1)), domain, NET, by_kind, smoothing)
    low, high = found.interval
    assert (found.value, low) == (-1, -1)
    assert high > above  # nine of nine are wrong in a fifth of the draws where 85 % are, so that the net is -.7


@settings(max_examples=60, deadline=None)
@given(corpora())
def test_a_perfect_machine_needs_no_correction(rows):
    silver, sampled, _ = rows
    for measure in (NET, SALIENCE):
        found = stratified(silver, sampled, silver, measure=measure)
        assert found.value == pytest.approx(ratio(silver, measure), nan_ok=True)
        assert found.machine == pytest.approx(found.value, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(corpora(answered=False), st.sampled_from(SMOOTHINGS))
def test_where_all_is_judged_the_judgements_are_the_result_without_error(rows, smoothing):
    silver, _, truth = rows
    for measure in (NET, SALIENCE):
        found = stratified(silver, np.ones(len(silver), bool), truth, measure=measure, smoothing=smoothing)
        right = ratio(truth, measure)
        assert found.value == pytest.approx(right, nan_ok=True)
        assert np.isnan(right) or found.variance == pytest.approx(0, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(corpora(answered=False))
def test_it_is_design_based_supervised_learning(rows):
    """Egami et al. (2023), equation 3: the outcome predicted, and where it was sampled its error over the probability."""
    silver, sampled, truth = rows
    size, drawn = (np.bincount(which, minlength=LABELS + 1) for which in (silver, silver[sampled]))
    probability = (drawn / np.maximum(size, 1))[silver]
    for measure in (NET, SALIENCE):
        totals = []
        for values, assumed in zip((measure.numerator, measure.denominator), measure.assumed, strict=True):
            predicted = assumed[silver]
            totals.append((predicted + sampled / probability * (values[truth] - predicted)).sum())
        found = stratified(silver, sampled, truth, measure=measure)
        assert found.total == pytest.approx(totals[1])
        if abs(totals[1]) > 1e-9:
            assert found.value == pytest.approx(totals[0] / totals[1])


@settings(max_examples=60, deadline=None)
@given(corpora())
def test_over_whole_strata_it_is_the_weighted_mean_of_the_judgements(rows):
    silver, sampled, truth = rows
    size, drawn = (np.bincount(which, minlength=LABELS + 1) for which in (silver, silver[sampled]))
    weight = (size / np.maximum(drawn, 1))[silver[sampled]]
    found = stratified(silver, sampled, truth)
    total = (weight * NET.denominator[truth[sampled]]).sum()
    assert found.total == pytest.approx(total, abs=1e-9)
    if total > 1e-9:
        assert found.value == pytest.approx((weight * NET.numerator[truth[sampled]]).sum() / total)


@settings(max_examples=40, deadline=None)
@given(corpora(), st.sampled_from(SMOOTHINGS))
def test_as_many_judgements_as_are_asked_for_make_the_interval_narrow_enough(rows, smoothing):
    """Drawn again with so many, and seeing the same shares, the strata give an interval of the widest width there is."""
    silver, sampled, truth = rows
    kind, size = np.arange(LABELS + 1), 1e6 * np.bincount(silver, minlength=LABELS + 1)
    truths = np.zeros((LABELS + 1, LABELS))
    np.add.at(truths, (silver[sampled], truth[sampled]), 1)
    by_kind = truths_by_kind(kind, truths)
    sample, domain = Sample(kind, size, truths.sum(1)), Domain(size, truths)
    found = correct(sample, domain, NET, by_kind, smoothing)
    times = enough(sample, domain, found, by_kind, smoothing)
    if found.total > 0 and times > 1 and np.isfinite(times):
        more = truths * times
        again = correct(Sample(kind, size, more.sum(1)), Domain(size, more), NET, by_kind, smoothing)
        assert again.width <= NET.widest * (1 + 1e-6)
        assert again.heaviest <= again.total / 2 * (1 + 1e-6)
        assert again.width == pytest.approx(NET.widest) or again.heaviest == pytest.approx(again.total / 2)


@settings(max_examples=60, deadline=None)
@given(corpora(), st.sampled_from(SMOOTHINGS))
def test_no_more_judgements_are_asked_for_than_there_are_units(rows, smoothing):
    """Where all of a stratum is judged it adds nothing to the variance, and the rest need not make up for it."""
    silver, sampled, truth = rows
    kind, size = np.arange(LABELS + 1), np.bincount(silver, minlength=LABELS + 1).astype(float)
    truths = np.zeros((LABELS + 1, LABELS))
    np.add.at(truths, (silver[sampled], truth[sampled]), 1)
    by_kind = truths_by_kind(kind, truths)
    sample, domain = Sample(kind, size, truths.sum(1)), Domain(size, truths)
    found = correct(sample, domain, NET, by_kind, smoothing)
    times = enough(sample, domain, found, by_kind, smoothing)
    if found.total >= 1:
        assert times <= max(1, (size / np.maximum(sample.drawn, 1)).max()) * (1 + 1e-9)
    if found.is_given:
        assert times == 1


def test_what_is_refused():
    kind, size = np.array([2, 3]), np.array([100.0, 900.0])

    def found(truths):
        truths = np.asarray(truths, float)
        return correct(Sample(kind, size, truths.sum(1)), Domain(size, truths), NET, truths_by_kind(kind, truths))

    def times(truths):
        truths = np.asarray(truths, float)
        sample, domain, by_kind = Sample(kind, size, truths.sum(1)), Domain(size, truths), truths_by_kind(kind, truths)
        return enough(sample, domain, found(truths), by_kind)

    few = found([[0, 0, 2, 0], [0, 0, 0, 2]])
    assert (bool(few.has_few), bool(few.has_gap), bool(few.is_given)) == (True, False, False)
    gap = found([[0, 0, 50, 0], [0, 0, 0, 0]])
    assert (bool(gap.has_few), bool(gap.has_gap), float(gap.unjudged), bool(gap.is_given)) == (False, True, 0.9, False)
    empty = found([[0, 0, 0, 50], [0, 0, 0, 50]])
    assert (bool(empty.is_empty), bool(empty.is_given)) == (True, False)
    wide = found(many := [[3, 0, 7, 0], [0, 0, 0, 90]])
    assert (bool(wide.is_wide), bool(wide.is_lone), bool(wide.is_given)) == (True, False, False)
    assert times(many) > 1
    lone = found(few_none := [[0, 0, 40, 0], [0, 0, 0, 10]])
    assert (float(lone.heaviest), bool(lone.is_lone), bool(lone.is_given)) == (90, True, False)
    assert times(few_none) >= 90 / 50
    good = found(most := [[10, 0, 40, 0], [0, 0, 0, 400]])
    assert bool(good.is_given)
    assert times(most) == 1


def test_a_stratum_that_nobody_judged_keeps_its_labels_and_makes_the_interval_wide():
    kind, size = np.array([2, 0]), np.array([100.0, 4.0])
    truths = np.array([[0.0, 0, 50, 0], [0, 0, 0, 0]])
    by_kind = truths_by_kind(np.array([2, 0, 0]), np.array([*truths, [5.0, 0, 5, 0]]))
    sample, domain = Sample(kind, size, truths.sum(1)), Domain(size, truths)
    found = correct(sample, domain, NET, by_kind)
    alone = correct(Sample(kind, size * [1, 0], truths.sum(1)), Domain(size * [1, 0], truths), NET, by_kind)
    assert found.value == (100 - 4) / 104
    assert found.variance > alone.variance


def test_a_domain_within_strata():
    """Units of other domains in the same strata add nothing but uncertainty about how many there are."""
    kind, size = np.array([2]), np.array([100.0])
    truths = np.array([[2.0, 0, 8, 0]])
    by_kind = truths_by_kind(kind, np.array([[4.0, 0, 16, 0]]))
    found = correct(Sample(kind, size, np.array([20.0])), Domain(np.array([50.0]), truths), NET, by_kind)
    assert found.total == 50
    assert found.value == pytest.approx((50 + 5 * (2 * -2)) / 50)


def test_differences_add_variances():
    kind, size = np.array([2]), np.array([100.0])
    one, other = (
        correct(Sample(kind, size, t.sum(1)), Domain(size, t), NET, truths_by_kind(kind, t))
        for t in (np.array([[2.0, 0, 18, 0]]), np.array([[10.0, 0, 10, 0]]))
    )
    value, low, high = difference(one, other)
    assert value == pytest.approx(0.8 - 0)
    assert high - low == pytest.approx(2 * 1.959963984540054 * np.sqrt(one.variance + other.variance))


def test_whether_estimates_are_equal():
    """With equal variances it is the sum of squared distances over the variance; two are the square of z."""
    statistic, freedom = are_equal([0.1, 0.3], [0.01, 0.03])
    assert (statistic, freedom) == (pytest.approx(0.2**2 / 0.04), 1)
    values = [0.1, 0.2, 0.6]
    assert are_equal(values, [0.02] * 3)[0] == pytest.approx(np.sum((np.array(values) - 0.3) ** 2) / 0.02)
    assert are_equal([0.1, 0.1], [0.0, 0.1]) == (0.0, 1)
    assert are_equal([0.1, 0.2, 0.4], [0.0, 0.1, 0.2])[0] == pytest.approx(
        are_equal([0.1, 0.2, 0.4], [1e-9, 0.1, 0.2])[0]
    )
    assert are_equal([0.1, 0.2, 0.1], [0.0, 0.0, 0.1]) == (float("inf"), 2)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.floats(0, 1)), min_size=1, max_size=6), st.integers(0, 500))
def test_judgements_are_divided_among_strata(strata, n):
    size, weight = (np.array(side, dtype=float) for side in zip(*strata, strict=True))
    found = allocate(size, weight, n)
    least = np.minimum(size, 2)
    assert (found >= least).all()
    assert (found <= size).all()
    assert found.sum() == min(max(n, least.sum()), size.sum())


def test_judgements_are_divided_by_weight():
    assert allocate(np.array([100.0] * 4), np.array([0.2, 0.2, 0.2, 0.4]), 50).tolist() == [10, 10, 10, 20]
    assert allocate(np.array([4.0, 100, 100, 1000]), np.array([0.2, 0.2, 0.2, 0.4]), 50).tolist() == [4, 12, 11, 23]
    assert neyman(np.array([10.0, 100]), np.array([0.25, 0.01])).tolist() == [5, 10]


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400), st.data())
def test_a_systematic_draw_meets_every_part_in_proportion(size, data):
    drawn = data.draw(st.integers(1, size))
    places = systematic(size, drawn, data.draw(st.floats(0, 1, exclude_max=True)))
    assert len(set(places.tolist())) == drawn
    assert (places >= 0).all()
    assert (places < size).all()
    assert np.diff(places, append=places[0] + size).max() <= -(-size // drawn)


def test_intervals_hold_the_truth_and_naive_ones_do_not():
    """A small part of the simulation of `benchmarks.correction`; the whole is in its results."""
    found = run(DESIGNED[1], 40, seed=1)
    assert held(found, DEFAULT) > 93
    assert held({name: values[:, :1] for name, values in found.items() if values.ndim > 1}, "naive") < 50


@pytest.mark.full
def test_it_is_what_ppi_python_gives(tmp_path):
    """Weighted means with the machine's labels as predictions, lambda 1."""
    rng = np.random.default_rng(3)
    silver = rng.choice(4, 400, p=[0.1, 0.1, 0.2, 0.6])
    truth = np.where(rng.random(400) < 0.75, silver, rng.integers(0, 4, 400))
    sampled = np.zeros(400, dtype=bool)
    for kind, m in enumerate((12, 12, 15, 40)):
        sampled[rng.choice(np.flatnonzero(silver == kind), m, replace=False)] = True
    rate = np.bincount(silver) / np.bincount(silver[sampled])
    rows = {"silver": silver.tolist(), "truth": truth[sampled].tolist(), "judged": silver[sampled].tolist()}
    (tmp_path / "rows.json").write_text(json.dumps(rows | {"weight": rate[silver[sampled]].tolist()}))
    code = """
import json, sys
import numpy as np
from ppi_py import ppi_mean_pointestimate
rows = {name: np.array(values) for name, values in json.load(open(sys.argv[1])).items()}
found = []
for value in ([-1, 0, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]):
    of = np.array(value, dtype=float)
    given = of[rows["truth"]], of[rows["judged"]], of[rows["silver"]]
    found.append(float(np.ravel(ppi_mean_pointestimate(*given, lam=1, w=rows["weight"]))[0]))
print(json.dumps(found))
"""
    python = environment("ppi", "ppi-python==0.2.3")
    said = subprocess.run([python, "-c", code, tmp_path / "rows.json"], capture_output=True, check=True, text=True)
    favor, sides, about = json.loads(said.stdout)
    assert stratified(silver, sampled, truth).value == pytest.approx(favor / sides)
    assert stratified(silver, sampled, truth, measure=SALIENCE).value == pytest.approx(about)
