"""The packages that extras install, and the error that is raised when one of them is missing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from kazstance.errors import MissingExtraError

EXTRAS: Final[Mapping[str, Mapping[str, str]]] = {
    "frames": {"pandas": "pandas", "polars": "polars"},
    "hf": {"datasets": "datasets", "huggingface_hub": "huggingface_hub"},
    "bench": {"sklearn": "scikit-learn", "vaderSentiment": "vadersentiment"},
    "build": {"nupunkt": "nupunkt", "tomlkit": "tomlkit", "yaml": "pyyaml"},
    "models": {"nupunkt": "nupunkt", "openai": "openai", "tomlkit": "tomlkit", "yaml": "pyyaml"},
    "texts": {
        "docx": "python-docx",
        "lxml_html_clean": "lxml-html-clean",
        "pdfminer": "pdfminer.six",
        "trafilatura": "trafilatura",
    },
    "sheets": {"openpyxl": "openpyxl"},
    "languages": {"icu4py": "icu4py", "yasbd": "yasbd-lib"},
    "export": {"openpyxl": "openpyxl", "pandas": "pandas", "pyreadstat": "pyreadstat"},
    "plots": {"altair": "altair", "jinja2": "jinja2", "vl_convert": "vl-convert-python"},
    "eval": {"inspect_ai": "inspect-ai", "lm_eval": "lm-eval"},
    "minilm": {"safetensors": "safetensors", "tokenizers": "tokenizers"},
    "finetune": {"torch": "torch", "transformers": "transformers"},
}
"""The modules of each extra and the packages that provide them, as in pyproject.toml."""


def missing_extra(error: ModuleNotFoundError) -> MissingExtraError | None:
    """The error that names the extra of a missing module, or None if the module belongs to no extra.

    A missing part of an installed package is a different fault and does not count as a missing extra.
    """
    for extra, modules in EXTRAS.items():
        if package := modules.get(error.name or ""):
            return MissingExtraError(package, extra)
    return None


@contextmanager
def naming_extras() -> Iterator[None]:
    """Name the extra to install when an import within fails; a context manager or a decorator.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if found := missing_extra(error):
            raise found from None
        raise
