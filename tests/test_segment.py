"""Units: sentences, kinds, voices, copies, and every character in exactly one of them."""

import csv

import pytest

from kazstance.corpus.build import make
from kazstance.corpus.read import read
from kazstance.corpus.repair import apply
from kazstance.corpus.segment import segment
from kazstance.schema.labels import Endorsed, UnitKind, Voice
from tests.conftest import HARBOUR


@pytest.fixture(scope="module")
def units():
    sentences, problems = segment(read(HARBOUR))
    assert problems == []
    return {unit.sentence_id: unit for unit in sentences}


def test_join_split_and_repairs_make_the_sentences(units):
    assert units["gazette/3/1"].text == "Mr. Brand of the council said that talks go on. Ships lie in the roads."
    assert [units[f"merchants/3/{i}"].text for i in (1, 2)] == [
        "A quay costs money,",
        "and those who use it should pay.",
    ]
    assert units["dockers/4/1"].text.endswith("paid for.")
    assert [repair.replacement for repair in units["dockers/4/1"].repairs] == [""]
    assert units["dockers/5/2"].text == "The pilots have joined it."


def test_kinds_and_voices_are_as_curated(units):
    assert {unit.kind for unit in units.values() if not unit.annotated} == {
        UnitKind.date,
        UnitKind.navigation,
        UnitKind.byline,
        UnitKind.sentence,
    }
    quoted = [unit for unit in units.values() if unit.voice is Voice.quoted]
    assert [unit.sentence_id for unit in quoted] == ["dockers/7/1", "dockers/7/2"]
    assert {(unit.speaker, unit.endorsed) for unit in quoted} == {("the secretary of the pilots", Endorsed.yes)}
    assert all(unit.speaker is None and unit.endorsed is None for unit in units.values() if unit.voice is Voice.own)
    assert units["dockers/4/2"].note == "the slogan of the strike"


def test_copies_point_to_the_first_and_are_not_annotated(units):
    copies = {unit.sentence_id: unit.duplicate_of for unit in units.values() if unit.duplicate_of}
    assert copies == {"merchants/5/1": "merchants/3/1", "merchants/5/2": "merchants/3/2"}
    assert not any(units[copy].annotated for copy in copies)


def test_raw_offsets_lead_back(units):
    for unit in units.values():
        raw = (HARBOUR / "texts" / f"{unit.source_id}.txt").read_text(encoding="utf-8")
        assert apply(raw[unit.raw_start : unit.raw_end], unit.raw_start, unit.repairs) == unit.text


def test_a_character_in_no_unit_is_a_problem(harbour):
    """A repair that swallows a whole line leaves characters without a unit."""
    text = (harbour / "texts/dockers.txt").read_text(encoding="utf-8")
    start = text.index("12 May")
    with (harbour / "curation/repairs.csv").open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(
            ["dockers", start, start + 6, "12 May", "", "stray_sign", "test"]
        )
    _, problems = segment(read(harbour))
    assert any("'1' at 25 is in 0 units, expected 1" in str(problem) for problem in problems)


def test_rules_that_fit_nothing_are_problems(harbour):
    with (harbour / "curation/units.csv").open("a") as file:
        file.write("dockers,3,6,to […] th,kind,heading,half a unit\n".replace("to […] th", "to "))
        file.write("dockers,0,23,No to the harbour toll!,join,,one unit already\n")
        file.write("dockers,0,23,No to the harbour toll!,voice,nobody,unknown\n")
    _, problems = segment(read(harbour))
    assert [str(problem).split(": ", 1)[1] for problem in problems] == [
        "raw_start: the kind rule from 3 to 6 matches no unit, expected one inside it; change or delete the rule",
        "raw_start: the join rule from 0 to 23 matches no unit, expected at least two inside it; change or delete the "
        "rule",
        "value: 'nobody', expected a voice of the source: the secretary of the pilots",
    ]


def test_the_order_of_the_input_does_not_matter(harbour):
    for name in ("curation/units.csv", "curation/repairs.csv"):
        with (harbour / name).open(newline="") as file:
            header, *rows = csv.reader(file)
        with (harbour / name).open("w", newline="") as file:
            csv.writer(file).writerows([header, *reversed(rows)])
    for name in ("annotations/a.jsonl", "annotations/b.jsonl", "annotations/adjudications.jsonl", "SHA256SUMS"):
        lines = (harbour / name).read_text().splitlines()
        (harbour / name).write_text("\n".join(reversed(lines)) + "\n")
    assert make(harbour, print).rows == make(HARBOUR, print).rows
