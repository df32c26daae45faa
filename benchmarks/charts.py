"""python -m benchmarks.charts: charts of many sources and targets, figures and drawing apart."""

import platform
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa

import kazstance as ks
from benchmarks.timing import cpu_seconds, keep
from kazstance._front import Chart
from kazstance.output.markdown import markdown_table

SOURCES, TARGETS, SENTENCES, STANCES, PARAGRAPHS = 20, 60, 20_000, 37_000, 5_000
NEUTRAL = 0.2
ENDINGS = ("svg", "png", "pdf")
CHARTS = ("positions", "disagreements", "salience", "distances")


def corpus() -> tuple[pa.Table, pa.Table]:
    """Stances at random, each source with a leaning of its own on each target, and the sentences they are in."""
    rng = np.random.default_rng(0)
    paragraph = rng.integers(0, PARAGRAPHS, SENTENCES)
    sentence, target = rng.integers(0, SENTENCES, STANCES), rng.integers(0, TARGETS, STANCES)
    where = paragraph[sentence]
    leaning = rng.beta(0.6, 0.6, (SOURCES, TARGETS))[where % SOURCES, target]
    side = np.where(rng.random(STANCES) < leaning, "favor", "against")
    label = np.where(rng.random(STANCES) < NEUTRAL, "neutral", side)
    return pa.table(
        {**_places(where), "target_id": np.char.add("issue ", target.astype(str)), "label": label}
    ), pa.table(_places(paragraph))


def _places(paragraph: np.ndarray) -> dict[str, np.ndarray]:
    """The source and the name of each paragraph."""
    source = np.char.add("source ", (paragraph % SOURCES).astype(str))
    return {"source_id": source, "paragraph_id": np.char.add("p", paragraph.astype(str))}


def seconds(chart: str, stances: pa.Table, sentences: pa.Table, folder: Path) -> list[float]:
    """CPU seconds of a chart from its rows, and of saving it in each format."""

    def drawn() -> Chart:
        compared = ks.compare(stances, cluster="paragraph_id", sentences=sentences)
        made: Chart = getattr(compared.plot, chart)()
        made.save(folder / "chart.svg")
        return made

    made = drawn()
    saving = [cpu_seconds(partial(made.save, folder / f"chart.{ending}"), 3) for ending in ENDINGS]
    return [cpu_seconds(drawn, 3), *saving]


def main() -> None:
    """Measure, print the table, and keep it."""
    rows = corpus()
    with tempfile.TemporaryDirectory() as place:
        found = [[chart, *(f"{t:.2f}" for t in seconds(chart, *rows, Path(place)))] for chart in CHARTS]
    header = ["chart", "rows to SVG, CPU s", *(f"saving {ending}" for ending in ENDINGS)]
    page = [
        f"# Charts of {SOURCES} sources and {TARGETS} targets",
        f"`python -m benchmarks.charts`: {STANCES:,} stances in {SENTENCES:,} sentences; CPU seconds, medians of "
        "3 runs. The first column begins with the rows: counting, estimates and tests included. "
        f"Python {platform.python_version()}, altair {version('altair')}, vl-convert {version('vl-convert-python')}.",
        markdown_table(header, found),
    ]
    keep("charts", page)


if __name__ == "__main__":
    main()
