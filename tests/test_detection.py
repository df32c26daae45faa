"""How files are written is detected where that is safe, and said: encoding, delimiter, quoting, JSON, preset."""

import csv
import io
import json
import os

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance as ks
from kazstance.errors import InputError, KazstanceError
from kazstance.input.spelling import PRESETS, recognise, spelling
from kazstance.input.tables import Form, open_stream, read_table
from tests.commands import run
from tests.test_pairing import value, write

ROWS = {"nr": ["x1", "x2", "x3"], "text": ["a, b; c", 'he said "yes"', "é"], "label": ["favor", "against", "favor"]}


def found(file, form=None):
    stream = open_stream(file, form or Form())
    return stream.table().to_pydict(), stream.notes


@pytest.mark.parametrize(("delimiter", "name"), [("\t", "a tab"), (";", "a semicolon"), ("|", "a vertical bar")])
def test_another_delimiter_is_detected_and_said(delimiter, name, tmp_path):
    file = tmp_path / "x.csv"
    pd.DataFrame(ROWS).to_csv(file, sep=delimiter, index=False)
    rows, notes = found(file)
    assert rows == ROWS
    assert any(f"read with {name} between fields, not a comma" in note for note in notes)


def test_a_delimiter_that_could_be_two_is_not_guessed(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("id;a|label\n1;b|favor\n")
    assert read_table(file).column_names == ["id;a|label"]


FIELD = st.text(st.sampled_from('ab"\t\n é,'), max_size=5)


@given(rows=st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=6))
def test_what_pandas_writes_between_tabs_is_read_as_pandas_reads_it(rows, tmp_path_factory):
    file = tmp_path_factory.mktemp("x") / "x.tsv"
    frame = pd.DataFrame(rows, columns=["a", "b"]).map(lambda text: text.replace("\r", ""))
    frame.to_csv(file, sep="\t")
    written = file.read_text()
    if '"' not in written:
        return
    quoted = list(csv.reader(io.StringIO(written, newline=""), delimiter="\t"))
    if quoted == [line.split("\t") for line in written.splitlines()]:
        return
    table, notes = found(file)
    assert table == {"": [str(i) for i in range(len(rows))], "a": [*frame["a"]], "b": [*frame["b"]]}
    assert any("quotation marks around fields" in note for note in notes)


def test_marks_that_enclose_no_fields_stay_in_the_text(tmp_path):
    """As in the files of SemEval, whose tweets have quotation marks of their own."""
    for name in ("x.txt", "x.tsv", "x.csv"):
        file = tmp_path / name
        file.write_text('ID\tTweet\n1\t"quoted whole"\n2\the said "no"\n')
        assert found(file)[0]["Tweet"] == ['"quoted whole"', 'he said "no"']


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_byte_order_mark_decides(encoding, tmp_path):
    file = tmp_path / "x.csv"
    file.write_bytes(pd.DataFrame(ROWS).to_csv(index=False).encode(encoding))
    rows, notes = found(file)
    assert rows == ROWS
    assert bool(notes) == (encoding != "utf-8-sig")


def test_gold_and_predictions_may_be_in_different_encodings(tmp_path):
    """One option serves both: it is not applied to a file whose characters beyond ASCII are valid UTF-8."""
    text = "开放二胎政策，好" * 3
    files = write(
        tmp_path,
        gold_tsv=f"ID\tTEXT\tSTANCE\n1\t{text}\tFAVOR\n".encode("gbk"),
        pred_tsv=f"ID\tTEXT\tSTANCE\n1\t{text}\tFAVOR\n",
    )
    columns = ["--id", "ID", "--gold-label", "STANCE", "--pred-label", "STANCE", "--preset", "semeval"]
    done = run("score", *columns, "--encoding", "gbk", "--json", **files)
    assert value(done) == 1
    assert "pred.tsv: read as UTF-8, not gbk" in done.err
    assert run("score", *columns, **files).code == 1
    few = tmp_path / "few.tsv"
    few.write_bytes("a\n\xe9\n".encode("windows-1252"))
    assert found(few, Form(None, "windows-1252")) == ({"a": ["é"]}, ())


