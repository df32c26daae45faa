"""python -m benchmarks.skill: what scores make of systems that know a share of the answers, and else guess."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.progress import track

from benchmarks.simulation import STYLES, count, draw
from kazstance.metrics import METRICS
from kazstance.output.files import write_file
from kazstance.output.markdown import markdown_table
from kazstance.stats.counting import Floats
from kazstance.stats.metrics import effective_size

RESULTS: Final = Path(__file__).parent / "results" / "skill.md"
DRAWS, ROWS, TARGETS, RULES, ONE_SIDED = 1500, 740, 23, 300, 3
SHARES: Final = (0.0, 0.3, 0.7, 1.0)
SKILLS: Final = ("wts", "wts_ordinal", "wts_polar")
NAMES: Final = (*SKILLS, "ss", "f_avg", "macro_f1")
EARLIER: Final = {
    (0.0, "majority"): (0.0, 0.787),
    (0.0, "prior"): (0.0, 0.678),
    (0.0, "uniform"): (0.0, 0.376),
    (0.3, "majority"): (0.3, 0.849),
    (0.3, "prior"): (0.302, 0.774),
    (0.3, "uniform"): (0.301, 0.579),
    (0.3, "constant"): (0.3, 0.55),
    (0.7, "majority"): (0.699, 0.934),
    (0.7, "prior"): (0.702, 0.904),
    (0.7, "uniform"): (0.7, 0.827),
    (1.0, "majority"): (1.0, 1.0),
}
"""Means of wts and of F_avg in the simulation by which wts was chosen: same design, other random targets."""


def targets(rng: np.random.Generator) -> tuple[Any, Floats]:
    """The target of each row, sizes from 4, and the shares of labels in each target: skewed, some with one label."""
    sizes = 4 + rng.multinomial(ROWS - 4 * TARGETS, rng.dirichlet(np.ones(TARGETS)))
    prior = rng.dirichlet([0.6, 0.25, 0.6], TARGETS)
    prior[:ONE_SIDED] = np.eye(3)[rng.integers(0, 3, ONE_SIDED)]
    return rng.permutation(np.repeat(np.arange(TARGETS), sizes)), prior


def scores(rng: np.random.Generator, target: Any, prior: Floats, share: float, style: str) -> list[float]:
    """The scores of a system on new gold labels; clusters of 1 + Poisson(2) rows share mood and what is known."""
    cluster = np.repeat(np.arange(ROWS), 1 + rng.poisson(2, ROWS))[:ROWS]
    shared = rng.random((2, ROWS)) < np.sqrt(0.2)  # so that two rows of a cluster correlate by 0.2
    mood, known = np.where(shared, rng.random((2, ROWS))[:, cluster], rng.random((2, ROWS)))
    gold = draw(mood, prior[target])
    predicted = np.where(known < share, gold, STYLES[style](rng, prior[target]))
    total = count(cluster, target, gold, predicted).total
    return [METRICS[name].value(total) for name in NAMES] + [float(effective_size(total))]


def skill(rng: np.random.Generator) -> tuple[list[list[object]], float, float]:
    """The table of scores by share and style; the largest deviation from s in standard errors; the mean of D."""
    target, prior = targets(rng)
    rows: list[list[object]] = []
    largest, sizes = 0.0, []
    for share, style in track([(share, style) for share in SHARES for style in STYLES], "systems"):
        found = np.array([scores(rng, target, prior, share, style) for _ in range(DRAWS)])
        mean, spread = found.mean(axis=0), found.std(axis=0)
        off = [_deviation(mean[i] - share, spread[i]) for i in range(len(SKILLS))]
        largest, earlier = max(largest, *map(abs, off)), EARLIER.get((share, style))
        sizes.append(mean[-1])
        cells = [f"{m:.3f} ({s:.3f})" for m, s in zip(mean[:-1], spread[:-1], strict=True)]
        rows.append([share, style, *cells, *(f"{z:+.1f}" for z in off), *(earlier or ("", ""))])
    return rows, largest, float(np.mean(sizes))


def _deviation(gap: float, spread: float) -> float:
    """A mean's distance from the truth in standard errors; 0 where both are exact."""
    return 0.0 if abs(gap) < 1e-12 else float(gap / (spread / np.sqrt(DRAWS)))  # noqa: PLR2004


def blind(rng: np.random.Generator, strata: int, rows: int) -> dict[str, float]:
    """The scores of a random rule that gives every row of a stratum the same label, on random gold labels."""
    stratum = rng.integers(0, strata, rows)
    gold = draw(rng.random(rows), rng.dirichlet(np.full(3, rng.uniform(0.2, 3)), strata)[stratum])
    total = count(np.zeros(rows, dtype=int), stratum, gold, rng.integers(0, 3, strata)[stratum]).total
    return {name: METRICS[name].value(total) for name in (*SKILLS, "ss")}


def worst(rng: np.random.Generator, shape: Callable[[], tuple[int, int]]) -> list[str]:
    """Of all random rules, the largest skill on either side of 0, and the largest ss."""
    found = [blind(rng, *shape()) for _ in range(RULES)]
    skills = [float(np.nanmax([abs(scores[name]) for scores in found])) for name in SKILLS]
    return [*(f"{value:.0e}" for value in skills), f"{np.nanmax([scores['ss'] for scores in found]):.3f}"]


def main() -> None:
    """Simulate, print the tables, and keep them."""
    rng = np.random.default_rng(1)
    rows, largest, size = skill(rng)
    shapes: dict[str, Callable[[], tuple[int, int]]] = {
        "the target; strata are targets": lambda: (int(rng.integers(1, 40)), int(rng.integers(2, 800))),
        "target and source; strata are target × source": lambda: (int(rng.integers(5, 175)), int(rng.integers(2, 800))),
        "the sentence; strata are sentences": lambda: (int(rng.integers(100, 400)), int(rng.integers(200, 900))),
    }
    header = ["s", "guess", *NAMES, *(f"{name} - s, in SE" for name in SKILLS), "earlier wts", "earlier f_avg"]
    parts = [
        "# Skill of systems that know or guess",
        f"`python -m benchmarks.skill`: {DRAWS} draws of {ROWS} rows on {TARGETS} targets with skewed priors, "
        f"{ONE_SIDED} of them with one label; clusters share mood and what is known; D = {size:.0f}. Mean over draws "
        "(SD). A system knows the share s and guesses the rest by the target. Last columns: means of the simulation "
        "by which `wts` was chosen, of the same design with other random targets.",
        markdown_table(header, rows),
        f"The largest deviation of a mean from s, of {len(rows) * len(SKILLS)}: {largest:.1f} standard errors.",
        "## Rules that do not read",
        f"{RULES} random rules on random data of each kind; the largest |score| of each skill, the largest `ss`.",
        markdown_table(
            ["the rule knows", *SKILLS, "ss"], [[name, *worst(rng, shape)] for name, shape in shapes.items()]
        ),
    ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    write_file(text.encode(), RESULTS)


if __name__ == "__main__":
    main()
