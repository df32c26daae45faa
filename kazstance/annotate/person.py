"""What is known of a person who judges."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    """What is known of a person who judged; the name stays in the corpus folder and is never published."""

    name: str | None = None
    note: str | None = None
    date: datetime.date | None = None
    training: str | None = None
    pay: str | None = None
    consent: str | None = None

    def entry(self, annotator: str) -> dict[str, Any]:
        """The entry of the person in the table of annotators."""
        said = {key: value for key, value in asdict(self).items() if value}
        return {"id": annotator, "origin": "human"} | said
