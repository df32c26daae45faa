"""Lines of readings read quickly: what is accepted is what the strict parser makes of the line, and nothing else."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import ReadingInput
from kazstance.corpus.reading import as_reading, parse_clear

HASH = "0123456789ab"
JUDGEMENT = {"target_id": "lake", "label": "favor", "certainty": "sure", "evidence": [{"start": 0, "text": "Wir"}]}
LINE = {"sentence_id": "guild/1/1", "text_hash": HASH, "covered": ["claim"], "judgements": [JUDGEMENT]}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(
        ["favor", "none", "neutral", "sure", "implicit", "guild/1/1", "lake", HASH, "a: b", 'x": y', "\\u0041"]
    ),
    st.sampled_from(
        [
            [],
            {},
            ["claim"],
            [{"start": 0, "text": "Wir"}],
            [{"start": 1.0, "text": "«ja»"}],
            {"lake": 0.5},
            [JUDGEMENT] * 2,
        ]
    ),
)
HEAD = ("sentence_id", "text_hash", "round", "covered", "probability", "judgements")
BODY = ("target_id", "holder", "label", "original", "explicitness", "certainty", "evidence", "note", "start", "text")
FIELDS = st.sampled_from((*HEAD, *BODY, "other"))
CHANGES = st.lists(st.tuples(st.sampled_from(["line", "judgement", "part"]), FIELDS, VALUES), max_size=3)


def strictly(text):
    folder = Folder(Path())
    entry = folder.entry("a.jsonl", 7, text, ReadingInput)
    return None if entry is None else plain(as_reading(entry))


def plain(reading):
    said = [(given.model_dump(exclude={"evidence"}), evidence) for given, evidence in reading.judgements]
    return reading[:2], reading.head.model_dump(exclude={"judgements"}), said


def agrees(text):
    """Check that a line is read as the strict parser reads it, or left to that, and give whether it was read."""
    found = parse_clear("a.jsonl", 7, text)
    assert found is None or plain(found) == strictly(text)
    return found is not None


def written(changes, spaced, again):
    """A line with some values changed or added, in some spelling; with `again`, a key of it appears twice."""
    line = json.loads(json.dumps(LINE))
    places = {"line": line, "judgement": line["judgements"][0], "part": line["judgements"][0]["evidence"][0]}
    for place, field, value in changes:
        places[place][field] = value
    text = json.dumps(line, ensure_ascii=False, separators=(",", " : " if spaced else ":"))
    return text.replace("{", f'{{"{again}" :1,', 1) if again else text


@given(CHANGES, st.booleans(), st.none() | FIELDS)
@example([("part", "start", 2**63)], False, None)
@example([("judgement", "evidence", "")], False, None)
@example([("judgement", "label", "none")], False, None)
@example([("line", "round", True)], False, None)
@example([("line", "probability", 1)], True, "probability")
@example([("line", "covered", []), ("judgement", "holder", "the guild")], False, None)
def test_a_line_is_read_as_the_strict_parser_reads_it(changes, spaced, again):
    agrees(written(changes, spaced, again))


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        LINE | {"round": 2, "probability": {"lake": 0.25}},
        LINE | {"judgements": [JUDGEMENT | {"evidence": [{"start": 3, "text": "Psalm 23: «Der Herr»"}]}]},
        LINE
        | {"judgements": [JUDGEMENT | {"note": "unclear", "evidence": None}, {"target_id": "sea", "label": "none"}]},
        LINE | {"covered": [], "judgements": [JUDGEMENT | {"holder": "the guild"}]},
    ],
)
def test_usual_lines_are_read_quickly(line):
    assert agrees(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LINE).replace('"label"', '"label" : "against", "label"'),
        json.dumps(LINE)[:-1] + ',"round":1,"round" :2}',
        json.dumps(LINE).replace('"start": 0', '"start": 0, "start": 1'),
        json.dumps(LINE).replace("Wir", "\\ud800"),
        json.dumps(LINE)[:-1] + ',"probability":NaN}',
        json.dumps(LINE).replace("[{", "[" * 100 + "{"),
        json.dumps(LINE) + json.dumps(LINE),
    ],
)
def test_what_is_refused_is_never_read_quickly(text):
    assert strictly(text) is None
    assert not agrees(text)


def test_judgements_that_are_alike_are_validated_once():
    lines = [parse_clear("a.jsonl", i, json.dumps(LINE).replace("Wir", word)) for i, word in enumerate(["Wir", "Uns"])]
    first, second = (line.judgements[0] for line in lines)
    assert first.given is second.given
    assert [first.evidence, second.evidence] == [[(0, "Wir")], [(0, "Uns")]]
