"""Draw what an annotator is asked: the pairs of sentence and target that are still open, with known probabilities."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from kazstance.annotate.design import Outlook, draw_sample
from kazstance.annotate.judged import State, read_state
from kazstance.annotate.plan import Frame, Plan, PlanItem, Request, Triple
from kazstance.annotate.sheet import Sheet, questions
from kazstance.corpus.decisions import PairKey
from kazstance.corpus.read import ADJUDICATIONS, ANNOTATORS, Corpus
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.paths import StrPath
from kazstance.schema.digest import text_hash
from kazstance.schema.ids import check_id, folded
from kazstance.schema.labels import Origin

RESERVED: Final = frozenset({ADJUDICATIONS, "annotations/annotators.jsonl", "annotations/judgements.jsonl"})
"""Names of readings that would be mistaken for something else."""
EVERYTHING: Final = Request()


def draw(path: StrPath, annotator: str, request: Request = EVERYTHING, seed: int = 1, *, number: int = 1) -> Sheet:
    """Draw the questions for an annotator from a corpus folder.

    These are pairs of annotated sentence and target that the annotator has neither judged in this round nor been asked
    on another sheet. Every open pair is drawn independently, by a hash of the seed and the pair: with the probability
    `share_none` if its current label is none, and `share` otherwise or if nothing has been judged yet. Annotators
    with the same seed are asked the same. The same request gives the same sheet until it has been imported. A design
    draws a sample of a model's labels instead, see `kazstance.annotate.design`.

    Args:
        path: the corpus folder.
        annotator: the id of the annotator.
        request: what the sheet is to contain.
        seed: seed of the draw.
        number: the round; from 2 on, of an annotator who has judged.

    Raises:
        InputError: the corpus is invalid.
        KazstanceError: the annotator's name is invalid or taken, or nothing is open.
        UnknownNameError: there is no such source, target or annotator.
    """
    path = Path(path)
    state = read_state(path)
    check_annotator(annotator, state.corpus, path, number)
    _check_names(request, state.corpus)
    plan = _same(state, annotator, request, seed, number)
    if plan is None:
        _check_apart(state, annotator, request, number)
        draw_plan = _sampled if request.design else _drawn
        plan = draw_plan(state, annotator, request, seed, number)
    return Sheet(plan, tuple(questions(plan, state.corpus, state.sentences)))


def foresee(path: StrPath, request: Request, seed: int = 1) -> tuple[Outlook, ...]:
    """How sure the judgements of a sample will make the net stance of each source, without drawing it.

    Args:
        path: the corpus folder.
        request: what is wanted, with a design.
        seed: seed of the draw.

    Raises:
        InputError: the corpus is invalid.
        KazstanceError: nothing is left to draw, an earlier phase is not finished, or it is of other labels.
        UnknownNameError: there is no such source, target or model.
    """
    state = read_state(Path(path))
    _check_names(request, state.corpus)
    return draw_sample(state, request, lambda purpose, pair: _chance(purpose, seed, pair)).outlook


def _same(state: State, annotator: str, request: Request, seed: int, number: int) -> Plan | None:
    """The plan of a sheet that was asked for in the same way and of which nothing has been imported."""
    out = _out(state, annotator, number)
    return next((plan for plan in out if (plan.request, plan.seed) == (request, seed)), None)


def _out(state: State, annotator: str, number: int) -> list[Plan]:
    """The plans of sheets of which nothing has been imported, and not everything been judged otherwise."""
    imported, judged = imported_sheets(state.corpus), state.judged_by(annotator, number)
    return [
        plan
        for plan in _plans_of(state, annotator, number)
        if plan.sheet not in imported and not {(item.sentence_id, item.target_id) for item in plan.items} <= judged
    ]


def _check_apart(state: State, annotator: str, request: Request, number: int) -> None:
    """Check that a sample of a model's labels has a round of its own, by which its judgements are known."""
    plans = list(_plans_of(state, annotator, number))
    asked = {(item.sentence_id, item.target_id) for plan in plans for item in plan.items}
    own, others = _sampled_model(request), {_sampled_model(plan.request) for plan in plans}
    if others - {own} or (own is not None and not state.judged_by(annotator, number) <= asked):
        has = "a sample of a model's labels" if own is None else f"other judgements than on a sample of {own}'s labels"
        raise KazstanceError(
            f"round {number} of {annotator!r} has {has}; expected another round, --round {number + 1}, or another "
            "annotator"
        )


def _sampled_model(request: Request) -> str | None:
    """The model of whose labels a sample was asked for; None if all open pairs were."""
    return request.design.model if request.design else None


