"""An annotated table becomes a dataset: nothing is lost without being counted, and labels come back as they were."""

import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from datetime import datetime
from pathlib import Path

import hypothesis.strategies as st
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

import kazstance as ks
from kazstance.corpus.build import make as build_in_memory
from kazstance.corpus.imported.naming import make_ids
from kazstance.corpus.imported.roles import roles_of
from kazstance.corpus.imported.said import Reading
from kazstance.corpus.imported.table import About, corpus_of
from kazstance.corpus.stated import stated_date
from kazstance.dataset import DatasetFolder
from kazstance.errors import CorpusWarning, InputError, KazstanceError, UnknownLabelError, UnknownNameError
from kazstance.input.excel import UNCOMPUTED
from kazstance.input.spelling import given as spelled
from kazstance.publish.card import plain_card
from kazstance.schema.ids import check_id, folded
from kazstance.schema.publication import is_filled
from tests.conftest import quiet

ROLES = {"source": "party", "target": "issue", "label": "stance", "annotator": "coder"}
LABELS = {"pro": "favor", "con": "against", "mixed": "neutral", "no": "none"}


def row(text, party="Red Party", issue="the toll", stance="pro", coder="Ada", **others):
    return {"text": text, "party": party, "issue": issue, "stance": stance, "coder": coder, **others}


def make(rows, out, labels=LABELS, **options):
    """A dataset of rows; it is whole, and every row is kept or left out for a reason."""
    options = ROLES | options if "votes" not in options else options
    found = ks.from_table(rows, out / "data", labels=labels, **{k: v for k, v in options.items() if v is not None})
    record = found.verify().imported[0]
    assert record.rows == len(rows) == record.kept + sum(one.rows for one in record.dropped)
    assert record.judgements == len(found.judgements) or options.get("scheme") == "exclusive"
    return found


def judged(found):
    """Text, source, target, annotator and original label of each judgement."""
    texts = {sentence.sentence_id: sentence.text for sentence in found.sentences}
    names = {target.target_id: target.name for target in found.targets}
    rows = found.judgements.records()
    return Counter((texts[r.sentence_id], r.source_id, names[r.target_id], r.annotator_id, r.original) for r in rows)


def dropped(found):
    return {one.reason: one.rows for one in found.manifest.imported[0].dropped}


