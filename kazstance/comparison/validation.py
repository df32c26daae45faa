"""Whether a model's labels are good enough, and for what: the report for a methods section."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
import pyarrow.compute as pc

from kazstance.comparison.checked import Checked, checked
from kazstance.comparison.drift import drift
from kazstance.comparison.judged_sample import KINDS, LABELS, NO_ANSWER, JudgedSample
from kazstance.dataset import DatasetFolder
from kazstance.errors import KazstanceError
from kazstance.schema.labels import Certainty, Label
from kazstance.stats.agreement import alpha_interval, count_patterns
from kazstance.stats.correction import Z, are_equal
from kazstance.stats.estimate import Estimate
from kazstance.stats.weighted import Weighted, newcombe, weighted_alpha, weighted_share

Finding = Literal["fit", "unfit", "undecided"]
RELIABLE: Final = 0.667
"""The least alpha among people with which their judgements can stand for the truth (Krippendorff, 2004)."""
STABLE: Final = 0.95
"""The least share of labels that have to be the same in another run."""
MOVED: Final = 0.05
"""The largest shift of net stance between runs that goes without saying."""
LEGAL: Final = 0.99
"""The least share of pairs on which a model has to have a label."""
RUN: Final = ("order", "block", "seed", "prompt_digest", "codebook_digest", "targets_digest", "parameters")
"""What may differ between runs of one model."""
NO_SIDE: Final = "the model takes no side"
NOT_RUN: Final = "no such run is recorded"


@dataclass(frozen=True)
class Agreement:
    """How far a model agrees with people on some pairs, weighted by the inverse of the probability of being judged.

    `recall` and `precision` are by label; a pair without an answer counts as wrong. `alpha` is Krippendorff's, over the
    pairs on which people do not differ and the model has a label.
    """

    scope: str
    n: int
    accuracy: Weighted
    recall: Mapping[str, Weighted]
    precision: Mapping[str, Weighted]
    alpha: float


@dataclass(frozen=True)
class SourceError:
    """The error of a source's net stance by the model's labels: silver minus corrected."""

    source: str
    silver: float
    corrected: Estimate
    error: Estimate
    variance: float


@dataclass(frozen=True)
class PairError:
    """What the errors of two sources do to their comparison by the model's labels.

    `difference` is that of the silver figures, `error` how much of it is due to the model. The comparison is unfit if
    that is half of it or more, fit if even the interval stays below, and undecided otherwise.
    """

    first: str
    second: str
    difference: float
    error: Estimate
    finding: Finding


@dataclass(frozen=True)
class Stability:
    """How far another run of the same model has the same labels, on the pairs that both have.

    `shift` is the largest shift of the net stance of a source, and `source` whose it is.
    """

    annotator: str
    differs: tuple[str, ...]
    pairs: int
    same: float
    alpha: float
    source: str | None
    shift: Estimate


@dataclass(frozen=True)
class Check:
    """A test that needs no people: its name, what came out, and whether the model passed; None if it was not run."""

    test: str
    result: str
    passed: bool | None


@dataclass(frozen=True)
class Calibration:
    """How often a model errs where it said sure and where it said unsure, and the difference of the two."""

    sure: Weighted
    unsure: Weighted
    difference: Estimate


@dataclass(frozen=True)
class Verdict:
    """What labels are fit or unfit for, and why."""

    use: str
    finding: Finding
    reason: str


@dataclass(frozen=True)
class Validation:
    """Everything that people's judgements and other runs say of a model's labels."""

    checked: Checked
    agreement: tuple[Agreement, ...]
    people: Estimate
    """Krippendorff's alpha among people, on the pairs that two of them judged."""
    errors: tuple[SourceError, ...]
    test: tuple[float, int, float]
    """Whether the errors of all sources are equal: chi-square, degrees of freedom, p."""
    pairs: tuple[PairError, ...]
    stability: tuple[Stability, ...]
    checks: tuple[Check, ...]
    calibration: Calibration | None
    verdicts: tuple[Verdict, ...]

    def as_row(self) -> dict[str, Any]:
        """The report as plain values."""
        parts = ("agreement", "errors", "pairs", "stability", "checks", "verdicts")
        chi_square, freedom, p = self.test
        return {
            "model": self.checked.model,
            "people": list(self.checked.people),
            "judged": len(self.checked.sample.votes),
            "estimand": self.checked.about,
            "agreement among people": asdict(self.people),
            "equal errors": {"chi_square": chi_square, "freedom": freedom, "p": p},
            "calibration": asdict(self.calibration) if self.calibration else None,
            **{name: [asdict(row) for row in getattr(self, name)] for name in parts},
        }


