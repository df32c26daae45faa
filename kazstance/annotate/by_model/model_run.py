"""Let a language model judge what is open in a corpus, by the corpus's own codebook; nothing is paid for twice."""

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from kazstance.annotate.by_model.calls import ALL_PAIRS, Asked, Call, Order, Questions, Scope, retried
from kazstance.annotate.by_model.inspect_models import InspectModel
from kazstance.annotate.by_model.journal import Journal
from kazstance.annotate.by_model.language_model import LanguageModel, Settings
from kazstance.annotate.by_model.openai_models import OpenAIModel
from kazstance.annotate.by_model.prompts import BRIEF, Instructions
from kazstance.annotate.by_model.run_files import (
    own_brief,
    pairs_of,
    provenance,
    put_annotator,
    put_judgements,
    record_prompts,
    without_folders,
)
from kazstance.annotate.by_model.run_state import (
    JOURNAL,
    PROMPTS,
    RUNS,
    RunState,
    check_same,
    read_run_state,
    state_bytes,
    state_file,
)
from kazstance.annotate.by_model.sending import PATIENT, Outcome, Patience, Sender
from kazstance.annotate.by_model.servers import Server, find_provider, find_server
from kazstance.annotate.by_model.spending import Estimate, Prices, Spending
from kazstance.annotate.drawing import check_not_reserved, readings_file
from kazstance.corpus.editing import editing
from kazstance.corpus.folder import Folder
from kazstance.corpus.inputs import RoundInput
from kazstance.corpus.progress import AFTER, in_words
from kazstance.corpus.read import ANNOTATORS, CODEBOOK, Corpus, raise_all, read
from kazstance.corpus.segment import segment
from kazstance.errors import KazstanceError, UnknownNameError
from kazstance.input.strict_json import INTEGERS
from kazstance.output.files import put_file
from kazstance.output.staging import staging
from kazstance.paths import StrPath
from kazstance.schema.ids import check_id, folded, make_id
from kazstance.schema.labels import Origin, Role

Engine = Literal["openai", "inspect"]
TOKENS: Final = 200
"""The length of the longest answer for each target, in tokens, unless the user says another one."""
Say = Callable[[str], None]

__all__ = ["Finished", "RunPlan", "Scope", "estimate_run", "run_model"]


@dataclass(frozen=True)
class RunPlan:
    """What is asked, of which model, and how."""

    model: str
    annotator: str | None = None
    """The name of the annotator; without it, made from that of the model."""
    base_url: str | None = None
    key_variable: str | None = None
    engine: Engine = "openai"
    scope: Scope = ALL_PAIRS
    block: int = 10
    order: Order = "forward"
    seed: int = 1
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 0})
    most_tokens: int | None = None
    brief: str | None = None
    """The file with instructions, below `annotations`; without it, those of the program."""
    codebook: str | None = None
    """The file with the codebook, below `annotations`; without it, the codebook of the latest round of the corpus."""
    role: Role = Role.label
    prices: Prices | None = None
    limit: float | None = None
    """The most that may be spent in all, in US dollars."""
    connections: int = 4
    timeout: float = 120.0
    patience: Patience = PATIENT
    retry_failed: bool = False
    """Whether to ask again about all pairs without a label."""


@dataclass(frozen=True)
class Finished:
    """What a run has come to."""

    annotator: str
    file: Path
    """Where the judgements are."""
    statuses: Mapping[str, int]
    """How many pairs have each status, those of earlier calls included."""
    failed: Mapping[str, tuple[int, int]]
    """For each source, how many pairs have no label, and how many were asked."""
    sent: int
    """Questions that were sent now."""
    run: Mapping[str, Any]
    """What `[annotator.run]` says."""
    left: Estimate
    """What is left to ask."""
    stopped: str = ""
    """Why it stopped before everything was asked; empty if it did not."""
    is_failure: bool = False
    """Whether it stopped because of the server."""


