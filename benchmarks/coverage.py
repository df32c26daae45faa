"""python -m benchmarks.coverage: how often nominal 95 % intervals hold the truth, on simulated data sets."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from benchmarks.simulation import DESIGNS, TARGETS, Design, System, simulate
from kazstance.metrics import METRICS
from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table
from kazstance.stats.confusion import Confusion
from kazstance.stats.counting import Floats
from kazstance.stats.metrics import ss
from kazstance.stats.resampling import RESAMPLES, interval

RESULTS: Final = Path(__file__).parent / "results" / "coverage.md"
SETS: Final = 2000
SYSTEMS: Final = (System(0.6), System(0.5))
NAMES: Final = ("wts", "ss", "f_avg", "macro_f1", "accuracy")
HELD: Final = "ss, against the rule held"
ANEW: Final = "ss, rule chosen anew"
HEADER: Final = [*NAMES, HELD, ANEW, *(f"{name}, difference" for name in NAMES)]


def truth(design: Design) -> Floats:
    """The counts of both systems on a data set that is practically infinite, counted in pieces."""
    rng = np.random.default_rng(0)
    large = Design(design.name, 4000, design.clustered)
    pieces = [[found.total for found in simulate(rng, large, SYSTEMS)] for _ in range(100)]
    totals: Floats = np.array(pieces).sum(axis=0)
    return totals


def intervals(one: Confusion, other: Confusion, right: Floats, seed: int) -> Iterator[tuple[str, Floats, float]]:
    """What is estimated, its resampled values, and its truth."""
    rule = one.total.sum(axis=-1).argmax(axis=-1)
    draws = [np.concatenate(list(system.draws(RESAMPLES, seed))) for system in (one, other)]
    for name in NAMES:
        metric = METRICS[name]
        first, second = (ss(drawn, rule) if name == "ss" else metric(drawn) for drawn in draws)
        yield name, first, metric.value(right[0])
        yield f"{name}, difference", first - second, metric.value(right[0]) - metric.value(right[1])
    yield HELD, ss(draws[0], rule), float(ss(right[0], rule))
    yield ANEW, ss(draws[0]), float(ss(right[0]))


def covered(design: Design) -> tuple[Counter[str], Counter[str]]:
    """How many of the data sets had the truth in the interval, expanded as in a score, and plain."""
    right, rng = truth(design), np.random.default_rng(1)
    expanded: Counter[str] = Counter()
    plain: Counter[str] = Counter()
    for seed in track(range(SETS), design.name):
        one, other = simulate(rng, design, SYSTEMS)
        for name, values, value in intervals(one, other, right, seed):
            expanded[name] += _holds(interval(values, units=one.units), value)
            plain[name] += _holds(interval(values), value)
    return expanded, plain


def _holds(found: tuple[float, float], value: float) -> bool:
    return found[0] <= value <= found[1]


def page(found: dict[str, tuple[Counter[str], Counter[str]]]) -> str:
    """The tables."""

    def rows(which: int) -> list[list[str]]:
        shares: Callable[[Counter[str]], list[str]] = lambda hits: [f"{100 * hits[name] / SETS:.1f}" for name in HEADER]  # noqa: E731
        return [[name, *shares(counters[which])] for name, counters in found.items()]

    parts = [
        "# Coverage of nominal 95 % intervals, in percent",
        f"`python -m benchmarks.coverage`: {SETS} simulated data sets of each kind on {TARGETS} targets, {RESAMPLES} "
        f"resamples; two systems that know {SYSTEMS[0].share:.0%} and {SYSTEMS[1].share:.0%} of the rows. In clusters, "
        f"rows share mood and ease. The simulation's own error is {100 * np.sqrt(0.95 * 0.05 / SETS):.1f}.",
        "## As kazstance gives them: expanded for the number of clusters",
        markdown_table(["rows", *HEADER], rows(0)),
        "`ss` is measured against the majority of each target in the data at hand, and resamples keep that rule. Its "
        f"truth is against the best rule of all rows there could be; that of *{HELD}*, against the rule of the data at "
        f"hand. *{ANEW}* is what would come of letting each resample choose its best rule in hindsight.",
        "## Plain percentile intervals, for comparison",
        markdown_table(["rows", *HEADER], rows(1)),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Simulate, print the tables, and keep them."""
    text = page({design.name: covered(design) for design in DESIGNS})
    print(text)
    write_file(text.encode(), RESULTS)


if __name__ == "__main__":
    main()
