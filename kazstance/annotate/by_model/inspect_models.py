"""Models behind Inspect AI, which knows most providers; its cache and its retries are not used, ours are."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kazstance.annotate.by_model.language_model import Fault, Message, ModelError, Reply, Settings
from kazstance.annotate.by_model.openai_models import NAME, SHOWN, no_answer, status_error
from kazstance.annotate.by_model.servers import Server
from kazstance.extras import naming_extras


class InspectModel:
    """A model by its name in Inspect AI, such as `anthropic/claude-sonnet-4-0`; it asks once.

    Raises:
        MissingExtraError: inspect-ai is not installed.
    """

    def __init__(self, server: Server, timeout: float) -> None:
        """Open a client.

        Args:
            server: the server; without an address, Inspect AI knows that of the provider.
            timeout: the longest wait for an answer, in seconds.
        """
        with naming_extras():
            import inspect_ai  # noqa: PLC0415  # needs an extra
            from inspect_ai import model  # noqa: PLC0415
        self._inspect = model
        self._timeout, self._url, self._key = timeout, server.url, server.key
        self.client = f"inspect-ai {inspect_ai.__version__}"
        url = server.url if "://" in server.url else None
        config = model.GenerateConfig(max_retries=0, max_connections=256)
        key = server.key or ("none" if url and server.is_local else None)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._model = self._wait(self._open(server.model, url, key, config))

    async def _open(self, name: str, url: str | None, key: str | None, config: Any) -> Any:
        return self._inspect.get_model(name, config=config, base_url=url, api_key=key, memoize=False)

    def _wait(self, doing: Any) -> Any:
        """The result of something that runs in the loop of the client."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result()

    def ask(self, messages: Sequence[Message], schema: Mapping[str, Any], settings: Settings) -> Reply:
        """The answer to a question, asked once.

        Args:
            messages: the messages of the question.
            schema: the JSON Schema that the answer should follow.
            settings: how it is generated.

        Raises:
            ModelError: there is no answer.
        """
        client: Any = getattr(self._model.api, "client", None)
        if getattr(client, "max_retries", 0):  # some of the clients below Inspect AI try again by themselves
            client.max_retries = 0
        kinds = {"system": self._inspect.ChatMessageSystem, "user": self._inspect.ChatMessageUser}
        said = [kinds[message["role"]](content=message["content"]) for message in messages]
        try:
            found = self._wait(
                asyncio.wait_for(
                    self._model.generate(said, config=self._config(schema, settings), cache=False), self._timeout
                )
            )
        except Exception as error:
            raise as_model_error(error, self._url, self._key) from None
        return self._reply(found)

    def _config(self, schema: Mapping[str, Any], settings: Settings) -> Any:
        """The settings by their names in Inspect AI; those that it does not know go to the server as they are."""
        given = {"seed": settings.seed} | dict(settings.parameters)
        known = self._inspect.GenerateConfig.model_fields
        others = {name: value for name, value in given.items() if name not in known}
        return self._inspect.GenerateConfig(
            max_tokens=settings.most_tokens,
            response_schema=self._inspect.ResponseSchema(name=NAME, json_schema=dict(schema), strict=True),
            **{name: value for name, value in given.items() if name in known and value is not None},
            **({"extra_body": others} if others else {}),
        )

    def _reply(self, found: Any) -> Reply:
        """An output as a reply.

        Raises:
            ModelError: it is an error.
        """
        if not found.choices or found.error:
            raise ModelError(Fault.unreachable, " ".join(str(found.error or "no choices").split())[:SHOWN])
        content, usage = found.choices[0].message.content, found.usage
        parts = [] if isinstance(content, str) else content
        is_refused = any(getattr(part, "refusal", None) for part in parts)
        kept = (usage.input_tokens_cache_read or 0) if usage else 0
        written = (usage.input_tokens_cache_write or 0) if usage else 0
        reason = found.choices[0].stop_reason
        return Reply(
            text=found.completion,
            finish={"max_tokens": "length", "model_length": "length"}.get(reason, reason),
            refusal=found.completion or "refused" if is_refused else None,
            model=found.model or None,
            tokens_in=usage.input_tokens + kept + written if usage else 0,
            tokens_cached=kept,
            tokens_out=usage.output_tokens if usage else 0,
        )

    def close(self) -> None:
        """Close all connections."""
        self._wait(self._model.api.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def as_model_error(error: BaseException, url: str, key: str | None = None) -> ModelError:
    """What an exception of Inspect AI, or of a client that it uses, says.

    Args:
        error: the exception; the status of an answer may be on one that caused it.
        url: the address of the server, or the provider.
        key: the key of the server, which is not repeated.
    """
    for one in _causes(error):
        response = getattr(one, "response", None)
        status = getattr(one, "status_code", None) or getattr(response, "status_code", None)
        if isinstance(status, int):
            said = _without(str(getattr(one, "body", None) or one), key)
            return status_error(status, said, getattr(response, "headers", {}))
    said = f"{type(error).__name__}: {' '.join(str(error).split())}"
    faults = [no_answer(cause, url, _without(said, key)[:SHOWN]) for cause in _causes(error)]
    return next((found for found in faults if found.fault is Fault.absent), faults[0])


def _without(said: str, key: str | None) -> str:
    return said.replace(key, "(the key)") if key else said


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that caused it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        attempt = getattr(error, "last_attempt", None)  # tenacity keeps it there
        error = (attempt.exception() if attempt is not None else None) or error.__cause__ or error.__context__
