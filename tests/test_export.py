"""Exports read back, and CSV is safe to open in a spreadsheet."""

import csv
import io
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kazstance
from kazstance.output.cells import plain_cell
from kazstance.output.export import Format, export, pieces
from kazstance.output.files import write_file
from kazstance.output.plain_json import to_json
from tests import commands

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


@pytest.mark.full
def test_every_table_is_exported_as_its_rows_say(tmp_path):
    """All tables in all formats, by the command, against what Arrow reads."""
    for name in kazstance.schema.records.TABLES:
        rows = kazstance.table(name).to_pylist()
        for form in Format:
            assert (
                commands.run("export", table=name, data=kazstance.dataset.SHIPPED, out=tmp_path / f"x.{form}").code == 0
            )
        lines = (tmp_path / "x.jsonl").read_text("utf-8").split("\n")[:-1]
        assert [json.loads(line) for line in lines] == rows
        assert pq.read_table(tmp_path / "x.parquet").to_pylist() == rows
        assert pq.read_schema(tmp_path / "x.parquet").equals(kazstance.table(name).schema, check_metadata=True)
        with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
            cells = list(csv.DictReader(file))
        for found, row in zip(cells, rows, strict=True):
            assert {key: plain_cell(cell) for key, cell in found.items()} == {key: _cell(v) for key, v in row.items()}


def _cell(value):
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


@pytest.mark.parametrize("form", Format)
def test_rows_are_written_as_they_are_read(form):
    """No more than one batch is held at a time, so that a table of any size can be exported."""
    batch = pa.record_batch({"text": ["x" * 100] * 1000})
    read = 0

    def batches():
        nonlocal read
        for _ in range(20):
            read += 1
            yield batch

    written = []
    for piece in pieces(batch.schema, batches(), form):
        written.append((read, len(piece)))
    assert [at for at, size in written if size][:-1] == sorted(at for at, size in written if size)[:-1]
    assert {at for at, size in written if size} >= set(range(1, 21))


def test_a_table_that_turns_out_to_be_damaged_leaves_the_old_file(harbour_data, tmp_path):
    data = Path(shutil.copytree(harbour_data, tmp_path / "data"))
    (tmp_path / "x.csv").write_text("old")
    file = data / "grid" / "test.parquet"
    content = bytearray(file.read_bytes())
    content[100:900] = bytes(800)
    file.write_bytes(content)
    found = commands.run("export", table="grid", data=data, out=tmp_path / "x.csv")
    assert (found.code, (tmp_path / "x.csv").read_text()) == (1, "old")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "x.csv"]


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
