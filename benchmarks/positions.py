"""python -m benchmarks.positions: how honest positions, answers, tests and distances are, on simulated sources."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from kazstance.comparison.counts import Counts
from kazstance.comparison.disagreements import answer, position_p
from kazstance.comparison.distances import distances
from kazstance.output.markdown import markdown_table
from kazstance.stats.counting import Floats
from kazstance.stats.pooling import Pooling, Posterior, beta_masses, pool

Rows = list[list[Any]]
RESULTS = Path(__file__).parent / "results" / "positions.md"
SOURCES, TARGETS, SETS, TESTS, COMPARED = 5, 40, 100, 2000, 100
A, LEAST = 0.6, 0.03
"""Targets have the mean Beta(a, a), at least and at most so far from unanimous."""
SHAPE, MEAN = 0.8, 3.7
"""Sentences of a cell are negative binomial; a quarter of the cells are empty."""
LEVEL = 0.95
LOG_ODDS = np.linspace(-14, 14, 561)
HALF = np.array([0.5])
JEFFREYS = Pooling(LOG_ODDS, beta_masses(LOG_ODDS, HALF, HALF), np.ones((1, 1)), np.ones(1))
"""The model that borrows nothing: every cell on its own under Beta(1/2, 1/2)."""
PAIRS = list(combinations(range(SOURCES), 2))


def _means(rng: np.random.Generator, n: int) -> Floats:
    means: Floats = rng.beta(A, A, n).clip(LEAST, 1 - LEAST)
    return means


def simulate(rng: np.random.Generator, k: float) -> tuple[Floats, Floats, Floats]:
    """True net stances, sentences in favor and against: three of shape (sources, targets)."""
    mean = _means(rng, TARGETS)
    share = rng.beta(mean * k, (1 - mean) * k, (SOURCES, TARGETS))
    n = rng.negative_binomial(SHAPE, SHAPE / (SHAPE + MEAN), share.shape)
    favor = rng.binomial(n, share).astype(np.float64)
    return 2 * share - 1, favor, n - favor


def lowe(favor: Floats, against: Floats) -> Floats:
    """The logit scale of Lowe et al. (2011) with Wald intervals, as net stance: mean and ends, shape (3, ...)."""
    logit = np.log((favor + 0.5) / (against + 0.5))
    width = 1.959964 * np.sqrt(1 / (favor + 0.5) + 1 / (against + 0.5))
    found: Floats = np.tanh(np.stack([logit, logit - width, logit + width]) / 2)
    return found


def decisions(known: Posterior, truth: Floats, there: Any) -> Iterator[tuple[float, float, bool, bool]]:
    """For each pair of sources that both take a side: both probabilities, and what is true of both."""
    for target in range(TARGETS):
        same, more = known.compare(target)
        for a, b in PAIRS:
            if there[a, target] and there[b, target]:
                x, y = truth[a, target], truth[b, target]
                yield same[a, b], more[a, b], bool((x > 0) == (y > 0)), bool(x > y)


def table_of_positions() -> tuple[Rows, Rows]:
    """Error, coverage, width, and pairs decided, of each estimator; and what answers come of them."""
    rows, answers = [], []
    for k in (6, 2, 30):
        rng = np.random.default_rng(k)
        found: dict[str, list[Floats]] = {name: [] for name in ("raw", "Lowe, Wald", "Jeffreys", "pooled")}
        pairs: dict[str, list[tuple[float, float, bool, bool]]] = {"Jeffreys": [], "pooled": []}
        for _ in track(range(SETS), f"k = {k}"):
            truth, favor, against = simulate(rng, k)
            there = favor + against > 0
            known = {
                "Jeffreys": JEFFREYS.fit(favor, against),
                "pooled": pool(favor, against),
            }
            raw = (favor - against) / np.maximum(favor + against, 1)
            estimates = {"raw": np.stack([raw] * 3), "Lowe, Wald": lowe(favor, against)}
            estimates |= {name: posterior.summary() for name, posterior in known.items()}
            for name, estimate in estimates.items():
                found[name].append(np.concatenate([truth[None], estimate])[:, there])
            for name, posterior in known.items():
                pairs[name] += decisions(posterior, truth, there)
        for name, parts in found.items():
            rows.append([k, name, *_accuracy(np.concatenate(parts, axis=1), name), *_decided(pairs.get(name))])
        answers.append([k, *_answers(pairs["pooled"])])
    return rows, answers


def _accuracy(found: Floats, name: str) -> list[str]:
    truth, value, low, high = found
    error = f"{((value - truth) ** 2).mean():.3f}"
    if name == "raw":
        return [error, "", ""]
    return [error, f"{((low <= truth) & (truth <= high)).mean():.3f}", f"{(high - low).mean():.2f}"]


def _decided(pairs: list[tuple[float, float, bool, bool]] | None) -> list[str]:
    if pairs is None:
        return ["", ""]
    decided = [(more > 0.5) == above for _, more, _, above in pairs if max(more, 1 - more) >= LEVEL]  # noqa: PLR2004
    return [f"{100 * len(decided) / len(pairs):.1f}", f"{100 * (1 - np.mean(decided)):.1f}"]


def _answers(pairs: list[tuple[float, float, bool, bool]]) -> list[str]:
    """Shares of each answer, and how often `agree` and `differ` are wrong, in percent."""
    said = [(answer(same, more), together, (more > 0.5) == above) for same, more, together, above in pairs]  # noqa: PLR2004
    agree = [together for name, together, _ in said if name == "agree"]
    differ = [right for name, _, right in said if name == "differ"]
    shares = [len(agree), len(differ), len(said) - len(agree) - len(differ)]
    wrong = [1 - np.mean(right) if right else float("nan") for right in (agree, differ)]
    return [f"{100 * value:.1f}" for value in (*(n / len(said) for n in shares), *wrong)]


def clustered(rng: np.random.Generator, share: Floats, most: Floats, alike: float) -> Counts:
    """Rows in clusters of 1 to `most` rows by source; the rows of a cluster copy its first with a probability.

    Shapes: `share` of favor (sources, targets); `most` (sources,).
    """
    cluster: list[int] = []
    target, rows, source = list[int](), list[list[int]](), list[int]()
    for s, t in np.ndindex(share.shape):
        for _ in range(1 + rng.poisson(3)):
            size = int(rng.integers(1, int(most[s]) + 1))
            first = rng.random() < share[s, t]
            copied = rng.random(size - 1) < alike
            favor = int(first + np.where(copied, first, rng.random(size - 1) < share[s, t]).sum())
            cluster.append(len(cluster))
            target.append(t)
            source.append(s)
            rows.append([size - favor, 0, favor])
    names = tuple(map(str, range(share.shape[0]))), tuple(map(str, range(share.shape[1])))
    counted = np.array(rows, float)
    return Counts(*names, np.array(cluster), np.array(target), counted, counted, np.array(source), None, None)


def table_of_tests() -> Rows:
    """How often the permutation test finds a difference at .05 where there is none, and where there is one."""
    settings: list[tuple[str, Floats, float, float | None]] = [
        ("no differences, single sentences", np.array([1, 1, 1, 1, 1]), 0, None),
        ("no differences, clusters of 1 to 4, correlated", np.array([4, 4, 4, 4, 4]), 0.5, None),
        ("no differences, clusters of 1 to 2, 4, 6 by source, correlated", np.array([2, 2, 4, 6, 6]), 0.5, None),
        ("sources differ, k = 2, clusters of 1 to 4, correlated", np.array([4, 4, 4, 4, 4]), 0.5, 2),
    ]
    rows = []
    for name, most, alike, k in settings:
        rng, p = np.random.default_rng(7), []
        for seed in track(range(TESTS), name):
            mean = _means(rng, 1)[0]
            share = np.full((SOURCES, 1), mean) if k is None else rng.beta(mean * k, (1 - mean) * k, (SOURCES, 1))
            p.append(position_p(clustered(rng, share, most, alike), 0, 499, seed))
        rows.append([name, f"{100 * np.mean(np.array(p) <= 0.05):.1f}"])  # noqa: PLR2004
    return rows


def table_of_distances() -> Rows:
    """How often intervals of distances on positions hold the truth."""
    rows = []
    for k in (2, 6):
        rng, held, width, bias = np.random.default_rng(k), [], [], []
        for seed in track(range(COMPARED), f"distances, k = {k}"):
            mean = _means(rng, TARGETS)
            share = rng.beta(mean * k, (1 - mean) * k, (SOURCES, TARGETS))
            found = distances(clustered(rng, share, np.full(SOURCES, 3), 0.3), "positions", 200, seed)
            for pair in found.pairs:
                truth = np.abs(share[int(pair.one)] - share[int(pair.other)]).mean()
                held.append(pair.low <= truth <= pair.high)
                width.append(pair.high - pair.low)
                bias.append(pair.value - truth)
        rows.append([k, f"{np.mean(bias):+.3f}", f"{np.mean(held):.3f}", f"{np.mean(width):.2f}"])
    return rows


def main() -> None:
    """Simulate, print the tables, and keep them."""
    estimators, answers = table_of_positions()
    page = [
        "# Positions on simulated sources",
        f"`python -m benchmarks.positions`: {SETS} sets of {SOURCES} sources and {TARGETS} targets, {MEAN} sentences a "
        f"cell in the mean, a quarter of the cells empty; target means m are Beta({A}, {A}) within [{LEAST}, "
        f"{1 - LEAST}], sources around them Beta(m k, (1 - m) k). Over cells with a sentence: mean squared error of "
        "net stance, coverage and width of 95 % intervals; pairs of sources whose order is decided at .95, and how "
        "many of these wrongly.",
        markdown_table(["k", "estimator", "MSE", "coverage", "width", "decided %", "of these wrongly %"], estimators),
        "Answers under the pooled model, in percent of pairs that both take a side; `agree` is wrong where the true "
        "sides are opposite, `differ` where the true order is.",
        markdown_table(["k", "agree", "differ", "undecided", "agree wrong", "differ wrong"], answers),
        f"The permutation test at .05 on one target, {TESTS} sets each, 499 permutations: how often it rejects.",
        markdown_table(["sources", "rejected %"], table_of_tests()),
        f"Distances on positions, {COMPARED} sets, 200 draws, clusters of 1 to 3 correlated sentences: mean error, "
        "coverage and width of 95 % intervals.",
        markdown_table(["k", "mean error", "coverage", "width"], table_of_distances()),
    ]
    text = "\n\n".join(page) + "\n"
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
