"""The n-gram SVM of SemEval-2016, in any script, and its counterparts that cannot relate text and target."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

import kazstance as ks
from kazstance.bench.held_out import FOLDS, LEAST, drawn, held_out
from kazstance.bench.tasks import Item
from kazstance.language.words import words
from kazstance.models.baselines import BASELINES
from kazstance.models.linear import Recipe
from kazstance.models.ngrams import ADDITIVE, BLIND, DEFAULT, ENOUGH, TARGET_ONLY, ngrams, per_target

COUNTERPARTS = ("target-blind n-gram SVM", "target-only n-gram SVM", "additive n-gram SVM")
SIDES = {"favor": "good", "against": "bad"}


def item(number, text, target="t", label="favor", split="train", language="", text_b=""):
    return Item(f"i{number}", split, text, target, target, "", f"c{number}", label, text_b=text_b, language=language)


def reversed_by_target(n, split="train", seed=0):
    """Rows in which one word favours one target and opposes the other."""
    draw = random.Random(seed)
    rows = []
    for number in range(n):
        word, target = draw.choice(["warm", "cold"]), draw.choice(["summer", "winter"])
        label = "favor" if (word == "warm") == (target == "summer") else "against"
        rows.append(
            item(f"{split}{number}", f"It was {word} at the {draw.choice('abcdefgh')} house", target, label, split)
        )
    return rows


@given(st.text(alphabet="abc XYZ é.,'-1", max_size=40))
@settings(max_examples=60, deadline=None)
def test_the_ngrams_are_those_of_another_library(text):
    found = ngrams(text, "en")
    assert len(found) == len(set(found))
    known = words(text, "en")
    of_words = CountVectorizer(analyzer="word", tokenizer=lambda _: known, token_pattern=None, ngram_range=(1, 3))
    of_characters = CountVectorizer(analyzer="char", ngram_range=(2, 5), lowercase=False)
    plain = f" {' '.join(text.casefold().split())} "
    if text:
        assert {name[2:] for name in found if name[0] == "w"} == set(of_words.build_analyzer()(text))
        assert {name[2:] for name in found if name[0] == "c"} == set(of_characters.build_analyzer()(plain)) - {"  "} | (
            {"  "} if plain == "  " else set()
        )


def test_a_target_has_a_model_of_its_own_and_the_counterparts_cannot_tell_targets_apart():
    train, test = reversed_by_target(160), reversed_by_target(60, "test", seed=1)
    gold = [row.label for row in test]
    assert BASELINES["n-gram SVM"](train, test) == gold
    for name in COUNTERPARTS:
        right = sum(map(str.__eq__, BASELINES[name](train, test), gold))
        assert right < 0.75 * len(gold), name


def test_a_new_target_is_labelled_by_the_model_of_all_rows_as_is_one_with_few_rows():
    train = [
        item(n, f"a {SIDES[label]} plan {n % 7}", f"t{n % 2}", label)
        for n in range(80)
        for label in [[*SIDES][n // 2 % 2]]
    ]
    few = [item(f"few{n}", "quite another thing", "rare", "against") for n in range(ENOUGH - 1)]
    test = [
        item(f"x{n}", f"one more {word} idea", target, "")
        for n, (word, target) in enumerate([("good", "new"), ("bad", "new"), ("good", "rare"), ("bad", "rare")])
    ]
    assert BASELINES["n-gram SVM"](train + few, test) == ["favor", "against"] * 2
    enough = [*few, item("few", "quite another thing", "rare", "against")]
    assert BASELINES["n-gram SVM"](train + enough, test)[2:] == ["against"] * 2
    trained = per_target(train + few)
    assert set(trained.own) == {"t0", "t1"}
    assert trained.answer(test) == BASELINES["n-gram SVM"](train + few, test)


def test_no_label_and_no_other_row_of_the_test_changes_an_answer():
    train, test = reversed_by_target(80), reversed_by_target(20, "test", seed=2)
    whole = BASELINES["n-gram SVM"](train, test)
    other = [item(row.item_id, row.text, row.target, "neutral", "test") for row in test]
    assert BASELINES["n-gram SVM"](train, other) == whole
    assert [BASELINES["n-gram SVM"](train, [row])[0] for row in test[:3]] == whole[:3]


@pytest.mark.parametrize(
    ("language", "favor", "against"),
    [
        ("zh", ["我非常支持这个政策。", "大家都支持放开二胎!", "坚决支持,没有问题"], ["我非常反对这个政策。", "大家都反对放开二胎!", "坚决反对,没有商量"]),
        ("ja", ["この法案に賛成します。", "私は賛成だと思う", "みんな賛成している"], ["この法案に反対します。", "私は反対だと思う", "みんな反対している"]),
        ("th", ["ฉันเห็นด้วยกับนโยบายนี้", "พวกเราเห็นด้วยมาก", "ทุกคนเห็นด้วย"], ["ฉันคัดค้านนโยบายนี้", "พวกเราคัดค้านมาก", "ทุกคนคัดค้าน"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("known", [True, False])
def test_scripts_without_spaces_have_features_within_a_clause(language, favor, against, known):
    """What TF-IDF of words between spaces cannot do: no training clause is among the tested ones."""
    tag = language if known else ""
    train = [
        item(f"{label}{n}", text, label=label, language=tag)
        for label, texts in (("favor", favor[:2]), ("against", against[:2]))
        for text in texts
        for n in range(10)
    ]
    test = [item("x", favor[2], language=tag), item("y", against[2], language=tag)]
    for name in ("n-gram SVM", "target-blind n-gram SVM"):
        assert BASELINES[name](train, test) == ["favor", "against"], name
    found = [name[2:] for name in ngrams(favor[0], tag) if name.startswith("w ")]
    assert set(words(favor[0], language)) <= set(found) if known else found == []


def test_single_characters_count_where_words_are_not_written_apart():
    assert {"c 好", "c 非", "c 常", "c 非常"} <= set(ngrams("SE非常好", "zh"))
    assert not [n for n in ngrams("SE is good", "en") if n.startswith("c ") and len(n) == 3]


def test_a_text_in_mixed_scripts_keeps_the_words_between_spaces():
    assert [n for n in ngrams("iPhone SE 非常好 OK", "") if n.startswith("w ")][:3] == ["w iphone", "w se", "w ok"]


def scores(model, row):
    return model.features.transform([row]).toarray() @ model.weights.T + model.intercepts


def test_the_additive_counterpart_moves_every_text_by_the_same_amount_between_targets():
    model = ADDITIVE.tuned(reversed_by_target(80))
    one, other = ("It was warm", "Nothing said about the cold house")
    shifts = [scores(model, item(0, text, "summer")) - scores(model, item(0, text, "winter")) for text in (one, other)]
    assert shifts[0] == pytest.approx(shifts[1])
    assert abs(shifts[0]).max() > 0
    blind, only = BLIND.tuned(reversed_by_target(80)), TARGET_ONLY.tuned(reversed_by_target(80))
    assert (scores(blind, item(0, one, "summer")) == scores(blind, item(0, one, "winter"))).all()
    assert (scores(only, item(0, one, "summer")) == scores(only, item(0, other, "summer"))).all()


def test_the_second_text_of_a_pair_is_not_mixed_up_with_the_first():
    train = [
        item(n, texts[0], label=label, text_b=texts[1])
        for n in range(40)
        for texts, label in [((("good", "bad"), "a") if n % 2 else (("bad", "good"), "b"))]
    ]
    test = [item("x", "good", text_b="bad"), item("y", "bad", text_b="good")]
    assert BASELINES["n-gram SVM"](train, test) == ["a", "b"]


@pytest.mark.parametrize("n_validation", [0, LEAST - 1, LEAST, 60])
def test_what_is_held_out(n_validation):
    """All validation rows if there are enough of them; otherwise every row once, and no cluster is divided."""
    rows = [Item(f"i{n}", "train", "x", "t", "t", "", f"c{n // 3}", "favor") for n in range(90)]
    rows += [Item(f"v{n}", "validation", "x", "t", "t", "", f"v{n}", "favor") for n in range(n_validation)]
    parts = held_out(rows)
    for fitting, chosen_on in parts:
        assert sorted([*fitting, *chosen_on], key=repr) == sorted(rows, key=repr)
        assert not {row.cluster for row in fitting} & {row.cluster for row in chosen_on}
    if n_validation >= LEAST:
        assert [row.split for _, chosen_on in parts for row in chosen_on] == ["validation"] * n_validation
    else:
        assert len(parts) == FOLDS
        assert sorted((row.item_id for _, chosen_on in parts for row in chosen_on)) == sorted(r.item_id for r in rows)
    reordered = held_out(rows[::-1])
    assert [{row.item_id for row in rows} for _, rows in parts] == [
        {row.item_id for row in rows} for _, rows in reordered
    ]


def test_the_strength_is_chosen_on_the_rows_of_the_validation_file():
    asked = []

    class Spy(Recipe):
        def fit(self, train, strengths):
            asked.append(({row.split for row in train}, tuple(strengths)))
            return super().fit(train, strengths)

    train = reversed_by_target(60)
    dev = reversed_by_target(LEAST, "validation", seed=5)
    spy = Spy(BLIND.model, BLIND.features, BLIND.strengths, BLIND.default, is_chosen_if_given=True)
    spy.tuned([*train, *dev])
    assert asked[0] == ({"train"}, BLIND.strengths)
    assert asked[1][0] == {"train", "validation"}
    assert len(asked) == 2
    asked.clear()
    spy.tuned(drawn(reversed_by_target(300)))  # a share is no file
    assert asked == [({"train", "validation"}, (DEFAULT,))]


def test_of_several_strengths_the_one_that_is_best_on_the_validation_rows_is_taken():
    """The model of the strength is a rule here, so that the best one is known."""

    class Rule:
        def __init__(self, label):
            self.label = label

        def answer(self, items):
            return [self.label] * len(items)

    rows = [*(item(n, "x", label="favor") for n in range(30)), item("y", "y", label="against")]
    dev = [item(f"v{n}", "x", label="against", split="validation") for n in range(LEAST)]
    rules = {0.003: Rule("favor"), 0.01: Rule("neutral"), 0.03: Rule("against"), 0.1: Rule("favor")}
    assert BLIND.best_strength([*rows, *dev], lambda fitting, asked: rules) == 0.03
    rules = {strength: Rule("against" if strength == 0.1 else "favor") for strength in BLIND.strengths}
    assert BLIND.best_strength([*rows, *dev], lambda fitting, asked: rules) == 0.1
    assert BLIND.best_strength(rows, lambda fitting, asked: rules) == DEFAULT


def test_another_draw_is_another_share():
    rows = [item(n, "x") for n in range(400)]
    one, other = ({r.item_id for r in drawn(rows, salt) if r.split == "validation"} for salt in ("", "again "))
    assert 30 < len(one) < 90
    assert 30 < len(other) < 90
    assert one != other


@pytest.mark.parametrize("name", ["n-gram SVM", *COUNTERPARTS])
def test_they_are_saved_and_loaded_with_the_language(name, tmp_path):
    rows = [
        {"id": str(n), "text": f"{'支持' if n % 2 else '反对'}这个政策{n}", "target": f"t{n % 4 // 2}", "label": "favor" if n % 2 else "against"}
        for n in range(100)
    ]  # fmt: skip
    model = ks.fit(name, rows, language="zh")
    found = ks.load_model(model.save(tmp_path / "model"))
    assert found.language == "zh"
    assert found.digest == model.digest
    new = [*rows, {"id": "new", "text": "我支持", "target": "unseen"}]
    answers = found.predict([{k: row[k] for k in ("id", "text", "target")} for row in new])
    assert answers.equals(model.predict([{k: row[k] for k in ("id", "text", "target")} for row in new]))
    if name != "target-only n-gram SVM":
        assert answers["label"].to_pylist() == [*(row["label"] for row in rows), "favor"]


def test_a_language_that_is_not_one_is_refused(tmp_path):
    with pytest.raises(ks.KazstanceError, match="language: 'no such tag' is not a language tag"):
        ks.fit("majority", [{"text": "x", "target": "t", "label": "favor"}] * 4, language="no such tag")
