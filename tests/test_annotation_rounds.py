"""Annotation in rounds: what is open at any time, for whom, with which probability; and everything can be taken back."""

import hashlib
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.annotate.drawing import draw
from kazstance.annotate.filled_sheet import import_answers
from kazstance.annotate.plan import Request
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.annotate.status import missed, status
from kazstance.annotate.withdrawal import forget, withdraw
from kazstance.cli import app
from kazstance.corpus.build import build
from kazstance.corpus.read import read
from kazstance.errors import InputError, KazstanceError
from tests.commands import call
from tests.conftest import HARBOUR, quiet
from tests.corpora import ids_of, put, take_readings
from tests.sheets import ABOUT, LABELS_ONLY, TEXTS, corpus, files_of, fill, judge, pairs_of, rows_of, write

ALL = {
    (sentence, target)
    for sentence in ids_of({"guild": "a. b.\nc. d.", "press": "a. b."})
    for target in ("toll", "quay")
}


@pytest.fixture
def folder(tmp_path):
    return corpus(tmp_path / "corpus")


def add_text(folder, name="mill", text="The mill pays the toll. It grinds."):
    (folder / f"texts/{name}.txt").write_text(text)
    with (folder / "SHA256SUMS").open("a") as sums:
        sums.write(f"{hashlib.sha256(text.encode()).hexdigest()}  texts/{name}.txt\n")
    with (folder / "sources.toml").open("a") as sources:
        sources.write(f'\n[[source]]\nid = "{name}"\nlanguage = "en"\nrights = "made up"\n')


def add_target(folder, name="mill_race", kind=""):
    with (folder / "targets.toml").open("a") as targets:
        targets.write(f'\n[[target]]\nid = "{name}"\nname = "the {name}"\n{kind}\n')


def grid(folder, out):
    """The label of each pair that was asked, None where it is undecided, from a built dataset."""
    out.mkdir()
    build(folder, out, quiet)
    return {(row.sentence_id, row.target_id): row.label_name for row in kazstance.load("grid", data=out)}


def test_a_sheet_names_source_and_speaker(folder, tmp_path):
    export_sheets(folder, "ada", tmp_path / "sheets")
    rows = rows_of(tmp_path / "sheets/sheet.csv")
    assert {(row["source"], row["speaker"]) for row in rows} == {
        ("On the toll", "the guild of boatmen"),
        ("press", "press"),
    }
    assert set(pairs_of(rows)) == ALL
    assert {row["label"] for row in rows} == {""}


def test_texts_targets_and_annotators_are_added_and_taken_back_at_any_time(folder, tmp_path):
    """Every step builds, and what was judged before stays as it is, byte for byte."""
    assert judge(folder, "ada", tmp_path / "1") == judge(
        folder, "ben", tmp_path / "2", {**ABOUT, ("guild/1/1", "toll"): "against"}
    )
    first = files_of(folder)
    assert grid(folder, tmp_path / "data1") == {pair: ABOUT.get(pair, "none") for pair in ALL} | {
        ("guild/1/1", "toll"): None
    }
    add_text(folder)
    add_target(folder)
    assert grid(folder, tmp_path / "data2").keys() == ALL
    more = {("mill/1/1", "toll"): "favor"}
    new = judge(folder, "ada", tmp_path / "3", more)
    everything = {(s, t) for s in [*ids_of(TEXTS), "mill/1/1", "mill/1/2"] for t in ("toll", "quay", "mill_race")}
    assert len(new) == len(set(new))
    assert set(new) == everything - ALL
    after = files_of(folder)
    assert after["annotations/ada.jsonl"].startswith(first["annotations/ada.jsonl"])
    assert after["annotations/ben.jsonl"] == first["annotations/ben.jsonl"]
    assert grid(folder, tmp_path / "data3").keys() == everything
    assert judge(folder, "cy", tmp_path / "4", request=Request(only_split=True, labels_only=True)) == [
        ("guild/1/1", "toll")
    ]
    assert grid(folder, tmp_path / "data4")["guild/1/1", "toll"] == "favor"
    withdraw(folder, "cy")
    assert files_of(folder) == after
    sheet = json.loads(after["annotations/ada.jsonl"].splitlines()[-1])["sheet"]
    withdraw(folder, sheet)
    assert files_of(folder)["annotations/ada.jsonl"] == first["annotations/ada.jsonl"]
    assert grid(folder, tmp_path / "data5").keys() == ALL
    import_answers(folder, tmp_path / "3/filled.csv")
    assert files_of(folder) == after


