"""Drift: how far judgements shift from one reading to another, source by source, on the pairs that both judged."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from kazstance.comparison.counts import VoiceFilter, spoken
from kazstance.comparison.profile_counts import read_profiles
from kazstance.comparison.profiles import ABSENT, Profiles
from kazstance.dataset import DatasetFolder
from kazstance.dataset.counting import counts
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.listing import Listing
from kazstance.output.notebook import html_paragraph
from kazstance.schema.labels import Label, Role
from kazstance.stats.agreement import draw_counts
from kazstance.stats.counting import Codes, Floats
from kazstance.stats.estimate import Estimate, columns
from kazstance.stats.resampling import RESAMPLES, SEED, interval, ratio

Measure = Literal["net stance", "net over addressed", "salience"]
"""(F - A) / (F + A), as in positions; (F - A) / (F + N + A), in which neutral counts; the share that is addressed."""
OF_ROUND: Final = "/"
"""What separates an annotator from a round; no id contains it."""
ROLES: Final = (Role.label, Role.earlier)
"""Annotators whose judgements make labels, or made them by an earlier codebook."""


@dataclass(frozen=True)
class Shift:
    """How far a measure shifts for one source, or for all sources together.

    `first` and `second` are its values by the two readings, and `shift` is the second minus the first, in [-2, 2] (of
    salience, in [-1, 1]). `relative` is the shift of a source minus the mean shift over the sources: what changes when
    sources are compared. `source` and `relative` are None for all sources together.
    """

    measure: Measure
    source: str | None
    first: float
    second: float
    shift: Estimate
    relative: Estimate | None

    def as_row(self) -> dict[str, Any]:
        """The shift as plain values."""
        row = {name: getattr(self, name) for name in ("measure", "source", "first", "second")}
        shifts = columns("shift", self.shift) | columns("relative", self.relative)
        return row | shifts | {"n": self.shift.n, "reason": self.shift.reason}


@dataclass(frozen=True)
class Drift:
    """The shifts between two readings, each by one or more annotators, on the pairs that all of them judged."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    voice: VoiceFilter
    pairs: int
    """Pairs of a sentence and a target that all of them judged."""
    shifts: Listing[Shift]

    @property
    def title(self) -> str:
        """Which readings are compared."""
        return f"Drift from {', '.join(self.first)} to {', '.join(self.second)}"

    def as_row(self) -> dict[str, Any]:
        """The readings and all shifts as plain values."""
        return {**vars(self), "shifts": self.shifts.rows()}

    def __repr__(self) -> str:
        return f"<{self.title}: {self.pairs} pairs>"

    def _repr_html_(self) -> str:
        """The shifts, for a notebook."""
        return html_paragraph(f"{self.title}, {self.pairs} pairs") + self.shifts._repr_html_()


def drift(
    folder: DatasetFolder,
    first: str | Sequence[str] = (),
    second: str | Sequence[str] = (),
    voice: VoiceFilter = "own",
    n: int = RESAMPLES,
) -> Drift:
    """How far the judgements of a source's sentences shift from one reading to another.

    The estimand is the difference on the pairs that all annotators of both readings judged, in the given voice, all
    targets together; a pair that was drawn with a probability counts by its inverse. The judgements of several
    annotators are averaged. Intervals come from a bootstrap over the clusters of each source, or over all clusters for
    all sources together; a source with one cluster has none. A pair on which one reading is silent counts in the other:
    in its net stance, and as a shift of salience.

    Args:
        folder: the dataset.
        first: the annotator or annotators of the first reading; `ada/2` is what `ada` judged in round 2. By default,
            those of the first round who judged all pairs, and for `second` those of the last round.
        second: those of the second reading.
        voice: whose sentences count: `own`, `endorsed` (own, and quotations that the source endorses) or `all`.
        n: number of resamples.

    Raises:
        UnknownNameError: there is no such annotator, round or voice.
        KazstanceError: an annotator is in both readings, there are no two rounds to compare by default, or no pair was
            judged by all.
    """
    found = _spoken(folder, voice)
    sides = _named(first), _named(second)
    if not any(sides):
        made = _between_rounds(folder, found, voice, n)
        if made is None:
            raise KazstanceError("all pairs were judged in fewer than two rounds; name the annotators to compare")
        return made
    _check(found, *sides)
    return _drift(found, sides, voice, n)


