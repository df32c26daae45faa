"""How reliable labels are: annotators compared, before any adjudication and without filtering."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, combinations_with_replacement, pairwise, product
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from kazstance.comparison.drift import whole_readings
from kazstance.comparison.patterns import is_stance, relevance, stance
from kazstance.comparison.profile_counts import read_profiles
from kazstance.comparison.profiles import ABSENT, Profiles
from kazstance.dataset import DatasetFolder, paragraph_clusters
from kazstance.dataset.counting import counts
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.listing import Listing
from kazstance.output.notebook import html_paragraph
from kazstance.schema.labels import Label, Origin, Role, Status
from kazstance.schema.records import Annotator
from kazstance.stats.agreement import (
    Patterns,
    addressed_pairs,
    addressed_units,
    alpha_estimate,
    alpha_interval,
    draw_counts,
    mean_kappa,
    resampled,
)
from kazstance.stats.counting import Codes, Floats, numbered
from kazstance.stats.estimate import Estimate, columns
from kazstance.stats.resampling import RESAMPLES

By = Literal["all", "annotators", "source", "target", "kind", "certainty", "people", "rounds"]
KEY: Final = ("sentence_id", "target_id", "holder")
KAPPA: Final = "kappa, four labels"
CHECK: Final = "final labels and check"
Judged = tuple[Codes, Floats]
"""The label and probability of an annotator in each profile."""


@dataclass(frozen=True)
class Line:
    """One figure: what was compared, over which rows, with which measure.

    `by` is how the rows are selected: `all`, `annotators`, `source`, `target`, `kind` (of target), `certainty` (of the
    final label), `people` or `rounds`; `scope` names them.
    """

    what: str
    by: By
    scope: str
    measure: str
    figure: Estimate
    addressed: Estimate | None = None
    """Beside a figure over the whole grid: the share of units with the same labels among those that at least one of the
    annotators did not judge `none`; its `n` counts these."""

    def as_row(self) -> dict[str, Any]:
        """The figure as plain values."""
        row = {"what": self.what, "by": self.by, "scope": self.scope, "measure": self.measure, **self.figure.as_row()}
        count = self.addressed.n if self.addressed else None
        return row | columns("same_if_addressed", self.addressed) | {"addressed": count}


@dataclass(frozen=True)
class Doubt:
    """A rule of the codebook, and how often it was cited when a label was in doubt."""

    rule: str
    noted: int
    adjudicated: int


@dataclass(frozen=True)
class Agreement:
    """Figures on a dataset's annotators: `stability` if all are runs of one model, otherwise `agreement`."""

    name: str
    lines: Listing[Line]
    doubts: tuple[Doubt, ...]
    undecided: int = 0
    """Pairs without a label, which are left out where judgements are compared with final labels, and only there."""

    def __repr__(self) -> str:
        return f"<Agreement: {len(self.lines)} figures of {self.name}>"

    def _repr_html_(self) -> str:
        """The first figures, for a notebook; `lines` has all."""
        return html_paragraph(self.name.capitalize()) + self.lines._repr_html_()


