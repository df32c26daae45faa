"""Plain values as YAML text."""

from typing import Any

from kazstance.output.characters import ACTIVE


def to_yaml(value: Any, width: int) -> str:
    """Plain values as YAML, keys in order; if a text has active characters, everything beyond ASCII is escaped."""
    import yaml  # noqa: PLC0415  # comes with an extra

    readable = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=width)
    if not ACTIVE.search(readable):
        return readable
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=False, width=width)
