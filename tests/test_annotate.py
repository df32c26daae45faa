"""The way in for people: exported, filled, brought in, built; and thirty broken sheets, each refused."""

import csv
import io
import json
import re
import shutil
import subprocess
import tomllib
import venv
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

import kazstance
from kazstance.annotate.drawing import draw
from kazstance.annotate.filled_sheet import Person, import_answers
from kazstance.annotate.plan import Request, plan_file, read_plans
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.cli import app
from kazstance.corpus.build import build
from kazstance.corpus.read import read
from kazstance.errors import InputError, KazstanceError
from tests.commands import argv, call
from tests.conftest import quiet

ANSWERS = {  # made up for the tests
    ("dockers/1/1", "toll"): ("against", "explicit", "sure", ["No to"]),
    ("dockers/5/1", "strike"): ("favor", "explicit", "sure", ["holds", "will hold"]),
    ("dockers/5/2", "strike"): ("against", "implicit", "unsure", ["joined it"]),
    ("dockers/8/1", "toll"): ("against", "explicit", "sure", ["Away with"]),
    ("merchants/3/3", "toll"): ("favor", "explicit", "sure", ["fairest"]),
    ("merchants/4/1", "strike"): ("against", "explicit", "sure", ["harms"]),
    ("gazette/2/1", "strike"): ("neutral", "", "sure", ["went on strike"]),
}


@pytest.fixture
def sheet(harbour, tmp_path):
    """A corpus with the sheets for one annotator, all questions."""
    export_sheets(harbour, "p1", tmp_path / "sheets")
    return tmp_path / "sheets"


@pytest.mark.parametrize(("tags", "is_right"), [(["en", "en", "en"], False), (["ar", "he", "en"], True)])
def test_texts_from_right_to_left_are_shown_so(harbour, tmp_path, tags, is_right):
    """In Label Studio a view hands its style on to what is in it; the target is the codebook's."""
    sources = iter(tags)
    text = (harbour / "sources.toml").read_text()
    settings = re.sub('(?m)^language = "en"', lambda _: f'language = "{next(sources)}"\nsegmenter = "nupunkt"', text)
    (harbour / "sources.toml").write_text(settings)
    export_sheets(harbour, "p1", tmp_path / "sheets")
    view = ET.parse(tmp_path / "sheets" / "config.xml").getroot()
    turned = view.findall(".//View[@style]")
    assert [box.get("style") for box in turned] == ["direction: rtl; text-align: right"] * is_right
    assert {text.get("name") for box in turned for text in box.iter("Text")} == (
        {"source", "speaker", "before", "text", "after"} if is_right else set()
    )
    names = {"definition", "source", "speaker", "before", "text", "after"}
    assert {text.get("name") for text in view.iter("Text")} == names


def read_rows(folder):
    return list(csv.DictReader(io.StringIO((folder / "sheet.csv").read_text(encoding="utf-8-sig"), newline="")))


def fill_csv(folder, answers=ANSWERS):
    """Answer as a person would in a spreadsheet: none everywhere else."""
    rows = read_rows(folder)
    for row in rows:
        key = row["sentence_id"], row["target_id"]
        label, explicitness, certainty, evidence = answers.get(key, ("none", "", "", []))
        row |= {"label": label, "explicitness": explicitness, "certainty": certainty, "evidence": " ++ ".join(evidence)}
    return rows


