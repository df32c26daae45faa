"""How far annotation is: who has judged what, how far they agree, what is open, and what was probably missed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from kazstance.annotate.drawing import imported_sheets
from kazstance.annotate.judged import State, read_state
from kazstance.corpus.decisions import PairKey
from kazstance.paths import StrPath
from kazstance.schema.labels import Label, Origin
from kazstance.stats.agreement import alpha_interval, count_patterns
from kazstance.stats.estimate import Estimate

RESAMPLES: Final = 1000
"""Fewer than for a dataset: it is looked at often."""


@dataclass(frozen=True)
class Progress:
    """What an annotator has judged: pairs, those with a label other than `none`, and labels that were left empty."""

    annotator: str
    origin: str
    pairs: int
    about: int
    omitted: int


@dataclass(frozen=True)
class SheetStatus:
    """A sheet: what was asked of whom, and how much of it has been imported."""

    sheet: str
    annotator: str
    kind: str
    round: int
    items: int
    imported: int


@dataclass(frozen=True)
class Coverage:
    """The pairs of a source, a target or the corpus: all, those judged by nobody, by one and by more, and undecided."""

    scope: str
    pairs: int
    by_nobody: int
    by_one: int
    by_more: int
    undecided: int


@dataclass(frozen=True)
class Missed:
    """Pairs that were left empty, and how many of them are estimated to be about the target after all.

    From the difference between pairs that asked for a typed answer, drawn at random, and all others.
    """

    annotator: str
    left_empty: int
    missed: Estimate


@dataclass(frozen=True)
class Status:
    """How far annotation is."""

    corpus: str
    whole: Coverage
    by_source: tuple[Coverage, ...]
    by_target: tuple[Coverage, ...]
    annotators: tuple[Progress, ...]
    sheets: tuple[SheetStatus, ...]
    agreement: Mapping[str, Estimate]
    """Krippendorff's alpha over all four labels: among people, and among all who make labels."""
    missed: tuple[Missed, ...]

    def as_row(self) -> dict[str, Any]:
        """The status as plain values."""
        return asdict(self)


def status(path: StrPath) -> Status:
    """The status of a corpus folder.

    Raises:
        InputError: the corpus is invalid.
        KazstanceError: there is no such folder.
    """
    state = read_state(path)
    votes = _votes(state)
    source = {sentence.sentence_id: sentence.source_id for sentence in state.sentences}
    split = {(sentence, target) for sentence, target, holder in state.split() if holder is None}
    pairs = list(state.pairs())
    sources = [(name, [pair for pair in pairs if source[pair[0]] == name]) for name in dict.fromkeys(source.values())]
    targets = [(t.value.id, [pair for pair in pairs if pair[1] == t.value.id]) for t in state.corpus.targets]
    return Status(
        corpus=state.corpus.header.id,
        whole=_coverage("all", pairs, votes, split),
        by_source=tuple(_coverage(name, found, votes, split) for name, found in sources),
        by_target=tuple(_coverage(name, found, votes, split) for name, found in targets),
        annotators=tuple(_progress(state)),
        sheets=tuple(_sheets(state)),
        agreement=_agreement(state, votes),
        missed=tuple(_missed(state)),
    )


Votes = Mapping[PairKey, Mapping[str, int]]
"""The label that each annotator chose, by pair and annotator."""


def _votes(state: State) -> Votes:
    """The votes on the stances of speakers."""
    rows = state.grid.filter(pc.field("holder").is_null()).select(["sentence_id", "target_id", "votes"]).to_pylist()
    return {
        (row["sentence_id"], row["target_id"]): {vote["annotator_id"]: vote["label"] for vote in row["votes"]}
        for row in rows
    }


def _coverage(scope: str, pairs: Sequence[PairKey], votes: Votes, split: Set[PairKey]) -> Coverage:
    counts = Counter(min(len(votes.get(pair, ())), 2) for pair in pairs)
    return Coverage(scope, len(pairs), counts[0], counts[1], counts[2], sum(pair in split for pair in pairs))


