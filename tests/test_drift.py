"""Drift between two readings: the shift of each source's figures, on the pairs that both judged, by plain loops."""

import inspect
import json
import math
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap, norm, t

import kazstance as ks
from kazstance import dataset
from kazstance.errors import KazstanceError, UnknownNameError
from tests.commands import call
from tests.tampering import edit, sign_files

FAVOR, NEUTRAL, AGAINST, NONE = "favor", "neutral", "against", "none"

RANDOM = "rng" if "rng" in inspect.signature(bootstrap).parameters else "random_state"
"""What SciPy calls the generator of random numbers, by its version."""


def share(above, below):
    return above / below if below else math.nan


MEASURES = {
    "net stance": lambda c: share(c[FAVOR] - c[AGAINST], c[FAVOR] + c[AGAINST]),
    "net over addressed": lambda c: share(c[FAVOR] - c[AGAINST], c[FAVOR] + c[NEUTRAL] + c[AGAINST]),
    "salience": lambda c: share(c[FAVOR] + c[NEUTRAL] + c[AGAINST], sum(c.values())),
}


@pytest.fixture
def data(harbour_data, tmp_path):
    """The small dataset, in which `a` judged everything twice, with other labels in a third of all cases."""
    draw = random.Random(1)

    def again(row):
        label = draw.choice([draw.randrange(4), row["label"], row["label"]])
        unsaid = dict.fromkeys(("evidence", "certainty", "explicitness"))
        name = [AGAINST, NEUTRAL, FAVOR, NONE][label]
        return {**row, **unsaid, "label": label, "label_name": name, "round": 2}

    folder = Path(shutil.copytree(harbour_data, tmp_path / "data"))
    edit(
        folder,
        "judgements",
        lambda rows: [x for r in rows for x in ([r, again(r)] if r["annotator_id"] == "a" else [r])],
    )
    sign_files(folder)
    return folder


def judged(data, *names):
    """The labels of each annotator by pair, and the probability; `name/2` is a round, otherwise the latest counts."""
    found = {name: {} for name in names}
    for row in sorted(dataset.table("judgements", data=data).to_pylist(), key=lambda row: row["round"]):
        for name in names:
            who, _, number = name.partition("/")
            if row["annotator_id"] == who and (not number or row["round"] == int(number)) and row["holder"] is None:
                found[name][row["sentence_id"], row["target_id"]] = (row["label_name"], row["probability"])
    return found


def in_voice(data, voice):
    rows = dataset.table("sentences", data=data).to_pylist()
    return {
        row["sentence_id"]: row["source_id"]
        for row in rows
        if voice == "all" or row["voice"] == "own" or (voice == "endorsed" and row["endorsed"] == "yes")
    }


def counted(data, first, second, voice="own"):
    """By source, the labels of both readings on the pairs that all judged: means over the annotators of a reading."""
    by, sentences = judged(data, *first, *second), in_voice(data, voice)
    shared = set.intersection(*(set(labels) for labels in by.values()))
    found, pairs = {}, 0
    for pair in shared:
        if pair[0] in sentences:
            pairs += 1
            weight = 1 / min(by[name][pair][1] for name in by)
            counts = found.setdefault(
                sentences[pair[0]], [dict.fromkeys((FAVOR, NEUTRAL, AGAINST, NONE), 0.0) for _ in "12"]
            )
            for reading, names in zip(counts, (first, second), strict=True):
                for name in names:
                    reading[by[name][pair][0]] += weight / len(names)
    return found, pairs


def check(found, data, first, second, voice="own"):
    expected, pairs = counted(data, first, second, voice)
    assert found.pairs == pairs
    for measure, figure in MEASURES.items():
        lines = {line.source: line for line in found.shifts if line.measure == measure}
        assert set(lines) == {None, *expected}
        shifts = {source: figure(after) - figure(before) for source, (before, after) in expected.items()}
        mean = np.nanmean(list(shifts.values()))
        for source, (before, after) in expected.items():
            line = lines[source]
            assert (line.first, line.second) == pytest.approx((figure(before), figure(after)), nan_ok=True)
            assert line.shift.value == pytest.approx(shifts[source], nan_ok=True)
            assert line.relative.value == pytest.approx(shifts[source] - mean, nan_ok=True)
        whole = [{label: sum(c[i][label] for c in expected.values()) for label in before} for i in (0, 1)]
        assert lines[None].shift.value == pytest.approx(figure(whole[1]) - figure(whole[0]))
        assert lines[None].relative is None


