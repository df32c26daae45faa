"""A sample of a model's labels for people: strata, how many pairs of each, which, and how sure it will make figures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from kazstance.annotate.judged import State
from kazstance.annotate.plan import Design, Plan, Request, Strata
from kazstance.comparison.judged_sample import KINDS, LABELS, NET, NO_ANSWER, JudgedSample, judged_sample, rulings_of
from kazstance.corpus.decisions import PairKey
from kazstance.corpus.read import ANNOTATORS, CODEBOOK, read
from kazstance.corpus.samples import frozen
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.paths import StrPath
from kazstance.schema.labels import Label, Origin, Role
from kazstance.stats.allocation import allocate, neyman, systematic
from kazstance.stats.correction import Corrected, Domain, Sample, correct, spread
from kazstance.stats.counting import Codes, Floats

SHARES: Final = np.array([0.2, 0.2, 0.2, 0.4, 0.1])
"""How the judgements of a source are divided by the model's label, before anything is known of its errors."""
RIGHT: Final = 0.8
"""How often a model is taken to be right about what it finds, before anything is known."""
MISSED: Final = 0.03
"""The share of what it calls none that is taken to be about the target all the same."""
Chance = Callable[[str, PairKey], float]
"""A number in [0, 1) that a hash makes of a purpose and a pair."""


@dataclass(frozen=True)
class Outlook:
    """How sure a sample will make the net stance of a source.

    `half_width` is half the width of its 95 % interval before that is cut to the range, since figures are refused by
    it; NaN where nothing would be about a target.
    """

    source: str
    pairs: int
    judged: int
    half_width: float

    @property
    def is_wide(self) -> bool:
        """Whether figures as unsure as this are refused."""
        return not 2 * self.half_width <= NET.widest


@dataclass(frozen=True)
class Drawn:
    """The pairs that are drawn for the people of a design, with the probability of each, and what they are drawn from.

    `whose` has the places of the annotators in the design that judge a pair, by pair.
    """

    probability: dict[PairKey, float]
    whose: dict[PairKey, tuple[int, ...]]
    strata: Strata
    outlook: tuple[Outlook, ...]


def only_model(path: StrPath) -> str:
    """The model whose labels are sampled if none is named: the only one of a corpus that makes labels.

    Args:
        path: the corpus folder.

    Raises:
        KazstanceError: there is none, or there are several.
    """
    annotators = [entry.value for entry in read(path).annotators]
    found = [who.id for who in annotators if who.origin is Origin.model and who.role is Role.label]
    if len(found) != 1:
        what = (
            f"several models make labels: {', '.join(found)}; expected one of them, --of"
            if found
            else ("no model has made labels; expected one, with `kazstance annotate run`")
        )
        raise KazstanceError(what)
    return found[0]


def draw_sample(state: State, request: Request, chance: Chance) -> Drawn:
    """Draw the pairs that are still missing from a sample.

    Strata are the labels of the model within each source, and the pairs on which it has none. Of each some pairs are
    drawn systematically, in the order of targets and then of texts, so that every target is met in proportion. The
    first phase gives two fifths to what the model calls none; later ones divide by the errors seen (Neyman, 1934).

    Args:
        state: what has been judged.
        request: what is wanted, with a design.
        chance: the source of chance.

    Raises:
        KazstanceError: nothing is left to draw, an earlier phase is not finished, or it is of other labels.
        UnknownNameError: there is no such model.
    """
    design = _design(request)
    strata = Strata(frozen=_frozen(state, design.model), pairs={})
    earlier = list(_earlier(state, design.model))
    found = _sample(state, request, earlier)
    strata = strata.model_copy(update={"pairs": _sizes_of(found)})
    _check_answers(found, design.model)
    _check_earlier(state, earlier, strata)
    asked = {(item.sentence_id, item.target_id) for plan in earlier for item in plan.items}
    wanted = sizes(found, design.judge)
    probability: dict[PairKey, float] = {}
    for source in range(len(found.sources)):
        for kind in range(len(KINDS)):
            pairs = _stratum(found, source, kind)
            start = chance(f"start {len(asked)}", (found.sources[source], KINDS[kind]))
            probability |= _picked(pairs, int(wanted[source, kind]), asked, start)
    if not probability:
        raise KazstanceError(f"all {len(asked):,} pairs of this sample are drawn; expected --design with more")
    return Drawn(probability, _divided(probability, design, chance), strata, outlook(found, wanted))


