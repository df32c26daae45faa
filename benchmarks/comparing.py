"""python -m benchmarks.comparing: positions of a large table, and everything on many sources and targets."""

import platform
import resource
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from kazstance.comparison.counts import count
from kazstance.comparison.disagreements import disagreements
from kazstance.comparison.distances import distances
from kazstance.comparison.positions import positions
from kazstance.output.markdown import markdown_table

RESULTS = Path(__file__).parent / "results" / "comparing.md"
SENTENCES, TARGETS, SOURCES, RUNS = 100_000, 20, 5, 7
MANY = (10_619, 24_000, 100_000)


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


def many(rows: int) -> pa.Table:
    """Stances of 24 sources on 1,000 targets at random, in clusters of four rows on average."""
    rng = np.random.default_rng(0)

    def names(letter: str, n: int) -> np.ndarray:
        return np.char.add(letter, rng.integers(0, n, rows).astype(str))

    labels = np.array(["against", "neutral", "favor"])[rng.integers(0, 3, rows)]
    columns = {"source_id": names("s", 24), "target_id": names("t", 1000), "label_name": labels}
    return pa.table({**columns, "paragraph_id": names("p", rows // 4)})


def on_many() -> list[list[object]]:
    """Seconds of processor for each comparison of many sources on many targets, counting included."""
    ways: dict[str, Callable[..., object]] = {
        "positions": positions,
        "pairs (disagreements)": disagreements,
        "distances": distances,
        "distances by salience": partial(distances, by="salience"),
    }
    lines: list[list[object]] = []
    for rows in MANY:
        table = many(rows)
        for name, way in ways.items():
            started = time.process_time()
            way(count(table, sentences={f"s{i}": rows for i in range(24)}))
            spent = time.process_time() - started
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            lines.append([f"{rows:,}", name, f"{spent:.2f}", f"{peak:.0f}"])
    return lines


def main() -> None:
    """Measure, print the tables, and keep them."""
    beside = on_many()
    rows = table()
    lengths = {f"s{i}": SENTENCES // SOURCES for i in range(SOURCES)}
    lines = []
    for name, frame in {"Arrow": rows, "Polars": pl.from_arrow(rows), "DuckDB": duckdb.from_arrow(rows)}.items():
        times = []
        for _ in range(RUNS):
            started, spent = time.perf_counter(), time.process_time()
            found = positions(count(frame, labels="kazstance", sentences=lengths))
            times.append((time.perf_counter() - started, time.process_time() - spent))
        wall, cpu = zip(*times, strict=True)
        lines.append([name, len(found), *(f"{value:.2f}" for value in (min(wall), np.median(wall), np.median(cpu)))])
    page = [
        "# Positions of a large table",
        f"`python -m benchmarks.comparing`: {SENTENCES:,} sentences on {TARGETS} targets, {len(rows):,} rows, "
        f"{SENTENCES // 5:,} paragraphs; counted, pooled, with intervals; {RUNS} runs. Python "
        f"{platform.python_version()}, numpy {version('numpy')}, narwhals {version('narwhals')}.",
        markdown_table(["table", "cells", "best s", "median s", "median s of processor"], lines),
        "## 24 sources on 1,000 targets",
        "Stances at random, with 1,000 draws or 9,999 permutations; the memory is the highest of the process so far.",
        markdown_table(["stances", "what", "s of processor", "MiB"], beside),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
