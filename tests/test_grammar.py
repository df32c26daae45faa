"""One grammar for all commands: shared options, plain help with examples that run, and names that are corrected."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import kazstance
from kazstance._moved import COMMANDS as MOVED
from kazstance.cli import app
from kazstance.cli.contents import ENTRIES
from kazstance.dataset import DatasetFolder
from tests.commands import environment
from tests.conftest import HARBOUR
from tests.test_new_corpus import pdf

NO_JSON = {"bench report", "export", "schema", "tasks-dir"}
"""Commands whose output is a file, already JSON, or a single path."""
NO_DATA = {
    *(f"annotate {name}" for name in ("adjudicate", "export", "import", "run", "status", "undo", "validate")),
    "build",
    "diff",
    "import",
    "predict",
    "rehydrate",
    "schema",
    "score",
    "tasks-dir",
}
NO_DATA |= {"new", "check", "add source", "add splits", "add target", "add text"}
"""Commands that read no dataset, or name two."""
TINY = """
import sys, typer, rich.table
app = typer.Typer(no_args_is_help=True)
@app.callback()
def options(debug: bool = False) -> None: ...
@app.command()
def one(number: int = 1) -> None: ...
for args in (["--help"], ["one", "--help"]):
    try:
        app(args)
    except SystemExit:
        pass
"""
"""What typer and rich load by themselves."""
OWN = """
import sys
from kazstance.cli import app
for name in sys.argv[1:]:
    try:
        app([*name.split(), "--help"])
    except SystemExit as end:
        assert not end.code