def _design(request: Request) -> Design:
    if request.design is None:
        raise KazstanceError("no design, expected one")
    if request.share_none is not None or request.share < 1 or request.part != (1, 1) or request.only_split:
        raise KazstanceError(
            "--design draws differently; expected it without --share, --share-none, --part and --split"
        )
    if request.suggested_by:
        raise KazstanceError("--suggest: people who see labels tend to take them over; expected none with --design")
    return request.design


def _frozen(state: State, model: str) -> str:
    models = {entry.value.id: entry.value for entry in state.corpus.annotators if entry.value.origin is Origin.model}
    if model not in models:
        raise UnknownNameError(model, f"model in {ANNOTATORS}", models)
    return frozen(state.corpus.rules.root, models[model], CODEBOOK)


def _earlier(state: State, model: str) -> Iterator[Plan]:
    """The sheets with samples of the labels of a model."""
    for plan in state.plans.values():
        if plan.request.design and plan.request.design.model == model:
            yield plan


def _check_earlier(state: State, earlier: Sequence[Plan], strata: Strata) -> None:
    for plan in earlier:
        if plan.strata is None or plan.strata.frozen != strata.frozen:
            raise KazstanceError(
                f"sheet {plan.sheet} samples labels that were made with another prompt or codebook; what was judged "
                "then is development, not gold: run the model under another id, and draw a sample of its labels"
            )
        if plan.strata.pairs != strata.pairs:
            raise KazstanceError(
                f"sheet {plan.sheet} was drawn when the model had other labels, or for other sources or targets; "
                "expected the same for a second phase"
            )
        judged = state.judged_by(plan.annotator, plan.round)
        if not {(item.sentence_id, item.target_id) for item in plan.items} <= judged:
            raise KazstanceError(
                f"sheet {plan.sheet} of {plan.annotator} is not imported completely; import it before more is drawn, "
                f"or give it up with `kazstance annotate undo CORPUS {plan.sheet} --forget`"
            )


def _sample(state: State, request: Request, earlier: Sequence[Plan]) -> JudgedSample:
    """What is sampled, with what people said so far."""
    design = _design(request)
    sentences = [
        (sentence.sentence_id, sentence.source_id)
        for sentence in state.sentences
        if sentence.annotated and (not request.sources or sentence.source_id in request.sources)
    ]
    targets = [t.value.id for t in state.corpus.targets if not request.targets or t.value.id in request.targets]
    people = {(plan.annotator, plan.round) for plan in earlier}
    human = [entry.value.id for entry in state.corpus.annotators if entry.value.origin is Origin.human]
    rulings = rulings_of(state.grid, human)
    return judged_sample(sentences, targets, state.judgements, design.model, people, rulings=rulings)


def _check_answers(found: JudgedSample, model: str) -> None:
    """Check that the model has judged what is sampled: otherwise most of what people judge is of no use."""
    without = int((found.kind == NO_ANSWER).sum())
    if 2 * without > found.kind.size:
        raise KazstanceError(
            f"{model} has no label on {without:,} of {found.kind.size:,} pairs; let it judge them first, or sample "
            "only the sources or targets that it judged, with --source and --target"
        )


def _sizes_of(found: JudgedSample) -> dict[str, dict[str, int]]:
    return {
        source: dict(zip(KINDS, map(int, sizes), strict=True))
        for source, sizes in zip(found.sources, found.size, strict=True)
    }