def test_withdrawing_all_that_was_imported_gives_the_corpus_back(folder, tmp_path):
    before = files_of(folder)
    judge(folder, "ada", tmp_path / "1")
    done = withdraw(folder, "ada")
    assert (done.annotator, done.lines) == ("ada", 6)
    assert files_of(folder) == before
    with pytest.raises(KazstanceError, match="no sheet or annotator 'ada'"):
        withdraw(folder, "ada")
    with pytest.raises(KazstanceError, match="nothing of sheet .* has been imported; --forget"):
        withdraw(folder, done.sheet)
    forget(folder, done.sheet)
    assert list((folder / "annotations/sheets").iterdir()) == []


def test_the_shipped_form_of_a_corpus_is_annotated_on_by_people(harbour, tmp_path):
    """Its readings cover kinds of targets: a new target of a kind is open, and no earlier reading counts as none on it."""
    assert call("add target", "--id", "quay", "--kind", "issue", corpus=harbour, target="the quay").exit_code == 0
    before = files_of(harbour)
    assert {
        target
        for _, target in judge(harbour, "ada", tmp_path / "1", request=Request(targets=("quay",), labels_only=True))
    } == {"quay"}
    after = files_of(harbour)
    assert {name for name in after if after[name] != before.get(name)} == {
        "annotations/ada.jsonl",
        "annotations/annotators.toml",
    }
    assert sum(target == "quay" for _, target in grid(harbour, tmp_path / "data")) == 23


def test_annotation_goes_on_where_a_table_of_judgements_was_begun(folder, tmp_path):
    """As in a corpus made from somebody's table: the same person judges what is new, in a file beside the table."""
    judge(folder, "ada", tmp_path / "1")
    put(folder, take_readings(folder), "csv", "annotations/judgements")
    table = (folder / "annotations/judgements.csv").read_bytes()
    add_text(folder)
    assert {sentence for sentence, _ in judge(folder, "ada", tmp_path / "2", {})} == {"mill/1/1", "mill/1/2"}
    assert len(grid(folder, tmp_path / "data")) == len(ALL) + 4
    withdraw(folder, rows_of(tmp_path / "2/sheet.csv")[0]["sheet"])
    assert len(grid(folder, tmp_path / "data2")) == len(ALL)
    assert (folder / "annotations/judgements.csv").read_bytes() == table


def test_work_is_divided(folder, tmp_path):
    parts = [draw(folder, name, Request(part=(k, 2))).plan.items for k, name in enumerate(("ada", "ben"), 1)]
    pairs = [{(item.sentence_id, item.target_id) for item in items} for items in parts]
    assert pairs[0] | pairs[1] == ALL
    assert not pairs[0] & pairs[1]
    assert {item.probability for items in parts for item in items} == {0.5}
    of_press = draw(folder, "cy", Request(sources=("press",), targets=("toll",))).plan.items
    assert [(item.sentence_id, item.target_id) for item in of_press] == [("press/1/1", "toll"), ("press/1/2", "toll")]


def test_a_share_is_as_large_as_its_probability(tmp_path):
    """Over many seeds; and a larger share with the same seed contains a smaller one."""
    folder = corpus(tmp_path / "corpus")
    drawn = []
    for seed in range(12):
        small, large = (
            {item.key for item in draw(folder, "ada", Request(share=share), seed).plan.items} for share in (0.3, 0.6)
        )
        assert small <= large
        drawn.append(len(large))
    assert 0.6 * 144 - 25 < sum(drawn) < 0.6 * 144 + 25  # four standard deviations


def probabilities(folder, out):
    """The probability of each pair that ada judged, as built."""
    out.mkdir()
    build(folder, out, quiet)
    rows = kazstance.load("judgements", data=out)
    return {(row.sentence_id, row.target_id): row.probability for row in rows}


