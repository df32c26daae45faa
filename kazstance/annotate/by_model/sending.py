"""Send questions, several at a time: patient with busy servers, within a limit, and nothing unrecorded."""

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, Queue
from threading import Lock, Thread
from typing import Final, NamedTuple

from kazstance.annotate.by_model.calls import Asked, Call, merged, retried
from kazstance.annotate.by_model.journal import Answered, Journal, Sent, Unasked
from kazstance.annotate.by_model.language_model import Fault, LanguageModel, ModelError, Reply
from kazstance.annotate.by_model.model_answers import check_reply
from kazstance.annotate.by_model.spending import Spending
from kazstance.corpus.progress import AFTER, in_words
from kazstance.schema.digest import text_hash

IN_A_ROW: Final = 10
"""After how many questions in a row without an answer no more are sent."""
SPREAD: Final = 0.25
"""By which share waits vary, so that not all threads come back at once."""


class Patience(NamedTuple):
    """How often a question is sent that gets no answer, and how long to wait in between."""

    tries: int = 5
    waits: int = 100
    """How often a server that is busy is waited for."""
    first: float = 1.0
    """The first wait in seconds; each is twice the one before."""
    longest: float = 60.0


PATIENT: Final = Patience()


class _Gate:
    """When the next question may be sent: a server that is busy for one thread is busy for all."""

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = Lock()

    def close(self, seconds: float) -> bool:
        """Close it for some time; whether that makes it noticeably longer."""
        with self._lock:
            until, before = time.monotonic() + seconds, max(self._until, time.monotonic())
            self._until = max(self._until, until)
            return until > before + AFTER

    def wait(self) -> None:
        while (left := self._until - time.monotonic()) > 0:
            time.sleep(left)


@dataclass
class Outcome:
    """What became of sending questions."""

    sent: int = 0
    unsent: int = 0
    """Questions left when it stopped."""
    stopped: str = ""
    """Why it stopped before all were sent; empty if it did not."""
    is_failure: bool = False
    """Whether that is because of the server."""


Place = tuple[str, tuple[str, ...]]
"""A sentence and the targets that it is asked on."""