def _sampled(state: State, annotator: str, request: Request, seed: int, number: int) -> Plan:
    """The part of an annotator in a sample of a model's labels, in the order of texts and targets."""
    drawn = draw_sample(state, request, lambda purpose, pair: _chance(purpose, seed, pair))
    place = request.design.annotators.index(annotator) if request.design else 0
    texts = {sentence.sentence_id: sentence.text for sentence in state.sentences}
    pairs = [pair for pair in state.pairs() if place in drawn.whose.get(pair, ())]
    items = tuple(
        PlanItem(
            item=item,
            sentence_id=pair[0],
            target_id=pair[1],
            text_hash=text_hash(texts[pair[0]]),
            probability=drawn.probability[pair],
            typed=True,
        )
        for item, pair in enumerate(pairs, 1)
    )
    if not items:
        raise KazstanceError(f"no pair of the sample is left for {annotator!r}; expected --design with more")
    return Plan(
        corpus=state.corpus.header.id,
        annotator=annotator,
        seed=seed,
        round=number,
        request=request,
        strata=drawn.strata,
        items=items,
    ).with_id()


class _Chance(NamedTuple):
    """What happened to an open pair so far: drawn for a sheet and left open on it, or not drawn by earlier draws."""

    drawn: float = 1.0
    """The probability with which it was drawn."""
    passed: float = 1.0
    """The probability with which it was not drawn."""

    def of(self, share: float) -> float:
        """The probability of being drawn, now or before."""
        return self.drawn * share if self.passed == 1 else 1 - self.passed * (1 - share)


FRESH: Final = _Chance()


def _drawn(state: State, annotator: str, request: Request, seed: int, number: int) -> Plan:
    continued = _continued(state, annotator, request, number)
    open_pairs = dict(_open(state, annotator, request, number, continued))
    if not open_pairs:
        raise KazstanceError(_nothing(state, annotator, request, number))
    draw_number = sum(1 for _ in _plans_of(state, annotator, number))
    items = list(_items(state, open_pairs, request, seed, draw_number))
    if not items:
        raise KazstanceError(f"none of {len(open_pairs):,} open pairs was drawn; expected a larger share")
    frame = None
    if request.is_random:
        sentences, targets = (tuple(dict.fromkeys(side)) for side in zip(*open_pairs, strict=True))
        frame = Frame(sentences=sentences, targets=targets)
    return Plan(
        corpus=state.corpus.header.id,
        annotator=annotator,
        seed=seed,
        round=number,
        request=request,
        frame=frame,
        continues=tuple(str(plan.sheet) for plan in continued),
        items=tuple(items),
    ).with_id()


def _continued(state: State, annotator: str, request: Request, number: int) -> list[Plan]:
    """The sheets with a random share of pairs of which more may be asked, so that all probabilities stay known.

    They were imported completely, and they and the request draw all of these pairs with one probability each.
    """
    judged, wanted, there = state.judged_by(annotator, number), set(_wanted(state, request)), set(state.pairs())
    return [
        plan
        for plan in _plans_of(state, annotator, number)
        if plan.frame
        and plan.request.is_uniform
        and request.is_uniform
        and {(item.sentence_id, item.target_id) for item in plan.items} <= judged
        and set(product(plan.frame.sentences, plan.frame.targets)) & there <= wanted
    ]


def _open(
    state: State, annotator: str, request: Request, number: int, continued: Sequence[Plan]
) -> Iterator[tuple[PairKey, _Chance]]:
    """The pairs that an annotator may be asked, in the order of texts and targets, and what happened to them so far."""
    judged, sheets_out = state.judged_by(annotator, number), _out(state, annotator, number)
    out, left = set[PairKey](), dict[PairKey, float]()
    passed: dict[PairKey, float] = {}
    for plan in _plans_of(state, annotator, number):
        pairs = {(item.sentence_id, item.target_id): item.probability for item in plan.items}
        if plan in sheets_out:
            out |= pairs.keys()
        else:
            left |= pairs
        missed = 1 - plan.request.share if plan in continued else 0.0
        for pair in product(plan.frame.sentences, plan.frame.targets) if plan.frame else ():
            passed[pair] = passed.get(pair, 1.0) * missed
    for pair in _wanted(state, request):
        chance = _Chance(left[pair]) if pair in left else _Chance(passed=passed.get(pair, 1.0))
        if pair not in judged and pair not in out and chance.passed:
            yield pair, chance


def _wanted(state: State, request: Request) -> Iterator[PairKey]:
    """The pairs that a request is about."""
    split = {(sentence, target) for sentence, target, holder in state.split() if holder is None}
    sources = {sentence.sentence_id: sentence.source_id for sentence in state.sentences}
    for pair in state.pairs():
        if request.only_split and pair not in split:
            continue
        is_of_source = not request.sources or sources[pair[0]] in request.sources
        if is_of_source and (not request.targets or pair[1] in request.targets):
            yield pair


def _nothing(state: State, annotator: str, request: Request, number: int) -> str:
    """Why nothing is open for an annotator, and what to do."""
    plans = list(_plans_of(state, annotator, number))
    out = [plan.sheet for plan in _out(state, annotator, number)]
    what = "split pair" if request.only_split else "pair"
    found = f"no {what} is open for {annotator!r}" + (f" in round {number}" if number > 1 else "")
    if out:
        give_up = f"`kazstance annotate undo CORPUS {out[0]} --forget`"
        return f"{found}: import sheet {out[0]}, or give it up with {give_up}"
    if drawn := [plan.sheet for plan in plans if plan.frame]:
        return (
            f"{found}: a random share was drawn on sheet {drawn[0]}; so that probabilities stay known, more of these "
            "pairs can be asked only when all of it has been imported, for the same sources and targets, and without "
            "--share-none, --part and --split; or ask another annotator"
        )
    return f"{found}; add texts or targets, ask another annotator, or ask again with --round {number + 1}"


