"""What is known of a person who judges."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any, Final

from kazstance.corpus.editing import Edit
from kazstance.corpus.read import ANNOTATORS
from kazstance.input.strict_toml import load_toml
from kazstance.schema.labels import Role


@dataclass(frozen=True)
class Person:
    """What is known of a person who judged; the name stays in the corpus folder and is never published."""

    name: str | None = None
    note: str | None = None
    date: datetime.date | None = None
    training: str | None = None
    pay: str | None = None
    consent: str | None = None

    def entry(self, annotator: str, role: Role = Role.label) -> dict[str, Any]:
        """The entry of the person in the table of annotators."""
        said = {key: value for key, value in asdict(self).items() if value}
        return {"id": annotator, "origin": "human", **({} if role is Role.label else {"role": role.value})} | said


NOBODY: Final = Person()


def list_person(edit: Edit, annotator: str, person: Person = NOBODY, role: Role = Role.label) -> None:
    """Add a person to the table of annotators, unless it lists one of that name.

    Args:
        edit: the changes to the corpus folder.
        annotator: the pseudonym of the person.
        person: what is known of the person.
        role: what the judgements are for.
    """
    if annotator not in {row["id"] for row in load_toml(edit.text(ANNOTATORS)).get("annotator", [])}:
        edit.append(ANNOTATORS, "annotator", person.entry(annotator, role))
