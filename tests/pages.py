"""The blocks of code of pages: run, compared with the output shown, or renewed (`python -m tests.pages PAGE…`)."""

import contextlib
import csv
import doctest
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml
from typer.testing import CliRunner

from kazstance import dataset
from kazstance._moved import COMMANDS, MOVED
from kazstance.cli import app
from kazstance.corpus.imported.recipe import names, recipe
from kazstance.dataset import DatasetFolder
from kazstance.output.markdown import Markdown, code, markdown_table
from kazstance.publish.card import read_page
from kazstance.publish.hub import stage

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"(?ms)^```(?P<kind>[^\n`]*)\n(?P<body>.*?)^```$")
CUT = "…"
"""The last line of an output that is cut short."""
MADE = re.compile(r"(?<=^Made by )(kazstance \S+ on )\d{4}-\d\d-\d\d")
"""The line of a report that says when it was made."""


def undated(lines):
    """Lines without the day on which a report was made."""
    return [MADE.sub(r"\1some day", line) for line in lines]


def read_csv(text):
    rows = list(csv.reader(io.StringIO(text), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}


def read_json(text):
    """One value or several, one after another."""
    rest = text.strip()
    while rest:
        _, end = json.JSONDecoder().raw_decode(rest)
        rest = rest[end:].lstrip()


READ = {
    "json": read_json,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "csv": read_csv,
    "text": str,
    "bibtex": str,
    "r": str,
    "stata": str,
    "spss": str,
}
"""Kinds of blocks that are not run, and how they are read."""


class Page:
    """A page whose blocks run in order, in one namespace, in the current folder."""

    def __init__(self, name):
        self.name = name
        self.names = {"__name__": "__main__"}

    def run(self, kind, body):
        """Run a block, or read it, and return it as it would be shown."""
        if kind == "console":
            return self.run_console(body)
        if kind == "python" and ">>>" in body:
            return self.run_doctest(body)
        if kind == "python":
            exec(compile(body, self.name, "exec"), self.names)
        else:
            assert kind in READ, f"{kind!r}, expected python, console, {', '.join(READ)}"
            READ[kind](body)
        return body

    def run_doctest(self, body):
        test = doctest.DocTestParser().get_doctest(body, self.names, self.name, self.name, 0)
        said = []
        failed, _ = doctest.DocTestRunner().run(test, out=said.append, clear_globs=False)
        self.names = test.globs
        assert not failed, "".join(said)
        return body

    def run_console(self, body):
        """Each command with what it prints; one that fails is followed by `echo $?`, which shows its exit code."""
        parts = [split_command(part) for part in re.split(r"(?m)^\$ ", body)[1:]]
        assert parts, f"{self.name}: no command"
        code, lines = 0, []
        for (command, shown), (following, _) in zip(parts, [*parts[1:], ("", [])], strict=True):
            if command == "echo $?":
                code, printed = 0, f"{code}\n"
            else:
                code, printed = run_command(command)
            assert code == 0 or following == "echo $?", f"{command}: exit code {code}\n{printed}"
            lines += [f"$ {command}", *self.compare(command, shown, [line.rstrip() for line in printed.splitlines()])]
        return "\n".join(lines) + "\n"

    def compare(self, command, shown, printed):
        """Assert that the actual output begins with the output shown."""
        if shown[-1:] == [CUT]:
            assert len(printed) >= len(shown), f"{command}: nothing is cut"
        wanted = shown[:-1] if shown[-1:] == [CUT] else shown
        hint = f"(to show what is printed now: python -m tests.pages {self.name})"
        assert undated(printed[: len(wanted)]) == undated(wanted), "\n".join([command, *printed, hint])
        return shown


class Renewed(Page):
    """A page that shows what its commands print now; an omitted output stays omitted, a cut one keeps its length.

    A line `…4` in place of an output asks for its first four lines.
    """

    def run_doctest(self, body):
        """The same prompts with what they print now; a traceback is left as shown."""
        shown = []
        for part in doctest.DocTestParser().parse(body):
            if isinstance(part, str):
                shown.append(part)
                continue
            first, *more = part.source.splitlines(keepends=True)
            shown += [f">>> {first}", *(f"... {line}" for line in more)]
            shown.append(part.want if part.exc_msg else self.print_one(part.source))
        return "".join(shown)

    def print_one(self, source):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(source, self.name, "single"), self.names)
        return printed.getvalue()

    def compare(self, command, shown, printed):
        if not shown or not shown[-1].startswith(CUT):
            return printed if shown else []
        kept = int(shown[-1].removeprefix(CUT) or len(shown) - 1)
        return [*printed[:kept], CUT] if printed[kept:] else printed


