"""What extras install, and what is raised without them; test_extra tries each of them on its own."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import kazstance
from kazstance.extras import EXTRAS, missing_extra, naming_extras
from tests.commands import run

PACKAGE = Path(kazstance.__file__).parent
MODULES = {module: package for modules in EXTRAS.values() for module, package in modules.items()}
PLAIN = {"langcodes", "narwhals", "numpy", "pyarrow", "pydantic", "regex", "scipy", "typer", "waitress"}
BROUGHT = {"rich": "typer", "markupsafe": "jinja2"}
"""Modules that other packages install."""


def named(requirement):
    return requirement.partition(">=")[0].lower().replace("_", "-")


def test_the_table_is_that_of_the_project(root):
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {extra: set(map(named, lines)) for extra, lines in extras.items()} == {
        extra: set(map(named, modules.values())) for extra, modules in EXTRAS.items()
    }


def test_modules_are_of_the_packages_that_the_table_says():
    there = packages_distributions()
    known = {module: set(map(named, there[module])) for module in MODULES if module in there}
    assert known == {module: {named(MODULES[module])} for module in known}
    assert len(known) >= 9


def test_whatever_is_imported_is_declared():
    """A module that no line of pyproject.toml installs would be a traceback on some machine."""
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}
    others = found - sys.stdlib_module_names - {"kazstance"}
    assert others - MODULES.keys() - PLAIN == BROUGHT.keys()


def test_pages_install_extras_that_there_are_from_a_checkout(root):
    """The package is not on an index, so its name alone leads nowhere."""
    pages = {
        page.name: page.read_text(encoding="utf-8") for page in [root / "README.md", *(root / "docs").glob("*.md")]
    }
    found = [
        (page, *match) for page, text in pages.items() for match in re.findall(r"pip install '(\S*)\[(\S+)\]'", text)
    ]
    assert {page for page, *_ in found} >= {"README.md", "quick_start.md", "walk_through.md"}
    assert [line for line in found if line[1] != "." or not set(line[2].split(",")) <= EXTRAS.keys()] == []


def test_only_a_package_of_an_extra_is_taken_for_one():
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module'"), naming_extras():
        import no_such_module  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'altair\.no_such_part'"), naming_extras():
        import altair.no_such_part  # noqa: F401
    assert missing_extra(ModuleNotFoundError("without a name")) is None


@pytest.fixture
def files(tmp_path):
    rows = "id,target,doc,label\n" + "".join(
        f"{n},t{n % 3},d{n // 4},{'favor' if n % 2 else 'against'}\n" for n in range(40)
    )
    (tmp_path / "rows.csv").write_text(rows)
    return {"gold": tmp_path / "rows.csv", "pred": tmp_path / "rows.csv"}


def imported(name, *more, **places):
    """The modules that a command loads."""
    found = run(name, *more, python=("-X", "importtime"), **places)
    assert found.code == 0, found.err
    return {line.rpartition("|")[2].strip() for line in found.err.splitlines()}


def test_scoring_loads_no_more_of_scipy_than_sparse_matrices(files):
    loaded = imported("score", "--id", "id", "--target", "target", "--cluster", "doc", "--by", "target", **files)
    assert "scipy.sparse" in loaded
    others = ("scipy.stats", "scipy.special", "scipy.optimize", "scipy.cluster", "sklearn")
    assert not [name for name in loaded if name.startswith(others)]


@pytest.mark.parametrize(
    ("name", "places"),
    [("help", {}), ("info", {}), ("show", {}), ("export", {"table": "targets"}), ("license", {}), ("cite", {})],
)
def test_commands_that_estimate_nothing_load_neither_scipy_nor_an_extra(name, places, tmp_path):
    loaded = imported(name, data=kazstance.dataset.SHIPPED, out=tmp_path / "out.csv", **places)
    assert "kazstance.cli.command" in loaded
    by_pyarrow = {"pandas"}  # which Parquet filters load if it is installed
    assert not {module.partition(".")[0] for module in loaded} & {"scipy", *MODULES} - by_pyarrow


@pytest.mark.parametrize(
    ("module", "own"),
    [
        ("kazstance.publish.hub", {"huggingface_hub", "yaml"}),
        ("kazstance.publish.upload", {"huggingface_hub", "yaml"}),
        ("kazstance.explorer", set()),
        ("kazstance.bench.report", set()),
    ],
)
def test_what_one_extra_is_for_loads_no_other(module, own):
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    by_pyarrow = {"pandas"}
    assert not {name.partition(".")[0] for name in loaded} & set(MODULES) - own - by_pyarrow
