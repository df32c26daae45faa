"""TOML from outside: tables, or one reason why not, for any text."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from kazstance.input.strict_json import DEPTH, INTEGERS, StrictError

LONGEST: Final = 8 * 2**20
"""Maximum length of a TOML file in characters; the standard library's parser reads about a million per second."""
TOKENS: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5})?'
    r"|'''(?:[^']|'(?!''))*+(?:'{3,5})?"
    r'|"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
    r"|[\[{]|[\]}]|[.=,\n]",
    re.DOTALL,
)


def load_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        StrictError: it is not TOML, a key appears twice, it is nested deeper than 64 levels by brackets or by dots, it
            holds an integer of more than 64 bits, or it is longer than 8 Mi characters.
    """
    if len(text) > LONGEST:
        raise StrictError(f"{len(text):,} characters, expected at most {LONGEST:,}")
    _check_depth(text)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise StrictError(f"{error}, expected TOML", int(line[1]) if line else text.count("\n") + 1) from None
    except (ValueError, RecursionError, OverflowError) as error:
        raise StrictError(f"{' '.join(str(error).split())[:DEPTH]}, expected TOML") from None
    for key, value in _integers(tables, ""):
        raise StrictError(f"{key}: an integer of {value.bit_length()} bits, expected at most 64 bits", _line(text, key))
    return tables


def _check_depth(text: str) -> None:
    """Check that brackets and dotted keys are not nested too deeply, before the parser recurses into them."""
    depth = dots = 0
    for found in TOKENS.finditer(text):
        sign = found[0]
        depth = max(0, depth + (sign in "[{") - (sign in "]}"))
        dots = dots + 1 if sign == "." else 0 if len(sign) == 1 and sign in "[]{}=,\n" else dots
        if max(depth, dots) > DEPTH:
            line = text.count("\n", 0, found.start()) + 1
            raise StrictError(f"nested more than {DEPTH} levels deep, expected fewer", line)


def _integers(value: Any, key: str) -> Iterator[tuple[str, int]]:
    """The integers that do not fit into 64 bits, with their keys."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _integers(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _integers(item, key)
    elif isinstance(value, int) and value not in INTEGERS:
        yield key, value


def _line(text: str, key: str) -> int | None:
    """The first line with a key and a long number, if there is one."""
    found = re.search(rf"(?m)^.*{re.escape(key)}.*=.*[0-9A-Fa-f_]{{16}}", text)
    return text.count("\n", 0, found.end()) + 1 if found else None
