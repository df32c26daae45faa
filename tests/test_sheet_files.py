"""Sheets as spreadsheet programs and Label Studio save them: whatever they do to a file, the answers come back."""

import csv
import io
import json
import re
import zipfile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kazstance.annotate.evidence import find_words
from kazstance.annotate.filled_sheet import Form, import_answers
from kazstance.annotate.plan import Request
from kazstance.annotate.sheet_folder import export_sheets
from kazstance.annotate.words import CERTAINTY, DONE, EXPLICITNESS, LABELS, folded, spelled
from kazstance.corpus.read import read
from kazstance.errors import InputError, KazstanceError
from tests.commands import call
from tests.corpora import Made
from tests.sheets import ABOUT, LABELS_ONLY, TARGETS, corpus, files_of, fill, pairs_of, rows_of, write


@pytest.fixture
def folder(tmp_path):
    return corpus(tmp_path / "corpus")


@pytest.fixture
def sheet(folder, tmp_path):
    """A sheet that asks for labels only, filled in."""
    export_sheets(folder, "ada", tmp_path / "sheets", LABELS_ONLY)
    return fill(rows_of(tmp_path / "sheets/sheet.csv"), ABOUT)


def judged(folder, annotator="ada"):
    """What a corpus folder says of an annotator: the label of each pair."""
    labels = {}
    for reading in (entry.value for entry in read(folder).readings[annotator]):
        said = {row.target_id: row.label for row in reading.judgements}
        judged = said.keys() | {target for target in reading.covered if target not in ("issue", "claim")}
        labels |= {(reading.sentence_id, target): said.get(target, "none") for target in judged}
    return labels


EXPECTED = {
    pair: ABOUT.get(pair, "none")
    for pair in [
        (s, t)
        for s in ("guild/1/1", "guild/1/2", "guild/2/1", "guild/2/2", "press/1/1", "press/1/2")
        for t in ("toll", "quay")
    ]
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman", "cp1257"])
def test_csv_as_spreadsheet_programs_save_it(folder, sheet, tmp_path, delimiter, encoding):
    import_answers(folder, write(tmp_path / "a.csv", sheet, delimiter, encoding))
    assert judged(folder) == EXPECTED


KAZAKH = {"guild": "Әкімдік ақы алады. Бұл дұрыс.", "press": "Ақы туралы ештеңе айтылмады."}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Пошлина — это грабёж.", "cp1251"),
        ("Пошлина — это грабёж.", "cp866"),
        ("Opłata jest słuszna, a łódź mała.", "cp1250"),
        ("通行税は公平だ。", "cp932"),
        ("关税是公平的。", "gb18030"),
        ("Η διόδιος είναι δίκαιη.", "cp1253"),
    ],
)
def test_an_encoding_is_recognised_by_the_texts(tmp_path, text, encoding):
    folder = Made({"guild": text}, {}, TARGETS).write(tmp_path / "corpus")
    (folder / "annotations/annotators.toml").write_text("")
    settings = (folder / "sources.toml").read_text()
    (folder / "sources.toml").write_text(settings.replace("[corpus]", '[corpus]\nsegmenter = "lines"'))
    export_sheets(folder, "ada", tmp_path / "sheets", LABELS_ONLY)
    rows = [
        row | {"note": text[:5]}
        for row in fill(rows_of(tmp_path / "sheets/sheet.csv"), {("guild/1/1", "toll"): "favor"})
    ]
    encoded = [
        {name: value.encode(encoding, "replace").decode(encoding) for name, value in row.items()} for row in rows
    ]
    done = call("annotate import", corpus=folder, sheet=write(tmp_path / "a.csv", encoded, ";", encoding))
    assert done.exit_code == 0, done.stderr
    assert f"read as {encoding}" in done.stderr
    assert read(folder).readings["ada"][0].value.judgements[0].note == text[:5]


