"""One object for a dataset: its manifest is parsed once, and hardly anything takes its folder as a path."""

import ast
from collections import Counter
from pathlib import Path

import pytest

import kazstance as ks
from kazstance.dataset import DatasetFolder
from kazstance.publish.card import plain_card
from kazstance.publish.hub import stage
from kazstance.schema import manifest
from tests.commands import call
from tests.hub_stand_in import HubStandIn

PACKAGE = Path(ks.__file__).parent
RECIPE = PACKAGE.parent / "build_scripts"
OPENERS = {"DatasetFolder", "Dataset", "manifest_bytes"}
"""What turns the path of a dataset into a dataset, or into what its manifest holds."""
PATHS = ("Path", "Data", "str")
"""Annotations of what may be a path; `Data` is the option of the command line."""
COMMANDS = ("kazstance/cli/", "kazstance/models/inspect_task.py", "kazstance/models/harness.py")
"""What a command line calls with its options: that of kazstance, of Inspect and of lm-evaluation-harness."""


def functions():
    """All functions of the package and the recipe, with the file that they are in; overloads are one function."""
    for file in [*PACKAGE.rglob("*.py"), *RECIPE.rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "overload" not in map(ast.unparse, node.decorator_list):
                yield file.relative_to(PACKAGE.parent).as_posix(), node


def parameters(function):
    """The names of the parameters that may be paths, each with its place among all."""
    given = [arg for arg in [*function.args.args, *function.args.kwonlyargs] if arg.arg not in ("self", "cls")]
    kinds = {arg.arg: ast.unparse(arg.annotation) for arg in given if arg.annotation}
    return {
        arg.arg: place
        for place, arg in enumerate(given)
        if any(kind in kinds.get(arg.arg, "") for kind in PATHS) and "Dataset" not in kinds[arg.arg]
    }


def handed_on(function, takers):
    """The parameters that a function hands on to where a dataset's path goes; `takers` are pairs of name and place."""
    for node in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
        called = ast.unparse(node.func).split(".")[-1]
        given = [*enumerate(node.args), *((word.arg, word.value) for word in node.keywords)]
        for place, value in given:
            if called in OPENERS or place == "data" or (called, place) in takers:
                below = {id(name) for part in ast.walk(value) if isinstance(part, ast.BinOp) for name in ast.walk(part)}
                names = {name.id for name in ast.walk(value) if isinstance(name, ast.Name) and id(name) not in below}
                yield from names & parameters(function).keys()


WRITTEN = {(name, "out") for name in ("build", "concat", "from_table")}
"""Where a dataset is written, and then opened."""


def signatures():
    """The functions that take the folder of a dataset as a path: those that open it, and those that hand it on."""
    found, takers = {("kazstance/dataset/folder.py", "__init__", "path")}, set()
    while True:
        more = set(found)
        for file, function in functions():
            places = parameters(function)
            for word in handed_on(function, takers):
                more |= {(file, function.name, word)}
                if not file.startswith(COMMANDS):  # nothing else calls a command
                    takers |= {(function.name, word), (function.name, places[word])}
        if more == found:
            return found
        found = more


@pytest.mark.full
def test_hardly_any_signature_takes_a_dataset_as_a_path():
    found = {place for place in signatures() if place[1:] not in WRITTEN}
    command_line = {place for place in found if place[0].startswith(COMMANDS)}
    assert {name for _, name, _ in found - command_line} == {
        *("__init__", "load", "table", "path", "splits", "to_hf", "manifest", "verify", "_listed")
    }
    assert {word for _, _, word in command_line} <= {"data", "old", "new", "folder"}
    assert len(found - command_line) + 1 <= 10


@pytest.fixture
def parsed(monkeypatch):
    """How often the manifest of each folder is parsed."""
    counts, parse = Counter(), manifest.parse_manifest

    def counting(content, file):
        counts[file.parent.resolve()] += 1
        return parse(content, file)

    monkeypatch.setattr(manifest, "parse_manifest", counting)
    return counts


@pytest.mark.parametrize(
    "use",
    [
        lambda ds, out: ds.explore(out / "page.html"),
        lambda ds, out: plain_card(ds),
        lambda ds, out: stage(ds, out / "hub"),
        lambda ds, out: (ds.compare().positions(), ds.agreement(resamples=10), ds.why("dockers/5/2", "strike")),
        lambda ds, out: [ds[name].records() for name in ds.tables],
    ],
    ids=["explore", "card", "stage", "compare", "tables"],
)
def test_a_manifest_is_parsed_once_for_all_that_is_done_with_an_opened_dataset(use, parsed, harbour_data, tmp_path):
    use(ks.open(str(harbour_data)), tmp_path)
    assert parsed[harbour_data.resolve()] == 1


@pytest.mark.parametrize(
    "name",
    [*("info", "show", "why", "export", "verify", "explore", "agreement", "cite", "license", "compare")],
)
def test_a_command_parses_the_manifest_of_its_dataset_once(name, parsed, harbour_data, tmp_path):
    places = {"table": "stances", "sentence": "dockers/5/2", "target": "strike"}
    ending = "html" if name == "explore" else "csv"
    call(name, data=harbour_data, out=tmp_path / f"out.{ending}", **places)
    assert parsed[harbour_data.resolve()] == 1


def test_publishing_parses_the_manifest_of_its_dataset_once(parsed, harbour_data, monkeypatch):
    with HubStandIn() as hub:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        done = call("publish", repo="org/name", data=harbour_data)
    assert "nothing was uploaded" in done.output
    assert parsed[harbour_data.resolve()] == 1


def test_an_output_is_read_back_and_no_more_often(parsed, harbour_data, tmp_path):
    stage(DatasetFolder(harbour_data), tmp_path / "hub")
    assert sum(count for folder, count in parsed.items() if folder != harbour_data.resolve()) <= 2
