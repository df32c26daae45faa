"""One code per text: the other targets of a coded sentence are neither `none` nor unasked, in labels and in figures."""

import json
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
import krippendorff
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

import kazstance as ks
from kazstance.corpus.build import make
from kazstance.corpus.imported.roles import roles_of
from kazstance.corpus.imported.said import Reading
from kazstance.corpus.imported.table import About, corpus_of
from kazstance.errors import KazstanceError
from kazstance.input.spelling import given as spelled
from kazstance.schema.labels import GRID_LABELS
from tests.conftest import quiet
from tests.test_recipes import write

LABELS = {"left": "against", "right": "favor", "no": "neutral", "none": "none"}


def code(text, target, label, coder="ada", party="red"):
    return {"text": text, "party": party, "code": target, "side": label, "coder": coder}


ROLES = {"source": "party", "target": "code", "label": "side", "annotator": "coder", "id": "text"}
ROWS = [
    *(code("Taxes fall.", "economy", "right", who) for who in ("ada", "ben", "cy")),
    code("Schools for all.", "society", "left", "ada"),
    code("Schools for all.", "society", "left", "ben"),
    code("Schools for all.", "economy", "left", "cy"),
    code("Good evening.", None, "none", "ada"),
    code("Good evening.", None, "none", "ben"),
    code("Trade is free.", "economy", "right", "ada"),
    code("Trade is free.", "society", "left", "ben"),
    code("We spend more.", "economy", "left", "ada", "blue"),
]


@pytest.fixture(scope="module")
def coded(tmp_path_factory):
    out = tmp_path_factory.mktemp("coded") / "data"
    return ks.from_table(ROWS, out, labels=LABELS, scheme="exclusive", **ROLES)


def cells(found):
    return {(row.text, row.target_id): (row.status, row.label_name) for row in found.grid.records()}


def test_labels_are_those_that_most_coders_of_the_sentence_gave(coded):
    assert cells(coded) == {
        ("Taxes fall.", "economy"): ("decided", "favor"),
        ("Taxes fall.", "society"): ("other_target", None),
        ("Schools for all.", "economy"): ("other_target", None),
        ("Schools for all.", "society"): ("decided", "against"),
        ("Good evening.", "economy"): ("decided", "none"),
        ("Good evening.", "society"): ("decided", "none"),
        ("Trade is free.", "economy"): ("undecided", None),
        ("Trade is free.", "society"): ("undecided", None),
        ("We spend more.", "economy"): ("decided", "against"),
        ("We spend more.", "society"): ("other_target", None),
    }
    assert coded.verify().scheme == "exclusive"
    assert len(coded.judgements) == len(ROWS) + 2, "none of the codes is none on both"
    assert sum(file.rows for file in coded.manifest.tables["stances"].values()) == 3


def test_the_other_targets_count_as_asked(coded):
    """Salience is the share of coded sentences, as of manifestos; without the others it would be 1."""
    positions = {(p.source_id, p.target_id): p for p in coded.positions.records()}
    economy = positions["red", "economy"]
    assert (economy.n_sentences, economy.n_asked, economy.n_undecided) == (4, 4, 1)
    assert positions["blue", "society"].position_name == "not_addressed"
    compared = {(c.source, c.target): c for c in coded.compare().positions()}
    assert (compared["red", "economy"].asked, compared["red", "economy"].undecided) == (4, 1)
    assert compared["red", "economy"].salience.value == pytest.approx(1 / 3)
    assert compared["blue", "economy"].salience.value == 1


def test_agreement_sees_that_coders_chose_other_targets(coded):
    units = [(text, target) for text in dict.fromkeys(r["text"] for r in ROWS) for target in ("economy", "society")]
    judged = {(r["text"], r["coder"]): (r["code"], LABELS[r["side"]]) for r in ROWS}
    table = np.full((3, len(units)), np.nan)
    for at, (text, target) in enumerate(units):
        for who, name in enumerate(("ada", "ben", "cy")):
            if (text, name) in judged:
                chosen, label = judged[text, name]
                table[who, at] = GRID_LABELS.index(label if chosen == target else "none")
    due = krippendorff.alpha(table, level_of_measurement="nominal")
    line = next(x for x in coded.agreement(by="all").lines if x.what == "four labels")
    assert line.figure.value == pytest.approx(due)
    assert due < 1, "it would be 1 if only the targets that both chose were compared"


