"""The complete grid of sources and targets: where each source stands, how certainly, and how much it says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from kazstance.comparison import estimates
from kazstance.comparison.counts import Asked, Counts
from kazstance.comparison.estimates import DIGITS
from kazstance.errors import KazstanceError
from kazstance.output.listing import Listing
from kazstance.schema.labels import Label, Position
from kazstance.stats.clustering import design_effects, intraclass
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import Estimate, columns, joined
from kazstance.stats.pooling import Posterior, pool

_ASKED: Final = ("sentences", "asked", "undecided")


@dataclass(frozen=True)
class Cell:
    """A source and a target: counts, position, net stance, salience.

    `unsure` are those sentences about the target whose label was recorded as unsure: 0, too, if nobody did.
    `net` is partially pooled over the sources, `jeffreys` uses only the cell, both in [-1, 1] and None if the
    target is not addressed; `sentences`, `asked` (those judged on the target), `undecided` (those of them whose votes
    are split, which have no label) and `salience` are None if a source's sentences were not counted, and `salience`
    also if no sentence has a decided judgement on the target.
    """

    source: str
    target: str
    favor: int
    neutral: int
    against: int
    unsure: int
    sentences: int | None
    asked: int | None
    undecided: int | None
    position: Position
    net: Estimate | None
    jeffreys: Estimate | None
    salience: Estimate | None

    @property
    def about(self) -> int:
        """Sentences of the source about the target."""
        return self.favor + self.neutral + self.against

    @property
    def neutral_share(self) -> float | None:
        """The share of the sentences about the target that take no side, in [0, 1]; None if there are none."""
        return round(self.neutral / self.about, DIGITS) if self.about else None

    @property
    def unsure_share(self) -> float | None:
        """The share of those about the target whose label was recorded as unsure, in [0, 1]; None if there are none."""
        return round(self.unsure / self.about, DIGITS) if self.about else None

    @property
    def decided(self) -> int:
        """Sentences with a decided judgement on the target; 0 if they were not counted."""
        return (self.asked or 0) - (self.undecided or 0)

    @property
    def reason(self) -> str | None:
        """Why net stance or salience is None, if either is."""
        silent = None if self.about else "no sentence is about the target"
        if self.asked is not None and not self.decided:
            return "no sentence was judged on the target" if not self.asked else "all judgements are undecided"
        return joined([silent, "the sentences of the source were not counted" if self.salience is None else None])

    def as_row(self) -> dict[str, Any]:
        """The cell as plain values."""
        counts = ("favor", "neutral", "against", "unsure")
        row = {"source": self.source, "target": self.target, "position": self.position.name}
        row |= {name: getattr(self, name) for name in counts}
        for name in ("net", "jeffreys", "salience"):
            row |= columns(name, getattr(self, name))
        row |= {name: getattr(self, name) for name in ("neutral_share", "unsure_share", *_ASKED, "reason")}
        return row


def positions(counts: Counts) -> Listing[Cell]:
    """Every source on every target, source by source.

    Net stance is 2p - 1 for the share p of favor among the sentences that take a side, partially pooled over sources
    (`kazstance.stats.pooling`), as posterior mean with equal-tailed 95 % interval; if no sentence takes a side it is 0
    in [-1, 1]: nothing is borrowed. `jeffreys` uses the raw counts and Jeffreys' prior. Salience is the share of the
    source's sentences with a decided judgement, with an interval under Jeffreys' prior. For `net` and the interval of
    `salience` counts are divided by their design effect, since sentences of one cluster repeat each other.
    """
    rows, found, by = counts.total, posterior(counts).summary(), salience_effects(counts)
    unsure = (rows - counts.total_sure).sum(axis=2)
    asked, decided = counts.n_asked, counts.n_decided
    judged = None if asked is None or decided is None else np.stack([asked, decided, by])
    return Listing(
        _cell(counts, [*rows[s, t], unsure[s, t]], found[:, s, t], None if judged is None else judged[:, s, t], (s, t))
        for s in range(len(counts.sources))
        for t in range(len(counts.targets))
    )


def posterior(counts: Counts) -> Posterior:
    """The model of all sources on all targets, fitted to counts divided by their design effects."""
    favor, against = sided(counts.total / sided_effects(counts)[..., None])
    return pool(favor, against)


def sided(rows: Floats) -> tuple[Floats, Floats]:
    """Sentences for and against, from counts of shape (..., labels)."""
    return rows[..., Label.favor], rows[..., Label.against]


def sided_effects(counts: Counts) -> Floats:
    """The design effect of each cell's share of favor, shape (sources, targets)."""
    favor, against = sided(counts.rows)
    sizes, shape = favor + against, (len(counts.sources), len(counts.targets))
    if counts.by_row:
        return np.ones(shape)
    kept = sizes > 0
    correlation = intraclass(favor[kept], sizes[kept], counts.cell[kept])
    return design_effects(sizes[kept], counts.cell[kept], shape[0] * shape[1], correlation).reshape(shape)


