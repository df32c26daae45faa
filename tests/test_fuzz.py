"""Hostile inputs, a short run with fixed seeds; and that the harness sees each kind of fault where there is one."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import environment
from tests.fuzz import losses
from tests.fuzz.misbehaving import BEHAVING, MISBEHAVING

pytestmark = pytest.mark.full

ROOT = Path(__file__).parents[1]


def run_module(name, *more):
    """Run a module of the harness; a process of its own, since one with threads must not be forked."""
    return subprocess.run(
        [sys.executable, "-m", name, *more],
        capture_output=True,
        check=False,
        cwd=ROOT,
        encoding="utf-8",
        env={**environment(), "PYTHONPATH": os.pathsep.join([environment()["PYTHONPATH"], str(ROOT)])},
    )


def fuzz(*more):
    """Run the harness as `make fuzz` does."""
    return run_module("tests.fuzz", *more)


@pytest.mark.parametrize(
    "kind",
    [
        "score",
        "sheet",
        *(pytest.param(kind, marks=pytest.mark.full) for kind in ("corpus", "dataset", "predictions", "runs")),
    ],
)
def test_no_hostile_input_breaks_a_command(kind):
    done = fuzz("--length", "0.005", "--seed", "20310601", "--kind", kind, "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^{kind}: [1-9]\d* cases, 0 with faults", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.full
@pytest.mark.parametrize("kind", ["corpus", "score", "sheet", "predictions", "runs"])
def test_no_hostile_input_of_a_longer_run_breaks_a_command(kind):
    """Of known seeds, so that a change is what fails it; `make fuzz` takes new ones."""
    done = fuzz("--length", "0.04", "--seed", "20310601", "--kind", kind)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_kind_of_fault_is_seen_and_nothing_else():
    """Processes that misbehave in one way each, and two that do not, as the oracle judges them."""
    seen = json.loads(run_module("tests.fuzz.misbehaving").stdout)
    missed = {name: seen[name] for name in MISBEHAVING if not any(kind.startswith(name) for kind in seen[name])}
    assert missed == {}
    assert [seen[name] for name in BEHAVING] == [[] for _ in BEHAVING]


def test_what_a_command_loses_is_seen(harbour, harbour_data, tmp_path):
    """An annotation that is in the corpus, and not in the dataset."""
    (tmp_path / "out").symlink_to(harbour_data)
    (tmp_path / "corpus").symlink_to(harbour)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stderr").write_text("")
    assert losses.find("build", tmp_path) == []
    path = harbour / "annotations" / "a.jsonl"
    path.write_text(path.read_text().replace('"label": "against"', '"label": "favor"', 1))
    (harbour / "annotations" / "c.jsonl").write_text("")
    lost = losses.find("build", tmp_path)
    assert "annotations/c.jsonl is not read, and nothing says so" in lost
    assert "('a', 'dockers/1/1', 'toll') is favor, and against in the table" in lost


@pytest.mark.full
def test_a_seed_gives_the_same_case_again():
    """What is printed of a failure is enough to run it alone: the mutations are the same, and leave-outs change no other."""
    shown = [fuzz("--only", name).stdout for name in ("score:20310601", "score:20310601", "score:20310601/0")]
    taken = r"fuzz-score-[^/\s]+|, [\d.]+ s, \d+ MB"
    commands = [re.sub(taken, "", text) for text in shown]
    assert commands[0] == commands[1]
    assert commands[0].split("\n")[0] == commands[2].split("\n")[0]
