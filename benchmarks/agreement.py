"""python -m benchmarks.agreement: alpha with a bootstrap interval beside loops over the krippendorff package."""

import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import krippendorff
import numpy as np

from kazstance.output.markdown import markdown_table
from kazstance.stats.agreement import alpha_interval, count_patterns

UNITS, ANNOTATORS, LABELS, RESAMPLES, RUNS = 5000, 3, 4, 1000, 5
LOOP = "loop over krippendorff.alpha(value_counts=…), over units"
CLUSTERED = "loop over krippendorff.alpha(value_counts=…), over clusters"
RESULTS = Path(__file__).parent / "results" / "agreement.md"


def seconds(function: Callable[[], object]) -> float:
    """Seconds of processor that a call takes."""
    started = time.process_time()
    function()
    return time.process_time() - started


def main() -> None:
    """Measure in turns, print the table, and keep it."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, LABELS, UNITS)
    labels = np.where(rng.random((ANNOTATORS, UNITS)) < 0.7, truth, rng.integers(0, LABELS, (ANNOTATORS, UNITS)))  # noqa: PLR2004
    votes = np.stack([(labels == label).sum(axis=0) for label in range(LABELS)], axis=1).astype(float)
    clusters = [str(unit // 3) for unit in range(UNITS)]
    members = np.split(np.arange(UNITS), range(3, UNITS, 3))

    def over_clusters() -> list[float]:
        drawn = (rng.integers(0, len(members), len(members)) for _ in range(RESAMPLES))
        draws = (votes[np.concatenate([members[number] for number in numbers])] for numbers in drawn)
        return [krippendorff.alpha(value_counts=draw, level_of_measurement="nominal") for draw in draws]

    def loop() -> list[float]:
        draws = (votes[rng.integers(0, UNITS, UNITS)] for _ in range(RESAMPLES))
        return [krippendorff.alpha(value_counts=draw, level_of_measurement="nominal") for draw in draws]

    ways: dict[str, tuple[Callable[[], object], str]] = {
        "kazstance, over units": (lambda: alpha_interval(count_patterns(votes), n=RESAMPLES), LOOP),
        "kazstance, ordinal, over units": (lambda: alpha_interval(count_patterns(votes), "ordinal", RESAMPLES), LOOP),
        f"kazstance, over {len(members):,} clusters": (
            lambda: alpha_interval(count_patterns(votes, clusters), n=RESAMPLES),
            CLUSTERED,
        ),
        LOOP: (loop, LOOP),
        CLUSTERED: (over_clusters, CLUSTERED),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, (way, _) in ways.items():
            times[name].append(seconds(way))
    median = {name: statistics.median(found) for name, found in times.items()}
    rows = [[name, f"{1000 * t:.1f}", f"{median[ways[name][1]] / t:.0f}"] for name, t in median.items()]
    oracle = krippendorff.alpha(value_counts=votes, level_of_measurement="nominal")
    same = abs(alpha_interval(count_patterns(votes)).value - oracle)
    page = [
        "# Alpha with a bootstrap interval",
        f"`python -m benchmarks.agreement`: {UNITS} units, {ANNOTATORS} annotators, {LABELS} labels, "
        f"{RESAMPLES} resamples; median of {RUNS} runs in turns; Python {platform.python_version()}, "
        f"numpy {version('numpy')}, krippendorff {version('krippendorff')}.",
        markdown_table(["way", "ms of processor", "times as fast as the loop over the same"], rows),
        f"The estimates differ by {same:.0e}.",
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
