"""The canary of a dataset: a string that occurs nowhere else, so that published rows can be told in training data."""

from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("cb64c1d4-5cb5-4f79-81af-73e62f97cff3")
"""The namespace of the canaries of all datasets; never changes."""
NOTICE: Final = "Benchmark data: keep it out of the pretraining of language models."


def canary_guid(name: str) -> str:
    """The GUID of a dataset with this id: always the same one (RFC 9562, version 5)."""
    return str(uuid5(NAMESPACE, name))


def canary(name: str) -> str:
    """The line that marks what is published of a dataset with this id."""
    return f"{NOTICE} kazstance canary GUID {canary_guid(name)}"
