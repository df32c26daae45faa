"""python -m benchmarks.scoring: scores and intervals beside scikit-learn, in turns; medians."""

import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
from sklearn.metrics import f1_score

from kazstance.publish.card import markdown_table
from kazstance.scoring import LABELS, confusion, macro_f1, score

RESULTS = Path(__file__).parent / "results" / "scoring.md"
LOOPED, RUNS = 200, 5


def seconds(function: Callable[[], object]) -> float:
    """Median wall time of some calls."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Measure, print the table, and keep it."""
    rng = np.random.default_rng(0)
    names = np.array(LABELS)
    rows = []
    codes = rng.integers(0, 3, (2, 2000))

    def loop() -> None:
        for _ in range(LOOPED):
            drawn = rng.integers(0, 2000, 2000)
            f1_score(codes[0][drawn], codes[1][drawn], average="macro")

    peer = seconds(loop) * 10_000 / LOOPED
    for n in (2_000, 100_000, 10_000_000):
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, 3, n), pa.int32()), list(LABELS)) for _ in "gp"
        ]
        found = confusion(pa.table(dict(zip(("gold", "predicted"), columns, strict=True))), "gold", "predicted")
        own = seconds(lambda found=found: score(found, "macro_f1", 10_000))  # type: ignore[misc]
        rows.append([f"macro-F1, 10,000 resamples, n = {n:,}, tally apart", f"{1000 * own:.1f}", "", ""])
        if n == codes.shape[1]:
            rows[-1][2:] = [f"{1000 * peer:.0f}", f"{peer / own:.0f}"]
    texts = [names[rng.integers(0, 3, 1_000_000)] for _ in "gp"]
    table = pa.table({"gold": pa.array(texts[0]), "predicted": pa.array(texts[1])})
    own = seconds(lambda: macro_f1(confusion(table, "gold", "predicted").total))
    peer = seconds(lambda: f1_score(texts[0], texts[1], average="macro"))
    rows.append(
        [
            "macro-F1 of 1,000,000 rows with labels as text",
            f"{1000 * own:.1f}",
            f"{1000 * peer:.0f}",
            f"{peer / own:.1f}",
        ]
    )
    page = [
        "# Scores beside scikit-learn",
        f"`python -m benchmarks.scoring`, medians of {RUNS}; the loop over scikit-learn is timed at {LOOPED} resamples "
        f"and extrapolated. Python {platform.python_version()}, numpy {version('numpy')}, scikit-learn "
        f"{version('scikit-learn')}.",
        markdown_table(["what", "kazstance ms", "scikit-learn ms", "times as fast"], rows),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
