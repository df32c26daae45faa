"""The same commands give the same bytes, with any interpreter options, locale, umask, folder and order of files."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from kazstance.dataset import SHIPPED
from tests.commands import argv, environment
from tests.conftest import HARBOUR

SESSION = """
import json, sys
from kazstance.cli import app
for line in json.loads(sys.argv[1]):
    try:
        app(line)
    except SystemExit as end:
        if end.code:
            raise
"""
"""Commands one after another in one process, so that modules are imported only once."""
COMMANDS = [
    argv("build", corpus=HARBOUR, out="built"),
    argv("explore", data="built", out="page.html"),
    argv("export", data="built", table="stances", out="stances.csv"),
    argv("export", "--format", "jsonl", data="built", table="grid", out="grid.jsonl"),
    argv("export", "--format", "parquet", data="built", table="judgements", out="judgements.parquet"),
    argv("annotate export", "--share", "0.5", corpus="corpus", annotator="anna", out="sheets"),
    argv("cite", "--format", "cff", data=SHIPPED),
    argv("license", data="built"),
    argv("info", data="built"),
    argv("show", data="built"),
    argv("compare", "--json", data="built"),
    argv("compare distances", "--feature", "salience", "--json", data="built"),
    argv("agreement", "--json", data="built"),
    argv("drift", "--from", "a", "--to", "b", "--json", data="built"),
    argv("verify", data="built"),
    argv("schema"),
    argv("help"),
    ["bench", "run", "--help"],
]
CUSTOMIZED = """
import os
if "UMASK" in os.environ:
    os.umask(int(os.environ["UMASK"], 8))
if "REVERSED" in os.environ:
    listed, scanned = os.listdir, os.scandir
    class Entries:
        def __init__(self, *args):
            self.rest = iter(sorted(scanned(*args), key=lambda entry: entry.name, reverse=True))
        def __next__(self):
            return next(self.rest)
        def __exit__(self, *_):
            self.close()
        __iter__ = __enter__ = lambda self: self
        close = lambda self: None
    os.listdir, os.scandir = (lambda *args: sorted(listed(*args), reverse=True)), Entries
"""
"""What the interpreter runs first: set the umask, and list the files of folders backwards."""
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SURROUNDINGS = {
    "-O": (["-O"], {}),
    "-OO": (["-OO"], {}),
    "-X utf8": (["-X", "utf8=1"], {}),
    "the C locale": ([], C_LOCALE),
    "a Turkish locale": ([], {"LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"}),
    "a locale that is not UTF-8": ([], {"LC_ALL": "tr_TR.ISO-8859-9", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "umask 077": ([], {"UMASK": "077"}),
    "umask 000": ([], {"UMASK": "000"}),
    "files in another order": ([], {"REVERSED": "1"}),
    "other hashes": ([], {"PYTHONHASHSEED": "4242"}),
    "another time zone": ([], {"TZ": "LINT-14"}),
    "no home": ([], {"HOME": "/nonexistent"}),
    "a terminal of another size": ([], {"LINES": "5", "TERM": "dumb"}),
}
TOGETHER = {
    "all at once": (["-OO"], C_LOCALE | {"UMASK": "077", "REVERSED": "1", "PYTHONHASHSEED": "1", "TZ": "LINT-14"}),
    "all otherwise": (["-O"], {"LC_ALL": "tr_TR.UTF-8", "UMASK": "000", "PYTHONHASHSEED": "2", "TZ": "HST10"}),
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Run the commands in a folder; return what was printed and every file, by name."""

    def run(name, options, variables):
        folder = tmp_path_factory.mktemp("ordner") / f"{name} \u00fc"
        (folder / "first").mkdir(parents=True)
        shutil.copytree(HARBOUR, folder / "corpus")
        (folder / "first" / "sitecustomize.py").write_text(CUSTOMIZED)
        first = f"{folder / 'first'}{os.pathsep}{environment()['PYTHONPATH']}"
        # An output that cannot encode a character is another matter; here it can.
        env = environment(PYTHONPATH=first, PYTHONIOENCODING="utf-8", COLUMNS="100") | variables
        done = subprocess.run(
            [sys.executable, *options, "-c", SESSION, json.dumps(COMMANDS)],
            check=False,
            capture_output=True,
            cwd=folder,
            env=env,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        files = sorted(path for path in folder.rglob("*") if path.is_file() and "first" not in path.parts)
        return {"printed": done.stdout} | {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return run


@pytest.fixture(scope="module")
def expected(outputs):
    """The result under default conditions."""
    found = outputs("plain", [], {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"})
    assert {"built/README.md", "built/croissant.json", "page.html", "sheets/sheet.csv", "stances.csv"} <= found.keys()
    assert b"Take a file with item_id" in found["printed"]
    return found


def differing(found, expected):
    return [name for name in sorted(found.keys() | expected.keys()) if found.get(name) != expected.get(name)]


@pytest.mark.full
@pytest.mark.parametrize("name", TOGETHER)
def test_the_same_bytes_come_out(name, outputs, expected):
    assert differing(outputs(name, *TOGETHER[name]), expected) == []


@pytest.mark.full
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_the_same_bytes_come_out_each_by_itself(name, outputs, expected):
    assert differing(outputs(name, *SURROUNDINGS[name]), expected) == []
