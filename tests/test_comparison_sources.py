"""Disagreements, distances, contrast, wording and pairs, against enumeration, plain arithmetic and other libraries."""

import itertools
import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

import kazstance
from kazstance.comparison import compare_dataset
from kazstance.comparison.contrast import contrast
from kazstance.comparison.counts import count
from kazstance.comparison.disagreements import answer, disagreements, position_p, salience_p
from kazstance.comparison.distances import _clades, _scale, distances, draw
from kazstance.comparison.pairs import pairs
from kazstance.comparison.positions import positions, posterior
from kazstance.comparison.wording import log_odds, wording
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.language.words import words
from kazstance.schema.labels import SIDES
from kazstance.stats.paired import holm
from kazstance.stats.permutation import permutation_p


def table(*rows, names=("source_id", "target_id", "label_name", "paragraph_id")):
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})


def test_the_permutation_test_is_an_enumeration():
    """All ways of dealing six clusters to sources of two, three and one, by the definition of the statistic."""
    marks, sizes = np.array([2.0, 1, -3, 0, -1, 2]), np.array([2.0, 1, 3, 2, 1, 4])
    source = np.array([0, 0, 1, 1, 1, 2])

    def statistic(deal):
        overall = marks.sum() / sizes.sum()
        own = [np.array(deal) == s for s in range(3)]
        return sum(sizes[o].sum() * (marks[o].sum() / sizes[o].sum() - overall) ** 2 for o in own)

    deals = set(itertools.permutations(source.tolist()))
    expected = np.mean([statistic(deal) >= statistic(source) - 1e-9 for deal in deals])
    assert permutation_p(marks, sizes, source, n=20_000) == pytest.approx(expected, abs=0.01)
    assert math.isnan(permutation_p(marks, sizes, np.zeros(6, dtype=int)))


def test_no_difference_gives_even_p_values():
    """Rejected at most about as often as the level says: sources with one distribution, clusters of unequal sizes."""
    rng, p = np.random.default_rng(3), []
    for seed in range(300):
        sizes = rng.integers(1, 5, 20).astype(float)
        marks = sizes * rng.choice([-1, 1], 20)
        p.append(permutation_p(marks, sizes, np.sort(rng.integers(0, 4, 20)), 199, seed))
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(p) <= level) <= level + 3 * math.sqrt(level * (1 - level) / 300)


def test_disagreements_put_together_what_they_say():
    counts = compare_dataset(DatasetFolder()).counts
    found = disagreements(counts, n=49)
    assert sorted(line.target for line in found) == sorted(counts.targets)
    assert {line.target for line in found if line.contested} == {
        row.target_id for row in kazstance.load("targets") if row.contested
    }
    assert [line.contested for line in found] == sorted((line.contested for line in found), reverse=True)
    cells = {(cell.source, cell.target): cell for cell in positions(counts)}
    for kind in (True, False):
        lines = [line for line in found if line.contested is kind and line.opposite is not None]
        assert [line.opposite for line in lines] == sorted((line.opposite for line in lines), reverse=True)
    for p, corrected in (("p", "corrected"), ("salience_p", "salience_corrected")):
        tested = [(getattr(line, p), getattr(line, corrected)) for line in found if getattr(line, p) is not None]
        assert [c for _, c in tested] == pytest.approx(holm([p for p, _ in tested]), abs=1e-6)
    for line in found:
        number = counts.targets.index(line.target)
        for test, p in ((position_p, line.p), (salience_p, line.salience_p)):
            expected = test(counts, number, 49)
            assert math.isnan(expected) if p is None else p == pytest.approx(expected, abs=1e-6)
        own = [cells[source, line.target] for source in counts.sources]
        for spread, values in (
            (line.spread, [c.net.value for c in own if c.favor + c.against]),
            (line.salience_spread, [c.salience.value for c in own]),
        ):
            apart = [abs(a - b) for a, b in itertools.combinations(values, 2)]
            assert spread == (pytest.approx(np.mean(apart), abs=2e-6) if apart else None)
        assert len(line.pairs) == 10
        for pair in line.pairs:
            sided = all(cells[s, line.target].favor + cells[s, line.target].against for s in (pair.one, pair.other))
            assert (pair.same is not None) == (pair.more is not None) == sided
            assert pair.answer == (answer(pair.same, pair.more) if sided else "undecided")


@pytest.mark.parametrize(
    ("same", "more", "expected"),
    [
        (0.95, 0.99, "agree"),
        (0.94, 0.95, "differ"),
        (0.1, 0.05, "differ"),
        (0.94, 0.94, "undecided"),
        (0.01, 0.5, "undecided"),
    ],
)
def test_answers(same, more, expected):
    assert answer(same, more) == expected


