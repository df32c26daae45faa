"""Plain values as JSON text."""

import json
import math
from typing import Any

from kazstance.output.characters import ACTIVE


def to_json(value: Any) -> str:
    """Plain values as indented JSON; a float that is NaN or infinite becomes null, since JSON has neither.

    Characters that affect a terminal without being displayed are JSON escapes; types unknown to JSON become text.
    """
    return _escaped(json.dumps(_defined(value), ensure_ascii=False, indent=1, allow_nan=False, default=str))


def to_value(value: Any) -> str:
    """A plain value as JSON on one line, with the same escapes."""
    return _escaped(json.dumps(value, ensure_ascii=False))


def to_line(value: Any) -> str:
    """A plain value as one line of JSON Lines, with the same escapes; the line feed is included."""
    return to_value(value) + "\n"


def _escaped(text: str) -> str:
    """JSON whose active characters, which occur only within strings, are escapes."""
    return ACTIVE.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