def drift_between_rounds(folder: DatasetFolder, voice: VoiceFilter = "own", n: int = RESAMPLES) -> Drift | None:
    """The drift from the first to the last round in which annotators judged all pairs; None if there are no two.

    Args:
        folder: the dataset.
        voice: whose sentences count.
        n: number of resamples.
    """
    if len(counts(folder, "judgements", ["round"])) < 2:  # noqa: PLR2004
        return None
    return _between_rounds(folder, _spoken(folder, voice), voice, n)


def _spoken(folder: DatasetFolder, voice: VoiceFilter) -> Profiles:
    """The judgements on the sentences in the given voice, and on their speakers."""
    sentences = folder.columns("sentences", ["sentence_id", "voice", "endorsed"])
    return read_profiles(folder, spoken(sentences, voice).to_native()["sentence_id"].cast(pa.string()).combine_chunks())


def whole_readings(folder: DatasetFolder, found: Profiles) -> dict[int, list[str]]:
    """By round, the annotators who judged every unit in it; adjudicators and those who only check are left out."""
    roles = {who.annotator_id: who.role for who in folder.annotators.records()}
    by_round: dict[int, list[str]] = {}
    for name, number in sorted(found.whole()):
        if roles.get(name) in ROLES:
            by_round.setdefault(number, []).append(name)
    return dict(sorted(by_round.items()))


def _named(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))


def _between_rounds(folder: DatasetFolder, found: Profiles, voice: VoiceFilter, n: int) -> Drift | None:
    whole = whole_readings(folder, found)
    if len(whole) < 2:  # noqa: PLR2004
        return None
    first, second = (
        _shortened(found, [f"{name}{OF_ROUND}{number}" for name in whole[number]])
        for number in (min(whole), max(whole))
    )
    return _drift(found, (first, second), voice, n)


def _shortened(found: Profiles, names: Sequence[str]) -> tuple[str, ...]:
    """Readings without their round where the annotator judged in no other."""
    parts = [name.split(OF_ROUND) for name in names]
    return tuple(name if len(found.rounds(name)) == 1 else OF_ROUND.join((name, number)) for name, number in parts)


def _check(found: Profiles, first: Sequence[str], second: Sequence[str]) -> None:
    """See that all readings exist, and that none is compared with itself.

    Raises:
        UnknownNameError: there is no such annotator or round.
        KazstanceError: one is in both, or one of the two is not named.
    """
    names = {name for name, _ in found.judges}
    rounds = {f"{name}{OF_ROUND}{number}" for name, number in found.judges}
    known = sorted(names) + sorted(rounds)
    for name in (*first, *second):
        if name not in known:
            raise UnknownNameError(name, "annotator who judged", known)
    if not first or not second:
        raise KazstanceError("drift is measured between two readings; name the annotators of both")
    again = {_latest(found, name) for name in first}
    if both := [name for name in second if _latest(found, name) in again]:
        raise KazstanceError(f"{', '.join(both)}: named for both readings; expected different ones")


def _latest(found: Profiles, name: str) -> str:
    """A reading with its round: where none is named, the latest."""
    return name if OF_ROUND in name else f"{name}{OF_ROUND}{found.rounds(name)[-1]}"


def _drift(found: Profiles, sides: tuple[tuple[str, ...], tuple[str, ...]], voice: VoiceFilter, n: int) -> Drift:
    """The shifts of all measures.

    Raises:
        KazstanceError: no pair was judged by all.
    """
    readings = [_reading(found, name) for side in sides for name in side]
    labels, probability = (np.stack(column, axis=1) for column in zip(*readings, strict=True))
    chosen = np.flatnonzero((labels != ABSENT).all(axis=1)[found.profile])
    if not len(chosen):
        raise KazstanceError(f"no pair was judged by all of {', '.join(sum(sides, ()))}")
    distinct, cell = np.unique(labels[found.profile[chosen]], axis=0, return_inverse=True)
    one_hot, first = np.eye(len(Label))[distinct], len(sides[0])
    common = _Common(
        chosen=chosen,
        cell=cell.reshape(-1),
        weight=1 / probability[found.profile[chosen]].min(axis=1),
        shares=np.stack([one_hot[:, :first].mean(axis=1), one_hot[:, first:].mean(axis=1)], axis=1),
    )
    whole, *sources = _sums(found, common, n)
    shifts = (shift for measure in MEASURES for shift in _shifts(measure, whole, sources))
    return Drift(*sides, voice, int(found.n[chosen].sum()), Listing(shifts))


def _reading(found: Profiles, name: str) -> tuple[Any, Floats]:
    """The label and probability of an annotator, of a round or the latest, in each profile."""
    who, _, number = name.partition(OF_ROUND)
    return found.of(who, int(number) if number else None)