def test_a_row_for_each_judgement(tmp_path):
    rows = [
        row("The toll is fair."),
        row("The toll is fair.", coder="Ben", stance="con"),
        row("The toll is fair.", issue="strike", stance="no"),
        row("Strike!", party="Blue", issue="strike", stance="mixed", coder="Ben"),
        row("  "),
        row("No label here.", stance=""),
        row("No target here.", issue=None),
    ]
    found = make(rows, tmp_path)
    assert judged(found) == Counter(
        (r["text"], r["party"].replace(" ", "_"), r["issue"], r["coder"], r["stance"]) for r in rows[:4]
    )
    assert dropped(found) == {"no text": 1, "no label": 1, "no target": 1}
    assert {s.source_id: s.original_id for s in found.sources} == {"Red_Party": "Red Party", "Blue": None}
    assert {s.source_id: s.speaker for s in found.sources} == {"Red_Party": "Red Party", "Blue": "Blue"}
    assert [(m.original, m.label, m.judgements) for m in found.manifest.mapped_labels] == [
        ("con", "against", 1),
        ("mixed", "neutral", 1),
        ("no", "none", 1),
        ("pro", "favor", 1),
    ]
    cells = {(cell.sentence_id, cell.target_id): (cell.status, cell.label_name) for cell in found.grid.records()}
    assert cells == {
        ("Red_Party/1/1/1", "the_toll"): ("undecided", None),
        ("Red_Party/1/1/1", "strike"): ("decided", "none"),
        ("Blue/1/1/1", "strike"): ("decided", "neutral"),
    }
    assert ("Blue/1/1/1", "the_toll") not in cells


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "jsonl", "parquet", "xlsx"])
def test_files_of_every_kind_give_the_same_dataset(tmp_path, form):
    rows = pd.DataFrame([row("A = 1; “so”\nit is", n=1.0), row("+SUM(A1)", stance="con", n=None)])
    writers = {
        "csv": lambda file: rows.to_csv(file, index=False, sep=";", encoding="utf-8-sig"),
        "tsv": lambda file: rows.to_csv(file, index=False, sep="\t"),
        "json": lambda file: rows.to_json(file, orient="records"),
        "jsonl": lambda file: rows.to_json(file, orient="records", lines=True),
        "parquet": rows.to_parquet,
        "xlsx": lambda file: rows.to_excel(file, index=False),
    }
    file = tmp_path / f"rows.{form}"
    writers[form](file)
    options = {**ROLES, "ignore": ["n"], "labels": LABELS}
    one, other = ks.from_table(file, tmp_path / "data", **options), ks.from_table(rows, tmp_path / "data2", **options)
    assert {n: f.digest for n, f in one.manifest.tables["stances"].items()} == {
        n: f.digest for n, f in other.manifest.tables["stances"].items()
    }
    assert sorted(s.text for s in one.sentences) == ["+SUM(A1)", "A = 1; “so”\nit is"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ROW = st.fixed_dictionaries(
    {
        "text": TEXT.filter(lambda text: "<" not in text),
        "party": TEXT,
        "issue": TEXT,
        "stance": st.sampled_from(["pro", "con", "mixed", "no", "", "unsure"]),
        "coder": st.sampled_from(["Ada", "Ben", "judgements", "con", ""]),
        "doc": st.sampled_from(["", "a", "A", "b c"]),
    }
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(ROW, min_size=1, max_size=8), with_documents=st.booleans())
def test_any_table_is_kept_or_accounted_for(rows, with_documents):
    options = ROLES | ({"document": "doc"} if with_documents else {})
    columns = roles_of(list(rows[0]), options, name="any", ignore=[] if with_documents else ["doc"])
    reading = Reading(spelled(LABELS), frozenset({"unsure"}))
    try:
        files, record = corpus_of(pa.Table.from_pylist(rows), "any", columns, reading, About("any", "Any"))
    except KazstanceError as error:
        if "no row gives a judgement" in str(error):
            return
        raise
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", CorpusWarning)
        for name, content in files.items():
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_bytes(content)
        judgements = build_in_memory(folder, quiet).rows["judgements"]["all"].to_pylist()
    left = {one.reason: one.rows for one in record.dropped}
    assert len(rows) == record.rows == record.kept + sum(left.values())
    assert record.judgements == len(judgements) == record.kept
    doubled = {"repeats an earlier row", "judged otherwise in an earlier row by the same annotator"}
    assert left.keys() <= {"no text", "no label", "no target", "the label 'unsure' is left out, as asked"} | doubled
    if not with_documents:
        assert not left.keys() & doubled
        spoken = [r for r in rows if r["stance"] in LABELS and is_filled(r["issue"]) and is_filled(r["text"])]
        assert Counter(r["stance"] for r in spoken) == Counter(r["original"] or r["label_name"] for r in judgements)


def test_a_text_that_is_judged_twice_without_an_id_occurs_twice(tmp_path):
    """Rows that name neither document nor text: the second judgement of one annotator is about another occurrence."""
    rows = [row("We act."), row("We act.", stance="con"), row("We act.", coder="Ben"), row("We act.", issue="strike")]
    found = make(rows, tmp_path)
    assert not dropped(found)
    assert [s.text for s in found.sentences] == ["We act.", "We act."]
    assert Counter(r.sentence_id for r in found.judgements.records()) == {"Red_Party/1/1/1": 3, "Red_Party/2/1/1": 1}
    assert [c.kind for c in found.copies] == ["equal", "equal"]


def test_documents_keep_order_dates_and_attributes(tmp_path):
    about = {
        "a": {"doc": "2017 programme", "day": "2017-06-08", "lead": "X"},
        "b": {"doc": "b", "day": "8/6/2017", "lead": "Y"},
        "c": {"doc": "c", "day": None, "lead": "Y"},
    }
    rows = [
        row("One.", wing="left", minutes=3, **about["a"]),
        row("Two.", wing="left", minutes=4, **about["a"]),
        row("One.", coder="Ben", wing="left", minutes=5, **about["a"]),
        row("Three.", party="Blue", wing="right", minutes=1, **about["b"]),
        row("One.", stance="con", wing="left", minutes=9, **about["a"]),
        row("One.", wing="left", minutes=9, **about["c"]),
        row("Not judged.", party="Blue", stance=None, wing="right", minutes=1, **about["b"]),
    ]
    found = make(rows, tmp_path, document="doc", date="day")
    documents = {d.document_id: d for d in found.documents}
    assert [(d.document_id, d.date, d.date_stated, d.year, d.lead) for d in documents.values()] == [
        ("Red_Party/2017_programme", "2017-06-08", None, 2017, "X"),
        ("Red_Party/c", None, None, None, "Y"),
        ("Blue/b", None, "8/6/2017", None, "Y"),
    ]
    assert documents["Red_Party/2017_programme"].original_id == "2017 programme"
    assert {s.source_id: s.wing for s in found.sources} == {"Red_Party": "left", "Blue": "right"}
    assert [s.text for s in found.sentences if s.source_id == "Red_Party"] == ["One.", "Two.", "One."]
    assert dropped(found) == {"judged otherwise in an earlier row by the same annotator": 1, "no label": 1}
    assert [d.document_id for d in found.documents if d.source_id == "Blue"] == ["Blue/b"]
    assert [s.text for s in found.sentences if s.source_id == "Blue"] == ["Three.", "Not judged."]
    assert not {r.text for r in found.grid.records()} & {"Not judged."}
    notes = " ".join(found.manifest.imported[0].notes)
    assert "columns left out, since they differ between the judgements of a text: minutes" in notes
    assert "dates that are not a year, month or day in digits" in notes
    assert {cell.source for cell in found.compare(by="lead").positions()} == {"X", "Y"}


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2015", "2015"),
        ("2015-03", "2015-03"),
        (" 2015-03-02 ", "2015-03-02"),
        ("2015-03-02T10:00:00Z", "2015-03-02"),
        ("2015-03-02 10:00:00.000+01:00", "2015-03-02"),
        ("2015-02-30", None),
        ("3/4/2015", None),
        ("2015-03-02 and after", None),
        ("Mon Mar 02 2015", None),
    ],
)
def test_only_clear_dates_are_dates(text, date):
    assert stated_date(text) == date


