"""Offsets survive every repair."""

from hypothesis import given
from hypothesis import strategies as st

from kazstance.corpus.inputs import Entry, RepairInput
from kazstance.corpus.repair import apply, repair
from kazstance.schema.records import Repair


def entry(line, start, end, raw, replacement, kind="space"):
    row = RepairInput(
        source_id="a", raw_start=start, raw_end=end, raw=raw, replacement=replacement, kind=kind, reason="r"
    )
    return Entry("repairs.csv", line, row)


def test_a_mark_is_taken_out_and_belongs_to_the_unit_before_it():
    repaired, problems = repair("A nationi. B", [entry(2, 8, 9, "i", "", "footnote_mark")])
    assert (repaired.text, problems) == ("A nation. B", [])
    assert repaired.raw_span(0, 9) == (0, 10)
    assert [r.row.raw for r in repaired.inside(0, 9)] == ["i"]


def test_a_mark_behind_the_full_stop_still_belongs_to_its_sentence():
    repaired, _ = repair("A nation.i B", [entry(2, 9, 10, "i", "", "footnote_mark")])
    assert repaired.raw_span(0, 9) == (0, 10)
    assert repaired.raw_span(10, 11) == (11, 12)


def test_a_list_mark_belongs_to_no_unit():
    repaired, _ = repair("• Away", [entry(2, 0, 1, "•", "", "list_mark")])
    assert repaired.text == " Away"
    assert repaired.raw_span(1, 5) == (2, 6)
    assert repaired.inside(1, 5) == []


def test_a_space_put_in_between_two_sentences_belongs_to_neither():
    repaired, _ = repair("One.Two.", [entry(2, 4, 4, "", " ")])
    assert repaired.text == "One. Two."
    assert [repaired.raw_span(0, 4), repaired.raw_span(5, 9)] == [(0, 4), (4, 8)]
    assert repaired.inside(0, 4) == repaired.inside(5, 9) == []


def test_overlapping_repairs_are_a_problem():
    _, problems = repair("abcdef", [entry(2, 1, 4, "bcd", "x"), entry(3, 3, 5, "de", "y")])
    assert [str(problem) for problem in problems] == [
        "repairs.csv:3: raw_start: 3, expected at least 4: it overlaps another repair"
    ]


@st.composite
def repairs(draw):
    raw = draw(st.text("ab \u00a0•i.", min_size=1, max_size=40))
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    spans = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    return raw, [entry(i, a, b, raw[a:b], draw(st.text("xy ", max_size=3))) for i, (a, b) in enumerate(spans)]


@given(repairs())
def test_raw_slices_with_their_repairs_give_the_text_back(case):
    raw, entries = case
    repaired, problems = repair(raw, entries)
    assert problems == []
    assert len(repaired.text) == len(repaired.starts) == len(repaired.ends)
    every = [
        Repair(raw_start=r.row.raw_start, raw_end=r.row.raw_end, replacement=r.row.replacement, reason="r")
        for r in repaired.repairs
    ]
    assert apply(raw, 0, every) == repaired.text
    assert list(repaired.starts) == sorted(repaired.starts)
    touched = {i for r in repaired.repairs for i in range(r.start, r.end)}
    for i, character in enumerate(repaired.text):
        assert i in touched or raw[repaired.starts[i]] == character
