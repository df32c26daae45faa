"""What is said of each target, from made sentences of which everybody can tell, and by what must hold of any."""

import math
import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance
from kazstance.comparison import compare_dataset, compare_rows
from kazstance.comparison.counts import count
from kazstance.comparison.disagreements import disagreements
from kazstance.comparison.positions import positions
from kazstance.comparison.verdicts import chance_in_words, corrected_same, in_words, verdict, verdict_in_words
from kazstance.dataset import DatasetFolder

MIRRORED = {"favor": "against", "against": "favor"}
ends = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)


def rows(*cells):
    """Sentences, each its own paragraph: of a source, on a target, with a label, so many times."""
    found = [(source, target, label, f"{label}{i}") for source, target, label, n in cells for i in range(n)]
    names = ("source_id", "target_id", "label_name", "paragraph_id")
    return pa.table({name: [row[i] for row in found] for i, name in enumerate(names)})


@pytest.fixture(scope="module")
def shipped():
    counts = compare_dataset(DatasetFolder()).counts
    return counts, disagreements(counts, n=9)


def test_what_everybody_can_tell_is_told():
    found = disagreements(
        count(
            rows(
                *[("a", t, "favor", 40) for t in ("split", "shared", "alone", "thin")],
                *[("b", "split", "against", 40), ("b", "shared", "favor", 30), ("b", "thin", "favor", 1)],
                *[("c", "shared", "neutral", 9), ("c", "split", "favor", 40), ("b", "none_sure", "neutral", 3)],
                ("c", "thin", "against", 1),
            )
        ),
        n=9,
    )
    told = {line.target: (line.verdict, line.side) for line in found}
    assert told == {
        "split": ("opposed", None),
        "shared": ("one side", "favor"),
        "alone": ("cannot tell", None),
        "thin": ("cannot tell", None),
        "none_sure": ("cannot tell", None),
    }
    split = next(line for line in found if line.target == "split")
    assert {(pair.one, pair.other) for pair in split.pairs if pair.opposed} == {("a", "b"), ("b", "c")}
    assert {line.target: line.silent for line in found}["alone"] == ("b", "c")


def test_opposed_targets_come_first_even_if_no_label_is_sure():
    """`contested` needs sure labels; sources can be opposed without."""
    found = rows(
        ("a", "one", "favor", 30), ("b", "one", "against", 30), ("a", "two", "favor", 2), ("b", "two", "against", 2)
    )
    certainty = ["unsure" if target == "one" else "sure" for target in found["target_id"].to_pylist()]
    lines = disagreements(count(found.append_column("certainty", pa.array(certainty))), n=9)
    assert [(line.target, line.contested, line.verdict) for line in lines] == [
        ("one", False, "opposed"),
        ("two", True, "cannot tell"),
    ]


def test_the_verdicts_of_the_shipped_data_follow_from_its_positions(shipped):
    counts, found = shipped
    cells = {(cell.source, cell.target): cell for cell in positions(counts)}
    for line in found:
        own = [cells[source, line.target] for source in counts.sources]
        nets = [cell.net for cell in own if cell.favor + cell.against]
        sides = {side for net in nets for side in [(net.low > 0) - (net.high < 0)]}
        expected = (
            {frozenset({1}): "favor", frozenset({-1}): "against"}.get(frozenset(sides)) if len(nets) > 1 else None
        )
        if line.verdict != "opposed":
            assert (line.verdict, line.side) == ("one side" if expected else "cannot tell", expected)
        assert line.silent == tuple(cell.source for cell in own if cell.position.name == "not_addressed")
        assert line.not_asked + line.undecided == tuple(
            cell.source for cell in own if cell.position.name == "not_asked"
        )


def test_the_correction_is_for_all_pairs_of_all_targets(shipped):
    _, found = shipped
    pairs = [pair for line in found for pair in line.pairs if pair.same is not None]
    order = sorted(pairs, key=lambda pair: pair.same)
    least = 0.0
    for rank, pair in enumerate(order):
        least = max(least, min(1, pair.same * (len(order) - rank)))
        assert pair.corrected == pytest.approx(least, abs=1e-3)
        assert pair.opposed == (pair.corrected <= 0.05)