def test_letters_that_a_program_could_not_write_are_named_with_the_remedy(tmp_path):
    folder = Made(KAZAKH, {}, TARGETS).write(tmp_path / "corpus")
    (folder / "annotations/annotators.toml").write_text("")
    export_sheets(folder, "ada", tmp_path / "sheets", LABELS_ONLY)
    rows = fill(rows_of(tmp_path / "sheets/sheet.csv"), {})
    lost = [{name: value.encode("cp1252", "replace").decode("cp1252") for name, value in row.items()} for row in rows]
    with pytest.raises(InputError, match="letters were lost, save as .xlsx or as CSV UTF-8"):
        import_answers(folder, write(tmp_path / "a.csv", lost, ";", "cp1252"))


def test_delimiter_and_encoding_can_be_named(folder, sheet, tmp_path):
    written = write(tmp_path / "a.csv", sheet, "^", "cp1252")
    assert import_answers(folder, written, form=Form("^", "cp1252"))[0].answered == 12
    assert judged(folder) == EXPECTED


def test_what_a_spreadsheet_program_does_to_rows(folder, sheet, tmp_path):
    """Rows sorted otherwise, empty rows, a line that names the delimiter, cells left out at the end, an item as a decimal, white space."""
    rows = [row | {"item": row["item"] + ".0", "label": f" {row['label'].upper()} "} for row in reversed(sheet)]
    for row in rows:
        row["sentence"] = row["sentence"].replace(" ", "\u00a0")
    names = ["sheet", *(name for name in rows[0] if name not in ("sheet", "note", "done")), "note", "done"]
    lines = [[row[name] for name in names] for row in rows]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerows([["sep="], names, [], *([*line[:-2]] for line in lines), ["" for _ in names]])
    (tmp_path / "a.csv").write_text("sep=;" + text.getvalue().removeprefix("sep="), encoding="utf-8", newline="")
    import_answers(folder, tmp_path / "a.csv")
    assert judged(folder) == EXPECTED


def test_other_columns_are_ignored_and_listed_and_those_of_the_context_may_be_deleted(folder, sheet, tmp_path):
    rows = [
        {
            "my comment": "=1+1",
            **{name: value for name, value in row.items() if name not in ("before", "after", "definition")},
        }
        for row in sheet
    ]
    done = call("annotate import", corpus=folder, sheet=write(tmp_path / "a.csv", rows))
    assert done.exit_code == 0, done.stderr
    assert "ignored columns that are not of the sheet: my comment" in done.stderr
    assert judged(folder) == EXPECTED


@pytest.mark.parametrize("words", [LABELS, EXPLICITNESS, CERTAINTY, DONE])
def test_every_word_has_one_meaning(words):
    meant = {}
    for name, others in words.items():
        for word in (name, *others.split("|")):
            assert meant.setdefault(folded(word), name) == name, word
            assert spelled(word.upper(), words) == name


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("Favour", "favor"),
        ("AGAINST.", "against"),
        ("dafür", "favor"),
        ("ПРОТИВ", "against"),
        ("қарсы", "against"),
        ("ｎｅｕｔｒａｌ", "neutral"),
        ("not about it", "none"),
    ],
)
def test_labels_in_other_cases_and_languages(folder, sheet, tmp_path, typed, label):
    import_answers(folder, write(tmp_path / "a.csv", [sheet[0] | {"label": typed}, *sheet[1:]]))
    assert judged(folder)["guild/1/1", "toll"] == label


def test_labels_of_the_corpus_go_before_all_others_and_are_kept(folder, sheet, tmp_path):
    table = folder / "annotations/annotators.toml"
    table.write_text('[labels]\n"-2" = "against"\nFor = "neutral"\n')
    import_answers(
        folder, write(tmp_path / "a.csv", [sheet[0] | {"label": "for"}, sheet[1] | {"label": "-2"}, *sheet[2:]])
    )
    rows = read(folder).readings["ada"][0].value.judgements
    assert [(row.label, row.original) for row in rows] == [("neutral", "For"), ("against", "-2")]


# --- Evidence ---