def validate(folder: DatasetFolder, model: str | None = None) -> Validation:
    """What people's judgements, other runs and the labels themselves say of a model's labels.

    Args:
        folder: the dataset, of whose labels people judged a sample.
        model: the annotator; by default, the only one of whose labels there is a sample.

    Raises:
        UnknownNameError: there is no sample of the labels of such a model.
        KazstanceError: there is no sample, or the labels are not those that it was drawn from.
    """
    found = checked(folder, model=model)
    errors = tuple(_errors(found))
    known = [error for error in errors if error.error.is_defined]
    stability = tuple(_stability(folder, found.model))
    people = _people(found.sample)
    pairs = tuple(_pairs(known))
    statistic, freedom = are_equal([e.error.value for e in known], [e.variance for e in known])
    test = (statistic, freedom, _tail(statistic, freedom))
    checks = tuple(_checks(found.sample, stability, _runs(folder).get(found.model, {})))
    return Validation(
        checked=found,
        agreement=tuple(_agreement(found.sample)),
        people=people,
        errors=errors,
        test=test,
        pairs=pairs,
        stability=stability,
        checks=checks,
        calibration=_calibration(folder, found),
        verdicts=tuple(_verdicts(found, people, errors, pairs, stability, checks)),
    )


def _tail(statistic: float, freedom: int) -> float:
    from scipy.stats import chi2  # noqa: PLC0415  # loaded where it is used

    return float(chi2.sf(statistic, freedom)) if freedom > 0 else math.nan


def _agreement(sample: JudgedSample) -> Iterator[Agreement]:
    """Agreement with people on all pairs, and by source and target."""
    everything = np.ones(len(sample.votes), dtype=bool)
    yield _agreement_on("all", sample, everything)
    source = sample.source[sample.sentence]
    for names, place in ((sample.sources, source), (sample.targets, sample.target)):
        for number, name in enumerate(names):
            yield _agreement_on(name, sample, place == number)


def _agreement_on(scope: str, sample: JudgedSample, chosen: Any) -> Agreement:
    truth, weight, kind = sample.truth[chosen], sample.weight[chosen], sample.judged_kind[chosen]
    made = np.eye(len(KINDS), LABELS)[kind]
    right = (truth * made).sum(axis=1)
    recall, precision = {}, {}
    for label in Label:
        recall[label.name] = weighted_share(made[:, label], weight * truth[:, label])
        precision[label.name] = weighted_share(truth[:, label], weight * made[:, label])
    agreed = (truth.max(axis=1, initial=0) == 1) & (kind != NO_ANSWER)
    alpha = weighted_alpha(truth[agreed], made[agreed], weight[agreed])
    return Agreement(scope, int(chosen.sum()), weighted_share(right, weight), recall, precision, alpha)


def _people(sample: JudgedSample) -> Estimate:
    """Krippendorff's alpha among people, with paragraphs as clusters."""
    several = sample.votes.sum(axis=1) > 1
    if not several.any():
        return Estimate.undefined("no pair was judged by two people")
    clusters = [sample.sentences[place].rpartition("/")[0] for place in sample.sentence[several]]
    return alpha_interval(count_patterns(sample.votes[several], clusters))


def _errors(found: Checked) -> Iterator[SourceError]:
    for figure in found.figures:
        if figure.scope == "all targets" and figure.measure == "net":
            error, variance = Estimate.undefined(figure.corrected.reason or NO_SIDE), math.nan
            if figure.corrected.is_defined and not math.isnan(figure.silver):
                variance = found.variance(figure.source, "net")
                value = figure.silver - figure.corrected.value
                half = Z * math.sqrt(variance)
                error = Estimate(value, value - half, value + half, figure.judged)
            yield SourceError(figure.source, figure.silver, figure.corrected, error, variance)


