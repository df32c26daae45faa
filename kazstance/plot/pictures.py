"""The pictures of a comparison: each computes its figures once, and is drawn at any width."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from kazstance.comparison import Comparison, Disagreements, Feature
from kazstance.comparison.verdicts import in_words
from kazstance.plot import distances as map_and_tree
from kazstance.plot import dots, grid
from kazstance.plot import salience as panels
from kazstance.plot.choice import LETTERS, Choice, Shown, chosen, codes_of, names_of
from kazstance.plot.saving import Drawing
from kazstance.plot.sheet import Sheet

POOLED: Final = "net stance, pooled over sources, with its 95 % interval"


def positions(compared: Comparison, choice: Choice, foot: str) -> Drawing:
    """Where every source stands on every target.

    Args:
        compared: the comparison.
        choice: what to show.
        foot: what it was made from.

    Raises:
        UnknownNameError: there is no such target, source or order.
    """
    shown = chosen(compared, choice, partial(compared.disagreements, with_salience=False))
    caption = f"{POOLED.capitalize()}: against is on the left of a cell, in favor on its right."

    def drawn(width_mm: float) -> Sheet:
        return grid.draw(shown, Sheet(width_mm, choice.title_or("Where the sources stand")), caption, foot)

    return drawn


def disagreements(compared: Comparison, choice: Choice, foot: str) -> Drawing:
    """The dot plot: all sources on one line for each target, and whether they differ.

    Args:
        compared: the comparison.
        choice: what to show; by default, targets are in the order of `disagreements`.
        foot: what it was made from.

    Raises:
        UnknownNameError: there is no such target, source or order.
    """
    ranked = compared.disagreements(with_salience=False)
    by_target = {line.target: line for line in ranked}
    shown = chosen(compared, choice, lambda: ranked, "difference")
    kind = "letter" if len(shown.codes) <= len(LETTERS) else "number"
    caption = f"{_summary(ranked, shown.called)} A {kind} is a source: its {POOLED}. {TESTED}{_of_all(shown)}"

    def drawn(width_mm: float) -> Sheet:
        sheet = Sheet(width_mm, choice.title_or("Where the sources differ, and how sure that is"))
        return dots.draw(shown, by_target, sheet, caption, foot)

    return drawn


TESTED: Final = (
    "Opposed: some two are on opposite sides (95 %, Holm); one side: all intervals are on it; p: a permutation test of "
    "any difference, Holm."
)


def salience(compared: Comparison, choice: Choice, foot: str) -> Drawing:
    """What each source writes about, and on which side.

    Args:
        compared: the comparison.
        choice: what to show.
        foot: what it was made from.

    Raises:
        UnknownNameError: there is no such target, source or order.
    """
    shown = chosen(compared, choice, partial(compared.disagreements, with_salience=False))
    caption = (
        "Upwards: the share of a source's sentences that are about a target (square root). Across: its net stance. "
        "Names stand where there is room, of the most salient targets first."
    )

    def drawn(width_mm: float) -> Sheet:
        return panels.draw(shown, Sheet(width_mm, choice.title_or("What the sources write about")), caption, foot)

    return drawn


def distances(compared: Comparison, by: Feature, choice: Choice, foot: str) -> Drawing:
    """How far the sources are apart: a map and a tree.

    Args:
        compared: the comparison.
        by: what the distance is between.
        choice: the title and the names; all sources are shown.
        foot: what it was made from.

    Raises:
        UnknownNameError: `by` is neither positions nor salience.
        KazstanceError: there are fewer than two sources.
    """
    found = compared.distances(by)
    sources = compared.counts.sources
    names = names_of(choice.names, sources, compared.counts.targets)
    called = {
        source: (code, names.get(source, source)) for source, code in zip(sources, codes_of(len(sources)), strict=True)
    }
    caption = (
        f"Map: circles hold 95 % of the draws; two dimensions keep {found.explained:.0%} of the distances. "
        "Tree: the share of the draws that join the same sources, written where there is room; the darker, the more."
    )
    if found.left_out:
        caption += f" Left out, with nothing to compare: {', '.join(called[source][1] for source in found.left_out)}."

    def drawn(width_mm: float) -> Sheet:
        sheet = Sheet(width_mm, choice.title_or(f"How far the sources are apart, by {found.by}"))
        return map_and_tree.draw(found, called, sheet, caption, foot)

    return drawn


def _summary(ranked: Disagreements, called: Mapping[str, str]) -> str:
    """What the verdicts say together, with the sources as they are called."""
    said = {
        how: [[called[source] for source in names] for names in by_target] for how, by_target in ranked.unheard.items()
    }
    return in_words([line.verdict for line in ranked], said)


def _of_all(shown: Shown) -> str:
    """That figures are over all sources, if not all are shown."""
    sources, _ = shown.total
    return f" All that is said is over all {sources} sources." if len(shown.sources) < sources else ""