def agreement(folder: DatasetFolder, n: int = RESAMPLES, by: By | None = None, number: int | None = None) -> Agreement:
    """Compare the annotators of a dataset, with 95 % bootstrap intervals over clusters.

    Clusters are paragraphs, or documents where a source has many. Units are sentences on targets, for the sentence's
    speaker or another holder. Krippendorff's alpha over all four labels of the grid, for relevance, and for stance
    (nominal and ordinal) if all found a unit relevant; overall, by target, by source, by pair of annotators. F1 of the
    evidence. Cohen's kappa between final labels and checking annotators (by source, kind of target and certainty, too),
    between people, between people and model, and between the rounds of an annotator; and its mean over all pairs of
    annotators who judged everything, within each round and between rounds, by source. Beside each figure over the whole
    grid is the share of equal labels among the units that somebody addressed.

    Args:
        folder: the dataset.
        n: number of resamples.
        by: only the figures by `all`, `annotators`, `source`, `target`, `kind`, `certainty`, `people` or `rounds`; by
            default, all of them.
        number: only the judgements of this round; by default, those of the latest round of each annotator.

    Raises:
        UnknownNameError: `by` is anything else.
        KazstanceError: nobody judged in this round.
    """
    if by is not None and by not in get_args(By):
        raise UnknownNameError(by, "way to group the rows", get_args(By))
    annotators = folder.annotators.records()
    labelling = [a.annotator_id for a in annotators if a.role is Role.label]
    families = {(a.origin, a.family) for a in annotators if a.role is Role.label}
    name = "stability" if len(families) == 1 and families.copy().pop()[0] is Origin.model else "agreement"
    found = _of_round(read_profiles(folder), number)
    lines = list(_alphas(found, labelling, n, by))
    lines += _evidence(found, labelling) if by in (None, "all") else ()
    lines += (line for line in _kappas(folder, found, annotators, n) if by in (None, line.by))
    if by in (None, "rounds"):
        lines += [*_of_an_annotator(found, n), *_within_and_between_rounds(folder, found, n)]
    undecided = counts(folder, "grid", ["status"])[Status.undecided,]
    return Agreement(name, Listing(lines), tuple(_doubts(folder)), undecided)


def _of_round(found: Profiles, number: int | None) -> Profiles:
    """The judgements of a round, or all of them.

    Raises:
        KazstanceError: there are none.
    """
    rounds = sorted({judge[1] for judge in found.judges})
    if number is None or not rounds:
        return found
    if number not in rounds:
        raise KazstanceError(f"round {number}: nobody judged in it; expected one of {', '.join(map(str, rounds))}")
    return found.only(number)


def _alphas(found: Profiles, annotators: Sequence[str], n: int, by: By | None) -> Iterator[Line]:
    """Alpha overall, by pair of annotators, by source and by target."""
    labels = [found.of(name)[0] for name in annotators]
    pairs = list(combinations(range(len(annotators)), 2))
    if pairs and by in (None, "all"):
        yield from _alpha_lines(found.patterns(labels), "all", "all", n)
    for pair in pairs if pairs[1:] and by in (None, "annotators") else ():
        scope = " and ".join(annotators[i] for i in pair)
        yield from _alpha_lines(found.patterns([labels[i] for i in pair]), "annotators", scope, n)
    for source, kept in found.by_source() if pairs and by in (None, "source") else ():
        yield from _alpha_lines(found.patterns(labels, kept), "source", source, n)
    for number in found.judged if pairs and by in (None, "target") else ():
        patterns = found.patterns(labels, found.target == number)
        yield from _alpha_lines(patterns, "target", found.targets[number], n)


def _alpha_lines(found: Patterns, by: By, scope: str, n: int) -> Iterator[Line]:
    draws, sides = resampled(found, n), is_stance(found)
    about, side = relevance(found), stance(found)
    figure, same = alpha_estimate(found, draws), addressed_units(found, draws)
    yield Line("four labels", by, scope, "alpha, nominal", figure, same)
    yield Line("relevance", by, scope, "alpha, nominal", alpha_estimate(about, draws))
    if found.counts.shape[0] == 1:  # resampled over units, of which there are fewer
        yield Line("stance", by, scope, "alpha, nominal", alpha_interval(side, n=n))
        yield Line("stance", by, scope, "alpha, ordinal", alpha_interval(side, "ordinal", n=n))
    else:
        yield Line("stance", by, scope, "alpha, nominal", alpha_estimate(side, draws[:, sides]))
        yield Line("stance", by, scope, "alpha, ordinal", alpha_estimate(side, draws[:, sides], "ordinal"))


def _evidence(found: Profiles, annotators: Sequence[str]) -> Iterator[Line]:
    """F1 of the marked characters, pooled over all pairs of judgements that chose the same label."""
    counts = [counted for pair, counted in found.overlaps.items() if set(pair) <= set(annotators)]
    common, marked, pairs = np.sum([np.zeros(3, dtype=np.int64), *counts], axis=0).tolist()
    if pairs:
        nan = float("nan")
        f1 = 2 * common / marked if marked else nan
        reason = "no interval is computed" if marked else "no characters were marked"
        figure = Estimate(f1, nan, nan, pairs, reason)
        yield Line("evidence", "all", "pairs of equal labels", "F1 of characters", figure)