def salience_effects(counts: Counts) -> Floats:
    """The design effect of each cell's salience, shape (sources, targets); 1 if clusters were not counted."""
    shape = len(counts.sources), len(counts.targets)
    asked = counts.asked or _all_asked(counts)
    if asked is None:
        return np.ones(shape)
    places, wanted = asked.cluster * shape[1] + asked.target, counts.cluster * shape[1] + counts.target
    at = np.searchsorted(places, wanted)
    if len(wanted) and not np.array_equal(places[np.minimum(at, len(places) - 1)], wanted):
        raise KazstanceError("asked: rows with labels are missing; expected every sentence and target that was judged")
    about = np.zeros(len(places))
    about[at] = counts.rows.sum(axis=1)
    cell = counts.source[asked.cluster] * shape[1] + asked.target
    some = asked.decided > 0
    sizes, cell = asked.decided[some], cell[some]
    correlation = intraclass(about[some], sizes, cell)
    return design_effects(sizes, cell, shape[0] * shape[1], correlation).reshape(shape)


def _all_asked(counts: Counts) -> Asked | None:
    """Every sentence on every target; None if clusters were not counted."""
    if counts.lengths is None:
        return None
    kept, targets = np.flatnonzero(counts.lengths > 0), len(counts.targets)
    sentences = np.repeat(counts.lengths[kept], targets)
    return Asked(np.repeat(kept, targets), np.tile(np.arange(targets), len(kept)), sentences, np.zeros_like(sentences))


def _cell(counts: Counts, rows: Sequence[float], found: Floats, judged: Floats | None, at: tuple[int, int]) -> Cell:
    """A cell; `rows` are the sentences by label, then those whose label is unsure.

    `judged` are the sentences judged on the target, those that have a label, and their design effect.
    """
    favor, neutral, against = (round(rows[label]) for label in (Label.favor, Label.neutral, Label.against))
    about, sided = favor + neutral + against, favor + against
    sentences = None if counts.sentences is None else round(counts.sentences[at[0]])
    asked, decided = (None, None) if judged is None else (round(judged[0]), round(judged[1]))
    value, low, high = (round(float(figure), DIGITS) for figure in found) if sided else (0.0, -1.0, 1.0)
    return Cell(
        source=counts.sources[at[0]],
        target=counts.targets[at[1]],
        favor=favor,
        neutral=neutral,
        against=against,
        unsure=round(rows[-1]),
        sentences=sentences,
        asked=asked,
        undecided=None if asked is None or decided is None else asked - decided,
        position=estimates.position(favor, neutral, against, decided),
        net=Estimate(value, low, high, sided) if about else None,
        jeffreys=estimates.net(favor, against) if about else None,
        salience=_salience(about, decided, judged[2]) if decided and judged is not None else None,
    )


def _salience(about: int, sentences: int, effect: float) -> Estimate:
    """The raw share, with the interval of the counts divided by their design effect."""
    effective = estimates.salience(about / effect, sentences / effect)
    return replace(effective, value=estimates.salience(about, sentences).value, n=sentences)