SAID = "“We’re glad of it,” they said — 2 000 men…  ‘no’ 😀 toll, no toll."


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('"We\'re glad of it,"', "“We’re glad of it,”"),
        ("we're glad", "We’re glad"),
        ("they said - 2 000 men...", "they said — 2 000 men…"),
        ("'no'", "‘no’"),
        ("glad\u00a0of\u00adit", None),
        ("they  said", "they said"),
        ("toll", "toll"),
        ("sad", None),
        ("  ", None),
    ],
)
def test_evidence_typed_on_a_keyboard(typed, found):
    place = find_words(typed, SAID)
    assert (place and place[1]) == found
    assert place is None or SAID[place[0] :].startswith(found)


def test_marked_places_count_characters_or_units_of_utf16():
    first, second = SAID.index("toll"), SAID.rindex("toll")
    assert find_words("toll", SAID, second) == (second, "toll")
    assert find_words("toll", SAID, second + 1) == (second, "toll")  # as a browser counts behind an emoji
    assert find_words("toll", SAID, 3) is None  # nobody can tell which is meant
    assert find_words("glad", SAID, 0) == (SAID.index("glad"), "glad")
    assert first < second


@given(st.text(max_size=40), st.data())
def test_any_part_of_a_text_is_found_as_it_is(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    part = text[start:end]
    assume(part.strip())
    found = find_words(part, text)
    assert found == (text.index(part), part)
    lowered = find_words(part.swapcase(), text)
    assert lowered is None or lowered[1] in text


# --- Excel ---


def workbook(file):
    return pytest.importorskip("openpyxl").load_workbook(file)


def table(page):
    names, *rows = page.iter_rows(values_only=True)
    return names, rows


@pytest.mark.parametrize("layout", ["tall", "wide"])
def test_a_workbook_comes_back(folder, tmp_path, layout):
    (folder / "CODEBOOK.md").write_text("# Rules\n\n=1 A rule")
    export_sheets(folder, "ada", tmp_path / "sheets", Request(typed=0.3), formats=["xlsx"], layout=layout)
    book = workbook(tmp_path / "sheets/sheet.xlsx")
    page = book["sheet"]
    assert book.sheetnames == ["sheet", "how to", "targets", "codebook"]
    names = [cell.value for cell in page[1]]
    answered = ["label"] if layout == "tall" else ["toll: the toll", "quay: the quay"]
    offered = {
        str(rule.sqref).split(":")[0].rstrip("0123456789"): rule.formula1
        for rule in page.data_validations.dataValidation
    }
    for name in answered:
        assert offered[page.cell(1, names.index(name) + 1).column_letter] == '"against,neutral,favor,none"'
    frozen = page.freeze_panes
    assert names.index("sentence") + 2 == page[frozen].column
    assert page[frozen].row == 2
    for row in page.iter_rows(min_row=2):
        cells = dict(zip(names, row, strict=True))
        for name in answered:
            target = cells["target_id"].value if layout == "tall" else name.partition(":")[0]
            label = ABOUT.get((cells["sentence_id"].value, target))
            typed = cells["answer"].value
            is_needed = typed == "needed" if layout == "tall" else name in (typed or "")
            cells[name].value = label.title() if label else "none" if is_needed else None
            if label and layout == "tall":
                cells["evidence"].value = cells["sentence"].value
                cells["certainty"].value = "sure"
                cells["explicitness"].value = "implicit" if label != "neutral" else None
        cells["done"].value = True
    page.insert_cols(1)
    page["A1"] = "mine"
    book.save(tmp_path / "filled.xlsx")
    (done,) = import_answers(folder, tmp_path / "filled.xlsx")
    assert done.ignored == ("mine",)
    assert judged(folder) == EXPECTED


HOSTILE = "=HYPERLINK(A1) is what we say.\n+1 for the toll.\n-2 is too much.\n@SUM(1) of it.\n'=1 quoted."


@pytest.mark.parametrize("layout", ["tall", "wide"])
def test_no_cell_of_a_workbook_is_a_formula(tmp_path, layout):
    folder = Made({"guild": HOSTILE}, {}, [{"id": "toll", "name": "=1+1 the toll", "definition": "\x0b@A1"}]).write(
        tmp_path / "corpus"
    )
    (folder / "annotations/annotators.toml").write_text("")
    export_sheets(folder, "ada", tmp_path / "sheets", LABELS_ONLY, formats=["xlsx"], layout=layout)
    book = workbook(tmp_path / "sheets/sheet.xlsx")
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell for cell in cells if cell.value.startswith("=HYPER")]
    assert {cell.number_format for cell in cells} == {"@"}
    with zipfile.ZipFile(tmp_path / "sheets/sheet.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name, content in parts.items() if re.search(rb"<f[ >/]", content)]
    page = book["sheet"]
    names = [cell.value for cell in page[1]]
    for row in page.iter_rows(min_row=2):
        row[names.index("done")].value = "x"
    book.save(tmp_path / "filled.xlsx")
    assert import_answers(folder, tmp_path / "filled.xlsx")[0].omitted == 5


def test_the_same_workbook_is_the_same_file(folder, tmp_path):
    for name in ("1", "2"):
        export_sheets(folder, "ada", tmp_path / name, formats=["xlsx"])
    assert (tmp_path / "1/sheet.xlsx").read_bytes() == (tmp_path / "2/sheet.xlsx").read_bytes()


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (b"", "export the sheet again"),
        (b"item;label", "if it is text with a delimiter, rename it to .csv"),
        (b"\xd0\xcf\x11\xe0", "this looks like an old Word or Excel file, save it as .xlsx"),
        (b"\x89PNG\r\n", r"this looks like a picture \(PNG\), save it as .xlsx"),
    ],
)
def test_what_is_no_workbook_is_refused_in_one_line(folder, tmp_path, content, remedy):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=f"a.xlsx: not an Excel workbook .*, expected the sheet as .xlsx; {remedy}"):
        import_answers(folder, tmp_path / "a.xlsx")


