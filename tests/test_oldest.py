"""The oldest supported versions give the same rows."""

import json
import re
import subprocess
import tomllib
import venv

import pytest

import kazstance

BUILD = """
import json, sys, tempfile
from importlib.metadata import version
from pathlib import Path
import kazstance
from kazstance.corpus.build import build
folder = Path(tempfile.mkdtemp())
manifest = build(Path(sys.argv[1]), folder, lambda _: None)
kazstance.verify()
kazstance.verify(data=folder)
digests = {t: {s: f.digest for s, f in files.items()} for t, files in manifest.tables.items()}
print(json.dumps([version("pyarrow"), digests]))
"""


@pytest.mark.full
def test_the_oldest_versions_give_the_same_row_digests(root, tmp_path):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["build"]]
    oldest = [re.sub(r">=([\d.]+)$", r"==\1.*", requirement) for requirement in required]
    assert all("==" in requirement for requirement in oldest)
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *oldest], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", root], check=True)
    done = subprocess.run([python, "-c", BUILD, root / "raw"], check=True, cwd=tmp_path, capture_output=True, text=True)
    pyarrow, digests = json.loads(done.stdout)
    assert pyarrow.startswith("21.")
    shipped = kazstance.manifest().tables
    assert digests == {table: {s: f.digest for s, f in files.items()} for table, files in shipped.items()}
    show = [tmp_path / "env" / "bin" / "kazstance", "show", "--limit", "1"]
    assert "1 of" in subprocess.run(show, check=True, capture_output=True, text=True).stdout
