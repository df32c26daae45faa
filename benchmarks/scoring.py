"""python -m benchmarks.scoring: scores and intervals beside scikit-learn, NumPy, scipy and confidenceinterval."""

import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from scipy import stats
from sklearn.metrics import f1_score

from benchmarks.timing import cpu_seconds, in_turns, keep
from kazstance.input.frames import as_frame
from kazstance.metrics import LABELS
from kazstance.output.markdown import markdown_table
from kazstance.stats.confusion import confusion
from kazstance.stats.metrics import MACRO_F1, macro_f1
from kazstance.stats.resampling import resample
from kazstance.stats.scores import score

LOOPED, RUNS, RESAMPLES, ROWS, TEXTS = 100, 5, 10_000, 2_000, 1_000_000
LARGER: Final = (100_000, 10_000_000)
OWN: Final = "kazstance"
FLOOR: Final = "floor: the draws of cells, bare macro-F1, quantiles"
NAMES: Final = ("gold", "predicted")
CELLS: Final = len(LABELS) ** 2


def own_way(codes: Any) -> Callable[[], object]:
    """Macro-F1 with its interval; labels given by number, shape (2, rows); the tally apart."""
    columns = [pa.DictionaryArray.from_arrays(pa.array(side, pa.int32()), list(LABELS)) for side in codes]
    table = pa.table(dict(zip(NAMES, columns, strict=True)))
    found = confusion(table, *NAMES, labels=LABELS)
    return lambda: score(found, MACRO_F1, RESAMPLES)


def bare(cells: Any) -> Any:
    """Macro-F1 of counts by cell, shape (..., 9), and nothing else."""
    counts = cells.reshape(-1, 3, 3)
    right = np.diagonal(counts, axis1=1, axis2=2)
    return (2 * right / (counts.sum(axis=1) + counts.sum(axis=2))).mean(axis=1)


def floor(codes: Any) -> Callable[[], object]:
    """What any way from counts has to do."""
    cells = np.bincount(codes[0] * 3 + codes[1], minlength=CELLS).astype(float)
    return lambda: np.quantile(bare(resample(cells, RESAMPLES)), [0.025, 0.975])


def counting_loop(codes: Any) -> Callable[[], object]:
    """A loop as an expert writes it: gold and predicted label packed into one number, counted by bincount."""
    packed = (codes[0] * 3 + codes[1]).astype(np.intp)

    def run() -> object:
        rng = np.random.default_rng(0)
        n = len(packed)
        draws = [np.bincount(packed[rng.integers(0, n, n)], minlength=CELLS) for _ in range(RESAMPLES)]
        return np.quantile(bare(np.array(draws)), [0.025, 0.975])

    return run


def vectorised(codes: Any) -> Callable[[], object]:
    """scipy.stats.bootstrap, vectorised, on packed labels counted by one bincount."""

    def statistic(packed: Any, axis: int) -> Any:
        rows = np.moveaxis(packed, axis, -1).reshape(-1, packed.shape[axis])
        shifted = rows + CELLS * np.arange(len(rows))[:, None]
        found = bare(np.bincount(shifted.ravel(), minlength=CELLS * len(rows)))
        return found.reshape(np.delete(packed.shape, axis))

    packed = ((codes[0] * 3 + codes[1]).astype(np.intp),)
    settings = {"n_resamples": RESAMPLES, "batch": 1000, "method": "percentile", "vectorized": True}
    return lambda: stats.bootstrap(packed, statistic, rng=0, **settings)


def loop(codes: Any) -> Callable[[], object]:
    """A loop over scikit-learn, of a hundredth of the resamples."""

    def few() -> None:
        rng = np.random.default_rng(0)
        for _ in range(LOOPED):
            drawn = rng.integers(0, codes.shape[1], codes.shape[1])
            f1_score(codes[0][drawn], codes[1][drawn], average="macro")

    return few


def packaged(codes: Any) -> tuple[Callable[[], object], Callable[[], object]] | None:
    """confidenceinterval: its bootstrap, of a hundredth of the resamples, and its analytic interval."""
    try:
        from confidenceinterval import f1_score as with_interval
    except ModuleNotFoundError:
        return None
    gold, predicted = (side.tolist() for side in codes)
    drawn = {"method": "bootstrap_percentile", "n_resamples": LOOPED, "random_state": np.random.default_rng(0)}
    return (
        lambda: with_interval(gold, predicted, average="macro", **drawn),
        lambda: with_interval(gold, predicted, average="macro"),
    )


