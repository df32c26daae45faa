"""The site of documentation: it builds without a warning, has all pages, and loads nothing from elsewhere."""

import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

import kazstance
from tests.conftest import ROOT

pytest.importorskip("mkdocs")
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not (ROOT / "mkdocs.yml").exists(), reason="the site is that of the checkout"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    env = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=False, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


class Loaded(HTMLParser):
    """What a page loads when it is opened: all but links to follow."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.found += [values[name] for name in ("src", "srcset", "data", "poster") if values.get(name)]
        if tag == "link":
            self.found.append(values["href"])


def test_every_page_of_docs_and_the_reference_is_on_the_site(site):
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    written = {f"{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
    reference = {page for page in pages if page.startswith("api/")}
    generated = {f"{name}.html" for name in ("card", "changelog", "codebook", "contributing", "notebook", "404")}
    assert pages - reference == written | generated
    assert {"api/kazstance.html", "api/comparison.html", "api/metrics.html", "api/stats.html"} <= reference
    documented = {page.removeprefix("api/").removesuffix(".html") for page in reference}
    assert documented - {"kazstance"} < {path.stem for path in (ROOT / "kazstance").iterdir() if path.name[0] != "_"}


def test_the_reference_has_every_public_name_and_each_once(site):
    page = (site / "api" / "kazstance.html").read_text(encoding="utf-8")
    names = re.findall(r'<h3 id="kazstance\.[\w.]*?(\w+)"', page)
    assert sorted(names) == sorted(set(kazstance.__all__) - {"__version__"})


def test_the_notebook_is_shown_with_its_tables_and_charts(site):
    page = (site / "notebook.html").read_text(encoding="utf-8")
    assert page.count("<table") >= 8
    images = re.findall(r'src="(images/notebook/[^"]+)"', page)
    assert len(images) == 2
    assert all((site / image).read_text(encoding="utf-8").startswith("<svg") for image in images)


def test_the_reference_has_public_functions_with_what_they_raise(site):
    page = (site / "api" / "stats.html").read_text(encoding="utf-8")
    assert "Peirce" in page
    assert 'id="kazstance.stats.metrics.wts"' in page
    assert 'id="kazstance.stats.metrics._skill"' not in page
    assert "UnknownNameError" in (site / "api" / "kazstance.html").read_text(encoding="utf-8")


def test_nothing_is_loaded_from_elsewhere(site):
    for file in site.rglob("*.html"):
        loaded = Loaded(file.read_text(encoding="utf-8")).found
        assert loaded, file
        # 404 is served in place of any address, so its own addresses are absolute
        assert [url for url in loaded if re.match(r"(?:[a-z]+:)?//", url)] == [], file
    for file in site.rglob("*.css"):
        assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", file.read_text(encoding="utf-8")) == [], file
        assert "@import" not in file.read_text(encoding="utf-8"), file


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.full
def test_in_a_browser_it_asks_its_own_server_alone_and_finds_words(site):
    from playwright.sync_api import sync_playwright

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home, asked, said = f"http://127.0.0.1:{server.server_port}/", [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        for event in ("console", "pageerror"):
            page.on(event, lambda found: said.append(str(found)))
        for file in sorted(site.rglob("*.html")):
            page.goto(home + file.relative_to(site).as_posix())
        page.goto(home + "index.html")
        page.locator("input.md-search__input").click()
        page.locator("input.md-search__input").press_sequentially("Krippendorff")
        page.locator(".md-search-result__item").first.wait_for()
        browser.close()
    server.shutdown()
    server.server_close()
    assert asked
    assert [url for url in asked if not url.startswith((home, "data:", "blob:"))] == []
    assert said == []