def test_more_of_a_random_share_is_asked_and_the_probabilities_are_those_of_both_draws(folder, tmp_path):
    """A pair is drawn at all unless neither draw takes it; what was imported first keeps its bytes."""
    half = Request(share=0.5, labels_only=True)
    first = set(judge(folder, "ada", tmp_path / "1", request=half))
    before = (folder / "annotations/ada.jsonl").read_bytes()
    assert set(probabilities(folder, tmp_path / "data1").values()) == {0.5}
    second = set(judge(folder, "ada", tmp_path / "2", request=half))
    assert not first & second
    assert (folder / "annotations/ada.jsonl").read_bytes().startswith(before)
    assert probabilities(folder, tmp_path / "data2") == dict.fromkeys(first | second, 0.75)
    rest = set(judge(folder, "ada", tmp_path / "3"))
    assert rest == ALL - first - second
    assert probabilities(folder, tmp_path / "data3") == dict.fromkeys(ALL, 1.0)
    for place, expected in (("3", 0.75), ("2", 0.5)):
        withdraw(folder, rows_of(tmp_path / place / "sheet.csv")[0]["sheet"])
        assert set(probabilities(folder, tmp_path / f"back{place}").values()) == {expected}
    assert (folder / "annotations/ada.jsonl").read_bytes() == before


def test_a_second_draw_is_independent_of_the_first(tmp_path):
    """Over many seeds, as large a share of what the first left out as it is meant to be."""
    drawn, passed = 0, 0
    for seed in range(10):
        folder = corpus(tmp_path / str(seed))
        first = judge(folder, "ada", tmp_path / f"{seed}a", request=Request(share=0.5, labels_only=True), seed=seed)
        passed += 12 - len(first)
        drawn += len(draw(folder, "ada", Request(share=0.5), seed).plan.items)
    assert abs(drawn - passed / 2) < 4 * (passed / 4) ** 0.5


@pytest.mark.parametrize(
    "request_", [{"targets": ("toll",)}, {"share": 0.5, "share_none": 0.1}, {"part": (1, 2)}, {"only_split": True}]
)
def test_a_draw_that_would_make_earlier_probabilities_unknown_is_refused(folder, tmp_path, request_):
    judge(folder, "ada", tmp_path / "1", request=Request(share=0.5, labels_only=True))
    with pytest.raises(KazstanceError, match=r"no (split )?pair is open for 'ada': a random share was drawn on sheet"):
        draw(folder, "ada", Request(**request_))
    add_target(folder)
    if "only_split" not in request_ and "targets" not in request_:
        assert {item.target_id for item in draw(folder, "ada", Request(**request_)).plan.items} == {"mill_race"}


def test_what_is_out_on_a_sheet_is_not_asked_again_until_it_is_given_up(folder, tmp_path):
    (made,) = export_sheets(folder, "ada", tmp_path / "1", Request(targets=("toll",)))
    (again,) = export_sheets(folder, "ada", tmp_path / "2", Request(targets=("toll",)))
    assert again.sheet == made.sheet
    assert (tmp_path / "1/sheet.csv").read_bytes() == (tmp_path / "2/sheet.csv").read_bytes()
    assert {item.target_id for item in draw(folder, "ada").plan.items} == {"quay"}
    with pytest.raises(KazstanceError, match=f"no pair is open for 'ada': import sheet {made.sheet}, or give it up"):
        draw(folder, "ada", Request(targets=("toll",), typed=0.1))
    forget(folder, made.sheet)
    assert {item.target_id for item in draw(folder, "ada").plan.items} == {"toll", "quay"}


def test_a_sheet_comes_back_in_parts(folder, tmp_path):
    export_sheets(folder, "ada", tmp_path / "1", LABELS_ONLY)
    rows = fill(rows_of(tmp_path / "1/sheet.csv"), ABOUT)
    begun = write(tmp_path / "begun.csv", rows[:5] + [row | {"label": ""} for row in rows[5:]])
    with pytest.raises(InputError, match=r"missing items \(7\): 6, 7, .*--partial"):
        import_answers(folder, begun)
    (done,) = import_answers(folder, begun, partial=True)
    assert (done.answered, done.left) == (5, 7)
    first = (folder / "annotations/ada.jsonl").read_bytes()
    (done,) = import_answers(folder, write(tmp_path / "whole.csv", rows))
    assert (done.answered, done.left) == (7, 0)
    assert (folder / "annotations/ada.jsonl").read_bytes().startswith(first)
    assert grid(folder, tmp_path / "data").keys() == ALL
    before = files_of(folder)
    assert import_answers(folder, tmp_path / "whole.csv")[0].answered == 0
    assert files_of(folder) == before
    changed = write(tmp_path / "changed.csv", [rows[0] | {"label": "neutral"}, *rows[1:]])
    with pytest.raises(InputError, match="items.1: guild/1/1 on toll was imported from this sheet with another answer"):
        import_answers(folder, changed)
    assert files_of(folder) == before


