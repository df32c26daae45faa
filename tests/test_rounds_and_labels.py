"""Rounds, holders and labels of other schemes, as a corpus folder states them."""

import hashlib
import json
from pathlib import Path

import pytest

from kazstance.corpus.build import build
from kazstance.corpus.read import read
from kazstance.errors import InputError
from kazstance.schema.digest import text_hash
from tests.conftest import quiet
from tests.corpora import Made

TEXT = "The toll is fair."
WHO = '[[annotator]]\nid = "ada"\norigin = "human"\n'
DECIDED = {"target_id": "toll", "label": "favor", "rule": "R1", "reason": "stated"}


def corpus(folder: Path, readings, declared="", adjudications=()) -> Path:
    """A corpus of one sentence with the readings of one annotator."""
    made = Made({"town": TEXT}, {"ada": {}}, [{"id": "toll", "name": "the toll"}, {"id": "quay", "name": "the quay"}])
    made.write(folder)
    (folder / "annotations/annotators.toml").write_text(WHO + declared, encoding="utf-8")
    for name, rows in {"ada": readings, "adjudications": adjudications}.items():
        common = {"sentence_id": "town/1/1", "text_hash": text_hash(TEXT)}
        lines = "".join(json.dumps(common | row) + "\n" for row in rows)
        (folder / f"annotations/{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def reading(*judgements, **others):
    return {"covered": ["toll", "quay"], "judgements": [{"target_id": "toll"} | row for row in judgements], **others}


def problems(folder: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(folder)
    return list(map(str, caught.value.problems))


def test_a_sentence_is_read_once_in_each_round(tmp_path):
    rows = [reading({"label": "favor"}), reading({"label": "against"}, round=2)]
    found = read(corpus(tmp_path, rows)).readings["ada"]
    assert [(entry.value.round, entry.value.judgements[0].label) for entry in found] == [(1, "favor"), (2, "against")]


def test_the_same_sentence_twice_in_a_round_is_refused(tmp_path):
    rows = [reading({"label": "favor"}, round=2), reading(), reading({"label": "against"}, round=2)]
    assert problems(corpus(tmp_path, rows)) == [
        "annotations/ada.jsonl:3: sentence_id: 'town/1/1 in round 2' also appears on line 1, expected once with quay"
    ]


def test_a_sentence_may_be_read_again_on_other_targets(tmp_path):
    rows = [reading({"label": "favor"}) | {"covered": ["toll"]}, reading() | {"covered": ["quay"]}]
    assert len(read(corpus(tmp_path, rows)).readings["ada"]) == 2


@pytest.mark.parametrize("covered", [["issue"], ["quay", "toll"]])
def test_a_pair_that_is_covered_as_a_target_and_by_its_kind_is_refused(tmp_path, covered):
    rows = [reading({"label": "favor"}) | {"covered": ["toll"]}, reading() | {"covered": covered}]
    folder = corpus(tmp_path / "corpus", rows)
    targets = folder / "targets.toml"
    targets.write_text(targets.read_text().replace('name = "the toll"', 'name = "the toll"\nkind = "issue"'))
    with pytest.raises(InputError, match="ada.jsonl:2: (?=.*toll).*expected once"):
        build(folder, tmp_path, quiet)


@pytest.mark.parametrize("number", [0, -1, 1.5, "2", True, None])
def test_a_round_is_a_whole_number_from_1(tmp_path, number):
    assert "annotations/ada.jsonl:1: round: " in problems(corpus(tmp_path, [reading(round=number)]))[0]


def test_declared_rounds_have_the_digests_of_their_codebooks(tmp_path):
    declared = '[[round]]\nnumber = 2\ndate = 2024-05-01\n[[round]]\nnumber = 1\ndate = 2023\ncodebook = "old.md"\n'
    folder = corpus(tmp_path, [reading(round=2)], declared)
    for name in ("CODEBOOK.md", "old.md"):
        (folder / name).write_text(f"# {name}", encoding="utf-8")
    found = read(folder)
    digest = {name: hashlib.sha256(f"# {name}".encode()).hexdigest() for name in ("CODEBOOK.md", "old.md")}
    assert [(r.number, r.date, r.codebook_sha256) for r in found.rounds] == [
        (1, "2023", digest["old.md"]),
        (2, "2024-05-01", digest["CODEBOOK.md"]),
    ]
    assert digest.items() <= found.digests.items()


def test_a_round_of_a_corpus_without_a_codebook_has_none(tmp_path):
    assert read(corpus(tmp_path, [reading()], "[[round]]\nnumber = 1\n")).rounds[0].codebook_sha256 is None


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ('[[round]]\nnumber = 1\ncodebook = "CODEBOOK_2.md"\n', ":4: codebook: CODEBOOK_2.md is missing"),
        ('[[round]]\nnumber = 1\ncodebook = "../../x.md"\n', ":4: codebook: '../../x.md' leads outside"),
        ("[[round]]\nnumber = 1\n[[round]]\nnumber = 1\n", ":6: number: 1 also appears on line 4, expected once"),
        ("[[round]]\nnumber = 1\nbook = 3\n", ":4: book: 3, unknown field; choose from number, date, codebook"),
        ("[[round]]\nnumber = 1\ndate = 'May'\n", ":4: date: 'May' is not a date"),
        ("[round]\nnumber = 1\n", ": round: no [[round]] tables"),
        ("[[rounds]]\nnumber = 1\n", ":4: [[rounds]]: not a table of this file"),
        ('[labels]\npro = "for"\n', ":5: labels.pro: mapped to 'for', expected against, neutral, favor, none"),
        ('[labels]\n"a b" = "favor"\n\'-2\' = 1\n', ":6: labels.-2: mapped to '1', expected against, neutral"),
    ],
)
def test_wrong_declarations_are_named_by_file_and_line(tmp_path, declared, expected):
    found = problems(corpus(tmp_path, [reading()], declared))
    assert any(line.startswith("annotations/annotators.toml" + expected) for line in found), found


