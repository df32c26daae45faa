"""The shipped data: exact counts, first and last records, and what has to hold for every row."""

import json
import re
from collections import Counter
from itertools import combinations

import pytest

import kazstance
from kazstance.corpus.repair import apply
from kazstance.schema.labels import Label, MoreFavorable, Position, Relation, Voice
from tests.copies import find_copies

SOURCES = ["old_mole", "pr_collective", "anticapitalist_resistance", "maoist_statement", "russian_maoists"]
MARKS = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv"]


def json_lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def sentences():
    return {row.sentence_id: row for row in kazstance.load("sentences")}


@pytest.fixture(scope="module")
def raw(root):
    return {name: (root / "raw" / "texts" / f"{name}.txt").read_text(encoding="utf-8") for name in SOURCES}


def test_counts(sentences):
    assert [row.source_id for row in kazstance.load("sources")] == SOURCES
    assert Counter(row.kind for row in kazstance.load("targets")) == {"issue": 22, "claim": 13}
    assert len(sentences) == 381
    annotated = Counter(row.source_id for row in sentences.values() if row.annotated)
    assert annotated == dict(zip(SOURCES, [56, 106, 96, 77, 30], strict=True))
    assert len(kazstance.load("grid")) == 365 * 35
    assert {(row.sentence_id, row.target_id) for row in kazstance.load("grid")} == {
        (sentence.sentence_id, target.target_id)
        for sentence in sentences.values()
        if sentence.annotated
        for target in kazstance.load("targets")
    }


ROLES = {
    **dict.fromkeys(("r1", "r2", "r3"), ("earlier", True)),
    "a1": ("earlier", False),
    "check": ("earlier", False),
    "f1": ("label", True),
    **dict.fromkeys(("f2", "f3"), ("label", False)),
    "a2": ("adjudicator", False),
    "check2": ("check", False),
}


def test_every_round_is_kept_and_the_latest_makes_the_labels():
    """One reading of all pairs, two more of those in question; the readings of 0.3.0, which no longer count; and checks."""
    rows, judged = kazstance.load("judgements"), {name: [] for name in ROLES}
    for row in rows:
        judged[row.annotator_id].append(row)
    assert sum(map(len, judged.values())) == len(rows)
    assert {row.annotator_id: (row.role, row.complete) for row in kazstance.load("annotators")} == ROLES
    whole, in_question = 365 * 35, {(row.sentence_id, row.target_id) for row in judged["f2"]}
    assert {name: len(rows) for name, rows in judged.items()} == {
        **dict.fromkeys(("r1", "r2", "r3", "f1"), whole),
        **dict.fromkeys(("f2", "f3"), len(in_question)),
        "a1": 215,
        "a2": 93,
        "check": 73 * 35,
        "check2": 91 * 35,
    }
    rounds = {name: {row.round for row in rows} for name, rows in judged.items()}
    assert {name for name, found in rounds.items() if found == {1}} == {"r1", "r2", "r3", "a1", "check"}
    assert {name for name, found in rounds.items() if found == {2}} == {"f1", "f2", "f3", "a2", "check2"}
    assert {row.probability for row in judged["check"]} == {0.2}
    assert {vote.annotator_id for row in kazstance.load("grid") for vote in row.votes} == {"f1", "f2", "f3"}
    assert {row.origin for row in kazstance.load("annotators")} == {"model"}


def test_whatever_0_3_0_or_the_fresh_reading_labelled_was_read_three_times():
    """A label that rests on one reading is `none`, as it was in 0.3.0: as adjudicated, else by majority."""
    said = {name: {} for name in ROLES}
    for row in kazstance.load("judgements"):
        said[row.annotator_id][row.sentence_id, row.target_id] = row.label_name
    for row in kazstance.load("grid"):
        key = row.sentence_id, row.target_id
        (before, _), *_ = Counter(said[name][key] for name in ("r1", "r2", "r3")).most_common()
        assert len(row.votes) == (1 if row.basis == "single" else 3)
        if row.basis == "single":
            assert row.label_name == said["f1"][key] == said["a1"].get(key, before) == "none"