def _plans_of(state: State, annotator: str, number: int) -> Iterator[Plan]:
    for plan in state.plans.values():
        if (plan.annotator, plan.round, plan.kind) == (annotator, number, "annotation"):
            yield plan


def _items(
    state: State, pairs: Mapping[PairKey, _Chance], request: Request, seed: int, draw_number: int
) -> Iterator[PlanItem]:
    """The pairs that are drawn, with their probabilities, as items counted from 1.

    What an earlier draw was about is drawn anew, independently of that draw.
    """
    silent = set() if request.share_none is None else state.silent()
    texts = {sentence.sentence_id: sentence.text for sentence in state.sentences}
    place, of = request.part
    number = 0
    for pair, chance in pairs.items():
        share = request.share_none if request.share_none is not None and pair in silent else request.share
        is_in_part = int(_chance("part", seed, pair) * of) == place - 1
        purpose = "share" if chance == FRESH else f"share {draw_number}"
        if is_in_part and _chance(purpose, seed, pair) < share:
            number += 1
            yield PlanItem(
                item=number,
                sentence_id=pair[0],
                target_id=pair[1],
                text_hash=text_hash(texts[pair[0]]),
                probability=chance.of(share) / of,
                typed=_chance("typed", seed, pair) < request.typed,
            )


def _chance(purpose: str, seed: int, pair: PairKey) -> float:
    """A number in [0, 1) that a hash makes of a pair, the same on every machine and for every annotator."""
    said = "\n".join((purpose, str(seed), *pair)).encode()
    return int.from_bytes(hashlib.sha256(said).digest()[:6]) / 2**48


def imported_sheets(corpus: Corpus) -> dict[str, set[Triple]]:
    """What has been imported of each sheet of a corpus."""
    found: dict[str, set[Triple]] = {}
    for readings in corpus.readings.values():
        for reading in (entry.value for entry in readings):
            if reading.sheet:
                pairs = {(reading.sentence_id, target, None) for target in reading.covered}
                found.setdefault(reading.sheet, set()).update(pairs)
    for ruling in (entry.value for entry in corpus.adjudications):
        if ruling.sheet:
            found.setdefault(ruling.sheet, set()).add((ruling.sentence_id, ruling.target_id, ruling.holder))
    return found


def check_annotator(annotator: str, corpus: Corpus, path: StrPath, number: int = 1) -> None:
    """Check that an annotator may be asked in a round.

    Args:
        annotator: the id of the annotator.
        corpus: the corpus.
        path: its folder.
        number: the round.

    Raises:
        KazstanceError: the id is invalid or taken by something else, or somebody new is asked in a later round.
    """
    try:
        check_id(annotator)
    except ValueError as error:
        raise KazstanceError(f"annotator: {error}") from None
    check_not_reserved(annotator)
    known = {entry.value.id: entry.value for entry in corpus.annotators}
    if alike := [name for name in known if name != annotator and folded(name) == folded(annotator)]:
        raise KazstanceError(f"annotator: {annotator!r} differs from {alike[0]!r} only in case, expected another id")
    if annotator in known and known[annotator].origin is not Origin.human:
        raise KazstanceError(f"annotator: {annotator!r} is a model in {ANNOTATORS}; expected another id for a person")
    if annotator not in known and os.path.lexists(Path(path) / readings_file(annotator)):
        raise KazstanceError(
            f"annotator: {readings_file(annotator)} exists, though {ANNOTATORS} does not list {annotator!r}; "
            "choose another name, or move the file elsewhere"
        )
    if number > 1 and annotator not in known:
        raise KazstanceError(f"annotator: {annotator!r} has not judged yet, expected round 1")


def check_not_reserved(annotator: str) -> None:
    """Raise a KazstanceError for a name that the corpus folder uses for something else."""
    if readings_file(annotator) in RESERVED:
        raise KazstanceError(f"annotator: {annotator!r} is a reserved name, expected another one")


def readings_file(annotator: str) -> str:
    """The file of a corpus folder that holds an annotator's readings."""
    return f"annotations/{annotator}.jsonl"


def _check_names(request: Request, corpus: Corpus) -> None:
    annotators = [entry.value.id for entry in corpus.annotators]
    _check_known(request.sources, "source", [entry.value.id for entry in corpus.sources])
    _check_known(request.targets, "target", [entry.value.id for entry in corpus.targets])
    _check_known([request.suggested_by] if request.suggested_by else [], "annotator", annotators)


def _check_known(names: Iterable[str], kind: str, known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise UnknownNameError(name, kind, known)
