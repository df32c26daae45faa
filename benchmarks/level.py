"""python -m benchmarks.level: how often the paired test finds a difference, be there none or one."""

from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from benchmarks.simulation import DESIGNS, TARGETS, Design, System, simulate
from kazstance.metrics import METRICS
from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table
from kazstance.stats.paired import compare

RESULTS: Final = Path(__file__).parent / "results" / "level.md"
SETS, SWAPS, LEVEL = 2000, 399, 0.05
NAMES: Final = ("wts", "f_avg", "macro_f1", "accuracy")
PAIRS: Final = {
    "no difference: both know 50 %, both guess by the prior": (System(0.5), System(0.5)),
    "no difference in wts: both know 50 %, one guesses by the prior, one the majority": (
        System(0.5),
        System(0.5, "majority"),
    ),
    "a difference of 0.1 in wts: one knows 60 %, one 50 %": (System(0.6), System(0.5)),
}


def rejected(design: Design, systems: tuple[System, System], label: str) -> list[str]:
    """In how many percent of data sets each metric's difference has a p-value of at most the level."""
    rng = np.random.default_rng(1)
    hits = dict.fromkeys(NAMES, 0)
    for seed in track(range(SETS), f"{design.name}; {label}"):
        one, other = simulate(rng, design, systems)
        for name in NAMES:
            hits[name] += compare(one, other, METRICS[name], SWAPS, seed).p <= LEVEL
    return [f"{100 * found / SETS:.1f}" for found in hits.values()]


def main() -> None:
    """Simulate, print the tables, and keep them."""
    parts = [
        f"# The paired test at {LEVEL:.0%}: data sets in which it finds a difference, in percent",
        f"`python -m benchmarks.level`: {SETS} simulated data sets of each kind on {TARGETS} targets, {SWAPS} random "
        "swaps of whole clusters. Where there is nothing to find, the simulation's own error is "
        f"{100 * np.sqrt(LEVEL * (1 - LEVEL) / SETS):.1f}. Who guesses in another way does differ in other metrics.",
    ]
    for label, systems in PAIRS.items():
        rows = [[design.name, *rejected(design, systems, label)] for design in DESIGNS]
        parts += [f"## {label[0].upper()}{label[1:]}", markdown_table(["rows", *NAMES], rows)]
    text = "\n\n".join(parts) + "\n"
    print(text)
    write_file(text.encode(), RESULTS)


if __name__ == "__main__":
    main()