def test_splits_of_the_table_are_kept(tmp_path):
    names = {"Train": "train", "dev": "validation", "test": "test", "zero": "test"}
    rows = [row(f"Text {i}.", part=name) for i, name in enumerate(names)] + [row("Text 0.", part="test")]
    with pytest.raises(InputError, match=r"list: part: row 4: 'zero', expected train.*\n--split-name THEIRS=OURS"):
        make(rows, tmp_path, split="part")
    found = make(rows, tmp_path, split="part", splits={"zero": "test"})
    there = {split: sorted(r.text for r in found.stances.records(split)) for split in set(names.values())}
    assert there == {"train": ["Text 0."], "validation": ["Text 1."], "test": ["Text 0.", "Text 2.", "Text 3."]}


def test_a_document_in_two_splits_is_two(tmp_path):
    rows = [row("One.", doc="d", part="train"), row("Two.", doc="d", part="test"), row("Three.", doc="d", part=None)]
    found = make(rows, tmp_path, document="doc", split="part")
    assert [d.document_id for d in found.documents] == ["Red_Party/d", "Red_Party/d-2", "Red_Party/d-3"]
    assert {d.original_id for d in found.documents} == {None, "d"}
    assert [r.text for r in found.stances.records("test")] == ["Two."]
    assert "rows without a split, which the program assigns" in found.manifest.imported[0].notes


