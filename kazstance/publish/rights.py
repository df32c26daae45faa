"""Which licence applies to what: the code, the annotations, and each of the texts."""

import re
from dataclasses import dataclass
from typing import Final

from kazstance.dataset import DatasetFolder
from kazstance.output.characters import safe_line

CODE: Final = "Apache-2.0"
"""The licence of kazstance itself, as an SPDX identifier."""
ANNOTATIONS: Final = "labels, evidence, notes, and the tables made from them"
SPDX: Final = re.compile(r"[A-Za-z0-9.+-]+")
"""The form of an SPDX identifier."""


@dataclass(frozen=True)
class Right:
    """The rights in a part of a dataset, or in the program that made it."""

    part: str
    what: str
    terms: str


def rights(folder: DatasetFolder) -> list[Right]:
    """The rights in the code, the annotations, and the text of each source, in that order."""
    texts = [
        Right("text", f"{source.source_id}: {source.title or 'without a title'}", source.rights)
        for source in folder.sources.records()
    ]
    annotations = Right("annotations", ANNOTATIONS, folder.manifest.license)
    return [Right("code", "kazstance, the program", CODE), annotations, *texts]


def licence_text(folder: DatasetFolder) -> str:
    """A page that states the rights in a dataset, used if it has no such page of its own."""
    licence = folder.manifest.license
    texts = [safe_line(f"- {right.what}: {right.terms}") for right in rights(folder) if right.part == "text"]
    return "\n".join(
        [
            "The annotations of this dataset (labels, evidence, notes, and the tables made from them) are under the",
            safe_line("licence " + ": ".join(dict.fromkeys([licence, url(licence)]))),
            "",
            "The texts, and their sentences in the tables, are not covered by it. The rights in them:",
            "",
            *texts,
            "",
        ]
    )


def url(licence: str) -> str:
    """The page of a licence in the SPDX list; anything but an SPDX identifier is returned unchanged."""
    return f"https://spdx.org/licenses/{licence}.html" if SPDX.fullmatch(licence) else licence
