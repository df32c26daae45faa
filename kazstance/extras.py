"""The packages that extras bring, and what is raised where one of them is missing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from kazstance.errors import MissingExtraError

EXTRAS: Final[Mapping[str, Mapping[str, str]]] = {
    "frames": {"pandas": "pandas", "polars": "polars"},
    "hf": {"datasets": "datasets", "huggingface_hub": "huggingface_hub"},
    "bench": {"sklearn": "scikit-learn", "vaderSentiment": "vadersentiment"},
    "build": {"nupunkt": "nupunkt", "tomlkit": "tomlkit", "yaml": "pyyaml"},
    "languages": {"icu4py": "icu4py", "yasbd": "yasbd-lib"},
    "plots": {"altair": "altair", "jinja2": "jinja2", "vl_convert": "vl-convert-python"},
    "eval": {"inspect_ai": "inspect-ai", "lm_eval": "lm-eval"},
    "minilm": {"safetensors": "safetensors", "tokenizers": "tokenizers"},
    "finetune": {"torch": "torch", "transformers": "transformers"},
}
"""Of each extra, the modules and the packages that hold them, as in pyproject.toml."""


def missing_extra(error: ModuleNotFoundError) -> MissingExtraError | None:
    """The error that names the extra of a missing module, or None if no extra brings it.

    A missing part of a package that is installed is another fault, and is not taken for a missing extra.
    """
    for extra, modules in EXTRAS.items():
        if package := modules.get(error.name or ""):
            return MissingExtraError(package, extra)
    return None


@contextmanager
def naming_extras() -> Iterator[None]:
    """Import, or run what imports, packages of extras: as a context or a decorator.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if found := missing_extra(error):
            raise found from None
        raise
