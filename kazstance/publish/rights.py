"""What licence holds for what: the code, the annotations, and each of the texts."""

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
    """What holds for a part of a dataset, or for the program that made it."""

    part: str
    what: str
    terms: str


def rights(folder: DatasetFolder) -> list[Right]:
    """What holds for the code, the annotations, and the text of each source, in that order."""
    texts = [
        Right("text", f"{source.source_id}: {source.title or 'without a title'}", source.rights)
        for source in folder.sources.records()
    ]
    annotations = Right("annotations", ANNOTATIONS, folder.manifest.license)
    return [Right("code", "kazstance, the program", CODE), annotations, *texts]


def licence_text(folder: DatasetFolder) -> str:
    """A page that states the rights in a dataset, for one that brings none of its own."""
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
    """The page of a licence in the SPDX list; what is no SPDX identifier stands as it is."""
    return f"https://spdx.org/licenses/{licence}.html" if SPDX.fullmatch(licence) else licence