def _kappas(folder: DatasetFolder, found: Profiles, annotators: Sequence[Annotator], n: int) -> Iterator[Line]:
    """Kappa between final labels and checking annotators, between people, and between people and the model."""
    there = {name for name, _ in found.judges}
    judges = [annotator for annotator in annotators if annotator.annotator_id in there]
    people = [a.annotator_id for a in judges if a.origin is Origin.human]
    models = [a.annotator_id for a in judges if a.origin is Origin.model and a.role is Role.label]
    for name in [a.annotator_id for a in judges if a.role is Role.check]:
        yield from _checks(folder, name, found.rounds(name), n)
    for one, other in combinations(people, 2):
        yield Line("people", "people", f"{one} and {other}", KAPPA, *_kappa(found, found.of(one), found.of(other), n))
    for one in people:
        for model in models:
            figures = _kappa(found, found.of(model), found.of(one), n)
            yield Line("people and model", "people", f"{one} and {model}", KAPPA, *figures)


def _of_an_annotator(found: Profiles, n: int) -> Iterator[Line]:
    """Kappa between consecutive rounds of an annotator."""
    for name in dict.fromkeys(name for name, _ in found.judges):
        for one, other in pairwise(found.rounds(name)):
            figures = _kappa(found, found.of(name, one), found.of(name, other), n)
            yield Line("rounds of an annotator", "rounds", f"{name}, rounds {one} and {other}", KAPPA, *figures)


def _within_and_between_rounds(folder: DatasetFolder, found: Profiles, n: int) -> Iterator[Line]:
    """Mean kappa of the annotators who judged everything: within each round, and between each two, by source."""
    whole = whole_readings(folder, found)
    for one, other in combinations_with_replacement(whole, 2):
        pairs = [
            (found.of(a, one), found.of(b, other))
            for a, b in (combinations(whole[one], 2) if one == other else product(whole[one], whole[other]))
            if a != b
        ]
        names = ", ".join(whole[one]) if one == other else f"{', '.join(whole[one])} with {', '.join(whole[other])}"
        what = f"within round {one}: {names}" if one == other else f"between rounds {one} and {other}: {names}"
        everything = ("all", np.ones(len(found.n), dtype=bool))
        for scope, kept in chain([everything], found.by_source()) if pairs else ():
            yield Line(what, "rounds", scope, f"mean {KAPPA}", *_mean_kappa(found, pairs, kept, n))


def _kappa(found: Profiles, one: Judged, other: Judged, n: int) -> tuple[Estimate, Estimate]:
    """Kappa over the units that both judged, weighted by how likely the second was to be asked."""
    return _mean_kappa(found, [(one, other)], np.ones(len(found.n), dtype=bool), n)