def test_a_wide_sheet_says_what_is_not_asked(folder, tmp_path):
    export_sheets(folder, "ada", tmp_path / "1", Request(sources=("press",), targets=("toll",)))
    export_sheets(folder, "ada", tmp_path / "2", layout="wide")
    rows = rows_of(tmp_path / "2/sheet.csv")
    assert [row["toll: the toll"] for row in rows] == ["", "", "", "", "–", "–"]
    rows = [row | {"quay: the quay": "none", "toll: the toll": row["toll: the toll"] or "none"} for row in rows]
    wrong = [*rows[:-1], rows[-1] | {"toll: the toll": "favor"}]
    with pytest.raises(
        InputError, match="a.csv:7: toll: the toll: 'favor', expected '–': this pair is not on the sheet"
    ):
        import_answers(folder, write(tmp_path / "a.csv", wrong))
    renamed = [{name.upper() if ":" in name else name: value for name, value in row.items()} for row in rows]
    assert import_answers(folder, write(tmp_path / "a.csv", renamed))[0].answered == 10


# --- Label Studio ---


def answered(tasks, name, user, about=ABOUT):
    """Annotations of a user on the tasks of an annotator."""
    for task in tasks:
        data = task["data"]
        if name not in data["sheets"]:
            continue
        label = about.get((data["sentence_id"], data["target_id"]), "none")
        chosen = {"label": label, "certainty": "sure"} | (
            {"explicitness": "explicit"} if label in ("favor", "against") else {}
        )
        result = [{"from_name": key, "type": "choices", "value": {"choices": [value]}} for key, value in chosen.items()]
        if label != "none":
            value = {"text": data["text"], "start": 0, "end": len(data["text"]), "labels": ["evidence"]}
            result.append({"from_name": "evidence", "type": "labels", "value": value})
        task.setdefault("annotations", []).append({"completed_by": user, "result": result, "was_cancelled": False})
    return tasks


@pytest.fixture
def shared(folder, tmp_path):
    """The tasks of two annotators in one project."""
    export_sheets(folder, ["ada", "ben"], tmp_path / "sheets", formats=["label-studio"])
    return json.loads((tmp_path / "sheets/tasks.json").read_text())


