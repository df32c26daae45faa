"""Which server a model is asked on: on this machine, or elsewhere if the user names it."""

import ipaddress
import os
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from kazstance.errors import KazstanceError

PROVIDERS: Final = {"openai": "https://api.openai.com/v1", "ollama": "http://127.0.0.1:11434/v1"}
"""Servers that a model may name before a slash."""
KEYS: Final = {"openai": "OPENAI_API_KEY"}
"""The variable with the key of each of them that asks for one."""


class Server(NamedTuple):
    """A server that speaks the protocol of chat completions, and the model that is asked there."""

    url: str
    model: str
    key: str | None

    @property
    def host(self) -> str:
        """The name or address of the machine."""
        return urlsplit(self.url).hostname or ""

    @property
    def is_local(self) -> bool:
        """Whether it is this machine, so that nothing leaves it."""
        return is_local(self.url)


def find_server(
    model: str, base_url: str | None = None, key_variable: str | None = None, *, with_key: bool = True
) -> Server:
    """The server of a model.

    Args:
        model: the name of the model, with a base URL as the server there names it, otherwise after a provider, as in
            `openai/gpt-5` or `ollama/qwen3`.
        base_url: the address of the server, up to the part before `/chat/completions`.
        key_variable: the environment variable with the key; with a base URL, no key is sent without it.
        with_key: whether to read the key.

    Raises:
        KazstanceError: no server is named, its address is none, or the key is missing.
    """
    provider, slash, name = model.partition("/")
    if base_url is None and not (slash and name and provider in PROVIDERS):
        named = ", ".join(f"{known}/NAME" for known in PROVIDERS)
        raise KazstanceError(
            f"model: {model!r} names no server; expected {named}, or --base-url with the address of a server such as "
            "http://127.0.0.1:8080/v1"
        )
    url = checked_url(base_url or PROVIDERS[provider])
    variable = key_variable or (None if base_url else KEYS.get(provider))
    key = read_key(variable, url) if variable and with_key else None
    return Server(url, model if base_url else name, key)


def find_provider(
    model: str, base_url: str | None = None, key_variable: str | None = None, *, with_key: bool = True
) -> Server:
    """The server of a model of Inspect AI, which knows the addresses and keys of providers itself.

    Args:
        model: the name of the model after its provider, such as `anthropic/claude-sonnet-4-0`.
        base_url: the address of the server, if it is another one.
        key_variable: the environment variable with the key, if it is another one.
        with_key: whether to read the key.

    Raises:
        KazstanceError: no provider is named, the address is none, or the key is missing.
    """
    provider, slash, name = model.partition("/")
    if not (provider and slash and name):
        raise KazstanceError(f"model: {model!r} names no provider; expected one of Inspect AI, as in openai/gpt-5")
    url = checked_url(base_url) if base_url else provider
    return Server(url, model, read_key(key_variable, url) if key_variable and with_key else None)


def checked_url(url: str) -> str:
    """An address without a slash at its end.

    Raises:
        KazstanceError: it is not an address of the web, or holds a password.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good, parts = False, urlsplit("")
    if not is_good or parts.username or parts.password or parts.query or parts.fragment:
        expected = "an address such as http://127.0.0.1:8080/v1, without a password or a query"
        raise KazstanceError(f"--base-url: {'an address' if parts.password else repr(url)}, expected {expected}")
    return url.rstrip("/")


def is_local(url: str) -> bool:
    """Whether an address is that of this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_key(variable: str, url: str) -> str:
    """The key in an environment variable.

    Raises:
        KazstanceError: it is not set, or could not be sent.
    """
    key = os.environ.get(variable, "").strip()
    if not key:
        raise KazstanceError(f"no key for {url}: set the environment variable {variable}, or name another by --key-env")
    if not (key.isascii() and key.isprintable()):
        raise KazstanceError(f"the key in {variable} holds characters that cannot be sent, expected one line of ASCII")
    return key
