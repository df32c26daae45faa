"""Models behind any server that speaks the protocol of OpenAI's chat completions, local or remote."""

import math
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from kazstance.annotate.by_model.language_model import Fault, Message, ModelError, Reply, Settings
from kazstance.annotate.by_model.servers import Server
from kazstance.extras import naming_extras
from kazstance.input.strict_json import StrictError, load_object

NAME: Final = "judgements"
"""The name of the schema in a question."""
DENIED: Final = (401, 403, 404)
"""Answers that say that no question will be answered."""
AGAIN: Final = (408, 409, 425)
"""Answers besides those from 500 on after which the same question may be answered."""
LONGEST_WAIT: Final = 3600.0
"""The most seconds that a server is waited for; if it asks for more, the run ends."""
SHOWN: Final = 500
"""How many characters of an error are kept."""
Count = Annotated[int, Field(ge=0), BeforeValidator(lambda n: n or 0)]


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Cached(BaseModel):
    cached_tokens: Count = 0


class _Usage(BaseModel):
    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    prompt_tokens_details: _Cached | None = None


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    model: str | None = None
    system_fingerprint: str | None = None
    usage: _Usage | None = None


class OpenAIModel:
    """A model on a server; it asks once, without the retries of the client, which nobody would count.

    Raises:
        MissingExtraError: openai is not installed.
    """

    def __init__(self, server: Server, timeout: float) -> None:
        """Open a client.

        Args:
            server: the server; if it is this machine, no proxy is used.
            timeout: the longest wait for an answer, in seconds.
        """
        with naming_extras():
            import openai  # noqa: PLC0415  # needs an extra
        self._openai = openai
        self._key, self._url = server.key, server.url
        self.client = f"openai {openai.__version__}"
        self._longest = "max_completion_tokens" if server.host == "api.openai.com" else "max_tokens"
        http = openai.DefaultHttpxClient(trust_env=not server.is_local, follow_redirects=False)
        self._client = openai.OpenAI(
            api_key=server.key or "none", base_url=server.url, max_retries=0, timeout=timeout, http_client=http
        )
        if server.host != "api.openai.com":  # these are of an account there, whatever the environment says
            self._client.organization = self._client.project = None
        self._ask: Any = self._client.chat.completions.with_raw_response.create

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], settings: Settings) -> Reply:
        """The answer to a question, asked once.

        Args:
            messages: the messages of the question.
            schema: the JSON Schema that the answer should follow.
            settings: how it is generated.

        Raises:
            ModelError: there is no answer.
        """
        form = {"type": "json_schema", "json_schema": {"name": NAME, "strict": True, "schema": dict(schema)}}
        own = {self._longest: settings.most_tokens, "seed": settings.seed, **settings.parameters}
        given = {name: value for name, value in own.items() if value is not None}
        try:
            found = self._ask(
                model=settings.model, messages=list(messages), response_format=form, extra_body=given or None
            )
            text = str(found.text)
        except self._openai.APIStatusError as error:
            said = self._without_key(error.response.text)
            raise status_error(error.status_code, said, error.response.headers) from None
        except (self._openai.OpenAIError, OSError, ValueError) as error:
            raise no_answer(error, self._url, self._without_key(_named(error))) from None
        return as_reply(text)

    def _without_key(self, said: str) -> str:
        """What a server said, without the key, which it may repeat."""
        return said.replace(self._key, "(the key)") if self._key else said

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def as_reply(text: str) -> Reply:
    """The body of an answer as a reply.

    Raises:
        ModelError: it is not in the protocol.
    """
    try:
        found = _Completion.model_validate(load_object(text))
    except (StrictError, ValidationError) as error:
        raise ModelError(Fault.unreachable, f"an answer that is not in the protocol: {_named(error)}") from None
    said, usage = found.choices[0].message, found.usage or _Usage()
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else 0
    return Reply(
        text=said.content or "",
        finish=found.choices[0].finish_reason or "",
        refusal=said.refusal or None,
        model=found.model,
        fingerprint=found.system_fingerprint,
        tokens_in=max(usage.prompt_tokens, cached),  # some servers count only those that were not kept
        tokens_cached=cached,
        tokens_out=usage.completion_tokens,
    )


def status_error(status: int, text: str, headers: Mapping[str, str]) -> ModelError:
    """What an HTTP status says about a question and those that come after it.

    Args:
        status: the status, from 300 on.
        text: the body of the answer.
        headers: its headers.
    """
    said = f"HTTP {status}: {' '.join(text[:SHOWN].split())}"
    wait = wait_of(headers)
    if wait is not None and wait > LONGEST_WAIT:
        return ModelError(Fault.denied, f"the server asks to wait for {wait:,.0f} s ({said})")
    if status == 429:  # noqa: PLR2004  # too many requests
        return ModelError(Fault.busy, said, wait)
    if status in DENIED:
        return ModelError(Fault.denied, said)
    if status in AGAIN or status >= 500:  # noqa: PLR2004  # errors of the server
        return ModelError(Fault.unreachable, said, wait)
    return ModelError(Fault.filtered if "content_filter" in text else Fault.rejected, said)


def wait_of(headers: Mapping[str, str]) -> float | None:
    """The seconds that a server asks to wait, given as a number or as a date; None if it does not say."""
    given = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(given)) if math.isfinite(float(given)) else None
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def no_answer(error: BaseException, url: str, said: str) -> ModelError:
    """What an exception of a client says that came in place of an answer.

    Args:
        error: the exception, which may come from one of the connection.
        url: the address of the server.
        said: the exception in words.
    """
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ == "ConnectError":
            return ModelError(Fault.absent, f"no connection to {url} ({said})")
        cause = cause.__cause__ or cause.__context__
    return ModelError(Fault.unreachable, said)


def _named(error: Exception) -> str:
    """An error in one line."""
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())}"[:SHOWN]
