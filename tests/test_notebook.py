"""Notebooks: results show as small tables in which text is text, charts need no network, and the notebook of docs/ runs."""

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kazstance as ks
from kazstance.corpus.build import build
from kazstance.output.characters import ACTIVE
from kazstance.output.notebook import CHARACTERS, ROWS, html_table, marked_text
from tests.commands import environment
from tests.conftest import ROOT, quiet
from tests.hostile import CONTROLS, HOSTILE, write_hostile
from tests.test_escaping import acting

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
TAGS = {"table", "thead", "tbody", "tr", "th", "td", "p", "strong", "mark", "span"}
MAX_BYTES = 300_000


class Parsed(HTMLParser):
    """The tags of a piece of HTML, and the text of its cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.rows, self.comments = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def handle_comment(self, data):
        self.comments.append(data)


@pytest.fixture(scope="module")
def hostile_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    build(write_hostile(folder / "corpus"), folder, quiet)
    return ks.open(folder)


def results(ds):
    """Whatever a dataset gives that shows itself in a notebook."""
    stance = ds.stances[0]
    compared = ds.compare()
    yield ds
    for name in ds.tables:
        yield ds[name]
    yield ds.why(stance.sentence_id, stance.target_id)
    yield ds.agreement(resamples=10)
    yield ds.agreement(resamples=10).lines
    judges = [annotator.annotator_id for annotator in ds.annotators.records()]
    yield ds.drift(judges[0], judges[1], resamples=10) if len(judges) > 1 else ds
    yield compared
    yield compared.positions()
    yield compared.disagreements(n=10)
    yield compared.distances(n=10)
    yield compared.wording(stance.target_id)
    yield compared[stance.source_id, stance.target_id].net


def test_no_text_of_others_acts_in_a_notebook(hostile_data):
    shown = ""
    for result in results(hostile_data):
        html = result._repr_html_()
        parsed = Parsed(html)
        assert set(parsed.tags) <= TAGS, result
        assert parsed.attributes == parsed.comments == acting(html) == [], result
        shown += html
    assert "&lt;script&gt;" in shown
    assert "\\u202e" in shown


def test_results_are_compact_in_a_notebook():
    for result in results(ks.open()):
        assert len(result._repr_html_()) < 25_000, result
        assert len(repr(result)) < 500, repr(result)[:500]


@given(st.text(min_size=1) | st.sampled_from([*HOSTILE, CONTROLS]))
@example("\U000e0000")  # unassigned, and invisible all the same
def test_any_text_is_the_text_of_its_cell(text):
    header, row = Parsed(html_table([{"<b>": text}])).rows
    assert header == ["<b>"]
    assert set(acting(row[0])) <= {"\t"}
    if not ACTIVE.search(text):
        assert row == [text if len(text) <= CHARACTERS else f"{text[: CHARACTERS - 1]}…"]


def test_the_first_rows_are_shown_and_the_rest_counted():
    table = ks.open().judgements
    parsed = Parsed(table._repr_html_())
    assert len(parsed.rows) == 1 + ROWS
    assert f"{ROWS} of {len(table)} rows" in table._repr_html_()
    first = table.where(split=table.splits[0]).to_pandas().iloc[0]
    assert parsed.rows[1][parsed.rows[0].index("label")] == first["label"]


def test_a_figure_and_its_interval_are_one_cell():
    cells = ks.open().compare().positions()
    header, row = Parsed(cells._repr_html_()).rows[:2]
    assert not [name for name in header if name.endswith(("_low", "_high"))]
    assert row[header.index("net")] == str(cells[0].net)


def test_evidence_is_marked():
    history = ks.open().why("pr_collective/16/2", "west_wants_calm")
    pieces = [
        history.sentence.text[s.start : s.end] for row in (*history.judgements, *history.checks) for s in row.evidence
    ]
    assert re.findall("<mark>(.*?)</mark>", history._repr_html_()) == pieces
    assert marked_text("<a>", [(1, 2)]) == "&lt;<mark>a</mark>&gt;"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook with its outputs, executed in a process of its own, without a proxy to go through."""
    out = tmp_path_factory.mktemp("notebook")
    places = {name: str(out / name) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "HOME")}
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", out, NOTEBOOK]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(**places), timeout=300)
    assert done.returncode == 0, done.stderr
    return out / NOTEBOOK.name


def test_the_notebook_is_committed_without_outputs():
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert cell.cell_type == "markdown" or (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.full
def test_the_notebook_runs_and_stays_small(executed):
    assert executed.stat().st_size < MAX_BYTES
    outputs = [output for cell in nbformat.read(executed, as_version=4).cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type in {"stream", "error"}] == []
    charts = [output.data["image/svg+xml"] for output in outputs if "image/svg+xml" in output.data]
    assert len(charts) == 2
    for chart in charts:
        assert ET.fromstring(chart).tag.endswith("svg")
    assert sum("<table" in output.data.get("text/html", "") for output in outputs) >= 8


@pytest.mark.full
def test_the_notebook_shows_its_charts_in_a_browser_without_a_network(executed):
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--template", "basic", executed]
    subprocess.run(command, check=True, capture_output=True)
    page_file = executed.with_suffix(".html")
    assert page_file.stat().st_size < MAX_BYTES
    asked, said = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        context.set_offline(True)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for event in ("console", "pageerror"):
            page.on(event, lambda found: said.append(str(found)))
        page.goto(page_file.as_uri())
        charts = page.locator("svg, img")
        sizes = [charts.nth(at).bounding_box() for at in range(charts.count())]
        drawn = page.evaluate("Array.from(document.images, image => image.complete && image.naturalWidth > 0)")
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
    assert len(sizes) == 2
    assert all(size["width"] > 300 and size["height"] > 100 for size in sizes)
    assert all(drawn)
