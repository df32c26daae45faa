"""What the pages show is what happens: every block of code runs, every link leads somewhere, the site builds."""

import json
import re
import shutil
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import kazstance
from benchmarks import gallery
from benchmarks.screenshots import ON_FIRST_PAGE, first_chart
from benchmarks.systems import AWAITED
from kazstance._moved import COMMANDS, MOVED
from kazstance.publish.card import read_page
from tests.pages import ROOT, Page, Renewed, blocks, make_checkout, with_moved, with_recipes

PACKAGE = Path(kazstance.__file__).parent
DOCS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
SERVED = ["docs/models_as_annotators.md"]
"""Pages that need a language model, which test_local_model starts."""
LONG = [
    f"docs/{name}.md"
    for name in (
        "annotation",
        "any_size",
        "benchmark",
        "checked_by_people",
        "gallery",
        "language_models",
        "own_stance_data",
        "own_table",
        "stand_off",
        "walk_through",
    )
]
"""Pages that take long, after those that a newcomer begins with."""
FRONT = ["README.md", "CONTRIBUTING.md", "DATASET_CARD.md", "CHANGELOG.md", "raw/README.md", "raw/CODEBOOK.md"]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    return make_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.full if page in LONG else ())
        for page in [*FRONT, *DOCS]
        if page not in SERVED
    ],
)
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


def as_shown(value, low, high):
    return f"{value:z.2f} [{low:z.2f}, {high:z.2f}]"


def test_results_are_of_the_shipped_data_and_the_panel_shows_them(root):
    """A change of the data makes the committed results stale: run `python -m benchmarks.systems stance`."""
    rows = json.loads((root / "benchmarks" / "results" / "stance.json").read_text())
    digest = kazstance.manifest().digest[:12]
    assert {re.search(r"\|data:(\w+)\|", row["signature"])[1] for row in rows} == {digest}
    assert {row["protocol"] for row in rows} == {"in_domain", "cross_source", "cross_target", "cross_both"}
    card, short = panel(root / "DATASET_CARD.md", "panel"), panel(root / "README.md", "short panel")
    for row in rows:
        assert as_shown(*row["scores"]["wts"]) in card
    assert len(card.splitlines()) == 2 + len({row["system"] for row in rows}) + len(AWAITED)
    headline = {row["system"]: row["scores"]["wts"][0] for row in rows if row["protocol"] == "cross_source"}
    shown = [line.split(" | ")[0].strip("|* ") for line in short.splitlines()[2 : -len(AWAITED)]]
    assert 4 < len(shown) <= 8
    assert [headline[name] for name in shown] == sorted(headline.values(), reverse=True)[: len(shown)]
    for row in rows:
        assert row["system"] not in shown or as_shown(*row["scores"]["wts"]) in short


def test_the_page_on_moved_names_lists_all_of_them(root):
    page = read_page(root / "docs" / "coming_from_0_3.md")
    assert with_moved(page) == page
    for name in (*MOVED, *COMMANDS):
        assert page.count(f"| `{name if name in COMMANDS else f'kazstance.{name}'}` |") == 1


def test_the_page_on_tables_lists_all_recipes(root):
    page = read_page(root / "docs" / "own_table.md")
    assert with_recipes(page) == page
    assert page.count("| `semeval2016` |") == 1


def panel(page, name):
    """The table of a page between the comments of a name."""
    return re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", page.read_text(encoding="utf-8"), re.DOTALL)[1]


def test_what_a_contributor_is_told_to_change_is_there(root):
    page = read_page(root / "CONTRIBUTING.md")
    files = set(re.findall(r"`((?:kazstance|tests|docs)/[\w/]+\.\w+)`", page))
    assert len(files) > 8
    assert [file for file in files if not (root / file).is_file() and not (PACKAGE.parent / file).is_file()] == []
    sources = "".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    constants = set(re.findall(r"`([A-Z][A-Z_]+)`", page))
    assert {name for name in constants if not re.search(rf"(?m)^{name}\b.* = ", sources)} == set()


def test_the_glossary_has_each_term_once(root):
    terms = re.findall(
        r"(?m)^\| ([^|]+) \| [^|]+ \|$", read_page(root / "CONTRIBUTING.md").split("## Add a metric")[0]
    )[1:]
    words = [word.strip(" `") for term in terms for word in term.split(",")]
    assert len(words) > 40
    assert len(words) == len(set(words))


def test_no_label_of_a_test_row_is_on_the_first_page(root):
    page = " ".join(re.sub(r"[⟦⟧]", "", read_page(root / "README.md")).split())
    rows = [*kazstance.load("stances", "test"), *kazstance.load("grid", "test")]
    assert {row.sentence_id for row in rows if re.search(rf"{row.sentence_id}(?![\w/])", page)} == set()
    assert {row.text for row in rows if " ".join(row.text.split()) in page and len(row.text.split()) > 3} == set()


def test_pictures_of_the_first_page_show_positions_and_no_sentences(root):
    """A screenshot may show labels of test rows, and no test can read it; the text of an SVG can be read."""
    images = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", read_page(root / "README.md"))
    assert images
    sources = {source.source_id for source in kazstance.load("sources")}
    for image in images:
        words = {"".join(node.itertext()) for node in ET.parse(root / image).iter("{http://www.w3.org/2000/svg}text")}
        assert sources < words
        assert not [word for word in words if re.search(r"\w/\d+/\d+", word)]


def test_the_chart_of_the_first_page_is_of_the_shipped_data(root):
    """Drawn anew by `python -m benchmarks.screenshots`; other versions of Vega may place its marks otherwise."""
    shown = (root / "docs" / "images" / "differences.svg").read_text(encoding="utf-8")
    drawn = first_chart()
    assert len(figures(shown)) > ON_FIRST_PAGE
    assert figures(shown) == figures(drawn)


def figures(svg):
    """What the marks of a chart say, in words."""
    return sorted(re.findall(r'aria-label="([^"]* net [^"]*)"', svg))


@pytest.mark.full
def test_the_gallery_is_of_the_shipped_data_and_shows_every_chart(root):
    """Drawn anew by `python -m benchmarks.gallery`."""
    assert read_page(root / "docs" / "gallery.md") == gallery.page()
    for name, drawn in gallery.charts().items():
        shown = (root / "docs" / "images" / f"{name}.svg").read_text(encoding="utf-8")
        assert figures(shown) == figures(drawn)
        texts = [re.findall(r"<text[^>]*>([^<]*)</text>", svg) for svg in (shown, drawn)]
        assert sorted(texts[0]) == sorted(texts[1])


def test_pictures_of_the_pages_are_in_the_repository(root):
    for page in [*FRONT, *DOCS]:
        for image in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", read_page(root / page)):
            assert ((root / page).parent / image).is_file(), (page, image)


def test_from_texts_to_a_page_in_twelve_commands_and_answers_in_sheets():
    way, _ = read_page(ROOT / "docs/own_corpus.md").split("## Go on")
    commands = [
        line for kind, body in blocks(way) if kind == "console" for line in body.splitlines() if line[:2] == "$ "
    ]
    typed = [line for line in commands if line.startswith("$ kazstance ")]
    assert [line.split()[2] for line in (typed[0], typed[-1])] == ["new", "explore"]
    assert len(typed) <= 12
    assert len(commands) == len(typed) + 1  # the texts
    written = {
        name
        for kind, body in blocks(way)
        if kind == "python"
        for name in re.findall(r'(?:fill_in\(|open\()"([^"]+)"', body)
    }
    assert {name.split("/")[-1].split(".")[0] for name in written} == {"sheet"}