def test_holders_evidence_and_notes_are_kept(tmp_path):
    rows = [
        row("The mayor says it is robbery.", who="the mayor", words="robbery", why="rule 2", stance="con"),
        row("The mayor says it is robbery.", words='["The mayor", "it is"]'),
        row("The mayor says it is robbery.", words="theft", coder="Ben"),
        row("Nothing.", words="Nothing", stance="no"),
        row("No, no, no.", words='[{"text": "no", "start": 8}, {"text": "No"}]', stance="con"),
        row("Never.", words='["Never", 3]', stance="con", coder="Cy"),
    ]
    found = make(rows, tmp_path, holder="who", evidence="words", note="why")
    there = {(r.holder, r.annotator_id, r.label_name): r for r in found.judgements.records()}
    mayor = there["the mayor", "Ada", "against"]
    assert [(s.start, s.end) for s in mayor.evidence] == [(21, 28)]
    assert mayor.note == "rule 2"
    assert [(s.start, s.end) for s in there[None, "Ada", "favor"].evidence] == [(0, 9), (15, 20)]
    assert there[None, "Ben", "favor"].evidence is None
    assert [(s.start, s.end) for s in there[None, "Ada", "against"].evidence] == [(0, 2), (8, 10)]
    assert there[None, "Cy", "against"].evidence is None
    notes = found.manifest.imported[0].notes
    assert "evidence that is not in its text, or several times, and is left out: 2" in notes
    assert "evidence of texts that are not about the target, which is left out" in notes


def test_what_a_row_says_besides_the_label_is_kept(tmp_path):
    rows = [
        row("One.", how="explicit", sure="Sure", p="0.25"),
        row("Two.", how="implicit", sure="unsure", p="1"),
        row("Three.", how="explicit", sure=None, p="0.5", stance="no"),
    ]
    given = {"explicitness": "how", "certainty": "sure", "probability": "p"}
    found = make(rows, tmp_path, **given)
    there = {(r.explicitness, r.certainty, r.probability) for r in found.judgements.records()}
    assert there == {("explicit", "sure", 0.25), ("implicit", "unsure", 1.0), (None, None, 0.5)}
    assert "explicitness of judgements with the label none, which is left out" in found.manifest.imported[0].notes
    wrong = [row("One.", how="loud", sure="80 %", p="2"), row("Two.", how="", sure="", p="nan")]
    with pytest.raises(InputError) as error:
        make(wrong, tmp_path, **given)
    assert str(error.value).splitlines() == [
        "list: how: row 1: 'loud', expected explicit or implicit",
        "list: p: row 1: '2', expected a number above 0, at most 1",
        "list: sure: row 1: '80 %', expected sure or unsure",
        "list: p: row 2: 'nan', expected a number above 0, at most 1",
    ]
    with pytest.raises(KazstanceError, match="a row holds several judgements; expected no column of certainty"):
        make([{**row("One.", sure="sure"), "b": "pro"}], tmp_path, label=["stance", "b"], certainty="sure")


def test_languages_are_tags_of_documents(tmp_path):
    rows = [row("Yes.", lang="en"), row("Ja.", lang="de"), row("Nein.", lang="de")]
    found = make(rows, tmp_path, language="lang")
    assert [d.language for d in found.documents] == ["en", "de", "de"]
    assert [s.language for s in found.sources] == ["de"]
    assert [s.language for s in make(rows[:1], tmp_path, language="kk").sources] == ["kk"]
    with pytest.raises(InputError, match="row 2: .*xx_yy"):
        make([row("Yes.", lang="en"), row("?", lang="xx_yy")], tmp_path, language="lang")


def test_targets_that_look_the_same_are_one(tmp_path):
    found = make([row("A.", issue="The Toll"), row("B.", issue="the  toll"), row("C.", issue="the tolls")], tmp_path)
    assert [t.name for t in found.targets] == ["The Toll", "the tolls"]
    assert "the target 'the toll' is taken for 'The Toll'" in found.manifest.imported[0].notes


def test_without_source_target_or_annotator(tmp_path):
    rows = [{"text": "Yes.", "label": "favor"}, {"text": "No.", "label": "against"}]
    with pytest.raises(KazstanceError, match="no column for the target; say which it is .--target COLUMN or target="):
        ks.from_table(rows, tmp_path / "mine")
    found = ks.from_table(rows, tmp_path / "mine", target_name="the toll", source_name="The Press")
    assert [(s.source_id, s.original_id) for s in found.sources] == [("The_Press", "The Press")]
    assert [(a.annotator_id, a.note) for a in found.annotators] == [("table", "The table does not say who judged.")]
    assert [t.name for t in found.targets] == ["the toll"]
    assert found.manifest.id == "mine"
    assert [r.original for r in found.judgements.records()] == [None, None]
    assert [s.source_id for s in ks.from_table(rows, tmp_path / "mine", target_name="x").sources] == ["mine"]