def test_first_and_last_sentence_of_each_text(sentences):
    first = [row.text for row in sentences.values() if row.position == 0]
    last = {row.source_id: row.text for row in sentences.values()}
    assert first == [
        "The Old Mole of Permanent Revolution Sparks Imperialist Intervention Against Workers of Kazakhstan!",
        "The revolt of the Kazakh workers, balance and prospects",
        "Russian Hands Off Kazakhstan!",
        "January 21, 2022",
        "RUSSIAN MAOIST PERSPECTIVE (translated)",
    ]
    assert list(last.values()) == [
        "For a new revolutionary workers International, the World Party of Socialist Revolution!",
        "Permanent Revolution Collective (Austria, France, Spain, Turkey)",
        "Join the discussion",
        "(…) The Chinese revolution, led by the Communist Party of China, has made tremendous advances both in theory and "
        "practice and has radically changed the face of China”",
        "The fight continues!",
    ]


def test_every_unit_leads_back_into_its_raw_text(sentences, raw):
    for row in sentences.values():
        slice_ = raw[row.source_id][row.raw_start : row.raw_end]
        assert apply(slice_, row.raw_start, row.repairs) == row.text


def test_units_and_list_marks_cover_every_character_once(sentences, raw):
    for source, text in raw.items():
        times = Counter(
            i for row in sentences.values() if row.source_id == source for i in range(row.raw_start, row.raw_end)
        )
        outside = [text[i] for i in range(len(text)) if not times[i] and not text[i].isspace()]
        marks = {"pr_collective": ["•"] * 9, "anticapitalist_resistance": [c for n in "12345" for c in f"{n})"]}
        assert outside == marks.get(source, [])
        assert set(times.values()) == {1}


def test_footnote_marks_are_all_found_and_no_name_is_harmed(sentences, raw):
    text = raw["maoist_statement"]
    marks = [
        text[repair.raw_start : repair.raw_end]
        for row in sentences.values()
        for repair in row.repairs
        if repair.reason.startswith("footnote mark")
    ]
    assert marks == MARKS
    repaired = " ".join(row.text for row in sentences.values() if row.source_id == "maoist_statement")
    for name in (
        "Izvestija",
        "RIA Novosti",
        "Mäsimov",
        "Tokayev",
        "Novaja Gazeta",
        "Georgia. ",
        "nation. ",
        "in 2011. ",
    ):
        assert name in repaired
    assert repaired.count("Mäsimov") == text.count("Mäsimov") == 2


def test_spelling_is_kept(sentences):
    text = " ".join(row.text for row in sentences.values())
    for word in (
        "combatitative",
        "Nazabayev",
        "imperialialists",
        "claimswhich considers",
        "killed by the demonstrators",
    ):
        assert word in text
    assert "\u00a0" not in text
    assert "  " not in text


def test_voices(sentences):
    speakers = Counter(row.speaker for row in sentences.values() if row.voice is Voice.quoted)
    assert speakers == {"Kazakh socialists": 31, "V. I. Lenin": 2, "J. V. Stalin": 2, "Mao Zedong": 15}
    endorsed = {(row.speaker, row.endorsed) for row in sentences.values()}
    assert endorsed == {
        (None, None),
        ("Kazakh socialists", "unclear"),
        *((name, "yes") for name in ("V. I. Lenin", "J. V. Stalin", "Mao Zedong")),
    }


def test_copies(sentences):
    copies = {row.sentence_id: row.duplicate_of for row in sentences.values() if row.duplicate_of}
    assert copies == {"russian_maoists/5/9": "russian_maoists/5/8", "russian_maoists/5/10": "russian_maoists/5/8"}


def test_evidence_lies_in_its_sentence_and_context_around_it(sentences):
    for row in kazstance.load("stances"):
        assert row.text == sentences[row.sentence_id].text
        assert row.evidence
        for span in row.evidence:
            piece = row.text[span.start : span.end]
            assert piece
            assert piece == piece.strip()
        paragraph = " ".join(s.text for s in sentences.values() if s.paragraph_id == row.paragraph_id)
        assert " ".join(filter(None, [row.context_before, row.text, row.context_after])) == paragraph


def test_stances_are_the_grid_without_none():
    grid = {(row.sentence_id, row.target_id): row for row in kazstance.load("grid") if row.label is not Label.none}
    stances = {(row.sentence_id, row.target_id): row for row in kazstance.load("stances")}
    assert grid.keys() == stances.keys()
    assert all(grid[key].label is stances[key].label for key in grid)


