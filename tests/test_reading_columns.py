"""Lines of readings read as columns: what is accepted is what the parser of single lines makes of it, if anything."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kazstance.corpus.cast import UNWRITTEN, Cast, as_rows
from kazstance.corpus.docket import Docket
from kazstance.corpus.reading_columns import parse_columns
from kazstance.corpus.readings import Lines, ReadingRules, parse_readings
from kazstance.schema.digest import text_hash
from tests.test_quoted import each

TEXTS = {"guild/1/1": "Wir, die Gilde, sagen «ja».", "guild/1/2": "Die Brücke: 🌉 bleibt.", "mill/1/1": "Wir auch."}
KINDS = {"lake": "claim", "sea": "claim", "bridge": "issue"}
HASH = text_hash(TEXTS["guild/1/1"])
RULES = ReadingRules(Path(), {}, ())
MAPPING = RULES._replace(labels={"pro": "favor", "0": "none"}, rounds=(1, 2))


def judgement(target_id="lake", label="favor", **fields):
    return {"target_id": target_id, "label": label, "evidence": [{"start": 0, "text": "Wir"}], **fields}


def reading(sentence_id="guild/1/1", *judgements, covered=("claim",), **fields):
    hashed = text_hash(TEXTS.get(sentence_id, ""))
    head = {"sentence_id": sentence_id, "text_hash": hashed, "covered": list(covered)}
    return head | {"judgements": list(judgements)} | fields


def written(rows, spaced=False, escaped=False):
    between = (", ", ": ") if spaced else (",", ":")
    return "\n".join(json.dumps(row, ensure_ascii=escaped, separators=between) for row in rows)


def lines_of(text):
    """The lines of a file without empty ones, as the index of the file has them."""
    parts = text.encode().split(b"\n")
    size = np.array([len(part) for part in parts], np.int64)
    kept = np.array([bool(part.strip()) for part in parts], np.bool_)
    start = np.cumsum(size + 1) - size - 1
    return Lines("a.jsonl", text.encode(), np.arange(1, len(parts) + 1)[kept], start[kept], size[kept])


def new_cast(undrawn=None):
    return Cast(Docket(TEXTS, KINDS), {name: i for i, name in enumerate(TEXTS)}, undrawn or {})


def rows_of(cast):
    """The judgements of readings row by row, with all that was written about each."""
    rows, pairs, holders = as_rows(cast, [], 2)
    evidence = each(cast.written.evidence)
    found = []
    for *row, at, _ in zip(*(column.tolist() for column in rows), strict=True):
        said = cast.written.given[cast.written.number[at]].model_dump(exclude={"evidence"}) if at != UNWRITTEN else None
        found.append((row, said, evidence[at] if at != UNWRITTEN else None))
    return found, [column.tolist() for column in pairs], holders


def agrees(text, rules=RULES, undrawn=None):
    """Check that lines are read as by the parser of single lines, or left to it, and give whether they were read."""
    lines, quick, slow = lines_of(text), new_cast(undrawn), new_cast(undrawn)
    found = parse_columns(lines, quick.docket, quick.places, rules)
    assert quick.docket.problems == []
    if found is None:
        return False
    quick.add_columns(1, found)
    readings, faults = parse_readings(lines, rules)
    slow.add(1, readings)
    assert [*faults, *slow.docket.problems] == []
    assert rows_of(quick) == rows_of(slow)
    return True


USUAL = {
    "plain": [reading("guild/1/1", judgement())],
    "nothing": [reading()],
    "several": [reading("guild/1/1", judgement(), judgement("sea", "none", evidence=[])), reading("mill/1/1")],
    "targets": [reading(covered=["bridge", "lake"]), reading("guild/1/2", judgement("sea", evidence=None))],
    "rounds": [reading(), reading(round=2), reading("mill/1/1", round=1, probability=1)],
    "drawn": [reading(sheet=HASH, probability=0.25), reading("mill/1/1", sheet=None)],
    "holders": [reading("guild/1/1", judgement(holder="die Gu\u0308te"), judgement(holder="B"), covered=[])],
    "details": [reading("guild/1/1", judgement(explicitness="implicit", certainty="unsure", note='so: "round"'))],
    "null": [reading("guild/1/1", judgement(holder=None, original=None, note=None, evidence=None))],
    "none": [reading("guild/1/1", judgement(label="none", evidence=None))],
    "parts": [
        reading(
            "guild/1/1",
            judgement(evidence=[{"start": 22, "text": "«ja»"}, {"start": 5, "text": "die"}, {"start": 0, "text": "W"}]),
        )
    ],
    "beyond the basic plane": [reading("guild/1/2", judgement(evidence=[{"start": 14, "text": "bleibt"}]))],
}


@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("rows", USUAL.values(), ids=USUAL)
def test_usual_lines_are_read_as_columns(rows, escaped):
    assert agrees(written(rows, escaped=escaped))


def test_labels_of_another_scheme_are_mapped():
    rows = [reading("guild/1/1", judgement(label="pro"), judgement("sea", "0", evidence=None), round=2)]
    assert agrees(written(rows), MAPPING)
    assert not agrees(written(rows))


def test_probabilities_of_sheets_of_which_more_was_drawn_are_those_of_both_draws():
    rows = [reading(sheet=HASH, probability=0.1), reading("mill/1/1", probability=0.1)]
    assert agrees(written(rows), undrawn={HASH: 0.7})


@pytest.mark.parametrize("between", ["\r\n", "\n\n", " \r\n", "\n \n"])
def test_other_line_ends_lose_nothing(between):
    rows = [reading(), reading("guild/1/2", judgement("sea", evidence=None)), reading("mill/1/1")]
    is_usual = not between.startswith(" ")
    assert agrees(between.join(map(written, ([row] for row in rows)))) == is_usual


PLAIN = written([reading("guild/1/1", judgement())])
OTHER = written([reading("mill/1/1")])


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + OTHER,
        PLAIN + "null" + OTHER,
        "null",
        "null\n" + PLAIN,
        f"{PLAIN}\nnull",
        "[]",
        f"{PLAIN}\n{PLAIN}",
        PLAIN.replace('{"start"', '\n{"start"', 1),
        PLAIN.replace("judgements", "judgements\\u0000"),
        PLAIN[:-1] + ',"round":null}',
        PLAIN[:-1] + ',"roun\\u0064":null}',
        PLAIN[:-1] + ',"probability":null}',
        PLAIN[:-1] + ',"probability":NaN}',
        PLAIN[:-1] + ',"probability":1e-999}',
        PLAIN[:-1] + ',"probability":1.5}',
        PLAIN[:-1] + ',"sheet":"x"}',
        PLAIN[:-1] + ',"sheet":"0123456789ab\\n"}',
        PLAIN[:-1] + ',"other":null}',
        PLAIN[:-1] + ',"round":3}\n' + OTHER,
        PLAIN.replace('"start"', '"start":0,"start"'),
        PLAIN.replace('"label"', '"label":null,"label"'),
        PLAIN.replace('"start":0', '"start":-27'),
        PLAIN.replace('"start":0', f'"start":{2**63}'),
        PLAIN.replace("Wir", "wir"),
        PLAIN.replace('"Wir"', '""'),
        PLAIN.replace('"Wir"', '"\\ud800"'),
        PLAIN.replace('{"start":0,"text":"Wir"}', "null"),
        PLAIN.replace('{"start":0,"text":"Wir"}', '{"start":3,"text":","},{"start":4,"text":" "}'),
        PLAIN.replace('{"start":0,"text":"Wir"}', ""),
        PLAIN.replace("favor", "none"),
        PLAIN.replace("favor", "pro"),
        PLAIN.replace('"favor"', "null"),
        PLAIN.replace('"lake"', '"river"'),
        PLAIN.replace('"lake"', '"bridge"'),
        PLAIN.replace('["claim"]', '["claim",null]'),
        PLAIN.replace('["claim"]', '["claim","river"]'),
        PLAIN.replace('["claim"]', "[]"),
        PLAIN.replace('["claim"]', '"claim"'),
        PLAIN.replace("guild/1/1", "guild/1/9"),
        PLAIN.replace(HASH, HASH.upper()),
        PLAIN.replace(",", ",,"),
        PLAIN.replace("[{", "[" * 100 + "{"),
        PLAIN + "x",
        PLAIN[:-1],
        written([reading("guild/1/1", judgement(), judgement(label="against"))]),
        written([reading("guild/1/1", judgement(holder="é"), judgement(holder="e\u0301"), covered=[])]),
        written([reading("guild/1/1", judgement(explicitness="explicit", label="neutral"))]),
        written([reading("guild/1/1", judgement(certainty="sure", label="none", evidence=[]))]),
        written([reading("guild/1/1", judgement(holder=" "))]),
        written([reading("guild/1/1", judgement(note=""))]),
    ],
)
def test_lines_with_a_problem_are_never_read_as_columns(text):
    slow, rules = new_cast(), RULES._replace(rounds=(1,))
    readings, faults = parse_readings(lines_of(text), rules)
    slow.add(1, readings)
    assert faults or slow.docket.problems
    assert not agrees(text, rules)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from(["favor", "none", "neutral", "sure", "implicit", "pro", "lake", "claim", "sea", *TEXTS, HASH]),
    st.sampled_from(["Wir", "die", "\u200b", "\\u0041", "round", 0.5, 1, 2, {"lake": 0.5}, {}, [], [None], ["claim"]]),
    st.sampled_from(
        [
            ["lake"],
            [{"start": 5, "text": "die"}],
            [{"start": 0.0, "text": "Wir"}],
            [judgement()] * 2,
            [judgement("sea")],
        ]
    ),
)
FIELDS = st.sampled_from(
    [
        *("sentence_id", "text_hash", "round", "covered", "probability", "sheet", "judgements", "target_id", "holder"),
        *("label", "original", "explicitness", "certainty", "evidence", "note", "start", "text", "other"),
    ]
)
PLACES = ("line", "judgement", "part")
VALID = [
    ("line", "round", 1),
    ("line", "round", 2),
    ("line", "covered", ["sea", "lake", "bridge"]),
    ("line", "covered", ["claim", "claim"]),
    ("line", "probability", 0.1),
    ("line", "sheet", HASH),
    ("line", "judgements", []),
    ("judgement", "target_id", "sea"),
    ("judgement", "holder", "the guild"),
    ("judgement", "label", "against"),
    ("judgement", "explicitness", "explicit"),
    ("judgement", "certainty", None),
    ("judgement", "evidence", None),
    ("judgement", "note", "Wir"),
]
CHANGE = st.sampled_from(VALID) | st.tuples(st.sampled_from(PLACES), FIELDS, VALUES)
CHANGES = st.lists(st.tuples(st.integers(0, 1), CHANGE), max_size=4)
CUT = st.tuples(st.integers(0, 10**4), st.sampled_from(["", "\n", "\r\n", " ", "}", "{", ",", "null", "\x00"]))
CUTS = st.just([]) | st.lists(CUT, max_size=2)


def changed(changes, cuts, spaced, escaped):
    """Two lines with some values changed or added, and some signs put between others."""
    rows = [
        reading("guild/1/1", judgement()),
        reading("guild/1/2", judgement("sea", evidence=[{"start": 0, "text": "Die"}])),
    ]
    said = [row["judgements"][0] for row in rows]
    places = {"line": rows, "judgement": said, "part": [one["evidence"][0] for one in said]}
    for at, (place, field, value) in changes:
        places[place][at][field] = value
    text = written(rows, spaced, escaped)
    for place, sign in cuts:
        text = f"{text[: place % len(text)]}{sign}{text[place % len(text) :]}"
    return text


@given(CHANGES, CUTS, st.booleans(), st.booleans(), st.sampled_from([RULES, MAPPING]))
@example([(0, ("line", "covered", [])), (0, ("judgement", "holder", "the guild"))], [], False, False, RULES)
@example([(0, ("judgement", "label", "pro"))], [], False, True, MAPPING)
@example(
    [(1, ("line", "round", 2)), (1, ("line", "sentence_id", "guild/1/1")), (1, ("line", "text_hash", HASH))],
    [],
    True,
    False,
    MAPPING,
)
@example([], [(0, "\r\n")], False, False, RULES)
def test_lines_are_read_as_by_the_parser_of_single_lines(changes, cuts, spaced, escaped, rules):
    agrees(changed(changes, cuts, spaced, escaped), rules)
