"""The command lines that behavioural tests use, in one table, and how to run them: a renamed command is changed only here."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

import kazstance
from kazstance.cli import app

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "add source": ("add", "source", "{source}", "--language", "en", "--corpus", "{corpus}"),
    "add splits": ("add", "splits", "{data}", "--corpus", "{corpus}"),
    "add target": ("add", "target", "{target}", "--corpus", "{corpus}"),
    "add text": ("add", "text", "{text}", "--language", "en", "--corpus", "{corpus}"),
    "agreement": ("agreement", "--data", "{data}"),
    "bench compare": ("bench", "compare"),
    "bench run on files": ("bench", "run", "{system}", "--train", "{train}", "--test", "{test}", "--out", "{out}"),
    "bench report": ("bench", "report", "--out", "{out}"),
    "bench run": ("bench", "run", "{system}", "--out", "{out}"),
    "build": ("build", "{corpus}", "--out", "{out}"),
    "check": ("check", "{corpus}"),
    "cite": ("cite", "--data", "{data}"),
    "compare": ("compare", "--data", "{data}"),
    "compare contrast": ("compare", "contrast", "--data", "{data}"),
    "compare disagreements": ("compare", "disagreements", "--data", "{data}"),
    "compare distances": ("compare", "distances", "--data", "{data}"),
    "compare positions": ("compare", "positions", "--data", "{data}"),
    "compare wording": ("compare", "wording", "--data", "{data}"),
    "diff": ("diff", "{old}", "{new}"),
    "explore": ("explore", "{data}", "--out", "{out}"),
    "explore serve": ("explore", "{data}", "--serve", "--port", "0"),
    "drift": ("drift", "--data", "{data}"),
    "export": ("export", "{table}", "--data", "{data}", "--out", "{out}"),
    "fit": ("fit", "{system}", "--out", "{out}"),
    "help": ("--help",),
    "import": ("import", "{gold}", "--out", "{out}"),
    "info": ("info", "--data", "{data}"),
    "license": ("license", "--data", "{data}"),
    "new": ("new", "{out}"),
    "predict": ("predict", "{model}", "{rows}", "--out", "{out}"),
    "publish": ("publish", "--repo-id", "{repo}", "--data", "{data}"),
    "publish to a folder": ("publish", "--data", "{data}", "--out", "{out}"),
    "rehydrate": ("rehydrate", "{stand_off}", "--texts", "{texts}", "--out", "{out}"),
    "annotate export": ("annotate", "export", "{corpus}", "--annotator", "{annotator}", "--out", "{out}"),
    "annotate adjudicate": ("annotate", "adjudicate", "{corpus}", "--out", "{out}"),
    "annotate import": ("annotate", "import", "{corpus}", "{sheet}"),
    "annotate run": ("annotate", "run", "{corpus}", "--model", "{model}", "--base-url", "{url}"),
    "annotate status": ("annotate", "status", "{corpus}"),
    "annotate undo": ("annotate", "undo", "{corpus}", "{sheet}"),
    "annotate validate": ("annotate", "validate", "{corpus}"),
    "schema": ("schema",),
    "score": ("score", "--gold", "{gold}", "--pred", "{pred}"),
    "show": ("show", "--data", "{data}"),
    "tasks-dir": ("tasks-dir",),
    "verify": ("verify", "--data", "{data}"),
    "why": ("why", "{sentence}", "{target}", "--data", "{data}"),
}
"""The name of each command, with the placeholders that a test fills in."""


PROGRESS = re.compile(r"(import|read|segment|judge|split|folds|copies|probes|write) {2,}")
"""How a line begins that tells of a step of a build."""


@dataclass(frozen=True)
class Finished:
    """A process that has ended: its exit code (minus the signal if it was killed), and what it printed."""

    code: int
    out: str
    err: str


def messages(err: str) -> list[str]:
    """The lines of standard error that do not tell of progress."""
    return [line for line in err.splitlines() if not PROGRESS.match(line)]


def argv(name: str, /, *more: str | Path, **places: str | Path) -> list[str]:
    """The arguments of a command with its placeholders filled in, and more after them."""
    return [*(part.format(**places) for part in COMMANDS[name]), *map(str, more)]


def environment(**changed: str) -> dict[str, str]:
    """The environment of a process that imports the package under test, from any folder it is started in."""
    return {**os.environ, "PYTHONPATH": str(Path(kazstance.__file__).parents[1]), **changed}


def run(
    name: str,
    /,
    *more: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    python: tuple[str, ...] = (),
    timeout: float = 120,
    **places: str | Path,
) -> Finished:
    """Run a command in a separate process; `python` holds options of the interpreter."""
    done = subprocess.run(
        [sys.executable, *python, "-m", "kazstance", *argv(name, *more, **places)],
        capture_output=True,
        check=False,
        cwd=cwd,
        encoding="utf-8",
        env={**environment(), **(env or {})},
        errors="replace",
        timeout=timeout,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def call(name: str, /, *more: str | Path, **places: str | Path) -> Any:
    """Run a command in this process; an error that reaches no boundary fails the test, as a traceback would."""
    done = CliRunner().invoke(app, argv(name, *more, **places))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done
