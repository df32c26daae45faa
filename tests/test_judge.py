"""From judgements to labels: coverage, majorities, adjudication, and no label that nobody chose."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazstance.corpus.judge import Decider, Decision, judge, undecided
from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.schema.labels import Label, Origin
from kazstance.schema.records import Judgement, Span
from kazstance.schema.spans import merge
from tests.conftest import HARBOUR


def judged(folder):
    corpus = read(folder)
    return judge(corpus, segment(corpus)[0])


def rewrite(file, change):
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows if change(row) is not False))


def test_what_is_left_out_is_none():
    judgements, decisions, problems = judged(HARBOUR)
    assert problems == []
    assert len(judgements) == 23 * 3 * 2
    assert len(decisions) == 23 * 3
    assert decisions["gazette/2/1", "toll"].label is Label.none
    assert decisions["gazette/2/1", "toll"].votes == (("a", Label.none), ("b", Label.none))


def test_agreement_makes_the_label_and_an_adjudication_settles_the_rest():
    _, decisions, _ = judged(HARBOUR)
    assert decisions["dockers/1/1", "toll"].origin is Origin.model
    split = decisions["dockers/5/2", "strike"]
    assert (split.label, split.origin, split.contested) == (Label.favor, Origin.adjudicated, True)
    assert split.votes == (("a", Label.neutral), ("b", Label.favor))
    assert decisions["merchants/6/1", "line_pays"].label is Label.none


def test_a_split_without_adjudication_is_undecided(harbour):
    (harbour / "annotations/adjudications.jsonl").unlink()
    _, decisions, problems = judged(harbour)
    assert problems == []
    split = decisions["dockers/5/2", "strike"]
    assert (split.label, split.origin, split.status) == (None, None, "undecided")
    assert split.votes == (("a", Label.neutral), ("b", Label.favor))
    assert [str(problem) for problem in undecided(decisions)] == [
        "annotations/adjudications.jsonl: dockers/5/2 on strike: no adjudication, expected one: a neutral, b favor",
        "annotations/adjudications.jsonl: merchants/6/1 on line_pays: no adjudication, expected one: a favor, b none",
    ]


def test_opposite_sides_need_an_adjudication_even_with_a_majority(harbour):
    """Two readers against one, but that one chose the opposite side."""
    annotators = (harbour / "annotations/annotators.toml").read_text()
    (harbour / "annotations/annotators.toml").write_text(annotators + '\n[[annotator]]\nid = "c"\norigin = "model"\n')
    (harbour / "annotations/c.jsonl").write_text((harbour / "annotations/a.jsonl").read_text())

    def turn(row):
        if row["sentence_id"] == "dockers/1/1":
            row["judgements"][0]["label"] = "favor"

    rewrite(harbour / "annotations/c.jsonl", turn)
    _, decisions, problems = judged(harbour)
    assert problems == []
    assert [problem.field for problem in undecided(decisions)] == ["dockers/1/1 on toll"]


def test_the_majority_of_people_is_gold_and_outweighs_models(harbour):
    annotators = (harbour / "annotations/annotators.toml").read_text()
    (harbour / "annotations/annotators.toml").write_text(annotators + '\n[[annotator]]\nid = "p"\norigin = "human"\n')
    (harbour / "annotations/p.jsonl").write_text((harbour / "annotations/b.jsonl").read_text())

    def only_one(row):
        row["covered"] = ["strike"]
        row["judgements"] = [{**judgement, "label": "against"} for judgement in row["judgements"]]
        return row["sentence_id"] == "dockers/5/2"

    rewrite(harbour / "annotations/p.jsonl", only_one)
    _, decisions, problems = judged(harbour)
    assert problems == []
    assert decisions["dockers/5/2", "strike"].label is Label.against
    assert decisions["dockers/5/2", "strike"].origin is Origin.human
    assert decisions["dockers/5/1", "strike"].origin is Origin.model


def test_a_sentence_that_nobody_covered_was_not_asked(harbour):
    for annotator in "ab":
        rewrite(harbour / f"annotations/{annotator}.jsonl", lambda row: row["sentence_id"] != "gazette/2/1")
    _, decisions, problems = judged(harbour)
    assert problems == []
    assert len(decisions) == 22 * 3
    assert "gazette/2/1" not in {sentence for sentence, _ in decisions}


def test_no_label_without_a_judgement_or_adjudication():
    """Every label in the result was chosen by an annotator or an adjudication for that very pair."""
    corpus = read(HARBOUR)
    judgements, decisions, _ = judged(HARBOUR)
    chosen = {(j.sentence_id, j.target_id, j.label) for j in judgements}
    chosen |= {(a.value.sentence_id, a.value.target_id, Label[a.value.label]) for a in corpus.adjudications}
    assert {(*pair, decision.label) for pair, decision in decisions.items()} <= chosen


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=10))
def test_merged_evidence_covers_the_same_characters_without_overlap(spans):
    spans = [Span(start=start, end=start + length) for start, length in spans]
    merged = merge(spans)
    covered = [i for span in merged for i in range(span.start, span.end)]
    assert sorted({i for span in spans for i in range(span.start, span.end)}) == covered
    assert all(one.end < other.start for one, other in zip(merged, merged[1:], strict=False))


@pytest.mark.parametrize(("covered", "expected"), [(["issue"], {"toll", "strike"}), (["toll"], {"toll"})])
def test_coverage_may_name_kinds_or_targets(harbour, covered, expected):
    def narrow(row):
        row["covered"] = covered
        row["judgements"] = [j for j in row["judgements"] if j["target_id"] in expected]

    rewrite(harbour / "annotations/b.jsonl", narrow)
    judgements, _, _ = judged(harbour)
    assert {judgement.target_id for judgement in judgements if judgement.annotator_id == "b"} == expected


LABELS = st.sampled_from(list(Label))


def cast(labels):
    return [
        Judgement(
            sentence_id="a/1/1", target_id="x", annotator_id=f"n{i}", source_id="a", paragraph_id="a/1", label=label, label_name=label.name,
            explicitness=None, certainty=None, evidence=None, note=None, probability=1.0,
        )
        for i, label in enumerate(labels)
    ]  # fmt: skip


F, A, N, X = Label.favor, Label.against, Label.neutral, Label.none


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        ((F, F, A, N, X), F),  # about it first, then the side with the most votes
        ((F, A, N, X), None),  # three sides with one vote each
        ((F, F, X, X, X), X),
        ((F, F, X, X), None),  # as many find it to be about the target as not
        ((F, A, A, X, X), A),
        ((F, A), None),
        ((F,), F),
        ((), None),
    ],
)
@pytest.mark.parametrize("origin", [Origin.human, Origin.model])
def test_plurality_asks_whether_it_is_about_the_target_and_then_for_the_side(labels, label, origin):
    people = {f"n{i}" for i in range(9)} if origin is Origin.human else set()
    found = Decider(people, (), {}, by_plurality=True)(("a/1/1", "x"), cast(labels))
    assert found.label is label
    assert found.origin is (None if label is None else origin)
    assert found.certainty is None
    assert found.evidence == (() if label is Label.none else None)


@given(st.lists(st.tuples(LABELS, st.booleans()), min_size=1, max_size=6), st.none() | LABELS)
def test_whatever_the_votes_a_label_is_one_that_was_given(votes, ruled):
    """No label without a judgement or an adjudication, and for a split only an adjudication."""
    rows = [
        Judgement(
            sentence_id="a/1/1", target_id="x", annotator_id=f"n{i}", source_id="a", paragraph_id="a/1", label=label, label_name=label.name,
            explicitness=None, certainty=None, evidence=(), note=None, probability=1.0,
        )
        for i, (label, _) in enumerate(votes)
    ]  # fmt: skip
    people = {f"n{i}" for i, (_, human) in enumerate(votes) if human}
    ruling = None if ruled is None else Decision(ruled, None, None, (), Origin.adjudicated, (), "1", "test")
    pair = ("a/1/1", "x")
    found = Decider(people, (), {} if ruling is None else {pair: ruling}, by_plurality=False)(pair, rows)
    given_labels = {label for label, _ in votes}
    if found.label is None:
        assert found.origin is None
        assert ruled is None
    elif found.origin is Origin.adjudicated:
        assert found.label is ruled
    else:
        assert found.label in given_labels
        pool = (
            [label for label, human in votes if human]
            if found.origin is Origin.human
            else [label for label, human in votes if not human]
        )
        assert 2 * pool.count(found.label) > len(pool)


@pytest.mark.parametrize(
    ("language", "segmenter", "is_newly_cut"),
    [
        ("de", "", True),
        ("de", 'segmenter = "nupunkt"\n', False),
        ("de", 'segmenter = "lines"\n', False),
        ("en", "", False),
    ],
)
@pytest.mark.parametrize(("old", "new"), [(r'"text_hash": ?"[0-9a-f]{4}', '"text_hash":"0000'), ("/1/1", "/1/99")])
def test_judgements_of_units_that_changed_with_the_version_say_how_to_keep_them(
    language, segmenter, is_newly_cut, old, new, harbour
):
    file = harbour / "sources.toml"
    text = file.read_text().replace('language = "en"', f'language = "{language}"')
    file.write_text(text.replace("[corpus]\n", f"[corpus]\n{segmenter}", 1))
    for rows in (harbour / "annotations").glob("*.jsonl"):
        rows.write_text(re.sub(old, new, rows.read_text()))
    found = [str(problem) for problem in judged(harbour)[2] if problem.field in ("text_hash", "sentence_id")]
    assert found
    assert {'segmenter = "nupunkt" under [corpus] keeps' in problem for problem in found} == {is_newly_cut}
