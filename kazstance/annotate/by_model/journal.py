"""The journal of a run: what was sent and what came back, line by line, never changed and never lost."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from kazstance.annotate.by_model.language_model import Fault, Reply
from kazstance.corpus.inputs import Hash, Input
from kazstance.errors import InputError, Problem
from kazstance.input.strict_json import StrictError, load_object
from kazstance.output.plain_json import to_line
from kazstance.paths import StrPath
from kazstance.schema.ids import Name, SentenceId

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NEWLINE: Final = b"\n"
LONGEST: Final = 1e9
"""More seconds than any answer can take."""


class Sent(Input):
    """A question that is about to be sent."""

    sent: Digest
    """The key of the question."""
    time: str


class Unasked(Input):
    """A question that the server did not take, so that nothing is known to be lost with it."""

    unasked: Digest
    """The key of the question."""
    error: str
    time: str


class Answered(Input):
    """A question and its answer, or why there is none."""

    key: Digest
    """The digest of model, address, messages, schema, parameters and attempt."""
    sentence_id: SentenceId
    text_hash: Hash
    targets: tuple[Name, ...]
    attempt: Annotated[int, Field(ge=1)]
    prompt: Digest
    """The digest of the part that sentences share, which is in the list of prompts."""
    question: str
    """The part about the sentence, as it was sent."""
    reply: Reply | None
    """The answer as it came."""
    fault: Fault | None = None
    error: str | None = None
    """What the server or the network said in place of an answer."""
    tries: int = 1
    """How often it was sent until there was an answer."""
    seconds: Annotated[float, Field(ge=0, le=LONGEST)]
    """How long the last try took."""
    time: str
    """When the answer came, in UTC."""
    client: str


class Journal:
    """A file to which lines are added; several threads may do so at a time."""

    def __init__(self, file: StrPath) -> None:
        """Read what is there; a last line that was cut off is left out, and dropped as soon as there is another one.

        Args:
            file: the file; it may be missing.

        Raises:
            InputError: another line is damaged.
        """
        self.file = Path(file)
        self.answered: list[Answered] = []
        self.sent: list[str] = []
        """The keys of all questions that were sent."""
        self.unasked: list[str] = []
        """The keys of those that the server did not take."""
        self._lock = Lock()
        self._size = self._read()

    def _read(self) -> int:
        """Take all whole lines, and return how many bytes they are."""
        content = self.file.read_bytes() if self.file.is_file() else b""
        whole = content[: content.rfind(NEWLINE) + 1]
        problems = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                self._take(load_object(line.decode()))
            except (StrictError, UnicodeDecodeError, ValidationError) as error:
                first = " ".join(str(error).split())[:200]
                problems.append(Problem(str(self.file), number, None, f"{first}, expected a line as a run writes it"))
        if problems:
            raise InputError(problems)
        return len(whole)

    def _take(self, row: Mapping[str, Any]) -> None:
        kind: type[Sent | Unasked | Answered] = Sent if "sent" in row else Unasked if "unasked" in row else Answered
        self._note(kind.model_validate(row))

    def _note(self, row: Sent | Unasked | Answered) -> None:
        """Keep what a line says."""
        if isinstance(row, Sent):
            self.sent.append(row.sent)
        elif isinstance(row, Unasked):
            self.unasked.append(row.unasked)
        else:
            self.answered.append(row)

    @property
    def has_answers(self) -> bool:
        """Whether the model has answered anything."""
        return any(row.reply for row in self.answered)

    @property
    def lost(self) -> list[str]:
        """The keys of questions that were sent and of whose answers nothing is known, such as when a run was killed."""
        left = Counter(self.sent)
        left.subtract([*self.unasked, *(row.key for row in self.answered)])
        return [key for key, n in left.items() for _ in range(n)]

    def add(self, row: Sent | Unasked | Answered) -> None:
        """Add a line, and wait until it is on the disk.

        Args:
            row: what was sent, or what came back.
        """
        line = to_line(row.model_dump(mode="json", exclude_defaults=True)).encode()
        with self._lock:
            with self.file.open("ab") as opened:
                opened.truncate(self._size)
                opened.write(line)
                opened.flush()
                os.fsync(opened.fileno())
            self._size += len(line)
            self._note(row)
