"""The page of a benchmark: every score is on it, nothing runs, nothing is loaded, whatever the systems are called."""

import math
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from kazstance.bench.page import to_html
from kazstance.cli import app
from kazstance.plot.bench import charts
from tests.benches import reported, run

pytestmark = pytest.mark.full

NAMES = [
    "<script>alert(1)</script>",
    "a|b",
    '"><img src=x onerror=alert(1)>',
    "]]></svg></style><style>*{display:none}",
    "&amp; {{ 7 * 7 }} {% raw %}",
    "javascript:alert(1)",
    "Система ünï 漢字",
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    found = []
    for protocol in ("in_domain", "cross_target"):
        for system in ("majority", "majority per target", "source only"):
            found.append(tmp_path_factory.mktemp("run"))
            run(system, "stance", protocol, found[-1])
    return found


@pytest.fixture(scope="module")
def rows(folders):
    return reported(*folders)


class Page(HTMLParser):
    """The tables of a page as lists of cells by heading, its tags, and its pictures in words."""

    VOID = ("meta", "br", "hr", "img", "link", "input")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.tables, self.headings, self.attributes = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append((self.headings[-1], []))
        if tag == "tr":
            self.tables[-1][1].append([])
        if tag in ("td", "th"):
            self.tables[-1][1][-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][1][-1][-1] += data
        elif self.open and self.open[-1] == "h3":
            self.headings.append(data)


SMALLEST = """() => Math.min(...[...document.querySelectorAll("svg")].flatMap((svg) =>
    [...svg.querySelectorAll("text")].map((text) => parseFloat(getComputedStyle(text).fontSize)
        * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)))"""
"""The smallest type of all charts on the screen, in pixels."""


def figures(cell):
    return [float(part) for part in cell.replace("[", "").replace("]", "").replace(",", "").split()]


def svgs(text):
    """The panels of all charts."""
    return re.findall(r"<svg .*?</svg>", text, re.DOTALL)


def shown(results):
    """The page of results."""
    return to_html(results, charts)


def test_every_score_is_on_the_page(rows):
    page = Page(shown(rows))
    for row in rows:
        heading = f"stance · {row.run.protocol}"
        board, table = (
            next(table for above, table in page.tables if above == heading and is_all == ("targets, 95 %" in table[0]))
            for is_all in (False, True)
        )
        line = dict(zip(board[0], next(line for line in board if line[0] == row.system), strict=True))
        assert figures(line["wts"]) == pytest.approx(
            [getattr(row.scores["wts"], end) for end in ("value", "low", "high")], abs=0.00501
        )
        found = dict(zip(table[0], next(line for line in table if line[0] == row.system), strict=True))
        over = row.scores["wts"].over_targets
        expected = {name: (s.value, s.low, s.high) for name, s in row.scores.items()}
        expected |= {"targets, 95 %": (over.low, over.high)}
        mark = {n: "" if row.is_comparable(n) else " †" for n in row.within}
        expected |= {
            f"within {n} (D = {row.sizes[n]:.0f}){mark[n]}": (s.value, s.low, s.high) for n, s in row.within.items()
        }
        expected |= {f"contrast by {n} (n = {g.n})": (g.value, g.low, g.high) for n, g in row.contrast.items()}
        expected |= {"lift": (row.lift.value, row.lift.low, row.lift.high)} if row.lift else {}
        assert len(expected) > 10
        for name, figure in expected.items():
            assert figures(found[name]) == pytest.approx(list(figure), abs=0.00501), name
        assert found["lift"] == "best shortcut" or row.best_shortcut != row.system


def renamed(results, names):
    """Results of systems under other names."""
    return [replace(one, run=replace(one.run, system=name)) for one, name in zip(results, names, strict=False)]


def test_names_are_shown_as_they_are_and_do_nothing(rows):
    text = shown(renamed([*rows, *rows], NAMES))
    page = Page(text)
    assert {"script", "img", "iframe", "object", "link", "a"} & set(page.tags) == set()
    assert page.tags.count("style") == 1
    assert not any(name.startswith("on") for _, attributes in page.attributes for name in attributes)
    assert set(NAMES) <= {line[0] for _, table in page.tables for line in table}
    words = {element.text for svg in svgs(text) for element in ET.fromstring(svg).iter()}
    assert set(NAMES) <= words


def test_nothing_is_loaded(rows):
    page = Page(shown(rows))
    for tag, attributes in page.attributes:
        for name, value in attributes.items():
            assert name.startswith("xmlns") or "://" not in (value or ""), (tag, name)
            assert name not in ("src", "srcset", "action", "data", "poster")
    assert "default-src 'none'" in next(a["content"] for t, a in page.attributes if t == "meta" and "http-equiv" in a)


def test_what_cannot_be_printed_is_marked(rows):
    text = shown(renamed(rows[:1], ["a\x00b\ud800\u202e\nc"]))
    text.encode()
    assert {line[0] for _, table in Page(text).tables for line in table} >= {"a\ufffdb\ufffd\ufffd\ufffdc"}
    assert [ET.fromstring(svg).tag for svg in svgs(text)]


def test_charts_have_words_and_their_own_ids(rows):
    text = shown(rows)
    page = Page(text)
    alternatives = [attributes["aria-label"] for _, attributes in page.attributes if attributes.get("role") == "img"]
    assert len(alternatives) == 4
    assert len(svgs(text)) == 2 * 4  # a panel for each protocol
    best = max((row for row in rows if row.run.protocol == "cross_target"), key=lambda row: row.scores["wts"].value)
    assert f"cross_target: highest {best.system}, {best.scores['wts'].text()}, of 3" in alternatives[0]
    ids = [attributes["id"] for _, attributes in page.attributes if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_warnings_are_shown_as_text(rows):
    text = shown([replace(row, warning="<b>of the family</b>") for row in rows])
    assert text.count("&lt;b&gt;of the family&lt;/b&gt;") == 2


def test_undefined_figures_are_undefined(rows):
    gone = replace(rows[0].scores["ss"], value=math.nan, low=math.nan, high=math.nan, reason="no <rows>")
    page = Page(shown([replace(rows[0], scores={**rows[0].scores, "ss": gone})]))
    assert dict(zip(*page.tables[0][1][:2], strict=True))["ss"] == "undefined"
    assert [rows[0].system, "ss", "no <rows>"] in [line for _, table in page.tables for line in table]


@pytest.mark.full
def test_the_command_writes_the_page_and_says_what_is_missing(folders, tmp_path, monkeypatch):
    out = tmp_path / "page.html"
    args = ["bench", "report", str(folders[0]), "--out", str(out)]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    assert out.read_text(encoding="utf-8") == shown(reported(folders[0]))
    for name in [name for name in sys.modules if name.startswith("kazstance.plot") or name == "kazstance.bench.page"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("kazstance.bench.page")
    monkeypatch.setitem(sys.modules, "altair", None)
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 1
    assert result.stderr == "altair is not installed; run: pip install 'kazstance[plots]'\n"
    result = CliRunner().invoke(app, [*args[:-1], str(tmp_path / "page.pdf")])
    assert result.exit_code == 2
    assert "choose from .md, .html, .tex, .json" in result.stderr


@pytest.mark.full
def test_in_a_browser_nothing_runs_and_nothing_is_asked_for(rows, tmp_path):
    from playwright.sync_api import sync_playwright

    (tmp_path / "page.html").write_text(shown(renamed(rows, NAMES)), encoding="utf-8")
    seen = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 400, "height": 900}, color_scheme=scheme)
            for event in ("console", "dialog", "pageerror"):
                page.on(event, lambda found: seen.append(str(found)))
            page.on("request", lambda request: seen.append(request.url))
            page.goto((tmp_path / "page.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 400
            assert page.locator("svg").count() >= page.locator("figcaption").count() >= 4
            assert page.evaluate(SMALLEST) >= 8
        browser.close()
    assert seen == [(tmp_path / "page.html").as_uri()] * 2
