"""How reliable labels are: annotators compared, before any adjudication and without filtering."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any, Final, Literal, get_args

import numpy as np
import pyarrow.compute as pc

from kazstance.comparison.patterns import is_stance, relevance, stance
from kazstance.comparison.profiles import ABSENT, Profiles, read_profiles
from kazstance.dataset import DatasetFolder, paragraph_clusters
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.listing import Listing
from kazstance.output.notebook import html_paragraph
from kazstance.schema.labels import Label, Origin, Role, Status
from kazstance.schema.records import Annotator
from kazstance.stats.agreement import (
    Patterns,
    alpha_estimate,
    alpha_interval,
    kappa_estimate,
    kappa_interval,
    resampled,
)
from kazstance.stats.counting import Codes, Floats
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES

By = Literal["all", "annotators", "source", "target", "people", "rounds"]
KEY: Final = ("sentence_id", "target_id", "holder")
KAPPA: Final = "kappa, four labels"
Judged = tuple[Codes, Floats]
"""The label and probability of an annotator in each profile."""


@dataclass(frozen=True)
class Line:
    """One figure: what was compared, over which rows, with which measure.

    `by` is how the rows are selected: `all`, `annotators`, `source`, `target`, `people` or `rounds`;
    `scope` names them.
    """

    what: str
    by: By
    scope: str
    measure: str
    figure: Estimate

    def as_row(self) -> dict[str, Any]:
        """The figure as plain values."""
        return {"what": self.what, "by": self.by, "scope": self.scope, "measure": self.measure, **self.figure.as_row()}


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
    evidence. Cohen's kappa between final labels and checking annotators, between people, between people and model, and
    between the rounds of an annotator.

    Args:
        folder: the dataset.
        n: number of resamples.
        by: only the figures by `all`, `annotators`, `source`, `target`, `people` or `rounds`; by default, all of them.
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
    lines += _between_rounds(found, n) if by in (None, "rounds") else ()
    undecided = folder.columns("grid", ["status"], pc.field("status") == Status.undecided.value).num_rows
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
    sources = found.source[found.paragraph]
    for source in dict.fromkeys(found.source.tolist()) if pairs and by in (None, "source") else ():
        yield from _alpha_lines(found.patterns(labels, sources == source), "source", source, n)
    for number in dict.fromkeys(found.target.tolist()) if pairs and by in (None, "target") else ():
        patterns = found.patterns(labels, found.target == number)
        yield from _alpha_lines(patterns, "target", found.targets[number], n)


def _alpha_lines(found: Patterns, by: By, scope: str, n: int) -> Iterator[Line]:
    draws, sides = resampled(found, n), is_stance(found)
    about, side = relevance(found), stance(found)
    yield Line("four labels", by, scope, "alpha, nominal", alpha_estimate(found, draws))
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
        yield _check(folder, name, found.rounds(name), n)
    for one, other in combinations(people, 2):
        yield Line("people", "people", f"{one} and {other}", KAPPA, _kappa(found, found.of(one), found.of(other), n))
    for one in people:
        for model in models:
            figure = _kappa(found, found.of(model), found.of(one), n)
            yield Line("people and model", "people", f"{one} and {model}", KAPPA, figure)


def _between_rounds(found: Profiles, n: int) -> Iterator[Line]:
    """Kappa between consecutive rounds of an annotator."""
    for name in dict.fromkeys(name for name, _ in found.judges):
        for one, other in pairwise(found.rounds(name)):
            figure = _kappa(found, found.of(name, one), found.of(name, other), n)
            yield Line("rounds of an annotator", "rounds", f"{name}, rounds {one} and {other}", KAPPA, figure)


def _kappa(found: Profiles, one: Judged, other: Judged, n: int) -> Estimate:
    """Kappa over the units that both judged, weighted by how likely the second was to be asked."""
    (first, _), (second, probability) = one, other
    both = (first != ABSENT) & (second != ABSENT)
    chosen = np.flatnonzero(both[found.profile])
    profile = found.profile[chosen]
    cells = found.by_cluster(
        chosen, first[profile] * len(Label) + second[profile], len(Label) ** 2, 1 / probability[profile]
    )
    return kappa_estimate(cells, int(found.n[chosen].sum()), n)


def _check(folder: DatasetFolder, name: str, rounds: Sequence[int], n: int) -> Line:
    """Kappa between the final labels and those of an annotator who checks, without undecided units."""
    names = [*KEY, "round", "label", "paragraph_id", "probability"]
    where = (pc.field("annotator_id") == name) & pc.field("round").isin(list(rounds))
    rows = folder.columns("judgements", names, where)
    latest = {
        tuple(row[column] for column in KEY): row for row in sorted(rows.to_pylist(), key=lambda row: row["round"])
    }
    asked = pc.field("sentence_id").isin(rows["sentence_id"].unique()) & pc.field("label").is_valid()
    final = folder.columns("grid", [*KEY, "label"], asked).to_pylist()
    clusters = paragraph_clusters(folder, rows["paragraph_id"].unique().to_pylist())
    pairs = [(row["label"], latest[key]) for row in final if (key := tuple(row[name] for name in KEY)) in latest]
    figure = kappa_interval(
        [label for label, _ in pairs],
        [row["label"] for _, row in pairs],
        [clusters[row["paragraph_id"]] for _, row in pairs],
        weights=[1 / row["probability"] for _, row in pairs],
        n=n,
    )
    return Line("final labels and check", "annotators", name, KAPPA, figure)


def _doubts(folder: DatasetFolder) -> Iterator[Doubt]:
    """How often each rule is cited in the notes of annotators and as the basis of adjudications."""
    notes = folder.columns("judgements", ["note"], pc.field("note").is_valid())["note"].to_pylist()
    noted = Counter(rule for note in notes for rule in set(re.findall(r"\brules? (\d+)", note)))
    decided = Counter(rule for rule in folder.columns("grid", ["rule"])["rule"].to_pylist() if rule)
    rules = sorted(noted.keys() | decided.keys(), key=lambda rule: (not rule.isdigit(), rule.zfill(3)))
    return (Doubt(rule, noted[rule], decided[rule]) for rule in rules)
