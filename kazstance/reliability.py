"""How far labels can be relied on: annotators compared, before any adjudication, nothing filtered."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from kazstance import dataset
from kazstance.agreement import (
    RESAMPLES,
    Figure,
    alpha_interval,
    count_patterns,
    kappa_interval,
    overlap,
    relevance,
    stance,
)
from kazstance.schema.labels import Label, Origin, Role
from kazstance.schema.records import Annotator, GridCell, Judgement


@dataclass(frozen=True)
class Line:
    """One figure of a report: what was compared, over which rows, by which measure."""

    what: str
    scope: str
    measure: str
    figure: Figure

    def as_dict(self) -> dict[str, Any]:
        """The line as plain values."""
        return {"what": self.what, "scope": self.scope, "measure": self.measure, **asdict(self.figure)}


@dataclass(frozen=True)
class Doubt:
    """A rule of the codebook, and how often it was named where a label was in doubt."""

    rule: str
    noted: int
    adjudicated: int


@dataclass(frozen=True)
class Report:
    """Figures on a dataset's annotators: `stability` where all are runs of one model, else `agreement`."""

    name: str
    lines: tuple[Line, ...]
    doubts: tuple[Doubt, ...]


def report(data: Path = dataset.SHIPPED, n: int = RESAMPLES) -> Report:
    """Compare the annotators of a dataset, with 95 % bootstrap intervals over paragraphs.

    Krippendorff's alpha over all four labels of the grid, for relevance, and for stance (nominal and ordinal) where all
    found a pair relevant; overall, by target, by source, by pair of annotators. F1 of the evidence. Cohen's kappa
    between final labels and checking annotators, between people, and between people and model.

    Raises:
        KazstanceError: `data` is no built dataset.
    """
    annotators = dataset.load("annotators", data=data)
    judgements, grid = dataset.load("judgements", data=data), dataset.load("grid", data=data)
    labelling = [a.annotator_id for a in annotators if a.role is Role.label]
    families = {(a.origin, a.family) for a in annotators if a.role is Role.label}
    name = "stability" if len(families) == 1 and families.copy().pop()[0] is Origin.model else "agreement"
    lines = [
        *_alphas(judgements, labelling, n),
        *_evidence(judgements, labelling),
        *_kappas(grid, judgements, annotators, n),
    ]
    return Report(name, tuple(lines), tuple(_doubts(judgements, grid)))


def _alphas(judgements: Iterable[Judgement], annotators: Sequence[str], n: int) -> Iterator[Line]:
    """Alpha overall, by pair of annotators, by source and by target."""
    units: dict[tuple[str, str], Unit] = {}
    for row in judgements:
        if row.annotator_id in annotators:
            unit = units.setdefault(
                (row.sentence_id, row.target_id), Unit(row.source_id, row.target_id, row.paragraph_id)
            )
            unit.labels[row.annotator_id] = row.label
    pairs = list(combinations(annotators, 2))
    for chosen in ([annotators] if pairs else []) + (pairs if pairs[1:] else []):
        scope = "all" if chosen is annotators else " and ".join(chosen)
        yield from _alpha_lines([unit.keep(chosen) for unit in units.values()], scope, n)
    for kind in ("source", "target") if pairs else ():
        by: dict[str, list[Unit]] = {}
        for unit in units.values():
            by.setdefault(getattr(unit, kind), []).append(unit)
        for name, found in by.items():
            yield from _alpha_lines(found, name, n)


@dataclass(frozen=True)
class Unit:
    """A sentence and a target, with the labels of its annotators."""

    source: str
    target: str
    paragraph: str
    labels: dict[str, Label] = field(default_factory=dict)

    def keep(self, annotators: Sequence[str]) -> "Unit":
        """The same unit with the labels of some annotators only."""
        kept = {name: label for name, label in self.labels.items() if name in annotators}
        return Unit(self.source, self.target, self.paragraph, kept)


