"""The same questions through Inspect AI, in an environment of its own: the same judgements, failures told apart, nothing cached."""

import json
import shutil
import subprocess

import pytest

from kazstance.annotate.by_model.model_run import Scope, run_model
from tests.chat_server import ChatServer
from tests.commands import argv
from tests.commands import environment as variables
from tests.conftest import ROOT, environment
from tests.test_model_run import labels, planned, readings

pytestmark = pytest.mark.full
FAULTS = ("refusal", "filtered", "cut", "broken", "missing", "bad_label", "invented", "filtered_400")


@pytest.fixture(scope="module")
def python():
    return environment("inspect", "--editable", ".[build]", "inspect-ai>=0.3.285", "openai>=3.0")


def ask(python, corpus, server, *more, model="openai-api/local/tiny", **env):
    command = [
        *argv("annotate run", "--engine", "inspect", "--as", "tiny", *more, corpus=corpus, model=model, url=server.url)
    ]
    return subprocess.run(
        [python, "-m", "kazstance", *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=variables(**env),
        timeout=300,
    )


def test_the_same_judgements_and_statuses_as_through_the_other_client(python, harbour, tmp_path):
    other = shutil.copytree(harbour, tmp_path / "other")
    with ChatServer() as server:
        texts = {}
        server.choose = lambda sentence, _targets, _n: texts.setdefault(
            sentence, (*FAULTS, None, None)[len(texts) % 10]
        )
        done = ask(python, harbour, server, "--json", "--connections", "1")
        assert done.returncode == 0, done.stdout + done.stderr
        said, asked = json.loads(done.stdout), server.asked.total()
        assert asked == said["run"]["tries"] == said["sent"]
        bare = run_model(other, planned(server, connections=1))
    assert said["statuses"] == bare.statuses
    assert set(said["statuses"]) >= {
        "ok",
        "refusal",
        "filtered",
        "cut",
        "parse_error",
        "missing_target",
        "bad_label",
        "evidence_not_found",
    }
    assert labels(harbour) == labels(other)
    assert readings(harbour) == readings(other)
    assert said["run"]["clients"][0].startswith("inspect-ai ")
    for name in ("tokens_in", "tokens_cached", "tokens_out"):
        assert said["run"][name] == bare.run[name]


def test_what_fails_on_the_way_is_counted_here(python, harbour):
    with ChatServer(lambda _sentence, _targets, n: ("busy", "dropped", "error")[n - 1] if n <= 3 else None) as server:
        done = ask(python, harbour, server, "--json", "--source", "gazette")
        assert done.returncode == 0, done.stdout + done.stderr
        said = json.loads(done.stdout)
        assert said["statuses"] == {"ok": 12}
        assert said["run"]["tries"] == server.asked.total() == 4 * said["sent"]
        again = ask(python, harbour, server, "--json", "--source", "gazette")
        assert json.loads(again.stdout)["sent"] == 0


def test_a_late_answer_is_not_waited_for(python, harbour):
    with ChatServer(lambda _sentence, _targets, n: "late" if n == 1 else None) as server:
        done = ask(python, harbour, server, "--json", "--source", "gazette", "--timeout", "1")
        assert json.loads(done.stdout)["run"]["tries"] == 8
    with pytest.raises(Exception, match="names no provider"):
        run_model(harbour, planned(server, engine="inspect", scope=Scope()))
