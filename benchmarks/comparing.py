"""python -m benchmarks.comparing: how long positions with intervals take, counting included."""

import platform
import time
from importlib.metadata import version
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from kazstance.comparison.counts import count
from kazstance.comparison.positions import positions
from kazstance.output.markdown import markdown_table

RESULTS = Path(__file__).parent / "results" / "comparing.md"
SENTENCES, TARGETS, SOURCES, RUNS = 100_000, 20, 5, 7


def table() -> pa.Table:
    """Every sentence on every target: a row each, in paragraphs of five sentences."""
    rng, sentence = np.random.default_rng(0), np.repeat(np.arange(SENTENCES), TARGETS)
    labels = np.array(["against", "neutral", "favor", "none"])
    return pa.table(
        {
            "source_id": np.char.add("s", (sentence % SOURCES).astype(str)),
            "target_id": np.char.add("t", np.tile(np.arange(TARGETS), SENTENCES).astype(str)),
            "label_name": labels[rng.integers(0, 4, SENTENCES * TARGETS)],
            "paragraph_id": np.char.add("p", (sentence // SOURCES // 5).astype(str)),
        }
    )


def main() -> None:
    """Measure, print the table, and keep it."""
    rows = table()
    lengths = {f"s{i}": SENTENCES // SOURCES for i in range(SOURCES)}
    lines = []
    for name, frame in {"Arrow": rows, "Polars": pl.from_arrow(rows), "DuckDB": duckdb.from_arrow(rows)}.items():
        times = []
        for _ in range(RUNS):
            started, spent = time.perf_counter(), time.process_time()
            found = positions(count(frame, sentences=lengths))
            times.append((time.perf_counter() - started, time.process_time() - spent))
        wall, cpu = zip(*times, strict=True)
        lines.append([name, len(found), *(f"{value:.2f}" for value in (min(wall), np.median(wall), np.median(cpu)))])
    page = [
        "# Positions of a large table",
        f"`python -m benchmarks.comparing`: {SENTENCES:,} sentences on {TARGETS} targets, {len(rows):,} rows, "
        f"{SENTENCES // 5:,} paragraphs; counted, pooled, with intervals; {RUNS} runs. Python "
        f"{platform.python_version()}, numpy {version('numpy')}, narwhals {version('narwhals')}.",
        markdown_table(["table", "cells", "best s", "median s", "median s of processor"], lines),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