def test_many_sentences_decide_and_few_do_not():
    rows = [("a", "t", "favor", str(i)) for i in range(40)] + [("b", "t", "against", str(i)) for i in range(40)]
    rows += [("c", "t", "favor", str(i)) for i in range(40)] + [("d", "t", "favor", "0"), ("d", "t", "against", "1")]
    (line,) = disagreements(count(table(*rows)), n=199)
    found = {(pair.one, pair.other): pair.answer for pair in line.pairs}
    assert found["a", "b"] == found["b", "c"] == "differ"
    assert found["a", "c"] == "agree"
    assert found["a", "d"] != "agree"
    assert line.p == pytest.approx(1 / 200)


def test_the_probability_of_opposite_sides_is_that_of_draws():
    """Of two sources it is the rest to that of one side; of more, what draws of all of them together say."""
    counts = compare_dataset(DatasetFolder()).counts
    known = posterior(counts)
    drawn = known.draws(20_000, seed=3)
    for line in disagreements(counts, n=9):
        t = counts.targets.index(line.target)
        sided = counts.total[:, t][:, SIDES].any(axis=1)
        if line.opposite is None:
            assert sided.sum() < 2
            continue
        on_favor = drawn[:, sided, t] > 0
        expected = (on_favor.any(axis=1) & ~on_favor.all(axis=1)).mean()
        assert line.opposite == pytest.approx(expected, abs=0.02)
        if sided.sum() == 2:
            (pair,) = [pair for pair in line.pairs if pair.same is not None]
            assert line.opposite == pytest.approx(1 - pair.same, abs=1e-5)
        for pair in line.pairs:
            assert pair.same is None or line.opposite >= 1 - pair.same - 1e-5


def test_what_is_contested_decides_nothing_about_the_tests():
    """The p of a target are the same whatever labels are sure, and so are those of the others."""
    stances, sentences = kazstance.table("stances"), kazstance.table("sentences")
    all_sure = stances.set_column(
        stances.schema.get_field_index("certainty"), "certainty", pa.array(["sure"] * len(stances))
    )
    found = []
    for frame in (stances, all_sure):
        units = sentences.filter(sentences["annotated"])
        found.append(disagreements(count(frame, sentences=units, voice="own"), n=49))
    figures = [
        {line.target: (line.opposite, line.p, line.corrected, line.salience_p) for line in each} for each in found
    ]
    assert figures[0] == figures[1]
    assert {line.target for line in found[0] if line.contested} < {line.target for line in found[1] if line.contested}


def test_salience_distances_are_total_variation():
    rows = [("a", "x", "favor", "1")] * 3 + [("a", "y", "favor", "2")] + [("b", "y", "neutral", "1")] * 2
    rows += [("c", "x", "favor", "1"), ("c", "y", "favor", "2")]
    counts = count(table(*rows), cluster=None)
    share = np.array([[0.75, 0.25], [0, 1], [0.5, 0.5]])
    apart = pdist(share, "cityblock") / 2
    drawn = np.concatenate(list(draw(counts, 4000)), axis=2)
    assert drawn.mean(axis=2) == pytest.approx(counts.total.sum(axis=2), abs=0.1)
    assert (drawn.sum(axis=1).T == [4, 2, 2]).all()
    found = {(pair.one, pair.other): pair for pair in distances(counts, "salience", n=400).pairs}
    rows = np.concatenate(list(draw(counts, 400)), axis=2)
    noisy = np.array(
        [pdist(about / about.sum(axis=1, keepdims=True), "cityblock") / 2 for about in rows.transpose(2, 0, 1)]
    )
    for i, pair in enumerate(itertools.combinations("abc", 2)):
        low, high = np.quantile(noisy[:, i], [0.025, 0.975])
        expected = 2 * apart[i] - np.array([noisy[:, i].mean(), high, low])
        line = found[pair]
        assert (line.value, line.low, line.high) == pytest.approx(expected.clip(0, 1), abs=1e-6)


def test_position_distances_grow_with_opposition():
    rows = [
        (source, f"t{t}", "favor" if (t < turn) else "against", f"{t}/{i}")
        for source, turn in (("a", 10), ("b", 9), ("c", 1))
        for t in range(10)
        for i in range(6)
    ]
    found = distances(count(table(*rows)), n=200)
    assert [(pair.one, pair.other) for pair in found.pairs] == [("a", "b"), ("b", "c"), ("a", "c")]
    assert found.pairs[0].value < 0.2
    assert found.pairs[1].value > 0.7
    assert found.pairs[0].keeps > 0.9
    assert found.tree[0].sources == ("a", "b")
    assert found.tree[0].keeps > 0.9
    assert found.tree[-1].keeps == 1
    place = {p.source: np.array([p.x, p.y]) for p in found.places}
    assert np.linalg.norm(place["a"] - place["c"]) == pytest.approx(found.pairs[2].value, abs=0.02)


