"""Exports read back, and CSV is safe to open in a spreadsheet."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance
from kazstance.output.export import Format, export
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(TEXT, max_size=20))
def test_jsonl_and_parquet_give_the_rows_back(values):
    table = pa.table({"text": pa.array(values, pa.string()), "n": list(range(len(values)))})
    lines = export(table, Format.jsonl).decode().split("\n")[:-1]
    assert [json.loads(line) for line in lines] == table.to_pylist()
    assert pq.read_table(io.BytesIO(export(table, Format.parquet))) == table


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")), min_size=1, max_size=20))
def test_csv_gives_the_rows_back_when_exact(values):
    table = pa.table({"text": pa.array(values, pa.string()), "n": list(range(len(values)))})
    rows = list(csv.DictReader(io.StringIO(export(table, Format.csv, exact=True).decode(), newline="")))
    assert [row["text"] for row in rows] == values


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_begins_a_formula(start):
    table = pa.table({"text": [start + "cmd|' /C calc'!A0", "a" + start], "n": [-1, 2]})
    rows = list(csv.DictReader(io.StringIO(export(table, Format.csv).decode(), newline="")))
    assert [row["text"] for row in rows] == ["'" + start + "cmd|' /C calc'!A0", "a" + start]
    assert [row["n"] for row in rows] == ["-1", "2"]


def test_lists_are_json_in_csv():
    rows = list(csv.DictReader(io.StringIO(export(kazstance.table("stances", "test"), Format.csv).decode())))
    for row, stance in zip(rows, kazstance.load("stances", "test"), strict=True):
        assert json.loads(row["evidence"]) == [span.model_dump() for span in stance.evidence]
        assert json.loads(row["votes"])[0]["label_name"] == stance.votes[0].label_name


def test_a_file_appears_whole(tmp_path):
    write_file(b"one", tmp_path / "new" / "file.csv")
    write_file(b"two", tmp_path / "new" / "file.csv")
    assert [(path.name, path.read_bytes()) for path in (tmp_path / "new").iterdir()] == [("file.csv", b"two")]


def test_what_is_undefined_is_null_in_json_and_text_stays_text():
    value = {"NaN": [float("nan"), 0.5, {"deep": (float("inf"), "NaN")}]}
    assert json.loads(to_json(value)) == {"NaN": [None, 0.5, {"deep": [None, "NaN"]}]}
