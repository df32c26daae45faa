"""The table of annotators of a corpus folder, changed so that everything else in it stays as it is."""

import datetime
from dataclasses import asdict, dataclass
from typing import Any, Final

from kazstance.corpus.read import ANNOTATORS
from kazstance.errors import KazstanceError
from kazstance.extras import naming_extras

KEY: Final = "annotator"


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


@naming_extras()
def without_annotator(text: str, annotator: str) -> str:
    """A table without one of its annotators.

    Raises:
        KazstanceError: the table cannot be changed.
        MissingExtraError: tomlkit is not installed.
    """
    import tomlkit  # noqa: PLC0415
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        document = tomlkit.parse(text)
        there: Any = document.get(KEY, [])
        at = next((i for i, entry in enumerate(there) if entry.get("id") == annotator), None)
        if at is not None:
            is_last = at == len(there) - 1
            del there[at]
            if not there:
                del document[KEY]
            left = tomlkit.dumps(document)
            text = left.rstrip() + "\n" * bool(left.strip()) if is_last else left
        return text
    except TOMLKitError as error:
        raise KazstanceError(
            f"{ANNOTATORS}: {error}; expected a table from which an annotator can be removed"
        ) from None
