"""The folder for a Hub, read by the real datasets library, in a fresh cache and without network."""

import json
import subprocess
import sys

import pytest

from kazstance import dataset
from kazstance.dataset import DatasetFolder
from kazstance.publish.card import plain_card
from kazstance.publish.hub import stage
from kazstance.schema.records import TABLES

LOAD = """
import json, os, pathlib, sys
import datasets
import pyarrow as pa
from kazstance.schema.columns import arrow_schema, features
from kazstance.schema.digest import table_digest
from kazstance.schema.records import HF_SPLITS, TABLES
hub, manifest, streaming = sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text()), sys.argv[3] == "stream"
found = {}
for table in [None, *TABLES]:
    if not any(file["rows"] for file in manifest["tables"][table or "stances"].values()):
        continue
    loaded = datasets.load_dataset(hub, table, streaming=streaming)
    name = table or "stances"
    files = {split: file for split, file in manifest["tables"][name].items() if file["rows"]}
    for split, file in files.items():
        part = loaded[HF_SPLITS.get(split, split)]
        expected = datasets.Features.from_dict(features(TABLES[name].record))
        found[f"{table}/{split}"] = table_digest(pa.Table.from_pylist(list(part), arrow_schema(TABLES[name].record))) == file["digest"] and part.features == expected
    found[f"{table} splits"] = sorted(loaded) == sorted(HF_SPLITS.get(s, s) for s in files)
print(json.dumps(found), flush=True)
os._exit(0)  # threads of a stream may abort an exit of the interpreter
"""


@pytest.mark.parametrize("way", ["download", pytest.param("stream", marks=pytest.mark.full)])
@pytest.mark.parametrize("which", [pytest.param("shipped", marks=pytest.mark.full), "harbour"])
def test_every_table_and_split_loads_with_its_features_and_digest(which, way, staged, harbour_data, tmp_path):
    folder = staged
    if which == "harbour":
        folder = tmp_path / "harbour"
        stage(DatasetFolder(harbour_data), folder)
    env = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1", "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", LOAD, str(folder), str(folder / "manifest.json"), way]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    tables = {table for table in TABLES if len(dataset.table(table, data=folder))}
    assert {key.partition(" ")[0].partition("/")[0] for key in found} == {"None", *tables}
    assert all(found.values()), found
    assert "Ignoring" not in done.stderr


def test_a_second_staging_replaces_the_first(harbour_data, tmp_path):
    out = tmp_path / "hub"
    stage(DatasetFolder(harbour_data), out)
    (out / "stances" / "train.parquet").write_bytes(b"damaged")
    stage(DatasetFolder(harbour_data), out)
    assert dataset.verify(data=out).id == "harbour"
    assert (out / "README.md").read_text(encoding="utf-8") == plain_card(DatasetFolder(harbour_data), questions=True)
