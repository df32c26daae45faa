"""Which prediction belongs to which gold row: by id or by line, and what does not pair or has no label."""

import json
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

import kazstance as ks
from kazstance.stats.soft import divergences
from tests.commands import run

LABELS = ["against", "neutral", "favor"]
GOLD = [
    {"nr": "a1", "issue": "pool", "text": "Open it", "label": "favor"},
    {"nr": "a2", "issue": "pool", "text": "Too dear", "label": "against"},
    {"nr": "a3", "issue": "market", "text": "It is on Fridays", "label": "neutral"},
    {"nr": "a4", "issue": "market", "text": "Every day, please", "label": "favor"},
]
ANSWERS = ["favor", "favor", "neutral", "favor"]
PRED = [{**row, "label": label} for row, label in zip(GOLD, ANSWERS, strict=True)]


def score(gold=GOLD, pred=PRED, **changed):
    return ks.score(gold, pred, **({} if changed.get("by_line") else {"id": "nr"}) | {"resamples": 10} | changed)


def refused(*args, **changed):
    with pytest.raises(ks.KazstanceError) as caught:
        score(*args, **changed)
    return str(caught.value)


def write(folder, **contents):
    """Files by name, with the suffix after the last underscore."""
    files = {}
    for name, content in contents.items():
        stem, _, suffix = name.rpartition("_")
        files[stem] = folder / f"{stem}.{suffix}"
        files[stem].write_bytes(content if isinstance(content, bytes) else content.encode())
    return files


def value(done, metric="accuracy"):
    assert done.code == 0, done.err
    return next(line for line in json.loads(done.out)["all"] if line["metric"] == metric)["value"]


# By line


def test_bare_labels_are_paired_by_line(tmp_path):
    """The layout of TweetEval: a label a line, without a header."""
    files = write(tmp_path, gold_txt="2\n0\n1\n1\n0\n", pred_txt="2\n0\n2\n1\n1\n\n")
    done = run("score", "--by-line", "--preset", "tweet_eval", "--json", **files)
    truth, given = [2, 0, 1, 1, 0], [2, 0, 2, 1, 1]
    assert value(done) == pytest.approx(accuracy_score(truth, given))
    assert value(done, "f_avg") == pytest.approx(f1_score(truth, given, labels=[1, 2], average="macro"))
    assert "rows are paired by their number alone" in done.err
    plain = run("score", "--by-line", **files)
    assert plain.code == 1
    assert "gold.txt:1: label: '2', expected one of" in plain.err
    assert "numbers are labels only if a preset or a mapping says so" in plain.err


def test_the_name_of_the_column_may_be_the_first_line(tmp_path):
    files = write(tmp_path, gold_txt="Stance\nfavor\nagainst\n", pred_csv="favor\nfavor\n")
    done = run("score", "--by-line", "--gold-label", "Stance", "--json", **files)
    assert value(done) == 0.5
    other = run("score", "--by-line", "--json", **files)
    assert other.code == 1
    assert "2 rows, expected 3 as in" in other.err


def test_an_empty_line_among_answers_is_an_answer(tmp_path):
    files = write(tmp_path, gold_txt="favor\nagainst\nfavor\n", pred_txt="favor\n\nfavor\n")
    assert "pred.txt:2: label: ''" in run("score", "--by-line", **files).err
    assert value(run("score", "--by-line", "--invalid", "wrong", "--json", **files)) == pytest.approx(2 / 3)


def test_doubled_rows_are_named_and_can_be_paired_by_line():
    """The layout of FNC-1: two columns identify a row, except where the owners doubled some."""
    rows = [
        {"Headline": "Bridge opens", "Body ID": 3, "Stance": "agree"},
        {"Headline": "Ferry late", "Body ID": 4, "Stance": "unrelated"},
        {"Headline": "Bridge opens", "Body ID": 3, "Stance": "agree"},
    ]
    columns = {"gold_label": "Stance", "pred_label": "Stance", "labels": "fnc", "resamples": 10}
    again = [dict(row) for row in rows]
    with pytest.raises(
        ks.InputError, match=r"duplicate rows \(1\): Bridge opens 3.*duplicates='first', or by_line=True"
    ):
        ks.score(rows, again, id=["Headline", "Body ID"], **columns)
    assert ks.score(rows, again, by_line=True, **columns)["accuracy"].value == 1
    first = ks.score(rows, again, id=["Headline", "Body ID"], duplicates="first", **columns)
    assert (first["accuracy"].n, first.counts) == (2, {"duplicates": 2})


