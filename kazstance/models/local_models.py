"""Systems that use a model on this machine, such as `finetune:PATH?epochs=3&lr=2e-5` or `minilm:PATH`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kazstance.bench.shortcuts import Predict
from kazstance.errors import InputError, Problem
from kazstance.extras import naming_extras
from kazstance.models import embeddings
from kazstance.models.finetune import Settings, check, finetune

INSTALLED: Final = "minilm"
"""Instead of a path: the model in the installed package, with its files checked."""
SHA256: Final = "^[0-9a-f]{64}$"


class Digests(BaseModel):
    """SHA-256 of the files of an encoder; the default is the published one."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    weights: str = Field(default=embeddings.PUBLISHED[embeddings.WEIGHTS], pattern=SHA256)
    """SHA-256 of model.safetensors."""
    tokenizer: str = Field(default=embeddings.PUBLISHED[embeddings.TOKENIZER], pattern=SHA256)
    """SHA-256 of tokenizer.json."""
    config: str = Field(default=embeddings.PUBLISHED[embeddings.CONFIG], pattern=SHA256)
    """SHA-256 of config.json."""


S = TypeVar("S", Settings, Digests)


def local_model(name: str) -> Predict:
    """A system by its kind, the folder of its model, and settings as `?name=value&name=value`.

    Raises:
        InputError: a setting is unknown or out of range, or files are missing or not as expected.
        KazstanceError: the folder does not hold such a model.
        MissingExtraError: a package is not installed.
    """
    kind, _, rest = name.partition(":")
    path, _, settings = rest.partition("?")
    return KINDS[kind](name, path, settings)


def model_folder(name: str) -> tuple[Path, dict[str, str]]:
    """The folder of a local model, and the settings in its name.

    Raises:
        KazstanceError: it refers to the installed model, which is not installed.
    """
    path, _, settings = name.partition(":")[2].partition("?")
    return embeddings.installed() if path == INSTALLED else Path(path), _pairs(settings)


def _pairs(settings: str) -> dict[str, str]:
    """Settings as `name=value&name=value`."""
    pairs = [part.partition("=") for part in settings.split("&") if part]
    return {key: value for key, _, value in pairs}


def _finetune(name: str, path: str, settings: str) -> Predict:
    folder = embeddings.installed() if path == INSTALLED else Path(path)
    (embeddings.check if path == INSTALLED else check)(folder)
    return partial(finetune, folder=folder, settings=_parsed(name, settings, Settings))


def _minilm(name: str, path: str, settings: str) -> Predict:
    with naming_extras():
        from kazstance.models.baselines import minilm  # noqa: PLC0415  # needs an extra
    digests = _parsed(name, settings, Digests)
    expected = {
        embeddings.WEIGHTS: digests.weights,
        embeddings.TOKENIZER: digests.tokenizer,
        embeddings.CONFIG: digests.config,
    }
    embeddings.check(Path(path), expected)
    return partial(minilm, model=partial(embeddings.encoder, Path(path), tuple(expected.items())))


KINDS: Final[dict[str, Callable[[str, str, str], Predict]]] = {"finetune": _finetune, "minilm": _minilm}


def _parsed(name: str, settings: str, model: type[S]) -> S:
    """Settings, checked."""
    try:
        return model.model_validate(_pairs(settings))
    except ValidationError as error:
        known = ", ".join(model.model_fields)
        raise InputError(
            Problem(name, None, str(fault["loc"][0]), f"{fault['input']!r}: {fault['msg']}; there are {known}")
            for fault in error.errors(include_url=False)
        ) from None
