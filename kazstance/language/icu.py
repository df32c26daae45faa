"""Words of scripts that put no spaces between them, found with ICU's dictionaries."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from kazstance.extras import naming_extras


def dictionary_words(run: str, language: str) -> Iterator[str]:
    """The words of a run of letters.

    Raises:
        MissingExtraError: icu4py is not installed.
    """
    spans = _breaker_of()(run, language).segments()
    if run.isascii() or max(run) < "\U00010000":
        yield from (run[start:end] for start, end in spans)
        return
    units = run.encode("utf-16-le")  # ICU counts units of UTF-16, of which some characters have two
    yield from (units[2 * start : 2 * end].decode("utf-16-le") for start, end in spans)


@cache
def _breaker_of() -> Any:
    with naming_extras():
        from icu4py.breakers import WordBreaker  # noqa: PLC0415  # of an extra

    return WordBreaker