NAME = re.compile(r"(?<![`\w])kazstance\.[\w.]*\w(?:\([^)]*\))?")


def with_moved(text):
    """A page whose tables of moved modules and commands are those of the package."""

    def table(found):
        if found["kind"] == "commands":
            rows = [[code(old), code(new)] for old, new in COMMANDS.items()]
        else:
            rows = [[code(f"kazstance.{old}"), Markdown(NAME.sub(r"`\g<0>`", new))] for old, new in MOVED.items()]
        return f"{found[1]}{markdown_table(['0.3', 'now'], rows)}\n{found[3]}"

    return re.sub(r"(<!-- moved: (?P<kind>\w+) -->\n).*?(<!-- end -->)", table, text, flags=re.DOTALL)


def with_recipes(text):
    """A page whose table of recipes is that of the package."""
    rows = [[code(name), recipe(name).title, recipe(name).note or ""] for name in names()]
    table = markdown_table(["recipe", "dataset", "what to know"], rows)
    return re.sub(
        r"(<!-- recipes -->\n).*?(<!-- end -->)", lambda found: f"{found[1]}{table}\n{found[2]}", text, flags=re.DOTALL
    )


def split_command(part):
    """A command, over several lines where they end in a backslash, and the output shown."""
    lines = [line.rstrip() for line in part.rstrip().splitlines()]
    end = next(i for i, line in enumerate(lines, 1) if not line.endswith("\\"))
    return "\n".join(lines[:end]), lines[end:]


def run_command(command):
    """Exit code and output of a command: kazstance in this process, everything else in a shell."""
    if command.startswith("kazstance ") and not re.search(r"[|<>;&]", command):
        result = CliRunner().invoke(app, shlex.split(command.replace("\\\n", ""))[1:])
        return result.exit_code, result.output
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "PYTHONPATH": str(dataset.SHIPPED.parents[1])}
    call = ["bash", "-c", command]
    done = subprocess.run(call, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    return done.returncode, done.stdout


def blocks(text):
    """Kind and body of each block of a page."""
    found = [(block["kind"], block["body"]) for block in FENCE.finditer(text)]
    assert text.count("```") == 2 * len(found), "a block that is indented, or not closed"
    return found


def make_checkout(folder):
    """What `make data` puts into a checkout, as far as the pages use it."""
    for name in ("raw", "tests"):
        (folder / name).symlink_to(ROOT / name)
    stage(DatasetFolder(), folder / "build" / "hub")
    return folder


def renew(page):
    """Write a page with the current outputs of its commands."""
    text, running = with_recipes(with_moved(read_page(ROOT / page))), Renewed(page)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(make_checkout(Path(scratch)))
        shown = (
            f"```{block['kind']}\n{running.run(block['kind'], block['body'])}```" for block in FENCE.finditer(text)
        )
        blocks_anew = list(shown)
        os.chdir(ROOT)
    anew = iter(blocks_anew)
    (ROOT / page).write_text(FENCE.sub(lambda _: next(anew), text), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as cache:
        os.environ |= {"COLUMNS": "80", "HF_DATASETS_CACHE": cache}
        for name in sys.argv[1:]:
            renew(name)
            print(f"renewed {name}")