def sizes(found: JudgedSample, judge: int) -> Codes:
    """How many pairs to judge of each stratum in all phases, shape (sources, kinds): as many of each source.

    Args:
        found: the strata, and what people said so far.
        judge: how many pairs to judge altogether.
    """
    size, truths = found.size, found.truths
    drawn = truths.sum(axis=2)
    of_source = allocate(size.sum(axis=1), np.ones(len(size)), judge, least=0)
    wanted = np.zeros(size.shape, dtype=np.intp)
    for source, n in enumerate(of_source):
        known = drawn[source].sum() > 0
        sample = Sample(np.arange(len(KINDS)), size[source], drawn[source])
        domain = Domain(size[source], truths[source])
        weight = (
            neyman(size[source], spread(sample, domain, NET, found.by_kind)) if known else SHARES * (size[source] > 0)
        )
        least = np.maximum(drawn[source], np.minimum(size[source], 2))
        room = allocate(size[source] - least, weight, max(0, int(n) - int(least.sum())), least=0)
        wanted[source] = least + room
    return wanted


def _stratum(found: JudgedSample, source: int, kind: int) -> list[PairKey]:
    """The pairs of a stratum, target by target and in the order of the texts."""
    of_source = np.flatnonzero(found.source == source)
    target, row = np.nonzero((found.kind[of_source] == kind).T)
    places = zip(target.tolist(), of_source[row].tolist(), strict=True)
    return [(found.sentences[sentence], found.targets[place]) for place, sentence in places]


def _picked(pairs: Sequence[PairKey], wanted: int, asked: set[PairKey], start: float) -> dict[PairKey, float]:
    """The pairs that are drawn of a stratum, with the probability of being drawn now or before."""
    rest = [pair for pair in pairs if pair not in asked]
    n = min(wanted - (len(pairs) - len(rest)), len(rest))
    return {rest[place]: wanted / len(pairs) for place in systematic(len(rest), n, start)} if n > 0 else {}


def _divided(pairs: dict[PairKey, float], design: Design, chance: Chance) -> dict[PairKey, tuple[int, ...]]:
    """Which annotators judge each pair: each in turn, and for the share that is judged twice the next one too."""
    many = len(design.annotators)
    ordered = sorted(pairs, key=lambda pair: (chance("turn", pair), pair))
    twice = round(design.twice * len(ordered)) if many > 1 else 0
    return {
        pair: (place % many, (place + 1) % many) if place < twice else (place % many,)
        for place, pair in enumerate(ordered)
    }


def outlook(found: JudgedSample, wanted: Codes) -> tuple[Outlook, ...]:
    """How sure judgements will make the net stance of each source, if people go on as before.

    Before anybody has judged, a model is taken to be right in 80 % of what it finds, and in 97 % of what it calls none.

    Args:
        found: the strata, and what people said so far.
        wanted: how many pairs are judged of each stratum, shape (sources, kinds).
    """
    made = foreseen(found.size, wanted.astype(np.float64), found.by_kind if len(found.truth) else assumed())
    return tuple(
        Outlook(source, int(found.size[i].sum()), int(wanted[i].sum()), float(made.width[i] / 2))
        for i, source in enumerate(found.sources)
    )


def foreseen(size: Floats, wanted: Floats, by_kind: Floats) -> Corrected:
    """The corrected net stance of each source if people find what is expected, shape (..., sources).

    Args:
        size: the pairs of each stratum, shape (..., sources, kinds).
        wanted: how many of them are judged, of the same shape.
        by_kind: how probable each label is by kind, shape (kinds, labels).
    """
    sample = Sample(np.arange(len(by_kind)), size, wanted)
    return correct(sample, Domain(size, wanted[..., None] * by_kind), NET, by_kind)


def assumed() -> Floats:
    """How probable each label is by kind, as a model is taken to err before anybody has judged: (kinds, labels)."""
    found = np.full((len(KINDS), LABELS), (1 - RIGHT) / (LABELS - 1))
    for label in Label:
        found[label, label] = RIGHT
    found[Label.none] = MISSED / (LABELS - 1)
    found[Label.none, Label.none] = 1 - MISSED
    found[-1] = [0.1, 0.1, 0.1, 0.7]
    return found