def test_labels_are_not_guessed(tmp_path):
    with pytest.raises(UnknownLabelError, match=r"stance: 'pro' in row 1 and 1 more, expected .* use labels="):
        make([row("A."), row("B."), row("C.", stance="1")], tmp_path, labels=None)
    with pytest.raises(UnknownLabelError, match="numbers are labels only if"):
        make([row("A.", stance=1)], tmp_path, labels=None)
    assert [r.label_name for r in make([row("A.", stance=1.0)], tmp_path, labels={1: "favor"}).judgements] == ["favor"]
    found = make([row("A.", stance="FAVOR"), row("B.", stance="NONE")], tmp_path, labels="auto")
    assert "labels are read by the preset semeval" in " ".join(found.manifest.imported[0].notes)


def test_wrong_names_list_the_right_ones(tmp_path):
    with pytest.raises(UnknownNameError, match="'parti'.*did you mean party"):
        make([row("A.")], tmp_path, source="parti")
    with pytest.raises(UnknownNameError, match="'both' is not a scheme"):
        make([row("A.")], tmp_path, scheme="both")
    with pytest.raises(KazstanceError, match="the column 'party' has two roles"):
        make([row("A.")], tmp_path, target="party")
    assert not (tmp_path / "data").exists()


def test_a_column_with_the_name_of_a_role_plays_it():
    there = ["text", "label", "date", "coder_1", "coder_2", "id"]
    assert roles_of(there, {}, name="t").columns == {"text": "text", "date": "date"}
    assert roles_of(there, {"id": "id"}, name="t").columns == {"text": "text", "date": "date", "id": "id"}
    assert roles_of(there, {"label": "coder_*"}, name="t", ignore=["date"]).labels == ("coder_1", "coder_2")
    assert roles_of(there, {"label": "coder_*"}, name="t", ignore=["date"]).others == ("label", "id")


@given(st.lists(TEXT, max_size=20))
def test_ids_are_made_of_any_text(values):
    ids = make_ids(values, ["annotators"])
    assert len(ids) == len(values)
    assert len({folded(name) for name in ids} - {"annotators"}) == len(values)
    for name in ids:
        check_id(name)


def test_what_is_an_id_stays_as_it_is():
    assert make_ids(["a b", "a_b", "A_B", "a/b", "CON", "Союз-90", "😀"]) == [
        *("a_b-3", "a_b", "A_B-2", "a_b-4", "_CON", "Союз-90", "unnamed")
    ]


def run(*arguments, cwd):
    call = [sys.executable, "-m", "kazstance", *arguments]
    return subprocess.run(call, cwd=cwd, check=False, capture_output=True, text=True)