@pytest.mark.parametrize("column", ["nr", "issue", "text"])
def test_by_line_what_both_share_has_to_agree(column):
    moved = [{**row, column: other[column]} for row, other in zip(PRED, [*PRED[1:], PRED[0]], strict=True)]
    assert f"{column} differs in" in refused(pred=moved, by_line=True)
    assert score(pred=moved, by_line=True, ignore=[column])["accuracy"].value == 0.75


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(len(GOLD))))
def test_by_line_other_orders_are_refused(order):
    moved = [PRED[i] for i in order]
    if order == [*range(len(GOLD))]:
        assert score(pred=moved, by_line=True).notes == ()
    else:
        assert "differs in" in refused(pred=moved, by_line=True)


def test_by_line_numbers_of_rows_have_to_be_equal():
    assert "the predicted rows: 3 rows, expected 4 as in the gold rows" in refused(pred=PRED[:3], by_line=True)
    assert "expected neither an id nor" in refused(by_line=True, id="nr")
    assert "expected neither an id nor" in refused(by_line=True, missing="wrong")
    with pytest.raises(ks.KazstanceError, match="expected one or more that identify a row, or pairing by line"):
        ks.score(GOLD, PRED)


def test_the_command_wants_an_id_or_lines(tmp_path):
    files = write(tmp_path, gold_csv="id,label\n1,favor\n", pred_csv="id,label\n1,favor\n")
    for args in ([], ["--by-line", "--id", "id"]):
        done = run("score", *args, **files)
        assert done.code == 2
        assert "pass --id, or --by-line" in done.err
    assert run("score", "--by-line", "--missing", "wrong", **files).code == 1


# What does not pair


def test_more_predictions_than_gold():
    extra = [*PRED, {"nr": "b9", "issue": "pool", "text": "No", "label": "against"}]
    assert "unknown rows (1): b9; expected only rows of the gold rows; or pass extra='ignore'" in refused(pred=extra)
    found = score(pred=extra, extra="ignore")
    assert found.counts == {"extra": 1}
    assert found["accuracy"].signature["extra"] == "1_ignored"
    assert [note.differs for note in found.notes if note.column == "extra"] == [1]
    assert [s.value for s in found] == [s.value for s in score()]


@pytest.mark.parametrize("rule", ["wrong", "ignore"])
def test_gold_without_a_prediction(rule):
    fewer = PRED[1:]
    assert "missing='wrong' or missing='ignore'" in refused(pred=fewer)
    found = score(pred=fewer, missing=rule)
    right = sum(row["label"] == answer for row, answer in zip(GOLD[1:], ANSWERS[1:], strict=True))
    assert found["accuracy"].value == pytest.approx(right / (4 if rule == "wrong" else 3))
    assert found.counts == {"missing": 1}
    assert json.loads(found.to_json())["counts"] == {"missing": 1}


def test_tables_without_a_common_row_are_not_scored():
    other = [{**row, "nr": f"b{row['nr']}"} for row in PRED]
    assert "no row has the id of a gold row" in refused(pred=other, missing="wrong", extra="ignore")
    assert "no rows are left to score" in refused(pred=other, missing="ignore", extra="ignore")


def test_duplicates_keep_the_first():
    doubled = [*PRED, {**PRED[0], "label": "against"}]
    assert "duplicate rows (1): a1; expected each row once; or pass duplicates='first'" in refused(pred=doubled)
    found = score(pred=doubled, duplicates="first")
    assert [s.value for s in found] == [s.value for s in score()]
    assert found.counts == {"duplicates": 1}


