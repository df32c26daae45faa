"""Plain values as JSON text."""

import json
import math
from typing import Any


def to_json(value: Any) -> str:
    """Plain values as indented JSON; a float that is undefined or infinite is null, since JSON knows no other."""
    return json.dumps(_defined(value), ensure_ascii=False, indent=1, allow_nan=False)


def _defined(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