def run_model(corpus_path: StrPath, plan: RunPlan, say: Say = lambda _: None) -> Finished:
    """Ask a language model about every pair that is open, and add what it answers to a corpus folder.

    Everything that is sent and comes back is recorded at once in `annotations/runs`, so that a run that was ended,
    however it was, goes on where it stopped. The judgements are written when it ends, and are the same however often it
    stopped.

    Args:
        corpus_path: the corpus folder.
        plan: what is asked, of which model, and how.
        say: told how far it is.

    Raises:
        InputError: the corpus, or what is left of an earlier run, is invalid.
        KazstanceError: there is no such server, the name is taken, the run was begun otherwise, or the model denies all
            answers.
        MissingExtraError: the client is not installed.
    """
    path = Path(corpus_path)
    run = _Run.of(path, plan)
    place = state_file(path, run.state.annotator)
    place.parent.mkdir(parents=True, exist_ok=True)
    with staging(place.parent, within=True) as hold:
        journal = Journal(place.parent / JOURNAL)
        asked = run.questions.answered(journal.answered)
        calls = run.calls(asked, retry_failed=plan.retry_failed)
        spending = run.spending(journal, asked)
        outcome = Outcome()
        if calls or place.is_file():
            put_file(state_bytes(run.state), place, hold)
        if calls:
            record_prompts(place.parent / PROMPTS, calls)
            outcome = run.send(calls, journal, spending, asked, say)
            asked = run.questions.answered(journal.answered)
        return _write(path, run, journal, asked, outcome)


def estimate_run(corpus_path: StrPath, plan: RunPlan) -> tuple[str, Estimate]:
    """The annotator of a run and what it will take, about; nothing is sent or written.

    Args:
        corpus_path: the corpus folder.
        plan: what is asked, of which model, and how.

    Raises:
        InputError: the corpus, or what is left of an earlier run, is invalid.
        KazstanceError: there is no such server, the name is taken, or the run was begun otherwise.
    """
    path = Path(corpus_path)
    run = _Run.of(path, plan, is_sending=False)
    journal = Journal(state_file(path, run.state.annotator).parent / JOURNAL)
    asked = run.questions.answered(journal.answered)
    calls = run.calls(asked, retry_failed=plan.retry_failed)
    return run.state.annotator, run.spending(journal, asked).estimate(calls, plan.connections)


@dataclass(frozen=True)
class _Run:
    """A corpus and a plan, checked against each other and against what was asked before."""

    plan: RunPlan
    server: Server
    state: RunState
    questions: Questions

    @classmethod
    def of(cls, path: StrPath, plan: RunPlan, *, is_sending: bool = True) -> "_Run":
        """Read a corpus, and check that a plan fits it."""
        path = Path(path)
        corpus = read(path)
        sentences, problems = segment(corpus)
        raise_all(problems)
        find = find_provider if plan.engine == "inspect" else find_server
        server = find(plan.model, plan.base_url, plan.key_variable, with_key=is_sending)
        _check_names(plan, corpus)
        name = plan.annotator or make_id(without_folders(server.model))
        number = max((one.number for one in corpus.rounds), default=1)
        instructions = Instructions(_brief(path, plan.brief), _codebook(path, plan.codebook, number))
        settings = Settings(server.model, plan.seed, plan.most_tokens or TOKENS * plan.block, _parameters(plan))
        state = RunState(
            annotator=name,
            model=server.model,
            address=server.url,
            engine=plan.engine,
            seed=plan.seed,
            parameters=dict(settings.parameters),
            most_tokens=settings.most_tokens,
            block=plan.block,
            order=plan.order,
            round=number,
            brief=plan.brief,
            codebook=plan.codebook,
            prompt_digest=instructions.prompt_digest,
            codebook_digest=instructions.codebook_digest,
            prices=plan.prices,
            scopes=(plan.scope,),
        )
        there = read_run_state(path, name)
        check_name(name, corpus, path, is_begun=there is not None)
        if there and Journal(state_file(path, name).parent / JOURNAL).has_answers:
            check_same(there, state)
            state = there.going_on(state)
        _check_brief(path, name, plan.brief)
        questions = Questions.of(
            server.url,
            settings,
            instructions,
            sentences,
            [entry.value for entry in corpus.targets],
            block=plan.block,
            order=plan.order,
            seed=plan.seed,
        )
        return cls(plan, server, state, questions)

    def calls(self, asked: Mapping[Any, Asked], *, retry_failed: bool = False) -> list[Call]:
        """What is still to be asked."""
        again = retried(asked.values(), all_failures=retry_failed)
        return [*again, *self.questions.open_calls(self.state.scopes, self.plan.seed, asked.values())]

    def spending(self, journal: Journal, asked: Mapping[Any, Asked]) -> Spending:
        """What has been spent."""
        calls = {one.call.key: one.call for one in asked.values()}
        spending = Spending(self.state.prices, limit=self.plan.limit)
        for row in journal.answered:
            spending.add(row, calls.get(row.key))
        return spending

    def send(
        self, calls: Sequence[Call], journal: Journal, spending: Spending, asked: Mapping[Any, Asked], say: Say
    ) -> Outcome:
        """Send questions, and tell how far it is."""
        model = _open(self)
        sender = Sender(
            model,
            journal,
            spending,
            asked,
            connections=self.plan.connections,
            patience=self.plan.patience,
            tell=_Progress(spending, len(calls), say).show,
            say=say,
        )
        try:
            return sender.send(calls)
        finally:
            model.close()


