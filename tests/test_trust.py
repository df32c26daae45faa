"""The page of promises names tests, and these tests exist."""

import ast
import re

import pytest

from kazstance.publish.card import read_page
from tests.conftest import ROOT

PAGE = read_page(ROOT / "docs" / "trust.md")
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
PROMISES = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| Promise", "| ---"))]


def defined_in(file):
    """The names of the tests of a file; empty if there is no such file."""
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED.findall(PAGE))))
def test_every_test_on_the_page_exists(file, test):
    assert test in defined_in(file)


def test_every_promise_names_a_test():
    assert len(PROMISES) > 20
    assert [line for line in PROMISES if not NAMED.search(line)] == []


def test_whatever_looks_like_a_test_is_named_with_its_file():
    assert set(re.findall(r"\btest_\w+", PAGE)) == {
        part.removesuffix(".py") for pair in NAMED.findall(PAGE) for part in pair
    }


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_the_page_is_led_to(page):
    assert "trust.md" in (ROOT / page).read_text(encoding="utf-8")
