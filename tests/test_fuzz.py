"""Hostile inputs, a short run with fixed seeds; and that the harness sees each kind of fault when there is one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import environment
from tests.fuzz.cases import Step
from tests.fuzz.oracle import faults, snapshot
from tests.fuzz.processes import Outcome

ROOT = Path(__file__).parents[1]


def fuzz(*more):
    """Run the harness as `make fuzz` does."""
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *more],
        capture_output=True,
        check=False,
        cwd=ROOT,
        encoding="utf-8",
        env={**environment(), "PYTHONPATH": os.pathsep.join([environment()["PYTHONPATH"], str(ROOT)])},
    )


@pytest.mark.parametrize("kind", ["corpus", "score", "sheet", "predictions", "dataset", "runs"])
def test_no_hostile_input_breaks_a_command(kind):
    done = fuzz("--length", "0.01", "--seed", "20310601", "--kind", kind, "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(rf"^{kind}: \d+ cases, 0 of them with faults", done.stdout, re.MULTILINE)


@pytest.mark.full
def test_no_hostile_input_of_a_long_run_breaks_a_command():
    done = fuzz("--length", "0.25")
    assert done.returncode == 0, done.stdout + done.stderr
