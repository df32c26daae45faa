"""The tests pass, and the build gives the same rows, on the lowest supported version of each dependency."""

import re
import subprocess
import sys
import tomllib

import pytest


@pytest.mark.full
def test_the_tests_pass_on_the_oldest_versions(root):
    """`make test` without style, types and the wheel; it includes the rebuild of the shipped data."""
    done = subprocess.run(
        [sys.executable, "-m", "nox", "--reuse-existing-virtualenvs", "--session", "oldest"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        package, lowest = requirement.split(">=")
        assert re.search(rf"(?mi)^{package}=={re.escape(lowest)}(\.0)*$", done.stdout + done.stderr), requirement