def check_name(name: str, corpus: Corpus, path: StrPath, *, is_begun: bool) -> None:
    """Check that a name may be that of a model.

    Args:
        name: the id of the annotator.
        corpus: the corpus.
        path: its folder.
        is_begun: whether there is a run under this name.

    Raises:
        KazstanceError: it is invalid or taken.
    """
    try:
        check_id(name)
    except ValueError as error:
        raise KazstanceError(f"annotator: {error}") from None
    check_not_reserved(name)
    known = {entry.value.id: entry.value for entry in corpus.annotators}
    if alike := [other for other in known if other != name and folded(other) == folded(name)]:
        raise KazstanceError(
            f"annotator: {name!r} differs from {alike[0]!r} only in case, choose another name with --as"
        )
    if name in known and known[name].origin is Origin.human:
        raise KazstanceError(f"annotator: {name!r} is a person in {ANNOTATORS}, choose another name with --as")
    if name in known and not is_begun:
        raise KazstanceError(
            f"annotator: {name!r} has judged already, and there is no run under this name in {RUNS}; "
            "choose another name with --as"
        )
    if name not in known and not is_begun and os.path.lexists(Path(path) / readings_file(name)):
        raise KazstanceError(
            f"annotator: {readings_file(name)} exists, though {ANNOTATORS} does not list {name!r}; "
            "choose another name with --as, or move the file elsewhere"
        )


def _parameters(plan: RunPlan) -> dict[str, Any]:
    """The parameters of a plan that are sent: those that are not null.

    Raises:
        KazstanceError: the record of a run in TOML could not hold them, or the seed.
    """
    if plan.seed not in INTEGERS:
        raise KazstanceError(f"--seed: {plan.seed}, expected an integer of at most 64 bits")
    given = {name: value for name, value in sorted(plan.parameters.items()) if value is not None}
    if lacking := [name for name, value in given.items() if _holds_null(value)]:
        raise KazstanceError(
            f"--set: {lacking[0]} has a null inside, which the record of the run cannot hold; expected it without null"
        )
    return given