def write_rows(folder, rows):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    (folder / "filled.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    return folder / "filled.csv"


def fill_label_studio(folder, answers=ANSWERS):
    """Answer in the shape that Label Studio exports."""
    tasks = json.loads((folder / "tasks.json").read_text())
    for number, task in enumerate(tasks, 1):
        text = task["data"]["text"]
        key = task["data"]["sentence_id"], task["data"]["target_id"]
        label, explicitness, certainty, evidence = answers.get(key, ("none", "", "sure", []))
        chosen = {"label": label, "explicitness": explicitness, "certainty": certainty}
        result = [
            {
                "id": name,
                "from_name": name,
                "to_name": "text",
                "type": "choices",
                "origin": "manual",
                "value": {"choices": [value]},
            }
            for name, value in chosen.items()
            if value
        ]
        for i, span in enumerate(evidence):
            value = {
                "start": text.index(span),
                "end": text.index(span) + len(span),
                "text": span,
                "labels": ["evidence"],
            }
            result.append(
                {
                    "id": f"e{i}",
                    "from_name": "evidence",
                    "to_name": "text",
                    "type": "labels",
                    "origin": "manual",
                    "value": value,
                }
            )
        note = {
            "id": "n",
            "from_name": "note",
            "to_name": "text",
            "type": "textarea",
            "origin": "manual",
            "value": {"text": ["seen"]},
        }
        result += [note] if evidence else []
        task |= {
            "id": number,
            "annotations": [{"id": number, "completed_by": 1, "result": result, "was_cancelled": False, "ground_truth": False, "lead_time": 9.5}],
            "drafts": [], "predictions": [], "meta": {}, "file_upload": "tasks.json", "project": 1,
        }  # fmt: skip
    return tasks


def write_tasks(folder, tasks):
    (folder / "export.json").write_text(json.dumps(tasks))
    return folder / "export.json"


def test_a_sheet_keeps_its_byte_order_mark_in_a_spreadsheet_program(sheet, harbour):
    filled = write_rows(sheet, fill_csv(sheet))
    marked = filled.with_name("marked.csv")
    marked.write_text("\ufeff" + filled.read_text(encoding="utf-8"), encoding="utf-8", newline="")
    assert import_answers(harbour, marked)[0].file.is_file()


def test_the_sheet_is_whole_blind_and_in_the_order_of_the_texts(harbour, sheet):
    rows = read_rows(sheet)
    assert len(rows) == 23 * 3
    assert [row["item"] for row in rows] == [str(i + 1) for i in range(69)]
    assert all(
        row[column] == "" for row in rows for column in ("label", "explicitness", "certainty", "evidence", "note")
    )
    assert rows[0]["sentence"] == "No to the harbour toll!"
    assert {row["target"] for row in rows} == {
        "the harbour toll",
        "the strike of the dockers",
        "The shipping line pays its share.",
    }
    for name in ("sheet.csv", "tasks.json", "config.xml"):
        text = (sheet / name).read_text(encoding="utf-8")
        assert "made up for the tests" not in text
        assert "robbery" in text or name == "config.xml"
        assert "probability" not in text


@pytest.mark.parametrize("way", ["csv", "label studio"])
def test_round_trip(way, harbour, sheet, tmp_path):
    filled = write_rows(sheet, fill_csv(sheet)) if way == "csv" else write_tasks(sheet, fill_label_studio(sheet))
    import_answers(harbour, filled, person=Person(name="made up", note='for "the" tests', date=None))
    who = {a["id"]: a for a in tomllib.loads((harbour / "annotations/annotators.toml").read_text())["annotator"]}
    assert who["p1"] == {"id": "p1", "origin": "human", "name": "made up", "note": 'for "the" tests'}
    (tmp_path / "out").mkdir()
    build(harbour, tmp_path / "out", quiet)
    found = {
        (r.sentence_id, r.target_id): r
        for r in kazstance.load("judgements", data=tmp_path / "out")
        if r.annotator_id == "p1"
    }
    assert len(found) == 69
    for key, row in found.items():
        label, explicitness, certainty, _ = ANSWERS.get(key, ("none", "", "", []))
        assert row.label_name == label
        assert (row.explicitness or "") == explicitness
        if label != "none":
            assert row.certainty == certainty
    grid = {(r.sentence_id, r.target_id): r for r in kazstance.load("grid", data=tmp_path / "out")}
    assert {row.origin for row in grid.values()} == {"human"}
    assert grid["dockers/5/2", "strike"].label_name == "against"
    text = {s.sentence_id: s.text for s in kazstance.load("sentences", data=tmp_path / "out")}
    row = found["dockers/5/1", "strike"]
    assert [text["dockers/5/1"][s.start : s.end] for s in row.evidence] == ["holds", "will hold"]
    assert found["dockers/1/1", "toll"].note == (None if way == "csv" else "seen")


AGAIN = ANSWERS | {("dockers/5/2", "strike"): ("favor", "implicit", "sure", ["joined it"])}


def test_a_second_round_of_an_annotator_is_appended_and_counts(harbour, sheet, tmp_path):
    import_answers(harbour, write_rows(sheet, fill_csv(sheet)), person=Person(name="Ada"))
    first, annotators = (
        (harbour / "annotations/p1.jsonl").read_bytes(),
        (harbour / "annotations/annotators.toml").read_bytes(),
    )
    with pytest.raises(KazstanceError, match="no pair is open for 'p1'; .*ask again with --round 2"):
        export_sheets(harbour, "p1", tmp_path / "again")
    command = [*argv("annotate export", corpus=harbour, annotator="p1", out=tmp_path / "again"), "--round", "2"]
    assert CliRunner().invoke(app, command).exit_code == 0
    filled = write_rows(tmp_path / "again", fill_csv(tmp_path / "again", AGAIN))
    command = argv("annotate import", corpus=harbour, sheet=filled)
    for _ in range(2):  # again changes nothing
        assert CliRunner().invoke(app, command).exit_code == 0
        both = (harbour / "annotations/p1.jsonl").read_bytes()
        rows = [json.loads(line) for line in both.removeprefix(first).splitlines()]
        assert {row["round"] for row in rows} == {2}
        assert len(rows) == len(first.splitlines())
        assert (harbour / "annotations/annotators.toml").read_bytes() == annotators
    write_rows(tmp_path / "again", fill_csv(tmp_path / "again"))
    with pytest.raises(InputError, match="was imported from this sheet with another answer; first withdraw it"):
        import_answers(harbour, filled)
    assert (harbour / "annotations/p1.jsonl").read_bytes() == both


def test_a_later_round_of_somebody_new_is_refused(harbour, tmp_path):
    with pytest.raises(KazstanceError, match="'p9' has not judged yet, expected round 1"):
        export_sheets(harbour, "p9", tmp_path / "sheets", number=2)
    assert not (tmp_path / "sheets").exists()


def test_a_sample_has_its_probabilities_recorded(harbour, tmp_path):
    request = Request(share=0.9, share_none=0.3)
    sheet = draw(harbour, "p1", request, seed=5)
    silent = {(i.sentence_id, i.target_id): i.probability for i in sheet.plan.items}
    assert set(silent.values()) == {0.9, 0.3}
    assert silent["dockers/1/1", "toll"] == 0.9
    assert all(p == 0.3 for (s, t), p in silent.items() if (s, t) == ("gazette/2/1", "toll"))
    assert 0.9 * 18 + 0.3 * 51 - 15 < len(silent) < 0.9 * 18 + 0.3 * 51 + 15  # four standard deviations
    assert draw(harbour, "p1", request, seed=5) == sheet
    export_sheets(harbour, "p1", tmp_path / "sheets", request, seed=5)
    import_answers(harbour, write_rows(tmp_path / "sheets", fill_csv(tmp_path / "sheets")))
    (tmp_path / "out").mkdir()
    build(harbour, tmp_path / "out", quiet)
    rows = [r for r in kazstance.load("judgements", data=tmp_path / "out") if r.annotator_id == "p1"]
    assert {(r.sentence_id, r.target_id): r.probability for r in rows} == silent


def test_no_cell_begins_a_formula(harbour, tmp_path):
    """A corpus whose sentences are formulas; the sheet disarms them, and still comes back."""
    import hashlib

    text = (harbour / "texts/gazette.txt").read_text()
    changed = text.replace(
        "The dockers of Port Lenz went on strike on Monday.", "=HYPERLINK(A1) went on strike on Monday."
    )
    (harbour / "texts/gazette.txt").write_text(changed)
    sums = (harbour / "SHA256SUMS").read_text()
    (harbour / "SHA256SUMS").write_text(
        sums.replace(hashlib.sha256(text.encode()).hexdigest(), hashlib.sha256(changed.encode()).hexdigest())
    )
    shift = len(changed) - len(text)
    units = (harbour / "curation/units.csv").read_text()
    for start, end in re.findall(r"gazette,(\d+),(\d+),", units):
        if int(start) > 40:
            units = units.replace(f"gazette,{start},{end},", f"gazette,{int(start) + shift},{int(end) + shift},")
    (harbour / "curation/units.csv").write_text(units)
    new = hashlib.sha256(b"=HYPERLINK(A1) went on strike on Monday.").hexdigest()[:12]
    for name in "ab":
        file = harbour / f"annotations/{name}.jsonl"
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        for row in rows:
            if row["sentence_id"] == "gazette/2/1":
                row["text_hash"] = new
                row["judgements"][0]["evidence"][0]["start"] = 15
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    export_sheets(harbour, "p1", tmp_path / "sheets")
    cells = [cell for row in read_rows(tmp_path / "sheets") for cell in row.values()]
    assert "'=HYPERLINK(A1) went on strike on Monday." in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    filled = write_rows(tmp_path / "sheets", fill_csv(tmp_path / "sheets"))
    assert import_answers(harbour, filled)[0].file.is_file()


def test_the_configuration_shows_the_codebook_and_survives_its_signs(harbour, tmp_path):
    (harbour / "CODEBOOK.md").write_text('# Rules\n\n1. <b>"Relevance" & side</b>\n\n2. $target')
    export_sheets(harbour, "p1", tmp_path / "sheets")
    view = ET.fromstring((tmp_path / "sheets" / "config.xml").read_text())
    values = [header.get("value") for header in view.iter("Header")]
    assert '1. <b>"Relevance" & side</b>' in values
    assert [choice.get("value") for choice in view.find("Choices[@name='label']")] == [
        "against",
        "neutral",
        "favor",
        "none",
    ]


VALIDATE = """
import json, sys
from pathlib import Path
from label_studio_sdk.label_interface import LabelInterface
done = 0
for name in sys.argv[1:]:
    folder = Path(name)
    interface = LabelInterface((folder / "config.xml").read_text(encoding="utf-8"))
    interface.validate()
    for task in json.loads((folder / "tasks.json").read_text(encoding="utf-8")):
        predictions = task.pop("predictions", [])
        assert interface.validate_task(task), task
        for prediction in predictions:
            assert interface.validate_prediction(prediction), prediction
    export = folder / "export.json"
    for task in json.loads(export.read_text()) if export.exists() else []:
        for annotation in task["annotations"]:
            assert interface.validate_annotation(annotation), annotation
            done += 1
print(done)
"""


@pytest.mark.full
def test_label_studio_takes_configuration_tasks_and_annotations(root, tmp_path, sheet):
    """Validated by Label Studio's own library, in an environment of its own: it asks for older versions."""
    copy = shutil.copytree(root / "raw", tmp_path / "corpus")
    export_sheets(copy, "p1", tmp_path / "raw", Request(share=0.01, suggested_by="r1"))
    write_tasks(sheet, fill_label_studio(sheet))
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "label-studio-sdk>=2"], check=True)
    command = [python, "-c", VALIDATE, sheet, tmp_path / "raw"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "69"


def change(rows, number, /, **cells):
    rows[number - 1] |= cells


def swap(rows):
    rows[0]["sentence"], rows[30]["sentence"] = rows[30]["sentence"], rows[0]["sentence"]


BROKEN = {
    "an unknown label": (lambda r: change(r, 1, label="maybe"), "filled.csv:2: label: 'maybe', expected one of against, neutral, favor, none"),
    "no label": (lambda r: change(r, 1, label="", explicitness="", certainty="", evidence=""), r"filled.csv: item: missing items \(1\): 1; expected a label for each, .*"),
    "no label beside evidence": (lambda r: change(r, 1, label=""), "filled.csv:2: evidence: 'No to', expected an empty cell, or a label beside it"),
    "an unknown mark": (lambda r: change(r, 1, done="not yet"), "filled.csv:2: done: 'not yet', expected x, or an empty cell"),
    "no explicitness": (lambda r: change(r, 1, explicitness=""), "filled.csv:2: explicitness: '', expected explicit or implicit"),
    "an unknown explicitness": (lambda r: change(r, 1, explicitness="yes"), "filled.csv:2: explicitness: 'yes', expected explicit or implicit"),
    "explicitness beside none": (lambda r: change(r, 2, explicitness="explicit"), "filled.csv:3: explicitness: 'explicit', expected an empty cell with the label none"),
    "explicitness beside neutral": (lambda r: change(r, 1, label="neutral"), "filled.csv:2: explicitness: 'explicit', expected an empty cell with the label neutral"),
    "no certainty": (lambda r: change(r, 1, certainty=""), "filled.csv:2: certainty: '', expected sure or unsure"),
    "an unknown certainty": (lambda r: change(r, 1, certainty="90 %"), "filled.csv:2: certainty: '90 %', expected sure or unsure"),
    "no evidence": (lambda r: change(r, 1, evidence=""), "filled.csv:2: evidence: '', expected a part of the sentence, unless the label is none"),
    "evidence beside none": (lambda r: change(r, 2, evidence="No to"), "filled.csv:3: evidence: 'No to', expected a part of the sentence, unless the label is none"),
    "evidence that is not in the sentence": (lambda r: change(r, 1, evidence="Yes to"), "filled.csv:2: evidence: 'Yes to', expected a part of 'No to the harbour toll!'"),
    "one of two spans is not": (lambda r: change(r, 1, evidence="No to ++ tolls"), "filled.csv:2: evidence: 'tolls', expected a part of 'No to the harbour toll!'"),
    "a changed sentence": (lambda r: change(r, 1, sentence="Yes to the harbour toll!"), "filled.csv:2: sentence: 'Yes to the harbour toll!', expected 'No to the harbour toll!', as exported"),
    "a changed target": (lambda r: change(r, 1, target_id="strike"), "filled.csv:2: target_id: 'strike', expected 'toll', as exported"),
    "a changed definition": (lambda r: change(r, 1, definition="x"), "filled.csv:2: definition: 'x', expected '.*', as exported"),
    "swapped sentences": (swap, "filled.csv:32: sentence: 'No to the harbour toll!', expected '.*', as exported"),
    "a missing row": (lambda r: r.pop(4), r"filled.csv: item: missing items \(1\): 5; expected a label for each, .*"),
    "many missing rows": (lambda r: r.__delitem__(slice(10, None)), r"filled.csv: item: missing items \(59\): 11, 12, .*, 20, …; expected a label for each, .*"),
    "a doubled row": (lambda r: r.append(dict(r[0])), "filled.csv:71: item: 1 also appears on line 2, expected once"),
    "an unknown item": (lambda r: change(r, 1, item="700"), "filled.csv:2: item: '700', expected an item of the sheet"),
    "an item that is no number": (lambda r: change(r, 1, item="one"), "filled.csv:2: item: 'one', expected an item of the sheet"),
    "an item of zero": (lambda r: change(r, 1, item="0"), "filled.csv:2: item: '0', expected an item of the sheet"),
    "a note as long as a book": (lambda r: change(r, 1, note="x" * 2_001), "filled.csv:2: note: 'x+', expected at most 2,000 characters"),
    "a missing column": (lambda r: [row.pop("certainty") for row in r], "filled.csv:1: no column certainty; expected the columns of the sheet as exported"),
}  # fmt: skip


def state(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def check_refused(harbour, filled, expected, *more):
    before = state(harbour)
    result = call("annotate import", *more, corpus=harbour, sheet=filled)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert state(harbour) == before
    assert any(re.fullmatch(expected, line) for line in result.stderr.splitlines()), result.stderr


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_csv_sheet_is_refused_with_row_and_reason(fault, harbour, sheet):
    spoil, expected = BROKEN[fault]
    rows = fill_csv(sheet)
    spoil(rows)
    check_refused(harbour, write_rows(sheet, rows), expected)


def result_of(tasks, number):
    return tasks[number - 1]["annotations"][0]["result"]


BROKEN_TASKS = {
    "no annotation": (lambda t: t[0].update(annotations=[]), r"export.json: item: missing items \(1\): 1; .*"),
    "only a cancelled one": (lambda t: t[0]["annotations"][0].update(was_cancelled=True), r"export.json: item: missing items \(1\): 1; .*"),
    "nothing at all": (lambda t: [task.update(annotations=[]) for task in t], "export.json: annotations: no task was submitted, .*"),
    "two annotations": (lambda t: t[0]["annotations"].append(t[1]["annotations"][0]), "export.json:1: annotations: 2 submitted, expected 1 by each annotator; .*"),
    "no result": (lambda t: t[0]["annotations"][0].update(result=[]), "export.json:1: label: 'nothing', expected one of against, neutral, favor, none"),
    "two labels": (lambda t: result_of(t, 1).append(result_of(t, 1)[0]), "export.json:1: label: 'against against', expected one of .*"),
    "words that are not there": (lambda t: result_of(t, 1)[3]["value"].update(text="No to a"), "export.json:1: evidence: 'No to a', expected a part of 'No to the harbour toll!'"),
    "a span without text": (lambda t: result_of(t, 1)[3]["value"].pop("text"), "export.json:1: evidence: no text, expected the words that were marked"),
    "another text": (lambda t: t[0]["data"].update(text="Yes!"), "export.json:1: data: the text or target differs from the one exported for this item"),
    "an unknown sentence": (lambda t: t[0]["data"].update(sentence_id="dockers/70/1"), "export.json:1: data: dockers/70/1 on toll, expected an item of the sheet"),
    "no data": (lambda t: t[0].pop("data"), "export.json:1: data: Field required"),
    "a task that is a text": (lambda t: t.__setitem__(0, "x"), "export.json:1: Input should be a valid dictionary .*"),
    "a doubled task": (lambda t: t.append(t[0]), "export.json:70: item: 1 also appears on line 1, expected once"),
    "another corpus": (lambda t: t[0]["data"].update(sheets={"p1": "airport/0123456789ab"}), "export.json: a sheet of the corpus 'airport', expected one of 'harbour'"),
    "a sheet that nobody knows": (lambda t: t[0]["data"].update(sheets={"p1": "harbour/0123456789ab"}), "export.json: no sheet '0123456789ab' in annotations/sheets, .*"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN_TASKS)
def test_a_broken_label_studio_export_is_refused_with_task_and_reason(fault, harbour, sheet):
    spoil, expected = BROKEN_TASKS[fault]
    tasks = fill_label_studio(sheet)
    spoil(tasks)
    check_refused(harbour, write_tasks(sheet, tasks), expected)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe", "x.csv:1: no columns, expected the sheet as exported"),
        (b"", "x.csv:1: no columns, expected the sheet as exported"),
        (b"%PDF-1.7", "x.csv:1: this looks like a PDF file, .*"),
        (b"id,text\n1,No\n", "x.csv: no column sheet; expected the sheet as exported, .*"),
    ],
)
def test_a_file_that_is_no_sheet(content, expected, harbour, sheet):
    (sheet / "x.csv").write_bytes(content)
    check_refused(harbour, sheet / "x.csv", expected)


@pytest.mark.parametrize(
    ("content", "expected"), [("{", "x.json:1: .*, expected JSON"), ("{}", "x.json: dict, expected a list of tasks")]
)
def test_a_file_that_is_no_export(content, expected, harbour, sheet):
    (sheet / "x.json").write_text(content)
    check_refused(harbour, sheet / "x.json", expected)


def test_a_file_of_another_kind_is_refused(harbour, sheet):
    (sheet / "filled.ods").write_bytes(b"PK")
    check_refused(
        harbour,
        sheet / "filled.ods",
        ".*'.ods', expected a sheet as .csv, .tsv, .txt, .xlsx, .json; save it as one of these",
    )


def test_a_sheet_of_another_corpus_is_refused_and_both_are_named(harbour, sheet):
    filled = write_rows(sheet, [row | {"sheet": row["sheet"].replace("harbour", "airport")} for row in fill_csv(sheet)])
    check_refused(harbour, filled, "filled.csv: a sheet of the corpus 'airport', expected one of 'harbour'")


@pytest.mark.parametrize("field", ["sheet", "annotator"])
def test_rows_of_several_sheets_are_refused(field, harbour, sheet):
    rows = fill_csv(sheet)
    rows[1][field] = "harbour/0123456789ab"
    check_refused(
        harbour, write_rows(sheet, rows), f"filled.csv: rows of {field} .* and .*, expected those of one {field}"
    )


def plan_of(harbour):
    (plan,) = read_plans(harbour).values()
    return harbour / plan_file(plan.sheet), plan


@pytest.mark.parametrize("change", [('"p1"', '"a"'), ('"probability":1.0', '"probability":0.5')])
def test_a_plan_that_was_changed_is_refused(change, harbour, sheet):
    file, plan = plan_of(harbour)
    file.write_text(file.read_text().replace(*change))
    filled = write_rows(sheet, fill_csv(sheet))
    check_refused(harbour, filled, f"{plan_file(plan.sheet)}: sheet: .*, the plan was changed after the export")


def test_a_text_that_was_changed_since_the_export_is_named(harbour, sheet):
    filled, (_, plan) = write_rows(sheet, fill_csv(sheet)), plan_of(harbour)
    for name in ("a", "b"):
        file = harbour / f"annotations/{name}.jsonl"
        file.write_text("\n".join(file.read_text().split("\n")[1:]))
    repairs = harbour / "curation/repairs.csv"
    repairs.write_text(repairs.read_text() + "dockers,0,2,No,Nay,stray_sign,a test\n")
    expected = f"{plan_file(plan.sheet)}: items.1: dockers/1/1 has changed since the sheet was made, expected .*"
    check_refused(harbour, filled, expected)
    check_refused(harbour, filled, "--partial imports the answers to all other questions")
    done = call("annotate import", "--partial", corpus=harbour, sheet=filled)
    assert done.exit_code == 0, done.stderr
    assert "3 items were left out: sentence or target has changed" in done.stderr
    assert len(read(harbour).readings["p1"]) == 22
    assert {item.sentence_id for item in draw(harbour, "p1").plan.items} == {"dockers/1/1"}


FORMER = ("item", "annotator", "speaker", "before", "sentence", "after", "target_id", "target", "definition")
"""The columns of a sheet of version 0.3 that were not to be filled in, and its plan, which was handed over apart."""


def test_a_sheet_of_version_0_3_is_imported_with_its_plan(harbour, sheet):
    file, plan = plan_of(harbour)
    items = [
        item.model_dump(include={"item", "sentence_id", "target_id", "text_hash", "probability"}) for item in plan.items
    ]
    old = {"corpus": "harbour", "annotator": "p1", "seed": 1, "round": 1, "items": items}
    (sheet / "plan.json").write_text(json.dumps(old))
    answered = ("label", "explicitness", "certainty", "evidence", "note")
    rows = [{name: row.get(name, "") for name in (*FORMER, *answered)} for row in fill_csv(sheet)]
    filled = write_rows(sheet, rows)
    file.unlink()
    check_refused(harbour, filled, "filled.csv: no column sheet; expected .* --plan for one of 0.3")
    done = call("annotate import", "--plan", sheet / "plan.json", corpus=harbour, sheet=filled)
    assert done.exit_code == 0, done.output
    assert len(read(harbour).readings["p1"]) == 23
    (sheet / "plan.json").write_text(json.dumps(old | {"corpus": "airport"}))
    check_refused(harbour, filled, ".*corpus: 'airport', expected 'harbour'", "--plan", sheet / "plan.json")
    (sheet / "plan.json").write_text(json.dumps(old | {"annotator": "p2"}))
    check_refused(harbour, filled, "filled.csv: annotator: 'p1', expected 'p2', .*", "--plan", sheet / "plan.json")


def write_export(sheet):
    (sheet / "export.json").write_text(json.dumps(fill_label_studio(sheet)))
    return sheet / "export.json"


@pytest.mark.parametrize("fill", [lambda sheet: write_rows(sheet, fill_csv(sheet)), write_export])
def test_a_sheet_filled_by_another_is_not_taken_for_ones_own(fill, harbour, sheet, tmp_path):
    """0.3.0 wrote what one annotator had judged under the name of another, whose plan has the same items."""
    export_sheets(harbour, "p2", tmp_path / "of_p2")
    filled = fill(tmp_path / "of_p2")
    filled.write_text(filled.read_text(encoding="utf-8").replace("p2", "p1"), encoding="utf-8", newline="")
    check_refused(harbour, filled, ".*annotator: 'p1', expected 'p2'.*")


def test_sheets_are_not_written_over(harbour, sheet):
    before = state(sheet)
    assert export_sheets(harbour, "p1", sheet)[0].items == 69
    assert state(sheet) == before
    filled = write_rows(sheet, fill_csv(sheet)).rename(sheet / "sheet.csv")
    with pytest.raises(KazstanceError, match="already exists; expected a new folder"):
        export_sheets(harbour, "p1", sheet)
    assert state(sheet) == before | {"sheet.csv": filled.read_bytes()}


def test_on_the_command_line(harbour, tmp_path):
    run = CliRunner().invoke
    result = run(app, ["annotate", "export", str(harbour), "--annotator", "p1", "--out", str(tmp_path / "sheets")])
    assert (result.exit_code, result.stdout.split()[:3]) == (0, ["wrote", "69", "items"])
    filled = write_rows(tmp_path / "sheets", fill_csv(tmp_path / "sheets"))
    args = ["annotate", "import", str(harbour), str(filled), "--date", "2031-07-01"]
    assert run(app, args).exit_code == 0
    assert "date = 2031-07-01" in (harbour / "annotations/annotators.toml").read_text()
    bad = run(app, ["annotate", "export", str(harbour), "--annotator", "P 1", "--out", str(tmp_path / "other")])
    assert bad.exit_code == 1
    assert isinstance(bad.exception, SystemExit)
    assert not (tmp_path / "other").exists()