def test_the_card_and_the_history_say_it(coded):
    assert "A sentence has one code: of 3 of the pairs" in (coded.path / "README.md").read_text()
    assert "has the code of another target" in coded.why("red/Taxes_fall/1/1", "society")._repr_html_()


def test_verification_knows_the_scheme(coded, tmp_path):
    """Without the scheme, the same rows are not what follows from the votes."""
    copy = Path(shutil.copytree(coded.path, tmp_path / "copy"))
    manifest = json.loads((copy / "manifest.json").read_text())
    assert manifest.pop("scheme") == "exclusive"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ks.IntegrityError) as caught:
        ks.open(copy).verify()
    assert "red/Trade_is_free/1/1 economy: label and origin do not follow from votes" in str(caught.value)


SENTENCES = st.lists(
    st.dictionaries(
        st.sampled_from(["ada", "ben", "cy", "di"]),
        st.sampled_from(
            [("economy", "right"), ("economy", "left"), ("society", "left"), ("society", "no"), (None, "none")]
        ),
        min_size=1,
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=30, deadline=None)
@given(SENTENCES)
@pytest.mark.full
def test_any_codes_give_a_label_to_one_target_at_most(sentences):
    rows = [code(f"Text {i}.", *chosen, who) for i, one in enumerate(sentences) for who, chosen in one.items()]
    if not any(r["code"] for r in rows):
        return
    table = pa.Table.from_pylist(rows)
    roles = roles_of(table.column_names, ROLES, name="any")
    reading = Reading(spelled(LABELS), frozenset())
    files, _ = corpus_of(table, "any", roles, reading, About("any", "Any", scheme="exclusive"))
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_bytes(content)
        found = make(folder, quiet).rows
    grid = [row for part in found["grid"].values() for row in part.to_pylist()]
    targets = [row["target_id"] for row in found["targets"]["all"].to_pylist()]
    assert len(grid) == len(sentences) * len(targets)
    for i, one in enumerate(sentences):
        mine = {row["target_id"]: row for row in grid if row["text"] == f"Text {i}."}
        votes = Counter((target, LABELS[label]) for target, label in one.values())
        for target, row in mine.items():
            most = {label for (name, label), n in votes.items() if name in (target, None) and 2 * n > len(one)}
            here = sum(n for (name, _), n in votes.items() if name in (target, None))
            assert row["label_name"] == (most.pop() if most else None)
            status = "decided" if row["label_name"] else "other_target" if 2 * here < len(one) else "undecided"
            assert row["status"] == status
        assert sum(row["label_name"] not in (None, "none") for row in mine.values()) <= 1


def test_manifestos_have_one_code(tmp_path):
    found = ks.from_table(write("uk-manifestos", tmp_path / "copy"), tmp_path / "data", recipe="uk-manifestos")
    record = found.verify().imported[0]
    assert (record.rows, record.kept, [(one.reason, one.rows) for one in record.dropped]) == (4, 3, [("no label", 1)])
    assert cells(found) == {
        ("Taxes must fall.", "Economic"): ("decided", "favor"),
        ("Taxes must fall.", "Social"): ("other_target", None),
        ("We thank you.", "Economic"): ("decided", "none"),
        ("We thank you.", "Social"): ("decided", "none"),
        ("Schools are for all.", "Economic"): ("other_target", None),
        ("Schools are for all.", "Social"): ("decided", "against"),
    }
    assert {m.original: (m.label, m.judgements) for m in found.manifest.mapped_labels} == {
        "negative": ("against", 1),
        "none": ("none", 2),
        "positive": ("favor", 1),
    }
    assert [(d.document_id, d.date) for d in found.documents] == [
        ("Conservative_Party/1987", "1987"),
        ("Labour_Party/1945", "1945"),
        ("Labour_Party/1997", "1997"),
    ]
    assert "Nobody coded this." in {s.text for s in found.sentences}


def test_datasets_of_different_schemes_are_not_joined(coded, tmp_path):
    other = ks.from_table(ROWS[:3], tmp_path / "multi", labels=LABELS, **ROLES)
    assert "scheme" not in json.loads((other.path / "manifest.json").read_text())
    with pytest.raises(KazstanceError, match="the datasets have the schemes exclusive and multi; expected one"):
        ks.concat([coded, other], tmp_path / "both", id="both", prefix=True)
    both = ks.concat([coded, coded], tmp_path / "twice", id="both", prefix=True)
    assert both.verify().scheme == "exclusive"