@pytest.mark.full
def test_the_command_and_a_corpus_in_which_annotation_goes_on(tmp_path):
    pd.DataFrame([row("The toll is fair."), row("Strike!", stance="con"), row("?", stance="dunno")]).to_csv(
        tmp_path / "coded.csv", index=False
    )
    options = ["--source", "party", "--target", "issue", "--label", "stance", "--annotator", "coder"]
    done = run("import", "coded.csv", "--out", "data", *options, "--preset", "pro_con", cwd=tmp_path)
    assert done.returncode == 2
    assert "'dunno' in row 3" in done.stderr
    more = ["--preset", "pro_con", "--drop-label", "dunno", "--corpus", "corpus", "--dataset-id", "x", "--json"]
    done = run("import", "coded.csv", "--out", "data", *options, *more, cwd=tmp_path)
    record = json.loads(done.stdout)
    assert (record["rows"], record["kept"], record["dropped"]) == (
        3,
        2,
        [{"reason": "the label 'dunno' is left out, as asked", "rows": 1}],
    )
    again = run("build", "corpus", "--out", "again", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    manifests = [json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("data", "again")]
    assert manifests[0] == manifests[1]
    sheet = run("annotate", "export", "corpus", "--annotator", "ben", "--out", "sheets", cwd=tmp_path)
    assert sheet.returncode == 0, sheet.stderr
    done = run("import", "coded.csv", "--out", "data2", *options, *more, cwd=tmp_path)
    assert done.returncode == 0, "an existing corpus with the same files stays as it is"
    (tmp_path / "corpus/targets.toml").write_text("")
    done = run("import", "coded.csv", "--out", "data3", *options, *more, cwd=tmp_path)
    assert (done.returncode, (tmp_path / "data3").exists()) == (1, False)
    assert "corpus already exists; expected a new folder" in done.stderr


def test_the_loss_is_in_the_manifest_and_on_the_card(tmp_path):
    rows = [
        row("A."),
        row("B.", stance="strongly pro"),
        row("C.", stance="favor"),
        row("D.", stance="?"),
        row("E.", stance=""),
    ]
    labels = {"pro": "favor", "strongly pro": "favor", "favor": "against", "?": None}
    found = make(rows, tmp_path, labels)
    assert {(m.original, m.label): m.judgements for m in found.manifest.mapped_labels} == {
        ("pro", "favor"): 1,
        ("strongly pro", "favor"): 1,
        ("favor", "against"): 1,
    }
    assert dropped(found) == {"no label": 1, "the label '?' is left out, as asked": 1}
    card = (tmp_path / "data/README.md").read_text()
    assert "It has 5 rows, of which 3 gave 3 judgements; dropped: 2." in card
    assert "| no label | 1 |" in card
    assert "| `strongly pro` | favor | 1 | collapsed: one of 2 labels |" in card
    assert "| `favor` | against | 1 | inverted |" in card
    plain = make([row("A.", stance="favor")], tmp_path, None)
    assert not plain.manifest.mapped_labels


def test_a_dataset_made_from_texts_has_no_record_of_a_table(harbour_data):
    assert "imported" not in json.loads((harbour_data / "manifest.json").read_text())
    assert "lost on the way" not in plain_card(DatasetFolder(harbour_data))


def test_a_record_that_does_not_add_up_is_refused(harbour, tmp_path):
    record = {"table": "x.csv", "rows": 5, "kept": 3, "judgements": 3, "dropped": [{"reason": "no text", "rows": 1}]}
    (harbour / "imported.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="imported.json:1: rows is 5, but 4 rows were kept or dropped"):
        ks.build(harbour, tmp_path / "out")


def test_a_column_for_each_annotator(tmp_path):
    rows = [
        {"text": "A.", "issue": "toll", "coder_ada": "pro", "coder_ben": "con", "coder_cy": "pro"},
        {"text": "B.", "issue": "toll", "coder_ada": "", "coder_ben": "no", "coder_cy": None},
        {"text": "C.", "issue": "toll", "coder_ada": "", "coder_ben": "", "coder_cy": None},
    ]
    found = make(rows, tmp_path, label="coder_*", source=None, annotator=None)
    assert judged(found) == Counter(
        ("ABC"[i] + ".", "data", "toll", name, value)
        for i, r in enumerate(rows)
        for name, value in r.items()
        if name.startswith("coder") and value
    )
    assert dropped(found) == {"no label": 1}
    assert "cells without a label, not judged by their annotator: 2" in found.manifest.imported[0].notes
    assert {r.label_name for r in found.stances.records()} == {"favor"}
    rows = [row | {"batch": f"batch {i}"} for i, row in enumerate(rows)]
    found = make(rows, tmp_path, label="coder_*", source=None, annotator="batch")
    assert {a.annotator_id for a in found.annotators.records()} == {
        *("batch_0_coder_ada", "batch_0_coder_ben", "batch_0_coder_cy", "batch_1_coder_ben")
    }


def test_counts_of_votes(tmp_path):
    rows = [{"text": f"Text {i}.", "n_pro": i % 4, "n_con": 3 - i % 4, "n_none": i % 2} for i in range(12)]
    votes = {"n_pro": "favor", "n_con": "against", "n_none": "none"}
    found = make([*rows, {"text": "?", **dict.fromkeys(votes, 0)}], tmp_path, None, votes=votes, target_name="the toll")
    there = Counter((r.sentence_id, r.label_name) for r in found.judgements.records())
    ids = {s.text: s.sentence_id for s in found.sentences}
    assert there == Counter({(ids[r["text"]], votes[name]): r[name] for r in rows for name in votes if r[name]})
    assert dropped(found) == {"no votes": 1}
    assert {r.original for r in found.judgements.records()} == set(votes)
    by_voter = {(r.annotator_id, r.label_name) for r in found.judgements.records()}
    assert {"favor", "against"} <= {label for voter, label in by_voter if voter == "voter_1"}, "no voter is one label"
    for bad in ("1.5", "-1", "many", "5000"):
        broken = [{name: str(value) for name, value in r.items()} for r in (rows[0], rows[1] | {"n_pro": bad})]
        with pytest.raises(InputError, match=r"list: n_pro: row 2: '.*', expected a number of votes from 0 to 1,000"):
            make(broken, tmp_path, None, votes=votes, target_name="x")


def test_cells_are_refused_all_at_once(tmp_path):
    rows = [row("A.", wave="0"), row("<p>x</p><p>y</p><p>z</p>", wave="2"), row("C.", wave="later")]
    with pytest.raises(InputError) as caught:
        make(rows, tmp_path, round="wave")
    assert [str(problem) for problem in caught.value.problems] == [
        "list: wave: row 1: '0', expected a number from 1",
        "list: text: row 2: this looks like HTML or XML, expected plain text; save it as plain text in UTF-8",
        "list: wave: row 3: 'later', expected a number from 1",
    ]
    rows = [row("A.", wave=1), row("A.", wave=2, stance="con")]
    assert [r.label_name for r in make(rows, tmp_path, round="wave").stances.records()] == ["against"]


def test_cells_that_are_far_too_long_are_named(tmp_path):
    rows = [row("A."), row("B." * 20_000, issue="t" * 20_001, who="h" * 30_000)]
    with pytest.raises(InputError) as caught:
        make(rows, tmp_path, holder="who")
    assert [str(problem) for problem in caught.value.problems] == [
        "list: issue: row 2: 20,001 characters, expected at most 20,000",
        "list: who: row 2: 30,000 characters, expected at most 20,000",
    ]


@pytest.mark.full
def test_from_a_table_to_figures_in_two_commands(tmp_path):
    table = Path(__file__).parent / "fixtures/coded.csv"
    shutil.copy(table, tmp_path / "coded.csv")
    options = ["--source", "party", "--target", "issue", "--label", "stance", "--annotator", "coder"]
    options += ["--preset", "pro_con", "--map", "unrelated=none"]
    done = run("import", "coded.csv", "--out", "data", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for command in (
        ["compare", "--json"],
        ["agreement", "--json"],
        ["explore", "--out", "page.html"],
        ["bench", "run", "majority per target", "--protocol", "in_domain", "--out", "run"],
        ["verify"],
        ["why", "Harbour_Party/1/1/1", "the_toll"],
    ):
        done = run(*command, "--data", "data", cwd=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (command, done.stderr)
    assert "originally pro" in done.stdout
    assert "The toll pays for the new quay." in (tmp_path / "page.html").read_text()


def test_excel_files_are_read_as_they_are(tmp_path):
    book = openpyxl.Workbook()
    for cells in (
        ["text", None, "issue", "stance", "day"],
        ["A.", None, "toll", "pro", datetime(2020, 1, 2)],
        [None] * 5,
        [12, None, "toll", "con", 2021],
    ):
        book.active.append(cells)
    book.create_sheet("notes").append(["x"])
    book.save(tmp_path / "a.xlsx")
    found = ks.from_table(
        tmp_path / "a.xlsx", tmp_path / "data", target="issue", label="stance", labels="pro_con", date="day"
    )
    assert [(d.date, d.document_id) for d in found.documents] == [("2020-01-02", "data/1"), ("2021", "data/2")]
    assert [s.text for s in found.sentences] == ["A.", "12"]
    book.active["B3"] = "a value without a name"
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(KazstanceError, match="column 2 has values but no name"):
        ks.from_table(tmp_path / "b.xlsx", tmp_path / "data2", target="issue", label="stance")
    for content in (b"text", b"PK\x03\x04junk", (tmp_path / "a.xlsx").read_bytes()[:700]):
        (tmp_path / "c.xlsx").write_bytes(content)
        with pytest.raises(KazstanceError, match="c.xlsx: .*; expected an .xlsx file"):
            ks.from_table(tmp_path / "c.xlsx", tmp_path / "data2")


def test_pseudonyms_leave_no_name_behind(tmp_path):
    rows = [row("A.", coder="Ada Lovelace"), row("A.", coder="Ben Okri", stance="con"), row("B.", coder="Ada Lovelace")]
    found = make(rows, tmp_path, pseudonyms=True, corpus=tmp_path / "corpus")
    assert Counter(r.annotator_id for r in found.judgements.records()) == {"annotator_1": 2, "annotator_2": 1}
    files = [file for folder in ("data", "corpus") for file in (tmp_path / folder).rglob("*") if file.is_file()]
    assert len(files) > 10
    assert [file for file in files if b"Lovelace" in file.read_bytes() or b"Okri" in file.read_bytes()] == []
    named = make(rows, tmp_path)
    assert {a.annotator_id: a.note for a in named.annotators.records()} == {
        "Ada_Lovelace": "In the table: Ada Lovelace",
        "Ben_Okri": "In the table: Ben Okri",
    }


def test_a_column_that_numbers_the_rows_does_not_tell_texts_apart(tmp_path):
    rows = [row("A.", id=1), row("A.", coder="Ben", id=2), row("A.", id=3, issue="strike")]
    assert len(make(rows, tmp_path).sentences) == 1
    assert len(make(rows, tmp_path, id="id").sentences) == 3


def test_excel_files_without_the_extra_name_it(tmp_path, monkeypatch):
    pd.DataFrame([row("A.")]).to_excel(tmp_path / "a.xlsx", index=False)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ks.MissingExtraError, match="sheets"):
        ks.from_table(tmp_path / "a.xlsx", tmp_path / "data", **ROLES)


def test_the_most_votes_decide_if_asked(tmp_path):
    rows = [{"text": "A.", "n_pro": 2, "n_con": 1, "n_none": 1}]
    votes = {"votes": {"n_pro": "favor", "n_con": "against", "n_none": "none"}, "target_name": "x"}
    assert [r.status for r in make(rows, tmp_path, None, **votes).grid] == ["undecided"]
    found = make(rows, tmp_path, None, deciding="plurality", **votes)
    assert ([r.label_name for r in found.grid], found.manifest.deciding) == (["favor"], "plurality")
    with pytest.raises(UnknownNameError, match="'lot' is not a way of deciding"):
        make(rows, tmp_path, None, deciding="lot", **votes)


def test_joined_datasets_keep_the_records_of_their_tables(tmp_path):
    one = make([row("The toll is fair."), row("Nothing.", stance="")], tmp_path / "one", dataset_id="one")
    two = make([row("Strike!", issue="a strike", stance="con")], tmp_path / "two", dataset_id="two")
    both = ks.concat([one, two], tmp_path / "both", id="both", prefix=True)
    assert both.manifest.imported == (*one.manifest.imported, *two.manifest.imported)
    card = (tmp_path / "both" / "README.md").read_text(encoding="utf-8")
    assert "It has 2 rows, of which 1 gave 1 judgement; dropped: 1." in " ".join(card.split())
    assert "It has 1 row, of which 1 gave 1 judgement; dropped: 0." in " ".join(card.split())


@pytest.mark.parametrize(
    ("cell", "is_lacking"),
    [
        (b'<c r="A1"><f>1+1</f><v></v></c>', True),
        (b'<c r="A1"><f>1+1</f></c>', True),
        (b'<c r="A1"><f t="shared" si="0"/><v/></c>', True),
        (b'<c r="A1"><f>1+1</f><v>2</v></c>', False),
        (b'<c r="A1" t="str"><f>IF(B1="x","","y")</f><v></v></c>', False),
        (b"<f " * 300_000, False),
    ],
)
def test_formulas_without_a_value_are_told_from_those_whose_value_is_empty(cell, is_lacking):
    assert bool(UNCOMPUTED.search(cell)) is is_lacking
