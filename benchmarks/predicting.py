"""python -m benchmarks.predicting: a saved model over Parquet files of growing size: time, and flat memory."""

import itertools
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

import kazstance as ks
from benchmarks.timing import keep, process
from kazstance.output.markdown import markdown_table

SIZES: Final = (10_000, 100_000, 1_000_000)
SYSTEMS: Final = ("majority per target", "TF-IDF LR")
PART: Final = 100_000
PREDICT: Final = "import sys; from kazstance.cli import app; app(['predict', *sys.argv[1:]])"


def make(folder: Path, n: int) -> None:
    """Write n rows with the texts and targets of the shipped dataset, in files of 100,000 rows."""
    table = ks.open().stances.to_arrow()
    texts = itertools.cycle(table["text"].to_pylist())
    targets = itertools.cycle(table.select(["target_id", "target"]).to_pylist()[::-1])
    for start in range(0, n, PART):
        size = min(PART, n - start)
        chosen = list(itertools.islice(targets, size))
        columns = {
            "id": [f"row {start + i}" for i in range(size)],
            "text": [f"{text} {i}" for i, text in enumerate(itertools.islice(texts, size))],
            "target_id": [target["target_id"] for target in chosen],
            "target": [target["target"] for target in chosen],
        }
        pq.write_table(pa.table(columns), folder / f"{start:09d}.parquet")


def main() -> None:
    """Measure, print the table, and keep it."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for n in SIZES:
            (Path(scratch) / f"{n}").mkdir()
            make(Path(scratch) / f"{n}", n)
        for system in SYSTEMS:
            model = ks.fit(system, ks.open()).save(Path(scratch) / "model")
            for n in SIZES:
                out = f"{scratch}/{system} {n}"
                seconds, peak = process(PREDICT, str(model), f"{scratch}/{n}", "--out", out)
                rows.append([system, f"{n:,}", f"{seconds:.1f}", f"{n / seconds:,.0f}", f"{peak:.0f}"])
    page = [
        "# Predictions for Parquet files",
        "`python -m benchmarks.predicting`: `kazstance predict` in a process of its own, start and imports included. "
        f"Python {platform.python_version()}, pyarrow {version('pyarrow')}, scikit-learn {version('scikit-learn')}.",
        markdown_table(["system", "rows", "CPU seconds", "rows a second", "peak MiB"], rows),
    ]
    keep("predicting", page)


if __name__ == "__main__":
    main()
