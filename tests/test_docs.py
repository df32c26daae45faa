"""What the pages show is what happens: every block of code runs, every link leads somewhere, the site builds."""

import json
import re
import shutil
import tomllib

import pytest

import kazstance
from kazstance.publish.card import read_page
from tests.pages import ROOT, Page, Renewed, blocks, make_checkout

DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
FRONT = ["README.md", "DATASET_CARD.md", "CHANGELOG.md", "raw/README.md", "raw/CODEBOOK.md"]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    return make_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize("page", [*FRONT, *DOCS])
def test_blocks_of_code_run(page, checkout, tmp_path, monkeypatch):
    text = read_page(ROOT / page)
    monkeypatch.chdir(shutil.copytree(checkout, tmp_path / "checkout", symlinks=True))
    monkeypatch.setenv("COLUMNS", "80")
    if "load_dataset" in text:
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    running = Page(page)
    for kind, body in blocks(text):
        running.run(kind, body)


def test_the_front_page_shows_commands_and_code():
    assert {"python", "console"} <= {kind for kind, _ in blocks(read_page(ROOT / "README.md"))}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("$ kazstance info --data nowhere\n", "exit code 1"),
        ("$ kazstance info --data nowhere\nnowhere\n$ echo $?\n1\n", "is missing; expected a built dataset"),
        ("$ echo one\ntwo\n", "echo one"),
        ("$ echo one\none\n…\n", "nothing is cut"),
    ],
)
def test_a_block_that_shows_something_else_fails(body, error):
    with pytest.raises(AssertionError, match=re.escape(error)):
        Page("page").run("console", body)


def test_blocks_of_other_kinds_have_to_be_read():
    with pytest.raises(AssertionError, match="'perl', expected python, console, json"):
        Page("page").run("perl", "")
    with pytest.raises(tomllib.TOMLDecodeError):
        Page("page").run("toml", "a = ")
    Page("page").run("json", '{"a": 1}\n{"b":\n2}\n')
    with pytest.raises(json.JSONDecodeError):
        Page("page").run("json", '{"a": 1}\n{"b"}\n')


def test_a_page_is_shown_anew():
    """An output that was cut stays as long, one that was left out stays out."""
    body = "$ echo one\nold\n$ seq 3\n7\n…\n$ false\n$ echo $?\n0\n$ true\n"
    expected = "$ echo one\none\n$ seq 3\n1\n…\n$ false\n$ echo $?\n1\n$ true\n"
    assert Renewed("page").run("console", body) == expected
    assert Renewed("page").run("python", ">>> n = 1\n>>> for i in (n, 2):\n...     print(i)\n7\n\n>>> n\n") == (
        ">>> n = 1\n>>> for i in (n, 2):\n...     print(i)\n1\n2\n\n>>> n\n1\n"
    )
    assert Page("page").run("console", expected) == expected


def slug(heading):
    """The anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", FRONT)
def test_links_lead_somewhere(page, root):
    """Those of docs/ are checked where the site is built."""
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", read_page(root / page)):
        target = (root / page).parent / link if link else root / page
        assert target.exists(), link
        if anchor:
            assert anchor in {slug(found) for found in re.findall(r"(?m)^#+ (.+)$", read_page(target))}, anchor


def test_one_version_for_code_data_and_changelog(root):
    assert kazstance.manifest().version == kazstance.__version__
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"(?m)^## (\S+)", changelog)[1] == kazstance.__version__


def test_results_are_of_the_shipped_data_and_the_panel_shows_them(root):
    """A change of the data makes the committed results stale: run `python -m benchmarks.systems stance`."""
    rows = json.loads((root / "benchmarks" / "results" / "stance.json").read_text())
    digest = kazstance.manifest().digest[:12]
    assert {re.search(r"\|data:(\w+)\|", row["signature"])[1] for row in rows} == {digest}
    assert {row["protocol"] for row in rows} == {"in_domain", "cross_source", "cross_target", "cross_both"}
    for page in ("README.md", "DATASET_CARD.md"):
        panel = re.search(r"<!-- panel -->\n(.*?)<!-- end -->", (root / page).read_text(encoding="utf-8"), re.DOTALL)[1]
        for row in rows:
            assert "{:.2f} [{:.2f}, {:.2f}]".format(*row["scores"]["wts"]) in panel
        assert len(panel.splitlines()) == 2 + len({row["system"] for row in rows})