def test_empty_ends_of_lines_and_of_files_are_nothing(tmp_path):
    """eval.pl takes files with a tab at the end of each line, and empty lines at the end."""
    plain = "ID\tTweet\tStance\n1\tx\tFAVOR\n2\ty\tNONE\n"
    variants = {
        "tabs": plain.replace("FAVOR", "FAVOR\t").replace("NONE", "NONE\t"),
        "tabs everywhere": plain.replace("Stance", "Stance\t").replace("FAVOR", "FAVOR\t").replace("NONE", "NONE\t"),
        "lines": plain + "\n\r\n\n",
        "no end": plain.removesuffix("\n"),
        "header": plain.replace("Stance", "Stance\t"),
    }
    for text in variants.values():
        (tmp_path / "x.txt").write_text(text, newline="")
        table = found(tmp_path / "x.txt")[0]
        assert {name: table[name] for name in ("ID", "Tweet", "Stance")} == {
            "ID": ["1", "2"],
            "Tweet": ["x", "y"],
            "Stance": ["FAVOR", "NONE"],
        }
    (tmp_path / "x.txt").write_text(plain.replace("FAVOR", "FAVOR\t").replace("NONE", "NONE\tz"))
    with pytest.raises(InputError, match=r"x.txt:3: 4 fields, expected 3"):
        read_table(tmp_path / "x.txt")
    (tmp_path / "x.csv").write_text("a,b\n1,2,\n3,4,\n\n")
    assert found(tmp_path / "x.csv")[0] == {"a": ["1", "3"], "b": ["2", "4"]}


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.jsonl", "x.json", "x"])
def test_a_pipe_is_not_waited_for(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(KazstanceError, match="not a regular file"):
        open_stream(tmp_path / name)


@pytest.mark.parametrize("name", ["gold.utf8", "gold", "gold.tab"])
def test_text_may_have_no_usual_ending(name, tmp_path):
    (tmp_path / name).write_text("ID\tSTANCE\n1\tFAVOR\n")
    assert found(tmp_path / name)[0] == {"ID": ["1"], "STANCE": ["FAVOR"]}


@pytest.mark.parametrize("row", [0, 1])
def test_a_quotation_mark_that_is_never_closed_is_refused_in_one_line(row, tmp_path):
    lines = ["id,text,label", *(f"{i},{'word ' * 9},favor" for i in range(5_000))]
    lines[row] = lines[row].replace(",", ',"', 1)
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(KazstanceError, match="x.csv: .*expected CSV"):
        read_table(tmp_path / "x.csv")


# JSON


@pytest.mark.parametrize(
    "content",
    [
        {"t1": "support", "t2": "deny"},
        {"subtask A": {"t1": "support", "t2": "deny"}},
        {"t1": {"stance": "support"}, "t2": {"stance": "deny"}},
        [{"tweet": "t1", "stance": "support"}, {"tweet": "t2", "stance": "deny"}],
        {"data": [{"tweet": "t1", "stance": "support"}, {"tweet": "t2", "stance": "deny"}]},
    ],
)
def test_json_is_a_mapping_or_a_list(content, tmp_path):
    files = write(tmp_path, gold_json=json.dumps(content), pred_csv="tweet,stance\nt2,deny\nt1,support\n")
    columns = ["--id", "tweet", "--gold-label", "stance", "--pred-label", "stance", "--preset", "rumoureval"]
    assert value(run("score", *columns, "--json", **files)) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("3", "expected a list of objects or labels, or a mapping"),
        ('{"a": {"t1": "support"}, "b": {"t1": "deny"}}', "the parts a, b, expected one of them in a file of its own"),
        ('[{"a": 1}, 3]', "expected a list of objects or labels"),
        ('[{"a": 1}, {"a": "x"}]', "expected values of one type for each key"),
        ('{"a": 1, "a": 2}', "appears twice"),
        ("[1,", "expected JSON"),
    ],
)
def test_json_that_holds_no_rows_is_refused(content, message, tmp_path):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(KazstanceError, match=message):
        read_table(tmp_path / "x.json")