def test_no_side_is_preferred(shipped):
    """With favor and against exchanged, verdicts are the same and their sides exchanged."""
    stances = kazstance.table("stances")
    swapped = [MIRRORED.get(label, label) for label in stances["label_name"].to_pylist()]
    at = stances.schema.get_field_index("label_name")
    own = compare_rows(stances, label="label_name", cluster="paragraph_id", voice="own")
    other = compare_rows(
        stances.set_column(at, "label_name", pa.array(swapped)), label="label_name", cluster="paragraph_id", voice="own"
    )
    one, two = (
        {line.target: (line.verdict, line.side) for line in disagreements(each.counts, n=9)} for each in (own, other)
    )
    assert {target: (said, MIRRORED.get(side)) for target, (said, side) in one.items()} == two


@given(st.lists(ends, max_size=6), st.booleans())
def test_verdicts_are_even_handed_and_more_sources_never_make_them_surer(intervals, opposed):
    low, high = np.array(intervals).reshape(-1, 2).T
    said, side = verdict(low, high, opposed=opposed)
    assert verdict(-high, -low, opposed=opposed) == (said, MIRRORED.get(side))
    if said == "cannot tell" and len(intervals) > 1:
        more = [np.append(low, -0.5), np.append(high, 0.5)]
        assert verdict(*more, opposed=opposed) == ("cannot tell", None)


@given(st.lists(st.floats(0, 1) | st.just(math.nan), max_size=30))
def test_corrected_probabilities_lie_between_the_plain_ones_and_those_of_bonferroni(same):
    known = [value for value in same if not math.isnan(value)]
    found = corrected_same(np.array(same))
    for plain, corrected in zip(same, found.tolist(), strict=True):
        assert math.isnan(plain) == math.isnan(corrected)
        if not math.isnan(plain):
            assert plain <= corrected <= min(1, plain * len(known)) + 1e-12


def test_the_summary_says_what_the_rows_say(shipped):
    _, found = shipped
    said = re.match(
        r"Sources are opposed on (\d+) of (\d+) targets and on one side on (\d+); on (\d+), one", found.summary
    )
    verdicts = Counter(line.verdict for line in found)
    assert [*map(int, said.groups())] == [
        verdicts["opposed"],
        len(found),
        verdicts["one side"],
        verdicts["cannot tell"],
    ]
    silent = Counter(name for line in found for name in line.silent)
    assert dict(re.findall(r"(\w+) on (\d+)(?=[,.])", found.summary.partition("Silent: ")[2])) == {
        name: str(n) for name, n in silent.items()
    }


def test_silence_is_not_the_same_as_not_being_asked():
    """A source that nobody judged on a target, one whose votes are all split, and one that is silent."""
    stances = rows(("a", "t", "favor", 2), ("b", "u", "favor", 2))
    judged = [
        ("a", "t", "decided"),
        ("b", "t", "undecided"),
        ("c", "t", "decided"),
        ("a", "u", "decided"),
        ("b", "u", "decided"),
    ]
    asked = pa.table(
        {
            "source_id": [source for source, _, _ in judged for _ in range(2)],
            "paragraph_id": [f"favor{i}" for _ in judged for i in range(2)],
            "target_id": [target for _, target, _ in judged for _ in range(2)],
            "status": [status for _, _, status in judged for _ in range(2)],
        }
    )
    counts = count(stances, sentences={"a": 2, "b": 2, "c": 2}, asked=asked, sources=["a", "b", "c"])
    lines = {line.target: line for line in disagreements(counts, n=9)}
    told = {target: (line.silent, line.undecided, line.not_asked) for target, line in lines.items()}
    assert told == {"t": (("c",), ("b",), ()), "u": (("a",), (), ("c",))}
    assert disagreements(counts, n=9).summary.endswith("Silent: a on 1, c on 1. Not asked: c on 1. Undecided: b on 1.")


def test_words():
    assert [verdict_in_words(*each) for each in (("opposed", None), ("one side", "favor"), ("cannot tell", None))] == [
        "opposed",
        "one side: in favor",
        "cannot tell",
    ]
    assert [chance_in_words(p) for p in (None, 0.05, 0.0501)] == [
        "not tested",
        "more than chance, p = 0.05",
        "could be chance, p = 0.05",
    ]


@pytest.mark.parametrize(("n", "more"), [(6, ""), (7, ", and 1 more source."), (8, ", and 2 more sources.")])
def test_a_summary_names_six_and_counts_the_others(n, more):
    said = in_words(["cannot tell"], {"silent": [[f"s{i}" for i in range(n)]]})
    assert said.partition("Silent: ")[2].endswith(more or "s5 on 1.")
