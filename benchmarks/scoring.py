"""python -m benchmarks.scoring: scores and intervals beside scikit-learn and scipy, in turns; medians."""

import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from scipy import stats
from sklearn.metrics import f1_score

from kazstance.metrics import LABELS
from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table
from kazstance.stats.confusion import confusion
from kazstance.stats.metrics import MACRO_F1, macro_f1
from kazstance.stats.scores import score

RESULTS: Final = Path(__file__).parent / "results" / "scoring.md"
LOOPED, RUNS, RESAMPLES, ROWS, TEXTS = 200, 5, 10_000, 2_000, 1_000_000
LARGER: Final = (100_000, 10_000_000)


def seconds(function: Callable[[], object]) -> float:
    """Median wall time of some calls."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def resampling(codes: Any) -> float:
    """Seconds for macro-F1 with its interval; labels given by number, shape (2, rows); the tally apart."""
    columns = [pa.DictionaryArray.from_arrays(pa.array(side, pa.int32()), list(LABELS)) for side in codes]
    table = pa.table(dict(zip(("gold", "predicted"), columns, strict=True)))
    found = confusion(table, "gold", "predicted", labels=LABELS)
    return seconds(lambda: score(found, MACRO_F1, RESAMPLES))


def loop(codes: Any) -> float:
    """Seconds for the same by a loop over scikit-learn, extrapolated."""
    rng = np.random.default_rng(0)

    def few() -> None:
        for _ in range(LOOPED):
            drawn = rng.integers(0, codes.shape[1], codes.shape[1])
            f1_score(codes[0][drawn], codes[1][drawn], average="macro")

    return seconds(few) * RESAMPLES / LOOPED


def vectorised(codes: Any) -> float:
    """Seconds for the same by scipy.stats.bootstrap, on gold and predicted label packed into one number a row."""

    def statistic(packed: Any, axis: int) -> Any:
        counts = np.stack([(packed == cell).sum(axis=axis) for cell in range(9)], axis=-1).astype(float)
        return macro_f1(counts.reshape(*counts.shape[:-1], 1, 3, 3))

    packed = (codes[0] * 3 + codes[1],)
    return seconds(
        lambda: stats.bootstrap(
            packed, statistic, n_resamples=RESAMPLES, batch=1000, method="percentile", vectorized=True, rng=0
        )
    )


def texts(rng: np.random.Generator) -> tuple[float, float]:
    """Seconds for macro-F1 of labels as text, from the table on: ours, scikit-learn's."""
    sides = [np.array(LABELS)[rng.integers(0, 3, TEXTS)] for _ in range(2)]
    table = pa.table({"gold": pa.array(sides[0]), "predicted": pa.array(sides[1])})
    ours = seconds(lambda: macro_f1(confusion(table, "gold", "predicted", labels=LABELS).total))
    return ours, seconds(lambda: f1_score(*sides, average="macro"))


def line(what: str, ours: float, peer: str = "", theirs: float | None = None) -> list[str]:
    """A line of the table."""
    beside = ["", ""] if theirs is None else [f"{1000 * theirs:.0f}", f"{theirs / ours:.1f}"]
    return [what, f"{1000 * ours:.1f}", peer, *beside]


def main() -> None:
    """Measure, print the table, and keep it."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, (2, ROWS))
    own = resampling(codes)
    what = f"macro-F1 with interval, {RESAMPLES:,} resamples, tally apart, n = {{:,}}"
    rows = [
        line(what.format(ROWS), own, "loop over scikit-learn's f1_score", loop(codes)),
        line(what.format(ROWS), own, "scipy.stats.bootstrap, vectorised", vectorised(codes)),
        *(line(what.format(n), resampling(rng.integers(0, 3, (2, n)))) for n in LARGER),
    ]
    ours, theirs = texts(rng)
    rows.append(line(f"macro-F1 of {TEXTS:,} rows with labels as text", ours, "scikit-learn's f1_score", theirs))
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "scipy"))
    page = [
        "# Scores beside scikit-learn and scipy",
        f"`python -m benchmarks.scoring`, medians of {RUNS}; the loop over scikit-learn is timed at {LOOPED} resamples "
        f"and extrapolated. Python {platform.python_version()}, {versions}.",
        markdown_table(["what", "kazstance ms", "peer", "peer ms", "times as fast"], rows),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    write_file(text.encode(), RESULTS)


if __name__ == "__main__":
    main()
