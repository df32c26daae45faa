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
    "interrupts": set(),
    "stats": set(),
    "extras": {"errors"},
    "language": {"errors", "extras"},
    "output": {"errors", "extras"},
    "schema": {"docstrings", "errors", "output"},
    "input": {"errors", "schema", "stats"},
    "metrics": {"errors", "schema", "stats"},
    "dataset": {"errors", "extras", "input", "output", "schema"},
    "predictions": {"errors", "input", "metrics", "output", "stats"},
    "comparison": {"dataset", "errors", "input", "language", "output", "schema", "stats"},
    "explorer": {"dataset", "errors", "schema"},
    "corpus": {"comparison", "errors", "input", "language", "output", "schema", "stats"},
    "plot": {"comparison", "extras", "output"},
    "benchmark": {
        "dataset",
        "errors",
        "extras",
        "input",
        "metrics",
        "output",
        "plot",
        "predictions",
        "schema",
        "stats",
    },
    "publish": {"comparison", "corpus", "dataset", "errors", "input", "output", "schema", "stats"},
    "review": {"corpus", "errors", "input", "language", "output", "schema"},
    "_front": {"comparison", "dataset", "explorer", "output", "plot", "publish", "schema"},
    "cli": {
        "benchmark",
        "comparison",
        "corpus",
        "dataset",
        "docstrings",
        "errors",
        "explorer",
        "extras",
        "input",
        "interrupts",
        "output",
        "plot",
        "predictions",
        "publish",
        "review",
        "schema",
        "stats",
    },
    "__main__": {"cli", "interrupts"},
}


def rooms_imported(file: Path) -> set[str]:
    """The rooms of the package that a file imports, function-level imports too."""
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
    long = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and (length := node.end_lineno - node.lineno + 1) > 50:
                long[f"{file.name}:{node.name}"] = length
    assert long == {}
