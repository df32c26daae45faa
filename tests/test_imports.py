"""Imports point one way, and the front door is small and cheap."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import kazstance

PACKAGE = Path(kazstance.__file__).parent
ALLOWED = {
    "_moved": set(),
    "docstrings": set(),
    "errors": set(),
    "ending": {"output"},
    "interrupts": set(),
    "paths": set(),
    "stats": set(),
    "extras": {"errors"},
    "language": {"errors", "extras", "paths"},
    "output": {"errors", "extras", "paths", "stats"},
    "schema": {"docstrings", "errors", "output", "paths"},
    "input": {"errors", "extras", "paths", "schema", "stats"},
    "metrics": {"errors", "extras", "input", "schema", "stats"},
    "dataset": {"errors", "extras", "input", "output", "paths", "schema"},
    "predictions": {"errors", "input", "metrics", "output", "paths", "stats"},
    "bench": {
        "dataset",
        "errors",
        "extras",
        "input",
        "language",
        "metrics",
        "output",
        "paths",
        "predictions",
        "schema",
        "stats",
    },
    "comparison": {"dataset", "errors", "input", "language", "output", "schema", "stats"},
    "explorer": {"comparison", "dataset", "errors", "schema", "stats"},
    "corpus": {"comparison", "errors", "extras", "input", "language", "output", "paths", "schema", "stats"},
    "models": {
        "bench",
        "dataset",
        "errors",
        "extras",
        "input",
        "language",
        "metrics",
        "output",
        "paths",
        "predictions",
        "schema",
        "stats",
    },
    "plot": {"bench", "comparison", "errors", "extras", "output", "paths", "stats"},
    "_benchmark": {"bench", "errors", "input", "models", "output", "paths", "plot"},
    "annotate": {"comparison", "corpus", "errors", "extras", "input", "language", "output", "paths", "schema", "stats"},
    "publish": {
        "bench",
        "comparison",
        "corpus",
        "dataset",
        "errors",
        "input",
        "language",
        "models",
        "output",
        "paths",
        "schema",
        "stats",
    },
    "_front": {
        "_benchmark",
        "bench",
        "comparison",
        "corpus",
        "dataset",
        "errors",
        "explorer",
        "input",
        "models",
        "output",
        "paths",
        "plot",
        "predictions",
        "publish",
        "schema",
        "stats",
    },
    "cli": {
        "_benchmark",
        "_front",
        "_moved",
        "annotate",
        "bench",
        "comparison",
        "corpus",
        "dataset",
        "docstrings",
        "errors",
        "explorer",
        "extras",
        "input",
        "interrupts",
        "models",
        "output",
        "predictions",
        "publish",
        "schema",
        "stats",
    },
    "__main__": {"cli", "ending", "interrupts"},
}


def rooms_imported(file: Path) -> set[str]:
    """The parts of the package that a file imports, including imports within functions."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{alias.name}" if node.module == "kazstance" else node.module for alias in node.names
            ]
        found |= {name.split(".")[1] for name in names if name.startswith("kazstance.")}
    return found


@pytest.mark.parametrize("room", ALLOWED)
def test_imports_point_one_way(room):
    files = [PACKAGE / f"{room}.py"] if (PACKAGE / f"{room}.py").exists() else list((PACKAGE / room).rglob("*.py"))
    assert files
    for file in files:
        assert rooms_imported(file) - {room} <= ALLOWED[room], file


def test_every_room_is_known():
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms == ALLOWED.keys() | {"__init__"}


def test_the_package_does_not_know_its_recipe():
    assert [file for file in PACKAGE.rglob("*.py") if "build_scripts" in file.read_text()] == []


def test_import_loads_nothing_heavy():
    code = "import sys; import kazstance, json; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert {"pyarrow", "datasets", "sklearn", "pydantic", "numpy", "pandas"} & set(loaded) == set()


def test_functions_are_short():
    """Without the docstring, in which a public function describes each of its arguments."""
    long = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                described = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
                if (length := node.end_lineno - node.lineno + 1 - described) > 50:
                    long[f"{file.name}:{node.name}"] = length
    assert long == {}
