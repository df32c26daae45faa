"""Loading: records, Arrow, files, datasets; wrong names; verification."""

import shutil
import socket
import sys

import datasets
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import kazstance
from kazstance.schema.records import TABLES, Stance
from tests.tampering import row_digest

pytestmark = pytest.mark.full


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("nothing here needs the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("table", TABLES)
def test_every_split_loads_alike_as_records_arrow_and_dataset(table):
    files = kazstance.manifest().tables[table]
    hf, schema = kazstance.to_hf(table), kazstance.table(table).schema
    for (split, file), part in zip(files.items(), hf.values(), strict=True):
        records = kazstance.load(table, split)
        rows = [record.model_dump(mode="json") for record in records]
        assert len(records) == file.rows
        assert row_digest(rows, schema) == file.digest
        assert kazstance.table(table, split).to_pylist() == rows
        assert row_digest(part.to_list(), schema) == file.digest
    assert kazstance.table(table).num_rows == sum(file.rows for file in files.values())


@pytest.mark.parametrize("table", TABLES)
def test_pandas_polars_and_duckdb_read_the_same_rows(table):
    for split in kazstance.splits(table):
        path = str(kazstance.path(table, split))
        digest = kazstance.manifest().tables[table][split].digest
        key, schema = list(TABLES[table].key), kazstance.table(table, split).schema
        assert row_digest(pl.read_parquet(path).to_dicts(), schema) == digest
        assert row_digest(duckdb.sql(f"FROM '{path}'").to_arrow_table().to_pylist(), schema) == digest
        frame = pd.read_parquet(path, dtype_backend="pyarrow")
        assert list(frame[key].astype(object).replace({pd.NA: None}).itertuples(index=False, name=None)) == [
            tuple(row[column] for column in key) for row in kazstance.table(table, split).to_pylist()
        ]
        assert row_digest(pa.Table.from_pandas(frame, preserve_index=False).to_pylist(), schema) == digest


def test_load_gives_the_default_table_and_all_its_splits():
    rows = kazstance.load()
    assert all(isinstance(row, Stance) for row in rows)
    assert len(rows) == sum(len(kazstance.load("stances", split)) for split in ("train", "validation", "test"))


def test_path_is_the_folder_without_a_split():
    assert sorted(file.name for file in kazstance.path("stances").iterdir()) == [
        "test.parquet",
        "train.parquet",
        "validation.parquet",
    ]


@pytest.mark.parametrize("function", [kazstance.load, kazstance.table, kazstance.path])
def test_a_wrong_name_lists_the_right_ones(function):
    with pytest.raises(
        kazstance.UnknownNameError, match="'stance' is not a table; choose from stances, grid, pairs, .*"
    ):
        function("stance")
    with pytest.raises(
        kazstance.UnknownNameError, match="'dev' is not a split of stances; choose from train, validation, test"
    ):
        function("stances", "dev")
    with pytest.raises(ValueError, match="'all' is not a split of stances"):
        function("stances", "all")


def test_to_hf_with_a_wrong_name():
    with pytest.raises(kazstance.UnknownNameError, match="not a table"):
        kazstance.to_hf("nope")


def test_labels_come_back_as_class_labels():
    feature = kazstance.to_hf()["test"].features
    assert feature["label"] == datasets.ClassLabel(names=["against", "neutral", "favor"])
    assert feature["votes"].feature["label"].names == ["against", "neutral", "favor", "none"]
    row = kazstance.to_hf()["test"][0]
    assert feature["label"].int2str(row["label"]) == row["label_name"]


def test_a_missing_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(kazstance.MissingExtraError, match=r"pip install 'kazstance\[hf\]'"):
        kazstance.to_hf()


def test_a_folder_that_is_no_dataset(tmp_path):
    with pytest.raises(kazstance.KazstanceError, match=r"manifest.json is missing; expected a built dataset"):
        kazstance.load(data=tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(kazstance.IntegrityError, match="expected JSON"):
        kazstance.verify(data=tmp_path)
    (tmp_path / "manifest.json").write_text('{"tables": {}}')
    with pytest.raises(kazstance.IntegrityError, match="Field required"):
        kazstance.manifest(data=tmp_path)


def test_the_shipped_dataset_is_whole():
    assert kazstance.verify() == kazstance.manifest()


def test_verify_finds_a_changed_byte_a_changed_row_and_a_missing_file(harbour_data, tmp_path):
    copy = shutil.copytree(harbour_data, tmp_path / "copy")
    content = bytearray((copy / "targets" / "all.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "targets" / "all.parquet").write_bytes(content)
    (copy / "sources" / "all.parquet").unlink()
    table = kazstance.table("annotators", data=copy)
    changed = table.set_column(1, "origin", [["human"] * table.num_rows]).cast(table.schema)
    pa.parquet.write_table(changed, copy / "annotators" / "all.parquet")
    with pytest.raises(kazstance.IntegrityError) as caught:
        kazstance.verify(data=copy)
    lines = str(caught.value).splitlines()
    assert any("targets/all.parquet: SHA-256 is" in line for line in lines)
    assert any("sources/all.parquet: is missing" in line for line in lines)
    assert any("annotators/all.parquet: " in line and ", expected " in line for line in lines)


def test_a_row_that_the_schema_refuses(harbour_data, tmp_path):
    copy = shutil.copytree(harbour_data, tmp_path / "copy")
    table = kazstance.table("annotators", data=copy)
    schema = table.schema
    table = table.set_column(1, "origin", [["robot"] * table.num_rows]).cast(schema)
    pa.parquet.write_table(table, copy / "annotators" / "all.parquet")
    with pytest.raises(kazstance.IntegrityError, match="Input should be 'model', 'human' or 'adjudicated'"):
        kazstance.load("annotators", data=copy)