def interval_rows(rng: np.random.Generator) -> list[list[str]]:
    """The ways to an interval, in turns, each as a multiple of ours."""
    codes = rng.integers(0, 3, (2, ROWS))
    cells = np.bincount(codes[0] * 3 + codes[1], minlength=CELLS).astype(float)
    ways = {
        OWN: own_way(codes),
        FLOOR: floor(codes),
        "the draws of cells alone": lambda: resample(cells, RESAMPLES),
        "loop over bincount of packed labels": counting_loop(codes),
        "scipy.stats.bootstrap, vectorised": vectorised(codes),
    }
    few = {"loop over scikit-learn's f1_score": loop(codes)}
    if there := packaged(codes):
        few["confidenceinterval, bootstrap"] = there[0]
        ways["confidenceinterval, analytic (no resamples; wrong for macro-F1)"] = there[1]
    times = in_turns(ways, RUNS) | {name: t * RESAMPLES / LOOPED for name, t in in_turns(few, 3).items()}
    return [[name, f"{1000 * t:.1f}", f"{t / times[OWN]:.2f}"] for name, t in times.items()]


def containers(sides: list[Any]) -> dict[str, tuple[Any, Any]]:
    """The same labels as text in each container: what we read, and what scikit-learn is given."""
    arrays = [pa.array(side) for side in sides]
    objects = [side.astype(object) for side in sides]
    frame = pd.DataFrame(dict(zip(NAMES, sides, strict=True)))
    return {
        "NumPy, fixed width": (dict(zip(NAMES, sides, strict=True)), sides),
        "NumPy, objects": (dict(zip(NAMES, objects, strict=True)), objects),
        "lists": (dict(zip(NAMES, [side.tolist() for side in sides], strict=True)), [s.tolist() for s in sides]),
        "pandas": (frame, [frame[name] for name in NAMES]),
        "Polars": (pl.DataFrame(dict(zip(NAMES, sides, strict=True))), [pl.Series(side) for side in sides]),
        "Arrow": (pa.table(dict(zip(NAMES, arrays, strict=True))), None),
    }


def text_rows(rng: np.random.Generator) -> list[list[str]]:
    """Macro-F1 of labels as text, both ways from the same container."""
    sides = [np.array(LABELS)[rng.integers(0, 3, TEXTS)] for _ in range(2)]
    found = []
    for name, (rows, theirs) in containers(sides).items():

        def ours(rows: Any = rows) -> Any:
            return macro_f1(confusion(as_frame(rows), *NAMES, labels=LABELS).total)

        def peer(theirs: Any = theirs, rows: Any = rows) -> Any:
            given = [rows[name].to_numpy() for name in NAMES] if theirs is None else theirs
            return f1_score(*given, average="macro")

        times = in_turns({OWN: ours, "peer": peer}, RUNS)
        found.append([name, *(f"{1000 * t:.0f}" for t in times.values()), f"{times['peer'] / times[OWN]:.1f}"])
    return found


def main() -> None:
    """Measure, print the tables, and keep them."""
    rng = np.random.default_rng(0)
    packages = ["numpy", "scikit-learn", "scipy", "pandas", "polars", "pyarrow"]
    intervals, texts = interval_rows(rng), text_rows(rng)
    larger = [[f"{n:,}", f"{1000 * cpu_seconds(own_way(rng.integers(0, 3, (2, n)))):.1f}"] for n in LARGER]
    try:
        packages += ["confidenceinterval"] if version("confidenceinterval") else []
    except PackageNotFoundError:
        print("not installed: pip install --no-deps confidenceinterval==1.0.5 statsmodels patsy")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    page = [
        "# Scores beside scikit-learn, NumPy, scipy and confidenceinterval",
        f"`python -m benchmarks.scoring`, CPU milliseconds, medians of {RUNS} runs in turns. Loops over functions of "
        f"packages are timed at {LOOPED} resamples and multiplied. Python {platform.python_version()}, {versions}.",
        f"## Macro-F1 with an interval from {RESAMPLES:,} resamples of {ROWS:,} rows, the tally apart",
        markdown_table(["way", "CPU ms", "times kazstance"], intervals),
        "The number of rows does not matter to counts:",
        markdown_table(["rows", "kazstance, CPU ms"], larger),
        f"## Macro-F1 of {TEXTS:,} labels as text, from the same container",
        "scikit-learn takes no Arrow: that line includes the conversion.",
        markdown_table(["container", "kazstance, CPU ms", "scikit-learn, CPU ms", "times as fast"], texts),
    ]
    keep("scoring", page)


if __name__ == "__main__":
    main()