@pytest.mark.parametrize("voice", ["own", "endorsed", "all"])
@pytest.mark.parametrize(
    ("first", "second"), [(["r1"], ["f1"]), (["r1", "r2", "r3"], ["f1"]), (["f2"], ["f3", "check2"])]
)
def test_shifts_are_those_of_a_loop(first, second, voice):
    found = ks.open().drift(first, second, voice=voice, resamples=10)
    assert (found.first, found.second, found.voice) == (tuple(first), tuple(second), voice)
    check(found, dataset.SHIPPED, first, second, voice)


def test_by_default_the_first_and_the_last_round_in_which_everything_was_judged():
    found = ks.open().drift(resamples=10)
    assert (found.first, found.second) == (("r1", "r2", "r3"), ("f1",))


def test_rounds_of_one_annotator(data):
    found = ks.open(data).drift("a/1", "a/2", resamples=10)
    check(found, data, ["a/1"], ["a/2"])
    latest = ks.open(data).drift("b", "a", resamples=10)
    check(latest, data, ["b"], ["a/2"])
    assert ks.open(data).drift(resamples=10).first == ("a/1", "b")


def test_pairs_that_were_drawn_count_by_their_inverse_probability(data):
    draw = random.Random(3)

    def drawn(rows):
        for row in rows:
            row["probability"] = draw.choice([1.0, 0.5, 0.2]) if row["annotator_id"] == "b" else 1.0

    edit(data, "judgements", drawn)
    sign_files(data)
    check(ks.open(data).drift("a/2", "b", resamples=10), data, ["a/2"], ["b"])


def test_holders_are_not_the_source(data):
    before = ks.open(data).drift("a/1", "a/2", resamples=10)
    held = {"holder": "The Mayor", "label": 2, "label_name": FAVOR, "evidence": None, "certainty": None}
    edit(data, "judgements", lambda rows: [x for r in rows for x in (r, {**r, **held})])
    sign_files(data)
    assert ks.open(data).drift("a/1", "a/2", resamples=10)._repr_html_() == before._repr_html_()


def test_a_shift_has_the_opposite_sign_the_other_way_round_and_relative_ones_sum_to_zero():
    ds = ks.open()
    there, back = ds.drift("r1", "f1", resamples=50).shifts, ds.drift("f1", "r1", resamples=50).shifts
    for one, other in zip(there, back, strict=True):
        assert one.shift.value == pytest.approx(-other.shift.value)
        assert (one.shift.low, one.shift.high) == pytest.approx((-other.shift.high, -other.shift.low))
    for measure in MEASURES:
        relative = [line.relative.value for line in there if line.measure == measure and line.relative]
        assert sum(relative) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("measure", MEASURES)
def test_intervals_are_those_of_a_bootstrap_over_paragraphs(measure):
    """SciPy's percentile bootstrap over the paragraphs of one source, expanded for their number (Hesterberg, 2015)."""
    source = "maoist_statement"
    by, sentences = judged(dataset.SHIPPED, "r1", "f1"), in_voice(dataset.SHIPPED, "own")
    paragraphs = {}
    for (sentence, _target), (label, _) in by["r1"].items():
        if sentences.get(sentence) == source:
            row = paragraphs.setdefault(sentence.rpartition("/")[0], np.zeros((2, 4)))
            row[0, [FAVOR, NEUTRAL, AGAINST, NONE].index(label)] += 1
    for (sentence, _target), (label, _) in by["f1"].items():
        if sentences.get(sentence) == source:
            paragraphs[sentence.rpartition("/")[0]][1, [FAVOR, NEUTRAL, AGAINST, NONE].index(label)] += 1
    rows = np.stack(list(paragraphs.values()))

    def shift(places):
        before, after = (
            MEASURES[measure](dict(zip((FAVOR, NEUTRAL, AGAINST, NONE), counts, strict=True)))
            for counts in rows[places.astype(int)].sum(axis=0)
        )
        return after - before

    n = len(rows)
    tail = norm.cdf(np.sqrt(n / (n - 1)) * t.ppf(0.025, n - 1))
    expected = bootstrap(
        (np.arange(len(rows)),),
        shift,
        n_resamples=3000,
        confidence_level=1 - 2 * tail,
        method="percentile",
        vectorized=False,
        **{RANDOM: np.random.default_rng(1)},
    ).confidence_interval
    lines = ks.open().drift("r1", "f1", resamples=3000).shifts
    (line,) = (line for line in lines if line.measure == measure and line.source == source)
    width = expected.high - expected.low
    assert line.shift.low == pytest.approx(expected.low, abs=width / 10)
    assert line.shift.high == pytest.approx(expected.high, abs=width / 10)


