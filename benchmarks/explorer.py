"""python -m benchmarks.explorer: the page, and a server for 24 sources × 100 targets × 100,000 sentences."""

import http.client
import os
import platform
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import sync_playwright

from kazstance import dataset
from kazstance.comparison import estimates
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.explorer.page import page
from kazstance.explorer.server import Explorer
from kazstance.output.markdown import markdown_table
from kazstance.schema import MANIFEST
from kazstance.schema.columns import arrow_schema
from kazstance.schema.labels import Basis, Label, Status
from kazstance.schema.manifest import Manifest, SplitFile, sign, to_bytes
from kazstance.schema.records import TABLES
from kazstance.stats.estimate import columns

RESULTS = Path(__file__).parent / "results" / "explorer.md"
SENTENCES, TARGETS, SOURCES, ANNOTATORS = 100_000, 100, 24, 3
ASKED = 10
"""Number of targets that each sentence is judged on."""
ABOUT = 0.2
"""Share of these pairs that have a label."""
LEANINGS = (0.05, 0.5, 0.95)
"""Shares of favor among those that take a side, one of which each source has on each target."""
RUNS = 40
VIEWS_RUNS = 20
Columns = dict[str, Any]
PLAIN = (str, bool, float, int)
"""Values that stand for a whole column."""
NULL = {"explicitness", "speaker", "endorsed", "duplicate_of", "note", "notes", "rule", "reason", "date", "url", "name"}
NULL |= {"holder", "adjudicator", "original", "year"}
"""Columns that are null where nothing is said of them."""