def _alpha_lines(units: Sequence[Unit], scope: str, n: int) -> Iterator[Line]:
    votes = np.zeros((len(units), len(Label)))
    for i, unit in enumerate(units):
        for label in unit.labels.values():
            votes[i, label] += 1
    found = count_patterns(votes, [unit.paragraph for unit in units])
    sides = stance(found)
    yield Line("four labels", scope, "alpha, nominal", alpha_interval(found, n=n))
    yield Line("relevance", scope, "alpha, nominal", alpha_interval(relevance(found), n=n))
    yield Line("stance", scope, "alpha, nominal", alpha_interval(sides, n=n))
    yield Line("stance", scope, "alpha, ordinal", alpha_interval(sides, "ordinal", n=n))


def _evidence(judgements: Iterable[Judgement], annotators: Sequence[str]) -> Iterator[Line]:
    """F1 of the characters marked, pooled over all pairs of judgements that chose the same label."""
    by_unit: dict[tuple[str, str], list[Judgement]] = {}
    for row in judgements:
        if row.label is not Label.none and row.annotator_id in annotators:
            by_unit.setdefault((row.sentence_id, row.target_id), []).append(row)
    pairs = [(x, y) for found in by_unit.values() for x, y in combinations(found, 2) if x.label is y.label]
    if pairs:
        counts = [overlap(*([(s.start, s.end) for s in row.evidence] for row in pair)) for pair in pairs]
        marked, nan = sum(both for _, both in counts), float("nan")
        f1 = 2 * sum(common for common, _ in counts) / marked if marked else nan
        reason = "no interval is computed" if marked else "no characters were marked"
        yield Line("evidence", "pairs of equal labels", "F1 of characters", Figure(f1, nan, nan, len(pairs), reason))


def _kappas(
    grid: Iterable[GridCell], judgements: Iterable[Judgement], annotators: Sequence[Annotator], n: int
) -> Iterator[Line]:
    """Kappa of final labels and those who check them, of people with each other, and of people with the model."""
    by: dict[str, dict[tuple[str, str], Judgement]] = {}
    for row in judgements:
        by.setdefault(row.annotator_id, {})[row.sentence_id, row.target_id] = row
    final = {(row.sentence_id, row.target_id): row for row in grid}
    people = [a.annotator_id for a in annotators if a.origin is Origin.human and a.annotator_id in by]
    models = [
        a.annotator_id for a in annotators if a.origin is Origin.model and a.role is Role.label and a.annotator_id in by
    ]
    for annotator in annotators:
        if annotator.role is Role.check and annotator.annotator_id in by:
            yield _kappa("final labels and check", annotator.annotator_id, final, by[annotator.annotator_id], n)
    for one, other in combinations(people, 2):
        yield _kappa("people", f"{one} and {other}", by[one], by[other], n)
    for one in people:
        for model in models:
            yield _kappa("people and model", f"{one} and {model}", by[model], by[one], n)


def _kappa(
    what: str,
    scope: str,
    one: Mapping[tuple[str, str], Judgement | GridCell],
    other: Mapping[tuple[str, str], Judgement],
    n: int,
) -> Line:
    """Kappa over the pairs that both judged, weighted by how likely the second was to be asked."""
    common = [unit for unit in other if unit in one]
    figure = kappa_interval(
        [one[unit].label for unit in common],
        [other[unit].label for unit in common],
        [other[unit].paragraph_id for unit in common],
        weights=[1 / other[unit].probability for unit in common],
        n=n,
    )
    return Line(what, scope, "kappa, four labels", figure)


def _doubts(judgements: Iterable[Judgement], grid: Iterable[GridCell]) -> Iterator[Doubt]:
    """How often each rule is named in the notes of annotators and as the ground of adjudications."""
    noted = Counter(rule for row in judgements for rule in set(re.findall(r"\brules? (\d+)", row.note or "")))
    decided = Counter(row.rule for row in grid if row.rule)
    rules = sorted(noted.keys() | decided.keys(), key=lambda rule: (not rule.isdigit(), rule.zfill(3)))
    return (Doubt(rule, noted[rule], decided[rule]) for rule in rules)