def test_every_label_is_one_that_somebody_judged():
    """Model labels are a majority of the votes without an opposite one, or adjudicated with rule and reason; no label is gold."""
    for row in kazstance.load("grid"):
        votes = [vote.label for vote in row.votes]
        assert row.origin in ("model", "adjudicated")
        if row.origin == "model":
            assert 2 * votes.count(row.label) > len(votes)
            assert not {Label.favor, Label.against} <= set(votes)
        adjudicated = row.origin == "adjudicated"
        assert bool(row.rule) == bool(row.reason) == (row.adjudicator == "a2") == adjudicated
        assert adjudicated == (row.basis in ("adjudication", "overruling"))
        assert row.split_vote == (len(set(votes)) > 1)


def test_splits_keep_paragraphs_and_copies_together(sentences):
    side = {}
    for split in ("train", "validation", "test"):
        for row in kazstance.load("grid", split):
            assert side.setdefault(row.paragraph_id, split) == split
        labels = Counter(row.label_name for row in kazstance.load("grid", split))
        assert labels.keys() == {"against", "neutral", "favor", "none"}
    for copy in find_copies(row for row in sentences.values() if row.annotated):
        one, other = (sentences[name] for name in (copy.first, copy.second))
        assert side[one.paragraph_id] == side[other.paragraph_id]
        assert one.source_id == other.source_id


NEUTRAL = Label.neutral


def test_pairs_are_complete_balanced_and_within_their_split():
    for split in ("train", "validation", "test"):
        stances = kazstance.load("stances", split)
        expected = {
            frozenset([(a.sentence_id, a.target_id), (b.sentence_id, b.target_id)])
            for a, b in combinations(stances, 2)
            if a.target_id == b.target_id and a.source_id != b.source_id
        }
        pairs = kazstance.load("pairs", split)
        assert {frozenset([(p.sentence_a, p.target_id), (p.sentence_b, p.target_id)]) for p in pairs} == expected
        assert len(pairs) == len(expected)
        for p in pairs:
            more = (p.label_a > p.label_b) - (p.label_a < p.label_b)
            assert p.more_favorable is {1: MoreFavorable.a, -1: MoreFavorable.b, 0: MoreFavorable.same}[more]
            assert (p.relation is Relation.mixed) == (NEUTRAL in (p.label_a, p.label_b))
            assert (p.relation is Relation.agree) == (p.label_a == p.label_b != NEUTRAL)
    order = Counter((p.target_id, frozenset([p.source_a, p.source_b]), p.source_a, p.more_favorable) for p in pairs)
    for (target, both, source, more), n in order.items():
        if more is not MoreFavorable.same:
            (other,) = both - {source}
            swapped = MoreFavorable.b if more is MoreFavorable.a else MoreFavorable.a
            assert abs(n - order[target, both, other, swapped]) <= 1


def test_positions_are_the_complete_grid_and_add_up():
    positions = kazstance.load("positions")
    assert len(positions) == 5 * 35
    own = [row for row in kazstance.load("stances") if row.voice is Voice.own]
    count = Counter((row.source_id, row.target_id, row.label.name) for row in own)
    unsure = Counter((row.source_id, row.target_id) for row in own if row.certainty == "unsure")
    for row in positions:
        n = [row.n_against, row.n_neutral, row.n_favor]
        assert n == [count[row.source_id, row.target_id, label] for label in ("against", "neutral", "favor")]
        assert row.n_unsure == unsure[row.source_id, row.target_id]
        assert (row.net is None) == (row.position is Position.not_addressed) == (sum(n) == 0)
        assert row.salience == pytest.approx(sum(n) / row.n_sentences, abs=1e-6)
        assert row.salience_low <= row.salience <= row.salience_high
        if row.net is not None:
            assert row.net_low <= row.net <= row.net_high


def test_no_position_of_the_matrix_rests_on_quotations_alone(root):
    """Neither in the table nor in the card: without a sentence in its own voice, a source is shown as silent."""
    own = {(row.source_id, row.target_id) for row in kazstance.load("stances") if row.voice is Voice.own}
    for row in kazstance.load("positions"):
        assert (row.position is not Position.not_addressed) == ((row.source_id, row.target_id) in own)
    card = (root / "DATASET_CARD.md").read_text(encoding="utf-8")
    lines = re.search(r"<!-- generated: matrix -->\n(.*?)<!-- end -->", card, re.DOTALL)[1].splitlines()[2:]
    names = {row.name: row.target_id for row in kazstance.load("targets")}
    assert len(lines) > 9
    for line in lines:
        name, *cells = line.strip("| ").split(" | ")
        target = names[name.removesuffix(" (contested)")]
        for source, cell in zip(SOURCES, cells, strict=False):
            assert cell.startswith("≤") == ((source, target) not in own), line