def _mean_kappa(
    found: Profiles, pairs: Sequence[tuple[Judged, Judged]], kept: npt.NDArray[np.bool_], n: int
) -> tuple[Estimate, Estimate]:
    """The mean kappa of pairs of annotators, and how often they agree on what they address, over some entries."""
    labels, size, addressed = len(Label), 0, 0
    chosen, cell, weight = [], [], []
    for at, ((first, _), (second, probability)) in enumerate(pairs):
        both = np.flatnonzero(((first != ABSENT) & (second != ABSENT))[found.profile] & kept)
        profile = found.profile[both]
        one, other = first[profile], second[profile]
        chosen.append(both)
        cell.append((at * labels + one) * labels + other)
        weight.append(1 / probability[profile])
        size += int(found.n[both].sum())
        addressed += int(found.n[both[(one != Label.none) | (other != Label.none)]].sum())
    cells = found.by_cluster(
        np.concatenate(chosen), np.concatenate(cell), len(pairs) * labels**2, np.concatenate(weight)
    )
    total, draws = np.asarray(cells.sum(axis=0)), draw_counts(cells, n)
    return mean_kappa(total, draws, size // len(pairs)), addressed_pairs(total, draws, addressed)


@dataclass(frozen=True)
class _Checked:
    """The final label of a unit and that of an annotator who checks."""

    final: int
    check: int
    weight: float
    cluster: str
    groups: Mapping[By, str | None]
    """The source, the kind of target and the certainty of the final label."""


def _checks(folder: DatasetFolder, name: str, rounds: Sequence[int], n: int) -> Iterator[Line]:
    """Kappa between the final labels and those of an annotator who checks, without undecided units, by group."""
    units = _checked(folder, name, rounds)
    yield Line(CHECK, "annotators", name, KAPPA, *_check(units, n))
    groups: tuple[By, ...] = ("source", "kind", "certainty")
    for by in groups:
        for value in dict.fromkeys(unit.groups[by] for unit in units):
            if value:
                scope = f"{name}, {f'{value} labels' if by == 'certainty' else value}"
                yield Line(CHECK, by, scope, KAPPA, *_check([unit for unit in units if unit.groups[by] == value], n))


def _check(units: Sequence[_Checked], n: int) -> tuple[Estimate, Estimate]:
    names, line = numbered([unit.cluster for unit in units])
    cells = np.zeros((len(names), len(Label) ** 2))
    cell = np.array([unit.final * len(Label) + unit.check for unit in units], dtype=np.intp)
    np.add.at(cells, (line, cell), np.array([unit.weight for unit in units]))
    total, draws = cells.sum(axis=0), draw_counts(cells, n)
    addressed = sum({unit.final, unit.check} != {Label.none} for unit in units)
    return mean_kappa(total, draws, len(units)), addressed_pairs(total, draws, addressed)


def _checked(folder: DatasetFolder, name: str, rounds: Sequence[int]) -> list[_Checked]:
    """The decided units that an annotator judged, in the order of the grid."""
    names = [*KEY, "source_id", "round", "label", "paragraph_id", "probability"]
    where = (pc.field("annotator_id") == name) & pc.field("round").isin(list(rounds))
    rows = folder.columns("judgements", names, where)
    latest = {_key(row): row for row in sorted(rows.to_pylist(), key=lambda row: row["round"])}
    asked = pc.field("sentence_id").isin(rows["sentence_id"].unique()) & pc.field("label").is_valid()
    clusters = paragraph_clusters(folder, rows["paragraph_id"].unique().to_pylist())
    sure = {_key(row): row["certainty"] for row in folder.columns("stances", [*KEY, "certainty"], asked).to_pylist()}
    kinds = {target.target_id: target.kind for target in folder.targets.records()}
    made = []
    for final in folder.columns("grid", [*KEY, "label"], asked).to_pylist():
        if row := latest.get(_key(final)):
            groups: dict[By, str | None] = {
                "source": row["source_id"],
                "kind": kinds[row["target_id"]],
                "certainty": sure.get(_key(row)),
            }
            weight, cluster = 1 / row["probability"], clusters[row["paragraph_id"]]
            made.append(_Checked(final["label"], row["label"], weight, cluster, groups))
    return made


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)


def _doubts(folder: DatasetFolder) -> Iterator[Doubt]:
    """How often each rule is cited in the notes of annotators and as the basis of adjudications."""
    noted = Counter[str]()
    for (note,), n in counts(folder, "judgements", ["note"], pc.field("note").is_valid()).items():
        noted.update(dict.fromkeys(re.findall(r"\brules? (\d+)", note), n))
    rules_cited = counts(folder, "grid", ["rule"], pc.field("rule").is_valid())
    decided = Counter({rule: n for (rule,), n in rules_cited.items() if rule})
    rules = sorted(noted.keys() | decided.keys(), key=lambda rule: (not rule.isdigit(), rule.zfill(3)))
    return (Doubt(rule, noted[rule], decided[rule]) for rule in rules)
