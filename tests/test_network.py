"""No command but `publish` uses the network: every other one runs with an ear on the interpreter's sockets."""

import json
import shutil
import subprocess
import sys

import pytest

from kazstance.dataset import SHIPPED
from tests.chat_server import ChatServer
from tests.commands import COMMANDS, argv, environment
from tests.conftest import HARBOUR, ROOT

TOWN = ROOT / "tests" / "fixtures" / "town"
SESSION = """
import json, sys
reached = []
sys.addaudithook(lambda event, found: event.startswith("socket.") and reached.append((event, repr(found))))
import socket
socket.getaddrinfo("localhost", 80)
heard = len(reached)
from kazstance.cli import app
for line in json.loads(sys.argv[1]):
    try:
        app(line)
    except SystemExit as end:
        if end.code:
            raise
print(json.dumps([heard, reached[heard:]]))
"""
"""Commands one after the other in one process; a look-up before them shows that the ear hears."""
FILES = ("--id", "ID", "--text", "Tweet", "--target", "Target", "--label", "Stance", "--preset", "semeval")
LABELS = ("--id", "ID", "--gold-label", "Stance", "--pred-label", "Stance", "--preset", "semeval")
WINDOWS = ("--encoding", "windows-1252")
LINES = {
    "new": [argv("new", "--title", "Mine", out="mine")],
    "add target": [argv("add target", corpus="mine", target="the pilots")],
    "add text": [argv("add text", corpus="mine", text=HARBOUR / "texts" / "gazette.txt")],
    "check": [argv("check", corpus="mine")],
    "add source": [argv("add source", corpus="mine", source="pilots")],
    "build": [argv("build", corpus=HARBOUR, out="built")],
    "add splits": [argv("add splits", corpus="corpus", data="built")],
    "import": [argv("import", *FILES, *WINDOWS, gold=TOWN / "train.txt", out="imported")],
    "annotate export": [argv("annotate export", corpus="corpus", annotator="anna", out="sheets")],
    "bench run": [
        argv("bench run", "--data", "built", system=name, out=f"runs/{name}") for name in ("majority", "lexicon")
    ],
    "bench report": [argv("bench report", "runs/majority", "runs/lexicon", "--data", "built", out="report.html")],
    "bench compare": [argv("bench compare", "runs/majority", "runs/lexicon", "--data", "built")],
    "bench run on files": [
        argv(
            "bench run on files",
            *FILES,
            *WINDOWS,
            system="TF-IDF SVM",
            train=TOWN / "train.txt",
            test=TOWN / "test.txt",
            out="town",
        )
    ],
    "score": [argv("score", *LABELS, *WINDOWS, gold=TOWN / "test.txt", pred="town/predictions/test.jsonl")],
    "explore": [argv("explore", data="built", out="page.html")],
    "export": [argv("export", table="stances", data="built", out="stances.csv")],
    "why": [argv("why", sentence="dockers/5/2", target="strike", data="built")],
    "diff": [argv("diff", old="built", new="built")],
    "cite": [argv("cite", data=SHIPPED)],
    "compare": [argv("compare", data="built")],
    "compare distances": [argv("compare distances", "--chart", "chart.svg", data=SHIPPED)],
    **{name: [argv(name, data="built")] for name in ("compare disagreements", "compare positions")},
    **{name: [argv(name, "toll", data="built")] for name in ("compare contrast", "compare wording")},
    **{name: [argv(name, data="built")] for name in ("info", "show", "verify", "license", "agreement")},
    "drift": [argv("drift", "--from", "a", "--to", "b", data="built")],
    "schema": [argv("schema")],
    "publish to a folder": [argv("publish to a folder", "--stand-off", data="built", out="stand_off")],
    "rehydrate": [argv("rehydrate", stand_off="stand_off", texts=HARBOUR, out="again")],
    "fit": [argv("fit", "--data", "built", system="TF-IDF LR", out="model")],
    "predict": [argv("predict", model="model", rows="built/stances", out="predicted")],
    "tasks-dir": [argv("tasks-dir")],
    "help": [argv("help")],
}
ELSEWHERE = {
    "publish",
    "explore serve",
    *(f"annotate {name}" for name in ("adjudicate", "import", "run", "status", "undo", "validate")),
}
"""Commands that are not run here: the one that uses the network; one that listens to this machine; those that read as build does."""


@pytest.mark.full
def test_no_command_but_publish_uses_the_network(tmp_path):
    (tmp_path / "runs").mkdir()
    shutil.copytree(HARBOUR, tmp_path / "corpus")
    lines = [[str(part) for part in line] for lines in LINES.values() for line in lines]
    done = subprocess.run(
        [sys.executable, "-c", SESSION, json.dumps(lines)],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        encoding="utf-8",
        env=environment(HOME=str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    heard, reached = json.loads(done.stdout.splitlines()[-1])
    assert heard
    assert reached == []


@pytest.mark.full
def test_a_model_on_this_machine_is_asked_here_and_nowhere_else(tmp_path):
    """No name is looked up, and every connection is one to the server that was named."""
    shutil.copytree(HARBOUR, tmp_path / "corpus")
    with ChatServer() as server:
        line = argv("annotate run", corpus="corpus", model="tiny", url=server.url)
        done = subprocess.run(
            [sys.executable, "-c", SESSION, json.dumps([line])],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            encoding="utf-8",
            env=environment(
                HOME=str(tmp_path), HTTP_PROXY="http://proxy.example:3128", ALL_PROXY="http://proxy.example"
            ),
        )
        assert done.returncode == 0, done.stderr
        _, reached = json.loads(done.stdout.splitlines()[-1])
        port = server.url.split(":")[2].partition("/")[0]
        places = {
            found
            for event, found in reached
            if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname")
        }
        assert server.asked
        assert places
        assert [place for place in places if "'127.0.0.1'" not in place or port not in place] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_listened_to(name):
    assert (name in LINES) != (name in ELSEWHERE)