class Sender:
    """Sends questions to a model, and records what was sent and what came back."""

    def __init__(
        self,
        model: LanguageModel,
        journal: Journal,
        spending: Spending,
        there: Mapping[Place, Asked],
        *,
        connections: int = 4,
        patience: Patience = PATIENT,
        tell: Callable[[int], None] = lambda _left: None,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Prepare to send.

        Args:
            model: the model.
            journal: where everything is recorded.
            spending: what has been spent, and the limit.
            there: what has been answered in earlier attempts.
            connections: how many questions are in flight at a time.
            patience: how long to try.
            tell: told after each answer how many questions are left.
            say: told of long waits.
        """
        self._model, self._journal, self._spending = model, journal, spending
        self._connections, self._patience, self._tell, self._say = connections, patience, tell, say
        self._pairs = {place: asked.pairs for place, asked in there.items()}
        self._gate = _Gate()
        self._tasks: Queue[Call | None] = Queue()
        self._results: Queue[tuple[Call, Answered | Exception]] = Queue()
        self._in_flight: dict[str, float] = {}
        """The most that each question in flight costs, in US dollars, by its key."""
        self._without = 0
        """How many questions in a row had no answer."""
        self._threads = 0
        self._has_answered = False
        """Whether there was any answer: without one, a server that cannot be reached is not there at all."""

    def send(self, calls: Iterable[Call]) -> Outcome:
        """Send questions, and once more those of which a pair has no label.

        On Ctrl-C nothing more is sent, and what is in flight is waited for; on another one, that is left, too.

        Args:
            calls: the questions.
        """
        waiting, outcome = deque(calls), Outcome()
        for _ in range(min(self._connections, len(waiting))):
            Thread(target=self._work, daemon=True).start()
            self._threads += 1
        try:
            while True:
                self._fill(waiting, outcome)
                if not self._in_flight:
                    break
                self._take(waiting, outcome)
        except KeyboardInterrupt:
            self._finish()
            raise
        finally:
            for _ in range(self._threads):
                self._tasks.put(None)
            self._threads = 0
        outcome.unsent = len(waiting)
        return outcome

    def _fill(self, waiting: deque[Call], outcome: Outcome) -> None:
        """Hand questions to the threads, as many as may be in flight."""
        while waiting and not outcome.stopped and len(self._in_flight) < self._connections:
            if not self._spending.allows(waiting[0], sum(self._in_flight.values())):
                if not self._in_flight:
                    outcome.stopped = f"the next question could exceed the limit of {self._spending.limit:g} USD"
                return
            call = waiting.popleft()
            self._in_flight[call.key] = self._spending.most(call)
            self._tasks.put(call)
            outcome.sent += 1

    def _take(self, waiting: deque[Call], outcome: Outcome) -> None:
        """Wait for what becomes of a question."""
        call, found = self._results.get()
        del self._in_flight[call.key]
        if isinstance(found, ModelError):
            outcome.stopped, outcome.is_failure = str(found), True
            waiting.appendleft(call)
            return
        if isinstance(found, Exception):
            raise found
        self._spending.add(found, call)
        place = found.sentence_id, found.targets
        new = check_reply(found.reply, found.fault, found.targets, call.sentence.text)
        asked = Asked(call, merged(self._pairs.get(place, {}), new))
        self._pairs[place] = asked.pairs
        waiting.extend(retried([asked]))
        self._tell(len(waiting) + len(self._in_flight))
        self._without = 0 if found.reply else self._without + 1
        if self._without >= IN_A_ROW:
            outcome.stopped, outcome.is_failure = f"{IN_A_ROW} questions in a row had no answer: {found.error}", True

    def _finish(self) -> None:
        """Wait for the answers to what is in flight, which are recorded when they come."""
        while not self._tasks.empty():
            with suppress(Empty):
                if call := self._tasks.get_nowait():
                    del self._in_flight[call.key]
        while self._in_flight:
            self._in_flight.pop(self._results.get()[0].key, None)

    def _work(self) -> None:
        """Ask one question after another, as a thread."""
        while call := self._tasks.get():
            try:
                self._results.put((call, self._ask(call)))
            except ModelError as error:
                self._journal.add(Unasked(unasked=call.key, error=str(error), time=_now()))
                self._results.put((call, error))
            except Exception as error:  # the main thread raises it
                self._results.put((call, error))

    def _ask(self, call: Call) -> Answered:
        """Ask a question until there is an answer or patience ends, and record both question and answer.

        Raises:
            ModelError: the server answers no question.
        """
        self._journal.add(Sent(sent=call.key, time=_now()))
        faults: Counter[Fault] = Counter()
        while True:
            self._gate.wait()
            begin = time.monotonic()
            reply, failed = self._try(call)
            seconds = time.monotonic() - begin
            if failed is None or not self._waits(failed, faults):
                break
        row = Answered(
            key=call.key,
            sentence_id=call.sentence.sentence_id,
            text_hash=text_hash(call.sentence.text),
            targets=call.targets,
            attempt=call.attempt,
            prompt=call.prompt.digest,
            question=call.question,
            reply=reply,
            fault=failed.fault if failed else None,
            error=str(failed) if failed else None,
            tries=faults.total() + (failed is None),
            seconds=round(seconds, 3),
            time=_now(),
            client=self._model.client,
        )
        self._journal.add(row)
        return row

    def _try(self, call: Call) -> tuple[Reply | None, ModelError | None]:
        """Ask a question once.

        Raises:
            ModelError: the server answers no question.
        """
        try:
            reply = self._model.ask(call.messages, call.prompt.schema, call.attempt_settings)
        except ModelError as error:
            if error.fault is Fault.denied or (error.fault is Fault.absent and not self._has_answered):
                raise
            return None, error
        self._has_answered = True
        return reply, None

    def _waits(self, failed: ModelError, faults: Counter[Fault]) -> bool:
        """Count a failure, and wait before the question is asked again; False if it is not to be."""
        faults[failed.fault] += 1
        n = faults[failed.fault]
        tries = dict.fromkeys((Fault.unreachable, Fault.absent), self._patience.tries)
        most = ({Fault.busy: self._patience.waits} | tries).get(failed.fault, 0)
        if n >= most:
            return False
        wait = min(self._patience.longest, self._patience.first * 2 ** min(n - 1, 16))
        wait = wait * random.uniform(1 - SPREAD, 1) if failed.wait is None else failed.wait  # noqa: S311  # no secret
        if failed.fault is Fault.busy:
            if self._gate.close(wait):
                self._say(f"the server is busy and asks to wait: about {in_words(wait)}")
        else:
            time.sleep(wait)
        return True


def _now() -> str:
    """The time in UTC, in whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