@dataclass(frozen=True)
class _Common:
    """The units that all judged, by entry: their combination of labels, and how many units each unit stands for.

    `shares` says for each combination which share of each of the two readings chose which label: shape (combinations,
    2, labels).
    """

    chosen: Codes
    cell: Codes
    weight: Floats
    shares: Floats


@dataclass(frozen=True)
class _Sums:
    """How often each of the two readings chose each label, shape (2, labels), in a source or in all (None)."""

    source: str | None
    total: Floats
    draws: Floats
    """The same, resampled: shape (resamples, 2, labels)."""
    n: Mapping[Measure, int]
    clusters: int


def _sums(found: Profiles, common: _Common, n: int) -> Iterator[_Sums]:
    """The sums of all sources together, and of each source, with resamples that are independent of each other."""
    names, numbers = np.unique(found.source, return_inverse=True)
    source = numbers[found.home[common.chosen]]
    sources, first = np.unique(source, return_index=True)
    silent = common.shares[..., Label.none].min(axis=1)[common.cell] == 1
    flat = common.shares.reshape(len(common.shares), -1)
    for number, at in enumerate([None, *sources[np.argsort(first)]]):
        here = np.ones(len(source), dtype=bool) if at is None else source == at
        entries, cell = common.chosen[here], common.cell[here]
        counts = found.by_cluster(entries, cell, len(flat), common.weight[here])
        pairs, about = (int(found.n[chosen].sum()) for chosen in (entries, common.chosen[here & ~silent]))
        yield _Sums(
            None if at is None else str(names[at]),
            total=(np.asarray(counts.sum(axis=0)) @ flat).reshape(2, -1),
            draws=(draw_counts(counts, n, SEED + number) @ flat).reshape(n, 2, -1),
            n={"net stance": about, "net over addressed": about, "salience": pairs},
            clusters=counts.shape[0],
        )


def _net(counts: Floats, *, neutral: bool) -> Floats:
    favor, against = counts[..., Label.favor], counts[..., Label.against]
    return ratio(favor - against, favor + against + (counts[..., Label.neutral] if neutral else 0))


def _salience(counts: Floats) -> Floats:
    return ratio(counts.sum(axis=-1) - counts[..., Label.none], counts.sum(axis=-1))


ONE_CLUSTER: Final = "one cluster, so there is no interval"
MEASURES: Final[Mapping[Measure, Any]] = {
    "net stance": partial(_net, neutral=False),
    "net over addressed": partial(_net, neutral=True),
    "salience": _salience,
}
WHY: Final[Mapping[Measure, str]] = {
    "net stance": "a reading takes no side",
    "net over addressed": "a reading addresses nothing",
    "salience": "no pairs",
}


def _shifts(measure: Measure, whole: _Sums, sources: Sequence[_Sums]) -> list[Shift]:
    """The shift of a measure: overall, and for each source, there also relative to the mean of all."""
    values = np.array([_difference(measure, source.total) for source in sources])
    drawn = np.stack([_difference(measure, source.draws) for source in sources])
    there = ~np.isnan(values)
    middle = (values[there].mean(), drawn[there].mean(axis=0)) if there.any() else (np.nan, np.nan)
    lines = [_shift(measure, whole, None)]
    lines += [
        _shift(measure, source, _estimate(measure, source, values[at] - middle[0], drawn[at] - middle[1]))
        for at, source in enumerate(sources)
    ]
    return lines


def _difference(measure: Measure, counts: Floats) -> Floats:
    """The second reading's value minus the first's, from counts of shape (..., 2, labels)."""
    found: Floats = np.diff(MEASURES[measure](counts), axis=-1)[..., 0]
    return found


def _shift(measure: Measure, sums: _Sums, relative: Estimate | None) -> Shift:
    first, second = MEASURES[measure](sums.total).tolist()
    value, drawn = (_difference(measure, counts) for counts in (sums.total, sums.draws))
    return Shift(measure, sums.source, first, second, _estimate(measure, sums, value, drawn), relative)


def _estimate(measure: Measure, sums: _Sums, value: Any, drawn: Floats) -> Estimate:
    if sums.clusters == 1 and not np.isnan(value):
        return Estimate(float(value), nan, nan, sums.n[measure], ONE_CLUSTER)
    ends = interval(np.asarray(drawn), units=sums.clusters)
    return Estimate.of(float(value), ends, sums.n[measure], WHY[measure])