def test_what_was_left_open_on_a_sheet_can_be_asked_on_another_with_the_chance_it_had(folder, tmp_path):
    export_sheets(folder, "ada", tmp_path / "1", Request(share=0.8, labels_only=True))
    rows = rows_of(tmp_path / "1/sheet.csv")
    import_answers(folder, write(tmp_path / "a.csv", fill(rows[:2], ABOUT)), partial=True)
    plan = draw(folder, "ada", Request(share=0.9, labels_only=True)).plan
    assert {(item.sentence_id, item.target_id) for item in plan.items} <= set(pairs_of(rows[2:]))
    assert {round(item.probability, 9) for item in plan.items} == {0.72}


def test_a_person_has_no_sheet_of_a_model(harbour):
    with pytest.raises(KazstanceError, match="'a' is a model in annotations/annotators.toml"):
        draw(harbour, "a")


def test_annotators_differ_in_more_than_case(folder, tmp_path):
    judge(folder, "ada", tmp_path / "1")
    with pytest.raises(KazstanceError, match="'Ada' differs from 'ada' only in case"):
        draw(folder, "Ada")


def test_empty_labels_count_as_none_where_a_sentence_is_done_and_are_kept_apart(folder, tmp_path):
    export_sheets(folder, "ada", tmp_path / "1", LABELS_ONLY)
    rows = fill(rows_of(tmp_path / "1/sheet.csv"), {**ABOUT, ("guild/1/2", "toll"): "none"}, empty="")
    with pytest.raises(InputError, match=r"missing items \(8\)"):
        import_answers(folder, write(tmp_path / "a.csv", rows))
    seen = set()
    for row in rows:  # one mark for each sentence, on any of its rows
        row["done"] = "" if row["sentence_id"] in seen else random.Random(1).choice(("x", "X", "yes", "TRUE"))
        seen.add(row["sentence_id"])
    (done,) = import_answers(folder, write(tmp_path / "a.csv", rows))
    assert (done.answered, done.omitted) == (12, 8)
    lines = [json.loads(line) for line in (folder / "annotations/ada.jsonl").read_text().splitlines()]
    typed = {(line["sentence_id"], row["target_id"]): row["label"] for line in lines for row in line["judgements"]}
    assert typed == {**ABOUT, ("guild/1/2", "toll"): "none"}
    assert {(line["sentence_id"], target) for line in lines for target in line["covered"]} == ALL
    assert grid(folder, tmp_path / "data") == {pair: ABOUT.get(pair, "none") for pair in ALL}
    (ada,) = status(folder).annotators
    assert (ada.pairs, ada.about, ada.omitted) == (12, 3, 8)


def test_some_pairs_ask_for_a_typed_answer(folder, tmp_path):
    request = Request(typed=0.5, labels_only=True)
    export_sheets(folder, "ada", tmp_path / "1", request, seed=3)
    rows = fill(rows_of(tmp_path / "1/sheet.csv"), ABOUT, empty="")
    rows = [row | {"done": "x"} for row in rows]
    needed = {pair for pair, row in zip(pairs_of(rows), rows, strict=True) if row["answer"] == "needed"}
    assert 2 < len(needed) < 10
    with pytest.raises(InputError) as caught:
        import_answers(folder, write(tmp_path / "a.csv", rows))
    assert len(caught.value.problems) == len(needed - ABOUT.keys())
    assert {problem.message for problem in caught.value.problems} == {
        "'', expected a label, also if it is none: an answer is needed here"
    }
    rows = [row | {"label": row["label"] or "none"} if row["answer"] else row for row in rows]
    import_answers(folder, write(tmp_path / "a.csv", rows))
    about = len(needed & ABOUT.keys()), len(needed), len(ABOUT.keys() - needed), 12 - len(needed)
    (found,) = status(folder).missed
    assert found.missed == missed(*about)
    assert found.missed.value == pytest.approx((about[0] / about[1] - about[2] / about[3]) * about[3])


