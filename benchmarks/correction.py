"""python -m benchmarks.correction [REPLICATIONS]: how often intervals of corrected positions hold the truth."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from rich.progress import track

from benchmarks.judged_samples import DESIGNED, LATER, NET, NEW, Counts, Setting, judge, simulate
from kazstance.annotate.design import assumed, foreseen
from kazstance.output.files import write_file
from kazstance.output.markdown import Markdown, markdown_table
from kazstance.stats.correction import (
    DEFAULT,
    Corrected,
    Domain,
    Sample,
    Smoothing,
    Z,
    correct,
    difference,
    enough,
    truths_by_kind,
)
from kazstance.stats.counting import Floats

RESULTS: Final = Path(__file__).parent / "results" / "correction.md"
SEED: Final = 20261126
REPLICATIONS: Final = 1000
AT_ONCE: Final = 50
"""Replications that are held at once."""
SMOOTHINGS: Final = get_args(Smoothing)
GROUP: Final = 5
"""Targets of a group."""
Found = dict[str, Any]
"""What came of replications, as arrays by name: the truth, values, and ends of intervals."""


def run(setting: Setting, n: int, seed: int) -> Found:
    """All replications of a setting, block by block; what is simulated does not depend on what is refused."""
    rng, later = (np.random.default_rng([SEED, seed, part]) for part in range(2))
    blocks = []
    for begin in range(0, n, AT_ONCE):
        counts = simulate(rng, setting, min(AT_ONCE, n - begin))
        blocks.append(_by_source(counts) | _later(later, setting, counts) | _smaller(setting, counts))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _by_source(found: Counts) -> Found:
    """Net stance by source, shape (replications, sources); and the difference of the first source from the second."""
    silver = found.pairs.sum(axis=(3, 4))[..., :4]
    naive, half = _ratio(silver), Z * np.sqrt((1 - _ratio(silver) ** 2) / (silver @ NET.denominator))
    right = _ratio(found.pairs.sum(axis=(2, 3)))
    result = {"right": right, **_ends("naive", naive, naive - half, naive + half)}
    for smoothing in SMOOTHINGS:
        one = corrected(found.pairs, found.judged, smoothing=smoothing)
        result |= _ends(smoothing, one.estimate, *one.interval)
    one = corrected(found.pairs, found.judged)
    result |= {"given": one.is_given, "few": one.has_few, "wide": one.is_wide, "drawn": one.drawn}
    first, second = (_of(one, i) for i in (0, 1))
    return result | {"apart right": right[:, 0] - right[:, 1], **_ends("apart", *difference(first, second))}


def _strata(pairs: Floats, judged: Floats, cells: slice) -> tuple[Sample, Domain, Floats]:
    """The strata of all sources, the domain that some cells are, and how probable each label is by kind."""
    kind = np.arange(pairs.shape[2])
    size, whole = pairs.sum(axis=4), judged.sum(axis=3)
    by_kind = truths_by_kind(kind, whole.sum(axis=1))[:, None]
    domain = Domain(size[..., cells].sum(axis=3), judged[..., cells, :].sum(axis=3))
    return Sample(kind, size.sum(axis=3), whole.sum(axis=3)), domain, by_kind


def corrected(pairs: Floats, judged: Floats, cells: slice = slice(None), smoothing: Smoothing = DEFAULT) -> Corrected:
    """Corrected net stances of all sources over some cells, shape (replications, sources).

    Args:
        pairs: all pairs, shape (replications, sources, kinds, cells, labels).
        judged: those that people judged.
        cells: the cells; by default, all.
        smoothing: how the variance is estimated.
    """
    sample, domain, by_kind = _strata(pairs, judged, cells)
    return correct(sample, domain, NET, by_kind, smoothing)


def _later(rng: np.random.Generator, setting: Setting, found: Counts) -> Found:
    """Whether what is refused as too wide is narrow with as many judgements as are asked for; and what was planned."""
    sample, domain, by_kind = _strata(found.pairs, found.judged, slice(None))
    one = correct(sample, domain, NET, by_kind)
    times = enough(sample, domain, one, by_kind)
    asked = (one.is_wide | one.is_lone) & ~one.has_few & ~one.has_gap & np.isfinite(times)
    wanted = np.where(asked, times, 1.0)[..., None]
    drawn = np.minimum(np.ceil(sample.drawn * wanted), sample.size).astype(int)
    more = corrected(found.pairs, judge(rng, setting, found.pairs, drawn))
    planned = foreseen(sample.size, sample.drawn, assumed()[: len(sample.kind)])
    return {
        "asked": asked,
        "times": np.where(asked, times, np.nan),
        "met": ~more.is_lone & (more.width <= 1.1 * NET.widest),
        "planned": planned.width,
        "width": one.width,
    }


def _smaller(setting: Setting, found: Counts) -> Found:
    """Net stance of each source on five targets and on one target, where these can be told apart in the counts."""
    result: Found = {}
    if setting.in_cluster:
        return result
    for name, cells in (("group", slice(0, GROUP)), ("cell", slice(0, 1))):
        one = corrected(found.pairs, found.judged, cells)
        result[f"{name} right"] = _ratio(found.pairs[..., cells, :].sum(axis=(2, 3)))
        result |= _ends(name, one.estimate, *one.interval)
        result[f"{name} given"] = one.is_given
    return result


def _ratio(counts: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray((counts @ NET.numerator) / (counts @ NET.denominator))


def _ends(name: str, value: Floats, low: Floats, high: Floats) -> Found:
    return {name: value, f"{name} low": low, f"{name} high": high}


def _of(found: Corrected, source: int) -> Corrected:
    """The ratios of one source."""
    names = ("machine", "value", "variance", "total", "drawn", "unjudged", "heaviest")
    return Corrected(found.measure, **{name: getattr(found, name)[:, source] for name in names})


def held(found: Found, name: str, among: Any = True, right: str = "right") -> Any:
    """In how many percent of the cases where there is a figure its interval holds the truth; NaN if there is none.

    Args:
        found: what came of the replications.
        name: the figure.
        among: which cases count.
        right: the truth.
    """
    truth, low, high = found[right], found[f"{name} low"], found[f"{name} high"]
    there = np.isfinite(truth) & np.isfinite(low) & among
    return 100 * ((low <= truth) & (truth <= high))[there].mean() if there.any() else np.nan


def parts(found: Found) -> Iterator[tuple[str, Found]]:
    """The first source, in which the model errs in its own way, and the others."""
    for name, which in (("first", slice(0, 1)), ("others", slice(1, None))):
        yield name, {key: value[:, which] for key, value in found.items() if value.ndim > 1}


Kinds = Mapping[str, Mapping[str, Found]]
"""What came of each setting, by the kind of setting."""


def page(kinds: Kinds, n: int) -> str:
    """The tables."""
    parts_of = {
        kind: [(name, *part) for name, found in of.items() for part in parts(found)] for kind, of in kinds.items()
    }
    error = 100 * np.sqrt(0.95 * 0.05 / n)
    texts = [
        "# Corrected positions: how often 95 % intervals hold the truth",
        f"`python -m benchmarks.correction`: {n:,} replications of each setting, seed {SEED}; net stance of a source "
        "over all targets, in percent of the replications in which there is a figure. The truth is what people without "
        "error would find in this corpus. *first* is the source in which the model errs in its own way, *others* are "
        "the rest. *naive* takes the model's labels for true. The other columns are the stratified difference "
        "estimator with four variances of the errors in a stratum: *half*, which is what kazstance uses, is that of "
        "the labels that people gave there and half a judgement more of each label; *larger* is that of the errors "
        "seen there or that of the errors of its kind in all sources, whichever is larger; *half-pooled* takes the "
        "mean of both shares; *textbook* takes the errors seen there alone. Agreed beforehand: over the sources of all "
        "settings, a default has to cover 93 % on average, and 85 % in each. The simulation's own error is "
        f"{error:.1f} for one source.",
    ]
    for kind, rows in parts_of.items():
        texts += [f"## {kind}", markdown_table(COVERAGE, [_coverage_row(*row) for row in rows])]
    texts += ["## Over all settings", markdown_table(["coverage", *COVERED.values()], list(_overall(kinds)))]
    every = {name: found for of in kinds.values() for name, found in of.items()}
    texts += [
        "## What is given and what is refused",
        "Figures are refused with fewer than five judgements, a large stratum without any, a judgement that stands "
        "for more than half of the denominator, or an interval wider than half of the range. *given*: the share that "
        "is given; *held*: how often the interval of these holds the truth. *asked*: how often a figure is refused "
        "for one of the last two reasons, *times*: how many times as many judgements the refusal then asks for "
        "(median), and *met*: how often so many are enough, with an interval at most a tenth wider than it may be. "
        "*planned* is the width that `annotate export --design` foresees before anybody has judged, for a model that "
        "is right in 80 % of what it finds and in 97 % of what it calls none; *width* is what comes of it, both before "
        "they are cut to the range (medians).",
        markdown_table(GIVEN, [_given_row(name, found) for name, found in every.items()]),
        "## Differences of sources, groups of targets, single cells",
        f"Coverage and width for the first source's difference from the second, {GROUP} of 20 targets, and one target.",
        markdown_table(SMALLER, [_smaller_row(name, found) for name, found in every.items()]),
    ]
    return "\n\n".join(texts) + "\n"


COVERED: Final = {
    "naive": "naive",
    "half": "half (default)",
    "larger": "larger",
    "half_pooled": "half-pooled",
    "none": "textbook",
}
"""What is compared, by its name in the tables."""
WIDTHS: Final = ("half", "larger", "half_pooled")
"""The variances whose widths are shown."""
COVERAGE: Final = [
    "setting",
    "source",
    *COVERED.values(),
    "bias, naive",
    "bias",
    *(f"width, {COVERED[name]}" for name in WIDTHS),
]
GIVEN: Final = ["setting", "judged per source", "given", "held", "asked", "times", "met", "planned", "width"]
SMALLER: Final = ["setting", "difference", "width", "group", "width", "given", "cell", "width", "given"]


def _coverage_row(name: str, part: str, found: Found) -> list[str]:
    bias = [np.nanmean(found[figure] - found["right"]) for figure in ("naive", DEFAULT)]
    widths = [_width(found, figure) for figure in WIDTHS]
    shares = [f"{held(found, figure):.1f}" for figure in COVERED]
    return [name, part, *shares, *(f"{value:+.2f}" for value in bias), *widths]


def _width(found: Found, figure: str) -> str:
    return f"{np.nanmean(found[f'{figure} high'] - found[f'{figure} low']):.2f}"


def _overall(kinds: Kinds) -> Iterator[list[str]]:
    """The mean and the lowest coverage of settings, by their kind: of all sources, of parts, and of each source."""
    every = {name: found for of in kinds.values() for name, found in of.items()}
    for kind, settings in {**kinds, "All": every}.items():
        several: dict[str, list[Found]] = {"all sources": list(settings.values())}
        for found in settings.values():
            for name, of_part in parts(found):
                several.setdefault(name, []).append(of_part)
        several["each source"] = [source for found in settings.values() for source in _sources(found)]
        for part, cases in several.items():
            shares = np.array([[held(one, figure) for figure in COVERED] for one in cases])
            for name, values in (("mean", shares.mean(axis=0)), ("lowest", shares.min(axis=0))):
                yield [Markdown(f"{kind}, {part}: {name}"), *(f"{value:.1f}" for value in values)]


def _sources(found: Found) -> Iterator[Found]:
    """Each source by itself."""
    for source in range(found["right"].shape[1]):
        yield {key: value[:, [source]] for key, value in found.items() if value.ndim > 1}


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{100 * share:.1f}"


def _given_row(name: str, found: Found) -> list[str]:
    asked = found["asked"]
    met = found["met"][asked].mean() if asked.any() else np.nan
    among = held(found, DEFAULT, found["given"]) / 100
    drawn = f"{found['drawn'].mean():.0f}"
    times = f"{np.nanmedian(found['times']):.1f}" if asked.any() else ""
    widths = [f"{np.nanmedian(found[name]):.2f}" for name in ("planned", "width")]
    shares = map(_percent, (found["given"].mean(), among, asked.mean()))
    return [name, drawn, *shares, times, _percent(met), *widths]


def _smaller_row(name: str, found: Found) -> list[str]:
    apart = [_percent(held(found, "apart", right="apart right") / 100), _width(found, "apart")]
    if "cell" not in found:
        return [name, *apart, *[""] * 6]
    rest = []
    for part in ("group", "cell"):
        given = found[f"{part} given"]
        share = held(found, part, given, f"{part} right") / 100
        rest += [_percent(share), _width(found, part), _percent(given.mean())]
    return [name, *apart, *rest]


def main() -> None:
    """Simulate, print the tables, and keep them."""
    n, seed = int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATIONS, 0
    kinds: dict[str, dict[str, Found]] = {}
    for kind, settings in (
        ("The settings of the design", DESIGNED),
        ("Written afterwards; the fourth led to *larger*", NEW),
        ("Written after that", LATER),
    ):
        for setting in track(settings, kind):
            kinds.setdefault(kind, {})[setting.name] = run(setting, n, seed)
            seed += 1
    text = page(kinds, n)
    print(text)
    if n >= REPLICATIONS:
        write_file(text.encode(), RESULTS)


if __name__ == "__main__":
    main()