@pytest.fixture(scope="module")
def probes():
    found = {"mask": [], "mirror": [], "swap": []}
    for row in kazstance.load("probes"):
        found[row.probe].append(row)
    return found


def test_probes_are_as_many_as_their_files_and_the_labels_give(probes, root):
    stances = {(row.sentence_id, row.target_id): row for row in kazstance.load("stances")}
    names = json_lines(root / "raw" / "probes" / "masks.jsonl")
    named = {row["sentence_id"] for row in names if row["masks"]}
    assert len(names) == 365
    assert {(p.sentence_id, p.target_id) for p in probes["mask"]} == {key for key in stances if key[0] in named}
    judged = {
        (r["sentence_id"], r["target_id"]): r["label"] for r in json_lines(root / "raw" / "probes" / "mirrored.jsonl")
    }
    claims = {row.target_id for row in kazstance.load("targets") if row.kind == "claim"}
    on_claims = {key for key in stances if key[1] in claims}
    shown = {(p.sentence_id, p.target_id): p.label_name for p in probes["mirror"]}
    assert shown == {key: judged[key] for key in on_claims}
    differing = {
        (a.sentence_id, frozenset([a.target_id, b.target_id]))
        for a, b in combinations(stances.values(), 2)
        if a.sentence_id == b.sentence_id and a.label != b.label
    }
    assert {(p.sentence_id, frozenset([p.target_id, p.other_target_id])) for p in probes["swap"]} == differing
    assert {kind: len(rows) for kind, rows in probes.items()} == {
        "mask": 593,
        "mirror": len(on_claims),
        "swap": len(differing),
    }
    assert (probes["mask"][0].sentence_id, probes["swap"][-1].sentence_id) == ("old_mole/1/1", "russian_maoists/12/2")


def test_probes_show_their_rows_otherwise(probes):
    stances = {(row.sentence_id, row.target_id): row for row in kazstance.load("stances")}
    targets = {row.target_id: row for row in kazstance.load("targets")}
    for row in [row for rows in probes.values() for row in rows]:
        own = stances[row.sentence_id, row.target_id]
        assert (row.row_label, row.source_id, row.paragraph_id) == (own.label, own.source_id, own.paragraph_id)
        assert (row.text == own.text) == (row.probe != "mask")
        assert (row.target == own.target) == (row.probe == "mask")
        if row.probe == "mask":
            assert (row.label, row.origin) == (own.label, own.origin)
        if row.probe == "mirror":
            assert targets[row.target_id].kind == "claim"
            assert row.origin == "model"
        if row.probe == "swap":
            other = stances[row.sentence_id, row.other_target_id]
            assert (row.target, row.label, row.origin) == (other.target, other.label, other.origin)
            assert row.label != row.row_label


def test_masked_texts_and_contexts_give_no_name_away(probes, root):
    """Listed names are hidden wherever they were marked, in the sentence and around it."""
    marks = {name["text"] for row in json_lines(root / "raw" / "probes" / "masks.jsonl") for name in row["masks"]}
    proper = [mark for mark in marks if mark[0].isupper() and len(mark) > 4]
    assert len(proper) > 100
    shown = " ".join(f"{row.context_before} {row.text} {row.context_after}" for row in probes["mask"])
    assert [name for name in proper if re.search(rf"\b{re.escape(name)}\b", shown)] == []
    assert all(re.search(r"\[(org|place|person)\]", row.text) for row in probes["mask"])


def test_nothing_is_guessed_about_the_sources():
    sources = {row.source_id: row for row in kazstance.load("sources")}
    assert [name for name, row in sources.items() if row.speaker is None] == ["old_mole", "maoist_statement"]
    assert {name: row.date for name, row in sources.items() if row.date} == {
        "pr_collective": "2022-01-27",
        "maoist_statement": "2022-01-21",
    }
    assert sources["maoist_statement"].title is None
    assert sources["russian_maoists"].original_language == "ru"


def test_annotators_are_called_what_they_are(root):
    for row in kazstance.load("annotators"):
        assert row.origin == "model"
        assert row.family
        assert row.brief
        assert (root / "raw" / "annotations" / row.brief).is_file()