def test_what_was_missed_is_estimated_with_the_published_interval():
    """Newcombe (1998), table II, method 10: 56/70 against 48/80 gives 0.0524 to 0.3339."""
    found = missed(56, 70, 48, 80)
    assert (found.value / 80, found.low / 80, found.high / 80) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_status_counts_what_there_is(folder, tmp_path):
    judge(folder, "ada", tmp_path / "1")
    judge(
        folder,
        "ben",
        tmp_path / "2",
        {**ABOUT, ("guild/1/1", "toll"): "against"},
        Request(sources=("guild",), labels_only=True),
    )
    export_sheets(folder, "cy", tmp_path / "3")
    found = status(folder)
    assert (
        found.whole.pairs,
        found.whole.by_nobody,
        found.whole.by_one,
        found.whole.by_more,
        found.whole.undecided,
    ) == (12, 0, 4, 8, 1)
    assert [(row.scope, row.by_one, row.by_more) for row in found.by_source] == [("guild", 0, 8), ("press", 4, 0)]
    assert sum(row.pairs for row in found.by_target) == 12
    assert sorted((sheet.annotator, sheet.items, sheet.imported) for sheet in found.sheets) == [
        ("ada", 12, 12),
        ("ben", 8, 8),
        ("cy", 12, 0),
    ]
    krippendorff = pytest.importorskip("krippendorff")
    ben = [3] * 8
    ada = list(ben)
    ada[0], ben[0] = 2, 0
    assert found.agreement["people"].value == pytest.approx(
        krippendorff.alpha([ada, ben], level_of_measurement="nominal")
    )
    printed = call("annotate status", corpus=folder)
    assert printed.exit_code == 0
    assert "agreement among people" in printed.stdout
    assert json.loads(call("annotate status", "--json", corpus=folder).stdout)["whole"]["pairs"] == 12


def test_a_status_of_a_corpus_that_nobody_judged(folder):
    found = status(folder)
    assert (found.whole.by_nobody, found.annotators, dict(found.agreement), found.sheets) == (12, (), {}, ())


PEOPLE = (
    "--name",
    "Ada Lovelace",
    "--training",
    "two hours",
    "--pay",
    "15 EUR an hour",
    "--consent",
    "to publish the labels",
)


def test_people_have_pseudonyms_in_all_that_is_published(folder, tmp_path):
    export_sheets(folder, "P1", tmp_path / "1", LABELS_ONLY)
    filled = write(tmp_path / "filled.csv", fill(rows_of(tmp_path / "1/sheet.csv"), ABOUT))
    assert call("annotate import", *PEOPLE, corpus=folder, sheet=filled).exit_code == 0
    assert read(folder).annotators[0].value.name == "Ada Lovelace"
    out = tmp_path / "data"
    out.mkdir()
    build(folder, out, quiet)
    (row,) = kazstance.load("annotators", data=out)
    assert (row.annotator_id, row.name) == ("P1", None)
    assert (row.training, row.pay, row.consent) == ("two hours", "15 EUR an hour", "to publish the labels")
    assert [path for path in out.rglob("*") if path.is_file() and b"Lovelace" in path.read_bytes()] == []


def test_a_dataset_without_such_facts_has_no_columns_for_them(harbour_data):
    assert "pay" not in kazstance.table("annotators", data=harbour_data).column_names


def test_rounds_on_the_command_line(folder, tmp_path):
    """Two annotators, a split pair and its adjudication in eight commands, nothing of it written by hand but answers."""
    places = {"corpus": folder, "annotator": "ada", "out": tmp_path / "sheets"}
    assert call("annotate export", "--annotator", "ben", "--labels-only", "--typed", "0", **places).exit_code == 0
    for name, about in (("ada", ABOUT), ("ben", {})):
        rows = fill(rows_of(tmp_path / f"sheets/{name}/sheet.csv"), about, empty="")
        filled = write(tmp_path / f"{name}.csv", [row | {"done": "x"} for row in rows])
        done = call("annotate import", corpus=folder, sheet=filled)
        assert done.exit_code == 0, done.output
        assert "left empty and counted as none" in done.stdout
    assert call("annotate adjudicate", corpus=folder, out=tmp_path / "split").exit_code == 0
    rows = [
        row | {"label": "FAVOUR", "rule": "1", "reason": "it says so"} for row in rows_of(tmp_path / "split/sheet.csv")
    ]
    assert call("annotate import", corpus=folder, sheet=write(tmp_path / "ruled.csv", rows)).exit_code == 0
    labels = grid(folder, tmp_path / "data")
    assert {pair for pair, label in labels.items() if label == "favor"} == ABOUT.keys()
    assert call("annotate undo", corpus=folder, sheet=rows[0]["sheet"]).exit_code == 0
    assert len([label for label in grid(folder, tmp_path / "data2").values() if label is None]) == 3