def _progress(state: State) -> Iterator[Progress]:
    for who in (entry.value for entry in state.corpus.annotators):
        rows = state.judgements.filter((pc.field("annotator_id") == who.id) & pc.field("holder").is_null())
        latest = {
            (row["sentence_id"], row["target_id"]): row["label_name"]
            for row in sorted(rows.to_pylist(), key=lambda row: row["round"])
        }
        about = sum(label != Label.none.name for label in latest.values())
        omitted = sum(empty for _, _, empty in _of_sheets(state, who.id))
        yield Progress(who.id, who.origin.value, len(latest), about, omitted)


def _sheets(state: State) -> Iterator[SheetStatus]:
    imported = imported_sheets(state.corpus)
    for name, plan in state.plans.items():
        done = sum(item.key in imported.get(name, ()) for item in plan.items)
        yield SheetStatus(name, plan.annotator, plan.kind, plan.round, len(plan.items), done)


def _agreement(state: State, votes: Votes) -> dict[str, Estimate]:
    """Krippendorff's alpha with paragraphs as clusters, among people and among all; only where two have judged."""
    people = {entry.value.id for entry in state.corpus.annotators if entry.value.origin is Origin.human}
    found = {}
    for name, who in (("people", people), ("all", set(state.corpus.readings))):
        chosen = {pair: [label for a, label in given.items() if a in who] for pair, given in votes.items()}
        several = {pair: labels for pair, labels in chosen.items() if len(labels) > 1}
        if several and (name == "people" or who != people):
            counts = np.array([np.bincount(labels, minlength=len(Label)) for labels in several.values()], np.float64)
            clusters = [sentence.rpartition("/")[0] for sentence, _ in several]
            found[name] = alpha_interval(count_patterns(counts, clusters), n=RESAMPLES)
    return found


def _missed(state: State) -> Iterator[Missed]:
    for annotator in state.corpus.readings:
        rows = list(_of_sheets(state, annotator))
        typed = [is_about for is_about, is_typed, _ in rows if is_typed]
        others = [is_about for is_about, is_typed, _ in rows if not is_typed]
        empty = sum(is_empty for _, _, is_empty in rows)
        if typed and others and empty:
            yield Missed(annotator, empty, missed(sum(typed), len(typed), sum(others), len(others)))


def _of_sheets(state: State, annotator: str) -> Iterator[tuple[bool, bool, bool]]:
    """For each pair that came on a sheet: whether it is about the target, had to be typed, and was left empty."""
    typed_on = {
        name: {(item.sentence_id, item.target_id) for item in plan.items if item.typed}
        for name, plan in state.plans.items()
        if plan.annotator == annotator
    }
    for reading in (entry.value for entry in state.corpus.readings.get(annotator, ())):
        typed = typed_on.get(reading.sheet or "")
        if typed is None:
            continue
        said = {row.target_id: row.label for row in reading.judgements if row.holder is None}
        for target in reading.covered:
            label = said.get(target)
            yield label not in (None, Label.none.name), (reading.sentence_id, target) in typed, label is None


def missed(typed_about: int, typed: int, others_about: int, others: int) -> Estimate:
    """How many of the pairs that did not ask for a typed answer are about the target though left empty.

    Their number times the difference of the two shares, with the 95 % interval of Newcombe (1998, "Interval estimation
    for the difference between independent proportions", method 10) from Wilson's intervals; pairs count as independent.
    A difference below 0 is chance, and counts as 0: nothing can be missed less than not at all.

    Args:
        typed_about: pairs about the target among those that asked for a typed answer.
        typed: all that did, at least one.
        others_about: pairs about the target among the others.
        others: all others, at least one.
    """
    from scipy.stats import binomtest  # noqa: PLC0415

    one, other = typed_about / typed, others_about / others
    (low, high), (other_low, other_high) = (
        binomtest(k, n).proportion_ci(method="wilson") for k, n in ((typed_about, typed), (others_about, others))
    )
    difference = one - other
    below = np.hypot(one - low, other_high - other)
    above = np.hypot(high - one, other - other_low)
    point, low, high = (
        max(0.0, float(share) * others) for share in (difference, difference - below, difference + above)
    )
    return Estimate.of(point, (low, high), typed)