"""
LOADED = "print(chr(10) + ' '.join(sorted(sys.modules)))"


def leaves():
    """All commands that do something, by their names."""
    root = typer.main.get_command(app)
    for name in root.list_commands(None):
        found = root.get_command(None, name)
        if hasattr(found, "commands"):
            yield from ((f"{name} {below}", command) for below, command in found.commands.items() if not command.hidden)
        else:
            yield name, found


LEAVES = dict(leaves())
PARSED = {name: {option for param in found.params for option in param.opts} for name, found in LEAVES.items()}


def run(*args):
    return CliRunner().invoke(app, list(args), env={"COLUMNS": "200"})


def plain(text):
    return " ".join(re.sub("[│╭╰─╮╯]", " ", text).split())


def test_the_root_help_says_what_the_help_of_each_command_says():
    root = typer.main.get_command(app)
    for name, entry in ENTRIES.items():
        assert root.get_command(None, name).help.split("\n\n")[0].replace("\n", " ") == entry.summary, name
        assert entry.summary in plain(run("--help").stdout), name


@pytest.mark.parametrize("args", [[], ["annotate"], ["bench"]])
def test_without_arguments_the_help_is_shown(args):
    done = run(*args)
    assert plain(run(*args, "--help").stdout) in plain(done.stdout + done.stderr)


@pytest.mark.parametrize("name", LEAVES)
def test_help_is_a_sentence_for_every_command_option_and_argument(name):
    command = LEAVES[name]
    texts = [command.help.split("\n\n")[0], *(param.help for param in command.params if param.name != "help")]
    for text in texts:
        assert text, (name, texts)
        assert text[0].isupper() or text.split()[0].strip(",") in {
            *ENTRIES,
            "own",
            "csv",
            "text",
            "stance",
            "in_domain",
        }
        assert text.endswith("."), text


@pytest.mark.parametrize("name", LEAVES)
def test_shared_options(name):
    assert "--debug" in PARSED[name]
    assert ("--json" in PARSED[name]) == (name not in NO_JSON)
    assert ("--data" in PARSED[name]) == (name not in NO_DATA)


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("kazstance an", ["annotate"]),
        ("kazstance compare d", ["disagreements", "distances"]),
        ("kazstance compare wording --vo", ["--voice"]),
    ],
)
def test_completion(words, completed):
    typed = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = CliRunner().invoke(app, prog_name="kazstance", env={"_KAZSTANCE_COMPLETE": "complete_bash", **typed})
    assert done.stdout.split() == completed


def test_version():
    done = run("--version")
    assert (done.exit_code, done.stdout) == (0, f"kazstance {kazstance.__version__}\n")


EXAMPLES = {
    name: found
    for name, command in LEAVES.items()
    if (found := re.findall(r"Example: kazstance (.+)", command.help)) and name != "publish"
}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory, harbour_data):
    """A folder with what examples name."""
    from kazstance.publish.stand_off import stage_stand_off

    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(harbour_data, folder / "old_data")
    shutil.copytree(HARBOUR / "texts", folder / "my_copies")
    stage_stand_off(DatasetFolder(harbour_data), folder / "stand_off")
    (folder / "coded.csv").write_text(
        "text,party,issue,stance,coder\nNo!,Red,toll,against,ada\nYes!,Blue,toll,favor,ada\n"
    )
    (folder / "a.txt").write_text("The toll is robbery.\n")
    page = "<html><body><p>The toll is fair, and those who use the quay should pay for it.</p></body></html>"
    (folder / "a.html").write_text(page)
    (folder / "b.html").write_text(page.replace("fair", "right"))
    (folder / "b.pdf").write_bytes(pdf("The strike holds, and it will hold."))
    return folder


def renew(scratch, name):
    """The folders `my_corpus` and `my_data` as an example expects them, whatever those before it have made of them."""
    for folder in ("my_corpus", "my_data"):
        shutil.rmtree(scratch / folder, ignore_errors=True)
    shutil.copytree(scratch / "old_data", scratch / "my_data")
    if name.startswith("add "):
        assert run("new", "my_corpus", "--title", "Mine").exit_code == 0
    elif name != "new":
        shutil.copytree(HARBOUR, scratch / "my_corpus")


@pytest.mark.full
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name, scratch, monkeypatch):
    monkeypatch.chdir(scratch)
    renew(scratch, name)
    if name == "predict":
        kazstance.fit("majority", kazstance.open("my_data")).save("my_model")
    if name == "annotate adjudicate":
        (scratch / "my_corpus/annotations/adjudications.jsonl").write_text("")
    if name == "annotate validate":
        from tests.checked import judge, write_corpus

        shutil.rmtree(scratch / "my_corpus")
        truth = write_corpus(scratch / "my_corpus")
        judge(scratch / "my_corpus", scratch / "sheets_of_a_sample", truth, 240, "ada", "ben")
    if name == "annotate undo":
        from kazstance.annotate.filled_sheet import import_answers
        from kazstance.annotate.sheet_folder import export_sheets
        from tests.test_annotate import fill_csv, write_rows

        export_sheets(scratch / "my_corpus", "ada", scratch / "again")
        import_answers(scratch / "my_corpus", write_rows(scratch / "again", fill_csv(scratch / "again")))
    if name == "annotate import":
        from kazstance.annotate.sheet_folder import export_sheets
        from tests.test_annotate import fill_csv, write_rows

        sheets = scratch / "sheets"
        shutil.rmtree(sheets, ignore_errors=True)
        export_sheets(scratch / "my_corpus", "ada", sheets)
        shutil.move(write_rows(sheets, fill_csv(sheets)), sheets / "sheet.csv")
    for line in EXAMPLES[name]:
        done = run(*shlex.split(line))
        assert done.exit_code == 0, done.output
        if "--json" in line:
            json.loads(done.stdout)


def loaded(code, *args):
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED, *args], capture_output=True, check=True, env=environment(), text=True
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


@pytest.mark.full
def test_help_loads_only_typer_and_rich():
    """Of what typer and rich load by themselves, and of the standard library, there may be more."""
    more = loaded(OWN, "", *ENTRIES, *LEAVES) - loaded(TINY) - sys.stdlib_module_names
    assert more == {"kazstance"}


def test_the_root_help_loads_no_command():
    code = "import sys\nfrom kazstance.cli import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED], capture_output=True, check=True, env=environment(), text=True
    )
    modules = {f"kazstance.cli.{entry.module}" for entry in ENTRIES.values()}
    assert modules & set(done.stdout.splitlines()[-1].split()) == set()


@pytest.mark.parametrize(
    ("args", "right"),
    [
        (["verfy"], "verify"),
        (["compare", "distance"], "distances"),
        (["annotate", "exprt"], "export"),
        (["bench", "reprt"], "report"),
        (["show", "--targt", "x"], "--target"),
        (["--versoin"], "--version"),
        (["compare", "--voic", "own"], "--voice"),
        (["compare", "--voice", "endorsd"], "endorsed"),
        (["compare", "--by", "traditoin"], "tradition"),
        (["compare", "distances", "--feature", "position"], "positions"),
        (["compare", "contrast", "west_wants_clam"], "west_wants_calm"),
        (["compare", "wording", "west_wants_clam"], "west_wants_calm"),
        (["show", "--source", "old_mol"], "old_mole"),
        (["show", "--target", "west_wants_clam"], "west_wants_calm"),
        (["show", "--label", "favour"], "favor"),
        (["show", "--split", "tets"], "test"),
        (["export", "stance"], "stances"),
        (["export", "--format", "parket"], "parquet"),
        (["cite", "--format", "bibtx"], "bibtex"),
        (["schema", "stance"], "stances"),
        (["why", "pr_collective/16/2", "west_wants_clam"], "west_wants_calm"),
        (["bench", "run", "majorty", "--out", "x"], "majority"),
        (["bench", "run", "majority", "--task", "stanse", "--out", "x"], "stance"),
        (["bench", "run", "majority", "--protocol", "in_domian", "--out", "x"], "in_domain"),
    ],
)
def test_a_wrong_name_exits_with_2_and_suggests_the_right_one(args, right, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*args)
    assert done.exit_code == 2, done.output
    assert f"did you mean {right}?" in plain(done.stderr)
    assert "Traceback" not in done.stderr


def test_a_name_like_no_other_lists_what_there_is():
    assert "choose from positions, disagreements, distances, wording, contrast" in plain(run("compare", "xyz").stderr)
    assert "did you mean" not in run("show", "--target", "xyz").stderr


@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_is_answered_with_the_new_one(old):
    """Also with what stood behind it; and the new name is one that there is."""
    for more in ([], ["export", "corpus"], ["x"], ["--json"]):
        done = run(*old.split()[1:], *more)
        assert done.exit_code == 2
        assert f"{old} has become {MOVED[old]}" in plain(done.stderr)
    assert (
        run(*(word for word in MOVED[old].split()[1:] if word.islower() and "-" not in word), "--help").exit_code == 0
    )


def test_old_options_within_a_line():
    for args in (["--voice", "own", "--pairs"], ["--pairs=x"], ["--data", os.curdir, "--target=maoism", "--json"]):
        done = run("compare", *args)
        assert done.exit_code == 2
        assert "has become kazstance compare" in plain(done.stderr)


def test_results_go_to_standard_output_and_progress_elsewhere(scratch):
    renew(scratch, "")
    done = run("build", str(scratch / "my_corpus"), "--out", str(scratch / "built"), "--json")
    assert done.exit_code == 0, done.stderr
    built = kazstance.manifest(data=scratch / "built")
    assert json.loads(done.stdout) == {
        "id": built.id,
        "version": built.version,
        "digest": built.digest,
        "rows": built.n_rows,
        "out": str(scratch / "built"),
    }
    assert "69 of 69 pairs" in done.stderr


def test_json_of_commands_that_write(scratch, monkeypatch):
    monkeypatch.chdir(scratch)
    renew(scratch, "")
    page = json.loads(run("explore", "my_data", "--out", "page.html", "--json").stdout)
    assert page == {"out": "page.html", "bytes": (scratch / "page.html").stat().st_size}
    sheet = json.loads(run("annotate", "export", "my_corpus", "--annotator", "eve", "--out", "eve", "--json").stdout)
    kept = scratch / "my_corpus" / "annotations" / "sheets" / f"{sheet['sheets'][0]['sheet']}.json"
    assert sheet["items"] == len(json.loads(kept.read_text())["items"])
    for style in ("text", "bibtex", "zenodo"):
        cited = json.loads(run("cite", "--format", style, "--json").stdout)
        assert cited == {"format": style, "citation": run("cite", "--format", style).stdout}