def _pairs(errors: Sequence[SourceError]) -> Iterator[PairError]:
    for one, other in combinations(errors, 2):
        value = one.error.value - other.error.value
        half = Z * math.sqrt(one.variance + other.variance)
        difference, limit = one.silver - other.silver, abs(one.silver - other.silver) / 2
        widest = max(abs(value - half), abs(value + half))
        finding: Finding = "unfit" if abs(value) >= limit else "fit" if widest < limit else "undecided"
        error = Estimate(value, value - half, value + half, one.error.n + other.error.n)
        yield PairError(one.source, other.source, difference, error, finding)


def _runs(folder: DatasetFolder) -> dict[str, dict[str, Any]]:
    """What is recorded of the run of each model."""
    found = {}
    for row in folder.annotators.to_arrow().to_pylist():
        if row["origin"] == "model":
            run = row.get("run") or {}
            said = json.loads(run) if isinstance(run, str) else dict(run)
            found[row["annotator_id"]] = {"model": row.get("family"), "order": row.get("order"), **said}
    return found


def _stability(folder: DatasetFolder, model: str) -> Iterator[Stability]:
    """The other runs of a model, as far as they are recorded."""
    runs = _runs(folder)
    own = runs.get(model, {})
    for name, run in runs.items():
        if name != model and own.get("model") and run.get("model") == own["model"]:
            differs = tuple(part for part in RUN if run.get(part) != own.get(part))
            yield from _compared(folder, model, name, differs)


def _compared(folder: DatasetFolder, model: str, other: str, differs: tuple[str, ...]) -> Iterator[Stability]:
    labels = [_labels(folder, name) for name in (model, other)]
    both = sorted(labels[0].keys() & labels[1].keys())
    if not both:
        return
    votes = np.zeros((len(both), LABELS))
    for of in labels:
        votes[np.arange(len(both)), [of[pair] for pair in both]] += 1
    same = float((votes.max(axis=1) == 2).mean())  # noqa: PLR2004
    alpha = alpha_interval(count_patterns(votes), n=10).value
    try:
        shifts = [row for row in drift(folder, model, other).shifts if row.measure == "net stance" and row.source]
    except KazstanceError:  # no pair in the source's own voice
        shifts = []
    known = [row for row in shifts if row.shift.is_defined]
    most = max(known, key=lambda row: abs(row.shift.value), default=None)
    shift = most.shift if most else Estimate.undefined("no source takes a side in both")
    yield Stability(other, differs, len(both), same, alpha, most.source if most else None, shift)


def _labels(folder: DatasetFolder, annotator: str) -> dict[tuple[str, str], int]:
    """The latest label of an annotator by pair."""
    where = (pc.field("annotator_id") == annotator) & pc.field("holder").is_null()
    rows = folder.columns("judgements", ["sentence_id", "target_id", "round", "label"], where).to_pylist()
    rows.sort(key=lambda row: row["round"])
    return {(row["sentence_id"], row["target_id"]): row["label"] for row in rows}


def _checks(sample: JudgedSample, stability: Sequence[Stability], said: Mapping[str, Any]) -> Iterator[Check]:
    """The tests of Halterman and Keith (2025) that need no labels by people, as far as they were run."""
    answered = 1 - sample.size[:, NO_ANSWER] / np.maximum(sample.size.sum(axis=1), 1)
    lowest = int(answered.argmin())
    share = float(sample.kind.size - (sample.kind == NO_ANSWER).sum()) / max(sample.kind.size, 1)
    fewest = f"fewest in {sample.sources[lowest]}: {answered[lowest]:.1%}"
    statuses = ", ".join(f"{name} {n:,}" for name, n in said.get("statuses", {}).items())
    fewest += f"; recorded: {statuses}" if statuses else ""
    yield Check(
        "I, legal labels",
        f"{share:.1%} of {sample.kind.size:,} pairs have a label; {fewest}",
        bool(answered[lowest] >= LEGAL),
    )
    yield Check("II, definitions are recovered", NOT_RUN, None)
    yield Check("III, examples of the codebook", NOT_RUN, None)
    orders = [run for run in stability if "order" in run.differs]
    for run in orders:
        told = f"{run.same:.1%} of {run.pairs:,} labels are the same in {run.annotator}"
        yield Check("IV, order of the targets", told, run.same >= STABLE)
    if not orders:
        yield Check("IV, order of the targets", NOT_RUN, None)


