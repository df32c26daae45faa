"""JSON from outside: a value, or one reason why not; stricter than the standard library, which can lose data."""

import json
import re
from collections import Counter
from functools import cache
from math import isinf
from typing import Any, Final, NoReturn

from kazstance.errors import Problem

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
"""The value of a JSON text."""
DEPTH: Final = 64
"""Maximum depth of nested objects and arrays."""
INTEGERS: Final = range(-(2**63), 2**63)
"""The integers that a column can hold."""
DIGITS: Final = 20
"""Length of the longest integer in range."""
BRACKETS: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)
KINDS: Final[dict[type, str]] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}


class StrictError(ValueError):
    """A text that a reader rejects; `line` is where, counted from 1, if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        super().__init__(message)

    def problem(self, file: str, line: int | None = None) -> Problem:
        """The fault as a problem of a file, or of one line of it."""
        return Problem(file, self.line if line is None else line, None, str(self))


def load_json(text: str) -> Json:
    """The value of a JSON text.

    Raises:
        StrictError: it is not JSON, a key appears twice in an object, it is nested deeper than 64 levels, a number
            does not fit into 64 bits, or it holds half of a surrogate pair.
    """
    _check_depth(text)
    try:
        value: Json = _decoder().decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise StrictError(f"{error.msg.lower()} at column {error.colno}, expected JSON", error.lineno) from None
    except UnicodeEncodeError:
        raise StrictError("half of a surrogate pair, expected Unicode characters") from None
    except RecursionError:
        raise StrictError(f"nested too deeply, expected at most {DEPTH} levels") from None
    return value


def load_object(text: str) -> dict[str, Any]:
    """The value of a JSON text that is an object.

    Raises:
        StrictError: it is not an object, or `load_json` raises it.
    """
    value = load_json(text)
    if not isinstance(value, dict):
        found = text.strip() if not isinstance(value, list) and len(text) <= DEPTH else KINDS[type(value)]
        raise StrictError(f"{found}, expected an object", 1)
    return value


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= DEPTH:
        return
    depth = 0
    for found in BRACKETS.finditer(text):
        sign = found[0]
        depth += (sign in "[{") - (sign in "]}")
        if depth > DEPTH:
            line = text.count("\n", 0, found.start()) + 1
            raise StrictError(f"nested more than {DEPTH} levels deep, expected fewer", line)


def _integer(digits: str) -> int:
    if len(digits) > DIGITS or int(digits) not in INTEGERS:
        shown = digits if len(digits) <= DEPTH else f"a number of {len(digits)} digits"
        raise StrictError(f"{shown}, expected an integer of at most 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    if isinf(value := float(digits)):
        raise StrictError(f"{digits[:DEPTH]}, expected a number of at most 1.8e308")
    return value


def _constant(name: str) -> NoReturn:
    raise StrictError(f"{name}, expected a number or null")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        again = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise StrictError(f"the key {again!r} appears twice in an object, expected once")
    return found


@cache
def _decoder() -> json.JSONDecoder:
    """The decoder of strict JSON."""
    return json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