def test_two_exports_at_once_lose_nothing(folder, tmp_path):
    command = [sys.executable, "-m", "kazstance", "annotate", "export", str(folder)]
    runs = [
        subprocess.Popen(
            [*command, "--annotator", name, "--out", str(tmp_path / name)], stderr=subprocess.PIPE, text=True
        )
        for name in ("ada", "ben")
    ]
    for name, run in zip(("ada", "ben"), runs, strict=True):
        error = run.communicate()[1]
        if run.returncode:
            assert "another kazstance process is writing it" in error
            export_sheets(folder, name, tmp_path / name)
    assert {sheet.annotator for sheet in status(folder).sheets} == {"ada", "ben"}


def test_an_export_that_fails_leaves_no_plan(harbour, tmp_path):
    (tmp_path / "taken").write_text("")
    before = files_of(harbour, without="-")
    with pytest.raises(KazstanceError):
        export_sheets(harbour, "ada", tmp_path / "taken")
    assert files_of(harbour, without="-") == before


@pytest.mark.parametrize("column", ["item", "label", "sentence_id"])
def test_a_missing_column_is_the_only_problem_of_a_sheet(tmp_path, column):
    folder = corpus(tmp_path / "corpus")
    export_sheets(folder, "ada", tmp_path / "sheets", LABELS_ONLY)
    rows = fill(rows_of(tmp_path / "sheets/sheet.csv"), ABOUT)
    kept = [{name: value for name, value in row.items() if name != column} for row in rows]
    with pytest.raises(InputError) as fault:
        import_answers(folder, write(tmp_path / "filled.csv", kept))
    assert str(fault.value) == f"filled.csv:1: no column {column}; expected the columns of the sheet as exported"


def test_deleted_rows_are_told_apart_from_empty_labels(tmp_path):
    folder = corpus(tmp_path / "corpus")
    export_sheets(folder, "ada", tmp_path / "sheets", LABELS_ONLY)
    rows = fill(rows_of(tmp_path / "sheets/sheet.csv"), ABOUT)
    with pytest.raises(InputError, match="put back what was deleted, 2 rows; --partial imports"):
        import_answers(folder, write(tmp_path / "filled.csv", [rows[0] | {"label": ""}, *rows[3:]]))


def test_a_sheet_can_be_imported_again_after_a_sentence_was_changed(tmp_path):
    """The remedy that the message names leads to a corpus that can be read, with all other answers."""
    folder = corpus(tmp_path / "corpus")
    judge(folder, "ada", tmp_path / "sheets")
    (folder / "curation").mkdir(exist_ok=True)
    (folder / "curation/units.csv").write_text(
        "source_id,raw,action,value,reason\npress,The quay is old.,kind,byline,for a test\n"
    )
    found = CliRunner().invoke(app, ["check", str(folder)])
    assert "`kazstance annotate undo` and import it again with --partial" in found.stderr
    sheet = tmp_path / "sheets/filled.csv"
    for step in (
        ["annotate", "undo", str(folder), "ada"],
        ["annotate", "import", str(folder), str(sheet), "--partial"],
    ):
        done = CliRunner().invoke(app, step)
        assert done.exit_code == 0, done.stderr
    done = CliRunner().invoke(app, ["check", str(folder)])
    assert (done.exit_code, done.stderr) == (0, "")


def test_decisions_written_by_hand_lead_to_the_command_that_asks_for_them(folder, tmp_path):
    (folder / "annotations/adjudications.jsonl").write_text('{"sentence_id": "dockers/1/1", "label": "favor"}\n')
    with pytest.raises(InputError) as error:
        build(folder, tmp_path, quiet)
    lines = str(error.value).splitlines()
    assert "annotations/adjudications.jsonl:1: reason: missing, expected a value" in lines
    assert sum("kazstance annotate adjudicate" in line for line in lines) == 1


def test_a_target_that_was_judged_and_renamed_is_named_with_what_to_do(tmp_path):
    folder = Path(shutil.copytree(HARBOUR, tmp_path / "harbour"))
    targets = folder / "targets.toml"
    targets.write_text(targets.read_text().replace('id = "strike"', 'id = "walkout"'))
    with pytest.raises(InputError) as error:
        build(folder, tmp_path, quiet)
    lines = str(error.value).splitlines()
    assert any("'strike', expected one of toll, walkout, line_pays" in line for line in lines)
    assert sum("put it back in targets.toml" in line for line in lines) == 1
