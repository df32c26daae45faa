"""What users install: the wheel alone, in an empty environment, outside the checkout, without network."""

import json
import os
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

import kazstance
from tests.conftest import HARBOUR

WHEEL = os.environ.get("KAZSTANCE_WHEEL")
pytestmark = pytest.mark.skipif(WHEEL is None, reason="runs in `make test` on the built wheel")

OFFLINE = """
import socket
def refuse(*_): raise OSError("no network here")
socket.socket.connect = socket.getaddrinfo = refuse
import kazstance, json, sys
rows = kazstance.load("stances", "test")
try:
    kazstance.to_hf()
except kazstance.MissingExtraError as error:
    missing = str(error)
print(json.dumps([kazstance.__file__, len(rows), rows[0].label.name, missing, kazstance.verify().version]))
"""


@pytest.fixture(scope="module")
def wheel():
    (found,) = Path(WHEEL).glob("*.whl")
    return found


def test_the_tests_run_on_the_wheel():
    assert Path(kazstance.__file__).is_relative_to(Path(WHEEL) / "site")


def test_the_wheel_is_small_and_holds_data_types_and_licences(wheel):
    assert wheel.stat().st_size < 1_500_000
    names = zipfile.ZipFile(wheel).namelist()
    manifest = kazstance.manifest()
    for files in manifest.tables.values():
        assert {f"kazstance/data/{file.path}" for file in files.values()} <= set(names)
    assert {"kazstance/py.typed", "kazstance/data/manifest.json"} <= set(names)
    assert {"kazstance/explorer/page.html", "kazstance/explorer/style.css", "kazstance/explorer/script/main.js"} <= set(
        names
    )
    assert sum(name.endswith(("licenses/LICENSE", "licenses/LICENSE-DATA")) for name in names) == 2
    assert not [name for name in names if name.startswith(("tests", "raw", "build_scripts"))]


def test_load_dataset_reads_the_folder_in_the_wheel(tmp_path):
    datasets = pytest.importorskip("datasets")
    folder = Path(kazstance.__file__).parent / "data"
    names = datasets.get_dataset_config_names(str(folder))
    manifest = kazstance.manifest()
    assert set(names) == {table for table, files in manifest.tables.items() if any(f.rows for f in files.values())}
    for name in names:
        found = datasets.load_dataset(str(folder), name, cache_dir=str(tmp_path))
        rows = [found[{"all": "full"}.get(s, s)].num_rows for s, file in manifest.tables[name].items() if file.rows]
        assert rows == [file.rows for file in manifest.tables[name].values() if file.rows]


def test_it_loads_in_an_empty_environment_without_extras_and_network(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    constraints = Path(WHEEL).parents[1] / "constraints.txt"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    install = [python, "-m", "pip", "install", "--quiet", "--constraint", constraints, wheel]
    subprocess.run(install, check=True, env=env, cwd=tmp_path)
    code = [python, "-W", "error", "-c", OFFLINE]
    done = subprocess.run(code, check=True, env=env, cwd=tmp_path, capture_output=True, text=True)
    place, rows, label, missing, version = json.loads(done.stdout)
    assert Path(place).is_relative_to(tmp_path)
    assert rows == kazstance.manifest().tables["stances"]["test"].rows
    assert label in ("against", "neutral", "favor")
    assert missing.endswith("pip install 'kazstance[hf]'")
    assert version == kazstance.__version__
    command = [tmp_path / "env" / "bin" / "kazstance", "show", "--limit", "1"]
    assert "1 of" in subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout
    build = [tmp_path / "env" / "bin" / "kazstance", "build", HARBOUR, "--out", "out"]
    failed = subprocess.run(build, check=False, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert (failed.returncode, failed.stderr) == (1, "nupunkt is not installed; run: pip install 'kazstance[build]'\n")
