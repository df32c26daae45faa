"""From judgements to labels: coverage, majorities, adjudication, and no label that nobody chose."""

import json
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kazstance.corpus.build import make
from kazstance.corpus.deciding import BASES, NOTHING, ORIGINS, decide
from kazstance.corpus.judge import decisions
from kazstance.corpus.read import read
from kazstance.corpus.segment import segment
from kazstance.errors import InputError
from kazstance.schema.labels import Basis, Label, Origin
from kazstance.schema.records import Span
from kazstance.schema.spans import merge
from tests.conftest import HARBOUR, quiet


def judged(folder, **options):
    """The rows of judgements, and the rows of grid by sentence and target."""
    rows = make(folder, quiet, **options).rows
    cells = [row for part in rows["grid"].values() for row in part.to_pylist()]
    return rows["judgements"]["all"].to_pylist(), {(row["sentence_id"], row["target_id"]): row for row in cells}


def votes(cell):
    return [(vote["annotator_id"], vote["label_name"]) for vote in cell["votes"]]


def rewrite(file, change):
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows if change(row) is not False))


def test_what_is_left_out_is_none():
    judgements, grid = judged(HARBOUR)
    assert len(judgements) == 23 * 3 * 2
    assert len(grid) == 23 * 3
    assert grid["gazette/2/1", "toll"]["label_name"] == "none"
    assert votes(grid["gazette/2/1", "toll"]) == [("a", "none"), ("b", "none")]


def test_agreement_makes_the_label_and_an_adjudication_settles_the_rest():
    _, grid = judged(HARBOUR)
    assert grid["dockers/1/1", "toll"]["origin"] == "model"
    split = grid["dockers/5/2", "strike"]
    assert (split["label_name"], split["origin"], split["split_vote"]) == ("favor", "adjudicated", True)
    assert votes(split) == [("a", "neutral"), ("b", "favor")]
    assert grid["merchants/6/1", "line_pays"]["label_name"] == "none"


def test_a_split_without_adjudication_is_undecided(harbour):
    (harbour / "annotations/adjudications.jsonl").unlink()
    split = judged(harbour)[1]["dockers/5/2", "strike"]
    assert (split["label"], split["origin"], split["status"]) == (None, None, "undecided")
    assert votes(split) == [("a", "neutral"), ("b", "favor")]
    with pytest.raises(InputError) as caught:
        judged(harbour, strict=True)
    assert [str(problem) for problem in caught.value.problems] == [
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
    _, grid = judged(harbour)
    assert [pair for pair, cell in grid.items() if cell["status"] == "undecided"] == [("dockers/1/1", "toll")]


def test_the_majority_of_people_is_gold_and_outweighs_models(harbour):
    annotators = (harbour / "annotations/annotators.toml").read_text()
    (harbour / "annotations/annotators.toml").write_text(annotators + '\n[[annotator]]\nid = "p"\norigin = "human"\n')
    (harbour / "annotations/p.jsonl").write_text((harbour / "annotations/b.jsonl").read_text())

    def only_one(row):
        row["covered"] = ["strike"]
        row["judgements"] = [{**judgement, "label": "against"} for judgement in row["judgements"]]
        return row["sentence_id"] == "dockers/5/2"

    rewrite(harbour / "annotations/p.jsonl", only_one)
    _, grid = judged(harbour)
    assert (grid["dockers/5/2", "strike"]["label_name"], grid["dockers/5/2", "strike"]["origin"]) == (
        "against",
        "human",
    )
    assert grid["dockers/5/1", "strike"]["origin"] == "model"


def test_a_sentence_that_nobody_covered_was_not_asked(harbour):
    for annotator in "ab":
        rewrite(harbour / f"annotations/{annotator}.jsonl", lambda row: row["sentence_id"] != "gazette/2/1")
    _, grid = judged(harbour)
    assert len(grid) == 22 * 3
    assert "gazette/2/1" not in {sentence for sentence, _ in grid}


def test_no_label_without_a_judgement_or_adjudication():
    """Every label in the result was chosen by an annotator or an adjudication for that very pair."""
    corpus = read(HARBOUR)
    judgements, grid = judged(HARBOUR)
    chosen = {(row["sentence_id"], row["target_id"], row["label_name"]) for row in judgements}
    chosen |= {(a.value.sentence_id, a.value.target_id, a.value.label) for a in corpus.adjudications}
    assert {(*pair, cell["label_name"]) for pair, cell in grid.items()} <= chosen


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
    judgements, _ = judged(harbour)
    assert {row["target_id"] for row in judgements if row["annotator_id"] == "b"} == expected


LABELS = st.sampled_from(list(Label))
F, A, N, X = Label.favor, Label.against, Label.neutral, Label.none


def counted(labels):
    return np.array([[labels.count(label) for label in sorted(Label)]])


def decided(people, models, ruled=None, *, by_plurality=False):
    """The label of one pair, its origin and its basis."""
    ruling = np.array([NOTHING if ruled is None else ruled])
    found = decide(counted(people), counted(models), ruling, by_plurality=by_plurality)
    if found.label[0] == NOTHING:
        return None, None, None
    return Label(found.label[0]), ORIGINS[found.origin[0]], BASES[found.basis[0]]


@pytest.mark.parametrize(
    ("labels", "label", "basis"),
    [
        ((F, F, A, N, X), F, Basis.plurality),  # about it first, then the side with the most votes
        ((F, A, N, X), None, None),  # three sides with one vote each
        ((F, F, X, X, X), X, Basis.majority),
        ((F, F, X, X), None, None),  # as many find it to be about the target as not
        ((F, A, A, X, X), A, Basis.plurality),
        ((F, A), None, None),
        ((F,), F, Basis.single),
        ((), None, None),
    ],
)
@pytest.mark.parametrize("origin", [Origin.human, Origin.model])
def test_plurality_asks_whether_it_is_about_the_target_and_then_for_the_side(labels, label, basis, origin):
    votes = (labels, ()) if origin is Origin.human else ((), labels)
    assert decided(*votes, by_plurality=True) == (label, None if label is None else origin, basis)


def majority_of(labels):
    return next((label for label, n in Counter(labels).items() if 2 * n > len(labels)), None)


@given(st.lists(LABELS, max_size=5), st.lists(LABELS, max_size=5), st.none() | LABELS)
def test_whatever_the_votes_a_label_is_one_that_was_given(people, models, ruled):
    """People before adjudications before models; for sides against each other only an adjudication or people decide."""
    found = decided(people, models, ruled)
    if (said := majority_of(people)) is not None:
        assert found == (said, Origin.human, Basis.single if len(people) == 1 else Basis.majority)
    elif ruled is not None:
        agrees = majority_of(models) in (None, ruled)
        assert found == (ruled, Origin.adjudicated, Basis.adjudication if agrees else Basis.overruling)
    elif {F, A} <= {*people, *models} or majority_of(models) is None:
        assert found == (None, None, None)
    else:
        assert found == (majority_of(models), Origin.model, Basis.single if len(models) == 1 else Basis.majority)


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
    corpus = read(harbour)
    problems = decisions(corpus, segment(corpus)[0])[1]
    found = [str(problem) for problem in problems if problem.field in ("text_hash", "sentence_id")]
    assert found
    assert {'segmenter = "nupunkt" under [corpus] keeps' in problem for problem in found} == {is_newly_cut}
