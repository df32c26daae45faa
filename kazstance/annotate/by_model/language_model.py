"""What a run needs of a language model: one question, one answer, or the reason why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import Field

Message = Mapping[str, str]
"""A message with `role` and `content`."""
Tokens = Annotated[int, Field(ge=0)]
"""A number of tokens; checked where it is read."""


class Settings(NamedTuple):
    """How an answer is generated."""

    model: str
    seed: int | None
    most_tokens: int
    """The length of the longest answer, in tokens."""
    parameters: Mapping[str, Any]
    """Everything else that is sent to the server, such as temperature."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    text: str
    finish: str
    """Why the answer ends, in the word of the server: `stop`, `length`, `content_filter` or another."""
    refusal: str | None = None
    model: str | None = None
    """The model that answered, which may be named otherwise than the one that was asked."""
    fingerprint: str | None = None
    """The server's mark for its configuration."""
    tokens_in: Tokens = 0
    tokens_cached: Tokens = 0
    """Tokens of the input that the server had kept from earlier questions."""
    tokens_out: Tokens = 0


class Fault(StrEnum):
    """Why there is no answer."""

    busy = "busy"
    """The server asks to wait."""
    unreachable = "unreachable"
    """No connection, no answer in time, an error of the server, or an answer that is not in the protocol."""
    absent = "absent"
    """There is no connection to the server: it does not run, or the address is wrong, or the network is down."""
    rejected = "rejected"
    """The server does not accept this question."""
    filtered = "filtered"
    """A filter of the server does not let this question through."""
    denied = "denied"
    """The server accepts no question: the key is wrong, or there is no such model."""


class ModelError(Exception):
    """There is no answer."""

    def __init__(self, fault: Fault, message: str, wait: float | None = None) -> None:
        """Say why there is no answer.

        Args:
            fault: the kind of failure.
            message: what the server or the network said.
            wait: the seconds that the server asks to wait.
        """
        self.fault, self.wait = fault, wait
        super().__init__(message)


class LanguageModel(Protocol):
    """A model behind some server; it may be asked by several threads at a time."""

    client: str
    """What talks to the server, with its version."""

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], settings: Settings) -> Reply:
        """The answer to a question, asked once.

        Args:
            messages: the messages of the question.
            schema: the JSON Schema that the answer should follow.
            settings: how it is generated.

        Raises:
            ModelError: there is no answer.
        """
        ...

    def close(self) -> None:
        """Close all connections."""
        ...