# Presets


@pytest.mark.parametrize(
    ("values", "preset"),
    [
        (["FAVOR", "AGAINST", "NONE"], "semeval"),
        (["AGAINST", "FAVOR", "NEUTRAL"], "kazstance"),
        (["PRO", "CON"], "pro_con"),
        (["agree", "disagree", "discuss", "unrelated"], "fnc"),
        (["support", "deny", "query", "comment"], "rumoureval"),
        (["support", "refute", "comment", "unrelated"], "wtwt"),
        (["agree", "disagree", "neutral"], "gwsd"),
        (["SUPPORT", "UNDERMINE"], "perspectrum"),
        (["AGREE", "disagree"], "fnc"),
    ],
)
def test_a_preset_is_recognised_by_the_labels_that_occur(values, preset):
    known, why = recognise(spelling("auto", is_auto=True), values)
    assert known.name == preset
    assert f"by the preset {preset} ({sorted(values)[0]} = " in why
    named = spelling(preset)
    assert [known.label(value) for value in values] == [named.label(value) for value in values]


@pytest.mark.parametrize(
    "values",
    [["0", "1", "2"], ["1"], ["favor", "none"], ["Favor", "None"], ["support", "comment"], ["yes", "no"], []],
)
def test_a_preset_that_could_be_two_or_none_is_refused(values):
    with pytest.raises(KazstanceError, match=r"could be of several presets|no preset has all"):
        recognise(spelling("auto", is_auto=True), values)


@given(st.lists(st.sampled_from(sorted({v for pairs in PRESETS.values() for v in pairs})), min_size=1, max_size=4))
def test_a_recognised_preset_contradicts_no_other_one_in_lower_case(values):
    lower = [value.lower() for value in values]
    try:
        known, _ = recognise(spelling("auto", is_auto=True), lower)
    except KazstanceError:
        return
    for name in PRESETS:
        labels = [spelling(name).label(value) for value in lower]
        assert None in labels or labels == [known.label(value) for value in lower]


def test_a_recognised_preset_is_said_and_signed(tmp_path):
    files = write(tmp_path, gold_csv="id,label\n1,FAVOR\n2,NONE\n", pred_csv="id,label\n1,FAVOR\n2,AGAINST\n")
    done = run("score", "--id", "id", "--preset", "auto", "--json", **files)
    assert json.loads(done.out)["all"][0]["signature"]["spelling"] == "semeval"
    assert "labels are read by the preset semeval (AGAINST = against, FAVOR = favor, NONE = neutral)" in done.err
    rows = pl.read_csv(files["gold"])
    assert ks.score(rows, rows, id="id", labels="auto", resamples=10).signature["spelling"] == "semeval"
    mapped = run("score", "--id", "id", "--preset", "auto", "--map", "NONE=none", "--json", **files)
    assert json.loads(mapped.out)["all"][0]["signature"]["labels"] == 4


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_case_makes_no_difference_within_a_preset(case, tmp_path):
    gold, pred = ["FAVOR", "AGAINST", "NONE", "NONE", "FAVOR"], ["FAVOR", "NONE", "NONE", "FAVOR", "AGAINST"]
    figures = []
    for change in (case, str.upper):
        frames = [pl.DataFrame({"id": range(5), "label": [change(x) for x in labels]}) for labels in (gold, pred)]
        figures.append(ks.score(*frames, id="id", labels="semeval", resamples=10).rows())
    assert figures[0] == figures[1]


def test_marks_between_which_a_row_would_have_too_few_fields_are_text(tmp_path):
    """Read as quoted, the row would have two fields, exactly as a program would write them."""
    file = tmp_path / "x.txt"
    file.write_text('nr\tsaid\tmeant\n\t"\t"\n')
    assert found(file) == ({"nr": [""], "said": ['"'], "meant": ['"']}, ())