def _holds_null(value: Any) -> bool:
    """Whether a value of JSON is null, or has null somewhere inside."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(map(_holds_null, parts))


def _check_names(plan: RunPlan, corpus: Corpus) -> None:
    """Check that the sources and targets of a plan are those of the corpus.

    Raises:
        UnknownNameError: one of them is not.
    """
    lists = (
        (plan.scope.sources, "source", [entry.value.id for entry in corpus.sources]),
        (plan.scope.targets, "target", [entry.value.id for entry in corpus.targets]),
    )
    for names, kind, known in lists:
        for name in names:
            if name not in known:
                raise UnknownNameError(name, kind, known)


def _brief(path: Path, name: str | None) -> str:
    """The instructions of a run.

    Raises:
        InputError: there is no such file in the corpus folder, or it is not text.
    """
    return BRIEF if name is None else _text(path, f"annotations/{name}")


def _check_brief(path: Path, annotator: str, name: str | None) -> None:
    """Check that a run whose instructions are those of the program replaces no others by them.

    Raises:
        KazstanceError: it would.
    """
    own = f"annotations/{own_brief(annotator)}"
    if name is None and Folder(path).exists(own) and _text(path, own) != BRIEF:
        raise KazstanceError(
            f"{own} holds something else, and this run would keep the program's instructions there; choose another "
            f"name with --as, or, if the model is to be instructed by it, expected --brief {own_brief(annotator)}"
        )


def _codebook(path: Path, name: str | None, number: int) -> str:
    """The codebook of a run, or that of its round, or an empty text if the corpus has none.

    Raises:
        InputError: it cannot be read.
    """
    if name is not None:
        return _text(path, f"annotations/{name}")
    folder = Folder(path)
    rounds = folder.read_tables(ANNOTATORS, "round", RoundInput)
    named = {entry.value.number: entry.value.codebook for entry in rounds}.get(number)
    if named is None and not folder.exists(CODEBOOK):
        return ""
    return _text(path, named or CODEBOOK)


def _text(path: Path, name: str) -> str:
    """The text of a file of the corpus folder."""
    folder = Folder(path)
    text = folder.read_text(name) or ""
    raise_all(folder.problems)
    return text


def _open(run: _Run) -> LanguageModel:
    """The client of a run.

    Raises:
        MissingExtraError: its package is not installed.
    """
    kind = InspectModel if run.plan.engine == "inspect" else OpenAIModel
    return kind(run.server, run.plan.timeout)


class _Progress:
    """Tells now and then how many questions are left, and what they have cost."""

    def __init__(self, spending: Spending, questions: int, say: Say) -> None:
        self._spending, self._say = spending, say
        self._all = questions
        self._begin = time.monotonic()
        self._next = self._begin + AFTER

    def show(self, left: int) -> None:
        """Tell how far it is, unless that was just told."""
        now = time.monotonic()
        if now < self._next or left >= self._all:
            return
        spent, share = now - self._begin, 1 - left / self._all
        self._next = now + max(AFTER, spent / 8)
        cost = "" if self._spending.usd is None else f", {self._spending.usd:.2f} USD so far"
        self._say(
            f"asked    {share:.0%} of {self._all:,} questions{cost}, about {in_words(spent / share - spent)} left"
        )


def _write(path: Path, run: _Run, journal: Journal, asked: Mapping[Any, Asked], outcome: Outcome) -> Finished:
    """Add what has been answered to the corpus folder."""
    pairs = pairs_of(run.questions, asked.values())
    said = provenance(run.state, run.questions, journal, pairs)
    if any(answer.status.has_label for answer in pairs.values()):
        with editing(path) as edit:
            put_judgements(edit, run.state, run.questions, pairs)
            put_annotator(edit, run.state, said, run.plan.role)
    sources = {name: sentence.source_id for name, sentence in run.questions.sentences.items()}
    every = Counter(sources[sentence] for sentence, _ in pairs)
    lacking = Counter(sources[sentence] for (sentence, _), answer in pairs.items() if not answer.status.has_label)
    return Finished(
        annotator=run.state.annotator,
        file=path / readings_file(run.state.annotator),
        statuses=said.get("statuses", {}),
        failed={source: (lacking[source], n) for source, n in every.items()},
        sent=outcome.sent,
        run=said,
        left=run.spending(journal, asked).estimate(run.calls(asked), run.plan.connections),
        stopped=outcome.stopped,
        is_failure=outcome.is_failure,
    )