def test_classical_scaling_gives_back_a_plane():
    points = np.random.default_rng(0).normal(size=(6, 2))
    places, explained = _scale(pdist(points), 6)
    assert pdist(places) == pytest.approx(pdist(points))
    assert explained == pytest.approx(1)


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.lists(st.floats(0.01, 1), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2)
    )
)
@settings(max_examples=50, deadline=None)
def test_trees_join_by_mean_distance(condensed):
    n = round((1 + math.sqrt(1 + 8 * len(condensed))) / 2)
    apart = dict(zip(itertools.combinations(range(n), 2), condensed, strict=True))
    for one, other, height in _clades(np.array(condensed)):
        assert height == pytest.approx(np.mean([apart[min(a, b), max(a, b)] for a in one for b in other]))


def test_what_cannot_be_compared_is_said():
    alone = count(table(("a", "t", "favor", "1")))
    with pytest.raises(KazstanceError, match="there is 1 source; expected two or more"):
        distances(alone)
    apart = count(table(("a", "t", "favor", "1"), ("b", "u", "favor", "1")))
    with pytest.raises(KazstanceError, match="a and b have no target in common"):
        distances(apart)
    with pytest.raises(UnknownNameError, match="choose from positions, salience"):
        distances(apart, "mood")


def test_contrast_is_complete_and_strongest_first():
    found = compare_dataset(DatasetFolder(), "all").contrast("workers_ready")
    assert list(found) == [row.source_id for row in kazstance.load("sources")]
    expected = {row.sentence_id for row in kazstance.load("stances") if row.target_id == "workers_ready"}
    assert {row["sentence_id"] for rows in found.values() for row in rows} == expected
    for rows in found.values():
        order = [
            (r["label_name"] == "neutral", r["explicitness"] != "explicit", r["certainty"] != "sure", r["split_vote"])
            for r in rows
        ]
        assert order == sorted(order)
    with pytest.raises(UnknownNameError, match="'x' is not a target; choose from uprising"):
        compare_dataset(DatasetFolder()).contrast("x")
    assert compare_dataset(DatasetFolder()).contrast("maoism")["old_mole"] == []


def test_ties_stand_as_in_the_text():
    rows = [("s", "t", f"s/{i}/1") for i in (10, 9, 2)]
    found = contrast("t", table(*rows, names=("source_id", "target_id", "sentence_id")))
    assert [row["sentence_id"] for row in found["s"]] == ["s/2/1", "s/9/1", "s/10/1"]


PUBLISHED = "the quick brown fox jumps over the lazy pig", "the lazy purple pig jumps over the lazier donkey"


def test_log_odds_are_those_of_a_published_example():
    """Of the example in the README of fightin_words, as quoted by others: prior .05 for every word."""
    one, other = (Counter(text.split()) for text in PUBLISHED)
    vocabulary = sorted(one | other)
    counts = (np.array([side[word] for word in vocabulary], dtype=float) for side in (one, other))
    difference, deviation = log_odds(*counts, np.full(len(vocabulary), 0.05))
    z = dict(zip(vocabulary, difference / deviation, strict=True))
    for word in ("donkey", "lazier", "purple"):
        assert z[word] == pytest.approx(-0.6894227886807968, abs=1e-12)
    for word in ("brown", "fox", "quick"):
        assert z[word] == pytest.approx(0.6894227886807968, abs=1e-12)
    assert z["lazy"] == z["the"] == 0


TEXTS = {
    "union": ["We defend the strike and the strikers.", "The strike is ours: no toll, no harbour tax!"],
    "owners": ["The toll pays for the harbour.", "A strike harms the harbour and the town, and harms trade."],
}
BACKGROUND = ["The town lives by the harbour.", "Trade is the life of the town, and the toll is its price."]
HESSEL = {
    "harms": -1.072939445, "a": -0.74247789, "for": -0.74247789, "pays": -0.74247789, "trade": -0.702768621,
    "town": -0.653504209, "harbour": -0.465499765, "and": -0.465499765, "the": -0.293051653, "toll": 0.035632547,
    "strike": 0.566797514, "is": 0.704658596, "defend": 0.774029843, "ours": 0.774029843, "tax": 0.774029843,
    "strikers": 0.774029843, "we": 0.774029843, "no": 1.118846557,
}  # fmt: skip
"""z of union against owners: fighting_words_py3.py of github.com/jmhessel/FightingWords at 09087d6, run separately on these
texts with pseudo-counts in proportion to the words of all six sentences, 10 in total."""