@pytest.mark.parametrize(
    ("users", "said"),
    [
        ((1, 2), ("1=ada", "2=ben")),
        (({"id": 1, "email": "ada@a.org"}, {"id": 2, "email": "ben@b.org"}), ()),
        (("x@a.org", "ben"), ("x@a.org=ada",)),
    ],
)
def test_several_annotators_in_one_export(folder, shared, tmp_path, users, said):
    other = {("guild/1/1", "toll"): "against"}
    (tmp_path / "e.json").write_text(json.dumps(answered(answered(shared, "ada", users[0]), "ben", users[1], other)))
    more = [part for pair in said for part in ("--completed-by", pair)]
    done = call("annotate import", *more, corpus=folder, sheet=tmp_path / "e.json")
    assert done.exit_code == 0, done.stderr
    assert judged(folder) == EXPECTED
    assert judged(folder, "ben") == dict.fromkeys(EXPECTED, "none") | other


def test_users_whom_nobody_knows_are_named(folder, shared, tmp_path):
    before = files_of(folder)
    (tmp_path / "e.json").write_text(json.dumps(answered(answered(shared, "ada", 1), "ben", 2)))
    with pytest.raises(
        InputError, match=r"completed by 1, expected ada, ben; say who it was, such as --completed-by 1=NAME"
    ):
        import_answers(folder, tmp_path / "e.json")
    with pytest.raises(InputError, match="completed by 2, that is 'eve', expected ada, ben"):
        import_answers(folder, tmp_path / "e.json", completed_by={"1": "ada", "2": "eve"})
    with pytest.raises(InputError, match="2 submitted, expected 1 by each annotator"):
        import_answers(folder, tmp_path / "e.json", completed_by={"1": "ada", "2": "ada"})
    assert files_of(folder) == before


def test_an_annotator_of_a_project_who_has_not_begun_is_left_out(folder, shared, tmp_path):
    tasks = [{"annotations": [], **task} for task in answered(shared, "ada", 1)]
    (tmp_path / "e.json").write_text(json.dumps(tasks))
    import_answers(folder, tmp_path / "e.json", completed_by={"1": "ada"})
    assert list(read(folder).readings) == ["ada"]


def test_labels_are_shown_only_on_request(harbour, tmp_path):
    export_sheets(harbour, "ada", tmp_path / "1")
    assert "predictions" not in (tmp_path / "1/tasks.json").read_text()
    export_sheets(harbour, "ben", tmp_path / "2", Request(suggested_by="a"))
    tasks = json.loads((tmp_path / "2/tasks.json").read_text())
    first = tasks[0]["predictions"][0]
    assert first["model_version"] == "a"
    assert {r["from_name"]: r["value"] for r in first["result"]} == {
        "label": {"choices": ["against"]},
        "explicitness": {"choices": ["explicit"]},
        "certainty": {"choices": ["sure"]},
        "evidence": {"start": 0, "end": 5, "text": "No to", "labels": ["evidence"]},
    }
    for task in tasks:  # accepted as they are
        prediction = task.pop("predictions")[0]
        result = prediction["result"] + (
            []
            if any(r["from_name"] == "certainty" for r in prediction["result"])
            else [{"from_name": "certainty", "type": "choices", "value": {"choices": ["sure"]}}]
        )
        task["annotations"] = [{"result": result, "was_cancelled": False}]
    (tmp_path / "e.json").write_text(json.dumps(tasks))
    import_answers(harbour, tmp_path / "e.json")
    model, person = (judged(harbour, name) for name in ("a", "ben"))
    assert {pair: label for pair, label in person.items() if label != "none"} == {
        pair: label for pair, label in model.items() if label != "none"
    }
    with pytest.raises(KazstanceError, match="'eve' is not an annotator"):
        export_sheets(harbour, "cy", tmp_path / "3", Request(suggested_by="eve"))


def test_pairs_of_a_sheet_are_those_of_its_rows(sheet):
    assert set(pairs_of(sheet)) == EXPECTED.keys()
