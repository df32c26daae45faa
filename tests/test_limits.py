"""What could be endless has a limit: messages, pipes, values of any type."""

import os
import time

import pyarrow as pa
import pytest

from kazstance.dataset import DatasetFolder
from kazstance.dataset.history import history
from kazstance.errors import InputError, IntegrityError, KazstanceError, Problem, UnknownNameError
from kazstance.input.parquet import read_parquet
from kazstance.output.plain_json import to_json
from tests.commands import run

LONG = "x" * 140_000


@pytest.mark.parametrize(
    "error",
    [
        KazstanceError(LONG),
        InputError([Problem("f", 1, LONG, "m"), Problem("f", 2, "a", LONG)]),
        UnknownNameError(LONG, "column", ["a", LONG]),
        IntegrityError(f"a\n{LONG}\nb"),
    ],
)
def test_no_line_of_a_message_is_without_end(error):
    lines = str(error).splitlines()
    assert max(map(len, lines)) < 2_100
    assert any("more characters)" in line for line in lines)


def test_a_field_without_end_is_cut_in_messages(tmp_path):
    (tmp_path / "g.csv").write_text("id,label\n1,favor\n")
    (tmp_path / "p.csv").write_text(f"id,label\n1,{LONG}\n")
    done = run("score", "--id", "id", gold=tmp_path / "g.csv", pred=tmp_path / "p.csv")
    assert done.code == 1
    assert len(done.err) < 5_000


def test_a_pipe_in_place_of_a_table_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.parquet")
    started = time.monotonic()
    with pytest.raises(KazstanceError, match=r"x.parquet: not a regular file; expected a Parquet file"):
        read_parquet(tmp_path / "x.parquet")
    assert time.monotonic() - started < 5


def test_a_history_whose_sentence_is_gone_names_the_dataset(harbour_data, tmp_path, monkeypatch):
    folder = DatasetFolder(harbour_data)
    whole = folder.read("sentences", "all")
    kept = [name != "dockers/5/2" for name in whole["sentence_id"].to_pylist()]
    pa.parquet.write_table(whole.filter(pa.array(kept)), tmp_path / "all.parquet")
    place = folder.file
    monkeypatch.setattr(
        folder, "file", lambda table, split: tmp_path / "all.parquet" if table == "sentences" else place(table, split)
    )
    folder._whole.clear()
    with pytest.raises(IntegrityError, match="grid has dockers/5/2, but sentences has no such row"):
        history(folder, "dockers/5/2", "strike")


def test_values_that_json_does_not_know_are_text():
    assert to_json({"a": b"\xff"}) == '{\n "a": "b\'\\\\xff\'"\n}'


@pytest.mark.parametrize("votes", ["many,", "x,0"])
def test_votes_that_are_no_numbers_are_no_error_where_they_are_left_out(votes, tmp_path):
    one, two = votes.split(",")
    columns = "votes_favor,votes_against,votes_neutral,votes_none"
    (tmp_path / "g.csv").write_text(f"id,label,{columns}\n1,favor,1,0,0,{one}\n2,against,0,1,0,{two}\n")
    (tmp_path / "p.csv").write_text("id,label\n1,favor\n2,against\n")
    done = run("score", "--id", "id", "--preset", "kazstance", gold=tmp_path / "g.csv", pred=tmp_path / "p.csv")
    assert done.code == 0, done.err
    assert "g.csv: votes_none is left out, with votes in 1 of 2 rows: no row has the label none" in done.err


@pytest.mark.full
def test_a_fold_without_training_rows_is_said_to_be_one(harbour_data, tmp_path):
    where = ["--task", "compare", "--protocol", "cross_source", "--data", harbour_data]
    done = run("bench run", *where, system="majority", out=tmp_path / "run")
    assert done.code == 1
    assert "fold dockers+merchants: there are no labels to count; this fold has no rows to train on" in done.err


@pytest.mark.full
@pytest.mark.parametrize("what", ["folder", "link", "link to nothing", "pipe"])
@pytest.mark.parametrize("name", ["scores.json", "predictions/dockers.jsonl"])
def test_a_run_asks_no_system_where_its_files_have_no_place(name, what, harbour_data, tmp_path):
    place, outside = tmp_path / "run" / name, tmp_path / "outside"
    place.parent.mkdir(parents=True)
    if what == "link":
        outside.write_text("mine")
    {"folder": place.mkdir, "pipe": lambda: os.mkfifo(place)}.get(what, lambda: place.symlink_to(outside))()
    where = ["--protocol", "cross_source", "--data", harbour_data]
    done = run("bench run", *where, system="majority", out=tmp_path / "run")
    assert done.code == 1
    assert done.out == ""
    assert f"{name}: not a regular file, expected one of a run" in done.err
    assert [file for file in (tmp_path / "run").rglob("*") if file.is_file() and not file.is_symlink()] == []
    assert outside.exists() == (what == "link")


def test_a_note_on_a_column_with_a_long_name_is_cut(tmp_path):
    (tmp_path / "gold.csv").write_text("id,label\n1,favor\n2,against\n")
    (tmp_path / "pred.csv").write_text(f"id,label,p_{'x' * 100_000}\n1,favor,1\n2,against,1\n")
    done = run("score", "--id", "id", gold=tmp_path / "gold.csv", pred=tmp_path / "pred.csv")
    assert done.code == 0
    assert "more characters" in done.out + done.err
    assert len(done.out + done.err) < 10_000
