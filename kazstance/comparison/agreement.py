"""How reliable labels are: annotators compared, before any adjudication and without filtering."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kazstance.comparison.patterns import relevance, stance
from kazstance.dataset import DatasetFolder
from kazstance.errors import UnknownNameError
from kazstance.output.listing import Listing
from kazstance.output.notebook import html_paragraph
from kazstance.schema.labels import Label, Origin, Role
from kazstance.schema.records import Annotator, Judgement
from kazstance.stats.agreement import Patterns, alpha_interval, count_patterns, kappa_interval, overlap
from kazstance.stats.estimate import Estimate
from kazstance.stats.resampling import RESAMPLES

By = Literal["all", "annotators", "source", "target", "people"]
KEY: Final = ("sentence_id", "target_id")
SIDED: Final = [label.name for label in Label if label is not Label.none]


@dataclass(frozen=True)
class Line:
    """One figure: what was compared, over which rows, with which measure.

    `by` is how the rows are selected: `all`, `annotators`, `source`, `target` or `people`; `scope` names them.
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

    def __repr__(self) -> str:
        return f"<Agreement: {len(self.lines)} figures of {self.name}>"

    def _repr_html_(self) -> str:
        """The first figures, for a notebook; `lines` has all."""
        return html_paragraph(self.name.capitalize()) + self.lines._repr_html_()


def agreement(folder: DatasetFolder, n: int = RESAMPLES, by: By | None = None) -> Agreement:
    """Compare the annotators of a dataset, with 95 % bootstrap intervals over paragraphs.

    Krippendorff's alpha over all four labels of the grid, for relevance, and for stance (nominal and ordinal) if all
    found a pair relevant; overall, by target, by source, by pair of annotators. F1 of the evidence. Cohen's kappa
    between final labels and checking annotators, between people, and between people and model.

    Args:
        folder: the dataset.
        n: number of resamples.
        by: only the figures by `all`, `annotators`, `source`, `target` or `people`; by default, all of them.

    Raises:
        UnknownNameError: `by` is anything else.
    """
    if by is not None and by not in get_args(By):
        raise UnknownNameError(by, "way to group the rows", get_args(By))
    annotators = folder.annotators.records()
    labelling = [a.annotator_id for a in annotators if a.role is Role.label]
    families = {(a.origin, a.family) for a in annotators if a.role is Role.label}
    name = "stability" if len(families) == 1 and families.copy().pop()[0] is Origin.model else "agreement"
    lines = list(_alphas(_units(folder, labelling), labelling, n, by))
    lines += _evidence(folder, labelling) if by in (None, "all") else ()
    lines += (line for line in _kappas(folder, annotators, n) if by in (None, line.by))
    return Agreement(name, Listing(lines), tuple(_doubts(folder)))


@dataclass(frozen=True)
class Units:
    """Sentences on targets: the label of each annotator, shape (units, annotators), -1 if there is no label."""

    labels: npt.NDArray[np.int64]
    source: npt.NDArray[np.str_]
    target: npt.NDArray[np.str_]
    paragraph: npt.NDArray[np.str_]

    def patterns(self, annotators: Sequence[int], kept: npt.NDArray[np.bool_] | None = None) -> Patterns:
        """The patterns of labels of the given annotators, over all units or some."""
        chosen = slice(None) if kept is None else kept
        labels = self.labels[chosen][:, annotators]
        votes = np.stack([(labels == label).sum(axis=1) for label in Label], axis=1).astype(np.float64)
        return count_patterns(votes, self.paragraph[chosen].tolist())


def _units(folder: DatasetFolder, annotators: Sequence[str]) -> Units:
    columns = ("sentence_id", "target_id", "annotator_id", "source_id", "paragraph_id", "label")
    rows = folder.columns("judgements", columns)
    rows = rows.filter(pc.is_in(rows["annotator_id"], value_set=pa.array(annotators, pa.string())))
    sentence, target, who = (rows[name].combine_chunks().dictionary_encode() for name in columns[:3])
    pair = sentence.indices.to_numpy().astype(np.int64) * max(len(target.dictionary), 1) + target.indices.to_numpy()
    _, first, unit = np.unique(pair, return_index=True, return_inverse=True)
    place = np.array([annotators.index(name) for name in who.dictionary.to_pylist()], dtype=np.intp)
    labels = np.full((len(first), len(annotators)), -1, dtype=np.int64)
    labels[unit, place[who.indices.to_numpy()]] = rows["label"].to_numpy()
    kept = rows.take(pa.array(first))
    return Units(
        labels, *(np.array(kept[name].to_pylist(), dtype=str) for name in ("source_id", "target_id", "paragraph_id"))
    )


def _alphas(units: Units, annotators: Sequence[str], n: int, by: By | None) -> Iterator[Line]:
    """Alpha overall, by pair of annotators, by source and by target."""
    everyone = range(len(annotators))
    pairs = list(combinations(everyone, 2))
    if pairs and by in (None, "all"):
        yield from _alpha_lines(units.patterns(everyone), "all", "all", n)
    for pair in pairs if pairs[1:] and by in (None, "annotators") else ():
        yield from _alpha_lines(units.patterns(pair), "annotators", " and ".join(annotators[i] for i in pair), n)
    kinds: tuple[tuple[By, npt.NDArray[np.str_]], ...] = (("source", units.source), ("target", units.target))
    for kind, values in kinds:
        for name in dict.fromkeys(values.tolist()) if pairs and by in (None, kind) else ():
            yield from _alpha_lines(units.patterns(everyone, values == name), kind, name, n)