@pytest.mark.parametrize("nothing", ["", None, "UNKNOWN", " n/a "])
def test_gold_without_a_label(nothing):
    gold = [*GOLD[:3], {**GOLD[3], "label": nothing}]
    assert "to leave out rows without a label, pass unlabelled='ignore'" in refused(gold)
    found = score(gold, unlabelled="ignore")
    assert (found["accuracy"].n, found.counts) == (3, {"unlabelled": 1})
    assert "favour" in refused([*GOLD[:3], {**GOLD[3], "label": "favour"}], unlabelled="ignore")


ANSWERED = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from([*LABELS, "I cannot tell", "", "favourable"])), min_size=2
)


@settings(max_examples=40, deadline=None)
@given(ANSWERED)
def test_answers_that_are_no_label_are_errors_and_no_class(pairs):
    """Against scikit-learn, which counts them as errors if F1 is averaged over the labels alone."""
    gold, given_ = ([{"nr": i, "label": pair[side]} for i, pair in enumerate(pairs)] for side in (0, 1))
    truth, answers = ([pair[side] for pair in pairs] for side in (0, 1))
    wrong = [answer for answer in answers if answer not in LABELS]
    if len(wrong) == len(pairs):
        assert "not one prediction is a label" in refused(gold, given_, invalid="wrong")
        return
    if wrong:
        assert "to count such answers as errors, pass invalid='wrong'" in refused(gold, given_)
    found = score(gold, given_, invalid="wrong")
    assert found["accuracy"].value == pytest.approx(accuracy_score(truth, answers))
    there = sorted({*truth, *answers} & {*LABELS})
    expected = f1_score(truth, answers, labels=there, average="macro", zero_division=0)
    assert found["macro_f1"].value == pytest.approx(expected)
    assert found.counts == {"invalid": len(wrong)}
    assert found["macro_f1"].signature["labels"] == 3
    assert not found["ss"].value > 1
    assert not found["wts"].value > 1


def test_values_that_need_a_preset_stay_refused():
    for answer in ("none", "2"):
        answers = [*PRED[:3], {**PRED[3], "label": answer}]
        assert repr(answer) in refused(pred=answers, invalid="wrong")


def test_missing_answers_have_no_probability():
    chances = [{**row, "p_favor": 0.5, "p_against": 0.25, "p_neutral": 0.25, "label": "favor"} for row in GOLD]
    whole, fewer = score(pred=chances), score(pred=chances[1:], missing="wrong")
    assert (whole["calibration_error"].n, fewer["calibration_error"].n) == (4, 3)
    assert fewer["accuracy"].value == pytest.approx(1 / 4)


# Annotators


def judgements(votes):
    """A row for each annotator of an item, given the labels of each item."""
    return [
        {"nr": f"a{i}", "issue": "pool", "who": f"w{j}", "label": label}
        for i, labels in enumerate(votes)
        for j, label in enumerate(labels)
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(LABELS), min_size=1, max_size=5), min_size=1, max_size=12), st.randoms())
def test_several_annotators_are_one_gold_label_each(votes, random):
    rows = judgements(votes)
    random.shuffle(rows)
    ranked = [Counter(labels).most_common(2) for labels in votes]
    decided = {f"a{i}": two[0][0] for i, two in enumerate(ranked) if len(two) == 1 or two[0][1] > two[1][1]}
    pred = [{"nr": f"a{i}", "label": LABELS[i % 3]} for i in range(len(votes))]
    if not decided:
        assert "no rows are left to score" in refused(rows, pred, annotator="who")
        return
    found = score(rows, pred, annotator="who")
    answers = {row["nr"]: row["label"] for row in pred}
    assert found["accuracy"].value == pytest.approx(
        accuracy_score([*decided.values()], [answers[name] for name in decided])
    )
    assert found.counts == {"ties": len(votes) - len(decided)}
    shares = [Counter(votes[int(name[1:])])[answers[name]] / len(votes[int(name[1:])]) for name in decided]
    assert found["vote_share"].value == pytest.approx(np.mean(shares))
    counts = np.array([[Counter(votes[int(name[1:])])[label] for label in LABELS] for name in decided], dtype=float)
    certain = np.array([[float(answers[name] == label) for label in LABELS] for name in decided])
    assert found["jensen_shannon"].value == pytest.approx(divergences(certain, counts).mean())