def test_a_reading_of_an_undeclared_round_is_refused(tmp_path):
    folder = corpus(tmp_path, [reading(round=3)], "[[round]]\nnumber = 1\n[[round]]\nnumber = 2\n")
    assert problems(folder) == ["annotations/ada.jsonl:1: round: 3, expected one of the declared rounds: 1, 2"]


def test_a_target_is_judged_once_for_each_holder(tmp_path):
    rows = [{"label": "favor"}, {"label": "against", "holder": "the mayor"}, {"label": "none", "holder": "the guild"}]
    found = read(corpus(tmp_path, [reading(*rows)])).readings["ada"][0].value.judgements
    assert [(row.holder, row.label) for row in found] == [
        (None, "favor"),
        ("the mayor", "against"),
        ("the guild", "none"),
    ]


def test_two_judgements_for_one_holder_are_refused_however_the_name_is_encoded(tmp_path):
    composed, decomposed = "Andr\u00e9", "Andre\u0301"
    rows = [{"label": "favor", "holder": composed}, {"label": "against", "holder": decomposed}]
    assert problems(corpus(tmp_path, [reading(*rows)])) == [
        f"annotations/ada.jsonl:1: judgements: 'toll' of the holder '{composed}' is judged 2 times, expected once"
    ]


def test_adjudications_are_by_sentence_target_and_holder(tmp_path):
    rows = [DECIDED, DECIDED | {"holder": "the mayor"}, DECIDED | {"holder": "the mayor"}]
    assert problems(corpus(tmp_path, [reading()], adjudications=rows)) == [
        "annotations/adjudications.jsonl:3: sentence_id: \"town/1/1 on toll of the holder 'the mayor'\" "
        "also appears on line 2, expected once"
    ]


LABELS = '[labels]\n-2 = "against"\n"pro" = "favor"\nneutral = "none"\n"1.5" = "favor"\n'


@pytest.mark.parametrize(
    ("came", "label", "original"),
    [
        ("-2", "against", "-2"),
        (-2, "against", "-2"),
        (-2.0, "against", "-2"),
        (1.5, "favor", "1.5"),
        ("pro", "favor", "pro"),
        ("neutral", "none", "neutral"),
        ("favor", "favor", None),
    ],
)
def test_a_label_of_another_scheme_is_mapped_and_kept(tmp_path, came, label, original):
    folder = corpus(tmp_path, [reading({"label": came})], LABELS, [DECIDED | {"label": came}])
    found = read(folder)
    for row in (found.readings["ada"][0].value.judgements[0], found.adjudications[0].value):
        assert (row.label, row.original) == (label, original)
    assert found.labels == {"-2": "against", "pro": "favor", "neutral": "none", "1.5": "favor"}


@pytest.mark.parametrize("came", ["con", "PRO", 2, True, None, ["pro"]])
def test_a_label_outside_the_mapping_is_refused_with_what_is_allowed(tmp_path, came):
    line = problems(corpus(tmp_path, [reading({"label": came})], LABELS))[0]
    assert line.startswith("annotations/ada.jsonl:1: judgements.0.label: ")
    assert "expected against, neutral, favor, none or a label that [labels] maps: choose from -2, pro" in line


def test_an_original_label_may_be_given_with_its_label(tmp_path):
    found = read(corpus(tmp_path, [reading({"label": "favor", "original": "strongly pro"})]))
    assert found.readings["ada"][0].value.judgements[0].original == "strongly pro"


def test_none_has_neither_evidence_nor_certainty(tmp_path):
    for field in ({"certainty": "sure"}, {"explicitness": "explicit"}, {"evidence": [{"start": 0, "text": "The"}]}):
        assert "not allowed with the label none" in problems(corpus(tmp_path, [reading({"label": "none"} | field)]))[0]
