"""Targets that share their evidence are left out together; folds do not depend on the order of rows."""

import itertools
import random
import re
import shutil
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kazstance
from benchmarks import overlap
from kazstance.comparison.overlap import overlaps
from kazstance.corpus.build import build
from kazstance.corpus.target_folds import LARGEST, target_folds, torn
from kazstance.dataset import DatasetFolder
from kazstance.schema.columns import arrow_schema
from kazstance.schema.records import Stance

TEXT = "The toll is too high, and nobody was asked."
spans = st.tuples(st.integers(0, 20), st.integers(1, 20)).map(lambda it: {"start": it[0], "end": sum(it)})


def rows(found):
    kind = arrow_schema(Stance).field("evidence").type
    columns = {name: [row[i] for row in found] for i, name in enumerate(("sentence_id", "target_id", "evidence"))}
    return pa.table({**columns, "evidence": pa.array(columns["evidence"], kind), "text": [TEXT] * len(found)})


@st.composite
def stances(draw):
    """Rows of sentence, target and evidence."""
    targets = [f"t{i}" for i in range(draw(st.integers(1, 12)))]
    pairs = draw(st.lists(st.tuples(st.integers(0, 8), st.sampled_from(targets)), max_size=80))
    evidence = st.one_of(st.none(), st.lists(spans, min_size=1, max_size=3))
    return targets, [(f"s/1/{sentence + 1}", target, draw(evidence)) for sentence, target in pairs]


def by_character(found):
    """The evidence of each target, as characters of sentences."""
    held = defaultdict(set)
    for sentence, target, evidence in found:
        for span in evidence or [{"start": 0, "end": len(TEXT)}]:
            held[target] |= {(sentence, i) for i in range(span["start"], span["end"])}
    return held


@settings(max_examples=150, deadline=None)
@given(stances())
def test_overlap_is_that_of_the_characters(case):
    targets, found = case
    held = by_character(found)
    sentences = {target: {row[0] for row in found if row[1] == target} for target in targets}
    expected = {
        (a, b): (len(sentences[a] & sentences[b]), len(held[a] & held[b]) / min(len(held[a]), len(held[b])))
        for a, b in combinations(targets, 2)
        if sentences[a] & sentences[b]
    }
    measured = overlaps([rows(found)], targets)
    assert {pair.targets: (pair.n_shared, pair.evidence) for pair in measured} == expected
    assert all(pair.n_sentences == tuple(len(sentences[name]) for name in pair.targets) for pair in measured)
    halves = [rows([row for row in found if int(row[0][-1]) % 2 == part]) for part in range(2)]
    assert overlaps(halves, targets) == measured


def folds_of(targets, found, given=None):
    close = [pair for pair in overlaps([rows(found)], targets) if pair.is_close]
    counts = Counter(row[1] for row in found)
    return target_folds({name: (given or {}).get(name) for name in targets}, close, counts, "seed"), close, counts


@settings(max_examples=150, deadline=None)
@given(stances(), st.randoms(use_true_random=False))
def test_a_close_pair_is_separated_only_where_the_fold_would_be_too_large(case, chance):
    targets, found = case
    folds, close, counts = folds_of(targets, found)
    n_folds = min(5, len(targets))
    assert set(folds) == set(targets)
    assert set(folds.values()) <= set(range(1, n_folds + 1))
    most = LARGEST * sum(counts[name] + 1 for name in targets) / n_folds
    linked = {name: linked_to(name, close, folds) for name in targets}
    for pair in torn(folds, close):
        one, other = pair.targets
        assert sum(counts[name] + 1 for name in linked[one] | linked[other]) > most
    shuffled = chance.sample(found, len(found))
    assert folds_of(chance.sample(targets, len(targets)), shuffled)[0] == folds


def linked_to(name, close, folds):
    """The targets of the same fold that are linked to one by close pairs."""
    group = {name}
    while (
        more := {
            other
            for pair in close
            for other in pair.targets
            if group & set(pair.targets) and folds[other] == folds[name]
        }
        - group
    ):
        group |= more
    return group


@settings(max_examples=60, deadline=None)
@given(stances(), st.data())
def test_given_folds_hold_and_others_join_the_targets_that_they_are_close_to(case, data):
    targets, found = case
    given = {name: data.draw(st.sampled_from([None, 3, 8])) for name in targets}
    folds, _, _ = folds_of(targets, found, given)
    assert all(folds[name] == fold for name, fold in given.items() if fold is not None)
    if any(given.values()):
        assert set(folds.values()) <= {fold for fold in given.values() if fold}


def test_folds_are_even_where_nothing_is_close():
    draw = random.Random(1)
    targets = [f"t{i}" for i in range(40)]
    found = [(f"s/{i}/1", target, None) for i, target in enumerate(draw.choices(targets, range(1, 41), k=3000))]
    folds, close, counts = folds_of(targets, found)
    assert not close
    sizes = Counter()
    for name, fold in folds.items():
        sizes[fold] += counts[name]
    assert max(sizes.values()) - min(sizes.values()) < 30


def test_no_close_pair_of_the_shipped_targets_is_separated():
    dataset = kazstance.open()
    folds = {row.target_id: row.fold for row in dataset.targets.records()}
    close = [pair for pair in overlaps([dataset.stances.to_arrow()], list(folds)) if pair.is_close]
    assert len(close) > 10
    assert torn(folds, close) == []
    sizes = Counter(folds[row] for row in dataset.stances.to_arrow()["target_id"].to_pylist())
    assert len(sizes) == 5
    assert min(sizes.values()) > 0.15 * sizes.total()


@pytest.mark.full
def test_a_build_computes_folds_and_names_close_targets_that_given_ones_separate(tmp_path):
    raw = (Path(__file__).parents[1] / "raw/targets.toml").read_text(encoding="utf-8")
    number = itertools.count()
    contents = {
        "without": re.sub(r"(?m)^fold = .*\n", "", raw),
        "apart": re.sub(r"(?m)^fold = .*", lambda _: f"fold = {next(number) % 5 + 1}", raw),
    }
    said = {}
    for name, content in contents.items():
        corpus = Path(shutil.copytree(Path(__file__).parents[1] / "raw", tmp_path / name))
        (corpus / "targets.toml").write_text(content, encoding="utf-8")
        lines = []
        (tmp_path / f"{name}_data").mkdir()
        build(corpus, tmp_path / f"{name}_data", lines.append)
        said[name] = [line for line in lines if line.startswith("folds ")]
    assert len(said["without"]) == 1
    note = "western_powers and west_wants_calm share 12 sentences and 53% of the evidence but are in folds 1 and 4"
    assert any(note in line for line in said["apart"])
    assert len(said["apart"]) == 12
    assert "more pairs of targets" in said["apart"][-1]
    folds = {row.target_id: row.fold for row in kazstance.open(tmp_path / "without_data").targets.records()}
    assert folds["west_wants_calm"] == folds["western_powers"]


def test_the_table_of_overlaps_is_that_of_the_shipped_data():
    assert overlap.render(DatasetFolder()) == overlap.RESULTS.read_text(encoding="utf-8")
