"""python -m benchmarks.coverage: how often nominal 95 % intervals of scores hold the truth, on simulated data sets."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from kazstance.publish.card import markdown_table
from kazstance.scoring import LABELS, METRICS, Confusion
from kazstance.tally import Floats, interval

RESULTS = Path(__file__).parent / "results" / "coverage.md"
SETS, RESAMPLES, TARGETS, TRUTH = 2000, 400, 12, 400_000
NAMES = ("wts", "f_avg", "macro_f1", "accuracy")
PRIOR = np.array([[0.6, 0.15, 0.25], [0.2, 0.3, 0.5], [0.34, 0.33, 0.33], [0.1, 0.2, 0.7]])[np.arange(TARGETS) % 4]


def simulate(rng: np.random.Generator, rows: int, *, clustered: bool) -> Confusion:
    """A data set: clusters of 1 to 9 rows share ease and mood where clustered, else every row is its own."""
    sizes = rng.integers(1, 10, rows // 5) if clustered else np.ones(rows, dtype=int)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    target = rng.integers(0, TARGETS, len(cluster))
    ease = rng.beta(3, 2, len(sizes)) if clustered else np.full(len(sizes), 0.6)
    gold = _draw(rng, PRIOR[target])
    guess = _draw(rng, PRIOR[target])
    predicted = np.where(rng.random(len(cluster)) < ease[cluster], gold, guess)
    counts = np.zeros((len(sizes), TARGETS, 3, 3))
    np.add.at(counts, (cluster, target, gold, predicted), 1)
    names = tuple(map(str, range(len(sizes))))
    return Confusion(counts, names, tuple(map(str, range(TARGETS))), LABELS)


def _draw(rng: np.random.Generator, shares: Floats) -> Any:
    """A label for each row of shares."""
    return (rng.random(len(shares))[:, None] > shares.cumsum(axis=1)).sum(axis=1).clip(0, 2)


def truth(*, clustered: bool) -> dict[str, float]:
    """The metrics of a data set that is practically infinite, in pieces."""
    rng = np.random.default_rng(0)
    total = sum(simulate(rng, 20_000, clustered=clustered).total for _ in range(TRUTH // 20_000))
    return {name: float(METRICS[name](np.asarray(total))) for name in NAMES}


def main() -> None:
    """Simulate, print the table, and keep it."""
    rows = []
    for label, size, clustered in (("iid", 600, False), ("clusters of 1 to 9 rows", 600, True)):
        right, hits = truth(clustered=clustered), dict.fromkeys(NAMES, 0)
        rng = np.random.default_rng(1)
        for seed in track(range(SETS), label):
            found = simulate(rng, size, clustered=clustered)
            draws = found.draws(RESAMPLES, seed)
            for name in NAMES:
                low, high = interval(np.asarray(METRICS[name](draws)))
                hits[name] += low <= right[name] <= high
        rows.append([label, *(f"{100 * hits[name] / SETS:.1f}" for name in NAMES)])
    page = [
        "# Coverage of nominal 95 % intervals, in percent",
        f"`python -m benchmarks.coverage`: {SETS} data sets of about 600 rows on {TARGETS} targets, "
        f"{RESAMPLES} resamples each.",
        markdown_table(["rows", *NAMES], rows),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
