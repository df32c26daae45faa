"""A leaderboard: shortcuts first, then the systems from the highest headline down, with lift, tests and signature."""

from collections.abc import Iterable, Iterator, Sequence
from math import isnan
from typing import Final

from kazstance.bench.comparisons import PairedComparison
from kazstance.bench.result import Result
from kazstance.bench.sheets import Line, Sheet
from kazstance.metrics import HEADLINES
from kazstance.stats.estimate import number_text

COLUMNS: Final = ("f_avg", "f_avg_targets", "macro_f1", "accuracy")
"""Metrics beside the headlines, shown without interval."""
OF_SYSTEM: Final = frozenset({"system", "metric", "prompts", "per_target"})
"""The fields of a signature that differ between the lines of a leaderboard."""
P: Final = "p"


def leaderboard(results: Sequence[Result], tests: Sequence[PairedComparison]) -> Sheet:
    """The table of results on the same rows from `side_by_side`.

    Args:
        results: the results.
        tests: their comparisons from `paired_tests`, for the p-value of each lift.
    """
    first = results[0]
    pair = [name for name in dict.fromkeys((first.headline, *HEADLINES)) if name in first.scores]
    others = [name for name in COLUMNS if name in first.scores]
    ranges = [f"{first.headline} over prompts"] if any(result.prompts for result in results) else []
    p = {test.one: test.corrected for test in tests if test.other == first.best_shortcut}
    lines = [
        Line(
            result.system,
            [
                *(result.scores[name].text(with_reason=False) for name in pair),
                *(result.scores[name].value_text() for name in others),
                *(_range(result) for _ in ranges),
                result.lift_text,
                number_text(p[result.system], 3) if not isnan(p.get(result.system, float("nan"))) else "",
            ],
            result.is_shortcut,
        )
        for result in results
    ]
    return Sheet("", "", ["system", *pair, *others, *ranges, "lift", P], lines)


def _range(result: Result) -> str:
    """The lowest and the highest headline over the prompts."""
    if result.prompts is None:
        return ""
    _, low, high = (number_text(end) for end in result.prompts.spread(result.headline))
    return f"{low} to {high}"


def tests_sheet(tests: Sequence[PairedComparison]) -> Iterator[Sheet]:
    """The comparisons of systems as a table, if there are any."""
    if tests:
        about = "Differences on the same resamples; p by a randomisation test, corrected for all comparisons (Holm)."
        lines = [
            Line(t.one, [t.other, t.difference.text(with_reason=False), number_text(t.corrected, 3)]) for t in tests
        ]
        yield Sheet("Paired tests", about, ["system", "less", f"difference in {tests[0].metric}", "p (Holm)"], lines)


def signatures(results: Iterable[Result]) -> list[str]:
    """What all lines of a leaderboard rest on, as a signature; several only if versions or settings differ."""
    facts = ({k: v for k, v in r.scores[r.headline].signature.items() if k not in OF_SYSTEM} for r in results)
    return list(dict.fromkeys("|".join(f"{key}:{value}" for key, value in known.items()) for known in facts))


def undefined_notes(results: Iterable[Result]) -> list[str]:
    """Why figures of a leaderboard are undefined."""
    shown = {*HEADLINES, *COLUMNS, "lift"}
    return [
        f"{result.system}: {name} is undefined: {why}"
        for result in results
        for name, why in result.reasons.items()
        if name in shown | {result.headline}
    ]