def _alpha_lines(found: Patterns, by: By, scope: str, n: int) -> Iterator[Line]:
    sides = stance(found)
    yield Line("four labels", by, scope, "alpha, nominal", alpha_interval(found, n=n))
    yield Line("relevance", by, scope, "alpha, nominal", alpha_interval(relevance(found), n=n))
    yield Line("stance", by, scope, "alpha, nominal", alpha_interval(sides, n=n))
    yield Line("stance", by, scope, "alpha, ordinal", alpha_interval(sides, "ordinal", n=n))


def _evidence(folder: DatasetFolder, annotators: Sequence[str]) -> Iterator[Line]:
    """F1 of the marked characters, pooled over all pairs of judgements that chose the same label."""
    by_unit: dict[tuple[str, str], list[Judgement]] = {}
    for row in folder.judgements.where(label=SIDED, annotator=list(annotators)):
        by_unit.setdefault((row.sentence_id, row.target_id), []).append(row)
    pairs = [(x, y) for found in by_unit.values() for x, y in combinations(found, 2) if _are_comparable(x, y)]
    if pairs:
        counts = [overlap(*([(s.start, s.end) for s in row.evidence or ()] for row in pair)) for pair in pairs]
        marked, nan = sum(both for _, both in counts), float("nan")
        f1 = 2 * sum(common for common, _ in counts) / marked if marked else nan
        reason = "no interval is computed" if marked else "no characters were marked"
        figure = Estimate(f1, nan, nan, len(pairs), reason)
        yield Line("evidence", "all", "pairs of equal labels", "F1 of characters", figure)


def _are_comparable(one: Judgement, other: Judgement) -> bool:
    """Whether two judgements chose the same label, and both recorded what shows it."""
    return one.label is other.label and one.evidence is not None and other.evidence is not None


@dataclass(frozen=True)
class _Judged:
    """The labels of one annotator, or the final ones: the label, paragraph and probability of each pair judged."""

    labels: Mapping[tuple[str, str], tuple[int, str, float]]

    @classmethod
    def read(cls, folder: DatasetFolder, table: str, annotator: str | None = None) -> "_Judged":
        """The labels of an annotator in `judgements`, or the final ones of `grid`, without undecided pairs."""
        names = [*KEY, "label", "paragraph_id", *(["probability"] if annotator else [])]
        where = pc.field("label").is_valid() if annotator is None else pc.field("annotator_id") == annotator
        sentence, target, label, paragraph, *probability = (
            column.to_pylist() for column in folder.columns(table, names, where).columns
        )
        drawn = probability[0] if probability else [1.0] * len(label)
        return cls(
            dict(zip(zip(sentence, target, strict=True), zip(label, paragraph, drawn, strict=True), strict=True))
        )


def _kappas(folder: DatasetFolder, annotators: Sequence[Annotator], n: int) -> Iterator[Line]:
    """Kappa between final labels and checking annotators, between people, and between people and the model."""
    there = set(folder.columns("judgements", ["annotator_id"])["annotator_id"].unique().to_pylist())
    judges = [annotator for annotator in annotators if annotator.annotator_id in there]
    people = [a.annotator_id for a in judges if a.origin is Origin.human]
    models = [a.annotator_id for a in judges if a.origin is Origin.model and a.role is Role.label]
    checks = [a.annotator_id for a in judges if a.role is Role.check]
    by = {name: _Judged.read(folder, "judgements", name) for name in dict.fromkeys([*people, *models, *checks])}
    final = _Judged.read(folder, "grid")
    for name in checks:
        yield _kappa("final labels and check", name, final, by[name], n)
    for one, other in combinations(people, 2):
        yield _kappa("people", f"{one} and {other}", by[one], by[other], n)
    for one in people:
        for model in models:
            yield _kappa("people and model", f"{one} and {model}", by[model], by[one], n)


def _kappa(what: str, scope: str, one: _Judged, other: _Judged, n: int) -> Line:
    """Kappa over the pairs that both judged, weighted by how likely the second was to be asked."""
    common = [unit for unit in other.labels if unit in one.labels]
    figure = kappa_interval(
        [one.labels[unit][0] for unit in common],
        [other.labels[unit][0] for unit in common],
        [other.labels[unit][1] for unit in common],
        weights=[1 / other.labels[unit][2] for unit in common],
        n=n,
    )
    return Line(what, "people" if what.startswith("people") else "annotators", scope, "kappa, four labels", figure)


def _doubts(folder: DatasetFolder) -> Iterator[Doubt]:
    """How often each rule is cited in the notes of annotators and as the basis of adjudications."""
    notes = folder.columns("judgements", ["note"], pc.field("note").is_valid())["note"].to_pylist()
    noted = Counter(rule for note in notes for rule in set(re.findall(r"\brules? (\d+)", note)))
    decided = Counter(rule for rule in folder.columns("grid", ["rule"])["rule"].to_pylist() if rule)
    rules = sorted(noted.keys() | decided.keys(), key=lambda rule: (not rule.isdigit(), rule.zfill(3)))
    return (Doubt(rule, noted[rule], decided[rule]) for rule in rules)