def _calibration(folder: DatasetFolder, found: Checked) -> Calibration | None:
    """How often the model errs by its certainty, on pairs that it takes to be about the target."""
    sample = found.sample
    where = (pc.field("annotator_id") == found.model) & pc.field("holder").is_null()
    rows = folder.columns("judgements", ["sentence_id", "target_id", "round", "certainty"], where).to_pylist()
    rows.sort(key=lambda row: row["round"])
    said = {(row["sentence_id"], row["target_id"]): row["certainty"] for row in rows}
    pairs = zip(sample.sentence.tolist(), sample.target.tolist(), strict=True)
    certainty = np.array([said.get((sample.sentences[s], sample.targets[t])) for s, t in pairs], dtype=object)
    wrong = 1 - (sample.truth * np.eye(len(KINDS), LABELS)[sample.judged_kind]).sum(axis=1)
    bins = [
        weighted_share(wrong[certainty == kind.value], sample.weight[certainty == kind.value])
        for kind in (Certainty.sure, Certainty.unsure)
    ]
    if not all(share.share.is_defined for share in bins):
        return None
    return Calibration(bins[0], bins[1], newcombe(bins[1], bins[0]))


def _verdicts(  # noqa: PLR0917  # all that is known
    found: Checked,
    people: Estimate,
    errors: Sequence[SourceError],
    pairs: Sequence[PairError],
    stability: Sequence[Stability],
    checks: Sequence[Check],
) -> Iterator[Verdict]:
    """What the labels are fit for."""
    yield _on_people(people)
    if (legal := checks[0]).passed is False:
        yield Verdict("taking pairs without a label for none", "unfit", legal.result)
    for error in errors:
        use = f"net stance of {error.source}, corrected"
        if error.corrected.is_defined:
            alone = NO_SIDE if math.isnan(error.silver) else f"the labels alone give {error.silver:+.2f}"
            yield Verdict(use, "fit", f"{error.corrected.text(signed=True)}; {alone}")
        else:
            yield Verdict(use, "undecided", str(error.corrected.reason))
    for pair in pairs:
        use = f"comparing {pair.first} with {pair.second} by the labels alone"
        yield Verdict(use, pair.finding, _why(pair))
    for run in stability:
        is_stable = run.same >= STABLE and not (run.shift.is_defined and abs(run.shift.value) > MOVED)
        moved = f"; net stance of {run.source} shifts by {run.shift.text(signed=True)}" if run.shift.is_defined else ""
        reason = f"{run.same:.1%} of labels are the same in {run.annotator}{moved}"
        yield Verdict("figures that another run would repeat", "fit" if is_stable else "unfit", reason)
    if not stability:
        yield Verdict("figures that another run would repeat", "undecided", "no other run of the model is recorded")
    refused = sum(row.scope == "target" and not row.corrected.is_defined for row in found.figures)
    cells = sum(row.scope == "target" for row in found.figures)
    yield Verdict(
        "single targets, corrected",
        "fit" if not refused else "undecided" if refused < cells else "unfit",
        f"{cells - refused} of {cells} figures of a source on a target can be given",
    )


def _on_people(people: Estimate) -> Verdict:
    use = "taking people's judgements for the truth"
    if not people.is_defined:
        return Verdict(use, "undecided", str(people.reason))
    finding: Finding = "fit" if people.value >= RELIABLE else "unfit"
    return Verdict(use, finding, f"alpha among people is {people} on {people.n} pairs; expected {RELIABLE:.2f} or more")


def _why(pair: PairError) -> str:
    due = f"of the difference of {pair.difference:+.2f}, {pair.error.text(signed=True)} is due to the model"
    return {
        "fit": f"{due}, less than half",
        "unfit": f"{due}, half or more",
        "undecided": f"{due}, which may be half or more",
    }[pair.finding]