def make_dataset(folder: Path) -> None:
    """Write a dataset of the usual tables, drawn at random; all in the split train."""
    rng = np.random.default_rng(0)
    words = np.array([row.text for row in dataset.load("sentences")])
    texts = [f"{i} {text}" for i, text in enumerate(words[rng.integers(0, len(words), SENTENCES)])]
    source = np.arange(SENTENCES) * SOURCES // SENTENCES
    place = np.arange(SENTENCES) - np.searchsorted(source, source)
    paragraphs = [f"s{s}/{p // 5 + 1}" for s, p in zip(source, place, strict=True)]
    ids = [f"{paragraph}/{p % 5 + 1}" for paragraph, p in zip(paragraphs, place, strict=True)]
    units = {"sentence_id": ids, "paragraph_id": paragraphs, "source_id": [f"s{s}" for s in source], "text": texts}
    n = np.repeat(np.arange(SENTENCES), ASKED)
    target = (n + np.tile(np.arange(ASKED), SENTENCES) * (TARGETS // ASKED)) % TARGETS
    leaning = rng.choice(LEANINGS, (SOURCES, TARGETS))[source[n], target]
    side = np.where(rng.random(len(n)) < leaning, Label.favor, Label.against)
    said = np.where(rng.random(len(n)) < 1 / 3, Label.neutral, side)
    label = np.where(rng.random(len(n)) < ABOUT, said, Label.none)
    unit = {"position": place, "annotated": True, "voice": "own", "kind": "sentence", "raw_start": 0, "raw_end": 1}
    unit |= {"document_id": units["source_id"]}
    context = {"context_before": "", "context_after": "", "voice": "own"}
    target_ids = {"target_id": _names("t", TARGETS), "name": _names("target ", TARGETS)}
    tables = {
        "sentences": units | unit,
        "stances": _labelled(units, n, target, label, label != Label.none, **context),
        "grid": _labelled(units, n, target, label, label >= 0, status=Status.decided, basis=Basis.majority),
        "judgements": _judgements(units, n, target, label),
        "pairs": {},
        "positions": _positions(source[n], target, label),
        "sources": {"source_id": _names("s", SOURCES), "title": _names("Text ", SOURCES)},
        "documents": {"document_id": _names("s", SOURCES), "source_id": _names("s", SOURCES)},
        "copies": {},
        "targets": target_ids | {"kind": "issue", "contested": True},
        "annotators": {"annotator_id": _names("a", ANNOTATORS), "origin": "model", "role": "label"},
    }
    files = {name: _write(folder, name, columns) for name, columns in tables.items()}
    header = {"id": "drawn", "title": "Drawn at random", "version": "1.0.0", "event": "none", "license": "CC0-1.0"}
    manifest = sign(Manifest(**header, digest="0" * 64, tables=files, folds={}, inputs={}, tools={}))
    (folder / MANIFEST).write_bytes(to_bytes(manifest))


def _names(kind: str, n: int) -> list[str]:
    return [f"{kind}{i}" for i in range(n)]


def _labelled(units: Columns, n: Any, target: Any, label: Any, kept: Any, **more: Any) -> Columns:
    """Columns of sentences and targets with labels: those of the pairs that are kept."""
    rows = pa.array(n[kept])
    taken = {name: pa.array(units[name]).take(rows) for name in ("sentence_id", "paragraph_id", "source_id", "text")}
    names = pa.array([member.name for member in Label]).take(pa.array(label[kept]))
    shared = {"target_id": pa.array(_names("t", TARGETS)).take(pa.array(target[kept])), "target": "target"}
    found = {"certainty": "sure", "contested": False, "origin": "model"}
    return taken | shared | {"label": label[kept], "label_name": names} | found | more


def _judgements(units: Columns, n: Any, target: Any, label: Any) -> Columns:
    """Every annotator's label of every pair."""
    order = np.tile(np.arange(len(n)), ANNOTATORS)
    columns = _labelled(
        units, n[order], target[order], label[order], np.ones(len(order), dtype=bool), probability=1.0, round=1
    )
    who = pa.array(_names("a", ANNOTATORS)).take(pa.array(np.repeat(np.arange(ANNOTATORS), len(n))))
    return columns | {"annotator_id": who}


def _positions(source: Any, target: Any, label: Any) -> Columns:
    """The complete grid of positions, as `kazstance.corpus` writes it."""
    count = np.zeros((SOURCES, TARGETS, len(Label)), dtype=int)
    np.add.at(count, (source, target, label), 1)
    asked = count.sum(axis=2).tolist()
    rows = []
    for s, t in product(range(SOURCES), range(TARGETS)):
        against, neutral, favor = (int(count[s, t, side]) for side in (Label.against, Label.neutral, Label.favor))
        position, net = estimates.position(favor, neutral, against), estimates.net(favor, against)
        salience = estimates.salience(favor + neutral + against, asked[s][t])
        keys = {"source_id": f"s{s}", "target_id": f"t{t}", "position": int(position), "position_name": position.name}
        counts = {
            "n_favor": favor,
            "n_neutral": neutral,
            "n_against": against,
            "n_sentences": SENTENCES // SOURCES,
            "n_asked": asked[s][t],
        }
        rows.append(keys | counts | columns("net", net) | columns("salience", salience))
    return {name: [row[name] for row in rows] for name in rows[0]}


def _write(folder: Path, name: str, columns: Columns) -> dict[str, SplitFile]:
    """A table in the format of the build; what a column leaves out is null, empty or 0."""
    schema = arrow_schema(TABLES[name].record)
    length = max(
        (len(column) for column in columns.values() if not isinstance(column, str | bool | float | int)), default=0
    )
    table = pa.table([_column(columns.get(field.name), field, length) for field in schema], schema=schema)
    files = {}
    (folder / name).mkdir()
    for i, split in enumerate(TABLES[name].splits):
        path = folder / name / f"{split}.parquet"
        part = table if i == 0 else table.slice(0, 0)
        pq.write_table(part, path, compression="zstd", use_content_defined_chunking=True, write_page_index=True)
        files[split] = SplitFile(
            path=f"{name}/{split}.parquet", rows=len(part), digest="0" * 64, bytes=path.stat().st_size, sha256="0" * 64
        )
    return files


def _column(values: Any, field: pa.Field, length: int) -> pa.Array:
    if values is None:
        empty: Any = [] if pa.types.is_list(field.type) else "" if pa.types.is_string(field.type) else 0
        nullable = field.name in NULL
        values = None if nullable else False if pa.types.is_boolean(field.type) else empty
        return pa.array([values] * length, field.type)
    if isinstance(values, PLAIN):
        return pa.array([values] * length, field.type)
    return pa.array(values, field.type) if not isinstance(values, pa.Array) else values.cast(field.type)


def clicks() -> Iterator[tuple[str, str, list[str]]]:
    """What is clicked, and the requests that it makes."""
    rng = np.random.default_rng(1)
    sources = rng.integers(0, SOURCES, RUNS)
    targets = rng.integers(0, TARGETS, RUNS)
    pairs = list(zip(sources, targets, strict=True))
    yield "a cell", "/sentences", [f"source=s{s}&target=t{t}" for s, t in pairs]
    yield "filters on the whole matrix", "/counts", [f"label=favor&target=t{t}" for t in targets]
    yield "all sentences on a target, a page of 50", "/sentences", [f"target=t{t}&label=against" for t in targets]
    yield "a search through all texts", "/sentences", [f"q=workers+{t}" for t in targets]
    yield "a text, a page of 200", "/sentences", [f"source=s{s}&whole=true&limit=200&offset=400" for s in sources]
    yield "a text as a strip", "/strip", [f"source=s{s}&target=t{t}" for s, t in pairs]
    yield "the words on a target", "/words", [f"target=t{t}" for t in targets]
    yield "the history of a label", "/history", [f"sentence=s{s}/{t % 20 + 1}/1" for s, t in pairs]


def views() -> Iterator[tuple[str, list[str]]]:
    """What is clicked in the browser, and the addresses that it leads to."""
    rng = np.random.default_rng(2)
    pairs = list(zip(rng.integers(0, SOURCES, VIEWS_RUNS), rng.integers(0, TARGETS, VIEWS_RUNS), strict=True))
    yield "a row of the first view", [f"#compare?target=t{t}" for _, t in pairs]
    yield "two sources", [f"#differences?source=s{s}&source=s{(s + 1 + t) % SOURCES}" for s, t in pairs]
    yield "a cell of the matrix", [f"#matrix?open=s{s}:t{t}" for s, t in pairs]
    yield "a text", [f"#read?text=s{s}&target=t{t}" for s, t in pairs]
    yield "a search", [f"#sentences?q=workers+{t}" for _, t in pairs]


def in_browser(url: str, clicked: Iterable[tuple[str, list[str]]]) -> tuple[float, float, list[list[str]]]:
    """First paint and first view in milliseconds, and rows of times from click to view.

    Raises:
        KazstanceError: there is no Chromium.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise KazstanceError("chromium is not installed; run: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(url)
        tab.wait_for_selector("html[data-shown]")
        paint = tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        shown = tab.evaluate("performance.getEntriesByName('shown')[0].startTime")
        rows = [_clicked(tab, what, addresses) for what, addresses in clicked]
        browser.close()
    return paint, shown, rows


CLICK = """address => new Promise(resolve => {
  const start = performance.now();
  const wait = () => document.documentElement.dataset.shown === location.hash
    ? requestAnimationFrame(() => resolve(performance.now() - start)) : setTimeout(wait, 1);
  location.hash = address;
  wait();
})"""
"""How long it takes until a view is there and painted."""


def _clicked(tab: Any, what: str, addresses: list[str]) -> list[str]:
    times = [tab.evaluate(CLICK, address) for address in addresses]
    return [what, f"{statistics.median(times):.0f}", f"{statistics.quantiles(times, n=20)[-1]:.0f}"]


def main() -> None:
    """Measure, print the tables, and keep them."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "page.html"
        started = time.perf_counter()
        file.write_bytes(page(DatasetFolder(dataset.SHIPPED)))
        made = time.perf_counter() - started
        shipped = (file.stat().st_size, *in_browser(file.as_uri(), [])[:2])
        make_dataset(Path(scratch))
        started = time.perf_counter()
        with Explorer(DatasetFolder(Path(scratch)), 0) as server:
            start = time.perf_counter() - started
            threading.Thread(target=server.serve_forever, daemon=True).start()
            paint, shown, seen = in_browser(server.url, views())
            rows = [_measure(server.server_port, *click) for click in clicks()]
            size = len(server.page)
            server.shutdown()
    load = os.getloadavg()[0]
    content = [
        "# The explorer",
        f"`python -m benchmarks.explorer`, Python {platform.python_version()}, pyarrow {version('pyarrow')}, Chromium, "
        f"{os.cpu_count()} cores; their load at the end was {load:.1f}, and above 1 other programs ran beside it.",
        f"The page of the shipped dataset has {shipped[0]:,} bytes and is made in {made:.1f} s; it is first painted "
        f"after {shipped[1]:.0f} ms, and its first view is there after {shipped[2]:.0f} ms.",
        f"`kazstance explore --serve` on a dataset drawn at random: {SENTENCES:,} sentences of {SOURCES} sources × "
        f"{TARGETS} targets, each sentence judged on {ASKED} of these by {ANNOTATORS} annotators. It is ready after "
        f"{start:.1f} s; its page has {size:,} bytes, is first painted after {paint:.0f} ms, and its first view is "
        f"there after {shown:.0f} ms. From a click to the view, {VIEWS_RUNS} clicks each:",
        markdown_table(["a click on", "median ms", "95th percentile ms"], seen),
        f"From request to the last byte of the answer, {RUNS} requests each; beside them the processor's time for one, "
        "client and server together, which other programs on the machine hardly change:",
        markdown_table(["answers", "median ms", "95th percentile ms", "processor ms", "largest answer, bytes"], rows),
    ]
    text = "\n\n".join(content) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


def _measure(port: int, what: str, path: str, queries: list[str]) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times, sizes = [], []
    spent = time.process_time()
    for query in queries:
        started = time.perf_counter()
        connection.request("GET", f"{path}?{query}")
        response = connection.getresponse()
        content = response.read()
        times.append(1000 * (time.perf_counter() - started))
        sizes.append(len(content))
        if response.status != http.HTTPStatus.OK:
            raise RuntimeError(content.decode())
    connection.close()
    spent = 1000 * (time.process_time() - spent) / len(queries)
    p95 = statistics.quantiles(times, n=20)[-1]
    return [what, f"{statistics.median(times):.0f}", f"{p95:.0f}", f"{spent:.0f}", f"{max(sizes):,}"]


if __name__ == "__main__":
    main()