def test_sources_of_one_sentence_have_no_interval_and_all_together_have_one(tmp_path):
    """Clusters of one are not resampled one by one, which would leave no spread at all."""
    draw = random.Random(4)
    table = {
        "text": [f"Sentence number {i} is here." for i in range(40)],
        "target": ["t"] * 40,
        "source": [f"author_{i}" for i in range(40)],
        "x": [draw.choice([FAVOR, AGAINST]) for _ in range(40)],
        "y": [draw.choice([FAVOR, AGAINST, NEUTRAL]) for _ in range(40)],
    }
    whole, *parts = ks.from_table(table, tmp_path / "out", label=["x", "y"]).drift("x", "y", resamples=200).shifts[:41]
    assert whole.shift.low < whole.shift.value < whole.shift.high
    reasons = {figure.reason for line in parts for figure in (line.shift, line.relative) if figure.is_defined}
    assert reasons == {"one cluster, so there is no interval"}
    assert not any(line.shift.has_interval for line in parts)


def test_a_reading_that_is_silent_has_no_net_stance(data):
    silent = {"label": 3, "label_name": NONE, "evidence": [], "certainty": None, "explicitness": None}
    edit(data, "judgements", lambda rows: [r.update(silent) for r in rows if r["annotator_id"] == "b"] and None)
    sign_files(data)
    found = ks.open(data).drift("a/1", "b", resamples=10)
    lines = {(line.measure, line.source): line for line in found.shifts}
    assert str(lines["net stance", "dockers"].shift) == "undefined: a reading takes no side"
    assert lines["salience", "dockers"].second == 0
    assert lines["salience", "dockers"].shift.value < 0


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("r1", "f9", "'f9' is not an annotator who judged"),
        ("r1/7", "f1", "'r1/7' is not an annotator who judged"),
        ("f1", ["f2", "f1"], "f1: named for both readings"),
        ("r1", "r1/1", "r1/1: named for both readings"),
        ("r1", (), "name the annotators of both"),
    ],
)
def test_readings_that_cannot_be_compared(first, second, message):
    with pytest.raises(KazstanceError, match=message):
        ks.open().drift(first, second)


def test_readings_without_a_pair_in_common(data):
    def apart(rows):
        return [row for row in rows if (row["annotator_id"] == "b") == row["sentence_id"].startswith("gazette")]

    edit(data, "judgements", apart)
    sign_files(data)
    with pytest.raises(KazstanceError, match="no pair was judged by all of a, b"):
        ks.open(data).drift("a", "b")


def test_a_dataset_of_one_round_has_no_drift_by_default(harbour_data):
    with pytest.raises(KazstanceError, match="fewer than two rounds; name the annotators to compare"):
        ks.open(harbour_data).drift()
    assert ks.open(harbour_data).drift("a", "b", resamples=10).pairs > 0
    with pytest.raises(UnknownNameError, match="voice"):
        ks.open(harbour_data).drift("a", "b", voice="loud")


def test_the_command_prints_what_the_method_returns():
    found = ks.open().drift("r1", ["f1"])
    plain = json.loads(call("drift", "--from", "r1", "--to", "f1", "--json", data=dataset.SHIPPED).stdout)
    assert plain["pairs"] == found.pairs
    assert [(row["measure"], row["source"]) for row in plain["shifts"]] == [(s.measure, s.source) for s in found.shifts]
    assert [row["shift_low"] for row in plain["shifts"]] == [s.shift.low for s in found.shifts]
    assert found.shifts.to_arrow().num_rows == len(plain["shifts"])
    text = call("drift", "--from", "r1", "--to", "f1", data=dataset.SHIPPED).stdout
    assert "Drift from r1 to f1" in text
    assert f"{found.pairs} pairs judged in both readings, voice: own" in text
    overall = found.shifts[0].shift
    assert overall.value_text(3, signed=True) in text