def test_probabilities_are_scored_against_annotators():
    rows = judgements([["favor", "favor", "against"], ["neutral"]])
    pred = [{"nr": f"a{i}", "p_favor": 0.5, "p_against": 0.25, "p_neutral": 0.25} for i in range(2)]
    found = score(rows, pred, annotator="who")
    expected = -(2 / 3 * np.log(0.5) + 1 / 3 * np.log(0.25) + np.log(0.25)) / 2
    assert found["cross_entropy"].value == pytest.approx(expected)


def test_votes_for_none_count_among_the_votes():
    rows = judgements([["favor", "favor", "none"], ["neutral"]])
    pred = [{"nr": "a0", "label": "favor"}, {"nr": "a1", "label": "neutral"}]
    found = score(rows, pred, annotator="who", labels="kazstance")
    assert found["vote_share"].value == pytest.approx((2 / 3 + 1) / 2)
    assert found["accuracy"].value == 1
    chances = [{"nr": f"a{i}", "p_favor": 0.5, "p_against": 0.25, "p_neutral": 0.25} for i in range(2)]
    soft = score(rows, chances, annotator="who", labels="kazstance")
    assert any("votes for none are left out of the scores of probabilities, in 1 of 2" in str(n) for n in soft.notes)


def test_annotators_are_refused_where_they_contradict_the_table():
    rows = judgements([["favor", "favor"], ["neutral"]])
    pred = [{"nr": "a0", "label": "favor"}, {"nr": "a1", "label": "favor"}]
    assert "duplicate rows (1): a0" in refused(rows, pred)
    assert "annotator=" in refused(rows, pred)
    assert "each row once for each who" in refused([*rows, rows[0]], pred, annotator="who")
    other = [{**row, "issue": row["who"]} for row in rows]
    assert "issue: differs between rows of one id (1): a0" in refused(other, pred, annotator="who", target="issue")
    assert "expected one of them" in refused(
        [{**row, "votes_favor": 1, "votes_against": 0, "votes_neutral": 0} for row in rows], pred, annotator="who"
    )


# Pairing by id


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 30), max_size=25),
    st.lists(st.integers(0, 30), min_size=1, max_size=25),
)
def test_rows_are_joined_as_polars_joins_them(gold, pred):
    """Duplicates, missing and extra rows at once, against a left join on the first row of each id."""
    gold = [*gold, pred[0]]
    one = pl.DataFrame({"nr": gold, "label": [LABELS[i % 3] for i in range(len(gold))]})
    other = pl.DataFrame({"nr": pred, "label": [LABELS[i % 2] for i in range(len(pred))]})
    firsts = [frame.unique("nr", keep="first", maintain_order=True) for frame in (one, other)]
    joined = firsts[0].join(firsts[1], on="nr", how="left", maintain_order="left")
    found = score(one, other, missing="wrong", extra="ignore", duplicates="first")
    assert found["accuracy"].value == pytest.approx((joined["label"] == joined["label_right"]).fill_null(False).mean())
    assert found.counts == {
        "missing": joined["label_right"].null_count(),
        "extra": len(firsts[1]) - len(joined.drop_nulls()),
        "duplicates": len(one) - len(firsts[0]) + len(other) - len(firsts[1]),
    }


def test_ids_alone_are_noted():
    bare = [{"nr": row["nr"], "label": row["label"]} for row in PRED]
    (note,) = score(pred=bare).notes
    assert "rows are paired by nr alone" in note.message
    assert score().notes == ()


def test_the_target_is_optional():
    assert score()["wts"].signature["strata"] == 1
    assert score(target="issue")["wts"].signature["strata"] == 2


@pytest.mark.parametrize("rule", ["missing", "extra", "duplicates", "unlabelled", "invalid"])
def test_a_rule_that_does_not_exist_lists_those_that_do(rule, tmp_path):
    assert f"is not a way to treat {rule} rows; choose from" in refused(**{rule: "drop"})
    files = write(tmp_path, gold_csv="id,label\n1,favor\n", pred_csv="id,label\n1,favor\n")
    assert run("score", "--id", "id", f"--{rule}", "drop", **files).code == 2
