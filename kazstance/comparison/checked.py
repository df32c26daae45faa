"""Figures from a model's labels, as they are, from people's judgements alone, and corrected by these."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa

from kazstance.comparison.counts import VoiceFilter, spoken
from kazstance.comparison.grouping import HOLDER, SOURCE, Grouping
from kazstance.comparison.judged_rows import judged_rows
from kazstance.comparison.judged_sample import (
    COLUMNS,
    KINDS,
    MEASURES,
    RULED,
    JudgedSample,
    judged_pairs,
    judged_sample,
    rulings_of,
)
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.output.listing import Listing
from kazstance.output.notebook import html_paragraph
from kazstance.schema.digest import pairs_hash
from kazstance.schema.labels import Origin
from kazstance.schema.manifest import PeoplesSample
from kazstance.stats.correction import (
    DEFAULT,
    LEAST_DRAWN,
    Corrected,
    Domain,
    Flags,
    Sample,
    Smoothing,
    correct,
    difference,
    enough,
)
from kazstance.stats.counting import Floats
from kazstance.stats.estimate import Estimate, columns

MeasureName = Literal["net", "salience"]
Scope = Literal["all targets", "group", "target"]
FEW: Final = 20
"""Fewer judged pairs than this are pointed out."""
DIGITS: Final = 6
"""Decimals to which figures are rounded, so that they are the same on every machine."""
ESTIMAND: Final = "what these people would find if they judged every pair of this corpus by its codebook"
"""What silver, gold and corrected figures are all about."""
INCLUDED: Final = "which pairs were drawn to be judged"
"""The error that the intervals include."""
LEFT_OUT: Final = "people's own mistakes, and which texts were chosen"
"""Errors that they leave out."""


@dataclass(frozen=True)
class CheckedFigure:
    """Net stance or salience of a source or group in three forms, all about the same: see `ESTIMAND`.

    `silver` takes the model's labels for true, and has no interval under this estimand; `gold` rests on people's
    judgements alone, weighted; `corrected` on both. Net stance is favor minus against over both, in [-1, 1]; salience
    the share of pairs about a target, in [0, 1]. `target` is a target, a group of targets, or None for all; `further`
    is how many more judgements of the source's pairs a refused figure needs, about; None where it is given or all would
    have to be judged.
    """

    source: str
    scope: Scope
    target: str | None
    measure: MeasureName
    pairs: int
    judged: int
    silver: float
    gold: Estimate
    corrected: Estimate
    further: int | None

    @property
    def warning(self) -> str | None:
        """What to keep in mind about a figure that is given."""
        few = self.corrected.is_defined and self.judged < FEW
        return f"only {self.judged} judged pairs" if few else None

    def as_row(self) -> dict[str, Any]:
        """The figure as plain values."""
        names = ("source", "scope", "target", "measure", "pairs", "judged", "silver")
        row = {name: getattr(self, name) for name in names}
        row |= columns("gold", self.gold) | columns("corrected", self.corrected)
        return row | {"reason": self.corrected.reason, "further": self.further, "warning": self.warning}


@dataclass(frozen=True)
class CheckedDifference:
    """The difference of two sources in three forms, the first minus the second; None where it is refused."""

    first: str
    second: str
    scope: Scope
    target: str | None
    measure: MeasureName
    silver: float
    corrected: Estimate

    def as_row(self) -> dict[str, Any]:
        """The difference as plain values."""
        names = ("first", "second", "scope", "target", "measure", "silver")
        row = {name: getattr(self, name) for name in names}
        return row | columns("corrected", self.corrected) | {"reason": self.corrected.reason}


@dataclass(frozen=True)
class Checked:
    """What a model's labels say of sources, before and after correction by people's judgements.

    `sample` is what people judged; `groups` says which sentences each source or group has, and `sets` which targets
    each figure is about. `smoothing` is what intervals rest on.
    """

    model: str
    people: tuple[str, ...]
    by: str
    voice: VoiceFilter
    sample: JudgedSample
    groups: Mapping[str, Flags]
    sets: Sequence[tuple[Scope, str | None, tuple[int, ...]]]
    smoothing: Smoothing = DEFAULT

    @cached_property
    def figures(self) -> Listing[CheckedFigure]:
        """Net stance and salience of each source on all targets, on groups of targets, and on each target."""
        return Listing(figure for name in self.groups for figure in self._of_group(name))

    @cached_property
    def differences(self) -> Listing[CheckedDifference]:
        """Differences of sources on all targets and on groups of targets; on a single target they stay out of reach.

        Groups that have a source in common are left out: their samples are not independent.
        """
        return Listing(
            self._difference(pair, name, place)
            for pair in combinations(self.groups, 2)
            if not self._sources(pair[0]) & self._sources(pair[1])
            for name in MEASURES
            for place, (scope, _, _) in enumerate(self.sets)
            if scope != "target"
        )

    def pairs(self) -> pa.Table:
        """All pairs with the model's label, people's, and the probability of being judged; see `judged_rows`."""
        return judged_rows(self.sample)

    @property
    def about(self) -> str:
        """What the figures are about, and which errors their intervals include."""
        return f"{ESTIMAND}; intervals include {INCLUDED}, not {LEFT_OUT}"

    def as_row(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "model": self.model,
            "people": list(self.people),
            "by": self.by,
            "voice": self.voice,
            "judged": len(self.sample.truth),
            "smoothing": self.smoothing,
            "estimand": ESTIMAND,
            "errors included": INCLUDED,
            "errors left out": LEFT_OUT,
            "figures": self.figures.rows(),
            "differences": self.differences.rows(),
        }

    def __repr__(self) -> str:
        judged = f"{len(self.sample.truth)} judged pairs of {self.sample.kind.size}"
        return f"<{type(self).__name__} {self.model}: {judged}, {len(self.groups)} × {self.by}>"

    def _repr_html_(self) -> str:
        """All figures, for a notebook."""
        return html_paragraph(f"Labels by {self.model}, {self.about}") + self.figures._repr_html_()

    @cached_property
    def _parts(self) -> dict[str, tuple[Sample, Domain]]:
        """The strata of each group, and its pairs on each set of targets."""
        places = [of for _, _, of in self.sets]
        return {name: self.sample.part(chosen, places) for name, chosen in self.groups.items()}

    @cached_property
    def _made(self) -> dict[tuple[str, str], Corrected]:
        """The corrected figures of each group by measure, shape (sets,)."""
        return {
            (group, name): correct(*part, measure, self.sample.by_kind, self.smoothing)
            for group, part in self._parts.items()
            for name, measure in MEASURES.items()
        }

    def variance(self, group: str, measure: MeasureName) -> float:
        """The variance of the corrected figure of a source or group on all targets.

        Args:
            group: the source or group.
            measure: the figure.
        """
        return float(self._made[group, measure].variance[0])

    def _sources(self, group: str) -> set[int]:
        return set(np.unique(self.sample.source[self.groups[group]]).tolist())

    def _of_group(self, group: str) -> Iterator[CheckedFigure]:
        strata, domain = self._parts[group]
        for name, measure in MEASURES.items():
            made = self._made[group, name]
            alone = correct(strata, domain, replace(measure, is_unaided=True), self.sample.by_kind, self.smoothing)
            times = enough(strata, domain, made, self.sample.by_kind, self.smoothing)
            for place, (scope, target, _) in enumerate(self.sets):
                reason, more = _refusal(strata, domain, made, times, place)
                yield CheckedFigure(
                    source=group,
                    scope=scope,
                    target=target,
                    measure=name,  # type: ignore[arg-type]  # the names of MEASURES
                    pairs=int(domain.size[place].sum()),
                    judged=round(float(domain.drawn[place].sum())),
                    silver=_rounded(made.machine[place]),
                    gold=_estimate(alone, place, "people found nothing to divide by"),
                    corrected=_estimate(made, place, reason) if not reason else _refused(made, place, reason),
                    further=_further(strata, more) if reason else None,
                )

    def _difference(self, pair: tuple[str, str], name: str, place: int) -> CheckedDifference:
        one, other = (self._made[group, name] for group in pair)
        scope, target, _ = self.sets[place]
        refused = [group for group, made in zip(pair, (one, other), strict=True) if not made.is_given[place]]
        found = Estimate.undefined(f"{' and '.join(refused)}: not given")
        if not refused:
            value, low, high = (_rounded(numbers[place]) for numbers in difference(one, other))
            n = round(float(one.drawn[place] + other.drawn[place]))
            found = Estimate(value, low, high, n)
        silver = _rounded(one.machine[place] - other.machine[place])
        return CheckedDifference(*pair, scope, target, name, silver, found)  # type: ignore[arg-type]


def _refusal(strata: Sample, domain: Domain, made: Corrected, times: Floats, place: int) -> tuple[str, float]:
    """Why a figure is not given, and how many times as many judgements it needs; an empty reason if it is."""
    drawn = round(float(made.drawn[place]))
    expected = max(drawn, float((strata.drawn / np.maximum(strata.size, 1) * domain.size[place]).sum()))
    if made.has_few[place]:
        return f"{drawn} judged pairs, expected {LEAST_DRAWN} or more", LEAST_DRAWN / expected if expected else math.inf
    if made.has_gap[place]:
        return f"no judged pair among the {_gap(strata, domain, place)}", math.inf
    if made.is_empty[place]:
        return "people find next to nothing to divide by", math.inf
    if made.is_lone[place]:
        return "one judgement stands for more than half of what the figure rests on", float(times[place])
    if made.is_wide[place]:
        low, high = (float(end[place]) for end in made.interval)
        return f"not determined: between {low:.2f} and {high:.2f}", float(times[place])
    return "", 1.0


def _further(strata: Sample, times: float) -> int | None:
    """How many more judgements of some sources make so many times as many; None if they have fewer pairs."""
    judged, there = (float(numbers.sum()) for numbers in (strata.drawn, strata.size))
    if not math.isfinite(times):
        return None
    more = math.ceil((times - 1) * max(judged, 1))
    return more if judged + more < there else None


def _gap(strata: Sample, domain: Domain, place: int) -> str:
    """The largest stratum of a domain of which none was judged, in words."""
    open_size = np.where(strata.drawn == 0, domain.size[place], 0)
    largest = int(open_size.argmax())
    share = open_size[largest] / domain.size[place].sum()
    return f"{share:.0%} that the model calls {KINDS[strata.kind[largest]].replace('_', ' ')}"


def _rounded(value: Any) -> float:
    return round(float(value), DIGITS)


def _estimate(made: Corrected, place: int, reason: str) -> Estimate:
    ends = tuple(_rounded(end[place]) for end in made.interval)
    return Estimate.of(_rounded(made.estimate[place]), (ends[0], ends[1]), round(float(made.drawn[place])), reason)


def _refused(made: Corrected, place: int, reason: str) -> Estimate:
    return Estimate.undefined(reason, round(float(made.drawn[place])))


def checked(
    folder: DatasetFolder,
    voice: VoiceFilter = "own",
    by: str = SOURCE,
    model: str | None = None,
    smoothing: Smoothing = DEFAULT,
) -> Checked:
    """The figures of a dataset that a model labelled, and of whose labels people judged a random sample.

    Read from `judgements`, where the labels of the model and those of people are both kept. The estimator is the
    stratified difference estimator of `kazstance.stats.correction`; strata are the model's labels within each source.
    People who differ on a pair share it, unless a person has adjudicated it.

    Args:
        folder: the dataset.
        voice: whose sentences count: `own`, `endorsed` (own and the quotations a source makes its own) or `all`.
        by: as for a comparison: sources, documents, or an attribute.
        model: the annotator whose labels are corrected; by default, the only one of whose labels there is a sample.
        smoothing: what variances rest on: as for `kazstance.stats.correction.correct`.

    Raises:
        UnknownNameError: there is no such voice, attribute, sampled model, or smoothing.
        KazstanceError: there is no sample, or the labels are not those that it was drawn from.
    """
    if smoothing not in get_args(Smoothing):
        raise UnknownNameError(smoothing, "smoothing", get_args(Smoothing))
    samples = samples_of(folder, model)
    found = read_sample(folder, samples)
    if by == HOLDER:
        raise KazstanceError(
            "by holder there are no corrected figures: samples are of what speakers say for themselves"
        )
    grouping = Grouping(folder, by)
    rows = spoken(grouping.sentences(), voice).to_native()
    place = {name: i for i, name in enumerate(found.sentences)}
    groups = {name: np.zeros(len(found.sentences), dtype=bool) for name in grouping.groups}
    for sentence, group in zip(rows["sentence_id"].to_pylist(), rows[grouping.column].to_pylist(), strict=True):
        if sentence in place:
            groups[group][place[sentence]] = True
    people = tuple(sorted({sample.annotator for sample in samples}))
    there = {name: chosen for name, chosen in groups.items() if chosen.any()}
    return Checked(samples[0].model, people, grouping.by, voice, found, there, _sets(folder, found), smoothing)


def samples_of(folder: DatasetFolder, model: str | None = None) -> list[PeoplesSample]:
    """The sheets of the sample of one model's labels.

    Args:
        folder: the dataset.
        model: the model; by default, the only one.

    Raises:
        UnknownNameError: there is no sample of the labels of such a model.
        KazstanceError: there is none at all, there are samples of several models, or labels have changed since.
    """
    samples = folder.manifest.samples
    models = tuple(dict.fromkeys(sample.model for sample in samples))
    if not models:
        raise KazstanceError(
            "people have judged no sample of a model's labels; draw one with `kazstance annotate export CORPUS "
            "--annotator NAME --design PAIRS --out FOLDER`, import it, and build again"
        )
    if model is not None and model not in models:
        raise UnknownNameError(model, "model with a sample", models)
    if model is None and len(models) > 1:
        raise KazstanceError(f"people judged samples of {', '.join(models)}; expected one of them, --of")
    found = [sample for sample in samples if sample.model == (model or models[0])]
    if stale := [sample for sample in found if sample.frozen != sample.current]:
        raise KazstanceError(
            f"sheet {stale[0].sheet}: the prompt or the codebook of {stale[0].model} has changed since the sample was "
            "drawn, so what people judged is development, not gold; draw a new sample of the labels made since"
        )
    return found


def read_sample(folder: DatasetFolder, samples: Sequence[PeoplesSample]) -> JudgedSample:
    """The pairs that a sample stands for, and what people said.

    Args:
        folder: the dataset.
        samples: the sheets of the sample.

    Raises:
        KazstanceError: the labels are not those that it was drawn from, a sheet is not judged completely, or other
            pairs are judged.
    """
    first = samples[0]
    rows = folder.columns("sentences", ["sentence_id", "source_id", "annotated"])
    rows = rows.filter(rows["annotated"])
    pairs = zip(rows["sentence_id"].to_pylist(), rows["source_id"].to_pylist(), strict=True)
    sentences = [(sentence, source) for sentence, source in pairs if not first.sources or source in first.sources]
    targets = [target for target in folder.ids["target_id"] if not first.targets or target in first.targets]
    people = {(sample.annotator, sample.round) for sample in samples}
    annotators = folder.columns("annotators", ["annotator_id", "origin"]).to_pylist()
    human = [row["annotator_id"] for row in annotators if row["origin"] == Origin.human.value]
    rulings = rulings_of(folder.columns("grid", RULED), human)
    judgements = folder.columns("judgements", COLUMNS)
    found = judged_sample(sentences, targets, judgements, first.model, people, rulings=rulings)
    there = {
        source: dict(zip(KINDS, map(int, sizes), strict=True))
        for source, sizes in zip(found.sources, found.size, strict=True)
    }
    if changed := [sample.sheet for sample in samples if sample.strata != there]:
        raise KazstanceError(
            f"sheet {changed[0]}: the texts or the labels of {first.model} have changed since the sample was drawn; "
            "draw a new sample"
        )
    if (missing := sum(sample.pairs for sample in samples) - round(float(found.votes.sum()))) > 0:
        raise KazstanceError(
            f"{missing:,} pairs on the sheets of {', '.join(sorted({sample.annotator for sample in samples}))} are not "
            "judged yet; what was judged first is not a random sample, so import the rest and build again"
        )
    for sample in samples:
        if pairs_hash(judged_pairs(judgements, found, (sample.annotator, sample.round))) != sample.asked:
            raise KazstanceError(
                f"{sample.annotator} has judged other pairs in round {sample.round} than those that were drawn; "
                "expected all pairs on the sheets and no others, which belong in another round"
            )
    return found


def _sets(folder: DatasetFolder, found: JudgedSample) -> list[tuple[Scope, str | None, tuple[int, ...]]]:
    """All targets, the groups of targets of the codebook, and each target."""
    sets: list[tuple[Scope, str | None, tuple[int, ...]]] = [("all targets", None, tuple(range(len(found.targets))))]
    group = {row.target_id: row.group for row in folder.targets.records()}
    names = [name for name in dict.fromkeys(group[target] for target in found.targets) if name]
    for name in names if len(names) > 1 else ():
        sets.append(("group", name, tuple(i for i, target in enumerate(found.targets) if group[target] == name)))
    return [*sets, *[("target", target, (i,)) for i, target in enumerate(found.targets)]]