def test_wording_is_that_of_an_independent_implementation():
    rows = [(name, "toll", text) for name, texts in TEXTS.items() for text in texts]
    frame = table(*rows, names=("source_id", "target_id", "text"))
    background = pa.table({"text": [*BACKGROUND, *(text for texts in TEXTS.values() for text in texts)]})
    found = wording("toll", frame, background=background, prior=10)
    z = {line.word: line.z for line in found if line.source == "union"}
    assert z == pytest.approx(HESSEL, abs=1e-6)
    assert {line.word: -line.z for line in found if line.source == "owners"} == pytest.approx(HESSEL, abs=1e-6)


def test_wording_by_the_formulas_of_the_paper():
    """Monroe, Colaresi and Quinn (2008), equations 16, 20 and 21, in plain Python, on the shipped dataset."""
    rows = [row for row in kazstance.load("stances") if row.target_id == "russian_state"]
    said = {
        name: Counter(w for row in rows if row.source_id == name for w in words(row.text))
        for name in {r.source_id for r in rows}
    }
    everywhere = Counter(
        w for text in {s.text for s in kazstance.load("sentences") if s.annotated} for w in words(text)
    )
    total = sum(sum(c.values()) for c in said.values())
    found = compare_dataset(DatasetFolder(), "all").wording("russian_state")
    assert len(found) == 5 * len(set().union(*said.values()))
    for line in found[:: len(found) // 200]:
        own, n = said[line.source][line.word], sum(said[line.source].values())
        others = sum(c[line.word] for name, c in said.items() if name != line.source)
        a, a0 = total * everywhere[line.word] / sum(everywhere.values()), total
        delta = math.log((own + a) / (n + a0 - own - a)) - math.log((others + a) / (total - n + a0 - others - a))
        deviation = math.sqrt(1 / (own + a) + 1 / (others + a))
        assert (line.count, line.others) == (own, others)
        ends = delta - 1.959964 * deviation, delta + 1.959964 * deviation
        assert (line.log_odds.value, line.log_odds.low, line.log_odds.high, line.z) == pytest.approx(
            (delta, *ends, delta / deviation), abs=1e-6
        )


def test_the_first_words_of_each_source_are_the_first_of_all():
    compared = compare_dataset(DatasetFolder())
    everything, first = compared.wording("russian_state"), compared.wording("russian_state", most=4)
    for source in compared.counts.sources:
        expected = [word for word in everything if (word.source, word.count > 1, word.z > 0) == (source, True, True)][
            :4
        ]
        assert [word for word in first if word.source == source] == expected


def test_words_are_letters():
    assert words("Workers’ councils — the 1917 “self-organised” ones, don't they?") == [
        "workers", "councils", "the", "self-organised", "ones", "don't", "they",
    ]  # fmt: skip


def test_pairs_are_counted_as_they_stand():
    found = {
        (line.target, line.one, line.other): (line.agree, line.disagree, line.mixed)
        for line in pairs(DatasetFolder().pairs)
    }
    plain = Counter(
        (row.target_id, *sorted((row.source_a, row.source_b)), row.relation_name) for row in kazstance.load("pairs")
    )
    keys = {key[:3] for key in plain}
    assert found == {key: tuple(plain[(*key, name)] for name in ("agree", "disagree", "mixed")) for key in keys}
    with pytest.raises(
        UnknownNameError, match="target: .* in row 1 and .* more, expected one of disagree, mixed, agree"
    ):
        pairs(DatasetFolder().pairs, relation="target")


def test_words_are_told_apart_by_the_language_of_each_row():
    """A column of tags, or one tag for all."""
    rows = [
        {"source_id": "a", "target_id": "t", "text": "IŞIK", "tag": "tr"},
        {"source_id": "b", "target_id": "t", "text": "IT IS", "tag": "en"},
        {"source_id": "b", "target_id": "t", "text": "मज़दूरों की", "tag": None},
    ]
    assert {word.word for word in wording("t", rows, language="tag")} == {"ışık", "it", "is", "मज़दूरों", "की"}
    assert {word.word for word in wording("t", rows, language="tr")} == {"ışık", "ıt", "ıs", "मज़दूरों", "की"}
    with pytest.raises(KazstanceError, match="language: 'tags' is not a language tag.*or a column of the table"):
        wording("t", rows, language="tags")


def test_a_language_without_spaces_between_words_has_words():
    pytest.importorskip("icu4py")
    rows = [{"source_id": name, "target_id": "t", "text": "政府派出了军队"} for name in "ab"]
    assert {word.word for word in wording("t", rows, language="zh")} >= {"政府", "军队"}
